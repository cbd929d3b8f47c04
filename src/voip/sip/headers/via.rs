//! The way back (RFC 3261 §18.2.2, §20.42, RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::super::host::Host;
use super::super::params::Params;
use super::super::peer::{Peer, Transport};
use super::super::text::{Malformed, is_space, is_token, trim, utf8};
use super::{HeaderName, TypedHeader};

/// With it begins every branch of RFC 3261 (§8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One hop: `SIP/2.0/UDP host:port;branch=…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Via {
    /// The transport's word as written; it may be one that we do not speak.
    pub protocol: Box<str>,
    /// The host that the sender says it is.
    pub host: Host,
    /// The port that the sender says it listens on.
    pub port: Option<u16>,
    /// `;branch=…;received=…;rport=…`.
    pub params: Params,
}

impl Via {
    /// A hop of ours that asks for the source port (RFC 3581).
    #[must_use]
    pub fn new(transport: Transport, host: Host, port: Option<u16>, branch: &str) -> Self {
        let mut params = Params::default();
        params.set("branch", Some(branch));
        params.set("rport", None);
        Self { protocol: transport.name().into(), host, port, params }
    }

    /// The transport, when we speak it.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        Transport::from_name(&self.protocol)
    }

    /// The branch, whatever it is.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch, when it names a transaction by itself: it begins with the magic cookie and goes on. Others are of
    /// RFC 2543 and are matched by §17.2.3's second half.
    #[must_use]
    pub fn unique_branch(&self) -> Option<&str> {
        let branch = self.branch()?;
        let cookie = branch.get(..MAGIC_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && branch.len() > MAGIC_COOKIE.len()).then_some(branch)
    }

    /// Where the request came from, when it differs from what the sender says.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The source port, filled in by who received the request.
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }

    /// The multicast address or other host to which responses go.
    #[must_use]
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr").and_then(|text| Host::parse(text).ok())
    }

    /// The hops that a multicast response may take.
    #[must_use]
    pub fn ttl(&self) -> Option<u8> {
        self.params.get("ttl")?.parse().ok()
    }

    /// Notes where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4): `received` when the sent-by is
    /// another address or the sender asks for `rport`, and the port when it asks. What the sender itself wrote there
    /// is not believed.
    pub fn stamp(&mut self, source: &Peer) {
        let address = source.addr.ip().to_canonical();
        let asks = self.params.has("rport");
        if asks || self.host.ip() != Some(address) {
            self.params.set("received", Some(&address.to_string()));
        } else if self.params.has("received") {
            self.params.remove("received");
        }
        if asks {
            self.params.set("rport", Some(&source.addr.port().to_string()));
        }
    }

    /// Where a response goes when the connection is gone or there was none (RFC 3261 §18.2.2), of a Via that was
    /// stamped; `None` when that is a name that must be looked up.
    ///
    /// `maddr` is not followed: we do not listen to multicast, and any other use of it sends our answers to somebody
    /// who did not ask.
    #[must_use]
    pub fn reply_to(&self) -> Option<SocketAddr> {
        let default = self.transport().unwrap_or(Transport::Udp).default_port();
        let port = self.port.unwrap_or(default);
        match self.received() {
            Some(address) => Some(SocketAddr::new(address, self.rport().unwrap_or(port))),
            None => self.host.ip().map(|address| SocketAddr::new(address, port)),
        }
    }
}

impl TypedHeader for Via {
    const NAME: HeaderName = HeaderName::Via;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("Via");
        let mut parts = value.splitn(3, |&byte| byte == b'/');
        let mut next = || parts.next().map(trim).ok_or(WHAT);
        if !next()?.eq_ignore_ascii_case(b"SIP") || next()? != b"2.0" {
            return Err(WHAT);
        }
        let rest = next()?;
        let end = rest.iter().position(|&byte| is_space(byte)).ok_or(WHAT)?;
        let (protocol, rest) = rest.split_at(end);
        if !is_token(protocol) {
            return Err(WHAT);
        }
        let end = rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len());
        let (sent_by, params) = rest.split_at(end);
        let (host, port) = Host::parse_with_port(utf8(trim(sent_by), WHAT.0)?, true).map_err(|_| WHAT)?;
        let params = Params::parse(params).map_err(|_| WHAT)?;
        Ok(Self { protocol: utf8(protocol, WHAT.0)?.into(), host, port, params })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.protocol, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        fmt::Display::fmt(&self.params, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_hop_is_read() {
        for (text, written) in [
            ("SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"),
            (
                "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3",
                "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3",
            ),
            ("sip / 2.0 / tls  example.com : 5061 ; ttl = 16 ; x", "SIP/2.0/tls example.com:5061;ttl=16;x"),
            ("SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56", "SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56"),
        ] {
            let via = Via::parse(text.as_bytes()).unwrap();
            assert_eq!(via.to_string(), written);
        }
        let via = Via::parse(b"SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=b").unwrap();
        assert_eq!(via.received(), Some("2001:db8::9:255".parse().unwrap()));
    }

    #[test]
    fn what_is_no_hop_is_refused() {
        for text in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0 UDP h",
            "SIP/3.0/UDP h",
            "SIP/2.0/UDP 2001:db8::1",
            "SIP/2.0/UDP h:",
            "SIP/2.0/UDP h;",
        ] {
            assert!(Via::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_answer_goes_to_who_asked_whatever_the_hop_says() {
        let source = Peer::udp("192.0.2.1:5060".parse().unwrap());
        let mapped = Peer::udp("[::ffff:192.0.2.1]:5060".parse().unwrap());
        for text in [
            "SIP/2.0/UDP 192.0.2.1;branch=b;received=203.0.113.1",
            "SIP/2.0/UDP 192.0.2.1;branch=b;maddr=203.0.113.1",
            "SIP/2.0/UDP 203.0.113.1;branch=b",
            "SIP/2.0/UDP 203.0.113.1;branch=b;rport=9;received=203.0.113.1",
        ] {
            for source in [source, mapped] {
                let mut via = Via::parse(text.as_bytes()).unwrap();
                via.stamp(&source);
                assert_eq!(via.reply_to(), Some("192.0.2.1:5060".parse().unwrap()), "{text}");
            }
        }
    }
}
