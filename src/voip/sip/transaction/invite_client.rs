//! The INVITE client transaction: RFC 3261 §17.1.1 with RFC 6026 §7.2.
//!
//! ```text
//!                    │ core's INVITE: send
//!                    ▼
//!              ┌─────────┐ A: INVITE again
//!        B ┌───┤ Calling ├───────────────┐
//!          │   └──┬───┬──┘               │
//!          │  1xx │   │ 300–699: ACK     │ 2xx: tell
//!          │ tell │   │ tell             │
//!          │      ▼   │                  │
//!          │ ┌────────────┐ 2xx: tell    │
//!          │ │ Proceeding ├─────────────┐│
//!          │ └────┬───────┘             ││
//!          │      │ 300–699: ACK, tell  ││
//!          │      ▼                     ▼▼
//!          │ ┌───────────┐ 300–699:   ┌──────────┐ 2xx: tell
//!          │ │ Completed │ ACK again  │ Accepted │
//!          │ └────┬──────┘            └────┬─────┘
//!          │    D │                      M │
//!          ▼      ▼                        ▼
//!        ┌──────────────────────────────────┐
//!        │            Terminated            │
//!        └──────────────────────────────────┘
//! ```

use super::timers::{Reliability, Timer};
use super::{Steps, Tell, Wire};
use std::time::Duration;

/// The state of an INVITE client transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum InviteClient {
    /// Sent; nothing has come.
    Calling(Calling),
    /// A provisional response came.
    Proceeding(Proceeding),
    /// Refused; the ACK is sent.
    Completed(Completed),
    /// A 2xx came; the core sends its ACK.
    Accepted(Accepted),
    /// Over.
    Terminated,
}

/// Sending the INVITE again until something comes.
#[derive(Debug, PartialEq, Eq)]
pub struct Calling {
    invite: Wire,
    interval: Duration,
}

/// Waiting for the final response without limit; the core has one.
#[derive(Debug, PartialEq, Eq)]
pub struct Proceeding {
    invite: Wire,
}

/// The ACK answers repeated final responses.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    ack: Wire,
}

/// Letting further 2xx through.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted;

/// What can happen to an INVITE client transaction.
#[derive(Clone, Debug)]
pub enum Input {
    /// 100–199 came.
    Provisional,
    /// 200–299 came.
    Success,
    /// 300–699 came; with the ACK it needs (§17.1.1.3).
    Failure(Wire),
    /// A timer fired.
    Fired(Timer),
    /// The transport cannot reach the peer.
    TransportFailed,
}

impl InviteClient {
    /// Sends an INVITE.
    #[must_use]
    pub fn new(invite: Wire, reliability: Reliability, steps: &mut Steps) -> Self {
        steps.send(&invite);
        let interval = Timer::A.first(reliability);
        if reliability == Reliability::Unreliable {
            steps.start(Timer::A, interval);
        }
        steps.start(Timer::B, Timer::B.first(reliability));
        Self::Calling(Calling { invite, interval })
    }

    /// What was sent, until its final response, which needs an ACK made of it (§17.1.1.3).
    #[must_use]
    pub const fn invite(&self) -> Option<&Wire> {
        match self {
            Self::Calling(Calling { invite, .. }) | Self::Proceeding(Proceeding { invite }) => Some(invite),
            Self::Completed(_) | Self::Accepted(_) | Self::Terminated => None,
        }
    }

    /// The octets of what is kept to be sent again.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Calling(state) => state.invite.len(),
            Self::Proceeding(state) => state.invite.len(),
            Self::Completed(state) => state.ack.len(),
            Self::Accepted(_) | Self::Terminated => 0,
        }
    }

    /// The next state.
    #[must_use]
    #[expect(clippy::match_same_arms, reason = "a transition is a line")]
    pub fn handle(self, input: Input, reliability: Reliability, steps: &mut Steps) -> Self {
        match (self, input) {
            (Self::Calling(state), Input::Fired(Timer::A)) => state.retransmit(steps), // §17.1.1.2
            (Self::Calling(_), Input::Fired(Timer::B)) => give_up(Tell::TimedOut, steps), // §17.1.1.2
            (Self::Calling(Calling { invite, .. }), Input::Provisional) => Proceeding::enter(invite, steps), // §17.1.1.2
            (Self::Proceeding(Proceeding { invite }), Input::Provisional) => Proceeding::enter(invite, steps), // §17.1.1.2
            (Self::Calling(_) | Self::Proceeding(_), Input::Success) => Accepted::enter(steps), // 6026 §7.2
            (Self::Calling(_) | Self::Proceeding(_), Input::Failure(ack)) => Completed::enter(ack, reliability, steps),
            (Self::Completed(state), Input::Failure(_)) => state.repeat(steps), // §17.1.1.2
            (Self::Completed(_), Input::Fired(Timer::D)) => Self::Terminated,   // §17.1.1.2
            (Self::Accepted(state), Input::Success) => state.repeat(steps),     // 6026 §7.2
            (Self::Accepted(_), Input::Fired(Timer::M)) => Self::Terminated,    // 6026 §7.2
            (Self::Calling(_) | Self::Proceeding(_) | Self::Completed(_), Input::TransportFailed) => {
                give_up(Tell::TransportFailed, steps) // §17.1.4
            }
            (state, _) => state, // everything else is absorbed
        }
    }
}

fn give_up(tell: Tell, steps: &mut Steps) -> InviteClient {
    stop_sending(steps);
    steps.stop(Timer::D);
    steps.tell(tell);
    InviteClient::Terminated
}

fn stop_sending(steps: &mut Steps) {
    steps.stop(Timer::A);
    steps.stop(Timer::B);
}

impl Calling {
    fn retransmit(self, steps: &mut Steps) -> InviteClient {
        steps.send_again(&self.invite);
        let interval = self.interval * 2;
        steps.start(Timer::A, interval);
        InviteClient::Calling(Self { interval, ..self })
    }
}

impl Proceeding {
    fn enter(invite: Wire, steps: &mut Steps) -> InviteClient {
        stop_sending(steps);
        steps.tell(Tell::Response);
        InviteClient::Proceeding(Self { invite })
    }
}

impl Completed {
    fn enter(ack: Wire, reliability: Reliability, steps: &mut Steps) -> InviteClient {
        stop_sending(steps);
        steps.send(&ack);
        steps.tell(Tell::Response);
        let absorb = Timer::D.first(reliability);
        if absorb.is_zero() {
            return InviteClient::Terminated;
        }
        steps.start(Timer::D, absorb);
        InviteClient::Completed(Self { ack })
    }

    fn repeat(self, steps: &mut Steps) -> InviteClient {
        steps.send_again(&self.ack);
        InviteClient::Completed(self)
    }
}

impl Accepted {
    fn enter(steps: &mut Steps) -> InviteClient {
        stop_sending(steps);
        steps.tell(Tell::Response);
        steps.start(Timer::M, Timer::M.first(Reliability::Unreliable));
        InviteClient::Accepted(Self)
    }

    fn repeat(self, steps: &mut Steps) -> InviteClient {
        steps.tell(Tell::Response);
        InviteClient::Accepted(self)
    }
}
