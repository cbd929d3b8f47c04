//! G.722 against another implementation, to the bit.
//!
//! ITU-T's own test sequences (G.722 Appendix II) may not be handed on, and they enter behind the filters that split
//! the band, where the library has no door. So a signal of our own went through `libg722`, a public-domain
//! implementation that is known to pass those sequences, and what came out is kept here as hashes: G.722 at 64 kbit/s
//! is exact, the filters included, and every right implementation gives these octets and these samples.

use crate::voip::audio::{Codec, Decoder, Rate, wide};
use sha2::{Digest as _, Sha256};

/// Of the 16,000 octets that the signal is encoded to.
const OCTETS: &str = "12d42d870d094f668e818a5242751714f11a86a7b4bfe25e9cf7863303f1c784";
/// Of the 32,000 samples that these octets are decoded to, little-endian.
const SAMPLES: &str = "115a495917d9082b90fcbc89d1d6ddfb4ab58b77af1b66cc0c5913cbd171b619";

/// Two seconds: a rising triangle, soft noise, both, and noise of half the full scale, in turns of 200 ms.
fn signal() -> Vec<i16> {
    let (mut noise, mut phase) = (0x2545_f491_u32, 0_i32);
    let sample = |at: i32| {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let loud = i32::from(u16::try_from(noise & 0xffff).expect("16 bits")) - 32_768;
        phase = (phase + 200 + at / 4) & 0xffff;
        let folded = if phase < 32_768 { phase } else { 65_535 - phase };
        let triangle = folded * 2 - 32_768;
        // Division rounds down.
        let sum = match at / 3_200 % 4 {
            0 => triangle >> 2,
            1 => loud >> 3,
            2 => (triangle >> 1) + (loud >> 5),
            _ => loud >> 1,
        };
        i16::try_from(sum.clamp(-32_768, 32_767)).expect("clamped")
    };
    (0..32_000).map(sample).collect()
}

fn hash(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn g722_is_what_another_implementation_makes_of_it_to_the_bit() {
    let octets = wide::g722(&signal());
    assert_eq!(octets[..16], *b"\x32\x87\x22\x87\x23\x84\x04\x8e\x0f\x90\xd2\xd2\xd4\xd5\xd5\xd6", "the beginning");
    assert_eq!((octets.len(), hash(&octets)), (16_000, OCTETS.to_owned()));
    let mut samples = Vec::new();
    let mut decoder = Decoder::new(Codec::G722, Rate::Wide);
    for payload in octets.chunks(160) {
        decoder.decode(payload, &mut samples);
    }
    assert_eq!(samples[..8], [0, -1, -1, 0, 0, -1, -1, 3], "the beginning");
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert_eq!((samples.len(), hash(bytes)), (32_000, SAMPLES.to_owned()));
}
