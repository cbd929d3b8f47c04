//! One phone of an account.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{Instant, Now};
use crate::voip::sip::headers::{NameAddr, SipCallId};
use crate::voip::sip::{Peer, Transport, Uri};

/// How a registered phone is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The Request-URI: the phone's Contact.
    pub uri: Uri,
    /// Where to send: where its REGISTER came from.
    pub peer: Peer,
    /// Our address that it registered at.
    pub local: SocketAddr,
    /// The hops on the way to it, the first one first (RFC 3327): the Route of a request.
    pub path: Vec<NameAddr>,
}

/// A registration that has not run out.
pub(super) struct Binding {
    /// The Contact as the phone wrote it.
    pub contact: NameAddr,
    pub target: Target,
    /// Its `q` in thousandths.
    pub priority: u16,
    pub until: Instant,
    pub refreshed: Instant,
    pub call_id: SipCallId,
    pub cseq: u32,
}

impl Binding {
    /// Whether the change is of an older request of the same phone (RFC 3261 §10.3 step 7).
    pub fn is_newer_than(&self, change: &Change) -> bool {
        self.target.uri.is_equivalent(&change.contact) && self.call_id == change.call_id && self.cseq >= change.cseq
    }
}

/// A phone as it is kept over a restart: reached by datagrams and without hops on the way. A connection is gone with
/// the server, and who is behind hops registers again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPhone {
    /// Its Contact.
    pub contact: String,
    /// Where its REGISTER came from.
    pub source: SocketAddr,
    /// The Call-ID of its REGISTER.
    pub call_id: String,
    /// The number of its REGISTER.
    pub cseq: u32,
    /// When the registration runs out.
    pub until: jiff::Timestamp,
}

impl Binding {
    /// What is kept of it, if anything.
    pub fn keep(&self, now: Now) -> Option<KeptPhone> {
        if self.target.peer.transport != Transport::Udp || !self.target.path.is_empty() {
            return None;
        }
        Some(KeptPhone {
            contact: self.contact.uri().to_string(),
            source: self.target.peer.addr,
            call_id: self.call_id.as_str().to_owned(),
            cseq: self.cseq,
            until: now.wall.checked_add(self.until.since(now.instant)).ok()?,
        })
    }

    /// The phone again; `local` is our address towards it. `None` when it ran out or cannot be read.
    pub fn restored(now: Now, kept: &KeptPhone, local: SocketAddr) -> Option<Self> {
        let left = Duration::try_from(kept.until.duration_since(now.wall)).ok().filter(|left| !left.is_zero())?;
        let uri = Uri::parse(&kept.contact).ok()?;
        Some(Self {
            contact: NameAddr::new(uri.clone()),
            target: Target { uri, peer: Peer::udp(kept.source), local, path: Vec::new() },
            priority: 1000,
            until: now.instant + left,
            refreshed: now.instant,
            call_id: SipCallId::new(&kept.call_id).ok()?,
            cseq: kept.cseq,
        })
    }
}

/// What a REGISTER asks of one Contact.
pub(super) struct Change {
    pub contact: Uri,
    pub call_id: SipCallId,
    pub cseq: u32,
    pub wish: Wish,
}

pub(super) enum Wish {
    Keep(Box<Binding>),
    Remove,
}
