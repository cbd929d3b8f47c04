//! What a folder of menus must pass before callers hear it: the checks, its own tests, and a prompt for every phrase.

use super::super::config::Config;
use super::super::menus;
use super::super::serve::{outside, recordings};
use super::words::Words;
use crate::io::store::{MenuFile, NewVersion};
use crate::ivr::menu::{self, Menu, Problem};
use crate::ivr::simulate::{TestRun, parse_tests, run_tests};
use crate::ivr::speech::{Inventory, Manifest, NoRecordings};
use crate::model::Lang;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder that passed.
pub(in crate::app) struct Trial {
    /// What it says.
    pub menu: Arc<Menu>,
    /// Its files.
    pub files: Vec<MenuFile>,
    /// Warnings of the check.
    pub warnings: Vec<Problem>,
    /// What its tests did; `None` when it has none.
    pub tests: Option<TestRun>,
}

/// Why a folder did not pass.
#[derive(Debug)]
pub(in crate::app) struct Refusal {
    /// How many errors its files have; 0 when they are read and something else is wrong.
    pub problems: usize,
    /// In a few words, for the audit and the log.
    pub short: String,
    /// In full, for people.
    pub text: String,
}

impl Refusal {
    fn new(short: impl Into<String>, text: impl Into<String>) -> Self {
        Self { problems: 0, short: short.into(), text: text.into() }
    }

    fn of(short: &str, error: &anyhow::Error) -> Self {
        Self::new(short, format!("{error:#}"))
    }
}

impl Trial {
    /// The version these files are.
    pub fn version(&self) -> NewVersion {
        let passed = |run: &TestRun| count(run.results.len() - run.failed());
        NewVersion {
            hash: self.menu.version.to_string(),
            files: self.files.clone(),
            warnings: count(self.warnings.len()),
            tests: self.tests.as_ref().map(passed),
        }
    }

    /// A line for people.
    pub fn summary(&self, lang: Lang) -> String {
        let tests = self.tests.as_ref().map(|run| run.results.len());
        Words(lang).summary(self.files.len(), self.warnings.len(), tests)
    }
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Puts the folder of the configuration to the trial. With `strict` a warning refuses it.
pub(in crate::app) fn of_folder(config: &Config, strict: bool, lang: Lang) -> Result<Trial, Refusal> {
    let words = Words(lang);
    let files = menus::files(&config.menus).map_err(|error| Refusal::of(words.folder_unreadable(), &error))?;
    let (menu, mut warnings) = check(&files, lang)?;
    suits(config, &menu).map_err(|error| Refusal::of(words.misfit(), &error))?;
    let recorded = menus::recordings(&menu, &config.prompts);
    warnings.extend(recorded.map_err(|error| Refusal::of(words.no_manifest(), &error))?);
    if strict && !warnings.is_empty() {
        let text: String = warnings.iter().map(|warning| warning.render(lang) + "\n").collect();
        return Err(Refusal::new(words.warnings(warnings.len()), text));
    }
    let menu = Arc::new(menu);
    let tests = run_folder(&menu, &config.menus, &config.prompts, lang)
        .map_err(|error| Refusal::of(words.tests_unreadable(), &error))?;
    if let Some(failed) = tests.as_ref().filter(|run| run.failed() > 0) {
        return Err(failed_tests(failed, lang));
    }
    recordings::load(config, &menu).map_err(|error| Refusal::of(words.prompts_missing(), &error))?;
    Ok(Trial { menu, files: texts(files), warnings, tests })
}

/// The checker's word on files: the menu and its warnings, or every error.
pub(in crate::app) fn check(files: &[(String, Vec<u8>)], lang: Lang) -> Result<(Menu, Vec<Problem>), Refusal> {
    menu::load(files).map_err(|problems| {
        let errors: Vec<&Problem> = problems.iter().filter(|problem| problem.is_error()).collect();
        let first = errors.first().map_or_else(String::new, |problem| format!(": {}", problem.headline(lang)));
        Refusal {
            problems: errors.len(),
            short: format!("{}{first}", Words(lang).errors(errors.len())),
            text: errors.iter().map(|problem| problem.render(lang) + "\n").collect(),
        }
    })
}

/// Runs the tests that lie in a folder of menus; `None` when there are none.
fn run_folder(menu: &Arc<Menu>, menus: &Path, prompts: &Path, lang: Lang) -> anyhow::Result<Option<TestRun>> {
    let mut scripts = Vec::new();
    for file in test_files(&menus.join("tests"))? {
        let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let name = file.display().to_string();
        scripts.extend(parse_tests(menu, &name, &text).map_err(|error| anyhow::anyhow!(error.say(lang)))?);
    }
    if scripts.is_empty() {
        return Ok(None);
    }
    let manifest = prompts.join("manifest.tsv");
    let inventory: Box<dyn Inventory> = match std::fs::read_to_string(&manifest) {
        Ok(text) => Box::new(Manifest::parse(&text).with_context(|| manifest.display().to_string())?),
        Err(_) => Box::new(NoRecordings),
    };
    Ok(Some(run_tests(menu, &scripts, &*inventory)))
}

fn test_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        files.push(entry.with_context(|| format!("{} cannot be read", folder.display()))?.path());
    }
    files.retain(|file| file.to_string_lossy().ends_with(".test.yaml"));
    files.sort();
    Ok(files)
}

fn failed_tests(run: &TestRun, lang: Lang) -> Refusal {
    let words = Words(lang);
    let failures = run.results.iter().filter_map(|result| result.failure.as_ref().map(|failure| (result, failure)));
    let text = failures.map(|(result, failure)| {
        let place = format!("{}:{}", failure.file, failure.line);
        words.failed_test(&result.name, place, &failure.unmet.say(lang))
    });
    Refusal::new(words.tests_fail(run.failed()), text.collect::<String>())
}

/// The same as [`suits`], but for the targets of transfers.
pub(in crate::app) fn suits_by_names(config: &Config, menu: &Menu) -> anyhow::Result<()> {
    default_line(config, menu)?;
    outside::check_names(config, menu)
}

/// Refuses a menu whose transfers or default line the configuration and the menu do not both know.
pub(in crate::app) fn suits(config: &Config, menu: &Menu) -> anyhow::Result<()> {
    default_line(config, menu)?;
    outside::check(config, menu)
}

/// A default line that the menu does not have would answer every such call 404.
fn default_line(config: &Config, menu: &Menu) -> anyhow::Result<()> {
    let Some(wanted) = &config.default_line else { return Ok(()) };
    let names: Vec<&str> = menu.lines.iter().map(|line| &*line.name).collect();
    if !names.contains(&wanted.as_str()) {
        let has = names.join(", ");
        anyhow::bail!(
            "the menu has no line {wanted}, which is the default_line; it has: {has}; null answers such calls 404"
        );
    }
    Ok(())
}

/// The files as the store keeps them: by their name within the folder. What checked is UTF-8.
pub(in crate::app) fn texts(files: Vec<(String, Vec<u8>)>) -> Vec<MenuFile> {
    let file = |(path, bytes): (String, Vec<u8>)| MenuFile {
        name: path.rsplit('/').next().unwrap_or(&path).to_owned(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    };
    files.into_iter().map(file).collect()
}
