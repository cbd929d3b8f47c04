//! Customers who are called back: the order, the operator first, the customer who presses 1 or does not.

use super::phone::{Manner, Voice};
use super::stage::{Id, MONDAY_NOON, Stage, config, menu_of};
use hotline::exchange::{ExchangeConfig, Outside, Trunk};
use hotline::ivr::acd::OperatorState;
use hotline::ivr::menu::Menu;
use hotline::model::{CallEvent, PhoneNumber};
use hotline::voip::sip::digest::Login;
use hotline::voip::sip::{Host, Peer};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

const ANNA: Id = 0;
/// The trunk, which stands for every customer's phone.
const TRUNK: Id = 1;
/// Who ordered the callback.
const CUSTOMER: Id = 3;
const QUARTER: u64 = 15 * 60_000;

/// The default menu, with the callback offered at once.
static MENU: LazyLock<Arc<Menu>> = LazyLock::new(|| {
    let hotline = include_str!("../../menus/hotline.yaml");
    let conditions = "offer_after: 60s\n      offer_if: queue.wait > 3m";
    assert!(hotline.contains(conditions));
    Arc::new(menu_of(&hotline.replace(conditions, "offer_after: 1s")))
});

fn through_trunk() -> ExchangeConfig {
    let peer = Peer::udp(SocketAddr::from(([192, 0, 2, 101], 5060)));
    let trunk = Trunk {
        login: Some(Login { username: "bank".into(), password: "right".into() }),
        caller_id: PhoneNumber::parse("+74951234567"),
        // Callers come through it, too.
        from: vec!["192.0.2.0/24".parse().unwrap()],
        ..Trunk::new(peer, Host::Ip(peer.addr.ip()))
    };
    let outside = Outside {
        trunks: [("provider".into(), trunk)].into(),
        callbacks: vec!["provider".into()],
        ..Outside::default()
    };
    ExchangeConfig { outside, ..config() }
}

/// Anna talks to somebody and a second caller waits.
fn waiting(config: ExchangeConfig) -> Stage {
    waiting_in(config, MENU.clone())
}

fn waiting_in(config: ExchangeConfig, menu: Arc<Menu>) -> Stage {
    let mut stage = Stage::with(config, MONDAY_NOON, menu);
    assert_eq!(stage.operators(&["anna:support:ru,en"]), [ANNA]);
    assert_eq!(stage.phone("trunk"), TRUNK);
    let first = stage.phone("+79160000001");
    stage.dial(first, "+74951234567");
    stage.run_for(500);
    stage.press(first, "0");
    stage.run_for(6_000);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    let customer = stage.phone("+79161234567");
    assert_eq!(customer, CUSTOMER);
    stage.dial(customer, "+74951234567");
    stage.run_for(500);
    stage.press(customer, "0");
    stage
}

/// The second caller orders a callback and hangs up.
fn ordered(trunk: Manner) -> Stage {
    ordered_with(through_trunk(), trunk)
}

fn ordered_with(config: ExchangeConfig, trunk: Manner) -> Stage {
    let mut stage = waiting(config);
    stage.phones[TRUNK].manner = trunk;
    stage.run_for(25_000);
    let heard = stage.take_phrases(CUSTOMER, "ru");
    assert!(heard.contains("callback_offer"), "{heard}");
    stage.press(CUSTOMER, "1");
    stage.run_for(12_000);
    stage.press(CUSTOMER, "1");
    stage.run_for(20_000);
    let heard = stage.take_phrases(CUSTOMER, "ru");
    assert!(heard.contains("callback_confirm") && heard.contains("callback_done goodbye"), "{heard}");
    assert_eq!(stage.tickets.len(), 1);
    assert_eq!(stage.exchange.calls(), 1, "whoever ordered is off the line");
    stage
}

/// Anna finishes her talk and the wrap-up, and is rung for the ticket.
fn anna_is_free(stage: &mut Stage) {
    stage.hang_up(2);
    let before = stage.phones[ANNA].count("INVITE");
    assert!(stage.run_until(40_000, |stage| stage.phones[ANNA].count("INVITE") > before), "anna is rung");
}

