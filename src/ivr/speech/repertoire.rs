//! Every clip that a format can need: found by saying the values that differ in their words.

use super::{Clip, Format, Piece, WORDS, say};
use crate::model::{Currency, Lang, Money, Value};
use jiff::civil::{Date, Time};
use std::collections::BTreeMap;
use std::time::Duration;

/// A clip of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The piece it says.
    pub piece: Piece,
    /// Whether more of the value may follow it.
    pub inside: bool,
    /// Whether it may be the value's last.
    pub last: bool,
}

/// The clips of a format by their keys. Ladders have recordings of their own and none here.
#[must_use]
pub fn repertoire(lang: Lang, format: &Format) -> BTreeMap<String, Needed> {
    let mut found = BTreeMap::new();
    for value in values(format) {
        let Ok(pieces) = say(lang, format, &value) else { continue };
        let count = pieces.len();
        for (index, piece) in pieces.into_iter().enumerate() {
            let Clip::Value(key) = &piece.clip else { continue };
            let last = index + 1 == count;
            let needed =
                found.entry(key.clone()).or_insert_with(|| Needed { piece: piece.clone(), inside: false, last: false });
            needed.inside |= !last;
            needed.last |= last;
        }
    }
    found
}

/// A value to hear a format by; `None` for a ladder, whose lines belong to a menu.
#[must_use]
pub fn example(format: &Format) -> Option<Value> {
    Some(match format {
        Format::Money(_) => Value::Money(Money::new(1_523_050, Currency::Rub)),
        Format::Number(_) | Format::Count(..) => Value::Number(21),
        Format::Ordinal(_) => Value::Number(3),
        Format::Digits => Value::Digits("4321".into()),
        Format::Digit => Value::Digits("1".into()),
        Format::Phone => Value::Digits("+79161234567".into()),
        Format::Date(_) => Value::Date(Date::constant(2026, 11, 22)),
        Format::Time => Value::Time(Time::constant(14, 5, 0, 0)),
        Format::Duration | Format::Ladder(_) => Value::Duration(Duration::from_secs(150)),
        Format::Percent => Value::Decimal("12.5".into()),
        Format::Decimal => Value::Decimal("1.5".into()),
        Format::Rate(_) | Format::RateExact(_) => Value::Decimal("92.41".into()),
        Format::Word => Value::Word("purchase".into()),
    })
}

/// Numbers that differ in their words: all to a hundred, then one of each group and form.
fn numbers() -> Vec<i64> {
    let mut numbers: Vec<i64> = (0..=100).collect();
    numbers.extend((2..=9).map(|hundreds| hundreds * 100));
    numbers.extend([101, 1_000, 1_001, 2_000, 5_000, 21_000, 100_000, 999_999]);
    numbers.extend([1_000_000, 2_000_000, 5_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000, -1]);
    numbers
}

/// The same for ordinals, which bank calls use for places in a queue.
const LAST_ORDINAL: i64 = 100;

fn values(format: &Format) -> Vec<Value> {
    let digits = |text: String| Value::Digits(text.into());
    match format {
        Format::Money(_) => money(),
        Format::Number(_) | Format::Count(..) => numbers().into_iter().map(Value::Number).collect(),
        Format::Ordinal(_) => (0..=LAST_ORDINAL).map(Value::Number).collect(),
        Format::Digits => vec![digits("01234567890".to_owned()), digits("9876543210".to_owned())],
        Format::Digit => {
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"].map(|key| digits(key.to_owned())).into()
        }
        Format::Phone => (0..1_000)
            .map(|group| digits(format!("+7{group:03}{group:03}{:02}{:02}", group % 100, group / 10)))
            .collect(),
        Format::Date(_) => dates(),
        Format::Time => times(),
        Format::Duration => durations(),
        Format::Percent | Format::Decimal | Format::Rate(_) | Format::RateExact(_) => decimals(),
        Format::Word => WORDS.iter().map(|(name, ..)| Value::Word((*name).into())).collect(),
        Format::Ladder(_) => Vec::new(),
    }
}

fn money() -> Vec<Value> {
    let major = numbers().into_iter().map(|major| major * 100);
    let minor = (1..100).chain((1..100).map(|minor| 500 + minor));
    major.chain(minor).map(|minor| Value::Money(Money::new(minor, Currency::Rub))).collect()
}

/// Every day of a leap year, and every year of the century.
fn dates() -> Vec<Value> {
    let days = (1..=366).filter_map(|day| Date::constant(2028, 1, 1).with().day_of_year(day).build().ok());
    let years = (2000..2100).filter_map(|year| Date::new(year, 1, 1).ok());
    days.chain(years).map(Value::Date).collect()
}

fn times() -> Vec<Value> {
    let hours = (0..24).flat_map(|hour| [0, 5].map(|minute| (hour, minute)));
    let minutes = (0..60).map(|minute| (14, minute));
    hours.chain(minutes).filter_map(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).map(Value::Time).collect()
}

fn durations() -> Vec<Value> {
    let seconds = 0..60;
    let minutes = (1..60).map(|minutes| minutes * 60);
    let hours = (1..24).map(|hours| hours * 3_600);
    let days = (1..=31).map(|days| days * 86_400);
    let mixed = [90_061_u64, 3_661];
    let all = seconds.chain(minutes).chain(hours).chain(days).chain(mixed);
    all.map(|seconds| Value::Duration(Duration::from_secs(seconds))).collect()
}

/// Whole numbers and two digits after the point, as rates and interest have them.
fn decimals() -> Vec<Value> {
    let whole = (0..100).map(|whole| whole.to_string());
    let fractions = (0..100).flat_map(|part| [format!("1.{part:02}"), format!("0.{part:02}"), format!("{part}.5")]);
    whole.chain(fractions).map(|text| Value::Decimal(text.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Inventory as _, Manifest};
    use super::*;
    use crate::model::PromptId;

    #[test]
    fn the_recordings_that_come_with_the_program_say_every_usual_value() {
        let manifest = Manifest::parse(include_str!("../../../prompts/manifest.tsv")).expect("the default manifest");
        let there = |lang: Lang, key: &str| {
            ["mid", "fin"]
                .iter()
                .any(|variant| manifest.length(&PromptId::new(&format!("{lang}/say/{key}.{variant}"))).is_some())
        };
        let mut missing = Vec::new();
        for lang in Lang::ALL {
            for name in ["money_full", "number", "digits", "date", "date_gen", "time", "count:minute", "word", "phone"]
            {
                let format = Format::parse(name).expect("a format");
                let needed = repertoire(lang, &format);
                assert!(needed.len() >= 10, "{name}");
                for (key, needed) in needed {
                    let instead = !needed.piece.instead.is_empty();
                    if !there(lang, &key) && !instead {
                        missing.push(format!("{lang} {name}: {key}"));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_format_has_an_example_that_it_can_say() {
        for name in ["money", "number", "ordinal", "digits", "digit", "phone", "date", "time", "duration", "percent"] {
            let format = Format::parse(name).expect("a format");
            let value = example(&format).expect("an example");
            assert!(say(Lang::Ru, &format, &value).is_ok(), "{name}");
        }
    }
}
