//! What a caller is to hear: its text, and the clips and gaps that say it.

use super::{Clip, Piece};
use crate::model::{Gap, Lang, PlayItem, Playlist, PromptId};
use std::time::Duration;

/// Silences, on top of the 30 ms that two clips already have between them (`prompts/README.md`).
pub mod gap {
    use crate::model::Gap;

    /// Between words of one number.
    pub const NONE: Gap = Gap(0);
    /// After thousands, millions, roubles when more follows.
    pub const SCALE: Gap = Gap(100);
    /// Between digits of a card or a code.
    pub const DIGITS: Gap = Gap(60);
    /// Between groups of a telephone number.
    pub const PHONE_GROUPS: Gap = Gap(200);
    /// Between a fragment and a value inside a sentence.
    pub const FRAGMENT: Gap = Gap(60);
    /// Between an offer and its `press.*`.
    pub const PRESS: Gap = Gap(90);
    /// Between sentences.
    pub const SENTENCE: Gap = Gap(350);
    /// Between options of a menu.
    pub const OPTION: Gap = Gap(300);
    /// Before the operator's option.
    pub const OPERATOR: Gap = Gap(700);
}

/// Which recordings exist and how long they are.
pub trait Inventory {
    /// The length of a recording, or `None` when there is none.
    fn length(&self, id: &PromptId) -> Option<Duration>;
}

/// An inventory without recordings: every length is estimated from the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRecordings;

impl Inventory for NoRecordings {
    fn length(&self, _: &PromptId) -> Option<Duration> {
        None
    }
}

/// A recording that an utterance needs and the inventory has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub prompt: PromptId,
    /// What it would say.
    pub text: String,
}

/// Something to be heard.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Utterance {
    /// The words with their punctuation.
    pub text: String,
    /// Clips and gaps in order. A missing recording is named here too; a player skips it.
    pub items: Vec<PlayItem>,
    /// The recordings that the inventory has not.
    pub missing: Vec<Missing>,
}

/// How many characters are spoken in a second, for texts without a recording.
const CHARACTERS_PER_SECOND: u64 = 14;

impl Utterance {
    /// This, silence, and the other. An empty one adds neither text nor silence.
    #[must_use]
    pub fn then(mut self, gap: Gap, other: Self) -> Self {
        if !self.text.is_empty() && !other.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&other.text);
        if !self.items.is_empty() && !other.items.is_empty() {
            self.push_gap(gap);
        }
        self.items.extend(other.items);
        self.missing.extend(other.missing);
        self
    }

    /// How long it takes: of recordings what they take, of missing ones what 14 characters a second give.
    #[must_use]
    pub fn length(&self, inventory: &dyn Inventory) -> Duration {
        let item = |item: &PlayItem| match item {
            PlayItem::Gap(gap) => gap.duration(),
            PlayItem::Clip(id) => inventory.length(id).unwrap_or_else(|| self.estimate(id)),
        };
        self.items.iter().map(item).sum()
    }

    fn estimate(&self, id: &PromptId) -> Duration {
        let text = self.missing.iter().find(|missing| missing.prompt == *id).map_or("", |missing| &missing.text);
        let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        Duration::from_millis(characters.saturating_mul(1_000) / CHARACTERS_PER_SECOND)
    }

    /// What a leg plays.
    #[must_use]
    pub fn playlist(&self) -> Playlist {
        Playlist::of(self.items.clone())
    }

    pub(super) fn push_gap(&mut self, gap: Gap) {
        if gap.0 > 0 && !self.items.is_empty() {
            self.items.push(PlayItem::Gap(gap));
        }
    }

    /// Adds a recording that says `text`.
    pub(super) fn push_clip(&mut self, id: PromptId, text: &str, inventory: &dyn Inventory) {
        if inventory.length(&id).is_none() {
            self.missing.push(Missing { prompt: id.clone(), text: text.to_owned() });
        }
        self.items.push(PlayItem::Clip(id));
    }

    /// Adds a value's pieces. Only the last before a full stop falls; all others stay up.
    pub(super) fn push_pieces(&mut self, lang: Lang, pieces: &[Piece], falls: bool, inventory: &dyn Inventory) {
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            self.push_piece(lang, piece, last && falls, inventory);
            if !last {
                self.push_gap(piece.after);
            }
        }
    }

    fn push_piece(&mut self, lang: Lang, piece: &Piece, falls: bool, inventory: &dyn Inventory) {
        match recording(lang, piece, falls, inventory) {
            Ok(id) => self.push_clip(id, &piece.text, inventory),
            Err(id) if piece.instead.is_empty() => self.push_clip(id, &piece.text, inventory),
            Err(_) => self.push_pieces(lang, &piece.instead, falls, inventory),
        }
    }
}

/// The recording that says a piece: the wanted variant, or else the other. `Err` names the one that is wanted when
/// there is neither.
fn recording(lang: Lang, piece: &Piece, falls: bool, inventory: &dyn Inventory) -> Result<PromptId, PromptId> {
    let there = |id: PromptId| if inventory.length(&id).is_some() { Ok(id) } else { Err(id) };
    match &piece.clip {
        Clip::Whole(key) => there(PromptId::new(&format!("{lang}/{key}"))),
        Clip::Value(key) => {
            let (wanted, other) = if falls { ("fin", "mid") } else { ("mid", "fin") };
            let id = |variant| PromptId::new(&format!("{lang}/say/{key}.{variant}"));
            there(id(wanted)).or_else(|wanted| there(id(other)).map_err(|_| wanted))
        }
    }
}
