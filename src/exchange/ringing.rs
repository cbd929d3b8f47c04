//! The phones of one operator ring at once; who answers first has the call.
//!
//! ```text
//!   q=1    desk ──┐ all at once            first 200: it has the call, the others get
//!   q=1    soft ──┘                        CANCEL with Reason: SIP;cause=200 (RFC 3326)
//!   q=0.5  home ── when both have refused
//!
//!   3xx ──▶ another phone of the account, a target of the configuration: rung in its place, three times at most
//!       ──▶ another operator: the queue offers the call to that one
//!       ──▶ anybody else: as if the phone were busy
//! ```

use super::offers::Offer;
use super::registrar::Target;
use super::trunks::ways::Passed;
use super::{Exchange, Owner};
use crate::ivr::menu::Name;
use crate::model::{CallEvent, CallId, Now, OperatorId};
use crate::voip::media::StreamId;
use crate::voip::sip::Uri;
use crate::voip::sip::endpoint::{LegId, OutgoingCall};
use crate::voip::sip::headers::{Headers, NameAddr, Route};
use std::collections::VecDeque;
use std::net::IpAddr;

/// How often one call to an operator may be sent elsewhere.
const MAX_REDIRECTS: u8 = 3;

/// What every phone is told.
#[derive(Clone)]
pub(super) struct Invitation {
    from: NameAddr,
    /// Our address, as the phones see it.
    own: IpAddr,
    offer: Vec<u8>,
    headers: Headers,
}

impl Invitation {
    /// Who calls from which address of ours, with an offer.
    pub const fn new(from: NameAddr, own: IpAddr, offer: Vec<u8>, headers: Headers) -> Self {
        Self { from, own, offer, headers }
    }
}

/// Phones that ring for one call.
pub(super) struct Ringing {
    /// With where each is.
    legs: Vec<(LegId, IpAddr)>,
    /// Those with a lesser wish to be rung.
    later: VecDeque<Vec<Target>>,
    invitation: Invitation,
    redirects: u8,
    /// Who was asked already.
    asked: Vec<Uri>,
}

impl Ringing {
    /// One phone that rings.
    pub fn of(leg: LegId, at: IpAddr, invitation: Invitation) -> Self {
        Self { legs: vec![(leg, at)], later: VecDeque::new(), invitation, redirects: 0, asked: Vec::new() }
    }

    /// The phones that ring now.
    pub fn all(&self) -> Vec<LegId> {
        self.legs.iter().map(|(leg, _)| *leg).collect()
    }

    /// Where a phone that rings is.
    pub fn place_of(&self, leg: LegId) -> Option<IpAddr> {
        self.legs.iter().find(|(known, _)| *known == leg).map(|(_, at)| *at)
    }

    /// One of the phones that ring now.
    pub fn first(&self) -> Option<LegId> {
        self.legs.first().map(|(leg, _)| *leg)
    }
}

impl Exchange {
    /// Rings the phones of an operator; `None` when none can be.
    pub(super) fn ring(
        &mut self,
        now: Now,
        operator: &OperatorId,
        owner: &Owner,
        invitation: Invitation,
    ) -> Option<Ringing> {
        let later = self.registrar.groups(operator).into();
        let mut ringing = Ringing { legs: Vec::new(), later, invitation, redirects: 0, asked: Vec::new() };
        self.ring_next(now, &mut ringing, owner).then_some(ringing)
    }

    /// Rings the next phones; whether any rings now.
    fn ring_next(&mut self, now: Now, ringing: &mut Ringing, owner: &Owner) -> bool {
        while ringing.legs.is_empty() {
            let Some(group) = ringing.later.pop_front() else { return false };
            for target in group {
                self.ring_phone(now, ringing, target, owner);
            }
        }
        true
    }

    fn ring_phone(&mut self, now: Now, ringing: &mut Ringing, target: Target, owner: &Owner) {
        let Invitation { from, offer, headers, .. } = ringing.invitation.clone();
        ringing.asked.push(target.uri.clone());
        // The hops that the phone registered through (RFC 3327 §5.3).
        let mut all = Headers::new();
        target.path.iter().for_each(|hop| all.push(&Route(hop.clone())));
        all.append(&headers);
        let outgoing = OutgoingCall {
            target: target.uri,
            to: target.peer,
            local: Some(target.local),
            from,
            offer,
            headers: all,
            login: None,
        };
        self.ring_at(now, ringing, outgoing, owner);
    }

