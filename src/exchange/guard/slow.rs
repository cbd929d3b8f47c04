//! Answers that wait: whoever guesses learns little a minute. Bounded of one source and in all.

use crate::model::Instant;
use crate::voip::sip::endpoint::Command;
use crate::voip::sip::source::Source;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How long an answer waits.
pub(super) const DELAY: Duration = Duration::from_secs(2);
/// Answers that wait in all.
pub(super) const MOST: usize = 1_024;
/// Answers that wait for one source.
pub(super) const MOST_PER_SOURCE: u32 = 8;

/// The answers that wait, in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Slow {
    waiting: VecDeque<(Instant, Source, Command)>,
    of_source: HashMap<Source, u32>,
}

impl Slow {
    /// Lets an answer wait; `false` when it is not given at all.
    pub fn hold(&mut self, now: Instant, source: Source, answer: Command) -> bool {
        let count = self.of_source.get(&source).copied().unwrap_or(0);
        if self.waiting.len() >= MOST || count >= MOST_PER_SOURCE {
            return false;
        }
        self.of_source.insert(source, count + 1);
        self.waiting.push_back((now + DELAY, source, answer));
        true
    }

    /// The next answer that has waited long enough.
    pub fn next(&mut self, now: Instant) -> Option<Command> {
        let (_, source, answer) = self.waiting.pop_front_if(|(due, _, _)| *due <= now)?;
        if let Some(count) = self.of_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.of_source.remove(&source);
            }
        }
        Some(answer)
    }

    pub fn due(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _, _)| *due)
    }
}
