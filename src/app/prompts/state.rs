//! The recordings a menu needs beside those there are.

use crate::app::cli::Chosen;
use crate::app::menus;
use crate::io::prompts::inspect;
use crate::ivr::menu::{Menu, Need, needed};
use crate::ivr::speech::quality::Fault;
use crate::ivr::speech::{Manifest, Variant};
use crate::model::{Lang, PromptId};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many characters are spoken in a second, for what nobody has recorded.
const CHARACTERS_PER_SECOND: f64 = 14.0;

/// A menu, and the folder of its recordings.
pub(super) struct Studio {
    pub menu: Menu,
    pub folder: PathBuf,
    pub manifest: Manifest,
    pub needs: Vec<Need>,
}

/// What a needed recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Missing,
    Draft,
    Stale,
    Bad(Vec<Fault>),
}

impl State {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Missing => "missing",
            Self::Draft => "draft",
            Self::Stale => "stale",
            Self::Bad(_) => "bad",
        }
    }
}

impl Studio {
    pub(super) fn open(menus: &Path, folder: &Path) -> Result<Self> {
        let menu = menus::load(menus)?;
        let path = folder.join("manifest.tsv");
        let manifest = match std::fs::read_to_string(&path) {
            Ok(text) => Manifest::parse(&text).with_context(|| path.display().to_string())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Manifest::default(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let needs = needed(&menu, &manifest);
        Ok(Self { menu, folder: folder.to_owned(), manifest, needs })
    }

    /// What is wrong with the recordings there are.
    pub(super) fn faults(&self) -> BTreeMap<PromptId, Vec<Fault>> {
        inspect(&self.folder, &self.manifest)
    }

    /// The state of a needed recording.
    pub(super) fn state(&self, need: &Need, faults: &BTreeMap<PromptId, Vec<Fault>>) -> State {
        let Some(recording) = self.manifest.get(&need.prompt) else { return State::Missing };
        let faults = faults.get(&need.prompt);
        if faults.is_some_and(|faults| faults.contains(&Fault::Gone)) {
            return State::Missing;
        }
        let stale = need.ending != Variant::Sound && self.manifest.is_stale(&need.prompt, &need.text);
        match faults {
            _ if stale => State::Stale,
            Some(faults) => State::Bad(faults.clone()),
            None if recording.is_draft() => State::Draft,
            None => State::Good,
        }
    }

    /// How long a recording is, or would be, in seconds.
    pub(super) fn seconds(&self, need: &Need) -> f64 {
        let known = self.manifest.get(&need.prompt).filter(|_| !self.manifest.is_stale(&need.prompt, &need.text));
        let estimate = || {
            #[expect(clippy::cast_precision_loss, reason = "the length of a sentence")]
            let characters = need.text.chars().count() as f64;
            (characters / CHARACTERS_PER_SECOND).max(0.4)
        };
        known.map_or_else(estimate, |recording| recording.length.as_secs_f64())
    }

    /// Where a need is written, as in messages of the checker.
    pub(super) fn place(&self, need: &Need) -> Option<String> {
        let place = need.uses.iter().find_map(|used| used.place)?;
        let file = self.menu.files.get(usize::from(place.file))?;
        Some(format!("{file}:{}:{}", place.line, place.column))
    }
}

impl Chosen {
    /// Whether a recording is asked for; everything is when nothing is chosen.
    pub(super) fn takes(self, need: &Need, found: &State) -> bool {
        let folder = self.lang.map(|lang| format!("{}/", Lang::from(lang)));
        let here = folder.is_none_or(|folder| need.prompt.as_str().starts_with(&folder));
        let missing = self.missing && matches!(found, State::Missing | State::Draft);
        let stale = self.stale && *found == State::Stale;
        here && (missing || stale || !(self.missing || self.stale))
    }
}

/// A bar for work that takes a while; nothing where no person looks.
pub(super) fn progress(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(what);
    match ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
