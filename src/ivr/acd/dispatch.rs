//! Joining callers and operators, and telling callers where they stand.

use super::crew::Wish;
use super::operator::Operator;
use super::ticket::{TICKET_LIFE, TicketOutcome};
use super::waiting::{Ringing, Waiting, Who};
use super::{Acd, Command, GRACE, OfferFailure, OperatorState, QueuePolicy, REJECT_DELAY, Withdrawal};
use crate::ivr::flow::{QueueEnd, QueueStatus, is_open};
use crate::ivr::menu::{Name, Pick};
use crate::model::{CallId, Instant, Now, OperatorId};
use std::collections::{HashMap, HashSet};

impl Acd {
    /// After anything happened: give up what is over, offer what can be offered, tell who stands elsewhere now.
    pub(super) fn settle(&mut self, now: Now) {
        self.give_up(now.instant);
        self.dispatch(now);
        self.tell(now);
        self.estimate_next(now);
        self.set_wakes(now.instant);
    }

    /// Puts an operator into a state and says so.
    pub(super) fn change(&mut self, now: Instant, id: &OperatorId, state: OperatorState) {
        let Some(operator) = self.operators.get_mut(id) else { return };
        if operator.state == state {
            return;
        }
        // Being rung and not taking the call does not make anybody less idle.
        if state == OperatorState::Ready && !matches!(operator.state, OperatorState::Reserved(_)) {
            operator.idle_since = now;
        }
        self.states[operator.state.place()] -= 1;
        self.states[state.place()] += 1;
        if state == OperatorState::Ready {
            self.ready.insert(id.clone());
        } else {
            self.ready.remove(id);
        }
        operator.state = state.clone();
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

    /// Stops this operator's phone, whomever it rings for; the caller keeps the place.
    pub(super) fn withdraw_from(&mut self, id: &OperatorId) {
        for waiting in &mut self.waiting {
            let before = waiting.ringing.len();
            waiting.ringing.retain(|ringing| ringing.operator != *id);
            if waiting.ringing.len() < before {
                let call = waiting.ticket.call;
                let why = Withdrawal::PhoneGone;
                self.commands.push_back(Command::Withdraw { call, operator: id.clone(), why });
            }
        }
    }

    pub(super) fn fail_offer(&mut self, now: Instant, call: CallId, id: &OperatorId, failure: OfferFailure) {
        let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.ticket.call == call) else { return };
        waiting.ringing.retain(|ringing| ringing.operator != *id);
        let pause = self.policies.get(&waiting.ticket.queue).is_none_or(|policy| policy.pause_on_no_answer);
        let Some(operator) = self.operators.get_mut(id) else { return };
        if !operator.reserved_for(call) {
            return;
        }
        match failure {
            OfferFailure::NoAnswer | OfferFailure::Unreachable if pause => {
                self.change(now, id, Operator::on_break_unanswered());
            }
            OfferFailure::NoAnswer | OfferFailure::Unreachable | OfferFailure::Busy | OfferFailure::Rejected => {
                operator.not_before = now + REJECT_DELAY;
                self.let_go(now, id);
            }
        }
    }

    fn let_go(&mut self, now: Instant, id: &OperatorId) {
        let state = self.operators.get(id).map(Operator::free_state);
        if let Some(state) = state {
            self.change(now, id, state);
        }
    }

    /// Ends waits that are too long and those nobody can end. A caller whose operator's phone rings is not given up.
    fn give_up(&mut self, now: Instant) {
        let mut ended = Vec::new();
        let crews = self.crews();
        let waiting = self.waiting.iter_mut().zip(crews).filter(|(waiting, _)| waiting.ringing.is_empty());
        for (waiting, crew) in waiting {
            let (Some(policy), Some(crew)) = (self.policies.get(&waiting.ticket.queue), crew) else { continue };
            let call = waiting.ticket.call;
            if matches!(waiting.who, Who::Callback(_)) {
                if waiting.waited(now) >= TICKET_LIFE {
                    ended.push((call, Command::Close { ticket: call, outcome: TicketOutcome::Expired }));
                }
                continue;
            }
            waiting.alone_since = if crew.operators > 0 { None } else { waiting.alone_since.or(Some(now)) };
            if waiting.alone_since.is_some_and(|since| since + GRACE <= now) {
                ended.push((call, Command::End { call, end: QueueEnd::Nobody }));
            } else if waiting.entered + policy.max_wait <= now {
                ended.push((call, Command::End { call, end: QueueEnd::Timeout }));
            }
        }
        let calls: HashSet<CallId> = ended.iter().map(|(call, _)| *call).collect();
        if !calls.is_empty() {
            self.waiting.retain(|waiting| !calls.contains(&waiting.ticket.call));
        }
        self.commands.extend(ended.into_iter().map(|(_, command)| command));
    }

