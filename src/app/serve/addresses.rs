//! Which of our addresses a peer can reach.

use crate::io::listen::local_ip_towards;
use crate::voip::sip::addresses::{Listener, Visibility};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Peers whose route is remembered; past it the memory starts anew.
const REMEMBERED: usize = 4_096;

/// The routing table, asked once a peer.
pub(super) struct Addresses {
    visibility: Visibility,
    routes: HashMap<IpAddr, IpAddr>,
}

impl Addresses {
    /// `visibility` says what peers outside are told: a server behind NAT.
    pub fn new(visibility: Visibility) -> Self {
        Self { visibility, routes: HashMap::new() }
    }

    /// Our address as `peer` should be told it.
    pub fn told(&mut self, peer: IpAddr) -> IpAddr {
        let local = self.towards(peer);
        self.visibility.told(local, peer)
    }

    /// Our own address on the way to `peer`.
    pub fn towards(&mut self, peer: IpAddr) -> IpAddr {
        if let Some(local) = self.routes.get(&peer) {
            return *local;
        }
        if self.routes.len() >= REMEMBERED {
            self.routes.clear();
        }
        let local = local_ip_towards(peer).unwrap_or_else(|error| {
            tracing::warn!(%peer, %error, "no route to the peer");
            IpAddr::from([127, 0, 0, 1])
        });
        self.routes.insert(peer, local);
        local
    }

    /// The address a datagram came to, made specific where the socket listens on every address.
    pub fn specific(&mut self, local: SocketAddr, peer: IpAddr) -> SocketAddr {
        if local.ip().is_unspecified() { SocketAddr::new(self.towards(peer), local.port()) } else { local }
    }
}

/// The address of this machine that leads outside, or to itself where nothing does.
pub(super) fn outward(is_ipv4: bool) -> IpAddr {
    // Documentation networks (RFC 5737, RFC 3849): nothing is sent, only the route is asked for.
    let (far, none): (IpAddr, IpAddr) = if is_ipv4 {
        (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into())
    } else {
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(), Ipv6Addr::LOCALHOST.into())
    };
    local_ip_towards(far).unwrap_or(none)
}

/// Listeners as peers can be told them: in the place of every address stand the one that leads outside, and the
/// machine itself for peers on it.
pub(super) fn specific_listeners(bound: impl Iterator<Item = Listener>) -> Vec<Listener> {
    let specific = |listener: Listener| {
        let at = |ip| Listener { addr: SocketAddr::new(ip, listener.addr.port()), ..listener };
        match listener.addr.ip() {
            ip if !ip.is_unspecified() => vec![listener],
            IpAddr::V4(_) => vec![at(outward(true)), at(Ipv4Addr::LOCALHOST.into())],
            IpAddr::V6(_) => vec![at(outward(false)), at(Ipv6Addr::LOCALHOST.into())],
        }
    };
    bound.flat_map(specific).collect()
}
