//! Random histories of four queues with every way to pick: at each offer and after each event the tables say what a
//! look at everybody says.

use super::*;
use crate::ivr::menu::{HoursRule, OpenInterval, Pick};
use crate::model::{Level, PhoneNumber};
use std::sync::Arc;

/// What may happen; a number picks one of those to whom it can.
#[derive(Debug, Clone)]
enum Event {
    Enters { queue: usize, priority: u32, english: bool, skilled: bool },
    Leaves(usize),
    Orders(usize),
    Answers(usize),
    Misses(usize, OfferFailure),
    Forwards(usize, usize),
    Ends(usize),
    BreaksDown(usize),
    IsHandedOn(usize, usize),
    IsReached(usize),
    IsNotReached(usize, CallbackFailure),
    IsReady(usize),
    IsOnBreak(usize),
    PhoneGoes(usize),
    PhoneComes(usize),
    Learns(usize, bool),
    MenuChanges(bool),
    TimePasses(u16),
}

const QUEUES: [&str; 4] = ["idle", "turns", "fewest", "all"];
const OPERATORS: [&str; 7] = ["anna", "boris", "vera", "grig", "dina-en", "egor-en", "zoya"];

fn event() -> impl Strategy<Value = Event> {
    let one = 0..64_usize;
    let miss = prop_oneof![Just(OfferFailure::Busy), Just(OfferFailure::Rejected), Just(OfferFailure::Unreachable)];
    let lost =
        prop_oneof![Just(CallbackFailure::NoAnswer), Just(CallbackFailure::Busy), Just(CallbackFailure::OperatorLeft)];
    prop_oneof![
        9 => (0..QUEUES.len(), 0..90_u32, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
            |(queue, priority, english, skilled)| Event::Enters { queue, priority, english, skilled }
        ),
        2 => one.clone().prop_map(Event::Leaves),
        2 => one.clone().prop_map(Event::Orders),
        6 => one.clone().prop_map(Event::Answers),
        2 => (one.clone(), miss).prop_map(|(at, failure)| Event::Misses(at, failure)),
        1 => (one.clone(), one.clone()).prop_map(|(at, to)| Event::Forwards(at, to)),
        4 => one.clone().prop_map(Event::Ends),
        1 => one.clone().prop_map(Event::BreaksDown),
        1 => (one.clone(), one.clone()).prop_map(|(at, queue)| Event::IsHandedOn(at, queue)),
        1 => one.clone().prop_map(Event::IsReached),
        1 => (one.clone(), lost).prop_map(|(at, failure)| Event::IsNotReached(at, failure)),
        3 => one.clone().prop_map(Event::IsReady),
        1 => one.clone().prop_map(Event::IsOnBreak),
        1 => one.clone().prop_map(Event::PhoneGoes),
        2 => one.clone().prop_map(Event::PhoneComes),
        1 => (one, any::<bool>()).prop_map(|(at, more)| Event::Learns(at, more)),
        1 => any::<bool>().prop_map(Event::MenuChanges),
        6 => (0..2_000_u16).prop_map(Event::TimePasses),
    ]
}

fn policies(wide: bool) -> Vec<QueuePolicy> {
    // The desk opens at nine.
    let day = OpenInterval { from: jiff::civil::time(9, 5, 0, 0), to: jiff::civil::time(9, 40, 0, 0) };
    let weekly = std::array::from_fn(|_| vec![day]);
    let hours = Arc::new(HoursRule::Calendar { weekly, closed: Vec::new(), special: Vec::new() });
    let picks = [Pick::LongestIdle, Pick::RoundRobin, Pick::FewestCalls, Pick::RingAll];
    let of = |(name, pick): (&str, Pick)| QueuePolicy {
        pick,
        pause_on_no_answer: pick == Pick::LongestIdle,
        own_language_for: (pick != Pick::FewestCalls).then(|| seconds(60)),
        overflow: vec![
            (seconds(if wide { 10 } else { 120 }), vec!["second".into()]),
            (seconds(300), vec!["idle".into()]),
        ],
        max_wait: seconds(900),
        max_waiting: 12,
        hours: Some(hours.clone()),
        ..policy(name)
    };
    QUEUES.into_iter().zip(picks).map(of).collect()
}

fn skills(at: usize) -> Vec<&'static str> {
    let own = [QUEUES[at % 4], QUEUES[(at / 2) % 4]];
    let more: &[&str] = match at % 3 {
        0 => &["second"],
        1 => &["premium"],
        _ => &[],
    };
    own.into_iter().chain(more.iter().copied()).collect()
}

/// The one that a number picks.
fn pick<T>(of: impl IntoIterator<Item = T>, at: usize) -> Option<T> {
    let mut all: Vec<T> = of.into_iter().collect();
    (!all.is_empty()).then(|| all.swap_remove(at % all.len()))
}

impl Desk {
    /// Somebody who waits, or whose phone rings, or a ticket.
    fn one_waiting(&self, at: usize) -> Option<CallId> {
        pick(self.acd.waiting.values().map(|waiting| waiting.ticket.call), at)
    }

    /// A phone that rings, and for whom.
    fn one_ringing(&self, at: usize) -> Option<(CallId, OperatorId)> {
        let rings = self.acd.waiting.values().flat_map(|one| one.ringing.iter().map(|ring| (one.ticket.call, ring)));
        pick(rings.map(|(call, ring)| (call, ring.operator.clone())), at)
    }

