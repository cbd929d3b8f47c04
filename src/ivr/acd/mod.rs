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
//!
//! What an event costs grows with the logarithm of those who wait and work: each stands in tables (`tables`, `crew`,
//! `line`) that are changed where it is, and a caller's place is counted when somebody asks for it
//! ([`Acd::status`]).

mod callbacks;
mod crew;
mod dispatch;
mod estimate;
mod handover;
mod line;
mod operator;
mod steps;
mod tables;
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
use callbacks::Open;
use crew::{Crews, Kind};
use estimate::History;
use jiff::Timestamp;
use jiff::civil::Date;
use line::Rank;
use operator::Operator;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;
use tables::Places;
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
    /// In the order of service. A call is here once: as a caller, or as its ticket.
    waiting: BTreeMap<Rank, Waiting>,
    ranks: HashMap<CallId, Rank>,
    places: HashMap<Name, Places>,
    crews: Crews,
    /// When somebody who waits is to be looked at again.
    wakes: BTreeSet<(Instant, Rank)>,
    talks: HashMap<CallId, Talk>,
    /// Tickets that wait, and those whose customer is being called.
    open: Open,
    /// How many operators are in each state, in the order of [`OperatorState::NAMES`].
    states: [usize; OperatorState::NAMES.len()],
    /// How many callers wait, tickets not counted.
    callers: usize,
    /// When time alone will change something.
    due: Option<Instant>,
    /// The day in the bank's zone, and when it ends.
    today: Date,
    day_ends: Timestamp,
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
    /// How long the customer had waited, in all.
    waited: Duration,
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

impl Talk {
    /// The ticket whose customer is being called.
    fn ticket(&self) -> Option<&CallbackTicket> {
        match &self.with {
            With::Nobody(ticket) => Some(ticket),
            With::Customer => None,
        }
    }
}

impl Acd {
    /// A dispatcher without operators. `zone` says when a day begins.
    #[must_use]
    pub fn new(zone: jiff::tz::TimeZone, policies: impl IntoIterator<Item = QueuePolicy>) -> Self {
        let policies: BTreeMap<Name, QueuePolicy> =
            policies.into_iter().map(|policy| (policy.name.clone(), policy)).collect();
        Self {
            zone,
            crews: Crews::of(&policies),
            policies,
            histories: HashMap::new(),
            operators: BTreeMap::new(),
            waiting: BTreeMap::new(),
            ranks: HashMap::new(),
            places: HashMap::new(),
            wakes: BTreeSet::new(),
            talks: HashMap::new(),
            open: Open::default(),
            states: [0; OperatorState::NAMES.len()],
            callers: 0,
            due: None,
            today: Date::MIN,
            day_ends: Timestamp::MIN,
            commands: VecDeque::new(),
            turn: 0,
        }
    }

    /// Takes the policies of a new menu. Operators, waiting callers and figures are not touched; callers in a queue
    /// that is no more are served by its old policy.
    pub fn set_policies(&mut self, now: Now, policies: impl IntoIterator<Item = QueuePolicy>) {
        for policy in policies {
            self.policies.insert(policy.name.clone(), policy);
        }
        self.list_anew(now);
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
        let operator = self.operators.entry(id.clone()).or_insert_with(|| {
            let operator = Operator::new(profile.clone());
            states[operator.state.place()] += 1;
            operator
        });
        if operator.serves == 0 || operator.profile != profile {
            let changed = Operator::new(profile.clone());
            let serves = crew::queues_of(&self.policies, &changed);
            self.with_operator(now.instant, &id, |operator| (operator.profile, operator.serves) = (profile, serves));
        }
        self.settle(now);
    }

