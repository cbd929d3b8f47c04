//! A folder of recordings becomes [`PromptFrames`], on all cores at once.

use super::cache::{self, Key};
use super::decode::{DecodeError, decode};
use super::narrow::{RateError, narrow};
use super::{music, parallel};
use crate::model::PromptId;
use crate::voip::audio::{EncodedPrompt, PromptFrames};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

/// Endings of the formats that are read, the preferred one first when a prompt has several files.
pub const EXTENSIONS: [&str; 4] = ["flac", "wav", "ogg", "mp3"];
/// The most files that are looked at: a bank's set is a few thousand.
const MOST_FILES: usize = 50_000;
/// The largest file that is read, in octets.
const LARGEST_FILE: u64 = 256 << 20;
/// How deep folders may lie in each other.
const DEEPEST: usize = 8;

/// What came of loading a folder: what could be read, and all that could not.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// Every recording that can be played.
    pub prompts: PromptFrames,
    /// Every file that cannot, with advice.
    pub problems: Vec<PromptProblem>,
}

/// A recording that cannot be played: which, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptProblem {
    /// The file or folder.
    pub file: PathBuf,
    /// What is wrong, to follow the name of the file.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for PromptProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  hint: {}", self.file.display(), self.what, self.help)
    }
}

/// A file to read, and the prompt it is.
pub(super) struct Source {
    pub(super) id: PromptId,
    pub(super) file: PathBuf,
    pub(super) extension: &'static str,
    pub(super) octets: u64,
    pub(super) changed: Option<SystemTime>,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    #[error(transparent)]
    Rate(#[from] RateError),
    #[error("is left out: the music would be longer than 20 minutes")]
    TooMuch,
}

impl FileError {
    const fn help(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "make the file readable for the user the server runs as",
            Self::Undecodable(_) => "record or export it again as FLAC or WAV, 16 kHz, mono, 16 bit",
            Self::Rate(_) => "export it again at 16 kHz",
            Self::TooMuch => "keep fewer or shorter files of music",
        }
    }
}

/// Loads every recording under `folder`: its path without the ending becomes its [`PromptId`]. A file that cannot be
/// used is told of and does not stop the others.
#[must_use]
pub fn load(folder: &Path) -> LoadReport {
    let folder = find(folder);
    let (loaded, report) = decode_all(&folder);
    LoadReport { prompts: loaded.into_iter().collect(), ..report }
}

/// The same, by way of a file that keeps what an earlier start made of the same recordings (same names, sizes and
/// times of change). It is made anew when they differ, and not used when it is damaged or cannot be written.
#[must_use]
pub fn load_cached(folder: &Path, cache: &Path) -> LoadReport {
    let folder = find(folder);
    let key = folder.key();
    if let Some(loaded) = cache::read(cache, &key) {
        return LoadReport { prompts: loaded.into_iter().collect(), problems: folder.problems };
    }
    let (loaded, report) = decode_all(&folder);
    // With a broken file among them nothing is kept, so that the next start tells of it again.
    if report.problems.len() == folder.problems.len()
        && let Err(error) = cache::write(cache, &key, &loaded)
    {
        tracing::warn!(file = %cache.display(), %error, "prepared prompts cannot be kept; the next start is slower");
    }
    LoadReport { prompts: loaded.into_iter().collect(), ..report }
}

/// What a folder holds.
pub(super) struct Folder {
    /// The recordings, the longest first, so that no core is left with one at the end.
    pub(super) sources: Vec<Source>,
    /// The hold music, in the order of its names.
    pub(super) music: Vec<Source>,
    problems: Vec<PromptProblem>,
}

impl Folder {
    /// Changes with every file that is read.
    pub(super) fn key(&self) -> Key {
        let all = self.sources.iter().chain(&self.music);
        cache::key(all.map(|source| (source.id.as_str(), source.octets, source.changed)))
    }
}

/// The recordings of a folder.
pub(super) fn find(folder: &Path) -> Folder {
    let mut found = Found::default();
    found.walk(folder, "", 0);
    let mut sources: Vec<Source> = found.sources.into_values().collect();
    let music = music::split(&mut sources);
    sources.sort_by_key(|source| std::cmp::Reverse(source.octets));
    found.problems.sort_by(|a, b| a.file.cmp(&b.file));
    Folder { sources, music, problems: found.problems }
}

