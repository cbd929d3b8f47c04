use super::*;
use crate::ivr::menu::{HoursRule, OpenInterval};
use crate::model::{Level, PhoneNumber};
use std::sync::Arc;

fn order(number: &str) -> CallbackOrder {
    CallbackOrder {
        number: PhoneNumber::parse(number).unwrap(),
        line: "main".into(),
        was: Level::Recognised,
        notes: vec!["several_cards".into()],
    }
}

impl Desk {
    /// Anna talks to caller 1, caller 2 has ordered a callback, caller 3 waits behind.
    fn with_ticket(policy: QueuePolicy) -> Self {
        let mut desk = Self::new(vec![policy]);
        desk.operator("anna", &["support"]);
        desk.enqueue(ticket(1, "support"));
        desk.accept(1, "anna");
        desk.wait(10.0);
        desk.enqueue(ticket(2, "support"));
        desk.wait(10.0);
        desk.enqueue(ticket(3, "support"));
        desk.said();
        assert!(desk.acd.order_callback(desk.now, call(2), order("+79160000002")));
        desk
    }

    /// Anna ends her talk and her wrap-up.
    fn anna_is_free(&mut self, after: u8) {
        self.acd.talk_ended(self.now, call(after));
        self.acd.ask_ready(self.now, &id("anna"));
    }
}

#[test]
fn a_callback_keeps_the_place_and_is_served_before_who_came_later() {
    let mut desk = Desk::with_ticket(policy("support"));
    assert_eq!(desk.said(), ["keep 2 0"]);
    assert_eq!(desk.places([2, 3]), [None, Some(2)], "caller 3 is still the second");
    desk.anna_is_free(1);
    let said = desk.said();
    assert!(said.contains(&"offer ticket 2 anna".to_owned()) && !said.iter().any(|line| line == "offer 3 anna"));
    desk.accept(2, "anna");
    assert_eq!(desk.said()[..2], ["keep 2 1", "dial …02 anna"], "the operator is there before the customer is called");
    assert_eq!(*desk.state("anna"), OperatorState::Talking(call(2)));
    desk.acd.callback_joined(desk.now, call(2), call(20));
    assert_eq!(desk.said(), ["close 2 reached"]);
    assert_eq!(*desk.state("anna"), OperatorState::Talking(call(20)), "the talk is known by the new call");
    desk.acd.talk_ended(desk.now, call(20));
    assert!(matches!(desk.state("anna"), OperatorState::WrapUp(_)));
}

#[test]
fn nobody_has_two_tickets_and_a_queue_without_callbacks_takes_none() {
    let mut desk = Desk::with_ticket(policy("support"));
    assert!(!desk.acd.order_callback(desk.now, call(3), order("+79160000002")), "that number has one");
    assert!(!desk.acd.order_callback(desk.now, call(2), order("+79160000009")), "a ticket orders nothing");
    assert!(!desk.acd.order_callback(desk.now, call(9), order("+79160000009")), "who does not wait has no place");
    assert_eq!(desk.acd.waiting(), 1, "caller 3 waits on");
    let mut none = policy("support");
    none.callback = None;
    let mut desk = Desk::staffed(none, &["anna"]);
    desk.enqueue(ticket(1, "support"));
    assert!(!desk.acd.order_callback(desk.now, call(1), order("+79160000001")));
}

#[test]
fn as_many_tickets_as_callers_may_wait_and_no_more() {
    let mut small = policy("support");
    small.max_waiting = 1;
    let mut desk = Desk::staffed(small, &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.accept(1, "anna");
    desk.enqueue(ticket(2, "support"));
    assert!(desk.acd.order_callback(desk.now, call(2), order("+79160000002")));
    desk.enqueue(ticket(3, "support"));
    assert!(!desk.acd.order_callback(desk.now, call(3), order("+79160000003")));
}

#[test]
fn three_attempts_every_fifteen_minutes_and_the_operator_is_free_between_them() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.acd.leave(desk.now, call(3));
    desk.anna_is_free(1);
    for attempt in 1..=3 {
        assert!(desk.said().contains(&"offer ticket 2 anna".to_owned()), "attempt {attempt}");
        desk.accept(2, "anna");
        desk.acd.callback_failed(desk.now, call(2), CallbackFailure::NoAnswer);
        assert_eq!(*desk.state("anna"), OperatorState::Ready);
        let last = if attempt == 3 { "close 2 given_up".to_owned() } else { format!("keep 2 {attempt}") };
        assert_eq!(desk.said().last(), Some(&last));
        desk.wait(899.0);
        assert_eq!(desk.said(), [] as [&str; 0]);
        desk.wait(2.0);
    }
    assert_eq!(desk.acd.tickets().count(), 0);
}

