//! The notice that conversations are recorded, to callers whom an operator answers before they have heard it.

use super::phone::Voice;
use super::stage::{Id, MONDAY_NOON, Stage, config, menu_of};
use super::transfers::{DESK, outside};
use hotline::exchange::ExchangeConfig;
use hotline::model::CallEvent;
use std::sync::Arc;
use std::time::Duration;

const ANNA: &str = "anna:support,premium:ru,en";
const PREMIUM: &str = "+74957654321";
const MAIN: &str = "+74951234567";

fn recording() -> ExchangeConfig {
    let notice = "record_notice";
    ExchangeConfig { record_after: vec![notice.into()], repeated_notice: Some(notice.into()), ..config() }
}

/// A caller of a number, and anna, who has just answered.
fn answered(mut stage: Stage, number: &str, keys: &str) -> (Stage, Id, Id) {
    let anna = stage.operators(&[ANNA])[0];
    let caller = stage.phone("+79161234567");
    stage.dial(caller, number);
    for id in [caller, anna] {
        stage.phones[id].voice = Voice::Full;
    }
    stage.run_for(300);
    stage.press(caller, keys);
    assert!(stage.run_until(30_000, |stage| stage.phones[anna].towards.is_some()), "anna answers");
    (stage, caller, anna)
}

fn recorded(stage: &Stage) -> Vec<Duration> {
    stage.events(|event| match event {
        CallEvent::ConversationRecorded { length, .. } => Some(*length),
        _ => None,
    })
}

/// How often a phone has heard the whole notice.
fn told(stage: &Stage, id: Id) -> usize {
    let is_notice = |one: &&super::ear::Heard| {
        matches!(&one.what, super::ear::What::Clip(name) if name.contains("record_notice")) && one.whole
    };
    stage.phones[id].ear.heard.iter().filter(is_notice).count()
}

#[test]
fn who_is_answered_before_the_notice_hears_it_at_the_beginning_of_the_talk_and_is_recorded_from_its_end() {
    for (number, keys) in [(PREMIUM, ""), (MAIN, "0")] {
        let (mut stage, caller, anna) = answered(Stage::configured(recording()), number, keys);
        assert_eq!(told(&stage, caller), 0, "{number}: an operator is free at once");
        stage.take_heard(caller);
        stage.take_heard(anna);
        stage.run_for(2_000);
        assert!(!stage.shown.contains("RecordTalk"), "{number}: not before it was heard");
        stage.run_for(8_000);
        let heard = stage.take_phrases(caller, "ru");
        assert!(heard.starts_with("record_notice voice:0"), "{number}: {heard}");
        assert_eq!(told(&stage, caller), 1);
        let of_anna = stage.take_phrases(anna, "ru");
        assert!(of_anna.starts_with("whisper.not_verified beep voice:1"), "{number}: {of_anna}");
        assert_eq!(stage.shown.matches("RecordTalk").count(), 1);
        stage.hang_up(caller);
        stage.run_for(200);
        let [length] = recorded(&stage)[..] else { panic!("{:?}", recorded(&stage)) };
        assert!((Duration::from_secs(4)..Duration::from_secs(9)).contains(&length), "{number}: {length:?}");
        stage.assert_all_let_go(number);
    }
}

#[test]
fn who_pressed_it_away_and_is_handed_to_somebody_outside_hears_it_then_and_is_recorded_from_its_end() {
    let hotline = include_str!("../../menus/hotline.yaml");
    let queue = "      - say: record_notice\n      - queue: support\n";
    assert!(hotline.contains(queue));
    let bridge = "      - say: record_notice\n      - transfer: {to: desk, how: bridge, failed: {go: main}}\n";
    let menu = Arc::new(menu_of(&hotline.replacen(queue, &format!("{bridge}      - queue: support\n"), 1)));
    for presses in [true, false] {
        let config = ExchangeConfig { outside: outside(None).outside, ..recording() };
        let mut stage = Stage::with(config, MONDAY_NOON, menu.clone());
        let caller = stage.phone("+79161234567");
        assert_eq!(stage.phone("desk"), DESK);
        stage.dial(caller, PREMIUM);
        for id in [caller, DESK] {
            stage.phones[id].voice = Voice::Full;
        }
        stage.run_for(300);
        stage.press(caller, if presses { "5" } else { "" });
        assert!(stage.run_until(30_000, |stage| stage.phones[DESK].towards.is_some()), "the desk answers");
        let before = told(&stage, caller);
        assert_eq!(before, usize::from(!presses));
        stage.run_for(10_000);
        assert_eq!(told(&stage, caller), 1, "presses: {presses}");
        let of_desk = stage.take_phrases(DESK, "ru");
        assert!(of_desk.starts_with(if presses { "beep voice:0" } else { "voice:0" }), "{of_desk}");
        stage.hang_up(caller);
        stage.run_for(200);
        let [length] = recorded(&stage)[..] else { panic!("{:?}", recorded(&stage)) };
        let heard = if presses { 3..8 } else { 8..12 };
        assert!(heard.contains(&length.as_secs()), "presses: {presses}: {length:?}");
        stage.assert_all_let_go("a bridge");
    }
}

