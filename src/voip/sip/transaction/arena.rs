//! A table whose keys go stale: the key of something removed never finds what took its place.

/// A key into an [`Arena`]: a place, and which of its tenants is meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// The key as one number, for logs.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        ((self.generation as u64) << 32) | self.index as u64
    }
}

#[derive(Debug)]
enum Place<T> {
    Taken { generation: u32, value: T },
    Free { generation: u32, next: Option<u32> },
}

/// Values in places that are used again; insert, find and remove are O(1).
#[derive(Debug)]
pub struct Arena<T> {
    places: Vec<Place<T>>,
    free: Option<u32>,
    len: usize,
    first_generation: u32,
}

/// A table with more places than this gives them back when it is empty.
const SHRINK_ABOVE: usize = 4096;

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: None, len: 0, first_generation: 0 }
    }
}

impl<T> Arena<T> {
    /// How many values are held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes a value in. Callers bound the table before they insert.
    pub fn insert(&mut self, value: T) -> Key {
        self.len += 1;
        if let Some(index) = self.free {
            let place = &mut self.places[index as usize];
            if let Place::Free { generation, next } = *place {
                *place = Place::Taken { generation, value };
                self.free = next;
                return Key { index, generation };
            }
        }
        let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let generation = self.first_generation;
        self.places.push(Place::Taken { generation, value });
        Key { index, generation }
    }

    /// The value of a key, unless it was removed.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&T> {
        match self.places.get(key.index as usize) {
            Some(Place::Taken { generation, value }) if *generation == key.generation => Some(value),
            Some(Place::Taken { .. } | Place::Free { .. }) | None => None,
        }
    }

    /// The value of a key to change, unless it was removed.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.places.get_mut(key.index as usize) {
            Some(Place::Taken { generation, value }) if *generation == key.generation => Some(value),
            Some(Place::Taken { .. } | Place::Free { .. }) | None => None,
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let freed = Place::Free { generation: key.generation.wrapping_add(1), next: self.free };
        let place = self.places.get_mut(key.index as usize)?;
        match std::mem::replace(place, freed) {
            Place::Taken { value, .. } => {
                self.free = Some(key.index);
                self.len -= 1;
                if self.len == 0 && self.places.len() > SHRINK_ABOVE {
                    self.forget_places();
                }
                Some(value)
            }
            Place::Free { .. } => None,
        }
    }

    /// Every value with its key.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.places.iter().zip(0u32..).filter_map(|(place, index)| match place {
            Place::Taken { generation, value } => Some((Key { index, generation: *generation }, value)),
            Place::Free { .. } => None,
        })
    }

    /// Gives back the memory of a table that a flood has grown. Generations go on above every one handed out, so the
    /// old keys stay stale.
    fn forget_places(&mut self) {
        let highest = self.places.iter().map(|place| match place {
            Place::Taken { generation, .. } | Place::Free { generation, .. } => *generation,
        });
        self.first_generation = highest.max().unwrap_or(0).wrapping_add(1);
        self.places = Vec::new();
        self.free = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_removed_value_finds_nothing() {
        let mut arena = Arena::default();
        let first = arena.insert('a');
        assert_eq!(arena.remove(first), Some('a'));
        let second = arena.insert('b');
        assert_eq!((arena.get(first), arena.get(second), arena.len()), (None, Some(&'b'), 1));
        assert_eq!(arena.remove(first), None);
    }

    #[test]
    fn a_table_that_empties_gives_its_memory_back_and_old_keys_stay_stale() {
        let mut arena = Arena::default();
        let keys: Vec<Key> = (0..=SHRINK_ABOVE).map(|value| arena.insert(value)).collect();
        for key in &keys {
            assert!(arena.remove(*key).is_some());
        }
        assert_eq!(arena.places.capacity(), 0);
        arena.insert(7);
        assert!(keys.iter().all(|key| arena.get(*key).is_none()));
    }
}