fn story(stage: &Stage) -> String {
    let told = |event: &CallEvent| match event {
        CallEvent::CallbackOrdered => Some("ordered".to_owned()),
        CallEvent::CallingBack { attempt, .. } => Some(format!("calls {attempt}")),
        CallEvent::CallbackClosed { outcome } => Some(outcome.to_string()),
        _ => None,
    };
    stage.events(told).join(", ")
}

fn attempts(stage: &Stage) -> Vec<u8> {
    stage.tickets.values().map(|ticket| ticket.attempts).collect()
}

#[test]
fn the_operator_comes_first_and_the_customer_who_presses_1_is_joined() {
    let mut stage = ordered(Manner::Answers(3_000));
    stage.phones[TRUNK].asks = ["Digest realm=\"trunk\", nonce=\"n1\", qop=\"auth\", algorithm=MD5".to_owned()].into();
    anna_is_free(&mut stage);
    let invite = stage.phones[ANNA].last("INVITE").unwrap().clone();
    assert!(invite.get("from").starts_with("\"callback main …67\""), "{}", invite.get("from"));
    assert_eq!((invite.get("x-callback"), invite.get("x-verified")), ("yes", "no"));
    assert!(!invite.first.contains("79161234567") && !invite.get("from").contains("79161234567"));
    assert_eq!(stage.phones[TRUNK].count("INVITE"), 0, "nobody is called before an operator is there");
    stage.take_heard(ANNA);
    stage.run_for(4_000);
    let heard = stage.take_phrases(ANNA, "ru");
    assert!(heard.starts_with("whisper.callback"), "{heard}");
    let invite = stage.phones[TRUNK].last("INVITE").unwrap().clone();
    assert_eq!(stage.phones[TRUNK].count("INVITE"), 2, "the trunk asked who we are");
    assert!(invite.first.starts_with("INVITE sip:+79161234567@192.0.2.101 "), "{}", invite.first);
    assert!(invite.get("from").starts_with("<sip:+74951234567@"), "{}", invite.get("from"));
    stage.run_for(3_000);
    for id in [ANNA, TRUNK] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(3_000);
    assert!(stage.all_phrases(TRUNK, "ru").starts_with("callback_hello"), "{}", stage.all_phrases(TRUNK, "ru"));
    stage.press(TRUNK, "1");
    stage.run_for(3_000);
    assert!(stage.all_phrases(TRUNK, "ru").ends_with("voice:0"), "the customer hears anna");
    assert!(stage.all_phrases(ANNA, "ru").ends_with("voice:1"), "anna hears the customer");
    assert!(stage.tickets.is_empty());
    assert_eq!(story(&stage), "ordered, calls 1, reached");
    let verified = stage.events(|event| matches!(event, CallEvent::LevelReached { .. }).then_some(()));
    assert!(verified.is_empty(), "whoever answers is a new person");
    stage.hang_up(TRUNK);
    assert_eq!(stage.phones[ANNA].count("BYE"), 2);
    assert!(matches!(stage.operator_state("anna"), OperatorState::WrapUp(_)));
    stage.assert_all_let_go("called back");
}

#[test]
fn after_the_talk_the_customer_is_asked_how_it_was() {
    let mut stage = ordered(Manner::Answers(1_000));
    anna_is_free(&mut stage);
    stage.run_for(9_000);
    stage.press(TRUNK, "1");
    stage.run_for(5_000);
    stage.hang_up(ANNA);
    stage.listen();
    assert!(stage.all_phrases(TRUNK, "ru").ends_with("survey_score"), "{}", stage.all_phrases(TRUNK, "ru"));
    stage.hang_up(TRUNK);
    stage.assert_all_let_go("a survey after a callback");
}