#[test]
fn an_operator_who_hangs_up_before_the_customer_is_there_costs_no_attempt() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.acd.leave(desk.now, call(3));
    desk.anna_is_free(1);
    desk.accept(2, "anna");
    desk.said();
    desk.acd.talk_ended(desk.now, call(2));
    assert_eq!(desk.said(), ["keep 2 0"]);
    desk.wait(5.1);
    assert_eq!(desk.said(), ["offer ticket 2 anna"]);
}

#[test]
fn nobody_is_called_back_when_the_queue_is_closed() {
    let day = |from, to| OpenInterval { from: jiff::civil::time(from, 0, 0, 0), to: jiff::civil::time(to, 0, 0, 0) };
    let mut daily = policy("support");
    daily.ring = seconds(120);
    daily.hours = Some(Arc::new(HoursRule::Calendar {
        weekly: std::array::from_fn(|_| vec![day(10, 22)]),
        closed: Vec::new(),
        special: Vec::new(),
    }));
    // The desk opens at nine, the hours at ten.
    let mut desk = Desk::with_ticket(daily);
    desk.acd.leave(desk.now, call(3));
    desk.anna_is_free(1);
    assert_eq!(desk.said(), ["keep 2 0"]);
    desk.wait(3_000.0);
    assert_eq!(desk.said(), [] as [&str; 0]);
    let ten = desk.now.wall.to_zoned(desk.acd.zone.clone()).date().at(10, 0, 0, 0).to_zoned(desk.acd.zone.clone());
    let left = ten.unwrap().timestamp().duration_since(desk.now.wall).as_secs_f64();
    desk.wait(left - 0.001);
    assert_eq!(desk.said(), [] as [&str; 0]);
    desk.wait(0.001);
    assert_eq!(desk.said(), ["offer ticket 2 anna"], "at the opening, not a while later");
}

#[test]
fn tickets_outlive_a_restart_with_their_place() {
    let desk = Desk::with_ticket(policy("support"));
    let kept: Vec<CallbackTicket> = desk.acd.tickets().cloned().collect();
    assert_eq!(kept[0].waited(desk.now.wall), seconds(10));
    let mut after = Desk::new(vec![policy("support")]);
    after.now.wall = desk.now.wall.checked_add(seconds(60)).unwrap();
    after.enqueue(ticket(9, "support"));
    assert_eq!(after.said(), ["end 9 Nobody"]);
    after.operator("anna", &["support"]);
    after.acd.ask_break(after.now, &id("anna"));
    for ticket in kept.iter().chain(&kept) {
        after.acd.restore(after.now, ticket.clone());
    }
    assert_eq!(after.acd.tickets().count(), 1, "restored once");
    after.acd.ask_ready(after.now, &id("anna"));
    assert_eq!(after.said(), ["offer ticket 2 anna"]);
    let mut gone = Desk::new(vec![policy("other")]);
    gone.acd.restore(gone.now, kept[0].clone());
    assert_eq!(gone.said(), ["close 2 expired"]);
}

#[test]
fn a_restored_ticket_stands_before_who_came_after_it() {
    let desk = Desk::with_ticket(policy("support"));
    let kept = desk.acd.tickets().next().cloned().unwrap();
    let mut after = Desk::new(vec![policy("support")]);
    after.now.wall = desk.now.wall.checked_add(seconds(60)).unwrap();
    after.operator("anna", &["support"]);
    after.enqueue(ticket(1, "support"));
    after.accept(1, "anna");
    after.enqueue(ticket(8, "support"));
    after.said();
    after.acd.restore(after.now, kept);
    assert_eq!(after.places([8]), [Some(2)]);
    after.anna_is_free(1);
    assert!(after.said().contains(&"offer ticket 2 anna".to_owned()));
}

