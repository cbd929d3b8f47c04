//! `hotline check` and `hotline explain`, and the menu files as other commands find them.

use super::cli::{Check, Explain};
use super::config::Config;
use super::serve::outside;
use super::versions::suits_by_names;
use crate::ivr::menu::{self, Menu, MenuId, Node, Problem, TaskId};
use crate::model::Lang;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::ExitCode;

/// The files of a menu folder: `*.yaml` and `*.yml` beside each other, as they are called in messages. Tests lie in
/// a folder below and are not part of the menu.
pub(super) fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let found = Found::look(folder)?;
    match found.unreadable.first() {
        None => Ok(found.files),
        Some((name, why)) => bail!("{name} cannot be read: {why}"),
    }
}

/// What a folder of menus holds.
struct Found {
    /// Names and contents.
    files: Vec<(String, Vec<u8>)>,
    /// Names, and why they could not be read: gone between the look at the folder and theirs, or not ours to read.
    unreadable: Vec<(String, String)>,
}

impl Found {
    fn look(folder: &Path) -> Result<Self> {
        let entries = std::fs::read_dir(folder).with_context(|| {
            format!("the folder of menus {} cannot be read; name another with --menus DIR", folder.display())
        })?;
        let mut found = Self { files: Vec::new(), unreadable: Vec::new() };
        for entry in entries {
            let path = entry.with_context(|| format!("the folder {} cannot be read", folder.display()))?.path();
            if path.extension().is_none_or(|ending| ending != "yaml" && ending != "yml") {
                continue;
            }
            let name = path.display().to_string();
            match std::fs::read(&path) {
                Ok(bytes) => found.files.push((name, bytes)),
                Err(error) => found.unreadable.push((name, error.to_string())),
            }
        }
        found.files.sort();
        found.unreadable.sort();
        Ok(found)
    }

    /// The menu with its warnings, or every problem. While a file is missing, what the others say of it is no news.
    fn load(&self) -> (Option<Menu>, Vec<Problem>) {
        let unreadable = menu::unreadable(&self.unreadable);
        match menu::load(&self.files) {
            Ok((menu, warnings)) if unreadable.is_empty() => (Some(menu), warnings),
            Err(problems) if unreadable.is_empty() => (None, problems),
            Ok(_) | Err(_) => (None, unreadable),
        }
    }
}

/// The language of messages: as asked for, else that of the locale.
pub(super) fn message_lang(asked: Option<Lang>) -> Lang {
    let locale = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok());
    asked.unwrap_or_else(|| match locale() {
        Some(locale) if locale.starts_with("ru") => Lang::Ru,
        Some(_) | None => Lang::En,
    })
}

/// A menu that checks, or its problems as an error for people, in the language of the locale.
pub(super) fn load(folder: &Path) -> Result<Menu> {
    load_in(folder, message_lang(None))
}

/// The same, in this language.
pub(super) fn load_in(folder: &Path, lang: Lang) -> Result<Menu> {
    match menu::load(&files(folder)?) {
        Ok((menu, warnings)) => {
            for warning in warnings {
                tracing::warn!("{}", warning.headline(lang));
            }
            Ok(menu)
        }
        Err(problems) => {
            let errors = problems.iter().filter(|problem| problem.is_error());
            let text: String = errors.map(|problem| problem.render(lang) + "\n").collect();
            let folder = folder.display();
            match lang {
                Lang::En => bail!("the menu does not check:\n\n{text}\n`hotline check {folder}` shows this again"),
                Lang::Ru => bail!("меню не прошло проверку:\n\n{text}\n`hotline check {folder}` покажет это ещё раз"),
            }
        }
    }
}

/// The bank's zone of a menu, UTC when the menu cannot be read.
pub(super) fn zone(folder: &Path) -> jiff::tz::TimeZone {
    load(folder).map_or(jiff::tz::TimeZone::UTC, |menu| menu.bank.zone)
}

/// `hotline check`: every problem; exit code 1 when one is an error, or with `--strict` a warning.
pub(super) fn check(arguments: &Check) -> Result<ExitCode> {
    let lang = message_lang(arguments.lang.map(Into::into));
    let found = Found::look(&arguments.menus)?;
    let config = arguments.config.as_deref().map(Config::read).transpose()?;
    let (menu, mut problems) = found.load();
    if let Some(menu) = &menu {
        problems.extend(config.iter().flat_map(|config| outside::unknown_targets(config, menu)));
        let now = crate::io::clock::Clock::start().now().wall;
        problems.extend(menu::check_calendar(menu, menu.bank.zone.to_datetime(now).date()));
        problems.extend(recordings(menu, &arguments.prompts)?);
    }
    for problem in &problems {
        if arguments.json {
            println!("{}", problem.json(lang));
        } else {
            println!("{}\n", problem.render(lang));
        }
    }
    if let (Some(config), Some(menu)) = (&config, &menu) {
        suits_by_names(config, menu)?;
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    if !arguments.json {
        let version = menu.map_or(String::new(), |menu| format!(", version {}", menu.version));
        println!("{} files, {errors} errors, {warnings} warnings{version}", found.files.len());
    }
    let failed = errors > 0 || (arguments.strict && warnings > 0);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is wrong with the recordings: missing ones, those of an older text, those that sound wrong.
pub(super) fn recordings(menu: &Menu, prompts: &Path) -> Result<Vec<Problem>> {
    let path = prompts.join("manifest.tsv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        tracing::warn!(path = %path.display(), "no manifest of the prompts: recordings are not checked");
        return Ok(Vec::new());
    };
    let manifest = crate::ivr::speech::Manifest::parse(&text).with_context(|| path.display().to_string())?;
    let mut problems = menu::check_recordings(menu, &manifest);
    let faults = crate::io::prompts::inspect(prompts, &manifest);
    problems.extend(menu::check_quality(menu, &manifest, (&path.display().to_string(), &text), &faults));
    Ok(problems)
}

/// `hotline explain`: a menu or task as the caller hears it.
pub(super) fn explain(arguments: &Explain) -> Result<ExitCode> {
    let menu = load(&arguments.menus)?;
    let langs = arguments.lang.map_or_else(|| menu.languages.clone(), |lang| vec![lang.into()]);
    let nodes = match &arguments.node {
        Some(name) => vec![node(&menu, name)?],
        None => every_node(&menu),
    };
    for lang in langs {
        for node in &nodes {
            println!("{}", menu::explain(&menu, *node, lang));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn node(menu: &Menu, name: &str) -> Result<Node> {
    menu::node_named(menu, name).ok_or_else(|| {
        let menus = menu.menus.iter().map(|menu| &*menu.name);
        let names: Vec<&str> = menus.chain(menu.tasks.iter().map(|task| &*task.name)).collect();
        anyhow::anyhow!("there is no menu or task {name}; there are: {}", names.join(", "))
    })
}

fn every_node(menu: &Menu) -> Vec<Node> {
    let menus = (0..menu.menus.len()).filter_map(|at| u16::try_from(at).ok()).map(|at| Node::Menu(MenuId(at)));
    let tasks = (0..menu.tasks.len()).filter_map(|at| u16::try_from(at).ok()).map(|at| Node::Task(TaskId(at)));
    menus.chain(tasks).collect()
}
