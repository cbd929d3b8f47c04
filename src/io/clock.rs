//! The one clock of the server.

use crate::model::{Instant, Now};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Both clocks, read together: the monotonic one counts from the moment this was made, the wall one may be moved
/// (`--pretend-now`). A copy tells the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: std::time::Instant,
    started_wall: Timestamp,
    /// By how much the wall clock is ahead of the machine's.
    ahead: SignedDuration,
}

impl Clock {
    /// A clock whose origin is now and whose wall clock is the machine's.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others are handed")]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now(), started_wall: Timestamp::now(), ahead: SignedDuration::ZERO }
    }

    /// A clock whose origin is now and whose wall clock starts at `wall`, to hear what callers hear at that time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others are handed")]
    pub fn start_at(wall: Timestamp) -> Self {
        let ahead = wall.duration_since(Timestamp::now());
        Self { started: std::time::Instant::now(), started_wall: wall, ahead }
    }

    /// What the machine's clock says when this one says `wall`: what other programs are told.
    #[must_use]
    pub fn on_machine(&self, wall: Timestamp) -> Timestamp {
        wall.checked_sub(self.ahead).unwrap_or(wall)
    }

    /// What this clock says when the machine's says `machine`.
    #[must_use]
    pub fn of_machine(&self, machine: Timestamp) -> Timestamp {
        machine.checked_add(self.ahead).unwrap_or(machine)
    }

    /// Both clocks now. The wall clock is the starting one moved on by the monotonic one, so that a step of the
    /// machine's clock cannot make a call record end before it began.
    #[must_use]
    pub fn now(&self) -> Now {
        let elapsed = self.started.elapsed();
        let wall = SignedDuration::try_from(elapsed)
            .ok()
            .and_then(|elapsed| self.started_wall.checked_add(elapsed).ok())
            .unwrap_or(Timestamp::MAX);
        Now { instant: Instant::ZERO + elapsed, wall }
    }

    /// The monotonic clock alone: cheaper, for the packet path.
    #[must_use]
    pub fn instant(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    /// How long from now until `instant`; zero when it has passed.
    #[must_use]
    pub fn until(&self, instant: Instant) -> Duration {
        instant.since(self.instant())
    }

    /// The instant as the standard library and tokio have it, to hand to their timers.
    #[must_use]
    pub fn std_instant(&self, instant: Instant) -> std::time::Instant {
        self.started + Duration::from_nanos(instant.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pretended_wall_clock_starts_where_it_was_told_and_runs_on() {
        let wall: Timestamp = "2026-12-31T20:00:00Z".parse().expect("a timestamp");
        let clock = Clock::start_at(wall);
        let first = clock.now();
        let second = clock.now();
        assert!(first.wall >= wall && first.wall < wall + SignedDuration::from_mins(10));
        assert!(second.wall >= first.wall && second.instant >= first.instant);
    }

    #[test]
    fn the_machines_clock_is_known_beside_a_pretended_one() {
        let wall: Timestamp = "2030-12-31T20:00:00Z".parse().expect("a timestamp");
        let (pretended, real) = (Clock::start_at(wall), Clock::start());
        let apart = pretended.on_machine(pretended.now().wall).duration_since(real.now().wall);
        assert!(apart.abs() < SignedDuration::from_mins(10), "{apart}");
        assert_eq!(pretended.of_machine(pretended.on_machine(wall)), wall);
        assert_eq!((real.on_machine(wall), real.of_machine(wall)), (wall, wall));
    }

    #[test]
    fn an_instant_survives_the_way_to_the_standard_library() {
        let clock = Clock::start();
        let later = Instant::from_millis(1_500);
        assert_eq!(clock.std_instant(later).duration_since(clock.std_instant(Instant::ZERO)).as_millis(), 1_500);
        assert!(clock.until(later) <= Duration::from_millis(1_500));
        assert_eq!(clock.until(Instant::ZERO), Duration::ZERO);
    }
}
