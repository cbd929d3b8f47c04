//! Tables by the number of a stream.

use super::vocabulary::StreamId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table of streams. We number them ourselves, so that nobody can choose numbers that collide, and a lookup for each
/// relayed packet need not be guarded against that.
pub type StreamMap<V> = HashMap<StreamId, V, BuildHasherDefault<StreamHasher>>;

/// Spreads numbers that follow one another over all bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamHasher(u64);

impl Hasher for StreamHasher {
    fn write(&mut self, bytes: &[u8]) {
        for octet in bytes {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The odd number next to 2⁶⁴ divided by the golden ratio; a table looks at the lowest and the highest bits.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn numbers_that_follow_one_another_lie_apart() {
        let hasher = BuildHasherDefault::<StreamHasher>::default();
        let places: HashSet<u64> = (0..1_000).map(|number| hasher.hash_one(StreamId(number)) % 4_096).collect();
        assert!(places.len() > 700, "{} places of 4,096 for 1,000 numbers", places.len());
    }
}
