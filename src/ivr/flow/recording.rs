//! Recording: the caller leaves a message after the tone.

use super::Command;
use super::call::Turn;
use super::next::{Next, Stepped, Trap};
use super::states::State;
use crate::ivr::menu::{Go, Step, StepId, TaskId};
use crate::model::{Cause, Instant, PromptId};
use std::time::Duration;

/// How much longer than the prompt and the longest message the flow waits.
const MARGIN: Duration = Duration::from_secs(30);

/// How often a message may be lost before the call is ended.
const MAX_LOST: u8 = 2;

/// A message that is recorded.
pub(super) struct Recording {
    task: TaskId,
    step: StepId,
    given_up: Instant,
}

/// Says what is to be done, sounds the tone and records.
pub(super) fn start(turn: &mut Turn, task: TaskId, step: StepId) -> Stepped {
    let menu = turn.menu();
    let Step::Voicemail(voicemail) = &menu[task][step].step else { return Err(Trap("not_a_voicemail")) };
    turn.call.ahead.clear();
    turn.say(voicemail.say)?;
    let prompt = turn.play_with(Some(PromptId::new("common/beep")));
    turn.call.command(Command::RecordMessage {
        mailbox: voicemail.mailbox.clone(),
        max: voicemail.max,
        stop: voicemail.stop,
        silence: voicemail.silence,
    });
    let began = prompt.map_or(turn.now.instant, |playing| playing.given_up);
    let given_up = began + voicemail.max + MARGIN;
    Ok(Next::Wait(State::Recording(Recording { task, step, given_up })))
}

impl Recording {
    pub(super) const fn deadline(&self) -> Instant {
        self.given_up
    }

    /// Goes on only when the message is stored: nothing says that it is when it is not. A caller who said nothing is
    /// asked once more; a message that could not be stored leads to an operator.
    pub(super) fn ended(self, turn: &mut Turn, length: Duration, stored: bool) -> Stepped {
        turn.back_in_menus();
        if stored {
            return turn.after(turn.menu()[self.task][self.step].next);
        }
        turn.call.limits.lost_messages = turn.call.limits.lost_messages.saturating_add(1);
        turn.call.note(&"message_not_stored".into());
        match (length.is_zero(), turn.call.limits.lost_messages) {
            (_, lost) if lost > MAX_LOST => Ok(Next::End(Cause::Failed)),
            (true, MAX_LOST) => Ok(Next::End(Cause::MenuEnded)),
            (true, _) => Ok(Next::Run(self.step)),
            (false, _) => turn.go(Go::Operator),
        }
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Stepped {
        if turn.now.instant < self.given_up {
            return Ok(Next::Wait(State::Recording(self)));
        }
        self.ended(turn, Duration::from_secs(1), false)
    }
}
