//! SIP over datagrams: bytes in over two bounded channels, one for calls there are and one for everything else, bytes
//! out at once or not at all.

mod addressed;
mod lanes;

pub use lanes::{LaneEnds, Lanes, OCTETS};

use super::listen::{self, ListenError};
use crate::voip::sip::peer::{Peer, Transport};
use lanes::{Room, Waiting};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The largest datagram there is.
const LARGEST: usize = 65_535;
/// Datagrams read in a row before other tasks get their turn.
const BATCH: usize = 64;

/// A datagram that came in.
#[derive(Debug)]
pub struct Received {
    /// Who sent it.
    pub peer: Peer,
    /// The address of ours that it was sent to; its IP is unspecified where the system did not say: see
    /// [`local_ip_towards`](super::listen::local_ip_towards).
    pub local: SocketAddr,
    /// Its payload.
    pub bytes: Vec<u8>,
    /// Its place in the lane.
    _room: Room,
}

/// What the sockets did, counted since the start.
#[derive(Debug, Default)]
pub struct UdpCounts {
    /// Datagrams handed over.
    pub received: AtomicU64,
    /// Datagrams dropped because nobody took the earlier ones in time.
    pub overrun: AtomicU64,
    /// Datagrams sent.
    pub sent: AtomicU64,
    /// Datagrams the system did not take.
    pub unsent: AtomicU64,
}

/// All UDP sockets for SIP. Receiving ends when this is dropped.
#[derive(Debug)]
pub struct UdpSockets {
    sockets: Vec<Arc<UdpSocket>>,
    counts: Arc<UdpCounts>,
    waiting: Waiting,
    tasks: Vec<JoinHandle<()>>,
}

impl UdpSockets {
    /// Listens on every address. Received datagrams go to one of the lanes; when it is full they are dropped and
    /// counted, for SIP repeats what is lost, and an old request is worth less than a new one. A flood of new requests
    /// takes no place from the calls there are.
    ///
    /// Must be called within a tokio runtime.
    pub fn bind(addrs: &[SocketAddr], lanes: &Lanes) -> Result<Self, ListenError> {
        let mut all = Self { sockets: Vec::new(), counts: Arc::default(), waiting: lanes.waiting(), tasks: Vec::new() };
        for &addr in addrs {
            let failed = |source| ListenError { transport: Transport::Udp, addr, source };
            let socket = Arc::new(UdpSocket::from_std(listen::udp(addr)?).map_err(failed)?);
            let local = socket.local_addr().map_err(failed)?;
            if local.ip().is_unspecified() {
                addressed::ask(&socket, local.is_ipv4()).map_err(failed)?;
            }
            all.sockets.push(Arc::clone(&socket));
            all.tasks.push(tokio::spawn(receive(socket, local, lanes.clone(), Arc::clone(&all.counts))));
        }
        Ok(all)
    }

    /// The addresses that are listened on, with the ports the system chose where 0 was asked for.
    pub fn local_addrs(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok())
    }

    /// Sends one datagram from an address of ours, or from any of the right family. What the system does not take at
    /// once is dropped and counted.
    pub fn send(&self, from: Option<SocketAddr>, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let sent = match from.and_then(|from| self.socket_at(from)) {
            Some((socket, Some(own))) => addressed::send(socket, own, to, bytes),
            Some((socket, None)) => socket.try_send_to(bytes, to).map(drop),
            None => self.any_for(to).and_then(|socket| socket.try_send_to(bytes, to).map(drop)),
        };
        let counter = if sent.is_ok() { &self.counts.sent } else { &self.counts.unsent };
        counter.fetch_add(1, Ordering::Relaxed);
        sent
    }

    /// The socket bound to an address, or the one that listens on every address at its port, which must be told which
    /// one is meant.
    fn socket_at(&self, at: SocketAddr) -> Option<(&UdpSocket, Option<IpAddr>)> {
        let covers = |local: SocketAddr| {
            local.ip().is_unspecified() && local.port() == at.port() && local.is_ipv4() == at.is_ipv4()
        };
        let fits = |socket: &Arc<UdpSocket>, fit: &dyn Fn(SocketAddr) -> bool| socket.local_addr().is_ok_and(fit);
        let exact = self.sockets.iter().find(|socket| fits(socket, &|local| local == at));
        let wide = || self.sockets.iter().find(|socket| fits(socket, &covers));
        let own = Some(at.ip()).filter(|ip| !ip.is_unspecified());
        exact.map(|socket| (&**socket, None)).or_else(|| wide().map(|socket| (&**socket, own)))
    }

    fn any_for(&self, to: SocketAddr) -> io::Result<&UdpSocket> {
        let fits = |socket: &&Arc<UdpSocket>| socket.local_addr().is_ok_and(|local| local.is_ipv4() == to.is_ipv4());
        let socket = self.sockets.iter().find(fits).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(socket)
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> &UdpCounts {
        &self.counts
    }

    /// The octets of datagrams that wait for the exchange.
    #[must_use]
    pub fn waiting_octets(&self) -> usize {
        self.waiting.octets()
    }
}

