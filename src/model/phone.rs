//! Telephone numbers and card tails: shown whole only where the work needs them.

use std::fmt;
use std::sync::Arc;

/// A telephone number: `+` and digits where the country is known, digits alone where it is not.
///
/// `Debug` and `Display` mask all but the last two digits, so logs are safe by default;
/// [`PhoneNumber::as_str`] gives the whole.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(Arc<str>);

impl PhoneNumber {
    /// Reads a number from text: spaces, brackets and hyphens are dropped; a Russian national number (eleven
    /// digits from 8) and a bare 7… become `+7…`, except 8800 numbers, which stay as they are dialled.
    ///
    /// `None` when something other than a number remains or it is not 2–20 digits long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut number = String::with_capacity(text.len());
        for character in text.trim().chars() {
            match character {
                '+' if number.is_empty() => number.push('+'),
                '0'..='9' => number.push(character),
                ' ' | '(' | ')' | '-' | '.' | '\u{a0}' => {}
                _ => return None,
            }
        }
        let digits = number.trim_start_matches('+').len();
        if !(2..=20).contains(&digits) {
            return None;
        }
        if digits == 11 && !number.starts_with('+') {
            let national = &number[1..];
            if number.starts_with('7') || (number.starts_with('8') && !number.starts_with("8800")) {
                number = format!("+7{national}");
            }
        } else if number.starts_with("+7800") && digits == 11 {
            number = format!("8{}", &number[2..]);
        }
        Some(Self(number.into()))
    }

    /// The whole number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last `count` digits, fewer when the number is shorter.
    #[must_use]
    pub fn last(&self, count: usize) -> &str {
        let digits = self.0.trim_start_matches('+');
        &digits[digits.len().saturating_sub(count)..]
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", self.last(2))
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The last four digits of a card.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardTail([u8; 4]);

impl CardTail {
    /// The tail of exactly four decimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 4] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_digit).then_some(Self(bytes))
    }

    /// The four digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("")
    }
}

impl fmt::Debug for CardTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}
