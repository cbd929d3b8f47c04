//! Who is where it says that it is, and what goes to those of whom nobody knows.
//!
//! A datagram says that it comes from anywhere, and the answer to an INVITE is repeated eleven times until its ACK comes:
//! whoever sends INVITEs in the name of another would have it drowned by us. An address is *proven* once it has sent an
//! ACK with our tag, which only reached whoever is there; so are trunks, registered phones, and the other end of a
//! connection. To all others:
//!
//! - a response goes once each time its request comes; of what is repeated without being asked for, they get a few all
//!   together, enough for a caller who has lost an answer, or whose ACK was lost;
//! - the BYE of a call that was never acknowledged goes once;
//! - requests go nowhere but to the IP that the call came from, and no connection is opened ([`Reach::Home`]).

use super::leg::{End, Leg, Offered, State};
use super::{Endpoint, LegId};
use crate::model::Instant;
use crate::voip::sip::dialog::{Dialog, Reach};
use crate::voip::sip::headers::HeaderName;
use crate::voip::sip::roll::{Bucket, Roll};
use crate::voip::sip::source::Source;
use crate::voip::sip::{Method, Peer};
use std::time::Duration;

/// Sources that are remembered, of either kind.
const SOURCES: usize = 65_536;
/// How long an ACK proves an address.
const PROVEN: Duration = Duration::from_secs(3_600);
/// How long it is remembered that something was repeated: longer than a bucket takes to fill.
const IDLE: Duration = Duration::from_secs(60);
/// Repeated responses a second for a source that has proven nothing, each of up to [`LARGE`] octets; a larger one counts
/// for several, since who sends a large request gets a large response.
const RATE: f64 = 1.0;
/// So many may come at once.
const BURST: f64 = 20.0;
const LARGE: usize = 1_500;

/// What is known of sources.
#[derive(Debug)]
pub(super) struct Repeats {
    proven: Roll<Source, ()>,
    unproven: Roll<Source, Bucket>,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { proven: Roll::new(SOURCES, PROVEN), unproven: Roll::new(SOURCES, IDLE) }
    }
}

impl Endpoint {
    /// The ACK with our tag has come for a call.
    pub(super) fn proves_itself(&mut self, now: Instant, leg: LegId) {
        if let Some(source) = self.legs.get(leg.0).and_then(|leg| leg.source) {
            self.repeats.proven.enter(now, &source, |()| false, || ());
        }
    }

    /// Whether a trunk or a registered phone is there.
    fn is_known(&self, peer: Peer) -> bool {
        self.phones.contains_key(&peer.addr) || self.admission.is_trunk(peer.source())
    }

    /// Whether somebody is where they say that they are.
    pub(super) fn is_proven(&self, peer: Peer) -> bool {
        let has_proven = || self.repeats.proven.get(&peer.source()).is_some();
        peer.transport.is_reliable() || has_proven() || self.is_known(peer)
    }

    /// Whether a response goes once more to somebody who has not asked for it again.
    pub(super) fn may_repeat(&mut self, now: Instant, to: Peer, octets: usize) -> bool {
        if self.is_proven(to) {
            return true;
        }
        let new = || Bucket::full(now, BURST);
        let bucket = self.repeats.unproven.enter(now, &to.source(), |_| false, new);
        let count = u32::try_from(octets.div_ceil(LARGE)).unwrap_or(u32::MAX).max(1);
        bucket.is_some_and(|bucket| bucket.take_some(now, RATE, BURST, count.into()))
    }

    /// How far somebody who calls is believed on where it is.
    pub(super) fn reach_of(&self, from: Peer) -> Reach {
        if self.is_known(from) { Reach::Anywhere } else { Reach::Home }
    }

    /// Whoever calls has shown a password: its Contact is believed as that of a trunk's address is.
    pub fn believe(&mut self, leg: LegId, from: Peer) {
        let Some(Leg { tag, state: State::Offered(offered), .. }) = self.legs.get_mut(leg.0) else { return };
        let Offered { dialog, invite, .. } = offered;
        if let Some(believed) = Dialog::of_server(invite, tag, from, Reach::Anywhere) {
            **dialog = believed;
        }
    }

    /// BYE to somebody who may not be there, once; the leg is over.
    pub(super) fn say_bye_once(&mut self, now: Instant, leg: LegId, why: End) {
        self.begin_leaving(now, leg, why);
        let Some(path) = self.path_of_leg(now, leg) else { return };
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let local = found.local;
        let Some(dialog) = found.dialog() else { return };
        let mut bye = dialog.request(Method::Bye);
        self.add_via(&mut bye, local, path);
        bye.headers.push_text(HeaderName::UserAgent, &self.config.user_agent);
        self.send(path, bye.to_bytes().into());
        self.left(leg);
    }
}
