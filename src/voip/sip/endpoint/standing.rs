//! Calls that stand: re-INVITE, INFO, BYE, and the timers of every leg (RFC 3261 §12.2.2, §14, §15).

use super::leg::{End, Leg, LegTimer, OfferState, Reoffered, State};
use super::{CoreTimer, Due, Endpoint, Event, LegId, Note, Owner};
use crate::model::Instant;
use crate::voip::sip::dialog::Order;
use crate::voip::sip::headers::{HeaderName, Headers, RetryAfter};
use crate::voip::sip::transaction::table::{Input, TransactionId};
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::transaction::{Class, Wire, invite_server, timers};
use crate::voip::sip::{Method, Params, Peer, Request, Response, Status, body, uas};
use rand::RngExt;
use std::time::Duration;

impl Endpoint {
    /// A request within a dialog, if there is one.
    pub(super) fn receive_within(&mut self, now: Instant, from: Peer, reply: Peer, request: Request) {
        let Some(leg) = self.leg_of(&request) else {
            self.note(from, Note::Stray);
            self.answer_outside(reply, &request, request.response(Status::NO_SUCH_CALL));
            return;
        };
        // It goes without an answer: each costs more than the question. A BYE makes an end of it.
        let found = self.legs.get_mut(leg.0);
        if request.method != Method::Bye && found.is_some_and(|leg| leg.asks_too_much(now)) {
            self.counters.dropped += 1;
            return;
        }
        let dialog = self.legs.get_mut(leg.0).and_then(|leg| leg.dialog_of(&request));
        let order = dialog.map(|dialog| dialog.receive(&request));
        if order == Some(Order::Late) {
            self.answer_request(now, reply, &request, request.response(Status::SERVER_ERROR));
            return;
        }
        match request.method {
            Method::Invite => self.receive_reinvite(now, leg, from, reply, request),
            Method::Bye => self.receive_bye(now, leg, reply, &request),
            Method::Info => self.receive_info(now, leg, reply, request),
            Method::Notify => self.receive_notify(now, leg, reply, &request),
            Method::Refer => self.receive_refer(now, leg, reply, request),
            Method::Update => self.receive_update(now, leg, from, reply, request),
            Method::Prack => self.receive_prack(now, leg, from, reply, request),
            Method::Options => self.answer_request(now, reply, &request, uas::describe(&request)),
            _ => self.answer_request(now, reply, &request, request.response(Status::NO_SUCH_CALL)),
        }
    }

