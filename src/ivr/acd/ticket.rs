//! Callbacks: tickets that stand in the same order as callers.
//!
//! ```text
//!           order                 operator accepts           customer presses 1
//!  caller ────────▶ open ticket ──────────────────▶ dialling ──────────────────▶ talk
//!                     ▲   offered when it is its turn, │
//!                     │   due, and the queue is open   │ nobody, busy, a machine
//!                     └─────────── retry ──────────────┘ ──── attempts used up ──▶ closed
//! ```
//!
//! A ticket keeps the place and the time of entering of the call it came from: nobody is overtaken and nobody
//! overtakes. The operator comes first, so there are never more callbacks on the way than operators, and whoever
//! answers never hears silence.

use super::Ticket;
use crate::ivr::menu::Name;
use crate::model::{CallId, Level, PhoneNumber};
use jiff::Timestamp;
use std::time::Duration;

/// After how long a ticket that could not be served is closed.
pub(super) const TICKET_LIFE: Duration = Duration::from_hours(72);

/// How callbacks of a queue are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackRules {
    /// How many times the customer is called.
    pub attempts: u8,
    /// Between attempts.
    pub retry: Duration,
}

/// What a waiting caller orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackOrder {
    /// The number to call.
    pub number: PhoneNumber,
    /// The line of the call, by name.
    pub line: Name,
    /// How sure the bank was of the caller. The operator may see it; whoever answers the callback is a new person and
    /// begins at [`Level::None`].
    pub was: Level,
    /// Facts noted, for the operator.
    pub notes: Vec<Name>,
}

/// An open callback, as a store keeps it over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackTicket {
    /// The place: `place.call` is the call that ordered it and names the ticket.
    pub place: Ticket,
    /// What was ordered.
    pub order: CallbackOrder,
    /// When the caller entered the queue.
    pub entered: Timestamp,
    /// When the callback was ordered.
    pub ordered: Timestamp,
    /// How often the customer was called.
    pub attempts: u8,
    /// Not to be served before.
    pub not_before: Timestamp,
}

impl CallbackTicket {
    /// The ticket's name: the call that ordered it.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.place.call
    }

    /// How long the customer has waited, on the line and for the call.
    #[must_use]
    pub fn waited(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.entered)).unwrap_or_default()
    }
}

/// Why a callback reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackFailure {
    /// The customer's phone rang to the end.
    NoAnswer,
    /// It is busy, or the customer rejected the call.
    Busy,
    /// Somebody or something answered and did not press 1.
    NotTaken,
    /// The number could not be reached.
    Unreachable,
    /// The operator hung up before the customer was there; no attempt of the customer's is used up.
    OperatorLeft,
}

impl CallbackFailure {
    /// One word for records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::NotTaken => "not_taken",
            Self::Unreachable => "unreachable",
            Self::OperatorLeft => "operator_left",
        }
    }
}

/// How a ticket was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketOutcome {
    /// The customer talks to an operator.
    Reached,
    /// All attempts are used up.
    GivenUp,
    /// It could not be served in three days, or its queue is gone.
    Expired,
    /// Somebody withdrew it.
    Cancelled,
}

impl TicketOutcome {
    /// One word for records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::GivenUp => "given_up",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}
