//! What an event costs: looks at operators, which do not depend on the machine.

use super::*;
use std::sync::atomic::Ordering;

impl Acd {
    /// What is kept beside the tables is what a look at all of them would find.
    pub(super) fn assert_counted(&self) {
        let mut states = [0; OperatorState::NAMES.len()];
        for operator in self.operators.values() {
            states[operator.state.place()] += 1;
        }
        assert_eq!(self.states, states);
        let is_ready = |operator: &&Operator| operator.state == OperatorState::Ready;
        let ready = self.operators.values().filter(is_ready).map(|operator| operator.profile.id.clone());
        assert!(self.ready.iter().eq(ready.collect::<Vec<_>>().iter()));
        assert_eq!(self.callers, self.waiting.iter().filter(|waiting| waiting.callback().is_none()).count());
    }

    fn looked(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }
}

/// A desk of so many operators, none of them free, and so many callers of two queues and two languages.
fn crowded(operators: usize, callers: u16) -> Desk {
    let queues = ["support", "fraud"];
    let big = |name: &str| QueuePolicy { max_waiting: 100_000, ..policy(name) };
    let mut desk = Desk::new(queues.map(big).to_vec());
    for number in 0..operators {
        desk.operator(&format!("o{number}"), &queues);
        desk.acd.reserve(desk.now, CallId::from_u128(1 << 64 | number as u128), &id(&format!("o{number}")));
    }
    for number in 0..callers {
        let lang = if number % 3 == 0 { Lang::En } else { Lang::Ru };
        let queue = queues[usize::from(number % 2)].into();
        desk.enqueue(Ticket { call: CallId::from_u128(number.into()), queue, priority: 0, skills: Vec::new(), lang });
    }
    assert_eq!(desk.acd.waiting(), usize::from(callers));
    desk.said();
    desk
}

/// How often operators are looked at when a caller comes and one goes.
fn looks(operators: usize, callers: u16) -> usize {
    let mut desk = crowded(operators, callers);
    desk.acd.looks.store(0, Ordering::Relaxed);
    desk.enqueue(Ticket { call: CallId::from_u128(1 << 32), ..ticket(0, "support") });
    desk.acd.leave(desk.now, CallId::from_u128(7));
    let counted = desk.acd.looked();
    assert!(counted > 0);
    counted
}

#[test]
fn an_event_of_a_queue_looks_at_the_operators_as_often_whoever_waits() {
    let (few, many) = (looks(50, 10), looks(50, 400));
    assert_eq!(few, many, "ten callers and four hundred");
    assert!(looks(100, 10) <= 2 * few + 10, "twice the operators");
}

#[test]
fn free_operators_who_fit_nobody_are_looked_at_once_for_each_wish() {
    let mut desk = crowded(20, 300);
    for number in 0..30 {
        desk.operator(&format!("other{number}"), &["mortgages"]);
    }
    desk.acd.looks.store(0, Ordering::Relaxed);
    desk.acd.leave(desk.now, CallId::from_u128(7));
    let counted = desk.acd.looked();
    // Two queues and two languages: four wishes, and the crews of the queues.
    assert!(counted <= 4 * 30 + 10 * 50, "{counted}");
}

#[test]
fn time_that_brings_nothing_costs_nothing() {
    let mut desk = crowded(50, 100);
    desk.acd.looks.store(0, Ordering::Relaxed);
    for _ in 0..1_000 {
        desk.now = desk.now.after(Duration::from_millis(10));
        desk.acd.handle_timeout(desk.now);
        assert!(desk.acd.poll_timeout().is_some());
    }
    assert_eq!(desk.acd.looked(), 0);
}
