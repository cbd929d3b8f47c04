//! A timer wheel: set, stop and expire in O(1), whatever is pending.
//!
//! ```text
//!   now ▼                          one turn = 8192 slots × 10 ms ≈ 82 s
//!  ┌───┬───┬───┬───┬─ … ─┬───┐     a slot is a doubly linked list of entries in an arena;
//!  │   │ • │   │ • │     │   │     an entry due in a later turn stays in its slot when the hand passes;
//!  └───┴─┼─┴───┴─┼─┴─ … ─┴───┘     a bit per slot and a bit per 64 slots find the next one that is not empty
//!        ▼       ▼
//! ```

use super::arena::{Arena, Key};
use crate::model::Instant;

/// One slot's length in nanoseconds: 10 ms. A timer fires at the end of its slot, so up to this much late, never early.
const TICK: u64 = 10_000_000;
const SLOTS: usize = 8192;
const WORDS: usize = SLOTS / 64;

/// A timer that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(Key);

#[derive(Debug)]
struct Entry<T> {
    tick: u64,
    before: Option<Key>,
    after: Option<Key>,
    due: T,
}

/// Timers that carry a `T`.
#[derive(Debug)]
pub struct Wheel<T> {
    entries: Arena<Entry<T>>,
    heads: Box<[Option<Key>]>,
    /// A bit per slot that is not empty.
    taken: [u64; WORDS],
    /// A bit per word of `taken` that is not zero.
    taken_words: u128,
    /// The first tick that has not been expired.
    hand: u64,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self {
            entries: Arena::default(),
            heads: vec![None; SLOTS].into_boxed_slice(),
            taken: [0; WORDS],
            taken_words: 0,
            hand: 0,
        }
    }
}

impl<T> Wheel<T> {
    /// How many timers are pending.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is pending.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sets a timer for `at`; one that is past fires at the next tick.
    pub fn set(&mut self, at: Instant, due: T) -> TimerId {
        let tick = at.as_nanos().div_ceil(TICK).max(self.hand);
        let slot = slot_of(tick);
        let head = self.heads[slot];
        let key = self.entries.insert(Entry { tick, before: None, after: head, due });
        if let Some(entry) = head.and_then(|head| self.entries.get_mut(head)) {
            entry.before = Some(key);
        }
        self.heads[slot] = Some(key);
        self.taken[slot / 64] |= 1 << (slot % 64);
        self.taken_words |= 1 << (slot / 64);
        TimerId(key)
    }

    /// Stops a timer; `None` when it has fired or was stopped.
    pub fn stop(&mut self, timer: TimerId) -> Option<T> {
        let entry = self.entries.remove(timer.0)?;
        match entry.before.and_then(|before| self.entries.get_mut(before)) {
            Some(before) => before.after = entry.after,
            None => self.set_head(slot_of(entry.tick), entry.after),
        }
        if let Some(after) = entry.after.and_then(|after| self.entries.get_mut(after)) {
            after.before = entry.before;
        }
        Some(entry.due)
    }

    /// Takes out every timer due at `now`, earliest first, and hands each to `fired`.
    pub fn expire(&mut self, now: Instant, mut fired: impl FnMut(TimerId, T)) {
        let last = now.as_nanos() / TICK;
        let mut due = Vec::new();
        let mut tick = self.hand;
        let end = last.min(self.hand.saturating_add(SLOTS as u64 - 1));
        while let Some(next) = self.next_taken(tick).filter(|next| *next <= end) {
            let mut entry = self.heads[slot_of(next)];
            while let Some((key, found)) = entry.and_then(|key| Some((key, self.entries.get(key)?))) {
                entry = found.after;
                if found.tick <= last {
                    due.push((found.tick, key));
                }
            }
            tick = next + 1;
        }
        self.hand = self.hand.max(last + 1);
        due.sort_by_key(|(tick, _)| *tick);
        for (_, key) in due {
            if let Some(value) = self.stop(TimerId(key)) {
                fired(TimerId(key), value);
            }
        }
    }

