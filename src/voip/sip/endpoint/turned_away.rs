//! Calls above the limits that hear why before they are refused: few at once, and only for those who are where they
//! say that they are, since sound is sent before anybody proved it with an ACK.

use super::admission::Pass;
use super::{Endpoint, LegId};
use crate::model::Instant;
use crate::voip::sip::source::Source;
use crate::voip::sip::{Peer, Request, body};
use std::collections::HashMap;

/// The part of the places that one source may have that is no trunk.
const SHARE: usize = 4;

/// Calls of a registered phone at once that no load refuses.
const CALLS_OF_A_PHONE: usize = 8;

/// How an INVITE comes in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// As a call like any other.
    Admitted(Pass),
    /// Only to hear that there is no room.
    TurnedAway,
}

/// The calls that hear it now.
#[derive(Debug, Default)]
pub(super) struct TurnedAway {
    most: usize,
    legs: HashMap<LegId, Source>,
    sources: HashMap<Source, usize>,
}

impl TurnedAway {
    fn has_room(&self, source: Source, is_trunk: bool) -> bool {
        let own = self.sources.get(&source).copied().unwrap_or(0);
        self.legs.len() < self.most && (is_trunk || own < (self.most / SHARE).max(1))
    }

    fn hold(&mut self, leg: LegId, source: Source) {
        self.legs.insert(leg, source);
        *self.sources.entry(source).or_default() += 1;
    }

    /// A leg is over.
    pub fn leave(&mut self, leg: LegId) {
        let Some(source) = self.legs.remove(&leg) else { return };
        if let Some(count) = self.sources.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.sources.remove(&source);
            }
        }
    }
}

impl Endpoint {
    /// How many calls above the limits may come in at once to hear that there is no room; none by default.
    pub const fn set_announcements(&mut self, most: usize) {
        self.turned_away.most = most;
    }

    /// Whether and how a call comes in; `None`: it is refused at once.
    pub(super) fn entry(&mut self, now: Instant, from: Peer, request: &Request) -> Option<Entry> {
        let is_ours = self.may_be_phones(from);
        if let Ok(pass) = self.admission.enter(now, from.source(), is_ours) {
            return Some(Entry::Admitted(pass));
        }
        let is_described = body::session_of(&request.headers, &request.body).is_some();
        (is_described && self.may_be_told(from.source())).then_some(Entry::TurnedAway)
    }

    /// Whether a call is let in as one of a registered phone, whatever the load. A datagram may name the phone that never
    /// sent it: above what phones need at once, calls from there are calls like any other.
    fn may_be_phones(&self, from: Peer) -> bool {
        let phones = self.phones.get(&from.addr).copied().unwrap_or(0);
        let calls = self.by_source.get(&from.source()).copied().unwrap_or(0);
        phones > 0 && (calls < phones * CALLS_OF_A_PHONE || self.admission.is_trunk(from.source()))
    }

    /// Nobody is sent sound whose address may be made up.
    fn may_be_told(&self, source: Source) -> bool {
        let is_trunk = self.admission.is_trunk(source);
        (is_trunk || self.admission.has_calls(source)) && self.turned_away.has_room(source, is_trunk)
    }

    pub(super) fn enter(&mut self, leg: LegId, source: Source, entry: Entry) {
        match entry {
            Entry::Admitted(pass) => self.admission.hold(leg, pass),
            Entry::TurnedAway => self.turned_away.hold(leg, source),
        }
    }

    /// A call that came in is above a limit after all: whether it may hear that. Then it counts as a call no more.
    pub fn turn_away(&mut self, leg: LegId) -> bool {
        let Some(source) = self.legs.get(leg.0).and_then(|leg| leg.source) else { return false };
        if !self.may_be_told(source) {
            return false;
        }
        self.admission.leave(leg);
        self.turned_away.hold(leg, source);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::sip::transaction::arena::Arena;
    use std::net::SocketAddr;

    fn source(last: u8) -> Source {
        SocketAddr::from(([192, 0, 2, last], 5060)).into()
    }

    #[test]
    fn places_are_bounded_in_all_and_for_one_source_that_is_no_trunk() {
        let mut arena = Arena::default();
        let mut leg = || LegId(arena.insert(()));
        let mut told = TurnedAway { most: 8, ..TurnedAway::default() };
        let (one, other) = (leg(), leg());
        told.hold(one, source(1));
        told.hold(other, source(1));
        assert!(!told.has_room(source(1), false) && told.has_room(source(2), false) && told.has_room(source(1), true));
        for _ in 0..6 {
            told.hold(leg(), source(3));
        }
        assert!(!told.has_room(source(2), false) && !told.has_room(source(3), true));
        told.leave(one);
        told.leave(one);
        assert!(told.has_room(source(1), false));
        assert!(!TurnedAway::default().has_room(source(1), true), "nobody, unless it is wanted");
    }
}
