//! Whose is a call that comes in, and may it?
//!
//! ```text
//!   the Contact that we registered (;line=…)  ──▶ its trunk's; believed only from an address of the trunk
//!   an address of a trunk                     ──▶ its trunk's, after 401 when it has a password
//!   the password of a trunk                   ──▶ its trunk's, from any address unless it names some
//!   anybody else                              ──▶ sip.callers: anyone, or 403 unless it is a registered phone
//! ```
//!
//! Who is believed may say who calls (P-Asserted-Identity) and what was called at first (Diversion), and is given our
//! login where it asks for one. Our Contact alone is no proof: it crosses networks in the clear.

use super::state::line_of;
use super::trunk::Trunk;
use super::{Heading, Trunks};
use crate::exchange::Exchange;
use crate::exchange::guard::{Deed, NameKey};
use crate::exchange::outside::Outside;
use crate::ivr::menu::Name;
use crate::model::{Instant, Now};
use crate::voip::sip::digest::{Credentials, Verdict};
use crate::voip::sip::endpoint::Incoming;
use crate::voip::sip::headers::{HeaderName, Headers};
use crate::voip::sip::{Peer, Request, Status, Uri};
use std::net::IpAddr;

/// Who may call without being a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Callers {
    /// Anybody.
    #[default]
    Anyone,
    /// Nobody but trunks and the registered phones of operators.
    Trunks,
}

/// Whose a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    /// Nobody's that we know.
    Nobody,
    /// A trunk's.
    Trunk(Name, Word),
    /// That of whoever knows a password: ask.
    Unproven { stale: bool },
    /// That of somebody who gave a wrong password, or one that was not looked at: ask again.
    Denied { name: NameKey, seen: bool },
    /// A trunk's that has shown its password.
    Proven { trunk: Name, name: NameKey },
}

/// Whether a trunk's word is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// It has shown by its address or its password that it is the trunk.
    Taken,
    /// It knows our Contact there, and comes from elsewhere.
    Doubted,
}

/// A call that may come in.
pub(in crate::exchange) struct Visit {
    /// Its trunk.
    pub trunk: Option<Name>,
    /// Whether the trunk's word is taken on who calls, and on what was called at first.
    pub trusted: bool,
    /// Who is called.
    pub called: Uri,
    /// There is no room for it: it may only hear that.
    pub turned_away: bool,
}

impl Trunks {
    /// `may_try` says whether a password for a name is looked at: nobody outside learns when it was not.
    fn whose(
        &mut self,
        now: Instant,
        outside: &Outside,
        request: &Request,
        from: Peer,
        may_try: impl FnOnce(NameKey) -> bool,
    ) -> Whose {
        let source = from.addr.ip();
        if let Some((name, trunk)) = by_line(outside, &request.uri) {
            let word = if trunk.is_at(source) { Word::Taken } else { Word::Doubted };
            return Whose::Trunk(name.clone(), word);
        }
        let at = by_address(outside, request, source);
        match at {
            Some((name, trunk)) if trunk.inbound.is_none() => return Whose::Trunk(name.clone(), Word::Taken),
            Some(_) | None => {}
        }
        if outside.trunks.values().all(|trunk| trunk.inbound.is_none()) {
            return Whose::Nobody;
        }
        let answer = Credentials::find(&request.headers, HeaderName::Authorization, self.login.realm());
        let Some(answer) = answer else {
            return if at.is_some() { Whose::Unproven { stale: false } } else { Whose::Nobody };
        };
        let name = NameKey::of_trunk(&answer.username);
        if !may_try(name) {
            return Whose::Denied { name, seen: false };
        }
        let may = |trunk: &Trunk| trunk.from.is_empty() || trunk.is_at(source);
        let accounts = outside.trunks.iter().filter_map(|(name, trunk)| Some((name, trunk, trunk.inbound.as_ref()?)));
        let account = accounts.into_iter().find(|(_, trunk, inbound)| inbound.user == answer.username && may(trunk));
        let ha1 = account.map(|(_, _, inbound)| &inbound.ha1);
        match (self.login.verify(now, from, &answer, (&request.method, &request.body), ha1), account) {
            (Verdict::Accepted, Some((trunk, ..))) => Whose::Proven { trunk: trunk.clone(), name },
            (Verdict::Stale, _) => Whose::Unproven { stale: true },
            (Verdict::Accepted | Verdict::Denied, _) => Whose::Denied { name, seen: true },
        }
    }
}

/// The trunk whose registered Contact is called.
fn by_line<'a>(outside: &'a Outside, uri: &Uri) -> Option<(&'a Name, &'a Trunk)> {
    let line = uri.as_sip()?.param("line")?;
    outside.trunks.iter().find(|(_, trunk)| line_of(trunk).as_deref() == Some(line.as_str()))
}

