//! What the ACD is told and what it asks for.

use super::ticket::{CallbackRules, CallbackTicket, TicketOutcome};
use crate::ivr::flow::{QueueEnd, QueueStatus};
use crate::ivr::menu::{HoursRule, Name, Pick, Queue};
use crate::model::{CallId, Instant, Lang, OperatorId};
use std::sync::Arc;
use std::time::Duration;

/// What an account may do besides taking calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccountRole {
    /// Nothing more.
    #[default]
    Operator,
    /// Listens to operators' conversations, whispers and joins.
    Supervisor,
}

impl AccountRole {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Operator, Self::Supervisor];

    /// The name in the store and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// An operator's account as far as the ACD needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorProfile {
    /// Who.
    pub id: OperatorId,
    /// What the operator can take.
    pub skills: Vec<Name>,
    /// The languages the operator speaks.
    pub languages: Vec<Lang>,
    /// What else the account may do.
    pub role: AccountRole,
}

/// What an operator is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorState {
    /// No phone is registered.
    Offline,
    /// Waiting for a call.
    Ready,
    /// The phone rings for this call.
    Reserved(CallId),
    /// Talking.
    Talking(CallId),
    /// Finishing up until then.
    WrapUp(Instant),
    /// Not to be called.
    Break(BreakReason),
}

impl OperatorState {
    /// Every name there is.
    pub const NAMES: [&'static str; 6] = ["offline", "ready", "reserved", "talking", "wrap_up", "break"];

    /// One word for figures and records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        Self::NAMES[self.place()]
    }

    /// The place of the name among all names.
    pub(super) const fn place(&self) -> usize {
        match self {
            Self::Offline => 0,
            Self::Ready => 1,
            Self::Reserved(_) => 2,
            Self::Talking(_) => 3,
            Self::WrapUp(_) => 4,
            Self::Break(_) => 5,
        }
    }
}

/// Why an operator takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakReason {
    /// Asked for it.
    Asked,
    /// The phone was not answered.
    NoAnswer,
}

/// A caller's ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The call.
    pub call: CallId,
    /// Which queue, by name: names outlive a change of the menu, ids do not.
    pub queue: Name,
    /// Head start in seconds.
    pub priority: u32,
    /// Skills the operator must have besides one of the queue's.
    pub skills: Vec<Name>,
    /// The caller's language.
    pub lang: Lang,
}

/// Why an offered call was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferFailure {
    /// Rang to the end.
    NoAnswer,
    /// The phone is busy (486).
    Busy,
    /// The operator rejected it (603, 480 …).
    Rejected,
    /// The phone could not be reached.
    Unreachable,
}

impl OfferFailure {
    /// One word for records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Why a phone stops ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// It rang to the end.
    NoAnswer,
    /// The caller left, or another operator was faster.
    NotNeeded,
    /// The operator has no phone any more, or no account.
    PhoneGone,
}

impl Withdrawal {
    /// One word for records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => OfferFailure::NoAnswer.name(),
            Self::NotNeeded => "withdrawn",
            Self::PhoneGone => OfferFailure::Unreachable.name(),
        }
    }
}

/// What the ACD asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Ring this operator's phone for this call.
    Offer {
        /// For whom.
        call: CallId,
        /// Whose phone.
        operator: OperatorId,
        /// How long at most.
        ring: Duration,
    },
    /// Stop ringing.
    Withdraw {
        /// For whom.
        call: CallId,
        /// Whose phone.
        operator: OperatorId,
        /// Why.
        why: Withdrawal,
    },
    /// Tell the caller where they stand.
    Status {
        /// Whom.
        call: CallId,
        /// Where.
        status: QueueStatus,
    },
    /// The queue gave the caller up.
    End {
        /// Whom.
        call: CallId,
        /// Why.
        end: QueueEnd,
    },
    /// Ring this operator's phone for an open callback; [`Acd::accepted`](super::Acd::accepted) and
    /// [`Acd::offer_failed`](super::Acd::offer_failed) answer it as an offer, and it is withdrawn as one, by the
    /// ticket's name.
    OfferCallback {
        /// The ticket.
        ticket: CallId,
        /// Whose phone.
        operator: OperatorId,
        /// How long at most.
        ring: Duration,
    },
    /// The operator took the ticket and waits: call the customer. Answered by
    /// [`Acd::callback_joined`](super::Acd::callback_joined) or
    /// [`Acd::callback_failed`](super::Acd::callback_failed).
    Dial {
        /// What to dial, and for whom.
        ticket: Box<CallbackTicket>,
        /// Who waits.
        operator: OperatorId,
    },
    /// A ticket is new or has changed: keep it.
    Keep(Box<CallbackTicket>),
    /// A ticket is closed: forget it.
    Close {
        /// The ticket.
        ticket: CallId,
        /// How.
        outcome: TicketOutcome,
    },
    /// An operator's state changed.
    State {
        /// Who.
        operator: OperatorId,
        /// To what.
        state: OperatorState,
    },
}

/// How a queue is served; the part of a menu's [`Queue`] that the ACD needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePolicy {
    /// Its name.
    pub name: Name,
    /// An operator needs one of these.
    pub skills: Vec<Name>,
    /// For how long only operators with the caller's language are offered; `None`: language does not matter.
    pub own_language_for: Option<Duration>,
    /// Who among the ready.
    pub pick: Pick,
    /// How long a phone rings.
    pub ring: Duration,
    /// Who does not answer is put on a break.
    pub pause_on_no_answer: bool,
    /// Time after a conversation.
    pub wrap_up: Duration,
    /// The longest wait.
    pub max_wait: Duration,
    /// The most who wait.
    pub max_waiting: u32,
    /// Skills that may take the call as well after a wait.
    pub overflow: Vec<(Duration, Vec<Name>)>,
    /// How callbacks are carried out; `None`: none are taken.
    pub callback: Option<CallbackRules>,
    /// Customers are called back within these hours only.
    pub hours: Option<Arc<HoursRule>>,
}

impl QueuePolicy {
    /// The most callers who wait at once, and the most open tickets.
    pub(super) fn most_callers(&self) -> usize {
        usize::try_from(self.max_waiting).unwrap_or(usize::MAX)
    }
}

impl From<&Queue> for QueuePolicy {
    fn from(queue: &Queue) -> Self {
        Self {
            name: queue.name.clone(),
            skills: queue.skills.clone(),
            own_language_for: queue.own_language_for,
            pick: queue.pick,
            ring: queue.ring,
            pause_on_no_answer: queue.pause_on_no_answer,
            wrap_up: queue.wrap_up,
            max_wait: queue.max_wait,
            max_waiting: queue.max_waiting,
            overflow: queue.overflow.clone(),
            callback: (queue.callback.as_ref())
                .map(|callback| CallbackRules { attempts: callback.attempts, retry: callback.retry }),
            hours: queue.open.clone(),
        }
    }
}
