//! Handing a call on: REFER within its dialog, and the NOTIFYs that tell how it goes (RFC 3515, RFC 4488).
//!
//! ```text
//!              REFER ──▶
//!   Asking ◀── 202            ──▶ Watching ◀── NOTIFY SIP/2.0 180 ──▶ Provisional
//!     │    ◀── 202, no news   ──▶ Done     ◀── NOTIFY SIP/2.0 200 ──▶ Done
//!     │    ◀── 401, 407       ──▶ REFER, signed
//!     │    ◀── 3xx–6xx        ──▶ Failed   ◀── NOTIFY SIP/2.0 486 ──▶ Failed
//!     └──── no answer, no result in time ──▶ Failed
//! ```
//!
//! A NOTIFY may overtake the 202; it counts as one.

use super::incoming::append_headers;
use super::leg::{LegTimer, State};
use super::{CoreTimer, Due, Endpoint, Event, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::headers::{
    ContentType, Event as EventPackage, HeaderName, Headers, NameAddr, ReferTo, ReferredBy, SubscriptionState,
};
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{Method, Peer, Request, Response, Status};
use std::time::Duration;

/// Whom a peer is asked to call.
#[derive(Clone, Debug)]
pub struct Refer {
    /// Whom.
    pub to: NameAddr,
    /// Who asks (RFC 3892).
    pub by: Option<NameAddr>,
    /// Further headers.
    pub headers: Headers,
    /// How long it may take, from the REFER to the result.
    pub within: Duration,
}

/// How a REFER of ours goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferProgress {
    /// The peer tries (202).
    Accepted,
    /// The new call has come this far.
    Provisional(Status),
    /// The new call stands; or the peer took the REFER over without a word to come (`Refer-Sub: false`).
    Done,
    /// It did not work; our call goes on.
    Failed(ReferFailure),
}

/// Why a REFER did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferFailure {
    /// The peer does not do it: 405, 501, 603 and others; 408 when it said nothing, 503 when it could not be reached.
    Refused(Status),
    /// The new call was refused.
    Target(Status),
    /// The peer stopped telling before there was a result.
    Untold,
    /// There was no result in time.
    TimedOut,
}

/// Our REFER that has no result yet.
#[derive(Debug)]
pub(super) struct Referral {
    stage: Stage,
    headers: Headers,
    /// The number of the REFER, which may be the `id` of its news (§2.4.6).
    number: u32,
    pub timer: TimerId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The REFER has no final answer.
    Asking,
    /// It was accepted.
    Watching,
}