/// The trunk at an address; where there are several, the one that delivers what is called.
fn by_address<'a>(outside: &'a Outside, request: &Request, source: IpAddr) -> Option<(&'a Name, &'a Trunk)> {
    let delivers = |trunk: &Trunk| match &trunk.numbers {
        Some(numbers) => numbers.line(&request.uri.user_text().unwrap_or_default()).is_some(),
        None => false,
    };
    let at = || outside.trunks.iter().filter(|(_, trunk)| trunk.is_at(source));
    at().find(|(_, trunk)| delivers(trunk)).or_else(|| at().next())
}

/// Who is called through a trunk: the Request-URI, or the To where the Request-URI is only our Contact.
fn called(trunk: Option<&Trunk>, request: &Request) -> Uri {
    let user = request.uri.user_text();
    let ours = trunk.and_then(|trunk| trunk.login.as_ref()).map(|login| login.username.as_str());
    if user.is_none() || (ours.is_some() && user.as_deref() == ours) {
        return request.to.uri().clone();
    }
    request.uri.clone()
}

impl Exchange {
    /// Whose a call is and whom it calls. `None`: it was refused, or asked for a password.
    pub(in crate::exchange) fn visit(&mut self, now: Now, incoming: &Incoming) -> Option<Visit> {
        let (request, from) = (&incoming.request, incoming.from);
        let guard = &self.guard;
        let may_try = |name| guard.may_log_in_as_trunk(now.instant, name, from);
        let (name, word) = match self.trunks.whose(now.instant, &self.config.outside, request, from, may_try) {
            Whose::Trunk(name, word) => (name, word),
            Whose::Proven { trunk, name } => {
                self.guard.knows_a_password(now.instant, from, name);
                self.sip.believe(incoming.leg, from);
                (trunk, Word::Taken)
            }
            Whose::Unproven { stale } => {
                self.ask_password(now, incoming, stale);
                return None;
            }
            // The password of an operator's account, which its phone shows unasked.
            Whose::Denied { .. } if self.registrar.is_phone(from) => return self.visit_of_nobody(now, incoming),
            Whose::Denied { name, seen } => {
                self.password_failed(now, from, name, seen);
                self.challenge(now.instant, incoming, false);
                return None;
            }
            Whose::Nobody => return self.visit_of_nobody(now, incoming),
        };
        self.visit_of(now.instant, incoming, name, word)
    }

    /// A call that is of no trunk and shows no password.
    fn visit_of_nobody(&mut self, now: Now, incoming: &Incoming) -> Option<Visit> {
        let (leg, from, outside) = (incoming.leg, incoming.from, &self.config.outside);
        if outside.callers == Callers::Anyone || self.registrar.is_phone(from) {
            let called = incoming.request.uri.clone();
            return Some(Visit { trunk: None, trusted: false, called, turned_away: incoming.turned_away });
        }
        if outside.trunks.values().any(|trunk| trunk.inbound.is_some() && trunk.from.is_empty()) {
            self.ask_password(now, incoming, false);
        } else {
            tracing::info!(source = %from.addr.ip(), "a call that is of no trunk: 403");
            self.saw(now, from, Deed::NoTrunk);
            self.sip.reject(now.instant, leg, Status::FORBIDDEN, &Headers::new());
        }
        None
    }

    fn visit_of(&mut self, now: Instant, incoming: &Incoming, name: Name, word: Word) -> Option<Visit> {
        let (leg, request) = (incoming.leg, &incoming.request);
        let trunk = self.config.outside.trunks.get(&name)?;
        let called = called(Some(trunk), request);
        let is_full = !self.trunks.has_room(&name, trunk.calls);
        if is_full {
            tracing::warn!(trunk = %name, "the trunk has as many calls as it may: the call is refused");
            self.trunks.refused(&name);
        }
        let turned_away = incoming.turned_away || (is_full && self.sip.turn_away(leg));
        if is_full && !turned_away {
            self.refuse(now, leg, Status::SERVICE_UNAVAILABLE);
            return None;
        }
        if !turned_away {
            self.trunks.enter(&name, leg, Heading::In);
        }
        if word == Word::Doubted {
            let source = incoming.from.addr.ip();
            tracing::info!(trunk = %name, %source, "a call to our Contact is not from the trunk: its word is not taken");
        }
        Some(Visit { trunk: Some(name), trusted: word == Word::Taken, called, turned_away })
    }

    fn ask_password(&mut self, now: Now, incoming: &Incoming, stale: bool) {
        if !stale {
            self.saw(now, incoming.from, Deed::Challenged);
        }
        self.challenge(now.instant, incoming, stale);
    }

    fn challenge(&mut self, now: Instant, incoming: &Incoming, stale: bool) {
        let mut headers = Headers::new();
        for challenge in self.trunks.login.challenges_for(&incoming.request.headers, now, incoming.from, stale) {
            headers.push_text(HeaderName::WwwAuthenticate, &challenge.to_string());
        }
        self.sip.reject(now, incoming.leg, Status::UNAUTHORIZED, &headers);
    }
}
