//! The non-INVITE client transaction: RFC 3261 §17.1.2.
//!
//! ```text
//!          │ core's request: send
//!          ▼
//!      ┌────────┐ E: request again
//!      │ Trying ├──────────────────┐
//!      └─┬────┬─┘                  │
//!    1xx │    │ 200–699: tell      │
//!   tell ▼    │                    │
//!  ┌────────────┐ E: request again │
//!  │ Proceeding ├──────────────────┤
//!  └─────┬──────┘                  │
//!        │ 200–699: tell           │ F: timed out
//!        ▼                         │
//!  ┌───────────┐                   │
//!  │ Completed │ responses: nothing│
//!  └─────┬─────┘                   │
//!      K ▼                         ▼
//!  ┌───────────────────────────────────┐
//!  │            Terminated             │
//!  └───────────────────────────────────┘
//! ```

use super::timers::{Reliability, T2, Timer, doubled};
use super::{Class, Steps, Tell, Wire};
use std::time::Duration;

/// The state of a non-INVITE client transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum NonInviteClient {
    /// Sent; nothing has come.
    Trying(Trying),
    /// A provisional response came.
    Proceeding(Proceeding),
    /// A final response came.
    Completed(Completed),
    /// Over.
    Terminated,
}

/// Sending the request again, T1 doubling up to T2.
#[derive(Debug, PartialEq, Eq)]
pub struct Trying {
    request: Wire,
    interval: Duration,
}

/// Sending the request again every T2.
#[derive(Debug, PartialEq, Eq)]
pub struct Proceeding {
    request: Wire,
}

/// Absorbing repeated responses.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed;

/// What can happen to a non-INVITE client transaction.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A response came.
    Response(Class),
    /// A timer fired.
    Fired(Timer),
    /// The transport cannot reach the peer.
    TransportFailed,
}

impl NonInviteClient {
    /// Sends a request.
    #[must_use]
    pub fn new(request: Wire, reliability: Reliability, steps: &mut Steps) -> Self {
        steps.send(&request);
        let interval = Timer::E.first(reliability);
        if reliability == Reliability::Unreliable {
            steps.start(Timer::E, interval);
        }
        steps.start(Timer::F, Timer::F.first(reliability));
        Self::Trying(Trying { request, interval })
    }

    /// The octets of what is kept to be sent again.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Trying(state) => state.request.len(),
            Self::Proceeding(state) => state.request.len(),
            Self::Completed(_) | Self::Terminated => 0,
        }
    }

    /// The next state.
    #[must_use]
    pub fn handle(self, input: Input, reliability: Reliability, steps: &mut Steps) -> Self {
        match (self, input) {
            (Self::Trying(state), Input::Fired(Timer::E)) => state.retransmit(steps), // §17.1.2.2
            (Self::Trying(state), Input::Response(Class::Provisional)) => state.proceed(steps), // §17.1.2.2
            (Self::Proceeding(state), Input::Fired(Timer::E)) => state.retransmit(steps), // §17.1.2.2
            (Self::Proceeding(state), Input::Response(Class::Provisional)) => state.tell(steps), // §17.1.2.2
            (Self::Trying(_) | Self::Proceeding(_), Input::Response(_)) => Completed::enter(reliability, steps),
            (Self::Trying(_) | Self::Proceeding(_), Input::Fired(Timer::F)) => give_up(Tell::TimedOut, steps),
            (Self::Completed(_), Input::Fired(Timer::K)) => Self::Terminated, // §17.1.2.2
            (Self::Trying(_) | Self::Proceeding(_), Input::TransportFailed) => {
                give_up(Tell::TransportFailed, steps) // §17.1.4
            }
            (state, _) => state, // everything else is absorbed
        }
    }
}

fn give_up(tell: Tell, steps: &mut Steps) -> NonInviteClient {
    stop_sending(steps);
    steps.tell(tell);
    NonInviteClient::Terminated
}

fn stop_sending(steps: &mut Steps) {
    steps.stop(Timer::E);
    steps.stop(Timer::F);
}

impl Trying {
    fn retransmit(self, steps: &mut Steps) -> NonInviteClient {
        steps.send_again(&self.request);
        let interval = doubled(self.interval);
        steps.start(Timer::E, interval);
        NonInviteClient::Trying(Self { interval, ..self })
    }

    fn proceed(self, steps: &mut Steps) -> NonInviteClient {
        steps.tell(Tell::Response);
        NonInviteClient::Proceeding(Proceeding { request: self.request })
    }
}

impl Proceeding {
    fn retransmit(self, steps: &mut Steps) -> NonInviteClient {
        steps.send_again(&self.request);
        steps.start(Timer::E, T2);
        NonInviteClient::Proceeding(self)
    }

    fn tell(self, steps: &mut Steps) -> NonInviteClient {
        steps.tell(Tell::Response);
        NonInviteClient::Proceeding(self)
    }
}

impl Completed {
    fn enter(reliability: Reliability, steps: &mut Steps) -> NonInviteClient {
        stop_sending(steps);
        steps.tell(Tell::Response);
        let absorb = Timer::K.first(reliability);
        if absorb.is_zero() {
            return NonInviteClient::Terminated;
        }
        steps.start(Timer::K, absorb);
        NonInviteClient::Completed(Self)
    }
}
