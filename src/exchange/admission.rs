//! Who is let in: calls at once, calls from one address, new calls a second.

use crate::model::Instant;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Why a call is not let in. Both are answered 503 with Retry-After: the caller's own network may try elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many calls as may be, in all or from this address.
    TooMany,
    /// New calls come too fast.
    TooFast,
}

/// Counts calls and spaces new ones by a bucket of tokens.
#[derive(Debug)]
pub(super) struct Admission {
    most: usize,
    most_per_source: usize,
    rate: f64,
    tokens: f64,
    filled: Instant,
    calls: usize,
    by_source: HashMap<IpAddr, usize>,
}

impl Admission {
    /// `rate` new calls a second on average, bursts of twice as many.
    pub fn new(most: usize, most_per_source: usize, rate: u32) -> Self {
        let rate = f64::from(rate);
        Self {
            most,
            most_per_source,
            rate,
            tokens: 2.0 * rate,
            filled: Instant::ZERO,
            calls: 0,
            by_source: HashMap::new(),
        }
    }

    /// Lets a call in, or says why not. Every call let in must [`Admission::leave`].
    pub fn enter(&mut self, now: Instant, source: IpAddr) -> Result<(), Refusal> {
        let passed: Duration = now.since(self.filled);
        self.filled = now;
        self.tokens = (self.tokens + passed.as_secs_f64() * self.rate).min(2.0 * self.rate);
        let from_source = self.by_source.get(&source).copied().unwrap_or(0);
        if self.calls >= self.most || from_source >= self.most_per_source {
            return Err(Refusal::TooMany);
        }
        if self.tokens < 1.0 {
            return Err(Refusal::TooFast);
        }
        self.tokens -= 1.0;
        self.calls += 1;
        self.by_source.insert(source, from_source + 1);
        Ok(())
    }

    /// A call is over.
    pub fn leave(&mut self, source: IpAddr) {
        self.calls = self.calls.saturating_sub(1);
        match self.by_source.get_mut(&source) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) => {
                self.by_source.remove(&source);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn one_address_cannot_take_all_places() {
        let mut admission = Admission::new(3, 2, 100);
        let now = Instant::ZERO;
        assert_eq!(admission.enter(now, A), Ok(()));
        assert_eq!(admission.enter(now, A), Ok(()));
        assert_eq!(admission.enter(now, A), Err(Refusal::TooMany));
        assert_eq!(admission.enter(now, B), Ok(()));
        assert_eq!(admission.enter(now, B), Err(Refusal::TooMany), "three in all");
        admission.leave(A);
        assert_eq!(admission.enter(now, B), Ok(()));
    }

    #[test]
    fn new_calls_are_spaced_after_a_burst() {
        let mut admission = Admission::new(1000, 1000, 10);
        let burst = (0..100).filter(|_| admission.enter(Instant::ZERO, A).is_ok()).count();
        assert_eq!(burst, 20);
        let later = Instant::from_millis(1000);
        let second = (0..100).filter(|_| admission.enter(later, A).is_ok()).count();
        assert_eq!(second, 10);
        assert_eq!(admission.enter(later, A), Err(Refusal::TooFast));
    }

    #[test]
    fn a_source_without_calls_is_forgotten() {
        let mut admission = Admission::new(10, 10, 10);
        assert_eq!(admission.enter(Instant::ZERO, A), Ok(()));
        admission.leave(A);
        assert!(admission.by_source.is_empty());
    }
}
