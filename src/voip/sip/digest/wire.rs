//! Challenges and credentials as on the wire: `Digest name=value, name="value"` (RFC 3261 §25.1).

use std::fmt;

use super::super::headers::{HeaderName, Headers};
use super::super::text::{Malformed, is_space, is_token, quote, quoted_prefix, split_outside, trim, unescape_quoted};
use super::algorithm::{Algorithm, Qop};

/// The parameters of a `Digest` value, unquoted.
struct AuthParams(Vec<(String, String)>);

impl AuthParams {
    fn parse(value: &[u8], what: &'static str) -> Result<Self, Malformed> {
        let fault = || Malformed(what);
        let value = trim(value);
        let end = value.iter().position(|&byte| is_space(byte)).ok_or_else(fault)?;
        if !value[..end].eq_ignore_ascii_case(b"Digest") {
            return Err(fault());
        }
        let mut params = Vec::new();
        for element in split_outside(&value[end..], b',') {
            if element.is_empty() {
                continue;
            }
            let at = element.iter().position(|&byte| byte == b'=').ok_or_else(fault)?;
            let (name, raw) = (trim(&element[..at]), trim(&element[at + 1..]));
            let plain = match quoted_prefix(raw) {
                Some((inner, [])) => unescape_quoted(inner),
                Some(_) => return Err(fault()),
                None => raw.to_vec(),
            };
            if !is_token(name) || params.len() >= 32 {
                return Err(fault());
            }
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| fault());
            params.push((text(name)?, text(&plain)?));
        }
        Ok(Self(params))
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    /// The algorithm, MD5 when none is named.
    fn algorithm(&self) -> Option<Algorithm> {
        self.get("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::from_name(&name))
    }
}

/// A server's question: the value of WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Where the account is.
    pub realm: String,
    /// The server's number, to be given back.
    pub nonce: String,
    /// The hash; `None` for one that we do not know.
    pub algorithm: Option<Algorithm>,
    /// What is to be protected; `None` without `qop`, as in RFC 2069.
    pub qop: Option<Qop>,
    /// Whether the answer was right but its nonce was too old.
    pub stale: bool,
    /// To be given back, when there is one.
    pub opaque: Option<String>,
}

impl Challenge {
    /// Reads the value of a WWW-Authenticate or Proxy-Authenticate.
    ///
    /// # Errors
    /// When it is no `Digest`, lacks realm or nonce, or wants a protection that we do not know.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("challenge");
        let params = AuthParams::parse(value, WHAT.0)?;
        let qop = match params.get("qop") {
            Some(offered) => Some(Qop::best_of(&offered).ok_or(WHAT)?),
            None => None,
        };
        Ok(Self {
            realm: params.get("realm").ok_or(WHAT)?,
            nonce: params.get("nonce").ok_or(WHAT)?,
            algorithm: params.algorithm(),
            qop,
            stale: params.get("stale").is_some_and(|word| word.eq_ignore_ascii_case("true")),
            opaque: params.get("opaque"),
        })
    }

    /// The challenges of a 401 or 407 in their order, without those that cannot be read.
    pub fn all_in(headers: &Headers, name: HeaderName) -> impl Iterator<Item = Self> {
        headers.get_all(name).filter_map(|value| Self::parse(value).ok())
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", quote(&self.realm), quote(&self.nonce))?;
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={}", algorithm.name())?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}", quote(qop.name()))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        match &self.opaque {
            Some(opaque) => write!(f, ", opaque={}", quote(opaque)),
            None => Ok(()),
        }
    }
}

/// How an answer is protected against being sent again.
#[derive(Clone, PartialEq, Eq)]
pub enum Protection {
    /// No `qop`: RFC 2069.
    None,
    /// With a `qop`, and a count of the nonce's uses.
    Counted {
        /// What is protected.
        qop: Qop,
        /// How often the nonce was used, with this time.
        count: u32,
        /// The count's digits as written: they are hashed.
        count_text: String,
        /// The client's number.
        cnonce: String,
    },
}

/// A client's answer: the value of Authorization or Proxy-Authorization. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub username: String,
    /// Where the account is.
    pub realm: String,
    /// The server's number.
    pub nonce: String,
    /// The Request-URI as the client wrote it.
    pub uri: String,
    /// The hash, in hexadecimal.
    pub response: String,
    /// Which hash; `None` for one that we do not know.
    pub algorithm: Option<Algorithm>,
    /// How it is protected.
    pub protection: Protection,
    /// Given back from the challenge.
    pub opaque: Option<String>,
}

impl Credentials {
    /// Reads the value of an Authorization or Proxy-Authorization.
    ///
    /// # Errors
    /// When it is no `Digest`, lacks a parameter that it needs, its `qop` is unknown, or it hides its user name
    /// (`userhash`, which we never offer).
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("credentials");
        let params = AuthParams::parse(value, WHAT.0)?;
        let need = |name| params.get(name).ok_or(WHAT);
        let protection = match params.get("qop") {
            None => Protection::None,
            Some(qop) => {
                let qop = Qop::from_name(&qop).ok_or(WHAT)?;
                let count_text = need("nc")?;
                let digits =
                    (1..=8).contains(&count_text.len()) && count_text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let count =
                    if digits { u32::from_str_radix(&count_text, 16).map_err(|_| WHAT)? } else { return Err(WHAT) };
                Protection::Counted { qop, count, count_text, cnonce: need("cnonce")? }
            }
        };
        if params.get("userhash").is_some_and(|word| word.eq_ignore_ascii_case("true")) {
            return Err(WHAT);
        }
        Ok(Self {
            username: need("username")?,
            realm: need("realm")?,
            nonce: need("nonce")?,
            uri: need("uri")?,
            response: need("response")?,
            algorithm: params.algorithm(),
            protection,
            opaque: params.get("opaque"),
        })
    }

    /// The credentials for a realm among the values of Authorization or Proxy-Authorization.
    #[must_use]
    pub fn find(headers: &Headers, name: HeaderName, realm: &str) -> Option<Self> {
        headers.get_all(name).filter_map(|value| Self::parse(value).ok()).find(|found| found.realm == realm)
    }

    /// The value as on the wire. It is a secret.
    #[must_use]
    pub fn to_value(&self) -> String {
        let texts = [
            ("username", Some(&self.username)),
            ("realm", Some(&self.realm)),
            ("nonce", Some(&self.nonce)),
            ("uri", Some(&self.uri)),
            ("response", Some(&self.response)),
            ("opaque", self.opaque.as_ref()),
        ];
        let quoted = texts.into_iter().filter_map(|(name, text)| text.map(|text| format!("{name}={}", quote(text))));
        let mut params: Vec<String> = quoted.collect();
        params.extend(self.algorithm.map(|algorithm| format!("algorithm={}", algorithm.name())));
        if let Protection::Counted { qop, count_text, cnonce, .. } = &self.protection {
            params.push(format!("qop={}, nc={count_text}, cnonce={}", qop.name(), quote(cnonce)));
        }
        format!("Digest {}", params.join(", "))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(•)")
    }
}
