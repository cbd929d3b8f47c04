//! `hotline prompts draft`.

use super::state::{State, Studio, progress};
use crate::app::cli::Draft as Arguments;
use crate::io::prompts::{Draft, DraftVoice, Shelf, Take, master};
use crate::ivr::menu::Need;
use crate::ivr::speech::{DRAFT_VOICE, text_hash};
use anyhow::{Context, Result, anyhow};
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(studio: &Studio, arguments: &Arguments) -> Result<ExitCode> {
    let wanted = wanted(studio, arguments);
    if wanted.is_empty() {
        println!("nothing to read out: `hotline prompts list` shows what there is");
        return Ok(ExitCode::SUCCESS);
    }
    // What one command has read out is kept until all is done, so that an interruption costs one text.
    let command = text_hash(&arguments.voice_command);
    let kept = studio.folder.join(format!(".drafts-{}", command.get(..12).unwrap_or(&command)));
    let voice = DraftVoice::new(&arguments.voice_command, &kept).context("--voice-command")?;
    let mut shelf = Shelf::open(&studio.folder)
        .with_context(|| format!("the folder of prompts {} cannot be written", studio.folder.display()))?;
    let bar = progress(wanted.len(), "reading out");
    let mut failed = Vec::new();
    for need in wanted {
        match read_out(&voice, need) {
            Ok(take) => shelf.stage(&take).context("a draft cannot be written")?,
            Err(error) => failed.push(format!("{}.wav: {error:#}", studio.folder.join(need.prompt.as_str()).display())),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let made = shelf.commit().context("the drafts cannot be put in their place")?;
    for line in &failed {
        eprintln!("{line}");
    }
    println!("{made} drafts read out, {} failed", failed.len());
    if !failed.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    remove(&kept);
    Ok(ExitCode::SUCCESS)
}

/// What is missing, unless something else is asked for. Tones and music cannot be read out.
fn wanted<'s>(studio: &'s Studio, arguments: &Arguments) -> Vec<&'s Need> {
    let faults = studio.faults();
    let chosen = arguments.chosen;
    let asked = |need: &&Need| {
        let state = studio.state(need, &faults);
        // A draft is not read out again unless all are; `--stale` alone leaves out what is missing.
        let wanted = match state {
            State::Missing => !chosen.stale || chosen.missing,
            State::Stale => chosen.stale,
            State::Draft | State::Good | State::Bad(_) => false,
        };
        chosen.takes(need, &state) && (arguments.all || wanted)
    };
    studio.needs.iter().filter(|need| need.voice.is_some()).filter(asked).collect()
}

fn read_out(voice: &DraftVoice, need: &Need) -> Result<Take> {
    let lang = need.voice.unwrap_or_default();
    let draft = Draft { prompt: need.prompt.clone(), lang, text: need.text.clone() };
    let file = voice.read_out(&draft).map_err(|problem| anyhow!("{}\n  hint: {}", problem.what, problem.help))?;
    let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let sound = match master(bytes, "wav", need.ending) {
        Ok(sound) => sound,
        Err(error) => {
            // A bad file is not taken for a draft the next time.
            remove(&file);
            return Err(anyhow!("what the draft voice wrote {error}"));
        }
    };
    let (prompt, variant, text) = (need.prompt.clone(), need.ending, need.text.clone());
    Ok(Take { prompt, variant, text, voice: DRAFT_VOICE.to_owned(), sound })
}

/// Removes a file or folder of ours; that it stays is no failure.
fn remove(path: &Path) {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    if let Err(error) = removed {
        tracing::debug!(path = %path.display(), %error, "stays behind");
    }
}
