//! Voicemail: samples in their places, and every way to end.

use super::*;
use crate::voip::media::{RecordingEnd, RecordingId, RecordingRules};

const RULES: RecordingRules =
    RecordingRules { max: Duration::from_secs(60), stop_on: Some(Digit::HASH), silence: Some(Duration::from_secs(3)) };

fn start(world: &mut World, rules: RecordingRules) {
    world.tell(MediaCommand::Record { stream: CALLER, recording: RecordingId(5), rules });
}

fn samples(world: &World) -> Vec<i16> {
    world.recorded.iter().flat_map(|piece| piece.samples.to_vec()).collect()
}

fn ended(world: &World) -> Option<(RecordingEnd, Duration)> {
    world.events.iter().find_map(|event| match event {
        MediaEvent::RecordingEnded { reason, length, .. } => Some((*reason, *length)),
        _ => None,
    })
}

#[test]
fn hash_ends_the_recording_and_what_was_said_is_whole() {
    let (mut world, mut phone) = World::with_caller();
    start(&mut world, RULES);
    phone.talk(&mut world, 8_000, 1_000);
    phone.press(&mut world, '#');
    assert_eq!(ended(&world), Some((RecordingEnd::Key, Duration::from_secs(1))));
    let samples = samples(&world);
    assert_eq!(samples.len(), 8_000);
    assert!(samples.iter().all(|&sample| (7_800..8_200).contains(&sample)));
}

#[test]
fn silence_ends_the_recording() {
    let (mut world, mut phone) = World::with_caller();
    start(&mut world, RULES);
    phone.talk(&mut world, 8_000, 1_000);
    phone.talk(&mut world, 20, 2_960);
    assert_eq!(ended(&world), None);
    phone.talk(&mut world, 20, 40);
    assert_eq!(ended(&world).map(|(reason, _)| reason), Some(RecordingEnd::Silence));
}

#[test]
fn a_phone_that_sends_nothing_is_silent_too() {
    let (mut world, _phone) = World::with_caller();
    start(&mut world, RULES);
    world.wait(3_020);
    assert_eq!(ended(&world).map(|(reason, _)| reason), Some(RecordingEnd::Silence));
}

#[test]
fn the_longest_recording_is_cut_to_the_sample() {
    let (mut world, mut phone) = World::with_caller();
    start(&mut world, RecordingRules { max: Duration::from_millis(1_010), ..RULES });
    phone.talk(&mut world, 8_000, 2_000);
    assert_eq!(ended(&world), Some((RecordingEnd::Max, Duration::from_millis(1_010))));
    assert_eq!(samples(&world).len(), 8_080);
}

#[test]
fn a_lost_packet_leaves_silence_in_its_place() {
    let (mut world, mut phone) = World::with_caller();
    start(&mut world, RULES);
    phone.talk(&mut world, 8_000, 100);
    phone.skip(1);
    world.wait(20);
    phone.talk(&mut world, 8_000, 100);
    world.tell(MediaCommand::StopRecording { stream: CALLER });
    let samples = samples(&world);
    assert_eq!(ended(&world), Some((RecordingEnd::Stopped, Duration::from_millis(220))));
    assert_eq!(samples.iter().filter(|&&sample| sample == 0).count(), 160);
    assert!(samples[800..960].iter().all(|&sample| sample == 0));
}

#[test]
fn a_secret_is_not_recorded_nor_does_its_hash_end_anything() {
    let (mut world, mut phone) = World::with_caller();
    start(&mut world, RULES);
    phone.talk(&mut world, 8_000, 200);
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    phone.talk(&mut world, 8_000, 200);
    phone.event(&mut world, 9_999_999, '#', (true, true), 800);
    world.tell(MediaCommand::Secret { stream: CALLER, on: false });
    phone.talk(&mut world, 8_000, 200);
    assert_eq!(world.take_keys(), "#");
    world.tell(MediaCommand::StopRecording { stream: CALLER });
    let samples = samples(&world);
    assert_eq!(samples.len(), 4_800);
    assert!(samples[1_600..3_200].iter().all(|&sample| sample == 0));
    assert!(samples[..1_600].iter().chain(&samples[3_200..]).all(|&sample| sample > 7_000));
}

#[test]
fn closing_ends_the_recording_before_the_stream() {
    let (mut world, mut phone) = World::with_caller();
    start(&mut world, RULES);
    phone.talk(&mut world, 8_000, 100);
    world.close(CALLER);
    assert!(matches!(
        world.events[..],
        [MediaEvent::RecordingEnded { reason: RecordingEnd::Closed, .. }, MediaEvent::Closed { .. }]
    ));
    assert_eq!(samples(&world).len(), 800);
}
