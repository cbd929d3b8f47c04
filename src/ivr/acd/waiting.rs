//! One caller in a queue.

use super::crew::Wish;
use super::line::Rank;
use super::ticket::{CallbackTicket, TICKET_LIFE};
use super::{GRACE, QueuePolicy, Ticket};
use crate::ivr::menu::Pick;
use crate::model::{Instant, OperatorId};
use std::time::Duration;

/// How often it is looked at least whether the queue of a ticket has opened or closed: the wall clock may be set.
const HOURS_LOOK: Duration = Duration::from_mins(10);

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
    /// Order of entering, over all queues.
    pub turn: u64,
    /// Returned by a conversation that broke down.
    pub front: bool,
    /// Phones that ring.
    pub ringing: Vec<Ringing>,
    /// Since when no phone has rung.
    pub quiet_since: Instant,
    /// Where it is in the tables.
    pub listed: Listed,
}

/// In which tables somebody who waits is.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// In the line of the queue: who stands behind counts it.
    pub in_line: bool,
    /// Among those who are to be offered to whoever fits this.
    pub wish: Option<Wish>,
    /// When it is looked at again.
    pub wake: Option<Instant>,
}

impl Waiting {
    pub fn new(who: Who, ticket: Ticket, entered: Instant, turn: u64) -> Self {
        Self {
            who,
            ticket,
            entered,
            before: Duration::ZERO,
            turn,
            front: false,
            ringing: Vec::new(),
            quiet_since: entered,
            listed: Listed::default(),
        }
    }

    pub fn waited(&self, now: Instant) -> Duration {
        now.since(self.entered) + self.before
    }

    /// The place in the order of service.
    pub fn rank(&self) -> Rank {
        let before = i128::try_from(self.before.as_nanos()).unwrap_or(i128::MAX / 2);
        let head_start = i128::from(self.ticket.priority) * 1_000_000_000;
        let began = i128::from(self.entered.as_nanos()) - before - head_start;
        Rank { behind: !self.front, began, turn: self.turn }
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

    /// Since when nobody has been there who could take the call, and no phone rang; `crew` is the same of its crew.
    pub fn alone_since(&self, crew: Option<Instant>) -> Option<Instant> {
        crew.map(|since| since.max(self.quiet_since))
    }

    /// An operator's phone rings for it no more.
    pub fn stops_ringing(&mut self, now: Instant, operator: &OperatorId) -> bool {
        let before = self.ringing.len();
        self.ringing.retain(|ringing| ringing.operator != *operator);
        let stopped = self.ringing.len() < before;
        if stopped && self.ringing.is_empty() {
            self.quiet_since = now;
        }
        stopped
    }

    /// The next instant at which time alone changes who fits, or ends a ring or the wait. `hours`: when the queue of a
    /// ticket opens or closes.
    pub fn next_change(
        &self,
        now: Instant,
        policy: &QueuePolicy,
        alone: Option<Instant>,
        hours: Option<Instant>,
    ) -> Option<Instant> {
        let thresholds = policy.overflow.iter().map(|(after, _)| *after).chain(policy.own_language_for);
        let widened = thresholds.map(|after| self.entered + after.saturating_sub(self.before)).filter(|at| *at > now);
        let rings = self.ringing.iter().map(|ringing| ringing.until);
        if !self.ringing.is_empty() {
            return if policy.pick == Pick::RingAll { rings.chain(widened).min() } else { rings.min() };
        }
        let ends = match &self.who {
            Who::Caller => [Some(self.entered + policy.max_wait), self.alone_since(alone).map(|since| since + GRACE)],
            Who::Callback(callback) => {
                let look = hours.map_or(now + HOURS_LOOK, |change| change.min(now + HOURS_LOOK));
                let look = if callback.due > now { callback.due } else { look };
                [Some(look), Some(self.entered + TICKET_LIFE.saturating_sub(self.before))]
            }
        };
        widened.chain(ends.into_iter().flatten()).min()
    }
}
