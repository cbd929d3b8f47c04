//! The phones of an operator ring in the order of their wish (`q`).

use super::handing::targets;
use super::phone::{Manner, Phone};
use super::stage::{Id, MENU, MONDAY_NOON, Stage};
use hotline::ivr::acd::OperatorState;
use std::time::Duration;

/// Anna's phones with these wishes, registered one after the other, each refusing after it was rung but for the last.
fn phones(wishes: &[(&'static str, Manner)]) -> (Stage, Vec<Id>) {
    let mut stage = Stage::new();
    stage.accounts(&["anna:support:ru"]);
    let register = |(wish, manner): &(&'static str, Manner)| {
        let id = stage.phone("anna");
        stage.phones[id].wish = wish;
        stage.phones[id].manner = *manner;
        stage.with_phone(id, |phone, _| phone.register(3_600, None));
        assert_eq!(stage.phones[id].count("200 REGISTER"), 1);
        id
    };
    let ids = wishes.iter().map(register).collect();
    (stage, ids)
}

/// A caller who asked for an operator.
fn ask(stage: &mut Stage) -> Id {
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    caller
}

fn rung(stage: &Stage, phones: &[Id]) -> Vec<usize> {
    counts(stage, phones, "INVITE")
}

fn counts(stage: &Stage, phones: &[Id], headline: &str) -> Vec<usize> {
    phones.iter().map(|id| stage.phones[*id].count(headline)).collect()
}

/// Seconds, to the nearest, until the phones have been rung so often.
fn until_rung(stage: &mut Stage, phones: &[Id], expected: &[usize]) -> u64 {
    let began = stage.instant();
    assert!(stage.run_until(60_000, |stage| rung(stage, phones) == expected), "{:?}", rung(stage, phones));
    (stage.instant().since(began) + Duration::from_millis(500)).as_secs()
}

fn is_talking(stage: &Stage, name: &str) -> bool {
    matches!(stage.operator_state(name), OperatorState::Talking(_))
}

#[test]
fn phones_of_one_wish_ring_together_and_those_of_a_lesser_one_when_all_before_have_refused() {
    let busy = Manner::Refuses("486 Busy Here");
    let (mut stage, ids) =
        phones(&[(";q=0.2", Manner::Answers(1_000)), (";q=0.7", Manner::Rings), (";q=0.7", busy), ("", busy)]);
    let caller = ask(&mut stage);
    stage.run_for(1_000);
    // Without a wish it is 1 (RFC 3261 §10.2.1.2 leaves it open; phones that say nothing are ordinary ones).
    assert_eq!(rung(&stage, &ids), [0, 1, 1, 1], "one of the second wish still rings");
    stage.with_phone(ids[1], |phone, _| phone.decline("603 Decline"));
    stage.run_for(500);
    assert_eq!(rung(&stage, &ids), [1, 1, 1, 1]);
    stage.run_for(2_000);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    assert_eq!(stage.failed_offers(), "", "it is one offer to her, whatever phones it rings");
    stage.hang_up(caller);
    stage.assert_all_let_go("the last one answered");
}

#[test]
fn a_phone_of_a_lesser_wish_stays_silent_while_a_greater_one_rings_or_has_answered() {
    for manner in [Manner::Rings, Manner::Answers(1_000)] {
        let (mut stage, ids) = phones(&[(";q=0.5", Manner::Answers(1_000)), (";q=0.501", manner)]);
        let caller = ask(&mut stage);
        stage.run_for(5_000);
        assert_eq!(rung(&stage, &ids), [0, 1], "{manner:?}");
        stage.hang_up(caller);
        stage.assert_all_let_go("a lesser wish");
        assert_eq!(rung(&stage, &ids)[0], 0, "{manner:?}");
    }
}

#[test]
fn a_wish_that_changes_counts_at_the_next_call() {
    let (mut stage, ids) = phones(&[(";q=0.1", Manner::Rings), (";q=0.9", Manner::Rings)]);
    let caller = ask(&mut stage);
    stage.run_for(1_000);
    assert_eq!(rung(&stage, &ids), [0, 1]);
    stage.hang_up(caller);
    stage.run_for(1_000);
    stage.phones[ids[0]].wish = ";q=1";
    stage.with_phone(ids[0], |phone, _| phone.register(3_600, None));
    let caller = ask(&mut stage);
    stage.run_for(1_000);
    assert_eq!(rung(&stage, &ids), [1, 1]);
    stage.hang_up(caller);
    stage.assert_all_let_go("another wish");
}

#[test]
fn a_lesser_wish_is_rung_when_the_greater_have_had_their_part_of_the_time() {
    let wishes = [(";q=0.2", Manner::Answers(1_000)), (";q=0.5", Manner::Rings), ("", Manner::Rings)];
    let (mut stage, ids) = phones(&wishes);
    let caller = ask(&mut stage);
    until_rung(&mut stage, &ids, &[0, 0, 1]);
    // Three wishes have the twenty seconds of the queue.
    assert_eq!(until_rung(&mut stage, &ids, &[0, 1, 1]), 7);
    assert_eq!(counts(&stage, &ids, "CANCEL"), [0, 0, 1]);
    assert_eq!(until_rung(&mut stage, &ids, &[1, 1, 1]), 7);
    assert_eq!(counts(&stage, &ids, "CANCEL"), [0, 1, 1]);
    stage.run_for(2_000);
    assert!(is_talking(&stage, "anna"));
    assert_eq!(stage.failed_offers(), "", "it is one offer to her");
    stage.hang_up(caller);
    stage.assert_all_let_go("the last wish");
}

#[test]
fn a_wish_that_refuses_leaves_its_time_to_the_others_and_the_last_rings_to_the_end() {
    let wishes = [(";q=0.2", Manner::Rings), (";q=0.5", Manner::Rings), ("", Manner::Refuses("486 Busy Here"))];
    let (mut stage, ids) = phones(&wishes);
    let caller = ask(&mut stage);
    until_rung(&mut stage, &ids, &[0, 1, 1]);
    assert_eq!(until_rung(&mut stage, &ids, &[1, 1, 1]), 10, "half of twenty seconds");
    stage.run_for(9_000);
    assert_eq!((counts(&stage, &ids, "CANCEL"), stage.failed_offers()), (vec![0, 1, 0], String::new()));
    stage.run_for(2_000);
    assert_eq!((counts(&stage, &ids, "CANCEL"), stage.failed_offers()), (vec![1, 1, 0], "anna no_answer".into()));
    stage.hang_up(caller);
    stage.assert_all_let_go("nobody answers");
}

#[test]
fn an_answer_that_crosses_the_end_of_its_turn_is_hung_up_and_the_next_has_the_call() {
    let (mut stage, ids) = phones(&[(";q=0.5", Manner::Answers(1_000)), ("", Manner::Rings)]);
    let caller = ask(&mut stage);
    until_rung(&mut stage, &ids, &[0, 1]);
    stage.loses = Some(Box::new(|to_bank, headline| !to_bank && headline == "CANCEL"));
    until_rung(&mut stage, &ids, &[1, 1]);
    stage.with_phone(ids[1], Phone::answer);
    stage.run_for(3_000);
    assert!(is_talking(&stage, "anna"));
    assert_eq!((counts(&stage, &ids, "ACK"), counts(&stage, &ids, "BYE")), (vec![1, 1], vec![0, 1]));
    stage.hang_up(caller);
    stage.assert_all_let_go("crossed");
}

#[test]
fn the_contacts_of_a_3xx_are_rung_by_their_wish_too() {
    let mut stage = Stage::with(targets(), MONDAY_NOON, MENU.clone());
    stage.accounts(&["anna:support:ru"]);
    let anna = stage.register("anna");
    let moved = "302 Moved\r\nContact: <sip:mobile@any>;q=0.3, <sip:office@any>;q=0.9, <sip:nobody@any>;q=0.8";
    stage.phones[anna].manner = Manner::Refuses(moved);
    // The phones are numbered: the targets of the configuration are at the sixth.
    let [_, _, _, _, desk] = ["a", "b", "c", "d", "desk"].map(|user| stage.phone(user));
    stage.phones[desk].manner = Manner::Rings;
    let caller = ask(&mut stage);
    until_rung(&mut stage, &[desk], &[1]);
    let called = |stage: &Stage| stage.phones[desk].last("INVITE").unwrap().first.clone();
    assert!(called(&stage).starts_with("INVITE sip:desk@"), "{}", called(&stage));
    assert_eq!(until_rung(&mut stage, &[desk], &[2]), 10);
    assert!(called(&stage).starts_with("INVITE sip:+79990000001@"), "{}", called(&stage));
    assert_eq!(stage.phones[desk].count("CANCEL"), 1);
    stage.with_phone(desk, Phone::answer);
    stage.run_for(1_000);
    assert!(is_talking(&stage, "anna"), "it is her line that was answered");
    stage.hang_up(caller);
    stage.assert_all_let_go("the second contact");
}

#[test]
fn a_colleague_who_is_called_is_rung_by_wish_too() {
    let (mut stage, ids) = phones(&[(";q=0.5", Manner::Answers(1_000)), ("", Manner::Rings)]);
    stage.accounts(&["anna:support:ru", "boris:support:ru"]);
    let boris = stage.register("boris");
    stage.dial(boris, "anna");
    until_rung(&mut stage, &ids, &[0, 1]);
    assert_eq!(until_rung(&mut stage, &ids, &[1, 1]), 15, "half of what those have whom we call");
    stage.run_for(2_000);
    assert_eq!(stage.phones[boris].count("200 INVITE"), 1);
    stage.hang_up(boris);
    stage.assert_all_let_go("a colleague");
}
