//! Being registered at a provider (RFC 3261 §10.2), as long as the server runs.
//!
//! ```text
//!                     401, 407: signed   423: for longer
//!                           ┌──────┐ ┌──────┐
//!          due              │      ▼ ▼      │           200
//!   Idle ───────────────▶  Asking(kept: none)  ─────────────────────▶ Registered
//!                           │  ▲                                        │  ▲
//!      4xx–6xx, no answer   ▼  │ due                80–90 % of it over  ▼  │ 200
//!                          Waiting(kept)  ◀──── 4xx–6xx ────────── Asking(kept)
//!
//!   in every state: leave ──▶ Leaving (Expires: 0) ── any answer, 3 s ──▶ Gone
//! ```
//!
//! What was granted holds until it runs out, also while a refresh fails. Failures are spaced as RFC 5626 §4.5 asks:
//! 30 s, doubled each time, 30 min at most, of which 50 to 100 % are waited; never less than Retry-After.

use crate::model::Instant;
use crate::voip::sip::digest::{DigestClient, Learnt, Login};
use crate::voip::sip::endpoint::Reply;
use crate::voip::sip::headers::{
    Contact, Expires, HeaderName, MinExpires, NameAddr, RetryAfter, Route, ServiceRoute, SipCallId,
};
use crate::voip::sip::{Method, Request, Response, SipUri, Status, Uri};
use rand::RngExt;
use rand::rngs::StdRng;
use std::time::Duration;

/// The first pause after a failure.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause, and the longest Retry-After that is followed.
const LONGEST_PAUSE: Duration = Duration::from_secs(1800);
/// How long the provider may take to let us go.
const LEAVING: Duration = Duration::from_secs(3);
/// Longer than this nobody is asked to keep us, whatever a 423 says.
const LONGEST: Duration = Duration::from_secs(86_400);
/// How often an attempt is made longer before it has failed.
const MOST_LONGER: u8 = 4;

/// What we ask for, and of whom.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// The registrar: the Request-URI, without a user.
    pub registrar: SipUri,
    /// The address that is registered.
    pub address: NameAddr,
    /// Our Contact, without its parameters.
    pub contact: SipUri,
    /// Parameters of the Contact header that name this instance and its flow (RFC 5626 §4.1).
    pub instance: Option<Box<str>>,
    /// How long we wish to be kept.
    pub wish: Duration,
}

/// A registration that is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    /// Since when without a break.
    pub since: Instant,
    /// Until when.
    pub until: Instant,
    /// The way that our calls are to take (RFC 3608).
    pub route: Vec<Route>,
}

/// Where it stands.
#[derive(Debug)]
enum State {
    /// Nothing has been asked.
    Idle,
    /// A REGISTER is under way.
    Asking { kept: Option<Granted> },
    /// The provider knows where we are.
    Registered { granted: Granted, refresh: Instant },
    /// The last attempt failed.
    Waiting { kept: Option<Granted>, again: Instant },
    /// A REGISTER that removes us is under way.
    Leaving { until: Instant },
    /// We are not registered and do not want to be.
    Gone,
}

/// What changed, for the log and the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Registered, for so long; a refresh is no news.
    Registered(Duration),
    /// An attempt failed and will be made again after the pause.
    Failed { why: Why, pause: Duration },
    /// What was granted ran out.
    Lost,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The provider refuses.
    Refused(Status),
    /// It does not take our password.
    Password,
    /// It does not answer.
    Silent,
    /// It cannot be reached.
    Unreachable,
}

/// One registration. See the module's text.
#[derive(Debug)]
pub(super) struct Registration {
    terms: Terms,
    login: Option<DigestClient>,
    call_id: SipCallId,
    tag: String,
    cseq: u32,
    state: State,
    /// In a row.
    failures: u32,
    last: Option<Why>,
    /// A longer time than we wish, as a 423 asked.
    least: Duration,
    /// How often this attempt was asked to be longer.
    longer: u8,
    /// Whether instance and flow are left out: the provider's first hop cannot keep them (439).
    plain: bool,
    rng: StdRng,
    outbox: Option<Request>,
    news: Vec<News>,
}

impl Registration {
    pub fn new(terms: Terms, login: Option<Login>, call_id: SipCallId, tag: String, rng: StdRng) -> Self {
        Self {
            terms,
            login: login.map(DigestClient::new),
            call_id,
            tag,
            cseq: 0,
            state: State::Idle,
            failures: 0,
            last: None,
            least: Duration::ZERO,
            longer: 0,
            plain: false,
            rng,
            outbox: None,
            news: Vec::new(),
        }
    }

