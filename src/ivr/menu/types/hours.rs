//! Opening hours and the duty officer's switches.

use super::{Name, PhraseId, Place};
use std::sync::Arc;

/// Opening hours in [`Bank::zone`](super::Bank::zone).
#[derive(Debug)]
pub struct Hours {
    /// Their name.
    pub name: Name,
    /// When it is open.
    pub rule: Arc<HoursRule>,
    /// Where it is written.
    pub place: Place,
}

/// When it is open.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a handful per menu; a box would only hide the fields")]
pub enum HoursRule {
    /// Day and night.
    Always,
    /// By a calendar: `special` days win over `closed`, `closed` over `weekly`.
    Calendar {
        /// Open intervals by weekday, Monday first; an end of 24:00 is written as midnight and counts as the end of the day.
        weekly: [Vec<OpenInterval>; 7],
        /// Closed dates, both ends included.
        closed: Vec<(jiff::civil::Date, jiff::civil::Date)>,
        /// Days with hours of their own.
        special: Vec<(jiff::civil::Date, OpenInterval)>,
    },
}

/// From opening to closing, within one day; closing at midnight means the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInterval {
    /// First minute open.
    pub from: jiff::civil::Time,
    /// First minute closed.
    pub to: jiff::civil::Time,
}

/// A switch of the duty officer.
#[derive(Debug)]
pub struct Switch {
    /// Its name.
    pub name: Name,
    /// What it announces.
    pub say: Option<PhraseId>,
    /// Its state until somebody turns it.
    pub enabled: bool,
    /// Where it is written.
    pub place: Place,
}
