//! Which phrases have no recording, and which say something else than their recording.

use super::sources::Finding;
use super::{Code, Menu, Name, Phrase, Problem, Text};
use crate::ivr::speech::Manifest;
use crate::model::{Lang, PromptId};

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
                if manifest.get(&id).is_none() {
                    problems.push(problem(menu, phrase, *lang, Code::W05, &id));
                } else if manifest.is_stale(&id, &words) {
                    problems.push(problem(menu, phrase, *lang, Code::W06, &id));
                }
            }
        }
    }
    problems
}

fn problem(menu: &Menu, phrase: &Phrase, lang: Lang, code: Code, id: &PromptId) -> Problem {
    let Finding { message: meaning, help, .. } = Finding::new(code, code.meaning());
    let name = &phrase.name;
    let message = Text::new(
        format!("{}: {id} (phrase \"{name}\", language {lang})", meaning.en),
        format!("{}: {id} (фраза «{name}», язык {lang})", meaning.ru),
    );
    let file: Name = menu.files.get(usize::from(phrase.place.file)).cloned().unwrap_or_default();
    let length = u32::try_from(name.chars().count()).unwrap_or(1);
    Problem { code, severity: code.severity(), file, place: phrase.place, length, source: "".into(), message, help }
}
