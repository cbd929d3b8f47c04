//! SIP over TCP: connections by number, bytes in and out over bounded channels.
//!
//! ```text
//! accept ─▶ cap in all, cap per source ─▶ Opened ─▶ Received* ─▶ Closed
//! connect ─▶ Opened or Closed(ConnectFailed);  what is sent meanwhile waits in its queue
//! ```
//!
//! Bytes are not parsed here: framing is the business of `voip::sip`.

mod connection;
#[cfg(test)]
mod tests;

use super::listen::{self, ListenError};
use crate::voip::sip::peer::{ConnectionId, Peer, Transport};
use connection::Link;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
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
}

impl Default for TcpLimits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            per_source: 256,
            idle: Duration::from_secs(600),
            write_queue: 64,
            stall: Duration::from_secs(10),
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

/// All TCP connections. Dropping it ends them.
#[derive(Debug)]
pub struct TcpConnections {
    shared: Arc<Shared>,
    locals: Vec<SocketAddr>,
    accepting: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    limits: TcpLimits,
    events: mpsc::Sender<TcpEvent>,
    next: AtomicU64,
    refused: AtomicU64,
    table: Mutex<Table>,
}

/// The connections there are. A number is in `by_id` exactly while its source is counted.
#[derive(Debug, Default)]
struct Table {
    by_id: HashMap<ConnectionId, (IpAddr, Link)>,
    by_source: HashMap<IpAddr, usize>,
}

impl TcpConnections {
    /// Listens on every address. Events go to `events`; when it is full, reading waits, and so do the peers.
    ///
    /// Must be called within a tokio runtime.
    pub fn bind(addrs: &[SocketAddr], limits: TcpLimits, events: mpsc::Sender<TcpEvent>) -> Result<Self, ListenError> {
        let shared = Arc::new(Shared {
            limits,
            events,
            next: AtomicU64::new(1),
            refused: AtomicU64::new(0),
            table: Mutex::default(),
        });
        let mut all = Self { shared, locals: Vec::new(), accepting: Vec::new() };
        for &addr in addrs {
            let failed = |source| ListenError { transport: Transport::Tcp, addr, source };
            let listener = TcpListener::from_std(listen::tcp(addr)?).map_err(failed)?;
            all.locals.push(listener.local_addr().map_err(failed)?);
            all.accepting.push(tokio::spawn(accept(listener, Arc::clone(&all.shared))));
        }
        Ok(all)
    }

    /// The addresses that are listened on.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.locals
    }

    /// Queues bytes for a connection. A peer whose queue is full is cut off: its `Closed` follows.
    pub fn send(&self, connection: ConnectionId, bytes: Vec<u8>) -> Result<(), SendError> {
        let mut table = self.shared.lock();
        let (_, link) = table.by_id.get(&connection).ok_or(SendError::Closed)?;
        let sent = link.send(bytes);
        if sent == Err(SendError::Full) {
            table.remove(connection);
        }
        sent
    }

    /// Begins to connect; bytes may be sent to the number at once. `Opened` or `Closed` follows.
    pub fn connect(&self, to: SocketAddr) -> Result<ConnectionId, SendError> {
        let (peer, ends) = self.shared.enter(to).ok_or(SendError::TooMany)?;
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let connecting = tokio::time::timeout(shared.limits.stall, TcpStream::connect(to)).await;
            match connecting {
                Ok(Ok(stream)) => shared.serve(stream, peer, ends).await,
                Ok(Err(_)) | Err(_) => shared.leave(peer, CloseReason::ConnectFailed).await,
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
        self.shared.lock().by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Connections turned away at a cap since the start.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }
}

impl Drop for TcpConnections {
    fn drop(&mut self) {
        for task in &self.accepting {
            task.abort();
        }
        self.shared.lock().by_id.clear();
    }
}

impl Shared {
    /// The table; a panic elsewhere leaves it usable, since every change to it is one statement.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a connection and counts it, unless a cap is reached.
    fn enter(&self, addr: SocketAddr) -> Option<(Peer, connection::Ends)> {
        let mut table = self.lock();
        let of_source = table.by_source.get(&addr.ip()).copied().unwrap_or(0);
        if table.by_id.len() >= self.limits.connections || of_source >= self.limits.per_source {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        let (link, ends) = connection::link(self.limits.write_queue);
        table.by_id.insert(id, (addr.ip(), link));
        table.by_source.insert(addr.ip(), of_source + 1);
        Some((Peer::over(Transport::Tcp, addr, id), ends))
    }

    /// Carries a connection to its end.
    async fn serve(&self, stream: TcpStream, peer: Peer, ends: connection::Ends) {
        let Ok(local) = stream.set_nodelay(true).and_then(|()| stream.local_addr()) else {
            return self.leave(peer, CloseReason::Broken).await;
        };
        if self.events.send(TcpEvent::Opened { peer, local }).await.is_err() {
            return;
        }
        let reason = connection::carry(stream, ends, self.limits, |bytes| {
            self.events.send(TcpEvent::Received { peer, local, bytes })
        })
        .await;
        self.leave(peer, reason).await;
    }

    async fn leave(&self, peer: Peer, reason: CloseReason) {
        if let Some(id) = peer.connection {
            self.lock().remove(id);
        }
        if self.events.send(TcpEvent::Closed { peer, reason }).await.is_err() {
            tracing::debug!(%peer, "connection ended after the server");
        }
    }
}

impl Table {
    /// Forgets a connection; without its link the task that carries it ends.
    fn remove(&mut self, id: ConnectionId) {
        let Some((source, _)) = self.by_id.remove(&id) else { return };
        if let Some(count) = self.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
    }
}

/// Accepts connections for ever. At a cap they are closed at once.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let Some((peer, ends)) = shared.enter(from) else { continue };
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { shared.serve(stream, peer, ends).await });
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a TCP connection");
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
