//! Ordering callbacks, and what becomes of them.

use super::ticket::{CallbackFailure, CallbackOrder, CallbackTicket, TicketOutcome};
use super::waiting::{Callback, Waiting, Who};
use super::{Acd, Command, OperatorState, REJECT_DELAY, Talk, With};
use crate::ivr::menu::Name;
use crate::model::{CallId, Instant, Now, OperatorId, PhoneNumber};
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// The tickets that are open, counted.
#[derive(Debug, Default)]
pub(super) struct Open {
    of_queue: HashMap<Name, usize>,
    numbers: HashMap<PhoneNumber, usize>,
}

impl Open {
    fn count(&mut self, ticket: &CallbackTicket, is_open: bool) {
        fn change<K: Eq + Hash + Clone>(counts: &mut HashMap<K, usize>, key: &K, is_open: bool) {
            let count = counts.entry(key.clone()).or_default();
            *count = if is_open { *count + 1 } else { count.saturating_sub(1) };
            if *count == 0 {
                counts.remove(key);
            }
        }
        change(&mut self.of_queue, &ticket.place.queue, is_open);
        change(&mut self.numbers, &ticket.order.number, is_open);
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.of_queue.len() + self.numbers.len()
    }
}

impl Acd {
    /// A caller who waits in a queue orders a callback. `true`: the place is the ticket's now and the caller waits no
    /// more. `false` changes nothing: the queue takes none, as many tickets are open as callers may wait, or the
    /// number has an open one.
    pub fn order_callback(&mut self, now: Now, call: CallId, order: CallbackOrder) -> bool {
        let Some(rank) = self.rank_of_caller(call) else { return false };
        let Some(waiting) = self.waiting.get(&rank) else { return false };
        if !self.takes(&waiting.ticket.queue, &order.number) {
            return false;
        }
        let Some(mut waiting) = self.remove(rank) else { return false };
        self.stop_ringing(now.instant, &waiting, None);
        waiting.ringing.clear();
        let entered = before(now, waiting.waited(now.instant));
        let place = waiting.ticket.clone();
        let ticket = CallbackTicket { place, order, entered, ordered: now.wall, attempts: 0, not_before: now.wall };
        self.open.count(&ticket, true);
        self.commands.push_back(Command::Keep(Box::new(ticket.clone())));
        waiting.who = Who::Callback(Box::new(Callback { ticket, due: now.instant }));
        self.insert(now, waiting);
        self.settle(now);
        true
    }

    fn takes(&self, queue: &Name, number: &PhoneNumber) -> bool {
        let Some(policy) = self.policies.get(queue).filter(|policy| policy.callback.is_some()) else { return false };
        let open = self.open.of_queue.get(queue).copied().unwrap_or(0);
        open < policy.most_callers() && !self.open.numbers.contains_key(number)
    }

    /// Takes up a ticket from before a restart, at its place and with its time. One whose queue is gone is closed.
    pub fn restore(&mut self, now: Now, ticket: CallbackTicket) {
        if self.ticket(ticket.id()).is_some() {
            return;
        }
        self.open.count(&ticket, true);
        if !self.policies.contains_key(&ticket.place.queue) {
            self.close(&ticket, TicketOutcome::Expired);
            return;
        }
        let waited = ticket.waited(now.wall);
        let entered = now.instant - waited;
        self.wait_again(now, ticket, entered, waited.saturating_sub(now.instant.since(entered)));
        self.settle(now);
    }

    /// Every open ticket, those whose customer is being called included.
    pub fn tickets(&self) -> impl Iterator<Item = &CallbackTicket> {
        let waiting = self.waiting.values().filter_map(|waiting| waiting.callback().map(|callback| &callback.ticket));
        waiting.chain(self.talks.values().filter_map(Talk::ticket))
    }

    /// The open ticket of this name.
    #[must_use]
    pub fn ticket(&self, id: CallId) -> Option<&CallbackTicket> {
        let waiting = self.rank_of(id).and_then(|rank| self.waiting.get(&rank)).and_then(Waiting::callback);
        waiting.map(|callback| &callback.ticket).or_else(|| self.talks.get(&id).and_then(Talk::ticket))
    }

    /// A ticket is open no more.
    pub(super) fn close(&mut self, ticket: &CallbackTicket, outcome: TicketOutcome) {
        self.open.count(ticket, false);
        self.commands.push_back(Command::Close { ticket: ticket.id(), outcome });
    }

    /// Withdraws an open ticket. One whose customer is being called is not withdrawn: the call is on its way.
    pub fn cancel_callback(&mut self, now: Now, id: CallId) {
        if !self.is_dialling(id) && self.withdraw_ticket(now, id).is_some() {
            self.settle(now);
        }
    }

