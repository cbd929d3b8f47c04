//! A stream moves to the thread of the one it is to talk with.
//!
//! Both legs of a conversation must be on one thread. Where they can be placed so from the start they are (`beside`);
//! two calls that came by themselves, and are joined later, may be on different ones.
//!
//! ```text
//! engine ── Give(stream) ──▶ old thread ── Parcel ──▶ new thread: adopts it
//!        ── Await(stream) ─────────────────────────▶ new thread: takes no order before it has come
//! ```
//!
//! Orders for the stream that follow go to the new thread and so find it there. Of two moves each thread sees the
//! earlier one first, so no two threads wait for each other. A stream misses no frame by it, or one.

use super::legs::Carried;
use super::worker::Worker;
use crate::model::Instant;
use crate::voip::media::{MediaCommand, Moving, StreamId};
use rustix::fd::OwnedFd;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

/// Parcels on their way to one thread.
pub const PARCELS: usize = 1_024;
/// A parcel that has not come by then never will.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where parcels for a thread are handed in.
#[derive(Clone, Debug)]
pub struct Address {
    pub parcels: SyncSender<Parcel>,
    pub wake: Arc<OwnedFd>,
}

/// A stream on its way, or the word that it is gone.
#[derive(Debug)]
pub struct Parcel {
    stream: StreamId,
    sockets: Option<Carried>,
    state: Option<Moving>,
}

/// What of moving a thread has under way.
#[derive(Debug)]
pub struct Moves {
    parcels: Receiver<Parcel>,
    /// What the other thread has no room for yet.
    outgoing: VecDeque<(Parcel, Address)>,
    /// Parcels that came before their order.
    early: Vec<StreamId>,
    awaited: Option<(StreamId, Instant)>,
}

impl Moves {
    pub const fn new(parcels: Receiver<Parcel>) -> Self {
        Self { parcels, outgoing: VecDeque::new(), early: Vec::new(), awaited: None }
    }

    /// Whether nothing is under way that needs another turn.
    pub fn is_empty(&self) -> bool {
        self.outgoing.is_empty() && self.awaited.is_none()
    }

    /// Orders wait until this stream has come.
    pub fn expect(&mut self, now: Instant, stream: StreamId) {
        if let Some(place) = self.early.iter().position(|early| *early == stream) {
            self.early.swap_remove(place);
        } else {
            self.awaited = Some((stream, now));
        }
    }

    /// Whether orders must wait.
    pub fn is_waiting(&mut self, now: Instant) -> bool {
        if let Some((stream, _)) = self.awaited.take_if(|(_, since)| now.since(*since) > PATIENCE) {
            tracing::error!(stream = stream.0, "a stream never came from its old media thread");
        }
        self.awaited.is_some()
    }

    fn came(&mut self, stream: StreamId) {
        if self.awaited.take_if(|(awaited, _)| *awaited == stream).is_none() {
            self.early.push(stream);
        }
    }
}

impl Worker {
    /// Gives a stream to another thread.
    pub fn give(&mut self, now: Instant, stream: StreamId, to: Address) {
        if let Some(seat) = self.legs.seat_of(stream) {
            self.credit(now, seat);
        }
        let state = self.core.release(now, stream);
        // What it said so far is told here.
        self.tell();
        let sockets = self.legs.carry(stream);
        self.moves.outgoing.push_back((Parcel { stream, sockets, state }, to));
        self.hand_over();
    }

    /// Hands over what waits for room.
    pub fn hand_over(&mut self) {
        while let Some((parcel, to)) = self.moves.outgoing.pop_front() {
            match to.parcels.try_send(parcel) {
                Ok(()) => super::wake(&to.wake),
                Err(TrySendError::Full(parcel)) => return self.moves.outgoing.push_front((parcel, to)),
                // That thread has ended, and the server with it.
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
    }

    /// Takes what has come from other threads.
    pub fn adopt(&mut self, now: Instant) {
        while let Ok(Parcel { stream, sockets, state }) = self.moves.parcels.try_recv() {
            if let Some(state) = state {
                self.core.adopt(state);
            }
            let seat = self.core.seat_of(stream);
            if let Some(sockets) = sockets
                && let Err(error) = self.legs.settle(stream, seat, sockets)
            {
                tracing::error!(%error, "the sockets of a stream cannot be watched");
                self.command(now, MediaCommand::Close { stream });
            }
            self.moves.came(stream);
        }
    }
}
