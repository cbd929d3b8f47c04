//! A host as written in a URI or a Via.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text::Malformed;

/// A host: an address or a name (RFC 3261 §25.1 `host`, RFC 5118).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address; IPv6 is written between square brackets.
    Ip(IpAddr),
    /// A domain name, in the case in which it was written.
    Name(Box<str>),
}

impl Host {
    /// Reads `192.0.2.1`, `[2001:db8::1]` or a name.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("host");
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(WHAT)?;
            let address = inner.parse::<Ipv6Addr>().ok().or_else(|| with_a_third_colon(inner));
            return Ok(Self::Ip(address.ok_or(WHAT)?.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Ip(address.into()));
        }
        // Underscores are not in the grammar and are met in the names of private networks.
        let lawful = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if text.is_empty() || text.starts_with('.') || text.contains("..") || !text.bytes().all(lawful) {
            return Err(WHAT);
        }
        Ok(Self::Name(text.into()))
    }

    /// Splits `host[:port]` and reads both; white space around the colon is allowed where `spaces` is.
    pub(crate) fn parse_with_port(text: &str, spaces: bool) -> Result<(Self, Option<u16>), Malformed> {
        let bracket = text.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match text[bracket..].find(':') {
            Some(at) => (&text[..bracket + at], Some(&text[bracket + at + 1..])),
            None => (text, None),
        };
        let trim = |text: &str| if spaces { text.trim_matches([' ', '\t']).to_owned() } else { text.to_owned() };
        let port = port.map(|port| parse_port(&trim(port))).transpose()?;
        Ok((Self::parse(&trim(host))?, port))
    }

    /// The address, when it is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Name(_) => None,
        }
    }

    /// Whether both are the same host: names without case and without the final dot.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ip(one), Self::Ip(two)) => one == two,
            (Self::Name(one), Self::Name(two)) => {
                one.trim_end_matches('.').eq_ignore_ascii_case(two.trim_end_matches('.'))
            }
            (Self::Ip(_), Self::Name(_)) | (Self::Name(_), Self::Ip(_)) => false,
        }
    }
}

/// An address in which `::` and an IPv4 address have a colon too many between them: the grammar of RFC 3261 made people
/// write that (RFC 5118 §4.10), and RFC 5954 has mended it.
fn with_a_third_colon(inner: &str) -> Option<Ipv6Addr> {
    let (before, v4) = inner.split_once(":::")?;
    v4.parse::<Ipv4Addr>().ok()?;
    format!("{before}::{v4}").parse().ok()
}

fn parse_port(text: &str) -> Result<u16, Malformed> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().map_err(|_| Malformed("port")) } else { Err(Malformed("port")) }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(address)) => fmt::Display::fmt(address, f),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}