    /// Withdraws an open ticket, also one whose customer is about to be called; the queue in which it stood, and how
    /// long it had waited. An operator's phone that rings for it stops.
    pub(super) fn withdraw_ticket(&mut self, now: Now, id: CallId) -> Option<(Name, Duration)> {
        let ticket = self.ticket(id)?.clone();
        if let Some(waiting) = self.rank_of(id).and_then(|rank| self.remove(rank)) {
            self.stop_ringing(now.instant, &waiting, None);
        } else if let Some(talk) = self.talks.remove(&id) {
            self.let_go(now.instant, &talk.operator);
        }
        self.close(&ticket, TicketOutcome::Cancelled);
        let waited = ticket.waited(now.wall);
        Some((ticket.place.queue, waited))
    }

    /// The customer answered and pressed 1, and talks to the operator in the call `joined`, by which the talk is known
    /// from now on.
    pub fn callback_joined(&mut self, now: Now, id: CallId, joined: CallId) {
        if !self.is_dialling(id) {
            return;
        }
        let Some(mut talk) = self.talks.remove(&id) else { return };
        if let With::Nobody(ticket) = std::mem::replace(&mut talk.with, With::Customer) {
            self.close(&ticket, TicketOutcome::Reached);
        }
        talk.ticket.call = joined;
        talk.began = now.instant;
        self.change(now.instant, &talk.operator, OperatorState::Talking(joined));
        self.talks.insert(joined, talk);
        self.settle(now);
    }

    /// The customer was not reached. The operator is free at once; the ticket keeps its place and is served again
    /// after the pause, or is closed when its attempts are used up.
    pub fn callback_failed(&mut self, now: Now, id: CallId, failure: CallbackFailure) {
        if !self.is_dialling(id) {
            return;
        }
        let Some(talk) = self.talks.remove(&id) else { return };
        let With::Nobody(mut ticket) = talk.with else { return };
        let rules = self.policies.get(&talk.ticket.queue).and_then(|policy| policy.callback.clone());
        let retry = if failure == CallbackFailure::OperatorLeft {
            ticket.attempts = ticket.attempts.saturating_sub(1);
            self.let_rest(now.instant, &talk.operator);
            Some(REJECT_DELAY)
        } else {
            rules.filter(|rules| ticket.attempts < rules.attempts).map(|rules| rules.retry)
        };
        self.let_go(now.instant, &talk.operator);
        match retry {
            Some(retry) => {
                ticket.not_before = after(now, retry);
                self.commands.push_back(Command::Keep(ticket.clone()));
                let before = ticket.waited(now.wall).saturating_sub(now.instant.since(talk.entered));
                self.wait_again(now, *ticket, talk.entered, before);
            }
            None => self.close(&ticket, TicketOutcome::GivenUp),
        }
        self.settle(now);
    }

    /// Puts a ticket where its time of entering belongs.
    fn wait_again(&mut self, now: Now, ticket: CallbackTicket, entered: Instant, before: Duration) {
        let until_due = Duration::try_from(ticket.not_before.duration_since(now.wall)).unwrap_or_default();
        self.turn += 1;
        let place = ticket.place.clone();
        let who = Who::Callback(Box::new(Callback { ticket, due: now.instant + until_due }));
        let waiting = Waiting::new(who, place, entered, self.turn);
        self.insert(now, Waiting { before, quiet_since: now.instant, ..waiting });
    }

    /// An operator took a ticket: the attempt counts from here, so that a crash cannot make it ring for ever.
    pub(super) fn dial(&mut self, operator: &OperatorId, mut ticket: CallbackTicket) -> With {
        ticket.attempts = ticket.attempts.saturating_add(1);
        let ticket = Box::new(ticket);
        self.commands.push_back(Command::Keep(ticket.clone()));
        self.commands.push_back(Command::Dial { ticket: ticket.clone(), operator: operator.clone() });
        With::Nobody(ticket)
    }

    pub(super) fn is_dialling(&self, id: CallId) -> bool {
        self.talks.get(&id).is_some_and(|talk| matches!(talk.with, With::Nobody(_)))
    }
}

/// The wall clock that long ago.
fn before(now: Now, length: Duration) -> jiff::Timestamp {
    now.wall.checked_sub(length).unwrap_or(now.wall)
}

/// The wall clock after that time.
fn after(now: Now, length: Duration) -> jiff::Timestamp {
    now.wall.checked_add(length).unwrap_or(now.wall)
}
