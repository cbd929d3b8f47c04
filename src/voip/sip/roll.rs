//! A bounded table of who was seen, which forgets those who have been quiet. Every operation is O(1).

use crate::model::Instant;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// How many entries are looked at when one is added: two would do to keep up with any growth.
const LOOK_AT: usize = 8;
/// A table with more room than this gives it back when it has emptied.
const SHRINK_ABOVE: usize = 1_024;

/// The table.
#[derive(Debug)]
pub struct Roll<K, T> {
    most: usize,
    idle: Duration,
    entries: HashMap<K, Entry<T>>,
    /// When to look at an entry again: once for each, in order.
    turns: VecDeque<(Instant, K)>,
}

#[derive(Debug)]
struct Entry<T> {
    seen: Instant,
    value: T,
}

impl<K: Clone + Eq + Hash, T> Roll<K, T> {
    /// An empty table for at most `most` entries, which forgets them after `idle` without a word.
    #[must_use]
    pub fn new(most: usize, idle: Duration) -> Self {
        Self { most, idle, entries: HashMap::new(), turns: VecDeque::new() }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of somebody.
    pub fn get(&self, key: &K) -> Option<&T> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// What is known of somebody, to change. It does not count as having been seen.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// What is known of somebody, made when there is nothing. At the bound the one seen longest ago makes room, unless
    /// it is one to `keep`; `None` when all are.
    pub fn enter(
        &mut self,
        now: Instant,
        key: &K,
        keep: impl Fn(&T) -> bool,
        new: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        self.forget(now, &keep);
        if !self.entries.contains_key(key) {
            if self.entries.len() >= self.most {
                self.make_room(now, &keep);
            }
            if self.entries.len() >= self.most {
                return None;
            }
            self.turns.push_back((now + self.idle, key.clone()));
            self.entries.insert(key.clone(), Entry { seen: now, value: new() });
        }
        let entry = self.entries.get_mut(key)?;
        entry.seen = now;
        Some(&mut entry.value)
    }

    /// Everybody there is.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.value))
    }

    /// Forgets some of those who have been quiet.
    pub fn forget(&mut self, now: Instant, keep: impl Fn(&T) -> bool) {
        for _ in 0..LOOK_AT {
            let Some((_, key)) = self.turns.pop_front_if(|(at, _)| *at <= now) else { return };
            let Some(entry) = self.entries.get(&key) else { continue };
            if entry.seen + self.idle > now || keep(&entry.value) {
                self.turns.push_back((now + self.idle, key));
            } else {
                self.entries.remove(&key);
            }
        }
        if self.entries.is_empty() {
            self.entries.shrink_to(SHRINK_ABOVE);
            self.turns.shrink_to(SHRINK_ABOVE);
        }
    }

    fn make_room(&mut self, now: Instant, keep: &impl Fn(&T) -> bool) {
        for _ in 0..LOOK_AT {
            let Some((_, key)) = self.turns.pop_front() else { return };
            if self.entries.get(&key).is_some_and(|entry| keep(&entry.value)) {
                self.turns.push_back((now + self.idle, key));
                continue;
            }
            self.entries.remove(&key);
            return;
        }
    }
}

/// Permits that come at a rate and are saved up to a bound.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub const fn full(now: Instant, burst: f64) -> Self {
        Self { tokens: burst, filled: now }
    }

    /// How many there are now.
    pub fn level(&mut self, now: Instant, rate: f64, burst: f64) -> f64 {
        let passed = now.since(self.filled);
        self.filled = now;
        self.tokens = (self.tokens + passed.as_secs_f64() * rate).min(burst);
        self.tokens
    }

    /// Takes one; `false` when there is none.
    pub fn take(&mut self, now: Instant, rate: f64, burst: f64) -> bool {
        self.take_some(now, rate, burst, 1.0)
    }

    /// Takes so many; `false`, and none is taken, when there are fewer.
    pub fn take_some(&mut self, now: Instant, rate: f64, burst: f64, count: f64) -> bool {
        let are_there = self.level(now, rate, burst) >= count;
        if are_there {
            self.tokens -= count;
        }
        are_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn who_is_quiet_is_forgotten_and_who_is_kept_is_not() {
        let mut roll: Roll<u32, bool> = Roll::new(100, IDLE);
        for key in 0..50 {
            roll.enter(at(0), &key, |keep| *keep, || key == 7);
        }
        roll.enter(at(9), &3, |keep| *keep, || false);
        for _ in 0..50 {
            roll.forget(at(10), |keep| *keep);
        }
        let mut left: Vec<u32> = roll.iter().map(|(key, _)| *key).collect();
        left.sort_unstable();
        assert_eq!(left, [3, 7]);
    }

    #[test]
    fn at_its_bound_the_oldest_makes_room() {
        let mut roll: Roll<u32, bool> = Roll::new(3, IDLE);
        for key in 0..1_000 {
            assert!(roll.enter(at(1), &key, |keep| *keep, || key == 0).is_some());
            assert!(roll.len() <= 3 && roll.turns.len() <= 3);
        }
        assert!(roll.get(&0).is_some() && roll.get(&999).is_some() && roll.get(&1).is_none());
        let mut full: Roll<u32, bool> = Roll::new(1, IDLE);
        assert!(full.enter(at(1), &1, |_| true, || true).is_some());
        assert!(full.enter(at(1), &2, |_| true, || true).is_none());
    }

    #[test]
    fn a_bucket_fills_at_its_rate_up_to_its_bound() {
        let mut bucket = Bucket::full(at(0), 4.0);
        let burst = (0..10).filter(|_| bucket.take(at(0), 2.0, 4.0)).count();
        assert_eq!(burst, 4);
        let later = (0..10).filter(|_| bucket.take(at(1), 2.0, 4.0)).count();
        assert_eq!(later, 2);
    }
}
