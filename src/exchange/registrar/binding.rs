//! One phone of an account.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{Instant, Now};
use crate::voip::sip::headers::{NameAddr, SipCallId};
use crate::voip::sip::{Peer, SipUri, Transport, Uri};

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

/// Which phone it is and which of its flows, whatever address it has now (RFC 5626 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its `+sip.instance`.
    pub instance: String,
    /// Its `reg-id`.
    pub number: u32,
}

/// A registration that has not run out.
pub(super) struct Binding {
    /// The Contact as the phone wrote it.
    pub contact: NameAddr,
    pub target: Target,
    pub flow: Option<Flow>,
    /// Its `q` in thousandths.
    pub priority: u16,
    pub until: Instant,
    pub refreshed: Instant,
    pub call_id: SipCallId,
    pub cseq: u32,
}

impl Binding {
    /// Whether a change is about this phone: by instance and flow where both name them (RFC 5626 §6), else by Contact.
    pub fn is_of(&self, change: &Change) -> bool {
        match (&self.flow, &change.flow) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (None, _) | (_, None) => self.target.uri.is_equivalent(&change.contact),
        }
    }

    /// Whether the change is of an older request of the same phone (RFC 3261 §10.3 step 7).
    pub fn is_newer_than(&self, change: &Change) -> bool {
        self.is_of(change) && self.call_id == change.call_id && self.cseq >= change.cseq
    }
}

/// A phone as it is kept over a restart. A connection is gone with the server: a phone that came over one is kept when
/// it can be called back, that is when it is not behind a NAT; the others register again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPhone {
    /// Its Contact.
    pub contact: String,
    /// How it is reached.
    pub transport: Transport,
    /// Where: for datagrams where its REGISTER came from, else its own address.
    pub source: SocketAddr,
    /// The hops on the way to it, the first one first.
    pub path: Vec<String>,
    /// Its `q` in thousandths.
    pub priority: u16,
    /// Which phone it is, if it says so.
    pub flow: Option<Flow>,
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
        let path = self.target.path.iter().map(|hop| String::from_utf8(hop.as_bytes().to_vec()).ok());
        Some(KeptPhone {
            contact: self.contact.uri().to_string(),
            transport: self.target.peer.transport,
            source: self.found_again()?,
            path: path.collect::<Option<Vec<String>>>()?,
            priority: self.priority,
            flow: self.flow.clone(),
            call_id: self.call_id.as_str().to_owned(),
            cseq: self.cseq,
            until: now.wall.checked_add(self.until.since(now.instant)).ok()?,
        })
    }

    /// Where it is found without its connection: at the first hop, or at its Contact when that is where it came from.
    fn found_again(&self) -> Option<SocketAddr> {
        let peer = self.target.peer;
        match peer.transport {
            Transport::Udp => Some(peer.addr),
            Transport::Ws | Transport::Wss => None,
            Transport::Tcp | Transport::Tls => {
                let hop: &SipUri = match self.target.path.first() {
                    Some(hop) => hop.sip_uri()?,
                    None => self.target.uri.as_sip()?,
                };
                let ip = hop.host.ip().filter(|ip| *ip == peer.addr.ip())?;
                Some(SocketAddr::new(ip, hop.port.unwrap_or(peer.transport.default_port())))
            }
        }
    }

    /// The phone again; `local` is our address towards it. `None` when it ran out or cannot be read.
    pub fn restored(now: Now, kept: &KeptPhone, local: SocketAddr) -> Option<Self> {
        let left = Duration::try_from(kept.until.duration_since(now.wall)).ok().filter(|left| !left.is_zero())?;
        let uri = Uri::parse(&kept.contact).ok()?;
        let path = kept.path.iter().map(|hop| NameAddr::parse(hop.as_bytes()).ok());
        let path = path.collect::<Option<Vec<NameAddr>>>()?;
        Some(Self {
            contact: NameAddr::new(uri.clone()),
            target: Target { uri, peer: Peer::at(kept.transport, kept.source), local, path },
            flow: kept.flow.clone(),
            priority: kept.priority,
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
    pub flow: Option<Flow>,
    pub call_id: SipCallId,
    pub cseq: u32,
    pub wish: Wish,
}

pub(super) enum Wish {
    Keep(Box<Binding>),
    Remove,
}
