//! A place that wants one key: a menu, a `choose`, a `confirm`.

use super::PlaybackId;
use super::call::Turn;
use super::ear::{Ear, Elapsed};
use super::next::{Next, Stepped};
use super::sources::Sources;
use super::states::State;
use super::tries::{Tries, Trouble};
use crate::ivr::menu::{Go, Listen, Menu};
use crate::model::{Digit, Instant};
use std::time::Duration;

/// What differs between the places that want one key.
pub(super) trait Place: Copy {
    /// How keys are listened for.
    fn listen(self, menu: &Menu) -> &Listen;
    /// Adds what is said to what is said next.
    fn speak(self, turn: &mut Turn, tries: Tries) -> Result<(), super::next::Trap>;
    /// A key came.
    fn decide(self, turn: &mut Turn, tries: Tries, digit: Digit) -> Stepped;
    /// No key came.
    fn silent(self, turn: &mut Turn, tries: Tries) -> Stepped;
    /// Where the flow comes to put it from the beginning.
    fn again(self) -> Next;
    /// The keys that do something here.
    fn keys(self, sources: &Sources) -> Vec<Digit>;
    /// The state of waiting here.
    fn state(keyed: Keyed<Self>) -> State;
}

/// A place that was put, and what it waits for.
pub(super) struct Keyed<P> {
    pub(super) place: P,
    tries: Tries,
    ear: Ear,
}

/// Puts a place: says it and listens, or takes a key that was pressed ahead.
pub(super) fn put<P: Place>(turn: &mut Turn, place: P, tries: Tries) -> Stepped {
    let menu = turn.menu();
    let listen = place.listen(&menu);
    if !listen.type_ahead {
        turn.call.ahead.clear();
    }
    if !turn.call.ahead.is_empty() && !turn.call.speech.is_empty() {
        return Ok(Next::Say { then: Box::new(place.again()), all: false });
    }
    if let Some(digit) = turn.call.ahead.pop() {
        return place.decide(turn, tries, digit);
    }
    turn.call.slow_once = tries.slow();
    place.speak(turn, tries)?;
    let prompt = turn.play();
    let ear = Ear::new(prompt, listen, turn.now.instant);
    Ok(Next::Wait(P::state(Keyed { place, tries, ear })))
}

/// How keys are listened for at a place that is not what it was taken for.
pub(super) fn any_listen(menu: &Menu) -> &Listen {
    static BUILT_IN: Listen = Listen {
        first_key: Duration::from_secs(6),
        next_key: Duration::from_secs(3),
        submit: Digit::HASH,
        clear: Digit::STAR,
        barge_in: true,
        type_ahead: true,
    };
    menu.menus.first().map_or(&BUILT_IN, |node| &node.listen.value)
}

/// Puts it again or leaves, after a silence or a wrong key.
pub(super) fn follow<P: Place>(turn: &mut Turn, place: P, trouble: &Trouble) -> Stepped {
    match trouble {
        Trouble::Again(tries) => put(turn, place, *tries),
        Trouble::Leave(go) => turn.go(*go),
    }
}

/// Does what a global key says.
pub(super) fn go<P: Place>(turn: &mut Turn, place: P, tries: Tries, go: Go) -> Stepped {
    match go {
        Go::Repeat => put(turn, place, tries.repeated()),
        elsewhere => turn.go(elsewhere),
    }
}

impl<P: Place> Keyed<P> {
    pub(super) const fn deadline(&self) -> Instant {
        self.ear.deadline()
    }

    pub(super) fn key(self, turn: &mut Turn, digit: Digit) -> Stepped {
        let menu = turn.menu();
        let playing = self.ear.playing().is_some();
        if playing && !self.place.listen(&menu).barge_in {
            turn.call.ahead.push(digit);
            return Ok(Next::Wait(P::state(self)));
        }
        turn.stop(playing);
        self.place.decide(turn, self.tries, digit)
    }

    pub(super) fn playback_ended(self, turn: &mut Turn, id: PlaybackId) -> Stepped {
        let menu = turn.menu();
        let ear = self.ear.playback_ended(id, self.place.listen(&menu), turn.now.instant);
        self.listen_on(turn, ear)
    }

    /// Takes a key that was pressed while the prompt could not be cut.
    fn listen_on(self, turn: &mut Turn, ear: Ear) -> Stepped {
        if ear.playing().is_none()
            && let Some(digit) = turn.call.ahead.pop()
        {
            return self.place.decide(turn, self.tries, digit);
        }
        Ok(Next::Wait(P::state(Self { ear, ..self })))
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Stepped {
        let menu = turn.menu();
        match self.ear.elapsed(self.place.listen(&menu), turn.now.instant) {
            Elapsed::NotYet(ear) => self.listen_on(turn, ear),
            Elapsed::Silence | Elapsed::Pause => self.place.silent(turn, self.tries),
        }
    }
}
