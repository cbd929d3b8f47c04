//! Ordering callbacks, and what becomes of them.

use super::ticket::{CallbackFailure, CallbackOrder, CallbackTicket, TicketOutcome};
use super::waiting::{Callback, Waiting, Who};
use super::{Acd, Command, Operator, OperatorState, REJECT_DELAY, With};
use crate::ivr::menu::Name;
use crate::model::{CallId, Now, OperatorId, PhoneNumber};
use std::time::Duration;

impl Acd {
    /// A caller who waits in a queue orders a callback. `true`: the place is the ticket's now and the caller waits no
    /// more. `false` changes nothing: the queue takes none, as many tickets are open as callers may wait, or the
    /// number has an open one.
    pub fn order_callback(&mut self, now: Now, call: CallId, order: CallbackOrder) -> bool {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.ticket.call == call) else { return false };
        if self.waiting[at].callback().is_some() || !self.takes(&self.waiting[at].ticket.queue, &order.number) {
            return false;
        }
        let mut waiting = self.waiting.remove(at);
        self.stop_ringing(now.instant, &waiting, None);
        waiting.ringing.clear();
        let entered = before(now, waiting.waited(now.instant));
        let place = waiting.ticket.clone();
        let ticket = CallbackTicket { place, order, entered, ordered: now.wall, attempts: 0, not_before: now.wall };
        self.commands.push_back(Command::Keep(Box::new(ticket.clone())));
        waiting.who = Who::Callback(Box::new(Callback { ticket, due: now.instant }));
        self.insert(waiting);
        self.settle(now);
        true
    }

    fn takes(&self, queue: &Name, number: &PhoneNumber) -> bool {
        let Some(policy) = self.policies.get(queue).filter(|policy| policy.callback.is_some()) else { return false };
        let room = usize::try_from(policy.max_waiting).unwrap_or(usize::MAX);
        self.tickets().filter(|ticket| ticket.place.queue == *queue).count() < room
            && self.tickets().all(|ticket| ticket.order.number != *number)
    }

    /// Takes up a ticket from before a restart, at its place and with its time. One whose queue is gone is closed.
    pub fn restore(&mut self, now: Now, ticket: CallbackTicket) {
        let id = ticket.id();
        if self.tickets().any(|open| open.id() == id) {
            return;
        }
        if !self.policies.contains_key(&ticket.place.queue) {
            self.commands.push_back(Command::Close { ticket: id, outcome: TicketOutcome::Expired });
            return;
        }
        let waited = ticket.waited(now.wall);
        let entered = now.instant - waited;
        self.wait_again(now, ticket, entered, waited.saturating_sub(now.instant.since(entered)));
        self.settle(now);
    }

    /// Every open ticket, those whose customer is being called included.
    pub fn tickets(&self) -> impl Iterator<Item = &CallbackTicket> {
        let waiting = self.waiting.iter().filter_map(|waiting| waiting.callback().map(|callback| &callback.ticket));
        let dialling = self.talks.values().filter_map(|talk| match &talk.with {
            With::Nobody(ticket) => Some(&**ticket),
            With::Customer => None,
        });
        waiting.chain(dialling)
    }

    /// Withdraws an open ticket. One whose customer is being called is not withdrawn: the call is on its way.
    pub fn cancel_callback(&mut self, now: Now, id: CallId) {
        let is_it = |waiting: &Waiting| waiting.ticket.call == id && waiting.callback().is_some();
        if let Some(at) = self.waiting.iter().position(is_it) {
            let waiting = self.waiting.remove(at);
            self.stop_ringing(now.instant, &waiting, None);
            self.commands.push_back(Command::Close { ticket: id, outcome: TicketOutcome::Cancelled });
            self.settle(now);
        }
    }

    /// The customer answered and pressed 1, and talks to the operator in the call `joined`, by which the talk is known
    /// from now on.
    pub fn callback_joined(&mut self, now: Now, id: CallId, joined: CallId) {
        if !self.is_dialling(id) {
            return;
        }
        let Some(mut talk) = self.talks.remove(&id) else { return };
        talk.with = With::Customer;
        talk.ticket.call = joined;
        talk.began = now.instant;
        self.change(now.instant, &talk.operator, OperatorState::Talking(joined));
        self.talks.insert(joined, talk);
        self.commands.push_back(Command::Close { ticket: id, outcome: TicketOutcome::Reached });
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
            if let Some(operator) = self.operators.get_mut(&talk.operator) {
                operator.not_before = now.instant + REJECT_DELAY;
            }
            Some(REJECT_DELAY)
        } else {
            rules.filter(|rules| ticket.attempts < rules.attempts).map(|rules| rules.retry)
        };
        if let Some(state) = self.operators.get(&talk.operator).map(Operator::free_state) {
            self.change(now.instant, &talk.operator, state);
        }
        match retry {
            Some(retry) => {
                ticket.not_before = after(now, retry);
                self.commands.push_back(Command::Keep(ticket.clone()));
                let before = ticket.waited(now.wall).saturating_sub(now.instant.since(talk.entered));
                self.wait_again(now, *ticket, talk.entered, before);
            }
            None => self.commands.push_back(Command::Close { ticket: id, outcome: TicketOutcome::GivenUp }),
        }
        self.settle(now);
    }

    /// Puts a ticket where its time of entering belongs.
    fn wait_again(&mut self, now: Now, ticket: CallbackTicket, entered: crate::model::Instant, before: Duration) {
        let until_due = Duration::try_from(ticket.not_before.duration_since(now.wall)).unwrap_or_default();
        self.turn += 1;
        let place = ticket.place.clone();
        let who = Who::Callback(Box::new(Callback { ticket, due: now.instant + until_due }));
        self.insert(Waiting { before, ..Waiting::new(who, place, entered, self.turn) });
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