    /// When to call [`Wheel::expire`] next: at or before the earliest timer; `None` without timers.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.next_taken(self.hand).map(|tick| Instant::from_nanos(tick.saturating_mul(TICK)))
    }

    fn set_head(&mut self, slot: usize, head: Option<Key>) {
        self.heads[slot] = head;
        if head.is_none() {
            self.taken[slot / 64] &= !(1 << (slot % 64));
            if self.taken[slot / 64] == 0 {
                self.taken_words &= !(1 << (slot / 64));
            }
        }
    }

    /// The first tick from `from` on, within one turn, whose slot is not empty.
    fn next_taken(&self, from: u64) -> Option<u64> {
        if self.taken_words == 0 {
            return None;
        }
        let start = slot_of(from);
        let (word, bit) = (start / 64, start % 64);
        let here = self.taken[word] & (u64::MAX << bit);
        let slot = if here == 0 {
            let later = if word + 1 < WORDS { self.taken_words & (u128::MAX << (word + 1)) } else { 0 };
            let word = if later == 0 { self.taken_words.trailing_zeros() } else { later.trailing_zeros() } as usize;
            word * 64 + self.taken[word].trailing_zeros() as usize
        } else {
            word * 64 + here.trailing_zeros() as usize
        };
        Some(from + ((slot + SLOTS - start) % SLOTS) as u64)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is below 8192")]
const fn slot_of(tick: u64) -> usize {
    (tick % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(wheel: &mut Wheel<u32>, millis: u64) -> Vec<u32> {
        let mut all = Vec::new();
        wheel.expire(Instant::from_millis(millis), |_, due| all.push(due));
        all
    }

    #[test]
    fn timers_fire_in_order_never_early_and_once() {
        let mut wheel = Wheel::default();
        for (millis, due) in [(500, 1), (20, 2), (501, 3), (100_000, 4), (20, 5)] {
            wheel.set(Instant::from_millis(millis), due);
        }
        assert_eq!(wheel.next_timeout(), Some(Instant::from_millis(20)));
        assert_eq!(fired(&mut wheel, 19), [] as [u32; 0]);
        assert_eq!(fired(&mut wheel, 20).len(), 2);
        assert_eq!(fired(&mut wheel, 500), [1]);
        assert_eq!(fired(&mut wheel, 510), [3]);
        assert_eq!(fired(&mut wheel, 99_999), [] as [u32; 0]);
        assert_eq!(fired(&mut wheel, 1_000_000), [4]);
        assert!(wheel.is_empty() && wheel.next_timeout().is_none());
    }

    #[test]
    fn a_stopped_timer_never_fires() {
        let mut wheel = Wheel::default();
        let timers: Vec<_> = (0..5).map(|due| wheel.set(Instant::from_millis(50), due)).collect();
        assert_eq!((wheel.stop(timers[4]), wheel.stop(timers[0]), wheel.stop(timers[2])), (Some(4), Some(0), Some(2)));
        assert_eq!(wheel.stop(timers[2]), None);
        assert_eq!(fired(&mut wheel, 60), [3, 1]);
        assert_eq!(wheel.stop(timers[1]), None);
    }

    #[test]
    fn a_timer_in_the_past_fires_at_the_next_tick() {
        let mut wheel = Wheel::default();
        assert_eq!(fired(&mut wheel, 1_000), [] as [u32; 0]);
        wheel.set(Instant::from_millis(3), 1);
        assert_eq!(wheel.next_timeout(), Some(Instant::from_millis(1_010)));
        assert_eq!(fired(&mut wheel, 1_010), [1]);
    }

    #[test]
    fn a_timer_is_found_from_every_place_of_the_hand() {
        for hand in [0, 63, 64, 8_128, 8_191, 8_192, 20_000] {
            for ahead in [1, 63, 64, 65, 4_000, 8_190] {
                let mut wheel = Wheel::default();
                assert_eq!(fired(&mut wheel, hand * 10), [] as [u32; 0]);
                let at = Instant::from_millis((hand + ahead) * 10);
                wheel.set(at, 9);
                assert_eq!(wheel.next_timeout(), Some(at), "hand {hand} ahead {ahead}");
                assert_eq!(fired(&mut wheel, (hand + ahead) * 10), [9]);
            }
        }
    }
}
