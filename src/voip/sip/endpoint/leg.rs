//! A leg: one side of a call, from its INVITE to its end. A struct per state.
//!
//! ```text
//!   incoming                                  outgoing
//!   INVITE ──▶ Offered ──200──▶ ┐         ┌── Calling ──▶ Cancelling
//!                │ reject       │         │ 2xx, ACK         │ 487, 2xx + ACK + BYE, no answer
//!                ▼              ▼         ▼                  ▼
//!               end           Standing ◀──┘                 end
//!                         Settled │ Reoffered │ Unacknowledged
//!                                 │ BYE
//!                                 ▼
//!                              Leaving ──▶ end
//! ```

use super::event::LegId;
use super::referral::Referral;
use super::session::Session;
use crate::model::Instant;
use crate::voip::sip::dialog::Dialog;
use crate::voip::sip::digest::DigestClient;
use crate::voip::sip::roll::Bucket;
use crate::voip::sip::source::Source;
use crate::voip::sip::transaction::Wire;
use crate::voip::sip::transaction::table::TransactionId;
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{Peer, Request};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// A timer of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegTimer {
    /// The state, or the leg as a whole, has lasted too long.
    Deadline,
    /// Send the 2xx again: T1, doubling up to T2 (RFC 3261 §13.3.1.4).
    Repeat,
    /// No ACK for the 2xx: 64 × T1 (§13.3.1.4).
    Overdue,
    /// A REFER has brought no result.
    Referral,
    /// Nothing more is told of a REFER of the peer.
    Subscription,
    /// Refresh the session: half of its interval (RFC 4028 §7.2).
    Refresh,
    /// The session ends without a refresh (RFC 4028 §10).
    Expired,
    /// A change of ours is to be asked for again, or has no answer (RFC 3261 §14.1).
    Change,
    /// Send a reliable provisional response again: T1, doubling (RFC 3262 §3).
    Again,
    /// No PRACK for it: 64 × T1 (RFC 3262 §3).
    Unconfirmed,
}

/// One side of a call.
#[derive(Debug)]
pub(super) struct Leg {
    pub state: State,
    /// Our address as the peer sees it.
    pub local: SocketAddr,
    /// Our tag, under which the leg is found.
    pub tag: Box<str>,
    /// What a merged request would have in common, for an incoming call.
    pub origin: Option<Box<str>>,
    /// The address whose cap it counts against, for an incoming call.
    pub source: Option<Source>,
    pub deadline: Option<TimerId>,
    /// Our login at the peer, when it may ask for one.
    pub login: Option<Box<DigestClient>>,
    /// Branches of a fork that have answered too late and were hung up.
    pub strays: Vec<Box<str>>,
    /// Whom to try next, while we call.
    pub elsewhere: VecDeque<Peer>,
    /// What is settled anew while it lives.
    pub session: Session,
    /// What it may still ask.
    pub pace: Bucket,
}

/// Requests a second within one call; no telephone comes near it.
const ASKS: f64 = 20.0;
/// So many may come at once.
const ASKS_AT_ONCE: f64 = 200.0;

/// The pace of a leg of which nothing has come.
pub(super) const fn full_pace(now: Instant) -> Bucket {
    Bucket::full(now, ASKS_AT_ONCE)
}

#[derive(Debug)]
pub(super) enum State {
    Offered(Offered),
    Calling(Calling),
    Cancelling(Calling),
    Standing(Box<Standing>),
    Leaving(Box<Leaving>),
}

/// Invited; nothing but 1xx has been answered.
#[derive(Debug)]
pub(super) struct Offered {
    pub dialog: Box<Dialog>,
    pub invite: Box<Request>,
    pub transaction: TransactionId,
}

/// Inviting; no final response has come.
#[derive(Clone, Debug)]
pub(super) struct Calling {
    pub invite: Box<Request>,
    pub to: Peer,
    pub transaction: TransactionId,
    pub progress: Progress,
    /// The tags of those at whom it rings: a proxy may have forked the INVITE (§13.2.2.4).
    pub early: Vec<Box<str>>,
    /// Somebody else has answered, which a CANCEL tells (RFC 3326).
    pub elsewhere: bool,
}

/// The most early dialogs that are remembered of one INVITE.
const MAX_EARLY: usize = 16;

