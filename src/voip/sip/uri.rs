//! Where a request goes and who is meant: `sip:`, `sips:`, `tel:` and the rest (RFC 3261 §19.1, RFC 3966).

use std::fmt;

use crate::model::PhoneNumber;

use super::host::Host;
use super::params::Params;
use super::peer::Transport;
use super::text::{Malformed, hex_pair, to_hex};

/// Any URI that a SIP message may hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// `tel:`.
    Tel(TelUri),
    /// Another scheme, kept as it was written; in a Request-URI it is answered 416.
    Other(Box<str>),
}

/// `sip:user:password@host:port;parameters?headers`.
///
/// Equality is of what is written; [`SipUri::is_equivalent`] is the comparison of RFC 3261 §19.1.4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SipUri {
    /// Whether the scheme is `sips`.
    pub secure: bool,
    /// What stands before the at-sign, still escaped, without the password.
    pub user: Option<Box<str>>,
    /// The password after the user's colon, still escaped. Nobody should use it (§19.1.1).
    pub password: Option<Box<str>>,
    /// The host.
    pub host: Host,
    /// The port, when one is written.
    pub port: Option<u16>,
    /// `;transport=tcp;lr` and others.
    pub params: Params,
    /// What follows the question mark, still escaped.
    pub headers: Option<Box<str>>,
}

/// `tel:number;parameters` (RFC 3966).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TelUri {
    /// The number as written, visual separators included.
    pub number: Box<str>,
    /// `;phone-context=+7` and others.
    pub params: Params,
}

impl Uri {
    /// Reads a URI.
    ///
    /// # Errors
    /// When there is no scheme or what follows does not follow the grammar of its scheme.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("URI");
        let (scheme, rest) = text.split_once(':').ok_or(WHAT)?;
        let lawful = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !scheme.bytes().all(lawful) {
            return Err(WHAT);
        }
        if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") {
            return SipUri::parse_rest(scheme.len() == 4, rest).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return TelUri::parse_rest(rest).map(Self::Tel);
        }
        let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"');
        if rest.is_empty() || !rest.bytes().all(visible) {
            return Err(WHAT);
        }
        Ok(Self::Other(text.into()))
    }

    /// The `sip:` or `sips:` URI, when it is one.
    #[must_use]
    pub const fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Tel(_) | Self::Other(_) => None,
        }
    }

    /// The telephone number that the URI names: of `tel:`, or of a user part that is one, whether or not
    /// `user=phone` says so.
    #[must_use]
    pub fn phone(&self) -> Option<PhoneNumber> {
        match self {
            Self::Sip(uri) => {
                let user = uri.user_text()?;
                PhoneNumber::parse(user.split(';').next().unwrap_or_default())
            }
            Self::Tel(uri) => PhoneNumber::parse(&uri.number),
            Self::Other(_) => None,
        }
    }

    /// The user part without escapes, or the number of `tel:`.
    #[must_use]
    pub fn user_text(&self) -> Option<String> {
        match self {
            Self::Sip(uri) => uri.user_text(),
            Self::Tel(uri) => Some(uri.number.to_string()),
            Self::Other(_) => None,
        }
    }

    /// Whether both mean the same (RFC 3261 §19.1.4; `tel:` by RFC 3966 §4; others letter by letter).
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(one), Self::Sip(two)) => one.is_equivalent(two),
            (Self::Tel(one), Self::Tel(two)) => one.is_equivalent(two),
            (Self::Other(one), Self::Other(two)) => one == two,
            _ => false,
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => fmt::Display::fmt(uri, f),
            Self::Tel(uri) => write!(f, "tel:{}{}", uri.number, uri.params),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl SipUri {
    /// `sip:host` or `sip:user@host:port`; the user is escaped where it must be.
    #[must_use]
    pub fn new(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        let user = user.map(|user| escape_user(user).into());
        Self { secure: false, user, password: None, host, port, params: Params::default(), headers: None }
    }

    fn parse_rest(secure: bool, rest: &str) -> Result<Self, Malformed> {
        let (user_info, rest) = match rest.split_once('@') {
            Some((user_info, rest)) => (Some(user_info), rest),
            None => (None, rest),
        };
        let (user, password) =
            match user_info.map(|text| text.split_once(':').map_or((text, None), |(user, word)| (user, Some(word)))) {
                Some((user, password)) => (Some(user), password),
                None => (None, None),
            };
        // `#` must be escaped by the grammar and is what telephones send for star-hash codes.
        if let Some(user) = user
            && (user.is_empty() || !is_escaped_text(user, b"&=+$,;?/#"))
        {
            return Err(Malformed("URI user"));
        }
        if password.is_some_and(|word| !is_escaped_text(word, b"&=+$,")) {
            return Err(Malformed("URI password"));
        }
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers)),
            None => (rest, None),
        };
        if headers.is_some_and(|headers| headers.is_empty() || !is_escaped_text(headers, b"[]/?:+$=&")) {
            return Err(Malformed("URI headers"));
        }
        let (host_port, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = Host::parse_with_port(host_port, false)?;
        Ok(Self {
            secure,
            user: user.map(Into::into),
            password: password.map(Into::into),
            host,
            port,
            params: Params::parse_uri(params)?,
            headers: headers.map(Into::into),
        })
    }

    /// The user part without escapes; bytes that are not UTF-8 become the replacement character.
    #[must_use]
    pub fn user_text(&self) -> Option<String> {
        let plain = unescape(self.user.as_deref()?);
        Some(String::from_utf8_lossy(&plain).into_owned())
    }

    /// The value of a parameter; its name and value may be escaped in the URI (§19.1.2). `Some("")` for one
    /// without a value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        let plain = |text: &str| String::from_utf8_lossy(&unescape(text)).into_owned();
        let found = self.params.iter().find(|(known, _)| plain(known).eq_ignore_ascii_case(name));
        found.map(|(_, value)| plain(value.unwrap_or("")))
    }

    /// The value of a header that the URI wants in its request (§19.1.1), without escapes; its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let plain = |text: &str| String::from_utf8_lossy(&unescape(text)).into_owned();
        let pairs = self.headers.as_deref()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(known, _)| plain(known).eq_ignore_ascii_case(name)).map(|(_, value)| plain(value))
    }

    /// The transport that the URI asks for; `None` when it names none or one that we do not speak.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.param("transport").as_deref().and_then(Transport::from_name)
    }

    /// Whether the next hop routes loosely (`lr`, RFC 3261 §19.1.1).
    #[must_use]
    pub fn is_loose_router(&self) -> bool {
        self.param("lr").is_some()
    }

    /// Whether both mean the same (RFC 3261 §19.1.4).
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        let same_text = |one: Option<&str>, two: Option<&str>| one.map(unescape) == two.map(unescape);
        self.secure == other.secure
            && same_text(self.user.as_deref(), other.user.as_deref())
            && same_text(self.password.as_deref(), other.password.as_deref())
            && self.host.is_same(&other.host)
            && self.port == other.port
            && are_params_equivalent(&self.params, &other.params)
            && are_params_equivalent(&other.params, &self.params)
            && are_headers_equivalent(self.headers.as_deref(), other.headers.as_deref())
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        fmt::Display::fmt(&self.host, f)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        fmt::Display::fmt(&self.params, f)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

