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
//!
//! Where we send to the announced address it is steady soon (`EXPECTED`): no other can take over.

use super::ports::SocketPair;
use super::reading::{Reading, Wish};
use crate::voip::media::{Channel, Datagram, Seat, Sieve, StreamId, StreamMap};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Some five seconds of packets: as long as the announced address may still take over (`voip::rtp::Latch`).
const STEADY: u32 = 300;
/// A second of packets, from the address that the description announced.
const EXPECTED: u32 = 50;
/// Half a second of packets.
const QUIET: u32 = 25;
/// Two seconds of packets: most of what a sifted peer sends is not seen.
const QUIET_SIFTED: u32 = 100;
/// A socket is read until it is empty in each turn of so many; in the others one packet is what a turn brings.
const EMPTIED_EVERY: u8 = 4;
/// For so many turns after a socket had more than one packet it is emptied each time: a phone that sends every 10 ms,
/// or keys beside sound.
const BUSY: u8 = 50;
/// The name of the wake-up descriptor in epoll; no seat has it.
const WAKE: u64 = u64::MAX;
/// The bit that tells a seat's socket of RTP from that of RTCP in epoll.
const RTP: u64 = 1;
/// Datagrams read from one socket in one turn: what a flood brings beyond waits there and is dropped there.
pub const MOST: u32 = 64;

/// One RTP socket and what is known of its peer.
#[derive(Debug)]
struct Path {
    announced: SocketAddr,
    connected: Option<SocketAddr>,
    source: Option<SocketAddr>,
    run: u32,
    unanswered: u32,
    quiet: u32,
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
    reading: Reading,
    /// Packets left out that the core was not told of yet.
    left_out: u32,
}

/// The sockets of a stream on their way to another thread.
#[derive(Debug)]
pub struct Carried(Luggage);

#[derive(Debug)]
enum Luggage {
    /// Of a stream that is not open yet.
    Reserved(SocketPair),
    /// Of an open one.
    Open(Box<Leg>),
}

/// The sockets of all streams of a thread.
#[derive(Debug)]
pub struct Legs {
    epoll: OwnedFd,
    /// Whether the system takes filters.
    sifts: bool,
    reserved: StreamMap<SocketPair>,
    seats: Vec<Option<Leg>>,
    index: StreamMap<Seat>,
    unsent: u64,
}

/// What epoll says has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// An order.
    Order,
    /// RTP for a seat that is watched.
    Rtp(Seat),
    /// RTCP for a seat.
    Rtcp(Seat),
}

