//! One connection: reading and writing side by side until one of them ends.

use super::{CloseReason, SendError, TcpLimits};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval_at, timeout};

/// Bytes read at once. A SIP message is seldom longer.
const READ: usize = 8_192;

/// The way to a connection. Dropping it closes the connection once what waits is written.
#[derive(Debug)]
pub struct Link {
    queue: mpsc::Sender<Vec<u8>>,
    overrun: Arc<AtomicBool>,
    _kept: oneshot::Sender<()>,
}

/// The other ends of a [`Link`].
#[derive(Debug)]
pub struct Ends {
    queue: mpsc::Receiver<Vec<u8>>,
    overrun: Arc<AtomicBool>,
    dropped: oneshot::Receiver<()>,
}

impl Ends {
    /// The next bytes to write; `None` when the link was dropped.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.queue.recv().await
    }

    /// Whether more waited than may.
    pub fn is_overrun(&self) -> bool {
        self.overrun.load(Ordering::Relaxed)
    }

    /// Until the link is dropped.
    pub async fn dropped(&mut self) {
        // Nothing is ever sent: the end of the sender is what is waited for.
        match (&mut self.dropped).await {
            Ok(()) | Err(_) => {}
        }
    }
}

/// What keeps a connection alive that we opened: a double line end (RFC 5626 §3.5.1).
const PING: &[u8] = b"\r\n\r\n";

/// A way to a connection with room for `capacity` messages.
pub fn link(capacity: usize) -> (Link, Ends) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    let overrun = Arc::new(AtomicBool::new(false));
    let (kept, dropped) = oneshot::channel();
    (Link { queue: sender, overrun: Arc::clone(&overrun), _kept: kept }, Ends { queue: receiver, overrun, dropped })
}

impl Link {
    pub fn send(&self, bytes: Vec<u8>) -> Result<(), SendError> {
        self.queue.try_send(bytes).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                self.overrun.store(true, Ordering::Relaxed);
                SendError::Full
            }
            mpsc::error::TrySendError::Closed(_) => SendError::Closed,
        })
    }
}

/// Reads and writes until one of them ends, and says why. `received` hands bytes on; when it fails nobody wants
/// them any more.
///
/// `is_ours`: we have opened it, and keep it alive.
pub async fn carry<S, F, E>(
    stream: S,
    ends: Ends,
    limits: TcpLimits,
    is_ours: bool,
    received: impl Fn(Vec<u8>) -> F,
) -> CloseReason
where
    S: AsyncRead + AsyncWrite,
    F: Future<Output = Result<(), E>>,
{
    let (reader, writer) = tokio::io::split(stream);
    let busy = AtomicBool::new(false);
    tokio::select! {
        reason = read(reader, limits, &busy, received) => reason,
        reason = write(writer, ends, limits, is_ours, &busy) => reason,
    }
}

/// Reads until the end. A write in the meantime also keeps the connection from being idle.
async fn read<F, E>(
    mut stream: impl AsyncRead + Unpin,
    limits: TcpLimits,
    busy: &AtomicBool,
    received: impl Fn(Vec<u8>) -> F,
) -> CloseReason
where
    F: Future<Output = Result<(), E>>,
{
    let mut buffer = vec![0; READ];
    loop {
        match timeout(limits.idle, stream.read(&mut buffer)).await {
            Err(_) if busy.swap(false, Ordering::Relaxed) => {}
            Err(_) => return CloseReason::Idle,
            Ok(Ok(0)) => return CloseReason::ByPeer,
            Ok(Err(_)) => return CloseReason::Broken,
            Ok(Ok(length)) => {
                if received(buffer[..length].to_vec()).await.is_err() {
                    return CloseReason::ByUs;
                }
            }
        }
    }
}

/// Writes what is queued until the link is dropped.
async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut ends: Ends,
    limits: TcpLimits,
    is_ours: bool,
    busy: &AtomicBool,
) -> CloseReason {
    let mut pings = interval_at(Instant::now() + limits.keep_alive, limits.keep_alive);
    loop {
        let (bytes, is_ping) = tokio::select! {
            bytes = ends.next() => match bytes {
                Some(bytes) => (bytes, false),
                None => break,
            },
            _ = pings.tick(), if is_ours => (PING.to_vec(), true),
        };
        if ends.overrun.load(Ordering::Relaxed) {
            return CloseReason::Stalled;
        }
        match timeout(limits.stall, stream.write_all(&bytes)).await {
            // A ping that nobody answers is no life.
            Ok(Ok(())) => busy.store(!is_ping || busy.load(Ordering::Relaxed), Ordering::Relaxed),
            Ok(Err(_)) => return CloseReason::Broken,
            Err(_) => return CloseReason::Stalled,
        }
    }
    // Said with FIN after the last byte; whether it still arrives makes no difference to us.
    match timeout(limits.stall, stream.shutdown()).await {
        Ok(_) if ends.overrun.load(Ordering::Relaxed) => CloseReason::Stalled,
        Ok(_) | Err(_) => CloseReason::ByUs,
    }
}
