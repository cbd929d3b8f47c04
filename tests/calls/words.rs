//! Whose word is taken: on who calls, on what was called at first, and who is given our password.

use super::stage::{MENU, MONDAY_NOON, Stage};
use super::text::bracketed;
use super::trunks::{PROVIDER, answer, dial_uri, last_status, lines, stage_of, trunk_at, with_trunks};
use hotline::exchange::{Callers, Trunk};
use hotline::model::CallEvent;
use hotline::voip::sip::digest::Login;
use std::time::Duration;

const MAIN: &str = "+74951234567";
const ASSERTED: &str = "+74957770001";

/// Of each call that arrived: who calls as it is written down, and what the record notes of it.
fn callers(stage: &Stage) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for record in &stage.records {
        match &record.event {
            CallEvent::Arrived { from, .. } => {
                all.push((from.as_ref().map_or("-".into(), |from| from.as_str().to_owned()), String::new()));
            }
            CallEvent::Noted { note } => all.last_mut().unwrap().1 = note.to_string(),
            _ => {}
        }
    }
    all
}

/// A provider at which we are registered and that calls from these networks; the URI of our Contact there.
fn registered(networks: &[&str]) -> (Stage, String) {
    let login = Login { username: "bank".into(), password: "right".into() };
    let from = networks.iter().map(|network| network.parse().unwrap()).collect();
    let trunk = Trunk { login: Some(login), register: Some(Duration::from_secs(600)), from, ..trunk_at(0) };
    let mut stage = stage_of(trunk);
    stage.phones[PROVIDER].manner = super::phone::Manner::Vanished;
    stage.run_for(10);
    answer(&mut stage, PROVIDER, "REGISTER", "200 OK", &[]);
    let contact = stage.phones[PROVIDER].last("REGISTER").unwrap().get("contact").to_owned();
    (stage, bracketed(&contact).to_owned())
}

fn asserts(number: &str) -> Vec<(&'static str, String)> {
    vec![("P-Asserted-Identity", format!("<sip:{number}@provider.example>"))]
}

#[test]
fn our_contact_alone_lets_a_call_in_and_makes_nobody_believed() {
    // The second phone is at 192.0.2.101; the provider at 192.0.2.100, unless others are named.
    for (networks, id, believed) in [
        (&[][..], PROVIDER, true),
        (&[], 1, false),
        (&["192.0.2.101"], 1, true),
        (&["192.0.2.101"], PROVIDER, false),
        (&["198.51.100.0/24", "192.0.2.100/31"], 1, true),
    ] {
        let (mut stage, uri) = registered(networks);
        let caller = stage.phone("+79161234567");
        assert_eq!(caller, 1);
        dial_uri(&mut stage, id, &uri, MAIN, &asserts(ASSERTED));
        assert_eq!(last_status(&stage, id), 200, "{networks:?} {id}");
        let (from, note) = callers(&stage).remove(0);
        let expected = match (believed, id) {
            (true, _) => (ASSERTED, ""),
            // Its From is written down, and worth nothing.
            (false, PROVIDER) => ("-", ""),
            (false, _) => ("+79161234567", "number_unverified"),
        };
        assert_eq!((from.as_str(), note.as_str()), expected, "{networks:?} {id}");
    }
}

#[test]
fn whoever_only_knows_our_contact_gets_no_answer_made_with_our_password() {
    for (networks, signs) in [(&[][..], false), (&["192.0.2.101"], true)] {
        let (mut stage, uri) = registered(networks);
        let caller = stage.phone("+79161234567");
        dial_uri(&mut stage, caller, &uri, MAIN, &[]);
        assert_eq!(last_status(&stage, caller), 200);
        let challenge = "Digest realm=\"theirs\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
        stage.phones[caller].asks.push_back(challenge.into());
        stage.with_exchange(|exchange, now| exchange.drain(now, Duration::from_millis(1)));
        stage.run_for(100);
        let byes: Vec<bool> = stage.phones[caller]
            .inbox
            .iter()
            .filter(|message| message.headline() == "BYE")
            .map(|bye| !bye.get("authorization").is_empty())
            .collect();
        assert_eq!(byes, if signs { vec![false, true] } else { vec![false] }, "{networks:?}");
    }
}

/// What it is about, the number in the request, what else it says, and the line.
type Case<'a> = (&'a str, &'a str, Vec<(&'static str, String)>, &'a str);

