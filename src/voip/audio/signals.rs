//! The signals of a telephone network: ringing, busy, congestion, and the tone after which one speaks, as they sound in
//! a country (ITU-T E.180 and its supplement 2).
//!
//! ```text
//! ringing     ▁▁▁▁▔▔▔▔▔▔▔▔▔▔▔▔    busy  ▁▔▁▔    congestion  ▁▔▁▔ twice as fast    record  ▁▁
//! ```
//!
//! Sources of the table: Supplement 2 for each country, BT SIN 350 for the United Kingdom, what CEPT recommends for
//! Europe. The tables that other exchanges and makers of gateways ship say the same but for Russia, where exchanges
//! differ: ringing 0.8 s of 4 or 1 s of 5, busy 0.35 or 0.4 s, congestion 0.175 or 0.2 s. Nobody mistakes one for
//! another.
//!
//! Each is made once, as a prompt of a whole period that is repeated without a seam: −10 dBm0 for one frequency, −13
//! for each of two. Every sound begins and ends within 5 ms, so that nothing clicks.

use super::{EncodedPrompt, FRAME_SAMPLES, WidePrompt, wide};
use crate::model::PromptId;
use std::f64::consts::{PI, TAU};

/// The largest sine that G.711 carries is 3.14 dBm0 (G.711 §2).
#[expect(clippy::approx_constant, reason = "a level that happens to look like a circle's number")]
const LARGEST_DBM0: f64 = 3.14;
/// The level of a signal of one frequency, dBm0; of two, each is 3 dB softer.
const LEVEL_DBM0: f64 = -10.0;
/// How long a sound takes to begin and to end, seconds.
const RAMP: f64 = 0.005;
/// The most periods that one prompt holds, so that it is a whole number of packets of 20 ms.
const MOST_PERIODS: usize = 8;

/// Whose network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Country {
    /// Russia and its neighbours.
    Russia,
    /// As CEPT recommends for Europe.
    Europe,
    /// Germany.
    Germany,
    /// France.
    France,
    /// The United Kingdom.
    UnitedKingdom,
    /// The United States and Canada.
    UnitedStates,
}

/// What is signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// The other telephone rings.
    Ringing,
    /// The other is busy.
    Busy,
    /// The network has no way.
    Congestion,
    /// Speak now: once.
    Record,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 4] = [Self::Ringing, Self::Busy, Self::Congestion, Self::Record];

    /// The prompt that it is.
    #[must_use]
    pub fn prompt(self) -> PromptId {
        PromptId::new(match self {
            Self::Ringing => "common/ringback",
            Self::Busy => "common/busy",
            Self::Congestion => "common/congestion",
            Self::Record => "common/beep",
        })
    }
}

/// Milliseconds of sound and of the silence after it, one pair after the other.
type Cadence = &'static [(u32, u32)];

/// The frequencies in Hz, and when they are heard.
const fn described(country: Country, signal: Signal) -> (&'static [f64], Cadence) {
    match (country, signal) {
        // The tone of a recording (E.180 §4.7), once.
        (_, Signal::Record) => (&[1_400.0], &[(400, 0)]),
        (Country::Russia, Signal::Ringing) => (&[425.0], &[(800, 3_200)]),
        (Country::Russia, Signal::Busy) => (&[425.0], &[(350, 350)]),
        (Country::Russia, Signal::Congestion) => (&[425.0], &[(175, 175)]),
        (Country::Europe | Country::Germany, Signal::Ringing) => (&[425.0], &[(1_000, 4_000)]),
        (Country::Europe, Signal::Busy) => (&[425.0], &[(500, 500)]),
        (Country::Europe, Signal::Congestion) => (&[425.0], &[(250, 250)]),
        (Country::Germany, Signal::Busy) => (&[425.0], &[(480, 480)]),
        (Country::Germany, Signal::Congestion) => (&[425.0], &[(240, 240)]),
        (Country::France, Signal::Ringing) => (&[440.0], &[(1_500, 3_500)]),
        (Country::France, Signal::Busy) => (&[440.0], &[(500, 500)]),
        (Country::France, Signal::Congestion) => (&[440.0], &[(250, 250)]),
        (Country::UnitedKingdom, Signal::Ringing) => (&[400.0, 450.0], &[(400, 200), (400, 2_000)]),
        (Country::UnitedKingdom, Signal::Busy) => (&[400.0], &[(375, 375)]),
        (Country::UnitedKingdom, Signal::Congestion) => (&[400.0], &[(400, 350), (225, 525)]),
        (Country::UnitedStates, Signal::Ringing) => (&[440.0, 480.0], &[(2_000, 4_000)]),
        (Country::UnitedStates, Signal::Busy) => (&[480.0, 620.0], &[(500, 500)]),
        (Country::UnitedStates, Signal::Congestion) => (&[480.0, 620.0], &[(250, 250)]),
    }
}

