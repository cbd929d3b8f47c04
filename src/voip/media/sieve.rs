//! What of a peer's sound need not be read.
//!
//! While nobody hears or records a caller (a menu, a queue), all that matters of the sound is that it comes, how much
//! of it is lost and how evenly it arrives. One packet of [`Sieve::EVERY`] and the number of those left out say that;
//! so the shell may have the kernel throw the others away, which is cheaper than to read them. Keys, and everything
//! else that is not plainly the next packet of that sound, always pass.

use crate::voip::rtp::{PayloadType, Ssrc};

/// The sound of one source in one payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sieve {
    /// The source.
    pub ssrc: Ssrc,
    /// The payload type of its sound.
    pub payload_type: PayloadType,
}

impl Sieve {
    /// Of so many packets one passes: those whose sequence number this divides. A power of two.
    pub const EVERY: u16 = 8;
    /// The bits of the first two octets of a packet that must be as in [`Sieve::plain`]: all but that of a header
    /// extension.
    pub const PLAIN_BITS: u16 = 0xefff;

    /// The first two octets of what may be left out: version 2, no padding, no CSRC, no marker.
    #[must_use]
    pub const fn plain(self) -> u16 {
        0x8000 | self.payload_type.number() as u16
    }

    /// Whether a datagram must be read.
    #[must_use]
    pub fn keeps(self, datagram: &[u8]) -> bool {
        let Some(&[flags, kind, high, low, _, _, _, _, s0, s1, s2, s3]) = datagram.first_chunk() else { return true };
        u16::from_be_bytes([flags, kind]) & Self::PLAIN_BITS != self.plain()
            || u32::from_be_bytes([s0, s1, s2, s3]) != self.ssrc.0
            || u16::from_be_bytes([high, low]).is_multiple_of(Self::EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_sound_of_the_source_is_left_out() {
        let sieve = Sieve { ssrc: Ssrc(7), payload_type: PayloadType::from_low_bits(8) };
        let sound = [0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7, 0xd5, 0xd5];
        assert!(!sieve.keeps(&sound));
        let with = |place: usize, octet| {
            let mut other = sound;
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
}
