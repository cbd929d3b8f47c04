//! The tutorials teach what works: each example is put into a copy of the default menu, which then checks without a
//! new complaint, and each test in them passes.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use hotline::ivr::menu::{Code, LineId, load};
use hotline::ivr::simulate::{LineKind, Script, Simulator, parse_tests, run_tests};
use hotline::ivr::speech::Manifest;
use hotline::model::{Lang, PhoneNumber};
use serde_yaml::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The examples of a page: the file named in the first line, and the text.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let file = text.lines().next().and_then(|line| line.strip_prefix("# "));
        found.push((
            file.unwrap_or_else(|| panic!("an example names its file in the first line:\n{text}")).to_owned(),
            text.to_owned(),
        ));
    }
    found
}

/// Adds what is written to the sections that are there.
fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Mapping(into), Value::Mapping(more)) => {
            for (key, value) in more {
                match into.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, more) => *into = more,
    }
}

fn teaches_what_works(page: &str) {
    let manifest = Manifest::parse(include_str!("../prompts/manifest.tsv")).unwrap();
    let mut files: BTreeMap<&str, Value> = [
        ("menus/hotline.yaml", include_str!("../menus/hotline.yaml")),
        ("menus/phrases.yaml", include_str!("../menus/phrases.yaml")),
        ("menus/services.yaml", include_str!("../menus/services.yaml")),
    ]
    .map(|(name, text)| (name, serde_yaml::from_str(text).unwrap()))
    .into();
    let examples = examples(page);
    let (tests, changes): (Vec<_>, Vec<_>) = examples.iter().partition(|(file, _)| file.ends_with(".test.yaml"));
    assert!(tests.len() >= 3 && changes.len() >= 4, "the page has lost its examples");
    for (file, text) in changes {
        merge(files.get_mut(file.as_str()).unwrap(), serde_yaml::from_str(text).unwrap());
    }
    let written: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(name, tree)| ((*name).to_owned(), serde_yaml::to_string(tree).unwrap().into_bytes()))
        .collect();
    let (menu, warnings) = load(&written).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(warnings.is_empty(), "{warnings:#?}");
    let menu = Arc::new(menu);
    for (file, text) in tests {
        let scripts = parse_tests(&menu, file, text).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        for result in run_tests(&menu, &scripts, &manifest).results {
            assert!(result.failure.is_none(), "{}: {:?}", result.name, result.failure);
        }
    }
}

/// What is typed into the simulator leads to what the page shows, each line after the step above it.
fn shows_what_the_simulator_says(page: &str, lang: Lang) {
    let files = [
        ("menus/hotline.yaml", include_str!("../menus/hotline.yaml")),
        ("menus/phrases.yaml", include_str!("../menus/phrases.yaml")),
        ("menus/services.yaml", include_str!("../menus/services.yaml")),
    ];
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let menu = Arc::new(load(&files).unwrap_or_else(|problems| panic!("{problems:#?}")).0);
    let manifest = Manifest::parse(include_str!("../prompts/manifest.tsv")).unwrap();
    let session = page.split("```text\n$ hotline call --at 2026-03-02T12:00\n").nth(1).unwrap();
    let session = session.split("```").next().unwrap();
    let noon = "2026-03-02T09:00:00Z".parse().unwrap();
    let script = Script::call_to(LineId(0), PhoneNumber::parse("+79161234567"), noon);
    let (mut simulator, mut shown) = Simulator::start(menu, script, &manifest, lang);
    for line in session.lines() {
        match line.strip_prefix("> ") {
            Some(typed) => {
                shown = simulator.input(typed);
                assert!(shown.iter().all(|line| line.kind != LineKind::Wrong), "{typed}: {shown:?}");
            }
            None => assert!(shown.iter().any(|shown| shown.text.contains(line)), "{line}: {shown:#?}"),
        }
    }
}

#[test]
fn the_english_tutorial_teaches_what_works() {
    let page = include_str!("../docs/menus.md");
    teaches_what_works(page);
    shows_what_the_simulator_says(page, Lang::En);
}

#[test]
fn the_russian_tutorial_teaches_what_works() {
    let page = include_str!("../docs/menus.ru.md");
    teaches_what_works(page);
    shows_what_the_simulator_says(page, Lang::Ru);
}

#[test]
fn both_tutorials_list_every_code_as_the_checker_knows_it() {
    assert!(include_str!("../docs/menus.md").ends_with(&Code::markdown(Lang::En)));
    assert!(include_str!("../docs/menus.ru.md").ends_with(&Code::markdown(Lang::Ru)));
}

#[test]
fn the_examples_of_both_tutorials_are_the_same() {
    let shape =
        |page: &str| examples(page).into_iter().map(|(file, text)| (file, text.lines().count())).collect::<Vec<_>>();
    assert_eq!(shape(include_str!("../docs/menus.md")), shape(include_str!("../docs/menus.ru.md")));
}
