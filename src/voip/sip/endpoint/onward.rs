//! Requests of ours that have another way to go: the next server of a name when one is silent, full or gone (RFC 3263
//! §4.3), and TCP for what is too large for a datagram, within a call as outside of one (RFC 3261 §18.1.1).
//!
//! ```text
//!   request ──▶ > 1,300 octets? ── no ──▶ the way it was meant to go ── silence, 503, no connection ──▶ the next way
//!                     │ yes                                                                               │ none left
//!                     ▼                                                                                   ▼
//!                    TCP ── no connection ──▶ a datagram all the same                            its owner is told
//! ```
//!
//! An INVITE that begins a call has ways of its own, in its leg: they end with what the called say.

use super::{CoreTimer, Due, Endpoint, Owner};
use crate::model::Instant;
use crate::voip::sip::headers::HeaderName;
use crate::voip::sip::transaction::table::{Machine, TransactionId};
use crate::voip::sip::transaction::{InviteClient, NonInviteClient, Tell, Wire, matching};
use crate::voip::sip::{Method, Peer, Request, Response, Status};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// How long an INVITE within a call may be without its final answer, whatever becomes of the call: somewhat longer than
/// `change` waits for it.
const UNFINISHED: Duration = Duration::from_secs(64);

/// What is left to try for a request that is under way.
#[derive(Debug)]
pub(super) struct Onward {
    /// The request without our Via.
    request: Request,
    /// Our address, the same on every way; each way's own when `None`.
    local: Option<SocketAddr>,
    /// It went over TCP for its size and was meant for this peer.
    datagram: Option<Peer>,
    /// Where it is under way.
    at: Peer,
    ways: VecDeque<Peer>,
}

/// How a way came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dead {
    /// No connection could be had, or it broke.
    Unreachable,
    /// It says nothing, or 503.
    Useless,
}

impl Endpoint {
    /// A request of ours within a call, in a transaction of its own.
    pub(super) fn begin_request(
        &mut self,
        now: Instant,
        request: Request,
        local: SocketAddr,
        to: Peer,
        owner: Owner,
    ) -> TransactionId {
        self.begin_onward(now, request, Some(local), (to, VecDeque::new()), owner)
    }

    /// A request of ours, with the peer to try first and those to try after it.
    pub(super) fn begin_onward(
        &mut self,
        now: Instant,
        mut request: Request,
        local: Option<SocketAddr>,
        (first, ways): (Peer, VecDeque<Peer>),
        owner: Owner,
    ) -> TransactionId {
        request.headers.push_text(HeaderName::UserAgent, &self.config.user_agent);
        self.go(now, Onward { request, local, datagram: None, at: first, ways }, first, owner)
    }

    /// Sends a request where it fits.
    fn go(&mut self, now: Instant, mut onward: Onward, wanted: Peer, owner: Owner) -> TransactionId {
        let local = onward.local.unwrap_or_else(|| self.local_for(wanted));
        let (branch, wire, to) = self.fitted(now, &mut onward.request, local, wanted);
        onward.datagram = (to.transport != wanted.transport).then_some(wanted);
        self.go_there(now, onward, (branch, wire), to, owner)
    }

    fn go_there(
        &mut self,
        now: Instant,
        mut onward: Onward,
        (branch, wire): (String, Wire),
        to: Peer,
        owner: Owner,
    ) -> TransactionId {
        let id = self.begin_client(now, &onward.request.method, wire, &branch, to, owner);
        if onward.datagram.is_some() || !onward.ways.is_empty() {
            onward.request.vias.clear();
            onward.at = to;
            self.onward.insert(id, onward);
        }
        id
    }

    /// Puts our Via on a request and finds the transport that it fits; with it the branch and what is sent.
    pub(super) fn fitted(
        &mut self,
        now: Instant,
        request: &mut Request,
        local: SocketAddr,
        to: Peer,
    ) -> (String, Wire, Peer) {
        let branch = self.add_via(request, local, to);
        let wire: Wire = request.to_bytes().into();
        let fits = self.fit(now, to, wire.len());
        if fits.transport == to.transport {
            return (branch, wire, to);
        }
        request.vias.clear();
        let branch = self.add_via(request, local, fits);
        (branch, request.to_bytes().into(), fits)
    }

    /// Sends a request that has no transaction: the ACK of a 2xx.
    pub(super) fn send_alone(&mut self, now: Instant, mut request: Request, local: SocketAddr, to: Peer) {
        let (_, wire, to) = self.fitted(now, &mut request, local, to);
        self.send(to, wire);
    }

    /// Whether the request of a transaction that has failed goes on, on another way: then its owner is told nothing.
    pub(super) fn goes_on(
        &mut self,
        now: Instant,
        id: TransactionId,
        owner: Owner,
        tell: Tell,
        response: Option<&Response>,
    ) -> bool {
        let dead = match (tell, response.map(|response| response.status)) {
            (Tell::TransportFailed, _) => Dead::Unreachable,
            (Tell::TimedOut, _) | (Tell::Response, Some(Status::SERVICE_UNAVAILABLE)) => Dead::Useless,
            // Somebody works on it; for a change of a call that is the one who will answer.
            (Tell::Response, Some(status)) if !status.is_final() && !matches!(owner, Owner::Changing(_)) => {
                return false;
            }
            (Tell::Response | Tell::Ack | Tell::NotAcknowledged, _) => {
                self.onward.remove(&id);
                return false;
            }
        };
        let Some(mut onward) = self.onward.remove(&id) else { return false };
        let next = match (dead, onward.datagram.take()) {
            (Dead::Unreachable, Some(datagram)) => (datagram, true),
            (Dead::Unreachable | Dead::Useless, _) => match onward.ways.pop_front() {
                Some(way) => (way, false),
                None => return false,
            },
        };
        self.take_next(now, id, owner, onward, next);
        true
    }

    /// `as_is`: whatever its size, it goes as a datagram.
    fn take_next(
        &mut self,
        now: Instant,
        old: TransactionId,
        owner: Owner,
        mut onward: Onward,
        (next, as_is): (Peer, bool),
    ) {
        if onward.at.addr != next.addr {
            self.names.shun(now, onward.at.addr);
        }
        self.transactions.set_owner(old, Owner::Ours);
        let id = if as_is {
            let local = onward.local.unwrap_or_else(|| self.local_for(next));
            let branch = self.add_via(&mut onward.request, local, next);
            let wire = onward.request.to_bytes().into();
            self.go_there(now, onward, (branch, wire), next, owner)
        } else {
            self.go(now, onward, next, owner)
        };
        if let Owner::Errand(errand) = owner {
            self.errands.insert(errand, id);
        }
    }

    /// A client transaction within a call, or of a request that is no INVITE.
    pub(super) fn begin_client(
        &mut self,
        now: Instant,
        method: &Method,
        wire: Wire,
        branch: &str,
        to: Peer,
        owner: Owner,
    ) -> TransactionId {
        let to = self.streams.resolve(to);
        let key = matching::client_key(branch, method);
        if *method == Method::Invite {
            let start = |reliability, steps: &mut _| Machine::InviteClient(InviteClient::new(wire, reliability, steps));
            let id = self.transactions.begin(now, key, to, owner, start);
            // A peer that says 100 and nothing more, though the call is over, leaves nothing here.
            self.transactions.wheel().set(now + UNFINISHED, Due::Core(CoreTimer::Unfinished(id)));
            return id;
        }
        let start =
            |reliability, steps: &mut _| Machine::NonInviteClient(NonInviteClient::new(wire, reliability, steps));
        self.transactions.begin(now, key, to, owner, start)
    }
}
