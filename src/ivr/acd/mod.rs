//! The ACD: operators, queues, who gets the next call, where a caller stands.
//!
//! ```text
//!            registers                offered            answers             ends            time
//!  Offline ───────────▶ Ready ───────────────▶ Reserved ─────────▶ Talking ───────▶ WrapUp ───────▶ Ready
//!                         ▲                        │ no answer                                        
//!                         └──── asks ──── Break ◀──┘
//! ```
//!
//! A caller keeps the place in the queue through every failed offer; among those an operator can take, the one with
//! the highest score (seconds waited plus head start) is served first.

mod callbacks;
mod crew;
mod dispatch;
mod estimate;
mod handover;
mod operator;
mod ticket;
mod vocabulary;
mod waiting;

#[cfg(test)]
mod tests;

pub use ticket::{CallbackFailure, CallbackOrder, CallbackRules, CallbackTicket, TicketOutcome};
pub use vocabulary::*;

use crate::ivr::flow::QueueEnd;
use crate::ivr::menu::Name;
use crate::model::{CallId, Instant, Now, OperatorId};
use estimate::History;
use operator::Operator;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;
use waiting::{Waiting, Who};

/// How long a caller is kept when the last operator who could take the call has gone.
const GRACE: Duration = Duration::from_secs(5);
/// How long a phone that was busy or rejected a call is left alone.
const REJECT_DELAY: Duration = Duration::from_secs(5);

/// The dispatcher. Every call has one owner: it waits here, or it talks here, or it is not here.
#[derive(Debug)]
pub struct Acd {
    zone: jiff::tz::TimeZone,
    policies: BTreeMap<Name, QueuePolicy>,
    histories: HashMap<Name, History>,
    operators: BTreeMap<OperatorId, Operator>,
    /// In the order of service.
    waiting: Vec<Waiting>,
    talks: HashMap<CallId, Talk>,
    /// Those who are ready: nobody else is looked at when a call is to be offered.
    ready: BTreeSet<OperatorId>,
    /// How many operators are in each state, in the order of [`OperatorState::NAMES`].
    states: [usize; OperatorState::NAMES.len()],
    /// How many callers wait, tickets not counted.
    callers: usize,
    /// When time alone will change something.
    due: Option<Instant>,
    /// Looks at an operator, for the test of what an event costs.
    #[cfg(test)]
    looks: std::sync::atomic::AtomicUsize,
    /// The estimate for whoever enters a queue next.
    next_waits: HashMap<Name, Option<Duration>>,
    commands: VecDeque<Command>,
    /// Numbers entries and calls taken.
    turn: u64,
}

/// A conversation.
#[derive(Debug)]
struct Talk {
    with: With,
    operator: OperatorId,
    ticket: Ticket,
    entered: Instant,
    began: Instant,
    /// The operator has left; the caller is being handed over.
    parted: bool,
}

/// With whom an operator talks.
#[derive(Debug)]
enum With {
    /// Somebody who is there.
    Customer,
    /// Nobody yet: the customer of this ticket is being called.
    Nobody(Box<CallbackTicket>),
}

impl Acd {
    /// A dispatcher without operators. `zone` says when a day begins.
    #[must_use]
    pub fn new(zone: jiff::tz::TimeZone, policies: impl IntoIterator<Item = QueuePolicy>) -> Self {
        let mut acd = Self {
            zone,
            policies: BTreeMap::new(),
            histories: HashMap::new(),
            operators: BTreeMap::new(),
            waiting: Vec::new(),
            talks: HashMap::new(),
            ready: BTreeSet::new(),
            states: [0; OperatorState::NAMES.len()],
            callers: 0,
            due: None,
            #[cfg(test)]
            looks: std::sync::atomic::AtomicUsize::new(0),
            next_waits: HashMap::new(),
            commands: VecDeque::new(),
            turn: 0,
        };
        acd.policies = policies.into_iter().map(|policy| (policy.name.clone(), policy)).collect();
        acd
    }

    /// Takes the policies of a new menu. Operators, waiting callers and figures are not touched; callers in a queue
    /// that is no more are served by its old policy.
    pub fn set_policies(&mut self, now: Now, policies: impl IntoIterator<Item = QueuePolicy>) {
        for policy in policies {
            self.policies.insert(policy.name.clone(), policy);
        }
        for operator in self.operators.values_mut() {
            operator.serves = crew::queues_of(&self.policies, operator);
        }
        self.settle(now);
    }

    /// The next thing to carry out.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// Adds an operator, or changes the profile of a known one without touching the state.
    pub fn set_operator(&mut self, now: Now, profile: OperatorProfile) {
        let id = profile.id.clone();
        let states = &mut self.states;
        let operator = self.operators.entry(id).or_insert_with(|| {
            let operator = Operator::new(profile.clone());
            states[operator.state.place()] += 1;
            operator
        });
        operator.profile = profile;
        operator.serves = crew::queues_of(&self.policies, operator);
        self.settle(now);
    }

