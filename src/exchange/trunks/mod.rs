//! Providers and exchanges that bring calls and take calls of ours: who is registered where, who is there, how many
//! calls each has.
//!
//! ```text
//!   Registration ─┐                      ┌─▶ Endpoint::send_errand ──▶ REGISTER, OPTIONS
//!   Ping ─────────┴─ requests, replies ──┤
//!                                        └─◀ Event::Replied
//!   an INVITE comes in  ──▶ door: whose is it, may it, which line
//!   an INVITE goes out  ──▶ ways: the trunks in their order, those first that can take it
//! ```

mod door;
mod ping;
mod registration;
mod state;
mod trunk;
mod view;
pub(super) mod ways;

pub use door::Callers;
pub(super) use door::Visit;
pub use trunk::{Inbound, Numbers, Trunk};
pub use view::{RegistrationView, TrunkView};

use super::outside::Outside;
use crate::ivr::menu::Name;
use crate::model::Instant;
use crate::voip::sip::digest::DigestServer;
use crate::voip::sip::endpoint::{Endpoint, ErrandId, LegId, Reply};
use crate::voip::sip::headers::Route;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use state::TrunkState;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::time::Duration;

/// How long a nonce that a trunk was given may be used.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// What is under way for a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errand {
    Register,
    Ping,
}

/// Which way a call of a trunk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heading {
    /// It calls us.
    In,
    /// We call through it.
    Out,
}

/// Every trunk, by name.
pub(super) struct Trunks {
    all: BTreeMap<Name, TrunkState>,
    errands: HashMap<ErrandId, (Name, Errand)>,
    /// Whose a leg is, as long as it stands.
    legs: HashMap<LegId, (Name, Heading)>,
    /// Asks trunks that call for their password.
    login: DigestServer,
}

impl Trunks {
    /// The trunks of the configuration; nothing has been said to them. `realm` is what they are asked for.
    pub fn new(outside: &Outside, realm: &str, seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let login = DigestServer::new(realm.to_owned(), rng.random(), NONCE_LIFETIME);
        let state = |(name, trunk): (&Name, &Trunk)| (name.clone(), TrunkState::new(trunk, rng.random()));
        let all = outside.trunks.iter().map(state).collect();
        Self { all, errands: HashMap::new(), legs: HashMap::new(), login }
    }

    /// When to call [`Trunks::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.all.values().filter_map(TrunkState::poll_timeout).min()
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant, outside: &Outside, sip: &mut Endpoint) {
        for (name, trunk) in &outside.trunks {
            let Some(state) = self.all.get_mut(name) else { continue };
            if state.poll_timeout().is_none_or(|at| now < at) {
                continue;
            }
            state.set_contact(trunk, sip);
            if let Some(over) = state.handle_timeout(now, name, trunk, sip) {
                sip.give_up_errand(now, over);
                self.errands.remove(&over);
            }
            self.send(now, name, trunk, sip);
        }
    }

    /// What became of a request of ours.
    pub fn handle_reply(&mut self, now: Instant, outside: &Outside, sip: &mut Endpoint, id: ErrandId, reply: &Reply) {
        let Some((name, errand)) = self.errands.remove(&id) else { return };
        let (Some(state), Some(trunk)) = (self.all.get_mut(&name), outside.trunks.get(&name)) else { return };
        state.set_contact(trunk, sip);
        state.handle_reply(now, &name, errand, reply);
        self.send(now, &name, trunk, sip);
    }

    /// Names have led to addresses: who could not be reached is asked now.
    pub fn located(&mut self, now: Instant, outside: &Outside, sip: &mut Endpoint) {
        self.all.values_mut().for_each(|state| state.located(now));
        self.handle_timeout(now, outside, sip);
    }

    /// The server stops: providers are told.
    pub fn leave(&mut self, now: Instant, outside: &Outside, sip: &mut Endpoint) {
        for (name, trunk) in &outside.trunks {
            if let Some(state) = self.all.get_mut(name) {
                state.leave(now);
            }
            self.send(now, name, trunk, sip);
        }
    }

    /// Whether a provider has yet to answer our farewell.
    pub fn are_leaving(&self) -> bool {
        self.all.values().any(TrunkState::is_leaving)
    }

    /// Sends what a trunk's machines want sent.
    fn send(&mut self, now: Instant, name: &Name, trunk: &Trunk, sip: &mut Endpoint) {
        let Some(state) = self.all.get_mut(name) else { return };
        state.tell(name);
        while let Some((errand, request)) = state.next_request(trunk, sip) {
            match sip.send_errand(now, request, trunk.peer) {
                Ok(id) => {
                    let before = state.note(errand, id);
                    self.errands.extend([(id, (name.clone(), errand))]);
                    if let Some(before) = before {
                        self.errands.remove(&before);
                        sip.forget_errand(before);
                    }
                }
                Err(_) => state.handle_reply(now, name, errand, &Reply::Unreachable),
            }
        }
    }

    /// Whether one more call may be made through a trunk or taken from it, of `most`.
    fn has_room(&self, name: &str, most: Option<NonZeroUsize>) -> bool {
        self.all.get(name).is_some_and(|state| most.is_none_or(|most| state.calls() < most.get()))
    }

    /// Whether a trunk can take a call of ours: it is not known to be down, its registration has not failed, and there
    /// is room.
    fn can_take(&self, now: Instant, name: &str, most: Option<NonZeroUsize>) -> bool {
        self.all.get(name).is_some_and(|state| state.is_there(now)) && self.has_room(name, most)
    }

    /// A call of a trunk begins; it lasts until [`Trunks::leg_over`].
    fn enter(&mut self, name: &Name, leg: LegId, heading: Heading) {
        if let Some(state) = self.all.get_mut(name) {
            state.enter(heading);
            self.legs.insert(leg, (name.clone(), heading));
        }
    }

    /// A call was refused because of a trunk's limit.
    fn refused(&mut self, name: &str) {
        if let Some(state) = self.all.get_mut(name) {
            state.count_refused();
        }
    }

    /// A leg is over: should it be of a trunk, it is counted no more.
    pub fn leg_over(&mut self, leg: LegId) {
        let Some((name, heading)) = self.legs.remove(&leg) else { return };
        if let Some(state) = self.all.get_mut(&name) {
            state.leave_call(heading);
        }
    }

    /// The way that a trunk's registrar wants our calls to take.
    fn route(&self, now: Instant, name: &str) -> Vec<Route> {
        self.all.get(name).map(|state| state.route(now)).unwrap_or_default()
    }
}
