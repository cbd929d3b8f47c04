//! What an operator is told of a caller: prompts in the ear and words on the screen.

use super::Screen;
use super::call::Turn;
use super::values::plain;
use crate::ivr::menu::{Name, Queue, Whisper};
use crate::model::{Lang, Level, PromptId, Value};
use std::sync::Arc;

/// Notes that are whispered under another name.
const SAME_AS: [(&str, &str); 2] = [("block_refused", "block_failed"), ("block_unknown", "block_failed")];

/// The prompts, in the bank's first language; what has no recording is on the screen only.
pub(super) fn prompts(turn: &Turn, queue: &Queue) -> Vec<PromptId> {
    let mut names: Vec<String> = Vec::new();
    for hears in &queue.operator_hears {
        match hears {
            Whisper::WhoVerified if turn.call.level == Level::Verified => names.push("verified".to_owned()),
            Whisper::WhoVerified => names.push("not_verified".to_owned()),
            Whisper::Reason => names.extend(reasons(turn)),
        }
    }
    names.dedup();
    let lang = turn.call.menu.languages.first().copied().unwrap_or(Lang::Ru);
    let prompts = names.iter().map(|name| PromptId::new(&format!("{lang}/whisper.{name}")));
    prompts.filter(|prompt| turn.world.inventory.length(prompt).is_some()).collect()
}

fn reasons(turn: &Turn) -> Vec<String> {
    let reason = match turn.call.values.answers.get("reason") {
        Some(Value::Word(reason)) => Some(format!("reason_{reason}")),
        _ => None,
    };
    let notes = turn.call.notes.iter().map(|note| {
        let other = SAME_AS.iter().find(|(name, _)| **name == **note);
        other.map_or_else(|| note.to_string(), |(_, same)| (*same).to_owned())
    });
    reason.into_iter().chain(notes).collect()
}

/// The screen: level, path and notes always, and the values that the queue lists and the call knows.
pub(super) fn screen(turn: &Turn, queue: &Queue) -> Screen {
    let sources = turn.sources();
    let value = |path: &Name| -> Option<(Name, Arc<str>)> {
        match sources.path(path)? {
            // Only the bank understands these.
            Value::Opaque(_) => None,
            shown => Some((path.clone(), plain(&shown)?.into())),
        }
    };
    Screen {
        level: turn.call.level,
        path: turn.call.visited.clone(),
        notes: turn.call.notes.clone(),
        values: queue.screen.iter().filter_map(value).collect(),
        hears: queue.operator_hears.clone(),
    }
}
