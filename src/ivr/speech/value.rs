//! Saying one value: signs, parts and combinations, which are the same in every language.

use super::decimal::Decimal;
use super::grammar::{self, Grammar};
use super::utterance::gap;
use super::{Case, Format, Gender, MoneyStyle, Noun, Piece, ValueKind, phone, word};
use crate::model::{Currency, Lang, Money, Value};
use std::time::Duration;

/// Why a value cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SayError {
    /// The format is for values of another kind.
    #[error("a {} cannot be said as {format}", kind.name())]
    WrongKind {
        /// The format.
        format: Format,
        /// The value's kind.
        kind: ValueKind,
    },
    /// The value itself is of no use, such as a decimal with too many digits.
    #[error("{value:?} cannot be said as {format}: {advice}")]
    BadValue {
        /// The format as written.
        format: String,
        /// The value as written.
        value: String,
        /// What to write.
        advice: &'static str,
    },
    /// There is no such format.
    #[error(transparent)]
    UnknownFormat(#[from] super::UnknownFormat),
}

/// The nouns of a currency's units.
const fn units(currency: Currency) -> (Noun, Noun) {
    match currency {
        Currency::Rub => (Noun::Ruble, Noun::Kopeck),
        Currency::Usd => (Noun::Dollar, Noun::Cent),
        Currency::Eur => (Noun::Euro, Noun::Cent),
        Currency::Cny => (Noun::Yuan, Noun::Fen),
    }
}

/// Says a value.
///
/// # Errors
/// When the format does not fit the value's kind or the value cannot be said.
pub fn say(lang: Lang, format: &Format, value: &Value) -> Result<Vec<Piece>, SayError> {
    let speaker = Speaker(grammar::of(lang));
    let bad = |value: &str, advice| SayError::BadValue { format: format.to_string(), value: value.to_owned(), advice };
    let pieces = match (format, value) {
        (Format::Money(style), Value::Money(money)) => speaker.money(*money, *style),
        (Format::Number(gender), Value::Number(number)) => {
            let body = speaker.0.cardinal(number.unsigned_abs(), *gender, Case::Nominative);
            speaker.signed(*number < 0, body)
        }
        (Format::Ordinal(gender), Value::Number(number)) => {
            speaker.signed(*number < 0, speaker.0.ordinal(number.unsigned_abs(), *gender))
        }
        (Format::Count(noun, case), Value::Number(number)) => {
            speaker.signed(*number < 0, speaker.count(number.unsigned_abs(), *noun, *case))
        }
        (Format::Count(noun, case), Value::Duration(length)) => {
            let unit = noun.seconds().ok_or_else(|| wrong_kind(format, value))?;
            // Whole units, rounded up: nobody waits zero minutes.
            speaker.count(whole_seconds(*length).div_ceil(unit), *noun, *case)
        }
        (Format::Digits, Value::Digits(digits)) => speaker.digits(digits).ok_or_else(|| bad(digits, DIGITS))?,
        (Format::Digits, Value::Phone(number)) => {
            let digits = number.as_str().trim_start_matches('+');
            speaker.digits(digits).ok_or_else(|| bad("…", DIGITS))?
        }
        (Format::Digits, Value::Number(number)) => {
            let text = number.to_string();
            speaker.digits(&text).ok_or_else(|| bad(&text, DIGITS))?
        }
        (Format::Digit, Value::Digits(key)) => speaker.key(key).ok_or_else(|| bad(key, KEY))?,
        (Format::Digit, Value::Number(number)) => {
            let text = number.to_string();
            speaker.key(&text).ok_or_else(|| bad(&text, KEY))?
        }
        (Format::Phone, Value::Phone(number)) => phone::phone(speaker.0, number.as_str()),
        (Format::Phone, Value::Digits(digits)) => {
            let plain = digits.strip_prefix('+').unwrap_or(digits);
            if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad(digits, PHONE));
            }
            phone::phone(speaker.0, digits)
        }
        (Format::Date(style), Value::Date(date)) => speaker.0.date(*date, *style),
        (Format::Time, Value::Time(time)) => speaker.0.time(*time),
        (Format::Duration, Value::Duration(length)) => speaker.duration(whole_seconds(*length)),
        (Format::Word, Value::Word(name)) => vec![word::piece(lang, name)],
        (Format::Rate(_) | Format::RateExact(_), Value::Money(money)) => speaker.money(*money, MoneyStyle::Short),
        (
            Format::Percent | Format::Decimal | Format::Rate(_) | Format::RateExact(_),
            Value::Decimal(_) | Value::Number(_),
        ) => {
            let (number, text) = match value {
                Value::Decimal(text) => (Decimal::parse(text), text.to_string()),
                Value::Number(number) => (Some(Decimal::whole(*number)), number.to_string()),
                _ => (None, String::new()),
            };
            number.and_then(|number| speaker.decimal(&number, format)).ok_or_else(|| bad(&text, DECIMAL))?
        }
        _ => return Err(wrong_kind(format, value)),
    };
    Ok(pieces)
}