    /// Removes an operator. A conversation goes on; its end is recorded as usual.
    pub fn remove_operator(&mut self, now: Now, id: &OperatorId) {
        self.withdraw_from(id);
        if let Some(operator) = self.operators.remove(id) {
            self.states[operator.state.place()] -= 1;
            self.ready.remove(id);
        }
        self.settle(now);
    }

    /// The operator's phone registered: Offline becomes Ready, and so does a break for not answering, for the phone
    /// may have been the reason. Refreshing a registration changes nothing.
    pub fn registered(&mut self, now: Now, id: &OperatorId) {
        let Some(operator) = self.operators.get_mut(id) else { return };
        let fresh = !std::mem::replace(&mut operator.registered, true);
        let unanswered = operator.state == Operator::on_break_unanswered();
        if operator.state == OperatorState::Offline || (fresh && unanswered) {
            self.change(now.instant, id, OperatorState::Ready);
        }
        self.settle(now);
    }

    /// The operator's phone is gone. Who talks goes on talking.
    pub fn unregistered(&mut self, now: Now, id: &OperatorId) {
        let Some(operator) = self.operators.get_mut(id) else { return };
        operator.registered = false;
        match operator.state {
            OperatorState::Talking(_) | OperatorState::Offline | OperatorState::Break(_) => {}
            OperatorState::Ready | OperatorState::WrapUp(_) | OperatorState::Reserved(_) => {
                self.withdraw_from(id);
                self.change(now.instant, id, OperatorState::Offline);
            }
        }
        self.settle(now);
    }

    /// The operator asks to be ready: ends a break and a wrap-up.
    pub fn ask_ready(&mut self, now: Now, id: &OperatorId) {
        let Some(operator) = self.operators.get(id) else { return };
        if matches!(operator.state, OperatorState::Break(_) | OperatorState::WrapUp(_)) {
            let state = operator.free_state();
            self.change(now.instant, id, state);
        }
        self.settle(now);
    }

    /// The operator asks for a break. One who talks or is being rung finishes that first and asks again.
    pub fn ask_break(&mut self, now: Now, id: &OperatorId) {
        let Some(operator) = self.operators.get(id) else { return };
        match operator.state {
            OperatorState::Ready | OperatorState::WrapUp(_) | OperatorState::Break(_) | OperatorState::Offline => {
                self.change(now.instant, id, OperatorState::Break(BreakReason::Asked));
            }
            OperatorState::Reserved(_) | OperatorState::Talking(_) => {}
        }
        self.settle(now);
    }

    /// What an operator is doing; `None` for an unknown one.
    #[must_use]
    pub fn state(&self, id: &OperatorId) -> Option<&OperatorState> {
        self.operators.get(id).map(|operator| &operator.state)
    }

    /// Who is known and what each is doing, by name.
    pub fn operators(&self) -> impl Iterator<Item = (&OperatorProfile, &OperatorState)> {
        self.operators.values().map(|operator| (&operator.profile, &operator.state))
    }

    /// The wait of a caller who would enter this queue now; `None` when nobody can know it.
    #[must_use]
    pub fn wait_to_come(&self, queue: &Name) -> Option<Duration> {
        self.next_waits.get(queue).copied().flatten()
    }