impl Calling {
    /// Somebody rings.
    pub fn hear_of(&mut self, tag: Option<&str>) {
        if let Some(tag) = tag.filter(|tag| !self.rings_at(tag) && self.early.len() < MAX_EARLY) {
            self.early.push(tag.into());
        }
    }

    /// Whether the INVITE rings at the one with this tag.
    pub fn rings_at(&self, tag: &str) -> bool {
        self.early.iter().any(|known| **known == *tag)
    }
}

/// How far an invited peer has come: a CANCEL must wait for a provisional response (§9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing has come.
    Nothing,
    /// A provisional response came.
    Provisional,
}

/// Answered.
#[derive(Debug)]
pub(super) struct Standing {
    pub dialog: Dialog,
    pub offer: OfferState,
    /// Our REFER that has no result yet.
    pub referral: Option<Box<Referral>>,
    /// How many REFERs of the peer were accepted.
    pub referrals: u8,
}

/// Where the leg stands with INVITEs of the peer.
#[derive(Debug)]
pub(super) enum OfferState {
    /// None is open.
    Settled,
    /// A re-INVITE waits for our answer.
    Reoffered(Reoffered),
    /// Our 2xx waits for its ACK.
    Unacknowledged(Unacknowledged),
}

#[derive(Debug)]
pub(super) struct Reoffered {
    pub invite: Box<Request>,
    pub transaction: TransactionId,
    pub from: Peer,
}

#[derive(Debug)]
pub(super) struct Unacknowledged {
    /// The number of the INVITE, which its ACK bears too.
    pub cseq: u32,
    pub transaction: TransactionId,
    pub ok: Wire,
    pub interval: Duration,
    pub repeat: TimerId,
    pub overdue: TimerId,
    /// The 2xx of the first INVITE, not of a re-INVITE.
    pub is_first: bool,
    /// The 2xx held our offer, so the ACK holds the answer.
    pub wants_answer: bool,
    /// Hang up as soon as the ACK is here: a BYE may not come before it (§15).
    pub hang_up: bool,
}

/// Our BYE waits for its answer.
#[derive(Debug)]
pub(super) struct Leaving {
    pub dialog: Dialog,
    pub why: End,
}

/// How a leg that is leaving ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With `Terminated`.
    Terminated,
    /// In silence: the end has been told.
    Told,
}

impl Leg {
    /// Whether a request within the call is one too many.
    pub fn asks_too_much(&mut self, now: Instant) -> bool {
        !self.pace.take(now, ASKS, ASKS_AT_ONCE)
    }

    /// Whether we began the call and drew its Call-ID.
    pub const fn is_ours(&self) -> bool {
        self.origin.is_none()
    }

    /// The dialog, when there is one that both sides know.
    pub fn dialog(&mut self) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Offered(state) => Some(&mut state.dialog),
            State::Standing(state) => Some(&mut state.dialog),
            State::Leaving(state) => Some(&mut state.dialog),
            State::Calling(_) | State::Cancelling(_) => None,
        }
    }
}

impl Leg {
    /// Whether the peer of a call of ours has said anything.
    pub const fn is_heard(&self) -> bool {
        match &self.state {
            State::Calling(state) | State::Cancelling(state) => matches!(state.progress, Progress::Provisional),
            State::Offered(_) | State::Standing(_) | State::Leaving(_) => true,
        }
    }
}

impl Standing {
    /// A leg that was just answered.
    pub const fn new(dialog: Dialog, offer: OfferState) -> Self {
        Self { dialog, offer, referral: None, referrals: 0 }
    }

    /// The timers that run.
    pub fn timers(&self) -> impl Iterator<Item = TimerId> {
        self.offer.timers().chain(self.referral.as_ref().map(|referral| referral.timer))
    }
}

impl OfferState {
    /// The timers that run.
    fn timers(&self) -> impl Iterator<Item = TimerId> {
        let timers = match self {
            Self::Unacknowledged(waiting) => Some([waiting.repeat, waiting.overdue]),
            Self::Settled | Self::Reoffered(_) => None,
        };
        timers.into_iter().flatten()
    }
}

impl From<LegId> for u64 {
    fn from(leg: LegId) -> Self {
        leg.0.as_u64()
    }
}