#[test]
fn the_talk_with_a_customer_is_recorded_where_the_hello_says_so() {
    for (notice, recorded) in [("callback_hello", 1), ("record_notice", 0)] {
        let config = ExchangeConfig { record_after: vec![notice.into()], ..through_trunk() };
        let mut stage = ordered_with(config, Manner::Answers(1_000));
        anna_is_free(&mut stage);
        assert!(stage.run_until(60_000, |stage| stage.all_phrases(TRUNK, "ru").contains("callback_hello")));
        stage.listen();
        stage.press(TRUNK, "1");
        stage.run_for(5_000);
        stage.hang_up(TRUNK);
        stage.run_for(200);
        let of_customer = |stage: &Stage| {
            let calls = stage.events(|event| matches!(event, CallEvent::ConversationRecorded { .. }).then_some(()));
            calls.len()
        };
        assert_eq!(of_customer(&stage), recorded, "{notice}");
        stage.assert_all_let_go(notice);
    }
}

#[test]
fn a_machine_that_answers_is_left_and_tried_again_later() {
    let mut stage = ordered(Manner::Answers(1_000));
    anna_is_free(&mut stage);
    assert!(stage.run_until(60_000, |stage| stage.phones[TRUNK].count("BYE") == 1), "a machine is hung up");
    let heard = stage.all_phrases(TRUNK, "ru");
    assert_eq!(heard.matches("callback_hello").count(), 2, "said twice: {heard}");
    stage.run_for(2_500);
    assert_eq!(stage.phones[ANNA].count("BYE"), 2, "anna is let go");
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
    assert_eq!(attempts(&stage), [1]);
    stage.run_for(QUARTER - 60_000);
    assert_eq!(stage.phones[TRUNK].count("INVITE"), 1);
    stage.run_for(120_000);
    assert_eq!(stage.phones[TRUNK].count("INVITE"), 2);
    assert_eq!(story(&stage), "ordered, calls 1, calls 2");
    stage.assert_all_let_go("a machine");
}

#[test]
fn three_attempts_are_made_and_no_more() {
    for manner in [Manner::Refuses("486 Busy Here"), Manner::Refuses("404 Not Found"), Manner::Rings] {
        let mut stage = ordered(manner);
        anna_is_free(&mut stage);
        stage.run_for(4 * QUARTER);
        assert_eq!(stage.phones[TRUNK].count("INVITE"), 3, "{manner:?}");
        assert_eq!(stage.phones[TRUNK].count("CANCEL"), if manner == Manner::Rings { 3 } else { 0 });
        assert_eq!(story(&stage), "ordered, calls 1, calls 2, calls 3, given_up");
        assert!(stage.tickets.is_empty());
        let heard = stage.all_phrases(ANNA, "ru");
        let tone = if manner == Manner::Refuses("404 Not Found") { "congestion" } else { "busy" };
        assert_eq!(heard.matches(tone).count(), 9, "three times each time: {heard}");
        stage.assert_all_let_go(&format!("{manner:?}"));
    }
}

#[test]
fn a_customer_who_hangs_up_before_pressing_1_is_tried_again() {
    let mut stage = ordered(Manner::Answers(1_000));
    anna_is_free(&mut stage);
    stage.run_for(8_000);
    stage.hang_up(TRUNK);
    stage.run_for(2_500);
    assert!(stage.all_phrases(ANNA, "ru").ends_with("busy busy busy"), "anna hears why");
    assert_eq!(stage.phones[ANNA].count("BYE"), 2);
    assert_eq!(attempts(&stage), [1]);
    stage.assert_all_let_go("hung up at once");
}

