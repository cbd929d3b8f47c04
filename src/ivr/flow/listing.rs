//! Listing: `say_each` reads records; `hash` is the next one, `star` ends the list.

use super::PlaybackId;
use super::call::Turn;
use super::ear::Playing;
use super::next::{Next, Stepped, Trap};
use super::states::State;
use crate::ivr::menu::{SayEach, Step, StepId, TaskId};
use crate::model::{Digit, Instant, Record, Value};

/// A list that is read.
pub(super) struct Listing {
    task: TaskId,
    step: StepId,
    index: usize,
    playing: Playing,
}

/// Reads the record of an index, or goes on after the last.
pub(super) fn read(turn: &mut Turn, task: TaskId, step: StepId, index: usize) -> Stepped {
    let menu = turn.menu();
    let node = &menu[task][step];
    let Step::SayEach(each) = &node.step else { return Err(Trap("not_a_say_each")) };
    let Some(item) = record(turn, each, index) else {
        turn.call.values.item = None;
        return turn.after(node.next);
    };
    turn.call.values.item = Some(item);
    turn.say_always(each.say)?;
    match turn.play() {
        Some(playing) => Ok(Next::Wait(State::Listing(Listing { task, step, index, playing }))),
        None => turn.after(node.next),
    }
}

fn record(turn: &Turn, each: &SayEach, index: usize) -> Option<Record> {
    let list = turn.call.values.kept.get(&each.kept)?.get(&each.field)?;
    match list {
        Value::List(list) if index < usize::from(each.limit) => list.get(index).cloned(),
        _ => None,
    }
}

impl Listing {
    pub(super) const fn deadline(&self) -> Instant {
        self.playing.given_up
    }

    pub(super) fn key(self, turn: &mut Turn, digit: Digit) -> Stepped {
        turn.stop(true);
        if digit == Digit::HASH {
            return read(turn, self.task, self.step, self.index + 1);
        }
        if digit != Digit::STAR {
            turn.call.ahead.push(digit);
        }
        turn.call.values.item = None;
        turn.after(turn.menu()[self.task][self.step].next)
    }

    pub(super) fn playback_ended(self, turn: &mut Turn, id: PlaybackId) -> Stepped {
        if self.playing.id != id {
            return Ok(Next::Wait(State::Listing(self)));
        }
        read(turn, self.task, self.step, self.index + 1)
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Stepped {
        if turn.now.instant < self.playing.given_up {
            return Ok(Next::Wait(State::Listing(self)));
        }
        read(turn, self.task, self.step, self.index + 1)
    }
}
