//! What is shown of a trunk.

use super::Trunks;
use super::ping::Reach;
use super::registration::{Registration, Why};
use super::state::TrunkState;
use crate::exchange::outside::Outside;
use crate::model::{Instant, Now};
use jiff::Timestamp;

/// A trunk as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkView {
    /// Its name.
    pub name: String,
    /// Where its requests go, with the transport.
    pub address: String,
    /// Whether we are registered there.
    pub registration: RegistrationView,
    /// `up`, `down` or `unknown`.
    pub reach: &'static str,
    /// Since when it is up or down.
    pub since: Option<Timestamp>,
    /// Its calls that came in and stand.
    pub calls_in: usize,
    /// Calls through it that stand or ring.
    pub calls_out: usize,
    /// Calls that came from it since the start.
    pub total_in: u64,
    /// Calls made through it since the start.
    pub total_out: u64,
    /// Calls refused for its limit since the start.
    pub refused: u64,
}

/// Whether we are registered at a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationView {
    /// It is not asked for.
    NotWanted,
    /// Until then, unless it is refreshed.
    Until(Timestamp),
    /// No, and why.
    Failed(String),
    /// The first answer has not come.
    Asked,
}

impl Trunks {
    /// Every trunk, by name.
    pub fn view(&self, now: Now, outside: &Outside) -> Vec<TrunkView> {
        let both = outside.trunks.iter().filter_map(|(name, trunk)| Some((name, trunk, self.all.get(name)?)));
        both.map(|(name, trunk, state)| state.view(now, name, &trunk.peer.to_string())).collect()
    }
}

impl TrunkState {
    fn view(&self, now: Now, name: &str, address: &str) -> TrunkView {
        let reach = self.reach();
        let since = match reach {
            Reach::Unknown => None,
            Reach::Up { since } | Reach::Down { since } => wall(now, since),
        };
        TrunkView {
            name: name.to_owned(),
            address: address.to_owned(),
            registration: self.registration.as_ref().map_or(RegistrationView::NotWanted, |one| registered(now, one)),
            reach: reach.name(),
            since,
            calls_in: self.inbound,
            calls_out: self.outbound,
            total_in: self.totals.inbound,
            total_out: self.totals.outbound,
            refused: self.totals.refused,
        }
    }
}

fn registered(now: Now, registration: &Registration) -> RegistrationView {
    let until = registration.granted(now.instant).and_then(|granted| wall(now, granted.until));
    match (until, registration.last_failure()) {
        (Some(until), _) => RegistrationView::Until(until),
        (None, Some(why)) => RegistrationView::Failed(Why::text(why)),
        (None, None) => RegistrationView::Asked,
    }
}

/// The wall clock's time of an instant.
fn wall(now: Now, at: Instant) -> Option<Timestamp> {
    if at > now.instant {
        now.wall.checked_add(at.since(now.instant)).ok()
    } else {
        now.wall.checked_sub(now.instant.since(at)).ok()
    }
}
