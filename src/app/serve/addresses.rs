//! Which of our addresses a peer can reach.

use crate::io::listen::local_ip_towards;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// Peers whose route is remembered; past it the memory starts anew.
const REMEMBERED: usize = 4_096;

/// The routing table, asked once a peer.
pub(super) struct Addresses {
    public: Option<IpAddr>,
    routes: HashMap<IpAddr, IpAddr>,
}

impl Addresses {
    /// `public` is told to every peer where it is set: a server behind NAT.
    pub fn new(public: Option<IpAddr>) -> Self {
        Self { public, routes: HashMap::new() }
    }

    /// Our address as `peer` should be told it.
    pub fn told(&mut self, peer: IpAddr) -> IpAddr {
        self.public.unwrap_or_else(|| self.towards(peer))
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
