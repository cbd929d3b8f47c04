//! The default menu: its own tests, on a virtual clock, with the recordings of the default prompts.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use hotline::ivr::menu::{LineId, Menu, load};
use hotline::ivr::simulate::{Coverage, Line, Script, Simulator, junit, parse_tests, run_tests};
use hotline::ivr::speech::Manifest;
use hotline::model::{Lang, PhoneNumber};
use std::sync::Arc;

const TESTS: &str = include_str!("../menus/tests/hotline.test.yaml");

fn menu() -> Arc<Menu> {
    let files = [
        ("menus/hotline.yaml", include_str!("../menus/hotline.yaml")),
        ("menus/phrases.yaml", include_str!("../menus/phrases.yaml")),
        ("menus/services.yaml", include_str!("../menus/services.yaml")),
    ];
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    match load(&files) {
        Ok((menu, _)) => Arc::new(menu),
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn manifest() -> Manifest {
    Manifest::parse(include_str!("../prompts/manifest.tsv")).unwrap()
}

fn scripts(menu: &Menu, text: &str) -> Vec<Script> {
    parse_tests(menu, "menus/tests/hotline.test.yaml", text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_test_of_the_default_menu_passes() {
    let menu = menu();
    let run = run_tests(&menu, &scripts(&menu, TESTS), &manifest());
    let failures: Vec<String> = run
        .results
        .iter()
        .filter_map(|result| {
            result
                .failure
                .as_ref()
                .map(|f| format!("{}: {}:{}: {}", result.name, f.file, f.line, f.unmet.say(Lang::En)))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(run.results.len(), 8);
    assert!(junit(&run).contains("tests=\"8\" failures=\"0\""));
    assert!(run.coverage.uncovered(&menu).len() < Coverage::total(&menu));
}

/// The rules of the flow as conversations over the default menu.
#[test]
fn every_rule_of_the_flow_holds() {
    let menu = menu();
    let rules = scripts(&menu, include_str!("flow_rules.test.yaml"));
    let run = run_tests(&menu, &rules, &manifest());
    let told = |result: &hotline::ivr::simulate::TestResult| {
        result
            .failure
            .as_ref()
            .map(|failure| format!("{}: {}: {}", result.name, failure.line, failure.unmet.say(Lang::En)))
    };
    let failures: Vec<String> = run.results.iter().filter_map(told).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_test_that_fails_says_where_and_what_was_heard_instead() {
    let menu = menu();
    let text =
        "tests:\n  - name: wrong\n    call: {line: main}\n    steps:\n      - press: 4\n      - hears: goodbye\n";
    let run = run_tests(&menu, &scripts(&menu, text), &manifest());
    let failure = run.results[0].failure.as_ref().unwrap();
    assert_eq!(failure.line, 6);
    let message = failure.unmet.say(Lang::En);
    assert!(message.contains("found instead") && message.contains("opt_rates"), "{message}");
    assert!(junit(&run).contains("hotline.test.yaml:6"));
}

#[test]
fn a_faulty_test_file_is_refused_with_its_place() {
    let menu = menu();
    let check = |text: &str, place: &str, word: &str| {
        let error = parse_tests(&menu, "a.test.yaml", text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("a.test.yaml:{place}:")) && error.contains(word), "{error}");
    };
    check("test: []\n", "1:1", "tests");
    check("tests:\n  - name: a\n    stps: []\n", "3:5", "stps");
    check("tests:\n  - steps:\n      - presss: 2\n", "3:9", "presss");
    check("tests:\n  - steps:\n      - hears: no_such\n", "3:16", "no_such");
    check("tests:\n  - call: {line: nowhere}\n", "2:18", "nowhere");
    check("tests:\n  - bank: {balance: {result: ok, available: much}}\n", "2:45", "RUB");
}

#[test]
fn the_terminal_shows_what_is_said_and_where_the_caller_is() {
    let (menu, manifest) = (menu(), manifest());
    let noon = "2026-03-02T09:00:00Z".parse().unwrap();
    let script = Script::call_to(LineId(0), PhoneNumber::parse("+79161234567"), noon);
    let (mut simulator, lines) = Simulator::start(menu, script, &manifest, Lang::En);
    let joined = |lines: Vec<Line>| lines.into_iter().map(|line| line.text + "\n").collect::<String>();
    assert!(joined(lines).contains("Здравствуйте"));
    simulator.input("bank block_card unknown");
    simulator.input("1");
    simulator.input("4321");
    simulator.input("1");
    let lines = joined(simulator.input("1"));
    assert!(lines.contains("подтверждения пока нет") && lines.contains("waits in queue fraud"), "{lines}");
    assert!(joined(simulator.input("hangup")).contains("hung up"));
    assert!(simulator.is_over());
}