    /// Removes an operator. A conversation goes on; its end is recorded as usual.
    pub fn remove_operator(&mut self, now: Now, id: &OperatorId) {
        self.withdraw_from(now, id);
        if let Some(operator) = self.operators.remove(id) {
            self.states[operator.state.place()] -= 1;
            self.crews.leave(now.instant, &self.policies, &operator);
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
                self.withdraw_from(now, id);
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

    /// An operator's profile; `None` for an unknown one.
    #[must_use]
    pub fn profile(&self, id: &OperatorId) -> Option<&OperatorProfile> {
        self.operators.get(id).map(|operator| &operator.profile)
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

    /// A caller enters a queue. An unknown queue, a full one, and one nobody works for end at once. Who has an open
    /// callback waits on the line again: the callback is withdrawn, and its place kept in the same queue.
    pub fn enqueue(&mut self, now: Now, ticket: Ticket) {
        let place = self.withdraw_ticket(now, ticket.call).filter(|(queue, _)| *queue == ticket.queue);
        let before = place.map(|(_, waited)| waited).unwrap_or_default();
        self.turn += 1;
        let waiting = Waiting::new(Who::Caller, ticket, now.instant, self.turn);
        self.enter(now, Waiting { before, ..waiting });
    }

    /// A conversation broke down on the operator's side: the caller goes back to the front, the wait so far kept.
    pub fn requeue(&mut self, now: Now, call: CallId) {
        if self.is_dialling(call) {
            self.callback_failed(now, call, CallbackFailure::OperatorLeft);
            return;
        }
        let Some(talk) = self.talks.remove(&call) else {
            // Nobody waits for what nobody will offer.
            self.commands.push_back(Command::End { call, end: QueueEnd::Nobody });
            return;
        };
        self.release(now, &talk);
        self.turn += 1;
        let waiting = Waiting::new(Who::Caller, talk.ticket, now.instant, self.turn);
        self.enter(now, Waiting { front: true, before: talk.waited, ..waiting });
    }

    fn enter(&mut self, now: Now, waiting: Waiting) {
        let (call, queue) = (waiting.ticket.call, &waiting.ticket.queue);
        let end = match self.policies.get(queue) {
            None => Some(QueueEnd::Nobody),
            Some(_) if waiting.front => None,
            Some(policy) if self.callers_in(queue) >= policy.most_callers() => Some(QueueEnd::Full),
            Some(_) => {
                let kind = Kind::of(&waiting.ticket);
                let crew = self.crews.crew(now.instant, &kind, &self.policies, &self.operators);
                (crew.operators == 0).then_some(QueueEnd::Nobody)
            }
        };
        match end {
            Some(end) => self.commands.push_back(Command::End { call, end }),
            None => self.insert(now, waiting),
        }
        self.settle(now);
        self.tell(now, call);
    }

    /// The caller is gone, or left by a key: every phone that rings for the call stops. An ordered callback stays.
    pub fn leave(&mut self, now: Now, call: CallId) {
        if let Some(waiting) = self.rank_of_caller(call).and_then(|rank| self.remove(rank)) {
            self.stop_ringing(now.instant, &waiting, None);
            self.settle(now);
        }
    }

    /// The operator took the call, or the ticket of that name: then the customer is to be dialled.
    pub fn accepted(&mut self, now: Now, call: CallId, id: &OperatorId) {
        if !self.operators.get(id).is_some_and(|operator| operator.reserved_for(call)) {
            return;
        }
        let Some(waiting) = self.rank_of(call).and_then(|rank| self.remove(rank)) else { return };
        self.stop_ringing(now.instant, &waiting, Some(id));
        self.takes_call(now, id, call);
        let waited = waiting.waited(now.instant);
        let with = match waiting.who {
            Who::Caller => {
                let history = self.histories.entry(waiting.ticket.queue.clone()).or_default();
                history.answered(now.instant.since(waiting.entered));
                With::Customer
            }
            Who::Callback(callback) => self.dial(id, callback.ticket),
        };
        let (ticket, entered, began, operator) = (waiting.ticket, waiting.entered, now.instant, id.clone());
        self.talks.insert(call, Talk { with, operator, ticket, entered, waited, began, parted: false });
        self.settle(now);
    }

    /// An operator talks from here on.
    fn takes_call(&mut self, now: Now, id: &OperatorId, call: CallId) {
        self.turn += 1;
        let turn = self.turn;
        self.with_operator(now.instant, id, |operator| {
            operator.last_turn = turn;
            operator.calls_today = operator.calls_today.saturating_add(1);
        });
        self.change(now.instant, id, OperatorState::Talking(call));
    }

    /// The offered call was not taken.
    pub fn offer_failed(&mut self, now: Now, call: CallId, id: &OperatorId, failure: OfferFailure) {
        self.fail_offer(now, call, id, failure);
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
        let today = self.day_of(now);
        self.histories.entry(queue.clone()).or_default().finished(today, talked, wrap_up);
        self.with_operator(now.instant, &talk.operator, |one| one.spend(now.instant, queue, talked + wrap_up));
        if let Some(operator) = self.operators.get(&talk.operator) {
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
        self.settle(now);
    }

    /// The day in the bank's zone.
    fn day_of(&self, now: Now) -> Date {
        if now.wall < self.day_ends { self.today } else { now.wall.to_zoned(self.zone.clone()).date() }
    }
}
