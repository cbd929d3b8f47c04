//! In which order the servers of a name are tried (RFC 2782).

use super::lookup::Server;
use crate::voip::sip::peer::{NameId, Peer};
use rand::RngExt;
use rand::rngs::StdRng;
use std::net::SocketAddr;

/// Every address: by service, by priority, and within one priority drawn by weight.
pub(super) fn ordered(servers: &[Server], name: NameId, rng: &mut StdRng) -> Vec<Peer> {
    let mut left: Vec<&Server> = servers.iter().collect();
    // Weight 0 in front, so that it is drawn seldom and not never.
    left.sort_by_key(|server| (server.service, server.priority, server.weight));
    let mut peers = Vec::new();
    while let Some(first) = left.first() {
        let rank = (first.service, first.priority);
        let alike = left.iter().take_while(|server| (server.service, server.priority) == rank).count();
        let server = left.remove(draw(&left[..alike], rng));
        let at = |ip: &std::net::IpAddr| Peer {
            name: Some(name),
            ..Peer::at(server.transport, SocketAddr::new(*ip, server.port))
        };
        peers.extend(server.addresses.iter().map(at));
    }
    peers
}

/// Which of some servers of one priority comes next.
fn draw(alike: &[&Server], rng: &mut StdRng) -> usize {
    let total: u32 = alike.iter().map(|server| u32::from(server.weight)).sum();
    let mut mark = rng.random_range(0..=total);
    for (at, server) in alike.iter().enumerate() {
        match mark.checked_sub(u32::from(server.weight)) {
            Some(rest) if rest > 0 => mark = rest,
            Some(_) | None => return at,
        }
    }
    0
}
