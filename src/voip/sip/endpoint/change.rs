//! Changes that we ask for within a call: our offers in a re-INVITE, or in an UPDATE while no INVITE may be sent; our
//! UPDATE that refreshes (RFC 3261 §14.1, RFC 3311 §5.1, RFC 4028 §7.2).
//!
//! | the call | our offer goes out in |
//! |---|---|
//! | stands | a re-INVITE |
//! | our 2xx has no ACK; or is not answered, and a reliable response has answered the first offer | an UPDATE |
//! | the peer's offer has no answer; or is not answered otherwise | the same, when that is over |
//!
//! ```text
//!              ┌───────────── the time has come ──────────────┐
//!              ▼                                              │
//!  ask ──▶ Asking ── 491, 500 with Retry-After ──▶ Waiting ───┘
//!            │ │ └── 401, 407, 422 ──▶ asked again
//!            │ └──── other refusals: the session stays as it was
//!            │ 2xx, ACK          │ 481, 408, no answer
//!            ▼                   ▼
//!          Settled            the call is over
//! ```
//!
//! An offer that waits while one of the peer's is answered is not sent as it was: `Event::Refresh` asks for another.

use super::incoming::append_headers;
use super::leg::{End, Leg, LegTimer, OfferState, State};
use super::update::Tool;
use super::{CoreTimer, Due, Endpoint, Event, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::headers::{ContentType, HeaderName, Headers, RetryAfter};
use crate::voip::sip::session::{self, SHORTEST};
use crate::voip::sip::transaction::Tell;
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{Method, Response, Status, uas};
use rand::RngExt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What is said of us within a call: all of [`uas::SUPPORTED`] but `100rel`, for no provisional response to a re-INVITE is
/// confirmed (RFC 3262 §3 forbids reliable ones then).
const SUPPORTED: &str = "replaces, norefersub, timer";
/// How often a change is asked for, over all refusals.
const TRIES: u8 = 6;
/// How long a re-INVITE may wait for its final answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest Retry-After that we wait for within a call, seconds.
const LONGEST_RETRY: u32 = 30;
/// After a collision, the one who drew the Call-ID waits 2.1–4 s, the other 0–2 s (§14.1), in steps of 10 ms.
const OWNER_WAITS: RangeInclusive<u64> = 210..=400;
const OTHER_WAITS: RangeInclusive<u64> = 0..=200;

/// Where a change of ours stands.
#[derive(Debug, Default)]
pub(super) enum Change {
    /// None is under way.
    #[default]
    Settled,
    /// The request waits for its final answer.
    Asking(Asking),
    /// It collided with one of the peer's.
    Waiting(Waiting),
}

/// A request that was sent. Without an offer it is an UPDATE that refreshes.
#[derive(Debug)]
pub(super) struct Asking {
    offer: Option<Vec<u8>>,
    method: Method,
    number: u32,
    tries: u8,
    overdue: TimerId,
}

/// One that will be sent.
#[derive(Debug)]
pub(super) struct Waiting {
    offer: Option<Vec<u8>>,
    /// An offer of the peer has been answered since: ours is older than what is in force (RFC 3264 §8).
    is_overtaken: bool,
    tries: u8,
    again: TimerId,
}

impl Change {
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Settled)
    }

    /// Whether an offer of ours has no answer: the peer's must wait (§14.2).
    pub const fn offers(&self) -> bool {
        matches!(self, Self::Asking(Asking { offer: Some(_), .. }))
    }

    /// An offer of the peer was answered while ours waited.
    pub const fn overtake(&mut self) {
        if let Self::Waiting(waiting) = self {
            waiting.is_overtaken = waiting.offer.is_some();
        }
    }

    /// The timer that runs.
    pub fn timer(self) -> Option<TimerId> {
        match self {
            Self::Settled => None,
            Self::Asking(asking) => Some(asking.overdue),
            Self::Waiting(waiting) => Some(waiting.again),
        }
    }
}

