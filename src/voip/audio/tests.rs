//! Codecs there and back: what remains of a tone, and of silence.

use super::wide::{self, OpusClip, WIDE_FRAME};
use super::*;

const LENGTH: usize = 16_000;

/// A second of speech-like sound: three tones under an envelope, of a third of full scale.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "sample numbers of a second")]
fn sound(rate: usize, tones: &[f64]) -> Vec<i16> {
    let each = 10_000.0 / tones.len() as f64;
    let at = |n: usize| {
        let t = n as f64 / rate as f64;
        let envelope = 0.6 + 0.4 * (t * 25.0).sin();
        tones.iter().map(|hertz| (t * hertz * std::f64::consts::TAU).sin()).sum::<f64>() * each * envelope
    };
    (0..rate).map(|n| at(n) as i16).collect()
}

/// Signal to noise in decibels, at the delay and gain at which the two are most alike.
fn snr(sent: &[i16], heard: &[i16], most_delay: usize) -> f64 {
    let steady = 2_000..sent.len() - 2_000;
    let at_delay = |delay: usize| {
        let (mut signal, mut cross, mut power) = (0.0, 0.0, 0.0);
        for n in steady.clone() {
            let (s, h) = (f64::from(sent[n]), f64::from(heard.get(n + delay).copied().unwrap_or(0)));
            signal += s * s;
            cross += s * h;
            power += h * h;
        }
        // The part of what was heard that is not what was sent, whatever its gain.
        let noise = (signal - cross * cross / power.max(1.0)).max(1.0);
        10.0 * (signal / noise).log10()
    };
    (0..most_delay).map(at_delay).fold(f64::MIN, f64::max)
}

fn there_and_back(codec: Codec, rate: Rate, sent: &[i16], frame: usize) -> Vec<i16> {
    let (mut encoder, mut decoder) = (Encoder::new(codec, rate), Decoder::new(codec, rate));
    let (mut payload, mut heard) = (Vec::new(), Vec::new());
    for samples in sent.chunks_exact(frame) {
        encoder.encode(samples, &mut payload);
        assert_eq!(units_of(codec, &payload), FRAME_SAMPLES, "{codec:?}");
        decoder.decode(&payload, &mut heard);
    }
    heard
}

#[test]
fn what_is_said_is_heard_in_every_codec() {
    let cases = [
        (Codec::Pcma, Rate::Narrow, 30.0),
        (Codec::Pcmu, Rate::Narrow, 30.0),
        (Codec::G722, Rate::Narrow, 20.0),
        (Codec::Opus, Rate::Narrow, 8.0),
        (Codec::Pcma, Rate::Wide, 25.0),
        (Codec::G722, Rate::Wide, 20.0),
        (Codec::Opus, Rate::Wide, 8.0),
    ];
    for (codec, rate, least) in cases {
        let (hertz, frame) = if rate == Rate::Wide { (LENGTH, WIDE_FRAME) } else { (8_000, FRAME_SAMPLES) };
        let sent = sound(hertz, &[310.0, 720.0, 1_450.0]);
        let heard = there_and_back(codec, rate, &sent, frame);
        let found = snr(&sent, &heard, 400);
        assert!(found > least, "{codec:?} {rate:?}: {found:.1} dB");
    }
}

#[test]
fn wide_band_codecs_carry_what_the_old_telephone_does_not() {
    let sent = sound(LENGTH, &[5_500.0]);
    for (codec, least) in [(Codec::G722, 12.0), (Codec::Opus, 5.0)] {
        let found = snr(&sent, &there_and_back(codec, Rate::Wide, &sent, WIDE_FRAME), 400);
        assert!(found > least, "{codec:?}: {found:.1} dB");
    }
    let heard = there_and_back(Codec::Pcma, Rate::Wide, &sent, WIDE_FRAME);
    assert!(heard[2_000..].iter().all(|sample| sample.unsigned_abs() < 100), "nothing folds back");
}

