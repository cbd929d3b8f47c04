//! An operator with several phones: all ring, one answers; a phone sends its calls elsewhere; a call goes on at another
//! phone.

use super::handing::targets;
use super::phone::{Manner, Voice};
use super::stage::{Id, MENU, MONDAY_NOON, Stage};
use hotline::ivr::acd::OperatorState;

const ANNA: &str = "anna:support:ru";
const BORIS: &str = "boris:support:ru";

/// A caller who asked for an operator.
fn ask(stage: &mut Stage) -> Id {
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    caller
}

fn is_talking(stage: &Stage, name: &str) -> bool {
    matches!(stage.operator_state(name), OperatorState::Talking(_))
}

/// Anna has two phones, which take calls like this.
fn two_phones(first: Manner, second: Manner) -> (Stage, Id, Id) {
    let mut stage = Stage::new();
    stage.accounts(&[ANNA]);
    let [one, two] = [(); 2].map(|()| stage.register("anna"));
    stage.phones[one].manner = first;
    stage.phones[two].manner = second;
    (stage, one, two)
}

#[test]
fn all_phones_ring_and_the_first_answer_has_the_call() {
    let (mut stage, one, two) = two_phones(Manner::Rings, Manner::Answers(2_000));
    let caller = ask(&mut stage);
    stage.run_for(1_500);
    assert_eq!((stage.phones[one].count("INVITE"), stage.phones[two].count("INVITE")), (1, 1));
    stage.run_for(3_000);
    let cancel = stage.phones[one].last("CANCEL").unwrap();
    assert_eq!(cancel.get("reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
    assert!(is_talking(&stage, "anna"));
    for id in [caller, two] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(2_000);
    assert!(stage.all_phrases(caller, "ru").ends_with(&format!("voice:{two}")), "{}", stage.all_phrases(caller, "ru"));
    stage.hang_up(caller);
    stage.assert_all_let_go("two phones");
}

#[test]
fn a_phone_that_refuses_does_not_silence_the_other() {
    let (mut stage, one, two) = two_phones(Manner::Refuses("486 Busy Here"), Manner::Answers(2_000));
    let caller = ask(&mut stage);
    stage.run_for(5_000);
    assert!(is_talking(&stage, "anna"));
    assert_eq!((stage.phones[one].count("ACK"), stage.phones[two].count("ACK")), (1, 1));
    assert_eq!(stage.failed_offers(), "");
    stage.hang_up(caller);
    stage.assert_all_let_go("one is busy");

    let (mut stage, ..) = two_phones(Manner::Refuses("486 Busy Here"), Manner::Refuses("603 Decline"));
    let caller = ask(&mut stage);
    stage.run_for(2_000);
    assert_eq!(stage.failed_offers().split(',').count(), 1, "once, when both have refused: {}", stage.failed_offers());
    stage.hang_up(caller);
    stage.assert_all_let_go("both refuse");
}

#[test]
fn both_phones_stop_when_the_caller_hangs_up() {
    let (mut stage, one, two) = two_phones(Manner::Rings, Manner::Rings);
    let caller = ask(&mut stage);
    stage.run_for(3_000);
    stage.hang_up(caller);
    for id in [one, two] {
        let cancel = stage.phones[id].last("CANCEL").unwrap();
        assert_eq!(cancel.get("reason"), "", "nobody has answered");
    }
    stage.assert_all_let_go("nobody answered");
}

#[test]
fn two_phones_that_answer_at_once_get_one_call() {
    let (mut stage, one, two) = two_phones(Manner::Answers(2_000), Manner::Answers(2_000));
    let caller = ask(&mut stage);
    stage.run_for(6_000);
    assert!(is_talking(&stage, "anna"));
    let byes = [one, two].map(|id| stage.phones[id].count("BYE"));
    assert_eq!(byes[0] + byes[1], 1, "its answer has crossed the CANCEL: {byes:?}");
    stage.hang_up(caller);
    stage.assert_all_let_go("both answer");
}

/// Anna's phone sends its calls there; then the caller asks.
fn forwarded(contact: &'static str) -> (Stage, Id, Id) {
    let mut stage = Stage::with(targets(), MONDAY_NOON, MENU.clone());
    let boris = {
        stage.accounts(&[ANNA, BORIS]);
        let anna = stage.register("anna");
        stage.phones[anna].manner = Manner::Refuses(contact);
        stage.register("boris")
    };
    // The phones are numbered: the target of the configuration is the sixth.
    let [_, _, _, desk] = ["a", "b", "c", "desk"].map(|user| stage.phone(user));
    (stage, boris, desk)
}

#[test]
fn a_phone_may_send_its_call_to_another_operator() {
    let (mut stage, boris, _) = forwarded("302 Moved Temporarily\r\nContact: <sip:boris@bank.example>");
    let caller = ask(&mut stage);
    stage.run_for(1_000);
    assert_eq!(stage.failed_offers(), "anna forwarded");
    assert_eq!(stage.phones[boris].count("INVITE"), 1);
    stage.run_for(3_000);
    assert!(is_talking(&stage, "boris"));
    stage.hang_up(caller);
    stage.assert_all_let_go("forwarded to boris");
}

#[test]
fn a_phone_may_send_its_call_to_a_target_of_the_configuration() {
    let (mut stage, _, desk) =
        forwarded("302 Moved Temporarily\r\nContact: <sip:x@192.0.2.66>, <sip:mobile@any>;q=0.5");
    let caller = ask(&mut stage);
    stage.run_for(1_000);
    assert_eq!(stage.phones[desk].count("INVITE"), 1, "the second contact is a target");
    stage.run_for(3_000);
    assert!(is_talking(&stage, "anna"), "it is her line that was answered");
    stage.hang_up(caller);
    stage.assert_all_let_go("forwarded outside");
}

#[test]
fn a_phone_that_sends_its_call_anywhere_else_is_busy() {
    for contact in [
        "302 Moved Temporarily\r\nContact: <sip:+79031112233@192.0.2.105>",
        "301 Moved Permanently\r\nContact: <tel:+79031112233>",
        "300 Multiple Choices",
        "302 Moved Temporarily\r\nContact: <sip:anna@192.0.2.100:5060;transport=udp>",
        "302 Moved Temporarily\r\nContact: <sip:anna@elsewhere.example>",
    ] {
        let (mut stage, boris, desk) = forwarded(contact);
        let caller = ask(&mut stage);
        stage.run_for(5_000);
        assert_eq!(stage.failed_offers(), "anna busy", "{contact}");
        assert_eq!(stage.phones[desk].count("INVITE"), 0, "{contact}");
        assert_eq!(stage.phones[boris].count("INVITE"), 1, "the queue goes on: {contact}");
        stage.hang_up(caller);
        stage.assert_all_let_go(contact);
    }
}

#[test]
fn phones_that_send_calls_to_each_other_come_to_an_end() {
    let (mut stage, boris, _) = forwarded("302 Moved Temporarily\r\nContact: <sip:boris@bank>");
    stage.phones[boris].manner = Manner::Refuses("302 Moved Temporarily\r\nContact: <sip:anna@bank>");
    let caller = ask(&mut stage);
    stage.run_for(1_000);
    assert_eq!(stage.failed_offers(), "anna forwarded, boris busy");
    stage.hang_up(caller);
    stage.assert_all_let_go("a loop");
}

/// What names the call of a phone, in a Replaces to the bank.
fn replaces(stage: &Stage, phone: Id) -> String {
    let phone = &stage.phones[phone];
    let tag = |header: &str| header.split_once(";tag=").map_or("", |(_, tag)| tag).to_owned();
    format!("{};to-tag={};from-tag={}", phone.call_id, tag(&phone.remote), tag(&phone.local))
}

fn take(stage: &mut Stage, phone: Id, replaces: &'static str) -> String {
    stage.phones[phone].more = vec![("Replaces", replaces)];
    stage.dial(phone, "bank");
    stage.run_for(500);
    let last = stage.phones[phone].inbox.iter().rev().find(|one| one.headline().ends_with(" INVITE"));
    last.unwrap().headline()
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

#[test]
fn a_conversation_goes_on_at_another_phone_of_the_operator() {
    let mut stage = Stage::new();
    stage.accounts(&[ANNA, BORIS]);
    let anna = stage.register("anna");
    let caller = ask(&mut stage);
    stage.run_for(5_000);
    let [second, boris] = ["anna", "boris"].map(|user| stage.register(user));
    let stranger = stage.phone("anna");
    let named = replaces(&stage, anna);
    for (phone, replaces, answer) in [
        (stranger, named.clone(), "403 INVITE"),
        (boris, named.clone(), "403 INVITE"),
        (second, "nobody@x;to-tag=1;from-tag=2".into(), "481 INVITE"),
        (second, "nobody@x;to-tag=1".into(), "400 INVITE"),
        (second, format!("{named};early-only"), "486 INVITE"),
        (second, replaces_caller(&stage, caller), "403 INVITE"),
        (second, named.clone(), "200 INVITE"),
    ] {
        assert_eq!(take(&mut stage, phone, leak(&replaces)), answer, "{phone}: {replaces}");
    }
    assert_eq!(stage.phones[anna].count("BYE"), 1, "the first phone is let go");
    assert!(is_talking(&stage, "anna"));
    for id in [caller, second] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(2_000);
    assert!(stage.all_phrases(caller, "ru").ends_with(&format!("voice:{second}")));
    assert!(stage.all_phrases(second, "ru").ends_with(&format!("voice:{caller}")));
    stage.hang_up(caller);
    stage.assert_all_let_go("moved");
}

fn replaces_caller(stage: &Stage, caller: Id) -> String {
    replaces(stage, caller)
}

#[test]
fn a_call_that_rings_is_taken_at_another_phone() {
    let (mut stage, one, two) = two_phones(Manner::Rings, Manner::Rings);
    let caller = ask(&mut stage);
    stage.run_for(3_000);
    let invite = stage.phones[one].last("INVITE").unwrap().clone();
    let tag = invite.get("from").split_once(";tag=").unwrap().1.to_owned();
    let named = format!("{};to-tag={tag};from-tag=o{};early-only", invite.get("call-id"), stage.phones[one].number);
    assert_eq!(take(&mut stage, two, leak(&named)), "200 INVITE");
    assert_eq!(stage.phones[one].count("CANCEL"), 1);
    assert!(is_talking(&stage, "anna"));
    stage.hang_up(caller);
    stage.assert_all_let_go("taken while it rang");
}
