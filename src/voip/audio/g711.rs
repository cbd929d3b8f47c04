//! G.711: 16-bit linear samples and their A-law and µ-law octets, bit-exact to ITU-T G.711 (as in G.191).
//!
//! ```text
//!   7   6 5 4   3 2 1 0        A-law: every even bit is inverted on the wire (XOR 0x55)
//! +---+-------+---------+      µ-law: every bit is inverted on the wire
//! | + |segment| interval|      segment: power of two of the size; interval: sixteenth within it
//! +---+-------+---------+
//! ```

use super::Codec;

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law.
    A,
    /// µ-law.
    Mu,
}

impl Law {
    /// The octet of silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::A => 0xd5,
            Self::Mu => 0xff,
        }
    }
}

const ALAW_TO_LINEAR: [i16; 256] = decode_table(Law::A);
const ULAW_TO_LINEAR: [i16; 256] = decode_table(Law::Mu);
const ALAW_TO_ULAW: [u8; 256] = transcode_table(&ALAW_TO_LINEAR, Law::Mu);
const ULAW_TO_ALAW: [u8; 256] = transcode_table(&ULAW_TO_LINEAR, Law::A);

/// One sample as an octet of `codec`; zero for a codec that is not G.711.
#[must_use]
pub const fn encode(codec: Codec, sample: i16) -> u8 {
    match codec.law() {
        Some(law) => encode_by(law, sample),
        None => 0,
    }
}

/// The sample of one octet of `codec`; silence for a codec that is not G.711, which needs a
/// [`Decoder`](super::Decoder).
#[must_use]
pub const fn decode(codec: Codec, octet: u8) -> i16 {
    match codec.law() {
        Some(law) => decode_by(law, octet),
        None => 0,
    }
}

/// One sample as an octet of a law.
#[must_use]
pub const fn encode_by(law: Law, sample: i16) -> u8 {
    match law {
        Law::A => encode_alaw(sample),
        Law::Mu => encode_ulaw(sample),
    }
}

/// The sample of one octet of a law.
#[must_use]
pub const fn decode_by(law: Law, octet: u8) -> i16 {
    match law {
        Law::A => ALAW_TO_LINEAR[octet as usize],
        Law::Mu => ULAW_TO_LINEAR[octet as usize],
    }
}

/// The table that turns octets of `from` into octets of `to`; `None` when they are the same codec or not both G.711.
#[must_use]
pub const fn transcoder(from: Codec, to: Codec) -> Option<&'static [u8; 256]> {
    match (from.law(), to.law()) {
        (Some(Law::A), Some(Law::Mu)) => Some(&ALAW_TO_ULAW),
        (Some(Law::Mu), Some(Law::A)) => Some(&ULAW_TO_ALAW),
        (Some(_) | None, _) => None,
    }
}

/// The size of a sample: negative ones are counted from −1, as G.711 wants.
#[expect(clippy::cast_sign_loss, reason = "a complemented negative is not negative")]
const fn magnitude(sample: i16) -> u16 {
    if sample < 0 { !sample as u16 } else { sample as u16 }
}

/// Twelve bits of size become segment and interval.
#[expect(clippy::cast_possible_truncation, reason = "seven bits remain")]
const fn encode_alaw(sample: i16) -> u8 {
    let mut size = magnitude(sample) >> 4;
    if size > 15 {
        let mut segment = 1;
        while size > 31 {
            size >>= 1;
            segment += 1;
        }
        size = size - 16 + (segment << 4);
    }
    let sign = if sample < 0 { 0 } else { 0x80 };
    (size as u8 | sign) ^ 0x55
}

/// Fourteen bits of size plus the bias of 33 become segment and interval.
#[expect(clippy::cast_possible_truncation, reason = "seven bits remain")]
const fn encode_ulaw(sample: i16) -> u8 {
    let biased = (magnitude(sample) >> 2) + 33;
    let size = if biased > 0x1fff { 0x1fff } else { biased };
    let segment = 10 - size.leading_zeros() as u16;
    let interval = (size >> (segment + 1)) & 0xf;
    let sign = if sample < 0 { 0 } else { 0x80 };
    (!(((segment << 4) | interval) as u8) & 0x7f) | sign
}

