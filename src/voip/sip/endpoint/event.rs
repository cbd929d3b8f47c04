//! What an endpoint says and asks for.

use super::errand::{ErrandId, Reply};
use super::referral::ReferProgress;
use super::referred::Referred;
use crate::voip::sip::Request;
use crate::voip::sip::Status;
use crate::voip::sip::headers::NameAddr;
use crate::voip::sip::locate::Query;
use crate::voip::sip::peer::{ConnectionId, NameId, Peer};
use crate::voip::sip::transaction::Wire;
use crate::voip::sip::transaction::arena::Key;
use crate::voip::sip::transaction::table::TransactionId;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// One side of a call, as the endpoint knows it: never used twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub(super) Key);

impl fmt::Debug for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leg {}", self.0.as_u64())
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_u64(), f)
    }
}

/// One of the dialogs that an INVITE of ours makes before its answer: each phone of a fork has its own (RFC 3261
/// §12.1.2). It is told from the others of its leg and of no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyId(pub(super) u8);

/// A request that waits for [`Endpoint::respond`](super::Endpoint::respond). Not answered within 32 s it is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestToken(pub(super) TransactionId);

/// What the shell must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send the bytes: one datagram, or the next bytes of the connection in `to`.
    Send {
        /// Where to. For a stream it names the connection.
        to: Peer,
        /// One whole message.
        bytes: Wire,
    },
    /// Open a connection; then call `handle_connected`, or `handle_connect_failed`.
    Connect {
        /// Where to, and over which transport: TCP or TLS.
        to: Peer,
        /// Who it must prove to be over TLS; its address when `None`.
        name: Option<Box<str>>,
    },
    /// Close a connection.
    Close(ConnectionId),
    /// Ask a name server; then call `handle_resolved` with the number, whatever comes of it.
    Resolve(Query),
}

/// A call that comes in. Nothing but 100 has been answered.
#[derive(Debug)]
pub struct Incoming {
    /// The leg.
    pub leg: LegId,
    /// The INVITE, typed: From, To, Request-URI, all headers.
    pub request: Box<Request>,
    /// The SDP offer; `None` when the caller wants ours in the 200 (RFC 3261 §13.2.1, delayed offer).
    pub offer: Option<Vec<u8>>,
    /// Where it came from.
    pub from: Peer,
    /// The local address that it came to, which is the one the caller can reach.
    pub local: SocketAddr,
    /// It is above the limits and came in only to hear that: say so before the answer and refuse it.
    pub turned_away: bool,
}

