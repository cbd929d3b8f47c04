//! Being asked to call somebody else: a REFER of the peer within its call, and our NOTIFYs that tell how it goes
//! (RFC 3515, RFC 4488, RFC 3892).
//!
//! ```text
//!   ──▶ REFER      Referred ──▶ above ── refuse_refer ──▶ 403 …
//!                                  │ accept_refer
//!   ◀── 202, NOTIFY 100 (active) ◀─┤                 with Refer-Sub: false: 202, and not a word more
//!   ◀── NOTIFY 180 (active) ◀── tell_refer(180)
//!   ◀── NOTIFY 200 (terminated) ◀── tell_refer(200)
//! ```
//!
//! The subscription is a usage of the dialog of its own (RFC 5057): it outlives the BYE of the call, since many phones
//! hang up as soon as they have the 202.

use super::leg::{Leg, LegTimer, State};
use super::{CoreTimer, Due, Endpoint, Event, LegId, Owner, RequestToken};
use crate::model::Instant;
use crate::voip::sip::dialog::Dialog;
use crate::voip::sip::headers::{
    ContentType, Event as EventPackage, HeaderName, Headers, NameAddr, ReferTo, ReferredBy, Replaces,
    SubscriptionState, TypedHeader,
};
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{Method, Peer, Request, Response, Status, Uri};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a subscription lives without a result.
const SUBSCRIPTION: Duration = Duration::from_secs(180);

/// Somebody within a call asks us to call somebody else. Answer it with `accept_refer` or `refuse_refer`.
#[derive(Debug)]
pub struct Referred {
    /// The leg of who asks.
    pub leg: LegId,
    /// Whom to call.
    pub to: NameAddr,
    /// The dialog whose place the new call is to take (RFC 3891), when it is an attended transfer.
    pub replaces: Option<Replaces>,
    /// Who says to ask (RFC 3892).
    pub by: Option<NameAddr>,
    /// What to answer.
    pub token: RequestToken,
}

/// A subscription to the progress of a REFER.
#[derive(Debug)]
pub(super) struct Notifier {
    /// The REFER's number, told from the second one of a dialog on (RFC 3515 §2.4.6).
    id: Option<u32>,
    until: Instant,
    timer: TimerId,
    /// The dialog and our address, once the call is over.
    alone: Option<Box<(Dialog, SocketAddr)>>,
}

/// The headers of a Refer-To's URI that we follow: none but Replaces.
fn replaces_of(uri: &Uri) -> Result<Option<Replaces>, Status> {
    let Some(found) = uri.as_sip().and_then(|uri| uri.header("Replaces")) else { return Ok(None) };
    Replaces::parse(found.as_bytes()).map(Some).map_err(|_| Status::BAD_REQUEST)
}

impl Endpoint {
    /// REFER within a call.
    pub(super) fn receive_refer(&mut self, now: Instant, leg: LegId, reply: Peer, request: Request) {
        let read = match self.legs.get(leg.0).map(|leg| &leg.state) {
            Some(State::Standing(_)) if self.notifiers.contains_key(&leg) => Err(Status::REQUEST_PENDING),
            Some(State::Standing(_)) if !self.transactions.has_room(&reply) => Err(Status::SERVICE_UNAVAILABLE),
            Some(State::Standing(_)) => read_refer(&request),
            Some(State::Offered(_) | State::Calling(_) | State::Cancelling(_) | State::Leaving(_)) | None => {
                Err(Status::NO_SUCH_CALL)
            }
        };
        let (to, replaces, by) = match read {
            Ok(read) => read,
            Err(status) => return self.answer_request(now, reply, &request, request.response(status)),
        };
        let token = self.begin_asked(now, reply, request);
        self.events.push_back(Event::Referred(Box::new(Referred { leg, to, replaces, by, token })));
    }

