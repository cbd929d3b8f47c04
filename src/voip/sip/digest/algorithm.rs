//! The hashes, and what is kept of a password.

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use zeroize::Zeroize;

use super::super::text::{from_hex, to_hex};

/// A hash of RFC 8760 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`: what old phones know.
    Md5,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512-256`.
    Sha512Of256,
}

impl Algorithm {
    /// Every algorithm that we know.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Sha512Of256];

    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512Of256 => "SHA-512-256",
        }
    }

    /// The algorithm of its word in any case; `None` for others, such as those that end in `-sess`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The hexadecimal hash of parts with colons between them.
    pub(super) fn hash(self, parts: &[&str]) -> String {
        self.hash_octets(parts.join(":").as_bytes())
    }

    /// The hexadecimal hash of octets.
    fn hash_octets(self, octets: &[u8]) -> String {
        #[cfg(test)]
        HASHES.with(|count| count.set(count.get() + 1));
        match self {
            Self::Md5 => to_hex(&Md5::digest(octets)),
            Self::Sha256 => to_hex(&Sha256::digest(octets)),
            Self::Sha512Of256 => to_hex(&Sha512_256::digest(octets)),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How many hashes were made: accounts that exist must not cost more than others.
    pub(super) static HASHES: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// What is kept of an account's password: H(user:realm:password) for each algorithm (RFC 7616 §3.4.2).
///
/// Whoever has it can log in to this realm and to no other. It shows itself nowhere and is wiped when dropped.
#[derive(Clone)]
pub struct Ha1 {
    /// For `MD5`.
    pub md5: [u8; 16],
    /// For `SHA-256`.
    pub sha256: [u8; 32],
    /// For `SHA-512-256`; accounts whose password was set before that was known have none.
    pub sha512_256: Option<[u8; 32]>,
}

impl Ha1 {
    /// Of a user's password in a realm.
    #[must_use]
    pub fn compute(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user, realm, password];
        Self {
            md5: from_hex(Algorithm::Md5.hash(&parts).as_bytes()).unwrap_or_default(),
            sha256: from_hex(Algorithm::Sha256.hash(&parts).as_bytes()).unwrap_or_default(),
            sha512_256: from_hex(Algorithm::Sha512Of256.hash(&parts).as_bytes()),
        }
    }

    /// The hexadecimal digits for an algorithm; `None` for one that accounts are not kept for.
    pub(super) fn hex(&self, algorithm: Algorithm) -> Option<String> {
        match algorithm {
            Algorithm::Md5 => Some(to_hex(&self.md5)),
            Algorithm::Sha256 => Some(to_hex(&self.sha256)),
            Algorithm::Sha512Of256 => self.sha512_256.map(|hash| to_hex(&hash)),
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(•)")
    }
}

impl Drop for Ha1 {
    fn drop(&mut self) {
        self.md5.zeroize();
        self.sha256.zeroize();
        self.sha512_256.zeroize();
    }
}

/// The response of RFC 7616 §3.4.1 from HA1 in hexadecimal: with a `qop` when there is a count, else as in RFC 2069.
pub(super) fn response(algorithm: Algorithm, ha1: &str, asked: &Asked<'_>) -> String {
    let Some((count, cnonce, qop)) = asked.count else {
        return algorithm.hash(&[ha1, asked.nonce, &algorithm.hash(&[asked.method, asked.uri])]);
    };
    let ha2 = match qop {
        Qop::Auth => algorithm.hash(&[asked.method, asked.uri]),
        Qop::AuthInt => algorithm.hash(&[asked.method, asked.uri, &algorithm.hash_octets(asked.body)]),
    };
    algorithm.hash(&[ha1, asked.nonce, count, cnonce, qop.name(), &ha2])
}

/// What a response is computed over, beside the password.
pub(super) struct Asked<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub nonce: &'a str,
    /// The body, which `auth-int` signs too.
    pub body: &'a [u8],
    /// The nonce count as its eight digits, the client's nonce, and what is protected.
    pub count: Option<(&'a str, &'a str, Qop)>,
}

/// What an answer protects (RFC 7616 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qop {
    /// `auth`: method and URI.
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
}

impl Qop {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    /// Of its word in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.name().eq_ignore_ascii_case(name))
    }

    /// What to answer with of those that a server offers: `auth` where it is among them, for proxies may change a body.
    #[must_use]
    pub fn best_of(offered: &str) -> Option<Self> {
        let words = || offered.split(',').filter_map(|word| Self::from_name(word.trim()));
        words().find(|qop| *qop == Self::Auth).or_else(|| words().next())
    }
}

/// Whether two texts are the same, in a time that does not depend on where they differ.
pub(super) fn is_same(one: &str, two: &str) -> bool {
    let difference = one.bytes().zip(two.bytes()).fold(0, |sum, (one, two)| sum | (one ^ two));
    std::hint::black_box(difference) == 0 && one.len() == two.len()
}
