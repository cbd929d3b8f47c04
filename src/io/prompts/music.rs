//! Hold music: the recordings of the folder `music/`, one after the other in the order of their names, as one loop.
//!
//! They are joined as samples before they are encoded, so that no codec makes a seam of it. While the folder is
//! missing, empty or without one file that can be read, the prompt `common/hold_music` is what its own file has.

use super::decode::{LONGEST_SECONDS, Sound, decode};
use super::load::{FileError, Source};
use super::narrow::{MASTER_RATE_HZ, narrow, to_master_rate};
use super::parallel;
use crate::model::PromptId;
use crate::voip::audio::EncodedPrompt;
use std::fs;

/// The folder's name among the prompts.
pub(super) const FOLDER: &str = "music";
/// The prompt that the music is.
const PROMPT: &str = "common/hold_music";

/// The prompt that the music is.
pub(super) fn prompt() -> PromptId {
    PromptId::new(PROMPT)
}

/// Takes the music out of what a walk through the folder found, in the order of the names.
pub(super) fn split(sources: &mut Vec<Source>) -> Vec<Source> {
    let of_music = |source: &Source| source.id.as_str().split('/').next() == Some(FOLDER);
    let mut music: Vec<Source> = sources.extract_if(.., |source| of_music(source)).collect();
    music.sort_by(|a, b| a.id.cmp(&b.id));
    music
}

/// What the files of the folder come to.
#[derive(Default)]
pub(super) struct Music {
    /// The samples at 16 kHz, between −1 and 1; empty when there is none.
    pub(super) samples: Vec<f32>,
    /// Which files are left out and why, by their place in the order.
    pub(super) problems: Vec<(usize, FileError)>,
}

/// Reads the files. One that cannot be read, or that would make the loop longer than 20 minutes, is left out.
pub(super) fn read(files: &[Source]) -> Music {
    let mut music = Music::default();
    for (place, read) in parallel::each(files, read_one).into_iter().enumerate() {
        match read {
            Ok(samples) if music.samples.len() + samples.len() <= LONGEST_SECONDS * MASTER_RATE_HZ as usize => {
                music.samples.extend(samples);
            }
            Ok(_) => music.problems.push((place, FileError::TooMuch)),
            Err(error) => music.problems.push((place, error)),
        }
    }
    music
}

fn read_one(source: &Source) -> Result<Vec<f32>, FileError> {
    let sound = decode(fs::read(&source.file)?, source.extension)?;
    Ok(to_master_rate(sound)?)
}

/// The loop as it is played to narrow-band telephones.
pub(super) fn encode(samples: Vec<f32>) -> Result<EncodedPrompt, FileError> {
    Ok(EncodedPrompt::encode(&narrow(&Sound { rate: MASTER_RATE_HZ, samples })?))
}
