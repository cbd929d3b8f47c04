//! The figures of a recording: level, peak, clipping, silence.
//!
//! The level is that of ITU-T P.56 in short: the mean power of the frames of 10 ms that lie less than 15.9 dB under
//! that same mean, so that pauses do not count.

use super::decode::{DecodeError, Sound, decode_blocks};
use crate::ivr::speech::quality::{Decibels, Figures};
use std::time::Duration;

/// Frames less than this under the level are active (P.56, the margin of method B), decibels.
const MARGIN: f64 = 15.9;
/// Frames more than this under the level are silent, decibels.
const SILENT_UNDER: f64 = 38.0;
/// Frames a second: of the level, and of silence.
const LEVEL_FRAMES: u32 = 100;
const SILENCE_FRAMES: u32 = 200;
/// From here on a sample is at full scale.
const FULL_SCALE: f32 = 0.998;
/// So many samples at full scale beside each other are clipped; one or two may be a peak that just fits.
const CLIPPED_RUN: u32 = 3;

/// Decodes a recording and measures it, as it is in the file.
pub fn measure(bytes: Vec<u8>, extension: &str) -> Result<(Sound, Figures), DecodeError> {
    let mut clipping = Clipping::default();
    let mut channels = 1;
    let sound = decode_blocks(bytes, extension, |block, width| {
        channels = width;
        clipping.look(block, width);
    })?;
    let clipped = clipping.at.map(|frame| frames(frame, sound.rate));
    let figures = figures(&sound, u16::try_from(channels).unwrap_or(u16::MAX), clipped);
    Ok((sound, figures))
}

/// The figures of a sound that is decoded.
pub(super) fn figures(sound: &Sound, channels: u16, clipped: Option<Duration>) -> Figures {
    let level = active_level(sound);
    let silences = Silences::of(sound, level);
    let peak = sound.samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    Figures {
        rate: sound.rate,
        channels,
        length: frames(sound.samples.len(), sound.rate),
        level: Decibels::of_power(level),
        peak: Decibels::of_power(f64::from(peak).powi(2)),
        clipped,
        lead: silences.lead,
        trail: silences.trail,
        pause: silences.pause,
        pause_at: silences.pause_at,
    }
}

/// The power while something is heard; 0 for silence.
pub(super) fn active_level(sound: &Sound) -> f64 {
    let powers = powers(sound, LEVEL_FRAMES);
    let margin = 10_f64.powf(-MARGIN / 10.0);
    let mut level = mean(powers.iter().copied());
    // Each round leaves out frames only, so that the level rises until it stays.
    for _ in 0..powers.len() {
        let next = mean(powers.iter().copied().filter(|power| *power > level * margin));
        if next <= level {
            break;
        }
        level = next;
    }
    level
}

#[expect(clippy::cast_precision_loss, reason = "a count of frames")]
fn mean(powers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = powers.fold((0.0, 0_usize), |(sum, count), power| (sum + power, count + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// The power of each frame; the last, shorter one counts if it is at least half of one. The mean of the whole (DC) is
/// no sound.
#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn powers(sound: &Sound, per_second: u32) -> Vec<f64> {
    let samples = &sound.samples;
    let size = (sound.rate / per_second).max(1) as usize;
    let dc = samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / samples.len().max(1) as f64;
    let whole = samples.chunks(size).filter(|frame| frame.len() * 2 >= size || samples.len() < size);
    let power =
        |frame: &[f32]| frame.iter().map(|sample| (f64::from(*sample) - dc).powi(2)).sum::<f64>() / frame.len() as f64;
    whole.map(power).collect()
}

/// Where a sound is silent.
#[derive(Default)]
struct Silences {
    lead: Duration,
    trail: Duration,
    pause: Duration,
    pause_at: Duration,
}

impl Silences {
    fn of(sound: &Sound, level: f64) -> Self {
        let heard = heard(sound, level * 10_f64.powf(-SILENT_UNDER / 10.0));
        let time = |count: usize| frames(count, SILENCE_FRAMES);
        let Some(first) = heard.iter().position(|heard| *heard) else { return Self::default() };
        let last = heard.iter().rposition(|heard| *heard).unwrap_or(first);
        let mut silences = Self { lead: time(first), trail: time(heard.len() - 1 - last), ..Self::default() };
        let mut silent_from = first;
        for (at, heard) in heard.iter().enumerate().take(last + 1).skip(first) {
            if *heard {
                let pause = time(at - silent_from);
                if pause > silences.pause {
                    (silences.pause, silences.pause_at) = (pause, time(silent_from));
                }
                silent_from = at + 1;
            }
        }
        silences
    }
}

/// Whether each frame of 5 ms is above a power. A single one between silent ones is a click and not heard.
pub(super) fn heard(sound: &Sound, above: f64) -> Vec<bool> {
    let loud: Vec<bool> = powers(sound, SILENCE_FRAMES).into_iter().map(|power| power > above).collect();
    let at = |index: Option<usize>| index.and_then(|index| loud.get(index)).copied().unwrap_or(false);
    let beside = |index: usize| at(index.checked_sub(1)) || at(index.checked_add(1)) || loud.len() == 1;
    (0..loud.len()).map(|index| at(Some(index)) && beside(index)).collect()
}

/// The time that so many frames take.
fn frames(count: usize, per_second: u32) -> Duration {
    let milliseconds = (count as u64).saturating_mul(1_000) / u64::from(per_second.max(1));
    Duration::from_millis(milliseconds)
}

/// Looks for samples at full scale beside each other, in each channel by itself.
#[derive(Default)]
struct Clipping {
    runs: Vec<u32>,
    frame: usize,
    /// The first frame that is clipped.
    at: Option<usize>,
}

impl Clipping {
    fn look(&mut self, interleaved: &[f32], channels: usize) {
        self.runs.resize(channels.max(1), 0);
        for frame in interleaved.chunks(channels.max(1)) {
            for (run, sample) in self.runs.iter_mut().zip(frame) {
                *run = if sample.abs() >= FULL_SCALE { *run + 1 } else { 0 };
                if *run >= CLIPPED_RUN && self.at.is_none() {
                    self.at = Some(self.frame.saturating_sub(CLIPPED_RUN as usize - 1));
                }
            }
            self.frame += 1;
        }
    }
}
