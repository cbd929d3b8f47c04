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

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;
    use std::io::Cursor;

    /// A take made of stretches of a tone: seconds and level under full scale in decibels, `None` for silence.
    struct Studio {
        rate: u32,
        channels: u16,
        hertz: f64,
    }

    const STUDIO: Studio = Studio { rate: 48_000, channels: 2, hertz: 440.0 };

    impl Studio {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "samples of a short take")]
        fn take(&self, stretches: &[(f64, Option<f64>)], more: impl Fn(f64) -> f64) -> Vec<u8> {
            let spec = hound::WavSpec {
                channels: self.channels,
                sample_rate: self.rate,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut bytes = Cursor::new(Vec::new());
            let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("created");
            let mut at = 0_u32;
            for (seconds, level) in stretches {
                let amplitude = level.map_or(0.0, |level| 10_f64.powf(level / 20.0));
                for _ in 0..(seconds * f64::from(self.rate)) as u32 {
                    let time = f64::from(at) / f64::from(self.rate);
                    let sample = amplitude * (TAU * self.hertz * time).sin() + more(time);
                    for _ in 0..self.channels {
                        writer.write_sample((sample * 32_767.0).clamp(-32_768.0, 32_767.0) as i16).expect("written");
                    }
                    at += 1;
                }
            }
            writer.finalize().expect("finished");
            bytes.into_inner()
        }
    }

    fn mastered(take: Vec<u8>) -> Mastered {
        master(take, "wav", Variant::Fin).expect("a good take")
    }

    #[test]
    fn a_take_of_any_rate_and_level_leaves_at_the_same_level_with_its_silence_cut() {
        for (rate, channels) in [(8_000, 1), (16_000, 1), (22_050, 2), (44_100, 1), (48_000, 2), (96_000, 1)] {
            for level in [-35.0, -20.0, -6.0] {
                let studio = Studio { rate, channels, hertz: 440.0 };
                let silence = (0.3, None);
                let made = mastered(studio.take(&[silence, (0.6, Some(level)), silence], |_| 0.0));
                let figures = made.figures;
                assert!((figures.level.0 - TARGET.0).abs() <= 5, "{rate} Hz {level} dB: {figures:?}");
                assert!(figures.peak <= CEILING, "{figures:?}");
                assert!(figures.lead <= Duration::from_millis(25), "{figures:?}");
                assert!(figures.trail <= Duration::from_millis(40), "{figures:?}");
                let around = figures.length.abs_diff(Duration::from_millis(655));
                assert!(around <= Duration::from_millis(10), "{rate} Hz: {figures:?}");
                assert_eq!((figures.rate, figures.channels), (16_000, 1));
                assert_eq!(made.samples[..80], [0; 80], "silence in front");
                let expected: &[Fault] = if rate < 16_000 { &[Fault::Rate(8_000)] } else { &[] };
                assert_eq!(made.remarks, expected, "{rate} Hz");
            }
        }
    }

    #[test]
    fn a_soft_beginning_is_kept_and_the_noise_of_the_room_is_not() {
        let soft = [(0.3, None), (0.08, Some(-38.0)), (0.5, Some(-12.0)), (0.3, None)];
        let made = mastered(STUDIO.take(&soft, |_| 0.0));
        assert!(made.figures.length >= Duration::from_millis(600), "{:?}", made.figures);
        // A hiss 30 dB under the voice, which would be heard as 0.6 s of sound otherwise.
        let noise = |time: f64| 0.006 * (TAU * 2_300.0 * time).sin();
        let made = mastered(STUDIO.take(&[(0.3, None), (0.5, Some(-12.0)), (0.3, None)], noise));
        assert!(made.figures.length <= Duration::from_millis(600), "{:?}", made.figures);
    }

    #[test]
    fn direct_current_rumble_and_what_is_above_speech_are_taken_out() {
        let dirt = |time: f64| 0.05 + 0.2 * (TAU * 25.0 * time).sin();
        let made = mastered(STUDIO.take(&[(0.2, Some(-20.0)), (0.6, Some(-20.0))], dirt));
        let mean = made.samples.iter().map(|sample| i64::from(*sample)).sum::<i64>() / 12_000;
        assert!(mean.abs() < 40, "{mean}");
        let high = Studio { hertz: 12_000.0, ..STUDIO };
        let refused = master(high.take(&[(0.5, Some(-30.0))], |_| 0.0), "wav", Variant::Fin);
        assert!(refused.is_err(), "nothing of it is left: {refused:?}");
    }

    #[test]
    fn peaks_are_held_and_the_level_is_reached_all_the_same() {
        // One loud word among soft ones.
        let words = [(0.6, Some(-30.0)), (0.02, Some(-1.0)), (0.6, Some(-30.0))];
        let figures = mastered(STUDIO.take(&words, |_| 0.0)).figures;
        assert!(figures.peak <= CEILING && (figures.level.0 - TARGET.0).abs() <= 10, "{figures:?}");
    }

    #[test]
    fn what_cannot_be_mended_is_refused_with_its_place() {
        let refused = |take: Vec<u8>| master(take, "wav", Variant::Fin).expect_err("refused");
        let clipped = STUDIO.take(&[(0.5, Some(-20.0)), (0.5, Some(6.0))], |_| 0.0);
        let MasterError::Clipped(at) = refused(clipped) else { panic!("clipped") };
        assert!(at.abs_diff(Duration::from_millis(500)) <= Duration::from_millis(3), "{at:?}");
        assert_eq!(refused(STUDIO.take(&[(0.5, None)], |_| 0.0)), MasterError::Silent);
        assert!(matches!(refused(STUDIO.take(&[(0.5, Some(-60.0))], |_| 0.0)), MasterError::Faint(_)));
        assert!(matches!(refused(b"RIFF and nothing".to_vec()), MasterError::Decode(_)));
        assert!(refused(STUDIO.take(&[(0.5, Some(3.0))], |_| 0.0)).to_string().contains("clipped at 0.00 s"));
    }

    #[test]
    fn a_long_pause_is_told_and_music_keeps_its_ends() {
        let words = [(0.5, Some(-20.0)), (1.4, None), (0.5, Some(-20.0))];
        let made = mastered(STUDIO.take(&words, |_| 0.0));
        assert!(matches!(made.remarks[..], [Fault::Pause { .. }]), "{:?}", made.remarks);
        let ringback = STUDIO.take(&[(1.0, Some(-20.0)), (4.0, None)], |_| 0.0);
        let music = master(ringback, "wav", Variant::Sound).expect("music");
        assert!(music.figures.length.abs_diff(Duration::from_secs(5)) < Duration::from_millis(2));
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was_measured() {
        let made = mastered(STUDIO.take(&[(0.4, Some(-15.0))], |_| 0.0));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.wav");
        write_wav(&file, &made.samples).expect("written");
        let (_, figures) = measure(std::fs::read(&file).expect("read"), "wav").expect("decoded");
        assert_eq!(figures, made.figures);
    }
}
