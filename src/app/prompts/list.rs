//! `hotline prompts list`.

use super::state::{State, Studio};
use crate::app::cli::List;
use crate::app::menus::message_lang;
use crate::ivr::menu::Need;
use crate::ivr::speech::quality::Fault;
use crate::model::Lang;
use anyhow::Result;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

/// The most letters of a text that a line shows.
const SHOWN: usize = 60;

pub(super) fn run(studio: &Studio, arguments: &List) -> Result<ExitCode> {
    let faults = studio.faults();
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut output = std::io::stdout().lock();
    let width = studio.needs.iter().map(|need| need.prompt.as_str().chars().count()).max().unwrap_or(0);
    for need in &studio.needs {
        let state = studio.state(need, &faults);
        *counts.entry(state.name()).or_default() += 1;
        let bad = arguments.bad && matches!(state, State::Bad(_));
        let others = arguments.chosen.missing || arguments.chosen.stale;
        let wanted = if arguments.bad && !others { bad } else { bad || arguments.chosen.takes(need, &state) };
        let lang = arguments.chosen.lang.map(Lang::from);
        if !wanted || lang.is_some_and(|lang| !need.prompt.as_str().starts_with(lang.code())) {
            continue;
        }
        if arguments.json {
            writeln!(output, "{}", json(studio, need, &state))?;
        } else {
            let seconds = studio.seconds(need);
            let text = if need.text.is_empty() { String::new() } else { format!("“{}”  ", shown(&need.text)) };
            let (name, id) = (state.name(), need.prompt.as_str());
            writeln!(output, "{name:7}  {id:width$}  {seconds:5.1} s  {text}{}", place(studio, need))?;
            if let State::Bad(faults) = &state {
                tell(&mut output, faults)?;
            }
        }
    }
    let music: Vec<_> = faults.iter().filter(|(file, _)| studio.manifest.get(file).is_none()).collect();
    if !arguments.chosen.missing && !arguments.chosen.stale && arguments.chosen.lang.is_none() {
        for (file, faults) in music {
            tell_music(&mut output, file.as_str(), faults, arguments.json)?;
        }
    }
    if !arguments.json {
        let total: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(output, "\n{} recordings are needed: {}", studio.needs.len(), total.join(", "))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A file of the hold music that is not right: no menu needs it by its name.
fn tell_music(output: &mut impl Write, file: &str, faults: &[Fault], as_json: bool) -> Result<()> {
    let lang = message_lang(None);
    let texts: Vec<String> = faults.iter().map(|fault| fault.text(lang)).collect();
    if as_json {
        writeln!(output, "{}", json!({"file": file, "state": "bad", "kind": "music", "faults": texts}))?;
    } else {
        writeln!(output, "bad      {file}  hold music: {}", texts.join("; "))?;
    }
    Ok(())
}

fn tell(output: &mut impl Write, faults: &[Fault]) -> Result<()> {
    let lang = message_lang(None);
    for fault in faults {
        writeln!(output, "         {}; {}", fault.text(lang), fault.advice(lang))?;
    }
    Ok(())
}

/// The scenes that say it, or the phrases, and where it is written.
fn place(studio: &Studio, need: &Need) -> String {
    let scenes: BTreeSet<&str> = need.uses.iter().flat_map(|used| &used.scenes).map(String::as_str).collect();
    let names: Vec<&str> = scenes.iter().take(3).copied().collect();
    let more =
        if scenes.len() > names.len() { format!(" and {} more", scenes.len() - names.len()) } else { String::new() };
    let what = if names.is_empty() {
        need.uses.first().map(|used| used.phrase.to_string()).unwrap_or_default()
    } else {
        names.join(", ") + &more
    };
    studio.place(need).map_or_else(|| what.clone(), |place| format!("{what} ({place})"))
}

fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

fn json(studio: &Studio, need: &Need, state: &State) -> serde_json::Value {
    let lang = message_lang(None);
    let faults = match state {
        State::Bad(faults) => faults.iter().map(|fault| fault.text(lang)).collect(),
        State::Good | State::Missing | State::Draft | State::Stale => Vec::new(),
    };
    let scenes: BTreeSet<&str> = need.uses.iter().flat_map(|used| &used.scenes).map(String::as_str).collect();
    let phrases: BTreeSet<&str> = need.uses.iter().map(|used| &*used.phrase).collect();
    json!({
        "id": need.prompt.as_str(),
        "state": state.name(),
        "kind": need.kind.name(),
        "language": need.voice.map(Lang::code),
        "text": need.text,
        "seconds": (studio.seconds(need) * 1_000.0).round() / 1_000.0,
        "file": studio.manifest.get(&need.prompt).map(|recording| recording.file.as_str()),
        "voice": studio.manifest.get(&need.prompt).map(|recording| recording.voice.as_str()),
        "faults": faults,
        "phrases": phrases,
        "used_in": scenes,
        "place": studio.place(need),
    })
}
