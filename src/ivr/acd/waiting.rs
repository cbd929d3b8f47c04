//! One caller in a queue.

use super::operator::Operator;
use super::ticket::CallbackTicket;
use super::{QueuePolicy, Ticket};
use crate::ivr::flow::QueueStatus;
use crate::model::{Instant, OperatorId};
use std::cmp::Ordering;
use std::time::Duration;

/// A phone that rings for a caller.
#[derive(Debug)]
pub(super) struct Ringing {
    pub operator: OperatorId,
    pub until: Instant,
}

/// Who waits.
#[derive(Debug)]
pub(super) enum Who {
    /// A caller on the line.
    Caller,
    /// Somebody who is to be called back.
    Callback(Box<Callback>),
}

/// An open ticket in the queue.
#[derive(Debug)]
pub(super) struct Callback {
    pub ticket: CallbackTicket,
    /// When it may be served.
    pub due: Instant,
}

/// A caller who waits, or a ticket.
#[derive(Debug)]
pub(super) struct Waiting {
    pub who: Who,
    pub ticket: Ticket,
    pub entered: Instant,
    /// How long it had waited already when the clock began: a ticket outlives a restart.
    pub before: Duration,
    /// Order of entering, over all queues: breaks ties, so equal scores are served first come, first served.
    pub turn: u64,
    /// Returned by a conversation that broke down: before everybody else.
    pub front: bool,
    /// Phones that ring.
    pub ringing: Vec<Ringing>,
    /// Since when nobody who could take the call is at work.
    pub alone_since: Option<Instant>,
    /// What the caller was last told.
    pub told: Option<QueueStatus>,
}

impl Waiting {
    /// Somebody who waits since `entered`, nobody rung for yet.
    pub const fn new(who: Who, ticket: Ticket, entered: Instant, turn: u64) -> Self {
        Self {
            who,
            ticket,
            entered,
            before: Duration::ZERO,
            turn,
            front: false,
            ringing: Vec::new(),
            alone_since: None,
            told: None,
        }
    }

    pub fn waited(&self, now: Instant) -> Duration {
        now.since(self.entered) + self.before
    }

    /// Who is served first: the front, then the higher score (seconds waited plus head start), then the earlier turn.
    ///
    /// A score grows by one a second for everybody, so the order of two callers never changes while they wait and
    /// the instant of asking drops out: the head start is simply taken off the instant of entering.
    pub fn order(&self, other: &Self) -> Ordering {
        let effective = |waiting: &Self| {
            let before = i128::try_from(waiting.before.as_nanos()).unwrap_or(i128::MAX / 2);
            i128::from(waiting.entered.as_nanos()) - before - i128::from(waiting.ticket.priority) * 1_000_000_000
        };
        other
            .front
            .cmp(&self.front)
            .then_with(|| effective(self).cmp(&effective(other)))
            .then_with(|| self.turn.cmp(&other.turn))
    }

    /// Whether `operator` may take this call after `waited`.
    pub fn fits(&self, operator: &Operator, policy: &QueuePolicy, waited: Duration) -> bool {
        let skilled = operator.has_any(&policy.skills)
            || policy.overflow.iter().any(|(after, skills)| *after <= waited && operator.has_any(skills));
        let language = policy.own_language_for.is_none_or(|only| waited >= only) || operator.speaks(self.ticket.lang);
        skilled && language && operator.has_all(&self.ticket.skills)
    }

    /// Whether `operator` may take this call now or after some wait.
    pub fn could_fit(&self, operator: &Operator, policy: &QueuePolicy) -> bool {
        self.fits(operator, policy, Duration::MAX)
    }

    /// The ticket, when it is one.
    pub fn callback(&self) -> Option<&Callback> {
        match &self.who {
            Who::Caller => None,
            Who::Callback(callback) => Some(callback),
        }
    }

    /// Whether it may be served at all at this instant: a ticket waits for its retry.
    pub fn is_due(&self, now: Instant) -> bool {
        self.callback().is_none_or(|callback| callback.due <= now)
    }

    /// The next instant at which time alone changes who fits, or ends the wait.
    pub fn next_change(&self, now: Instant, policy: &QueuePolicy, grace: Duration) -> Option<Instant> {
        let thresholds = policy.overflow.iter().map(|(after, _)| *after).chain(policy.own_language_for);
        let widened = thresholds.map(|after| self.entered + after.saturating_sub(self.before)).filter(|at| *at > now);
        let ends = match &self.who {
            Who::Caller => [Some(self.entered + policy.max_wait), self.alone_since.map(|since| since + grace)],
            // Opening hours are looked at every minute.
            Who::Callback(callback) if callback.due > now => [Some(callback.due), None],
            Who::Callback(_) => [Some(now + Duration::from_mins(1)), None],
        };
        let rings = self.ringing.iter().map(|ringing| ringing.until);
        if self.ringing.is_empty() { widened.chain(ends.into_iter().flatten()).min() } else { rings.min() }
    }
}
