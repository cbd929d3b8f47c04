//! Greeting: somebody answered a callback and an operator waits. Only who presses 1 is joined: a machine does not.

use super::call::{Callbacks, Turn};
use super::ear::{Ear, Elapsed};
use super::next::{Next, Stepped, Trap};
use super::queued::{self, Ticket};
use super::states::State;
use super::talking::Talking;
use super::{Command, PlaybackId, keyed};
use crate::ivr::menu::{Callback, Listen, Menu, QueueId, QueueResult};
use crate::model::{Cause, Digit, Instant};
use std::time::Duration;

/// How often the greeting is said.
const MAX_PUTS: u8 = 2;

/// How long the operator may take to be joined.
const JOIN_WITHIN: Duration = Duration::from_secs(5);

/// Somebody who answered.
pub(super) struct Greeting {
    ticket: Ticket,
    puts: u8,
    heard: Heard,
}

enum Heard {
    /// The greeting; 1 is awaited.
    Asked(Ear),
    /// 1 was pressed; the operator is being joined.
    Taken {
        /// When that has failed.
        until: Instant,
    },
}

fn callback(menu: &Menu, queue: QueueId) -> Result<&Callback, Trap> {
    menu[queue].callback.as_ref().ok_or(Trap("no_callback"))
}

fn listen(menu: &Menu) -> &Listen {
    keyed::any_listen(menu)
}

/// Greets whoever answered a callback of a queue.
pub(super) fn begin(turn: &mut Turn, queue: QueueId) -> Stepped {
    turn.call.callbacks = Callbacks::ThisIsOne;
    turn.call.note(&"callback".into());
    let menu = turn.menu();
    let Some(ticket) = Ticket::of_callback(&menu, queue, turn.now.instant) else {
        return Ok(Next::End(Cause::Failed));
    };
    put(turn, ticket, 0)
}

fn put(turn: &mut Turn, ticket: Ticket, puts: u8) -> Stepped {
    let menu = turn.menu();
    turn.say_always(callback(&menu, ticket.queue())?.hello)?;
    let prompt = turn.play();
    let ear = Ear::new(prompt, listen(&menu), turn.now.instant);
    Ok(Next::Wait(State::Greeting(Greeting { ticket, puts: puts + 1, heard: Heard::Asked(ear) })))
}

impl Greeting {
    pub(super) const fn deadline(&self) -> Instant {
        match &self.heard {
            Heard::Asked(ear) => ear.deadline(),
            Heard::Taken { until } => *until,
        }
    }

    pub(super) fn keys(&self) -> Vec<Digit> {
        match &self.heard {
            Heard::Asked(_) => Digit::from_char('1').into_iter().collect(),
            Heard::Taken { .. } => Vec::new(),
        }
    }

    pub(super) fn key(self, turn: &mut Turn, digit: Digit) -> Next {
        match &self.heard {
            Heard::Asked(ear) if digit.as_char() == '1' => {
                turn.stop(ear.playing().is_some());
                turn.call.command(Command::TakeCallback);
                let heard = Heard::Taken { until: turn.now.instant + JOIN_WITHIN };
                Self { heard, ..self }.wait()
            }
            Heard::Asked(_) | Heard::Taken { .. } => self.wait(),
        }
    }

    fn wait(self) -> Next {
        Next::Wait(State::Greeting(self))
    }

    pub(super) fn connected(self) -> Next {
        match self.heard {
            Heard::Taken { .. } => Next::Wait(State::Talking(Talking { ticket: self.ticket })),
            Heard::Asked(_) => self.wait(),
        }
    }

    pub(super) fn playback_ended(self, turn: &Turn, id: PlaybackId) -> Next {
        let menu = turn.menu();
        let heard = match self.heard {
            Heard::Asked(ear) => Heard::Asked(ear.playback_ended(id, listen(&menu), turn.now.instant)),
            taken @ Heard::Taken { .. } => taken,
        };
        Self { heard, ..self }.wait()
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Stepped {
        let menu = turn.menu();
        let now = turn.now.instant;
        match self.heard {
            Heard::Asked(ear) => match ear.elapsed(listen(&menu), now) {
                Elapsed::NotYet(ear) => Ok(Self { heard: Heard::Asked(ear), ..self }.wait()),
                Elapsed::Silence | Elapsed::Pause if self.puts < MAX_PUTS => put(turn, self.ticket, self.puts),
                Elapsed::Silence | Elapsed::Pause => Ok(Next::End(Cause::MenuEnded)),
            },
            Heard::Taken { until } if now < until => Ok(self.wait()),
            Heard::Taken { .. } => self.lost(turn),
        }
    }

    /// The operator who waited is gone.
    pub(super) fn lost(self, turn: &mut Turn) -> Stepped {
        turn.stop(true);
        queued::result(turn, &self.ticket, QueueResult::Nobody)
    }
}