    fn one_talking(&self, at: usize) -> Option<CallId> {
        let mut all: Vec<CallId> = self.acd.talks.keys().copied().collect();
        all.sort_unstable();
        pick(all, at)
    }

    fn learns(&mut self, at: usize, more: bool) {
        let name = OPERATORS[at % OPERATORS.len()];
        let skills = skills(if more { at + 1 } else { at }).into_iter().map(Name::from).collect();
        let languages = if name.ends_with("en") { vec![Lang::En] } else { vec![Lang::Ru] };
        let profile = OperatorProfile { id: id(name), skills, languages, role: AccountRole::Operator };
        self.acd.set_operator(self.now, profile);
    }

    fn happens(&mut self, event: &Event, next: &mut u8) {
        let operator = |at: usize| id(OPERATORS[at % OPERATORS.len()]);
        match *event {
            Event::Enters { queue, priority, english, skilled } => {
                let lang = if english { Lang::En } else { Lang::Ru };
                let skills = if skilled { vec!["premium".into()] } else { Vec::new() };
                // One in a while calls again who has a ticket.
                let ticket = self.acd.tickets().next().map(CallbackTicket::id).filter(|_| priority % 8 == 0);
                *next = next.wrapping_add(1);
                let call = ticket.unwrap_or(call(*next));
                if self.acd.rank_of_caller(call).is_none()
                    && self.acd.talks.get(&call).is_none_or(|one| one.ticket().is_some())
                {
                    self.enqueue(Ticket { call, queue: QUEUES[queue].into(), priority, skills, lang });
                }
            }
            Event::Leaves(at) => self.one_waiting(at).into_iter().for_each(|call| self.acd.leave(self.now, call)),
            Event::Orders(at) => {
                let number = PhoneNumber::parse(&format!("+7916000{:04}", at % 8)).unwrap();
                let order = CallbackOrder { number, line: "main".into(), was: Level::None, notes: Vec::new() };
                if let Some(call) = self.one_waiting(at) {
                    self.acd.order_callback(self.now, call, order);
                }
            }
            Event::Answers(at) => {
                if let Some((call, operator)) = self.one_ringing(at) {
                    self.acd.accepted(self.now, call, &operator);
                }
            }
            Event::Misses(at, failure) => {
                if let Some((call, operator)) = self.one_ringing(at) {
                    self.acd.offer_failed(self.now, call, &operator, failure);
                }
            }
            Event::Forwards(at, to) => {
                if let Some((call, from)) = self.one_ringing(at).filter(|(_, from)| *from != operator(to)) {
                    self.acd.redirect(self.now, call, &from, &operator(to));
                }
            }
            Event::Ends(at) => self.one_talking(at).into_iter().for_each(|call| self.acd.talk_ended(self.now, call)),
            Event::BreaksDown(at) => self.one_talking(at).into_iter().for_each(|call| self.acd.requeue(self.now, call)),
            Event::IsHandedOn(at, queue) => {
                let call = self.one_talking(at).filter(|call| !self.acd.is_dialling(*call));
                if let Some(call) = call {
                    self.acd.hand_to_queue(self.now, call, &QUEUES[queue % QUEUES.len()].into());
                }
            }
            Event::IsReached(at) => {
                *next = next.wrapping_add(1);
                let joined = call(*next);
                let is_new = self.acd.rank_of(joined).is_none() && !self.acd.talks.contains_key(&joined);
                if let Some(call) = self.one_talking(at).filter(|_| is_new) {
                    self.acd.callback_joined(self.now, call, joined);
                }
            }
            Event::IsNotReached(at, failure) => {
                if let Some(call) = self.one_talking(at) {
                    self.acd.callback_failed(self.now, call, failure);
                }
            }
            Event::IsReady(at) => self.acd.ask_ready(self.now, &operator(at)),
            Event::IsOnBreak(at) => self.acd.ask_break(self.now, &operator(at)),
            Event::PhoneGoes(at) => self.acd.unregistered(self.now, &operator(at)),
            Event::PhoneComes(at) => self.acd.registered(self.now, &operator(at)),
            Event::Learns(at, more) => self.learns(at, more),
            Event::MenuChanges(wide) => self.acd.set_policies(self.now, policies(wide)),
            Event::TimePasses(length) => self.wait(f64::from(length) / 8.0),
        }
    }
}

proptest! {
    #[test]
    fn the_tables_say_what_a_look_at_everybody_says(history in prop::collection::vec(event(), 1..160)) {
        let mut desk = Desk::new(policies(false));
        for (at, name) in OPERATORS.iter().enumerate() {
            desk.operator(name, &skills(at));
        }
        let mut next = 0;
        for event in &history {
            desk.happens(event, &mut next);
            plain::assert_listed(&desk.acd, desk.now);
            desk.said();
        }
        // Whatever happened, the desk comes to rest: everybody is given up when nobody works any more.
        for name in OPERATORS {
            desk.acd.unregistered(desk.now, &id(name));
        }
        while let Some(call) = desk.one_talking(0) {
            desk.acd.talk_ended(desk.now, call);
        }
        for _ in 0..2 {
            desk.now = desk.now.after(Duration::from_hours(73));
            desk.acd.handle_timeout(desk.now);
            plain::assert_listed(&desk.acd, desk.now);
        }
        prop_assert_eq!(desk.acd.waiting(), 0);
        prop_assert_eq!(desk.acd.tickets().count(), 0, "tickets expire");
        prop_assert_eq!(desk.acd.open.len(), 0);
    }
}
