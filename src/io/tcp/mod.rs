//! SIP over TCP, TLS and `WebSocket`s: connections by number, bytes in and out over bounded channels.
//!
//! ```text
//! accept ─▶ cap in all, cap per source ─▶ handshake ─▶ Opened ─▶ Received* ─▶ Closed
//! connect ─▶ handshake ─▶ Opened or Closed(ConnectFailed);  what is sent meanwhile waits in its queue
//! ```
//!
//! Until it has brought its first bytes a connection is half open: of those there are few, and where all places are
//! taken the newest gets that of the oldest. Bytes are not parsed here: framing is the business of `voip::sip`; over a
//! WebSocket, `Received` is one message.

mod connection;
#[cfg(test)]
mod secure_tests;
mod table;
#[cfg(test)]
mod tests;
pub mod web;
#[cfg(test)]
mod web_tests;

use super::listen::{self, ListenError};
use super::tls::Tls;
use crate::voip::sip::addresses::Listener;
use crate::voip::sip::peer::{ConnectionId, Peer, Transport};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use table::Table;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long to wait when the system has no more descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct TcpLimits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub per_source: usize,
    /// A connection without a byte either way for this long is closed.
    pub idle: Duration,
    /// Messages that may wait to be written; a peer that lets more wait is cut off.
    pub write_queue: usize,
    /// How long one write, or connecting, may take.
    pub stall: Duration,
    /// Connections at once that have brought nothing yet.
    pub half_open: usize,
    /// The same from one address.
    pub half_open_per_source: usize,
    /// How long the handshakes of TLS and WebSocket may take together.
    pub handshake: Duration,
    /// How often connections that we opened, and `WebSocket`s, are kept alive.
    pub keep_alive: Duration,
}

impl Default for TcpLimits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            per_source: 256,
            idle: Duration::from_secs(600),
            write_queue: 64,
            stall: Duration::from_secs(10),
            half_open: 1_024,
            half_open_per_source: 64,
            handshake: Duration::from_secs(10),
            keep_alive: Duration::from_secs(50),
        }
    }
}

/// What happens on connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcpEvent {
    /// A connection stands, accepted or made.
    Opened {
        /// The other end; its `connection` is set.
        peer: Peer,
        /// Our end.
        local: SocketAddr,
    },
    /// The next bytes of a connection.
    Received {
        /// The other end; its `connection` is set.
        peer: Peer,
        /// Our end.
        local: SocketAddr,
        /// At least one byte.
        bytes: Vec<u8>,
    },
    /// The connection is gone; its number is never used again.
    Closed {
        /// The other end; its `connection` is set.
        peer: Peer,
        /// Why.
        reason: CloseReason,
    },
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The other end closed it.
    ByPeer,
    /// [`TcpConnections::close`].
    ByUs,
    /// Nothing came or went for the idle limit.
    Idle,
    /// The peer took no bytes for the stall limit.
    Stalled,
    /// The network broke it.
    Broken,
    /// It could not be made.
    ConnectFailed,
    /// Whoever connected did not get through the handshake of TLS or WebSocket; there was no `Opened`.
    HandshakeFailed,
}

/// Why bytes were not taken for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no such connection (any more).
    #[error("the connection is closed")]
    Closed,
    /// Too much waits already; the connection is being cut off.
    #[error("the peer reads too slowly")]
    Full,
    /// There are as many connections as there may be.
    #[error("too many connections")]
    TooMany,
}

/// What listening needs beside addresses.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// Certificates; without them there is no TLS in either direction.
    pub tls: Option<Arc<Tls>>,
    /// The pages whose `WebSocket`s are let in; none: all.
    pub origins: Vec<String>,
}

/// What connections did, counted since the start.
#[derive(Debug, Default)]
pub struct StreamCounts {
    /// Accepted or made, by [`Transport::ALL`].
    pub opened: [AtomicU64; Transport::ALL.len()],
    /// Turned away at a cap, or closed half open to make room.
    pub refused: AtomicU64,
    /// Handshakes that failed or took too long.
    pub handshakes_failed: AtomicU64,
    /// Peers cut off because they did not read.
    pub stalled: AtomicU64,
}

