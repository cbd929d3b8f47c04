//! One operator: profile, state, and what the pick and the estimate need to know of the past.

use super::{BreakReason, OperatorProfile, OperatorState};
use crate::ivr::menu::Name;
use crate::model::{CallId, Instant, Lang};
use std::collections::BTreeMap;
use std::time::Duration;

/// After how long half of an operator's past no longer counts towards the share of a queue.
const HALF_LIFE: Duration = Duration::from_mins(30);

/// An operator as the ACD sees one.
#[derive(Debug)]
pub(super) struct Operator {
    pub profile: OperatorProfile,
    pub state: OperatorState,
    /// Whether a phone is registered: an operator whose phone vanishes while talking goes offline afterwards.
    pub registered: bool,
    /// Since when ready; orders the longest idle.
    pub idle_since: Instant,
    /// Not to be offered a call before: after a busy or rejecting phone.
    pub not_before: Instant,
    /// Number of the last call taken, over all operators; orders round robin.
    pub last_turn: u64,
    /// Calls taken today.
    pub calls_today: u32,
    /// How many queues there are for these skills.
    pub serves: usize,
    /// Where the operator is in the tables.
    pub listed: Listed,
    /// Time spent for each queue, halved every [`HALF_LIFE`].
    spent: BTreeMap<Name, Duration>,
    spent_at: Instant,
}

/// In which tables an operator is.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Among the free.
    pub free: bool,
    /// When time alone will change something.
    pub wake: Option<Instant>,
}

impl Operator {
    pub fn new(profile: OperatorProfile) -> Self {
        Self {
            profile,
            state: OperatorState::Offline,
            registered: false,
            idle_since: Instant::ZERO,
            not_before: Instant::ZERO,
            last_turn: 0,
            calls_today: 0,
            serves: 0,
            listed: Listed::default(),
            spent: BTreeMap::new(),
            spent_at: Instant::ZERO,
        }
    }

    /// Can be offered a call now.
    pub fn is_free(&self, now: Instant) -> bool {
        self.state == OperatorState::Ready && self.not_before <= now
    }

    /// When time alone will change something: the wrap-up is over, or the phone may be rung again.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        match self.state {
            OperatorState::WrapUp(until) => Some(until),
            OperatorState::Ready => Some(self.not_before).filter(|at| *at > now),
            OperatorState::Reserved(_)
            | OperatorState::Talking(_)
            | OperatorState::Offline
            | OperatorState::Break(_) => None,
        }
    }

    /// Is at work: will take a call sooner or later without doing anything first.
    pub fn is_present(&self) -> bool {
        match self.state {
            OperatorState::Ready
            | OperatorState::Reserved(_)
            | OperatorState::Talking(_)
            | OperatorState::WrapUp(_) => true,
            OperatorState::Offline | OperatorState::Break(_) => false,
        }
    }

    pub fn has_any(&self, skills: &[Name]) -> bool {
        skills.iter().any(|skill| self.profile.skills.contains(skill))
    }

    pub fn has_all(&self, skills: &[Name]) -> bool {
        skills.iter().all(|skill| self.profile.skills.contains(skill))
    }

    pub fn speaks(&self, lang: Lang) -> bool {
        self.profile.languages.contains(&lang)
    }

    /// Rings for `call`, if it does.
    pub fn reserved_for(&self, call: CallId) -> bool {
        self.state == OperatorState::Reserved(call)
    }

    /// The state that follows when nothing keeps the operator busy any more.
    pub fn free_state(&self) -> OperatorState {
        if self.registered { OperatorState::Ready } else { OperatorState::Offline }
    }

    /// The state after a conversation.
    pub fn after_talk(&self, now: Instant, wrap_up: Duration) -> OperatorState {
        match (self.registered, wrap_up.is_zero()) {
            (false, _) => OperatorState::Offline,
            (true, true) => OperatorState::Ready,
            (true, false) => OperatorState::WrapUp(now + wrap_up),
        }
    }

    /// Not called again until the operator asks to be.
    pub fn on_break_unanswered() -> OperatorState {
        OperatorState::Break(BreakReason::NoAnswer)
    }

    /// Adds time spent for a queue.
    pub fn spend(&mut self, now: Instant, queue: &Name, time: Duration) {
        let passed = now.since(self.spent_at).as_secs_f64() / HALF_LIFE.as_secs_f64();
        let kept = 0.5_f64.powf(passed);
        self.spent.values_mut().for_each(|spent| *spent = spent.mul_f64(kept));
        self.spent_at = now;
        *self.spent.entry(queue.clone()).or_default() += time;
    }

    /// The share of this operator's recent time that `queue` took (the "effective portion"), in parts of `whole`; an
    /// even share of the queues that are served while nothing is known.
    pub fn share(&self, queue: &Name, whole: u64) -> u64 {
        let all: u128 = self.spent.values().map(Duration::as_micros).sum();
        if all < 1_000_000 {
            return whole / u64::try_from(self.serves.max(1)).unwrap_or(u64::MAX);
        }
        let spent = self.spent.get(queue).map_or(0, Duration::as_micros);
        u64::try_from(spent * u128::from(whole) / all).unwrap_or(whole)
    }
}
