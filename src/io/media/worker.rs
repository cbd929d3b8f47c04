//! One media thread: it sleeps until the next millisecond of its wheel, and for each stream of that slot reads what
//! has come and sends what is due.
//!
//! ```text
//! no stream open:  wait in epoll for a command                                          (no tick, no cost)
//! otherwise:       sleep ≤ 1 ms ─▶ for each seat of the slot: receive, send ─▶ commands ─▶ epoll: RTCP ─▶ tell events
//! ```
//!
//! RTP is not waited for: a phone sends as often as we do, so a read per frame finds its packet. Being told of each
//! (epoll) costs as much again as reading it, and touches the socket at another time than sending does.

use super::legs::Legs;
use super::outbox::Outbox;
use super::ports::SocketPair;
use super::recordings::{Entry, Recordings};
use crate::io::clock::Clock;
use crate::model::Instant;
use crate::voip::media::{MediaCommand, MediaCore, MediaEvent, Seat, StreamId, StreamReport};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

/// The name of the wake-up descriptor in epoll; no stream has it.
pub const WAKE: u64 = u64::MAX;
/// Sockets named by one call of epoll.
const EVENTS: usize = 1_024;
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
            self.pace(now, &mut buffer);
            if !self.obey(now) {
                break;
            }
            self.receive_control(&mut events, &mut buffer);
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
        let opened = if let MediaCommand::Open { stream, .. } = &command { Some(*stream) } else { None };
        let closed = if let MediaCommand::Close { stream } = &command { Some(*stream) } else { None };
        if let Some(stream) = opened.filter(|stream| !self.legs.is_reserved(*stream)) {
            return self.outbox.push(MediaEvent::Refused { stream });
        }
        self.core.handle_command(now, command, &mut |datagram| self.legs.send(datagram));
        if let Some(stream) = opened
            && let Some(seat) = self.core.seat_of(stream)
            && let Err(error) = self.legs.open(stream, seat, &self.epoll)
        {
            tracing::error!(%error, "the sockets of a stream cannot be watched");
            self.core.handle_command(now, MediaCommand::Close { stream }, &mut |_| {});
        }
        self.tell();
        // A stream whose sockets were bound but which was never opened: whoever waits for its end hears of it too.
        if let Some(stream) = closed.filter(|stream| self.legs.remove(*stream)) {
            self.outbox.push(MediaEvent::Closed { stream, report: StreamReport::default() });
        }
    }

    /// Reads and sends for every slot that is due.
    fn pace(&mut self, now: Instant, buffer: &mut [u8]) {
        while let Some(turn) = self.core.next_turn(now) {
            let mut place = 0;
            while let Some(seat) = self.core.seat_at(turn, place) {
                self.receive(now, seat, buffer);
                place += 1;
            }
            place = 0;
            while let Some(seat) = self.core.talking_at(turn, &mut place) {
                self.receive(now, seat, buffer);
            }
            place = 0;
            while let Some(seat) = self.core.seat_at(turn, place) {
                self.core.frame(seat, turn, &mut |datagram| self.legs.send_from(seat, datagram));
                place += 1;
            }
        }
        self.core.late_frames(now, &mut |datagram| self.legs.send(datagram));
    }

    /// Reads what has come for a seat.
    fn receive(&mut self, now: Instant, seat: Seat, buffer: &mut [u8]) {
        let mut read = 0;
        while let Some((from, length)) = self.legs.receive(seat, buffer) {
            self.core.handle_packet_at(now, seat, from, &buffer[..length], &mut |datagram| self.legs.send(datagram));
            read += 1;
            if !self.legs.wants_more(seat, read) {
                break;
            }
        }
    }

    /// Reads one datagram from each RTCP socket that has one. Level-triggered: what is left is named again.
    fn receive_control(&mut self, events: &mut Vec<epoll::Event>, buffer: &mut [u8]) {
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        events.clear();
        if let Err(error) = epoll::wait(&self.epoll, spare_capacity(events), Some(&AT_ONCE)) {
            tracing::debug!(%error, "a media thread cannot look for RTCP");
        }
        let now = self.clock.instant();
        for event in events.iter() {
            let name = event.data.u64();
            if name == WAKE {
                self.awake();
            } else if let Some((stream, from, length)) = self.legs.receive_control(name, buffer) {
                self.core.handle_rtcp(now, stream, from, &buffer[..length]);
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
