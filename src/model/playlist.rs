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

/// Whether and how a playlist begins again at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Repeat {
    /// It ends.
    #[default]
    Never,
    /// From its beginning, which is also where it begins: a ringing tone.
    FromTheStart,
    /// At the place that the clock says, the same for all who hear it: hold music. Whoever comes to it joins in the
    /// middle.
    InStep,
}

/// What one leg hears, in order, without a break between items.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Playlist {
    /// Clips and gaps in the order of playing.
    pub items: Vec<PlayItem>,
    /// Whether it begins again at its end.
    pub repeat: Repeat,
    /// Music that is heard beneath, lowered, and after the last item until something else is played. Where the media
    /// lowers no music it is not heard at all.
    pub over: Option<PromptId>,
}

impl Playlist {
    /// A playlist of one clip.
    #[must_use]
    pub fn clip(prompt: PromptId) -> Self {
        Self::of(vec![PlayItem::Clip(prompt)])
    }

    /// A playlist of these items, once.
    #[must_use]
    pub fn of(items: Vec<PlayItem>) -> Self {
        Self { items, ..Self::default() }
    }

    /// Hold music: one clip for ever, in step with the clock.
    #[must_use]
    pub fn music(prompt: PromptId) -> Self {
        Self { repeat: Repeat::InStep, ..Self::clip(prompt) }
    }

    /// Whether it plays until something else does.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.repeat != Repeat::Never
    }

    /// A playlist that repeats one clip for ever, from its beginning.
    #[must_use]
    pub fn looped(prompt: PromptId) -> Self {
        Self { repeat: Repeat::FromTheStart, ..Self::clip(prompt) }
    }
}
