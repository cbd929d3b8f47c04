//! How late the media threads wake: what callers hear as a hole in the sound, before anything else shows that the
//! machine has too much to do.
//!
//! Each thread counts its wake-ups by how much later than meant they came; whoever asks gets what was added since it
//! asked last. Counting costs a thread one addition in its own memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The least lateness of each class but the first, milliseconds.
const CLASSES: [u64; 9] = [2, 5, 10, 20, 30, 40, 60, 100, 200];

/// Wake-ups that must be late before it means anything: one alone is a hiccup.
const LEAST: u64 = 3;

/// Counted by one thread, read by another.
#[derive(Debug, Default)]
pub struct Lateness {
    classes: [AtomicU64; CLASSES.len() + 1],
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakes([u64; CLASSES.len() + 1]);

impl Lateness {
    /// A wake-up came so much later than meant.
    pub fn note(&self, late: Duration) {
        let class = CLASSES.partition_point(|least| u128::from(*least) <= late.as_millis());
        if let Some(count) = self.classes.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted.
    pub fn wakes(&self) -> Wakes {
        Wakes(self.classes.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }
}

impl Wakes {
    /// What one in a hundred of the wake-ups since `before` reached or exceeded, rounded down to a class; zero when fewer
    /// than three were late.
    #[must_use]
    pub fn late_since(&self, before: &Self) -> Duration {
        let added: Vec<u64> = self.0.iter().zip(before.0).map(|(now, before)| now.saturating_sub(before)).collect();
        let rank = added.iter().sum::<u64>().div_ceil(100).max(LEAST);
        let mut seen = 0;
        for (class, count) in added.iter().enumerate().skip(1).rev() {
            seen += count;
            if seen >= rank {
                return CLASSES.get(class - 1).map_or(Duration::ZERO, |least| Duration::from_millis(*least));
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many wake-ups were so many milliseconds late.
    fn late(wakes: &[(u64, u64)]) -> u128 {
        let lateness = Lateness::default();
        let noise = |late| lateness.note(Duration::from_millis(late));
        // What was before does not count.
        for _ in 0..100 {
            noise(500);
        }
        let before = lateness.wakes();
        for (count, late) in wakes {
            for _ in 0..*count {
                noise(*late);
            }
        }
        lateness.wakes().late_since(&before).as_millis()
    }

    #[test]
    fn one_in_a_hundred_decides_and_a_hiccup_does_not() {
        for (wakes, expected) in [
            (&[][..], 0),
            (&[(500, 0)], 0),
            (&[(500, 1)], 0),
            (&[(500, 2)], 2),
            (&[(495, 0), (5, 45)], 40),
            (&[(496, 0), (4, 45)], 0),
            (&[(492, 0), (4, 21), (4, 300)], 20),
            // A thread that hardly runs at all.
            (&[(10, 120)], 100),
            (&[(2, 900)], 0),
            (&[(3, 900)], 200),
            (&[(1_000, 39)], 30),
        ] {
            assert_eq!(late(wakes), expected, "{wakes:?}");
        }
    }
}
