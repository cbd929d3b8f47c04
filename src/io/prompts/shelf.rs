//! The folder of prompts and its manifest, changed so that every recording is the old or the new one at any moment.
//!
//! New recordings are written into a hidden folder first. Then each is moved to its place, the files of other formats
//! that it replaces are removed, and at the end the manifest is replaced. Whoever is interrupted before leaves all as
//! it was; within the last step, a recording and its row may differ until the same command is run again, which
//! `hotline check` tells.

use super::load::EXTENSIONS;
use super::master::{Mastered, write_wav};
use crate::ivr::speech::{Manifest, Recording, Variant, text_hash};
use crate::model::{Lang, PromptId};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The manifest's name in the folder.
pub const MANIFEST: &str = "manifest.tsv";
/// What the hidden folders' names begin with; the loader reads none that begins with a dot.
const STAGING: &str = ".import-";

/// A mastered recording and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    /// Its name.
    pub prompt: PromptId,
    /// How it ends.
    pub variant: Variant,
    /// What it says.
    pub text: String,
    /// Who speaks.
    pub voice: String,
    /// The sound.
    pub sound: Mastered,
}

/// A folder of prompts that is being changed.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    staging: PathBuf,
    /// Where each new recording lies, and its row.
    staged: Vec<(PathBuf, Recording)>,
}

impl Shelf {
    /// Opens a folder and removes what an interrupted change left behind.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(STAGING));
            if ours && path.is_dir() && is_abandoned(&path) {
                fs::remove_dir_all(&path)?;
            }
        }
        let staging = folder.join(format!("{STAGING}{}", std::process::id()));
        fs::create_dir_all(&staging)?;
        Ok(Self { folder: folder.to_owned(), staging, staged: Vec::new() })
    }

    /// Writes a recording aside.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn stage(&mut self, take: &Take) -> io::Result<()> {
        let aside = self.staging.join(format!("{}.wav", self.staged.len()));
        write_wav(&aside, &take.sound.samples)?;
        self.staged.push((aside, row(take)));
        Ok(())
    }

    /// Moves every recording to its place and lists it.
    ///
    /// # Errors
    /// When a file cannot be moved; those before it are in their place.
    pub fn commit(self) -> io::Result<usize> {
        let list = self.folder.join(MANIFEST);
        let text = match fs::read_to_string(&list) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        for (aside, recording) in &self.staged {
            let place = self.folder.join(&recording.file);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::rename(aside, &place)?;
            remove_others(&place)?;
        }
        let rows: Vec<Recording> = self.staged.iter().map(|(_, recording)| recording.clone()).collect();
        super::replace(&list, Manifest::rewrite(&text, &rows).as_bytes())?;
        Ok(rows.len())
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.staging) {
            tracing::debug!(folder = %self.staging.display(), %error, "a hidden folder stays behind");
        }
    }
}

/// Whether the process that a hidden folder is named after is gone.
fn is_abandoned(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let process = name.trim_start_matches(STAGING);
    process.parse::<u32>().is_ok_and(|id| id == std::process::id() || !Path::new(&format!("/proc/{id}")).exists())
}

/// Removes recordings of the same name in other formats, which would be played instead.
fn remove_others(place: &Path) -> io::Result<()> {
    // Not `with_extension`, which would take `balance.1` for `balance` with an ending.
    let Some(stem) = place.to_str().and_then(|path| path.strip_suffix(".wav")) else { return Ok(()) };
    for extension in EXTENSIONS {
        let other = PathBuf::from(format!("{stem}.{extension}"));
        if other != place && other.exists() {
            fs::remove_file(other)?;
        }
    }
    Ok(())
}

fn row(take: &Take) -> Recording {
    let name = take.prompt.as_str();
    let (folder, rest) = name.split_once('/').unwrap_or(("", name));
    let key = match rest.strip_prefix("say/") {
        Some(clip) => clip.rsplit_once('.').map_or(clip, |(key, _)| key),
        None => rest,
    };
    Recording {
        key: key.to_owned(),
        lang: Lang::from_code(folder),
        variant: take.variant,
        file: format!("{name}.wav"),
        text: take.text.clone(),
        length: take.sound.figures.length,
        level: Some(take.sound.figures.level),
        voice: take.voice.clone(),
        hash: text_hash(&take.text),
    }
}
