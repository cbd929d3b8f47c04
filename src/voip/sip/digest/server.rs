//! Asking and judging.
//!
//! A nonce needs no memory: it is the time, a serial number and a keyed hash of both and of who was asked. Only nonces
//! that a right answer has used are remembered, for the count that must grow; so whoever has no password cannot fill the
//! table.
//!
//! ```text
//!   │ 8 octets milliseconds │ 8 octets serial number │ 16 octets of SHA-256(secret, both, asked, secret) │  in hexadecimal
//! ```
//!
//! Asked is a source over a transport: an answer that was overheard is worth nothing anywhere else, and a phone whose
//! NAT gives it another port goes on. One that comes from another address is asked once more, with `stale=true`, and
//! answers by itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::headers::Headers;
use super::super::method::Method;
use super::super::peer::Peer;
use super::super::text::{from_hex, to_hex};
use super::agents;
use super::algorithm::{Algorithm, Asked, Ha1, Qop, is_same, response};
use super::wire::{Challenge, Credentials, Protection};
use crate::model::Instant;

/// How many used nonces are remembered. When more are in use, the oldest become stale.
const MAX_USED: usize = 16_384;

/// What a server thinks of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is who it says.
    Accepted,
    /// The password is right and the nonce is old, foreign or used up: ask again with `stale=true`.
    Stale,
    /// The account is unknown or the password is wrong; nobody outside learns which.
    Denied,
}

/// Who asks for passwords in one realm.
pub struct DigestServer {
    realm: String,
    secret: [u8; 32],
    lifetime: Duration,
    serial: u64,
    used: BTreeMap<u64, Used>,
    /// Nonces with a lower serial number were forgotten.
    floor: u64,
}

/// The counts of a nonce that were seen: the highest, and which of the 64 up to it. Requests may overtake each other.
struct Used {
    highest: u32,
    seen: u64,
    issued: Instant,
}

impl Used {
    /// Takes note of a count; `false` when it was seen before or is too far behind to tell.
    fn take(&mut self, count: u32) -> bool {
        if count == 0 {
            return false;
        }
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1_u64.checked_shl(self.highest - count) else { return false };
        let is_new = self.seen & bit == 0;
        self.seen |= bit;
        is_new
    }
}

struct Nonce {
    issued: Instant,
    serial: u64,
}

impl DigestServer {
    /// For a realm. The secret is 32 random octets that nobody else knows; nonces live for `lifetime`.
    #[must_use]
    pub const fn new(realm: String, secret: [u8; 32], lifetime: Duration) -> Self {
        Self { realm, secret, lifetime, serial: 0, used: BTreeMap::new(), floor: 0 }
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The questions to ask of a peer, the stronger one first (RFC 8760 §2.4), with one fresh nonce.
    pub fn challenges(&mut self, now: Instant, peer: Peer, stale: bool) -> [Challenge; 3] {
        self.serial += 1;
        let nonce = self.nonce_text(now.as_millis(), self.serial, peer);
        [Algorithm::Sha256, Algorithm::Sha512Of256, Algorithm::Md5].map(|algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            algorithm: Some(algorithm),
            qop: Some(Qop::Auth),
            stale,
            opaque: None,
        })
    }

    /// The questions for a peer that sent these headers: MD5 alone for one that gives up at any other.
    pub fn challenges_for(&mut self, headers: &Headers, now: Instant, peer: Peer, stale: bool) -> Vec<Challenge> {
        let only_md5 = agents::gives_up_at_sha256(headers);
        let mut challenges = self.challenges(now, peer, stale).to_vec();
        challenges.retain(|challenge| !only_md5 || challenge.algorithm == Some(Algorithm::Md5));
        challenges
    }

