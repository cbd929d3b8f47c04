//! Words over music: the music is lowered while something is said and comes back after it, without a click.
//!
//! ```text
//! music  ████████▇▆▅▄▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▄▄▅▅▆▆▇▇████████
//! words          ░░░ your call is the third ░░░
//!         copied │ summed, encoded anew       │ copied
//! ```
//!
//! Only the frames in which both sound, or in which the music's level moves, are decoded and encoded. The gain of each
//! sample is exact: a count of 1/32768 that moves by whole steps from sample to sample.

use crate::voip::audio::{Codec, Decoder, Encoder, FRAME_SAMPLES, Rate};

/// The gain that changes nothing, of 1/32768.
const FULL: i32 = 1 << 15;
/// Units of 1/8000 s in which the music goes down from full: 60 ms.
const DOWN: i32 = 480;
/// Units in which it comes up again from nothing: 400 ms.
const UP: i32 = 3_200;

/// How much the music under words is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceOver {
    lowered: i32,
}

impl VoiceOver {
    /// By so many decibels, 0 to 60.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "at most 32768")]
    pub fn by_decibels(decibels: u8) -> Self {
        let gain = 10_f64.powf(-f64::from(decibels.min(60)) / 20.0);
        Self { lowered: (gain * f64::from(FULL)).round() as i32 }
    }
}

/// The level of the music that one stream hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fader {
    gain: i32,
    lowered: i32,
}

impl Fader {
    /// Of music that begins now: from silence.
    pub(super) const fn new(rules: VoiceOver) -> Self {
        Self { gain: 0, lowered: rules.lowered }
    }

    /// Whether the music is heard as it is and stays so.
    pub(super) const fn is_open(self) -> bool {
        self.gain == FULL
    }

    /// The gain of the next unit, on the way to full or to lowered.
    const fn next(&mut self, words: bool) -> i32 {
        let target = if words { self.lowered } else { FULL };
        let left = target - self.gain;
        // Both steps are rounded up, so that the way ends.
        self.gain += if left < 0 {
            let step = (FULL + DOWN - 1) / DOWN;
            if left < -step { -step } else { left }
        } else {
            let step = (FULL + UP - 1) / UP;
            if left > step { step } else { left }
        };
        self.gain
    }
}

/// Sums frames of two payloads in one codec.
#[derive(Debug)]
pub(super) struct Blend {
    codec: Codec,
    units: usize,
    words: Decoder,
    music: Decoder,
    encoder: Encoder,
    said: Vec<i16>,
    played: Vec<i16>,
    payload: Vec<u8>,
}

impl Blend {
    /// For payloads of this codec: at 16 kHz where it is wide-band.
    pub(super) fn new(codec: Codec) -> Self {
        let rate = if codec.is_wide() { Rate::Wide } else { Rate::Narrow };
        Self {
            codec,
            units: rate.samples_per_unit(),
            words: Decoder::new(codec, rate),
            music: Decoder::new(codec, rate),
            encoder: Encoder::new(codec, rate),
            said: Vec::with_capacity(2 * FRAME_SAMPLES),
            played: Vec::with_capacity(2 * FRAME_SAMPLES),
            payload: Vec::with_capacity(FRAME_SAMPLES),
        }
    }

    pub(super) const fn codec(&self) -> Codec {
        self.codec
    }

    /// The payload of one frame of the music at the fader's level, and of the words, if any.
    pub(super) fn sum(&mut self, words: Option<&[u8]>, music: &[u8], fader: &mut Fader) -> &[u8] {
        let samples = FRAME_SAMPLES * self.units;
        self.said.clear();
        self.played.clear();
        if let Some(words) = words {
            self.words.decode(words, &mut self.said);
        }
        self.music.decode(music, &mut self.played);
        // What cannot be decoded is silence.
        self.said.resize(samples, 0);
        self.played.resize(samples, 0);
        let music = self.played.chunks_exact_mut(self.units);
        for (music, said) in music.zip(self.said.chunks_exact(self.units)) {
            let gain = fader.next(words.is_some());
            for (music, said) in music.iter_mut().zip(said) {
                *music = added(*music, gain, *said);
            }
        }
        self.encoder.encode(&self.played, &mut self.payload);
        &self.payload
    }
}

/// A sample of the music, lowered, and one of the words; cut at the largest sample.
#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
const fn added(music: i16, gain: i32, said: i16) -> i16 {
    let sum = ((music as i32 * gain + (FULL >> 1)) >> 15) + said as i32;
    let least = i16::MIN as i32;
    let most = i16::MAX as i32;
    (if sum < least {
        least
    } else if sum > most {
        most
    } else {
        sum
    }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::g711;

    fn octet(level: i16) -> u8 {
        g711::encode(Codec::Pcma, level)
    }

    fn level(octet: u8) -> i16 {
        g711::decode(Codec::Pcma, octet)
    }

    #[test]
    fn the_gain_is_exact_and_the_sum_is_cut() {
        for (music, decibels, said, expected) in [
            (10_000, 0, 0, 10_000),
            (10_000, 20, 0, 1_000),
            (10_000, 20, -5_000, -4_000),
            (-10_000, 20, 300, -700),
            (16_000, 6, 0, 8_019),
            (i16::MAX, 0, i16::MAX, i16::MAX),
            (i16::MIN, 0, i16::MIN, i16::MIN),
            (10_000, 60, 0, 10),
        ] {
            let rules = VoiceOver::by_decibels(decibels);
            assert_eq!(added(music, rules.lowered, said), expected, "{music} −{decibels} dB + {said}");
        }
    }

    #[test]
    fn the_music_goes_down_in_sixty_milliseconds_and_up_in_four_hundred() {
        let mut fader = Fader { gain: FULL, ..Fader::new(VoiceOver::by_decibels(60)) };
        let down = (1..10_000).find(|_| fader.next(true) == fader.lowered);
        let up = (1..10_000).find(|_| fader.next(false) == FULL);
        assert!((470..=480).contains(&down.expect("an end")), "{down:?}");
        assert!((2_970..=3_200).contains(&up.expect("an end")), "{up:?}");
        assert!(fader.is_open());
    }

    #[test]
    fn no_step_of_the_level_is_a_click() {
        let mut blend = Blend::new(Codec::Pcma);
        let mut fader = Fader { gain: FULL, ..Fader::new(VoiceOver::by_decibels(20)) };
        let (music, silence) = ([octet(8_000); FRAME_SAMPLES], [octet(0); FRAME_SAMPLES]);
        let mut heard = Vec::new();
        for frame in 0..30 {
            let out = blend.sum((frame < 10).then_some(&silence[..]), &music, &mut fader);
            heard.extend(out.iter().map(|&octet| level(octet)));
        }
        let largest = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max();
        assert!(largest <= Some(512), "one step of the law at this level: {largest:?}");
        assert_eq!(heard[10 * FRAME_SAMPLES - 1], level(octet(level(octet(8_000)) / 10)));
        assert_eq!(heard.last(), Some(&level(octet(8_000))));
    }

    #[test]
    fn words_are_heard_whole_in_every_codec() {
        for codec in Codec::PREFERRED {
            let mut blend = Blend::new(codec);
            let mut fader = Fader::new(VoiceOver::by_decibels(20));
            let garbage = [0xff; FRAME_SAMPLES];
            assert!(!blend.sum(Some(&garbage), &garbage, &mut fader).is_empty(), "{codec:?}");
            assert!(!blend.sum(None, &[], &mut fader).is_empty(), "{codec:?}");
        }
    }
}
