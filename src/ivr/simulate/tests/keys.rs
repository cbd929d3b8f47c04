//! Every key of a test, once where it holds and once where it must fail, with the line and what was found.

use super::*;

/// Runs a test that begins in the main menu at noon; `Ok`, or the line and the message of its failure.
fn run_steps(steps: &str) -> Result<(), (u32, String)> {
    let result = run(&format!("tests:\n  - name: a\n{steps}"));
    result.failure.map_or(Ok(()), |failure| Err((failure.line, failure.unmet.say(Lang::En))))
}

fn holds(steps: &str) {
    assert_eq!(run_steps(steps), Ok(()), "{steps}");
}

/// It fails at that line of the steps (from 1), and the message has the word.
fn fails(steps: &str, line: u32, word: &str) {
    let (at, message) = run_steps(steps).expect_err(steps);
    assert!(at == line + 2 && message.contains(word), "{steps}\n{at}: {message}");
}

const CARD: &str = "    bank: {find_card: {result: found, last4: \"4321\"}, check_code: {result: ok}, \
                    balance: {result: ok, available: 1.00 RUB}}\n";
const BALANCE: &str =
    "    steps:\n      - press: \"21\"\n      - press: \"4321\"\n      - press: \"9876#\"\n      - at: after_info\n";

#[test]
fn what_is_heard() {
    holds("    steps:\n      - hears: greeting\n      - press: 4\n      - hears: opt_rates\n");
    fails("    steps:\n      - press: 4\n      - hears: goodbye\n", 3, "found instead: ");
    holds(&format!("{CARD}{BALANCE}      - hears_text: {{ru: Доступный остаток один рубль ноль копеек.}}\n"));
    fails(&format!("{CARD}{BALANCE}      - hears_text: {{ru: Доступный остаток два рубля}}\n"), 7, "один рубль");
    fails("    steps:\n      - hears_text: {en: Hello}\n", 2, "ru");
}

#[test]
fn what_is_never_heard() {
    holds("    steps: [press: 4]\n    never_hears: [goodbye]\n");
    fails("    steps: [press: 4]\n    never_hears: [goodbye, greeting]\n", 2, "greeting is never heard");
}

#[test]
fn what_is_written_nowhere() {
    holds(&format!("{CARD}{BALANCE}    never_in_log: [\"9876\"]\n"));
    fails(&format!("{CARD}{BALANCE}    never_in_log: [\"9876\", after_info]\n"), 7, "after_info\" is written nowhere");
    fails("    steps: [press: 4]\n    never_in_log: [Здравствуйте]\n", 2, "what was said");
}

#[test]
fn how_often_the_bank_is_asked() {
    holds(&format!("{CARD}{BALANCE}    service_calls: {{balance: 1, rates: 0}}\n"));
    fails(&format!("{CARD}{BALANCE}    service_calls: {{balance: 1,\n      find_card: 2}}\n"), 7, "asked 1 times");
}

#[test]
fn what_the_operator_sees() {
    let queue = "    steps:\n      - press: \"0\"\n      - in_queue: support\n";
    holds(&format!("{queue}    screen: {{level: none, path: [main, operator], notes: []}}\n"));
    fails(&format!("{queue}    screen: {{level: verified}}\n"), 4, "level none");
    fails(&format!("{queue}    screen: {{path: [operator, main]}}\n"), 4, "path [");
    fails(&format!("{queue}    screen: {{notes: [code_locked]}}\n"), 4, "notes []");
    fails("    steps: [press: 4]\n    screen: {level: none}\n", 2, "never came to a queue");
}

#[test]
fn where_the_caller_is() {
    holds("    steps:\n      - at: main\n      - press: 4\n      - at: info\n");
    fails("    steps:\n      - press: 4\n      - at: money\n", 3, "at info");
    holds("    steps:\n      - language: ru\n      - press: 9\n      - language: en\n");
    fails("    steps:\n      - press: 9\n      - language: ru\n", 3, "en");
    holds(&format!("{CARD}{BALANCE}      - level: verified\n"));
    fails(&format!("{CARD}{BALANCE}      - level: recognised\n"), 7, "level verified");
    fails("    steps:\n      - press: \"0\"\n      - in_queue: fraud\n", 3, "in queue support");
}

#[test]
fn how_the_call_ends() {
    let end = format!("{CARD}{BALANCE}      - press: 2\n");
    holds(&format!("{end}      - call_ends: by_system\n"));
    fails(&format!("{end}      - call_ends: by_caller\n"), 8, "the system ended the call");
    holds("    steps:\n      - hangs_up: true\n      - call_ends: by_caller\n");
    fails("    steps:\n      - press: 4\n      - call_ends: true\n", 3, "at info");
    fails("    steps:\n      - hangs_up: true\n      - press: 4\n", 3, "gone");
}

#[test]
fn queues_and_operators() {
    let wait = "    steps:\n      - press: \"0\"\n";
    holds(&format!("{wait}      - operator: answers\n      - operator: hangs_up\n      - hears: survey_score\n"));
    holds(&format!("{wait}      - operator: answers\n      - operator: fails\n      - in_queue: support\n"));
    fails(&format!("{wait}      - operator: hangs_up\n"), 3, "talk");
    fails("    steps:\n      - operator: answers\n", 2, "at main");
    holds(&format!("{wait}      - queue_ends: timeout\n      - hears: operators_busy\n"));
    fails("    steps:\n      - queue_ends: timeout\n", 2, "waits in a queue");
    holds(&format!("    queue: {{operators: nobody}}\n{wait}      - hears: operators_busy\n"));
    holds(
        &format!("{wait}      - queue: {{position: 3}}\n      - hears_text: {{ru: третий}}\n").replace("третий", "три"),
    );
    holds(&format!("{wait}      - silence: 0s\n      - wait: 20m\n      - hears: operators_busy\n"));
}

