//! Sound of whole calls: whose conversation is recorded, and how each leg's sound is told in the record.

use super::phone::Voice;
use super::stage::{Id, Stage, config};
use hotline::exchange::ExchangeConfig;
use hotline::model::{CallEvent, Mos, Quality, Side};
use std::time::Duration;

fn recording() -> Stage {
    Stage::configured(ExchangeConfig { record_after: vec!["record_notice".into()], ..config() })
}

/// Talks with an operator for ten seconds and hangs up.
fn talk(stage: &mut Stage, caller: Id, operator: Id) {
    stage.press(caller, "0");
    stage.run_for(5_000);
    for id in [caller, operator] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(10_000);
    stage.hang_up(caller);
    stage.run_for(200);
}

fn recorded(stage: &Stage) -> Vec<Duration> {
    stage.events(|event| match event {
        CallEvent::ConversationRecorded { length, .. } => Some(*length),
        _ => None,
    })
}

fn qualities(stage: &Stage) -> Vec<(Side, Quality)> {
    stage.events(|event| match event {
        CallEvent::SoundEnded { side, quality } => Some((*side, *quality)),
        _ => None,
    })
}

#[test]
fn who_heard_the_notice_is_recorded_from_the_first_word_to_the_last() {
    let mut stage = recording();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let caller = stage.caller();
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").contains("record_notice"));
    talk(&mut stage, caller, anna);
    let [length] = recorded(&stage)[..] else { panic!("{:?}", recorded(&stage)) };
    assert!((Duration::from_secs(10)..Duration::from_secs(16)).contains(&length), "{length:?}");
    stage.assert_all_let_go("a recorded call");
}

#[test]
fn who_pressed_the_notice_away_is_not_recorded() {
    let mut stage = recording();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let caller = stage.caller();
    stage.run_for(300);
    talk(&mut stage, caller, anna);
    assert!(recorded(&stage).is_empty());
    assert!(!stage.shown.contains("RecordTalk"));
}

#[test]
fn nobody_is_recorded_where_the_configuration_does_not_say_so() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let caller = stage.caller();
    stage.listen();
    talk(&mut stage, caller, anna);
    assert!(recorded(&stage).is_empty());
    assert!(!stage.shown.contains("RecordTalk"));
}

#[test]
fn the_record_tells_how_each_leg_sounded() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let caller = stage.caller();
    stage.run_for(300);
    talk(&mut stage, caller, anna);
    let qualities = qualities(&stage);
    for side in Side::ALL {
        let of_side: Vec<&Quality> =
            qualities.iter().filter(|(one, _)| *one == side).map(|(_, quality)| quality).collect();
        let [quality] = of_side[..] else { panic!("{qualities:?}") };
        assert!(quality.sent > 400 && quality.received > 400, "{side:?} {quality:?}");
        assert!(quality.mos > Some(Mos::of_hundredths(430)), "{side:?} {quality:?}");
    }
    stage.assert_all_let_go("a call with figures");
}