    fn receive_reinvite(&mut self, now: Instant, leg: LegId, from: Peer, reply: Peer, request: Request) {
        if let Some(response) = self.refuse_reinvited(leg, &reply, &request) {
            self.answer_request(now, reply, &request, response);
            return;
        }
        if let Some(found) = self.legs.get_mut(leg.0) {
            found.session.learn(&request.headers);
        }
        let transaction = self.begin_invited(now, reply, &request);
        self.transactions.set_owner(transaction, Owner::Invited(leg));
        let offer = body::session_of(&request.headers, &request.body);
        if let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) {
            let invite = Box::new(request);
            standing.offer = OfferState::Reoffered(Reoffered { invite, transaction, from });
        }
        self.events.push_back(Event::Reoffer { leg, early: None, offer });
    }

    fn refuse_reinvited(&mut self, leg: LegId, reply: &Peer, request: &Request) -> Option<Response> {
        let found = self.legs.get(leg.0);
        let session = found.map(|leg| (leg.session.theirs.is_some(), leg.session.ours.offers()));
        match found.map(|leg| &leg.state) {
            Some(State::Standing(standing)) => match (&standing.offer, session) {
                (OfferState::Unacknowledged(_), _) | (OfferState::Settled, Some((_, true))) => {
                    Some(request.response(Status::REQUEST_PENDING))
                }
                (OfferState::Reoffered(_), _) | (OfferState::Settled, Some((true, _))) => {
                    Some(self.refuse_second(request))
                }
                (OfferState::Settled, _) if !self.transactions.has_room(reply) => Some(self.refuse_second(request)),
                (OfferState::Settled, _) => uas::refuse_body(request).or_else(|| self.config.session.refuse(request)),
            },
            Some(State::Offered(_)) => Some(self.refuse_second(request)),
            // Our own INVITE has no answer (§14.2).
            Some(State::Calling(_)) => Some(request.response(Status::REQUEST_PENDING)),
            Some(State::Cancelling(_) | State::Leaving(_)) | None => Some(request.response(Status::NO_SUCH_CALL)),
        }
    }

    /// A second INVITE before the first has its answer: 500, and come back within ten seconds (§14.2).
    pub(super) fn refuse_second(&mut self, request: &Request) -> Response {
        let mut response = request.response(Status::SERVER_ERROR);
        let seconds = self.rng.random_range(0..=10);
        response.headers.push(&RetryAfter { seconds, params: Params::default() });
        response
    }

    /// Where the offer that waits for an answer came from.
    #[must_use]
    pub fn reoffered_from(&self, leg: LegId) -> Option<Peer> {
        let found = self.legs.get(leg.0)?;
        if let Some(theirs) = &found.session.theirs {
            return Some(theirs.from);
        }
        match &found.state {
            State::Standing(standing) => match &standing.offer {
                OfferState::Reoffered(reoffered) => Some(reoffered.from),
                OfferState::Settled | OfferState::Unacknowledged(_) => None,
            },
            _ => None,
        }
    }

    /// The re-INVITE that waits for an answer.
    fn take_reoffered(&mut self, leg: LegId) -> Option<Reoffered> {
        let State::Standing(standing) = &mut self.legs.get_mut(leg.0)?.state else { return None };
        match std::mem::replace(&mut standing.offer, OfferState::Settled) {
            OfferState::Reoffered(reoffered) => Some(reoffered),
            other @ (OfferState::Settled | OfferState::Unacknowledged(_)) => {
                standing.offer = other;
                None
            }
        }
    }

    /// 200 to a re-INVITE. Now the peer's new Contact counts (§12.2.2).
    pub(super) fn say_reanswer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>) {
        if self.has_theirs(leg) {
            self.answer_offer_of(now, leg, sdp);
            return;
        }
        let Some(reoffered) = self.take_reoffered(leg) else {
            self.counters.stale += 1;
            return;
        };
        let Some(dialog) = self.legs.get_mut(leg.0).and_then(Leg::dialog) else { return };
        dialog.refresh_target(&reoffered.invite, reoffered.from);
        let dialog = dialog.clone();
        let Some(found) = self.legs.get(leg.0) else { return };
        let response = self.ok_with_sdp(found, &reoffered.invite, &dialog, sdp, &Headers::new());
        let waiting = self.await_ack(now, leg, &reoffered.invite, reoffered.transaction, &response, false);
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        found.session.ours.overtake();
        if let State::Standing(standing) = &mut found.state {
            standing.offer = OfferState::Unacknowledged(waiting);
        }
    }

    /// A final response that is not 2xx to a re-INVITE.
    pub(super) fn refuse_reinvite(&mut self, now: Instant, leg: LegId, status: Status) {
        let status = if status.code() >= 300 { status } else { Status::NOT_ACCEPTABLE_HERE };
        let Some(reoffered) = self.take_reoffered(leg) else {
            if !self.refuse_offer_of(now, leg, status) {
                self.counters.stale += 1;
            }
            return;
        };
        let mut response = reoffered.invite.response(status);
        self.sign(&mut response);
        self.respond_now(now, reoffered.transaction, &response);
    }

    /// The CANCEL of a re-INVITE; the session goes on as it was.
    pub(super) fn cancel_reinvite(&mut self, now: Instant, leg: LegId, invite: TransactionId) {
        let Some(State::Standing(standing)) = self.legs.get(leg.0).map(|leg| &leg.state) else { return };
        if matches!(&standing.offer, OfferState::Reoffered(reoffered) if reoffered.transaction == invite) {
            self.refuse_reinvite(now, leg, Status::REQUEST_TERMINATED);
        }
    }

    /// BYE (§15.1.2): 200, and whatever is open is answered 487.
    fn receive_bye(&mut self, now: Instant, leg: LegId, reply: Peer, request: &Request) {
        // §15: who is called ends nothing before its answer.
        let is_early =
            matches!(self.legs.get(leg.0).map(|leg| &leg.state), Some(State::Calling(_) | State::Cancelling(_)));
        let status = if is_early { Status::NO_SUCH_CALL } else { Status::OK };
        self.answer_request(now, reply, request, request.response(status));
        match self.legs.get(leg.0).map(|leg| &leg.state) {
            Some(State::Offered(_)) => {
                self.close_session(now, leg);
                self.refuse_offered(now, leg, Status::REQUEST_TERMINATED, &Headers::new());
                self.end_leg(leg);
                self.events.push_back(Event::Cancelled { leg });
            }
            Some(State::Standing(standing)) => {
                if matches!(standing.offer, OfferState::Reoffered(_)) {
                    self.refuse_reinvite(now, leg, Status::REQUEST_TERMINATED);
                }
                self.close_session(now, leg);
                self.end_leg(leg);
                self.events.push_back(Event::HungUp { leg });
            }
            // Both hung up: ours is answered by its own 200, or 481, or its time.
            Some(State::Calling(_) | State::Cancelling(_) | State::Leaving(_)) | None => {}
        }
    }

    /// INFO (RFC 2976, RFC 6086): 200 and the body goes above.
    fn receive_info(&mut self, now: Instant, leg: LegId, reply: Peer, request: Request) {
        let is_standing = matches!(self.legs.get(leg.0).map(|leg| &leg.state), Some(State::Standing(_)));
        let status = if is_standing { Status::OK } else { Status::NO_SUCH_CALL };
        self.answer_request(now, reply, &request, request.response(status));
        if is_standing {
            let content_type = request.headers.get(HeaderName::ContentType).unwrap_or_default();
            let content_type = String::from_utf8_lossy(content_type).into_owned();
            self.events.push_back(Event::Info { leg, content_type, body: request.body });
        }
    }

    /// Hangs up, whatever the state.
    pub(super) fn leave(&mut self, now: Instant, leg: LegId) {
        match self.legs.get_mut(leg.0).map(|leg| &mut leg.state) {
            Some(State::Offered(_)) => self.say_no(now, leg, Status::TEMPORARILY_UNAVAILABLE, &Headers::new()),
            Some(State::Calling(_)) => self.give_up(now, leg),
            Some(State::Standing(standing)) => match &mut standing.offer {
                OfferState::Unacknowledged(waiting) => waiting.hang_up = true,
                OfferState::Reoffered(_) => {
                    self.refuse_reinvite(now, leg, Status::REQUEST_TERMINATED);
                    self.say_bye(now, leg);
                }
                OfferState::Settled => self.say_bye(now, leg),
            },
            Some(State::Cancelling(_) | State::Leaving(_)) | None => self.counters.stale += 1,
        }
    }

    /// Our BYE has its answer, or will have none.
    pub(super) fn left(&mut self, leg: LegId) {
        let Some(State::Leaving(state)) = self.legs.get(leg.0).map(|leg| &leg.state) else { return };
        let why = state.why;
        self.end_leg(leg);
        match why {
            End::Terminated => self.events.push_back(Event::Terminated { leg }),
            End::Told => {}
        }
    }

    /// A timer of a leg.
    pub(super) fn fire(&mut self, now: Instant, leg: LegId, timer: LegTimer, timer_id: TimerId) {
        if timer == LegTimer::Subscription {
            return self.subscription_overdue(now, leg, timer_id);
        }
        let Some(found) = self.legs.get(leg.0) else { return };
        match timer {
            LegTimer::Deadline if found.deadline == Some(timer_id) => self.overstayed(now, leg),
            LegTimer::Repeat => self.repeat_ok(now, leg, timer_id),
            LegTimer::Overdue => self.ack_overdue(now, leg, timer_id),
            LegTimer::Referral => self.referral_overdue(leg, timer_id),
            LegTimer::Refresh => self.refresh_due(now, leg, timer_id),
            LegTimer::Expired => self.session_expired(now, leg, timer_id),
            LegTimer::Change => self.change_due(now, leg, timer_id),
            LegTimer::Again => self.say_again(now, leg, timer_id),
            LegTimer::Unconfirmed => self.unconfirmed(now, leg, timer_id),
            LegTimer::Deadline | LegTimer::Subscription => {}
        }
    }

    fn repeat_ok(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) else { return };
        let OfferState::Unacknowledged(waiting) = &mut standing.offer else { return };
        if waiting.repeat != timer_id {
            return;
        }
        waiting.interval = timers::doubled(waiting.interval);
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Repeat));
        waiting.repeat = self.transactions.wheel().set(now + waiting.interval, due);
        let input = invite_server::Input::Respond(Class::Success, Wire::clone(&waiting.ok));
        self.transactions.handle(now, waiting.transaction, Input::InviteServer(input));
    }

    fn ack_overdue(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) else { return };
        let OfferState::Unacknowledged(waiting) = &standing.offer else { return };
        if waiting.overdue != timer_id {
            return;
        }
        let repeat = waiting.repeat;
        let caller = self.transactions.peer(waiting.transaction);
        let why = if waiting.hang_up { End::Terminated } else { End::Told };
        standing.offer = OfferState::Settled;
        self.transactions.wheel().stop(repeat);
        self.counters.not_acknowledged += 1;
        if caller.is_some_and(|caller| self.is_proven(caller)) {
            self.say_bye_as(now, leg, why);
        } else {
            self.say_bye_once(now, leg, why);
        }
        if why == End::Told {
            self.events.push_back(Event::NotAcknowledged { leg });
        }
    }

    /// The leg has been too long where it is.
    fn overstayed(&mut self, now: Instant, leg: LegId) {
        match self.legs.get(leg.0).map(|leg| &leg.state) {
            Some(State::Offered(_)) => self.say_no(now, leg, Status::TEMPORARILY_UNAVAILABLE, &Headers::new()),
            Some(State::Calling(_)) => {
                self.set_deadline(now, leg, timers::GIVE_UP);
                self.give_up(now, leg);
            }
            Some(State::Cancelling(state)) => {
                let transaction = state.transaction;
                self.transactions.abandon(transaction);
                self.invite_failed(leg, Status::REQUEST_TIMEOUT);
            }
            Some(State::Standing(_)) => {
                self.set_deadline(now, leg, Duration::from_secs(64));
                self.leave(now, leg);
            }
            // The BYE's transaction ends it within 32 s; this is for a bug only.
            Some(State::Leaving(_)) => self.left(leg),
            None => {}
        }
    }
}
