//! Who is let in: calls in all and of one source, new calls a second, calls that nobody has acknowledged, and what the
//! machine still bears. It is asked before a call costs anything, and a refused call leaves nothing behind.
//!
//! ```text
//!   INVITE ──▶ enter ──▶ Pass ──▶ hold(leg) ──ACK──▶ acknowledged(leg) ──▶ leave(leg)
//!                 └───▶ Refusal: 503 with Retry-After, or an announcement
//! ```

use super::LegId;
use super::headroom::Headroom;
use crate::model::Instant;
use crate::voip::sip::roll::{Bucket, Roll};
use crate::voip::sip::source::Source;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Sources of which something is known at once.
const SOURCES: usize = 65_536;
/// How long a source without calls is remembered: longer than any bucket takes to fill.
const IDLE: Duration = Duration::from_secs(10);
/// The part of the saved-up permits that strangers leave to trunks and to sources with calls.
const RESERVE: f64 = 0.25;
/// Of the calls without ACK, the part that sources without a single call with ACK may have together: addresses are
/// easily invented, an ACK with our tag is not.
const STRANGERS: usize = 2;

/// How many calls may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// At once in all.
    pub calls: usize,
    /// At once from one source that is no trunk.
    pub calls_per_source: usize,
    /// New ones a second in all, on average; twice as many may come at once.
    pub per_second: u32,
    /// New ones a second from one source that is no trunk; twice as many may come at once.
    pub per_second_per_source: u32,
    /// Without an ACK at once, from one source that is no trunk.
    pub unacknowledged_per_source: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            calls: usize::MAX,
            calls_per_source: usize::MAX,
            per_second: u32::MAX,
            per_second_per_source: u32::MAX,
            unacknowledged_per_source: usize::MAX,
        }
    }
}

/// Why a call is not let in. All are answered 503 with Retry-After: the caller's own network may try elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As many calls as may be, in all or from this source.
    TooMany,
    /// New calls come too fast, in all or from this source, or faster than the machine bears now.
    TooFast,
    /// Too many calls without ACK.
    Unacknowledged,
}

/// A call that was let in and has no leg yet.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Pass {
    source: Source,
    counted: bool,
}

/// A call that was let in.
#[derive(Clone, Copy, Debug)]
struct Held {
    source: Source,
    acknowledged: bool,
}

/// Tells which addresses are of trunks.
#[derive(Clone)]
pub struct Trunks(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl Trunks {
    /// By a question.
    pub fn by(is_trunk: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_trunk))
    }

    /// Whether an address is of a trunk.
    #[must_use]
    pub fn are_at(&self, ip: IpAddr) -> bool {
        (self.0)(ip)
    }
}

impl fmt::Debug for Trunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trunks")
    }
}

/// What is known of a source.
#[derive(Clone, Copy, Debug)]
struct Guest {
    calls: usize,
    unacknowledged: usize,
    rate: Bucket,
    is_trunk: bool,
}

/// The doorkeeper.
#[derive(Debug)]
pub(super) struct Admission {
    limits: CallLimits,
    rate: Bucket,
    headroom: Headroom,
    trunks: Trunks,
    guests: Roll<Source, Guest>,
    held: HashMap<LegId, Held>,
    /// Calls without ACK of sources that have none with ACK.
    strange: usize,
}

impl Admission {
    pub fn new(limits: CallLimits) -> Self {
        Self {
            limits,
            rate: Bucket::full(Instant::ZERO, 2.0 * f64::from(limits.per_second)),
            headroom: Headroom::default(),
            trunks: Trunks::by(|_| false),
            guests: Roll::new(SOURCES, IDLE),
            held: HashMap::new(),
            strange: 0,
        }
    }

    pub fn set_trunks(&mut self, trunks: Trunks) {
        self.trunks = trunks;
    }

    pub const fn headroom(&mut self) -> &mut Headroom {
        &mut self.headroom
    }

    /// The part of the calls a second that the machine bears now, 1 without load.
    pub const fn share(&self) -> f64 {
        self.headroom.share()
    }

