//! What an event costs: what is looked at, which does not depend on the machine.

use super::super::steps::taken;
use super::*;

const QUEUES: [&str; 2] = ["support", "fraud"];

fn crowd_call(number: u32) -> CallId {
    CallId::from_u128(1 << 64 | u128::from(number))
}

fn crowd_ticket(number: u32) -> Ticket {
    let lang = if number.is_multiple_of(3) { Lang::En } else { Lang::Ru };
    let queue = QUEUES[usize::from(number.is_multiple_of(2))].into();
    Ticket { call: crowd_call(number), queue, priority: number % 7, skills: Vec::new(), lang }
}

fn name(number: u32) -> String {
    format!("o{number}")
}

/// A desk of so many operators, none of them free, and so many callers of two queues and two languages.
fn crowded(operators: u32, callers: u32) -> Desk {
    let big = |name: &str| QueuePolicy {
        max_waiting: 1_000_000,
        own_language_for: Some(seconds(600)),
        overflow: vec![(seconds(900), vec!["second".into()])],
        ..policy(name)
    };
    let mut desk = Desk::new(QUEUES.map(big).to_vec());
    for number in 0..operators {
        desk.operator(&name(number), &QUEUES);
        desk.acd.reserve(desk.now, CallId::from_u128(1 << 80 | u128::from(number)), &id(&name(number)));
    }
    (0..callers).for_each(|number| desk.enqueue(crowd_ticket(number)));
    assert_eq!(desk.acd.waiting(), usize::try_from(callers).unwrap());
    desk.said();
    desk
}

/// The most that one of these events costs: a caller comes, one goes, an operator is free and is offered one, does not
/// take it, is offered another, takes it, and is done; a caller asks for the place.
fn dearest(operators: u32, callers: u32) -> usize {
    let mut desk = crowded(operators, callers);
    let anna = id(&name(operators / 2));
    let mut dearest = 0;
    let mut costs = |desk: &mut Desk, event: &dyn Fn(&mut Desk)| {
        dearest = dearest.max(taken(|| event(desk)));
        desk.said();
    };
    costs(&mut desk, &|desk| desk.enqueue(crowd_ticket(callers + 1)));
    costs(&mut desk, &|desk| desk.acd.leave(desk.now, crowd_call(callers / 2)));
    costs(&mut desk, &|desk| {
        assert!(desk.acd.status(desk.now, crowd_call(callers - 1)).is_some());
    });
    let reserved = CallId::from_u128(1 << 80 | u128::from(operators / 2));
    costs(&mut desk, &|desk| desk.acd.unreserve(desk.now, reserved, &anna));
    for _ in 0..3 {
        let OperatorState::Reserved(offered) = *desk.acd.state(&anna).unwrap() else { panic!("nobody is offered") };
        costs(&mut desk, &|desk| desk.acd.offer_failed(desk.now, offered, &anna, OfferFailure::Busy));
        costs(&mut desk, &|desk| desk.wait(5.1));
    }
    let OperatorState::Reserved(offered) = *desk.acd.state(&anna).unwrap() else { panic!("nobody is offered") };
    costs(&mut desk, &|desk| desk.acd.accepted(desk.now, offered, &anna));
    costs(&mut desk, &|desk| desk.acd.talk_ended(desk.now, offered));
    costs(&mut desk, &|desk| desk.wait(30.1));
    dearest
}

#[test]
fn an_event_costs_hardly_more_however_many_wait_and_work() {
    let few = dearest(20, 20);
    for (operators, callers) in [(20, 2_000), (20, 50_000), (2_000, 20), (1_000, 20_000)] {
        let many = dearest(operators, callers);
        assert!(many <= 6 * few, "{operators} operators and {callers} callers: {many} steps, not about {few}");
    }
}

#[test]
fn time_that_brings_nothing_costs_nothing() {
    let mut desk = crowded(50, 100);
    let cost = taken(|| {
        for _ in 0..1_000 {
            desk.now = desk.now.after(Duration::from_millis(10));
            desk.acd.handle_timeout(desk.now);
            assert!(desk.acd.poll_timeout().is_some());
        }
    });
    assert_eq!(cost, 0);
}