#[test]
fn the_two_hear_each_other_from_the_same_moment_on() {
    let (mut stage, caller, anna) = answered(Stage::configured(recording()), PREMIUM, "");
    stage.run_for(8_000);
    let voice = |stage: &Stage, of: Id| {
        let voice = |one: &&super::ear::Heard| matches!(one.what, super::ear::What::Voice(_));
        stage.phones[of].ear.heard.iter().find(voice).unwrap().at
    };
    let (to_caller, to_anna) = (voice(&stage, caller), voice(&stage, anna));
    let apart = to_caller.since(to_anna).max(to_anna.since(to_caller));
    // The tone that tells anna, and what the first sound of a phone may wait for.
    assert!(apart <= Duration::from_millis(1_500), "{apart:?}");
}

#[test]
fn who_has_heard_it_in_the_menu_does_not_hear_it_again() {
    let mut stage = Stage::configured(recording());
    let anna = stage.operators(&[ANNA])[0];
    let caller = stage.caller();
    stage.listen();
    stage.press(caller, "0");
    assert!(stage.run_until(30_000, |stage| stage.phones[anna].towards.is_some()));
    stage.run_for(6_000);
    assert_eq!(told(&stage, caller), 1);
    assert!(!stage.all_phrases(anna, "ru").contains("beep"));
    stage.hang_up(caller);
    stage.run_for(200);
    assert_eq!(recorded(&stage).len(), 1);
}

#[test]
fn where_the_menu_has_no_notice_nobody_is_told_and_nobody_recorded() {
    let hotline = include_str!("../../menus/hotline.yaml");
    let with = "      - say: greeting\n      - say: record_notice\n      - queue: support\n";
    assert!(hotline.contains(with));
    let menu = Arc::new(menu_of(&hotline.replacen(with, "      - say: greeting\n      - queue: support\n", 1)));
    let (mut stage, caller, anna) = answered(Stage::with(recording(), MONDAY_NOON, menu), PREMIUM, "");
    stage.run_for(8_000);
    assert_eq!(told(&stage, caller), 0);
    assert!(!stage.all_phrases(anna, "ru").contains("beep"));
    stage.hang_up(caller);
    stage.run_for(200);
    assert_eq!(recorded(&stage), []);
}

#[test]
fn a_notice_that_is_interrupted_in_the_talk_permits_nothing() {
    // The operator holds: music covers the notice.
    let (mut stage, caller, anna) = answered(Stage::configured(recording()), PREMIUM, "");
    stage.run_for(1_000);
    for direction in ["inactive", "sendrecv"] {
        stage.with_phone(anna, |phone, _| {
            let sdp = phone.sdp(direction);
            phone.ask("INVITE", &[], &sdp);
        });
        stage.run_for(10_000);
    }
    assert_eq!(told(&stage, caller), 0);
    stage.hang_up(caller);
    stage.run_for(200);
    assert_eq!(recorded(&stage), []);
    stage.assert_all_let_go("held in the notice");
    // The operator hangs up: the menu goes on, and what it says is no notice.
    let (mut stage, caller, anna) = answered(Stage::configured(recording()), PREMIUM, "");
    stage.run_for(1_000);
    stage.hang_up(anna);
    stage.run_for(20_000);
    assert_eq!(told(&stage, caller), 0);
    assert!(stage.all_phrases(caller, "ru").contains("survey_score"));
    stage.hang_up(caller);
    stage.run_for(200);
    assert_eq!(recorded(&stage), []);
}
