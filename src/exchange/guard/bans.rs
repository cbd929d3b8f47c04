//! Who is not heard, and for how long.

use crate::model::{Instant, Network, Now};
use crate::voip::sip::source::Source;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

/// Bans at once. One more takes the place of the one that ends first.
pub(super) const MOST: usize = 16_384;

/// What a ban silences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Datagrams alone: what led to it came by datagrams, which anybody can send in another's name. A connection proves
    /// its address and is still served.
    Datagrams,
    /// Everything.
    Everything,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Whose messages are not heard.
    pub network: Network,
    /// What is not heard of them.
    pub scope: Scope,
    /// When it ends; `None`: when somebody lifts it.
    pub until: Option<Timestamp>,
    /// Whether somebody typed it. Such a ban spares nobody.
    pub by_hand: bool,
    /// Why, in a word or two.
    pub reason: Box<str>,
    /// The bans of this network so far, this one included.
    pub times: u32,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    scope: Scope,
    by_hand: bool,
    until: Option<Instant>,
    /// Whether the store has it, so that its absence there means that it was lifted.
    stored: bool,
}

/// The bans that hold.
#[derive(Debug, Default)]
pub(super) struct Bans {
    held: HashMap<Network, Held>,
    /// How many there are of each size of network: a source is looked for in each of them.
    sizes: BTreeMap<u8, usize>,
    ends: BTreeSet<(Instant, Network)>,
}

impl Bans {
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether something of a source is heard: by whom it was banned, if it was.
    pub fn find(&self, now: Instant, ip: IpAddr) -> Option<(Scope, bool)> {
        let ip = ip.to_canonical();
        let networks = self.sizes.keys().filter_map(|bits| Network::around(ip, *bits));
        let mut found = networks.filter_map(|network| self.held.get(&network));
        let held = found.find(|held| held.until.is_none_or(|until| until > now))?;
        Some((held.scope, held.by_hand))
    }

    /// Holds a ban in the place of an earlier one.
    pub fn hold(&mut self, now: Now, ban: &Ban, stored: bool) {
        self.lift(ban.network);
        let until = match ban.until {
            None => None,
            Some(until) => {
                let left = until.duration_since(now.wall);
                if left <= SignedDuration::ZERO {
                    return;
                }
                Some(now.instant + left.unsigned_abs())
            }
        };
        if self.held.len() >= MOST
            && let Some((_, first)) = self.ends.first().copied()
        {
            self.lift(first);
        }
        if self.held.len() >= MOST {
            return;
        }
        self.held.insert(ban.network, Held { scope: ban.scope, by_hand: ban.by_hand, until, stored });
        *self.sizes.entry(ban.network.bits()).or_default() += 1;
        if let Some(until) = until {
            self.ends.insert((until, ban.network));
        }
    }

    /// Takes the bans of the store in the place of those it had.
    pub fn replace(&mut self, now: Now, bans: &[Ban]) {
        let stored: Vec<Network> =
            self.held.iter().filter(|(_, held)| held.stored).map(|(network, _)| *network).collect();
        for network in stored {
            self.lift(network);
        }
        for ban in bans {
            self.hold(now, ban, true);
        }
    }

    /// Forgets the bans that are over.
    pub fn forget(&mut self, now: Instant) {
        while let Some((_, network)) = self.ends.first().copied().filter(|(until, _)| *until <= now) {
            self.lift(network);
        }
    }

    fn lift(&mut self, network: Network) {
        let Some(held) = self.held.remove(&network) else { return };
        if let Some(until) = held.until {
            self.ends.remove(&(until, network));
        }
        if let Some(count) = self.sizes.get_mut(&network.bits()) {
            *count -= 1;
            if *count == 0 {
                self.sizes.remove(&network.bits());
            }
        }
    }
}

/// The network that is one source.
pub(super) fn network_of(source: Source) -> Network {
    let bits = if source.ip().is_ipv4() { 32 } else { 64 };
    Network::around(source.ip(), bits).unwrap_or_else(|| Network::from(source.ip()))
}

/// How long the next ban is: twice as long each time, up to the longest.
pub(super) fn length(first: Duration, longest: Duration, times: u32) -> Duration {
    let doubled = 1_u32.checked_shl(times.min(31)).unwrap_or(u32::MAX);
    first.checked_mul(doubled).unwrap_or(longest).min(longest)
}