const DIGITS: &str = "write digits, * and # without spaces, such as 4021";
const PHONE: &str = "write a plus where the country is known, and digits, such as +74951234567";
const KEY: &str = "write one key: 0 to 9, star or hash";
const DECIMAL: &str = "write a number with at most twelve digits after the point, such as 92.4125";

fn wrong_kind(format: &Format, value: &Value) -> SayError {
    SayError::WrongKind { format: format.clone(), kind: ValueKind::of(value) }
}

/// Part of a second counts as nothing.
const fn whole_seconds(length: Duration) -> u64 {
    length.as_secs()
}

/// A grammar, and what can be put together from it.
struct Speaker(&'static dyn Grammar);

impl Speaker {
    fn signed(&self, negative: bool, body: Vec<Piece>) -> Vec<Piece> {
        if !negative {
            return body;
        }
        let mut pieces = vec![self.0.minus()];
        pieces.extend(body);
        pieces
    }

    fn count(&self, number: u64, noun: Noun, case: Case) -> Vec<Piece> {
        let mut pieces = self.0.cardinal(number, self.0.gender(noun), case);
        pieces.push(self.0.noun(noun, number, case));
        pieces
    }

    /// Major and minor part, whichever are said, with what joins them.
    fn parts(&self, major: Option<Vec<Piece>>, minor: Option<Vec<Piece>>) -> Vec<Piece> {
        let mut pieces = major.unwrap_or_default();
        let Some(minor) = minor else { return pieces };
        if let Some(last) = pieces.last_mut() {
            last.after = gap::SCALE;
            pieces.extend(self.0.joint());
        }
        pieces.extend(minor);
        pieces
    }

    fn money(&self, money: Money, style: MoneyStyle) -> Vec<Piece> {
        let case = match style {
            MoneyStyle::Short | MoneyStyle::Full => Case::Nominative,
            MoneyStyle::Accusative => Case::Accusative,
            MoneyStyle::Genitive => Case::Genitive,
        };
        let (unit, part) = units(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let full = style == MoneyStyle::Full;
        let said_major = (full || major > 0 || minor == 0).then(|| self.count(major, unit, case));
        let said_minor = (full || minor > 0).then(|| self.count(minor, part, case));
        self.signed(money.minor < 0, self.parts(said_major, said_minor))
    }

    fn duration(&self, seconds: u64) -> Vec<Piece> {
        let parts = [
            (seconds / 86_400, Noun::Day),
            (seconds / 3_600 % 24, Noun::Hour),
            (seconds / 60 % 60, Noun::Minute),
            (seconds % 60, Noun::Second),
        ];
        let said = parts.into_iter().filter(|(number, noun)| *number > 0 || (seconds == 0 && *noun == Noun::Second));
        said.flat_map(|(number, noun)| self.count(number, noun, Case::Nominative)).collect()
    }

    fn digits(&self, digits: &str) -> Option<Vec<Piece>> {
        let pieces = digits.chars().map(|digit| self.0.digit(digit)).collect::<Option<Vec<_>>>()?;
        (!pieces.is_empty()).then_some(pieces)
    }

    fn key(&self, key: &str) -> Option<Vec<Piece>> {
        let mut characters = key.chars();
        let key = match key {
            "star" => '*',
            "hash" => '#',
            _ => characters.next().filter(|_| characters.next().is_none())?,
        };
        Some(vec![self.0.key(key)?])
    }

    /// A decimal in one of the formats that take one; `None` when it is too large.
    fn decimal(&self, number: &Decimal, format: &Format) -> Option<Vec<Piece>> {
        match format {
            Format::Percent => Some(self.signed(number.negative, self.measured(number, Noun::Percent))),
            Format::Rate(currency) => Some(self.money(Money::new(number.hundredths()?, *currency), MoneyStyle::Short)),
            Format::RateExact(currency) => self.rate_exact(number, *currency),
            _ if number.fraction.is_empty() => {
                let body = self.0.cardinal(number.whole, Gender::Masculine, Case::Nominative);
                Some(self.signed(number.negative, body))
            }
            _ => Some(self.signed(number.negative, self.0.fraction(number))),
        }
    }

    /// A number and its noun, which stands in another form after a fraction.
    fn measured(&self, number: &Decimal, noun: Noun) -> Vec<Piece> {
        if number.fraction.is_empty() {
            return self.count(number.whole, noun, Case::Nominative);
        }
        let mut pieces = self.0.fraction(number);
        pieces.push(self.0.noun_after_fraction(noun));
        pieces
    }

    fn rate_exact(&self, number: &Decimal, currency: Currency) -> Option<Vec<Piece>> {
        let hundredths = number.hundredths_down()?.unsigned_abs();
        let rest = number.after_hundredths();
        if rest.is_empty() {
            return Some(self.money(Money::new(number.hundredths()?, currency), MoneyStyle::Short));
        }
        let (unit, part) = units(currency);
        let (major, minor) = (hundredths / 100, hundredths % 100);
        let said_major = (major > 0).then(|| self.count(major, unit, Case::Nominative));
        let minor = Decimal { negative: false, whole: minor, fraction: rest.to_owned() };
        let said_minor = Some(self.measured(&minor, part));
        Some(self.signed(number.negative, self.parts(said_major, said_minor)))
    }
}
