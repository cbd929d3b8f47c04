//! Second-order filters after R. Bristow-Johnson, “Cookbook formulae for audio equalizer biquad filter coefficients”.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// A filter of second order, direct form I.
pub(super) struct Biquad {
    forward: [f64; 3],
    back: [f64; 2],
}

impl Biquad {
    /// Lets pass what is above `hertz` (Butterworth: −3 dB there, 12 dB an octave below).
    pub(super) fn high_pass(hertz: f64, rate: f64) -> Self {
        let (cos, alpha) = angle(hertz, rate);
        Self::new([f64::midpoint(1.0, cos), -(1.0 + cos), f64::midpoint(1.0, cos)], cos, alpha)
    }

    /// Lets pass what is below `hertz`.
    pub(super) fn low_pass(hertz: f64, rate: f64) -> Self {
        let (cos, alpha) = angle(hertz, rate);
        Self::new([(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0], cos, alpha)
    }

    fn new(forward: [f64; 3], cos: f64, alpha: f64) -> Self {
        let scale = 1.0 + alpha;
        Self { forward: forward.map(|tap| tap / scale), back: [-2.0 * cos / scale, (1.0 - alpha) / scale] }
    }

    /// Filters a whole sound in place.
    pub(super) fn run(&self, samples: &mut [f32]) {
        let [b0, b1, b2] = self.forward;
        let [a1, a2] = self.back;
        let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
        for sample in samples {
            let x = f64::from(*sample);
            let y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
            let rounded = y as f32;
            *sample = rounded;
        }
    }
}

/// cos ω and α of a corner frequency, Q = 1/√2.
fn angle(hertz: f64, rate: f64) -> (f64, f64) {
    let omega = TAU * hertz / rate;
    (omega.cos(), omega.sin() / (2.0 * FRAC_1_SQRT_2))
}
