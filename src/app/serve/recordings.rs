//! The prompts of a menu: loaded, and complete, before a call is answered.

use crate::app::config::Config;
use crate::io::prompts::{self, Draft, DraftVoice};
use crate::ivr::menu::Menu;
use crate::model::PromptId;
use crate::voip::audio::signals::Country;
use crate::voip::audio::{PromptFrames, signals};
use anyhow::{Context, Result, bail};

/// Missing prompts named in an error; the rest is counted.
const NAMED: usize = 20;

/// Loads every recording and looks for those the menu's phrases need. A missing one is rendered by the draft voice
/// where a command for it is configured; otherwise the server does not start, for a silent sentence about a card is
/// worse than no answer.
pub(in crate::app) fn load(config: &Config, menu: &Menu) -> Result<PromptFrames> {
    let mut loaded = prompts::load_cached(&config.prompts, &config.data.join("prompts.cache"));
    for problem in &loaded.problems {
        tracing::warn!(file = %problem.file.display(), hint = problem.help, "prompt left out: {}", problem.what);
    }
    let country = config.media.tones.country();
    let made = signals::prompts(country.unwrap_or(Country::Europe)).into_iter();
    // Where recordings are played, a signal that nobody has recorded is made all the same.
    let made: Vec<_> = made.filter(|(id, _)| country.is_some() || loaded.prompts.get(id).is_none()).collect();
    loaded.prompts.extend(made);
    let missing = missing(menu, &loaded.prompts);
    if missing.is_empty() {
        return Ok(loaded.prompts);
    }
    let Some(command) = &config.draft_voice else { return Err(refusal(config, &missing)) };
    let voice = DraftVoice::new(command, &config.data.join("drafts")).context("draft_voice")?;
    tracing::warn!(count = missing.len(), "prompts that nobody has recorded are read out by the draft voice");
    let (drafts, problems) = voice.render_all(&missing);
    if let Some(problem) = problems.first() {
        bail!("the draft voice failed for {} of {} prompts; the first: {problem}", problems.len(), missing.len());
    }
    loaded.prompts.extend(drafts);
    Ok(loaded.prompts)
}

/// Every recording that the menu's phrases need and nobody has.
fn missing(menu: &Menu, have: &PromptFrames) -> Vec<Draft> {
    let mut missing = Vec::new();
    for phrase in &menu.phrases {
        for (lang, text) in &phrase.texts {
            for (name, words) in text.recordings(&phrase.name) {
                let prompt = PromptId::new(&format!("{lang}/{name}"));
                if have.get(&prompt).is_none() {
                    missing.push(Draft { prompt, lang: text.voice, text: words });
                }
            }
        }
    }
    missing
}

fn refusal(config: &Config, missing: &[Draft]) -> anyhow::Error {
    let folder = config.prompts.display();
    let named = missing.iter().take(NAMED);
    let lines: Vec<String> = named.map(|draft| format!("  {folder}/{}.flac: {}\n", draft.prompt, draft.text)).collect();
    let list = lines.concat();
    let more = missing.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!("  and {more} more\n") };
    anyhow::anyhow!(
        "{} prompts of the menu are not recorded:\n{list}{more}\
         record them, name another folder with --prompts DIR,\n\
         or let a voice read them out: --draft-voice 'espeak-ng -v {{lang}} -w {{out}} {{text}}'",
        missing.len()
    )
}
