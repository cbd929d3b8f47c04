use super::*;
use crate::ivr::menu::Pick;
use crate::model::Lang;
use proptest::prelude::*;

mod callbacks;
mod cost;
mod histories;
pub(super) mod plain;

/// A dispatcher with a clock: commands are read as lines of a script.
struct Desk {
    acd: Acd,
    now: Now,
}

fn policy(name: &str) -> QueuePolicy {
    QueuePolicy {
        name: name.into(),
        skills: vec![name.into()],
        own_language_for: None,
        pick: Pick::LongestIdle,
        ring: seconds(20),
        pause_on_no_answer: true,
        wrap_up: seconds(30),
        max_wait: seconds(1200),
        max_waiting: 100,
        overflow: Vec::new(),
        callback: Some(CallbackRules { attempts: 3, retry: seconds(900) }),
        hours: None,
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn call(number: u8) -> CallId {
    CallId::from_u128(u128::from(number))
}

fn ticket(number: u8, queue: &str) -> Ticket {
    Ticket { call: call(number), queue: queue.into(), priority: 0, skills: Vec::new(), lang: Lang::Ru }
}

fn id(name: &str) -> OperatorId {
    OperatorId::new(name)
}

impl Desk {
    fn new(policies: Vec<QueuePolicy>) -> Self {
        let wall = "2026-03-02T09:00:00Z".parse().unwrap();
        Self { acd: Acd::new(jiff::tz::TimeZone::UTC, policies), now: Now { instant: Instant::ZERO, wall } }
    }

    /// A desk of one queue, with operators who serve it.
    fn staffed(policy: QueuePolicy, operators: &[&str]) -> Self {
        let skill = policy.name.clone();
        let mut desk = Self::new(vec![policy]);
        for name in operators {
            desk.operator(name, &[&skill]);
        }
        desk
    }

    fn operator(&mut self, name: &str, skills: &[&str]) {
        let profile = OperatorProfile {
            role: AccountRole::Operator,
            id: id(name),
            skills: skills.iter().map(|skill| Name::from(*skill)).collect(),
            languages: if name.ends_with("en") { vec![Lang::En] } else { vec![Lang::Ru] },
        };
        self.acd.set_operator(self.now, profile);
        self.acd.registered(self.now, &id(name));
        // Nobody becomes ready at the same instant as somebody else.
        self.wait(0.001);
    }

    fn enqueue(&mut self, ticket: Ticket) {
        self.acd.enqueue(self.now, ticket);
    }

    fn wait(&mut self, length: f64) {
        let end = self.now.after(Duration::from_secs_f64(length));
        while let Some(at) = self.acd.poll_timeout().filter(|at| *at <= end.instant) {
            self.now = self.now.after(at.since(self.now.instant));
            self.acd.handle_timeout(self.now);
            assert!(self.acd.poll_timeout().is_none_or(|next| next > at), "a timeout was handled and is still due");
        }
        self.now = end;
    }

    fn accept(&mut self, number: u8, name: &str) {
        self.acd.accepted(self.now, call(number), &id(name));
    }

    /// Everything said since the last look, one word and its subject a line; states are left out.
    fn said(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(command) = self.acd.next_command() {
            match command {
                Command::Offer { call, operator, .. } => lines.push(format!("offer {} {operator}", call.as_u128())),
                Command::Withdraw { call, operator, .. } => {
                    lines.push(format!("withdraw {} {operator}", call.as_u128()));
                }
                Command::Status { call, status } => {
                    lines.push(format!("place {} {}", call.as_u128(), status.position));
                }
                Command::End { call, end } => lines.push(format!("end {} {end:?}", call.as_u128())),
                Command::OfferCallback { ticket, operator, .. } => {
                    lines.push(format!("offer ticket {} {operator}", ticket.as_u128()));
                }
                Command::Dial { ticket, operator } => lines.push(format!("dial {} {operator}", ticket.order.number)),
                Command::Keep(ticket) => lines.push(format!("keep {} {}", ticket.id().as_u128(), ticket.attempts)),
                Command::Close { ticket, outcome } => {
                    lines.push(format!("close {} {}", ticket.as_u128(), outcome.name()));
                }
                Command::State { .. } => {}
            }
        }
        lines
    }

    /// The places of these callers.
    fn places<const N: usize>(&self, calls: [u8; N]) -> [Option<u32>; N] {
        calls.map(|number| self.acd.status(self.now, call(number)).map(|status| status.position))
    }

    fn state(&self, name: &str) -> &OperatorState {
        self.acd.state(&id(name)).unwrap()
    }
}

#[test]
fn the_longest_idle_operator_gets_the_call_and_wraps_up_before_the_next() {
    let mut desk = Desk::staffed(policy("support"), &["anna", "boris"]);
    desk.enqueue(ticket(1, "support"));
    assert_eq!(desk.said(), ["offer 1 anna", "place 1 1"]);
    desk.accept(1, "anna");
    desk.enqueue(ticket(2, "support"));
    desk.accept(2, "boris");
    desk.enqueue(ticket(3, "support"));
    assert_eq!(desk.said(), ["offer 2 boris", "place 2 1", "place 3 1"]);
    desk.wait(60.0);
    desk.acd.talk_ended(desk.now, call(1));
    assert!(matches!(desk.state("anna"), OperatorState::WrapUp(_)));
    let status = desk.acd.status(desk.now, call(3)).unwrap();
    assert_eq!((status.position, status.samples), (1, 1), "the same place, and a finished call to estimate from");
    desk.wait(29.9);
    assert_eq!(desk.said(), [] as [&str; 0]);
    desk.wait(0.2);
    assert_eq!(desk.said(), ["offer 3 anna"]);
}

#[test]
fn an_operator_who_does_not_answer_is_paused_and_the_caller_keeps_the_place() {
    let mut desk = Desk::staffed(policy("support"), &["anna", "boris"]);
    desk.enqueue(ticket(1, "support"));
    desk.enqueue(ticket(2, "support"));
    desk.said();
    desk.wait(20.0);
    assert_eq!(desk.said(), ["withdraw 1 anna", "withdraw 2 boris"], "both rang out at the same instant");
    assert_eq!(*desk.state("anna"), OperatorState::Break(BreakReason::NoAnswer));
    desk.wait(1.0);
    desk.acd.ask_ready(desk.now, &id("boris"));
    assert_eq!(desk.said(), ["offer 1 boris"]);
}

#[test]
fn when_the_last_operator_is_gone_the_caller_is_told_after_a_short_grace() {
    let mut desk = Desk::staffed(policy("support"), &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.wait(20.0);
    desk.said();
    desk.wait(4.9);
    assert_eq!(desk.said(), [] as [&str; 0]);
    desk.wait(0.2);
    assert_eq!(desk.said(), ["end 1 Nobody"]);
}

#[test]
fn an_empty_office_a_full_queue_and_an_unknown_one_end_at_once() {
    let mut small = policy("support");
    small.max_waiting = 1;
    let mut desk = Desk::new(vec![small]);
    desk.enqueue(ticket(1, "support"));
    desk.enqueue(ticket(2, "nowhere"));
    assert_eq!(desk.said(), ["end 1 Nobody", "end 2 Nobody"]);
    desk.operator("anna", &["support"]);
    desk.enqueue(ticket(3, "support"));
    desk.enqueue(ticket(4, "support"));
    assert_eq!(desk.said(), ["offer 3 anna", "place 3 1", "end 4 Full"]);
}

#[test]
fn a_caller_who_hangs_up_stops_every_ringing_phone() {
    let mut all = policy("support");
    all.pick = Pick::RingAll;
    let mut desk = Desk::staffed(all, &["anna", "boris"]);
    desk.enqueue(ticket(1, "support"));
    assert_eq!(desk.said(), ["offer 1 anna", "offer 1 boris", "place 1 1"]);
    desk.acd.leave(desk.now, call(1));
    assert_eq!(desk.said(), ["withdraw 1 anna", "withdraw 1 boris"]);
    assert_eq!(*desk.state("anna"), OperatorState::Ready);
}

#[test]
fn with_all_phones_ringing_the_first_to_answer_wins() {
    let mut all = policy("support");
    all.pick = Pick::RingAll;
    let mut desk = Desk::staffed(all, &["anna", "boris"]);
    desk.enqueue(ticket(1, "support"));
    desk.said();
    desk.accept(1, "boris");
    assert_eq!(desk.said(), ["withdraw 1 anna"]);
    desk.accept(1, "anna");
    assert_eq!(*desk.state("anna"), OperatorState::Ready, "a late answer changes nothing");
}

#[test]
fn a_busy_phone_is_left_alone_for_a_moment_and_then_tried_again() {
    let mut desk = Desk::staffed(policy("support"), &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.said();
    desk.acd.offer_failed(desk.now, call(1), &id("anna"), OfferFailure::Busy);
    assert_eq!(desk.said(), [] as [&str; 0]);
    desk.wait(5.1);
    assert_eq!(desk.said(), ["offer 1 anna"]);
}

#[test]
fn overflow_adds_skills_after_its_time_without_losing_the_place() {
    let mut first = policy("support");
    first.overflow = vec![(seconds(60), vec!["second".into()])];
    let mut desk = Desk::staffed(first, &["anna"]);
    desk.operator("vera", &["second"]);
    desk.enqueue(ticket(1, "support"));
    desk.accept(1, "anna");
    desk.enqueue(ticket(2, "support"));
    desk.said();
    desk.wait(59.0);
    assert_eq!(desk.said(), [] as [&str; 0]);
    desk.wait(1.1);
    assert_eq!(desk.said(), ["offer 2 vera"]);
}

#[test]
fn the_own_language_is_preferred_for_a_time_and_then_anybody() {
    let mut queue = policy("support");
    queue.own_language_for = Some(seconds(60));
    let mut desk = Desk::staffed(queue, &["helen"]);
    desk.enqueue(ticket(1, "support"));
    assert_eq!(desk.said(), ["place 1 1"], "helen speaks English only");
    desk.wait(60.1);
    assert_eq!(desk.said(), ["offer 1 helen"]);
}

#[test]
fn a_phone_that_vanishes_while_it_rings_goes_to_the_next_operator() {
    let mut desk = Desk::staffed(policy("support"), &["anna", "boris"]);
    desk.enqueue(ticket(1, "support"));
    desk.said();
    desk.acd.unregistered(desk.now, &id("anna"));
    assert_eq!(desk.said(), ["withdraw 1 anna", "offer 1 boris"]);
}

#[test]
fn a_talk_that_breaks_down_returns_the_caller_to_the_front() {
    let mut desk = Desk::staffed(policy("support"), &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.accept(1, "anna");
    let mut vip = ticket(2, "support");
    vip.priority = 1000;
    desk.enqueue(vip);
    desk.said();
    desk.acd.requeue(desk.now, call(1));
    assert_eq!(desk.places([1, 2]), [Some(1), Some(2)]);
    desk.wait(30.1);
    assert_eq!(desk.said(), ["place 1 1", "offer 1 anna"]);
}

#[test]
fn a_talk_that_breaks_down_after_longer_than_anybody_may_wait_returns_the_caller_all_the_same() {
    let mut desk = Desk::staffed(policy("support"), &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.wait(10.0);
    desk.accept(1, "anna");
    desk.wait(1_300.0);
    desk.said();
    desk.acd.requeue(desk.now, call(1));
    desk.wait(30.1);
    assert_eq!(desk.said(), ["place 1 1", "offer 1 anna"]);
    desk.acd.offer_failed(desk.now, call(1), &id("anna"), OfferFailure::Busy);
    desk.wait(6.0);
    assert_eq!(desk.said(), ["offer 1 anna"]);
}

#[test]
fn wrap_up_can_be_ended_and_a_break_is_kept() {
    let mut desk = Desk::staffed(policy("support"), &["anna"]);
    desk.enqueue(ticket(1, "support"));
    desk.accept(1, "anna");
    desk.acd.talk_ended(desk.now, call(1));
    desk.acd.ask_ready(desk.now, &id("anna"));
    assert_eq!(*desk.state("anna"), OperatorState::Ready);
    desk.acd.ask_break(desk.now, &id("anna"));
    desk.acd.registered(desk.now, &id("anna"));
    assert_eq!(*desk.state("anna"), OperatorState::Break(BreakReason::Asked), "refreshing ends no break");
    desk.enqueue(ticket(2, "support"));
    assert_eq!(desk.said().last().map(String::as_str), Some("end 2 Nobody"));
}

#[test]
fn the_wait_is_unknown_until_five_calls_are_finished_and_two_operators_are_there() {
    let mut desk = Desk::staffed(policy("support"), &["anna", "boris"]);
    for number in 0..5 {
        desk.enqueue(ticket(number, "support"));
        let taken =
            ["anna", "boris"].into_iter().find(|name| desk.state(name) == &OperatorState::Reserved(call(number)));
        desk.accept(number, taken.unwrap());
        desk.wait(60.0);
        desk.acd.talk_ended(desk.now, call(number));
        desk.wait(31.0);
    }
    desk.acd.ask_break(desk.now, &id("boris"));
    desk.enqueue(ticket(10, "support"));
    desk.enqueue(ticket(11, "support"));
    let status = |desk: &Desk, number| desk.acd.status(desk.now, call(number)).unwrap();
    assert!([10, 11].iter().all(|number| status(&desk, *number).wait.is_none()), "one operator: nobody can know");
    desk.acd.ask_ready(desk.now, &id("boris"));
    desk.enqueue(ticket(12, "support"));
    let last = status(&desk, 12);
    assert_eq!((last.position, last.samples), (3, 5));
    let wait = last.wait.unwrap();
    assert!(wait > seconds(60) && wait < seconds(300), "{wait:?}");
    let to_come = desk.acd.wait_to_come(desk.now, &"support".into()).unwrap();
    assert!(to_come > wait, "{to_come:?}: one more in front");
}

#[test]
fn a_new_day_begins_the_count_of_calls_anew() {
    let mut fewest = policy("support");
    fewest.pick = Pick::FewestCalls;
    let mut desk = Desk::staffed(fewest, &["anna"]);
    for number in 1..=2 {
        desk.enqueue(ticket(number, "support"));
        desk.accept(number, "anna");
        desk.acd.talk_ended(desk.now, call(number));
        desk.wait(40.0);
    }
    desk.operator("boris", &["support"]);
    desk.said();
    desk.enqueue(ticket(3, "support"));
    assert_eq!(desk.said()[0], "offer 3 boris", "who took none yet");
    desk.acd.leave(desk.now, call(3));
    desk.wait(24.0 * 3_600.0);
    desk.said();
    desk.enqueue(ticket(4, "support"));
    assert_eq!(desk.said()[0], "offer 4 anna", "yesterday's calls do not count, and she is idle for longer");
}

#[derive(Debug, Clone)]
enum Happening {
    Enter { priority: u32 },
    Leave(u8),
    Answer(u8),
    Miss(u8),
    End(u8),
    Wait(u8),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => (0..100_u32).prop_map(|priority| Happening::Enter { priority }),
        1 => any::<u8>().prop_map(Happening::Leave),
        4 => any::<u8>().prop_map(Happening::Answer),
        1 => any::<u8>().prop_map(Happening::Miss),
        3 => any::<u8>().prop_map(Happening::End),
        3 => any::<u8>().prop_map(Happening::Wait),
    ]
}

proptest! {
    /// Whatever happens: a free operator never idles while somebody waits, each offer goes to the best score among
    /// those not yet ringing, nobody is served twice, nobody is lost.
    #[test]
    fn callers_are_served_strictly_by_score(happenings in prop::collection::vec(happening(), 1..120)) {
        let mut desk = Desk::new(vec![policy("support")]);
        for name in ["anna", "boris", "vera"] {
            desk.operator(name, &["support"]);
        }
        // call -> its score's key: the lower, the earlier served
        let mut queued: BTreeMap<u8, i128> = BTreeMap::new();
        let mut ringing: BTreeMap<u8, OperatorId> = BTreeMap::new();
        let mut talking: Vec<u8> = Vec::new();
        let mut next = 0_u8;
        for happening in happenings {
            let pick = |calls: &[u8], at: u8| calls.get(usize::from(at) % calls.len().max(1)).copied();
            let rung: Vec<u8> = ringing.keys().copied().collect();
            match happening {
                Happening::Enter { priority } => {
                    if next == u8::MAX { continue; }
                    next += 1;
                    let key = i128::from(desk.now.instant.as_nanos()) - i128::from(priority) * 1_000_000_000;
                    queued.insert(next, key);
                    desk.enqueue(Ticket { priority, ..ticket(next, "support") });
                }
                Happening::Leave(at) => {
                    let waiting: Vec<u8> = queued.keys().chain(ringing.keys()).copied().collect();
                    if let Some(number) = pick(&waiting, at) {
                        queued.remove(&number);
                        ringing.remove(&number);
                        desk.acd.leave(desk.now, call(number));
                    }
                }
                Happening::Answer(at) => if let Some(number) = pick(&rung, at) {
                    let operator = ringing.remove(&number).unwrap();
                    talking.push(number);
                    desk.acd.accepted(desk.now, call(number), &operator);
                },
                Happening::Miss(at) => if let Some(number) = pick(&rung, at) {
                    let operator = ringing.remove(&number).unwrap();
                    queued.insert(number, i128::MIN);
                    desk.acd.offer_failed(desk.now, call(number), &operator, OfferFailure::Rejected);
                },
                Happening::End(at) => if let Some(number) = pick(&talking, at) {
                    talking.retain(|other| *other != number);
                    desk.acd.talk_ended(desk.now, call(number));
                },
                Happening::Wait(length) => desk.wait(f64::from(length) / 16.0),
            }
            while let Some(command) = desk.acd.next_command() {
                match command {
                    Command::Offer { call, operator, .. } => {
                        let number = u8::try_from(call.as_u128()).unwrap();
                        let key = queued.remove(&number).expect("only who waits is offered");
                        prop_assert!(queued.values().all(|other| *other >= key || *other == i128::MIN || key == i128::MIN));
                        prop_assert!(ringing.values().all(|other| *other != operator));
                        ringing.insert(number, operator);
                    }
                    Command::Withdraw { call, .. } => {
                        let number = u8::try_from(call.as_u128()).unwrap();
                        if ringing.remove(&number).is_some() {
                            queued.insert(number, i128::MIN);
                        }
                    }
                    Command::End { call, .. } => {
                        let number = u8::try_from(call.as_u128()).unwrap();
                        queued.remove(&number);
                    }
                    Command::OfferCallback { .. } | Command::Dial { .. } | Command::Keep(_) | Command::Close { .. } => {
                        prop_assert!(false, "nobody ordered a callback");
                    }
                    Command::Status { .. } | Command::State { .. } => {}
                }
            }
            plain::assert_listed(&desk.acd, desk.now);
            let idle = desk.acd.operators.values().any(|operator| operator.is_free(desk.now.instant));
            prop_assert!(!idle || queued.is_empty(), "an operator is free and somebody waits");
            prop_assert_eq!(desk.acd.waiting(), queued.len() + ringing.len());
            let talks = desk.acd.operators.values().filter(|operator| matches!(operator.state, OperatorState::Talking(_)));
            prop_assert_eq!(talks.count(), talking.len());
        }
    }
}
