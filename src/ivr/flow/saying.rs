//! Saying: something is heard to its end before the path goes on.

use super::PlaybackId;
use super::call::Turn;
use super::ear::Playing;
use super::next::Next;
use super::states::State;
use crate::model::{Digit, Instant};

/// What is heard, and where it leads.
pub(super) struct Saying {
    playing: Playing,
    then: Box<Next>,
    /// Cannot be cut by a key.
    all: bool,
}

/// Plays what is to be said; goes on at once when that is nothing.
pub(super) fn say(turn: &mut Turn, then: Box<Next>, all: bool) -> Next {
    match turn.play() {
        Some(playing) => Next::Wait(State::Saying(Saying { playing, then, all })),
        None => *then,
    }
}

/// Lets what plays already be heard to its end.
pub(super) fn finish(playing: Playing, then: Next) -> Next {
    Next::Wait(State::Saying(Saying { playing, then: Box::new(then), all: false }))
}

impl Saying {
    pub(super) const fn deadline(&self) -> Instant {
        self.playing.given_up
    }

    /// A key cuts what is heard and is kept for what comes next.
    pub(super) fn key(self, turn: &mut Turn, digit: Digit) -> Next {
        turn.call.ahead.push(digit);
        if self.all {
            return Next::Wait(State::Saying(self));
        }
        turn.stop(true);
        *self.then
    }

    pub(super) fn playback_ended(self, id: PlaybackId) -> Next {
        if self.playing.id == id { *self.then } else { Next::Wait(State::Saying(self)) }
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Next {
        if turn.now.instant < self.playing.given_up {
            return Next::Wait(State::Saying(self));
        }
        *self.then
    }
}
