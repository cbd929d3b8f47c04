//! Each bad menu in `tests/menus/bad` is told off as its golden file says, in English and in Russian.
//! `UPDATE_GOLDEN=1 cargo test --test bad_menus` writes the golden files anew; read them before they are kept.
//! A `.tsv` beside a menu is the manifest of its recordings; they lie in a folder of the menu's name, if they are looked
//! at.
#![expect(clippy::unwrap_used, reason = "a missing test file should stop the test")]

use hotline::io::prompts::inspect;
use hotline::ivr::menu::{Code, Menu, Problem, check_calendar, check_quality, check_recordings, load};
use hotline::ivr::speech::Manifest;
use hotline::model::Lang;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/menus/bad");

fn read(name: &str) -> (String, Vec<u8>) {
    (name.to_owned(), std::fs::read(Path::new(FOLDER).join(name)).unwrap())
}

fn problems(name: &str) -> Vec<Problem> {
    match load(&[read("base.yaml"), read(name)]) {
        Ok((menu, mut warnings)) => {
            let manifest = Path::new(FOLDER).join(name).with_extension("tsv");
            if let Ok(text) = std::fs::read_to_string(manifest) {
                let manifest = Manifest::parse(&text).unwrap();
                warnings.extend(check_recordings(&menu, &manifest));
                warnings.extend(sound(&menu, &manifest, &text, name));
            }
            warnings.extend(check_calendar(&menu, jiff::civil::date(2026, 11, 22)));
            warnings
        }
        Err(problems) => problems,
    }
}

/// What is wrong with the recordings of a menu. They are looked at in a copy, for what is measured is kept beside them.
fn sound(menu: &Menu, manifest: &Manifest, text: &str, name: &str) -> Vec<Problem> {
    let recordings = Path::new(FOLDER).join(name).with_extension("");
    if !recordings.exists() {
        return Vec::new();
    }
    let copy = tempfile::tempdir().unwrap();
    for (_, recording) in manifest.iter() {
        let (from, to) = (recordings.join(&recording.file), copy.path().join(&recording.file));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        }
    }
    let faults = inspect(copy.path(), manifest);
    assert_eq!(inspect(copy.path(), manifest), faults, "what was kept says the same");
    let file = Path::new(name).with_extension("tsv");
    check_quality(menu, manifest, (file.to_str().unwrap(), text), &faults)
}

fn shown(problems: &[Problem]) -> String {
    let mut text = String::new();
    for lang in [Lang::En, Lang::Ru] {
        for problem in problems {
            text.push_str(&problem.render(lang));
            text.push('\n');
        }
    }
    text
}

#[test]
fn every_bad_menu_is_told_off_as_its_golden_file_says() {
    let mut names: Vec<String> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "base.yaml" && Path::new(name).extension().is_some_and(|end| end == "yaml"))
        .collect();
    names.sort();
    assert!(names.len() > 20);
    for name in names {
        let shown = shown(&problems(&name));
        assert!(!shown.is_empty(), "{name} is accepted");
        let code = name.trim_end_matches(".yaml");
        assert!(
            Code::ALL.iter().all(|known| known.name() != code) || shown.contains(&format!(" {code} ")),
            "{name} lacks {code}:\n{shown}"
        );
        let golden = Path::new(FOLDER).join(format!("{code}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &shown).unwrap();
        }
        assert_eq!(shown, std::fs::read_to_string(&golden).unwrap_or_default(), "{name}");
    }
}

#[test]
fn every_code_has_a_bad_menu_of_its_own() {
    let missing: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.name())
        .filter(|name| !Path::new(FOLDER).join(format!("{name}.yaml")).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_machine_reads_one_line_per_problem() {
    let problem = &problems("E01.yaml")[0];
    let json: serde_json::Value = serde_json::from_str(&problem.json(Lang::En)).unwrap();
    assert_eq!(json["file"], "E01.yaml");
    assert_eq!(json["code"], "E01");
    assert_eq!(json["severity"], "error");
    assert_eq!((&json["line"], &json["column"]), (&4.into(), &14.into()));
}
