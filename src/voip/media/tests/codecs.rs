//! Wide-band legs, packets of other lengths, and bridges between codecs.

use super::*;
use crate::voip::audio::wide::{self, opus_silence};
use crate::voip::audio::{Decoder, Encoder, Rate, WidePrompt, units_of};
use crate::voip::media::{RecordingId, RecordingRules};

const OPUS: u8 = 111;
const OPUS_EVENTS: u8 = 110;

/// A leg of a codec; Opus with events at its own clock.
pub(super) fn agreed(remote: &str, codec: Codec) -> Negotiated {
    if codec != Codec::Opus {
        return negotiated(remote, codec);
    }
    let pair = |number| {
        let number = PayloadType::new(number).expect("a payload type");
        PayloadPair { send: number, receive: number }
    };
    Negotiated {
        codec,
        payload_type: pair(OPUS),
        telephone_event: Some(pair(OPUS_EVENTS)),
        event_clock: 48_000,
        ..negotiated(remote, Codec::Pcma)
    }
}

pub(super) fn open(world: &mut World, stream: StreamId, negotiated: Negotiated) -> Phone {
    let phone = Phone {
        stream,
        address: negotiated.remote,
        ssrc: 77,
        sequence: 100,
        timestamp: u32::MAX - 50_000,
        payload_type: negotiated.payload_type.receive.number(),
        event_type: negotiated.telephone_event.map_or(0, |pair| pair.receive.number()),
    };
    let params = StreamParams {
        negotiated,
        ssrc: Ssrc(0xaaaa),
        first_sequence: SequenceNumber(65_530),
        first_timestamp: RtpTimestamp(u32::MAX - 1_000),
        silence_limit: Duration::from_secs(20),
    };
    world.tell(MediaCommand::Open { stream, params: Box::new(params) });
    phone
}

/// So many seconds of 1,000 Hz.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 16 bits, and not below zero")]
fn tone_at(rate: u32, seconds: f64) -> Vec<i16> {
    let samples = f64::from(rate) * seconds;
    let step = std::f64::consts::TAU * 1_000.0 / f64::from(rate);
    (0..samples as u32).map(|n| ((f64::from(n) * step).sin() * 8_000.0) as i16).collect()
}

/// The level of a tone of 1,000 Hz in samples of 8 kHz, 8,000 when it is all there.
#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn level(samples: &[i16]) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * n as f64 / 8.0;
        re += f64::from(*sample) * phase.cos();
        im += f64::from(*sample) * phase.sin();
    }
    2.0 * re.hypot(im) / samples.len() as f64
}

/// What a telephone hears in packets of ours.
fn heard(codec: Codec, sent: &[Sent]) -> Vec<i16> {
    let mut decoder = Decoder::new(codec, Rate::Narrow);
    let mut samples = Vec::new();
    for packet in sent {
        decoder.decode(&packet.payload, &mut samples);
    }
    samples
}

/// Timestamps go on by what each packet holds, in units of the codec's clock.
fn check_clock(codec: Codec, sent: &[Sent]) {
    let factor = codec.clock_rate() / 8_000;
    for pair in sent.windows(2) {
        let units = u32::try_from(units_of(codec, &pair[0].payload)).expect("small") * factor;
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), units, "{codec:?}");
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
    }
}

/// The prompts `tone`, half a second of 1,000 Hz, in every codec.
fn prompts() -> MediaCommand {
    let id = PromptId::new("tone");
    let narrow: PromptFrames = [(id.clone(), EncodedPrompt::encode(&tone_at(8_000, 0.5)))].into_iter().collect();
    let samples = tone_at(16_000, 0.5);
    let opus = wide::opus(&samples).expect("encoded");
    let wide = [(id.clone(), WidePrompt::G722(wide::g722(&samples))), (id, WidePrompt::Opus(opus))];
    MediaCommand::Prompts(Arc::new(narrow.with_wide(wide)))
}

