//! One press counts once, though some phones send it twice or three times: as telephone-event, as SIP INFO, as tones.
//!
//! The best source wins, in the order of [`KeySource`]: from its first key on, the keys of lesser sources are ignored
//! for good. Until then the lesser ones count; and when the better source brings a key that a lesser one brought just
//! before ([`KeySource::twins`]), it is that press. Several such presses may be under way: a phone may send the INFO of
//! a key when it is let go, while its tone is heard at once.

use crate::model::{Digit, Instant};
use std::fmt;
use std::time::Duration;

/// The most presses of a lesser source that wait for their twins.
const MAX_TWINS: usize = 4;

/// How a key came, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeySource {
    /// Tones in the sound.
    Tone,
    /// SIP INFO.
    Info,
    /// RFC 4733.
    TelephoneEvent,
}

impl KeySource {
    /// Within this time after a key of this source, the same key from a better one is the same press.
    #[must_use]
    pub const fn twins(self) -> Duration {
        match self {
            // INFO may be sent when the key is let go.
            Self::Tone => Duration::from_millis(1_000),
            Self::Info | Self::TelephoneEvent => Duration::from_millis(200),
        }
    }
}

/// The rule's state for one leg.
#[derive(Clone, Default)]
pub struct KeyGate {
    best: Option<KeySource>,
    counted: [Option<Counted>; MAX_TWINS],
}

/// A press of a lesser source, counted then or before.
#[derive(Clone, Copy)]
struct Counted {
    source: KeySource,
    /// `None` after [`KeyGate::wipe`]: any key may be its twin.
    digit: Option<Digit>,
    at: Instant,
}

impl KeyGate {
    /// The best source that brought a key.
    #[must_use]
    pub const fn best(&self) -> Option<KeySource> {
        self.best
    }

    /// Whether this key counts.
    pub fn admits(&mut self, now: Instant, source: KeySource, digit: Digit) -> bool {
        if self.best > Some(source) {
            return false;
        }
        self.best = Some(source);
        let is_twin = |one: &Option<Counted>| {
            one.is_some_and(|one| {
                let same = one.digit.is_none_or(|key| key == digit);
                one.source < source && same && now.since(one.at) < one.source.twins()
            })
        };
        if let Some(found) = self.counted.iter().position(is_twin) {
            // What was pressed before it will have no twin any more.
            self.counted[..=found].fill(None);
            self.counted.rotate_left(found + 1);
            // It may come a third way.
            self.remember(Counted { source, digit: Some(digit), at: now });
            return false;
        }
        self.remember(Counted { source, digit: Some(digit), at: now });
        true
    }

    /// Keeps a press in mind for its twins; the best source has none.
    fn remember(&mut self, press: Counted) {
        if press.source == KeySource::TelephoneEvent {
            return;
        }
        if let Some(free) = self.counted.iter_mut().find(|one| one.is_none()) {
            *free = Some(press);
        } else {
            self.counted.rotate_left(1);
            self.counted[MAX_TWINS - 1] = Some(press);
        }
    }

    /// Forgets the keys, which may be part of a secret; not which source is the best, nor that the last one may still
    /// have a twin under way: the key that ends a secret counts once too.
    pub fn wipe(&mut self) {
        let last = self.counted.iter().rev().flatten().next().map(|one| Counted { digit: None, ..*one });
        self.counted = [last, None, None, None];
    }
}

impl fmt::Debug for KeyGate {
    /// Hides the keys: they may be part of a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyGate").field("best", &self.best).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds, source, key, and whether it counts.
    type Step = (u64, KeySource, char, bool);

    #[test]
    fn one_source_counts_never_two() {
        use KeySource::{Info, TelephoneEvent, Tone};
        let script: &[(&str, &[Step])] = &[
            ("info alone counts each time", &[(0, Info, '1', true), (50, Info, '1', true)]),
            ("the event's twin by info is ignored", &[(0, TelephoneEvent, '1', true), (30, Info, '1', false)]),
            ("info is ignored for good after an event", &[(0, TelephoneEvent, '1', true), (9_000, Info, '2', false)]),
            ("the info's twin by event is ignored", &[(0, Info, '1', true), (30, TelephoneEvent, '1', false)]),
            ("another key is no twin", &[(0, Info, '1', true), (30, TelephoneEvent, '2', true)]),
            ("a later press is no twin", &[(0, Info, '1', true), (200, TelephoneEvent, '1', true)]),
            ("tones alone count each time", &[(0, Tone, '1', true), (90, Tone, '1', true), (200, Tone, '2', true)]),
            ("tones are ignored for good after an info", &[(0, Info, '1', true), (9_000, Tone, '2', false)]),
            ("the info of a long press comes late", &[(0, Tone, '1', true), (900, Info, '1', false)]),
            (
                "quick tones, then their infos",
                &[
                    (0, Tone, '1', true),
                    (100, Tone, '1', true),
                    (200, Tone, '2', true),
                    (300, Info, '1', false),
                    (400, Info, '1', false),
                    (500, Info, '2', false),
                    (600, Tone, '3', false),
                    (700, Info, '3', true),
                ],
            ),
            ("all three ways", &[(0, Tone, '1', true), (100, Info, '1', false), (200, TelephoneEvent, '1', false)]),
            (
                "one of the infos was lost",
                &[(0, Tone, '1', true), (100, Tone, '2', true), (300, Info, '2', false), (400, Info, '1', true)],
            ),
        ];
        for (name, steps) in script {
            let mut gate = KeyGate::default();
            for &(millis, source, key, counts) in *steps {
                let digit = Digit::from_char(key).expect("a key");
                assert_eq!(gate.admits(Instant::from_millis(millis), source, digit), counts, "{name}");
            }
        }
    }

    #[test]
    fn what_waits_for_twins_is_bounded_and_can_be_wiped() {
        let mut gate = KeyGate::default();
        let digit = Digit::from_char('1').expect("a key");
        for _ in 0..100 {
            assert!(gate.admits(Instant::ZERO, KeySource::Info, digit));
        }
        gate.wipe();
        assert!(gate.counted.iter().flatten().all(|one| one.digit.is_none()));
        assert!(!gate.admits(Instant::ZERO, KeySource::TelephoneEvent, digit), "the twin of the last one");
        assert!(gate.admits(Instant::ZERO, KeySource::TelephoneEvent, digit));
        assert!(!format!("{gate:?}").contains('1'));
    }
}
