//! Sound of any rate becomes the 8 kHz of G.711.
//!
//! A recording of another rate is brought to 16 kHz by `rubato`; the last step from 16 to 8 kHz is one fixed
//! low-pass that throws away every second sample, because nearly all prompts are 16 kHz and there are thousands of
//! them to make ready within a second.
//!
//! ```text
//! any rate ──rubato──▶ 16 kHz ──low-pass 3,400 Hz, every 2nd sample──▶ 8 kHz ──▶ 16-bit
//! ```

use super::decode::Sound;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::sync::OnceLock;

/// The rate of G.711, Hz.
pub const NARROW: u32 = 8_000;
/// The rate the low-pass works at, Hz.
const WIDE: u32 = 16_000;
/// The rate of masters, Hz.
pub(super) const MASTER_RATE_HZ: u32 = WIDE;

/// Half of the low-pass: with [`TAPS`] 79 and a Kaiser window of 50 dB the pass band ends at 3,400 Hz and the stop
/// band begins at 4,000 Hz, so nothing folds back into what is heard.
const HALF: usize = 39;
const TAPS: usize = 2 * HALF + 1;
/// Taps at even distance from the centre, the centre included: they meet even samples.
const EVEN: usize = HALF; // 39: −38, −36 … 38
/// Taps at odd distance from the centre: they meet odd samples.
const ODD: usize = HALF + 1; // 40: −39, −37 … 39
/// Output samples worked on at once, so that the sums stay in the nearest cache.
const BLOCK: usize = 1_024;

/// Why a sound cannot be brought to 8 kHz.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its sampling rate of {rate} Hz cannot be converted: {reason}")]
pub struct RateError {
    rate: u32,
    reason: String,
}

/// Brings a sound to 8 kHz and 16 bits. Silence stays silence, and the length stays to within a sample.
pub fn narrow(sound: &Sound) -> Result<Vec<i16>, RateError> {
    Ok(match sound.rate {
        NARROW => quantise(&sound.samples),
        WIDE => quantise(&halve(&sound.samples)),
        _ => quantise(&halve(&widen(sound)?)),
    })
}

/// The samples at the rate of masters, 16 kHz.
pub fn to_master_rate(sound: Sound) -> Result<Vec<f32>, RateError> {
    if sound.rate == WIDE { Ok(sound.samples) } else { widen(&sound) }
}

/// Any rate to 16 kHz.
pub(super) fn widen(sound: &Sound) -> Result<Vec<f32>, RateError> {
    let failed = |reason: String| RateError { rate: sound.rate, reason };
    if !(4_000..=384_000).contains(&sound.rate) {
        return Err(failed("outside 4–384 kHz".to_owned()));
    }
    let mut resampler = Fft::<f32>::new(sound.rate as usize, WIDE as usize, BLOCK, 1, FixedSync::Both)
        .map_err(|error| failed(error.to_string()))?;
    let input =
        InterleavedSlice::new(&sound.samples, 1, sound.samples.len()).map_err(|error| failed(error.to_string()))?;
    let output = resampler.process_all(&input, sound.samples.len(), None).map_err(|error| failed(error.to_string()))?;
    Ok(output.take_data())
}

/// 16 kHz to 8 kHz: `output[n] = Σ tap[k] · input[2n + k]`, split into even and odd samples so that each tap is one
/// pass over neighbours, which the compiler turns into vector instructions.
fn halve(input: &[f32]) -> Vec<f32> {
    let taps = low_pass();
    let length = input.len().div_ceil(2);
    // even[i] = input[2(i − 19)], odd[i] = input[2(i − 20) + 1], zero outside the recording.
    let mut even = vec![0.0; length + EVEN - 1];
    let mut odd = vec![0.0; length + ODD - 1];
    for (to, pair) in input.chunks(2).enumerate() {
        even[to + EVEN / 2] = pair[0];
        if let Some(sample) = pair.get(1) {
            odd[to + ODD / 2] = *sample;
        }
    }
    let mut output = vec![0.0; length];
    for (index, block) in output.chunks_mut(BLOCK).enumerate() {
        let start = index * BLOCK;
        accumulate(block, &even[start..], &taps.even);
        accumulate(block, &odd[start..], &taps.odd);
    }
    output
}

/// Adds `Σ taps[k] · input[n + k]` to every `output[n]`; the taps are the same from both ends.
fn accumulate(output: &mut [f32], input: &[f32], taps: &[f32]) {
    let length = output.len();
    let last = taps.len() - 1;
    for (k, tap) in taps.iter().enumerate().take(taps.len() / 2) {
        let (left, right) = (&input[k..k + length], &input[last - k..last - k + length]);
        for ((sum, left), right) in output.iter_mut().zip(left).zip(right) {
            *sum += tap * (left + right);
        }
    }
    if taps.len() % 2 == 1 {
        let middle = taps.len() / 2;
        for (sum, sample) in output.iter_mut().zip(&input[middle..middle + length]) {
            *sum += taps[middle] * sample;
        }
    }
}

