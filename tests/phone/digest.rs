//! Logging in by digest (RFC 7616, RFC 8760), from the client's side.

use md5::{Digest, Md5};
use sha2::Sha256;
use std::fmt::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        let octets: Vec<u8> = match self {
            Self::Md5 => Md5::digest(text.as_bytes()).to_vec(),
            Self::Sha256 => Sha256::digest(text.as_bytes()).to_vec(),
        };
        octets.iter().fold(String::new(), |mut hex, octet| {
            write!(hex, "{octet:02x}").unwrap();
            hex
        })
    }
}

/// What the server asks for.
#[derive(Debug)]
pub struct Challenge {
    pub algorithm: Algorithm,
    pub realm: String,
    pub nonce: String,
    opaque: Option<String>,
}

impl Challenge {
    /// Reads the value of a WWW-Authenticate header; `None` for an algorithm that this phone does not know, which it
    /// passes over (RFC 8760 §2.4).
    pub fn parse(value: &str) -> Option<Self> {
        let parameters = value.trim().strip_prefix("Digest ").unwrap_or_else(|| panic!("not Digest: {value}"));
        let find = |name: &str| {
            let named = |pair: &str| {
                let (key, value) = pair.split_once('=')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
            };
            // No value that is asked for here holds a comma, but a list of qop may.
            parameters.split(',').find_map(named)
        };
        let algorithm = match find("algorithm").as_deref() {
            Some("SHA-256") => Algorithm::Sha256,
            Some("MD5") | None => Algorithm::Md5,
            Some(_) => return None,
        };
        assert!(value.contains("qop="), "a challenge without qop: {value}");
        Some(Self {
            algorithm,
            realm: find("realm").unwrap_or_else(|| panic!("no realm: {value}")),
            nonce: find("nonce").unwrap_or_else(|| panic!("no nonce: {value}")),
            opaque: find("opaque"),
        })
    }

    /// The value of the Authorization header that meets the challenge.
    pub fn meet(&self, user: &str, password: &str, method: &str, uri: &str) -> String {
        let (realm, nonce, cnonce, count) = (&self.realm, &self.nonce, "0a4f113b", "00000001");
        let ha1 = self.algorithm.hash(&format!("{user}:{realm}:{password}"));
        let ha2 = self.algorithm.hash(&format!("{method}:{uri}"));
        let response = self.algorithm.hash(&format!("{ha1}:{nonce}:{count}:{cnonce}:auth:{ha2}"));
        let name = self.algorithm.name();
        let opaque = self.opaque.as_ref().map_or_else(String::new, |opaque| format!(", opaque=\"{opaque}\""));
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={name}, cnonce=\"{cnonce}\", qop=auth, nc={count}{opaque}"
        )
    }
}
