//! Talking: the caller and an operator hear each other; keys are theirs.

use super::call::Turn;
use super::next::{Next, Stepped};
use super::queued::{self, Ticket};
use super::states::State;
use crate::ivr::menu::{QueueId, QueueResult};
use crate::model::CallEvent;

/// A conversation, and the queue it came from.
pub(super) struct Talking {
    pub(super) ticket: Ticket,
}

impl Talking {
    /// The operator is gone, the caller is still there.
    pub(super) fn ended(self, turn: &mut Turn) -> Stepped {
        turn.back_in_menus();
        queued::result(turn, &self.ticket, QueueResult::Finished)
    }

    /// The operator has handed the caller on: they wait in that queue as if the step had led there.
    pub(super) fn handed_on(self, turn: &mut Turn, queue: QueueId) -> Next {
        let name = turn.menu()[queue].name.clone();
        turn.call.record(CallEvent::Queued { queue: name });
        let ticket = self.ticket.handed_on(queue, turn.now.instant);
        Next::Wait(State::Queued(queued::Queued::again(turn, ticket)))
    }

    /// The operator's side broke down: the caller waits again, at the front.
    pub(super) fn requeued(self, turn: &mut Turn) -> Next {
        Next::Wait(State::Queued(queued::Queued::again(turn, self.ticket)))
    }
}
