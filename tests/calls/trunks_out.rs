//! Trunks that take calls of ours: the first that is there and has room, and the next one when it fails.

use super::phone::{Manner, Voice};
use super::stage::{Id, MONDAY_NOON, Stage};
use super::transfers::{BRIDGE, MENU};
use super::trunks::{trunk_at, with_trunks};
use hotline::exchange::{Callers, Destination, Trunk};
use hotline::model::{CallEvent, PhoneNumber};
use hotline::voip::audio::Codec;
use hotline::voip::sdp::SecureMedia;
use std::num::NonZeroUsize;
use std::time::Duration;

const A: Id = 0;
const B: Id = 1;

/// Two trunks of these settings; the menu's desk is reached through either.
fn stage_with(a: Trunk, b: Trunk) -> Stage {
    let mut config = with_trunks(&[("a", a), ("b", b)]);
    let number = PhoneNumber::parse("+74959990000").unwrap();
    let destination = Destination::Number { trunks: vec!["a".into(), "b".into()], number, ring: None };
    config.outside.transfers = [("desk".into(), destination)].into();
    config.outside.callers = Callers::Anyone;
    let mut stage = Stage::with(config, MONDAY_NOON, MENU.clone());
    assert_eq!((stage.phone("a"), stage.phone("b")), (A, B));
    stage
}

fn stage(a: Manner, b: Manner) -> Stage {
    let mut stage = stage_with(trunk_at(0), trunk_at(1));
    stage.phones[A].manner = a;
    stage.phones[B].manner = b;
    stage
}

/// A caller who asks for the desk; INVITEs that reached each trunk within some time.
fn transfer(stage: &mut Stage, millis: u64) -> (usize, usize) {
    let caller = stage.phone("+79161234567");
    stage.dial(caller, BRIDGE);
    stage.run_for(millis);
    (stage.phones[A].count("INVITE"), stage.phones[B].count("INVITE"))
}

fn told(stage: &Stage) -> String {
    let told = |event: &CallEvent| match event {
        CallEvent::TransferBegan { .. } => Some("began".to_owned()),
        CallEvent::Transferred { .. } => Some("taken".to_owned()),
        CallEvent::TransferFailed { reason, .. } => Some(format!("failed {reason}")),
        _ => None,
    };
    stage.events(told).join(", ")
}

#[test]
fn a_trunk_that_fails_gives_way_to_the_next() {
    for refusal in ["503 Service Unavailable", "500 Server Error", "403 Forbidden", "504 Timeout"] {
        let mut stage = stage(Manner::Refuses(refusal), Manner::Answers(1_000));
        assert_eq!(transfer(&mut stage, 3_000), (1, 1), "{refusal}");
        assert_eq!(told(&stage), "began, taken", "{refusal}");
    }
}

#[test]
fn what_the_called_say_is_final() {
    for (refusal, reason) in [("486 Busy Here", "busy"), ("404 Not Found", "unreachable"), ("603 Decline", "rejected")]
    {
        let mut stage = stage(Manner::Refuses(refusal), Manner::Answers(1_000));
        assert_eq!(transfer(&mut stage, 3_000), (1, 0), "{refusal}");
        assert_eq!(told(&stage), format!("began, failed {reason}"));
    }
}

#[test]
fn a_trunk_that_says_nothing_gives_way_after_six_seconds_and_one_that_rings_does_not() {
    let mut silent = stage(Manner::Vanished, Manner::Answers(1_000));
    assert_eq!(transfer(&mut silent, 5_500).1, 0);
    silent.run_for(2_500);
    assert_eq!((silent.phones[B].count("INVITE"), told(&silent).as_str()), (1, "began, taken"));

    let mut rings = stage(Manner::Rings, Manner::Answers(1_000));
    assert_eq!(transfer(&mut rings, 29_000), (1, 0));
    rings.run_for(3_000);
    assert_eq!((rings.phones[A].count("CANCEL"), told(&rings).as_str()), (1, "began, failed no_answer"));
}

#[test]
fn a_trunk_that_does_not_answer_its_pings_is_passed_over_until_it_does_again() {
    let pinged = || Some(Duration::from_secs(60));
    let mut stage = stage_with(Trunk { ping: pinged(), ..trunk_at(0) }, Trunk { ping: pinged(), ..trunk_at(1) });
    stage.run_for(100);
    let reach = |stage: &mut Stage| {
        let views = stage.with_exchange(|exchange, now| exchange.trunks(now));
        views.iter().map(|view| view.reach).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(reach(&mut stage), "up up");
    stage.phones[A].manner = Manner::Vanished;
    stage.run_for(100_000);
    assert_eq!(reach(&mut stage), "down up");
    assert_eq!(transfer(&mut stage, 3_000), (0, 1));
    assert_eq!(told(&stage), "began, taken");
    stage.phones[A].manner = Manner::Answers(1_000);
    stage.run_for(25_000);
    assert_eq!(reach(&mut stage), "up up");
    assert_eq!(transfer(&mut stage, 3_000), (1, 1));
}

#[test]
fn a_full_trunk_is_passed_over_and_when_none_is_left_the_caller_hears_so() {
    let one = |number| Trunk { calls: NonZeroUsize::new(1), ..trunk_at(number) };
    let mut stage = stage_with(one(0), one(1));
    assert_eq!(transfer(&mut stage, 3_000), (1, 0));
    assert_eq!(transfer(&mut stage, 3_000), (1, 1));
    assert_eq!(transfer(&mut stage, 3_000), (1, 1));
    assert_eq!(told(&stage), "began, taken, began, taken, began, failed unreachable");
}

#[test]
fn codecs_and_encryption_are_the_trunks() {
    let plain = trunk_at(0);
    let only = Trunk { codecs: Some(vec![Codec::Pcmu]), secure: Some(SecureMedia::Required), ..trunk_at(0) };
    for (trunk, media, formats) in [(plain, "RTP/AVP ", "8 0"), (only, "RTP/SAVP ", "0")] {
        let mut stage = stage_with(trunk, trunk_at(1));
        transfer(&mut stage, 1_000);
        let offer = stage.phones[A].last("INVITE").unwrap().body.clone();
        let line = offer.lines().find(|line| line.starts_with("m=audio")).unwrap();
        let (_, rest) = line.split_once(media).unwrap();
        assert!(rest.starts_with(formats), "{line}");
        assert_eq!(offer.contains("a=crypto:"), media == "RTP/SAVP ", "{offer}");
    }
}

#[test]
fn the_trunk_says_how_long_it_rings_and_where_we_are() {
    let mut stage = stage_with(Trunk { ring: Some(Duration::from_secs(10)), ..trunk_at(0) }, trunk_at(1));
    stage.phones[A].manner = Manner::Rings;
    stage.phones[A].voice = Voice::Mute;
    transfer(&mut stage, 9_500);
    assert_eq!(stage.phones[A].count("CANCEL"), 0);
    stage.run_for(1_000);
    assert_eq!(stage.phones[A].count("CANCEL"), 1);
    let invite = stage.phones[A].last("INVITE").unwrap();
    assert!(invite.get("contact").contains("@192.0.2.1:5060"), "{}", invite.get("contact"));
}
