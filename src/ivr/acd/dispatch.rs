//! Joining callers and operators, and what time alone does.

use super::crew::Kind;
use super::line::Rank;
use super::operator::Operator;
use super::ticket::{TICKET_LIFE, TicketOutcome};
use super::waiting::{Ringing, Waiting, Who};
use super::{Acd, Command, GRACE, OfferFailure, OperatorState, REJECT_DELAY, Withdrawal};
use crate::ivr::flow::{QueueEnd, QueueStatus};
use crate::ivr::menu::{Name, Pick};
use crate::model::{CallId, Instant, Now, OperatorId};
use std::time::Duration;

/// How long a phone rings for a queue that says nothing.
const RING: Duration = Duration::from_secs(20);

impl Acd {
    /// After anything happened: give up what is over, offer what can be offered.
    pub(super) fn settle(&mut self, now: Now) {
        self.turn_day(now);
        self.let_time_pass(now);
        self.dispatch(now);
        self.due = [self.wakes.first().map(|(at, _)| *at), self.crews.due()].into_iter().flatten().min();
    }

    /// Puts an operator into a state and says so.
    pub(super) fn change(&mut self, now: Instant, id: &OperatorId, state: OperatorState) {
        let Some(was) = self.operators.get(id).map(|operator| &operator.state).filter(|was| **was != state) else {
            return;
        };
        self.states[was.place()] -= 1;
        self.states[state.place()] += 1;
        self.with_operator(now, id, |operator| {
            // Being rung and not taking the call does not make anybody less idle.
            if state == OperatorState::Ready && !matches!(operator.state, OperatorState::Reserved(_)) {
                operator.idle_since = now;
            }
            operator.state = state.clone();
        });
        self.commands.push_back(Command::State { operator: id.clone(), state });
    }

    /// Stops every phone that rings for a caller who is served or gone, but `except`.
    pub(super) fn stop_ringing(&mut self, now: Instant, waiting: &Waiting, except: Option<&OperatorId>) {
        let call = waiting.ticket.call;
        for id in waiting.ringing.iter().map(|ringing| &ringing.operator).filter(|id| Some(*id) != except) {
            self.commands.push_back(Command::Withdraw { call, operator: id.clone(), why: Withdrawal::NotNeeded });
            self.let_go(now, id);
        }
    }

    /// Stops this operator's phone, if it rings; the caller keeps the place.
    pub(super) fn withdraw_from(&mut self, now: Now, id: &OperatorId) {
        let Some(OperatorState::Reserved(call)) = self.state(id) else { return };
        let call = *call;
        let Some(rank) = self.rank_of(call) else { return };
        if self.waiting.get_mut(&rank).is_some_and(|waiting| waiting.stops_ringing(now.instant, id)) {
            let why = Withdrawal::PhoneGone;
            self.commands.push_back(Command::Withdraw { call, operator: id.clone(), why });
            self.place(now, rank);
        }
    }

    pub(super) fn fail_offer(&mut self, now: Now, call: CallId, id: &OperatorId, failure: OfferFailure) {
        let Some(rank) = self.rank_of(call) else { return };
        let Some(waiting) = self.waiting.get_mut(&rank) else { return };
        waiting.stops_ringing(now.instant, id);
        let pause = self.policies.get(&waiting.ticket.queue).is_none_or(|policy| policy.pause_on_no_answer);
        if self.operators.get(id).is_some_and(|operator| operator.reserved_for(call)) {
            match failure {
                OfferFailure::NoAnswer | OfferFailure::Unreachable if pause => {
                    self.change(now.instant, id, Operator::on_break_unanswered());
                }
                OfferFailure::NoAnswer | OfferFailure::Unreachable | OfferFailure::Busy | OfferFailure::Rejected => {
                    self.let_rest(now.instant, id);
                    self.let_go(now.instant, id);
                }
            }
        }
        self.place(now, rank);
    }

    /// Leaves an operator's phone alone for a moment.
    pub(super) fn let_rest(&mut self, now: Instant, id: &OperatorId) {
        self.with_operator(now, id, |operator| operator.not_before = now + REJECT_DELAY);
    }

    /// Nothing keeps an operator busy any more.
    pub(super) fn let_go(&mut self, now: Instant, id: &OperatorId) {
        let state = self.operators.get(id).map(Operator::free_state);
        if let Some(state) = state {
            self.change(now, id, state);
        }
    }

    /// Wrap-ups that are over, rings that were not answered, waits that are too long, wishes that have become wider.
    fn let_time_pass(&mut self, now: Now) {
        while let Some(id) = self.crews.next_operator(now.instant) {
            if matches!(self.state(&id), Some(OperatorState::WrapUp(_))) {
                self.let_go(now.instant, &id);
            } else {
                // The phone may be rung again.
                self.with_operator(now.instant, &id, |_| {});
            }
        }
        while let Some(callers) = self.crews.next_alone(now.instant) {
            for rank in callers {
                self.place(now, rank);
            }
        }
        while let Some((at, rank)) = self.wakes.first().copied().filter(|(at, _)| *at <= now.instant) {
            self.wakes.remove(&(at, rank));
            self.wake(now, rank);
        }
    }

