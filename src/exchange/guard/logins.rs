//! How often a password may be tried: for an account from one source, and for an account from everywhere.
//!
//! Whether the account exists makes no difference: what is counted are names. A phone that knows the right password
//! loses nothing by one in the same house that does not, nor by somebody elsewhere who guesses at its account.

use crate::model::Instant;
use crate::voip::sip::roll::Roll;
use crate::voip::sip::source::Source;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Names, and pairs of a name and a source, that are remembered.
const NAMES: usize = 16_384;
/// An account may fail so many times as often from everywhere as from one source.
const EVERYWHERE: u32 = 10;
/// A pause is doubled up to this.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How long failures are remembered.
const IDLE: Duration = Duration::from_secs(7_200);

/// A name, as a number: names that others make up are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::exchange) struct NameKey(u64);

impl NameKey {
    /// Of an operator's account.
    pub fn of(name: &str) -> Self {
        Self::among("operator", name)
    }

    /// Of what a trunk shows when it calls.
    pub fn of_trunk(name: &str) -> Self {
        Self::among("trunk", name)
    }

    fn among(kind: &str, name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (kind, name.to_lowercase()).hash(&mut hasher);
        Self(hasher.finish())
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    failures: u32,
    pauses: u32,
    until: Instant,
    /// The right password came from here.
    proven: bool,
}

/// What was tried.
#[derive(Debug)]
pub(super) struct Logins {
    most: u32,
    pause: Duration,
    pairs: Roll<(NameKey, Source), Tries>,
    names: Roll<NameKey, Tries>,
}

impl Logins {
    /// After `most` failures a `pause`, doubled each time.
    pub fn new(most: u32, pause: Duration) -> Self {
        Self { most, pause, pairs: Roll::new(NAMES, IDLE), names: Roll::new(NAMES, IDLE) }
    }

    /// Whether a password is looked at. `is_at_home`: a phone of this account is registered from this source.
    pub fn may_try(&self, now: Instant, name: NameKey, source: Source, is_at_home: bool) -> bool {
        let rests = |tries: Option<&Tries>| tries.is_some_and(|tries| tries.until > now);
        let pair = self.pairs.get(&(name, source));
        let is_known = is_at_home || pair.is_some_and(|tries| tries.proven);
        !rests(pair) && (is_known || !rests(self.names.get(&name)))
    }

    /// A password was wrong; the length of the pause that begins, if one does.
    pub fn failed(&mut self, now: Instant, name: NameKey, source: Source) -> Option<Duration> {
        let (most, pause) = (self.most, self.pause);
        let pair = self.pairs.enter(now, &(name, source), |_| false, Tries::default);
        let of_pair = pair.and_then(|tries| tries.fail(now, most, pause));
        let all = self.names.enter(now, &name, |_| false, Tries::default);
        let of_all = all.and_then(|tries| tries.fail(now, most.saturating_mul(EVERYWHERE), pause));
        of_all.or(of_pair)
    }

    /// A password was right.
    pub fn succeeded(&mut self, now: Instant, name: NameKey, source: Source) {
        if let Some(tries) = self.pairs.enter(now, &(name, source), |_| false, Tries::default) {
            *tries = Tries { proven: true, ..Tries::default() };
        }
    }
}

impl Tries {
    fn fail(&mut self, now: Instant, most: u32, pause: Duration) -> Option<Duration> {
        self.failures += 1;
        if self.failures < most {
            return None;
        }
        self.failures = 0;
        let length = super::bans::length(pause, LONGEST, self.pauses);
        self.pauses += 1;
        self.until = now + length;
        Some(length)
    }
}
