use super::*;
use crate::voip::sip::{ConnectionId, Transport};
use jiff::Timestamp;

fn now(seconds: u64) -> Now {
    let start = Now { instant: Instant::from_millis(1_000), wall: Timestamp::UNIX_EPOCH };
    start.after(Duration::from_secs(seconds))
}

fn udp(last: u8) -> Peer {
    Peer::udp(([203, 0, 113, last], 5060).into())
}

fn tcp(last: u8) -> Peer {
    Peer { transport: Transport::Tcp, connection: Some(ConnectionId(7)), ..udp(last) }
}

fn guard() -> Guard {
    Guard::new(GuardRules::default(), Trunks::by(|ip| ip == IpAddr::from([203, 0, 113, 200])))
}

/// Somebody does something so many times at once.
fn does(guard: &mut Guard, at: Now, who: Peer, deed: Deed, times: usize) {
    (0..times).for_each(|_| guard.saw(at, who, deed, false));
}

fn hears(guard: &mut Guard, at: u64, who: Peer) -> bool {
    guard.hears(now(at).instant, who, false)
}

#[test]
fn a_scanner_is_answered_slowly_and_then_not_at_all_for_a_time_that_doubles() {
    let mut guard = guard();
    does(&mut guard, now(0), tcp(1), Deed::Noted(Note::Tool), 1);
    assert!(hears(&mut guard, 0, tcp(1)) && guard.is_slow(now(0).instant, tcp(1), false));
    does(&mut guard, now(0), tcp(1), Deed::Noted(Note::Tool), 2);
    assert!(!hears(&mut guard, 0, tcp(1)) && !hears(&mut guard, 59, tcp(1)) && !hears(&mut guard, 30, udp(1)));
    assert!(hears(&mut guard, 60, tcp(1)), "a minute");
    does(&mut guard, now(60), tcp(1), Deed::Noted(Note::Tool), 3);
    assert!(!hears(&mut guard, 179, tcp(1)) && hears(&mut guard, 180, tcp(1)), "two minutes");
    assert!(hears(&mut guard, 0, tcp(2)), "others are heard");
}

#[test]
fn what_comes_by_datagrams_silences_datagrams_alone_and_never_for_long() {
    let mut guard = guard();
    for round in 0..12 {
        does(&mut guard, now(round * 700), udp(1), Deed::UnknownNumber, 10);
        assert!(!hears(&mut guard, round * 700, udp(1)), "{round}");
        assert!(hears(&mut guard, round * 700, tcp(1)), "a connection proves its address");
        assert!(hears(&mut guard, round * 700 + 600, udp(1)), "ten minutes at most: {round}");
    }
}

#[test]
fn a_flood_in_the_name_of_a_trunk_a_phone_or_a_caller_bans_none_of_them() {
    let mut guard = guard();
    let (trunk, phone, caller) = (udp(200), udp(2), udp(3));
    guard.set_phones(&OperatorId::new("anna"), vec![phone.addr]);
    for _ in 0..5_000 {
        guard.saw(now(0), trunk, Deed::Noted(Note::Tool), false);
        guard.saw(now(0), phone, Deed::Noted(Note::Tool), false);
        guard.saw(now(0), caller, Deed::Noted(Note::Tool), true);
    }
    assert!(hears(&mut guard, 0, trunk) && hears(&mut guard, 0, phone));
    assert!(guard.hears(now(0).instant, caller, true));
    assert_eq!(guard.counters.bans, 0);
    assert!(guard.suspects.iter().all(|(_, suspect)| suspect.points <= 0.0), "nobody is blamed");
    guard.set_phones(&OperatorId::new("anna"), Vec::new());
    assert!(guard.homes.is_empty() && guard.phones.is_empty());
}

#[test]
fn who_was_banned_and_calls_over_a_connection_is_heard_again_by_datagrams_too() {
    let mut guard = guard();
    does(&mut guard, now(0), udp(1), Deed::Noted(Note::Tool), 3);
    assert!(!hears(&mut guard, 0, udp(1)));
    assert!(guard.hears(now(0).instant, udp(1), true));
}

#[test]
fn ordinary_mistakes_are_forgotten() {
    let mut guard = guard();
    for minute in 0..60 {
        does(&mut guard, now(60 * minute), udp(1), Deed::Noted(Note::Malformed), 3);
        does(&mut guard, now(60 * minute), udp(1), Deed::Noted(Note::Options), 20);
        assert!(hears(&mut guard, 60 * minute, udp(1)), "{minute}");
    }
    assert_eq!(guard.counters.bans, 0);
}

#[test]
fn one_wrong_password_again_and_again_costs_the_account_and_not_the_house() {
    let mut guard = guard();
    let name = NameKey::of("boris");
    let boris = OperatorId::new("boris");
    let mut looked_at = 0;
    for second in (0..3_600).step_by(30) {
        if guard.may_log_in(now(second).instant, name, &boris, udp(1)) {
            looked_at += 1;
            guard.saw(now(second), udp(1), Deed::Denied(name), false);
            guard.denied(now(second).instant, name, udp(1));
        }
        assert!(hears(&mut guard, second, udp(1)), "{second}");
    }
    assert!((20..=60).contains(&looked_at), "{looked_at} of 120");
    let anna = OperatorId::new("anna");
    assert!(guard.may_log_in(now(3_600).instant, NameKey::of("anna"), &anna, udp(1)));
}

#[test]
fn many_names_with_wrong_passwords_are_a_scan_whether_they_exist_or_not() {
    let mut guard = guard();
    let names = ["100", "101", "102", "103", "104", "105", "106", "107", "108"];
    for name in names {
        guard.saw(now(0), tcp(1), Deed::Denied(NameKey::of(name)), false);
    }
    assert!(!hears(&mut guard, 0, tcp(1)));
}

