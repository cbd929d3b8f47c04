//! When whose frame is due: a wheel of 20 slots, a millisecond each.

use crate::model::Instant;
use std::time::Duration;

/// The slots of the wheel.
pub(super) const SLOTS: usize = 20;
/// The time of one slot.
pub(super) const SLOT: Duration = Duration::from_millis(1);
/// The time of one frame, and of one turn of the wheel.
pub(super) const FRAME: Duration = Duration::from_millis(20);
/// The most packets of one stream that are sent at once after the thread was late.
pub const MAX_BURST: u32 = 3;

/// The wheel's position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wheel {
    next: Instant,
    slot: usize,
}

impl Wheel {
    pub(super) const fn new(now: Instant) -> Self {
        Self { next: now, slot: 0 }
    }

    /// When the next slot is due.
    pub(super) const fn next_due(&self) -> Instant {
        self.next
    }

    /// The next slot that is due at `now`, and the time its frames bear. When more than [`MAX_BURST`] turns are due,
    /// the oldest whole turns are left out.
    pub(super) fn turn(&mut self, now: Instant) -> Option<(usize, Instant)> {
        if now < self.next {
            return None;
        }
        let turns = now.since(self.next).as_nanos() / FRAME.as_nanos() + 1;
        let skipped = turns.saturating_sub(u128::from(MAX_BURST));
        if skipped > 0 {
            self.next = self.next + FRAME * u32::try_from(skipped).unwrap_or(u32::MAX);
        }
        let due = (self.slot, self.next);
        self.slot = (self.slot + 1) % SLOTS;
        self.next = self.next + SLOT;
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(wheel: &mut Wheel, millis: u64) -> Vec<(usize, u64)> {
        std::iter::from_fn(|| wheel.turn(Instant::from_millis(millis)))
            .map(|(slot, at)| (slot, at.as_millis()))
            .collect()
    }

    #[test]
    fn every_slot_comes_each_twenty_milliseconds() {
        let mut wheel = Wheel::new(Instant::ZERO);
        assert_eq!(turns(&mut wheel, 0), [(0, 0)]);
        assert_eq!(turns(&mut wheel, 2), [(1, 1), (2, 2)]);
        assert_eq!(turns(&mut wheel, 20).last(), Some(&(0, 20)));
    }

    #[test]
    fn a_late_thread_sends_three_turns_and_stays_in_step() {
        let mut wheel = Wheel::new(Instant::ZERO);
        turns(&mut wheel, 0);
        let late = turns(&mut wheel, 1_000);
        let of_slot = |slot| late.iter().filter(|(one, _)| *one == slot).map(|(_, at)| *at).collect::<Vec<_>>();
        assert_eq!(of_slot(0), [960, 980, 1_000]);
        assert_eq!(of_slot(1), [941, 961, 981]);
        assert_eq!(late.len(), 60);
    }
}
