//! Who guesses the password of a trunk, or calls where only trunks may, is heard less and less.

use super::stage::{Id, Stage};
use super::text::{quoted, response_of};
use super::trunks::{PROVIDER, trunk_at, with_trunks};
use hotline::exchange::{ExchangeConfig, GuardRules, Inbound, Scope, Trunk};
use hotline::voip::sip::digest::Ha1;
use std::collections::BTreeSet;

const MAIN: &str = "+74951234567";

fn guarded(inbound: bool) -> Stage {
    let inbound =
        inbound.then(|| Inbound { user: "provider".into(), ha1: Ha1::compute("provider", "bank.example", "right") });
    let guard = GuardRules { logins: 3, ..GuardRules::default() };
    let mut stage =
        Stage::configured(ExchangeConfig { guard, ..with_trunks(&[("provider", Trunk { inbound, ..trunk_at(0) })]) });
    assert_eq!(stage.phone("provider"), PROVIDER);
    stage
}

/// An INVITE with a password for the last challenge that came, or for none.
fn call(stage: &mut Stage, phone: Id, number: usize, user: &str, password: &str) {
    let (from, uri) = (stage.phones[phone].addr, format!("sip:{MAIN}@192.0.2.1"));
    let challenge = stage.phones[phone].last("401 INVITE");
    let challenge = challenge.and_then(|one| one.all("www-authenticate").find(|one| one.contains("MD5")));
    let nonce = challenge.map_or("00", |challenge| quoted(challenge, "nonce"));
    let signed = format!(
        "Digest username=\"{user}\", realm=\"bank.example\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=MD5, \
         qop=auth, nc=00000001, cnonce=\"abcdef\""
    );
    let response = response_of(&signed, "INVITE", user, password, &uri);
    let sdp = stage.phones[phone].sdp("sendrecv");
    let text = format!(
        "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK-g{number};rport\r\nFrom: <sip:x@{from}>;tag=g\r\n\
         To: <{uri}>\r\nCall-ID: guess-{phone}-{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:x@{from}>\r\nMax-Forwards: 70\r\n\
         Authorization: {signed}, response=\"{response}\"\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    stage.send_sip(phone, &text);
    stage.settle();
    stage.run_for(10);
}

/// How many of the calls were answered, as long as none was repeated under another name.
fn answered(stage: &Stage, phone: Id) -> usize {
    stage.phones[phone].inbox.iter().map(|one| one.get("call-id")).collect::<BTreeSet<_>>().len()
}

#[test]
fn a_guesser_of_a_trunks_password_is_paused_audited_slowed_and_banned_while_the_trunk_calls() {
    let mut stage = guarded(true);
    let guesser = stage.phone("guesser");
    stage.phones[guesser].by_itself = false;
    stage.dial(guesser, MAIN);
    assert_eq!(stage.phones[guesser].count("401 INVITE"), 1, "everybody is asked");
    for number in 0..5 {
        call(&mut stage, guesser, number, "provider", &format!("guess-{number}"));
    }
    let counted = stage.exchange.guard_counters();
    assert_eq!((counted.denied, counted.login_pauses, stage.pauses), (3, 2, 1));
    call(&mut stage, guesser, 9, "provider", "right");
    stage.run_for(3_000);
    assert_eq!(stage.phones[guesser].count("200 INVITE"), 0, "not looked at, and answered as if it were wrong");
    for number in 10..40 {
        call(&mut stage, guesser, number, &format!("name-{number}"), "guess");
    }
    stage.run_for(5_000);
    let ban = stage.bans.iter().find(|ban| ban.scope == Scope::Datagrams).unwrap();
    assert_eq!(
        (&*ban.reason, ban.network.to_string()),
        ("wrong passwords", stage.phones[guesser].addr.ip().to_string())
    );
    let before = answered(&stage, guesser);
    call(&mut stage, guesser, 50, "provider", "right");
    stage.run_for(5_000);
    assert_eq!(answered(&stage, guesser), before, "silence");

    stage.dial(PROVIDER, MAIN);
    call(&mut stage, PROVIDER, 1, "provider", "right");
    assert_eq!(stage.phones[PROVIDER].count("200 INVITE"), 1);
}

#[test]
fn wrong_passwords_in_the_name_of_a_trunks_address_do_not_shut_it_out() {
    let mut stage = guarded(true);
    stage.phones[PROVIDER].by_itself = false;
    stage.dial(PROVIDER, MAIN);
    for number in 0..40 {
        call(&mut stage, PROVIDER, number, "provider", "wrong");
    }
    assert!(stage.bans.is_empty());
    assert!(stage.pauses > 0, "the audit hears of it");
    call(&mut stage, PROVIDER, 99, "provider", "right");
    assert_eq!(stage.phones[PROVIDER].count("200 INVITE"), 1);
}

#[test]
fn who_calls_on_and_on_where_only_trunks_may_is_banned() {
    let mut stage = guarded(false);
    let stranger = stage.phone("stranger");
    stage.phones[stranger].by_itself = false;
    for number in 0..60 {
        call(&mut stage, stranger, number, "x", "y");
    }
    stage.run_for(5_000);
    assert_eq!(stage.bans.first().map(|ban| &*ban.reason), Some("calls of no trunk"));
    assert!(answered(&stage, stranger) < 60);
    stage.dial(PROVIDER, MAIN);
    assert_eq!(stage.phones[PROVIDER].count("200 INVITE"), 1);
}
