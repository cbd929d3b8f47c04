//! Requests of ours outside of every call: REGISTER and OPTIONS. One request, one final answer, from the first of the
//! peer's servers that gives one (RFC 3263 §4.3).

use super::{Endpoint, Event, LegId, NoRoom, Owner};
use crate::model::Instant;
use crate::voip::sip::headers::SipCallId;
use crate::voip::sip::{Peer, Request, Response, SipUri};
use std::collections::VecDeque;

/// A request that waits for its answer; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrandId(u64);

/// What became of a request.
#[derive(Debug)]
pub enum Reply {
    /// Its final answer.
    Answered(Box<Response>),
    /// None came within 32 s (Timer F).
    TimedOut,
    /// It could not be sent, or the connection went.
    Unreachable,
}

impl Endpoint {
    /// Sends a request without Via and Contact of the endpoint; [`Event::Replied`] follows. A server that is silent for
    /// 32 s, answers 503 or cannot be connected to is followed by the next one of its name.
    ///
    /// # Errors
    /// When the tables are full.
    pub fn send_errand(&mut self, now: Instant, request: Request, to: Peer) -> Result<ErrandId, NoRoom> {
        let mut ways: VecDeque<Peer> = self.whither(now, to).into();
        let first = ways.pop_front().unwrap_or(to);
        if !self.transactions.has_room(&first) {
            return Err(NoRoom);
        }
        self.last_errand += 1;
        let errand = ErrandId(self.last_errand);
        let id = self.begin_onward(now, request, None, (first, ways), Owner::Errand(errand));
        self.errands.insert(errand, id);
        if !first.is_located() {
            self.errand_over(errand, Reply::Unreachable);
        }
        self.settle(now);
        Ok(errand)
    }

    /// Its answer is wanted no more; the transaction goes on alone.
    pub fn forget_errand(&mut self, errand: ErrandId) {
        if let Some(id) = self.errands.remove(&errand) {
            self.transactions.set_owner(id, Owner::Ours);
            self.onward.remove(&id);
        }
    }

    /// The same, and it is because nothing came in time: another server of the name is asked first from now on.
    pub fn give_up_errand(&mut self, now: Instant, errand: ErrandId) {
        let peer = self.errands.get(&errand).and_then(|id| self.transactions.peer(*id));
        if let Some(peer) = peer.filter(|peer| peer.name.is_some()) {
            self.names.shun(now, peer.addr);
        }
        self.forget_errand(errand);
    }

    pub(super) fn errand_over(&mut self, errand: ErrandId, reply: Reply) {
        if self.errands.contains_key(&errand) {
            self.forget_errand(errand);
            self.events.push_back(Event::Replied { errand, reply });
        }
    }

    /// Our URI as a peer reaches it.
    #[must_use]
    pub fn own_uri(&self, to: Peer) -> SipUri {
        let mut uri = self.uri_at(self.local_for(to));
        if to.transport.is_reliable() {
            uri.params.set("transport", Some(&to.transport.name().to_ascii_lowercase()));
        }
        uri
    }

    /// A Call-ID that nobody else has.
    ///
    /// # Errors
    /// Never in practice: what is drawn are hexadecimal digits.
    pub fn draw_call_id(&mut self) -> Result<SipCallId, NoRoom> {
        SipCallId::new(&format!("{}{}", self.draw_tag(), self.draw_tag())).map_err(|_| NoRoom)
    }

    /// Whether anything has come back for a call of ours, be it only a 100.
    #[must_use]
    pub fn is_heard(&self, leg: LegId) -> bool {
        self.legs.get(leg.0).is_some_and(super::leg::Leg::is_heard)
    }
}
