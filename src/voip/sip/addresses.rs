//! Our own addresses: where we listen, and which of them a peer is told.

use super::peer::{Peer, Transport};
use crate::model::Network;
use std::net::{IpAddr, SocketAddr};

/// One address that is listened on, over one transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The transport.
    pub transport: Transport,
    /// The address and port; as peers are told it, never an unspecified address.
    pub addr: SocketAddr,
}

/// How peers see us: behind NAT, those outside are told another address than those in our own networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visibility {
    /// What peers outside are told, one for each family; without one of the family, what we listen on.
    pub public: Vec<IpAddr>,
    /// Peers in these networks are told what we listen on.
    pub local_networks: Vec<Network>,
}

impl Visibility {
    /// Our address `local` as `peer` is to be told it.
    #[must_use]
    pub fn told(&self, local: IpAddr, peer: IpAddr) -> IpAddr {
        if self.local_networks.iter().any(|network| network.contains(peer)) {
            return local;
        }
        let same_family = |public: &&IpAddr| public.is_ipv4() == peer.is_ipv4();
        self.public.iter().find(same_family).copied().unwrap_or(local)
    }
}

/// The listener that a request of ours leaves from: over its transport and in its family, that which the peer's
/// datagrams came to before all others; `None` when no listener fits.
#[must_use]
pub fn listener_for(listeners: &[Listener], to: Peer) -> Option<Listener> {
    let fits =
        |listener: &&Listener| listener.transport == to.transport && listener.addr.is_ipv4() == to.addr.is_ipv4();
    let same_kind = |listener: &&Listener| {
        listener.addr.is_ipv4() == to.addr.is_ipv4()
            && listener.transport.is_reliable() == to.transport.is_reliable()
            && listener.transport.is_secure() == to.transport.is_secure()
    };
    let known = |listener: &&Listener| fits(listener) && Some(listener.addr) == to.local;
    // Between machines of one network the loopback is no way, and the other way round.
    let near = |listener: &&Listener| fits(listener) && listener.addr.ip().is_loopback() == to.addr.ip().is_loopback();
    let all = || listeners.iter();
    all()
        .find(known)
        .or_else(|| all().find(near))
        .or_else(|| all().find(fits))
        .or_else(|| all().find(same_kind))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn those_outside_are_told_the_public_address_of_their_family() {
        let seen = Visibility {
            public: vec![ip("203.0.113.5"), ip("2001:db8::5")],
            local_networks: vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        };
        for (local, peer, told) in [
            ("10.0.0.2", "198.51.100.1", "203.0.113.5"),
            ("10.0.0.2", "10.9.9.9", "10.0.0.2"),
            ("fd00::2", "2001:db8:1::1", "2001:db8::5"),
            ("::1", "::1", "::1"),
        ] {
            assert_eq!(seen.told(ip(local), ip(peer)), ip(told), "{local} towards {peer}");
        }
        let only_v4 = Visibility { public: vec![ip("203.0.113.5")], local_networks: Vec::new() };
        assert_eq!(only_v4.told(ip("fd00::2"), ip("2001:db8::1")), ip("fd00::2"));
    }

    #[test]
    fn a_request_leaves_from_the_listener_of_its_transport_and_family() {
        let on = |transport, addr: &str| Listener { transport, addr: addr.parse().unwrap() };
        let listeners = [
            on(Transport::Udp, "127.0.0.1:5060"),
            on(Transport::Udp, "192.0.2.1:5060"),
            on(Transport::Udp, "192.0.2.1:5070"),
            on(Transport::Udp, "[2001:db8::1]:5060"),
            on(Transport::Tcp, "192.0.2.1:5060"),
            on(Transport::Tls, "192.0.2.1:5061"),
        ];
        let from = |to: Peer| listener_for(&listeners, to).map(|listener| listener.addr.to_string());
        let at = |transport, addr: &str| Peer::at(transport, addr.parse().unwrap());
        assert_eq!(from(at(Transport::Udp, "198.51.100.1:5060")).as_deref(), Some("192.0.2.1:5060"));
        assert_eq!(from(at(Transport::Udp, "127.0.0.1:9")).as_deref(), Some("127.0.0.1:5060"));
        assert_eq!(from(at(Transport::Udp, "[2001:db8::9]:5060")).as_deref(), Some("[2001:db8::1]:5060"));
        assert_eq!(from(at(Transport::Tls, "198.51.100.1:5061")).as_deref(), Some("192.0.2.1:5061"));
        let stays = at(Transport::Udp, "198.51.100.1:5060").with_local("192.0.2.1:5070".parse().unwrap());
        assert_eq!(from(stays).as_deref(), Some("192.0.2.1:5070"));
        assert_eq!(from(at(Transport::Tcp, "[2001:db8::9]:5060")), None);
    }
}
