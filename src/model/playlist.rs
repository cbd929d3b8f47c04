//! What is played: clips and the pauses between them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One recording: its path under `prompts/` without the ending, such as `ru/greeting.1`, `en/say/n.4.fin` or
/// `common/hold_music`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptId(Arc<str>);

impl PromptId {
    /// The prompt of a path without ending.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self(path.into())
    }

    /// The path under `prompts/` without the ending.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Silence between clips, in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap(pub u16);

impl Gap {
    /// Its length.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_millis(u64::from(self.0))
    }
}

/// One thing in a playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayItem {
    /// A recording, from its first sample to its last.
    Clip(PromptId),
    /// Silence.
    Gap(Gap),
}

/// What one leg hears, in order, without a break between items.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Playlist {
    /// Clips and gaps in the order of playing.
    pub items: Vec<PlayItem>,
    /// Whether it begins again at its end (hold music) rather than end.
    pub repeat: bool,
}

impl Playlist {
    /// A playlist of one clip.
    #[must_use]
    pub fn clip(prompt: PromptId) -> Self {
        Self { items: vec![PlayItem::Clip(prompt)], repeat: false }
    }

    /// A playlist that repeats one clip for ever.
    #[must_use]
    pub fn looped(prompt: PromptId) -> Self {
        Self { items: vec![PlayItem::Clip(prompt)], repeat: true }
    }
}