/// The taps of the low-pass, by the parity of their distance from the centre.
struct LowPass {
    even: [f32; EVEN],
    odd: [f32; ODD],
}

fn low_pass() -> &'static LowPass {
    static TAPS_READY: OnceLock<LowPass> = OnceLock::new();
    TAPS_READY.get_or_init(|| {
        let taps = kaiser_sinc();
        let mut ready = LowPass { even: [0.0; EVEN], odd: [0.0; ODD] };
        for (index, tap) in taps.iter().enumerate() {
            // Index 0 is distance −39, an odd one.
            if index % 2 == 0 { ready.odd[index / 2] = *tap } else { ready.even[index / 2] = *tap }
        }
        ready
    })
}

/// A sinc cut at the middle of 3,400 and 4,000 Hz under a Kaiser window (Kaiser 1974: β for 50 dB), sum 1.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "79 taps, in f32 as the samples")]
fn kaiser_sinc() -> [f32; TAPS] {
    use std::f64::consts::PI;
    const CUT: f64 = 3_700.0 / WIDE as f64;
    const BETA: f64 = 4.53;
    let mut taps = [0.0_f64; TAPS];
    for (index, tap) in taps.iter_mut().enumerate() {
        let distance = index as f64 - HALF as f64;
        let sinc = if index == HALF { 2.0 * CUT } else { (2.0 * PI * CUT * distance).sin() / (PI * distance) };
        let edge = distance / (HALF as f64 + 1.0);
        *tap = sinc * bessel_i0(BETA * (1.0 - edge * edge).sqrt()) / bessel_i0(BETA);
    }
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

/// The modified Bessel function of the first kind, order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

/// Rounds to 16 bits; what is louder than full scale is cut off there.
pub(super) fn quantise(samples: &[f32]) -> Vec<i16> {
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, which is what is wanted")]
    samples.iter().map(|sample| (sample * 32_768.0).round_ties_even() as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of half the full scale, a second long.
    #[expect(clippy::cast_precision_loss, reason = "sample numbers of one second")]
    fn tone(rate: u32, hertz: f32) -> Sound {
        let step = std::f32::consts::TAU * hertz / rate as f32;
        Sound { rate, samples: (0..rate).map(|n| 0.5 * (n as f32 * step).sin()).collect() }
    }

    /// The level of what comes out against what went in, decibels, without the edges.
    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    fn gain(rate: u32, hertz: f32) -> f64 {
        let out = narrow(&tone(rate, hertz)).expect("a usual rate");
        assert!(out.len().abs_diff(NARROW as usize) <= 1, "{rate} Hz: {} samples", out.len());
        let steady = &out[800..7_200];
        let power = steady.iter().map(|s| (f64::from(*s) / 32_768.0).powi(2)).sum::<f64>() / steady.len() as f64;
        10.0 * (power.max(1e-12) / 0.125).log10()
    }

    #[test]
    fn speech_passes_at_its_level_and_what_would_fold_back_does_not() {
        for rate in [16_000, 22_050, 24_000, 44_100, 48_000] {
            for kept in [120.0, 200.0, 300.0, 1_000.0, 2_800.0, 3_300.0] {
                assert!(gain(rate, kept).abs() < 0.3, "{rate} Hz: {kept} Hz at {} dB", gain(rate, kept));
            }
            for gone in [4_100.0, 5_000.0, 6_500.0, 7_500.0] {
                assert!(gain(rate, gone) < -45.0, "{rate} Hz: {gone} Hz at {} dB", gain(rate, gone));
            }
        }
    }

    #[test]
    fn eight_kilohertz_pass_untouched_and_eleven_are_brought_down() {
        assert!(gain(8_000, 3_000.0).abs() < 0.01);
        assert!(gain(11_025, 1_000.0).abs() < 0.3);
    }

    #[test]
    fn the_first_sample_stays_the_first() {
        let mut samples = vec![0.0; 1_600];
        samples[800] = 1.0;
        let out = narrow(&Sound { rate: 16_000, samples }).expect("16 kHz");
        let loudest = out.iter().enumerate().max_by_key(|(_, s)| s.unsigned_abs()).map(|(at, _)| at);
        assert_eq!((out.len(), loudest), (800, Some(400)));
    }

    #[test]
    fn loud_samples_are_cut_at_full_scale_and_odd_rates_are_refused() {
        let loud = Sound { rate: 8_000, samples: vec![1.5, -1.5, 0.0] };
        assert_eq!(narrow(&loud).expect("8 kHz"), [i16::MAX, i16::MIN, 0]);
        assert!(narrow(&Sound { rate: 1_000, samples: vec![0.0; 10] }).is_err());
        assert_eq!(narrow(&Sound { rate: 16_000, samples: vec![0.0] }).expect("one sample").len(), 1);
    }
}
