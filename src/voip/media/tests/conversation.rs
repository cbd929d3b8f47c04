//! Conversations are recorded in two channels, in step, and with nothing of a secret in either.

use super::*;
use crate::voip::media::{RecordingEnd, RecordingId, Track};

const RECORDING: RecordingId = RecordingId(9);

fn talking() -> (World, Phone, Phone) {
    let (mut world, caller) = World::with_caller();
    let mut operator = world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcmu);
    operator.speak(&mut world, 0);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    world.events.clear();
    let max = Duration::from_secs(60);
    world.tell(MediaCommand::RecordTalk { stream: CALLER, other: OPERATOR, recording: RECORDING, max });
    (world, caller, operator)
}

/// Both speak for a time, the clock going on.
fn converse(world: &mut World, caller: &mut Phone, operator: &mut Phone, millis: u64) {
    for _ in 0..millis / 20 {
        caller.speak(world, 4_000);
        operator.speak(world, -4_000);
        world.wait(20);
    }
}

fn channel(world: &World, track: Track) -> Vec<i16> {
    let pieces = world.recorded.iter().filter(|piece| piece.recording == RECORDING && piece.track == track);
    pieces.flat_map(|piece| piece.samples.to_vec()).collect()
}

fn both(world: &World) -> [Vec<i16>; 2] {
    [Track::Left, Track::Right].map(|track| channel(world, track))
}

fn ends(world: &World) -> Vec<(StreamId, RecordingEnd)> {
    let ends = world.events.iter().filter_map(|event| match event {
        MediaEvent::RecordingEnded { stream, reason, .. } => Some((*stream, *reason)),
        _ => None,
    });
    ends.collect()
}

fn is_loud(samples: &[i16], sign: i16) -> bool {
    samples.iter().all(|&sample| (3_800..4_200).contains(&(sample * sign)))
}

#[test]
fn each_side_has_its_channel_and_both_are_as_long_as_the_talk() {
    let (mut world, mut caller, mut operator) = talking();
    converse(&mut world, &mut caller, &mut operator, 1_000);
    world.tell(MediaCommand::StopRecording { stream: CALLER });
    let [left, right] = both(&world);
    assert_eq!((left.len(), right.len()), (8_000, 8_000));
    assert!(is_loud(&left, 1) && is_loud(&right, -1));
    assert_eq!(ends(&world), [(CALLER, RecordingEnd::Stopped)]);
    converse(&mut world, &mut caller, &mut operator, 400);
    assert_eq!(both(&world).map(|side| side.len()), [8_000; 2], "nothing after the end");
}

#[test]
fn what_one_says_later_lies_beside_what_the_other_said_then() {
    let (mut world, mut caller, mut operator) = talking();
    caller.talk(&mut world, 4_000, 1_000);
    operator.skip(50);
    operator.talk(&mut world, -4_000, 1_000);
    world.tell(MediaCommand::StopRecording { stream: CALLER });
    let [left, right] = both(&world);
    assert_eq!((left.len(), right.len()), (16_000, 16_000));
    assert!(is_loud(&left[..8_000], 1) && left[8_000..].iter().all(|&sample| sample == 0));
    assert!(right[..8_000].iter().all(|&sample| sample == 0) && is_loud(&right[8_160..], -1));
}

#[test]
fn a_secret_of_either_silences_both_channels() {
    for secretive in [CALLER, OPERATOR] {
        let (mut world, mut caller, mut operator) = talking();
        converse(&mut world, &mut caller, &mut operator, 200);
        world.tell(MediaCommand::Secret { stream: secretive, on: true });
        converse(&mut world, &mut caller, &mut operator, 200);
        world.tell(MediaCommand::Secret { stream: secretive, on: false });
        converse(&mut world, &mut caller, &mut operator, 200);
        world.tell(MediaCommand::StopRecording { stream: CALLER });
        for (side, sign) in both(&world).into_iter().zip([1, -1]) {
            assert_eq!(side.len(), 4_800);
            assert!(side[1_600..3_200].iter().all(|&sample| sample == 0));
            assert!(is_loud(&side[..1_600], sign) && is_loud(&side[3_200..], sign));
        }
    }
}

#[test]
fn a_recording_that_begins_within_a_secret_begins_silent() {
    let (mut world, mut caller, mut operator) = talking();
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    let (recording, max) = (RecordingId(10), Duration::from_secs(60));
    world.recorded.clear();
    world.tell(MediaCommand::RecordTalk { stream: CALLER, other: OPERATOR, recording, max });
    assert_eq!(ends(&world), [(CALLER, RecordingEnd::Stopped)], "the one before");
    converse(&mut world, &mut caller, &mut operator, 400);
    assert!(!world.recorded.is_empty());
    assert!(world.recorded.iter().all(|piece| piece.samples.iter().all(|&sample| sample == 0)));
}

#[test]
fn the_end_of_one_side_does_not_end_the_other_and_the_callers_end_ends_both() {
    let (mut world, mut caller, mut operator) = talking();
    converse(&mut world, &mut caller, &mut operator, 400);
    world.close(OPERATOR);
    assert_eq!(ends(&world), []);
    caller.talk(&mut world, 4_000, 400);
    world.close(CALLER);
    assert_eq!(ends(&world), [(CALLER, RecordingEnd::Closed)]);
    assert_eq!(both(&world).map(|side| side.len()), [6_400, 3_200]);
    let (mut world, mut caller, mut operator) = talking();
    converse(&mut world, &mut caller, &mut operator, 400);
    world.close(CALLER);
    world.recorded.clear();
    operator.talk(&mut world, -4_000, 1_000);
    assert!(world.recorded.is_empty());
}

#[test]
fn the_longest_conversation_is_cut_in_both_channels() {
    let (mut world, mut caller, mut operator) = talking();
    converse(&mut world, &mut caller, &mut operator, 61_000);
    assert_eq!(ends(&world), [(CALLER, RecordingEnd::Max)]);
    assert_eq!(both(&world).map(|side| side.len()), [480_000; 2]);
}
