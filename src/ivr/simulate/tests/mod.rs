//! The simulator and the runner of tests, over the default menu.

mod keys;
mod saved;
mod screen;

use super::*;
use crate::ivr::menu::{LineId, Menu, load};
use crate::ivr::speech::Manifest;
use crate::model::{Lang, PhoneNumber};
use std::sync::{Arc, LazyLock};

const HOTLINE: &str = include_str!("../../../../menus/hotline.yaml");

pub(super) static MENU: LazyLock<Arc<Menu>> = LazyLock::new(|| menu_of(HOTLINE));

/// The default menu with another main file.
fn menu_of(hotline: &str) -> Arc<Menu> {
    let files = [
        ("menus/hotline.yaml", hotline),
        ("menus/phrases.yaml", include_str!("../../../../menus/phrases.yaml")),
        ("menus/services.yaml", include_str!("../../../../menus/services.yaml")),
    ];
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    Arc::new(load(&files).map_err(|problems| format!("{problems:#?}")).unwrap().0)
}

pub(super) static MANIFEST: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::parse(include_str!("../../../../prompts/manifest.tsv")).unwrap());

/// A call at noon of a working day.
pub(super) fn noon() -> Script {
    let at = "2026-03-02T09:00:00Z".parse().unwrap();
    Script::call_to(LineId(0), PhoneNumber::parse("+79161234567"), at)
}

pub(super) fn simulator(lang: Lang) -> (Simulator<'static>, Vec<Line>) {
    Simulator::start(Arc::clone(&MENU), noon(), &*MANIFEST, lang)
}

pub(super) fn text(lines: &[Line]) -> String {
    lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
}

/// Runs the only test of a file.
pub(super) fn run(text: &str) -> TestResult {
    let scripts = parse_tests(&MENU, "a.test.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    run_tests(&MENU, &scripts, &*MANIFEST).results.remove(0)
}
