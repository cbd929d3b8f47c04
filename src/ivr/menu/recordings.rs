//! Which phrases have no recording, and which say something else than their recording.

use super::sources::Finding;
use super::{Code, Menu, Name, Phrase, Problem, Text};
use crate::ivr::speech::Manifest;
use crate::model::PromptId;

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
                    problems.push(problem(menu, phrase, Code::W05, &id, &words));
                } else if manifest.is_stale(&id, &words) {
                    problems.push(problem(menu, phrase, Code::W06, &id, &words));
                }
            }
        }
    }
    problems
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
    let Finding { message, help, .. } = Finding::new(code, message);
    let file: Name = menu.files.get(usize::from(phrase.place.file)).cloned().unwrap_or_default();
    let length = u32::try_from(name.chars().count()).unwrap_or(1);
    Problem { code, severity: code.severity(), file, place: phrase.place, length, source: "".into(), message, help }
}