impl Legs {
    /// None yet; `wake` is watched as well.
    pub fn new(wake: &OwnedFd) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, wake, epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        Ok(Self {
            epoll,
            sifts: true,
            reserved: StreamMap::default(),
            seats: Vec::new(),
            index: StreamMap::default(),
            unsent: 0,
        })
    }

    /// Waits until something has come, or looks whether it has. Level-triggered: what is left is named again.
    pub fn look(&self, wait: bool, events: &mut Vec<epoll::Event>) {
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        events.clear();
        let limit = (!wait).then_some(&AT_ONCE);
        // Interrupted by a signal or not: the orders are looked at next.
        if let Err(error) = epoll::wait(&self.epoll, spare_capacity(events), limit)
            && error != rustix::io::Errno::INTR
        {
            tracing::error!(%error, "a media thread cannot look for packets");
        }
    }

    /// Keeps the sockets of a stream that is not open yet.
    pub fn reserve(&mut self, stream: StreamId, sockets: SocketPair) {
        self.reserved.insert(stream, sockets);
    }

    /// Whether there are sockets for a stream that is not open yet.
    pub fn is_reserved(&self, stream: StreamId) -> bool {
        self.reserved.contains_key(&stream)
    }

    /// Takes the sockets of a stream to its seat, and has epoll watch the one of RTCP, whose packets are few.
    pub fn open(&mut self, stream: StreamId, seat: Seat, announced: SocketAddr) -> io::Result<()> {
        let Some(sockets) = self.reserved.remove(&stream) else { return Err(io::ErrorKind::NotFound.into()) };
        let (path, appetite, reading) = (Path::new(announced), Appetite::default(), Reading::default());
        self.seat(seat, Leg { stream, sockets, path, appetite, reading, left_out: 0 })
    }

    /// A new description announced this address.
    pub fn announce(&mut self, stream: StreamId, announced: SocketAddr) {
        if let Some(leg) = self.index.get(&stream).and_then(|seat| self.seats.get_mut(seat.index())?.as_mut()) {
            leg.path.announced = announced;
        }
    }

    /// Whether the seat's RTP is read in its turn.
    pub fn is_read_in_turn(&self, seat: Seat) -> bool {
        self.leg(seat).is_some_and(|leg| !leg.reading.is_watched())
    }

    /// Whether another way of reading may suit the seat: its peer is steady, or it is watched.
    pub fn may_change(&self, seat: Seat) -> bool {
        self.leg(seat).is_some_and(|leg| leg.path.connected.is_some() || leg.reading.is_watched())
    }

    /// Reads the seat's RTP as it suits: at once when somebody hears it, only what is needed of it otherwise.
    pub fn suit(&mut self, seat: Seat, heard: bool, sieve: Option<Sieve>) {
        let Some(Some(leg)) = self.seats.get_mut(seat.index()) else { return };
        let wish = match sieve.filter(|_| self.sifts && leg.path.connected.is_some()) {
            _ if heard => Wish::Heard,
            Some(sieve) => Wish::Spare(sieve),
            None => Wish::All,
        };
        leg.change(wish, (&self.epoll, seat));
        if matches!(wish, Wish::Spare(_)) && !matches!(leg.reading, Reading::Sifted { .. }) {
            tracing::warn!("the system takes no filters of sockets: every packet of every caller is read");
            self.sifts = false;
        }
    }

    /// Packets of the seat's RTP that were left out since this was asked last.
    pub fn left_out(&mut self, seat: Seat) -> u32 {
        let Some(Some(leg)) = self.seats.get_mut(seat.index()) else { return 0 };
        std::mem::take(&mut leg.left_out).saturating_add(leg.reading.left_out(&leg.sockets.rtp))
    }

    /// The seat of an open stream.
    pub fn seat_of(&self, stream: StreamId) -> Option<Seat> {
        self.index.get(&stream).copied()
    }

    fn leg(&self, seat: Seat) -> Option<&Leg> {
        self.seats.get(seat.index())?.as_ref()
    }

    /// Closes the sockets of a stream. `false` when there are none.
    pub fn remove(&mut self, stream: StreamId) -> bool {
        let open = self.index.remove(&stream).and_then(|seat| self.seats.get_mut(seat.index())?.take());
        open.is_some() | self.reserved.remove(&stream).is_some()
    }

    /// Lets go of the sockets of a stream for another thread; every packet is read in its turn again.
    pub fn carry(&mut self, stream: StreamId) -> Option<Carried> {
        let Some(seat) = self.index.remove(&stream) else {
            return self.reserved.remove(&stream).map(|sockets| Carried(Luggage::Reserved(sockets)));
        };
        let mut leg = self.seats.get_mut(seat.index())?.take()?;
        leg.change(Wish::All, (&self.epoll, seat));
        if let Err(error) = epoll::delete(&self.epoll, &leg.sockets.rtcp) {
            tracing::error!(%error, "a socket cannot be let go by epoll");
        }
        Some(Carried(Luggage::Open(Box::new(leg))))
    }

    /// Takes what another thread let go. Without a seat it is kept for a stream that is not open yet.
    pub fn settle(&mut self, stream: StreamId, seat: Option<Seat>, carried: Carried) -> io::Result<()> {
        match (carried.0, seat) {
            (Luggage::Reserved(sockets), _) => self.reserve(stream, sockets),
            (Luggage::Open(leg), Some(seat)) => self.seat(seat, *leg)?,
            // Without a stream nobody needs them.
            (Luggage::Open(_), None) => {}
        }
        Ok(())
    }

    fn seat(&mut self, seat: Seat, leg: Leg) -> io::Result<()> {
        epoll::add(&self.epoll, &leg.sockets.rtcp, Ready::Rtcp(seat).name(), epoll::EventFlags::IN)?;
        if self.seats.len() <= seat.index() {
            self.seats.resize_with(seat.index() + 1, || None);
        }
        self.index.insert(leg.stream, seat);
        self.seats[seat.index()] = Some(leg);
        Ok(())
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
            Channel::Rtp => {
                let sent = leg.path.send(&leg.sockets.rtp, datagram.to, datagram.bytes);
                // A filter belongs to the one peer of a connected socket.
                if leg.path.connected.is_none() && matches!(leg.reading, Reading::Sifted { .. }) {
                    leg.change(Wish::All, (&self.epoll, seat));
                }
                sent
            }
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
    pub fn receive_control(&mut self, seat: Seat, buffer: &mut [u8]) -> Option<(StreamId, SocketAddr, usize)> {
        let leg = self.leg(seat)?;
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

impl Leg {
    fn change(&mut self, wish: Wish, (epoll, seat): (&OwnedFd, Seat)) {
        let left_out = self.reading.change(wish, &self.sockets.rtp, (epoll, Ready::Rtp(seat).name()));
        self.left_out = self.left_out.saturating_add(left_out);
        self.path.quiet = if matches!(self.reading, Reading::Sifted { .. }) { QUIET_SIFTED } else { QUIET };
    }
}

impl Ready {
    /// What it is called in epoll.
    const fn name(self) -> epoll::EventData {
        epoll::EventData::new_u64(match self {
            Self::Order => WAKE,
            Self::Rtp(seat) => (seat.index() as u64) << 1 | RTP,
            Self::Rtcp(seat) => (seat.index() as u64) << 1,
        })
    }

    /// What an event is about; `None` for a name that was never given.
    pub fn of(event: &epoll::Event) -> Option<Self> {
        let name = event.data.u64();
        if name == WAKE {
            return Some(Self::Order);
        }
        let seat = Seat::at(usize::try_from(name >> 1).ok()?)?;
        Some(if name & RTP == RTP { Self::Rtp(seat) } else { Self::Rtcp(seat) })
    }
}

impl Path {
    const fn new(announced: SocketAddr) -> Self {
        Self { announced, connected: None, source: None, run: 0, unanswered: 0, quiet: QUIET }
    }

    fn send(&mut self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8]) -> io::Result<usize> {
        self.unanswered = self.unanswered.saturating_add(1);
        match self.connected {
            Some(peer) if peer == to && self.unanswered < self.quiet => return socket.send(bytes),
            Some(_) => {
                rustix::net::connect_unspec(socket)?;
                self.connected = None;
                self.run = 0;
            }
            None if self.is_steady() && self.source == Some(to) => {
                socket.connect(to)?;
                self.connected = Some(to);
                return socket.send(bytes);
            }
            None => {}
        }
        socket.send_to(bytes, to)
    }

    fn is_steady(&self) -> bool {
        self.run >= STEADY || self.run >= EXPECTED && self.source == Some(self.announced)
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
        let mut path = Path::new(SocketAddr::new(at.ip(), 9));
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
        let mut path = Path { source: Some(first), run: EXPECTED, ..Path::new(first) };
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
