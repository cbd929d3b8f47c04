//! Who is to be offered to whom, and who stands where, found by looking at everybody: what the tables are held against
//! in every test, at every offer and after every event.

use super::super::crew::Wish;
use super::*;
use crate::ivr::flow::is_open;
use crate::ivr::menu::Pick;
use std::cmp::Reverse;

/// The head start and the wait, the longest first; who came back from a conversation before everybody.
fn score(now: Instant, waiting: &Waiting) -> (bool, Reverse<u128>) {
    let waited = now.since(waiting.entered) + waiting.before;
    (!waiting.front, Reverse(waited.as_nanos() + u128::from(waiting.ticket.priority) * 1_000_000_000))
}

fn in_order(acd: &Acd, now: Instant) -> Vec<&Waiting> {
    let mut all: Vec<&Waiting> = acd.waiting.values().collect();
    all.sort_by_key(|waiting| (score(now, waiting), waiting.turn));
    all
}

fn is_served(acd: &Acd, now: Now, waiting: &Waiting) -> bool {
    let hours = acd.policies[&waiting.ticket.queue].hours.as_ref();
    match &waiting.who {
        Who::Caller => true,
        // The hours of a ticket's queue are looked at every minute, and before an offer.
        Who::Callback(callback) => {
            let is_open = hours.is_none_or(|rule| is_open(rule, &acd.zone, now.wall));
            callback.due <= now.instant && is_open && waiting.listed.in_line
        }
    }
}

fn fits(operator: &Operator, waiting: &Waiting, policy: &QueuePolicy, waited: Duration) -> bool {
    let has = |skills: &[Name]| skills.iter().any(|skill| operator.profile.skills.contains(skill));
    let skilled = has(&policy.skills) || policy.overflow.iter().any(|(after, skills)| *after <= waited && has(skills));
    let any_language = policy.own_language_for.is_none_or(|only| only <= waited);
    let all = waiting.ticket.skills.iter().all(|skill| operator.profile.skills.contains(skill));
    skilled && all && (any_language || operator.profile.languages.contains(&waiting.ticket.lang))
}

/// The next offer: the first in the order of service whom somebody free fits, and that operator, or all of them.
fn choice(acd: &Acd, now: Now) -> Option<(CallId, Vec<OperatorId>)> {
    in_order(acd, now.instant).into_iter().find_map(|waiting| {
        let policy = &acd.policies[&waiting.ticket.queue];
        let rings = !waiting.ringing.is_empty() && policy.pick != Pick::RingAll;
        if rings || !is_served(acd, now, waiting) {
            return None;
        }
        let waited = now.instant.since(waiting.entered) + waiting.before;
        let is_free = |one: &&Operator| one.state == OperatorState::Ready && one.not_before <= now.instant;
        let fit = acd.operators.values().filter(is_free).filter(|one| fits(one, waiting, policy, waited));
        let foreign = |one: &Operator| !one.profile.languages.contains(&waiting.ticket.lang);
        let name = |one: &Operator| one.profile.id.clone();
        let chosen: Vec<OperatorId> = match policy.pick {
            Pick::RingAll => fit.map(name).collect(),
            Pick::LongestIdle => fit.min_by_key(|one| (foreign(one), one.idle_since)).map(name).into_iter().collect(),
            Pick::RoundRobin => fit.min_by_key(|one| (foreign(one), one.last_turn)).map(name).into_iter().collect(),
            Pick::FewestCalls => {
                fit.min_by_key(|one| (foreign(one), one.calls_today, one.idle_since)).map(name).into_iter().collect()
            }
        };
        (!chosen.is_empty()).then_some((waiting.ticket.call, chosen))
    })
}

/// The offer that is about to be made is the one to be made; `None`: there is none to be made.
pub(in crate::ivr::acd) fn assert_chosen(acd: &Acd, now: Now, chosen: Option<(Rank, &Vec<OperatorId>)>) {
    if acd.waiting.len() > 200 {
        return;
    }
    let chosen = chosen.map(|(rank, operators)| (acd.waiting[&rank].ticket.call, operators.clone()));
    assert_eq!(chosen, choice(acd, now));
}

/// What is kept in tables is what a look at everybody would find.
pub(super) fn assert_listed(acd: &Acd, now: Now) {
    let mut states = [0; OperatorState::NAMES.len()];
    for operator in acd.operators.values() {
        states[operator.state.place()] += 1;
    }
    assert_eq!(acd.states, states);
    acd.crews.assert_counted(&acd.policies, &acd.operators);
    let callers = || acd.waiting.values().filter(|waiting| waiting.callback().is_none());
    assert_eq!(acd.callers, callers().count());
    assert_eq!(acd.ranks.len(), acd.waiting.len());
    let mut before: HashMap<&Name, u32> = HashMap::new();
    for waiting in in_order(acd, now.instant) {
        let (queue, call) = (&waiting.ticket.queue, waiting.ticket.call);
        assert_eq!(acd.ranks[&call], waiting.rank());
        assert_eq!(acd.callers_in(queue), callers().filter(|one| one.ticket.queue == *queue).count());
        let policy = &acd.policies[queue];
        let waited = now.instant.since(waiting.entered) + waiting.before;
        let offered = waiting.ringing.is_empty() || policy.pick == Pick::RingAll;
        if let Some(callback) = waiting.callback() {
            let open = policy.hours.as_ref().is_none_or(|rule| is_open(rule, &acd.zone, now.wall));
            let is_served = callback.due <= now.instant && open;
            assert!(waiting.listed.in_line == is_served || !waiting.ringing.is_empty(), "{waiting:?}");
        } else {
            assert_eq!(waiting.listed.wish, offered.then(|| Wish::of(waiting, policy, waited)), "{waiting:?}");
            assert!(waiting.listed.in_line);
        }
        let position = before.entry(queue).or_default();
        *position += u32::from(waiting.listed.in_line);
        let told = acd.status(now, call).map(|status| status.position);
        assert_eq!(told, waiting.callback().is_none().then_some(*position));
        assert!(waiting.listed.wake.is_some_and(|at| at > now.instant), "{waiting:?}");
        for ringing in &waiting.ringing {
            assert!(ringing.until > now.instant);
            assert_eq!(acd.operators[&ringing.operator].state, OperatorState::Reserved(call));
        }
    }
    let wakes = acd.waiting.iter().filter_map(|(rank, waiting)| Some((waiting.listed.wake?, *rank)));
    assert_eq!(acd.wakes, wakes.collect());
    let lines: usize = acd.places.values().map(|places| places.line.len()).sum();
    assert_eq!(lines, acd.waiting.values().filter(|waiting| waiting.listed.in_line).count());
}
