//! One trunk while the server runs.

use super::ping::{Act, Ping, Reach};
use super::registration::{News, Registration, Terms};
use super::trunk::Trunk;
use super::{Errand, Heading};
use crate::model::Instant;
use crate::voip::sip::endpoint::{Endpoint, ErrandId, Reply};
use crate::voip::sip::headers::{HeaderName, NameAddr, Route, SipCallId};
use crate::voip::sip::{Method, Request, SipUri, uas};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

/// What is known of a trunk and under way for it.
pub(super) struct TrunkState {
    /// Made at the first turn, when our own address is known.
    pub registration: Option<Registration>,
    wants_registration: bool,
    pub ping: Option<Ping>,
    wants_ping: bool,
    registering: Option<ErrandId>,
    pinging: Option<ErrandId>,
    pings: u32,
    pub inbound: usize,
    pub outbound: usize,
    pub totals: Totals,
    rng: StdRng,
}

/// Counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Calls that came from it.
    pub inbound: u64,
    /// Calls made through it.
    pub outbound: u64,
    /// Calls refused for its limit.
    pub refused: u64,
}

impl TrunkState {
    pub fn new(trunk: &Trunk, seed: [u8; 32]) -> Self {
        Self {
            registration: None,
            wants_registration: trunk.register.is_some() && trunk.login.is_some(),
            ping: trunk.ping.map(Ping::new),
            wants_ping: false,
            registering: None,
            pinging: None,
            pings: 0,
            inbound: 0,
            outbound: 0,
            totals: Totals::default(),
            rng: StdRng::from_seed(seed),
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let registration = match &self.registration {
            Some(registration) => registration.poll_timeout(),
            None => self.wants_registration.then_some(Instant::ZERO),
        };
        [registration, self.ping.as_ref().map(Ping::poll_timeout)].into_iter().flatten().min()
    }

    /// Time has come; an OPTIONS whose answer is wanted no more.
    pub fn handle_timeout(&mut self, now: Instant, name: &str, trunk: &Trunk, sip: &mut Endpoint) -> Option<ErrandId> {
        if self.wants_registration && self.registration.is_none() {
            self.registration = self.begin(trunk, sip);
            self.wants_registration = self.registration.is_some();
        }
        if let Some(registration) = self.registration.as_mut().filter(|one| one.poll_timeout() <= Some(now)) {
            registration.handle_timeout(now);
        }
        let before = self.reach();
        let act = self.ping.as_mut().map_or(Act::Nothing, |ping| ping.handle_timeout(now));
        tell_reach(name, before, self.reach());
        match act {
            Act::Nothing => None,
            Act::Send => {
                self.wants_ping = true;
                None
            }
            Act::GiveUp => self.pinging.take(),
        }
    }

    fn begin(&mut self, trunk: &Trunk, sip: &mut Endpoint) -> Option<Registration> {
        let (wish, login) = (trunk.register?, trunk.login.clone()?);
        let contact = contact_of(trunk, sip)?;
        let terms = Terms {
            registrar: SipUri::new(None, trunk.domain.clone(), trunk.own_port()),
            address: NameAddr::new(SipUri::new(Some(&login.username), trunk.domain.clone(), trunk.own_port())),
            contact,
            instance: trunk.peer.transport.is_reliable().then(|| instance_of(trunk)),
            wish,
        };
        let call_id = sip.draw_call_id().ok()?;
        let tag = format!("{:016x}", self.rng.random::<u64>());
        Some(Registration::new(terms, Some(login), call_id, tag, StdRng::from_seed(self.rng.random())))
    }

    /// Our address towards the trunk may have become another one.
    pub fn set_contact(&mut self, trunk: &Trunk, sip: &Endpoint) {
        if let (Some(registration), Some(contact)) = (&mut self.registration, contact_of(trunk, sip)) {
            registration.set_contact(contact);
        }
    }

    /// The trunk's name has led to an address.
    pub fn located(&mut self, now: Instant) {
        if let Some(registration) = &mut self.registration {
            registration.hurry(now);
        }
    }

    pub fn handle_reply(&mut self, now: Instant, name: &str, errand: Errand, reply: &Reply) {
        match errand {
            Errand::Register => {
                self.registering = None;
                if let Some(registration) = &mut self.registration {
                    registration.handle_reply(now, reply);
                }
            }
            Errand::Ping => {
                self.pinging = None;
                let before = self.reach();
                if let Some(ping) = &mut self.ping {
                    ping.handle_reply(now, reply);
                }
                tell_reach(name, before, self.reach());
            }
        }
    }

    /// The next request to send, if there is one.
    pub fn next_request(&mut self, trunk: &Trunk, sip: &mut Endpoint) -> Option<(Errand, Request)> {
        if let Some(request) = self.registration.as_mut().and_then(Registration::next_request) {
            return Some((Errand::Register, request));
        }
        if std::mem::take(&mut self.wants_ping) {
            let call_id = sip.draw_call_id().ok()?;
            return Some((Errand::Ping, self.options(trunk, sip, call_id)));
        }
        None
    }

    fn options(&mut self, trunk: &Trunk, sip: &Endpoint, call_id: SipCallId) -> Request {
        self.pings = self.pings.wrapping_add(1) & 0x7fff_ffff;
        let target = SipUri::new(None, trunk.domain.clone(), trunk.own_port());
        let from = NameAddr::new(sip.own_uri(trunk.peer));
        let from = from.with_tag(&format!("{:016x}", self.rng.random::<u64>()));
        let to = NameAddr::new(target.clone());
        let mut request = Request::new(Method::Options, target.into(), from, to, call_id, self.pings.max(1));
        request.headers.push_text(HeaderName::Accept, uas::ACCEPT);
        request
    }

    /// Notes a request that was sent; the earlier one of its kind, should it have no answer.
    pub const fn note(&mut self, errand: Errand, id: ErrandId) -> Option<ErrandId> {
        match errand {
            Errand::Register => self.registering.replace(id),
            Errand::Ping => self.pinging.replace(id),
        }
    }

    pub fn leave(&mut self, now: Instant) {
        self.wants_registration = false;
        self.ping = None;
        if let Some(registration) = &mut self.registration {
            registration.leave(now);
        }
    }

    pub fn is_leaving(&self) -> bool {
        self.registration.as_ref().is_some_and(Registration::is_leaving)
    }

    pub fn reach(&self) -> Reach {
        self.ping.as_ref().map_or(Reach::Unknown, Ping::reach)
    }

    /// Whether it is not known to be down, by pings or by a registration that failed.
    pub fn is_there(&self, now: Instant) -> bool {
        let failed = |one: &Registration| one.granted(now).is_none() && one.last_failure().is_some();
        !matches!(self.reach(), Reach::Down { .. }) && !self.registration.as_ref().is_some_and(failed)
    }

    pub fn route(&self, now: Instant) -> Vec<Route> {
        let granted = self.registration.as_ref().and_then(|registration| registration.granted(now));
        granted.map(|granted| granted.route.clone()).unwrap_or_default()
    }

    pub const fn calls(&self) -> usize {
        self.inbound + self.outbound
    }

    pub const fn enter(&mut self, heading: Heading) {
        match heading {
            Heading::In => {
                self.inbound += 1;
                self.totals.inbound += 1;
            }
            Heading::Out => {
                self.outbound += 1;
                self.totals.outbound += 1;
            }
        }
    }

    pub const fn leave_call(&mut self, heading: Heading) {
        match heading {
            Heading::In => self.inbound = self.inbound.saturating_sub(1),
            Heading::Out => self.outbound = self.outbound.saturating_sub(1),
        }
    }

    pub const fn count_refused(&mut self) {
        self.totals.refused += 1;
    }

    /// Logs what changed.
    pub fn tell(&mut self, trunk: &str) {
        let Some(registration) = &mut self.registration else { return };
        for news in registration.take_news() {
            match news {
                News::Registered(length) => tracing::info!(trunk, seconds = length.as_secs(), "registered"),
                News::Failed { why, pause } => {
                    let (why, again) = (why.text(), pause.as_secs());
                    tracing::warn!(trunk, why, again, "not registered; it will be tried again");
                }
                News::Lost => tracing::error!(trunk, "the registration ran out: calls to us do not come this way"),
            }
        }
    }
}

fn tell_reach(trunk: &str, before: Reach, after: Reach) {
    match (before, after) {
        (Reach::Down { .. } | Reach::Unknown, Reach::Up { .. }) => tracing::info!(trunk, "the trunk answers"),
        (Reach::Up { .. }, Reach::Down { .. }) => {
            tracing::error!(trunk, "the trunk does not answer: calls go through others");
        }
        _ => {}
    }
}

/// Our Contact at a trunk.
fn contact_of(trunk: &Trunk, sip: &Endpoint) -> Option<SipUri> {
    let login = trunk.login.as_ref()?;
    let mut contact = sip.own_uri(trunk.peer);
    contact.user = SipUri::new(Some(&login.username), trunk.domain.clone(), None).user;
    contact.params.set("line", Some(&line_of(trunk)?));
    Some(contact)
}

/// The parameter of our Contact by which a trunk's calls are known: the same after a restart, and nobody can make it
/// who does not know the password.
pub(super) fn line_of(trunk: &Trunk) -> Option<String> {
    let login = trunk.login.as_ref()?;
    trunk.register?;
    let parts = ["hotline line", &login.username, &trunk.domain.to_string(), &login.password];
    Some(hex(&digest(&parts)[..8]))
}

/// Our name as one of several user agents of the account (RFC 5626 §4.1): the same after a restart.
fn instance_of(trunk: &Trunk) -> Box<str> {
    let user = trunk.login.as_ref().map(|login| login.username.as_str()).unwrap_or_default();
    let hash = digest(&["hotline instance", user, &trunk.domain.to_string()]);
    let mut octets = [0; 16];
    octets.copy_from_slice(&hash[..16]);
    format!("<urn:uuid:{}>", uuid::Builder::from_custom_bytes(octets).into_uuid()).into()
}

fn digest(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\0")).into()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        for nibble in [octet >> 4, octet & 15] {
            text.extend(char::from_digit(nibble.into(), 16));
        }
        text
    })
}
