//! Speech: a value becomes spoken pieces, and the pieces become both the words a test reads and the clips a caller
//! hears, so the two can never disagree.
//!
//! ```text
//! value + format ──grammar──▶ pieces ──┬─▶ words    «пять рублей»
//!                                      └─▶ clips    n.m.5.mid, c.rub.5.fin
//! phrase text  ──parts──▶ fragments and values ──compose──▶ Utterance { text, items, missing }
//! ```
//!
//! [`say`] speaks one value, [`utter`] a whole phrase, [`press_option`] one option of a menu; [`say_line`] reads a
//! value from text. [`Inventory`] says which recordings exist; [`Manifest`] is one read from `manifest.tsv`;
//! [`quality`] is what is wrong with one, [`repertoire`] the clips that a format can need.

mod compose;
mod decimal;
mod en;
mod format;
mod grammar;
mod ladder;
mod line;
mod manifest;
mod noun;
mod phone;
mod phrase;
mod piece;
pub mod quality;
pub mod repertoire;
mod ru;
mod utterance;
mod value;
mod word;

#[cfg(test)]
mod tests;

pub use compose::{UtterError, press_option, utter};
pub use format::{Case, DateStyle, Format, Gender, MoneyStyle, UnknownFormat, ValueKind};
pub use ladder::{Ladder, LadderStep, Ladders};
pub use line::say_line;
pub use manifest::{DRAFT_VOICE, Manifest, ManifestError, Recording, Variant, text_hash};
pub use noun::Noun;
pub use phrase::{Part, PhraseText, PhraseTextError, PhraseTextProblem};
pub use piece::{Clip, Piece, words};
pub use utterance::{Inventory, Missing, NoRecordings, Utterance, gap};
pub use value::{SayError, say};
pub use word::{WORDS, word_text};
