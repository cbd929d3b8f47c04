//! Prompts: files become octets that are ready to be sent.
//!
//! ```text
//! folder ──decode──▶ samples of any rate ──narrow──▶ 8 kHz ──encode──▶ PromptFrames
//! text of a missing prompt ──DraftVoice (an external command)──▶ WAV ──▶ the same way
//! take of a speaker ──master──▶ level, band, silence ──Shelf──▶ the folder and its manifest
//! the folder ──inspect──▶ what is wrong with each recording
//! music/*, in the order of their names ──▶ one loop, the prompt common/hold_music
//! ```

mod cache;
mod decode;
mod draft;
mod filter;
mod load;
mod master;
mod measure;
mod music;
mod narrow;
mod parallel;
mod player;
mod quality;
mod shelf;
mod wide;

#[cfg(test)]
mod tests;

pub use decode::{DecodeError, LONGEST_SECONDS, Sound, decode};
pub use draft::{Draft, DraftVoice, TemplateError};
pub use load::{EXTENSIONS, LoadReport, PromptProblem, load, load_cached, load_file};
pub use master::{MASTER_RATE, MasterError, Mastered, master, write_wav};
pub use measure::measure;
pub use narrow::{RateError, narrow, to_master_rate};
pub use parallel::each;
pub use player::{Passing, Player, PlayerError};
pub use quality::inspect;
pub use shelf::{Shelf, Take};
pub use wide::load_wide;

use crate::ivr::speech::Inventory;
use crate::model::PromptId;
use crate::voip::audio::PromptFrames;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

/// Writes a file under another name, named after the process, and then gives it its own: it is the old or the new
/// one, whatever happens.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("prompts");
    let partial = file.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written = fs::write(&partial, bytes)
        .and_then(|()| fs::File::open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, file));
    if written.is_err() && partial.exists() {
        fs::remove_file(&partial)?;
    }
    written
}

/// What is loaded is what there is to say: an utterance is built from the recordings that can be played.
impl Inventory for PromptFrames {
    fn length(&self, id: &PromptId) -> Option<Duration> {
        self.duration(id)
    }
}
