//! Mastering: a take of any format becomes a recording that fits beside all others.
//!
//! ```text
//! decode ──▶ clipped? silent? refused ──▶ 16 kHz (rubato) ──▶ 120–7,000 Hz ──▶ silence cut to 10 ms / 20 ms, edges
//! faded ──▶ active level −22 dBov (P.56) ──▶ peaks held under −3 dB ──▶ 16-bit WAV
//! ```

use super::decode::{DecodeError, Sound};
use super::filter::Biquad;
use super::measure::{active_level, figures, heard, measure};
use super::narrow::{RateError, widen};
use crate::ivr::speech::Variant;
use crate::ivr::speech::quality::{CEILING, Decibels, Fault, Figures, TARGET};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The rate of masters, Hz.
pub const MASTER_RATE: u32 = 16_000;
/// The band that is kept, Hz.
const BAND: (f64, f64) = (120.0, 7_000.0);
/// What is more than this under the level is silence, decibels …
const SILENT_UNDER: f64 = 33.0;
/// … unless the noise of the room is louder; then what is this much above the noise is heard …
const ABOVE_NOISE: f64 = 6.0;
/// … but nothing that is less than this under the level is ever cut.
const ALWAYS_HEARD: f64 = 20.0;
/// Of the take, so much is kept before the first and after the last frame that is heard.
const KEPT: (usize, usize) = (ms(10), ms(15));
/// Fades at the ends of what is kept.
const FADES: (usize, usize) = (ms(5), ms(12));
/// Silence in front and behind.
const SILENCE: (usize, usize) = (ms(10), ms(20));
/// A peak is turned down together with so much before and after it.
const LOOK_AHEAD: usize = ms(5);
/// A take quieter than this is refused: its noise would be raised with it.
const FAINT: Decibels = Decibels(-500);
/// Rounds in which the level is set after the peaks were held.
const ROUNDS: usize = 4;

const fn ms(milliseconds: usize) -> usize {
    milliseconds * 16
}

/// A recording ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Mastered {
    /// 16 kHz, one channel.
    pub samples: Vec<i16>,
    /// What it measures now.
    pub figures: Figures,
    /// What mastering cannot mend and somebody should hear: a long pause, a narrow band.
    pub remarks: Vec<Fault>,
}

/// Why a take is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterError {
    /// It cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its rate cannot be converted.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// Full scale was exceeded.
    #[error("is clipped at {:.2} s; record it again with less gain", .0.as_secs_f64())]
    Clipped(Duration),
    /// Nothing is heard.
    #[error("is silent; was the microphone on?")]
    Silent,
    /// It is so quiet that its noise would be heard.
    #[error("is too quiet at {0} dBov: its noise would be raised with it; record it again nearer to the microphone")]
    Faint(Decibels),
}

/// Masters a take. Tones and music keep their silence and their ends, where a loop begins anew.
///
/// # Errors
/// When no mastering can make a good recording of it.
pub fn master(bytes: Vec<u8>, extension: &str, variant: Variant) -> Result<Mastered, MasterError> {
    let (take, raw) = measure(bytes, extension)?;
    if let Some(at) = raw.clipped {
        return Err(MasterError::Clipped(at));
    }
    if raw.level <= Decibels(-700) {
        return Err(MasterError::Silent);
    }
    if raw.level < FAINT {
        return Err(MasterError::Faint(raw.level));
    }
    let narrow = (raw.rate < MASTER_RATE).then_some(Fault::Rate(raw.rate));
    let mut sound = limit_band(take)?;
    let speech = variant != Variant::Sound;
    if speech {
        trim(&mut sound);
    }
    if active_level(&sound) <= 1e-7 {
        return Err(MasterError::Silent);
    }
    set_level(&mut sound);
    if speech {
        pad(&mut sound);
    }
    let samples = quantise(&sound.samples);
    let figures = figures(&Sound { rate: MASTER_RATE, samples: dequantise(&samples) }, 1, None);
    let left = figures.faults(variant);
    Ok(Mastered { samples, figures, remarks: narrow.into_iter().chain(left).collect() })
}

/// Writes a mastered recording as WAV.
pub fn write_wav(file: &Path, samples: &[i16]) -> io::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: MASTER_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).map_err(io::Error::other)?;
    samples.iter().try_for_each(|sample| writer.write_sample(*sample)).map_err(io::Error::other)?;
    writer.finalize().map_err(io::Error::other)
}