#[test]
fn a_prompt_is_heard_in_every_codec_at_the_codecs_clock() {
    for codec in Codec::PREFERRED {
        let mut world = World::new();
        world.tell(prompts());
        let mut phone = open(&mut world, CALLER, agreed("192.0.2.1:4000", codec));
        speak(&mut world, &mut phone, codec, &mut Encoder::new(codec, Rate::Narrow), &[0; 160]);
        world.wait(40);
        world.sent.clear();
        world.play(CALLER, 1, vec![clip("tone"), gap(60), clip("tone")]);
        world.wait(2_000);
        let sent = world.take_sent(CALLER);
        check_clock(codec, &sent);
        let samples = heard(codec, &sent);
        let (first, gap, second) = (&samples[800..3_600], &samples[4_200..4_360], &samples[5_300..8_000]);
        assert!(level(first) > 6_500.0 && level(second) > 6_500.0, "{codec:?}: {} {}", level(first), level(second));
        assert!(level(gap) < 500.0, "{codec:?}: {}", level(gap));
        assert!(level(&samples[9_600..]) < 100.0, "{codec:?}: silence after the end");
        let ended = MediaEvent::PlaybackEnded { stream: CALLER, playback: PlaybackId(1) };
        assert_eq!(world.events.iter().filter(|event| **event == ended).count(), 1);
    }
}

#[test]
fn a_wide_band_leg_without_its_prompts_hears_silence_of_the_same_length() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut world = World::new();
        open(&mut world, CALLER, agreed("192.0.2.1:4000", codec));
        world.play(CALLER, 1, vec![clip("short")]);
        world.wait(360);
        assert!(!world.events.iter().any(|event| matches!(event, MediaEvent::PlaybackEnded { .. })));
        world.wait(60);
        assert!(world.events.iter().any(|event| matches!(event, MediaEvent::PlaybackEnded { .. })), "{codec:?}");
        assert!(level(&heard(codec, &world.take_sent(CALLER))) < 100.0);
    }
}

/// A telephone says 20 ms of sound.
pub(super) fn speak(world: &mut World, phone: &mut Phone, codec: Codec, encoder: &mut Encoder, samples: &[i16]) {
    let mut payload = Vec::new();
    encoder.encode(samples, &mut payload);
    let bytes = phone.bytes(false, phone.payload_type, phone.timestamp, &payload);
    world.packet(phone.stream, phone.address, &bytes);
    phone.sequence = phone.sequence.wrapping_add(1);
    phone.timestamp = phone.timestamp.wrapping_add(160 * (codec.clock_rate() / 8_000));
}

#[test]
fn legs_without_a_common_codec_hear_each_other() {
    for (one, other) in [
        (Codec::G722, Codec::Pcma),
        (Codec::Pcmu, Codec::G722),
        (Codec::Opus, Codec::Pcma),
        (Codec::Pcmu, Codec::Opus),
        (Codec::Opus, Codec::G722),
        (Codec::G722, Codec::Opus),
    ] {
        let mut world = World::new();
        let mut caller = open(&mut world, CALLER, agreed("192.0.2.1:4000", one));
        open(&mut world, OPERATOR, agreed("192.0.2.2:4000", other));
        world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
        let mut encoder = Encoder::new(one, Rate::Narrow);
        for frame in tone_at(8_000, 1.0).chunks_exact(160) {
            speak(&mut world, &mut caller, one, &mut encoder, frame);
            world.wait(20);
        }
        let sent = world.take_sent(OPERATOR);
        let sound = &sent[sent.len() - 45..];
        check_clock(other, sound);
        let level = level(&heard(other, sound)[1_600..6_400]);
        assert!(level > 6_000.0, "{one:?} to {other:?}: {level}");
    }
}

#[test]
fn legs_of_one_codec_hear_each_other_octet_for_octet() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut world = World::new();
        let mut caller = open(&mut world, CALLER, agreed("192.0.2.1:4000", codec));
        open(&mut world, OPERATOR, agreed("192.0.2.2:4000", codec));
        world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
        world.sent.clear();
        let (mut encoder, mut twin) = (Encoder::new(codec, Rate::Narrow), Encoder::new(codec, Rate::Narrow));
        let mut said = Vec::new();
        for frame in tone_at(8_000, 0.5).chunks_exact(160) {
            speak(&mut world, &mut caller, codec, &mut encoder, frame);
            let mut payload = Vec::new();
            twin.encode(frame, &mut payload);
            said.push(payload);
            world.wait(20);
        }
        let sent = world.take_sent(OPERATOR);
        let sent = &sent[sent.len() - said.len()..];
        assert!(sent.iter().map(|packet| &packet.payload).eq(&said), "{codec:?}");
        check_clock(codec, sent);
    }
}

