//! What `hotline test` prints, in both languages: these are the golden copies.

use super::*;
use crate::ivr::simulate::TestResult;
use crate::model::Lang;

/// One that passes and one for each way to fail.
const TESTS: &str = r#"tests:
  - name: The tariffs
    steps: [press: 4, at: info]
  - name: Another phrase
    steps:
      - press: 4
      - hears: operators_busy
  - name: Another place
    steps:
      - press: 4
      - at: money
  - name: No operator
    steps:
      - operator: hangs_up
  - name: Gone
    steps:
      - hangs_up:
      - press: 1
  - name: Unknown card
    bank: {find_card: {result: found, last4: "4321"}}
    steps: [press: "21", press: "4321", press: "9876#"]
  - name: Counted
    steps: [press: 4]
    service_calls: {balance: 2}
  - name: The operator's screen
    steps: [press: 4]
    screen: {level: verified}
"#;

fn printed(lang: Lang) -> String {
    let menu = Arc::new(menus::load(Path::new("menus")).unwrap());
    let inventory = lengths(Path::new("prompts")).unwrap();
    let scripts = parse_tests(&menu, "a.test.yaml", TESTS).unwrap_or_else(|error| panic!("{error}"));
    let run = run_tests(&menu, &scripts, &*inventory);
    let texts = BTreeMap::from([("a.test.yaml".to_owned(), TESTS.to_owned())]);
    let text = Report { menu: &menu, texts, look: Look { colours: false, words: Words(lang) } }.text(&run);
    // Of what is not covered one of each kind says it all.
    let kinds =
        ["node ", "option ", "outcome ", "trouble ", "queue ", "меню ", "сценарий ", "пункт ", "-й ответ", "очереди"];
    let mut seen = std::collections::BTreeSet::new();
    let shown = text.lines().filter(|line| match line.split_once("menus/") {
        Some((_, what)) => kinds.iter().filter(|kind| what.contains(**kind)).any(|kind| seen.insert(*kind)),
        None => true,
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_way_to_fail_in_english() {
    insta::assert_snapshot!(printed(Lang::En));
}

#[test]
fn every_way_to_fail_in_russian() {
    insta::assert_snapshot!(printed(Lang::Ru));
}

#[test]
fn russian_says_nothing_in_english_but_names() {
    let results = |lang| {
        let text = printed(lang);
        text.lines().filter(|line| line.starts_with("        ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (english, russian) = (results(Lang::En), results(Lang::Ru));
    assert_eq!(english.len(), russian.len());
    assert!(english.iter().zip(&russian).all(|(english, russian)| english != russian), "{russian:#?}");
    let name = |result: &TestResult| result.name.clone();
    let menu = Arc::new(menus::load(Path::new("menus")).unwrap());
    let run = run_tests(&menu, &parse_tests(&menu, "a", TESTS).unwrap(), &*lengths(Path::new("prompts")).unwrap());
    assert_eq!(
        run.results.iter().filter(|result| result.failure.is_none()).map(name).collect::<Vec<_>>(),
        ["The tariffs"]
    );
}

#[test]
fn slips_in_a_file_are_told_in_russian() {
    let menu = menus::load(Path::new("menus")).unwrap();
    let cases = [
        ("tests:\n  - {nme: a}\n", "здесь нет ключа \"nme\" (может быть, name?); есть name"),
        ("tests:\n  - {steps: [{at: mony}]}\n", "в меню нет меню или сценария \"mony\" (может быть, money?)"),
        ("tests:\n  - {steps: [{press: 1x}]}\n", "клавиши: от 0 до 9, * и #"),
        ("tests:\n  - {bank: {balance: {result: lost}}}\n", "у операции нет исхода \"lost\""),
        ("tests:\n  - {bank: {balance: {result: ok, available: ten}}}\n", "здесь ожидается сумма"),
        ("", "файл пуст"),
    ];
    for (text, said) in cases {
        let error = parse_tests(&menu, "a.test.yaml", text).unwrap_err().say(Lang::Ru);
        assert!(error.starts_with("a.test.yaml:") && error.contains(said), "{error}");
    }
}