impl Drop for UdpSockets {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Reads one socket until nobody listens any more.
async fn receive(socket: Arc<UdpSocket>, local: SocketAddr, to: Lanes, counts: Arc<UdpCounts>) {
    let mut buffer = vec![0; LARGEST];
    let mut space = addressed::space();
    let is_wide = local.ip().is_unspecified();
    loop {
        if let Err(error) = socket.readable().await {
            tracing::error!(%local, %error, "UDP socket failed");
            return;
        }
        for _ in 0..BATCH {
            let got = if is_wide {
                addressed::receive(&socket, &mut buffer, &mut space)
            } else {
                socket.try_recv_from(&mut buffer).map(|(length, from)| (length, from, None))
            };
            let (length, from, to_ip) = match got {
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An earlier datagram of ours met a closed port (ICMP): it says nothing about this socket.
                Err(_) => continue,
            };
            let local = to_ip.map_or(local, |ip| SocketAddr::new(ip, local.port()));
            match to.put(from, local, &buffer[..length]) {
                Ok(true) => counts.received.fetch_add(1, Ordering::Relaxed),
                Ok(false) => counts.overrun.fetch_add(1, Ordering::Relaxed),
                Err(lanes::Closed) => return,
            };
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn lanes(size: usize) -> (Lanes, mpsc::Receiver<Received>, mpsc::Receiver<Received>) {
        let (lanes, LaneEnds { calls, others }) = Lanes::new(size, OCTETS);
        (lanes, calls, others)
    }

    fn loopback() -> [SocketAddr; 1] {
        [SocketAddr::from(([127, 0, 0, 1], 0))]
    }

    #[tokio::test]
    async fn a_datagram_arrives_with_its_sender_and_is_answered() {
        let (to, _calls, mut received) = lanes(8);
        let sockets = UdpSockets::bind(&loopback(), &to).expect("bound");
        let server = sockets.local_addrs().next().expect("one address");
        let phone = UdpSocket::bind(loopback()[0]).await.expect("bound");
        phone.send_to(b"OPTIONS", server).await.expect("sent");
        let got = received.recv().await.expect("received");
        assert_eq!(got.peer, Peer::udp(phone.local_addr().expect("bound")));
        assert_eq!((got.local, got.bytes.as_slice()), (server, b"OPTIONS".as_slice()));

        sockets.send(Some(got.local), got.peer.addr, b"200").expect("sent");
        let mut buffer = [0; 16];
        let (length, from) = phone.recv_from(&mut buffer).await.expect("answered");
        assert_eq!((&buffer[..length], from), (b"200".as_slice(), server));
    }

    #[tokio::test]
    async fn a_socket_on_every_address_answers_from_the_one_that_was_asked() {
        for (every, asked) in [("0.0.0.0:0", "127.0.0.7"), ("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "::1")] {
            let (to, _calls, mut received) = lanes(8);
            let sockets = UdpSockets::bind(&[every.parse().expect("an address")], &to).expect("bound");
            let port = sockets.local_addrs().next().expect("one address").port();
            let server = SocketAddr::new(asked.parse().expect("an address"), port);
            let phone = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
            let phone = UdpSocket::bind(phone).await.expect("bound");
            phone.send_to(b"OPTIONS", server).await.expect("sent");
            let got = received.recv().await.expect("received");
            assert_eq!(got.local, server);
            sockets.send(Some(got.local), got.peer.addr, b"200").expect("sent");
            let mut buffer = [0; 16];
            let (_, from) = phone.recv_from(&mut buffer).await.expect("answered");
            assert_eq!(from, server);
        }
    }

    #[tokio::test]
    async fn each_of_several_sockets_answers_what_came_to_it() {
        let (to, _calls, mut received) = lanes(8);
        let addrs = ["127.0.0.1:0", "127.0.0.2:0"].map(|addr| addr.parse().expect("an address"));
        let sockets = UdpSockets::bind(&addrs, &to).expect("bound");
        let phone = UdpSocket::bind(loopback()[0]).await.expect("bound");
        for server in sockets.local_addrs() {
            phone.send_to(b"OPTIONS", server).await.expect("sent");
            let got = received.recv().await.expect("received");
            sockets.send(Some(got.local), got.peer.addr, b"200").expect("sent");
            let (_, from) = phone.recv_from(&mut [0; 16]).await.expect("answered");
            assert_eq!((got.local, from), (server, server));
        }
    }

    #[tokio::test]
    async fn what_nobody_takes_is_dropped_and_counted() {
        let (to, mut calls, mut received) = lanes(1);
        let sockets = UdpSockets::bind(&loopback(), &to).expect("bound");
        let server = sockets.local_addrs().next().expect("one address");
        let phone = UdpSocket::bind(loopback()[0]).await.expect("bound");
        for _ in 0..5 {
            phone.send_to(b"x", server).await.expect("sent");
        }
        while sockets.counts().overrun.load(Ordering::Relaxed) < 4 {
            tokio::task::yield_now().await;
        }
        // What is of a call has a place all the same.
        let bye = b"BYE sip:a@b SIP/2.0\r\nTo: <sip:a@b>;tag=1\r\n\r\n";
        phone.send_to(bye, server).await.expect("sent");
        assert_eq!(calls.recv().await.expect("received").bytes, bye);
        assert!(received.recv().await.is_some());
        assert_eq!(sockets.counts().received.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn there_is_no_way_to_another_family() {
        let (to, _calls, _others) = lanes(1);
        let sockets = UdpSockets::bind(&loopback(), &to).expect("bound");
        let error = sockets.send(None, "[::1]:5060".parse().expect("an address"), b"x").expect_err("no socket");
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