/// Reads all sources; those that cannot be used join the problems.
fn decode_all(folder: &Folder) -> (Vec<(PromptId, EncodedPrompt)>, LoadReport) {
    let mut report = LoadReport { problems: folder.problems.clone(), ..LoadReport::default() };
    let mut loaded = Vec::with_capacity(folder.sources.len());
    for (source, result) in folder.sources.iter().zip(read_all(&folder.sources)) {
        match result {
            Ok(prompt) => loaded.push((source.id.clone(), prompt)),
            Err(error) => report.problems.push(problem_of(&source.file, &error)),
        }
    }
    let played = music::read(&folder.music);
    for (place, error) in &played.problems {
        report.problems.extend(folder.music.get(*place).map(|source| problem_of(&source.file, error)));
    }
    if !played.samples.is_empty() {
        match music::encode(played.samples) {
            Ok(prompt) => {
                loaded.retain(|(id, _)| *id != music::prompt());
                loaded.push((music::prompt(), prompt));
            }
            Err(error) => report.problems.extend(folder.music.first().map(|one| problem_of(&one.file, &error))),
        }
    }
    report.problems.sort_by(|a, b| a.file.cmp(&b.file));
    (loaded, report)
}

fn problem_of(file: &Path, error: &FileError) -> PromptProblem {
    PromptProblem { file: file.to_owned(), what: error.to_string(), help: error.help().to_owned() }
}

/// Loads one file: a draft, or a recording that was just imported.
pub fn load_file(file: &Path) -> Result<EncodedPrompt, PromptProblem> {
    let extension = extension_of(file).unwrap_or("wav");
    read(file, extension).map_err(|error| problem_of(file, &error))
}

/// Every source read, in the order given.
fn read_all(sources: &[Source]) -> Vec<Result<EncodedPrompt, FileError>> {
    parallel::each(sources, |source| read(&source.file, source.extension))
}

fn read(file: &Path, extension: &str) -> Result<EncodedPrompt, FileError> {
    let sound = decode(fs::read(file)?, extension)?;
    Ok(EncodedPrompt::encode(&narrow(&sound)?))
}

/// What a walk through the folder finds.
#[derive(Default)]
struct Found {
    sources: BTreeMap<String, Source>,
    problems: Vec<PromptProblem>,
}

impl Found {
    /// Takes every recording in `folder`; `prefix` is its path from the top, with a slash at its end.
    fn walk(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let help = "name a readable folder of prompts: it holds ru/, en/, common/ and manifest.tsv";
                self.problem(folder, format!("cannot be listed: {error}"), help);
                return;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                self.problem(&path, "has a name that is not UTF-8".to_owned(), "rename it");
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            // Through symbolic links: a studio's folder is often linked in.
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() && depth < DEEPEST => {
                    self.walk(&path, &format!("{prefix}{name}/"), depth + 1);
                }
                Ok(about) if about.is_file() => self.take(&path, prefix, &about),
                Ok(_) => {}
                Err(error) => self.problem(&path, format!("cannot be read: {error}"), "remove or repair it"),
            }
        }
    }

    /// Takes one file if it is a recording; of two for the same prompt, the preferred format.
    fn take(&mut self, file: &Path, prefix: &str, about: &fs::Metadata) {
        let octets = about.len();
        let Some(extension) = extension_of(file) else { return };
        let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) else { return };
        if octets > LARGEST_FILE || self.sources.len() >= MOST_FILES {
            self.problem(file, "is left out: too large, or one of too many".to_owned(), "keep only prompts here");
            return;
        }
        let key = format!("{prefix}{stem}");
        let changed = about.modified().ok();
        let source = Source { id: PromptId::new(&key), file: file.to_owned(), extension, octets, changed };
        let unused = match self.sources.remove(&key) {
            Some(other) if rank(other.extension) < rank(extension) => {
                self.sources.insert(key, other);
                Some(source)
            }
            other => {
                self.sources.insert(key, source);
                other
            }
        };
        if let Some(unused) = unused {
            let what = "is not used: there is another file for the same prompt".to_owned();
            self.problem(&unused.file, what, "keep one of the two");
        }
    }

    fn problem(&mut self, file: &Path, what: String, help: &str) {
        self.problems.push(PromptProblem { file: file.to_owned(), what, help: help.to_owned() });
    }
}

/// The ending in small letters, if it is one that is read.
pub(super) fn extension_of(file: &Path) -> Option<&'static str> {
    let extension = file.extension()?.to_str()?;
    EXTENSIONS.into_iter().find(|known| known.eq_ignore_ascii_case(extension))
}

fn rank(extension: &str) -> usize {
    EXTENSIONS.iter().position(|known| *known == extension).unwrap_or(EXTENSIONS.len())
}
