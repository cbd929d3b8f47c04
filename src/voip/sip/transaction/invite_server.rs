//! The INVITE server transaction: RFC 3261 §17.2.1 with RFC 6026 §7.1.
//!
//! ```text
//!                      │ INVITE: send 100
//!                      ▼
//!               ┌────────────┐ INVITE: 1xx again
//!               │ Proceeding │ core's 1xx: send
//!               └─┬────────┬─┘
//!  core's 300–699 │        │ core's 2xx: send
//!           send  ▼        ▼
//!        ┌───────────┐  ┌──────────┐ INVITE: nothing
//!  G:    │ Completed │  │ Accepted │ ACK: tell the core
//!  again └─┬───────┬─┘  └────┬─────┘ core's 2xx: send
//!      ACK │       │ H       │ L
//!          ▼       │         │
//!   ┌───────────┐  │         │
//!   │ Confirmed │  │         │
//!   └─────┬─────┘  │         │
//!       I ▼        ▼         ▼
//!        ┌──────────────────────┐
//!        │      Terminated      │
//!        └──────────────────────┘
//! ```

use super::timers::{Reliability, Timer, doubled};
use super::{Class, Steps, Tell, Wire};
use std::time::Duration;

/// The state of an INVITE server transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum InviteServer {
    /// The core is working on it.
    Proceeding(Proceeding),
    /// Refused; the ACK is awaited.
    Completed(Completed),
    /// The ACK of the refusal came.
    Confirmed(Confirmed),
    /// Answered with 2xx; the core repeats it.
    Accepted(Accepted),
    /// Over.
    Terminated,
}

/// Waiting for the core; the last provisional response answers repeated INVITEs.
#[derive(Debug, PartialEq, Eq)]
pub struct Proceeding {
    provisional: Wire,
}

/// Repeating a final response until its ACK.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    response: Wire,
    interval: Duration,
}

/// Absorbing repeated ACKs.
#[derive(Debug, PartialEq, Eq)]
pub struct Confirmed;

/// Absorbing repeated INVITEs while the core repeats its 2xx.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted;

/// What can happen to an INVITE server transaction.
#[derive(Clone, Debug)]
pub enum Input {
    /// The INVITE came again.
    Invite,
    /// An ACK came that matches the transaction.
    Ack,
    /// The core answers.
    Respond(Class, Wire),
    /// A timer fired.
    Fired(Timer),
    /// The transport cannot reach the peer.
    TransportFailed,
}

impl InviteServer {
    /// A new INVITE; `trying` is the 100 that is sent at once.
    #[must_use]
    pub fn new(trying: Wire, steps: &mut Steps) -> Self {
        steps.send(&trying);
        Self::Proceeding(Proceeding { provisional: trying })
    }

    /// A new INVITE that is refused at once with a final response: no 100 goes before it.
    #[must_use]
    pub fn refused(response: Wire, reliability: Reliability, steps: &mut Steps) -> Self {
        Completed::enter(response, reliability, steps)
    }

    /// The octets of what is kept to be sent again.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Proceeding(state) => state.provisional.len(),
            Self::Completed(state) => state.response.len(),
            Self::Confirmed(_) | Self::Accepted(_) | Self::Terminated => 0,
        }
    }

    /// The next state.
    #[must_use]
    #[expect(clippy::match_same_arms, reason = "a transition is a line")]
    pub fn handle(self, input: Input, reliability: Reliability, steps: &mut Steps) -> Self {
        match (self, input) {
            (Self::Proceeding(state), Input::Invite) => state.repeat(steps), // §17.2.1
            (Self::Proceeding(_), Input::Respond(Class::Provisional, wire)) => Proceeding::say(wire, steps), // §17.2.1
            (Self::Proceeding(_), Input::Respond(Class::Success, wire)) => Accepted::enter(&wire, steps), // 6026 §7.1
            (Self::Proceeding(_), Input::Respond(Class::Failure, wire)) => Completed::enter(wire, reliability, steps),
            (Self::Completed(state), Input::Invite) => state.repeat(steps), // §17.2.1
            (Self::Completed(_), Input::Ack) => Confirmed::enter(reliability, steps), // §17.2.1
            (Self::Completed(state), Input::Fired(Timer::G)) => state.retransmit(steps), // §17.2.1
            (Self::Completed(_), Input::Fired(Timer::H)) => give_up(Tell::NotAcknowledged, steps), // §17.2.1
            (Self::Confirmed(_), Input::Fired(Timer::I)) => Self::Terminated, // §17.2.1
            (Self::Accepted(state), Input::Ack) => state.acknowledged(steps), // 6026 §7.1
            (Self::Accepted(state), Input::Respond(Class::Success, wire)) => state.repeat(&wire, steps), // 6026 §7.1
            (Self::Accepted(_), Input::Fired(Timer::L)) => Self::Terminated, // 6026 §7.1
            (Self::Proceeding(_) | Self::Completed(_), Input::TransportFailed) => {
                give_up(Tell::TransportFailed, steps) // §17.2.4
            }
            (state, _) => state, // everything else is absorbed
        }
    }
}

fn give_up(tell: Tell, steps: &mut Steps) -> InviteServer {
    steps.stop(Timer::G);
    steps.stop(Timer::H);
    steps.tell(tell);
    InviteServer::Terminated
}

impl Proceeding {
    fn say(provisional: Wire, steps: &mut Steps) -> InviteServer {
        steps.send(&provisional);
        InviteServer::Proceeding(Self { provisional })
    }

    fn repeat(self, steps: &mut Steps) -> InviteServer {
        steps.send_again(&self.provisional);
        InviteServer::Proceeding(self)
    }
}

impl Completed {
    fn enter(response: Wire, reliability: Reliability, steps: &mut Steps) -> InviteServer {
        steps.send(&response);
        let interval = Timer::G.first(reliability);
        if reliability == Reliability::Unreliable {
            steps.start(Timer::G, interval);
        }
        steps.start(Timer::H, Timer::H.first(reliability));
        InviteServer::Completed(Self { response, interval })
    }

    fn repeat(self, steps: &mut Steps) -> InviteServer {
        steps.send_again(&self.response);
        InviteServer::Completed(self)
    }

    fn retransmit(self, steps: &mut Steps) -> InviteServer {
        steps.repeat(&self.response);
        let interval = doubled(self.interval);
        steps.start(Timer::G, interval);
        InviteServer::Completed(Self { interval, ..self })
    }
}

impl Confirmed {
    fn enter(reliability: Reliability, steps: &mut Steps) -> InviteServer {
        steps.stop(Timer::G);
        steps.stop(Timer::H);
        let absorb = Timer::I.first(reliability);
        if absorb.is_zero() {
            return InviteServer::Terminated;
        }
        steps.start(Timer::I, absorb);
        InviteServer::Confirmed(Self)
    }
}

impl Accepted {
    fn enter(response: &Wire, steps: &mut Steps) -> InviteServer {
        steps.send(response);
        steps.start(Timer::L, Timer::L.first(Reliability::Unreliable));
        InviteServer::Accepted(Self)
    }

    fn acknowledged(self, steps: &mut Steps) -> InviteServer {
        steps.tell(Tell::Ack);
        InviteServer::Accepted(self)
    }

    fn repeat(self, response: &Wire, steps: &mut Steps) -> InviteServer {
        steps.repeat(response);
        InviteServer::Accepted(self)
    }
}
