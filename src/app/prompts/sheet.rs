//! `hotline prompts sheet`: what the announcer says, in the order of the menu.

mod csv;
mod html;

use super::state::Studio;
use crate::app::cli::{Sheet as Arguments, SheetFormat};
use crate::app::menus::message_lang;
use crate::ivr::menu::{Need, NeedKind, Text, scenes};
use crate::ivr::speech::Variant;
use crate::model::Lang;
use anyhow::{Context, Result};
use std::process::ExitCode;

/// Recordings that belong together.
struct Group {
    title: String,
    lines: Vec<Line>,
}

/// One recording to be made.
struct Line {
    /// The file to name the take after.
    file: String,
    /// What to say.
    text: String,
    /// What is heard before and after it.
    context: (String, String),
    ending: Variant,
    seconds: f64,
    state: &'static str,
    /// In how many other sentences it is heard.
    more: usize,
}

/// A sheet in the language of who reads it.
struct Sheet {
    lang: Lang,
    bank: String,
    groups: Vec<Group>,
}

pub(super) fn run(studio: &Studio, arguments: &Arguments) -> Result<ExitCode> {
    let lang = message_lang(arguments.chosen.lang.map(Lang::from));
    let bank = studio.menu.bank.name.iter().find(|(own, _)| *own == lang).or(studio.menu.bank.name.first());
    let bank = bank.map(|(_, name)| name.to_string()).unwrap_or_default();
    let sheet = Sheet { lang, bank, groups: groups(studio, arguments, lang) };
    let text = match arguments.format {
        SheetFormat::Html => html::page(&sheet),
        SheetFormat::Csv => csv::table(&sheet),
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The chosen recordings by scenario: each once, where it is heard first.
fn groups(studio: &Studio, arguments: &Arguments, lang: Lang) -> Vec<Group> {
    let faults = studio.faults();
    let mut left: Vec<(&Need, Line)> = Vec::new();
    for need in studio.needs.iter().filter(|need| need.kind != NeedKind::Sound) {
        let state = studio.state(need, &faults);
        if arguments.chosen.takes(need, &state) {
            left.push((need, line(studio, need, state.name())));
        }
    }
    let mut groups = Vec::new();
    for scene in scenes(&studio.menu).iter().filter(|scene| !scene.name.is_empty()) {
        let here = |need: &Need| {
            need.kind == NeedKind::Phrase && need.uses.iter().any(|used| used.scenes.contains(&scene.name))
        };
        take(&mut groups, &mut left, format!("{} ({})", scene.title, scene.name), here);
    }
    let word = |en: &str, ru: &str| Text::new(en, ru).get(lang).to_owned();
    let kinds = [
        (NeedKind::Phrase, word("Anywhere", "В любом месте")),
        (NeedKind::Key, word("Keys", "Клавиши")),
        (NeedKind::Ladder, word("Ready lines", "Готовые обороты")),
        (NeedKind::Whisper, word("For the operator's ear", "Для оператора")),
        (NeedKind::Value, word("Numbers, dates, units", "Числа, даты, единицы")),
    ];
    for (kind, title) in kinds {
        take(&mut groups, &mut left, title, |need| need.kind == kind);
    }
    groups
}

/// Moves what belongs to a group into it.
fn take(groups: &mut Vec<Group>, left: &mut Vec<(&Need, Line)>, title: String, here: impl Fn(&Need) -> bool) {
    let lines: Vec<Line> = left.extract_if(.., |(need, _)| here(need)).map(|(_, line)| line).collect();
    if !lines.is_empty() {
        groups.push(Group { title, lines });
    }
}

fn line(studio: &Studio, need: &Need, state: &'static str) -> Line {
    let context = need.uses.first().map(|used| (used.before.clone(), used.after.clone())).unwrap_or_default();
    Line {
        file: format!("{}.wav", need.prompt),
        text: need.text.clone(),
        context,
        ending: need.ending,
        seconds: studio.seconds(need),
        state,
        more: need.uses.len().saturating_sub(1),
    }
}

impl Sheet {
    fn word<'w>(&self, en: &'w str, ru: &'w str) -> &'w str {
        match self.lang {
            Lang::En => en,
            Lang::Ru => ru,
        }
    }

    /// How the voice is to end.
    fn ending(&self, ending: Variant) -> &'static str {
        match (ending, self.lang) {
            (Variant::Mid, Lang::En) => "↗ open: more follows at once",
            (Variant::Mid, Lang::Ru) => "↗ открыто: сразу будет продолжение",
            (Variant::Fin | Variant::Sound, Lang::En) => "↘ closed: the sentence ends",
            (Variant::Fin | Variant::Sound, Lang::Ru) => "↘ закрыто: конец предложения",
        }
    }

    fn state(&self, state: &'static str) -> &'static str {
        match (state, self.lang) {
            ("ok", Lang::Ru) => "есть",
            ("missing", Lang::Ru) => "нет записи",
            ("draft", Lang::Ru) => "черновик",
            ("stale", Lang::Ru) => "текст изменён",
            ("bad", Lang::Ru) => "переделать",
            ("ok", Lang::En) => "recorded",
            ("stale", Lang::En) => "text changed",
            ("bad", Lang::En) => "record again",
            (state, _) => state,
        }
    }
}

/// Minutes and seconds, such as `3:07`.
fn clock(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours at most, never negative")]
    let whole = seconds.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}
