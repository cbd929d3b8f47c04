//! Listening for keys: after the prompt the first-key timer, after a key the next-key timer.

use crate::ivr::flow::PlaybackId;
use crate::ivr::menu::Listen;
use crate::model::Instant;

/// A playing under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Playing {
    pub(super) id: PlaybackId,
    /// When it counts as ended even if nobody says so.
    pub(super) given_up: Instant,
}

/// What the timers of an entry wait for.
///
/// ```text
/// Prompt ──ended──▶ FirstKey ──key──▶ NextKey ──key──▶ NextKey
///    └──────────────key────────────────▲
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ear {
    /// The prompt plays; no timer of the caller's runs.
    Prompt(Playing),
    /// Nothing was pressed since the audio ended.
    FirstKey(Instant),
    /// A key was pressed: only the pause after it counts.
    NextKey(Instant),
}

impl Ear {
    /// After a prompt, or at once when there was nothing to play.
    pub(super) fn new(prompt: Option<Playing>, listen: &Listen, now: Instant) -> Self {
        prompt.map_or(Self::FirstKey(now + listen.first_key), Self::Prompt)
    }

    /// After a key.
    pub(super) fn next_key(listen: &Listen, now: Instant) -> Self {
        Self::NextKey(now + listen.next_key)
    }

    /// When the caller has to be told about the silence.
    pub(super) const fn deadline(&self) -> Instant {
        match self {
            Self::Prompt(playing) => playing.given_up,
            Self::FirstKey(at) | Self::NextKey(at) => *at,
        }
    }

    /// The playing that is heard now.
    pub(super) const fn playing(&self) -> Option<Playing> {
        match self {
            Self::Prompt(playing) => Some(*playing),
            Self::FirstKey(_) | Self::NextKey(_) => None,
        }
    }

    /// A playlist came to its end: the first-key timer starts.
    pub(super) fn playback_ended(self, id: PlaybackId, listen: &Listen, now: Instant) -> Self {
        match self {
            Self::Prompt(playing) if playing.id == id => Self::FirstKey(now + listen.first_key),
            other => other,
        }
    }

    /// What a deadline that has come means.
    pub(super) fn elapsed(self, listen: &Listen, now: Instant) -> Elapsed {
        match self {
            _ if now < self.deadline() => Elapsed::NotYet(self),
            Self::Prompt(_) => Elapsed::NotYet(Self::FirstKey(now + listen.first_key)),
            Self::FirstKey(_) => Elapsed::Silence,
            Self::NextKey(_) => Elapsed::Pause,
        }
    }
}

/// What a timer said.
pub(super) enum Elapsed {
    /// Nothing yet; listen on.
    NotYet(Ear),
    /// No key came.
    Silence,
    /// No further key came.
    Pause,
}