/// 16 kHz without DC, rumble, and what speech has not.
fn limit_band(mut take: Sound) -> Result<Sound, RateError> {
    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    let count = take.samples.len().max(1) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    let dc = (take.samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / count) as f32;
    take.samples.iter_mut().for_each(|sample| *sample -= dc);
    let mut samples = if take.rate == MASTER_RATE { take.samples } else { widen(&take)? };
    let rate = f64::from(MASTER_RATE);
    Biquad::high_pass(BAND.0, rate).run(&mut samples);
    Biquad::low_pass(BAND.1, rate).run(&mut samples);
    Ok(Sound { rate: MASTER_RATE, samples })
}

/// Cuts the silence at both ends and fades the edges.
fn trim(sound: &mut Sound) {
    let under = |decibels: f64| 10_f64.powf(-decibels / 10.0);
    let level = active_level(sound);
    let noise = noise(sound) / under(ABOVE_NOISE);
    let threshold = (level * under(SILENT_UNDER)).max(noise).min(level * under(ALWAYS_HEARD));
    let heard = heard(sound, threshold);
    let Some(first) = heard.iter().position(|heard| *heard) else { return };
    let last = heard.iter().rposition(|heard| *heard).unwrap_or(first);
    let frame = ms(5);
    let start = (first * frame).saturating_sub(KEPT.0);
    let end = ((last + 1) * frame + KEPT.1).min(sound.samples.len());
    sound.samples.truncate(end);
    sound.samples.drain(..start);
    fade(sound.samples.iter_mut().take(FADES.0), FADES.0);
    fade(sound.samples.iter_mut().rev().take(FADES.1), FADES.1);
}

/// The power that a tenth of the frames of 5 ms stay under: the noise between words.
fn noise(sound: &Sound) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "80 samples")]
    let power = |frame: &[f32]| frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / frame.len() as f64;
    let mut powers: Vec<f64> = sound.samples.chunks_exact(ms(5)).map(power).collect();
    powers.sort_by(f64::total_cmp);
    powers.get(powers.len() / 10).copied().unwrap_or(0.0)
}

fn fade<'s>(samples: impl Iterator<Item = &'s mut f32>, length: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
    for (at, sample) in samples.enumerate() {
        *sample *= at as f32 / length as f32;
    }
}

/// Brings the active level to the target with the peaks held.
fn set_level(sound: &mut Sound) {
    let take = sound.samples.clone();
    let mut gain = 1.0;
    for _ in 0..ROUNDS {
        let level = Decibels::of_power(active_level(sound)).value();
        gain *= 10_f64.powf((TARGET.value() - level) / 20.0);
        #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
        let factor = gain as f32;
        sound.samples = take.iter().map(|sample| sample * factor).collect();
        hold_peaks(&mut sound.samples);
    }
}

/// A limiter that sees peaks coming: each sample is turned down by what the loudest within [`LOOK_AHEAD`] needs,
/// smoothed over the same time, so that no peak exceeds the ceiling and no step is heard.
fn hold_peaks(samples: &mut [f32]) {
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    let ceiling = 10_f64.powf((CEILING.value() - 0.1) / 20.0) as f32;
    let needed: Vec<f32> = samples.iter().map(|sample| (ceiling / sample.abs().max(1e-9)).min(1.0)).collect();
    if needed.iter().all(|gain| *gain >= 1.0) {
        return;
    }
    let window = |at: usize| at.saturating_sub(LOOK_AHEAD)..(at + LOOK_AHEAD + 1).min(samples.len());
    let least: Vec<f32> = (0..samples.len()).map(|at| needed[window(at)].iter().copied().fold(1.0, f32::min)).collect();
    #[expect(clippy::cast_precision_loss, reason = "the length of a window")]
    let smooth: Vec<f32> =
        (0..samples.len()).map(|at| least[window(at)].iter().sum::<f32>() / window(at).len() as f32).collect();
    for (sample, gain) in samples.iter_mut().zip(smooth) {
        *sample *= gain;
    }
}

fn pad(sound: &mut Sound) {
    let mut samples = vec![0.0; SILENCE.0];
    samples.append(&mut sound.samples);
    samples.resize(samples.len() + SILENCE.1, 0.0);
    sound.samples = samples;
}

fn quantise(samples: &[f32]) -> Vec<i16> {
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    samples.iter().map(|sample| (sample * 32_768.0).round_ties_even() as i16).collect()
}

fn dequantise(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}
