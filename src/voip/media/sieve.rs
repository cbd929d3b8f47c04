//! What of a peer's sound need not be read.
//!
//! While nobody hears or records a caller (a menu, a queue), all that matters of the sound is that it comes, how much
//! of it is lost, how evenly it arrives, and whether keys are heard in it. One packet of [`Sieve::EVERY`] and the
//! number of those left out say the first three; and where keys may come as tones, only packets too soft for one are
//! left out. So the shell may have the kernel throw these away, which is cheaper than to read them. Keys, and
//! everything else that is not plainly the next packet of that sound, always pass.

use crate::voip::audio::FRAME_SAMPLES;
use crate::voip::audio::g711::Law;
use crate::voip::rtp::{HEADER_LENGTH, PayloadType, Ssrc};

/// The sound of one source in one payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sieve {
    /// The source.
    pub ssrc: Ssrc,
    /// The payload type of its sound.
    pub payload_type: PayloadType,
    /// Only what is quiet in this law is left out, and only packets of 20 ms: a tone may be a key.
    pub quiet: Option<Law>,
}

/// Something about a datagram that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its length.
    Length,
    /// The octet at a place.
    Octet(usize),
    /// Two octets from a place on.
    Pair(usize),
    /// Four octets from a place on.
    Word(usize),
}

/// One condition of what may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub look: Look,
    /// Which bits of it.
    pub bits: u32,
    /// What they are compared with.
    pub value: u32,
    /// Whether they must be the same, or must not.
    pub same: bool,
}

impl Sieve {
    /// Of so many packets one passes: those whose sequence number this divides. A power of two below 256.
    pub const EVERY: u16 = 8;
    /// Every so many samples four of them are looked at: a tone that begins in between is missed for 3 ms.
    const STEP: usize = 26;

    /// What all must hold of a datagram for it to be left out, in an order in which each look is within the datagram
    /// when those before it held; anything that is shorter is kept.
    pub fn conditions(self) -> impl Iterator<Item = Condition> {
        let must = |look, bits, value| Condition { look, bits, value, same: true };
        // All but the bit of a header extension, behind which the sound would be elsewhere.
        let plain = if self.quiet.is_some() { 0xffff } else { 0xefff };
        let head = [
            must(Look::Pair(0), plain, 0x8000 | u32::from(self.payload_type.number())),
            must(Look::Word(8), u32::MAX, self.ssrc.0),
            Condition { look: Look::Octet(3), bits: u32::from(Self::EVERY - 1), value: 0, same: false },
        ];
        let quiet = self.quiet.map(|law| {
            // The loudness of an octet below 256 and 396 of 32,768: far below the softest key.
            let (bits, value) = match law {
                Law::A => (0x7070_7070, 0x5050_5050),
                Law::Mu => (0x6060_6060, 0x6060_6060),
            };
            let length = u32::try_from(HEADER_LENGTH + FRAME_SAMPLES).unwrap_or(0);
            let samples = (0..FRAME_SAMPLES).step_by(Self::STEP);
            std::iter::once(must(Look::Length, u32::MAX, length))
                .chain(samples.map(move |sample| must(Look::Word(HEADER_LENGTH + sample), bits, value)))
        });
        head.into_iter().chain(quiet.into_iter().flatten())
    }

    /// Whether a datagram must be read.
    #[must_use]
    pub fn keeps(self, datagram: &[u8]) -> bool {
        let octets = |place: usize, count: usize| {
            let octets = datagram.get(place..place + count)?;
            Some(octets.iter().fold(0, |value, octet| value << 8 | u32::from(*octet)))
        };
        !self.conditions().all(|condition| {
            let seen = match condition.look {
                Look::Length => u32::try_from(datagram.len()).ok(),
                Look::Octet(place) => octets(place, 1),
                Look::Pair(place) => octets(place, 2),
                Look::Word(place) => octets(place, 4),
            };
            seen.is_some_and(|seen| (seen & condition.bits == condition.value) == condition.same)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::{Codec, g711};

    fn sieve(quiet: Option<Law>) -> Sieve {
        Sieve { ssrc: Ssrc(7), payload_type: PayloadType::from_low_bits(8), quiet }
    }

    fn packet(octets: impl IntoIterator<Item = u8>) -> Vec<u8> {
        [0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7].into_iter().chain(octets).collect()
    }

    #[test]
    fn only_plain_sound_of_the_source_is_left_out() {
        let sound = packet([0; 20]);
        let sieve = sieve(None);
        assert!(!sieve.keeps(&sound));
        let with = |place: usize, octet| {
            let mut other = sound.clone();
            other[place] = octet;
            sieve.keeps(&other)
        };
        assert!(!with(0, 0x90), "an extension of the header changes nothing");
        let kept = [
            (0, 0xa0, "padding"),
            (0, 0x81, "a contributing source"),
            (0, 0x40, "another version"),
            (1, 101, "a key"),
            (1, 0x88, "a marker"),
            (1, 200, "a report"),
            (3, 16, "the sixteenth"),
            (11, 8, "another source"),
        ];
        for (place, octet, what) in kept {
            assert!(with(place, octet), "{what}");
        }
        assert!(sieve.keeps(&sound[..11]), "too short to say");
    }

    #[test]
    fn where_tones_may_be_keys_only_what_is_too_soft_for_one_is_left_out() {
        for (law, codec) in [(Law::A, Codec::Pcma), (Law::Mu, Codec::Pcmu)] {
            let sieve = sieve(Some(law));
            let tone = |level: f64, from: usize| {
                (0..160_u32).map(move |n| {
                    let wave = |hz: f64| (f64::from(n) * hz * std::f64::consts::TAU / 8_000.0).sin();
                    let sample = if n as usize >= from { level * (wave(697.0) + wave(1_477.0)) } else { 0.0 };
                    #[expect(clippy::cast_possible_truncation, reason = "small on purpose")]
                    g711::encode(codec, sample as i16)
                })
            };
            assert!(!sieve.keeps(&packet([codec.silence(); 160])), "silence");
            assert!(!sieve.keeps(&packet(tone(60.0, 0))), "noise of a room");
            assert!(sieve.keeps(&packet(tone(400.0, 0))), "the softest key");
            assert!(sieve.keeps(&packet(tone(2_000.0, 132))), "a key that begins at the end");
            assert!(sieve.keeps(&packet([codec.silence(); 80])), "not 20 ms");
            let mut extended = packet([codec.silence(); 160]);
            extended[0] = 0x90;
            assert!(sieve.keeps(&extended), "its sound lies elsewhere");
        }
    }
}
