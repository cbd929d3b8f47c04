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
use crate::voip::media::{Channel, Datagram, Seat, StreamId};
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Some five seconds of packets: as long as the announced address may still take over (`voip::rtp::Latch`).
const STEADY: u32 = 300;
/// Half a second of packets.
const QUIET: u32 = 25;
/// A socket is read until it is empty in each turn of so many; in the others one packet is what a turn brings.
const EMPTIED_EVERY: u8 = 4;
/// For so many turns after a socket had more than one packet it is emptied each time: a phone that sends every 10 ms,
/// or keys beside sound.
const BUSY: u8 = 50;
/// Datagrams read from one socket in one turn: what a flood brings beyond waits there and is dropped there.
pub const MOST: u32 = 64;

/// One RTP socket and what is known of its peer.
#[derive(Debug, Default)]
struct Path {
    connected: Option<SocketAddr>,
    source: Option<SocketAddr>,
    run: u32,
    unanswered: u32,
}

/// When a socket is read until it is empty.
#[derive(Debug, Default)]
struct Appetite {
    turn: u8,
    busy: u8,
}

/// The sockets of one open stream.
#[derive(Debug)]
struct Leg {
    stream: StreamId,
    sockets: SocketPair,
    path: Path,
    appetite: Appetite,
}

/// The sockets of all streams of a thread.
#[derive(Debug, Default)]
pub struct Legs {
    reserved: HashMap<StreamId, SocketPair>,
    seats: Vec<Option<Leg>>,
    index: HashMap<StreamId, Seat>,
    unsent: u64,
}

impl Legs {
    /// Keeps the sockets of a stream that is not open yet.
    pub fn reserve(&mut self, stream: StreamId, sockets: SocketPair) {
        self.reserved.insert(stream, sockets);
    }

    /// Whether there are sockets for a stream that is not open yet.
    pub fn is_reserved(&self, stream: StreamId) -> bool {
        self.reserved.contains_key(&stream)
    }

    /// Takes the sockets of a stream to its seat, and has epoll watch the one of RTCP, whose packets are few.
    pub fn open(&mut self, stream: StreamId, seat: Seat, epoll: &OwnedFd) -> io::Result<()> {
        let Some(sockets) = self.reserved.remove(&stream) else { return Err(io::ErrorKind::NotFound.into()) };
        epoll::add(epoll, &sockets.rtcp, token(seat), epoll::EventFlags::IN)?;
        if self.seats.len() <= seat.index() {
            self.seats.resize_with(seat.index() + 1, || None);
        }
        let (path, appetite) = (Path::default(), Appetite::default());
        self.seats[seat.index()] = Some(Leg { stream, sockets, path, appetite });
        self.index.insert(stream, seat);
        Ok(())
    }

    /// Closes the sockets of a stream. `false` when there are none.
    pub fn remove(&mut self, stream: StreamId) -> bool {
        let open = self.index.remove(&stream).and_then(|seat| self.seats.get_mut(seat.index())?.take());
        open.is_some() | self.reserved.remove(&stream).is_some()
    }

    /// Sends a datagram. One that the system does not take is lost, as on the way.
    pub fn send(&mut self, datagram: Datagram<'_>) {
        if let Some(seat) = self.index.get(&datagram.stream) {
            self.send_from(*seat, datagram);
        }
    }

    /// The same for who knows the stream's seat.
    pub fn send_from(&mut self, seat: Seat, datagram: Datagram<'_>) {
        let Some(Some(leg)) = self.seats.get_mut(seat.index()) else { return };
        if leg.stream != datagram.stream {
            return self.send(datagram);
        }
        let sent = match datagram.channel {
            Channel::Rtp => leg.path.send(&leg.sockets.rtp, datagram.to, datagram.bytes),
            Channel::Rtcp => leg.sockets.rtcp.send_to(datagram.bytes, datagram.to),
        };
        if sent.is_err() {
            self.unsent += 1;
        }
    }

    /// Reads one datagram of the RTP socket of a seat.
    pub fn receive(&mut self, seat: Seat, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        let leg = self.seats.get_mut(seat.index())?.as_mut()?;
        // An error is an ICMP message about what we sent; silence of the peer is noticed by other means.
        let (length, from) = leg.sockets.rtp.recv_from(buffer).ok()?;
        leg.path.heard(from);
        Some((from, length))
    }

    /// Whether to read on after `read` datagrams of a seat's turn.
    pub fn wants_more(&mut self, seat: Seat, read: u32) -> bool {
        let leg = self.seats.get_mut(seat.index()).and_then(Option::as_mut);
        read < MOST && leg.is_some_and(|leg| leg.appetite.after(read))
    }

    /// Reads one datagram of the RTCP socket that epoll named.
    pub fn receive_control(&mut self, token: u64, buffer: &mut [u8]) -> Option<(StreamId, SocketAddr, usize)> {
        let leg = self.seats.get_mut(usize::try_from(token).ok()?)?.as_mut()?;
        let (length, from) = leg.sockets.rtcp.recv_from(buffer).ok()?;
        Some((leg.stream, from, length))
    }

    /// Datagrams the system did not take, since the start.
    pub const fn unsent(&self) -> u64 {
        self.unsent
    }
}

impl Appetite {
    /// Whether to read on after `read` datagrams of this turn, one of them at least.
    fn after(&mut self, read: u32) -> bool {
        if read > 1 {
            self.busy = BUSY;
            return true;
        }
        self.turn = (self.turn + 1) % EMPTIED_EVERY;
        self.busy = self.busy.saturating_sub(1);
        self.busy > 0 || self.turn == 0
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

/// The name of a seat's RTCP socket in epoll.
const fn token(seat: Seat) -> epoll::EventData {
    epoll::EventData::new_u64(seat.index() as u64)
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
        let mut path = Path::default();
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
        let mut path = Path { source: Some(first), run: STEADY, ..Path::default() };
        path.send(&ours, first, b"1").expect("sent");
        assert_eq!(path.connected, Some(first));
        path.send(&ours, second, b"2").expect("sent");
        assert_eq!(path.connected, None);
        assert_eq!(b.recv_from(&mut [0; 4]).expect("arrived").0, 1);
    }

    #[test]
    fn a_socket_is_emptied_now_and_then_and_always_when_it_had_more() {
        let mut appetite = Appetite::default();
        // One packet each turn: a second read in one turn of four, which finds nothing.
        let looks: Vec<bool> = (0..8).map(|_| appetite.after(1)).collect();
        assert_eq!(looks, [false, false, false, true, false, false, false, true]);
        // It found a second one: every turn for a while.
        assert!(appetite.after(2));
        assert!((1..BUSY).all(|_| appetite.after(1)));
        let looks = (0..8).filter(|_| appetite.after(1)).count();
        assert_eq!(looks, 2);
    }
}
