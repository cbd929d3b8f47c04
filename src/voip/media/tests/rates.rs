//! The rate of a recorded conversation follows its legs: 16 kHz where one is wide-band, and what it says above 4 kHz is
//! in its channel.

use super::codecs::{agreed, open, speak};
use super::*;
use crate::voip::audio::{Encoder, Rate};
use crate::voip::media::{RecordingId, RecordingRules, Track};

const RECORDING: RecordingId = RecordingId(3);

/// 20 ms of a tone at a rate, the first of them the `frame`th.
#[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
pub(super) fn tone_of(hertz: u32, rate: Rate, frame: u32) -> Vec<i16> {
    let length = rate.hertz() / 50;
    let phase = |n: u32| std::f64::consts::TAU * f64::from(n) * f64::from(hertz) / f64::from(rate.hertz());
    (0..length).map(|n| (phase(frame * length + n).sin() * 8_000.0) as i16).collect()
}

/// How much of a tone is in samples: 8,000 when it is all there.
#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
pub(super) fn level(samples: &[i16], hertz: u32, rate: Rate) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * n as f64 * f64::from(hertz) / f64::from(rate.hertz());
        re += f64::from(*sample) * phase.cos();
        im += f64::from(*sample) * phase.sin();
    }
    2.0 * f64::hypot(re, im) / samples.len() as f64
}

/// What a conversation is recorded as while each of its telephones says its tone, 20 ms `frames` times: the rates of
/// the pieces and the two channels.
pub(super) fn recorded<const N: usize>(
    world: &mut World,
    mut phones: [Phone; N],
    codecs: [Codec; N],
    tones: [u32; N],
    frames: u32,
) -> (Vec<Rate>, [Vec<i16>; 2]) {
    let rate_of = |codec: Codec| if codec.is_wide() { Rate::Wide } else { Rate::Narrow };
    let mut encoders = codecs.map(|codec| Encoder::new(codec, rate_of(codec)));
    for frame in 0..frames {
        for (side, phone) in phones.iter_mut().enumerate() {
            let samples = tone_of(tones[side], rate_of(codecs[side]), frame);
            speak(world, phone, codecs[side], &mut encoders[side], &samples);
        }
        world.wait(20);
    }
    world.tell(MediaCommand::StopRecording { stream: CALLER });
    let channel = |track| {
        let pieces = world.recorded.iter().filter(|piece| piece.track == track);
        pieces.flat_map(|piece| piece.samples.to_vec()).collect()
    };
    (world.recorded.iter().map(|piece| piece.rate).collect(), [channel(Track::Left), channel(Track::Right)])
}

/// A second of a conversation of these codecs: the caller's tone, the operator's, and the two channels.
fn conversation(codecs: [Codec; 2], tones: [u32; 2]) -> (Vec<Rate>, [Vec<i16>; 2]) {
    let mut world = World::new();
    let caller = open(&mut world, CALLER, agreed("192.0.2.1:4000", codecs[0]));
    let operator = open(&mut world, OPERATOR, agreed("192.0.2.2:4000", codecs[1]));
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    let max = Duration::from_secs(60);
    world.tell(MediaCommand::RecordTalk { stream: CALLER, other: OPERATOR, recording: RECORDING, max });
    recorded(&mut world, [caller, operator], codecs, tones, 50)
}

#[test]
fn a_wide_band_leg_is_recorded_with_all_it_says_and_a_narrow_band_one_beside_it_in_step() {
    use Codec::{G722, Opus, Pcma, Pcmu};
    for (codecs, tones) in [
        ([G722, Pcma], [6_000, 1_000]),
        ([Pcmu, G722], [1_000, 6_000]),
        ([Opus, Pcma], [6_000, 1_000]),
        ([G722, Opus], [6_000, 5_000]),
    ] {
        let (rates, sides) = conversation(codecs, tones);
        assert!(rates.iter().all(|rate| *rate == Rate::Wide), "{codecs:?}");
        for (side, hertz) in sides.iter().zip(tones) {
            assert_eq!(side.len(), 16_000, "{codecs:?}: a second");
            let level = level(&side[8_000..], hertz, Rate::Wide);
            assert!(level > 5_000.0, "{codecs:?}: {level} of 8,000 at {hertz} Hz");
        }
    }
}

#[test]
fn two_narrow_band_legs_are_recorded_at_eight_kilohertz_to_the_sample() {
    let (rates, sides) = conversation([Codec::Pcma, Codec::Pcmu], [1_000, 2_000]);
    assert!(rates.iter().all(|rate| *rate == Rate::Narrow));
    for ((side, hertz), codec) in sides.iter().zip([1_000, 2_000]).zip([Codec::Pcma, Codec::Pcmu]) {
        use crate::voip::audio::g711::{decode, encode};
        let said = (0..50).flat_map(|frame| tone_of(hertz, Rate::Narrow, frame));
        let said: Vec<i16> = said.map(|sample| decode(codec, encode(codec, sample))).collect();
        assert_eq!(*side, said, "{codec:?}");
    }
}

#[test]
fn a_message_is_of_eight_kilohertz_in_every_codec() {
    for codec in Codec::PREFERRED {
        let mut world = World::new();
        let mut phone = open(&mut world, CALLER, agreed("192.0.2.1:4000", codec));
        let rules = RecordingRules { max: Duration::from_secs(60), stop_on: None, silence: None };
        world.tell(MediaCommand::Record { stream: CALLER, recording: RECORDING, rules });
        let mut encoder = Encoder::new(codec, Rate::Narrow);
        for frame in 0..50 {
            speak(&mut world, &mut phone, codec, &mut encoder, &tone_of(1_000, Rate::Narrow, frame));
            world.wait(20);
        }
        world.tell(MediaCommand::StopRecording { stream: CALLER });
        assert!(world.recorded.iter().all(|piece| piece.rate == Rate::Narrow));
        let samples: Vec<i16> = world.recorded.iter().flat_map(|piece| piece.samples.to_vec()).collect();
        assert_eq!(samples.len(), 8_000, "{codec:?}");
        assert!(level(&samples[4_000..], 1_000, Rate::Narrow) > 6_000.0, "{codec:?}");
    }
}

#[test]
fn a_leg_that_changes_its_codec_is_recorded_on_at_the_rate_of_the_file() {
    let mut world = World::new();
    let mut caller = open(&mut world, CALLER, agreed("192.0.2.1:4000", Codec::G722));
    open(&mut world, OPERATOR, agreed("192.0.2.2:4000", Codec::Pcma));
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    let max = Duration::from_secs(60);
    world.tell(MediaCommand::RecordTalk { stream: CALLER, other: OPERATOR, recording: RECORDING, max });
    for codec in [Codec::G722, Codec::Pcma] {
        let negotiated = Box::new(agreed("192.0.2.1:4000", codec));
        world.tell(MediaCommand::Update { stream: CALLER, negotiated });
        caller.payload_type = codec.static_payload_type().expect("static");
        let mut encoder = Encoder::new(codec, Rate::Narrow);
        for frame in 0..25 {
            speak(&mut world, &mut caller, codec, &mut encoder, &tone_of(1_000, Rate::Narrow, frame));
            world.wait(20);
        }
    }
    world.tell(MediaCommand::StopRecording { stream: CALLER });
    let left = world.recorded.iter().filter(|piece| piece.track == Track::Left);
    let left: Vec<i16> = left.flat_map(|piece| piece.samples.to_vec()).collect();
    assert_eq!(left.len(), 16_000);
    for half in [&left[4_000..8_000], &left[12_000..]] {
        assert!(level(half, 1_000, Rate::Wide) > 6_000.0);
    }
}
