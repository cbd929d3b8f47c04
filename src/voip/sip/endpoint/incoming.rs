//! Calls that come in: INVITE, its CANCEL, its ACK, and our answers (RFC 3261 §13.3, §9.2).

use super::leg::{Leg, LegTimer, OfferState, Offered, Standing, State, Unacknowledged, full_pace};
use super::session::Session;
use super::turned_away::Entry;
use super::{CoreTimer, Due, Endpoint, Event, Incoming, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::dialog::{self, Dialog};
use crate::voip::sip::headers::{Contact, ContentType, HeaderName, Headers, NameAddr};
use crate::voip::sip::transaction::table::{Machine, TransactionId};
use crate::voip::sip::transaction::{InviteServer, Wire, matching, timers};
use crate::voip::sip::{Peer, Request, Response, SipUri, Status, body, uas};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// What the copies of a forked request have in common (§8.2.2.2).
fn origin_of(request: &Request) -> Box<str> {
    let tag = request.from.tag().unwrap_or_default();
    format!("{}\n{tag}\n{}", request.call_id, request.cseq).into()
}

impl Endpoint {
    /// An INVITE outside of every dialog.
    pub(super) fn receive_invite(
        &mut self,
        now: Instant,
        from: Peer,
        reply: Peer,
        local: SocketAddr,
        request: Request,
    ) {
        if self.refusing || !self.has_room_for_leg(from) || !self.transactions.has_room(&reply) {
            self.refuse_for_load(reply, &request);
            return;
        }
        let Some(entry) = self.entry(now, from, &request) else {
            self.refuse_for_load(reply, &request);
            return;
        };
        let origin = origin_of(&request);
        if self.by_origin.contains_key(&origin) {
            return self.answer_outside(reply, &request, request.response(Status::LOOP_DETECTED));
        }
        let refusal = if dialog::is_unreadable(&request) {
            Some(request.response(Status::BAD_REQUEST).with_reason("Bad Request: Contact or Record-Route"))
        } else {
            let refusal = uas::refuse_body(&request).or_else(|| uas::refuse_accept(&request));
            refusal.or_else(|| self.config.session.refuse(&request))
        };
        if let Some(response) = refusal {
            return self.answer_outside(reply, &request, response);
        }
        let tag: Box<str> = self.draw_tag().into();
        let Some(dialog) = Dialog::of_server(&request, &tag, from, self.reach_of(from)) else {
            let response = request.response(Status::BAD_REQUEST).with_reason("Bad Request: Contact");
            return self.answer_outside(reply, &request, response);
        };
        let transaction = self.begin_invited(now, reply, &request);
        let local = self.visible(local, from, Some(&request));
        let offered = Offered { dialog: Box::new(dialog), invite: Box::new(request.clone()), transaction };
        let state = State::Offered(offered);
        let mut session = Session::default();
        session.learn(&request.headers);
        let (origin, source) = (Some(origin), Some(from.source()));
        let leg = Leg {
            state,
            local,
            tag,
            origin,
            source,
            deadline: None,
            login: None,
            strays: Vec::new(),
            elsewhere: VecDeque::new(),
            pace: full_pace(now),
            session,
        };
        let leg = self.insert_leg(now, leg, self.config.limits.unanswered);
        let turned_away = matches!(entry, Entry::TurnedAway);
        self.enter(leg, from.source(), entry);
        self.transactions.set_owner(transaction, Owner::Invited(leg));
        let offer = body::session_of(&request.headers, &request.body);
        let incoming = Incoming { leg, request: Box::new(request), offer, from, local, turned_away };
        self.events.push_back(Event::Incoming(incoming));
    }

    /// The server transaction of an INVITE that goes above; 100 is answered at once (§17.2.1).
    pub(super) fn begin_invited(&mut self, now: Instant, reply: Peer, request: &Request) -> TransactionId {
        let trying: Wire = request.response(Status::TRYING).to_bytes().into();
        let key = matching::server_key(request);
        let start = |_, steps: &mut _| Machine::InviteServer(InviteServer::new(trying, steps));
        let id = self.transactions.begin(now, key, reply, Owner::Ours, start);
        self.note_way_back(id, request, reply);
        id
    }

    fn has_room_for_leg(&self, from: Peer) -> bool {
        let of_source = self.by_source.get(&from.source()).copied().unwrap_or(0);
        self.legs.len() < self.config.limits.legs && of_source < self.config.limits.legs_per_source
    }

    /// CANCEL (§9.2): 200 to it, 487 to its INVITE unless that has been answered.
    pub(super) fn receive_cancel(&mut self, now: Instant, reply: Peer, request: &Request) {
        let Some(invite) = self.transactions.find(&matching::cancelled_key(request)) else {
            self.answer_outside(reply, request, request.response(Status::NO_SUCH_CALL));
            return;
        };
        let owner = match self.transactions.owner(invite) {
            Some(Owner::Invited(leg)) => Some(leg),
            Some(
                Owner::Ours
                | Owner::Asked
                | Owner::Errand(_)
                | Owner::Inviting(_)
                | Owner::Leaving(_)
                | Owner::Referring(_)
                | Owner::Notifying(_)
                | Owner::Changing(_)
                | Owner::Confirming(_),
            )
            | None => None,
        };
        let tag = owner.and_then(|leg| self.legs.get(leg.0)).map(|leg| leg.tag.clone());
        let mut ok = request.response(Status::OK);
        if let Some(tag) = &tag {
            // The same tag as in the answer to the INVITE (§9.2).
            ok = ok.with_to_tag(tag);
        }
        self.answer_request(now, reply, request, ok);
        let Some(leg) = owner else { return };
        match self.legs.get(leg.0).map(|leg| &leg.state) {
            Some(State::Offered(state)) if state.transaction == invite => {
                self.refuse_offered(now, leg, Status::REQUEST_TERMINATED, &Headers::new());
                self.end_leg(leg);
                self.events.push_back(Event::Cancelled { leg });
            }
            Some(State::Standing(_)) => self.cancel_reinvite(now, leg, invite),
            Some(State::Offered(_) | State::Calling(_) | State::Cancelling(_) | State::Leaving(_)) | None => {}
        }
    }

    /// The ACK of a 2xx (§13.3.1.4). One that nobody waits for is a repeated one.
    pub(super) fn receive_ack(&mut self, now: Instant, request: &Request) {
        let Some(leg) = self.leg_of(request) else {
            self.counters.dropped += 1;
            return;
        };
        let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) else { return };
        match &standing.offer {
            OfferState::Unacknowledged(waiting) if waiting.cseq == request.cseq => {}
            OfferState::Unacknowledged(_) | OfferState::Settled | OfferState::Reoffered(_) => return,
        }
        let settled = std::mem::replace(&mut standing.offer, OfferState::Settled);
        let OfferState::Unacknowledged(waiting) = settled else { return };
        self.transactions.wheel().stop(waiting.repeat);
        self.transactions.wheel().stop(waiting.overdue);
        let answer = body::session_of(&request.headers, &request.body).filter(|_| waiting.wants_answer);
        if waiting.is_first {
            self.admission.acknowledged(leg);
            self.proves_itself(now, leg);
            self.events.push_back(Event::Acknowledged { leg, answer });
        } else if let Some(answer) = answer {
            self.events.push_back(Event::ReofferAnswered { leg, answer });
        }
        if waiting.hang_up {
            self.say_bye(now, leg);
        }
    }

    /// The leg whose dialog a request is of.
    pub(super) fn leg_of(&mut self, request: &Request) -> Option<LegId> {
        let leg = *self.by_tag.get(request.to.tag()?)?;
        self.legs.get_mut(leg.0)?.dialog_of(request)?;
        Some(leg)
    }

    /// 200 to the first INVITE.
    pub(super) fn say_answer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>, headers: &Headers) {
        let Some(State::Offered(_)) = self.legs.get(leg.0).map(|leg| &leg.state) else {
            self.counters.stale += 1;
            return;
        };
        if self.keep_answer(leg, &sdp, headers) {
            return;
        }
        let is_described = self.stop_provisionals(leg);
        // RFC 6337 §2.1: what a reliable response has described is not described again.
        let sdp = if is_described { Vec::new() } else { sdp };
        let Some(state) = self.legs.get(leg.0) else { return };
        let State::Offered(offered) = &state.state else { return };
        let (invite, transaction) = (offered.invite.clone(), offered.transaction);
        let dialog = Dialog::clone(&offered.dialog);
        self.path_of(now, &dialog);
        let Some(state) = self.legs.get(leg.0) else { return };
        let response = self.ok_with_sdp(state, &invite, &dialog, sdp, headers);
        let mut waiting = self.await_ack(now, leg, &invite, transaction, &response, true);
        waiting.wants_answer &= !is_described;
        let offer = OfferState::Unacknowledged(waiting);
        self.set_deadline(now, leg, self.config.limits.longest);
        self.set_state(leg, State::Standing(Box::new(Standing::new(dialog, offer))));
    }

    /// A 200 to an INVITE with our SDP.
    pub(super) fn ok_with_sdp(
        &self,
        leg: &Leg,
        invite: &Request,
        dialog: &Dialog,
        sdp: Vec<u8>,
        headers: &Headers,
    ) -> Response {
        let mut response = invite.response(Status::OK).with_to_tag(&leg.tag).with_record_route(invite);
        response.headers.push(&self.contact_in(leg.local, dialog));
        response.headers.push_text(HeaderName::Allow, uas::ALLOW);
        response.headers.push_text(HeaderName::Supported, uas::SUPPORTED);
        if let Some(agreed) = self.config.session.as_server(&invite.headers) {
            agreed.answer(&mut response.headers);
        }
        append_headers(&mut response.headers, headers);
        self.sign(&mut response);
        if !sdp.is_empty() {
            response.set_body(&ContentType::new("application", "sdp"), sdp);
        }
        response
    }

    /// Sends a 2xx and repeats it until its ACK (§13.3.1.4).
    pub(super) fn await_ack(
        &mut self,
        now: Instant,
        leg: LegId,
        invite: &Request,
        transaction: TransactionId,
        response: &Response,
        is_first: bool,
    ) -> Unacknowledged {
        let ok = self.respond_now(now, transaction, response);
        self.agree_as_server(now, leg, invite);
        let wheel = self.transactions.wheel();
        Unacknowledged {
            cseq: invite.cseq,
            transaction,
            ok,
            interval: timers::T1,
            repeat: wheel.set(now + timers::T1, Due::Core(CoreTimer::Leg(leg, LegTimer::Repeat))),
            overdue: wheel.set(now + timers::GIVE_UP, Due::Core(CoreTimer::Leg(leg, LegTimer::Overdue))),
            is_first,
            wants_answer: body::session_of(&invite.headers, &invite.body).is_none(),
            hang_up: false,
        }
    }

    /// Refuses a call; the leg is over.
    pub(super) fn say_no(&mut self, now: Instant, leg: LegId, status: Status, headers: &Headers) {
        let Some(State::Offered(_)) = self.legs.get(leg.0).map(|leg| &leg.state) else {
            self.counters.stale += 1;
            return;
        };
        let status = if class_is_failure(status) { status } else { Status::SERVER_ERROR };
        self.refuse_offered(now, leg, status, headers);
        self.end_leg(leg);
        self.events.push_back(Event::Terminated { leg });
    }

    /// A final response that is not 2xx to the first INVITE.
    pub(super) fn refuse_offered(&mut self, now: Instant, leg: LegId, status: Status, headers: &Headers) {
        let Some(leg) = self.legs.get(leg.0) else { return };
        let State::Offered(state) = &leg.state else { return };
        let transaction = state.transaction;
        let mut response = state.invite.response(status).with_to_tag(&leg.tag);
        append_headers(&mut response.headers, headers);
        self.sign(&mut response);
        self.respond_now(now, transaction, &response);
    }

    /// The connection of a caller who waits for an answer is gone.
    pub(super) fn caller_vanished(&mut self, leg: LegId) {
        if let Some(State::Offered(_)) = self.legs.get(leg.0).map(|leg| &leg.state) {
            self.end_leg(leg);
            self.events.push_back(Event::Cancelled { leg });
        }
    }

    /// Our Contact in a dialog: `sips:` is answered with `sips:` (RFC 3261 §12.1.1).
    pub(super) fn contact_in(&self, local: SocketAddr, dialog: &Dialog) -> Contact {
        self.contact(local, dialog.path(), dialog.is_secure())
    }

    /// Our Contact towards a peer, in a call under `sips:` or not.
    pub(super) fn contact(&self, local: SocketAddr, path: Peer, secure: bool) -> Contact {
        let mut uri = self.uri_at(local);
        if secure {
            return Contact::Addr(NameAddr::new(SipUri { secure, ..uri }));
        }
        if path.transport.is_reliable() {
            uri.params.set("transport", Some(&path.transport.name().to_ascii_lowercase()));
        }
        Contact::Addr(NameAddr::new(uri))
    }
}

fn class_is_failure(status: Status) -> bool {
    status.code() >= 300
}

/// Copies headers that come from above.
pub(super) fn append_headers(to: &mut Headers, from: &Headers) {
    for (name, value) in from.iter() {
        // A name that was accepted once is accepted again.
        if let Ok(name) = str::from_utf8(name)
            && to.push_other(name, value).is_err()
        {
            tracing::debug!(name, "header dropped");
        }
    }
}