    /// Whether a source is a trunk.
    pub fn is_trunk(&self, source: Source) -> bool {
        self.trunks.are_at(source.ip())
    }

    /// Whether a source has a call that it acknowledged: it is where it says that it is.
    pub fn has_calls(&self, source: Source) -> bool {
        self.guests.get(&source).is_some_and(|guest| guest.calls > guest.unacknowledged)
    }

    /// Lets a call in, or says why not. `ours` is a call from the registered phone of an operator, which the load of
    /// others never refuses.
    pub fn enter(&mut self, now: Instant, source: Source, ours: bool) -> Result<Pass, Refusal> {
        if ours {
            return Ok(Pass { source, counted: false });
        }
        self.admit(now, source).map(|()| Pass { source, counted: true })
    }

    fn admit(&mut self, now: Instant, source: Source) -> Result<(), Refusal> {
        let limits = self.limits;
        if self.held.len() >= limits.calls {
            return Err(Refusal::TooMany);
        }
        let ip = source.ip();
        let trunk = self.guests.get(&source).map_or_else(|| self.trunks.are_at(ip), |guest| guest.is_trunk);
        let known = trunk || self.has_calls(source);
        if !known && self.strange >= (limits.calls / STRANGERS).max(1) {
            return Err(Refusal::Unacknowledged);
        }
        let own = f64::from(limits.per_second_per_source);
        let new = || Guest { calls: 0, unacknowledged: 0, rate: Bucket::full(now, 2.0 * own), is_trunk: trunk };
        let guest = self.guests.enter(now, &source, |guest| guest.calls > 0, new).ok_or(Refusal::TooMany)?;
        if !trunk {
            if guest.calls >= limits.calls_per_source {
                return Err(Refusal::TooMany);
            }
            if guest.unacknowledged >= limits.unacknowledged_per_source {
                return Err(Refusal::Unacknowledged);
            }
            if guest.rate.level(now, own, 2.0 * own) < 1.0 {
                return Err(Refusal::TooFast);
            }
        }
        let rate = f64::from(limits.per_second) * self.headroom.share();
        let burst = 2.0 * rate;
        let reserve = if known { 0.0 } else { RESERVE * burst };
        if self.rate.level(now, rate, burst.max(1.0)) < 1.0 + reserve.min(burst - 1.0).max(0.0) {
            return Err(Refusal::TooFast);
        }
        self.rate.take(now, rate, burst.max(1.0));
        guest.rate.take(now, own, 2.0 * own);
        Ok(())
    }

    /// The call that was let in has a leg.
    pub fn hold(&mut self, leg: LegId, pass: Pass) {
        if !pass.counted {
            return;
        }
        self.change(pass.source, |guest| {
            guest.calls += 1;
            guest.unacknowledged += 1;
        });
        self.held.insert(leg, Held { source: pass.source, acknowledged: false });
    }

    /// The ACK of the answer came.
    pub fn acknowledged(&mut self, leg: LegId) {
        let Some(held) = self.held.get_mut(&leg).filter(|held| !held.acknowledged) else { return };
        held.acknowledged = true;
        let source = held.source;
        self.change(source, |guest| guest.unacknowledged -= 1);
    }

    /// A call is over, or about to be.
    pub fn leave(&mut self, leg: LegId) {
        let Some(held) = self.held.remove(&leg) else { return };
        self.change(held.source, |guest| {
            guest.calls -= 1;
            guest.unacknowledged -= usize::from(!held.acknowledged);
        });
        if self.held.is_empty() {
            self.held.shrink_to(1_024);
        }
    }

    /// Changes a source's counts and what strangers have together.
    fn change(&mut self, source: Source, with: impl FnOnce(&mut Guest)) {
        let Some(guest) = self.guests.get_mut(&source) else { return };
        let strange =
            |guest: &Guest| if guest.calls == guest.unacknowledged && !guest.is_trunk { guest.calls } else { 0 };
        let before = strange(guest);
        with(guest);
        self.strange = self.strange.saturating_sub(before) + strange(guest);
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.strange == 0
    }
}

#[cfg(test)]
mod tests;
