use super::*;
use crate::voip::sip::transaction::arena::Arena;
use std::net::Ipv4Addr;

const A: Source = source(1);
const B: Source = source(2);

const fn source(last: u8) -> Source {
    Source::v4(Ipv4Addr::new(192, 0, 2, last))
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A doorkeeper and the legs of those who were let in.
struct Door {
    admission: Admission,
    arena: Arena<()>,
}

impl Door {
    fn new(limits: CallLimits) -> Self {
        Self { admission: Admission::new(limits), arena: Arena::default() }
    }

    fn enter(&mut self, now: Instant, source: Source) -> Result<LegId, Refusal> {
        let pass = self.admission.enter(now, source, false)?;
        let leg = LegId(self.arena.insert(()));
        self.admission.hold(leg, pass);
        Ok(leg)
    }

    /// So many calls that stand.
    fn stand(&mut self, now: Instant, source: Source, count: usize) -> Vec<LegId> {
        (0..count)
            .map(|_| {
                let leg = self.enter(now, source).expect("let in");
                self.admission.acknowledged(leg);
                leg
            })
            .collect()
    }

    /// How many of so many are let in.
    fn try_many(&mut self, now: Instant, source: Source, count: usize) -> usize {
        (0..count).filter(|_| self.enter(now, source).is_ok()).count()
    }
}

#[test]
fn one_source_cannot_take_all_places() {
    let mut door = Door::new(CallLimits { calls: 4, calls_per_source: 2, ..CallLimits::default() });
    let calls = door.stand(at(0), A, 2);
    assert_eq!(door.enter(at(0), A).expect_err("two of one"), Refusal::TooMany);
    door.stand(at(0), B, 2);
    assert_eq!(door.enter(at(0), source(3)).expect_err("four in all"), Refusal::TooMany);
    door.admission.leave(calls[0]);
    door.admission.leave(calls[0]);
    door.stand(at(0), A, 1);
    assert_eq!(door.enter(at(0), source(3)).expect_err("four in all"), Refusal::TooMany);
}

#[test]
fn new_calls_are_spaced_after_a_burst() {
    let mut door = Door::new(CallLimits { per_second: 10, ..CallLimits::default() });
    door.stand(at(0), A, 1);
    assert_eq!(door.try_many(at(0), A, 100), 19);
    assert_eq!(door.try_many(at(1_000), A, 100), 10);
    assert_eq!(door.enter(at(1_000), A).expect_err("spent"), Refusal::TooFast);
}

#[test]
fn a_stranger_who_calls_too_fast_leaves_permits_to_those_with_calls() {
    let mut door = Door::new(CallLimits { per_second: 100, ..CallLimits::default() });
    door.stand(at(0), A, 1);
    let taken: usize = (10..250).map(|last| door.try_many(at(0), source(last), 1)).sum();
    assert!((100..200).contains(&taken), "{taken}");
    assert!(door.try_many(at(0), A, 40) >= 40);
}

#[test]
fn each_source_has_a_rate_of_its_own() {
    let mut door = Door::new(CallLimits { per_second_per_source: 5, ..CallLimits::default() });
    assert_eq!(door.try_many(at(0), A, 50), 10);
    assert_eq!(door.try_many(at(0), B, 50), 10);
    assert_eq!(door.try_many(at(2_000), A, 50), 10);
}

#[test]
fn calls_without_ack_are_bounded_of_one_source_and_of_all_strangers_together() {
    let mut door = Door::new(CallLimits { calls: 40, unacknowledged_per_source: 5, ..CallLimits::default() });
    assert_eq!(door.try_many(at(0), A, 50), 5);
    assert_eq!(door.enter(at(0), A).expect_err("none is acknowledged"), Refusal::Unacknowledged);
    let strangers: usize = (10..30).map(|last| door.try_many(at(0), source(last), 50)).sum();
    assert_eq!(strangers, 15, "half of all the places");
    assert_eq!(door.admission.strange, 20);
    let mut known = Door::new(CallLimits { calls: 40, unacknowledged_per_source: 5, ..CallLimits::default() });
    known.stand(at(0), B, 1);
    (10..30).for_each(|last| {
        known.try_many(at(0), source(last), 50);
    });
    known.stand(at(0), B, 3);
}

#[test]
fn a_trunk_is_bound_by_what_bounds_all() {
    let few = CallLimits {
        calls: 30,
        calls_per_source: 1,
        per_second: 1_000,
        per_second_per_source: 1,
        unacknowledged_per_source: 1,
    };
    let mut door = Door::new(few);
    door.admission.set_trunks(Trunks::by(|ip| ip == A.ip()));
    assert_eq!(door.try_many(at(0), A, 100), 30);
    assert_eq!(door.admission.strange, 0);
}

#[test]
fn an_operators_phone_is_let_in_whatever_the_load() {
    let mut door = Door::new(CallLimits { calls: 1, ..CallLimits::default() });
    door.stand(at(0), A, 1);
    let pass = door.admission.enter(at(0), B, true).expect("an operator");
    door.admission.hold(LegId(door.arena.insert(())), pass);
    assert_eq!(door.admission.held.len(), 1);
}

#[test]
fn under_load_the_rate_sinks_and_comes_back() {
    let mut door = Door::new(CallLimits { per_second: 100, ..CallLimits::default() });
    door.stand(at(0), A, 1);
    let too_much = crate::voip::sip::endpoint::Load { busy: 100, lag: Duration::from_secs(1), media: Duration::ZERO };
    (0..50).for_each(|_| door.admission.headroom().report(too_much));
    door.try_many(at(0), A, 1_000);
    assert_eq!(door.try_many(at(1_000), A, 1_000), 2, "a fiftieth");
    let calm = crate::voip::sip::endpoint::Load::default();
    (0..50).for_each(|_| door.admission.headroom().report(calm));
    assert_eq!(door.try_many(at(2_000), A, 1_000), 100);
}

#[test]
fn everything_is_forgotten_when_the_calls_are_over() {
    let mut door = Door::new(CallLimits::default());
    let legs: Vec<LegId> = (0..=255).flat_map(|last| door.enter(at(0), source(last))).collect();
    for (at, leg) in legs.iter().enumerate() {
        if at % 2 == 0 {
            door.admission.acknowledged(*leg);
        }
        door.admission.leave(*leg);
    }
    assert!(door.admission.is_empty());
    (0..100).for_each(|_| door.admission.guests.forget(at(20_000), |guest| guest.calls > 0));
    assert!(door.admission.guests.is_empty());
}
