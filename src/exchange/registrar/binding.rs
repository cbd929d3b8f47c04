//! One phone of an account.

use std::net::SocketAddr;

use crate::model::Instant;
use crate::voip::sip::headers::{NameAddr, SipCallId};
use crate::voip::sip::{Peer, Uri};

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
