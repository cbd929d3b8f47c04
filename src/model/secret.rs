//! Digits that nobody may see: the telephone code between the RTP packet and the bank request.

use crate::model::Digit;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret entry: at most [`SecretDigits::MAX`] digits in one fixed buffer that is wiped when dropped.
///
/// It has no `Debug`, no `Display`, no `Clone` and no `Serialize`, so it cannot be logged, stored or copied by
/// accident. Only a bank adapter calls [`SecretDigits::expose`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretDigits {
    digits: [u8; Self::MAX],
    length: usize,
}

impl SecretDigits {
    /// The longest secret entry, in digits.
    pub const MAX: usize = 20;

    /// An empty entry.
    #[must_use]
    pub const fn new() -> Self {
        Self { digits: [0; Self::MAX], length: 0 }
    }

    /// Appends a digit; `false` when the buffer is full and the digit was not taken.
    pub fn push(&mut self, digit: Digit) -> bool {
        if self.length == Self::MAX {
            return false;
        }
        self.digits[self.length] = digit.as_char() as u8;
        self.length += 1;
        true
    }

    /// How many digits there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was entered yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Wipes the entry.
    pub fn clear(&mut self) {
        self.zeroize();
    }

    /// The digits as ASCII, for the bank request and nothing else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.digits[..self.length]
    }
}

impl Default for SecretDigits {
    fn default() -> Self {
        Self::new()
    }
}
