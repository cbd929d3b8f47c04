//! Russian: three plural forms, three genders, cases.

mod calendar;
mod noun;
mod number;
mod ordinal;

use super::decimal::Decimal;
use super::grammar::Grammar;
use super::utterance::gap;
use super::{Case, DateStyle, Gender, Noun, Piece};

/// The grammar of Russian.
pub(super) struct Russian;

/// Which form of a noun stands after a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plural {
    /// один рубль.
    One,
    /// два рубля.
    Few,
    /// пять рублей.
    Many,
}

impl Plural {
    /// The form after a number: 11–14 take the many, otherwise the last digit decides.
    pub(super) const fn of(number: u64) -> Self {
        match (number % 100, number % 10) {
            (11..=14, _) => Self::Many,
            (_, 1) => Self::One,
            (_, 2..=4) => Self::Few,
            _ => Self::Many,
        }
    }

    /// The form after a number in the genitive, which knows no few: одной минуты, двух минут.
    pub(super) const fn genitive(number: u64) -> Self {
        match Self::of(number) {
            // The genitive singular is the form after two: минуты.
            Self::One => Self::Few,
            Self::Few | Self::Many => Self::Many,
        }
    }

    /// The part of a clip's key that names the form.
    pub(super) const fn key(self) -> char {
        match self {
            Self::One => '1',
            Self::Few => '2',
            Self::Many => '5',
        }
    }

    /// The form out of the three.
    pub(super) const fn pick(self, forms: [&'static str; 3]) -> &'static str {
        match self {
            Self::One => forms[0],
            Self::Few => forms[1],
            Self::Many => forms[2],
        }
    }
}

/// Denominators by the number of digits after the point, without the ending.
const DENOMINATORS: [&str; Decimal::PLACES] = [
    "десят",
    "сот",
    "тысячн",
    "десятитысячн",
    "стотысячн",
    "миллионн",
    "десятимиллионн",
    "стомиллионн",
    "миллиардн",
    "десятимиллиардн",
    "стомиллиардн",
    "триллионн",
];

impl Grammar for Russian {
    fn cardinal(&self, number: u64, gender: Gender, case: Case) -> Vec<Piece> {
        number::cardinal(number, gender, case)
    }

    fn ordinal(&self, number: u64, gender: Gender) -> Vec<Piece> {
        ordinal::ordinal(number, ordinal::Ending::Nominative(gender))
    }

    fn noun(&self, noun: Noun, number: u64, case: Case) -> Piece {
        noun::after(noun, number, case)
    }

    fn gender(&self, noun: Noun) -> Gender {
        noun::gender(noun)
    }

    fn fraction(&self, number: &Decimal) -> Vec<Piece> {
        let ending = |number| if Plural::of(number) == Plural::One { ("ая", '1') } else { ("ых", '5') };
        let mut pieces = self.cardinal(number.whole, Gender::Feminine, Case::Nominative);
        let (_, form) = ending(number.whole);
        let whole = if form == '1' { "целая" } else { "целых" };
        pieces.push(Piece::new(whole, format!("d.whole.{form}")));
        let numerator = number.numerator();
        pieces.extend(self.cardinal(numerator, Gender::Feminine, Case::Nominative));
        let (ending, form) = ending(numerator);
        let places = number.fraction.len().clamp(1, Decimal::PLACES);
        let text = format!("{}{ending}", DENOMINATORS[places - 1]);
        pieces.push(Piece::new(text, format!("d.1{}.{form}", "0".repeat(places))));
        pieces
    }

    fn noun_after_fraction(&self, noun: Noun) -> Piece {
        noun::form(noun, Plural::Few)
    }

    fn joint(&self) -> Option<Piece> {
        None
    }

    fn date(&self, date: jiff::civil::Date, style: DateStyle) -> Vec<Piece> {
        calendar::date(date, style)
    }

    fn time(&self, time: jiff::civil::Time) -> Vec<Piece> {
        let part = |number: i8, noun| {
            let number = u64::from(number.unsigned_abs());
            let mut pieces = self.cardinal(number, self.gender(noun), Case::Nominative);
            pieces.push(self.noun(noun, number, Case::Nominative));
            pieces
        };
        let mut pieces = part(time.hour(), Noun::Hour);
        if time.minute() != 0 {
            pieces.extend(part(time.minute(), Noun::Minute));
        }
        pieces
    }

    fn digit(&self, digit: char) -> Option<Piece> {
        let piece = match digit {
            '*' => Piece::new("звёздочка", "dtmf.star"),
            '#' => Piece::new("решётка", "dtmf.hash"),
            digit => number::below_hundred(u64::from(digit.to_digit(10)?), Gender::Masculine, Case::Nominative),
        };
        Some(piece.then(gap::DIGITS))
    }

    fn key(&self, key: char) -> Option<Piece> {
        match key {
            // After «нажмите»: the accusative, which only the feminine star and hash show.
            '*' => Some(Piece::new("звёздочку", "dtmf.star.acc")),
            '#' => Some(Piece::new("решётку", "dtmf.hash.acc")),
            digit => self.digit(digit),
        }
    }

    fn phone_group(&self, group: &str) -> Vec<Piece> {
        let rest = group.trim_start_matches('0');
        let zero = || number::below_hundred(0, Gender::Masculine, Case::Nominative);
        let mut pieces: Vec<Piece> = (rest.len()..group.len()).map(|_| zero()).collect();
        if let Ok(number) = rest.parse() {
            pieces.extend(self.cardinal(number, Gender::Masculine, Case::Nominative));
        }
        pieces
    }

    fn minus(&self) -> Piece {
        Piece::new("минус", "sign.minus")
    }

    fn plus(&self) -> Piece {
        Piece::new("плюс", "sign.plus")
    }
}
