//! Vectors of the RFCs and of the reference implementation, and damage.

use super::galois::Galois;
use super::transform::Transform as _;
use super::*;
use aes::{Aes128, Aes256};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| u8::try_from(char::from(digit).to_digit(16).expect("hex")).expect("small");
    digits.chunks(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

fn key(suite: Suite, hex: &str) -> MasterKey {
    MasterKey::new(suite, &octets(hex)).expect("as long as the suite wants")
}

fn session(suite: Suite, hex: &str) -> SecureSession {
    SecureSession::new(SecureKeys { send: key(suite, hex), receive: key(suite, hex) }).expect("a session")
}

/// Master keys and salts of libsrtp's own tests.
const CM_KEY: &str = "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6";
const GCM_KEY: &str = "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab";
const RTP: &str = "800f1234 decafbad cafebabe abababababababababababababababab";
const RTCP: &str = "81c8000b cafebabe abababababababababababababababab";

#[test]
fn packets_are_those_of_the_reference_implementation() {
    let cases = [
        (
            Suite::AesCm128HmacSha1Tag80,
            CM_KEY,
            "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb",
            "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798",
        ),
        (
            Suite::AesCm128HmacSha1Tag32,
            CM_KEY,
            "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc",
            "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798",
        ),
        (
            Suite::AeadAes128Gcm,
            GCM_KEY,
            "800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392",
            "81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025 c52c6fbea2b3b446ea31123ba88ce61e 80000001",
        ),
    ];
    for (suite, key, rtp, rtcp) in cases {
        let (mut sender, mut receiver) = (session(suite, key), session(suite, key));
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        assert!(sender.protect(&octets(RTP), &mut sealed));
        assert_eq!(sealed, octets(rtp), "{suite:?}");
        assert!(receiver.open(&sealed, &mut opened));
        assert_eq!(opened, octets(RTP), "{suite:?}");
        assert!(sender.protect_rtcp(&octets(RTCP), &mut sealed));
        assert_eq!(sealed, octets(rtcp), "{suite:?}");
        assert!(receiver.open_rtcp(&sealed, &mut opened));
        assert_eq!(opened, octets(RTCP), "{suite:?}");
    }
}

#[test]
fn session_keys_are_those_of_the_rfc() {
    // RFC 3711 §B.3.
    let master = key(Suite::AesCm128HmacSha1Tag80, CM_KEY);
    let cipher = derive::derive::<16>(&master, derive::Label::RtpCipher).expect("derived");
    let salt = derive::derive::<14>(&master, derive::Label::RtpSalt).expect("derived");
    let authentication = derive::derive::<20>(&master, derive::Label::RtpAuth).expect("derived");
    assert_eq!(cipher.to_vec(), octets("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(salt.to_vec(), octets("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(authentication.to_vec(), octets("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

#[test]
fn session_keys_of_256_bits_are_those_of_the_rfc() {
    // RFC 6188 §7.2: AES-256 as the pseudo-random function, with the salt of counter mode.
    let master = "f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2";
    let master = MasterKey::of_vector(Suite::AeadAes256Gcm, &octets(master));
    let cipher = derive::derive::<32>(&master, derive::Label::RtpCipher).expect("derived");
    let salt = derive::derive::<14>(&master, derive::Label::RtpSalt).expect("derived");
    let authentication = derive::derive::<20>(&master, derive::Label::RtpAuth).expect("derived");
    assert_eq!(cipher.to_vec(), octets("5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4"));
    assert_eq!(salt.to_vec(), octets("fa31791685ca444a9e07c6c64e93"));
    assert_eq!(authentication.to_vec(), octets("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
}

#[test]
fn galois_reports_are_those_of_the_rfc() {
    // RFC 7714 §17.1 and §17.2: a sender report of the source "Mars", index 5d4.
    let clear = octets(
        "81c8000d4d617273 4e5450314e545032525450200000042a0000e9304c756e61 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    );
    let salt = *b"Quid pro quo";
    let sealed_128 = octets(
        "81c8000d4d617273 63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b46 86303ded0bb9275b\
         c84aa45896cf4d2fc5abf87245d9eade 800005d4",
    );
    let sealed_256 = octets(
        "81c8000d4d617273 d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de047 6f1b6fad\
         1d1eb30c4446839f57ff6f6cb26ac3be 800005d4",
    );
    let key: Vec<u8> = (0..32).collect();
    let narrow = Galois::<Aes128>::with_session_keys(&key[..16], salt).expect("a key");
    let wide = Galois::<Aes256>::with_session_keys(&key, salt).expect("a key");
    let transforms: [(&dyn super::transform::Transform, Vec<u8>); 2] = [(&narrow, sealed_128), (&wide, sealed_256)];
    for (transform, sealed) in transforms {
        let mut packet = clear.clone();
        transform.seal_rtcp(&mut packet, 0x4d61_7273, 0x5d4);
        assert_eq!(packet, sealed);
        assert_eq!(transform.open_rtcp(&mut packet, 0x4d61_7273), Some(0x5d4));
        assert_eq!(packet, clear);
    }
}

#[test]
fn the_rollover_counter_is_part_of_what_is_sealed_and_late_packets_of_the_round_before_are_opened_once() {
    for suite in Suite::ALL {
        let (mut sender, mut receiver) = pair(suite);
        let mut seal = |sequence| {
            let mut sealed = Vec::new();
            assert!(sender.protect(&rtp(sequence, 1), &mut sealed));
            sealed
        };
        let rounds: Vec<Vec<u8>> = [65_400, 65_530, 65_534, 65_535, 0, 1, 5, 120].into_iter().map(&mut seal).collect();
        let mut opened = Vec::new();
        let mut opens = |index: usize| receiver.open(&rounds[index], &mut opened);
        // First, then over the edge, back, and every packet once more.
        let script = [
            (1, true),
            (3, true),
            (4, true),
            (3, false),
            (4, false),
            (2, true),
            (2, false),
            (5, true),
            (1, false),
            (6, true),
            // 65,530 and before are 128 packets and more behind the newest now.
            (7, true),
            (0, false),
            (7, false),
        ];
        for (step, (index, new)) in script.into_iter().enumerate() {
            assert_eq!(opens(index), new, "{suite:?}, step {step}");
        }
        // The same number of the next round is sealed otherwise: its counter is another.
        let mut again = Vec::new();
        let mut last = rounds[7].clone();
        for sequence in (121..=u16::MAX).step_by(20_000).chain([u16::MAX, 120]) {
            assert!(sender.protect(&rtp(sequence, 1), &mut again));
            std::mem::swap(&mut last, &mut again);
        }
        assert_ne!(last[12..], rounds[7][12..], "{suite:?}");
    }
}

#[test]
fn galois_packets_are_those_of_the_rfc() {
    // RFC 7714 §16.1.1 and §16.2.1: the payload is a sentence of Caesar's.
    let clear = octets(
        "8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e697320646976697361 20696e207061727465732074726573",
    );
    let salt = *b"Quid pro quo";
    let sealed_128 = octets(
        "8040f17b8041f8d35501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd5 0d294e6f42a5f47a51c7d19b36de3adf8833 \
         899d7f27beb16a9152cf765ee4390cce",
    );
    let sealed_256 = octets(
        "8040f17b8041f8d35501a0b2 32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba6 \
         3799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
    );
    let (mut packet, index) = (clear.clone(), 0xf17b);
    let key: Vec<u8> = (0..32).collect();
    let narrow = Galois::<Aes128>::with_session_keys(&key[..16], salt).expect("a key");
    narrow.seal_rtp(&mut packet, 12, 0x5501_a0b2, index);
    assert_eq!(packet, sealed_128);
    narrow.open_rtp(&mut packet, 12, 0x5501_a0b2, index).expect("verified");
    assert_eq!(packet, clear);
    let wide = Galois::<Aes256>::with_session_keys(&key, salt).expect("a key");
    wide.seal_rtp(&mut packet, 12, 0x5501_a0b2, index);
    assert_eq!(packet, sealed_256);
}

fn rtp(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = octets("80 08 0000 00000000 00000000");
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet.extend([7; 160]);
    packet
}

fn pair(suite: Suite) -> (SecureSession, SecureSession) {
    let mut generator = StdRng::from_seed([3; 32]);
    let (a, b) = (MasterKey::draw(suite, &mut generator), MasterKey::draw(suite, &mut generator));
    let ours = SecureKeys { send: a.clone(), receive: b.clone() };
    let theirs = SecureKeys { send: b, receive: a };
    (SecureSession::new(ours).expect("keys"), SecureSession::new(theirs).expect("keys"))
}

#[test]
fn a_stream_is_opened_across_the_wrap_and_no_packet_twice() {
    for suite in Suite::ALL {
        let (mut sender, mut receiver) = pair(suite);
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        for sequence in (65_500..=u16::MAX).chain(0..40_000).step_by(3) {
            assert!(sender.protect(&rtp(sequence, 1), &mut sealed));
            assert!(receiver.open(&sealed, &mut opened), "{suite:?} {sequence}");
            assert_eq!(opened, rtp(sequence, 1));
            assert!(!receiver.open(&sealed, &mut opened), "a replay of {sequence}");
        }
    }
}

#[test]
fn another_key_opens_nothing_and_the_same_key_goes_on() {
    let (mut sender, receiver) = pair(Suite::AeadAes128Gcm);
    let mut stranger = session(Suite::AeadAes128Gcm, GCM_KEY);
    let (mut sealed, mut replayed, mut opened) = (Vec::new(), Vec::new(), Vec::new());
    let mut receiver = receiver;
    assert!(sender.protect(&rtp(1, 1), &mut replayed));
    assert!(!stranger.open(&replayed, &mut opened) && receiver.open(&replayed, &mut opened));
    let keys = receiver.keys_for_test();
    let mut receiver = receiver.rekeyed(keys.clone()).expect("the same keys");
    assert!(!receiver.open(&replayed, &mut opened), "what came before a re-INVITE is still a replay after it");
    let new = MasterKey::draw(Suite::AeadAes128Gcm, &mut StdRng::from_seed([9; 32]));
    let mut receiver = receiver.rekeyed(SecureKeys { receive: new, ..keys }).expect("a new key");
    assert!(sender.protect(&rtp(2, 1), &mut sealed));
    assert!(!receiver.open(&sealed, &mut opened), "the old key is gone");
}

#[test]
fn strange_sources_take_no_room() {
    let (mut sender, mut receiver) = pair(Suite::AesCm128HmacSha1Tag80);
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    for ssrc in 0..1_000 {
        assert!(!receiver.open(&rtp(1, ssrc), &mut opened));
    }
    assert!(sender.protect(&rtp(1, 5), &mut sealed) && receiver.open(&sealed, &mut opened));
}

#[test]
fn a_key_is_never_printed() {
    let key = key(Suite::AesCm128HmacSha1Tag80, CM_KEY);
    let keys = SecureKeys { send: key.clone(), receive: key };
    let printed = format!("{keys:?} {:?}", SecureSession::new(keys.clone()));
    assert!(!printed.contains("225") && !printed.to_lowercase().contains("e1"), "{printed}");
}

proptest! {
    #[test]
    fn damage_is_always_noticed(
        suite in prop::sample::select(Suite::ALL.to_vec()), at in any::<prop::sample::Index>(), bit in 0..8_u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut sender, mut receiver) = pair(suite);
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        sender.protect(&rtp(1, 1), &mut sealed);
        let mut damaged = sealed.clone();
        damaged[at.index(sealed.len())] ^= 1 << bit;
        prop_assert!(!receiver.open(&damaged, &mut opened));
        prop_assert!(!receiver.open(&sealed[..cut.index(sealed.len())], &mut opened));
        prop_assert!(receiver.open(&sealed, &mut opened));
        sender.protect_rtcp(&octets(RTCP), &mut sealed);
        let mut damaged = sealed.clone();
        damaged[at.index(sealed.len())] ^= 1 << bit;
        prop_assert!(!receiver.open_rtcp(&damaged, &mut opened));
        prop_assert!(receiver.open_rtcp(&sealed, &mut opened));
    }

    #[test]
    fn garbage_opens_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for suite in Suite::ALL {
            let (_, mut receiver) = pair(suite);
            let mut opened = Vec::new();
            prop_assert!(!receiver.open(&bytes, &mut opened) && !receiver.open_rtcp(&bytes, &mut opened));
        }
    }
}