#[test]
fn an_operator_who_hangs_up_stops_the_call_to_the_customer() {
    let mut stage = ordered(Manner::Rings);
    anna_is_free(&mut stage);
    assert!(stage.run_until(20_000, |stage| stage.phones[TRUNK].count("INVITE") == 1));
    stage.run_for(1_000);
    stage.hang_up(ANNA);
    assert_eq!(stage.phones[TRUNK].count("CANCEL"), 1);
    assert_eq!(attempts(&stage), [0], "the customer has lost no attempt");
    stage.phones[ANNA].manner = Manner::Rings;
    stage.assert_all_let_go("the operator left");

    // The customer has answered and is being greeted.
    let mut stage = ordered(Manner::Answers(500));
    anna_is_free(&mut stage);
    stage.run_for(8_000);
    stage.phones[ANNA].manner = Manner::Rings;
    stage.hang_up(ANNA);
    stage.listen();
    let heard = stage.all_phrases(TRUNK, "ru");
    assert!(heard.contains("operators_busy"), "they are told: {heard}");
    stage.hang_up(TRUNK);
    stage.assert_all_let_go("the operator left the greeting");
}

#[test]
fn an_operator_who_does_not_answer_costs_the_customer_nothing() {
    let mut stage = ordered(Manner::Rings);
    stage.phones[ANNA].manner = Manner::Rings;
    anna_is_free(&mut stage);
    stage.run_for(21_000);
    assert_eq!(stage.phones[ANNA].count("CANCEL"), 1);
    assert_eq!((attempts(&stage), stage.phones[TRUNK].count("INVITE")), (vec![0], 0));
    assert!(matches!(stage.operator_state("anna"), OperatorState::Break(_)));
    stage.assert_all_let_go("nobody answers for a ticket");
}

#[test]
fn a_number_has_one_open_ticket() {
    let mut stage = ordered(Manner::Rings);
    stage.dial(CUSTOMER, "+74951234567");
    stage.run_for(500);
    stage.press(CUSTOMER, "0");
    stage.run_for(25_000);
    stage.press(CUSTOMER, "1");
    stage.run_for(12_000);
    stage.press(CUSTOMER, "1");
    stage.run_for(3_000);
    assert_eq!((stage.tickets.len(), story(&stage).as_str()), (1, "ordered"));
    assert_eq!(stage.exchange.waiting(), 1, "the caller waits on, beside the ticket");
    stage.phones[ANNA].manner = Manner::Rings;
    stage.hang_up(CUSTOMER);
    stage.hang_up(2);
    stage.assert_all_let_go("a second order");
}

#[test]
fn tickets_outlive_a_restart() {
    let stage = ordered(Manner::Rings);
    let tickets: Vec<_> = stage.tickets.values().cloned().collect();
    drop(stage);
    let mut stage = Stage::with(through_trunk(), "2026-03-02T12:05:00+03:00", MENU.clone());
    stage.with_exchange(|exchange, now| {
        for ticket in tickets {
            exchange.restore_callback(now, ticket);
        }
    });
    assert_eq!(stage.operators(&["anna:support:ru,en"]), [ANNA]);
    assert_eq!(stage.phone("trunk"), TRUNK);
    stage.phones[TRUNK].manner = Manner::Answers(1_000);
    stage.run_for(9_000);
    assert_eq!(stage.phones[ANNA].last("INVITE").unwrap().get("x-callback"), "yes");
    stage.press(TRUNK, "1");
    stage.run_for(2_000);
    assert_eq!(story(&stage), "calls 1, reached");
    stage.hang_up(TRUNK);
    stage.assert_all_let_go("restarted");
}

#[test]
fn without_a_trunk_nothing_is_offered() {
    let mut stage = waiting(config());
    stage.run_for(60_000);
    let heard = stage.take_phrases(CUSTOMER, "ru");
    assert!(!heard.contains("callback"), "{heard}");
    stage.press(CUSTOMER, "1");
    stage.run_for(2_000);
    assert_eq!(story(&stage), "");
    stage.hang_up(CUSTOMER);
    stage.hang_up(2);
    stage.assert_all_let_go("no trunk");
}