#[test]
fn an_office_whose_phones_all_come_back_at_once_is_heard() {
    let mut guard = guard();
    does(&mut guard, now(0), udp(1), Deed::Challenged, 100);
    assert!(hears(&mut guard, 0, udp(1)));
    guard.knows_a_password(Instant::ZERO, udp(1), NameKey::of("anna"));
    does(&mut guard, now(0), udp(1), Deed::Challenged, 100);
    assert!(hears(&mut guard, 0, udp(1)));
    does(&mut guard, now(0), udp(1), Deed::Challenged, 100);
    assert!(!hears(&mut guard, 0, udp(1)), "and who only asks is not");
}

#[test]
fn guessing_at_an_account_from_everywhere_does_not_shut_its_phone_out() {
    let mut guard = guard();
    let (name, anna) = (NameKey::of("anna"), OperatorId::new("anna"));
    guard.set_phones(&anna, vec![udp(9).addr]);
    for last in 0..200 {
        guard.denied(now(1).instant, name, udp(last));
    }
    assert!(!guard.may_log_in(now(1).instant, name, &anna, udp(50)), "a stranger");
    assert!(guard.may_log_in(now(1).instant, name, &anna, udp(9)), "the phone");
    let other_port = Peer::udp(([203, 0, 113, 9], 6000).into());
    assert!(guard.may_log_in(now(1).instant, name, &anna, other_port), "another phone in the house");
    (0..20).for_each(|_| {
        guard.denied(now(1).instant, name, other_port);
    });
    assert!(!guard.may_log_in(now(1).instant, name, &anna, other_port), "that guesses");
    assert!(guard.may_log_in(now(1).instant, name, &anna, udp(9)), "the phone");
}

#[test]
fn a_source_that_sends_more_than_may_come_is_heard_in_part_and_then_not() {
    let mut guard = Guard::new(GuardRules { per_second: 10, ..GuardRules::default() }, Trunks::by(|_| false));
    let heard = (0..1_000).filter(|_| hears(&mut guard, 0, udp(1))).count();
    assert_eq!(heard, 20);
    does(&mut guard, now(0), udp(1), Deed::Flood, 1);
    assert!(!guard.hears(now(30).instant, udp(1), false), "banned");
    assert!(hears(&mut guard, 0, udp(2)));
}

#[test]
fn a_source_in_a_call_may_send_much_and_not_without_end_and_is_not_blamed() {
    let mut guard = Guard::new(GuardRules { per_second: 10, ..GuardRules::default() }, Trunks::by(|_| false));
    let heard = (0..1_000).filter(|_| guard.hears(now(0).instant, udp(1), true)).count();
    assert_eq!(heard, 400);
    assert_eq!((0..1_000).filter(|_| guard.hears(now(1).instant, udp(1), true)).count(), 200);
    assert!(hears(&mut guard, 1, udp(1)), "when the call is over it is like anybody");
}

#[test]
fn every_table_has_its_bound_whatever_addresses_are_invented() {
    let mut guard = guard();
    for number in 0..100_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let who = Peer::udp(([10 + a, b, c, 1], 5060).into());
        guard.hears(now(0).instant, who, false);
        does(&mut guard, now(0), who, Deed::Noted(Note::Tool), 3);
        guard.denied(now(0).instant, NameKey::of(&number.to_string()), who);
    }
    assert!(guard.suspects.len() <= SUSPECTS && guard.bans.len() <= bans::MOST);
    assert!(guard.fresh.len() <= 11, "the store is not flooded");
    guard.bans.forget(now(100_000).instant);
    assert_eq!(guard.bans.len(), 0);
}

#[test]
fn answers_that_wait_are_bounded_and_keep_their_order() {
    use crate::voip::sip::endpoint::Command;
    let mut slow = Slow::default();
    let answer = |number: u32| Command::Send { to: udp(1), bytes: number.to_string().into_bytes().into() };
    let held = (0..100).filter(|number| slow.hold(now(0).instant, udp(1).source(), answer(*number))).count();
    assert_eq!(held, slow::MOST_PER_SOURCE as usize);
    let all = (0..4_000_u32).filter(|number| {
        let [_, _, a, b] = number.to_be_bytes();
        slow.hold(now(1).instant, Source::v4([10, 0, a, b].into()), answer(*number))
    });
    assert_eq!(all.count(), slow::MOST - held);
    assert_eq!(slow.next(now(1).instant), None);
    assert_eq!(slow.next(now(2).instant), Some(answer(0)));
    assert_eq!(slow.due(), Some(now(0).instant + slow::DELAY));
    while slow.next(now(9).instant).is_some() {}
    assert_eq!(slow.due(), None);
}

#[test]
fn a_ban_that_somebody_typed_spares_nobody_and_one_that_was_lifted_is_gone() {
    let mut guard = guard();
    let typed = Ban {
        network: "203.0.113.0/24".parse().expect("a network"),
        scope: Scope::Everything,
        until: None,
        by_hand: true,
        reason: "by hand".into(),
        times: 1,
    };
    does(&mut guard, now(0), udp(7), Deed::Noted(Note::Tool), 3);
    guard.bans.replace(now(0), std::slice::from_ref(&typed));
    assert!(!hears(&mut guard, 0, tcp(1)) && !hears(&mut guard, 0, udp(200)), "a trunk too");
    guard.bans.replace(now(1), &[]);
    assert!(hears(&mut guard, 1, tcp(1)));
    assert!(!hears(&mut guard, 1, udp(7)), "a ban that the store has not seen yet stays");
}
