//! Requests of ours outside of every call: REGISTER and OPTIONS. One request, one final answer.

use super::{Endpoint, Event, LegId, NoRoom, Owner};
use crate::model::Instant;
use crate::voip::sip::headers::SipCallId;
use crate::voip::sip::transaction::table::TransactionId;
use crate::voip::sip::{Peer, Request, Response, SipUri};

/// A request that waits for its answer; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrandId(TransactionId);

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
    /// Sends a request without Via and Contact of the endpoint; [`Event::Replied`] follows.
    ///
    /// # Errors
    /// When the tables are full.
    pub fn send_errand(&mut self, now: Instant, request: Request, to: Peer) -> Result<ErrandId, NoRoom> {
        let to = self.whither(now, to).first().copied().unwrap_or(to);
        if !self.transactions.has_room(&to) {
            return Err(NoRoom);
        }
        let local = self.local_for(to);
        let id = self.begin_request(now, request, local, to, Owner::Errand);
        if !to.is_located() {
            self.errand_over(id, Reply::Unreachable);
        }
        self.settle(now);
        Ok(ErrandId(id))
    }

    /// Its answer is wanted no more; the transaction goes on alone.
    pub fn forget_errand(&mut self, errand: ErrandId) {
        if self.transactions.owner(errand.0) == Some(Owner::Errand) {
            self.transactions.set_owner(errand.0, Owner::Ours);
        }
    }

    pub(super) fn errand_over(&mut self, id: TransactionId, reply: Reply) {
        self.transactions.set_owner(id, Owner::Ours);
        self.events.push_back(Event::Replied { errand: ErrandId(id), reply });
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
