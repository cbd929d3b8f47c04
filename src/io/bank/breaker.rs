//! The circuit breaker: when an operation of the bank keeps failing, callers are told at once instead of waiting for
//! the next failure, and one request at a time tries whether it is back.
//!
//! ```text
//!            failures in a row                 pause is over: one probe
//!   Closed ───────────────────▶ Open(until) ───────────────────────────▶ Probing(until)
//!      ▲                          ▲                                        │       │
//!      │                          └──────────── probe failed ──────────────┘       │
//!      └──────────────────────────────────── probe answered ───────────────────────┘
//! ```

use crate::model::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// When an operation counts as broken, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open the circuit.
    pub failures: u32,
    /// How long callers are told at once before the operation is tried again.
    pub pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(30) }
    }
}

/// Operations known at most. Menus name a dozen; beyond this, operations have no breaker.
const OPERATIONS: usize = 256;

#[derive(Clone, Copy, Debug)]
enum Circuit {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing { until: Instant },
}

/// A circuit per operation.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    circuits: BTreeMap<Arc<str>, Circuit>,
}

impl Breaker {
    pub(super) const fn new(settings: BreakerSettings) -> Self {
        Self { settings, circuits: BTreeMap::new() }
    }

    /// Whether the operation may be asked now. A `true` after a pause is the probe: further requests are refused
    /// until it is answered or one more pause has passed.
    pub(super) fn admits(&mut self, operation: &str, now: Instant) -> bool {
        let Some(circuit) = self.circuits.get_mut(operation) else { return true };
        match *circuit {
            Circuit::Closed { .. } => true,
            Circuit::Open { until } | Circuit::Probing { until } if now < until => false,
            Circuit::Open { .. } | Circuit::Probing { .. } => {
                *circuit = Circuit::Probing { until: now + self.settings.pause };
                true
            }
        }
    }

    /// The operation was answered.
    pub(super) fn succeeded(&mut self, operation: &str) {
        if self.circuits.remove(operation).is_some_and(|circuit| !matches!(circuit, Circuit::Closed { .. })) {
            tracing::info!(operation, "the bank answers again");
        }
    }

    /// The operation failed.
    pub(super) fn failed(&mut self, operation: &Arc<str>, now: Instant) {
        if self.circuits.len() >= OPERATIONS && !self.circuits.contains_key(operation) {
            return;
        }
        let circuit = self.circuits.entry(Arc::clone(operation)).or_insert(Circuit::Closed { failures: 0 });
        let open = Circuit::Open { until: now + self.settings.pause };
        *circuit = match *circuit {
            Circuit::Closed { failures } if failures + 1 < self.settings.failures => {
                Circuit::Closed { failures: failures + 1 }
            }
            Circuit::Closed { .. } => {
                let pause = self.settings.pause;
                tracing::warn!(operation = &**operation, ?pause, "the bank keeps failing; callers are told at once");
                open
            }
            Circuit::Probing { .. } => open,
            // An answer to a request from before it opened: the pause is already running.
            Circuit::Open { until } => Circuit::Open { until },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000;

    fn at(second: u64) -> Instant {
        Instant::from_millis(second * SECOND)
    }

    fn broken() -> (Breaker, Arc<str>) {
        let mut breaker = Breaker::new(BreakerSettings { failures: 3, pause: Duration::from_secs(30) });
        let balance: Arc<str> = "bank.balance".into();
        for second in 0..3 {
            assert!(breaker.admits(&balance, at(second)));
            breaker.failed(&balance, at(second));
        }
        (breaker, balance)
    }

    #[test]
    fn failures_in_a_row_open_the_circuit_of_their_operation_only() {
        let (mut breaker, balance) = broken();
        assert!(!breaker.admits(&balance, at(3)));
        assert!(breaker.admits("bank.block_card", at(3)));
    }

    #[test]
    fn an_answer_in_between_starts_the_count_anew() {
        let mut breaker = Breaker::new(BreakerSettings { failures: 2, pause: Duration::from_secs(30) });
        let balance: Arc<str> = "bank.balance".into();
        breaker.failed(&balance, at(0));
        breaker.succeeded(&balance);
        breaker.failed(&balance, at(1));
        assert!(breaker.admits(&balance, at(1)));
    }

    #[test]
    fn after_the_pause_one_probe_goes_out_and_its_answer_closes_the_circuit() {
        let (mut breaker, balance) = broken();
        assert!(breaker.admits(&balance, at(32)), "the probe");
        assert!(!breaker.admits(&balance, at(33)), "one at a time");
        breaker.succeeded(&balance);
        assert!(breaker.admits(&balance, at(34)) && breaker.admits(&balance, at(34)));
    }

    #[test]
    fn a_failed_probe_starts_another_pause() {
        let (mut breaker, balance) = broken();
        assert!(breaker.admits(&balance, at(32)));
        breaker.failed(&balance, at(35));
        assert!(!breaker.admits(&balance, at(64)));
        assert!(breaker.admits(&balance, at(65)));
    }

    #[test]
    fn a_probe_that_never_returns_does_not_hold_the_circuit_open_for_ever() {
        let (mut breaker, balance) = broken();
        assert!(breaker.admits(&balance, at(32)));
        assert!(breaker.admits(&balance, at(62)));
    }
}
