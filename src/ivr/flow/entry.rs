//! What an entry holds while it is made, and what it becomes.

use crate::ivr::menu::{Ask, EntryKind};
use crate::model::{Currency, Digit, Money, PhoneNumber, SecretDigits, Value};
use jiff::civil::Date;

/// Digits pressed so far.
pub(super) enum Entry {
    /// They become a value.
    Open(String),
    /// They go to the bank and nowhere else.
    Secret(SecretDigits),
}

impl Entry {
    pub(super) fn new(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Secret | EntryKind::Card => Self::Secret(SecretDigits::new()),
            EntryKind::Digits | EntryKind::Phone | EntryKind::Date | EntryKind::Amount => Self::Open(String::new()),
        }
    }

    pub(super) fn push(&mut self, digit: Digit) {
        match self {
            Self::Open(text) => text.push(digit.as_char()),
            Self::Secret(digits) => {
                // A full buffer is longer than any entry may be; the submit refuses it.
                digits.push(digit);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Open(text) => text.clear(),
            Self::Secret(digits) => digits.clear(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Open(text) => text.len(),
            Self::Secret(digits) => digits.len(),
        }
    }

    /// Whether it is one zero and nothing else, which may mean the operator.
    pub(super) fn is_single_zero(&self) -> bool {
        match self {
            Self::Open(text) => text == "0",
            Self::Secret(digits) => digits.expose() == b"0",
        }
    }
}

/// An open entry as a value of its kind; `None` when it is none, or not within the bounds of the menu.
pub(super) fn value(ask: &Ask, text: &str, currency: Currency, today: Date) -> Option<Value> {
    match ask.kind {
        EntryKind::Digits => Some(Value::Digits(text.into())),
        EntryKind::Secret | EntryKind::Card => None,
        EntryKind::Phone => PhoneNumber::parse(text).map(Value::Phone),
        EntryKind::Date => date(text).filter(|date| ask.dates.contains(*date, today)).map(Value::Date),
        EntryKind::Amount => {
            let units = text.parse::<i64>().ok().filter(|units| ask.amounts.contains(units))?;
            Some(Value::Money(Money::new(units.checked_mul(100)?, currency)))
        }
    }
}

/// Whether a secret entry can be what it is asked for.
pub(super) fn is_possible(ask: &Ask, digits: &SecretDigits) -> bool {
    ask.kind != EntryKind::Card || luhn(digits.expose())
}

/// DDMMYYYY.
fn date(text: &str) -> Option<Date> {
    let (day, month, year) = (text.get(..2)?, text.get(2..4)?, text.get(4..8)?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The check digit of card numbers (ISO/IEC 7812-1 annex B).
fn luhn(digits: &[u8]) -> bool {
    let digit = |(index, byte): (usize, &u8)| {
        let digit = u32::from(byte.saturating_sub(b'0'));
        if index % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
    };
    digits.iter().rev().enumerate().map(digit).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_and_dates_that_cannot_be_are_refused() {
        assert!(luhn(b"4111111111111111") && !luhn(b"4111111111111112"));
        assert_eq!(date("29022024"), Some(jiff::civil::date(2024, 2, 29)));
        assert_eq!(date("29022026"), None);
        assert_eq!(date("2902"), None);
    }
}
