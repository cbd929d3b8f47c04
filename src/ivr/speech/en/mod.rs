//! English, British in its "and": one hundred and two.

mod calendar;
mod number;

use super::decimal::Decimal;
use super::grammar::Grammar;
use super::utterance::gap;
use super::{Case, DateStyle, Gender, Noun, Piece};

/// The grammar of English.
pub(super) struct English;

pub(super) fn and() -> Piece {
    Piece::new("and", "and")
}

/// One and many of a noun with the keys of their clips.
const fn forms(noun: Noun) -> [(&'static str, &'static str); 2] {
    match noun {
        Noun::Second => [("second", "u.second.1"), ("seconds", "u.second.2")],
        Noun::Minute => [("minute", "u.minute.1"), ("minutes", "u.minute.2")],
        Noun::Hour => [("hour", "u.hour.1"), ("hours", "u.hour.2")],
        Noun::Day => [("day", "u.day.1"), ("days", "u.day.2")],
        Noun::Week => [("week", "u.week.1"), ("weeks", "u.week.2")],
        Noun::Month => [("month", "u.month.1"), ("months", "u.month.2")],
        Noun::Year => [("year", "u.year.1"), ("years", "u.year.2")],
        Noun::Operation => [("operation", "u.operation.1"), ("operations", "u.operation.2")],
        Noun::Caller => [("call", "u.caller.1"), ("calls", "u.caller.2")],
        Noun::Attempt => [("attempt", "u.attempt.1"), ("attempts", "u.attempt.2")],
        Noun::Card => [("card", "u.card.1"), ("cards", "u.card.2")],
        Noun::Percent => [("percent", "u.percent"), ("percent", "u.percent")],
        Noun::Ruble => [("ruble", "c.rub.1"), ("rubles", "c.rub.2")],
        Noun::Kopeck => [("kopeck", "c.rub.m1"), ("kopecks", "c.rub.m2")],
        Noun::Dollar => [("dollar", "c.usd.1"), ("dollars", "c.usd.2")],
        Noun::Cent => [("cent", "c.usd.m1"), ("cents", "c.usd.m2")],
        Noun::Euro => [("euro", "c.eur.1"), ("euros", "c.eur.2")],
        Noun::Yuan => [("yuan", "c.cny.1"), ("yuan", "c.cny.1")],
        Noun::Fen => [("fen", "c.cny.m1"), ("fen", "c.cny.m1")],
    }
}

impl Grammar for English {
    fn cardinal(&self, number: u64, _: Gender, _: Case) -> Vec<Piece> {
        number::cardinal(number)
    }

    fn ordinal(&self, number: u64, _: Gender) -> Vec<Piece> {
        number::ordinal(number)
    }

    fn noun(&self, noun: Noun, number: u64, _: Case) -> Piece {
        let [one, many] = forms(noun);
        let (text, key) = if number == 1 { one } else { many };
        Piece::new(text, key)
    }

    fn gender(&self, _: Noun) -> Gender {
        Gender::Masculine
    }

    fn fraction(&self, number: &Decimal) -> Vec<Piece> {
        let mut pieces = number::cardinal(number.whole);
        pieces.push(Piece::new("point", "point"));
        pieces.extend(number.fraction.chars().filter_map(|digit| digit.to_digit(10)).map(number::digit));
        pieces
    }

    fn noun_after_fraction(&self, noun: Noun) -> Piece {
        self.noun(noun, 2, Case::Nominative)
    }

    fn joint(&self) -> Option<Piece> {
        Some(and())
    }

    fn date(&self, date: jiff::civil::Date, style: DateStyle) -> Vec<Piece> {
        calendar::date(date, style)
    }

    fn time(&self, time: jiff::civil::Time) -> Vec<Piece> {
        calendar::time(time)
    }

    fn digit(&self, digit: char) -> Option<Piece> {
        let piece = match digit {
            '*' => Piece::new("star", "dtmf.star"),
            '#' => Piece::new("pound", "dtmf.hash"),
            digit => number::digit(digit.to_digit(10)?),
        };
        Some(piece.then(gap::DIGITS))
    }

    fn key(&self, key: char) -> Option<Piece> {
        match key {
            // Phrases say "press hash", so the key of an option is called the same.
            '#' => Some(Piece::new("hash", "dtmf.hash_uk")),
            key => self.digit(key),
        }
    }

    fn phone_group(&self, group: &str) -> Vec<Piece> {
        group.chars().filter_map(|digit| self.digit(digit)).collect()
    }

    fn minus(&self) -> Piece {
        Piece::new("minus", "sign.minus")
    }

    fn plus(&self) -> Piece {
        Piece::new("plus", "sign.plus")
    }
}
