//! The phones of an operator ring in the order of their wish (`q`).

use super::phone::Manner;
use super::stage::{Id, Stage};
use hotline::ivr::acd::OperatorState;

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
    phones.iter().map(|id| stage.phones[*id].count("INVITE")).collect()
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
