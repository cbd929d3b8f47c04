//! Where bytes come from and go to.

use super::source::Source;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// How a SIP message travels (RFC 3261 §18, RFC 7118).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams: the transactions repeat what is lost.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
    /// A WebSocket: one message a frame.
    Ws,
    /// A WebSocket under TLS.
    Wss,
}

impl Transport {
    /// Every transport there is.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The word in a Via header and, in any case, in the `transport` parameter of a URI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The transport of its word in any case; `None` for those we do not speak (SCTP …).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name().eq_ignore_ascii_case(name))
    }

    /// Whether it delivers everything by itself, so that the transactions need not repeat (RFC 3261 §17).
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls | Self::Ws | Self::Wss => true,
        }
    }

    /// Whether it runs under TLS.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        match self {
            Self::Tls | Self::Wss => true,
            Self::Udp | Self::Tcp | Self::Ws => false,
        }
    }

    /// Whether it is a WebSocket: a message a frame, and whoever is at its end cannot be connected to (RFC 7118).
    #[must_use]
    pub const fn is_web_socket(self) -> bool {
        match self {
            Self::Ws | Self::Wss => true,
            Self::Udp | Self::Tcp | Self::Tls => false,
        }
    }

    /// The port when none is written (RFC 3261 §19.1.2, RFC 7118 §4).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One accepted or opened connection of a stream transport. Never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// A name that peers are found by, in the table of `locate`. Never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

/// The other end of received bytes, or the end that bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// How they travel.
    pub transport: Transport,
    /// The address and port on the other end.
    pub addr: SocketAddr,
    /// The connection they came over or must go over; `None` for datagrams and for a connection yet to be opened.
    pub connection: Option<ConnectionId>,
    /// Our address that its datagrams come to and ours leave from; `None` for streams, and for any that fits.
    pub local: Option<SocketAddr>,
    /// The name that it was or must be found by, and that it must prove to have over TLS.
    pub name: Option<NameId>,
}

impl Peer {
    /// Who it is for limits.
    #[must_use]
    pub fn source(&self) -> Source {
        self.addr.into()
    }

    /// The other end of datagrams.
    #[must_use]
    pub const fn udp(addr: SocketAddr) -> Self {
        Self::at(Transport::Udp, addr)
    }

    /// Somebody who was not heard of yet.
    #[must_use]
    pub const fn at(transport: Transport, addr: SocketAddr) -> Self {
        Self { transport, addr, connection: None, local: None, name: None }
    }

    /// The other end of an open connection.
    #[must_use]
    pub const fn over(transport: Transport, addr: SocketAddr, connection: ConnectionId) -> Self {
        Self { transport, addr, connection: Some(connection), local: None, name: None }
    }

    /// Somebody who is known by a name and must be found first.
    #[must_use]
    pub const fn named(transport: Transport, name: NameId) -> Self {
        let nowhere = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
        Self { transport, addr: nowhere, connection: None, local: None, name: Some(name) }
    }

    /// Whether its address is known.
    #[must_use]
    pub const fn is_located(&self) -> bool {
        !self.addr.ip().is_unspecified()
    }

    /// What tells the connections to it from others: over TLS, who has proved to be one name is not another.
    #[must_use]
    pub const fn way(&self) -> Way {
        Way {
            transport: self.transport,
            addr: self.addr,
            name: if self.transport.is_secure() { self.name } else { None },
        }
    }

    /// The same, heard of and answered at this address of ours.
    #[must_use]
    pub const fn with_local(mut self, local: SocketAddr) -> Self {
        self.local = Some(local);
        self
    }
}

/// A peer for whom one connection is as good as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Way {
    transport: Transport,
    addr: SocketAddr,
    name: Option<NameId>,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport, self.addr)
    }
}
