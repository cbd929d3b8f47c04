//! What can only be seen when the whole menu is known.

mod graph;
mod paths;
mod state;
mod style;
mod values;

use super::sources::Report;
use super::{Menu, Name};
use std::collections::BTreeSet;

/// Checks a decoded menu.
pub(super) fn check(report: &mut Report, menu: &Menu, poisoned: &BTreeSet<Name>) {
    let mut paths = paths::Paths::new(menu, report, poisoned);
    paths.walk();
    graph::check(&mut paths);
    style::check(report, menu);
}
