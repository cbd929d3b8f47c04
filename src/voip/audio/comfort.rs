//! Comfort noise (RFC 3389): a telephone that says nothing sends the level of its background instead of sound, and we
//! make noise of that level for who listens.

use super::{Codec, Encoder, FRAME_SAMPLES, Rate};

/// The level of a background, in dB below the overload point of the codec: 0 is the loudest, 127 nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseLevel(u8);

impl NoiseLevel {
    /// Of a payload of type 13: its first octet is the level (RFC 3389 §3.1). What follows describes the colour of the
    /// noise and is passed over. An empty payload has no level.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        // The highest bit must be zero and is ignored.
        payload.first().map(|octet| Self(octet & 0x7f))
    }

    /// The largest sample of white noise of this level: its mean power is a third of the largest.
    #[expect(clippy::cast_possible_truncation, reason = "at most the largest sample")]
    fn largest(self) -> i32 {
        let power = 32_768.0 * 10_f64.powf(-f64::from(self.0) / 20.0);
        (power * 3_f64.sqrt()).min(32_767.0).round() as i32
    }
}

/// White noise of a level.
#[derive(Clone, Copy, Debug)]
pub struct ComfortNoise {
    largest: i32,
    state: u32,
}

impl ComfortNoise {
    /// Noise of this level; `seed` tells one from another.
    #[must_use]
    pub fn new(level: NoiseLevel, seed: u32) -> Self {
        Self { largest: level.largest(), state: seed | 1 }
    }

    /// Takes another level; the noise goes on.
    pub fn set_level(&mut self, level: NoiseLevel) {
        self.largest = level.largest();
    }

    /// The next sample.
    #[expect(clippy::cast_possible_truncation, reason = "at most the largest sample")]
    pub fn next_sample(&mut self) -> i16 {
        // Marsaglia's xorshift: long enough for an ear.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let uniform = i64::from(self.state.cast_signed());
        ((uniform * i64::from(self.largest)) >> 31) as i16
    }
}

/// Comfort noise as the payloads of a codec.
#[derive(Debug)]
pub struct ComfortFrames {
    noise: ComfortNoise,
    encoder: Encoder,
}

impl ComfortFrames {
    /// Noise of this level in a codec.
    #[must_use]
    pub fn new(codec: Codec, level: NoiseLevel, seed: u32) -> Self {
        Self { noise: ComfortNoise::new(level, seed), encoder: Encoder::new(codec, Rate::Narrow) }
    }

    /// What it is encoded to.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.encoder.codec()
    }

    /// Takes another level; the noise goes on.
    pub fn set_level(&mut self, level: NoiseLevel) {
        self.noise.set_level(level);
    }

    /// Replaces `out` by the payload of the next 20 ms.
    pub fn frame(&mut self, out: &mut Vec<u8>) {
        let mut samples = [0; FRAME_SAMPLES];
        samples.fill_with(|| self.noise.next_sample());
        self.encoder.encode(&samples, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::{Decoder, g711};

    /// The level of samples in dB below a square wave of full scale.
    #[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
    fn level(samples: &[i16]) -> f64 {
        let power = samples.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum::<f64>();
        -10.0 * (power / samples.len() as f64).max(1e-12).log10()
    }

    #[test]
    fn the_noise_has_the_level_that_was_told() {
        for told in [20_u8, 30, 45, 60, 78] {
            let mut noise = ComfortNoise::new(NoiseLevel::parse(&[told, 1, 2, 3]).expect("a level"), 7);
            let samples: Vec<i16> = (0..16_000).map(|_| noise.next_sample()).collect();
            assert!((level(&samples) - f64::from(told)).abs() < 1.0, "{told}: {}", level(&samples));
        }
        assert_eq!(NoiseLevel::parse(&[]), None);
        assert_eq!(NoiseLevel::parse(&[0xbf]), NoiseLevel::parse(&[0x3f]), "the highest bit is ignored");
        let mut nothing = ComfortNoise::new(NoiseLevel(127), 7);
        assert!((0..1_000).all(|_| nothing.next_sample().unsigned_abs() <= 1));
    }

    #[test]
    fn it_is_as_loud_in_every_codec() {
        for codec in Codec::PREFERRED {
            let mut frames = ComfortFrames::new(codec, NoiseLevel(40), 7);
            let (mut decoder, mut samples, mut payload) = (Decoder::new(codec, Rate::Narrow), Vec::new(), Vec::new());
            for _ in 0..50 {
                frames.frame(&mut payload);
                decoder.decode(&payload, &mut samples);
            }
            let heard = level(&samples[1_600..]);
            assert!((heard - 40.0).abs() < 4.0, "{codec:?}: {heard}");
        }
        let loud = g711::encode(Codec::Pcma, 0);
        assert_ne!(loud, 0);
    }
}
