//! Waiting: places, music, keys, languages, skills and priority.

use super::phone::Manner;
use super::stage::{Id, Stage};
use hotline::ivr::acd::OperatorState;

fn ask_for_operator(stage: &mut Stage, keys: &str) -> Id {
    let caller = stage.caller();
    stage.run_for(100);
    stage.take_heard(caller);
    stage.press(caller, keys);
    caller
}

/// Anna talks with somebody, so that others wait.
fn busy() -> (Stage, Id, Id) {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support,fraud:ru"])[0];
    let first = ask_for_operator(&mut stage, "0");
    stage.run_for(4_000);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    (stage, anna, first)
}

fn talks(stage: &Stage, caller: Id) -> bool {
    let number = stage.phones[caller].number;
    stage.phones.iter().any(|phone| {
        let heard = phone.ear.heard.iter().any(|one| one.what == super::ear::What::Voice(number));
        phone.user == "anna" && heard && phone.towards.is_some()
    })
}

#[test]
fn two_who_wait_are_told_their_places_and_that_they_are_next() {
    let (mut stage, _, first) = busy();
    let second = ask_for_operator(&mut stage, "0");
    let third = ask_for_operator(&mut stage, "0");
    stage.run_for(12_000);
    assert_eq!(stage.take_phrases(second, "ru"), "queue_enter queue_next hold_music…");
    let third_hears = stage.take_heard(third);
    assert_eq!(super::ear::phrases(&third_hears, "ru"), "queue_enter queue_position hold_music…");
    stage.hang_up(first);
    // Anna finishes up for thirty seconds, then takes the second; the third is told of the better place.
    stage.run_for(40_000);
    assert!(talks(&stage, second) && !talks(&stage, third));
    stage.run_for(25_000);
    let later = stage.take_phrases(third, "ru");
    assert!(later.contains("queue_next"), "{later}");
    for caller in [second, third] {
        stage.hang_up(caller);
    }
    stage.assert_all_let_go("three callers");
}

#[test]
fn whoever_waits_hears_advice_between_the_music() {
    let (mut stage, _, first) = busy();
    let second = ask_for_operator(&mut stage, "0");
    stage.run_for(110_000);
    let heard = stage.take_phrases(second, "ru");
    assert!(heard.contains("tip_privacy hold_music… tip_app"), "{heard}");
    stage.hang_up(second);
    stage.hang_up(first);
    stage.assert_all_let_go("tips");
}

#[test]
fn star_leaves_the_queue_and_other_keys_do_no_harm() {
    let (mut stage, _, first) = busy();
    let second = ask_for_operator(&mut stage, "0");
    stage.run_for(10_000);
    stage.press(second, "1");
    stage.press(second, "7");
    stage.run_for(1_000);
    assert_eq!(stage.left(), "");
    stage.take_heard(second);
    stage.press(second, "*");
    stage.listen();
    assert_eq!(stage.left(), "left");
    let heard = stage.take_phrases(second, "ru");
    assert!(heard.starts_with("opt_lost/1"), "{heard}");
    stage.hang_up(second);
    stage.hang_up(first);
    stage.assert_all_let_go("left by a key");
}

#[test]
fn whoever_reports_fraud_is_served_before_those_who_came_earlier() {
    let (mut stage, _, first) = busy();
    let patient = ask_for_operator(&mut stage, "0");
    stage.run_for(20_000);
    stage.bank.script("block_card: refused");
    let urgent = stage.caller();
    for keys in ["1", "4321", "1", "1"] {
        stage.press(urgent, keys);
        stage.run_for(400);
    }
    stage.run_for(15_000);
    stage.hang_up(first);
    stage.run_for(40_000);
    assert!(talks(&stage, urgent) && !talks(&stage, patient));
    let whispered = stage.all_phrases(0, "ru");
    assert!(
        whispered.contains("whisper.not_verified whisper.reason_lost") || whispered.contains("whisper.block_failed"),
        "{whispered}"
    );
    stage.hang_up(urgent);
    stage.hang_up(patient);
    stage.assert_all_let_go("fraud first");
}

#[test]
fn an_operator_who_speaks_the_callers_language_is_preferred_for_a_minute() {
    let mut stage = Stage::new();
    let [anna, john] = stage.operators(&["anna:support:ru", "john:support:en"])[..] else { panic!() };
    let caller = ask_for_operator(&mut stage, "9");
    stage.run_for(500);
    stage.press(caller, "0");
    stage.run_for(5_000);
    assert_eq!((stage.phones[anna].count("INVITE"), stage.phones[john].count("INVITE")), (0, 1));
    stage.hang_up(caller);
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru"])[0];
    let caller = ask_for_operator(&mut stage, "9");
    stage.run_for(500);
    stage.press(caller, "0");
    stage.run_for(55_000);
    assert_eq!(stage.phones[anna].count("INVITE"), 0, "not within the first minute");
    stage.run_for(10_000);
    assert_eq!(stage.phones[anna].count("INVITE"), 1, "then anybody");
    stage.hang_up(caller);
    stage.assert_all_let_go("languages");
}

#[test]
fn who_lacks_the_skill_is_not_rung() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:loans:ru"])[0];
    let caller = ask_for_operator(&mut stage, "0");
    stage.run_for(1_000);
    assert_eq!(stage.phones[anna].count("INVITE"), 0);
    assert_eq!(stage.left(), "nobody");
    stage.hang_up(caller);
    stage.assert_all_let_go("no skill");
}

#[test]
fn the_operator_who_was_idle_longest_is_rung_first() {
    let mut stage = Stage::new();
    let phones = stage.operators(&["anna:support:ru", "boris:support:ru"]);
    let mut served = Vec::new();
    for _ in 0..4 {
        let caller = ask_for_operator(&mut stage, "0");
        stage.run_for(4_000);
        served.push(phones.iter().position(|&phone| stage.phones[phone].towards.is_some()).unwrap());
        stage.hang_up(caller);
        stage.run_for(40_000);
    }
    assert!(served == [0, 1, 0, 1] || served == [1, 0, 1, 0], "{served:?}");
    stage.assert_all_let_go("in turn");
}

#[test]
fn the_longest_wait_ends_as_the_menu_says() {
    let (mut stage, _, first) = busy();
    let second = ask_for_operator(&mut stage, "0");
    stage.run_for(20 * 60_000 + 3_000);
    stage.listen();
    assert_eq!(stage.left(), "timeout");
    let heard = stage.take_phrases(second, "ru");
    assert!(heard.ends_with("operators_busy voicemail_ask beep"), "…{}", &heard[heard.len() - 60..]);
    stage.hang_up(second);
    stage.hang_up(first);
    stage.assert_all_let_go("twenty minutes");
}

#[test]
fn when_the_last_operator_goes_away_whoever_waits_is_not_kept() {
    let (mut stage, anna, first) = busy();
    let second = ask_for_operator(&mut stage, "0");
    stage.run_for(10_000);
    stage.phones[anna].manner = Manner::Vanished;
    stage.with_exchange(|exchange, now| exchange.set_operators(now, Vec::new()));
    stage.run_for(10_000);
    assert_eq!(stage.left(), "nobody");
    stage.hang_up(second);
    stage.hang_up(first);
    stage.assert_all_let_go("no operator left");
}