/// What happened. `Cancelled`, `NotAcknowledged`, `HungUp`, `Lost`, `Failed` and `Terminated` each end their leg:
/// exactly one of them comes, last, for every leg.
#[derive(Debug)]
pub enum Event {
    /// A call comes in: `ring`, `answer`, `reject` or `hang_up` it.
    Incoming(Incoming),
    /// The caller gave up before the answer. The leg is over.
    Cancelled {
        /// The leg.
        leg: LegId,
    },
    /// The ACK of our answer came: the call stands.
    Acknowledged {
        /// The leg.
        leg: LegId,
        /// The SDP answer, when our 200 held the offer.
        answer: Option<Vec<u8>>,
    },
    /// No ACK came for our answer within 32 s (RFC 3261 §13.3.1.4); a BYE has been sent. The leg is over.
    NotAcknowledged {
        /// The leg.
        leg: LegId,
    },
    /// An offer within the call, in a re-INVITE, UPDATE or PRACK: `answer_reoffer` or `refuse_reoffer` it.
    Reoffer {
        /// The leg.
        leg: LegId,
        /// The dialog, while a call of ours has no answer: its first offer and answer have met already.
        early: Option<EarlyId>,
        /// The new offer; `None` when they want ours (a re-INVITE).
        offer: Option<Vec<u8>>,
    },
    /// The SDP answer to an offer of ours within the call: to the one of `reoffer`, or to the one that we gave in
    /// `answer_reoffer`, from the ACK.
    ReofferAnswered {
        /// The leg.
        leg: LegId,
        /// The SDP answer.
        answer: Vec<u8>,
    },
    /// The offer of `reoffer` was refused, or not answered with a description: the session goes on as it was.
    ReofferRefused {
        /// The leg.
        leg: LegId,
        /// Why; 491 when it has collided with the peer's offers again and again.
        status: Status,
    },
    /// The description in force must be offered once more, to refresh the session or in the place of an offer that one of
    /// the peer's has overtaken: call `reoffer` with it.
    Refresh {
        /// The leg.
        leg: LegId,
    },
    /// The peer gives no sign of life: it has not refreshed the session (RFC 4028 §10), or not answered a request. A
    /// BYE has been sent. The leg is over.
    Lost {
        /// The leg.
        leg: LegId,
    },
    /// The other side said BYE, or has forgotten the call (481 to a request of ours). The leg is over.
    HungUp {
        /// The leg.
        leg: LegId,
    },
    /// An INFO within the call (SIP INFO digits); it has been answered 200. The body may hold a secret digit.
    Info {
        /// The leg.
        leg: LegId,
        /// The Content-Type as written, such as `application/dtmf-relay`; empty without one.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// A REGISTER: answer it with `respond`.
    Register {
        /// The request.
        request: Box<Request>,
        /// Where it came from.
        from: Peer,
        /// The local address that it came to.
        local: SocketAddr,
        /// What to answer.
        token: RequestToken,
    },
    /// Our call rings (180).
    Ringing {
        /// The leg.
        leg: LegId,
    },
    /// Another provisional response to our call (181–199), or one with SDP (early media).
    Progress {
        /// The leg.
        leg: LegId,
        /// The status.
        status: Status,
        /// SDP for early media.
        sdp: Option<Vec<u8>>,
    },
    /// Our call was answered; the ACK has been sent.
    Answered {
        /// The leg.
        leg: LegId,
        /// The dialog that was known before the answer. What was agreed in it by `answer_reoffer` is in force, whatever
        /// the answer describes (RFC 6337 §2.2).
        early: Option<EarlyId>,
        /// The SDP answer; `None` when the answer lacks one, which is a fault of the peer: hang up.
        answer: Option<Vec<u8>>,
    },
    /// Our call was refused, or nobody answered it (408), or it could not be sent (503), or it was cancelled by us
    /// (487). The leg is over.
    Failed {
        /// The leg.
        leg: LegId,
        /// Why.
        status: Status,
        /// When to try again, if the peer said so.
        retry_after: Option<Duration>,
        /// Who else might be asked, the first wish first (3xx, RFC 3261 §21.3); at most eight.
        contacts: Vec<NameAddr>,
    },
    /// The peer asks us to call somebody else: `accept_refer` or `refuse_refer` it.
    Referred(Box<Referred>),
    /// How our REFER goes on. `Done` and `Failed` are its end, and the leg still stands.
    Refer {
        /// The leg.
        leg: LegId,
        /// How far it has come.
        progress: ReferProgress,
    },
    /// A request outside of every call has its answer, or will have none.
    Replied {
        /// Which.
        errand: ErrandId,
        /// What became of it.
        reply: Reply,
    },
    /// A name of ours or of a peer leads elsewhere than before, or as before.
    Located {
        /// The name.
        name: NameId,
        /// Where to, the one to try first at the front; empty when it leads nowhere.
        peers: Vec<Peer>,
    },
    /// What `reject` or `hang_up` began is done, or the leg reached its longest time. The leg is over.
    Terminated {
        /// The leg.
        leg: LegId,
    },
}

impl Event {
    /// The leg that is over with this event.
    #[must_use]
    pub const fn ended(&self) -> Option<LegId> {
        match self {
            Self::Cancelled { leg }
            | Self::NotAcknowledged { leg }
            | Self::HungUp { leg }
            | Self::Lost { leg }
            | Self::Failed { leg, .. }
            | Self::Terminated { leg } => Some(*leg),
            _ => None,
        }
    }
}
