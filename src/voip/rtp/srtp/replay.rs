//! Which packets of a source came already (RFC 3711 §3.3.2), and the packet index from its low sixteen bits (§3.3.1).

/// How far behind the newest a packet may come.
pub(super) const WINDOW: u64 = 128;

/// The newest index of a source and, a bit each, the [`WINDOW`] before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    highest: u64,
    seen: u128,
}

impl Window {
    /// A source whose first packet has this index.
    pub(super) const fn new(first: u64) -> Self {
        Self { highest: first, seen: 1 }
    }

    /// Whether a packet of this index is new.
    pub(super) fn admits(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(behind) => behind < WINDOW && self.seen >> behind & 1 == 0,
        }
    }

    /// Remembers a packet that was verified.
    pub(super) fn mark(&mut self, index: u64) {
        match self.highest.checked_sub(index) {
            Some(behind) if behind < WINDOW => self.seen |= 1 << behind,
            Some(_) => {}
            None => {
                let ahead = index - self.highest;
                self.seen = if ahead < WINDOW { self.seen << ahead } else { 0 } | 1;
                self.highest = index;
            }
        }
    }

    /// The index that a sequence number most likely stands for: the one nearest to the newest; `None` before the
    /// first round.
    pub(super) fn guess(&self, sequence: u16) -> Option<u64> {
        let round = self.highest >> 16;
        let low = self.highest & 0xffff;
        let sequence = u64::from(sequence);
        let round = if low < 0x8000 && sequence > low + 0x8000 {
            round.checked_sub(1)?
        } else if low >= 0x8000 && sequence < low - 0x8000 {
            round + 1
        } else {
            round
        };
        Some(round << 16 | sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_counts_once_and_an_old_one_never() {
        let mut window = Window::new(1_000);
        let script = [(1_000, false), (1_001, true), (1_001, false), (999, true), (999, false), (1_200, true)];
        for (index, new) in script {
            assert_eq!(window.admits(index), new, "{index}");
            window.mark(index);
        }
        assert!(!window.admits(1_200 - WINDOW) && window.admits(1_201 - WINDOW));
    }

    #[test]
    fn the_round_is_guessed_across_the_wrap_both_ways() {
        let cases = [
            (0x0_0010, 0x0020, Some(0x0_0020)),
            (0x0_0010, 0xfff0, None),
            (0x1_0010, 0xfff0, Some(0x0_fff0)),
            (0x0_fff0, 0x0010, Some(0x1_0010)),
            (0x0_fff0, 0x9000, Some(0x0_9000)),
        ];
        for (highest, sequence, expected) in cases {
            assert_eq!(Window::new(highest).guess(sequence), expected, "{highest:#x} {sequence:#x}");
        }
    }
}