    /// Judges an answer to a request of `peer`. `ha1` is that of the account it names, `None` when there is no such
    /// account: that costs as much and is told as a wrong password is.
    ///
    /// The URI in the answer is hashed as it stands there: it may differ from the Request-URI when a proxy is on
    /// the way (RFC 7616 §3.4.6). An answer without `qop` (RFC 2069) could be sent again by anybody and is denied; one
    /// with `auth-int` is good when it fits the body.
    pub fn verify(
        &mut self,
        now: Instant,
        peer: Peer,
        answer: &Credentials,
        (method, body): (&Method, &[u8]),
        ha1: Option<&Ha1>,
    ) -> Verdict {
        let Protection::Counted { qop, count, count_text, cnonce } = &answer.protection else { return Verdict::Denied };
        let Some(algorithm) = answer.algorithm else { return Verdict::Denied };
        // Who is unknown, or has no such hash, takes the same way with a hash that nothing fits.
        let nobody = Ha1 { md5: [0; 16], sha256: self.secret, sha512_256: Some(self.secret) };
        let known = ha1.and_then(|ha1| ha1.hex(algorithm));
        let is_known = known.is_some();
        let ha1_hex = known.or_else(|| nobody.hex(algorithm)).unwrap_or_default();
        let count_of = Some((count_text.as_str(), cnonce.as_str(), *qop));
        let asked = Asked { method: method.as_str(), uri: &answer.uri, nonce: &answer.nonce, body, count: count_of };
        let expected = response(algorithm, &ha1_hex, &asked);
        let fits = is_same(&expected, &answer.response.to_ascii_lowercase());
        if !fits || !is_known || answer.realm != self.realm {
            return Verdict::Denied;
        }
        match self.read_nonce(&answer.nonce, peer) {
            Some(nonce) if now.since(nonce.issued) <= self.lifetime => self.use_up(&nonce, *count, now),
            Some(_) | None => Verdict::Stale,
        }
    }

    /// Notes a nonce's use; stale when the count was seen before.
    fn use_up(&mut self, nonce: &Nonce, count: u32, now: Instant) -> Verdict {
        if nonce.serial < self.floor {
            return Verdict::Stale;
        }
        let used = self.used.entry(nonce.serial).or_insert(Used { highest: 0, seen: 0, issued: nonce.issued });
        if !used.take(count) {
            return Verdict::Stale;
        }
        self.forget(now);
        Verdict::Accepted
    }

    /// Forgets nonces that are too old anyway, and the oldest when there are too many.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.used.first_entry() {
            let old = now.since(oldest.get().issued) > self.lifetime;
            if !old && self.used.len() <= MAX_USED {
                return;
            }
            if let Some((serial, _)) = self.used.pop_first() {
                self.floor = serial + 1;
            }
        }
    }

    fn nonce_text(&self, millis: u64, serial: u64, peer: Peer) -> String {
        let mut head = [0; 16];
        head[..8].copy_from_slice(&millis.to_be_bytes());
        head[8..].copy_from_slice(&serial.to_be_bytes());
        to_hex(&head) + &self.seal(&head, peer)
    }

    /// The keyed hash. What is hashed has a fixed length and the hash is cut, so nothing can be appended to it.
    fn seal(&self, head: &[u8; 16], peer: Peer) -> String {
        let mut transport = [0; 4];
        transport.iter_mut().zip(peer.transport.name().bytes()).for_each(|(place, octet)| *place = octet);
        let source = match peer.source().ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let hash = Sha256::new().chain_update(self.secret).chain_update(head).chain_update(transport);
        let hash = hash.chain_update(source.octets()).chain_update(self.secret).finalize();
        to_hex(&hash[..16])
    }

    /// A nonce that we gave to this peer; `None` for any other text.
    fn read_nonce(&self, text: &str, peer: Peer) -> Option<Nonce> {
        let (head, seal) = text.split_at_checked(32)?;
        let head: [u8; 16] = from_hex(head.as_bytes())?;
        if !is_same(&self.seal(&head, peer), seal) {
            return None;
        }
        let (millis, serial) = head.split_first_chunk::<8>()?;
        Some(Nonce {
            issued: Instant::from_millis(u64::from_be_bytes(*millis)),
            serial: u64::from_be_bytes(serial.try_into().ok()?),
        })
    }
}
