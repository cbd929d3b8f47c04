//! The states of a call's flow, and which event concerns which.

use super::Event;
use super::asking_bank::AskingBank;
use super::call::Turn;
use super::choosing::Choosing;
use super::collecting::Collecting;
use super::confirming::Confirming;
use super::greeting::{self, Greeting};
use super::keyed::Place;
use super::listing::Listing;
use super::next::{Next, Stepped};
use super::picking::Picking;
use super::queued::Queued;
use super::recording::Recording;
use super::saying::Saying;
use super::sources::Sources;
use super::talking::Talking;
use super::transferring::Transferring;
use crate::ivr::menu::{Go, Node, QueueId, TaskId};
use crate::model::{Cause, Digit, Instant};

/// Where a flow stands. Each state has only its own fields.
pub(super) enum State {
    /// Not answered yet.
    Unanswered,
    /// A callback of a queue, not answered yet.
    CallingBack(QueueId),
    /// Whoever answered a callback is greeted.
    Greeting(Greeting),
    /// Something is heard to its end before the path goes on.
    Saying(Saying),
    /// A menu waits for a key.
    Choosing(Choosing),
    /// A `choose` waits for a key.
    Picking(Picking),
    /// An `ask` waits for digits.
    Collecting(Collecting),
    /// A `confirm` waits for yes or no.
    Confirming(Confirming),
    /// A list is read.
    Listing(Listing),
    /// The bank is asked.
    AskingBank(AskingBank),
    /// The caller waits for an operator.
    Queued(Queued),
    /// The caller talks to an operator.
    Talking(Talking),
    /// The caller is handed to somebody outside.
    Transferring(Transferring),
    /// A message is recorded.
    Recording(Recording),
    /// Over.
    Ended,
}

/// The name of a state, for the simulator and for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the same names as the states, which are described there")]
pub enum StateName {
    Unanswered,
    Greeting,
    Saying,
    Choosing,
    Picking,
    Collecting,
    Confirming,
    Listing,
    AskingBank,
    Queued,
    Talking,
    Transferring,
    Recording,
    Ended,
}

impl State {
    pub(super) const fn name(&self) -> StateName {
        match self {
            Self::Unanswered | Self::CallingBack(_) => StateName::Unanswered,
            Self::Greeting(_) => StateName::Greeting,
            Self::Saying(_) => StateName::Saying,
            Self::Choosing(_) => StateName::Choosing,
            Self::Picking(_) => StateName::Picking,
            Self::Collecting(_) => StateName::Collecting,
            Self::Confirming(_) => StateName::Confirming,
            Self::Listing(_) => StateName::Listing,
            Self::AskingBank(_) => StateName::AskingBank,
            Self::Queued(_) => StateName::Queued,
            Self::Talking(_) => StateName::Talking,
            Self::Transferring(_) => StateName::Transferring,
            Self::Recording(_) => StateName::Recording,
            Self::Ended => StateName::Ended,
        }
    }

    /// The transition table: a state and an event that concerns it; anything else changes nothing.
    pub(super) fn handle(self, turn: &mut Turn, event: Event) -> Stepped {
        match (self, event) {
            (state, Event::HungUp(_)) => Ok(state.hung_up(turn)),
            (Self::Unanswered, Event::Answered) => {
                turn.back_in_menus();
                let start = turn.call.start();
                turn.enter(start)
            }
            (Self::CallingBack(queue), Event::Answered) => {
                turn.back_in_menus();
                greeting::begin(turn, queue)
            }
            (Self::Greeting(state), Event::Digit(digit)) => Ok(state.key(turn, digit)),
            (Self::Greeting(state), Event::PlaybackEnded(id)) => Ok(state.playback_ended(turn, id)),
            (Self::Greeting(state), Event::Connected(_)) => Ok(state.connected()),
            (Self::Greeting(state), Event::QueueEnded(_)) => state.lost(turn),
            (Self::Saying(state), Event::Digit(digit)) => Ok(state.key(turn, digit)),
            (Self::Saying(state), Event::PlaybackEnded(id)) => Ok(state.playback_ended(id)),
            (Self::Choosing(state), Event::Digit(digit)) => state.key(turn, digit),
            (Self::Choosing(state), Event::PlaybackEnded(id)) => state.playback_ended(turn, id),
            (Self::Picking(state), Event::Digit(digit)) => state.key(turn, digit),
            (Self::Picking(state), Event::PlaybackEnded(id)) => state.playback_ended(turn, id),
            (Self::Collecting(state), Event::Digit(digit)) => state.key(turn, digit),
            (Self::Collecting(state), Event::PlaybackEnded(id)) => state.playback_ended(turn, id),
            (Self::Confirming(state), Event::Digit(digit)) => state.key(turn, digit),
            (Self::Confirming(state), Event::PlaybackEnded(id)) => state.playback_ended(turn, id),
            (Self::Listing(state), Event::Digit(digit)) => state.key(turn, digit),
            (Self::Listing(state), Event::PlaybackEnded(id)) => state.playback_ended(turn, id),
            (Self::AskingBank(state), Event::Digit(digit)) => Ok(state.key(turn, digit)),
            (Self::AskingBank(state), Event::PlaybackEnded(id)) => state.playback_ended(turn, id),
            (Self::AskingBank(state), Event::Bank(id, answer)) => state.answered(turn, id, answer),
            (Self::Queued(state), Event::Digit(digit)) => state.key(turn, digit),
            (Self::Queued(state), Event::PlaybackEnded(id)) => Ok(state.playback_ended(turn, id)),
            (Self::Queued(state), Event::QueueStatus(status)) => Ok(state.status(turn, status)),
            (Self::Queued(state), Event::Connected(_)) => Ok(state.connected(turn)),
            (Self::Queued(state), Event::QueueEnded(end)) => state.ended(turn, end),
            (Self::Queued(state), Event::CallbackOrdered { accepted }) => state.callback_ordered(turn, accepted),
            (Self::Talking(state), Event::TalkEnded) => state.ended(turn),
            (Self::Talking(state), Event::Requeued) => Ok(state.requeued(turn)),
            (Self::Talking(state), Event::HandedOn(queue)) => Ok(state.handed_on(turn, queue)),
            (Self::Transferring(state), Event::TransferFailed) => state.failed(turn),
            (Self::Recording(state), Event::MessageEnded { length, stored }) => state.ended(turn, length, stored),
            (state, _) => Ok(Next::Wait(state)),
        }
    }

