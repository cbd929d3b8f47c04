//! When a rush is over: calls and messages that came by thousands, or large, have left memory behind that nobody uses.

use crate::model::Instant;
use std::time::Duration;

/// What fewer than these leave is not worth the trouble.
const RUSH: usize = 4_096;
/// The rush is over once this part of it is left,
const LEFT: usize = 8;
/// for so long.
const CALM: Duration = Duration::from_secs(10);

/// Follows how many legs and transactions there are, and pages full of messages.
#[derive(Debug, Default)]
pub(super) struct Tide {
    high: usize,
    calm_since: Option<Instant>,
}

impl Tide {
    /// There are so many now. Whether a rush is over.
    pub fn ebbs(&mut self, now: Instant, level: usize) -> bool {
        self.high = self.high.max(level);
        if self.high < RUSH || level > self.high / LEFT {
            self.calm_since = None;
            return false;
        }
        let since = *self.calm_since.get_or_insert(now);
        if now.since(since) < CALM {
            return false;
        }
        *self = Self { high: level, calm_since: None };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rush_is_over_once_it_has_been_calm_and_counts_once() {
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        let mut tide = Tide::default();
        let script = [
            (0, 4_000, false),
            (20, 10, false),
            (30, 9_000, false),
            (40, 1_000, false),
            (45, 1_200, false),
            (50, 1_100, false),
            (59, 900, false),
            (60, 900, true),
            (61, 900, false),
            (90, 10, false),
        ];
        for (second, level, over) in script {
            assert_eq!(tide.ebbs(at(second), level), over, "at {second}");
        }
    }
}
