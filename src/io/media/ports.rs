//! Pairs of ports: an even one for RTP, the odd one above it for RTCP (RFC 3550 §11).

use super::MediaError;
use rand::seq::SliceRandom;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pairs that are free, in random order (a stranger cannot guess the next), the longest unused first (late
/// packets of an ended call find nobody).
#[derive(Debug)]
pub struct PortPool {
    free: Mutex<VecDeque<u16>>,
}

/// A pair in use; goes back to its pool when dropped.
#[derive(Debug)]
struct Lease {
    port: u16,
    pool: Arc<PortPool>,
}

/// Two bound sockets, not blocking.
#[derive(Debug)]
pub struct SocketPair {
    // Closed before the lease is given back, since fields are dropped in order.
    pub rtp: UdpSocket,
    pub rtcp: UdpSocket,
    lease: Lease,
}

impl PortPool {
    /// All pairs that lie wholly within a range.
    pub fn new(ports: &RangeInclusive<u16>) -> Arc<Self> {
        let first = ports.start().saturating_add(ports.start() % 2).max(2);
        let mut free: Vec<u16> = (first..*ports.end()).step_by(2).collect();
        free.shuffle(&mut rand::rng());
        Arc::new(Self { free: Mutex::new(free.into()) })
    }

    /// How many pairs are free.
    pub fn free(&self) -> usize {
        self.lock().len()
    }

    /// Binds the next pair on `ip`. Ports that another program holds are passed over.
    pub fn bind(self: &Arc<Self>, ip: IpAddr, dscp: u8) -> Result<SocketPair, MediaError> {
        let mut taken = Vec::new();
        while let Some(lease) = self.lease() {
            match pair(ip, lease.port, dscp) {
                Ok([rtp, control]) => return Ok(SocketPair { rtp, rtcp: control, lease }),
                // Kept until we are done, so that it is not tried again.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken.push(lease),
                Err(error) => return Err(MediaError::Socket(error)),
            }
        }
        Err(MediaError::NoPort)
    }

    fn lease(self: &Arc<Self>) -> Option<Lease> {
        let port = self.lock().pop_front()?;
        Some(Lease { port, pool: Arc::clone(self) })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u16>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.lock().push_back(self.port);
    }
}

impl SocketPair {
    /// The port of RTP.
    pub const fn port(&self) -> u16 {
        self.lease.port
    }
}

fn pair(ip: IpAddr, port: u16, dscp: u8) -> io::Result<[UdpSocket; 2]> {
    Ok([socket(SocketAddr::new(ip, port), dscp)?, socket(SocketAddr::new(ip, port + 1), dscp)?])
}

fn socket(addr: SocketAddr, dscp: u8) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The six upper bits are the code point (RFC 2474 §3).
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
        rustix::net::sockopt::set_ipv6_tclass(&socket, u32::from(dscp) << 2)?;
    } else {
        rustix::net::sockopt::set_ip_tos(&socket, dscp << 2)?;
    }
    socket.bind(&addr.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn pairs_are_even_and_odd_and_come_back_when_dropped() {
        let pool = PortPool::new(&(19_001..=19_009));
        assert_eq!(pool.free(), 4, "19002, 19004, 19006, 19008");
        let pairs: Vec<_> = (0..4).map(|_| pool.bind(LOOPBACK, 46).expect("free")).collect();
        for pair in &pairs {
            let rtp = pair.rtp.local_addr().expect("bound").port();
            assert_eq!((rtp % 2, rtp), (0, pair.port()));
            assert_eq!(pair.rtcp.local_addr().expect("bound").port(), rtp + 1);
        }
        assert!(matches!(pool.bind(LOOPBACK, 46), Err(MediaError::NoPort)));
        drop(pairs);
        assert_eq!(pool.free(), 4);
    }

    #[test]
    fn ports_of_other_programs_are_passed_over() {
        let other = UdpSocket::bind((LOOPBACK, 19_103)).expect("free");
        let pool = PortPool::new(&(19_102..=19_105));
        assert_eq!(pool.bind(LOOPBACK, 0).expect("the other pair").port(), 19_104);
        drop(other);
        assert_eq!(pool.free(), 2);
    }

    #[test]
    fn both_sockets_bear_the_code_point_in_both_families() {
        let pool = PortPool::new(&(19_202..=19_205));
        let four = pool.bind(LOOPBACK, 46).expect("free");
        for socket in [&four.rtp, &four.rtcp] {
            assert_eq!(rustix::net::sockopt::ip_tos(socket).expect("an option"), 46 << 2, "EF, RFC 3246");
        }
        match pool.bind(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 34) {
            Ok(six) => {
                for socket in [&six.rtp, &six.rtcp] {
                    assert_eq!(rustix::net::sockopt::ipv6_tclass(socket).expect("an option"), 34 << 2);
                    assert!(rustix::net::sockopt::ipv6_v6only(socket).expect("an option"), "IPv4 has its own sockets");
                }
            }
            Err(MediaError::Socket(error)) => assert!(!has_ipv6(), "IPv6 is there, and {error}"),
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether this machine has IPv6 at all.
    fn has_ipv6() -> bool {
        UdpSocket::bind((std::net::Ipv6Addr::LOCALHOST, 0)).is_ok()
    }

    #[test]
    fn a_range_of_one_port_holds_no_pair() {
        assert_eq!(PortPool::new(&(5_000..=5_000)).free(), 0);
        assert_eq!(PortPool::new(&(65_534..=65_535)).free(), 1);
    }
}
