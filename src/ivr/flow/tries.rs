//! Counting silences and wrong keys at a place that wants one key.

use super::call::Turn;
use super::next::Trap;
use crate::ivr::menu::{Go, Inherited, Reaction};
use crate::model::Digit;

/// What went wrong at this visit so far. A valid key leaves the place or begins a new count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    silences: u8,
    wrongs: u8,
    /// How often in a row the caller asked to hear it again.
    repeats: u8,
}

/// What follows a silence or a wrong key.
pub(super) enum Trouble {
    /// The place is put again.
    Again(Tries),
    /// It leads elsewhere.
    Leave(Go),
}

impl Tries {
    /// After one more `repeat`: the second in a row asks for longer pauses.
    pub(super) const fn repeated(self) -> Self {
        Self { silences: 0, wrongs: 0, repeats: self.repeats.saturating_add(1) }
    }

    pub(super) const fn slow(self) -> bool {
        self.repeats >= 2
    }

    pub(super) fn silence(mut self, turn: &mut Turn, reactions: &[Reaction]) -> Result<Trouble, Trap> {
        self.silences = self.silences.saturating_add(1);
        self.repeats = 0;
        self.react(turn, reactions, self.silences)
    }

    pub(super) fn wrong(mut self, turn: &mut Turn, reactions: &[Reaction]) -> Result<Trouble, Trap> {
        self.wrongs = self.wrongs.saturating_add(1);
        self.repeats = 0;
        self.react(turn, reactions, self.wrongs)
    }

    fn react(self, turn: &mut Turn, reactions: &[Reaction], count: u8) -> Result<Trouble, Trap> {
        // The caller has to hear what is wrong, and what follows was typed for another place.
        turn.call.ahead.clear();
        let past = usize::from(count) > reactions.len();
        let index = usize::from(count).min(reactions.len()).checked_sub(1).ok_or(Trap("no_reaction"))?;
        let reaction = &reactions[index];
        if let Some(phrase) = reaction.say {
            turn.say(phrase)?;
        }
        match reaction.go {
            Some(Go::Repeat) if !past => Ok(Trouble::Again(self)),
            Some(Go::Repeat) => Ok(Trouble::Leave(Go::Operator)),
            Some(go) => Ok(Trouble::Leave(go)),
            None if past => Ok(Trouble::Leave(Go::Operator)),
            None => Ok(Trouble::Again(self)),
        }
    }
}

/// What a key that is no option does here: the place's own keys stand before the global ones.
pub(super) fn global_key(keys: &[(Digit, Inherited<Go>)], digit: Digit) -> Option<Go> {
    keys.iter().find(|(key, _)| *key == digit).map(|(_, go)| go.value)
}
