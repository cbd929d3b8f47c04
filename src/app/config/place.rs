//! Where a trunk is: an address, or a name that name servers know.

use crate::voip::sip::Host;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Where a trunk is. Written `203.0.113.20:5060`, `[2001:db8::5]:5060`, `sip.provider.example`, or
/// `sip.provider.example:5060`, whose services are then not asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// An address.
    Address(SocketAddr),
    /// A name, with its port where one is written.
    Name {
        /// The name.
        host: Host,
        /// The port.
        port: Option<u16>,
    },
}

impl Place {
    /// The host, as URIs have it.
    #[must_use]
    pub fn host(&self) -> Host {
        match self {
            Self::Address(address) => Host::from(address.ip()),
            Self::Name { host, .. } => host.clone(),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self::Address(address));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Address(SocketAddr::new(ip, 5060)));
        }
        let wrong = || format!("{text:?} is no address; write such as 203.0.113.20:5060 or sip.provider.example");
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| wrong())?)),
            None => (text.as_str(), None),
        };
        match Host::parse(host) {
            Ok(host @ Host::Name(_)) if port != Some(0) => Ok(Self::Name { host, port }),
            Ok(_) | Err(_) => Err(wrong()),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => fmt::Display::fmt(address, f),
            Self::Name { host, port: Some(port) } => write!(f, "{host}:{port}"),
            Self::Name { host, port: None } => fmt::Display::fmt(host, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_read_and_written_back() {
        for (text, written) in [
            ("203.0.113.20:5070", "203.0.113.20:5070"),
            ("203.0.113.20", "203.0.113.20:5060"),
            ("[2001:db8::5]:5061", "[2001:db8::5]:5061"),
            ("2001:db8::5", "[2001:db8::5]:5060"),
            ("sip.provider.example", "sip.provider.example"),
            ("sip.provider.example:5099", "sip.provider.example:5099"),
        ] {
            let place = Place::try_from(text.to_owned()).expect(text);
            assert_eq!(place.to_string(), written);
        }
        for wrong in ["", "a b", "sip.example:0", "sip.example:port", "http://example", "203.0.113.20:99999"] {
            let error = Place::try_from(wrong.to_owned()).expect_err(wrong);
            assert!(error.contains("sip.provider.example"), "{error}");
        }
    }
}
