//! Between 8 and 16 kHz, packet by packet: one half-band low-pass whose memory is kept from packet to packet.

use super::voice::Rate;
use std::sync::OnceLock;

/// Taps on one side of the centre that are not zero: every second one.
const SIDE: usize = 12;
/// Samples at 16 kHz that the filter looks back on.
const SPAN: usize = 4 * SIDE - 1;

/// The taps at odd distances from the centre, nearest first; the centre itself is one half, the other even ones zero.
/// A sinc cut at a quarter of the rate under a Kaiser window (β for 60 dB).
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a dozen taps")]
fn taps() -> &'static [f32; SIDE] {
    static READY: OnceLock<[f32; SIDE]> = OnceLock::new();
    READY.get_or_init(|| {
        const BETA: f64 = 5.65;
        let mut taps = [0.0; SIDE];
        for (index, tap) in taps.iter_mut().enumerate() {
            let distance = (2 * index + 1) as f64;
            let sinc = (std::f64::consts::FRAC_PI_2 * distance).sin() / (std::f64::consts::PI * distance);
            let edge = distance / (2 * SIDE) as f64;
            *tap = sinc * bessel_i0(BETA * (1.0 - edge * edge).sqrt()) / bessel_i0(BETA);
        }
        let sum: f64 = taps.iter().sum();
        taps.map(|tap| (tap * 0.25 / sum) as f32)
    })
}

/// The modified Bessel function of the first kind, order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    (1..32).fold(1.0, |sum, k| {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum + term
    })
}

/// Brings the samples of one source from one rate to another, frame after frame.
#[derive(Clone, Debug, Default)]
pub struct Converter {
    filter: HalfBand,
}

impl Converter {
    /// Appends the samples at the rate that is wanted; those that have it are copied.
    pub fn convert(&mut self, samples: &[i16], from: Rate, to: Rate, out: &mut Vec<i16>) {
        match (from, to) {
            (Rate::Narrow, Rate::Narrow) | (Rate::Wide, Rate::Wide) => out.extend(samples),
            (Rate::Narrow, Rate::Wide) => self.filter.double(samples, out),
            (Rate::Wide, Rate::Narrow) => self.filter.halve(samples, out),
        }
    }
}

/// Halves or doubles the rate of a stream.
#[derive(Clone, Debug)]
pub(super) struct HalfBand {
    /// The newest samples of the higher rate, oldest first.
    past: [f32; SPAN],
}

impl Default for HalfBand {
    fn default() -> Self {
        Self { past: [0.0; SPAN] }
    }
}

impl HalfBand {
    fn push(&mut self, sample: f32) {
        self.past.copy_within(1.., 0);
        self.past[SPAN - 1] = sample;
    }

    /// The filtered sample at the middle of the past.
    fn middle(&self) -> f32 {
        let centre = SPAN / 2;
        let sides = taps().iter().enumerate().map(|(index, tap)| {
            let distance = 2 * index + 1;
            tap * (self.past[centre - distance] + self.past[centre + distance])
        });
        0.5 * self.past[centre] + sides.sum::<f32>()
    }

    /// 16 kHz to 8 kHz; an odd last sample is left out.
    pub(super) fn halve(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        for pair in samples.chunks_exact(2) {
            self.push(f32::from(pair[0]));
            out.push(quantise(self.middle()));
            self.push(f32::from(pair[1]));
        }
    }

    /// 8 kHz to 16 kHz.
    pub(super) fn double(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        for &sample in samples {
            for put in [f32::from(sample), 0.0] {
                self.push(put);
                out.push(quantise(2.0 * self.middle()));
            }
        }
    }
}

fn quantise(sample: f32) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, which is what is wanted")]
    let quantised = sample.round_ties_even() as i16;
    quantised
}
