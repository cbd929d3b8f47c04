//! The non-INVITE server transaction: RFC 3261 §17.2.2.
//!
//! ```text
//!        │ request: tell the core
//!        ▼
//!   ┌─────────┐ request: nothing
//!   │ Trying  ├───────────────┐
//!   └────┬────┘               │
//!        │ core's 1xx: send   │ core's 200–699: send
//!        ▼                    │
//!  ┌────────────┐ request:    │
//!  │ Proceeding │ 1xx again   │
//!  └─────┬──────┘             │
//!        │ core's 200–699     │
//!        ▼        send        │
//!  ┌───────────┐◀─────────────┘
//!  │ Completed │ request: the response again
//!  └─────┬─────┘
//!      J ▼
//!  ┌────────────┐
//!  │ Terminated │
//!  └────────────┘
//! ```

use super::timers::{Reliability, Timer};
use super::{Class, Steps, Tell, Wire};

/// The state of a non-INVITE server transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum NonInviteServer {
    /// The core has not answered.
    Trying(Trying),
    /// The core has answered provisionally.
    Proceeding(Proceeding),
    /// Answered.
    Completed(Completed),
    /// Over.
    Terminated,
}

/// Nothing to send yet: repeated requests are dropped.
#[derive(Debug, PartialEq, Eq)]
pub struct Trying;

/// The provisional response answers repeated requests.
#[derive(Debug, PartialEq, Eq)]
pub struct Proceeding {
    provisional: Wire,
}

/// The final response answers repeated requests.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    response: Wire,
}

/// What can happen to a non-INVITE server transaction.
#[derive(Clone, Debug)]
pub enum Input {
    /// The request came again.
    Request,
    /// The core answers.
    Respond(Class, Wire),
    /// A timer fired.
    Fired(Timer),
    /// The transport cannot reach the peer.
    TransportFailed,
}

impl NonInviteServer {
    /// A new request.
    #[must_use]
    pub const fn new() -> Self {
        Self::Trying(Trying)
    }

    /// The octets of what is kept to be sent again.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Proceeding(state) => state.provisional.len(),
            Self::Completed(state) => state.response.len(),
            Self::Trying(_) | Self::Terminated => 0,
        }
    }

    /// The next state.
    #[must_use]
    #[expect(clippy::match_same_arms, reason = "a transition is a line")]
    pub fn handle(self, input: Input, reliability: Reliability, steps: &mut Steps) -> Self {
        match (self, input) {
            (Self::Trying(_), Input::Respond(Class::Provisional, wire)) => Proceeding::say(wire, steps), // §17.2.2
            (Self::Trying(_), Input::Respond(_, wire)) => Completed::enter(wire, reliability, steps),    // §17.2.2
            (Self::Proceeding(state), Input::Request) => state.repeat(steps),                            // §17.2.2
            (Self::Proceeding(_), Input::Respond(Class::Provisional, wire)) => Proceeding::say(wire, steps), // §17.2.2
            (Self::Proceeding(_), Input::Respond(_, wire)) => Completed::enter(wire, reliability, steps), // §17.2.2
            (Self::Completed(state), Input::Request) => state.repeat(steps),                             // §17.2.2
            (Self::Completed(_), Input::Fired(Timer::J)) => Self::Terminated,                            // §17.2.2
            (_, Input::TransportFailed) => failed(steps),                                                // §17.2.4
            (state, _) => state, // everything else is absorbed
        }
    }
}

impl Default for NonInviteServer {
    fn default() -> Self {
        Self::new()
    }
}

fn failed(steps: &mut Steps) -> NonInviteServer {
    steps.stop(Timer::J);
    steps.tell(Tell::TransportFailed);
    NonInviteServer::Terminated
}

impl Proceeding {
    fn say(provisional: Wire, steps: &mut Steps) -> NonInviteServer {
        steps.send(&provisional);
        NonInviteServer::Proceeding(Self { provisional })
    }

    fn repeat(self, steps: &mut Steps) -> NonInviteServer {
        steps.send_again(&self.provisional);
        NonInviteServer::Proceeding(self)
    }
}

impl Completed {
    fn enter(response: Wire, reliability: Reliability, steps: &mut Steps) -> NonInviteServer {
        steps.send(&response);
        let absorb = Timer::J.first(reliability);
        if absorb.is_zero() {
            return NonInviteServer::Terminated;
        }
        steps.start(Timer::J, absorb);
        NonInviteServer::Completed(Self { response })
    }

    fn repeat(self, steps: &mut Steps) -> NonInviteServer {
        steps.send_again(&self.response);
        NonInviteServer::Completed(self)
    }
}