    fn ring_at(&mut self, now: Now, ringing: &mut Ringing, outgoing: OutgoingCall, owner: &Owner) {
        let at = outgoing.to.addr.ip();
        match self.sip.invite(now.instant, outgoing) {
            Ok(leg) => {
                self.legs.insert(leg, owner.clone());
                ringing.legs.push((leg, at));
            }
            Err(error) => tracing::error!(%error, "a phone cannot be rung"),
        }
    }

    /// One of the phones did not take the call; whether others still ring, or now begin to.
    pub(super) fn still_rings(&mut self, now: Now, ringing: &mut Ringing, leg: LegId, owner: &Owner) -> bool {
        self.legs.remove(&leg);
        ringing.legs.retain(|(known, _)| *known != leg);
        self.ring_next(now, ringing, owner)
    }

    /// Stops the phones: nobody is to answer any more.
    pub(super) fn stop_ringing(&mut self, now: Now, ringing: &Ringing) {
        for (leg, _) in &ringing.legs {
            self.legs.remove(leg);
            self.sip.hang_up(now.instant, *leg);
        }
    }

    /// One of the phones has answered: the others stop, and the stream's media comes from there.
    pub(super) fn answered_at(&mut self, now: Now, ringing: &Ringing, answered: LegId, stream: StreamId) {
        for (leg, at) in &ringing.legs {
            if *leg == answered {
                self.towards.insert(stream, *at);
            } else {
                self.legs.remove(leg);
                self.sip.cancel_elsewhere(now.instant, *leg);
            }
        }
    }

    /// A phone that was offered a caller wants the call to go elsewhere; whether it does.
    pub(super) fn redirected(&mut self, now: Now, leg: LegId, contacts: &[NameAddr]) -> bool {
        let Some(owner @ (Owner::Operator(..) | Owner::Waiter(..))) = self.legs.get(&leg).cloned() else {
            return false;
        };
        let (Owner::Operator(id, operator) | Owner::Waiter(id, operator)) = &owner else { return false };
        let key = (*id, operator.clone());
        let Some(Offer::Inviting(mut inviting)) = self.offers.remove(&key) else { return false };
        let ringing = &mut inviting.ringing;
        let mut followed = false;
        for contact in contacts {
            if ringing.redirects >= MAX_REDIRECTS || ringing.asked.iter().any(|uri| uri.is_equivalent(contact.uri())) {
                continue;
            }
            let phones = self.registrar.targets(operator);
            if let Some(phone) = phones.into_iter().find(|phone| phone.uri.is_equivalent(contact.uri())) {
                ringing.redirects += 1;
                self.ring_phone(now, ringing, phone, &owner);
                followed = true;
            } else if let Some(name) = self.transfer_named(contact.uri()) {
                ringing.redirects += 1;
                followed |= self.ring_target(now, ringing, &name, contact, &owner);
            } else if self.redirect_to_operator(now, *id, operator, contact.uri()) {
                self.stop_ringing(now, &inviting.ringing);
                self.legs.remove(&leg);
                self.close_stream(inviting.stream);
                return true;
            }
            if followed {
                break;
            }
        }
        if followed {
            self.legs.remove(&leg);
            ringing.legs.retain(|(known, _)| *known != leg);
        } else {
            tracing::info!(%operator, "a phone sends its call where none may go: as if it were busy");
        }
        self.offers.insert(key, Offer::Inviting(inviting));
        followed
    }

    /// The operator's line is forwarded to a target of the configuration.
    fn ring_target(&mut self, now: Now, ringing: &mut Ringing, name: &Name, contact: &NameAddr, owner: &Owner) -> bool {
        let Some((way, _)) = self.way_to_target(now, name, Passed::default()) else { return false };
        let Invitation { own, offer, headers, .. } = ringing.invitation.clone();
        let before = ringing.legs.len();
        ringing.asked.push(contact.uri().clone());
        let outgoing =
            OutgoingCall { headers, ..way.invite(own, String::from_utf8_lossy(&offer).into_owned(), Headers::new()) };
        self.ring_at(now, ringing, outgoing, owner);
        ringing.legs.len() > before
    }

    fn redirect_to_operator(&mut self, now: Now, id: CallId, from: &OperatorId, uri: &Uri) -> bool {
        let Some(to) = self.account_named(uri).filter(|to| to != from) else { return false };
        if !self.acd.redirect(now, id, from, &to) {
            return false;
        }
        tracing::info!(call = %id, %from, %to, "a phone sends its call to another operator");
        if self.calls.contains_key(&id) {
            self.record(now, id, CallEvent::OfferFailed { operator: from.clone(), reason: "forwarded".into() });
        }
        true
    }
}
