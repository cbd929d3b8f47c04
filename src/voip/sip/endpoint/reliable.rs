//! Our provisional responses that must arrive (RFC 3262 §3), for a caller who requires it.
//!
//! ```text
//!  180, Require: 100rel, RSeq ──▶ again after T1, 2 T1, 4 T1 … ── PRACK ──▶ 200
//!                                                              ── 64 T1 ──▶ 504 to the INVITE
//! ```
//!
//! One at a time: what comes meanwhile waits for the PRACK if it holds a description, and is left out if not.

use super::leg::{LegTimer, State};
use super::update::Offers;
use super::{CoreTimer, Due, Endpoint, Event, LegId};
use crate::model::Instant;
use crate::voip::sip::headers::{ContentType, HeaderName, Headers, RAck, RSeq};
use crate::voip::sip::transaction::table::Input;
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::transaction::{Class, Wire, invite_server, timers};
use crate::voip::sip::{Method, Peer, Request, Status, uas};
use rand::RngExt;
use std::time::Duration;

/// The option tag.
const RELIABLE: &str = "100rel";

/// What was said reliably before the answer.
#[derive(Debug)]
pub(super) struct Reliable {
    /// The number of the last response.
    number: u32,
    /// The number of the INVITE.
    cseq: u32,
    pub waiting: Option<Unconfirmed>,
    description: Described,
    /// The answer, which waits for the PRACK of a response with a description.
    answer: Option<(Vec<u8>, Headers)>,
}

/// What a reliable response has said of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Described {
    /// Nothing: the offer of the INVITE has no answer yet, or there was none.
    Nothing,
    /// It held the answer to the INVITE's offer.
    Answer,
    /// It held our offer, and its answer comes in the PRACK.
    Offer,
    /// The answer to our offer has come.
    Answered,
}

/// A response whose PRACK has not come.
#[derive(Debug)]
pub(super) struct Unconfirmed {
    wire: Wire,
    interval: Duration,
    pub repeat: TimerId,
    pub overdue: TimerId,
    describes: bool,
}

impl Reliable {
    /// Whose offer has no answer.
    pub fn offers(&self) -> Offers {
        match self.description {
            Described::Nothing => Offers::Theirs,
            Described::Offer => Offers::Ours,
            // RFC 3262 §5: no offer before the answer is known to have arrived.
            Described::Answer | Described::Answered if self.waiting.is_some() => Offers::Theirs,
            Described::Answer | Described::Answered => Offers::Free,
        }
    }

    /// Whether descriptions have been exchanged: then the 2xx needs none.
    pub const fn is_described(&self) -> bool {
        matches!(self.description, Described::Answer | Described::Answered)
    }
}

impl Endpoint {
    /// A provisional response above 100, reliable when the caller requires that.
    pub(super) fn say_provisional(&mut self, now: Instant, leg: LegId, status: Status, sdp: Option<Vec<u8>>) {
        let Some((found, State::Offered(state))) = self.legs.get(leg.0).map(|leg| (leg, &leg.state)) else {
            self.counters.stale += 1;
            return;
        };
        let is_reliable = state.invite.headers.has_word(HeaderName::Require, RELIABLE);
        let before = found.session.reliable.as_deref();
        let is_first = before.is_none_or(|reliable| reliable.description == Described::Nothing);
        // RFC 3262 §5: the first reliable response to an INVITE without an offer must hold one; and one at a time.
        let lacks_offer = is_first && state.invite.body.is_empty() && sdp.is_none();
        if is_reliable && (lacks_offer || before.is_some_and(|reliable| reliable.waiting.is_some())) {
            return;
        }
        let number = before.map_or_else(|| 0, |reliable| reliable.number);
        let (transaction, cseq, offered) = (state.transaction, state.invite.cseq, !state.invite.body.is_empty());
        let mut response = state.invite.response(status).with_to_tag(&found.tag).with_record_route(&state.invite);
        response.headers.push(&self.contact_in(found.local, &state.dialog));
        response.headers.push_text(HeaderName::Allow, uas::ALLOW);
        let describes = sdp.is_some();
        if let Some(sdp) = sdp {
            response.set_body(&ContentType::new("application", "sdp"), sdp);
        }
        self.sign(&mut response);
        if !is_reliable {
            self.respond_now(now, transaction, &response);
            return;
        }
        // §3: the first number is drawn below 2³¹.
        let number = if number == 0 { self.rng.random_range(1..1 << 30) } else { number + 1 };
        response.headers.push_text(HeaderName::Require, RELIABLE);
        response.headers.push(&RSeq(number));
        let wire = self.respond_now(now, transaction, &response);
        let due = |timer| Due::Core(CoreTimer::Leg(leg, timer));
        let wheel = self.transactions.wheel();
        let repeat = wheel.set(now + timers::T1, due(LegTimer::Again));
        let overdue = wheel.set(now + timers::GIVE_UP, due(LegTimer::Unconfirmed));
        let waiting = Some(Unconfirmed { wire, interval: timers::T1, repeat, overdue, describes });
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let description = match (found.session.reliable.as_ref().map(|reliable| reliable.description), describes) {
            (Some(before @ (Described::Answer | Described::Offer | Described::Answered)), _) => before,
            (Some(Described::Nothing) | None, false) => Described::Nothing,
            (Some(Described::Nothing) | None, true) if offered => Described::Answer,
            (Some(Described::Nothing) | None, true) => Described::Offer,
        };
        let reliable = Reliable { number, cseq, waiting, description, answer: None };
        found.session.reliable = Some(Box::new(reliable));
    }

