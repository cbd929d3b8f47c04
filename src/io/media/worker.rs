//! One media thread: it sleeps until the next slots of its wheel are due, and for each of their streams reads what has
//! come and sends what is due.
//!
//! ```text
//! no stream open:  wait in epoll for a command                                        (no tick, no cost)
//! otherwise:       sleep ≤ 2 ms ─▶ for each seat of two slots: receive, send ─▶ commands ─▶ epoll ─▶ tell events
//! ```
//!
//! RTP is not waited for: a phone sends as often as we do, so a read per frame finds its packet, and touches the
//! socket at the time when sending does. epoll names RTCP, conversations, and what is left of sound that nobody hears
//! (see `reading`).

use super::batch::Batch;
use super::lateness::Lateness;
use super::legs::{Legs, Ready};
use super::mailbox::Mailbox;
use super::moving::{Address, Moves};
use super::outbox::Outbox;
use super::ports::SocketPair;
use super::recordings::{Entry, Recordings};
use super::routes::Target;
use crate::io::clock::Clock;
use crate::model::Instant;
use crate::voip::media::{MediaCommand, MediaCore, MediaEvent, Seat, StreamId, StreamReport};
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// How long a slot may wait for the next one, so that a wake-up serves two.
const TOGETHER: Duration = Duration::from_millis(1);
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
    /// Hand a stream over to another thread.
    Give(StreamId, Address),
    /// Take no order before this stream has come from another thread.
    Await(StreamId),
    /// End.
    Stop,
}

/// What one media thread owns.
pub struct Worker {
    pub core: MediaCore,
    pub wake: Arc<OwnedFd>,
    pub orders: Arc<Mailbox<Order>>,
    pub outbox: Outbox,
    pub recordings: Recordings,
    pub clock: Clock,
    pub legs: Legs,
    pub moves: Moves,
    /// Whether a wake-up may be there to be taken.
    pub woken: bool,
    pub late: Arc<Lateness>,
}

impl Worker {
    /// Works until told to stop.
    pub fn run(mut self) {
        let mut events = Vec::with_capacity(EVENTS);
        let mut buffer = [0; LONGEST];
        let mut batch = Batch::default();
        loop {
            let due = (!self.is_idle()).then(|| self.core.poll_timeout() + TOGETHER);
            if let Some(due) = due {
                #[expect(clippy::disallowed_methods, reason = "the pacing of all media: one sleep for all streams")]
                std::thread::sleep(self.clock.until(due));
            } else {
                self.legs.look(true, &mut events);
                self.woken = true;
            }
            // First, so that a stream that is opened after a long idle time finds the wheel at the present.
            let now = self.clock.instant();
            if let Some(due) = due {
                self.late.note(now.since(due));
            }
            self.pace(now, &mut buffer);
            if !self.obey(now) {
                break;
            }
            self.receive_ready(&mut events, &mut buffer, &mut batch);
            self.tell();
        }
        tracing::debug!(unsent = self.legs.unsent(), "media thread ends");
    }

    /// Whether nothing can happen without an order.
    fn is_idle(&self) -> bool {
        self.core.open_streams() == 0 && self.outbox.is_empty() && self.recordings.is_empty() && self.moves.is_empty()
    }

    /// Takes orders; `false` when it is to end. The wake-up is taken before them: taken after, it could be that of an
    /// order that came meanwhile, which would wait for the next one then.
    fn obey(&mut self, now: Instant) -> bool {
        if std::mem::take(&mut self.woken) {
            self.awake();
        }
        self.hand_over();
        self.adopt(now);
        for _ in 0..ORDERS {
            if self.moves.is_waiting(now) {
                break;
            }
            match self.orders.take() {
                Some(Order::Reserve(stream, sockets)) => self.legs.reserve(stream, sockets),
                Some(Order::Command(command)) => self.command(now, command),
                Some(Order::Give(stream, to)) => self.give(now, stream, to),
                Some(Order::Await(stream)) => self.moves.expect(now, stream),
                Some(Order::Stop) => return false,
                None => break,
            }
        }
        true
    }

