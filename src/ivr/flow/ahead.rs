//! Keys pressed ahead: one bounded buffer per call.

use crate::model::Digit;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Keys that came before anything asked for them. Wiped when dropped: some of them may be a secret.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub(super) struct TypeAhead {
    events: [u8; Self::MAX],
    length: usize,
}

impl TypeAhead {
    /// More keys than any path through a menu takes; further ones are not taken.
    const MAX: usize = 32;

    pub(super) fn push(&mut self, digit: Digit) {
        if self.length < Self::MAX {
            self.events[self.length] = digit.event();
            self.length += 1;
        }
    }

    pub(super) fn pop(&mut self) -> Option<Digit> {
        if self.length == 0 {
            return None;
        }
        let first = Digit::from_event(self.events[0]);
        self.events.copy_within(1..self.length, 0);
        self.length -= 1;
        self.events[self.length] = 0;
        first
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn clear(&mut self) {
        self.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_in_order_and_the_thirty_third_is_not_taken() {
        let mut ahead = TypeAhead::default();
        for index in 0..40_u8 {
            ahead.push(Digit::from_event(index % 10).unwrap());
        }
        let keys: Vec<u8> = std::iter::from_fn(|| ahead.pop()).map(Digit::event).collect();
        assert_eq!(keys, (0..32).map(|index| index % 10).collect::<Vec<u8>>());
        assert!(ahead.is_empty());
    }
}
