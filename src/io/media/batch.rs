//! Datagrams that are read one after another before any of them is answered: reading and sending by turns would have
//! the kernel's code for each push that for the other out of the cache, for every packet of every conversation.

use crate::voip::media::Seat;
use std::net::SocketAddr;
use std::ops::Range;

/// Octets of all datagrams together: some eighty of a usual conversation.
const ROOM: usize = 16_384;
/// The longest datagram that is of use.
const LONGEST: usize = 2_048;

/// What was read and not answered yet.
#[derive(Debug)]
pub struct Batch {
    octets: Box<[u8]>,
    used: usize,
    taken: Vec<(Seat, SocketAddr, Range<usize>)>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { octets: vec![0; ROOM].into(), used: 0, taken: Vec::new() }
    }
}

impl Batch {
    /// Whether there may be no room for another one.
    pub fn is_full(&self) -> bool {
        self.used + LONGEST > self.octets.len()
    }

    /// Reads a datagram of a seat into the room that is left.
    pub fn read(&mut self, seat: Seat, read: impl FnOnce(&mut [u8]) -> Option<(SocketAddr, usize)>) {
        let Some(room) = self.octets.get_mut(self.used..) else { return };
        if let Some((from, length)) = read(room) {
            let end = self.used + length.min(room.len());
            self.taken.push((seat, from, self.used..end));
            self.used = end;
        }
    }

    /// Gives each in its order, and is empty then.
    pub fn drain(&mut self, mut each: impl FnMut(Seat, SocketAddr, &[u8])) {
        for (seat, from, range) in self.taken.drain(..) {
            each(seat, from, self.octets.get(range).unwrap_or_default());
        }
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_comes_out_in_order_and_makes_room() {
        let seat = Seat::at(3).expect("small");
        let from: SocketAddr = "192.0.2.1:4000".parse().expect("an address");
        let mut batch = Batch::default();
        for round in 0..3_u8 {
            let mut count = 0;
            while !batch.is_full() {
                batch.read(seat, |room| {
                    assert!(room.len() >= LONGEST);
                    room[..180].fill(round);
                    Some((from, 180))
                });
                batch.read(seat, |_| None);
                count += 1;
            }
            let mut seen = 0;
            batch.drain(|one, whence, octets| {
                assert_eq!((one, whence, octets), (seat, from, &[round; 180][..]));
                seen += 1;
            });
            assert!(seen == count && count >= 79, "{seen} of {count}");
        }
    }
}
