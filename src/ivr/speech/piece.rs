//! The one form between a value and what is heard: a piece has both its words and its recording.

use crate::model::Gap;

/// Which recording says a piece.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clip {
    /// A clip of a value, `say/<key>.<variant>`: there is one for the middle and one for the end of a sentence.
    Value(String),
    /// A recording without variants, such as `ladder.wait.3`.
    Whole(String),
}

/// A word or a few that one recording says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The words.
    pub text: String,
    /// The recording.
    pub clip: Clip,
    /// Silence after it when more of the value follows.
    pub after: Gap,
    /// Pieces that say the same when the recording is missing: «двадцать третья» is «двадцать» and «третья».
    pub instead: Vec<Piece>,
}

impl Piece {
    /// A piece of a value, with no silence after it.
    #[must_use]
    pub fn new(text: impl Into<String>, key: impl Into<String>) -> Self {
        Self { text: text.into(), clip: Clip::Value(key.into()), after: Gap(0), instead: Vec::new() }
    }

    /// The same, followed by silence when more of the value follows.
    #[must_use]
    pub fn then(mut self, after: Gap) -> Self {
        self.after = after;
        self
    }

    /// The same, with other pieces to fall back on.
    #[must_use]
    pub fn or(mut self, instead: Vec<Piece>) -> Self {
        self.instead = instead;
        self
    }
}

/// The words of pieces, with spaces between.
#[must_use]
pub fn words(pieces: &[Piece]) -> String {
    let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
    texts.join(" ")
}