/// All connections. Dropping it ends them.
#[derive(Debug)]
pub struct TcpConnections {
    shared: Arc<Shared>,
    locals: Vec<Listener>,
    accepting: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    limits: TcpLimits,
    doors: Doors,
    events: mpsc::Sender<TcpEvent>,
    next: AtomicU64,
    counts: StreamCounts,
    table: Mutex<Table>,
}

/// A stream of whatever kind.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection after its handshakes.
enum Carrier {
    Stream(Box<dyn Duplex>),
    Web(Box<tokio_tungstenite::WebSocketStream<Box<dyn Duplex>>>),
}

impl TcpConnections {
    /// Listens on every address, each with its transport. Events go to `events`; when it is full, reading waits, and
    /// so do the peers.
    ///
    /// Must be called within a tokio runtime.
    pub fn bind(
        listeners: &[Listener],
        limits: TcpLimits,
        doors: Doors,
        events: mpsc::Sender<TcpEvent>,
    ) -> Result<Self, ListenError> {
        let shared = Arc::new(Shared {
            limits,
            doors,
            events,
            next: AtomicU64::new(1),
            counts: StreamCounts::default(),
            table: Mutex::default(),
        });
        let mut all = Self { shared, locals: Vec::new(), accepting: Vec::new() };
        for &Listener { transport, addr } in listeners {
            let failed = |source| ListenError { transport, addr, source };
            let listener = TcpListener::from_std(listen::stream(transport, addr)?).map_err(failed)?;
            all.locals.push(Listener { transport, addr: listener.local_addr().map_err(failed)? });
            all.accepting.push(tokio::spawn(accept(listener, transport, Arc::clone(&all.shared))));
        }
        Ok(all)
    }

    /// The addresses that are listened on.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.locals
    }

    /// Queues bytes for a connection. A peer whose queue is full is cut off: its `Closed` follows.
    pub fn send(&self, connection: ConnectionId, bytes: Vec<u8>) -> Result<(), SendError> {
        let mut table = self.shared.lock();
        let sent = table.link(connection).ok_or(SendError::Closed)?.send(bytes);
        if sent == Err(SendError::Full) {
            table.remove(connection);
        }
        sent
    }

    /// Begins to connect; bytes may be sent to the number at once. `Opened` or `Closed` follows, with the peer as it
    /// is given here. Over TLS it must prove to be `name`, or else the address.
    pub fn connect(&self, to: Peer, name: Option<String>) -> Result<ConnectionId, SendError> {
        let (peer, ends) = self.shared.enter(to, false).ok_or(SendError::TooMany)?;
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            match shared.reach(peer, name.as_deref()).await {
                Ok((stream, local)) => shared.carry(Carrier::Stream(stream), local, peer, ends, true).await,
                Err(error) => {
                    tracing::info!(%peer, %error, "no connection");
                    shared.leave(peer, CloseReason::ConnectFailed).await;
                }
            }
        });
        peer.connection.ok_or(SendError::Closed)
    }

    /// Closes a connection after what waits to be written.
    pub fn close(&self, connection: ConnectionId) {
        self.shared.lock().remove(connection);
    }

    /// How many connections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.lock().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many have brought nothing yet.
    #[must_use]
    pub fn half_open(&self) -> usize {
        self.shared.lock().half_open()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> &StreamCounts {
        &self.shared.counts
    }
}

impl Drop for TcpConnections {
    fn drop(&mut self) {
        for task in &self.accepting {
            task.abort();
        }
        *self.shared.lock() = Table::default();
    }
}

impl Shared {
    /// The table; a panic elsewhere leaves it usable, since every change to it is one statement.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a connection and counts it, unless a cap is reached. One that was accepted is half open.
    fn enter(&self, to: Peer, accepted: bool) -> Option<(Peer, connection::Ends)> {
        let mut table = self.lock();
        let room = table.make_room(to.addr.ip(), &self.limits, accepted);
        self.counts.refused.fetch_add(room.map_or(1, u64::from), Ordering::Relaxed);
        room?;
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        let (link, ends) = connection::link(self.limits.write_queue);
        table.insert(id, to.addr.ip(), link, accepted);
        let kind = Transport::ALL.iter().position(|transport| *transport == to.transport).unwrap_or(0);
        self.counts.opened[kind].fetch_add(1, Ordering::Relaxed);
        Some((Peer { connection: Some(id), ..to }, ends))
    }

