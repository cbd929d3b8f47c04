//! One caller's visit: the leg, its media, the flow, and what it is joined to.

use super::identity::Identity;
use super::notice::Notice;
use super::transfer::Transfer;
use crate::ivr::flow::{CallFlow, Screen};
use crate::ivr::menu::{LineId, Menu, Name};
use crate::model::{CallId, Cause, Instant, Now, OperatorId, PhoneNumber};
use crate::voip::media::{PlaybackId, RecordingId, RecordingRules, StreamId};
use crate::voip::sdp::{Direction, Negotiated, Negotiation, PendingOffer};
use crate::voip::sip::endpoint::LegId;
use std::sync::Arc;
use std::time::Duration;

/// A call. It is in the exchange's table from the INVITE to the end and nowhere else.
pub(super) struct Call {
    pub id: CallId,
    pub leg: LegId,
    pub stream: StreamId,
    /// The trunk that it came from or is made through.
    pub trunk: Option<Name>,
    /// The number that identifies the caller.
    pub from: Option<PhoneNumber>,
    /// Who calls, believed or not.
    pub identity: Identity,
    pub line: LineId,
    /// The menu the call began with and keeps.
    pub menu: Arc<Menu>,
    /// Whether the caller's phone or trunk takes REFER, as far as its Allow says.
    pub takes_refer: bool,
    /// The ticket for which we called, until an operator has been joined.
    pub callback: Option<CallId>,
    pub phase: Phase,
    /// When [`super::Exchange`] must look at the call again; its key in the table of wakes.
    pub wake: Option<Instant>,
}

impl Call {
    /// The cause for which the caller is hearing the farewell.
    pub fn leaves_for(&self) -> Option<Cause> {
        match &self.phase {
            Phase::Standing(standing) => match standing.link {
                Link::Leaving(cause) => Some(cause),
                Link::Menu | Link::Queued(_) | Link::Talking(_) | Link::Transferring(_) => None,
            },
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => None,
        }
    }
}

/// How far the call has come.
pub(super) enum Phase {
    /// The ports are being bound; nothing but 100 was said.
    Opening(Opening),
    /// There is no room for it, and the caller hears that before it is refused.
    TurnedAway(Box<TurnedAway>),
    /// 200 was sent; the ACK is awaited.
    Answered(Box<Answered>),
    /// We call: nobody has answered.
    Calling(Box<Calling>),
    /// The call stands.
    Standing(Box<Standing>),
}

/// What is needed to answer.
pub(super) struct Opening {
    /// The SDP offer, `None` when the caller wants ours.
    pub offer: Option<Vec<u8>>,
    /// It is above the limits.
    pub turned_away: bool,
}

/// While a caller hears that there is no room.
pub(super) struct TurnedAway {
    pub description: Description,
    /// When it is refused, should the end of the announcement not be told.
    pub until: Instant,
}

/// Between 200 and ACK.
pub(super) struct Answered {
    pub description: Description,
    /// What was agreed on, unless the offer was ours. No sound is sent before the ACK: whoever invents an address would
    /// have us send fifty packets a second there.
    pub agreed: Option<Box<Negotiated>>,
    pub at: Instant,
}

/// An INVITE to a customer.
pub(super) struct Calling {
    pub negotiation: Negotiation,
    pub pending: PendingOffer,
    /// When it has rung for long enough.
    pub until: Instant,
    /// By when the trunk must have said something, while there is another one.
    pub silent: Option<Instant>,
}

impl Calling {
    /// When to look at it again.
    pub fn deadline(&self) -> Instant {
        self.silent.map_or(self.until, |silent| silent.min(self.until))
    }
}

/// Our side of a leg's session descriptions.
pub(super) struct Description {
    pub negotiation: Negotiation,
    /// Our offer that awaits its answer (in the ACK).
    pub pending: Option<PendingOffer>,
    /// Which way media flows, seen from us; known once offer and answer met.
    pub direction: Option<Direction>,
}

/// A call that stands.
pub(super) struct Standing {
    pub description: Description,
    pub answered: Instant,
    pub flow: CallFlow,
    pub clock: FlowClock,
    pub link: Link,
    /// What plays by order of the flow.
    pub playing: Option<PlaybackId>,
    /// A message that begins when what plays has ended.
    pub message: Option<Message>,
    /// The message being recorded.
    pub recording: Option<RecordingId>,
    /// Whether the caller was told that conversations are recorded.
    pub notice: Notice,
    /// How long before the call's limit the farewell begins.
    pub farewell: Duration,
    /// Who talk have heard the tone that says that the limit is near.
    pub warned: bool,
}

impl Standing {
    /// A call that was just answered.
    pub fn new(description: Description, answered: Instant, flow: CallFlow, farewell: Duration) -> Self {
        Self {
            description,
            answered,
            flow,
            clock: FlowClock::default(),
            link: Link::Menu,
            playing: None,
            message: None,
            recording: None,
            notice: Notice::default(),
            farewell,
            warned: false,
        }
    }
}

/// The flow's clock, which stands while the caller holds: a caller who comes back from a hold hears the menu from
/// where it stopped and has all the time there was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FlowClock {
    behind: Duration,
    stopped: Option<Instant>,
}

impl FlowClock {
    /// Stops the clock, or lets it go on.
    pub fn hold(&mut self, now: Instant, holds: bool) {
        match (self.stopped, holds) {
            (None, true) => self.stopped = Some(now),
            (Some(since), false) => {
                self.behind += now.since(since);
                self.stopped = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// The flow's time.
    pub fn now(&self, now: Now) -> Now {
        Now { instant: self.stopped.unwrap_or(now.instant) - self.behind, wall: now.wall }
    }

    /// When the flow's time will be `at`; never while it stands.
    pub fn comes(&self, at: Instant) -> Option<Instant> {
        self.stopped.is_none().then(|| at + self.behind)
    }
}

/// A message to record.
pub(super) struct Message {
    pub mailbox: Name,
    pub rules: RecordingRules,
}

/// What the caller is joined to.
pub(super) enum Link {
    /// The menu.
    Menu,
    /// A queue; phones may be ringing.
    Queued(Queued),
    /// An operator.
    Talking(Box<Talking>),
    /// Somebody outside.
    Transferring(Box<Transfer>),
    /// Nobody any more: the farewell is heard, and the call ends for this cause.
    Leaving(Cause),
}

impl Link {
    /// The transfer, if there is one: then the menu has the caller again.
    pub fn take_transfer(&mut self) -> Option<Box<Transfer>> {
        match std::mem::replace(self, Self::Menu) {
            Self::Transferring(transfer) => Some(transfer),
            other @ (Self::Menu | Self::Queued(_) | Self::Talking(_) | Self::Leaving(_)) => {
                *self = other;
                None
            }
        }
    }
}

/// A caller in a queue.
#[derive(Clone)]
pub(super) struct Queued {
    pub since: Instant,
    /// What an operator will hear first and see.
    pub context: Arc<Context>,
}

/// What an operator is told about a caller.
pub(super) struct Context {
    pub whisper: Vec<crate::model::PromptId>,
    pub screen: Screen,
}

/// A conversation.
pub(super) struct Talking {
    pub operator: OperatorId,
    pub leg: LegId,
    pub stream: StreamId,
    pub since: Instant,
    pub queued: Queued,
    pub description: Description,
    /// The operator holds: music covers the silence.
    pub held: bool,
}