    /// Our Contact from the next request on.
    pub fn set_contact(&mut self, contact: SipUri) {
        self.terms.contact = contact;
    }

    /// The provider has been found: nothing is waited for.
    pub fn hurry(&mut self, now: Instant) {
        if let (State::Waiting { again, .. }, Some(Why::Unreachable)) = (&mut self.state, self.last) {
            *again = now;
        }
    }

    /// What is granted at this time.
    pub fn granted(&self, now: Instant) -> Option<&Granted> {
        let granted = match &self.state {
            State::Registered { granted, .. } => Some(granted),
            State::Asking { kept } | State::Waiting { kept, .. } => kept.as_ref(),
            State::Idle | State::Leaving { .. } | State::Gone => None,
        };
        granted.filter(|granted| granted.until > now)
    }

    /// Why it is not registered, as far as that is known.
    pub const fn last_failure(&self) -> Option<Why> {
        self.last
    }

    /// Whether the way out is still under way.
    pub const fn is_leaving(&self) -> bool {
        matches!(self.state, State::Leaving { .. })
    }

    /// The REGISTER to send now.
    pub const fn next_request(&mut self) -> Option<Request> {
        self.outbox.take()
    }

    /// What changed since the last time.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// When to call [`Registration::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => Some(Instant::ZERO),
            State::Registered { refresh, .. } => Some(*refresh),
            State::Waiting { kept, again } => Some(kept.as_ref().map_or(*again, |kept| kept.until.min(*again))),
            State::Asking { kept } => kept.as_ref().map(|kept| kept.until),
            State::Leaving { until } => Some(*until),
            State::Gone => None,
        }
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::Idle => self.ask(None),
            State::Registered { granted, refresh } if refresh <= now => self.ask(Some(granted)),
            State::Waiting { kept, again } if again <= now => {
                let kept = self.unless_over(now, kept);
                self.ask(kept)
            }
            State::Waiting { kept, again } => State::Waiting { kept: self.unless_over(now, kept), again },
            State::Asking { kept } => State::Asking { kept: self.unless_over(now, kept) },
            State::Leaving { until } if until <= now => State::Gone,
            other @ (State::Registered { .. } | State::Leaving { .. } | State::Gone) => other,
        };
    }

    /// The answer to the REGISTER that is under way.
    pub fn handle_reply(&mut self, now: Instant, reply: &Reply) {
        self.state = match (std::mem::replace(&mut self.state, State::Gone), reply) {
            (State::Asking { kept }, Reply::Answered(response)) => self.answered(now, kept, response),
            (State::Asking { kept }, Reply::TimedOut) => self.failed(now, kept, Why::Silent, None),
            (State::Asking { kept }, Reply::Unreachable) => self.failed(now, kept, Why::Unreachable, None),
            (State::Leaving { until }, Reply::Answered(response)) if self.may_sign(response) => {
                self.send(Duration::ZERO);
                State::Leaving { until }
            }
            (State::Leaving { .. }, _) => State::Gone,
            (other @ (State::Idle | State::Registered { .. } | State::Waiting { .. } | State::Gone), _) => other,
        };
    }

    /// The server stops: the provider is told, if it knows us.
    pub fn leave(&mut self, now: Instant) {
        let knows = self.granted(now).is_some() || matches!(self.state, State::Asking { .. });
        self.state = if knows {
            self.begin();
            self.send(Duration::ZERO);
            State::Leaving { until: now + LEAVING }
        } else {
            State::Gone
        };
    }

    fn answered(&mut self, now: Instant, kept: Option<Granted>, response: &Response) -> State {
        match response.status.code() {
            200..=299 => self.accepted(now, kept, response),
            423 if self.may_ask_longer(response) => self.ask(kept),
            // First Hop Lacks Outbound Support (RFC 5626 §11.6), or the extension is not known at all.
            439 | 420 if !self.plain && self.terms.instance.is_some() => {
                self.plain = true;
                self.ask(kept)
            }
            401 | 407 if self.may_sign(response) => {
                self.send(self.wish());
                State::Asking { kept }
            }
            401 | 407 => self.failed(now, kept, Why::Password, None),
            _ => {
                let after = response.headers.typed::<RetryAfter>().ok().flatten();
                let after = after.map(|after| Duration::from_secs(after.seconds.into()));
                self.failed(now, kept, Why::Refused(response.status), after)
            }
        }
    }

    fn accepted(&mut self, now: Instant, kept: Option<Granted>, response: &Response) -> State {
        let length = self.granted_length(response);
        if length.is_zero() {
            return self.failed(now, kept, Why::Refused(response.status), None);
        }
        let route = response.headers.all::<ServiceRoute>().unwrap_or_default();
        let route = route.into_iter().map(|hop| Route(hop.0)).collect();
        let kept = kept.filter(|kept| kept.until > now);
        if kept.is_none() {
            self.news.push(News::Registered(length));
        }
        (self.failures, self.last, self.longer) = (0, None, 0);
        let since = kept.map_or(now, |kept| kept.since);
        let refresh = now + length.mul_f64(self.rng.random_range(0.8..0.9));
        State::Registered { granted: Granted { since, until: now + length, route }, refresh }
    }

    /// How long we are kept: by our Contact in the answer, else by its Expires, else as we wished (§10.2.4).
    fn granted_length(&self, response: &Response) -> Duration {
        let contacts = response.headers.all::<Contact>().unwrap_or_default();
        let ours = Uri::from(self.terms.contact.clone());
        let is_ours = |contact: &&Contact| contact.addr().is_some_and(|addr| addr.uri().is_equivalent(&ours));
        let only = || contacts.first().filter(|_| contacts.len() == 1);
        let named = contacts.iter().find(is_ours).or_else(only).and_then(Contact::expires);
        let header = || response.headers.typed::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
        let seconds = named.or_else(header).map(|seconds| Duration::from_secs(seconds.into()));
        seconds.unwrap_or_else(|| self.wish()).min(LONGEST)
    }

    fn failed(&mut self, now: Instant, kept: Option<Granted>, why: Why, after: Option<Duration>) -> State {
        let doubled = PAUSE.saturating_mul(1 << self.failures.min(6)).min(LONGEST_PAUSE);
        let pause = doubled.mul_f64(self.rng.random_range(0.5..1.0)).max(after.unwrap_or_default().min(LONGEST_PAUSE));
        (self.failures, self.longer) = (self.failures.saturating_add(1), 0);
        self.last = Some(why);
        self.news.push(News::Failed { why, pause });
        State::Waiting { kept: self.unless_over(now, kept), again: now + pause }
    }

    fn unless_over(&mut self, now: Instant, kept: Option<Granted>) -> Option<Granted> {
        let was = kept.is_some();
        let kept = kept.filter(|kept| kept.until > now);
        if was && kept.is_none() {
            self.news.push(News::Lost);
        }
        kept
    }

    /// A 423 asks for longer: so it be, once for each length and not for ever.
    fn may_ask_longer(&mut self, response: &Response) -> bool {
        let Ok(Some(MinExpires(seconds))) = response.headers.typed::<MinExpires>() else { return false };
        let least = Duration::from_secs(seconds.into());
        let is_longer = least > self.wish() && least <= LONGEST && self.longer < MOST_LONGER;
        if is_longer {
            self.least = least;
            self.longer += 1;
        }
        is_longer
    }

    fn may_sign(&mut self, response: &Response) -> bool {
        self.login.as_mut().is_some_and(|login| login.learn(response) == Learnt::Retry)
    }

    fn ask(&mut self, kept: Option<Granted>) -> State {
        self.begin();
        self.send(self.wish());
        State::Asking { kept }
    }

    fn wish(&self) -> Duration {
        self.terms.wish.max(self.least)
    }

    fn begin(&mut self) {
        if let Some(login) = &mut self.login {
            login.begin();
        }
    }

    /// The next REGISTER: one Call-ID for all, numbers that grow (§10.2).
    fn send(&mut self, expires: Duration) {
        self.cseq += 1;
        let address = self.terms.address.clone();
        let from = address.clone().with_tag(&self.tag);
        let uri = self.terms.registrar.clone().into();
        let mut request = Request::new(Method::Register, uri, from, address, self.call_id.clone(), self.cseq);
        let mut contact = NameAddr::new(self.terms.contact.clone());
        if let Some(instance) = self.terms.instance.as_deref().filter(|_| !self.plain) {
            contact.set_param("+sip.instance", Some(instance));
            contact.set_param("reg-id", Some("1"));
            request.headers.push_text(HeaderName::Supported, "path, outbound");
        } else {
            request.headers.push_text(HeaderName::Supported, "path");
        }
        let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        contact.set_param("expires", Some(&seconds.to_string()));
        request.headers.push(&Contact::Addr(contact));
        request.headers.push(&Expires(seconds));
        if let Some(login) = &mut self.login {
            login.sign(&mut request, &format!("{:016x}", self.rng.random::<u64>()));
        }
        self.outbox = Some(request);
    }
}

impl Why {
    /// In a word or two, for people.
    pub fn text(self) -> String {
        match self {
            Self::Refused(status) => format!("{status} {}", status.reason()).trim_end().to_owned(),
            Self::Password => "password not taken".to_owned(),
            Self::Silent => "no answer".to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