#[test]
fn switches_change_in_the_middle_of_a_call() {
    holds("    switches: {card_outage: enabled}\n    steps: [hears: notice_card_outage]\n");
    fails("    switches: {card_outage: disabled}\n    steps: [hears: notice_card_outage]\n", 2, "expected");
}

#[test]
fn the_bank_of_a_test_keeps_the_contract() {
    fails(&format!("    bank: {{}}\n{BALANCE}"), 4, "find_card");
    fails(
        &format!(
            "{CARD}    steps:\n      - bank: {{find_card: {{result: not_found}}}}\n      - press: \"21\"\n      - press: \"4321\"\n      - hears: ask_code\n"
        ),
        6,
        "card_not_found",
    );
    let refused = |bank: &str, word: &str| {
        let error = parse_tests(&MENU, "a.test.yaml", &format!("tests:\n  - bank: {bank}\n")).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    refused("{find_card: {result: fond}}", "did you mean found?");
    refused("{find_card: {result: not_found, last4: \"4321\"}}", "gives no fields");
    refused("{balance: {result: down, available: 1.00 RUB}}", "gives no fields");
    refused("{balance: {result: unknown}}", "it has ok, down");
    refused("{balanse: {result: ok}}", "did you mean balance?");
}

#[test]
fn a_slip_in_a_test_is_told_with_what_was_meant() {
    let refused = |test: &str, word: &str| {
        let error = parse_tests(&MENU, "a.test.yaml", &format!("tests:\n  - {test}\n")).unwrap_err().to_string();
        assert!(error.starts_with("a.test.yaml:2:") && error.contains(word), "{error}");
    };
    refused("{nme: a}", "did you mean name?");
    refused("{steps: [{presss: 1}]}", "did you mean press?");
    refused("{steps: [{at: mony}]}", "did you mean money?");
    refused("{steps: [{in_queue: suport}]}", "did you mean support?");
    refused("{steps: [{hears: greting}]}", "did you mean greeting?");
    refused("{switches: {card_outge: enabled}}", "did you mean card_outage?");
    refused("{switches: {card_outage: maybe}}", "enabled or disabled");
    refused("{service_calls: {balanc: 1}}", "did you mean balance?");
    refused("{callbacks: perhaps}", "accepted or refused");
    refused("{steps: [{transfer: works}]}", "a transfer fails");
}

#[test]
fn coverage_names_what_no_test_came_to_by_its_place() {
    let file = "tests:\n  - steps:\n      - press: \"77\"\n      - silence: 6s\n      - press: 4\n";
    let run = run_tests(&MENU, &parse_tests(&MENU, "a", file).unwrap(), &*MANIFEST);
    let uncovered: Vec<String> = run.coverage.uncovered(&MENU).into_iter().map(|missing| missing.what.en).collect();
    let is_uncovered = |what: &str| uncovered.iter().any(|missing| missing.starts_with(what));
    for what in [
        "node money",
        "option main 1",
        "outcome bank.balance ok",
        "trouble main (inherited) silence 2",
        "trouble main (inherited) wrong 3",
        "queue operator finished",
    ] {
        assert!(is_uncovered(what), "{what} of {uncovered:#?}");
    }
    for what in ["node info", "option main 4", "trouble main (inherited) silence 1", "trouble main (inherited) wrong 2"]
    {
        assert!(!is_uncovered(what), "{what}");
    }
    assert!(run.coverage.uncovered(&MENU).iter().all(|missing| missing.place.line > 0));
    let file = "tests:\n  - steps:\n      - press: \"0\"\n      - operator: answers\n      - operator: hangs_up\n";
    let run = run_tests(&MENU, &parse_tests(&MENU, "a", file).unwrap(), &*MANIFEST);
    let uncovered: Vec<String> = run.coverage.uncovered(&MENU).into_iter().map(|missing| missing.what.en).collect();
    assert!(!uncovered.contains(&"queue operator finished".to_owned()), "{uncovered:#?}");
    assert!(uncovered.contains(&"queue operator timeout".to_owned()), "{uncovered:#?}");
    assert!(uncovered.len() < Coverage::total(&MENU));
}

#[test]
fn a_key_that_leaves_the_queue_covers_its_result() {
    let nobody = "nobody: {say: operators_busy, go: leave_message}\n";
    let (premium, left) = ("timeout: {say: operators_busy, go: main}\n", "          left: {go: main}\n");
    let changed = [
        ("        star: main\n", "        star: leave\n".to_owned()),
        (nobody, format!("{nobody}{left}")),
        (premium, format!("{premium}{left}")),
    ];
    let hotline = changed.iter().fold(HOTLINE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let menu = menu_of(&hotline);
    for (key, is_left) in [("7", false), ("*", true)] {
        let file = format!("tests:\n  - steps:\n      - press: \"0\"\n      - wait: 5s\n      - press: \"{key}\"\n");
        let run = run_tests(&menu, &parse_tests(&menu, "a", &file).unwrap(), &*MANIFEST);
        let left = run.coverage.uncovered(&menu).iter().any(|missing| missing.what.en == "queue operator left");
        assert_eq!(!left, is_left, "{key}");
    }
}