    /// Offers calls, the first in the order of service first, until no free operator fits anybody.
    fn dispatch(&mut self, Now { instant: now, wall }: Now) {
        // Whom no free operator fits; who wants the same comes later and need not be looked at.
        let mut vain: HashSet<Wish> = HashSet::new();
        for at in 0..self.waiting.len() {
            if self.ready.is_empty() {
                return;
            }
            let waiting = &self.waiting[at];
            let Some(policy) = self.policies.get(&waiting.ticket.queue) else { continue };
            let open = || policy.hours.as_ref().is_none_or(|rule| is_open(rule, &self.zone, wall));
            let is_callback = waiting.callback().is_some();
            if is_callback && !(waiting.is_due(now) && open()) {
                continue;
            }
            if !waiting.ringing.is_empty() && policy.pick != Pick::RingAll {
                continue;
            }
            let wish = Wish::of(waiting, policy, waiting.waited(now));
            if vain.contains(&wish) {
                continue;
            }
            let chosen = self.choose(now, waiting, policy);
            if chosen.is_empty() {
                vain.insert(wish);
                continue;
            }
            let (call, ring) = (waiting.ticket.call, policy.ring);
            for id in chosen {
                self.waiting[at].ringing.push(Ringing { operator: id.clone(), until: now + ring });
                self.change(now, &id, OperatorState::Reserved(call));
                let operator = id;
                self.commands.push_back(if is_callback {
                    Command::OfferCallback { ticket: call, operator, ring }
                } else {
                    Command::Offer { call, operator, ring }
                });
            }
        }
    }

    fn choose(&self, now: Instant, waiting: &Waiting, policy: &QueuePolicy) -> Vec<OperatorId> {
        let waited = waiting.waited(now);
        let free = self.free(now).filter(|operator| waiting.fits(operator, policy, waited));
        // Own language first, even once any language will do.
        let foreign = |operator: &&Operator| !operator.speaks(waiting.ticket.lang);
        let best = match policy.pick {
            Pick::RingAll => return free.map(|operator| operator.profile.id.clone()).collect(),
            Pick::LongestIdle => free.min_by_key(|operator| (foreign(operator), operator.idle_since)),
            Pick::RoundRobin => free.min_by_key(|operator| (foreign(operator), operator.last_turn)),
            Pick::FewestCalls => {
                free.min_by_key(|operator| (foreign(operator), operator.calls_today, operator.idle_since))
            }
        };
        best.map(|operator| operator.profile.id.clone()).into_iter().collect()
    }

    /// Tells every caller whose place or estimate changed.
    fn tell(&mut self, now: Now) {
        let today = self.today(now);
        let mut before: HashMap<Name, u32> = HashMap::new();
        let crews = self.crews();
        for (waiting, crew) in self.waiting.iter_mut().zip(crews) {
            if !waiting.is_due(now.instant) {
                continue;
            }
            let position = before.entry(waiting.ticket.queue.clone()).or_default();
            *position += 1;
            let Some(crew) = crew.filter(|_| waiting.callback().is_none()) else { continue };
            let history = self.histories.entry(waiting.ticket.queue.clone()).or_default();
            let samples = history.samples(today);
            let wait = history.wait(*position, samples, crew.operators, crew.weight);
            let status = QueueStatus { position: *position, wait, samples };
            if waiting.told.replace(status) != Some(status) {
                self.commands.push_back(Command::Status { call: waiting.ticket.call, status });
            }
        }
    }

    fn estimate_next(&mut self, now: Now) {
        let today = self.today(now);
        let mut lengths: HashMap<&Name, usize> = HashMap::new();
        for waiting in &self.waiting {
            *lengths.entry(&waiting.ticket.queue).or_default() += 1;
        }
        for policy in self.policies.values() {
            let length = lengths.get(&policy.name).copied().unwrap_or(0);
            let crew = self.crew(&policy.name, |operator| operator.has_any(&policy.skills));
            let position = u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1);
            let wait = self.histories.get_mut(&policy.name).and_then(|history| {
                let samples = history.samples(today);
                history.wait(position, samples, crew.operators, crew.weight)
            });
            let is_free = || self.free(now.instant).any(|operator| operator.has_any(&policy.skills));
            let wait = if length == 0 && is_free() { Some(std::time::Duration::ZERO) } else { wait };
            self.next_waits.insert(policy.name.clone(), wait);
        }
    }

    /// Counts who waits, and notes when time alone will change something.
    fn set_wakes(&mut self, now: Instant) {
        let mut due = None;
        let mut at = |instant: Option<Instant>| due = [due, instant].into_iter().flatten().min();
        self.callers = 0;
        for waiting in &mut self.waiting {
            self.callers += usize::from(waiting.callback().is_none());
            let policy = self.policies.get(&waiting.ticket.queue);
            at(policy.and_then(|policy| waiting.next_change(now, policy, GRACE)));
        }
        for operator in self.operators.values_mut() {
            if operator.not_before <= now {
                operator.not_before = Instant::ZERO;
            }
            match operator.state {
                OperatorState::WrapUp(until) => at(Some(until)),
                OperatorState::Ready if !self.waiting.is_empty() && operator.not_before > Instant::ZERO => {
                    at(Some(operator.not_before));
                }
                _ => {}
            }
        }
        self.due = due;
    }
}
