//! The phones of one operator ring at once; who answers first has the call.
//!
//! ```text
//!   q=1    desk ──┐ all at once            first 200: it has the call, the others get
//!   q=1    soft ──┘                        CANCEL with Reason: SIP;cause=200 (RFC 3326)
//!   q=0.5  home ── when both have refused, or have rung for their part of the time: then they stop (`turns`)
//!
//!   3xx ──▶ other phones of the account, targets of the configuration: rung in its place, those of a lesser q when
//!           their turn comes; three at most
//!       ──▶ another operator: the queue offers the call to that one
//!       ──▶ anybody else: as if the phone were busy
//! ```

use super::offers::Offer;
use super::registrar::Target;
use super::trunks::ways::Passed;
use super::{Exchange, Owner};
use crate::ivr::menu::Name;
use crate::model::{CallEvent, CallId, Instant, Now, OperatorId};
use crate::voip::media::StreamId;
use crate::voip::sip::Uri;
use crate::voip::sip::endpoint::{LegId, OutgoingCall};
use crate::voip::sip::headers::{Contact, Headers, NameAddr, Route};
use std::collections::VecDeque;
use std::net::IpAddr;

/// To how many others one call to an operator may be sent on.
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

/// Somebody to ring for an operator.
enum Candidate {
    /// A phone of the account.
    Phone(Target),
    /// A target of the configuration, which a phone has named.
    Outside(Name, NameAddr),
}

/// Phones that ring for one call.
pub(super) struct Ringing {
    /// With where each is.
    legs: Vec<(LegId, IpAddr)>,
    /// Those with a lesser wish to be rung, together those with the same.
    later: VecDeque<Vec<Candidate>>,
    /// Until when all of them are rung, one wish after the other.
    until: Instant,
    /// When those of the next wish have their turn, while there are any.
    pub turn: Option<Instant>,
    invitation: Invitation,
    redirects: u8,
    /// Who was asked already.
    asked: Vec<Uri>,
}

impl Ringing {
    fn new(later: VecDeque<Vec<Candidate>>, until: Instant, invitation: Invitation) -> Self {
        Self { legs: Vec::new(), later, until, turn: None, invitation, redirects: 0, asked: Vec::new() }
    }

    /// One phone that rings.
    pub fn of(leg: LegId, at: IpAddr, until: Instant, invitation: Invitation) -> Self {
        Self { legs: vec![(leg, at)], ..Self::new(VecDeque::new(), until, invitation) }
    }

    /// Another end of the time, for the turns that are set from now on.
    pub const fn set_until(&mut self, until: Instant) {
        self.until = until;
    }

    /// When those of the next wish have their turn: every wish has an equal part of the time that is left.
    pub fn next_turn(&self, now: Instant) -> Option<Instant> {
        let later = u32::try_from(self.later.len()).unwrap_or(u32::MAX);
        (later > 0).then(|| now + self.until.since(now) / later.saturating_add(1))
    }

    fn was_asked(&self, uri: &Uri) -> bool {
        self.asked.iter().any(|asked| asked.is_equivalent(uri))
    }

