//! What the terminal shows, in both languages, and its advice.

use super::*;

const TYPED: [&str; 14] = [
    "4",
    "*",
    "9",
    "2",
    "2",
    "43",
    "wait 3s",
    "4321",
    "9876#",
    "bank block_card unknown",
    "0",
    "queue position 3 wait 4m samples 20",
    "operator answers",
    "hangup",
];

fn transcript(lang: Lang) -> String {
    let (mut simulator, lines) = simulator(lang);
    let mut transcript = vec![text(&lines)];
    for line in TYPED.into_iter().chain(["log"]) {
        transcript.push(format!("> {line}\n"));
        transcript.push(text(&simulator.input(line)));
    }
    transcript.concat()
}

#[test]
fn a_visit_in_english() {
    insta::assert_snapshot!(transcript(Lang::En));
}

#[test]
fn a_visit_in_russian() {
    insta::assert_snapshot!(transcript(Lang::Ru));
}

#[test]
fn what_is_not_understood_is_told_with_advice() {
    let (mut simulator, _) = simulator(Lang::En);
    let cases = [
        ("hepl", "did you mean help?"),
        ("wait soon", "20s, 2m or 500ms"),
        ("bank balnce down", "did you mean balance?"),
        ("bank balance gone", "ok, down"),
        ("bank find_card not_found last4=4321", "gives no fields"),
        ("bank balance ok availabel=5", "no such field"),
        ("bank balance ok available=much", "an amount"),
        ("operator answrs", "did you mean answers?"),
        ("operator answers", "not now"),
        ("queue often", "queue timeout"),
        ("switch card_outge enable", "did you mean card_outage?"),
        ("switch card_outage perhaps", "enable"),
        ("line premum", "did you mean premium?"),
        ("at noon", "2026-12-31T23:00"),
        ("from nobody", "+79161234567"),
        ("transfer fails", "not now"),
    ];
    for (typed, advice) in cases {
        let lines = simulator.input(typed);
        assert!(lines.len() == 1 && lines[0].kind == LineKind::Wrong, "{typed}: {lines:?}");
        assert!(lines[0].text.contains(advice), "{typed}: {}", lines[0].text);
    }
}

#[test]
fn a_call_can_come_at_another_time_on_another_line() {
    let (mut simulator, _) = simulator(Lang::En);
    simulator.input("at 2026-12-31T23:00");
    assert!(text(&simulator.input("0")).contains("out_of_hours"), "New Year's Eve");
    assert!(text(&simulator.input("line premium")).contains("operator_premium"));
    assert!(text(&simulator.input("log")).contains("0:00"));
}

#[test]
fn what_was_typed_as_a_secret_is_not_in_the_log() {
    let (mut simulator, _) = simulator(Lang::En);
    for typed in ["21", "4321", "9876#"] {
        simulator.input(typed);
    }
    let log = text(&simulator.input("log"));
    assert!(log.contains("> ••••") && !log.contains("9876"), "{log}");
}