    /// The deadline has come.
    pub(super) fn timeout(self, turn: &mut Turn) -> Stepped {
        match self {
            Self::Greeting(state) => state.timeout(turn),
            Self::Saying(state) => Ok(state.timeout(turn)),
            Self::Choosing(state) => state.timeout(turn),
            Self::Picking(state) => state.timeout(turn),
            Self::Collecting(state) => state.timeout(turn),
            Self::Confirming(state) => state.timeout(turn),
            Self::Listing(state) => state.timeout(turn),
            Self::AskingBank(state) => state.timeout(turn),
            Self::Queued(state) => Ok(state.timeout(turn)),
            Self::Recording(state) => state.timeout(turn),
            state @ (Self::Unanswered
            | Self::CallingBack(_)
            | Self::Talking(_)
            | Self::Transferring(_)
            | Self::Ended) => Ok(Next::Wait(state)),
        }
    }

    /// When it wants to be told that time has passed.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Greeting(state) => Some(state.deadline()),
            Self::Saying(state) => Some(state.deadline()),
            Self::Choosing(state) => Some(state.deadline()),
            Self::Picking(state) => Some(state.deadline()),
            Self::Collecting(state) => Some(state.deadline()),
            Self::Confirming(state) => Some(state.deadline()),
            Self::Listing(state) => Some(state.deadline()),
            Self::AskingBank(state) => Some(state.deadline()),
            Self::Queued(state) => Some(state.deadline()),
            Self::Recording(state) => Some(state.deadline()),
            Self::Unanswered | Self::CallingBack(_) | Self::Talking(_) | Self::Transferring(_) | Self::Ended => None,
        }
    }

    /// Whether the limit of time in menus counts here.
    pub(super) const fn in_menus(&self) -> bool {
        match self {
            Self::Saying(_)
            | Self::Choosing(_)
            | Self::Picking(_)
            | Self::Collecting(_)
            | Self::Confirming(_)
            | Self::Listing(_) => true,
            Self::Unanswered
            | Self::CallingBack(_)
            | Self::Greeting(_)
            | Self::AskingBank(_)
            | Self::Queued(_)
            | Self::Talking(_)
            | Self::Transferring(_)
            | Self::Recording(_)
            | Self::Ended => false,
        }
    }

    /// The caller was too long in menus: to an operator. When that has led back into menus without a queue, as it may
    /// at night, the second time is the end of the call.
    pub(super) fn out_of_time(self, turn: &mut Turn) -> Next {
        if let Self::Collecting(state) = self {
            state.abandon(turn);
        }
        turn.call.note(&"call_limit".into());
        turn.call.ahead.clear();
        turn.back_in_menus();
        if std::mem::replace(&mut turn.call.limits.overtime, true) {
            turn.call.speech.clear();
            let menu = turn.menu();
            if menu.goodbye.is_some_and(|goodbye| turn.say_always(goodbye).is_err()) {
                turn.call.note(&"goodbye_left_out".into());
            }
            return Next::End(Cause::TooLong);
        }
        Next::Go(Go::Operator)
    }

    /// The leg is gone. A request to the bank is not taken back.
    fn hung_up(self, turn: &mut Turn) -> Next {
        match self {
            Self::Collecting(state) => state.abandon(turn),
            Self::Queued(state) => state.abandoned(turn),
            Self::Unanswered
            | Self::CallingBack(_)
            | Self::Greeting(_)
            | Self::Saying(_)
            | Self::Choosing(_)
            | Self::Picking(_)
            | Self::Confirming(_)
            | Self::Listing(_)
            | Self::AskingBank(_)
            | Self::Talking(_)
            | Self::Transferring(_)
            | Self::Recording(_)
            | Self::Ended => {}
        }
        turn.call.ahead.clear();
        turn.call.values.secrets.clear();
        Next::Wait(Self::Ended)
    }

    /// The node the caller is at, for tests and the simulator.
    pub(super) fn node(&self, task: Option<TaskId>) -> Option<Node> {
        match self {
            Self::Choosing(state) => Some(Node::Menu(state.place)),
            _ => task.map(Node::Task),
        }
    }

    /// The keys that do something here; none where any digit may be part of an entry.
    pub(super) fn working_keys(&self, sources: &Sources) -> Vec<Digit> {
        match self {
            Self::Choosing(state) => state.place.keys(sources),
            Self::Picking(state) => state.place.keys(sources),
            Self::Confirming(state) => state.place.keys(sources),
            Self::Queued(state) => state.keys(sources),
            Self::Greeting(state) => state.keys(),
            Self::Listing(_) => vec![Digit::HASH, Digit::STAR],
            Self::Unanswered
            | Self::CallingBack(_)
            | Self::Saying(_)
            | Self::Collecting(_)
            | Self::AskingBank(_)
            | Self::Talking(_)
            | Self::Transferring(_)
            | Self::Recording(_)
            | Self::Ended => Vec::new(),
        }
    }
}