    fn wake(&mut self, now: Now, rank: Rank) {
        let Some(waiting) = self.waiting.get_mut(&rank) else { return };
        waiting.listed.wake = None;
        let call = waiting.ticket.call;
        let over = waiting.ringing.iter().filter(|ringing| ringing.until <= now.instant);
        let over: Vec<OperatorId> = over.map(|ringing| ringing.operator.clone()).collect();
        for id in over {
            self.commands.push_back(Command::Withdraw { call, operator: id.clone(), why: Withdrawal::NoAnswer });
            self.fail_offer(now, call, &id, OfferFailure::NoAnswer);
        }
        match self.end_of(now.instant, rank) {
            Some(End::Caller(end)) => {
                self.remove(rank);
                self.commands.push_back(Command::End { call, end });
            }
            Some(End::Ticket) => {
                if let Some(Who::Callback(callback)) = self.remove(rank).map(|waiting| waiting.who) {
                    self.close(&callback.ticket, TicketOutcome::Expired);
                }
            }
            None => self.place(now, rank),
        }
    }

    /// Whether a wait is too long, or one that nobody can end. Who has an operator's phone ringing is not given up.
    fn end_of(&self, now: Instant, rank: Rank) -> Option<End> {
        let waiting = self.waiting.get(&rank).filter(|waiting| waiting.ringing.is_empty())?;
        let policy = self.policies.get(&waiting.ticket.queue)?;
        if waiting.callback().is_some() {
            return (waiting.waited(now) >= TICKET_LIFE).then_some(End::Ticket);
        }
        let alone = waiting.alone_since(self.crews.alone_since(&Kind::of(&waiting.ticket)));
        if alone.is_some_and(|since| since + GRACE <= now) {
            return Some(End::Caller(QueueEnd::Nobody));
        }
        (waiting.entered + policy.max_wait <= now).then_some(End::Caller(QueueEnd::Timeout))
    }

    /// Offers calls, the first in the order of service first, until no free operator fits anybody.
    fn dispatch(&mut self, now: Now) {
        while let Some(rank) = self.crews.first_served() {
            // The queue of a ticket may have closed since it was looked at.
            self.place(now, rank);
            let Some(waiting) = self.waiting.get(&rank) else { return };
            let Some(wish) = &waiting.listed.wish else { continue };
            let Some(policy) = self.policies.get(&waiting.ticket.queue) else { return };
            let chosen = self.crews.chosen(wish, policy.pick == Pick::RingAll);
            #[cfg(test)]
            super::tests::plain::assert_chosen(self, now, Some((rank, &chosen)));
            for operator in chosen {
                self.ring(now, rank, operator);
            }
            self.place(now, rank);
        }
        #[cfg(test)]
        super::tests::plain::assert_chosen(self, now, None);
    }

    /// Offers who waits at a rank to an operator who is free; to be placed anew afterwards.
    pub(super) fn ring(&mut self, now: Now, rank: Rank, operator: OperatorId) {
        let Some(waiting) = self.waiting.get_mut(&rank) else { return };
        let (call, is_callback) = (waiting.ticket.call, waiting.callback().is_some());
        let ring = self.policies.get(&waiting.ticket.queue).map_or(RING, |policy| policy.ring);
        waiting.ringing.push(Ringing { operator: operator.clone(), until: now.instant + ring });
        self.change(now.instant, &operator, OperatorState::Reserved(call));
        self.commands.push_back(if is_callback {
            Command::OfferCallback { ticket: call, operator, ring }
        } else {
            Command::Offer { call, operator, ring }
        });
    }

    /// Where a caller stands now; `None` when the caller does not wait. A ticket that cannot be served now, because its
    /// customer was called a moment ago or its queue is closed, is not counted.
    #[must_use]
    pub fn status(&self, now: Now, call: CallId) -> Option<QueueStatus> {
        let rank = self.rank_of_caller(call)?;
        let ticket = &self.waiting.get(&rank)?.ticket;
        let before = self.places.get(&ticket.queue)?.line.before(&rank);
        let position = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        let crew = self.crews.known_crew(&Kind::of(ticket));
        let history = self.histories.get(&ticket.queue);
        let samples = history.map_or(0, |history| history.samples(self.day_of(now)));
        let wait = history.and_then(|history| history.wait(position, samples, crew.operators, crew.weight()));
        Some(QueueStatus { position, wait, samples })
    }

    /// The wait of a caller who would enter this queue now; `None` when nobody can know it.
    #[must_use]
    pub fn wait_to_come(&self, now: Now, queue: &Name) -> Option<Duration> {
        let (crew, is_free) = self.crews.regulars(queue);
        let before = self.places.get(queue).map_or(0, |places| places.line.len());
        if before == 0 && is_free {
            return Some(Duration::ZERO);
        }
        let history = self.histories.get(queue)?;
        let position = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        history.wait(position, history.samples(self.day_of(now)), crew.operators, crew.weight())
    }

    /// Tells somebody who has come to a queue where they stand, if they wait.
    pub(super) fn tell(&mut self, now: Now, call: CallId) {
        if let Some(status) = self.status(now, call) {
            self.commands.push_back(Command::Status { call, status });
        }
    }
}

/// How a wait ends by itself.
enum End {
    Caller(QueueEnd),
    Ticket,
}