impl Endpoint {
    pub(super) fn say_refer(&mut self, now: Instant, leg: LegId, refer: Refer) {
        let is_free = match self.legs.get(leg.0).map(|leg| &leg.state) {
            Some(State::Standing(standing)) => standing.referral.is_none(),
            Some(State::Offered(_) | State::Calling(_) | State::Cancelling(_) | State::Leaving(_)) | None => false,
        };
        if !is_free {
            self.counters.stale += 1;
            return;
        }
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let (local, dialog) = (found.local, found.dialog().cloned());
        let mut headers = Headers::new();
        if let Some(dialog) = dialog {
            headers.push(&self.contact_in(local, &dialog));
        }
        headers.push(&ReferTo(refer.to));
        if let Some(by) = refer.by {
            headers.push(&ReferredBy(by));
        }
        append_headers(&mut headers, &refer.headers);
        let Some(number) = self.begin_within(now, leg, &headers, Method::Refer, Owner::Referring(leg)) else { return };
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Referral));
        let timer = self.transactions.wheel().set(now + refer.within, due);
        let referral = Referral { stage: Stage::Asking, headers, number, timer };
        if let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) {
            standing.referral = Some(Box::new(referral));
        }
    }

    fn referral(&mut self, leg: LegId) -> Option<&mut Referral> {
        match &mut self.legs.get_mut(leg.0)?.state {
            State::Standing(standing) => standing.referral.as_deref_mut(),
            State::Offered(_) | State::Calling(_) | State::Cancelling(_) | State::Leaving(_) => None,
        }
    }

    /// The REFER has its final answer.
    pub(super) fn refer_answered(&mut self, now: Instant, leg: LegId, response: &Response) {
        let Some(referral) = self.referral(leg) else { return };
        if referral.stage != Stage::Asking {
            return;
        }
        let headers = referral.headers.clone();
        if response.status.is_success() {
            // RFC 4488 §4: no subscription was made, so nothing will be told.
            let no_news = response.headers.get(HeaderName::ReferSub).is_some_and(is_false);
            if no_news {
                self.refer_over(leg, ReferProgress::Done);
            } else {
                self.refer_accepted(leg);
            }
        } else if self.may_sign(leg, response) {
            let number = self.resend_within(now, leg, &headers, Method::Refer, Owner::Referring(leg));
            if let (Some(referral), Some(number)) = (self.referral(leg), number) {
                referral.number = number;
            }
        } else if response.status == Status::NO_SUCH_CALL {
            // RFC 5057 §5.1: the whole dialog is gone.
            self.end_leg(leg);
            self.events.push_back(Event::HungUp { leg });
        } else {
            self.refer_refused(leg, response.status);
        }
    }

    fn refer_accepted(&mut self, leg: LegId) {
        if let Some(referral) = self.referral(leg).filter(|referral| referral.stage == Stage::Asking) {
            referral.stage = Stage::Watching;
            self.events.push_back(Event::Refer { leg, progress: ReferProgress::Accepted });
        }
    }

    /// The REFER was refused, or nobody answered it.
    pub(super) fn refer_refused(&mut self, leg: LegId, status: Status) {
        if self.referral(leg).is_some_and(|referral| referral.stage == Stage::Asking) {
            self.refer_over(leg, ReferProgress::Failed(ReferFailure::Refused(status)));
        }
    }

    fn refer_over(&mut self, leg: LegId, progress: ReferProgress) {
        let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) else { return };
        let Some(referral) = standing.referral.take() else { return };
        self.transactions.wheel().stop(referral.timer);
        self.events.push_back(Event::Refer { leg, progress });
    }

    pub(super) fn referral_overdue(&mut self, leg: LegId, timer_id: TimerId) {
        if self.referral(leg).is_some_and(|referral| referral.timer == timer_id) {
            self.refer_over(leg, ReferProgress::Failed(ReferFailure::TimedOut));
        }
    }

    /// NOTIFY within the call: news of our REFER, or of a subscription that is not ours (489, 481).
    pub(super) fn receive_notify(&mut self, now: Instant, leg: LegId, reply: Peer, request: &Request) {
        let news = match self.referral(leg) {
            Some(referral) => News::read(request, referral.number),
            None => Err(Status::NO_SUCH_CALL),
        };
        let status = news.as_ref().map_or_else(|status| *status, |_| Status::OK);
        self.answer_request(now, reply, request, request.response(status));
        let Ok(news) = news else { return };
        self.refer_accepted(leg);
        match (news.status, news.over) {
            (Some(status), _) if status.is_success() => self.refer_over(leg, ReferProgress::Done),
            (Some(status), _) if status.is_final() => {
                self.refer_over(leg, ReferProgress::Failed(ReferFailure::Target(status)));
            }
            (_, true) => self.refer_over(leg, ReferProgress::Failed(ReferFailure::Untold)),
            (Some(status), false) => {
                self.events.push_back(Event::Refer { leg, progress: ReferProgress::Provisional(status) });
            }
            (None, false) => {}
        }
    }
}

pub(super) fn is_false(value: &[u8]) -> bool {
    value.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"false"))
}

/// What a NOTIFY of a REFER tells (§2.4.4, §2.4.5).
#[derive(Debug)]
struct News {
    /// How far the new call has come.
    status: Option<Status>,
    /// The peer will tell nothing more.
    over: bool,
}

impl News {
    fn read(request: &Request, number: u32) -> Result<Self, Status> {
        let package = request.headers.typed::<EventPackage>().ok().flatten().ok_or(Status::BAD_EVENT)?;
        if !package.is("refer") {
            return Err(Status::BAD_EVENT);
        }
        if package.params.get("id").is_some_and(|id| id.parse() != Ok(number)) {
            return Err(Status::NO_SUCH_CALL);
        }
        let kind = request.headers.typed::<ContentType>().ok().flatten();
        if !request.body.is_empty() && !kind.is_some_and(|kind| kind.is("message", "sipfrag")) {
            return Err(Status::UNSUPPORTED_MEDIA_TYPE);
        }
        let state = request.headers.typed::<SubscriptionState>().ok().flatten();
        let over = state.is_some_and(|state| state.is("terminated"));
        Ok(Self { status: status_of_fragment(&request.body), over })
    }
}

/// The status of a message fragment that begins with a status line (RFC 3420).
fn status_of_fragment(body: &[u8]) -> Option<Status> {
    let line = body.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let version = words.next()?;
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return None;
    }
    let code = str::from_utf8(words.next()?).ok()?;
    Status::new(code.parse().ok()?)
}
