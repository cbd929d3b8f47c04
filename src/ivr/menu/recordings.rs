//! Which phrases have no recording, and which say something else than their recording.

use super::sources::Finding;
use super::{Code, Menu, Name, Phrase, Place, Problem, Text};
use crate::ivr::speech::quality::Fault;
use crate::ivr::speech::{Manifest, Recording};
use crate::model::{Lang, PromptId};
use std::collections::BTreeMap;

/// The warnings W05 and W06 for every fragment of every phrase.
#[must_use]
pub fn check_recordings(menu: &Menu, manifest: &Manifest) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, phrase) in menu.phrases.iter().enumerate() {
        // `press` has recordings of its own, one for each key.
        if index == usize::from(menu.press.0) {
            continue;
        }
        for (lang, text) in &phrase.texts {
            for (name, words) in text.recordings(&phrase.name) {
                let id = PromptId::new(&format!("{lang}/{name}"));
                if manifest.get(&id).is_none_or(Recording::is_draft) {
                    problems.push(problem(menu, phrase, Code::W05, &id, &words));
                } else if manifest.is_stale(&id, &words) {
                    problems.push(problem(menu, phrase, Code::W06, &id, &words));
                }
            }
        }
    }
    problems
}

/// The warnings W10: what is wrong with the sound of recordings, by the phrase that says each. A recording that no
/// phrase names (a number, a tone) stands at its row of the manifest, of which the name and the text are given.
#[must_use]
pub fn check_quality(
    menu: &Menu,
    manifest: &Manifest,
    manifest_file: (&str, &str),
    faults: &BTreeMap<PromptId, Vec<Fault>>,
) -> Vec<Problem> {
    let mut places = BTreeMap::new();
    for phrase in &menu.phrases {
        for (lang, text) in &phrase.texts {
            for (name, _) in text.recordings(&phrase.name) {
                places.insert(PromptId::new(&format!("{lang}/{name}")), phrase);
            }
        }
    }
    let mut problems = Vec::new();
    for (prompt, found) in faults {
        let Some(recording) = manifest.get(prompt) else {
            problems.extend(found.iter().map(|fault| of_music(manifest_file.0, prompt, fault)));
            continue;
        };
        for fault in found {
            let finding = quality_finding(&recording.file, fault);
            problems.push(match places.get(prompt) {
                Some(phrase) => at_phrase(menu, phrase, finding),
                None => at_row(manifest_file, &recording.file, finding),
            });
        }
    }
    problems
}

fn quality_finding(file: &str, fault: &Fault) -> Finding {
    let message = Text::new(
        format!("the recording {file} {}", fault.text(Lang::En)),
        format!("запись {file}: {}", fault.text(Lang::Ru)),
    );
    let help = Text::new(fault.advice(Lang::En), fault.advice(Lang::Ru));
    Finding::new(Code::W10, message).help(help)
}

/// Music stands in no list: the problem is at the file itself, beside the manifest.
fn of_music(manifest: &str, file: &PromptId, fault: &Fault) -> Problem {
    let Finding { code, message, .. } = quality_finding(file.as_str(), fault);
    let folder = manifest.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = if folder.is_empty() { file.as_str().to_owned() } else { format!("{folder}/{file}") };
    let help = Text::new(
        "export it again at about −24 dBov, unclipped and without long silence, or take it out of the folder",
        "сохраните заново с уровнем около −24 dBov, без перегрузки и долгой тишины, или уберите из папки",
    );
    let place = Place { file: 0, line: 1, column: 1 };
    let (severity, source) = (code.severity(), "".into());
    Problem { code, severity, file: name.as_str().into(), place, length: 1, source, message, help }
}

fn at_phrase(menu: &Menu, phrase: &Phrase, finding: Finding) -> Problem {
    let Finding { code, message, help } = finding;
    let file: Name = menu.files.get(usize::from(phrase.place.file)).cloned().unwrap_or_default();
    let length = u32::try_from(phrase.name.chars().count()).unwrap_or(1);
    Problem { code, severity: code.severity(), file, place: phrase.place, length, source: "".into(), message, help }
}

fn at_row((name, text): (&str, &str), recording: &str, finding: Finding) -> Problem {
    let Finding { code, message, help } = finding;
    let row = text.lines().position(|line| line.split('\t').nth(3) == Some(recording)).unwrap_or(0);
    let place = Place { file: 0, line: u32::try_from(row + 1).unwrap_or(1), column: 1 };
    let (severity, source) = (code.severity(), "".into());
    Problem { code, severity, file: name.into(), place, length: 1, source, message, help }
}

fn problem(menu: &Menu, phrase: &Phrase, code: Code, id: &PromptId, words: &str) -> Problem {
    let name = &phrase.name;
    let message = if code == Code::W05 {
        Text::new(
            format!("phrase \"{name}\": nobody has recorded {id} yet: “{words}”"),
            format!("фраза «{name}»: ещё не записано {id}: «{words}»"),
        )
    } else {
        Text::new(
            format!("phrase \"{name}\": the recording {id} is older than the text: “{words}”"),
            format!("фраза «{name}»: запись {id} старше текста: «{words}»"),
        )
    };
    at_phrase(menu, phrase, Finding::new(code, message))
}
