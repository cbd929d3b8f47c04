//! Queues of callers.

use super::{Condition, Go, HoursRule, Name, PhraseId, Place};
use crate::model::{Digit, PromptId};
use std::sync::Arc;
use std::time::Duration;

/// How the next operator is picked among the ready ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Who has been ready longest.
    LongestIdle,
    /// In turn.
    RoundRobin,
    /// Who took the fewest calls today.
    FewestCalls,
    /// All phones ring.
    RingAll,
}

/// A queue of callers.
#[derive(Debug)]
pub struct Queue {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: Name,
    /// Skills an operator must have (any one of them).
    pub skills: Vec<Name>,
    /// For how long only operators with the caller's language are offered; `None` when language does not matter.
    pub own_language_for: Option<Duration>,
    /// How the next operator is picked.
    pub pick: Pick,
    /// How long a phone rings.
    pub ring: Duration,
    /// An operator who does not answer is put on a break.
    pub pause_on_no_answer: bool,
    /// Time after a call before the next.
    pub wrap_up: Duration,
    /// What is heard while waiting.
    pub music: PromptId,
    /// The longest wait.
    pub max_wait: Duration,
    /// The most who wait.
    pub max_waiting: u32,
    /// The share, in percent, to be answered within the time.
    pub service_level: Option<(u8, Duration)>,
    /// Announcements and keys.
    pub waiting: Waiting,
    /// When customers are called back: `hours:`, else the opening hours of the queue's own name, else always.
    pub open: Option<Arc<HoursRule>>,
    /// The offer of a callback.
    pub callback: Option<Callback>,
    /// Further skills that may take the call after a time.
    pub overflow: Vec<(Duration, Vec<Name>)>,
    /// What the operator hears first.
    pub operator_hears: Vec<Whisper>,
    /// What the operator sees, as paths.
    pub screen: Vec<Name>,
    /// Where it is written.
    pub place: Place,
}

/// What the operator hears before the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whisper {
    /// Whether the caller is verified.
    WhoVerified,
    /// Why the caller calls.
    Reason,
}

/// What is said to those who wait.
#[derive(Debug, Default)]
pub struct Waiting {
    /// On entering.
    pub enter: Option<PhraseId>,
    /// The position.
    pub position: Option<PositionNotice>,
    /// The estimated wait and how many finished calls it needs.
    pub wait_time: Option<(PhraseId, u32)>,
    /// Tips in turn.
    pub tips: Option<(Duration, Vec<PhraseId>)>,
    /// Keys while waiting.
    pub keys: Vec<(Digit, WaitingKey)>,
}

impl Waiting {
    /// Whether a key leads to the result `left`.
    #[must_use]
    pub fn has_leave(&self) -> bool {
        self.keys.iter().any(|(_, does)| *does == WaitingKey::Leave)
    }
}

/// The announcement of the position.
#[derive(Debug)]
pub struct PositionNotice {
    /// How often.
    pub every: Duration,
    /// For second place and below.
    pub say: PhraseId,
    /// For the first in the queue.
    pub next: Option<PhraseId>,
    /// Only when it became better than last said.
    pub only_if_improved: bool,
}

/// What a key does while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingKey {
    /// Orders a callback.
    Callback,
    /// Leaves the queue; the result `left` of the step says what follows.
    Leave,
    /// Leaves the queue for a node.
    Go(Go),
}

/// The offer to call back.
#[derive(Debug)]
pub struct Callback {
    /// Not before this wait.
    pub offer_after: Duration,
    /// Only if.
    pub offer_if: Option<Condition>,
    /// The offer.
    pub say: PhraseId,
    /// Confirms the calling number.
    pub confirm_number: PhraseId,
    /// Asks for another.
    pub other_number: PhraseId,
    /// Beginnings of numbers that may be called; none: those that begin like a number of the bank's own lines. A
    /// caller cannot make the bank dial a number abroad or a paid one.
    pub numbers: Vec<Name>,
    /// Said when no callback can be ordered now; without it the caller is asked to stay on the line.
    pub refused: Option<PhraseId>,
    /// How many times the bank calls.
    pub attempts: u8,
    /// Between attempts.
    pub retry: Duration,
    /// Said to whoever answers.
    pub hello: PhraseId,
}
