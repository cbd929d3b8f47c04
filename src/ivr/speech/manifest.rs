//! The list of recordings: `prompts/manifest.tsv`.

use super::Inventory;
use super::quality::Decibels;
use crate::model::{Lang, PromptId};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// The SHA-256 of a recording's text (UTF-8) in hexadecimal: it differs when the text was changed since.
#[must_use]
pub fn text_hash(text: &str) -> String {
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string never fails.
        if write!(hash, "{byte:02x}").is_err() {
            break;
        }
    }
    hash
}

/// How a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// `mid`: the voice held up, more follows.
    Mid,
    /// `fin`: the voice falls, a sentence ends.
    Fin,
    /// `-`: no speech.
    Sound,
}

/// One row of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The key, such as `n.m.15` or `balance.1`.
    pub key: String,
    /// The language; `None` for sounds of all languages.
    pub lang: Option<Lang>,
    /// How it ends.
    pub variant: Variant,
    /// The file under `prompts/`, such as `ru/say/n.m.15.mid.flac`.
    pub file: String,
    /// What it says.
    pub text: String,
    /// Its length.
    pub length: Duration,
    /// Its level; `None` where the manifest has none.
    pub level: Option<Decibels>,
    /// Who speaks: a person, or a machine.
    pub voice: String,
    /// [`text_hash`] of what was read out when it was made.
    pub hash: String,
}

/// The voice of recordings that only stand in until somebody speaks them.
pub const DRAFT_VOICE: &str = "draft";

impl Recording {
    /// Its name in playlists: the file without the ending.
    #[must_use]
    pub fn prompt(&self) -> PromptId {
        let path = self.file.rsplit_once('.').map_or(self.file.as_str(), |(path, _)| path);
        PromptId::new(path)
    }

    /// Whether it only stands in until somebody speaks it.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        self.voice == DRAFT_VOICE
    }

    /// Its row of the manifest.
    fn row(&self) -> String {
        let variant = match self.variant {
            Variant::Mid => "mid",
            Variant::Fin => "fin",
            Variant::Sound => "-",
        };
        let level = self.level.map_or_else(|| "-".to_owned(), |level| level.to_string());
        let lang = self.lang.map_or("-", Lang::code);
        let ms = self.length.as_millis().to_string();
        // A row is a line and a column ends at a tab, whatever the text has.
        let columns = [&self.key, lang, variant, &self.file, &self.text, &ms, &level, &self.voice, &self.hash];
        columns.map(|column| column.replace(['\t', '\n', '\r'], " ")).join("\t")
    }
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("manifest line {line}: {problem}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub problem: String,
}

/// The recordings by name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Manifest {
    recordings: BTreeMap<PromptId, Recording>,
}

/// Columns in their order; what the readers do not need is still required to be there.
const COLUMNS: [&str; 9] = ["key", "language", "variant", "file", "text", "ms", "level_dbov", "voice", "text_sha256"];

