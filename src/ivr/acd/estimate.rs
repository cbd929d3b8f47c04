//! How long a caller will wait, when that can be known.
//!
//! `wait(p) = p · H / m`: `p` the position, `H` the smoothed handling time of the queue, `m` the operators of the
//! queue weighted by the share of their time it takes. While `p ≤ m` the estimate is averaged with the smoothed wait
//! of calls answered lately. It is never negative, never mirrored, and not made when it cannot be known: after fewer
//! than [`MIN_SAMPLES`] finished calls today or with fewer than two operators.

use jiff::civil::Date;
use std::time::Duration;

/// Finished calls needed today before an estimate is made.
pub(super) const MIN_SAMPLES: u32 = 5;
/// Handling time assumed until the first call is finished.
const FIRST_HANDLING: Duration = Duration::from_mins(3);
/// Weight of the newest sample in a smoothed figure.
const NEWEST: f64 = 0.2;

/// What a queue remembers of its calls.
#[derive(Debug)]
pub(super) struct History {
    handling: f64,
    answered_wait: Option<f64>,
    finished_today: u32,
    day: Option<Date>,
}

impl Default for History {
    fn default() -> Self {
        Self { handling: FIRST_HANDLING.as_secs_f64(), answered_wait: None, finished_today: 0, day: None }
    }
}

impl History {
    /// A caller was answered after `waited`.
    pub fn answered(&mut self, waited: Duration) {
        let waited = waited.as_secs_f64();
        let smoothed = self.answered_wait.map_or(waited, |before| before + NEWEST * (waited - before));
        self.answered_wait = Some(smoothed);
    }

    /// A conversation of `talked` ended and `wrap_up` follows.
    pub fn finished(&mut self, today: Date, talked: Duration, wrap_up: Duration) {
        self.turn_day(today);
        self.finished_today = self.finished_today.saturating_add(1);
        self.handling += NEWEST * ((talked + wrap_up).as_secs_f64() - self.handling);
    }

    /// Finished calls of this day in the bank's zone.
    pub fn samples(&self, today: Date) -> u32 {
        if self.day == Some(today) { self.finished_today } else { 0 }
    }

    fn turn_day(&mut self, today: Date) {
        if self.day.replace(today) != Some(today) {
            self.finished_today = 0;
        }
    }

    /// The wait at `position` with `operators` people, of whom `weight` is this queue's part.
    pub fn wait(&self, position: u32, samples: u32, operators: usize, weight: f64) -> Option<Duration> {
        if samples < MIN_SAMPLES || operators < 2 || weight <= 0.0 {
            return None;
        }
        let position = f64::from(position);
        let by_rate = position * self.handling / weight;
        let seconds = match self.answered_wait {
            Some(recent) if position <= weight => f64::midpoint(by_rate, recent),
            _ => by_rate,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}
