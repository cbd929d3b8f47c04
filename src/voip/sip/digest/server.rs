//! Asking and judging.
//!
//! A nonce needs no memory: it is the time, a serial number and a keyed hash of both. Only nonces that a right
//! answer has used are remembered, for the count that must grow; so whoever has no password cannot fill the table.
//!
//! ```text
//!   │ 8 octets milliseconds │ 8 octets serial number │ 16 octets of SHA-256(secret, both, secret) │  in hexadecimal
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::method::Method;
use super::super::text::{from_hex, to_hex};
use super::algorithm::{Algorithm, Asked, Ha1, is_same, response};
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

/// The nonce's highest count so far, and when it was given out.
struct Used {
    count: u32,
    issued: Instant,
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

    /// The questions to ask, the stronger one first (RFC 8760 §2.4), with one fresh nonce.
    pub fn challenges(&mut self, now: Instant, stale: bool) -> [Challenge; 2] {
        self.serial += 1;
        let nonce = self.nonce_text(now.as_millis(), self.serial);
        [Algorithm::Sha256, Algorithm::Md5].map(|algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            algorithm: Some(algorithm),
            qop_auth: true,
            stale,
            opaque: None,
        })
    }

    /// Judges an answer to a request with `method`. `ha1` is that of the account it names, `None` when there is no
    /// such account.
    ///
    /// The URI in the answer is hashed as it stands there: it may differ from the Request-URI when a proxy is on
    /// the way (RFC 7616 §3.4.6).
    pub fn verify(&mut self, answer: &Credentials, method: &Method, ha1: Option<&Ha1>, now: Instant) -> Verdict {
        // An unknown account takes the same way as a known one, with a hash that nothing fits.
        let nobody = Ha1 { md5: [0; 16], sha256: self.secret };
        let ha1_hex = answer.algorithm.and_then(|algorithm| ha1.unwrap_or(&nobody).hex(algorithm));
        let (Some(algorithm), Some(ha1_hex)) = (answer.algorithm, ha1_hex) else { return Verdict::Denied };
        let count = match &answer.protection {
            Protection::None => None,
            Protection::Auth { count_text, cnonce, .. } => Some((count_text.as_str(), cnonce.as_str())),
        };
        let asked = Asked { method: method.as_str(), uri: &answer.uri, nonce: &answer.nonce, count };
        let expected = response(algorithm, &ha1_hex, &asked);
        let fits = is_same(&expected, &answer.response.to_ascii_lowercase());
        if !fits || ha1.is_none() || answer.realm != self.realm {
            return Verdict::Denied;
        }
        match self.read_nonce(&answer.nonce) {
            Some(nonce) if now.since(nonce.issued) <= self.lifetime => self.use_up(&nonce, &answer.protection, now),
            Some(_) | None => Verdict::Stale,
        }
    }

    /// Notes a nonce's use; stale when the count does not grow.
    fn use_up(&mut self, nonce: &Nonce, protection: &Protection, now: Instant) -> Verdict {
        // Without a count a nonce is good for one request.
        let count = match protection {
            Protection::None => u32::MAX,
            Protection::Auth { count, .. } => *count,
        };
        if nonce.serial < self.floor {
            return Verdict::Stale;
        }
        let used = self.used.entry(nonce.serial).or_insert(Used { count: 0, issued: nonce.issued });
        if count <= used.count {
            return Verdict::Stale;
        }
        used.count = count;
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

    fn nonce_text(&self, millis: u64, serial: u64) -> String {
        let mut head = [0; 16];
        head[..8].copy_from_slice(&millis.to_be_bytes());
        head[8..].copy_from_slice(&serial.to_be_bytes());
        to_hex(&head) + &self.seal(&head)
    }

    /// The keyed hash. What is hashed has a fixed length and the hash is cut, so nothing can be appended to it.
    fn seal(&self, head: &[u8; 16]) -> String {
        let hash = Sha256::new().chain_update(self.secret).chain_update(head).chain_update(self.secret).finalize();
        to_hex(&hash[..16])
    }

    /// A nonce of ours; `None` for any other text.
    fn read_nonce(&self, text: &str) -> Option<Nonce> {
        let (head, seal) = text.split_at_checked(32)?;
        let head: [u8; 16] = from_hex(head.as_bytes())?;
        if !is_same(&self.seal(&head), seal) {
            return None;
        }
        let (millis, serial) = head.split_first_chunk::<8>()?;
        Some(Nonce {
            issued: Instant::from_millis(u64::from_be_bytes(*millis)),
            serial: u64::from_be_bytes(serial.try_into().ok()?),
        })
    }
}