#[test]
fn a_ticket_that_nobody_can_serve_expires_after_three_days_and_one_may_be_withdrawn() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.acd.leave(desk.now, call(3));
    desk.acd.remove_operator(desk.now, &id("anna"));
    desk.said();
    desk.wait(71.9 * 3600.0);
    assert_eq!(desk.said(), [] as [&str; 0]);
    desk.wait(0.2 * 3600.0);
    assert_eq!(desk.said(), ["close 2 expired"]);
    let mut desk = Desk::with_ticket(policy("support"));
    desk.said();
    desk.acd.cancel_callback(desk.now, call(2));
    assert_eq!(desk.said()[0], "close 2 cancelled");
    assert_eq!(desk.acd.tickets().count(), 0);
}

#[test]
fn the_ringing_phone_of_who_orders_is_offered_the_ticket() {
    let mut desk = Desk::staffed(policy("support"), &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.said();
    assert!(desk.acd.order_callback(desk.now, call(1), order("+79160000001")));
    assert_eq!(desk.said(), ["withdraw 1 anna", "keep 1 0", "offer ticket 1 anna"]);
}

#[test]
fn a_ticket_that_cannot_be_served_now_is_in_nobodys_way() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.anna_is_free(1);
    desk.accept(2, "anna");
    assert_eq!(desk.places([3]), [Some(1)], "its customer is being called");
    desk.acd.callback_failed(desk.now, call(2), CallbackFailure::NoAnswer);
    desk.said();
    desk.accept(3, "anna");
    desk.enqueue(ticket(4, "support"));
    assert_eq!(desk.places([4]), [Some(1)], "it waits for its next attempt");
    desk.wait(900.0);
    assert_eq!(desk.places([4]), [Some(2)], "it is served before who came later");
}

#[test]
fn a_ticket_of_a_closed_queue_is_not_counted() {
    let day = OpenInterval { from: jiff::civil::time(0, 0, 0, 0), to: jiff::civil::time(9, 10, 0, 0) };
    let mut daily = policy("support");
    daily.hours = Some(Arc::new(HoursRule::Calendar {
        weekly: std::array::from_fn(|_| vec![day]),
        closed: Vec::new(),
        special: Vec::new(),
    }));
    let mut desk = Desk::with_ticket(daily);
    assert_eq!(desk.places([3]), [Some(2)]);
    desk.wait(600.0);
    assert_eq!(desk.places([3]), [Some(1)], "who still waits at the end of the day is the first");
}

#[test]
fn who_ordered_a_callback_and_asks_for_an_operator_again_waits_at_the_old_place() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.said();
    desk.enqueue(ticket(2, "support"));
    assert_eq!(desk.said(), ["close 2 cancelled", "place 2 1"], "on the line, not twice in the queue");
    assert_eq!((desk.acd.waiting(), desk.places([2, 3])), (2, [Some(1), Some(2)]));
    // Gone is gone: no phone rings for nobody.
    desk.acd.leave(desk.now, call(2));
    assert_eq!((desk.acd.waiting(), desk.places([2, 3])), (1, [None, Some(1)]));
    assert!(desk.acd.order_callback(desk.now, call(3), order("+79160000002")), "the number has no open one any more");
}

#[test]
fn who_asks_again_while_an_operator_waits_to_call_back_is_offered_on_the_line() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.anna_is_free(1);
    desk.accept(2, "anna");
    desk.said();
    desk.enqueue(ticket(2, "support"));
    assert_eq!(desk.said(), ["close 2 cancelled", "offer 2 anna", "place 2 1"]);
    desk.acd.callback_failed(desk.now, call(2), CallbackFailure::Busy);
    desk.accept(2, "anna");
    assert_eq!(*desk.state("anna"), OperatorState::Talking(call(2)));
    assert_eq!(desk.acd.tickets().count(), 0);
}

#[test]
fn a_phone_that_forwards_a_callback_hands_on_a_callback() {
    let mut desk = Desk::with_ticket(policy("support"));
    desk.operator("boris", &["mortgages"]);
    desk.anna_is_free(1);
    desk.said();
    assert!(desk.acd.redirect(desk.now, call(2), &id("anna"), &id("boris")));
    assert_eq!(desk.said(), ["offer ticket 2 boris"]);
}
