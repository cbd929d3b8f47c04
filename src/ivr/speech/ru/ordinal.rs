//! Russian ordinals: only the last word is one.

use super::super::{Case, Gender, Piece};
use super::number;

/// How an ordinal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// первый, первая, первое.
    Nominative(Gender),
    /// первого: masculine or neuter, as dates and years need it.
    Genitive,
}

/// How an ordinal's stem is declined.
#[derive(Clone, Copy)]
enum Stem {
    /// первый.
    Hard(&'static str),
    /// второй: the stress is on the ending.
    Stressed(&'static str),
    /// третий.
    Third,
}

const UNITS: [Stem; 20] = [
    Stem::Stressed("нулев"),
    Stem::Hard("перв"),
    Stem::Stressed("втор"),
    Stem::Third,
    Stem::Hard("четвёрт"),
    Stem::Hard("пят"),
    Stem::Stressed("шест"),
    Stem::Stressed("седьм"),
    Stem::Stressed("восьм"),
    Stem::Hard("девят"),
    Stem::Hard("десят"),
    Stem::Hard("одиннадцат"),
    Stem::Hard("двенадцат"),
    Stem::Hard("тринадцат"),
    Stem::Hard("четырнадцат"),
    Stem::Hard("пятнадцат"),
    Stem::Hard("шестнадцат"),
    Stem::Hard("семнадцат"),
    Stem::Hard("восемнадцат"),
    Stem::Hard("девятнадцат"),
];
const TENS: [Stem; 10] = [
    Stem::Hard(""),
    Stem::Hard("десят"),
    Stem::Hard("двадцат"),
    Stem::Hard("тридцат"),
    Stem::Stressed("сороков"),
    Stem::Hard("пятидесят"),
    Stem::Hard("шестидесят"),
    Stem::Hard("семидесят"),
    Stem::Hard("восьмидесят"),
    Stem::Hard("девяност"),
];
const HUNDREDS: [&str; 10] =
    ["", "сот", "двухсот", "трёхсот", "четырёхсот", "пятисот", "шестисот", "семисот", "восьмисот", "девятисот"];
/// Stems of the ordinals of powers of a thousand.
const SCALES: [&str; 7] = ["", "тысячн", "миллионн", "миллиардн", "триллионн", "квадриллионн", "квинтиллионн"];

impl Ending {
    fn apply(self, stem: Stem) -> String {
        let (stem, endings) = match stem {
            Stem::Hard(stem) => (stem, ["ый", "ая", "ое", "ого"]),
            Stem::Stressed(stem) => (stem, ["ой", "ая", "ое", "ого"]),
            Stem::Third => ("трет", ["ий", "ья", "ье", "ьего"]),
        };
        let ending = match self {
            Self::Nominative(Gender::Masculine) => endings[0],
            Self::Nominative(Gender::Feminine) => endings[1],
            Self::Nominative(Gender::Neuter) => endings[2],
            Self::Genitive => endings[3],
        };
        format!("{stem}{ending}")
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Nominative(Gender::Masculine) => "o.m",
            Self::Nominative(Gender::Feminine) => "o.f",
            Self::Nominative(Gender::Neuter) => "o.n",
            Self::Genitive => "o.g",
        }
    }
}

/// An ordinal number.
pub(super) fn ordinal(value: u64, ending: Ending) -> Vec<Piece> {
    let last = last_word(value);
    let mut pieces = Vec::new();
    if value > last {
        pieces.extend(number::cardinal(value - last, Gender::Masculine, Case::Nominative));
    }
    pieces.push(word(last, ending));
    pieces
}

/// The part of a number that its last word says: 26 of 2026, 300 of 1300, 5000 of 1 005 000.
fn last_word(value: u64) -> u64 {
    if !value.is_multiple_of(100) || value == 0 {
        return value % 100;
    }
    if !value.is_multiple_of(1_000) {
        return value % 1_000;
    }
    let mut power = 1_000;
    while (value / power).is_multiple_of(1_000) {
        power *= 1_000;
    }
    (value / power) % 1_000 * power
}

fn word(value: u64, ending: Ending) -> Piece {
    let key = format!("{}.{value}", ending.key());
    let digit = |number: u64| usize::try_from(number % 100).unwrap_or(0);
    match value {
        0..=19 => Piece::new(ending.apply(UNITS[digit(value)]), key),
        20..=99 if value.is_multiple_of(10) => Piece::new(ending.apply(TENS[digit(value / 10)]), key),
        20..=99 => {
            let tens = number::below_hundred(value - value % 10, Gender::Masculine, Case::Nominative);
            let units = word(value % 10, ending);
            Piece::new(format!("{} {}", tens.text, units.text), key).or(vec![tens, units])
        }
        100..=999 => Piece::new(ending.apply(Stem::Hard(HUNDREDS[digit(value / 100) % 10])), key),
        _ => Piece::new(thousandth(value, ending), key),
    }
}

/// двухтысячный, двадцатиоднотысячный, стотысячный: the count stands in the genitive and grows on.
fn thousandth(value: u64, ending: Ending) -> String {
    let (mut count, mut power) = (value, 0);
    while count >= 1_000 {
        count /= 1_000;
        power += 1;
    }
    let prefix: String = match count {
        1 => String::new(),
        count => joined(count),
    };
    format!("{prefix}{}", ending.apply(Stem::Hard(SCALES[power % SCALES.len()])))
}

fn joined(count: u64) -> String {
    let genitive = |number| {
        let pieces = number::cardinal(number, Gender::Masculine, Case::Genitive);
        pieces.into_iter().map(|piece| piece.text.replace(' ', "")).collect::<String>()
    };
    let (hundreds, tens, units) = (count / 100 * 100, count % 100 / 10 * 10, count % 10);
    let mut text = match hundreds {
        0 => String::new(),
        100 => "сто".to_owned(),
        hundreds => genitive(hundreds),
    };
    if tens == 10 {
        return text + &genitive(tens + units);
    }
    match tens {
        0 => {}
        90 => text.push_str("девяносто"),
        tens => text.push_str(&genitive(tens)),
    }
    match units {
        0 => {}
        1 => text.push_str("одно"),
        units => text.push_str(&genitive(units)),
    }
    text
}
