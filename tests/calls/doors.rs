//! Who is let in and where to: numbers, nights, holidays, switches, limits, draining.

use super::script::{Conversation, check, expand};
use super::stage::{Stage, config};
use hotline::model::{CallEvent, Cause, PhoneNumber};
use std::time::Duration;

const CLOSED: &str = "closed opt_block_now/1 opt_message/2 opt_money/3";

#[test]
fn at_night_and_on_holidays_no_operator_is_promised_but_a_card_can_be_blocked() {
    for (wall, open) in [
        ("2026-03-02T07:59:00+03:00", false),
        ("2026-03-02T08:00:30+03:00", true),
        ("2026-03-02T21:58:00+03:00", true),
        ("2026-03-02T22:00:00+03:00", false),
        ("2026-03-07T08:30:00+03:00", false),
        ("2026-03-07T09:00:30+03:00", true),
        ("2026-12-31T15:58:00+03:00", true),
        ("2026-12-31T16:00:00+03:00", false),
        ("2027-01-04T12:00:00+03:00", false),
        ("2027-05-09T12:00:00+03:00", false),
    ] {
        let mut stage = Stage::at(wall);
        let caller = stage.caller();
        stage.run_for(100);
        stage.take_heard(caller);
        stage.press(caller, "0");
        stage.listen();
        let expected = expand(if open { "{nobody}" } else { CLOSED });
        assert_eq!(stage.take_phrases(caller, "ru"), expected, "{wall}");
        if !open {
            Conversation { stage: &mut stage, caller, lang: "ru", hasty: false }.run(
                "1
                > lost_intro ask_last4
                4321
                > {reason}
                1
                > confirm_block confirm
                1
                > card_blocked {after_block}",
            );
        }
        stage.hang_up(caller);
        stage.assert_all_let_go(wall);
    }
}

#[test]
fn the_premium_line_says_at_night_that_nobody_is_there_and_what_can_be_done() {
    let mut stage = Stage::at("2026-03-02T03:00:00+03:00");
    let caller = stage.phone("+79161234567");
    stage.dial(caller, "+74957654321");
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), format!("greeting record_notice {CLOSED}"));
    stage.hang_up(caller);
    stage.assert_all_let_go("premium at night");
}

#[test]
fn whoever_asks_again_for_an_operator_at_night_is_not_kept_in_a_circle() {
    check(
        &mut Stage::at("2026-03-02T03:00:00+03:00"),
        "> greeting other_language record_notice {main} nav_hint
        0
        > closed opt_block_now/1 opt_message/2 opt_money/3
        0
        > closed opt_block_now/1 opt_message/2
        0
        > goodbye
        ends menu_ended",
    );
}

#[test]
fn a_message_is_kept_only_when_something_was_said() {
    let stored = |event: &CallEvent| match event {
        CallEvent::MessageLeft { mailbox, .. } => Some(mailbox.to_string()),
        _ => None,
    };
    let mut stage = Stage::at("2026-03-02T03:00:00+03:00");
    check(&mut stage, "wait 500\n0\nwait 500\n2\nwait 12000\nwait 3000\n#\nwait 8000\nends menu_ended");
    assert_eq!(stage.events(stored), ["support"]);
}

#[test]
fn a_switch_is_heard_from_the_moment_it_is_turned() {
    let mut stage = Stage::new();
    stage.with_exchange(|exchange, _| exchange.set_switches([("card_outage".into(), true)]));
    check(&mut stage, "> greeting other_language record_notice notice_card_outage {main} nav_hint");
    stage.with_exchange(|exchange, _| exchange.set_switches([("card_outage".into(), false)]));
    let caller = stage.caller();
    stage.listen();
    assert!(!stage.all_phrases(caller, "ru").contains("notice_card_outage"));
}

#[test]
fn a_blocked_number_goes_to_an_operator_at_once() {
    let mut config = config();
    config.blocked_numbers = vec![PhoneNumber::parse("+79161234567").unwrap()];
    let mut stage = Stage::configured(config);
    check(&mut stage, "> greeting other_language record_notice {nobody}\nqueue support");
}

