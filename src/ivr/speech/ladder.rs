//! Ladders: ranges of a length of time, each with a ready phrase, so that no grammar can go wrong.

use super::{Clip, Piece};
use crate::model::{Gap, Lang};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One line of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LadderStep {
    /// The line holds below this length; `None` for the last, which holds for all that is left.
    pub below: Option<Duration>,
    /// What is said, in each language.
    pub texts: BTreeMap<Lang, String>,
}

/// A ladder of the phrases file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Its name, as in `ladder:wait`.
    pub name: Arc<str>,
    /// Its lines, shortest first.
    pub steps: Vec<LadderStep>,
}

impl Ladder {
    /// The line for a length of time: its recording and its text. The last line holds for whatever no line covers;
    /// `None` when the ladder has no line or the line no text in the language.
    #[must_use]
    pub fn piece(&self, lang: Lang, length: Duration) -> Option<Piece> {
        let fits = |step: &LadderStep| step.below.is_none_or(|below| length < below);
        let index = self.steps.iter().position(fits).or_else(|| self.steps.len().checked_sub(1))?;
        let text = self.steps.get(index)?.texts.get(&lang)?.clone();
        let clip = Clip::Whole(format!("ladder.{}.{}", self.name, index + 1));
        Some(Piece { text, clip, after: Gap(0), instead: Vec::new() })
    }
}

/// The ladders of a menu by name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ladders(BTreeMap<Arc<str>, Ladder>);

impl Ladders {
    /// The ladder of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Ladder> {
        self.0.get(name)
    }

    /// Every ladder, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Ladder> {
        self.0.values()
    }
}

impl FromIterator<Ladder> for Ladders {
    fn from_iter<I: IntoIterator<Item = Ladder>>(ladders: I) -> Self {
        Self(ladders.into_iter().map(|ladder| (ladder.name.clone(), ladder)).collect())
    }
}
