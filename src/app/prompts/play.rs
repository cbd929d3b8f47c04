//! `hotline prompts play`.

use super::state::Studio;
use crate::app::cli::Play;
use crate::io::prompts::{MASTER_RATE, Passing, Player, decode, to_master_rate, write_wav};
use crate::ivr::menu::nearest_recording;
use crate::ivr::speech::repertoire::example;
use crate::ivr::speech::{Format, Ladders, Part, PhraseText, Utterance, utter};
use crate::model::{Lang, PlayItem, PromptId, Value};
use anyhow::{Context, Result, anyhow, bail};
use std::process::ExitCode;

pub(super) fn run(studio: &Studio, arguments: &Play) -> Result<ExitCode> {
    let lang = arguments.lang.map(Lang::from).or(studio.menu.languages.first().copied()).unwrap_or_default();
    let (items, text) = heard(studio, &arguments.id, lang)?;
    let samples = sound(studio, &items)?;
    #[expect(clippy::cast_precision_loss, reason = "minutes at most")]
    let seconds = samples.len() as f64 / f64::from(MASTER_RATE);
    println!("“{text}”  {seconds:.1} s");
    if let Some(file) = &arguments.output {
        write_wav(file, &samples).with_context(|| format!("{} cannot be written", file.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let player = match &arguments.player {
        Some(template) => Player::new(template).context("--player")?,
        None => Player::installed().ok_or_else(|| {
            let known = Player::known();
            anyhow!("none of {known} is installed; write a file with -o FILE, or name a program with --player COMMAND")
        })?,
    };
    let passing = Passing::new().context("there is no room for a temporary file")?;
    write_wav(&passing.file(), &samples).context("there is no room for a temporary file")?;
    player.play(&passing.file())?;
    Ok(ExitCode::SUCCESS)
}

/// What a name stands for: a recording, or a phrase of the menu.
fn heard(studio: &Studio, name: &str, lang: Lang) -> Result<(Vec<PlayItem>, String)> {
    let phrase = studio.menu.phrases.iter().find(|phrase| *phrase.name == *name);
    let text = phrase.and_then(|phrase| phrase.texts.iter().find(|(own, _)| *own == lang)).map(|(_, text)| text);
    if let Some(text) = text {
        let said = phrase_with_examples(studio, name, text, lang)?;
        if let Some(missing) = said.missing.first() {
            let (prompt, words) = (&missing.prompt, &missing.text);
            bail!("nobody has recorded {prompt} yet: “{words}”; `hotline prompts draft` has it read out");
        }
        return Ok((said.items, said.text));
    }
    let ids = [name.to_owned(), format!("{lang}/{name}"), format!("{lang}/say/{name}"), format!("common/{name}")];
    let recording = ids.iter().find_map(|id| studio.manifest.get(&PromptId::new(id)));
    if let Some(recording) = recording {
        return Ok((vec![PlayItem::Clip(recording.prompt())], recording.text.clone()));
    }
    let recordings = studio.manifest.iter().map(|(prompt, _)| prompt.as_str());
    let phrases = studio.menu.phrases.iter().map(|phrase| &*phrase.name);
    match nearest_recording(name, recordings.chain(phrases)) {
        Some(nearest) => bail!("there is no recording or phrase {name}; did you mean {nearest}?"),
        None => bail!("there is no recording or phrase {name}; `hotline prompts list` has every name"),
    }
}

fn phrase_with_examples(studio: &Studio, name: &str, text: &PhraseText, lang: Lang) -> Result<Utterance> {
    let ladders: Ladders = studio.menu.ladders.iter().cloned().collect();
    let bank = studio.menu.bank.name.iter().find(|(own, _)| *own == text.voice).map(|(_, name)| name.clone());
    let resolve = |path: &str| -> Option<Value> {
        let format = text.parts.iter().find_map(|part| match part {
            Part::Value { path: own, format, .. } if own == path => Some(format.clone()),
            Part::Value { .. } | Part::Text { .. } => None,
        })?;
        match format {
            Some(format) => example(&format),
            None if path == "bank.name" => bank.clone().map(Value::Word),
            None => example(&Format::Digits),
        }
    };
    Ok(utter(lang, name, text, &resolve, &ladders, &studio.manifest)?)
}

/// The samples of clips and gaps, at the rate of masters.
fn sound(studio: &Studio, items: &[PlayItem]) -> Result<Vec<i16>> {
    let mut samples = Vec::new();
    for item in items {
        match item {
            PlayItem::Gap(gap) => {
                let silence = usize::from(gap.0) * MASTER_RATE as usize / 1_000;
                samples.resize(samples.len() + silence, 0);
            }
            PlayItem::Clip(prompt) => samples.extend(clip(studio, prompt)?),
        }
    }
    Ok(samples)
}

fn clip(studio: &Studio, prompt: &PromptId) -> Result<Vec<i16>> {
    let recording = studio.manifest.get(prompt).ok_or_else(|| anyhow!("nobody has recorded {prompt} yet"))?;
    let file = studio.folder.join(&recording.file);
    let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let extension = file.extension().and_then(|ending| ending.to_str()).unwrap_or("flac");
    let sound = decode(bytes, extension).with_context(|| file.display().to_string())?;
    let samples = to_master_rate(sound).with_context(|| file.display().to_string())?;
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    Ok(samples.iter().map(|sample| (sample * 32_768.0).round_ties_even() as i16).collect())
}
