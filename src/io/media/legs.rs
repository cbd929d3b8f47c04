//! The sockets of a thread's streams.
//!
//! A connected socket sends cheaper, for its route is looked up once; but it hears its one peer only. So a socket is
//! connected after the peer has proved steady, and let go as soon as we send elsewhere or the peer falls silent: a
//! phone that changed its network is heard again, and `voip::rtp::Latch` decides about it.
//!
//! ```text
//!             STEADY packets in a row from where we send
//! Unconnected ────────────────────────────────────────▶ Connected
//!             ◀────────────────────────────────────────
//!              QUIET packets sent without one coming, or sent elsewhere
//! ```

use super::ports::SocketPair;
use crate::voip::media::{Channel, Datagram, StreamId};
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Some five seconds of packets: as long as the announced address may still take over (`voip::rtp::Latch`).
const STEADY: u32 = 300;
/// Half a second of packets.
const QUIET: u32 = 25;

/// One RTP socket and what is known of its peer.
#[derive(Debug)]
struct Path {
    connected: Option<SocketAddr>,
    source: Option<SocketAddr>,
    run: u32,
    unanswered: u32,
}

/// The sockets of one stream.
#[derive(Debug)]
struct Leg {
    sockets: SocketPair,
    path: Path,
    open: bool,
}

/// The sockets of all streams of a thread.
#[derive(Debug, Default)]
pub struct Legs {
    legs: HashMap<StreamId, Leg>,
    unsent: u64,
}

impl Legs {
    /// Keeps the sockets of a stream that is not open yet.
    pub fn reserve(&mut self, stream: StreamId, sockets: SocketPair) {
        let path = Path { connected: None, source: None, run: 0, unanswered: 0 };
        self.legs.insert(stream, Leg { sockets, path, open: false });
    }

    /// Begins to listen on the sockets of a stream. `false` when it has none or is open already.
    pub fn open(&mut self, stream: StreamId, epoll: &OwnedFd) -> io::Result<bool> {
        let Some(leg) = self.legs.get_mut(&stream).filter(|leg| !leg.open) else { return Ok(false) };
        for (socket, channel) in [(&leg.sockets.rtp, Channel::Rtp), (&leg.sockets.rtcp, Channel::Rtcp)] {
            epoll::add(epoll, socket, token(stream, channel), epoll::EventFlags::IN)?;
        }
        leg.open = true;
        Ok(true)
    }

    /// Closes the sockets of a stream. `false` when there are none.
    pub fn remove(&mut self, stream: StreamId) -> bool {
        self.legs.remove(&stream).is_some()
    }

    /// Sends a datagram. One that the system does not take is lost, as on the way.
    pub fn send(&mut self, datagram: Datagram<'_>) {
        let Some(leg) = self.legs.get_mut(&datagram.stream) else { return };
        let sent = match datagram.channel {
            Channel::Rtp => leg.path.send(&leg.sockets.rtp, datagram.to, datagram.bytes),
            Channel::Rtcp => leg.sockets.rtcp.send_to(datagram.bytes, datagram.to),
        };
        if sent.is_err() {
            self.unsent += 1;
        }
    }

    /// Reads one datagram of a socket that epoll named.
    pub fn receive(&mut self, stream: StreamId, channel: Channel, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        let leg = self.legs.get_mut(&stream)?;
        let socket = match channel {
            Channel::Rtp => &leg.sockets.rtp,
            Channel::Rtcp => &leg.sockets.rtcp,
        };
        // An error is an ICMP message about what we sent; silence of the peer is noticed by other means.
        let (length, from) = socket.recv_from(buffer).ok()?;
        if channel == Channel::Rtp {
            leg.path.heard(from);
        }
        Some((from, length))
    }

    /// Datagrams the system did not take, since the start.
    pub const fn unsent(&self) -> u64 {
        self.unsent
    }
}

impl Path {
    fn send(&mut self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8]) -> io::Result<usize> {
        self.unanswered = self.unanswered.saturating_add(1);
        match self.connected {
            Some(peer) if peer == to && self.unanswered < QUIET => return socket.send(bytes),
            Some(_) => {
                rustix::net::connect_unspec(socket)?;
                self.connected = None;
                self.run = 0;
            }
            None if self.run >= STEADY && self.source == Some(to) => {
                socket.connect(to)?;
                self.connected = Some(to);
                return socket.send(bytes);
            }
            None => {}
        }
        socket.send_to(bytes, to)
    }

    fn heard(&mut self, from: SocketAddr) {
        self.unanswered = 0;
        if self.source == Some(from) {
            self.run = self.run.saturating_add(1);
        } else {
            self.source = Some(from);
            self.run = 1;
        }
    }
}

/// The name of a socket in epoll: the stream and, in the lowest bit, the port. Streams are counted from small
/// numbers, so the highest bit is free.
const fn token(stream: StreamId, channel: Channel) -> epoll::EventData {
    epoll::EventData::new_u64(stream.0 << 1 | matches!(channel, Channel::Rtcp) as u64)
}

/// The socket of a name.
pub const fn named(token: u64) -> (StreamId, Channel) {
    (StreamId(token >> 1), if token & 1 == 0 { Channel::Rtp } else { Channel::Rtcp })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket on a port that was asked for by number, as ours are: only such a port outlives being let go.
    fn socket() -> (UdpSocket, SocketAddr) {
        let free = |port| UdpSocket::bind(("127.0.0.1", port)).ok();
        let socket = (43_000..44_000).find_map(free).expect("a free port");
        let addr = socket.local_addr().expect("bound");
        socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).expect("set");
        (socket, addr)
    }

    #[test]
    fn a_steady_peer_is_connected_and_a_quiet_one_let_go() {
        let (ours, addr) = socket();
        let (peer, at) = socket();
        let mut path = Path { connected: None, source: None, run: 0, unanswered: 0 };
        let say = |path: &mut Path| {
            path.send(&ours, at, b"x").expect("sent");
            // Every packet arrives from the same port, whatever becomes of the socket.
            assert_eq!(peer.recv_from(&mut [0; 4]).expect("arrived").1, addr);
        };
        for _ in 0..STEADY {
            say(&mut path);
            path.heard(at);
        }
        assert_eq!(path.connected, None);
        say(&mut path);
        assert_eq!(path.connected, Some(at));
        for _ in 0..QUIET {
            say(&mut path);
        }
        assert_eq!(path.connected, None);
        // Strangers are heard again.
        let (stranger, from) = socket();
        stranger.send_to(b"hello", addr).expect("sent");
        assert_eq!(ours.recv_from(&mut [0; 8]).expect("heard"), (5, from));
    }

    #[test]
    fn sending_elsewhere_lets_the_old_peer_go() {
        let (ours, _) = socket();
        let ((_a, first), (b, second)) = (socket(), socket());
        let mut path = Path { connected: None, source: Some(first), run: STEADY, unanswered: 0 };
        path.send(&ours, first, b"1").expect("sent");
        assert_eq!(path.connected, Some(first));
        path.send(&ours, second, b"2").expect("sent");
        assert_eq!(path.connected, None);
        assert_eq!(b.recv_from(&mut [0; 4]).expect("arrived").0, 1);
    }

    #[test]
    fn names_of_sockets_come_back_as_they_were() {
        for (stream, channel) in [(StreamId(0), Channel::Rtp), (StreamId(77), Channel::Rtcp)] {
            assert_eq!(named(token(stream, channel).u64()), (stream, channel));
        }
    }
}