/// The signals of a country as prompts, in every codec.
#[must_use]
pub fn prompts(country: Country) -> Vec<(PromptId, EncodedPrompt)> {
    let one = |signal: Signal| {
        let mut prompt = EncodedPrompt::encode(&samples(country, signal, 8_000));
        let wide_band = samples(country, signal, 16_000);
        prompt.set_wide(WidePrompt::G722(wide::g722(&wide_band)));
        if let Some(clip) = wide::opus(&wide_band) {
            prompt.set_wide(WidePrompt::Opus(clip));
        }
        (signal.prompt(), prompt)
    };
    Signal::ALL.into_iter().map(one).collect()
}

/// The samples of a signal at a rate in Hz: as many periods as make whole packets.
#[must_use]
pub fn samples(country: Country, signal: Signal, rate: u32) -> Vec<i16> {
    let (frequencies, cadence) = described(country, signal);
    let rate = f64::from(rate);
    let each = if frequencies.len() > 1 { LEVEL_DBM0 - 3.0 } else { LEVEL_DBM0 };
    let amplitude = 32_768.0 * 10_f64.powf((each - LARGEST_DBM0) / 20.0);
    let mut period = Vec::new();
    for &(sound, silence) in cadence {
        let (sound, silence) = (f64::from(sound) / 1_000.0, f64::from(silence) / 1_000.0);
        let mut at = 0.0;
        while at / rate < sound - 1e-9 {
            let time = at / rate;
            let sum: f64 = frequencies.iter().map(|hertz| (TAU * hertz * time).sin()).sum();
            period.push(rounded(amplitude * ramp(time, sound) * sum));
            at += 1.0;
        }
        let mut at = 0.0;
        while at / rate < silence - 1e-9 {
            period.push(0);
            at += 1.0;
        }
    }
    let packet = FRAME_SAMPLES * if rate > 8_000.0 { 2 } else { 1 };
    let periods = (1..=MOST_PERIODS).find(|count| (period.len() * count).is_multiple_of(packet)).unwrap_or(1);
    period.repeat(periods)
}

/// How much of a sound is heard at a time: a raised cosine up and down.
fn ramp(time: f64, length: f64) -> f64 {
    let edge = time.min(length - time);
    if edge >= RAMP { 1.0 } else { 0.5 - 0.5 * (PI * edge / RAMP).cos() }
}

