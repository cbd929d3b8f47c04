//! Whole calls over real sockets, made and taken by a second implementation of SIP (`tests/phone`). What a caller hears
//! is compared octet by octet with the recordings.
//!
//! Each test has a server, ports and data of its own, so they run side by side.

mod phone;

use phone::digest::Algorithm;
use phone::sdp::UNKNOWN_CODEC;
use phone::server::Plan;
use phone::{Server, Telephone, now};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

const MOBILE: &str = "+79161234567";
const HOTLINE: &str = "88001234567";
const PASSWORD: &str = "korrekt-horse-7";

const GREETING: [&str; 4] = ["ru/greeting.1", "ru/say/bank.name.fin", "ru/other_language", "ru/record_notice"];
const BALANCE: [&str; 14] = [
    "ru/code_ok",
    "ru/balance.1",
    "ru/say/n.m.4.mid",
    "ru/say/n.m.3.mid",
    "ru/say/n.m.2.mid",
    "ru/say/n.m.1.fin",
    "ru/balance.2",
    "ru/say/n.m.15.mid",
    "ru/say/s.th.5.mid",
    "ru/say/h.200.mid",
    "ru/say/n.m.30.mid",
    "ru/say/c.rub.5.mid",
    "ru/say/n.m.50.mid",
    "ru/say/c.kop.5.fin",
];
const BALANCE_IN_ENGLISH: [&str; 17] = [
    "en/code_ok",
    "en/balance.1",
    "en/say/n.4.mid",
    "en/say/n.3.mid",
    "en/say/n.2.mid",
    "en/say/n.1.fin",
    "en/balance.2",
    "en/say/n.15.mid",
    "en/say/s.thousand.mid",
    "en/say/n.2.mid",
    "en/say/s.hundred.mid",
    "en/say/and.mid",
    "en/say/n.30.mid",
    "en/say/c.rub.2.mid",
    "en/say/and.mid",
    "en/say/n.50.mid",
    "en/say/c.rub.m2.fin",
];

fn with_anna() -> Plan {
    Server::plan().operator("anna", "support,fraud", "ru,en", PASSWORD)
}

/// Anna's phone, registered, and a caller who asked for an operator; her phone rings.
fn anna_is_rung(server: &Server) -> (Telephone, Telephone) {
    let mut anna = Telephone::udp(server.address(), "anna");
    assert_eq!(anna.registers(PASSWORD, Algorithm::Sha256), 200);
    let mut caller = Telephone::udp(server.address(), MOBILE);
    caller.calls(HOTLINE);
    caller.hears(&GREETING[..1]);
    caller.presses("0");
    anna.is_rung();
    (caller, anna)
}

/// Both hear what the other says, as it was said.
fn both_hear_each_other(caller: &Telephone, anna: &Telephone) {
    caller.says(1);
    anna.says(2);
    caller.hears_voice(2);
    anna.hears_voice(1);
}

#[test]
fn the_balance_is_heard_in_russian_frame_by_frame() {
    let server = Server::plan().start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    caller.calls(HOTLINE);
    caller.hears(&GREETING);
    caller.hears(&["ru/opt_lost:1000"]);
    caller.presses("2");
    caller.hears(&["ru/opt_balance", "ru/press.1"]);
    caller.presses("1");
    caller.hears(&["ru/ask_last4:1000"]);
    caller.presses("4321");
    caller.hears(&["ru/ask_code:1000"]);
    caller.presses("9876#");
    caller.hears(&BALANCE);
    caller.hears(&["ru/opt_main", "ru/press.1"]);
    caller.presses("2");
    caller.hears(&["ru/goodbye"]);
    caller.is_hung_up_on();
    let log = server.log();
    let said: String = log.lines().map(without_chance).collect();
    assert!(said.contains("phrase=balance"), "the log is read: {log}");
    assert!(!said.contains("9876") && !said.contains("4321"), "digits of a secret or a card are in the log:\n{log}");
}