#[test]
fn the_called_number_chooses_the_line() {
    for (called, heard) in [
        ("+74951234567", "greeting other_language record_notice {main} nav_hint"),
        ("88001234567", "greeting other_language record_notice {main} nav_hint"),
        ("main", "greeting other_language record_notice {main} nav_hint"),
        ("+74957654321", "greeting record_notice {nobody}"),
    ] {
        let mut stage = Stage::new();
        let caller = stage.phone("+79161234567");
        stage.dial(caller, called);
        stage.listen();
        assert_eq!(stage.take_phrases(caller, "ru"), expand(heard), "{called}");
        stage.hang_up(caller);
        stage.assert_all_let_go(called);
    }
}

#[test]
fn a_number_nobody_knows_is_not_found_unless_there_is_a_default_line() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    stage.dial(caller, "+70000000000");
    assert_eq!(stage.phones[caller].count("404 INVITE"), 1);
    assert!(stage.records.is_empty());
    stage.assert_all_let_go("404");
    let mut config = config();
    config.default_line = Some("main".into());
    let mut stage = Stage::configured(config);
    let caller = stage.phone("+79161234567");
    stage.dial(caller, "+70000000000");
    assert_eq!(stage.phones[caller].count("200 INVITE"), 1);
    stage.hang_up(caller);
    stage.assert_all_let_go("the default line");
}

/// Makes the limits of a configuration narrow.
type Limit = fn(&mut hotline::exchange::ExchangeConfig);

#[test]
fn calls_past_the_limits_are_asked_to_come_later() {
    // Of the calls that may come at once, some are kept for phones and trunks that are known.
    let limits: [(Limit, usize); 2] = [(|config| config.calls = 2, 2), (|config| config.calls_per_second = 1, 1)];
    for (limit, admitted) in limits {
        let mut config = config();
        limit(&mut config);
        let mut stage = Stage::configured(config);
        let callers = [stage.caller(), stage.caller(), stage.caller()];
        let refused = stage.phones[callers[2]].last("503 INVITE").unwrap();
        assert!(refused.get("retry-after").parse::<u32>().unwrap() >= 1);
        assert_eq!(stage.exchange.calls(), admitted);
        stage.hang_up(callers[0]);
        stage.run_for(2_000);
        let later = stage.caller();
        assert_eq!(stage.phones[later].count("200 INVITE"), 1, "a place is free again");
        for caller in callers[1..admitted].iter().chain([&later]) {
            stage.hang_up(*caller);
        }
        stage.assert_all_let_go("limits");
    }
}

#[test]
fn a_call_without_ports_is_refused() {
    let mut stage = Stage::new();
    stage.has_ports = false;
    let caller = stage.caller();
    assert_eq!(stage.phones[caller].count("503 INVITE"), 1);
    assert_eq!(stage.causes(), [Cause::Refused(503)]);
    stage.assert_all_let_go("no ports");
    let (_, closing) = *stage.exchange.tables().iter().find(|(name, _)| *name == "streams that close").unwrap();
    assert_eq!(closing, 0, "nobody will tell the end of what never was");
}

#[test]
fn draining_refuses_new_calls_and_ends_those_that_stand_at_the_limit() {
    let mut stage = Stage::new();
    let [one, two] = [stage.caller(), stage.caller()];
    stage.with_exchange(|exchange, now| exchange.drain(now, Duration::from_secs(60)));
    let late = stage.caller();
    assert_eq!(stage.phones[late].count("503 INVITE"), 1);
    stage.run_for(10_000);
    assert_eq!(stage.exchange.calls(), 2, "calls in progress go on");
    stage.hang_up(one);
    stage.run_for(51_000);
    assert_eq!(stage.phones[two].count("BYE"), 1);
    assert_eq!(stage.causes(), [Cause::CallerHungUp, Cause::Draining]);
    stage.assert_all_let_go("drained");
}

#[test]
fn a_call_does_not_last_for_ever() {
    let mut config = config();
    config.call_length = Duration::from_secs(600);
    let mut stage = Stage::configured(config);
    stage.operators(&["anna:support:ru"]);
    let caller = stage.caller();
    stage.press(caller, "0");
    stage.run_for(601_000);
    assert_eq!(stage.causes(), [Cause::TooLong]);
    assert_eq!(stage.phones[caller].count("BYE"), 1);
    stage.assert_all_let_go("too long");
}
