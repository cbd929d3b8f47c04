//! When whose frame is due: a wheel of 20 slots, a millisecond each.

use crate::model::Instant;
use std::collections::VecDeque;
use std::time::Duration;

/// The slots of the wheel.
pub(super) const SLOTS: usize = 20;
/// The time of one slot.
pub(super) const SLOT: Duration = Duration::from_millis(1);
/// The time of one frame, and of one turn of the wheel.
pub(super) const FRAME: Duration = Duration::from_millis(20);
/// How long a frame waits for what is said to a key.
const HOLD: Duration = Duration::from_millis(3);
/// The most packets of one stream that are sent at once after the thread was late.
pub const MAX_BURST: u32 = 3;

/// The wheel's position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wheel {
    next: Instant,
    slot: usize,
}

impl Wheel {
    pub(super) const fn new(now: Instant) -> Self {
        Self { next: now, slot: 0 }
    }

    /// When the next slot is due.
    pub(super) const fn next_due(&self) -> Instant {
        self.next
    }

    /// The next slot that is due at `now`, and the time its frames bear. When more than [`MAX_BURST`] turns are due,
    /// the oldest whole turns are left out.
    pub(super) fn turn(&mut self, now: Instant) -> Option<Turn> {
        if now < self.next {
            return None;
        }
        let turns = now.since(self.next).as_nanos() / FRAME.as_nanos() + 1;
        let skipped = turns.saturating_sub(u128::from(MAX_BURST));
        if skipped > 0 {
            self.next = self.next + FRAME * u32::try_from(skipped).unwrap_or(u32::MAX);
        }
        let turn = Turn { slot: self.slot, due: self.next };
        self.slot = (self.slot + 1) % SLOTS;
        self.next = self.next + SLOT;
        Some(turn)
    }
}

/// The place of a stream in its thread: small numbers, used again after the stream closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat(pub(super) u32);

impl Seat {
    /// The seat of a number that [`Seat::index`] gave.
    #[must_use]
    pub fn at(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }

    /// The number, to look things up by.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One slot coming due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    slot: usize,
    due: Instant,
}

impl Turn {
    pub(super) const fn slot(self) -> usize {
        self.slot
    }

    /// The time its frames bear.
    pub(super) const fn due(self) -> Instant {
        self.due
    }
}

/// What the pacing knows of each seat. It lies apart from the streams, so that a look at a whole slot is a look at a
/// few lines of memory.
#[derive(Debug, Default)]
pub(super) struct Pace {
    seats: Vec<Mark>,
    held: VecDeque<(Seat, Instant)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    talking: bool,
    asked: Option<Instant>,
    held: Option<Instant>,
}

impl Pace {
    /// A stream takes a seat.
    pub(super) fn open(&mut self, seat: Seat) {
        if self.seats.len() <= seat.index() {
            self.seats.resize(seat.index() + 1, Mark::default());
        }
        self.seats[seat.index()] = Mark::default();
    }

    pub(super) fn set_talking(&mut self, seat: Seat, talking: bool) {
        self.seats[seat.index()].talking = talking;
    }

    pub(super) fn is_talking(&self, seat: Seat) -> bool {
        self.seats.get(seat.index()).is_some_and(|mark| mark.talking)
    }

    /// A key was told: whoever hears it may say something at once.
    pub(super) fn ask(&mut self, seat: Seat, now: Instant) {
        self.seats[seat.index()].asked = Some(now);
    }

    /// The frames to send in a seat's turn: one that was held, and this one unless it is held now.
    pub(super) fn turn(&mut self, seat: Seat, due: Instant) -> (Option<Instant>, Option<Instant>) {
        let mark = &mut self.seats[seat.index()];
        let held = mark.held.take();
        // What is said to an older key was said by now.
        if mark.asked.take().is_none_or(|asked| due >= asked + HOLD) {
            return (held, Some(due));
        }
        mark.held = Some(due);
        self.held.push_back((seat, due));
        (held, None)
    }

    /// A held frame whose time is over.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<(Seat, Instant)> {
        while let Some((seat, due)) = self.held.front().copied().filter(|(_, due)| now >= *due + HOLD) {
            self.held.pop_front();
            // It was sent when the next turn came first, and the seat may be another stream's by now.
            if self.seats[seat.index()].held.take_if(|one| *one == due).is_some() {
                return Some((seat, due));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(wheel: &mut Wheel, millis: u64) -> Vec<(usize, u64)> {
        std::iter::from_fn(|| wheel.turn(Instant::from_millis(millis)))
            .map(|turn| (turn.slot(), turn.due().as_millis()))
            .collect()
    }

    #[test]
    fn every_slot_comes_each_twenty_milliseconds() {
        let mut wheel = Wheel::new(Instant::ZERO);
        assert_eq!(turns(&mut wheel, 0), [(0, 0)]);
        assert_eq!(turns(&mut wheel, 2), [(1, 1), (2, 2)]);
        assert_eq!(turns(&mut wheel, 20).last(), Some(&(0, 20)));
    }

    #[test]
    fn a_late_thread_sends_three_turns_and_stays_in_step() {
        let mut wheel = Wheel::new(Instant::ZERO);
        turns(&mut wheel, 0);
        let late = turns(&mut wheel, 1_000);
        let of_slot = |slot| late.iter().filter(|(one, _)| *one == slot).map(|(_, at)| *at).collect::<Vec<_>>();
        assert_eq!(of_slot(0), [960, 980, 1_000]);
        assert_eq!(of_slot(1), [941, 961, 981]);
        assert_eq!(late.len(), 60);
    }

    #[test]
    fn a_frame_waits_for_the_answer_to_a_key_and_keeps_its_order() {
        let (mut pace, seat) = (Pace::default(), Seat(2));
        let at = Instant::from_millis;
        pace.open(seat);
        assert_eq!(pace.turn(seat, at(20)), (None, Some(at(20))));
        pace.ask(seat, at(40));
        assert_eq!(pace.turn(seat, at(40)), (None, None));
        assert_eq!(pace.overdue(at(42)), None);
        assert_eq!(pace.overdue(at(43)), Some((seat, at(40))));
        // A late thread: the next turn comes before the wait is over, and the old frame goes first, once.
        pace.ask(seat, at(58));
        assert_eq!(pace.turn(seat, at(60)), (None, None));
        assert_eq!(pace.turn(seat, at(80)), (Some(at(60)), Some(at(80))));
        assert_eq!(pace.overdue(at(90)), None);
        // A key that came long before the turn has had its answer.
        pace.ask(seat, at(90));
        assert_eq!(pace.turn(seat, at(100)), (None, Some(at(100))));
    }

    #[test]
    fn another_stream_on_the_seat_owes_nothing() {
        let (mut pace, seat) = (Pace::default(), Seat(0));
        pace.open(seat);
        pace.ask(seat, Instant::from_millis(20));
        pace.set_talking(seat, true);
        pace.turn(seat, Instant::from_millis(20));
        pace.open(seat);
        assert!(!pace.is_talking(seat));
        assert_eq!(pace.overdue(Instant::from_millis(30)), None);
    }
}
