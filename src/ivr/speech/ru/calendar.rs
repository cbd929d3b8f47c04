//! Russian dates: the day an ordinal, the month and the year in the genitive.

use super::super::{Case, DateStyle, Gender, Piece};
use super::number;
use super::ordinal::{Ending, ordinal};

const MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

pub(super) fn date(date: jiff::civil::Date, style: DateStyle) -> Vec<Piece> {
    let ending = if style.genitive { Ending::Genitive } else { Ending::Nominative(Gender::Neuter) };
    let mut pieces = ordinal(u64::from(date.day().unsigned_abs()), ending);
    let month = date.month().unsigned_abs();
    let name = MONTHS[usize::from(month.clamp(1, 12)) - 1];
    pieces.push(Piece::new(name, format!("mon.{month}")));
    if style.year {
        pieces.extend(year(u64::from(date.year().unsigned_abs())));
        pieces.push(Piece::new("года", "y.goda"));
    }
    pieces
}

/// A year as a genitive ordinal. The thousand of 1xxx is said without «одна», as everybody does.
fn year(year: u64) -> Vec<Piece> {
    let thousand = || Piece::new("тысяча", "y.pre1");
    match (year / 1_000, year % 1_000) {
        (_, 0) => vec![Piece::new(text(year), format!("y.{year}"))],
        (1, 900) => vec![thousand(), Piece::new(text(900), "y.1900")],
        (1, rest @ 901..) => {
            let nine_hundred = number::cardinal(900, Gender::Masculine, Case::Nominative);
            let mut instead = vec![thousand()];
            instead.extend(nine_hundred);
            let mut pieces = vec![Piece::new("тысяча девятьсот", "y.pre19").or(instead)];
            pieces.extend(ordinal(rest - 900, Ending::Genitive));
            pieces
        }
        (1, rest) => {
            let mut pieces = vec![thousand()];
            pieces.extend(hundreds(rest));
            pieces
        }
        (0, rest) => hundreds(rest),
        (thousands, rest) => {
            let mut pieces = number::cardinal(thousands * 1_000, Gender::Masculine, Case::Nominative);
            pieces.extend(hundreds(rest));
            pieces
        }
    }
}

/// What follows the thousands of a year; whole hundreds have recordings of their own.
fn hundreds(rest: u64) -> Vec<Piece> {
    if rest.is_multiple_of(100) {
        vec![Piece::new(text(rest), format!("y.x{rest}"))]
    } else {
        ordinal(rest, Ending::Genitive)
    }
}

fn text(value: u64) -> String {
    super::super::words(&ordinal(value, Ending::Genitive))
}
