//! English cardinals and ordinals.

use super::super::Piece;
use super::super::utterance::gap;
use super::and;

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 6] = [
    (1_000_000_000_000_000_000, "quintillion"),
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

/// A whole number, with "and" before the last tens and units.
pub(super) fn cardinal(number: u64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = number;
    for (value, name) in SCALES {
        if rest >= value {
            pieces.extend(below_thousand(rest / value));
            pieces.push(Piece::new(name, format!("s.{name}")).then(gap::SCALE));
            rest %= value;
        }
    }
    if rest > 0 || pieces.is_empty() {
        if rest < 100 && !pieces.is_empty() {
            pieces.push(and());
        }
        pieces.extend(below_thousand(rest));
    } else if let Some(last) = pieces.last_mut() {
        last.after = gap::NONE;
    }
    pieces
}

fn below_thousand(number: u64) -> Vec<Piece> {
    let (hundreds, rest) = (number / 100, number % 100);
    let mut pieces = Vec::new();
    if hundreds > 0 {
        pieces.push(below_hundred(hundreds));
        pieces.push(Piece::new("hundred", "s.hundred"));
        if rest > 0 {
            pieces.push(and());
        }
    }
    if rest > 0 || hundreds == 0 {
        pieces.push(below_hundred(rest));
    }
    pieces
}

/// 0–99, one recording each.
pub(super) fn below_hundred(number: u64) -> Piece {
    Piece::new(text(number), format!("n.{number}"))
}

/// One digit.
pub(super) fn digit(digit: u32) -> Piece {
    below_hundred(u64::from(digit))
}

fn text(number: u64) -> String {
    let number = usize::try_from(number % 100).unwrap_or(0);
    match (number / 10, number % 10) {
        (0 | 1, _) => UNITS[number].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, units) => format!("{}-{}", TENS[tens], UNITS[units]),
    }
}

/// An ordinal number: only the last word is one.
pub(super) fn ordinal(number: u64) -> Vec<Piece> {
    let rest = number % 100;
    if rest > 0 || number == 0 {
        let mut pieces = if number > rest { cardinal(number - rest) } else { Vec::new() };
        if !pieces.is_empty() {
            pieces.push(and());
        }
        pieces.push(Piece::new(ordinal_text(rest), format!("o.{rest}")));
        return pieces;
    }
    let mut pieces = cardinal(number);
    if let Some(last) = pieces.pop() {
        pieces.push(Piece::new(format!("{}th", last.text), format!("o.{}", last.text)));
    }
    pieces
}

fn ordinal_text(number: u64) -> String {
    let cardinal = text(number);
    let (tens, units) = cardinal.rsplit_once('-').map_or(("", cardinal.as_str()), |(tens, units)| (tens, units));
    let last = match units {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        units => match units.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{units}th"),
        },
    };
    if tens.is_empty() { last } else { format!("{tens}-{last}") }
}