    /// Connects, with the handshake of TLS where it is wanted.
    async fn reach(&self, to: Peer, name: Option<&str>) -> io::Result<(Box<dyn Duplex>, SocketAddr)> {
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        let connecting = tokio::time::timeout(self.limits.stall, TcpStream::connect(to.addr));
        let stream = connecting.await.map_err(|_| late())??;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        if !to.transport.is_secure() {
            return Ok((Box::new(stream), local));
        }
        let tls = self.doors.tls.as_ref().ok_or_else(|| io::Error::other("there is no TLS"))?;
        let shaking = tokio::time::timeout(self.limits.handshake, tls.connect(stream, name, to.addr.ip()));
        match shaking.await.map_err(|_| late()).flatten() {
            Ok(stream) => Ok((Box::new(stream), local)),
            Err(error) => {
                self.counts.handshakes_failed.fetch_add(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// Carries an accepted connection to its end.
    async fn serve(&self, stream: TcpStream, peer: Peer, mut ends: connection::Ends) {
        let Ok(local) = stream.set_nodelay(true).and_then(|()| stream.local_addr()) else {
            return self.leave(peer, CloseReason::HandshakeFailed).await;
        };
        let carrier = if peer.transport == Transport::Tcp {
            Ok(Carrier::Stream(Box::new(stream)))
        } else {
            tokio::select! {
                shaken = tokio::time::timeout(self.limits.handshake, self.shake(stream, peer.transport)) => {
                    shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut)).flatten()
                }
                () = ends.dropped() => Err(io::ErrorKind::ConnectionAborted.into()),
            }
        };
        match carrier {
            Ok(carrier) => self.carry(carrier, local, peer, ends, false).await,
            Err(error) => {
                self.counts.handshakes_failed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%peer, %error, "no handshake");
                self.leave(peer, CloseReason::HandshakeFailed).await;
            }
        }
    }

    /// The handshakes of a transport.
    async fn shake(&self, stream: TcpStream, transport: Transport) -> io::Result<Carrier> {
        let stream: Box<dyn Duplex> = if transport.is_secure() {
            let tls = self.doors.tls.as_ref().ok_or_else(|| io::Error::other("there is no TLS"))?;
            Box::new(tls.accept(stream).await?)
        } else {
            Box::new(stream)
        };
        if transport.is_web_socket() {
            return Ok(Carrier::Web(Box::new(web::accept(stream, &self.doors.origins).await?)));
        }
        Ok(Carrier::Stream(stream))
    }

    async fn carry(&self, carrier: Carrier, local: SocketAddr, peer: Peer, ends: connection::Ends, is_ours: bool) {
        if self.events.send(TcpEvent::Opened { peer, local }).await.is_err() {
            return;
        }
        let heard = AtomicBool::new(is_ours);
        let received = |bytes| {
            if !heard.swap(true, Ordering::Relaxed)
                && let Some(id) = peer.connection
            {
                self.lock().heard(id);
            }
            self.events.send(TcpEvent::Received { peer, local, bytes })
        };
        let reason = match carrier {
            Carrier::Stream(stream) => connection::carry(stream, ends, self.limits, is_ours, received).await,
            Carrier::Web(socket) => web::carry(*socket, ends, self.limits, received).await,
        };
        self.leave(peer, reason).await;
    }

    async fn leave(&self, peer: Peer, reason: CloseReason) {
        if let Some(id) = peer.connection {
            self.lock().remove(id);
        }
        if reason == CloseReason::Stalled {
            self.counts.stalled.fetch_add(1, Ordering::Relaxed);
        }
        if self.events.send(TcpEvent::Closed { peer, reason }).await.is_err() {
            tracing::debug!(%peer, "connection ended after the server");
        }
    }
}

/// Accepts connections for ever. At a cap they are closed at once.
async fn accept(listener: TcpListener, transport: Transport, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let Some((peer, ends)) = shared.enter(Peer::at(transport, from), true) else { continue };
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { shared.serve(stream, peer, ends).await });
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                #[expect(clippy::disallowed_methods, reason = "the system is out of descriptors: wait, do not spin")]
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Whether an error of `accept` is about one connection, and not about us.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}
