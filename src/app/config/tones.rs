//! Whose network the tones sound like.

use crate::voip::audio::signals::Country;
use serde::{Deserialize, Serialize};

/// Whose ringing tone, busy tone and beep callers hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tones {
    /// Russia and its neighbours.
    Ru,
    /// As CEPT recommends for Europe.
    Eu,
    /// Germany.
    De,
    /// France.
    Fr,
    /// The United Kingdom.
    Uk,
    /// The United States and Canada.
    Us,
    /// The recordings of the folder of prompts.
    Recorded,
}

impl Tones {
    /// The country whose signals are made; `None` where recordings are played.
    #[must_use]
    pub const fn country(self) -> Option<Country> {
        match self {
            Self::Ru => Some(Country::Russia),
            Self::Eu => Some(Country::Europe),
            Self::De => Some(Country::Germany),
            Self::Fr => Some(Country::France),
            Self::Uk => Some(Country::UnitedKingdom),
            Self::Us => Some(Country::UnitedStates),
            Self::Recorded => None,
        }
    }
}
