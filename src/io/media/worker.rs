//! One media thread: it sleeps until the next millisecond of its wheel, sends what is due, and reads what has come.
//!
//! ```text
//! no stream open:  wait in epoll for a command                      (no tick, no cost)
//! otherwise:       sleep ≤ 1 ms ─▶ tick: send ─▶ commands ─▶ epoll without waiting: receive ─▶ tell events
//! ```
//!
//! Received datagrams wait for up to a millisecond, so that one call of epoll names all of them: waking for each
//! would cost more than handling it.

use super::legs::{self, Legs};
use super::outbox::Outbox;
use super::ports::SocketPair;
use super::recordings::{Entry, Recordings};
use crate::io::clock::Clock;
use crate::model::Instant;
use crate::voip::media::{Channel, MediaCommand, MediaCore, MediaEvent, StreamId, StreamReport};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

/// The name of the wake-up descriptor in epoll; no stream has it.
pub const WAKE: u64 = u64::MAX;
/// Sockets named by one call of epoll.
const EVENTS: usize = 1_024;
/// Calls of epoll in one turn: what a flood brings beyond waits in the sockets and is dropped there.
const PASSES: usize = 4;
/// Orders taken in one turn.
const ORDERS: usize = 1_024;
/// The longest datagram that is of use.
const LONGEST: usize = 2_048;

/// What a thread is told.
pub enum Order {
    /// Keep these sockets for a stream that may be opened.
    Reserve(StreamId, SocketPair),
    /// A command for its streams.
    Command(MediaCommand),
    /// End.
    Stop,
}

/// What one media thread owns.
pub struct Worker {
    pub core: MediaCore,
    pub epoll: OwnedFd,
    pub wake: Arc<OwnedFd>,
    pub orders: Receiver<Order>,
    pub outbox: Outbox,
    pub recordings: Recordings,
    pub clock: Clock,
    pub legs: Legs,
}

impl Worker {
    /// Works until told to stop.
    pub fn run(mut self) {
        let mut events = Vec::with_capacity(EVENTS);
        let mut buffer = [0; LONGEST];
        loop {
            if self.is_idle() {
                self.wait(&mut events);
            } else {
                #[expect(clippy::disallowed_methods, reason = "the pacing of all media: one sleep for all streams")]
                std::thread::sleep(self.clock.until(self.core.poll_timeout()));
            }
            // First, so that a stream that is opened after a long idle time finds the wheel at the present.
            let now = self.clock.instant();
            self.core.tick(now, &mut |datagram| self.legs.send(datagram));
            if !self.obey(now) {
                break;
            }
            self.receive(&mut events, &mut buffer);
            self.tell();
        }
        tracing::debug!(unsent = self.legs.unsent(), "media thread ends");
    }

    /// Whether nothing can happen without an order.
    fn is_idle(&self) -> bool {
        self.core.open_streams() == 0 && self.outbox.is_empty() && self.recordings.is_empty()
    }

    /// Waits for an order.
    fn wait(&self, events: &mut Vec<epoll::Event>) {
        events.clear();
        // Interrupted by a signal or not: the orders are looked at next.
        if let Err(error) = epoll::wait(&self.epoll, spare_capacity(events), None)
            && error != rustix::io::Errno::INTR
        {
            tracing::error!(%error, "a media thread cannot wait");
        }
    }

    /// Takes orders; `false` when it is to end.
    fn obey(&mut self, now: Instant) -> bool {
        for _ in 0..ORDERS {
            match self.orders.try_recv() {
                Ok(Order::Reserve(stream, sockets)) => self.legs.reserve(stream, sockets),
                Ok(Order::Command(command)) => self.command(now, command),
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => break,
            }
        }
        true
    }

    fn command(&mut self, now: Instant, command: MediaCommand) {
        if let MediaCommand::Open { stream, .. } = &command {
            match self.legs.open(*stream, &self.epoll) {
                Ok(true) => {}
                Ok(false) => return self.outbox.push(MediaEvent::Refused { stream: *stream }),
                Err(error) => {
                    tracing::error!(%error, "the sockets of a stream cannot be watched");
                    return self.outbox.push(MediaEvent::Refused { stream: *stream });
                }
            }
        }
        let closed = if let MediaCommand::Close { stream } = &command { Some(*stream) } else { None };
        self.core.handle_command(now, command, &mut |datagram| self.legs.send(datagram));
        self.tell();
        // A stream whose sockets were bound but which was never opened: whoever waits for its end hears of it too.
        if let Some(stream) = closed.filter(|stream| self.legs.remove(*stream)) {
            self.outbox.push(MediaEvent::Closed { stream, report: StreamReport::default() });
        }
    }

    /// Reads one datagram from each socket that has one. Level-triggered: what is left is named again.
    fn receive(&mut self, events: &mut Vec<epoll::Event>, buffer: &mut [u8]) {
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        for _ in 0..PASSES {
            events.clear();
            let ready = epoll::wait(&self.epoll, spare_capacity(events), Some(&AT_ONCE)).unwrap_or(0);
            let now = self.clock.instant();
            for event in events.iter() {
                let name = event.data.u64();
                if name == WAKE {
                    self.awake();
                    continue;
                }
                let (stream, channel) = legs::named(name);
                let Some((from, length)) = self.legs.receive(stream, channel, buffer) else { continue };
                let bytes = &buffer[..length];
                match channel {
                    Channel::Rtp => {
                        self.core.handle_packet(now, stream, from, bytes, &mut |datagram| self.legs.send(datagram));
                    }
                    Channel::Rtcp => self.core.handle_rtcp(now, stream, from, bytes),
                }
            }
            if ready < EVENTS {
                return;
            }
        }
    }

    /// Takes the wake-up; there may be none left, which is as good.
    fn awake(&self) {
        if let Err(error) = rustix::io::read(&*self.wake, &mut [0_u8; 8])
            && error != rustix::io::Errno::AGAIN
        {
            tracing::error!(%error, "a media thread cannot be woken");
        }
    }

    /// Hands on what the core has to say, recordings before the events that end them.
    fn tell(&mut self) {
        self.recordings.flush();
        self.outbox.flush();
        while let Some(piece) = self.core.next_recorded() {
            self.recordings.push(Entry::Piece(piece));
        }
        while let Some(event) = self.core.next_event() {
            match &event {
                MediaEvent::RecordingEnded { recording, .. } => self.recordings.push(Entry::End(*recording)),
                MediaEvent::Closed { stream, .. } | MediaEvent::Refused { stream } => {
                    self.legs.remove(*stream);
                }
                MediaEvent::FirstPacket { .. }
                | MediaEvent::Digit { .. }
                | MediaEvent::PlaybackEnded { .. }
                | MediaEvent::MissingPrompt { .. }
                | MediaEvent::Silent { .. } => {}
            }
            self.outbox.push(event);
        }
    }
}
