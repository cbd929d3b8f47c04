//! A key of a telephone.

use std::fmt;

/// A DTMF digit (RFC 4733 §3.2): `0`–`9`, `*`, `#`, `A`–`D`.
///
/// It has no `Display` and its `Debug` hides it: a digit may be part of a secret, and only the code that knows
/// it is not one may ask for [`Digit::as_char`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    /// The star key.
    pub const STAR: Self = Self(b'*');
    /// The hash key.
    pub const HASH: Self = Self(b'#');

    /// The digit of a character, or `None` when no key bears it.
    #[must_use]
    pub const fn from_char(key: char) -> Option<Self> {
        match key {
            '0'..='9' | '*' | '#' | 'A'..='D' => Some(Self(key as u8)),
            'a'..='d' => Some(Self(key.to_ascii_uppercase() as u8)),
            _ => None,
        }
    }

    /// The digit of an RFC 4733 event code (0–15), or `None` for other events.
    #[must_use]
    pub const fn from_event(event: u8) -> Option<Self> {
        match event {
            0..=9 => Some(Self(b'0' + event)),
            10 => Some(Self::STAR),
            11 => Some(Self::HASH),
            12..=15 => Some(Self(b'A' + event - 12)),
            _ => None,
        }
    }

    /// The RFC 4733 event code, 0–15.
    #[must_use]
    pub const fn event(self) -> u8 {
        match self.0 {
            b'*' => 10,
            b'#' => 11,
            b'A'..=b'D' => self.0 - b'A' + 12,
            digit => digit - b'0',
        }
    }

    /// The key as printed on a telephone.
    #[must_use]
    pub const fn as_char(self) -> char {
        self.0 as char
    }

    /// Whether it is `0`–`9`.
    #[must_use]
    pub const fn is_decimal(self) -> bool {
        self.0.is_ascii_digit()
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digit(•)")
    }
}
