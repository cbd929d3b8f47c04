//! The transaction layer (RFC 3261 §17, RFC 6026): what is lost is sent again, what comes twice is answered once.
//!
//! The four machines are values: an input consumes a state and yields the next one, and what should happen is written
//! to [`Steps`]. They know no messages, only the bytes to send; [`matching`] finds the one that a message is for.

pub mod arena;
pub mod invite_client;
pub mod invite_server;
pub mod matching;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod table;
pub mod timers;
pub mod wheel;

pub use invite_client::InviteClient;
pub use invite_server::InviteServer;
pub use non_invite_client::NonInviteClient;
pub use non_invite_server::NonInviteServer;
pub use timers::{Reliability, Timer};

use std::sync::Arc;
use std::time::Duration;

/// A message as it goes out, shared between the transaction that may send it again and the transport.
pub type Wire = Arc<[u8]>;

/// Something a transaction wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send to the transaction's peer.
    Send(Wire),
    /// The same, for a message that was sent before.
    SendAgain(Wire),
    /// The same, for a final response to an INVITE that nobody has asked for again: its ACK is missing.
    Repeat(Wire),
    /// Start a timer, from now.
    Start(Timer, Duration),
    /// Stop a timer if it runs.
    Stop(Timer),
    /// Tell the core above.
    Tell(Tell),
}

/// What a transaction tells the core above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// The response just given to a client transaction is news: hand it up.
    Response,
    /// No response came in time: as if 408 had come (RFC 3261 §8.1.3.1).
    TimedOut,
    /// The transport could not carry a message: as if 503 had come (§8.1.3.1).
    TransportFailed,
    /// The ACK of a 2xx: hand it up (RFC 6026 §7.1).
    Ack,
    /// No ACK came for a final response that is not 2xx (Timer H).
    NotAcknowledged,
}

/// What one input makes a transaction do, in order.
#[derive(Debug, Default)]
pub struct Steps(Vec<Step>);

impl Steps {
    /// Takes the steps out.
    pub fn drain(&mut self) -> impl Iterator<Item = Step> {
        self.0.drain(..)
    }

    fn send(&mut self, wire: &Wire) {
        self.0.push(Step::Send(Arc::clone(wire)));
    }

    fn send_again(&mut self, wire: &Wire) {
        self.0.push(Step::SendAgain(Arc::clone(wire)));
    }

    fn repeat(&mut self, wire: &Wire) {
        self.0.push(Step::Repeat(Arc::clone(wire)));
    }

    fn start(&mut self, timer: Timer, length: Duration) {
        self.0.push(Step::Start(timer, length));
    }

    fn stop(&mut self, timer: Timer) {
        self.0.push(Step::Stop(timer));
    }

    fn tell(&mut self, tell: Tell) {
        self.0.push(Step::Tell(tell));
    }
}

/// The three classes of responses that a machine tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 100–199.
    Provisional,
    /// 200–299.
    Success,
    /// 300–699.
    Failure,
}

#[cfg(test)]
mod tests;
