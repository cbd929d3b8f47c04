//! Suites and master keys.

use rand::Rng;
use std::fmt;
use zeroize::Zeroizing;

/// A crypto suite of SDES, best first in [`Suite::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AES-256 in Galois/Counter Mode, tags of 16 octets (RFC 7714).
    AeadAes256Gcm,
    /// AES-128 in Galois/Counter Mode, tags of 16 octets (RFC 7714).
    AeadAes128Gcm,
    /// AES-128 in counter mode, HMAC-SHA1 tags of 10 octets (RFC 4568 §6.2.1).
    AesCm128HmacSha1Tag80,
    /// The same with tags of 4 octets on SRTP, of 10 on SRTCP (RFC 4568 §6.2.2).
    AesCm128HmacSha1Tag32,
}

impl Suite {
    /// Every suite, in the order in which we offer and choose them.
    pub const ALL: [Self; 4] =
        [Self::AeadAes256Gcm, Self::AeadAes128Gcm, Self::AesCm128HmacSha1Tag80, Self::AesCm128HmacSha1Tag32];

    /// Its name in `a=crypto`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AesCm128HmacSha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// The suite of a name, compared without case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Octets of its master key.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::AeadAes256Gcm => 32,
            Self::AeadAes128Gcm | Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 => 16,
        }
    }

    /// Octets of its master salt.
    #[must_use]
    pub const fn salt_length(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AeadAes128Gcm => 12,
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 => 14,
        }
    }
}

/// A master key and its salt, as `inline:` carries them: the key's octets, then the salt's.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    octets: Zeroizing<Vec<u8>>,
}

impl MasterKey {
    /// The key of its octets; `None` when they are not as many as the suite wants.
    #[must_use]
    pub fn new(suite: Suite, octets: &[u8]) -> Option<Self> {
        let fits = octets.len() == suite.key_length() + suite.salt_length();
        fits.then(|| Self { suite, octets: Zeroizing::new(octets.to_vec()) })
    }

    /// A key with a salt of another length than that of its suite, as vectors of other suites have it.
    #[cfg(test)]
    pub(super) fn of_vector(suite: Suite, octets: &[u8]) -> Self {
        Self { suite, octets: Zeroizing::new(octets.to_vec()) }
    }

    /// A new key. `generator` must be a cryptographic one.
    pub fn draw(suite: Suite, generator: &mut impl Rng) -> Self {
        let mut octets = Zeroizing::new(vec![0; suite.key_length() + suite.salt_length()]);
        generator.fill_bytes(&mut octets);
        Self { suite, octets }
    }

    /// What it is for.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt, for `inline:` alone.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(super) fn key(&self) -> &[u8] {
        self.octets.get(..self.suite.key_length()).unwrap_or_default()
    }

    pub(super) fn salt(&self) -> &[u8] {
        self.octets.get(self.suite.key_length()..).unwrap_or_default()
    }
}

impl fmt::Debug for MasterKey {
    /// Hides the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// What offer and answer agreed on: a key each way, of one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureKeys {
    /// Ours, for what we send.
    pub send: MasterKey,
    /// The peer's, for what we receive.
    pub receive: MasterKey,
}