    /// How many callers wait in all queues; those who are to be called back are not counted.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.callers
    }

    /// How many operators are in each state, in the order of [`OperatorState::NAMES`].
    #[must_use]
    pub const fn states(&self) -> [usize; OperatorState::NAMES.len()] {
        self.states
    }

    /// A caller enters a queue. An unknown queue, a full one, and one nobody works for end at once.
    pub fn enqueue(&mut self, now: Now, ticket: Ticket) {
        self.enter(now, ticket, now.instant, false);
    }

    /// A conversation broke down on the operator's side: the caller goes back to the front, the wait so far kept.
    pub fn requeue(&mut self, now: Now, call: CallId) {
        if self.is_dialling(call) {
            self.callback_failed(now, call, CallbackFailure::OperatorLeft);
            return;
        }
        let Some(talk) = self.talks.remove(&call) else { return };
        self.release(now, &talk);
        self.enter(now, talk.ticket, talk.entered, true);
    }

    fn enter(&mut self, now: Now, ticket: Ticket, entered: Instant, front: bool) {
        let call = ticket.call;
        let Some(policy) = self.policies.get(&ticket.queue) else {
            self.commands.push_back(Command::End { call, end: QueueEnd::Nobody });
            return;
        };
        let callers = self.waiting.iter().filter(|waiting| waiting.callback().is_none());
        let length = callers.filter(|waiting| waiting.ticket.queue == ticket.queue).count();
        if length >= usize::try_from(policy.max_waiting).unwrap_or(usize::MAX) && !front {
            self.commands.push_back(Command::End { call, end: QueueEnd::Full });
            return;
        }
        self.turn += 1;
        let waiting = Waiting { front, ..Waiting::new(Who::Caller, ticket, entered, self.turn) };
        if !front
            && !self.operators.values().any(|operator| operator.is_present() && waiting.could_fit(operator, policy))
        {
            self.commands.push_back(Command::End { call, end: QueueEnd::Nobody });
            return;
        }
        self.insert(waiting);
        self.settle(now);
    }

    fn insert(&mut self, waiting: Waiting) {
        let at = self.waiting.partition_point(|other| other.order(&waiting).is_lt());
        self.waiting.insert(at, waiting);
    }

    /// The caller is gone, or left by a key: every phone that rings for the call stops. An ordered callback stays.
    pub fn leave(&mut self, now: Now, call: CallId) {
        if let Some(at) = self.position_of(call).filter(|at| self.waiting[*at].callback().is_none()) {
            let waiting = self.waiting.remove(at);
            self.stop_ringing(now.instant, &waiting, None);
            self.settle(now);
        }
    }

    /// The operator took the call, or the ticket of that name: then the customer is to be dialled.
    pub fn accepted(&mut self, now: Now, call: CallId, id: &OperatorId) {
        let Some(at) = self.position_of(call) else { return };
        if !self.operators.get(id).is_some_and(|operator| operator.reserved_for(call)) {
            return;
        }
        let waiting = self.waiting.remove(at);
        self.stop_ringing(now.instant, &waiting, Some(id));
        self.turn += 1;
        let turn = self.turn;
        if let Some(operator) = self.operators.get_mut(id) {
            operator.last_turn = turn;
            operator.calls_today = operator.calls_today.saturating_add(1);
        }
        self.change(now.instant, id, OperatorState::Talking(call));
        let with = match waiting.who {
            Who::Caller => {
                let history = self.histories.entry(waiting.ticket.queue.clone()).or_default();
                history.answered(now.instant.since(waiting.entered));
                With::Customer
            }
            Who::Callback(callback) => self.dial(id, callback.ticket),
        };
        let (ticket, entered) = (waiting.ticket, waiting.entered);
        self.talks
            .insert(call, Talk { with, operator: id.clone(), ticket, entered, began: now.instant, parted: false });
        self.settle(now);
    }

    /// The offered call was not taken.
    pub fn offer_failed(&mut self, now: Now, call: CallId, id: &OperatorId, failure: OfferFailure) {
        self.fail_offer(now.instant, call, id, failure);
        self.settle(now);
    }

    /// The conversation of this call ended, whoever hung up.
    pub fn talk_ended(&mut self, now: Now, call: CallId) {
        if self.is_dialling(call) {
            self.callback_failed(now, call, CallbackFailure::OperatorLeft);
            return;
        }
        let Some(talk) = self.talks.remove(&call) else { return };
        self.release(now, &talk);
        self.settle(now);
    }

    fn release(&mut self, now: Now, talk: &Talk) {
        if talk.parted {
            return;
        }
        let queue = &talk.ticket.queue;
        let wrap_up = self.policies.get(queue).map_or(Duration::ZERO, |policy| policy.wrap_up);
        let talked = now.instant.since(talk.began);
        let today = self.today(now);
        self.histories.entry(queue.clone()).or_default().finished(today, talked, wrap_up);
        if let Some(operator) = self.operators.get_mut(&talk.operator) {
            operator.spend(now.instant, queue, talked + wrap_up);
            let state = operator.after_talk(now.instant, wrap_up);
            self.change(now.instant, &talk.operator, state);
        }
    }

    /// When time alone will change something.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Lets time pass: rings that were not answered, wrap-ups that are over, waits that are too long.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.due.is_none_or(|due| now.instant < due) {
            return;
        }
        let ended: Vec<OperatorId> = (self.operators.iter())
            .filter(|(_, operator)| matches!(operator.state, OperatorState::WrapUp(until) if until <= now.instant))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ended {
            let state = self.operators.get(&id).map_or(OperatorState::Offline, Operator::free_state);
            self.change(now.instant, &id, state);
        }
        let unanswered: Vec<(CallId, OperatorId)> = (self.waiting.iter())
            .flat_map(|waiting| waiting.ringing.iter().map(move |ringing| (waiting.ticket.call, ringing)))
            .filter(|(_, ringing)| ringing.until <= now.instant)
            .map(|(call, ringing)| (call, ringing.operator.clone()))
            .collect();
        for (call, id) in unanswered {
            self.commands.push_back(Command::Withdraw { call, operator: id.clone(), why: Withdrawal::NoAnswer });
            self.fail_offer(now.instant, call, &id, OfferFailure::NoAnswer);
        }
        self.settle(now);
    }

    fn position_of(&self, call: CallId) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.ticket.call == call)
    }
}
