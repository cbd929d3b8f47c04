//! One press counts once, though some phones send it as telephone-event and as SIP INFO.
//!
//! Telephone-event wins: from its first key on, the leg's INFO keys are ignored for good. While only INFO keys came
//! they count; and when a telephone-event follows an INFO of the same key within [`SAME_PRESS`], it is that press.

use crate::model::{Digit, Instant};
use std::time::Duration;

/// Within this time the same key from the other source is the same press.
pub const SAME_PRESS: Duration = Duration::from_millis(200);

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// RFC 4733.
    TelephoneEvent,
    /// SIP INFO.
    Info,
}

/// The rule's state for one leg.
#[derive(Clone, Debug, Default)]
pub struct KeyGate {
    events_seen: bool,
    last_info: Option<(Digit, Instant)>,
}

impl KeyGate {
    /// Whether this key counts.
    pub fn admits(&mut self, now: Instant, source: KeySource, digit: Digit) -> bool {
        match source {
            KeySource::TelephoneEvent => {
                self.events_seen = true;
                let repeats = |(key, at): (Digit, Instant)| key == digit && now.since(at) < SAME_PRESS;
                !self.last_info.take().is_some_and(repeats)
            }
            KeySource::Info if self.events_seen => false,
            KeySource::Info => {
                self.last_info = Some((digit, now));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds, source, key, and whether it counts.
    type Step = (u64, KeySource, char, bool);

    #[test]
    fn one_source_counts_never_two() {
        use KeySource::{Info, TelephoneEvent};
        let script: &[(&str, &[Step])] = &[
            ("info alone counts each time", &[(0, Info, '1', true), (50, Info, '1', true)]),
            ("the event's twin by info is ignored", &[(0, TelephoneEvent, '1', true), (30, Info, '1', false)]),
            ("info is ignored for good after an event", &[(0, TelephoneEvent, '1', true), (9_000, Info, '2', false)]),
            ("the info's twin by event is ignored", &[(0, Info, '1', true), (30, TelephoneEvent, '1', false)]),
            ("another key is no twin", &[(0, Info, '1', true), (30, TelephoneEvent, '2', true)]),
            ("a later press is no twin", &[(0, Info, '1', true), (200, TelephoneEvent, '1', true)]),
        ];
        for (name, steps) in script {
            let mut gate = KeyGate::default();
            for &(millis, source, key, counts) in *steps {
                let digit = Digit::from_char(key).expect("a key");
                assert_eq!(gate.admits(Instant::from_millis(millis), source, digit), counts, "{name}");
            }
        }
    }
}
