//! What the rules of one language must be able to say. Signs and combinations are the same for all and live in
//! [`value`](super::value).

use super::decimal::Decimal;
use super::{Case, DateStyle, Gender, Noun, Piece};
use crate::model::Lang;

/// The grammar of a language.
pub(super) trait Grammar {
    /// A cardinal number: «двадцать одна», "twenty-one".
    fn cardinal(&self, number: u64, gender: Gender, case: Case) -> Vec<Piece>;

    /// An ordinal number: «двадцать первая», "twenty-first".
    fn ordinal(&self, number: u64, gender: Gender) -> Vec<Piece>;

    /// The noun in the form that stands after a number.
    fn noun(&self, noun: Noun, number: u64, case: Case) -> Piece;

    /// The gender that a number before the noun takes.
    fn gender(&self, noun: Noun) -> Gender;

    /// A number with a fraction, without its sign. The fraction is not empty.
    fn fraction(&self, number: &Decimal) -> Vec<Piece>;

    /// The noun after a number with a fraction: «процента», "percent".
    fn noun_after_fraction(&self, noun: Noun) -> Piece;

    /// What joins roubles and kopecks.
    fn joint(&self) -> Option<Piece>;

    /// A date.
    fn date(&self, date: jiff::civil::Date, style: DateStyle) -> Vec<Piece>;

    /// A time of day.
    fn time(&self, time: jiff::civil::Time) -> Vec<Piece>;

    /// One digit, star or hash of a number said digit by digit; `None` for other characters.
    fn digit(&self, digit: char) -> Option<Piece>;

    /// The name of a key, as the phrases call it.
    fn key(&self, key: char) -> Option<Piece>;

    /// A group of a telephone number.
    fn phone_group(&self, group: &str) -> Vec<Piece>;

    /// «минус», "minus".
    fn minus(&self) -> Piece;

    /// «плюс», "plus".
    fn plus(&self) -> Piece;
}

/// The grammar of a language.
pub(super) fn of(lang: Lang) -> &'static dyn Grammar {
    match lang {
        Lang::Ru => &super::ru::Russian,
        Lang::En => &super::en::English,
    }
}