#[test]
fn what_was_called_at_first_is_told_by_history_before_diversion_before_the_request() {
    let premium = "+74957654321";
    let by = |number: &str, more: &str| format!("<sip:{number}@provider.example>{more}");
    let history = |entries: &[(&str, &str)]| {
        let all: Vec<String> = entries.iter().map(|(number, index)| by(number, &format!(";index={index}"))).collect();
        ("History-Info", all.join(", "))
    };
    let diversion = |numbers: &[&str]| {
        let all: Vec<String> = numbers.iter().map(|number| by(number, ";reason=unconditional;counter=1")).collect();
        ("Diversion", all.join(", "))
    };
    let (unknown, main, name) = ("+74990000000", MAIN, "premium");
    let cases: &[Case<'_>] = &[
        ("the request alone", main, vec![], "main"),
        ("who diverted", main, vec![diversion(&[premium])], "premium"),
        (
            "the last Diversion is the first who diverted (RFC 5806 §3)",
            unknown,
            vec![diversion(&[unknown, main, premium])],
            "premium",
        ),
        ("and no other", main, vec![diversion(&[premium, unknown])], "main"),
        (
            "the first entry (RFC 7044 §10)",
            main,
            vec![history(&[(premium, "1"), (main, "1.1"), (unknown, "1.1.1")])],
            "premium",
        ),
        ("wherever it stands", main, vec![history(&[(main, "1.1"), (premium, "1")])], "premium"),
        (
            "by number, not by letter",
            main,
            vec![history(&[(unknown, "10"), (unknown, "1.10"), (premium, "1.9")])],
            "premium",
        ),
        (
            "history before diversion",
            unknown,
            vec![diversion(&[main]), history(&[(premium, "1"), (unknown, "1.1")])],
            "premium",
        ),
        (
            "in whatever order they come",
            unknown,
            vec![history(&[(main, "1"), (unknown, "1.1")]), diversion(&[premium])],
            "main",
        ),
        ("what names no line is passed over", main, vec![history(&[(unknown, "1")]), diversion(&[premium])], "premium"),
        ("both name no line", main, vec![history(&[(unknown, "1")]), diversion(&[unknown])], "main"),
        ("a name of a line", main, vec![history(&[(name, "1")])], "premium"),
        (
            "what cannot be read is not there",
            main,
            vec![("History-Info", "<sip:+7495".into()), diversion(&[premium])],
            "premium",
        ),
        ("nor is that", main, vec![("Diversion", "nobody at home".into())], "main"),
    ];
    for (what, called, more, line) in cases {
        let mut stage = Stage::with(with_trunks(&[("provider", trunk_at(0))]), MONDAY_NOON, MENU.clone());
        stage.phone("provider");
        dial_uri(&mut stage, PROVIDER, &format!("sip:{called}@192.0.2.1"), called, more);
        assert_eq!((last_status(&stage, PROVIDER), lines(&stage)), (200, vec![(*line).to_owned()]), "{what}");
    }
    // Where nothing but the To is left, and from a stranger, whose word is not taken.
    let mut config = with_trunks(&[("provider", trunk_at(0))]);
    config.outside.callers = Callers::Anyone;
    let mut stage = Stage::configured(config);
    stage.phone("provider");
    let stranger = stage.phone("+79161234567");
    let more = [history(&[(premium, "1")]), diversion(&[premium])];
    for (id, called, line) in [(PROVIDER, unknown, "premium"), (stranger, main, "main")] {
        dial_uri(&mut stage, id, &format!("sip:{called}@192.0.2.1"), main, &more);
        assert_eq!(lines(&stage).pop().unwrap(), line);
        stage.hang_up(id);
    }
    dial_uri(&mut stage, PROVIDER, &format!("sip:{unknown}@192.0.2.1"), premium, &[]);
    assert_eq!(lines(&stage).pop().unwrap(), "premium", "the To");
}

#[test]
fn a_trunks_call_whose_phone_died_is_counted_no_more() {
    let mut stage = stage_of(trunk_at(0));
    stage.phones[PROVIDER].more = vec![("Supported", "timer"), ("Session-Expires", "90;refresher=uac")];
    stage.dial(PROVIDER, MAIN);
    let calls = |stage: &mut Stage| stage.with_exchange(|exchange, now| exchange.trunks(now)[0].calls_in);
    assert_eq!(calls(&mut stage), 1);
    stage.phones[PROVIDER].manner = super::phone::Manner::Vanished;
    stage.run_for(100_000);
    assert_eq!((calls(&mut stage), stage.exchange.calls()), (0, 0));
    assert_eq!(stage.causes(), [hotline::model::Cause::Lost]);
}