#[test]
fn wide_band_speech_is_recorded_at_its_level() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut world = World::new();
        let mut caller = open(&mut world, CALLER, agreed("192.0.2.1:4000", codec));
        let rules = RecordingRules { max: Duration::from_secs(5), stop_on: None, silence: None };
        world.tell(MediaCommand::Record { stream: CALLER, recording: RecordingId(1), rules });
        let mut encoder = Encoder::new(codec, Rate::Narrow);
        for frame in tone_at(8_000, 1.0).chunks_exact(160) {
            speak(&mut world, &mut caller, codec, &mut encoder, frame);
            world.wait(20);
        }
        world.tell(MediaCommand::StopRecording { stream: CALLER });
        let samples: Vec<i16> = world.recorded.iter().flat_map(|piece| piece.samples.iter().copied()).collect();
        assert!(samples.len().abs_diff(8_000) <= 400, "{codec:?}: {}", samples.len());
        assert!(level(&samples[1_600..7_200]) > 6_000.0, "{codec:?}: {}", level(&samples[1_600..7_200]));
    }
}

#[test]
fn keys_beside_opus_count_once_at_their_own_clock() {
    let mut world = World::new();
    let mut phone = open(&mut world, CALLER, agreed("192.0.2.1:4000", Codec::Opus));
    let mut encoder = Encoder::new(Codec::Opus, Rate::Narrow);
    for key in ['4', '2', '2'] {
        speak(&mut world, &mut phone, Codec::Opus, &mut encoder, &[0; 160]);
        let begun = phone.timestamp;
        // A second and a half, longer than one segment of 65,535 units.
        for step in 1..=75_u32 {
            let (segment, within) = if step <= 68 { (0, step) } else { (68, step - 68) };
            let duration = u16::try_from(within * 960).expect("a segment");
            phone.event(&mut world, begun.wrapping_add(segment * 960), key, (step == 1, step == 75), duration);
            world.wait(20);
        }
        phone.timestamp = begun.wrapping_add(80 * 960);
        world.wait(100);
    }
    assert_eq!(world.take_keys(), "422");
}

#[test]
fn packets_have_the_length_that_the_peer_asked_for() {
    for millis in [10_u64, 20, 30, 40, 50, 60] {
        for codec in [Codec::Pcma, Codec::G722] {
            let mut world = World::new();
            world.tell(prompts());
            let ptime = Duration::from_millis(millis);
            open(&mut world, CALLER, Negotiated { ptime, ..agreed("192.0.2.1:4000", codec) });
            world.play(CALLER, 1, vec![clip("tone")]);
            world.wait(1_200);
            let sent = world.take_sent(CALLER);
            let units = usize::try_from(millis).expect("small") * 8;
            check_clock(codec, &sent);
            let odd = sent.iter().filter(|packet| packet.payload.len() != units).count();
            assert!(odd <= 1, "{millis} ms: {odd} packets of another length");
            let samples = heard(codec, &sent);
            assert!(level(&samples[3_200..6_000]) > 6_500.0, "{millis} ms");
        }
    }
}

#[test]
fn a_leg_may_change_its_codec_in_mid_sentence() {
    let mut world = World::new();
    world.tell(prompts());
    open(&mut world, CALLER, agreed("192.0.2.1:4000", Codec::Pcma));
    world.play(CALLER, 1, vec![clip("tone"), clip("tone"), clip("tone")]);
    world.wait(500);
    for codec in [Codec::Opus, Codec::G722] {
        world.take_sent(CALLER);
        let negotiated = Box::new(agreed("192.0.2.1:4000", codec));
        world.tell(MediaCommand::Update { stream: CALLER, negotiated });
        world.wait(200);
        let sent = world.take_sent(CALLER);
        check_clock(codec, &sent);
        assert!(level(&heard(codec, &sent)[400..]) > 5_000.0, "{codec:?}");
    }
    assert!(!opus_silence().is_empty());
}
