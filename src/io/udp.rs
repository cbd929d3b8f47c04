//! SIP over datagrams: bytes in over one bounded channel, bytes out at once or not at all.

use super::listen::{self, ListenError};
use crate::voip::sip::peer::{Peer, Transport};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The largest datagram there is.
const LARGEST: usize = 65_535;
/// Datagrams read in a row before other tasks get their turn.
const BATCH: usize = 64;

/// A datagram that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub peer: Peer,
    /// The address of the socket it came to; its IP may be unspecified: see
    /// [`local_ip_towards`](super::listen::local_ip_towards).
    pub local: SocketAddr,
    /// Its payload.
    pub bytes: Vec<u8>,
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
    tasks: Vec<JoinHandle<()>>,
}

impl UdpSockets {
    /// Listens on every address. Received datagrams go to `received`; when it is full they are dropped and counted,
    /// for SIP repeats what is lost, and an old request is worth less than a new one.
    ///
    /// Must be called within a tokio runtime.
    pub fn bind(addrs: &[SocketAddr], received: &mpsc::Sender<Received>) -> Result<Self, ListenError> {
        let mut all = Self { sockets: Vec::new(), counts: Arc::default(), tasks: Vec::new() };
        for &addr in addrs {
            let failed = |source| ListenError { transport: Transport::Udp, addr, source };
            let socket = Arc::new(UdpSocket::from_std(listen::udp(addr)?).map_err(failed)?);
            let local = socket.local_addr().map_err(failed)?;
            all.sockets.push(Arc::clone(&socket));
            all.tasks.push(tokio::spawn(receive(socket, local, received.clone(), Arc::clone(&all.counts))));
        }
        Ok(all)
    }

    /// The addresses that are listened on, with the ports the system chose where 0 was asked for.
    pub fn local_addrs(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok())
    }

    /// Sends one datagram from the socket bound to `from`, or from any of the right family. What the system does not
    /// take at once is dropped and counted.
    pub fn send(&self, from: Option<SocketAddr>, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        // Its own socket, or the one that listens on every address at its port.
        let covers = |socket: &&Arc<UdpSocket>| {
            socket.local_addr().is_ok_and(|local| {
                from.is_some_and(|from| {
                    local.port() == from.port() && local.ip().is_unspecified() && local.is_ipv4() == from.is_ipv4()
                })
            })
        };
        let fits = |socket: &&Arc<UdpSocket>| socket.local_addr().is_ok_and(|local| local.is_ipv4() == to.is_ipv4());
        let bound = |socket: &&Arc<UdpSocket>| from.is_some() && socket.local_addr().ok() == from;
        let socket = self.sockets.iter().find(bound);
        let socket = socket.or_else(|| self.sockets.iter().find(covers)).or_else(|| self.sockets.iter().find(fits));
        let sent = socket.ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?.try_send_to(bytes, to);
        let counter = if sent.is_ok() { &self.counts.sent } else { &self.counts.unsent };
        counter.fetch_add(1, Ordering::Relaxed);
        sent.map(drop)
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> &UdpCounts {
        &self.counts
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
async fn receive(socket: Arc<UdpSocket>, local: SocketAddr, to: mpsc::Sender<Received>, counts: Arc<UdpCounts>) {
    let mut buffer = vec![0; LARGEST];
    loop {
        if let Err(error) = socket.readable().await {
            tracing::error!(%local, %error, "UDP socket failed");
            return;
        }
        for _ in 0..BATCH {
            let (length, from) = match socket.try_recv_from(&mut buffer) {
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An earlier datagram of ours met a closed port (ICMP): it says nothing about this socket.
                Err(_) => continue,
            };
            let bytes = buffer[..length].to_vec();
            match to.try_send(Received { peer: Peer::udp(from), local, bytes }) {
                Ok(()) => counts.received.fetch_add(1, Ordering::Relaxed),
                Err(mpsc::error::TrySendError::Full(_)) => counts.overrun.fetch_add(1, Ordering::Relaxed),
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            };
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> [SocketAddr; 1] {
        [SocketAddr::from(([127, 0, 0, 1], 0))]
    }

    #[tokio::test]
    async fn a_datagram_arrives_with_its_sender_and_is_answered() {
        let (to, mut received) = mpsc::channel(8);
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
    async fn what_nobody_takes_is_dropped_and_counted() {
        let (to, mut received) = mpsc::channel(1);
        let sockets = UdpSockets::bind(&loopback(), &to).expect("bound");
        let server = sockets.local_addrs().next().expect("one address");
        let phone = UdpSocket::bind(loopback()[0]).await.expect("bound");
        for _ in 0..5 {
            phone.send_to(b"x", server).await.expect("sent");
        }
        while sockets.counts().overrun.load(Ordering::Relaxed) < 4 {
            tokio::task::yield_now().await;
        }
        assert!(received.recv().await.is_some());
        assert_eq!(sockets.counts().received.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn there_is_no_way_to_another_family() {
        let (to, _received) = mpsc::channel(1);
        let sockets = UdpSockets::bind(&loopback(), &to).expect("bound");
        let error = sockets.send(None, "[::1]:5060".parse().expect("an address"), b"x").expect_err("no socket");
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
