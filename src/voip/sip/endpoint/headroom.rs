//! How many new calls the machine bears now. The shell says how busy it is; here it is decided what that means.
//!
//! ```text
//!   too busy ──▶ 70 % of the share      between ──▶ as it was      calm ──▶ 5 % more, up to all
//! ```
//!
//! Between is a band, so that the share does not swing; calls in progress cost nothing of it.

use std::time::Duration;

/// The least share: somebody always comes through, and by them it is seen that the load has gone.
const LEAST: f64 = 0.02;
/// What a report of too much load leaves of the share.
const LESS: f64 = 0.7;
/// What a calm report adds.
const MORE: f64 = 0.05;
/// How far below the limit calm begins.
const BAND: u32 = 15;

/// What the shell measured since its last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// The part of the time that the loop worked, in percent.
    pub busy: u32,
    /// The longest that something waited for the loop.
    pub lag: Duration,
    /// How late the media threads woke: what one in a hundred wake-ups of the last second reached, at the worst thread.
    pub media: Duration,
}

/// When load is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// The part of the time that the loop may work, in percent.
    pub busy: u32,
    /// The longest that something may wait for the loop.
    pub lag: Duration,
    /// How late one in a hundred wake-ups of a media thread may be. Two frames: what is later is heard.
    pub media: Duration,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { busy: 85, lag: Duration::from_millis(200), media: Duration::from_millis(40) }
    }
}

/// The share of new calls that are let in.
#[derive(Debug)]
pub(super) struct Headroom {
    limits: LoadLimits,
    share: f64,
}

impl Default for Headroom {
    fn default() -> Self {
        Self { limits: LoadLimits::default(), share: 1.0 }
    }
}

impl Headroom {
    pub const fn set_limits(&mut self, limits: LoadLimits) {
        self.limits = limits;
    }

    pub const fn share(&self) -> f64 {
        self.share
    }

    /// Takes a report.
    pub fn report(&mut self, load: Load) {
        let Self { limits, share } = self;
        if load.busy >= limits.busy || load.lag >= limits.lag || load.media >= limits.media {
            *share = (*share * LESS).max(LEAST);
        } else if load.busy + BAND <= limits.busy && load.lag <= limits.lag / 4 && load.media <= limits.media / 2 {
            *share = (*share + MORE).min(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(busy: u32, lag: u64) -> Load {
        Load { busy, lag: Duration::from_millis(lag), media: Duration::ZERO }
    }

    /// Calm, but for media threads that wake so late.
    fn media(late: u64) -> Load {
        Load { busy: 10, lag: Duration::ZERO, media: Duration::from_millis(late) }
    }

    fn share_after(reports: &[(usize, Load)]) -> f64 {
        let mut headroom = Headroom::default();
        for (count, load) in reports {
            (0..*count).for_each(|_| headroom.report(*load));
        }
        headroom.share()
    }

    /// How often each load was told.
    type Reports<'a> = &'a [(usize, Load)];

    #[test]
    fn load_takes_the_share_down_and_calm_gives_it_back_slowly() {
        let cases: [(Reports<'_>, f64, f64); 12] = [
            (&[(10, load(50, 5))], 1.0, 1.0),
            (&[(1, load(90, 5))], 0.69, 0.71),
            (&[(1, load(10, 300))], 0.69, 0.71),
            (&[(100, load(100, 300))], LEAST, LEAST),
            // In the band nothing changes, whatever side it was come from.
            (&[(1, load(90, 5)), (50, load(80, 5))], 0.69, 0.71),
            (&[(1, load(90, 5)), (50, load(10, 100))], 0.69, 0.71),
            (&[(100, load(100, 0)), (20, load(20, 0))], 0.99, 1.0),
            (&[(50, media(30))], 1.0, 1.0),
            (&[(1, media(40))], 0.69, 0.71),
            (&[(100, media(100))], LEAST, LEAST),
            (&[(1, media(60)), (50, media(30))], 0.69, 0.71),
            (&[(100, media(200)), (20, media(20))], 0.99, 1.0),
        ];
        for (reports, least, most) in cases {
            let share = share_after(reports);
            assert!((least..=most).contains(&share), "{reports:?}: {share}");
        }
    }
}
