//! Where bytes come from and go to.

use std::fmt;
use std::net::SocketAddr;

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

/// The other end of received bytes, or the end that bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// How they travel.
    pub transport: Transport,
    /// The address and port on the other end.
    pub addr: SocketAddr,
    /// The connection they came over or must go over; `None` for datagrams and for a connection yet to be opened.
    pub connection: Option<ConnectionId>,
}

impl Peer {
    /// The other end of datagrams.
    #[must_use]
    pub const fn udp(addr: SocketAddr) -> Self {
        Self { transport: Transport::Udp, addr, connection: None }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport, self.addr)
    }
}
