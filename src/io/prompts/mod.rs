//! Prompts: files become octets that are ready to be sent.
//!
//! ```text
//! folder ──decode──▶ samples of any rate ──narrow──▶ 8 kHz ──encode──▶ PromptFrames
//! text of a missing prompt ──DraftVoice (an external command)──▶ WAV ──▶ the same way
//! ```

mod cache;
mod decode;
mod draft;
mod load;
mod narrow;

#[cfg(test)]
mod tests;

pub use decode::{DecodeError, LONGEST_SECONDS, Sound, decode};
pub use draft::{Draft, DraftVoice, TemplateError};
pub use load::{EXTENSIONS, LoadReport, PromptProblem, load, load_cached, load_file};
pub use narrow::{RateError, narrow};

use crate::ivr::speech::Inventory;
use crate::model::PromptId;
use crate::voip::audio::PromptFrames;
use std::time::Duration;

/// What is loaded is what there is to say: an utterance is built from the recordings that can be played.
impl Inventory for PromptFrames {
    fn length(&self, id: &PromptId) -> Option<Duration> {
        self.duration(id)
    }
}