/// A line of the log without its time and the call's number, in which any four digits come up by chance.
fn without_chance(line: &str) -> String {
    let chance = |word: &&str| !word.ends_with('Z') && !word.starts_with("call=");
    line.split_whitespace().filter(chance).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_balance_is_heard_in_english_frame_by_frame() {
    let server = Server::plan().start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    caller.calls(HOTLINE);
    caller.hears(&["ru/opt_lost:500"]);
    caller.presses("9");
    caller.hears(&["en/opt_lost", "en/press.1"]);
    caller.presses("2");
    caller.hears(&["en/opt_balance", "en/press.1"]);
    caller.presses("1");
    caller.hears(&["en/ask_last4:1000"]);
    caller.presses("4321");
    caller.hears(&["en/ask_code:1000"]);
    caller.presses("9876#");
    caller.hears(&BALANCE_IN_ENGLISH);
    caller.hangs_up();
}

#[test]
fn over_tcp_keys_pressed_ahead_lead_to_the_balance() {
    let server = Server::plan().start();
    let mut caller = Telephone::tcp(server.address(), MOBILE);
    caller.calls(HOTLINE);
    caller.hears(&GREETING[..2]);
    caller.presses("2143219876#");
    caller.hears(&BALANCE);
    caller.hangs_up();
}

#[test]
fn a_card_is_blocked_once_and_the_next_call_is_told_so() {
    let server = Server::plan().start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    caller.calls(HOTLINE);
    caller.hears(&GREETING[..1]);
    caller.presses("1");
    caller.hears(&["ru/lost_intro", "ru/ask_last4:1000"]);
    caller.presses("4321");
    caller.hears(&["ru/ask_reason", "ru/reason_lost:500"]);
    caller.presses("1");
    caller.hears(&["ru/confirm_block.1", "ru/say/n.m.4.mid", "ru/say/n.m.3.mid", "ru/say/n.m.2.mid"]);
    caller.hears(&["ru/say/n.m.1.fin", "ru/confirm_block.2", "ru/confirm:500"]);
    caller.presses("1");
    caller.hears(&["ru/card_blocked.1"]);
    let ticket = hears_digits(&mut caller);
    assert!(ticket.len() >= 5, "the number of the request is {ticket}");
    caller.hangs_up();

    caller.calls(HOTLINE);
    caller.hears(&GREETING[..1]);
    caller.presses("143211");
    caller.hears(&["ru/confirm:500"]);
    caller.presses("1");
    caller.hears(&["ru/card_already_blocked"]);
    caller.hangs_up();

    let report = server.reports(&["calls"]);
    assert!(report.contains("already_blocked"), "the report does not tell of the block:\n{report}");
}

/// Digits said one by one in Russian; the last of them has the falling voice.
fn hears_digits(caller: &mut Telephone) -> String {
    let clips: Vec<String> = ["mid", "fin"]
        .into_iter()
        .flat_map(|variant| (0..10).map(move |digit| format!("ru/say/n.m.{digit}.{variant}")))
        .collect();
    let clips: Vec<&str> = clips.iter().map(String::as_str).collect();
    let mut digits = String::new();
    loop {
        let which = caller.hears_one_of(&clips);
        digits += &(which % 10).to_string();
        if which >= 10 {
            return digits;
        }
    }
}

#[test]
fn an_operator_is_rung_and_talks_with_the_caller_until_the_operator_hangs_up() {
    let server = with_anna().start();
    let (mut caller, mut anna) = anna_is_rung(&server);
    anna.picks_up();
    both_hear_each_other(&caller, &anna);
    anna.hangs_up();
    caller.hears(&["ru/survey_score"]);
    caller.presses("5");
    caller.hears(&["ru/survey_solved"]);
    caller.presses("1");
    caller.hears(&["ru/survey_thanks"]);
    caller.is_hung_up_on();
}

#[test]
fn the_caller_hangs_up_on_the_operator() {
    let server = with_anna().start();
    let (mut caller, mut anna) = anna_is_rung(&server);
    anna.picks_up();
    both_hear_each_other(&caller, &anna);
    caller.hangs_up();
    anna.is_hung_up_on();
}

#[test]
fn a_caller_who_hangs_up_stops_the_ringing() {
    let server = with_anna().start();
    let (mut caller, mut anna) = anna_is_rung(&server);
    caller.hangs_up();
    anna.stops_ringing();
}

#[test]
fn a_caller_holds_the_greeting_and_hears_the_rest_after_resuming() {
    let server = Server::plan().start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    caller.calls(HOTLINE);
    caller.sound().wait_for(60, phone::now() + Duration::from_secs(5));
    assert_eq!(caller.holds(), "recvonly", "the answer to a hold");
    // What was on its way when the hold was agreed on may still come.
    caller.sound().packets_in(Duration::from_millis(100));
    assert_eq!(caller.sound().packets_in(Duration::from_millis(1_500)), 0, "packets during a hold");
    caller.resumes();
    caller.hears(&GREETING);
    caller.hears(&["ru/opt_lost", "ru/press.1"]);
    caller.hangs_up();
}

#[test]
fn an_operator_holds_and_the_caller_hears_music_until_both_talk_again() {
    let server = with_anna().start();
    let (mut caller, mut anna) = anna_is_rung(&server);
    anna.picks_up();
    both_hear_each_other(&caller, &anna);
    assert_eq!(anna.holds(), "recvonly", "the answer to a hold");
    caller.hears_part("common/hold_music", Duration::from_millis(1_500));
    anna.resumes();
    both_hear_each_other(&caller, &anna);
    anna.hangs_up();
    caller.hears(&["ru/survey_score"]);
    caller.hangs_up();
}

#[test]
fn a_call_cancelled_at_once_leaves_nothing_behind() {
    let server = Server::plan().start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    for _ in 0..5 {
        caller.calls_and_cancels(HOTLINE);
    }
    caller.calls(HOTLINE);
    caller.hears(&GREETING[..2]);
    caller.hangs_up();
}

#[test]
fn an_offer_without_a_common_codec_is_refused() {
    let server = Server::plan().start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    assert_eq!(caller.invites(HOTLINE, UNKNOWN_CODEC).status_code.code(), 488);
    caller.calls(HOTLINE);
    caller.hangs_up();
}

#[test]
fn operators_log_in_by_either_digest_and_not_without_their_password() {
    let server = with_anna().start();
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        assert_eq!(Telephone::udp(server.address(), "anna").registers(PASSWORD, algorithm), 200, "{algorithm:?}");
        assert_eq!(Telephone::tcp(server.address(), "anna").registers(PASSWORD, algorithm), 200, "{algorithm:?}");
        for (who, password) in [("anna", "guess"), ("boris", PASSWORD)] {
            let code = Telephone::udp(server.address(), who).registers(password, algorithm);
            assert!(matches!(code, 401 | 403), "{who} with {password} by {algorithm:?}: {code}");
        }
    }
    let log = server.log();
    assert!(!log.contains(PASSWORD) && !log.contains("response="), "a password or its proof is in the log:\n{log}");
}