    pub(super) fn say_refer_accepted(&mut self, now: Instant, leg: LegId, token: RequestToken) {
        let Some(request) = self.take_asked(token) else {
            self.counters.stale += 1;
            return;
        };
        let mut response = request.response(Status::ACCEPTED);
        let is_silent = request.headers.get(HeaderName::ReferSub).is_some_and(super::referral::is_false);
        let Some(found) = self.legs.get_mut(leg.0) else {
            return self.answer_asked(now, token, request.response(Status::NO_SUCH_CALL));
        };
        let local = found.local;
        let dialog = found.dialog().cloned();
        let before = match &mut found.state {
            State::Standing(standing) => {
                standing.referrals = standing.referrals.saturating_add(1);
                standing.referrals > 1
            }
            State::Offered(_) | State::Calling(_) | State::Cancelling(_) | State::Leaving(_) => false,
        };
        if let Some(dialog) = dialog {
            response.headers.push(&self.contact_in(local, &dialog));
        }
        if is_silent {
            response.headers.push_text(HeaderName::ReferSub, "false");
            self.answer_asked(now, token, response);
            return;
        }
        self.answer_asked(now, token, response);
        let until = now + SUBSCRIPTION;
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Subscription));
        let timer = self.transactions.wheel().set(until, due);
        let id = before.then_some(request.cseq);
        self.notifiers.insert(leg, Notifier { id, until, timer, alone: None });
        self.notify(now, leg, Status::TRYING, None);
    }

    fn answer_asked(&mut self, now: Instant, token: RequestToken, mut response: Response) {
        self.sign(&mut response);
        self.respond_now(now, token.0, &response);
    }

    pub(super) fn say_refer_news(&mut self, now: Instant, leg: LegId, status: Status) {
        let over = status.is_final().then_some("noresource");
        self.notify(now, leg, status, over);
    }

    /// Nobody told a result in time.
    pub(super) fn subscription_overdue(&mut self, now: Instant, leg: LegId, timer: TimerId) {
        if self.notifiers.get(&leg).is_some_and(|notifier| notifier.timer == timer) {
            self.notify(now, leg, Status::TRYING, Some("timeout"));
        }
    }

    /// One NOTIFY; `over` is why nothing follows it.
    fn notify(&mut self, now: Instant, leg: LegId, status: Status, over: Option<&str>) {
        let Some(notifier) = self.notifiers.get_mut(&leg) else { return };
        let (mut request, local, dialog) = match (&mut notifier.alone, self.legs.get_mut(leg.0)) {
            (Some(alone), _) => (alone.0.request(Method::Notify), alone.1, alone.0.clone()),
            (None, Some(found)) => {
                let local = found.local;
                let Some(dialog) = found.dialog() else { return };
                (dialog.request(Method::Notify), local, dialog.clone())
            }
            (None, None) => return,
        };
        let mut package = EventPackage::new("refer");
        if let Some(id) = notifier.id {
            package.params.set("id", Some(&id.to_string()));
        }
        let mut state = SubscriptionState::new(if over.is_some() { "terminated" } else { "active" });
        match over {
            Some(reason) => state.params.set("reason", Some(reason)),
            None => state.params.set("expires", Some(&notifier.until.since(now).as_secs().to_string())),
        }
        if over.is_some() {
            self.drop_notifier(leg);
        }
        request.headers.push(&self.contact_in(local, &dialog));
        request.headers.push(&package);
        request.headers.push(&state);
        let mut kind = ContentType::new("message", "sipfrag");
        kind.params.set("version", Some("2.0"));
        request.set_body(&kind, format!("SIP/2.0 {} {}\r\n", status.code(), status.reason()).into_bytes());
        let path = self.path_of(now, &dialog);
        self.begin_request(now, request, local, path, Owner::Notifying(leg));
    }

    /// The peer answered a NOTIFY: whoever knows of no subscription hears nothing more. Other refusals are of this one
    /// alone, such as the 500 to one that another has overtaken (RFC 6665 §4.2.2, RFC 5057 §5.1).
    pub(super) fn notify_answered(&mut self, leg: LegId, response: &Response) {
        if matches!(response.status.code(), 404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604) {
            self.drop_notifier(leg);
        }
    }

    pub(super) fn drop_notifier(&mut self, leg: LegId) {
        if let Some(notifier) = self.notifiers.remove(&leg) {
            self.transactions.wheel().stop(notifier.timer);
        }
    }

    /// A leg is over: what is to be told of its REFER goes on within its dialog.
    pub(super) fn detach_notifier(&mut self, leg: LegId, over: &mut Leg) {
        let Some(notifier) = self.notifiers.get_mut(&leg) else { return };
        let local = over.local;
        match over.dialog() {
            Some(dialog) => notifier.alone = Some(Box::new((dialog.clone(), local))),
            None => self.drop_notifier(leg),
        }
    }
}

type Read = (NameAddr, Option<Replaces>, Option<NameAddr>);

/// Exactly one Refer-To (RFC 3515 §2.4.1), that asks for a call and for nothing else.
fn read_refer(request: &Request) -> Result<Read, Status> {
    let targets = request.headers.all::<ReferTo>().map_err(|_| Status::BAD_REQUEST)?;
    let [ReferTo(to)] = targets.as_slice() else { return Err(Status::BAD_REQUEST) };
    let method = to.uri().as_sip().and_then(|uri| uri.param("method"));
    if method.is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
        return Err(Status::FORBIDDEN);
    }
    let replaces = replaces_of(to.uri())?;
    let by = request.headers.typed::<ReferredBy>().map_err(|_| Status::BAD_REQUEST)?;
    Ok((to.clone(), replaces, by.map(|by| by.0)))
}

/// The headers that pass on who asked for a call.
#[must_use]
pub fn referred_by(by: Option<&NameAddr>) -> Headers {
    let mut headers = Headers::new();
    if let Some(by) = by {
        headers.push(&ReferredBy(by.clone()));
    }
    headers
}
