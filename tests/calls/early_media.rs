//! What a target says before it answers: the caller hears it, and nothing of the caller goes there.

use super::ear::What;
use super::phone::{Manner, Voice};
use super::stage::{Id, MONDAY_NOON, Stage};
use super::transfers::{BRIDGE, DESK, MENU, dialled_as, outside, told};
use super::trunks::{trunk_at, with_trunks};
use hotline::exchange::{Callers, Destination, ExchangeConfig};
use hotline::model::{CallEvent, Cause, PhoneNumber};

/// The caller on every stage with one target.
const CALLER: Id = 0;

/// A caller who speaks all the time, on the way to a target that speaks before it answers in this manner.
fn rung(config: ExchangeConfig, manner: Manner, voice: Voice) -> Stage {
    dialled_as(config, BRIDGE, manner, |stage, caller| {
        stage.phones[caller].voice = Voice::Full;
        stage.phones[DESK].voice = voice;
        stage.phones[DESK].speaks_early = true;
    })
}

/// What a phone has heard, each with its milliseconds.
fn heard(stage: &Stage, id: Id) -> Vec<(String, u32)> {
    let name = |what: &What| match what {
        What::Clip(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        What::Voice(number) => format!("voice:{number}"),
    };
    stage.phones[id].ear.heard.iter().map(|one| (name(&one.what), one.length)).collect()
}

/// What two phones hear from now on for so long.
pub fn each_hears(stage: &mut Stage, ids: [Id; 2], millis: u64) -> [String; 2] {
    let before = ids.map(|id| heard(stage, id));
    stage.run_for(millis);
    [0, 1].map(|at| {
        let since = |index: usize| before[at].get(index).map_or(0, |(_, length)| *length);
        let after = heard(stage, ids[at]).into_iter().enumerate();
        let mut names: Vec<String> =
            after.filter(|(index, (_, length))| *length > since(*index)).map(|(_, (name, _))| name).collect();
        names.dedup();
        names.join(" ")
    })
}

/// What caller and target hear from now on for so long.
fn hears(stage: &mut Stage, millis: u64) -> (String, String) {
    let [caller, desk] = each_hears(stage, [CALLER, DESK], millis);
    (caller, desk)
}

#[test]
fn the_caller_hears_the_target_before_it_answers_and_the_target_hears_nobody() {
    let mut stage = rung(outside(None), Manner::Answers(10_000), Voice::Full);
    stage.run_for(800);
    assert_eq!(hears(&mut stage, 3_000), ("voice:1".into(), String::new()));
    stage.press(CALLER, "123#");
    assert_eq!(hears(&mut stage, 1_000), ("voice:1".into(), String::new()), "its keys neither");
    assert_eq!(told(&stage), "bridge desk");
    stage.run_for(6_000);
    assert_eq!(told(&stage), "bridge desk, taken");
    assert_eq!(hears(&mut stage, 3_000), ("voice:1".into(), "voice:0".into()));
    stage.hang_up(CALLER);
    stage.assert_all_let_go("early, then answered");
}

#[test]
fn a_target_that_announces_something_and_refuses_gives_the_caller_back() {
    let mut stage = rung(outside(None), Manner::Rings, Voice::Full);
    stage.run_for(1_000);
    assert_eq!(hears(&mut stage, 3_000).0, "voice:1");
    stage.with_phone(DESK, |phone, _| {
        phone.hush();
        phone.decline("404 Not Found");
    });
    stage.listen();
    assert!(stage.all_phrases(CALLER, "ru").ends_with("operators_busy goodbye"));
    assert_eq!(told(&stage), "bridge desk, failed unreachable");
    assert_eq!(stage.causes(), [Cause::MenuEnded]);
    stage.assert_all_let_go("announced and refused");
}

#[test]
fn a_target_that_announces_sound_and_sends_none_is_covered_by_our_ringing_tone() {
    let mut stage = rung(outside(None), Manner::Rings, Voice::Mute);
    assert_eq!(hears(&mut stage, 20_000), ("ringback".into(), String::new()));
    stage.run_for(12_000);
    assert_eq!(told(&stage), "bridge desk, failed no_answer");
    stage.hang_up(CALLER);
    stage.assert_all_let_go("no sound");
}

#[test]
fn a_caller_who_hangs_up_during_it_leaves_nothing_behind() {
    let mut stage = rung(outside(None), Manner::Rings, Voice::Full);
    stage.run_for(3_000);
    stage.hang_up(CALLER);
    assert_eq!(stage.phones[DESK].count("CANCEL"), 1);
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    stage.assert_all_let_go("hung up early");
}

#[test]
fn where_the_configuration_says_so_it_is_not_played() {
    let mut config = outside(None);
    for destination in config.outside.transfers.values_mut() {
        if let Destination::Address { early_media, .. } = destination {
            *early_media = false;
        }
    }
    let mut stage = rung(config, Manner::Answers(5_000), Voice::Full);
    assert_eq!(hears(&mut stage, 4_000), ("ringback".into(), String::new()));
    stage.run_for(2_000);
    assert_eq!(hears(&mut stage, 2_000), ("voice:1".into(), "voice:0".into()));
    stage.hang_up(CALLER);
    stage.assert_all_let_go("not played");
}

#[test]
fn an_answer_from_another_phone_than_the_one_that_was_heard_is_joined() {
    let mut stage = rung(outside(None), Manner::Rings, Voice::Full);
    stage.run_for(2_000);
    // The one behind the same number that answers is elsewhere.
    stage.with_phone(DESK, |phone, now| {
        phone.media = "192.0.2.101:41000".parse().unwrap();
        phone.answer(now);
    });
    stage.run_for(1_000);
    assert_eq!(hears(&mut stage, 3_000).0, "voice:1");
    assert_eq!(told(&stage), "bridge desk, taken");
    stage.hang_up(CALLER);
    stage.assert_all_let_go("another phone");
}

#[test]
fn a_trunk_that_fails_after_it_was_heard_is_followed_by_our_ringing_tone_and_the_next_trunk() {
    let mut config = with_trunks(&[("a", trunk_at(0)), ("b", trunk_at(1))]);
    let number = PhoneNumber::parse("+74959990000").unwrap();
    let destination = Destination::Number { trunks: vec!["a".into(), "b".into()], number, ring: None };
    config.outside.transfers = [("desk".into(), destination)].into();
    config.outside.callers = Callers::Anyone;
    let mut stage = Stage::with(config, MONDAY_NOON, MENU.clone());
    let [a, b, caller] = ["a", "b", "+79161234567"].map(|user| stage.phone(user));
    stage.phones[a].manner = Manner::Rings;
    stage.phones[a].speaks_early = true;
    stage.phones[a].voice = Voice::Full;
    stage.phones[b].manner = Manner::Rings;
    stage.dial(caller, BRIDGE);
    stage.run_for(2_000);
    assert_eq!(each_hears(&mut stage, [caller, a], 1_000), ["voice:0", ""]);
    stage.with_phone(a, |phone, _| {
        phone.hush();
        phone.decline("503 Service Unavailable");
    });
    stage.run_for(500);
    assert_eq!(each_hears(&mut stage, [caller, b], 3_000), ["ringback", ""]);
    stage.with_phone(b, super::phone::Phone::answer);
    stage.run_for(500);
    let taken = stage.events(|event| matches!(event, CallEvent::Transferred { .. }).then_some(())).len();
    assert_eq!(taken, 1);
    stage.hang_up(caller);
    stage.assert_all_let_go("the next trunk");
}
