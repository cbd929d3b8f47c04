//! Where those who wait are: in the line of their queue, among those who are to be offered, and on the clock. Whatever
//! changes of somebody who waits, or of an operator, is followed here by the tables that look at it.

use super::crew::{Crews, Kind, Wish, queues_of};
use super::line::{Line, Rank};
use super::operator::{Listed as OperatorListed, Operator};
use super::waiting::{Listed, Waiting};
use super::{Acd, QueuePolicy};
use crate::ivr::flow::{is_open, next_change};
use crate::ivr::menu::{Name, Pick};
use crate::model::{CallId, Instant, Now, OperatorId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// Today and what a ticket's life may reach beyond it.
const HOURS_DAYS: usize = 4;

/// A queue's own table.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Those who are served in turn: callers, and tickets that are due while the queue is open.
    pub line: Line,
    /// Callers among those who wait.
    pub callers: usize,
}

impl Acd {
    /// Somebody begins to wait.
    pub(super) fn insert(&mut self, now: Now, waiting: Waiting) {
        let (rank, call) = (waiting.rank(), waiting.ticket.call);
        let places = self.places.entry(waiting.ticket.queue.clone()).or_default();
        if waiting.callback().is_none() {
            places.callers += 1;
            self.callers += 1;
            let kind = Kind::of(&waiting.ticket);
            self.crews.caller_waits(now.instant, (&kind, rank), &self.policies, &self.operators);
        }
        self.ranks.insert(call, rank);
        self.waiting.insert(rank, waiting);
        self.place(now, rank);
    }

    /// Takes out who waits at a rank.
    pub(super) fn remove(&mut self, rank: Rank) -> Option<Waiting> {
        let mut waiting = self.waiting.remove(&rank)?;
        self.ranks.remove(&waiting.ticket.call);
        let Listed { in_line, wish, wake } = std::mem::take(&mut waiting.listed);
        if let Some(places) = self.places.get_mut(&waiting.ticket.queue) {
            if in_line {
                places.line.put(rank, false);
            }
            places.callers -= usize::from(waiting.callback().is_none());
        }
        if let Some(wish) = &wish {
            self.crews.wants_no_more(rank, wish);
        }
        if let Some(wake) = wake {
            self.wakes.remove(&(wake, rank));
        }
        if waiting.callback().is_none() {
            self.callers -= 1;
            self.crews.caller_left(&Kind::of(&waiting.ticket), rank);
        }
        Some(waiting)
    }

    /// Puts who waits at a rank where it belongs now.
    pub(super) fn place(&mut self, now: Now, rank: Rank) {
        let Some(waiting) = self.waiting.get_mut(&rank) else { return };
        let Some(policy) = self.policies.get(&waiting.ticket.queue) else { return };
        let in_line = is_served(waiting, policy, &self.zone, now);
        let is_offered = in_line && (waiting.ringing.is_empty() || policy.pick == Pick::RingAll);
        let wish = is_offered.then(|| Wish::of(waiting, policy, waiting.waited(now.instant)));
        let alone = self.crews.alone_since(&Kind::of(&waiting.ticket));
        let hours = waiting.callback().and_then(|_| hours_change(policy, &self.zone, now));
        let wake = waiting.next_change(now.instant, policy, alone, hours);
        let listed = &mut waiting.listed;
        if listed.in_line != in_line {
            listed.in_line = in_line;
            self.places.entry(waiting.ticket.queue.clone()).or_default().line.put(rank, in_line);
        }
        if listed.wake != wake {
            if let Some(before) = std::mem::replace(&mut listed.wake, wake) {
                self.wakes.remove(&(before, rank));
            }
            self.wakes.extend(wake.map(|at| (at, rank)));
        }
        if listed.wish != wish {
            if let Some(before) = &listed.wish {
                self.crews.wants_no_more(rank, before);
            }
            if let Some(wish) = &wish {
                self.crews.wants(rank, wish, &self.policies, &self.operators);
            }
            listed.wish = wish;
        }
    }

    /// Where a call waits.
    pub(super) fn rank_of(&self, call: CallId) -> Option<Rank> {
        self.ranks.get(&call).copied()
    }

    /// Where a caller waits; `None` of a ticket.
    pub(super) fn rank_of_caller(&self, call: CallId) -> Option<Rank> {
        self.rank_of(call).filter(|rank| self.waiting.get(rank).is_some_and(|waiting| waiting.callback().is_none()))
    }

    /// Changes an operator.
    pub(super) fn with_operator(&mut self, now: Instant, id: &OperatorId, act: impl FnOnce(&mut Operator)) {
        let Some(operator) = self.operators.get_mut(id) else { return };
        self.crews.leave(now, &self.policies, operator);
        act(operator);
        self.crews.join(now, &self.policies, operator);
    }

    /// Makes all tables anew: the queues have changed.
    pub(super) fn list_anew(&mut self, now: Now) {
        self.crews = Crews::of(&self.policies);
        for operator in self.operators.values_mut() {
            operator.serves = queues_of(&self.policies, operator);
            operator.listed = OperatorListed::default();
            self.crews.join(now.instant, &self.policies, operator);
        }
        self.places.clear();
        self.ranks.clear();
        self.wakes.clear();
        self.callers = 0;
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            self.insert(now, Waiting { listed: Listed::default(), ..waiting });
        }
    }

    /// Callers who wait in a queue.
    pub(super) fn callers_in(&self, queue: &Name) -> usize {
        self.places.get(queue).map_or(0, |places| places.callers)
    }

    /// A new day in the bank's zone begins the operators' counts anew.
    pub(super) fn turn_day(&mut self, now: Now) {
        if now.wall < self.day_ends {
            return;
        }
        let today = now.wall.to_zoned(self.zone.clone()).date();
        let tomorrow = today.tomorrow().and_then(|next| next.to_zoned(self.zone.clone()));
        let was = std::mem::replace(&mut self.today, today);
        self.day_ends = tomorrow.map_or(Timestamp::MAX, |midnight| midnight.timestamp());
        if was == today {
            return;
        }
        let called: Vec<OperatorId> = (self.operators.iter())
            .filter(|(_, operator)| operator.calls_today > 0)
            .map(|(id, _)| id.clone())
            .collect();
        for id in called {
            self.with_operator(now.instant, &id, |operator| operator.calls_today = 0);
        }
    }
}

/// Whether somebody may be offered to an operator: a ticket only when it is due and its queue is open.
fn is_served(waiting: &Waiting, policy: &QueuePolicy, zone: &TimeZone, now: Now) -> bool {
    let is_open = || policy.hours.as_ref().is_none_or(|rule| is_open(rule, zone, now.wall));
    waiting.callback().is_none() || (waiting.is_due(now.instant) && is_open())
}

/// When a queue opens or closes, as far as a ticket may live to see it.
fn hours_change(policy: &QueuePolicy, zone: &TimeZone, now: Now) -> Option<Instant> {
    let at = next_change(policy.hours.as_ref()?, zone, now.wall, HOURS_DAYS)?;
    Duration::try_from(at.duration_since(now.wall)).ok().map(|left| now.instant + left)
}