    pub fn command(&mut self, now: Instant, command: MediaCommand) {
        let opened = if let MediaCommand::Open { stream, params } = &command {
            Some((*stream, params.negotiated.remote))
        } else {
            None
        };
        let closed = if let MediaCommand::Close { stream } = &command { Some(*stream) } else { None };
        if let Some((stream, _)) = opened.filter(|(stream, _)| !self.legs.is_reserved(*stream)) {
            return self.outbox.push(MediaEvent::Refused { stream });
        }
        if let MediaCommand::Update { stream, negotiated } = &command {
            self.legs.announce(*stream, negotiated.remote);
        }
        let touched = Target::of(&command).streams();
        for seat in self.seats(touched).into_iter().flatten() {
            self.credit(now, seat);
        }
        self.core.handle_command(now, command, &mut |datagram| self.legs.send(datagram));
        if let Some((stream, announced)) = opened
            && let Some(seat) = self.core.seat_of(stream)
            && let Err(error) = self.legs.open(stream, seat, announced)
        {
            tracing::error!(%error, "the sockets of a stream cannot be watched");
            self.core.handle_command(now, MediaCommand::Close { stream }, &mut |_| {});
        }
        self.tell();
        for seat in self.seats(touched).into_iter().flatten() {
            self.suit(now, seat);
        }
        // A stream whose sockets were bound but which was never opened: whoever waits for its end hears of it too.
        if let Some(stream) = closed.filter(|stream| self.legs.remove(*stream)) {
            self.outbox.push(MediaEvent::Closed { stream, report: StreamReport::default() });
        }
    }

    fn seats(&self, streams: [Option<StreamId>; 2]) -> [Option<Seat>; 2] {
        streams.map(|stream| stream.and_then(|stream| self.legs.seat_of(stream)))
    }

    /// Reads and sends for every slot that is due.
    fn pace(&mut self, now: Instant, buffer: &mut [u8]) {
        while let Some(turn) = self.core.next_turn(now) {
            let mut place = 0;
            while let Some(seat) = self.core.seat_at(turn, place) {
                if self.legs.is_read_in_turn(seat) {
                    self.receive(now, seat, buffer);
                }
                place += 1;
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
        if self.legs.may_change(seat) {
            self.suit(now, seat);
        }
    }

    /// Reads a seat's socket as it suits what is done with it now.
    fn suit(&mut self, now: Instant, seat: Seat) {
        self.legs.suit(seat, self.core.is_talking(seat), self.core.sieve(seat));
        self.credit(now, seat);
    }

    /// Tells the core of the packets that were left out.
    pub fn credit(&mut self, now: Instant, seat: Seat) {
        let count = self.legs.left_out(seat);
        self.core.left_out(now, seat, count);
    }

    /// Reads one datagram from each socket that epoll names.
    fn receive_ready(&mut self, events: &mut Vec<epoll::Event>, buffer: &mut [u8], batch: &mut Batch) {
        self.legs.look(false, events);
        let now = self.clock.instant();
        for ready in events.iter().filter_map(Ready::of) {
            match ready {
                Ready::Order => self.woken = true,
                Ready::Rtp(seat) => {
                    if batch.is_full() {
                        self.take(now, batch);
                    }
                    batch.read(seat, |room| self.legs.receive(seat, room));
                }
                Ready::Rtcp(seat) => {
                    if let Some((stream, from, length)) = self.legs.receive_control(seat, buffer) {
                        self.core.handle_rtcp(now, stream, from, &buffer[..length]);
                    }
                }
            }
        }
        self.take(now, batch);
    }

    /// Takes what was read of conversations, and of what the sieves of seats kept.
    fn take(&mut self, now: Instant, batch: &mut Batch) {
        batch.drain(|seat, from, bytes| {
            self.credit(now, seat);
            self.core.handle_packet_at(now, seat, from, bytes, &mut |datagram| self.legs.send(datagram));
            if !self.core.is_talking(seat) {
                self.suit(now, seat);
            }
        });
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
    pub fn tell(&mut self) {
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
