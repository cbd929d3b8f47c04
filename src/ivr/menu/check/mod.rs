//! What can only be seen when the whole menu is known.

use super::sources::Report;
use super::{Menu, Name};
use std::collections::BTreeSet;

/// Checks a decoded menu.
pub(super) fn check(_report: &mut Report, _menu: &Menu, _poisoned: &BTreeSet<Name>) {}
