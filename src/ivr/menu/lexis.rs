//! Small written forms: lengths of time, keys, days, dates, intervals, shares.

use super::{Day, OpenInterval, Text};
use crate::model::{Digit, Lang};
use jiff::civil::{Date, Time};
use std::time::Duration;

/// "Russian" and «по-русски», "English" and «по-английски»: in which language something is said.
pub(super) fn in_language(lang: Lang) -> Text {
    match lang {
        Lang::Ru => Text::new("Russian", "по-русски"),
        Lang::En => Text::new("English", "по-английски"),
    }
}

/// `6s`, `15m`, `2h`, `1h30m`, `0s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    Some(Duration::from_secs(total))
}

/// A length of time as menus write it.
pub(super) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        _ if seconds > 0 && seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds > 0 && seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// `0`–`9`, `star`, `hash`.
pub(super) fn key(text: &str) -> Option<Digit> {
    match text {
        "star" => Some(Digit::STAR),
        "hash" => Some(Digit::HASH),
        _ => {
            let mut letters = text.chars();
            let digit = Digit::from_char(letters.next()?)?;
            (letters.next().is_none() && digit.is_decimal()).then_some(digit)
        }
    }
}

/// The word for a key, as menus write it.
pub(super) fn key_name(key: Digit) -> String {
    match key {
        Digit::STAR => "star".to_owned(),
        Digit::HASH => "hash".to_owned(),
        digit => digit.as_char().to_string(),
    }
}

/// `2027-05-09`.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// `2027-05-09` or `today`.
pub(super) fn bound(text: &str) -> Option<Day> {
    if text.trim() == "today" { Some(Day::Today) } else { date(text).map(Day::On) }
}

/// `2027-05-09` or `2027-01-01..2027-01-08`.
pub(super) fn dates(text: &str) -> Option<(Date, Date)> {
    match text.split_once("..") {
        None => date(text).map(|day| (day, day)),
        Some((first, last)) => {
            let (first, last) = (date(first)?, date(last)?);
            (first <= last).then_some((first, last))
        }
    }
}

/// `08:00`; `24:00` is midnight at the end of the day and written as 00:00.
pub(super) fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hour) || !two(minute) || minute.len() != 2 {
        return None;
    }
    match (hour.parse().ok()?, minute.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

/// `08:00-22:00`.
pub(super) fn interval(text: &str) -> Option<OpenInterval> {
    let (from, to) = text.trim().split_once('-')?;
    Some(OpenInterval { from: time(from)?, to: time(to)? })
}

const DAYS: [(&str, &str); 7] = [
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];

fn day(text: &str) -> Option<usize> {
    let text = text.trim();
    DAYS.iter().position(|(short, long)| text == *short || text == *long)
}

/// `mon`, `mon-fri`, `sat,sun`, `daily`: indices from Monday. A range may pass Sunday.
pub(super) fn days(text: &str) -> Option<Vec<usize>> {
    if text.trim() == "daily" {
        return Some((0..7).collect());
    }
    let mut found = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => found.push(day(part)?),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                let count = (last + 7 - first) % 7;
                found.extend((0..=count).map(|step| (first + step) % 7));
            }
        }
    }
    Some(found)
}

/// `80% in 20s`.
pub(super) fn service_level(text: &str) -> Option<(u8, Duration)> {
    let (share, time) = text.split_once(" in ")?;
    let share: u8 = share.trim().strip_suffix('%')?.trim().parse().ok()?;
    (1..=100).contains(&share).then_some(())?;
    Some((share, duration(time)?))
}

/// `4` or `4-6`, both 1–32.
pub(super) fn range(text: &str) -> Option<(u8, u8)> {
    let (min, max) = match text.split_once('-') {
        None => (text.trim().parse().ok()?, text.trim().parse().ok()?),
        Some((min, max)) => (min.trim().parse().ok()?, max.trim().parse().ok()?),
    };
    (1 <= min && min <= max && max <= 32).then_some((min, max))
}

/// The name among `known` nearest to `wanted`, when it is near enough to be a slip.
pub(in crate::ivr) fn nearest<'k>(wanted: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (wanted.chars().count() / 3).max(1) + 1;
    known.map(|name| (distance(wanted, name), name)).filter(|(far, _)| *far <= limit).min().map(|(_, name)| name)
}

/// The first Cyrillic letter of a word that has Latin ones too: nobody sees it, and names with it are never found.
#[must_use]
pub fn foreign_letter(word: &str) -> Option<char> {
    let is_cyrillic = |letter: char| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё' | 'і' | 'І');
    let foreign = word.chars().find(|letter| is_cyrillic(*letter))?;
    word.chars().any(|letter| letter.is_ascii_alphabetic()).then_some(foreign)
}

/// How many letters must be put in, taken out, changed or swapped with the next (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 8 {
        return usize::MAX;
    }
    let mut older: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(older[j - 1] + 1);
            }
            row.push(best);
        }
        older = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_with_their_unit() {
        let cases = [("6s", Some(6)), ("15m", Some(900)), ("1h30m", Some(5_400)), ("2h", Some(7_200)), ("0s", Some(0))];
        for (text, seconds) in cases {
            assert_eq!(duration(text), seconds.map(Duration::from_secs), "{text}");
        }
        for text in ["", "6", "s", "6 s", "-6s", "6x", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn days_may_pass_sunday() {
        assert_eq!(days("sat-mon"), Some(vec![5, 6, 0]));
        assert_eq!(days("mon,wed"), Some(vec![0, 2]));
        assert_eq!(days("mon-fry"), None);
    }

    #[test]
    fn dates_are_real_days_in_order() {
        assert!(dates("2027-01-01..2027-01-08").is_some());
        for text in ["2027-02-30", "2027-01-08..2027-01-01", "01.02.2027", "2027-1-1"] {
            assert_eq!(dates(text), None, "{text}");
        }
    }

    #[test]
    fn a_letter_that_only_looks_right_is_found() {
        assert_eq!(foreign_letter("cаrd_lost"), Some('а'));
        assert_eq!(foreign_letter("сard"), Some('с'));
        assert_eq!((foreign_letter("card_lost"), foreign_letter("карта"), foreign_letter("")), (None, None, None));
    }

    #[test]
    fn a_slip_finds_the_name_meant() {
        let names = ["card_lost", "cards", "balance"];
        assert_eq!(nearest("card_lots", names.into_iter()), Some("card_lost"));
        assert_eq!(nearest("something", names.into_iter()), None);
    }
}