const fn decode_table(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0_u8;
    loop {
        table[octet as usize] = match law {
            Law::A => decode_alaw(octet),
            Law::Mu => decode_ulaw(octet),
        };
        if octet == u8::MAX {
            return table;
        }
        octet += 1;
    }
}

const fn decode_alaw(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let segment = (code >> 4) & 7;
    let interval = (code & 0xf) as i16;
    let size = match segment {
        0 => (interval << 4) + 8,
        _ => ((interval << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -size } else { size }
}

const fn decode_ulaw(octet: u8) -> i16 {
    let code = !octet;
    let segment = (code >> 4) & 7;
    let interval = (code & 0xf) as i16;
    let size = (((interval << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 == 0 { size } else { -size }
}

const fn transcode_table(linear: &[i16; 256], to: Law) -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = encode_by(to, linear[octet]);
        octet += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

    #[test]
    fn known_octets_have_the_sizes_of_the_standard() {
        let cases: &[(Codec, u8, i16)] = &[
            (Codec::Pcma, 0xd5, 8),
            (Codec::Pcma, 0x55, -8),
            (Codec::Pcma, 0xaa, 32_256),
            (Codec::Pcma, 0x2a, -32_256),
            (Codec::Pcma, 0x80, 5_504),
            (Codec::Pcma, 0xc5, 264),
            (Codec::Pcmu, 0xff, 0),
            (Codec::Pcmu, 0x7f, 0),
            (Codec::Pcmu, 0x80, 32_124),
            (Codec::Pcmu, 0x00, -32_124),
            (Codec::Pcmu, 0xf0, 120),
            (Codec::Pcmu, 0xef, 132),
        ];
        for &(codec, octet, sample) in cases {
            assert_eq!(decode(codec, octet), sample, "{codec:?} {octet:#x}");
        }
    }

    #[test]
    fn known_samples_have_the_octets_of_the_standard() {
        let cases: &[(Codec, i16, u8)] = &[
            (Codec::Pcma, 0, 0xd5),
            (Codec::Pcma, -1, 0x55),
            (Codec::Pcma, 15, 0xd5),
            (Codec::Pcma, 16, 0xd4),
            (Codec::Pcma, i16::MAX, 0xaa),
            (Codec::Pcma, i16::MIN, 0x2a),
            (Codec::Pcmu, 0, 0xff),
            (Codec::Pcmu, -1, 0x7f),
            (Codec::Pcmu, 4, 0xfe),
            (Codec::Pcmu, i16::MAX, 0x80),
            (Codec::Pcmu, i16::MIN, 0x00),
        ];
        for &(codec, sample, octet) in cases {
            assert_eq!(encode(codec, sample), octet, "{codec:?} {sample}");
        }
    }

    #[test]
    fn every_octet_survives_decoding_and_encoding() {
        for codec in CODECS {
            for octet in 0..=u8::MAX {
                let again = encode(codec, decode(codec, octet));
                let negative_zero = codec == Codec::Pcmu && octet == 0x7f;
                assert_eq!(again, if negative_zero { 0xff } else { octet }, "{codec:?}");
            }
        }
    }

    #[test]
    fn a_louder_sample_is_never_encoded_softer() {
        for codec in CODECS {
            let mut before = i16::MIN;
            for sample in i16::MIN..=i16::MAX {
                let heard = decode(codec, encode(codec, sample));
                assert!(heard >= before, "{codec:?} {sample}");
                before = heard;
            }
        }
    }

    #[test]
    fn transcoding_keeps_silence_silent_and_is_none_between_equals() {
        assert!(transcoder(Codec::Pcma, Codec::Pcma).is_none());
        let table = transcoder(Codec::Pcma, Codec::Pcmu).expect("two codecs");
        assert!(decode(Codec::Pcmu, table[usize::from(Codec::Pcma.silence())]).abs() <= 8);
        let table = transcoder(Codec::Pcmu, Codec::Pcma).expect("two codecs");
        assert_eq!(table[usize::from(Codec::Pcmu.silence())], Codec::Pcma.silence());
    }
}