    /// A phone that is rung now is not rung once more when its own turn comes.
    fn forget_later(&mut self, candidate: &Candidate) {
        let Candidate::Phone(phone) = candidate else { return };
        for group in &mut self.later {
            group.retain(|other| !matches!(other, Candidate::Phone(other) if other == phone));
        }
        self.later.retain(|group| !group.is_empty());
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
    /// Rings the phones of an operator, all of them by `until`; `None` when none can be.
    pub(super) fn ring(
        &mut self,
        now: Now,
        operator: &OperatorId,
        owner: &Owner,
        until: Instant,
        invitation: Invitation,
    ) -> Option<Ringing> {
        let groups = self.registrar.groups(operator).into_iter();
        let later = groups.map(|group| group.into_iter().map(Candidate::Phone).collect()).collect();
        let mut ringing = Ringing::new(later, until, invitation);
        self.ring_next(now, &mut ringing, owner).then_some(ringing)
    }

    /// Rings those of the next wish when nobody rings; whether anybody does now.
    fn ring_next(&mut self, now: Now, ringing: &mut Ringing, owner: &Owner) -> bool {
        while ringing.legs.is_empty() {
            let Some(group) = ringing.later.pop_front() else { break };
            self.ring_group(now, ringing, group, owner);
            self.set_turn(now, ringing, owner);
        }
        !ringing.legs.is_empty()
    }

    fn ring_group(&mut self, now: Now, ringing: &mut Ringing, group: Vec<Candidate>, owner: &Owner) {
        for candidate in group {
            match candidate {
                Candidate::Phone(target) => self.ring_phone(now, ringing, target, owner),
                Candidate::Outside(name, contact) => self.ring_target(now, ringing, &name, &contact, owner),
            }
        }
    }

    /// Those who ring have had their time: they stop, and those of the next wish are rung. Whether any is.
    pub(super) fn ring_lesser(&mut self, now: Now, ringing: &mut Ringing, owner: &Owner) -> bool {
        self.stop_ringing(now, ringing);
        ringing.legs.clear();
        self.ring_next(now, ringing, owner)
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
        let mut groups: Vec<(u16, Vec<Candidate>)> = Vec::new();
        for contact in contacts {
            let ringing = &mut inviting.ringing;
            if ringing.redirects >= MAX_REDIRECTS || ringing.was_asked(contact.uri()) {
                continue;
            }
            if let Some(candidate) = self.candidate(operator, contact) {
                ringing.redirects += 1;
                ringing.asked.push(contact.uri().clone());
                ringing.forget_later(&candidate);
                // They come in the order of their wishes.
                let wish = Contact::Addr(contact.clone()).priority();
                match groups.last_mut() {
                    Some((same, group)) if *same == wish => group.push(candidate),
                    Some(_) | None => groups.push((wish, vec![candidate])),
                }
            } else if groups.is_empty() && self.redirect_to_operator(now, *id, operator, contact.uri()) {
                self.stop_ringing(now, &inviting.ringing);
                self.legs.remove(&leg);
                self.close_stream(inviting.stream);
                return true;
            }
        }
        let groups = groups.into_iter().map(|(_, group)| group).collect();
        let followed = self.ring_instead(now, &mut inviting.ringing, leg, groups, &owner);
        if !followed {
            tracing::info!(%operator, "a phone sends its call where none may go: as if it were busy");
        }
        self.offers.insert(key, Offer::Inviting(inviting));
        followed
    }

    /// Whom a Contact of a 3xx names that may be rung for an operator.
    fn candidate(&self, operator: &OperatorId, contact: &NameAddr) -> Option<Candidate> {
        let phones = self.registrar.targets(operator);
        match phones.into_iter().find(|phone| phone.uri.is_equivalent(contact.uri())) {
            Some(phone) => Some(Candidate::Phone(phone)),
            None => self.transfer_named(contact.uri()).map(|name| Candidate::Outside(name, contact.clone())),
        }
    }

    /// Rings others in the place of a phone; `false` when nobody rings any more.
    fn ring_instead(
        &mut self,
        now: Now,
        ringing: &mut Ringing,
        leg: LegId,
        mut groups: VecDeque<Vec<Candidate>>,
        owner: &Owner,
    ) -> bool {
        let Some(first) = groups.pop_front() else { return false };
        let others = ringing.legs.iter().filter(|(known, _)| *known != leg).count();
        groups.extend(std::mem::take(&mut ringing.later));
        ringing.later = groups;
        ringing.legs.retain(|(known, _)| *known != leg);
        self.ring_group(now, ringing, first, owner);
        self.set_turn(now, ringing, owner);
        let rings = others > 0 || self.ring_next(now, ringing, owner);
        if rings {
            self.legs.remove(&leg);
        }
        rings
    }

    /// The operator's line is forwarded to a target of the configuration.
    fn ring_target(&mut self, now: Now, ringing: &mut Ringing, name: &Name, contact: &NameAddr, owner: &Owner) {
        let Some((way, _)) = self.way_to_target(now, name, Passed::default()) else { return };
        let Invitation { own, offer, headers, .. } = ringing.invitation.clone();
        ringing.asked.push(contact.uri().clone());
        let outgoing =
            OutgoingCall { headers, ..way.invite(own, String::from_utf8_lossy(&offer).into_owned(), Headers::new()) };
        self.ring_at(now, ringing, outgoing, owner);
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
