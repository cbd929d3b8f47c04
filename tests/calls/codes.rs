//! Codes that operators dial: a desk phone is enough to take a break and to come back.

use super::phone::Manner;
use super::stage::Stage;
use hotline::ivr::acd::{BreakReason, OperatorState};

const ANNA: &str = "anna:support:ru,en";

#[test]
fn a_break_is_taken_and_ended_by_dialling_and_a_beep_says_so() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    stage.dial(anna, "*61");
    stage.run_for(2_000);
    assert_eq!(stage.operator_state("anna"), OperatorState::Break(BreakReason::Asked));
    assert_eq!(stage.phones[anna].count("BYE"), 1, "the server hangs up by itself");
    assert!(stage.all_phrases(anna, "ru").contains("beep"), "{}", stage.all_phrases(anna, "ru"));
    stage.dial(anna, "*60");
    stage.run_for(2_000);
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
    stage.assert_all_let_go("after two codes");
}

#[test]
fn an_operator_comes_back_from_an_unanswered_call_by_dialling() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    stage.phones[anna].manner = Manner::Rings;
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    stage.run_for(25_000);
    assert_eq!(stage.operator_state("anna"), OperatorState::Break(BreakReason::NoAnswer));
    stage.hang_up(caller);
    stage.run_for(1_000);
    stage.dial(anna, "*60");
    stage.run_for(2_000);
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
}

#[test]
fn nobody_else_can_dial_for_an_operator() {
    let mut stage = Stage::new();
    stage.operators(&[ANNA]);
    let stranger = stage.phone("anna");
    stage.dial(stranger, "*61");
    stage.run_for(1_000);
    assert_eq!(stage.phones[stranger].count("403 INVITE"), 1);
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
}

#[test]
fn a_break_that_cannot_be_had_is_no_beep() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    assert!(stage.run_until(5_000, |stage| stage.phones[anna].towards.is_some()));
    let second = stage.register("anna");
    stage.dial(second, "*61");
    stage.run_for(3_000);
    assert_eq!(stage.take_phrases(second, "ru"), "busy busy busy", "who talks takes no break");
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    stage.hang_up(caller);
    stage.assert_all_let_go("a break in a conversation");
}
