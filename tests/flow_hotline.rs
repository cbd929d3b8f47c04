//! The default menu: its own tests, on a virtual clock, with the recordings of the default prompts.

use hotline::ivr::menu::{Menu, load};
use hotline::ivr::simulate::{Coverage, Script, junit, parse_tests, run_tests};
use hotline::ivr::speech::Manifest;
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
            result.failure.as_ref().map(|f| format!("{}: {}:{}: {}", result.name, f.file, f.line, f.message))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(run.results.len(), 8);
    assert!(junit(&run).contains("tests=\"8\" failures=\"0\""));
    assert!(run.coverage.uncovered(&menu).len() < Coverage::total(&menu));
}