#[test]
fn packets_of_ten_to_sixty_milliseconds_become_frames_of_twenty_without_a_sample_lost() {
    let sent = sound(8_000, &[310.0, 720.0]);
    for (from, to) in [(Codec::G722, Codec::Pcma), (Codec::Pcmu, Codec::Opus), (Codec::Opus, Codec::G722)] {
        for units in [80, 160, 240, 320, 480] {
            let mut source = Encoder::new(from, Rate::Narrow);
            let mut transcoder = Transcoder::new(from, to);
            let (mut payload, mut at, mut next) = (Vec::new(), 0_i32, 0_i32);
            let mut decoder = Decoder::new(to, Rate::Narrow);
            let mut heard = Vec::new();
            // Opus itself has no packets of 30 ms.
            for samples in sent.chunks_exact(if from == Codec::Opus && units == 240 { 160 } else { units }) {
                source.encode(samples, &mut payload);
                transcoder.transcode(&payload, |offset, frame| {
                    assert_eq!(at + offset, next, "{from:?} to {to:?}");
                    assert_eq!(units_of(to, frame), FRAME_SAMPLES);
                    next += 160;
                    decoder.decode(frame, &mut heard);
                });
                at += i32::try_from(samples.len()).expect("small");
            }
            let found = snr(&sent[..7_600], &heard, 400);
            assert!(found > 6.0, "{from:?} to {to:?} in packets of {units}: {found:.1} dB");
        }
    }
}

#[test]
fn the_silence_of_each_codec_is_silent_from_any_state() {
    let loud = sound(LENGTH, &[310.0, 3_000.0]);
    for codec in Codec::PREFERRED {
        let (mut encoder, mut decoder) = (Encoder::new(codec, Rate::Wide), Decoder::new(codec, Rate::Narrow));
        let (mut payload, mut heard) = (Vec::new(), Vec::new());
        for samples in loud.chunks_exact(WIDE_FRAME).take(20) {
            encoder.encode(samples, &mut payload);
            decoder.decode(&payload, &mut heard);
        }
        let quiet = if codec == Codec::Opus { wide::opus_silence().to_vec() } else { vec![codec.silence(); 160] };
        heard.clear();
        for _ in 0..25 {
            decoder.decode(&quiet, &mut heard);
        }
        let loudest = heard[800..].iter().map(|sample| sample.unsigned_abs()).max();
        assert!(loudest < Some(40), "{codec:?}: {loudest:?}");
    }
}

#[test]
fn a_clip_of_opus_is_its_packets_and_ends_at_a_silent_rest() {
    let mut samples = sound(LENGTH, &[440.0]);
    samples.truncate(WIDE_FRAME * 3);
    samples.extend([0; 100]);
    let clip = wide::opus(&samples).expect("encoded");
    assert_eq!(clip.packets(), 3);
    assert!(clip.packet(3).is_none() && clip.packet(0).is_some_and(|packet| units_of(Codec::Opus, packet) == 160));
    samples.extend([9_000; 100]);
    assert_eq!(wide::opus(&samples).map(|clip| clip.packets()), Some(4));
    let (octets, ends) = clip.parts();
    assert_eq!(OpusClip::from_parts(octets.into(), ends.into()), Some(clip.clone()));
    assert!(OpusClip::from_parts(octets.into(), [1, 1].into()).is_none());
}

#[test]
fn damaged_payloads_add_no_sound_and_do_no_harm() {
    for codec in Codec::PREFERRED {
        let (mut narrow, mut wide) = (Decoder::new(codec, Rate::Narrow), Decoder::new(codec, Rate::Wide));
        let mut transcoder = Transcoder::new(codec, Codec::G722);
        let mut out = Vec::new();
        for length in 0..400_usize {
            let payload: Vec<u8> = (0..length).map(|n| u8::try_from(n * 7 % 251).expect("small")).collect();
            narrow.decode(&payload, &mut out);
            wide.decode(&payload, &mut out);
            transcoder.transcode(&payload, |_, frame| assert_eq!(frame.len(), 160));
            assert!(out.len() <= 2 * MAX_PACKET_SAMPLES);
            out.clear();
        }
    }
}
