//! Menus of options, and how keys, silence and wrong keys are taken.

use super::{Condition, Go, Inherited, Name, PhraseId, Place};
use crate::model::Digit;
use std::time::Duration;
/// How keys are listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// From the end of the audio to the first digit.
    pub first_key: Duration,
    /// Between digits.
    pub next_key: Duration,
    /// Ends an entry.
    pub submit: Digit,
    /// Clears an entry.
    pub clear: Digit,
    /// A key cuts the prompt.
    pub barge_in: bool,
    /// Keys pressed ahead are kept.
    pub type_ahead: bool,
}

/// What silence and wrong keys lead to, attempt by attempt. The last of each leaves the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// On the first, second, … silence.
    pub silence: Vec<Reaction>,
    /// On the first, second, … wrong key.
    pub wrong: Vec<Reaction>,
}

/// One attempt's reaction: say, then go; without `go` the node is heard again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Said first.
    pub say: Option<PhraseId>,
    /// Where it leads; `None` repeats the node.
    pub go: Option<Go>,
}

/// A menu of options.
#[derive(Debug)]
pub struct MenuNode {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: Name,
    /// Said on the first entry only.
    pub intro: Option<PhraseId>,
    /// A recorded whole menu in place of the composed offers.
    pub say: Option<PhraseId>,
    /// Options in the order they are spoken.
    pub options: Vec<MenuOption>,
    /// Said once a call, after the first menu that has one.
    pub hint: Option<PhraseId>,
    /// Keys that are not options, the menu's own before the global ones.
    pub keys: Vec<(Digit, Inherited<Go>)>,
    /// Where `back` leads when the stack of menus has nothing below this one.
    pub back: Option<Go>,
    /// Silence and wrong keys.
    pub trouble: Inherited<Trouble>,
    /// Timers.
    pub listen: Inherited<Listen>,
    /// Where it is written.
    pub place: Place,
}

/// One option of a menu.
#[derive(Debug)]
pub struct MenuOption {
    /// The key.
    pub digit: Digit,
    /// The first half of its sentence.
    pub offer: PhraseId,
    /// Where it leads.
    pub go: Go,
    /// Hidden, from speech and keys alike, unless this holds.
    pub condition: Option<Condition>,
    /// Where it is written.
    pub place: Place,
}