    /// Whether the answer must wait for a PRACK (§3: one with a description must have arrived); then it is kept.
    pub(super) fn keep_answer(&mut self, leg: LegId, sdp: &[u8], headers: &Headers) -> bool {
        let reliable = self.legs.get_mut(leg.0).and_then(|leg| leg.session.reliable.as_mut());
        let Some(reliable) = reliable else { return false };
        let waits = reliable.waiting.as_ref().is_some_and(|waiting| waiting.describes);
        if waits {
            reliable.answer = Some((sdp.to_vec(), headers.clone()));
        }
        waits
    }

    /// PRACK (§3): 200 when it is for the response that waits, else 481.
    pub(super) fn receive_prack(&mut self, now: Instant, leg: LegId, from: Peer, reply: Peer, request: Request) {
        let Ok(Some(rack)) = request.headers.typed::<RAck>() else {
            self.answer_request(now, reply, &request, request.response(Status::BAD_REQUEST).with_reason("Bad RAck"));
            return;
        };
        let reliable = self.legs.get_mut(leg.0).and_then(|leg| leg.session.reliable.as_mut());
        let reliable = reliable.filter(|reliable| {
            rack.response == reliable.number && rack.cseq.number == reliable.cseq && rack.cseq.method == Method::Invite
        });
        let Some((reliable, waiting)) = reliable.and_then(|reliable| {
            let waiting = reliable.waiting.take()?;
            Some((reliable, waiting))
        }) else {
            self.answer_request(now, reply, &request, request.response(Status::NO_SUCH_CALL));
            return;
        };
        let answer = reliable.answer.take();
        let is_answer = reliable.description == Described::Offer && waiting.describes;
        if is_answer && !request.body.is_empty() {
            reliable.description = Described::Answered;
        }
        let is_open = reliable.is_described();
        self.transactions.wheel().stop(waiting.repeat);
        self.transactions.wheel().stop(waiting.overdue);
        let body = crate::voip::sip::body::session_of(&request.headers, &request.body);
        match body {
            Some(_) if is_answer || !is_open || !self.transactions.has_room(&reply) => {
                self.confirm(now, leg, reply, &request);
                if let Some(answer) = body.filter(|_| is_answer) {
                    self.events.push_back(Event::ReofferAnswered { leg, answer });
                }
            }
            // §5: an offer after the answer; the 200 to the PRACK answers it.
            Some(_) => match uas::refuse_body(&request) {
                Some(refusal) => self.answer_request(now, reply, &request, refusal),
                None => self.ask_above(now, leg, from, reply, request),
            },
            None => self.confirm(now, leg, reply, &request),
        }
        if let Some((sdp, headers)) = answer {
            self.say_answer(now, leg, sdp, &headers);
        }
    }

    /// The answer goes out: nothing provisional is repeated, and a PRACK under way is still met (§3). Whether a
    /// description has been exchanged already.
    pub(super) fn stop_provisionals(&mut self, leg: LegId) -> bool {
        let reliable = self.legs.get_mut(leg.0).and_then(|leg| leg.session.reliable.as_ref());
        let Some(reliable) = reliable else { return false };
        if let Some(waiting) = &reliable.waiting {
            self.transactions.wheel().stop(waiting.repeat);
            self.transactions.wheel().stop(waiting.overdue);
        }
        reliable.is_described()
    }

    fn confirm(&mut self, now: Instant, leg: LegId, reply: Peer, request: &Request) {
        if let Some(response) = self.ok_within(leg, request, None) {
            self.answer_request(now, reply, request, response);
        }
    }

    /// Says a reliable response again: the interval doubles without a bound (§3).
    pub(super) fn say_again(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        let Some((leg_found, transaction)) = self.legs.get_mut(leg.0).and_then(|leg| {
            let transaction = match &leg.state {
                State::Offered(state) => state.transaction,
                State::Calling(_) | State::Cancelling(_) | State::Standing(_) | State::Leaving(_) => return None,
            };
            Some((leg, transaction))
        }) else {
            return;
        };
        let waiting = leg_found.session.reliable.as_mut().and_then(|reliable| reliable.waiting.as_mut());
        let Some(waiting) = waiting.filter(|waiting| waiting.repeat == timer_id) else { return };
        waiting.interval *= 2;
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Again));
        waiting.repeat = self.transactions.wheel().set(now + waiting.interval, due);
        let wire = Wire::clone(&waiting.wire);
        let octets = wire.len();
        let input = invite_server::Input::Respond(Class::Provisional, wire);
        if self.transactions.peer(transaction).is_some_and(|to| self.may_repeat(now, to, octets)) {
            self.counters.retransmissions += 1;
            self.transactions.handle(now, transaction, Input::InviteServer(input));
        }
    }

    /// No PRACK came: the caller is refused (§3).
    pub(super) fn unconfirmed(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        let reliable = self.legs.get(leg.0).and_then(|leg| leg.session.reliable.as_ref());
        let waiting = reliable.and_then(|reliable| reliable.waiting.as_ref());
        if waiting.is_some_and(|waiting| waiting.overdue == timer_id) {
            self.counters.not_acknowledged += 1;
            self.say_no(now, leg, Status::SERVER_TIMEOUT, &Headers::new());
        }
    }
}
