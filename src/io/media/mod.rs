//! The media threads: sockets, pacing and files around [`MediaCore`].
//!
//! ```text
//!            open: bind two ports                            ┌─▶ media-0 ─┐ MediaOutput
//! exchange ─────────────────────────▶ MediaEngine ── Order ──┼─▶ media-1 ─┼─────────────▶ one bounded channel
//!            command: MediaCommand                           └─▶ …        │
//!                                                                 └─▶ recordings (one thread, one disk)
//! ```
//!
//! A stream lives on one thread from its opening to its end. Nothing here waits for anybody: a slow consumer of
//! events, a slow disk and a slow exchange each meet a bounded queue.

mod batch;
mod filter;
mod lateness;
mod legs;
mod mailbox;
mod moving;
mod outbox;
mod ports;
mod priority;
mod reading;
mod recordings;
mod retention;
mod routes;
mod worker;

#[cfg(test)]
mod tests;

use crate::io::clock::Clock;
use crate::voip::audio::PromptFrames;
use crate::voip::media::{MediaCommand, MediaCore, MediaEvent, RecordingId, StreamId, VoiceOver};
pub use lateness::{Lateness, Wakes};
use legs::Legs;
use mailbox::{Full, Mailbox};
use moving::{Address, Moves, PARCELS};
use outbox::Outbox;
use ports::PortPool;
use recordings::Recordings;
use retention::Retention;
use routes::{Routes, Target};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, io};
use tokio::sync::mpsc;
use worker::{Order, Worker};

/// Orders that may wait for one thread; it takes them every two milliseconds.
const ORDERS: usize = 8_192;

/// How media is carried.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Threads; one per core is best, and each carries thousands of streams.
    pub threads: usize,
    /// UDP ports to choose from: an even one for RTP and the next for RTCP for each stream.
    pub ports: RangeInclusive<u16>,
    /// The differentiated services code point of RTP, 0–63; 46 is expedited forwarding (RFC 4594 §4.1).
    pub dscp: u8,
    /// Streams at once; a call that is bridged has two.
    pub streams: usize,
    /// The folder of recordings and voice messages.
    pub recordings: PathBuf,
    /// How long conversations are kept; `None` for ever.
    pub keep_conversations: Option<Duration>,
    /// How much music is lowered under words; `None`: words are heard instead of it.
    pub voice_over: Option<VoiceOver>,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            ports: 16_384..=32_767,
            dscp: 46,
            streams: 8_000,
            recordings: PathBuf::from("data/recordings"),
            keep_conversations: None,
            voice_over: None,
        }
    }
}

/// What the engine tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaOutput {
    /// Something happened in a stream.
    Event(MediaEvent),
    /// A recording is on the disk. Follows its `RecordingEnded`.
    RecordingStored {
        /// The recording.
        recording: RecordingId,
        /// The file's name in the folder of recordings; a random one.
        file: String,
        /// How long it is.
        length: Duration,
    },
    /// A recording could not be written, and there is no file. The call goes on.
    RecordingFailed {
        /// The recording.
        recording: RecordingId,
        /// Why, for the log.
        reason: String,
    },
}

/// Why media cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// There are as many streams as there may be.
    #[error("all {0} streams are in use; raise media.streams if the machine can carry more")]
    Full(usize),
    /// Every pair of ports is in use.
    #[error("every RTP port is in use; widen media.ports")]
    NoPort,
    /// The system gives no socket.
    #[error("no socket for RTP: {0}")]
    Socket(#[source] io::Error),
    /// The stream has been opened before.
    #[error("the stream is open already")]
    Open,
    /// The thread does not take orders in time, or has ended.
    #[error("a media thread is stuck")]
    Stuck,
}

/// All media threads. Dropping it ends them and completes what is being recorded.
pub struct MediaEngine {
    threads: Vec<Thread>,
    writer: Option<JoinHandle<()>>,
    pool: Arc<PortPool>,
    routes: Mutex<Routes>,
    config: MediaConfig,
}

/// One media thread as seen from outside.
struct Thread {
    orders: Arc<Mailbox<Order>>,
    lateness: Arc<Lateness>,
    address: Address,
    handle: Option<JoinHandle<()>>,
}

