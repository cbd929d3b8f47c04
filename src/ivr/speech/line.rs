//! Values read from text, as `hotline say` and its vectors give them: `money:RUB` and `15230.50`.

use super::{Format, SayError, WORDS, say, words};
use crate::model::{Currency, Lang, Money, PhoneNumber, Value};
use std::time::Duration;

/// The words of a value given as text.
///
/// Formats are those of phrases; a currency follows the money formats after a colon (`money:USD`), roubles without.
///
/// # Errors
/// When there is no such format or the value is not written as the format needs it; the error says how to write it.
pub fn say_line(lang: Lang, format: &str, input: &str) -> Result<String, SayError> {
    let (format, currency) = read_format(format.trim())?;
    let value = read(&format, currency, input.trim())?;
    Ok(words(&say(lang, &format, &value)?))
}

/// The format and, for money, the currency.
fn read_format(text: &str) -> Result<(Format, Currency), SayError> {
    if let Some((name, code)) = text.split_once(':')
        && let Ok(format @ Format::Money(_)) = Format::parse(name)
        && let Some(currency) = Currency::from_code(&code.to_uppercase())
    {
        return Ok((format, currency));
    }
    Ok((Format::parse(text)?, Currency::Rub))
}

fn read(format: &Format, currency: Currency, input: &str) -> Result<Value, SayError> {
    let (value, advice) = match format {
        Format::Money(_) => {
            let amount = Money::parse_minor(&plain(input)).map(|minor| Value::Money(Money::new(minor, currency)));
            let with_code = || Money::parse(input).ok().map(Value::Money);
            (amount.or_else(with_code), "write an amount with at most two digits after the point, such as 15230.50")
        }
        Format::Number(_) => (whole(input), "write a whole number, such as 21"),
        Format::Ordinal(_) => (whole(input).filter(not_negative), "write a whole number from 0, such as 3"),
        Format::Count(..) => (whole(input), "write a whole number, such as 5"),
        Format::Digits => (digits(input), "write digits, * and #, such as 4021"),
        Format::Digit => (digits(input).or_else(|| named_key(input)), "write one key: 0 to 9, star or hash"),
        Format::Phone => (phone(input), "write a number of 2 to 20 digits, such as +7 (495) 123-45-67"),
        Format::Date(_) => (date(input), "write a date of the calendar from the year 1 on, such as 2026-11-22"),
        Format::Time => (time(input), "write a time from 00:00 to 23:59, such as 14:05"),
        Format::Duration => {
            let seconds = plain(input).parse().ok().map(|seconds| Value::Duration(Duration::from_secs(seconds)));
            (seconds, "write whole seconds, such as 75")
        }
        Format::Percent | Format::Decimal | Format::Rate(_) | Format::RateExact(_) => {
            let number = plain(input);
            let good = super::decimal::Decimal::parse(&number).map(|_| Value::Decimal(number.as_str().into()));
            (good, "write a number with at most twelve digits after the point, such as 92.4125")
        }
        Format::Word => {
            let known = WORDS.iter().any(|(name, ..)| *name == input).then(|| Value::Word(input.into()));
            (known, "write a word of the list, such as purchase, payment, transfer, cash_withdrawal, refund or fee")
        }
        Format::Ladder(_) => (None, "a ladder belongs to a menu's phrases; call the menu instead"),
    };
    value.ok_or_else(|| SayError::BadValue { format: format.to_string(), value: input.to_owned(), advice })
}

/// Without the spaces that part thousands.
fn plain(input: &str) -> String {
    input.chars().filter(|character| !matches!(character, ' ' | '\u{a0}' | '\u{202f}')).collect()
}

fn whole(input: &str) -> Option<Value> {
    let text = plain(input).replace('−', "-");
    let signed = text.strip_prefix('-').unwrap_or(&text);
    let digits = !signed.is_empty() && signed.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok().map(Value::Number)).flatten()
}

fn not_negative(value: &Value) -> bool {
    matches!(value, Value::Number(0..))
}

fn digits(input: &str) -> Option<Value> {
    let digits = plain(input);
    let good = !digits.is_empty() && digits.chars().all(|digit| matches!(digit, '0'..='9' | '*' | '#'));
    good.then(|| Value::Digits(digits.into()))
}

fn named_key(input: &str) -> Option<Value> {
    matches!(input, "star" | "hash").then(|| Value::Digits(input.into()))
}

/// The number as it is written: an 8 stays an 8, which [`PhoneNumber`] would turn into +7.
fn phone(input: &str) -> Option<Value> {
    PhoneNumber::parse(input)?;
    let number: String = input.chars().filter(|digit| *digit == '+' || digit.is_ascii_digit()).collect();
    Some(Value::Digits(number.into()))
}

fn date(input: &str) -> Option<Value> {
    let date: jiff::civil::Date = input.parse().ok()?;
    (input.len() == 10 && date.year() > 0).then_some(Value::Date(date))
}

fn time(input: &str) -> Option<Value> {
    let (hour, minute) = input.split_once(':')?;
    let part = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i8>().ok()).flatten();
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 {
        return None;
    }
    jiff::civil::Time::new(part(hour)?, part(minute)?, 0, 0).ok().map(Value::Time)
}