impl Endpoint {
    /// Offers another session within a call.
    pub(super) fn say_offer(&mut self, now: Instant, leg: LegId, offer: Vec<u8>) {
        let is_free =
            self.legs.get(leg.0).is_some_and(|leg| leg.tool() != Tool::Never && leg.session.ours.is_settled());
        if is_free {
            self.change(now, leg, Some(offer), 0);
        } else {
            self.counters.stale += 1;
        }
    }

    /// Asks for a change, now or when the peer's own is done.
    pub(super) fn change(&mut self, now: Instant, leg: LegId, offer: Option<Vec<u8>>, tries: u8) {
        let Some(found) = self.legs.get(leg.0) else { return };
        let method = match (found.tool(), &offer) {
            (Tool::Never, _) => return,
            (Tool::Update, _) | (_, None) => Method::Update,
            (Tool::Invite, Some(_)) => Method::Invite,
            (Tool::Later, Some(_)) => return self.wait_to_change(now, leg, offer, tries + 1, None),
        };
        if let Some(login) = self.legs.get_mut(leg.0).and_then(|leg| leg.login.as_mut()) {
            login.begin();
        }
        self.ask_for_change(now, leg, offer, method, tries);
    }

    fn ask_for_change(&mut self, now: Instant, leg: LegId, offer: Option<Vec<u8>>, method: Method, tries: u8) {
        let Some(number) = self.send_change(now, leg, offer.as_deref(), method.clone()) else { return };
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Change));
        let overdue = self.transactions.wheel().set(now + PATIENCE, due);
        self.set_change(leg, Change::Asking(Asking { offer, method, number, tries, overdue }));
    }

    fn send_change(&mut self, now: Instant, leg: LegId, offer: Option<&[u8]>, method: Method) -> Option<u32> {
        let cnonce = self.draw_tag();
        let dialog = self.legs.get_mut(leg.0)?.offering_dialog()?.clone();
        let path = self.path_of(now, &dialog);
        let found = self.legs.get_mut(leg.0)?;
        let local = found.local;
        let mut request = found.offering_dialog()?.request(method);
        let mut headers = Headers::new();
        headers.push(&self.contact_in(local, &dialog));
        headers.push_text(HeaderName::Allow, uas::ALLOW);
        headers.push_text(HeaderName::Supported, SUPPORTED);
        let found = self.legs.get_mut(leg.0)?;
        let least = found.session.least;
        match &found.session.timer {
            Some(timer) => timer.agreed.repeat(&mut headers, least),
            None if found.is_standing() => self.config.session.ask(&mut headers, least),
            None => {}
        }
        append_headers(&mut request.headers, &headers);
        if let Some(offer) = offer {
            request.set_body(&ContentType::new("application", "sdp"), offer.to_vec());
        }
        if let Some(login) = &mut found.login {
            login.sign(&mut request, &cnonce);
        }
        let number = request.cseq;
        self.begin_request(now, request, local, path, Owner::Changing(leg));
        Some(number)
    }

    fn set_change(&mut self, leg: LegId, change: Change) -> Change {
        let Some(found) = self.legs.get_mut(leg.0) else { return Change::Settled };
        std::mem::replace(&mut found.session.ours, change)
    }

    /// The change that waits for the answer with this number, which has come.
    fn take_asking(&mut self, leg: LegId, number: Option<u32>) -> Option<Asking> {
        match self.set_change(leg, Change::Settled) {
            Change::Asking(asking) if number.is_none_or(|number| number == asking.number) => {
                self.transactions.wheel().stop(asking.overdue);
                Some(asking)
            }
            other @ (Change::Settled | Change::Asking(_) | Change::Waiting(_)) => {
                self.set_change(leg, other);
                None
            }
        }
    }

    /// What the transaction of a change says.
    pub(super) fn change_told(&mut self, now: Instant, leg: LegId, tell: Tell, response: Option<&Response>) {
        match (tell, response) {
            (Tell::Response, Some(response)) if response.status.is_success() => self.changed(now, leg, response),
            (Tell::Response, Some(response)) if response.status.is_final() => self.change_refused(now, leg, response),
            (Tell::TimedOut, _) => {
                if let Some(asking) = self.take_asking(leg, None) {
                    self.not_answered(now, leg, &asking);
                }
            }
            (Tell::TransportFailed, _) => {
                if let Some(asking) = self.take_asking(leg, None) {
                    self.stay(now, leg, &asking, Status::SERVICE_UNAVAILABLE);
                }
            }
            (Tell::Response | Tell::Ack | Tell::NotAcknowledged, _) => {}
        }
    }

    /// 2xx: to an INVITE it needs its ACK, each time it comes (§13.2.2.4).
    fn changed(&mut self, now: Instant, leg: LegId, response: &Response) {
        let number = response.cseq.number;
        let asking = self.take_asking(leg, Some(number));
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let local = found.local;
        if asking.is_some() {
            found.session.learn(&response.headers);
        }
        let (least, is_standing) = (found.session.least, found.is_standing());
        let Some(dialog) = found.dialog_made(response) else { return };
        if asking.is_some() {
            dialog.follow(response);
        }
        if response.cseq.method == Method::Invite {
            let dialog = dialog.clone();
            self.acknowledge(now, leg, &dialog, local, response);
        }
        let Some(asking) = asking else { return };
        if is_standing {
            let agreed = self.config.session.as_client(&response.headers, least);
            self.agree(now, leg, agreed);
        }
        match (asking.offer, crate::voip::sip::body::session_of(&response.headers, &response.body)) {
            (Some(_), Some(answer)) => self.events.push_back(Event::ReofferAnswered { leg, answer }),
            (Some(_), None) => {
                self.events.push_back(Event::ReofferRefused { leg, status: Status::NOT_ACCEPTABLE_HERE });
            }
            (None, _) => {}
        }
    }

    fn change_refused(&mut self, now: Instant, leg: LegId, response: &Response) {
        let Some(asking) = self.take_asking(leg, Some(response.cseq.number)) else { return };
        let retry = response.headers.typed::<RetryAfter>().ok().flatten().map(|after| after.seconds);
        let more = asking.tries < TRIES;
        let is_standing = self.legs.get(leg.0).is_some_and(Leg::is_standing);
        match (response.status, retry) {
            // RFC 5057 §5.1: the peer has forgotten the call; a BYE would find nobody.
            (Status::NO_SUCH_CALL, _) if is_standing => {
                self.end_leg(leg);
                self.events.push_back(Event::HungUp { leg });
            }
            (Status::REQUEST_TIMEOUT, _) => self.not_answered(now, leg, &asking),
            (Status::REQUEST_PENDING, _) if more => {
                self.wait_to_change(now, leg, asking.offer, asking.tries + 1, None);
            }
            (Status::SERVER_ERROR, Some(seconds @ ..=LONGEST_RETRY)) if more => {
                let seconds = Some(Duration::from_secs(seconds.into()));
                self.wait_to_change(now, leg, asking.offer, asking.tries + 1, seconds);
            }
            (Status::SESSION_INTERVAL_TOO_SMALL, _) if more => {
                let least = session::shortest_of(&response.headers);
                if let Some(found) = self.legs.get_mut(leg.0) {
                    found.session.least = found.session.least.max(least).max(SHORTEST);
                }
                self.ask_for_change(now, leg, asking.offer, asking.method, asking.tries + 1);
            }
            (Status::METHOD_NOT_ALLOWED | Status::NOT_IMPLEMENTED, _) if asking.method == Method::Update => {
                // It said that it takes UPDATE, and does not: a re-INVITE then.
                if let Some(found) = self.legs.get_mut(leg.0) {
                    found.session.takes_update = false;
                }
                match asking.offer {
                    Some(offer) => self.change(now, leg, Some(offer), asking.tries + 1),
                    None => self.refresh(now, leg),
                }
            }
            (status, _) if more && self.may_sign(leg, response) => {
                tracing::debug!(%leg, status = status.code(), "asked who we are");
                self.ask_for_change(now, leg, asking.offer, asking.method, asking.tries + 1);
            }
            (status, _) => self.stay(now, leg, &asking, status),
        }
    }

    /// Nothing has come. A peer that says nothing to an UPDATE before the answer may still answer the call.
    fn not_answered(&mut self, now: Instant, leg: LegId, asking: &Asking) {
        if self.legs.get(leg.0).is_some_and(Leg::is_standing) {
            self.lost(now, leg);
        } else {
            self.stay(now, leg, asking, Status::REQUEST_TIMEOUT);
        }
    }

    /// The session goes on as it was.
    fn stay(&mut self, now: Instant, leg: LegId, asking: &Asking, status: Status) {
        self.refresh_later(now, leg);
        if asking.offer.is_some() {
            self.events.push_back(Event::ReofferRefused { leg, status });
        }
    }

    fn wait_to_change(&mut self, now: Instant, leg: LegId, offer: Option<Vec<u8>>, tries: u8, wait: Option<Duration>) {
        let Some(found) = self.legs.get(leg.0) else { return };
        let is_owner = found.is_ours();
        let drawn = self.rng.random_range(if is_owner { OWNER_WAITS } else { OTHER_WAITS });
        let wait = wait.unwrap_or(Duration::from_millis(10 * drawn));
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Change));
        let again = self.transactions.wheel().set(now + wait, due);
        self.set_change(leg, Change::Waiting(Waiting { offer, is_overtaken: false, tries, again }));
    }

    /// The time of a change has come: to ask again, or to give a silent peer up.
    pub(super) fn change_due(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        match self.set_change(leg, Change::Settled) {
            // §14.1: the session has changed meanwhile, so that it is offered anew from above or not at all.
            Change::Waiting(waiting) if waiting.again == timer_id && waiting.is_overtaken => {
                self.offer_anew(now, leg, waiting.offer);
            }
            Change::Waiting(waiting) if waiting.again == timer_id && waiting.tries <= TRIES => {
                self.change(now, leg, waiting.offer, waiting.tries);
            }
            Change::Waiting(waiting) if waiting.again == timer_id => {
                self.refresh_later(now, leg);
                if waiting.offer.is_some() {
                    self.events.push_back(Event::ReofferRefused { leg, status: Status::REQUEST_PENDING });
                }
            }
            Change::Asking(asking) if asking.overdue == timer_id => self.not_answered(now, leg, &asking),
            other @ (Change::Settled | Change::Asking(_) | Change::Waiting(_)) => {
                self.set_change(leg, other);
            }
        }
    }

    /// Has an offer that was overtaken made anew, once one may be made.
    fn offer_anew(&mut self, now: Instant, leg: LegId, offer: Option<Vec<u8>>) {
        match self.legs.get(leg.0).map(Leg::tool) {
            Some(Tool::Invite | Tool::Update) => self.events.push_back(Event::Refresh { leg }),
            Some(Tool::Later) => {
                self.wait_to_change(now, leg, offer, 0, None);
                if let Some(found) = self.legs.get_mut(leg.0) {
                    found.session.ours.overtake();
                }
            }
            Some(Tool::Never) | None => {}
        }
    }

    /// The peer does not answer any more: 408 to a request within a call ends it (§12.2.1.2). A BYE goes out all the
    /// same, should only our ears have failed.
    pub(super) fn lost(&mut self, now: Instant, leg: LegId) {
        let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) else { return };
        match std::mem::replace(&mut standing.offer, OfferState::Settled) {
            OfferState::Unacknowledged(waiting) => {
                self.transactions.wheel().stop(waiting.repeat);
                self.transactions.wheel().stop(waiting.overdue);
            }
            other @ OfferState::Reoffered(_) => {
                standing.offer = other;
                self.refuse_reinvite(now, leg, Status::REQUEST_TERMINATED);
            }
            OfferState::Settled => {}
        }
        self.say_bye_as(now, leg, End::Told);
        self.events.push_back(Event::Lost { leg });
    }
}