impl MediaEngine {
    /// Starts the threads. Everything they have to say goes to `outputs`, which should have room for a second's
    /// events of all calls: some thousands.
    pub fn start(
        config: MediaConfig,
        prompts: &Arc<PromptFrames>,
        clock: Clock,
        outputs: &mpsc::Sender<MediaOutput>,
    ) -> io::Result<Self> {
        let descriptors = priority::raise_descriptors();
        if descriptors < 2 * config.streams as u64 {
            tracing::warn!(descriptors, streams = config.streams, "fewer descriptors are permitted than streams need");
        }
        let (entries, writer) = recordings::start(
            config.recordings.clone(),
            outputs.clone(),
            Retention::new(config.keep_conversations, clock),
        )?;
        let count = config.threads.max(1);
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let core =
                MediaCore::new(config.streams, Arc::clone(prompts), clock.instant()).with_voice_over(config.voice_over);
            let outbox = Outbox::new(outputs.clone());
            threads.push(Thread::start(number, core, outbox, Recordings::new(entries.clone()), clock)?);
        }
        let pool = PortPool::new(&config.ports);
        let routes = Mutex::new(Routes::new(count, config.streams));
        Ok(Self { threads, writer: Some(writer), pool, routes, config })
    }

    /// Binds the ports of a new stream on `ip` (which may be unspecified) and returns the address of RTP for the
    /// description. What arrives waits until [`MediaCommand::Open`]. A stream that is to be bridged with another
    /// is best opened `beside` it: on another thread it would have to move first. Each opened stream must be ended by [`MediaCommand::Close`], whether it was ever
    /// told to open or not, and its `Closed` follows.
    pub fn open(&self, stream: StreamId, ip: IpAddr, beside: Option<StreamId>) -> Result<SocketAddr, MediaError> {
        let thread = self.routes().enter(stream, beside)?;
        let result = self.pool.bind(ip, self.config.dscp).and_then(|sockets| {
            let addr = SocketAddr::new(ip, sockets.port());
            self.threads[thread].tell(Order::Reserve(stream, sockets)).map(|()| addr)
        });
        if result.is_err() {
            self.routes().leave(stream);
        }
        result
    }

    /// Hands a command to the thread of its stream. One for a stream that was closed before is dropped: it crossed
    /// the stream's end.
    pub fn command(&self, command: MediaCommand) -> Result<(), MediaError> {
        let thread = match Target::of(&command) {
            Target::All(prompts) => {
                return self
                    .threads
                    .iter()
                    .try_for_each(|thread| thread.tell(Order::Command(MediaCommand::Prompts(Arc::clone(prompts)))));
            }
            Target::One(stream) => self.routes().thread_of(stream),
            Target::Two(a, b) => {
                let routes = self.routes();
                routes.thread_of(a).filter(|thread| routes.thread_of(b) == Some(*thread))
            }
            Target::Meet(a, b) => self.bring_together(a, b)?,
        };
        let Some(thread) = thread else { return Ok(()) };
        let closed = if let MediaCommand::Close { stream } = &command { Some(*stream) } else { None };
        self.threads[thread].tell(Order::Command(command))?;
        if let Some(stream) = closed {
            self.routes().leave(stream);
        }
        Ok(())
    }

    /// The thread of two streams that have to do with each other. When they are apart the one that comes into the
    /// other's conversation moves there.
    fn bring_together(&self, a: StreamId, b: StreamId) -> Result<Option<usize>, MediaError> {
        let mut routes = self.routes();
        let (Some(of_a), Some(of_b)) = (routes.thread_of(a), routes.thread_of(b)) else { return Ok(None) };
        if of_a != of_b {
            let to = self.threads[of_b].address.clone();
            // Under the lock, so that all threads see all moves in one order.
            self.threads[of_a].tell(Order::Give(a, to))?;
            routes.move_to(a, of_b);
            self.threads[of_b].tell(Order::Await(a))?;
        }
        Ok(Some(of_b))
    }

    /// How many streams there are.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.routes().len()
    }

    /// How late each thread has woken, counted since the start.
    #[must_use]
    pub fn wakes(&self) -> Vec<Wakes> {
        self.threads.iter().map(|thread| thread.lateness.wakes()).collect()
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MediaEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaEngine")
            .field("config", &self.config)
            .field("free_ports", &self.pool.free())
            .finish_non_exhaustive()
    }
}

impl Drop for MediaEngine {
    fn drop(&mut self) {
        // Each thread drops its end of the recordings, the last of them ends the writer.
        for thread in &mut self.threads {
            thread.stop();
        }
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the thread of recordings panicked");
        }
    }
}

impl Thread {
    fn start(number: usize, core: MediaCore, outbox: Outbox, recordings: Recordings, clock: Clock) -> io::Result<Self> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let orders = Arc::new(Mailbox::new(ORDERS));
        let sender = Arc::clone(&orders);
        let (parcels, moves) = sync_channel(PARCELS);
        let (legs, moves) = (Legs::new(&wake)?, Moves::new(moves));
        let lateness = Arc::new(Lateness::default());
        let (late, wake_of) = (Arc::clone(&lateness), Arc::clone(&wake));
        let worker = Worker { core, wake: wake_of, orders, outbox, recordings, clock, legs, moves, late, woken: true };
        let handle = thread::Builder::new().name(format!("media-{number}")).spawn(move || {
            let scheduling = priority::raise();
            tracing::info!(number, ?scheduling, "media thread runs");
            worker.run();
        })?;
        Ok(Self { orders: sender, lateness, address: Address { parcels, wake }, handle: Some(handle) })
    }

    /// Gives an order and wakes the thread.
    fn tell(&self, order: Order) -> Result<(), MediaError> {
        // A mailbox does not know whether anybody reads it.
        if self.handle.as_ref().is_none_or(JoinHandle::is_finished) {
            return Err(MediaError::Stuck);
        }
        self.orders.give(order).map_err(|Full| MediaError::Stuck)?;
        wake(&self.address.wake);
        Ok(())
    }

    /// Ends the thread after the orders given before.
    fn stop(&mut self) {
        self.orders.give_last(Order::Stop);
        wake(&self.address.wake);
        if self.handle.take().is_some_and(|handle| handle.join().is_err()) {
            tracing::error!("a media thread panicked");
        }
    }
}

/// Wakes a media thread.
fn wake(descriptor: &OwnedFd) {
    // It fails only when it would overflow, and then the thread is awake.
    if let Err(error) = rustix::io::write(descriptor, &1_u64.to_ne_bytes())
        && error != rustix::io::Errno::AGAIN
    {
        tracing::error!(%error, "a media thread cannot be woken");
    }
}
