//! What a media thread is told, in a bounded queue that it never waits for.
//!
//! A channel without locks is the wrong thing here. Its receiver spins while a sender is between claiming its place and
//! filling it; a sender that a real-time receiver has pushed off the processor right there never gets on with it, until
//! the kernel holds the receiver back, 0.95 s later. So there is a lock, and whoever is in a hurry only tries it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Orders on their way to one thread.
#[derive(Debug)]
pub struct Mailbox<T> {
    waiting: Mutex<VecDeque<T>>,
    most: usize,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl<T> Mailbox<T> {
    /// With room for so many.
    pub fn new(most: usize) -> Self {
        Self { waiting: Mutex::new(VecDeque::with_capacity(most)), most }
    }

    /// Puts one in.
    pub fn give(&self, order: T) -> Result<(), Full> {
        let mut waiting = self.lock();
        if waiting.len() >= self.most {
            return Err(Full);
        }
        waiting.push_back(order);
        Ok(())
    }

    /// Puts the last one in, whether there is room or not.
    pub fn give_last(&self, order: T) {
        self.lock().push_back(order);
    }

    /// Takes the next one. None as well while somebody puts one in, who wakes the thread after that.
    pub fn take(&self) -> Option<T> {
        match self.waiting.try_lock() {
            Ok(mut waiting) => waiting.pop_front(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().pop_front(),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_out_as_they_went_in_up_to_the_room_there_is() {
        let mailbox = Mailbox::new(2);
        assert_eq!((mailbox.give(1), mailbox.give(2), mailbox.give(3)), (Ok(()), Ok(()), Err(Full)));
        mailbox.give_last(4);
        let taken: Vec<i32> = std::iter::from_fn(|| mailbox.take()).collect();
        assert_eq!(taken, [1, 2, 4]);
    }

    #[test]
    fn whoever_takes_does_not_wait_for_one_who_is_stopped_while_giving() {
        let mailbox = Mailbox::new(2);
        assert_eq!(mailbox.give(1), Ok(()));
        let giving = mailbox.lock();
        assert_eq!(mailbox.take(), None);
        drop(giving);
        assert_eq!(mailbox.take(), Some(1));
    }
}