#[test]
fn stopping_the_server_lets_the_waiting_operator_go_and_keeps_the_ticket() {
    let mut stage = ordered(Manner::Rings);
    anna_is_free(&mut stage);
    assert!(stage.run_until(20_000, |stage| stage.phones[TRUNK].count("INVITE") == 1));
    stage.phones[ANNA].manner = Manner::Rings;
    stage.with_exchange(|exchange, now| exchange.drain(now, std::time::Duration::from_secs(2)));
    stage.run_for(3_000);
    assert_eq!((stage.phones[ANNA].count("BYE"), stage.phones[TRUNK].count("CANCEL")), (2, 1));
    assert_eq!(stage.tickets.len(), 1);
    stage.assert_all_let_go("drained");
}

/// A menu in which whoever ordered a callback is in the main menu again.
fn stays_on_the_line() -> Stage {
    let hotline = include_str!("../../menus/hotline.yaml");
    let conditions = "offer_after: 60s\n      offer_if: queue.wait > 3m";
    let after = "callback: {say: callback_done, go: goodbye}";
    assert!(hotline.contains(conditions) && hotline.contains(after));
    let hotline =
        hotline.replace(conditions, "offer_after: 1s").replace(after, "callback: {say: callback_done, go: main}");
    let mut stage = waiting_in(through_trunk(), Arc::new(menu_of(&hotline)));
    stage.run_for(25_000);
    stage.press(CUSTOMER, "1");
    stage.run_for(12_000);
    stage.press(CUSTOMER, "1");
    stage.run_for(2_000);
    assert_eq!((stage.tickets.len(), stage.exchange.calls()), (1, 2), "ordered, and still on the line");
    stage
}

#[test]
fn who_ordered_a_callback_and_asks_for_an_operator_again_is_served_on_the_line_and_not_called() {
    let mut stage = stays_on_the_line();
    stage.press(CUSTOMER, "0");
    stage.run_for(1_000);
    assert_eq!((stage.tickets.len(), stage.exchange.waiting()), (0, 1));
    stage.hang_up(2);
    assert!(stage.run_until(40_000, |stage| stage.phones[ANNA].count("INVITE") == 2), "anna is rung");
    stage.run_for(5_000);
    assert!(stage.all_phrases(CUSTOMER, "ru").ends_with("voice:0"), "{}", stage.all_phrases(CUSTOMER, "ru"));
    stage.hang_up(CUSTOMER);
    stage.run_for(40_000);
    assert_eq!((stage.phones[TRUNK].count("INVITE"), story(&stage)), (0, "ordered, cancelled".to_owned()));
    stage.assert_all_let_go("served on the line");
}

#[test]
fn who_asks_again_and_hangs_up_leaves_nobody_in_the_queue() {
    let mut stage = stays_on_the_line();
    stage.press(CUSTOMER, "0");
    stage.run_for(1_000);
    stage.hang_up(CUSTOMER);
    assert_eq!((stage.tickets.len(), stage.exchange.waiting()), (0, 0));
    stage.hang_up(2);
    stage.run_for(60_000);
    assert_eq!(stage.phones[ANNA].count("INVITE"), 1, "no phone rings for nobody");
    stage.assert_all_let_go("asked again and left");
}

#[test]
fn who_asks_again_while_the_operator_waits_for_the_line_to_be_free_talks_to_an_operator() {
    let mut stage = stays_on_the_line();
    anna_is_free(&mut stage);
    stage.run_for(8_000);
    assert_eq!(stage.phones[TRUNK].count("INVITE"), 0, "the customer is still on the line");
    stage.press(CUSTOMER, "0");
    assert!(stage.run_until(30_000, |stage| stage.phones[ANNA].count("INVITE") == 3), "anna is rung for the caller");
    stage.run_for(6_000);
    assert!(stage.all_phrases(CUSTOMER, "ru").ends_with("voice:0"), "{}", stage.all_phrases(CUSTOMER, "ru"));
    stage.hang_up(CUSTOMER);
    stage.run_for(40_000);
    assert_eq!((stage.phones[TRUNK].count("INVITE"), story(&stage)), (0, "ordered, cancelled".to_owned()));
    stage.assert_all_let_go("asked again while an operator waited");
}
