//! How busy the machine is: the part of the time that the loop worked, how long what came had to wait, and how late the
//! media threads wake.

use crate::io::media::Wakes;
use crate::model::Instant;
use crate::voip::sip::endpoint::Load;
use std::time::Duration;

/// How often it is told.
const EVERY: Duration = Duration::from_millis(250);
/// How long media threads are watched before it is said how late they wake: short stalls are nothing to act upon.
const WATCH: Duration = Duration::from_secs(1);

/// Measures one loop.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    since: Instant,
    worked: Duration,
    lag: Duration,
}

impl Pulse {
    /// A turn is over that began at `began`, was due at `due`, and left this part of the longest queue full. A report
    /// when it is time for one.
    pub fn turn(&mut self, began: Instant, ended: Instant, late: Duration) -> Option<Load> {
        self.worked += ended.since(began);
        self.lag = self.lag.max(late);
        let passed = ended.since(self.since);
        if passed < EVERY {
            return None;
        }
        let busy = self.worked.as_nanos().saturating_mul(100) / passed.as_nanos().max(1);
        let busy = u32::try_from(busy).unwrap_or(100).min(100);
        let load = Load { busy, lag: self.lag, media: Duration::ZERO };
        *self = Self { since: ended, worked: Duration::ZERO, lag: Duration::ZERO };
        Some(load)
    }
}

/// How late media threads wake, a second at a time.
#[derive(Debug, Default)]
pub(super) struct MediaPulse {
    since: Instant,
    before: Vec<Wakes>,
    late: Duration,
}

impl MediaPulse {
    /// How late the worst thread was in the last whole second.
    pub fn late(&mut self, now: Instant, wakes: impl FnOnce() -> Vec<Wakes>) -> Duration {
        if now.since(self.since) >= WATCH {
            let wakes = wakes();
            let zero = Wakes::default();
            let before = self.before.iter().chain(std::iter::repeat(&zero));
            self.late = wakes.iter().zip(before).map(|(now, before)| now.late_since(before)).max().unwrap_or_default();
            (self.since, self.before) = (now, wakes);
        }
        self.late
    }

    /// The same as it was seen last.
    pub const fn last(&self) -> Duration {
        self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::media::Lateness;

    #[test]
    fn of_media_threads_the_one_that_wakes_latest_is_told_once_a_second() {
        let threads = [Lateness::default(), Lateness::default()];
        let wakes = || -> Vec<Wakes> { threads.iter().map(Lateness::wakes).collect() };
        let at = Instant::from_millis;
        let mut pulse = MediaPulse::default();
        for (second, late) in [(1, 45), (2, 0), (3, 250)] {
            for wake in 0..500_u64 {
                threads[0].note(Duration::from_millis(1));
                threads[1].note(Duration::from_millis(if wake.is_multiple_of(50) { late } else { 0 }));
            }
            let told = match late {
                45 => 40,
                250 => 200,
                _ => 0,
            };
            assert_eq!(pulse.late(at(1_000 * second), wakes), Duration::from_millis(told), "second {second}");
            threads[1].note(Duration::from_millis(900));
            assert_eq!(pulse.late(at(1_000 * second + 250), wakes), Duration::from_millis(told), "not before the next");
        }
    }

    #[test]
    fn work_is_told_in_percent_of_the_time_that_passed() {
        let at = Instant::from_millis;
        let mut pulse = Pulse::default();
        assert_eq!(pulse.turn(at(100), at(150), Duration::ZERO), None);
        let late = Duration::from_millis(7);
        assert_eq!(pulse.turn(at(200), at(250), late), Some(Load { busy: 40, lag: late, media: Duration::ZERO }));
        assert_eq!(pulse.turn(at(500), at(500), Duration::ZERO), Some(Load::default()));
    }
}
