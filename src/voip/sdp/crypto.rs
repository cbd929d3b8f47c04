//! Keys in the description: SDES (RFC 4568).
//!
//! ```text
//! a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:base64 of key and salt|2^31|1:4 FEC_ORDER=FEC_SRTP
//!          tag suite                        key                    lifetime MKI   session parameters
//! ```
//!
//! A line with a master key identifier, or with a session parameter that changes the packets, is passed over: the peer
//! offers another or the call stays clear or is refused, as [`SecureMedia`] says.

use super::session::{MediaDescription, Protocol, SecretText};
use crate::voip::rtp::srtp::{MasterKey, SecureKeys, Suite};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::fmt;
use zeroize::Zeroizing;

/// Whether packets are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SecureMedia {
    /// Never; encrypted lines are refused.
    #[default]
    Refused,
    /// When the peer can. Our offers are `RTP/AVP` with keys, which a telephone that knows none passes over.
    Preferred,
    /// Always; what is not encrypted is refused. Our offers are `RTP/SAVP`.
    Required,
}

/// An `a=crypto` line that we can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CryptoLine {
    pub(super) tag: u32,
    pub(super) key: MasterKey,
}

impl CryptoLine {
    /// Reads the line's value; `None` when we cannot do what it says.
    pub(super) fn parse(text: &SecretText) -> Option<Self> {
        let mut words = text.reveal().split_ascii_whitespace();
        let (tag, suite, key) = (words.next()?.parse().ok()?, Suite::from_name(words.next()?)?, words.next()?);
        // One key only: a second one would need identifiers. The method's name is compared without case.
        let (method, key) = key.split_at_checked("inline:".len())?;
        if !method.eq_ignore_ascii_case("inline:") || key.contains(';') || !words.all(is_harmless) {
            return None;
        }
        let mut parts = key.split('|');
        let encoded = parts.next()?.trim_end_matches('=');
        // A lifetime is no identifier: we never send as many packets as the shortest that is allowed to matter.
        if parts.any(|part| part.contains(':')) {
            return None;
        }
        let octets = Zeroizing::new(BASE64_STANDARD_NO_PAD.decode(encoded).ok()?);
        Some(Self { tag, key: MasterKey::new(suite, &octets)? })
    }

    /// The line's value.
    pub(super) fn text(&self) -> SecretText {
        let octets = Zeroizing::new(BASE64_STANDARD.encode(self.key.octets()));
        let text = Zeroizing::new(format!("{} {} inline:{}", self.tag, self.key.suite().name(), *octets));
        SecretText::new(&text)
    }
}

/// Whether a session parameter leaves the packets as they are: a window's size, a derivation rate of zero.
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with("WSH=") || parameter == "KDR=0" || parameter.starts_with('-')
}

/// Whether a line's packets must be encrypted.
pub(super) const fn is_secure(protocol: &Protocol) -> bool {
    matches!(protocol, Protocol::Savp | Protocol::Savpf)
}

/// How a line is taken.
pub(super) enum Protection {
    Clear,
    Keyed(CryptoLine),
}

/// How an offered line would be taken; `None` when it cannot be.
pub(super) fn protection(media: &MediaDescription, policy: SecureMedia) -> Option<Protection> {
    let line = match policy {
        SecureMedia::Refused => None,
        SecureMedia::Preferred | SecureMedia::Required => media.crypto.iter().find_map(CryptoLine::parse),
    };
    match line {
        Some(line) => Some(Protection::Keyed(line)),
        None if is_secure(&media.protocol) || policy == SecureMedia::Required => None,
        None => Some(Protection::Clear),
    }
}

/// Our keys of one dialog: one for each suite, drawn when it is first needed, the same until the media is clear.
pub(super) struct OurKeys {
    generator: StdRng,
    drawn: Vec<MasterKey>,
}

impl fmt::Debug for OurKeys {
    /// Hides the keys and what will be drawn.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OurKeys")
    }
}

impl OurKeys {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { generator: StdRng::from_seed(seed), drawn: Vec::new() }
    }

    /// Our key of a suite.
    pub(super) fn of(&mut self, suite: Suite) -> MasterKey {
        if let Some(key) = self.drawn.iter().find(|key| key.suite() == suite) {
            return key.clone();
        }
        let key = MasterKey::draw(suite, &mut self.generator);
        self.drawn.push(key.clone());
        key
    }

    /// The keys of another dialog of the same INVITE: those that were offered are the same, those to come are not.
    pub(super) fn branched(&mut self) -> Self {
        Self { generator: StdRng::from_seed(self.generator.random()), drawn: self.drawn.clone() }
    }

    /// A key that was used is not used again for another run of packets.
    pub(super) fn forget(&mut self) {
        self.drawn.clear();
    }

    /// A line for every suite, best first.
    pub(super) fn offer(&mut self) -> Vec<CryptoLine> {
        (1..).zip(Suite::ALL).map(|(tag, suite)| CryptoLine { tag, key: self.of(suite) }).collect()
    }
}

/// The keys of an answer to lines of ours; `None` when it has none that belongs to one of them.
pub(super) fn answered(offered: &[CryptoLine], media: &MediaDescription) -> Option<SecureKeys> {
    let theirs = media.crypto.iter().find_map(CryptoLine::parse)?;
    let ours = offered.iter().find(|ours| ours.tag == theirs.tag && ours.key.suite() == theirs.key.suite())?;
    Some(SecureKeys { send: ours.key.clone(), receive: theirs.key })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 4568's examples.
    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn lines_are_taken_when_we_can_do_all_they_say() {
        let long = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+goaKjpKWmp6ipqqs=";
        let cases = [
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), true),
            (format!("7 aes_cm_128_hmac_sha1_32 INLINE:{KEY}|2^20"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31 WSH=128 KDR=0"), true),
            (format!("1 AEAD_AES_256_GCM inline:{long}"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} FEC_ORDER=SRTP_FEC"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}"), false),
            (format!("1 AEAD_AES_128_GCM inline:{KEY}"), false),
            (format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"), false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:short".to_owned(), false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:".to_owned(), false),
            ("1 AES_CM_128_HMAC_SHA1_80".to_owned(), false),
            ("x".to_owned(), false),
            (String::new(), false),
        ];
        for (text, taken) in cases {
            let line = CryptoLine::parse(&SecretText::new(&text));
            assert_eq!(line.is_some(), taken, "{text}");
            if let Some(line) = line {
                assert_eq!(CryptoLine::parse(&line.text()), Some(line.clone()), "{text}");
                assert!(!format!("{line:?} {:?}", line.text()).contains(KEY));
            }
        }
    }
}