#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, and signals are soft")]
fn rounded(sample: f64) -> i16 {
    sample.round_ties_even() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::{Codec, Decoder, Rate, g711};

    /// The level of one frequency in dBm0, by Goertzel.
    #[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
    fn level(samples: &[i16], rate: f64, hertz: f64) -> f64 {
        let coefficient = 2.0 * (TAU * hertz / rate).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for sample in samples {
            (one, two) = (f64::from(*sample) + coefficient * one - two, one);
        }
        let power = one * one + two * two - coefficient * one * two;
        let amplitude = 2.0 * power.max(1e-9).sqrt() / samples.len() as f64;
        20.0 * (amplitude / 32_768.0).log10() + LARGEST_DBM0
    }

    /// Lengths of sound and silence in milliseconds, to 10 ms.
    fn cadence(samples: &[i16], rate: usize) -> Vec<(bool, usize)> {
        let mut runs: Vec<(bool, usize)> = Vec::new();
        for block in samples.chunks(rate / 200) {
            let loud = block.iter().any(|sample| sample.unsigned_abs() > 600);
            match runs.last_mut() {
                Some((kind, length)) if *kind == loud => *length += 5,
                _ => runs.push((loud, 5)),
            }
        }
        runs
    }

    fn pcma(prompt: &EncodedPrompt) -> Vec<i16> {
        prompt.octets(Codec::Pcma).iter().map(|&octet| g711::decode(Codec::Pcma, octet)).collect()
    }

    fn of(country: Country, signal: Signal) -> EncodedPrompt {
        prompts(country).into_iter().find(|(id, _)| *id == signal.prompt()).expect("a signal").1
    }

    #[test]
    fn each_country_hears_its_frequencies_at_their_level_and_its_cadence() {
        use Country::{Europe, France, Germany, Russia, UnitedKingdom, UnitedStates};
        use Signal::{Busy, Congestion, Record, Ringing};
        for (country, signal, frequencies, expected) in [
            (Russia, Ringing, &[425.0][..], &[800, 3_200][..]),
            (Russia, Busy, &[425.0], &[350, 350]),
            (Russia, Congestion, &[425.0], &[175, 175]),
            (Europe, Ringing, &[425.0], &[1_000, 4_000]),
            (Europe, Busy, &[425.0], &[500, 500]),
            (Europe, Congestion, &[425.0], &[250, 250]),
            (Germany, Ringing, &[425.0], &[1_000, 4_000]),
            (Germany, Busy, &[425.0], &[480, 480]),
            (Germany, Congestion, &[425.0], &[240, 240]),
            (France, Ringing, &[440.0], &[1_500, 3_500]),
            (France, Busy, &[440.0], &[500, 500]),
            (France, Congestion, &[440.0], &[250, 250]),
            (UnitedKingdom, Ringing, &[400.0, 450.0], &[400, 200, 400, 2_000]),
            (UnitedKingdom, Busy, &[400.0], &[375, 375]),
            (UnitedKingdom, Congestion, &[400.0], &[400, 350, 225, 525]),
            (UnitedStates, Ringing, &[440.0, 480.0], &[2_000, 4_000]),
            (UnitedStates, Busy, &[480.0, 620.0], &[500, 500]),
            (UnitedStates, Congestion, &[480.0, 620.0], &[250, 250]),
            (Russia, Record, &[1_400.0], &[400]),
        ] {
            let what = format!("{country:?} {signal:?}");
            let heard = pcma(&of(country, signal));
            let steady = &heard[80..80 + 1_200];
            let wanted = if frequencies.len() > 1 { -13.0 } else { -10.0 };
            for &hertz in frequencies {
                let level = level(steady, 8_000.0, hertz);
                assert!((level - wanted).abs() < 0.5, "{what}: {hertz} Hz at {level:.1} dBm0");
            }
            let elsewhere = level(steady, 8_000.0, 1_000.0);
            assert!(elsewhere < -35.0, "{what}: {elsewhere:.1} dBm0 at 1000 Hz");
            let runs = cadence(&heard, 8_000);
            for ((loud, length), (at, expected)) in runs.iter().zip(expected.iter().enumerate()) {
                assert_eq!(*loud, at % 2 == 0, "{what}: {runs:?}");
                assert!(length.abs_diff(*expected) <= 10, "{what}: {runs:?}");
            }
        }
    }

    #[test]
    fn every_signal_is_whole_packets_and_begins_and_ends_softly() {
        let countries = [
            Country::Russia,
            Country::Europe,
            Country::Germany,
            Country::France,
            Country::UnitedKingdom,
            Country::UnitedStates,
        ];
        for country in countries {
            for signal in Signal::ALL {
                for rate in [8_000, 16_000] {
                    let made = samples(country, signal, rate);
                    let packet = rate as usize / 50;
                    assert!(made.len().is_multiple_of(packet), "{country:?} {signal:?}: {}", made.len());
                    let edges = [&made[..rate as usize / 1_000], &made[made.len() - rate as usize / 1_000..]];
                    assert!(edges.concat().iter().all(|sample| sample.unsigned_abs() < 1_000));
                }
            }
        }
    }

    #[test]
    fn wide_band_telephones_hear_the_same_tone() {
        let ringing = of(Country::Europe, Signal::Ringing);
        let mut samples = Vec::new();
        Decoder::new(Codec::G722, Rate::Wide).decode(&ringing.octets(Codec::G722)[..800], &mut samples);
        let g722 = level(&samples[320..1_280], 16_000.0, 425.0);
        assert!((g722 + 10.0).abs() < 1.0, "G.722: {g722:.1} dBm0");
        let mut decoder = Decoder::new(Codec::Opus, Rate::Wide);
        let mut samples = Vec::new();
        for packet in 0..10 {
            decoder.decode(ringing.opus_packet(packet * FRAME_SAMPLES).expect("a packet"), &mut samples);
        }
        let opus = level(&samples[1_280..2_560], 16_000.0, 425.0);
        assert!((opus + 10.0).abs() < 2.0, "Opus: {opus:.1} dBm0");
    }
}
