//! UPDATE (RFC 3311): changes within a call that need no INVITE, before its answer too.
//!
//! ```text
//!  UPDATE without an offer   200; target and session timer are refreshed
//!         with an offer      Event::Reoffer, and its answer in the 200
//!         while our own offer has no answer        491
//!         while theirs has none, or before it may  500, Retry-After
//!  our own                   see `change`
//! ```

use super::leg::{Leg, OfferState, Reoffered, State};
use super::{Endpoint, Event, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::dialog::Dialog;
use crate::voip::sip::headers::{ContentType, HeaderName};
use crate::voip::sip::transaction::NonInviteServer;
use crate::voip::sip::transaction::matching;
use crate::voip::sip::transaction::table::Machine;
use crate::voip::sip::{Method, Peer, Request, Response, Status, body, uas};

impl Endpoint {
    pub(super) fn receive_update(&mut self, now: Instant, leg: LegId, from: Peer, reply: Peer, request: Request) {
        if let Some(response) = self.refuse_update(leg, &reply, &request) {
            self.answer_request(now, reply, &request, response);
            return;
        }
        if let Some(found) = self.legs.get_mut(leg.0) {
            found.session.learn(&request.headers);
        }
        if body::session_of(&request.headers, &request.body).is_none() {
            self.refresh_target(leg, &request, from);
            let response = self.ok_within(leg, &request, None);
            self.agree_as_server(now, leg, &request);
            if let Some(response) = response {
                self.answer_request(now, reply, &request, response);
            }
            return;
        }
        self.ask_above(now, leg, from, reply, request);
    }

    /// Hands an offer in an UPDATE or PRACK above; `answer_offer_of` or `refuse_offer_of` answers it.
    pub(super) fn ask_above(&mut self, now: Instant, leg: LegId, from: Peer, reply: Peer, request: Request) {
        let key = matching::server_key(&request);
        let start = |_, _: &mut _| Machine::NonInviteServer(NonInviteServer::new());
        let transaction = self.transactions.begin(now, key, reply, Owner::Ours, start);
        self.note_way_back(transaction, &request, reply);
        let offer = body::session_of(&request.headers, &request.body);
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let early = found.early_of(&request);
        found.session.theirs = Some(Box::new(Reoffered { invite: Box::new(request), transaction, from }));
        self.events.push_back(Event::Reoffer { leg, early, offer });
    }

    fn refuse_update(&mut self, leg: LegId, reply: &Peer, request: &Request) -> Option<Response> {
        let Some(found) = self.legs.get(leg.0) else { return Some(request.response(Status::NO_SUCH_CALL)) };
        if matches!(found.state, State::Cancelling(_) | State::Leaving(_)) {
            return Some(request.response(Status::NO_SUCH_CALL));
        }
        // §5.2: one at a time, with an offer or without.
        if found.session.theirs.is_some() {
            return Some(self.refuse_second(request));
        }
        if let Some(refusal) = self.config.session.refuse(request) {
            return Some(refusal);
        }
        if body::session_of(&request.headers, &request.body).is_none() {
            return uas::refuse_body(request);
        }
        match found.offers(request) {
            Offers::Free if !self.transactions.has_room(reply) => Some(self.refuse_second(request)),
            Offers::Free => uas::refuse_body(request),
            Offers::Ours => Some(request.response(Status::REQUEST_PENDING)),
            Offers::Theirs => Some(self.refuse_second(request)),
        }
    }

    /// Follows the peer to its new Contact.
    pub(super) fn refresh_target(&mut self, leg: LegId, request: &Request, from: Peer) {
        let dialog = self.legs.get_mut(leg.0).and_then(|leg| leg.dialog_of(request));
        if let Some(dialog) = dialog {
            dialog.refresh_target(request, from);
        }
    }

    /// Begins the session anew as our 2xx to a request says.
    pub(super) fn agree_as_server(&mut self, now: Instant, leg: LegId, request: &Request) {
        if matches!(request.method, Method::Invite | Method::Update) {
            let agreed = self.config.session.as_server(&request.headers);
            self.agree(now, leg, agreed);
        }
    }

    /// A 200 to an UPDATE or PRACK.
    pub(super) fn ok_within(&mut self, leg: LegId, request: &Request, sdp: Option<Vec<u8>>) -> Option<Response> {
        let found = self.legs.get_mut(leg.0)?;
        let (local, dialog) = (found.local, found.dialog_of(request)?.clone());
        let mut response = request.response(Status::OK);
        if request.method == Method::Update {
            response.headers.push(&self.contact_in(local, &dialog));
            if let Some(agreed) = self.config.session.as_server(&request.headers) {
                agreed.answer(&mut response.headers);
            }
        }
        response.headers.push_text(HeaderName::Allow, uas::ALLOW);
        response.headers.push_text(HeaderName::Supported, uas::SUPPORTED);
        if let Some(sdp) = sdp {
            response.set_body(&ContentType::new("application", "sdp"), sdp);
        }
        Some(response)
    }

    /// Answers the offer of an UPDATE or PRACK.
    pub(super) fn answer_offer_of(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>) {
        let Some(theirs) = self.take_theirs(leg) else { return };
        if let Some(found) = self.legs.get_mut(leg.0) {
            found.session.ours.overtake();
        }
        if theirs.invite.method == Method::Update {
            self.refresh_target(leg, &theirs.invite, theirs.from);
        }
        if let Some(mut response) = self.ok_within(leg, &theirs.invite, Some(sdp)) {
            self.sign(&mut response);
            self.respond_now(now, theirs.transaction, &response);
        }
        self.agree_as_server(now, leg, &theirs.invite);
    }

    /// Refuses it, and the session goes on as it was; `false` when none waits.
    pub(super) fn refuse_offer_of(&mut self, now: Instant, leg: LegId, status: Status) -> bool {
        let Some(theirs) = self.take_theirs(leg) else { return false };
        let mut response = theirs.invite.response(status);
        self.sign(&mut response);
        self.respond_now(now, theirs.transaction, &response);
        true
    }

    /// Whether an UPDATE or PRACK waits for the answer to its offer.
    pub(super) fn has_theirs(&self, leg: LegId) -> bool {
        self.legs.get(leg.0).is_some_and(|leg| leg.session.theirs.is_some())
    }

    fn take_theirs(&mut self, leg: LegId) -> Option<Box<Reoffered>> {
        self.legs.get_mut(leg.0)?.session.theirs.take()
    }

    /// The call is over for us: nothing of the session goes on, and what waits is answered 487.
    pub(super) fn close_session(&mut self, now: Instant, leg: LegId) {
        self.refuse_offer_of(now, leg, Status::REQUEST_TERMINATED);
        if let Some(found) = self.legs.get_mut(leg.0) {
            for timer in found.session.take_timers() {
                self.transactions.wheel().stop(timer);
            }
        }
    }
}

/// Whose offer has no answer yet (RFC 3311 §5.2, RFC 6337 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offers {
    /// Nobody's: another may be made.
    Free,
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
}

