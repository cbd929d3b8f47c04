//! Counts what an event looks at: the test of what it costs does not depend on the machine.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

/// Something was looked at: an operator, somebody who waits, a table's entry.
#[cfg(test)]
pub(super) fn step() {
    TAKEN.with(|taken| taken.set(taken.get() + 1));
}

/// Something was looked at.
#[cfg(not(test))]
pub(super) const fn step() {}

/// How much is looked at meanwhile.
#[cfg(test)]
pub(super) fn taken(act: impl FnOnce()) -> usize {
    let before = TAKEN.with(Cell::get);
    act();
    TAKEN.with(Cell::get) - before
}