impl Manifest {
    /// Reads the text of `manifest.tsv`: a row of column names, then a row per file.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let mut recordings = BTreeMap::new();
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end_matches('\r')));
        let header = lines.next().map(|(_, line)| line).unwrap_or_default();
        if header.trim_start_matches('\u{feff}').split('\t').ne(COLUMNS) {
            let problem = format!("the columns must be {}, with tabs between", COLUMNS.join(", "));
            return Err(ManifestError { line: 1, problem });
        }
        for (line, row) in lines.filter(|(_, row)| !row.is_empty()) {
            let recording = read_row(row).map_err(|problem| ManifestError { line, problem })?;
            let prompt = recording.prompt();
            if recordings.insert(prompt.clone(), recording).is_some() {
                return Err(ManifestError { line, problem: format!("{prompt} is listed twice") });
            }
        }
        Ok(Self { recordings })
    }

    /// The recording of a name.
    #[must_use]
    pub fn get(&self, id: &PromptId) -> Option<&Recording> {
        self.recordings.get(id)
    }

    /// Every recording, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&PromptId, &Recording)> {
        self.recordings.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recordings.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recordings.is_empty()
    }

    /// The text of a manifest with some recordings anew: the row of each is replaced, or added at the end. All other
    /// rows stay as they are.
    #[must_use]
    pub fn rewrite(text: &str, recordings: &[Recording]) -> String {
        let mut new: BTreeMap<PromptId, String> =
            recordings.iter().map(|recording| (recording.prompt(), recording.row())).collect();
        let header = COLUMNS.join("\t");
        let mut lines = Vec::new();
        for line in if text.is_empty() { header.as_str() } else { text }.lines() {
            let known = read_row(line.trim_end_matches('\r')).ok().and_then(|row| new.remove(&row.prompt()));
            lines.push(known.unwrap_or_else(|| line.to_owned()));
        }
        lines.extend(new.into_values());
        lines.join("\n") + "\n"
    }

    /// Whether a recording says something else than the text it stands for now. `false` when there is none.
    #[must_use]
    pub fn is_stale(&self, id: &PromptId, text: &str) -> bool {
        self.get(id).is_some_and(|recording| recording.hash != text_hash(text))
    }
}

impl Inventory for Manifest {
    fn length(&self, id: &PromptId) -> Option<Duration> {
        self.get(id).map(|recording| recording.length)
    }
}

fn read_row(row: &str) -> Result<Recording, String> {
    let columns: Vec<&str> = row.split('\t').collect();
    let [key, lang, variant, file, text, ms, level, voice, hash] = columns[..] else {
        return Err(format!("{} columns instead of {}", columns.len(), COLUMNS.len()));
    };
    let lang = match lang {
        "-" => None,
        code => Some(Lang::from_code(code).ok_or_else(|| format!("language {code:?} is not ru, en or -"))?),
    };
    let variant = match variant {
        "mid" => Variant::Mid,
        "fin" => Variant::Fin,
        "-" => Variant::Sound,
        other => return Err(format!("variant {other:?} is not mid, fin or -")),
    };
    if key.is_empty() || file.is_empty() {
        return Err("key and file must not be empty".to_owned());
    }
    let ms: u64 = ms.parse().map_err(|_| format!("{ms:?} is not a length in milliseconds"))?;
    let length = Duration::from_millis(ms);
    let owned = str::to_owned;
    let (level, voice) = (level.parse().ok(), owned(voice));
    let (key, file, text, hash) = (owned(key), owned(file), owned(text), owned(hash));
    Ok(Recording { key, lang, variant, file, text, length, level, voice, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../../prompts/manifest.tsv");

    #[test]
    fn rewriting_changes_the_rows_asked_for_and_no_other() {
        let manifest = Manifest::parse(TEXT).expect("the default manifest");
        let all: Vec<Recording> = manifest.iter().map(|(_, recording)| recording.clone()).collect();
        assert!(Manifest::rewrite(TEXT, &all) == TEXT, "a row is written as it is read");
        let mut changed = all[7].clone();
        changed.file = changed.file.replace(".flac", ".wav");
        changed.text = "two\nlines\tand a tab".to_owned();
        changed.voice = DRAFT_VOICE.to_owned();
        let mut added = changed.clone();
        added.file = "ru/new.wav".to_owned();
        let text = Manifest::rewrite(TEXT, &[changed.clone(), added]);
        let again = Manifest::parse(&text).expect("still a manifest");
        assert_eq!(again.len(), manifest.len() + 1);
        let row = again.get(&changed.prompt()).expect("there");
        assert!(row.is_draft() && row.text == "two lines and a tab", "{row:?}");
        let same = TEXT.lines().filter(|line| text.lines().any(|other| other == *line)).count();
        assert_eq!(same, TEXT.lines().count() - 1);
        assert_eq!(Manifest::parse(&Manifest::rewrite("", &all)).expect("a new one").len(), all.len());
    }
}
