//! What the simulator shows: a line and what kind of line it is, so that a terminal can colour it.

use crate::model::Instant;

/// Of what kind a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// The caller hears it.
    Said,
    /// It happened: the bank answered, a level was reached.
    Happened,
    /// What the person at the keyboard did; only the log has it.
    Did,
    /// Where the call stands.
    Place,
    /// A key and what it does now.
    Key,
    /// The rule between what was heard and where the call stands.
    Rule,
    /// An answer to a question of the person at the keyboard.
    Note,
    /// Not understood, with advice.
    Wrong,
}

/// One line for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its kind.
    pub kind: LineKind,
    /// Its text, without colours.
    pub text: String,
}

impl Line {
    pub(super) fn new(kind: LineKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// A moment of the call, as minutes and seconds.
pub(super) fn clock(at: Instant) -> String {
    let seconds = at.as_millis() / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
