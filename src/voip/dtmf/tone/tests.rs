use super::*;
use crate::voip::audio::{Codec, g711};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// A key's two tones: amplitudes of full scale 32 768 in dBm0-like decibels below it, frequencies off by a factor.
#[derive(Clone, Copy)]
struct Press {
    key: char,
    millis: u32,
    low_db: f64,
    high_db: f64,
    off: f64,
}

const PLAIN: Press = Press { key: '5', millis: 80, low_db: -16.0, high_db: -16.0, off: 0.0 };

fn frequencies(key: char) -> (f64, f64) {
    const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const HIGH: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let places = (0..4).flat_map(|low| (0..4).map(move |high| (low, high)));
    let (low, high) = places.into_iter().find(|(low, high)| KEYS[*low][*high] == key).expect("a key");
    (LOW[low], HIGH[high])
}

#[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
fn to_sample(value: f64) -> i16 {
    value.clamp(-32_768.0, 32_767.0) as i16
}

impl Press {
    fn samples(self) -> Vec<f64> {
        let (low, high) = frequencies(self.key);
        let amplitude = |db: f64| 32_768.0 * 10_f64.powf(db / 20.0);
        let wave = |frequency: f64, at: f64| (TAU * frequency * (1.0 + self.off) * at / 8_000.0 + 1.0).sin();
        let sample = |at: u32| {
            let at = f64::from(at);
            amplitude(self.low_db) * wave(low, at) + amplitude(self.high_db) * wave(high, at)
        };
        (0..self.millis * 8).map(sample).collect()
    }
}

/// White noise, the same for the same seed.
struct Noise(u32);

impl Noise {
    fn next(&mut self, rms: f64) -> f64 {
        // The sum of twelve uniform numbers is nearly normal, with a deviation of one.
        let mut sum = -6.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sum += f64::from(self.0) / f64::from(u32::MAX);
        }
        sum * rms
    }
}

/// The keys heard when these samples arrive as A-law, with noise that many decibels below full scale.
fn heard(samples: &[f64], noise_db: Option<f64>, seed: u32) -> String {
    let mut noise = Noise(seed);
    let rms = noise_db.map_or(0.0, |db| 32_768.0 * 10_f64.powf(db / 20.0));
    let mut detector = ToneDetector::default();
    let keys = samples.iter().filter_map(|sample| {
        let octet = g711::encode(Codec::Pcma, to_sample(sample + noise.next(rms)));
        detector.feed(g711::decode(Codec::Pcma, octet))
    });
    keys.map(Digit::as_char).collect()
}

/// Presses with pauses of that many milliseconds around each, shifted by some samples against the blocks.
fn dialled(presses: &[Press], pause: usize, shift: usize) -> Vec<f64> {
    let mut samples = vec![0.0; shift];
    for press in presses {
        samples.extend(press.samples());
        samples.extend(vec![0.0; pause * 8]);
    }
    samples
}

/// What of a press must be heard, wherever it falls in the blocks.
fn check(name: &str, press: Press, noise_db: Option<f64>, expected: bool) {
    for shift in (0..102).step_by(6) {
        let samples = dialled(&[press], 60, shift);
        let keys = heard(&samples, noise_db, 7 + u32::try_from(shift).expect("small"));
        let whole = if expected { press.key.to_string() } else { String::new() };
        assert_eq!(keys, whole, "{name}, key {}, shifted by {shift}", press.key);
    }
}

#[test]
fn every_key_is_heard_at_every_place() {
    for key in KEYS.concat() {
        check("plain", Press { key, ..PLAIN }, None, true);
        check("in noise 20 dB below", Press { key, ..PLAIN }, Some(-39.0), true);
        check("forty milliseconds", Press { key, millis: 40, ..PLAIN }, None, true);
        check("a second", Press { key, millis: 1_000, ..PLAIN }, Some(-45.0), true);
        check("twenty milliseconds", Press { key, millis: 20, ..PLAIN }, None, false);
    }
}

/// What a detector hears of packets of 20 ms.
fn heard_in_packets(proof: Proof, samples: &[f64]) -> String {
    let mut detector = ToneDetector::default();
    detector.ask(proof);
    let mut keys = String::new();
    for packet in samples.chunks(160) {
        let octets: Vec<u8> = packet.iter().map(|sample| g711::encode(Codec::Pcma, to_sample(*sample))).collect();
        detector.hear(Codec::Pcma, &octets, |digit| keys.push(digit.as_char()));
    }
    keys
}

#[test]
fn where_tones_are_not_expected_a_key_must_sound_for_longer() {
    for (millis, proof, expected) in
        [(65, Proof::Strong, "5"), (40, Proof::Strong, ""), (40, Proof::Usual, "5"), (20, Proof::Usual, "")]
    {
        for shift in 0..160 {
            let samples = dialled(&[Press { millis, ..PLAIN }], 60, shift);
            assert_eq!(heard_in_packets(proof, &samples), expected, "{millis} ms, {proof:?}, shifted by {shift}");
        }
    }
}

