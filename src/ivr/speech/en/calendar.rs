//! English dates and times: "November twenty-second twenty twenty-six", twelve-hour clock.

use super::super::{DateStyle, Piece};
use super::number::{below_hundred, cardinal, ordinal};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn date(date: jiff::civil::Date, style: DateStyle) -> Vec<Piece> {
    let month = date.month().unsigned_abs();
    let name = MONTHS[usize::from(month.clamp(1, 12)) - 1];
    let mut pieces = vec![Piece::new(name, format!("mon.{month}"))];
    pieces.extend(ordinal(u64::from(date.day().unsigned_abs())));
    if style.year {
        pieces.extend(year(u64::from(date.year().unsigned_abs())));
    }
    pieces
}

fn oh() -> Piece {
    Piece::new("oh", "oh")
}

/// Two halves, except where the century has no second half to say: two thousand and one.
fn year(year: u64) -> Vec<Piece> {
    let (century, rest) = (year / 100, year % 100);
    if century.is_multiple_of(10) && rest < 10 {
        return cardinal(year);
    }
    let mut pieces = vec![below_hundred(century)];
    match rest {
        0 => pieces.push(Piece::new("hundred", "s.hundred")),
        1..=9 => pieces.extend([oh(), below_hundred(rest)]),
        _ => pieces.push(below_hundred(rest)),
    }
    pieces
}

pub(super) fn time(time: jiff::civil::Time) -> Vec<Piece> {
    let hour = u64::from(time.hour().unsigned_abs());
    let minute = u64::from(time.minute().unsigned_abs());
    match (hour, minute) {
        (0, 0) => return vec![Piece::new("midnight", "t.midnight")],
        (12, 0) => return vec![Piece::new("noon", "t.noon")],
        _ => {}
    }
    let mut pieces = vec![below_hundred(if hour.is_multiple_of(12) { 12 } else { hour % 12 })];
    match minute {
        0 => {}
        1..=9 => pieces.extend([oh(), below_hundred(minute)]),
        _ => pieces.push(below_hundred(minute)),
    }
    pieces.push(if hour < 12 { Piece::new("a.m.", "t.am") } else { Piece::new("p.m.", "t.pm") });
    pieces
}