/// How an offer of ours may go out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// In a re-INVITE.
    Invite,
    /// In an UPDATE: no INVITE may be sent (RFC 3311 §5.1).
    Update,
    /// Not yet.
    Later,
    /// Never more.
    Never,
}

impl Leg {
    /// Whose offer has no answer, in the dialog of a request.
    pub fn offers(&self, request: &Request) -> Offers {
        if self.session.theirs.is_some() {
            return Offers::Theirs;
        }
        if self.session.ours.offers() {
            return Offers::Ours;
        }
        match &self.state {
            State::Offered(_) => self.session.reliable.as_ref().map_or(Offers::Theirs, |reliable| reliable.offers()),
            State::Calling(_) | State::Cancelling(_) => {
                let early = self.session.early.iter().find(|early| early.dialog.owns(request));
                if early.is_some_and(|early| early.is_answered) { Offers::Free } else { Offers::Ours }
            }
            State::Standing(standing) => match &standing.offer {
                OfferState::Unacknowledged(waiting) if waiting.wants_answer => Offers::Ours,
                OfferState::Settled | OfferState::Unacknowledged(_) => Offers::Free,
                OfferState::Reoffered(_) => Offers::Theirs,
            },
            State::Leaving(_) => Offers::Theirs,
        }
    }

    /// How an offer of ours may go out now.
    pub fn tool(&self) -> Tool {
        let is_free = match &self.state {
            State::Standing(standing) => match &standing.offer {
                OfferState::Settled if self.session.theirs.is_none() => return Tool::Invite,
                OfferState::Unacknowledged(waiting) => !waiting.wants_answer,
                OfferState::Settled | OfferState::Reoffered(_) => false,
            },
            State::Offered(_) => {
                self.session.reliable.as_ref().is_some_and(|reliable| reliable.offers() == Offers::Free)
            }
            State::Calling(_) => self.session.early.iter().any(|early| early.is_answered),
            State::Cancelling(_) | State::Leaving(_) => return Tool::Never,
        };
        let may = is_free && self.session.theirs.is_none() && self.session.takes_update;
        if may { Tool::Update } else { Tool::Later }
    }

    /// The dialog that an offer of ours is made in: of the phones of a fork, the last that has answered our first one.
    pub fn offering_dialog(&mut self) -> Option<&mut Dialog> {
        if !matches!(self.state, State::Calling(_)) {
            return self.dialog();
        }
        let answered = self.session.early.iter_mut().rev().find(|early| early.is_answered);
        answered.map(|early| &mut early.dialog)
    }

    /// The dialog that a response to a request of ours is of.
    pub fn dialog_made(&mut self, response: &Response) -> Option<&mut Dialog> {
        if !matches!(self.state, State::Calling(_) | State::Cancelling(_)) {
            return self.dialog();
        }
        self.session.early.iter_mut().map(|early| &mut early.dialog).find(|dialog| dialog.made(response))
    }

    /// Whether it is answered and not being hung up.
    pub const fn is_standing(&self) -> bool {
        matches!(self.state, State::Standing(_))
    }
}