#[test]
fn a_number_of_no_line_is_not_found_without_a_default_line() {
    let server = Server::plan().with("default_line: null").start();
    let mut caller = Telephone::udp(server.address(), MOBILE);
    assert_eq!(caller.invites("74990000000", phone::sdp::ALAW_AND_KEYS).status_code.code(), 404);
    caller.calls(HOTLINE);
    caller.hears(&GREETING[..1]);
    caller.hangs_up();
}

#[test]
fn a_changed_recording_is_heard_by_the_next_call() {
    let folder = tempfile::tempdir().unwrap();
    let prompts = folder.path().join("prompts");
    assert!(Command::new("cp").args(["-r", "prompts"]).arg(&prompts).status().unwrap().success());
    let server = Server::plan().prompts(prompts.clone()).start();
    let mut before = Telephone::udp(server.address(), MOBILE);
    before.calls(HOTLINE);
    before.hears(&GREETING[..1]);
    fs::copy("prompts/ru/goodbye.flac", prompts.join("ru/greeting.1.flac")).unwrap();
    server.signal("HUP");
    let until = now() + Duration::from_secs(120);
    while !server.log().contains("the prompts were read anew") {
        assert!(now() < until, "the folder is not read");
        thread::park_timeout(Duration::from_millis(50));
    }
    let mut after = Telephone::udp(server.address(), "+79031234567");
    after.calls(HOTLINE);
    after.hears(&["ru/goodbye", GREETING[1]]);
    before.hears(&GREETING[1..]);
    after.hangs_up();
    before.hangs_up();
}