impl TelUri {
    fn parse_rest(rest: &str) -> Result<Self, Malformed> {
        let (number, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let digits = number.strip_prefix('+').unwrap_or(number);
        let lawful = |byte: u8| byte.is_ascii_hexdigit() || b"*#-.()".contains(&byte);
        if digits.is_empty() || !digits.bytes().all(lawful) {
            return Err(Malformed("telephone number"));
        }
        Ok(Self { number: number.into(), params: Params::parse_uri(params)? })
    }

    fn is_equivalent(&self, other: &Self) -> bool {
        let digits = |uri: &Self| -> String {
            uri.number.chars().filter(|letter| !"-.()".contains(*letter)).flat_map(char::to_lowercase).collect()
        };
        let context = |uri: &Self| uri.params.get("phone-context").map(str::to_ascii_lowercase);
        digits(self) == digits(other) && context(self) == context(other)
    }
}

/// Every parameter of `one` that must or does stand in `two` says the same there.
fn are_params_equivalent(one: &Params, two: &Params) -> bool {
    // §19.1.4 names user, ttl, method and maddr; its examples add transport.
    const NEVER_ALONE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    // One that stands twice, which is forbidden, counts as it stands first: so it is read everywhere else.
    one.iter().all(|(name, _)| match two.get(name) {
        Some(other) => unescape(one.get(name).unwrap_or("")).eq_ignore_ascii_case(&unescape(other)),
        None => !NEVER_ALONE.iter().any(|known| known.eq_ignore_ascii_case(name)),
    })
}

/// The same headers with the same values, in any order.
fn are_headers_equivalent(one: Option<&str>, two: Option<&str>) -> bool {
    let sorted = |headers: Option<&str>| {
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = headers
            .unwrap_or_default()
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (unescape(name).to_ascii_lowercase(), unescape(value)))
            .collect();
        pairs.sort_unstable();
        pairs
    };
    sorted(one) == sorted(two)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// Whether a text holds unreserved letters, whole escapes and letters of `also`, and nothing else.
fn is_escaped_text(text: &str, also: &[u8]) -> bool {
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        bytes = match (first, rest) {
            (b'%', [high, low, rest @ ..]) if hex_pair(*high, *low).is_some() => rest,
            (byte, rest) if is_unreserved(*byte) || also.contains(byte) => rest,
            _ => return false,
        };
    }
    true
}

/// The bytes that an escaped text means.
fn unescape(text: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        if let (b'%', [high, low, after @ ..]) = (first, rest)
            && let Some(byte) = hex_pair(*high, *low)
        {
            plain.push(byte);
            bytes = after;
        } else {
            plain.push(*first);
            bytes = rest;
        }
    }
    plain
}

/// A user part in which everything that needs it is escaped.
fn escape_user(plain: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        if is_unreserved(byte) || b"&=+$,;?/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&to_hex(&[byte]).to_ascii_uppercase());
        }
    }
    text
}

#[cfg(test)]
mod tests;
