//! One caller in a queue.

use super::operator::Operator;
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

/// A caller who waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub ticket: Ticket,
    pub entered: Instant,
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
    /// When time alone will change something for this caller.
    pub wake: Option<Instant>,
}

impl Waiting {
    pub fn waited(&self, now: Instant) -> Duration {
        now.since(self.entered)
    }

    /// Who is served first: the front, then the higher score (seconds waited plus head start), then the earlier turn.
    ///
    /// A score grows by one a second for everybody, so the order of two callers never changes while they wait and
    /// the instant of asking drops out: the head start is simply taken off the instant of entering.
    pub fn order(&self, other: &Self) -> Ordering {
        let effective = |waiting: &Self| {
            i128::from(waiting.entered.as_nanos()) - i128::from(waiting.ticket.priority) * 1_000_000_000
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

    /// The next instant at which time alone changes who fits, or ends the wait.
    pub fn next_change(&self, now: Instant, policy: &QueuePolicy, grace: Duration) -> Option<Instant> {
        let thresholds = policy.overflow.iter().map(|(after, _)| *after).chain(policy.own_language_for);
        let widened = thresholds.map(|after| self.entered + after).filter(|at| *at > now);
        let ends = [Some(self.entered + policy.max_wait), self.alone_since.map(|since| since + grace)];
        let rings = self.ringing.iter().map(|ringing| ringing.until);
        if self.ringing.is_empty() { widened.chain(ends.into_iter().flatten()).min() } else { rings.min() }
    }
}
