//! The table of legs, what finds them, and the names and addresses that we give ourselves.

use super::leg::{Leg, LegTimer, State};
use super::{CoreTimer, Due, Endpoint, LegId};
use crate::model::Instant;
use crate::voip::sip::addresses::listener_for;
use crate::voip::sip::headers::{MAGIC_COOKIE, Via};
use crate::voip::sip::{Host, Peer, Request, SipUri};
use rand::RngExt;
use std::net::SocketAddr;
use std::time::Duration;

impl Endpoint {
    /// Takes a leg in, with the longest time for its first state.
    pub(super) fn insert_leg(&mut self, now: Instant, leg: Leg, longest: Duration) -> LegId {
        let tag = leg.tag.clone();
        let origin = leg.origin.clone();
        let source = leg.source;
        let leg = LegId(self.legs.insert(leg));
        self.by_tag.insert(tag, leg);
        if let Some(origin) = origin {
            self.by_origin.insert(origin, leg);
        }
        if let Some(source) = source {
            *self.by_source.entry(source).or_default() += 1;
        }
        self.set_deadline(now, leg, longest);
        leg
    }

    /// Forgets a leg.
    pub(super) fn end_leg(&mut self, leg: LegId) {
        let Some(mut over) = self.legs.remove(leg.0) else { return };
        self.admission.leave(leg);
        self.turned_away.leave(leg);
        self.detach_notifier(leg, &mut over);
        for timer in over.session.take_timers() {
            self.transactions.wheel().stop(timer);
        }
        if let Some(theirs) = over.session.theirs {
            self.transactions.abandon(theirs.transaction);
        }
        self.by_tag.remove(&over.tag);
        if let Some(origin) = over.origin {
            self.by_origin.remove(&origin);
        }
        if let Some(deadline) = over.deadline {
            self.transactions.wheel().stop(deadline);
        }
        if let State::Standing(standing) = &over.state {
            for timer in standing.timers() {
                self.transactions.wheel().stop(timer);
            }
        }
        if let Some(source) = over.source
            && let Some(count) = self.by_source.get_mut(&source)
        {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
        if self.legs.is_empty() {
            self.by_tag.shrink_to(1024);
            self.by_origin.shrink_to(1024);
            self.by_source.shrink_to(1024);
        }
    }

    pub(super) fn set_state(&mut self, leg: LegId, state: State) {
        if let Some(leg) = self.legs.get_mut(leg.0) {
            leg.state = state;
        }
    }

    /// How long the leg may go on as it is.
    pub(super) fn set_deadline(&mut self, now: Instant, leg: LegId, longest: Duration) {
        let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Deadline));
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        if let Some(before) = found.deadline.take() {
            self.transactions.wheel().stop(before);
        }
        found.deadline = Some(self.transactions.wheel().set(now + longest, due));
    }

    /// A new tag: 64 random bits (RFC 3261 §19.3 asks for 32).
    pub(super) fn draw_tag(&mut self) -> String {
        format!("{:016x}", self.rng.random::<u64>())
    }

    /// Puts our Via on a request and returns its branch (§8.1.1.7).
    pub(super) fn add_via(&mut self, request: &mut Request, local: SocketAddr, to: Peer) -> String {
        let branch = format!("{MAGIC_COOKIE}{}", self.draw_tag());
        request.vias.insert(0, Via::new(to.transport, Host::Ip(local.ip()), Some(local.port()), &branch));
        branch
    }

    /// Our URI at an address.
    pub(super) fn uri_at(&self, local: SocketAddr) -> SipUri {
        let user = Some(self.config.contact_user.as_str()).filter(|user| !user.is_empty());
        SipUri::new(user, Host::Ip(local.ip()), Some(local.port()))
    }

    /// The local address for a request that we begin, as the peer sees it.
    pub(super) fn local_for(&self, to: Peer) -> SocketAddr {
        let listener = listener_for(&self.config.listeners, to).or_else(|| self.config.listeners.first().copied());
        let unknown = SocketAddr::from(([127, 0, 0, 1], 5060));
        self.visible(listener.map_or(unknown, |listener| listener.addr), to, None)
    }

    /// A local address as a peer sees it: the public one, or itself; when it is unspecified, the address that the
    /// peer has called.
    pub(super) fn visible(&self, local: SocketAddr, peer: Peer, request: Option<&Request>) -> SocketAddr {
        let ip = self.config.visibility.told(local.ip(), peer.addr.ip());
        if !ip.is_unspecified() {
            return SocketAddr::new(ip, local.port());
        }
        let called = request.and_then(|request| request.uri.as_sip()?.host.ip());
        called.map_or(local, |ip| SocketAddr::new(ip, local.port()))
    }
}