#[test]
fn soft_packets_are_passed_over_and_soft_keys_are_not() {
    let soft = Press { low_db: -31.0, high_db: -31.0, ..PLAIN };
    let presses = dialled(&[soft, soft, soft], 60, 77);
    assert_eq!(heard_in_packets(Proof::Usual, &presses), "555");
    let mut detector = ToneDetector::default();
    detector.hear(Codec::Pcmu, &[0xff; 160], |_| panic!("silence"));
    assert_eq!(detector.filled, 0, "nothing was filtered");
}

#[test]
fn twist_level_and_frequency_have_their_limits() {
    let cases: &[(&str, Press, bool)] = &[
        ("the low tone 8 dB louder", Press { low_db: -12.0, high_db: -20.0, ..PLAIN }, true),
        ("the high tone 4 dB louder", Press { low_db: -18.0, high_db: -14.0, ..PLAIN }, true),
        ("the low tone 14 dB louder", Press { low_db: -9.0, high_db: -23.0, ..PLAIN }, false),
        ("the high tone 9 dB louder", Press { low_db: -20.0, high_db: -11.0, ..PLAIN }, false),
        ("loud", Press { low_db: -6.5, high_db: -6.5, ..PLAIN }, true),
        ("25 dB below", Press { low_db: -31.0, high_db: -31.0, ..PLAIN }, true),
        ("45 dB below", Press { low_db: -48.0, high_db: -48.0, ..PLAIN }, false),
        ("1.5 % high", Press { off: 0.015, ..PLAIN }, true),
        ("1.5 % low", Press { off: -0.015, ..PLAIN }, true),
        ("5 % high", Press { off: 0.05, ..PLAIN }, false),
        ("5 % low", Press { off: -0.05, ..PLAIN }, false),
        ("one tone", Press { low_db: -120.0, ..PLAIN }, false),
        ("the other", Press { high_db: -120.0, ..PLAIN }, false),
    ];
    for (name, press, expected) in cases {
        for key in ['1', '5', '9', '0', 'D'] {
            check(name, Press { key, ..*press }, None, *expected);
        }
    }
}

#[test]
fn quick_dialling_is_heard_in_order_and_a_broken_tone_once() {
    let keys = "0112358#*9";
    let presses: Vec<Press> = keys.chars().map(|key| Press { key, millis: 45, ..PLAIN }).collect();
    for shift in 0..20 {
        assert_eq!(heard(&dialled(&presses, 45, shift * 5), Some(-42.0), 3), keys);
    }
    let broken = dialled(&[Press { millis: 60, ..PLAIN }, Press { millis: 60, ..PLAIN }], 10, 0);
    assert_eq!(heard(&broken, None, 3), "5", "a packet's half was lost");
}

#[test]
fn noise_and_steady_tones_are_no_keys() {
    for (seed, level) in (0..40_u32).zip([-50.0, -30.0, -15.0, -6.0].into_iter().cycle()) {
        assert_eq!(heard(&vec![0.0; 8_000 * 3], Some(level), seed), "", "noise at {level} dB");
    }
    // Dial and ringing tones of the world, and sweeps.
    for frequencies in
        [[425.0, 425.0], [350.0, 440.0], [440.0, 480.0], [480.0, 620.0], [1000.0, 1000.0], [1400.0, 2060.0]]
    {
        let wave = |at: i32| frequencies.iter().map(|f| 5_000.0 * (TAU * f * f64::from(at) / 8_000.0).sin()).sum();
        assert_eq!(heard(&(0..8_000).map(wave).collect::<Vec<f64>>(), None, 0), "", "{frequencies:?}");
    }
    let sweep = |at: i32| 9_000.0 * (TAU * f64::from(at) * f64::from(at) * 0.002 / 8_000.0).sin();
    assert_eq!(heard(&(0..80_000).map(sweep).collect::<Vec<f64>>(), None, 0), "");
}

#[test]
fn a_wiped_key_is_forgotten_and_not_told_again() {
    let mut detector = ToneDetector::default();
    let tone: Vec<i16> = Press { millis: 200, ..PLAIN }.samples().into_iter().map(to_sample).collect();
    let mut keys = tone.iter().filter_map(|sample| detector.feed(*sample)).count();
    detector.wipe();
    assert!(matches!(detector.heard, Heard::Key { key: None, .. }));
    keys += tone.iter().filter_map(|sample| detector.feed(*sample)).count();
    assert_eq!(keys, 1);
    assert_eq!(format!("{detector:?}"), "ToneDetector");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn numbers_in_noise_are_heard_digit_by_digit(
        keys in "[0-9*#A-D]{1,8}",
        (millis, pause) in (45_u32..200, 45_usize..200),
        (low_db, twist) in (-25.0..-12.0, -3.5..7.5),
        off in -0.012..0.012,
        seed in any::<u32>(),
    ) {
        let press = |key| Press { key, millis, low_db, high_db: low_db - twist, off };
        let presses: Vec<Press> = keys.chars().map(press).collect();
        // 22 dB below the softer tone.
        let noise = low_db.min(low_db - twist) - 22.0;
        prop_assert_eq!(heard(&dialled(&presses, pause, 0), Some(noise), seed), keys);
    }

    #[test]
    fn garbage_never_panics(samples in proptest::collection::vec(any::<i16>(), 0..1_000)) {
        let mut detector = ToneDetector::default();
        prop_assert!(samples.into_iter().filter_map(|sample| detector.feed(sample)).count() <= 4);
    }
}
