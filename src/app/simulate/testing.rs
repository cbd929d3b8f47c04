//! `hotline test`: every `*.test.yaml` of the menus' `tests` folder.

mod words;

use super::super::cli::Test;
use super::super::menus;
use super::{colours, lengths};
use crate::io::watch::{FolderWatch, QUIET};
use crate::ivr::menu::Menu;
use crate::ivr::simulate::{Coverage, Failure, TestRun, junit, parse_tests, run_tests};
use anyhow::{Context, Result, anyhow, bail};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use words::Words;

/// `hotline test`: exit code 1 when one fails.
pub(in crate::app) fn test(arguments: &Test) -> Result<ExitCode> {
    let words = Words(menus::message_lang(arguments.lang.map(Into::into)));
    let look = Look { colours: colours(std::io::stdout().is_terminal()), words };
    if arguments.watch {
        return watch(arguments, look);
    }
    run(arguments, look)
}

/// Runs the tests at every change of the folder, until the program is ended.
fn watch(arguments: &Test, look: Look) -> Result<ExitCode> {
    let (folder, words) = (&arguments.menus, look.words);
    let mut changes = FolderWatch::new(folder, QUIET).with_context(|| words.cannot_watch(folder))?;
    loop {
        // What is half written is said and waited for, not the end of the watch.
        if let Err(error) = run(arguments, look) {
            println!("{}", look.bad(&format!("{error:#}")));
        }
        println!("{}", look.faint(&words.watched(folder)));
        if changes.blocking_changed().is_none() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

fn run(arguments: &Test, look: Look) -> Result<ExitCode> {
    let words = look.words;
    let menu = Arc::new(menus::load_in(&arguments.menus, words.0)?);
    let inventory = lengths(&arguments.prompts)?;
    let (mut scripts, mut texts) = (Vec::new(), BTreeMap::new());
    let folder = arguments.menus.join("tests");
    for file in test_files(&folder, words)? {
        let text = std::fs::read_to_string(&file).with_context(|| words.cannot_read(&file))?;
        let name = file.display().to_string();
        scripts.extend(parse_tests(&menu, &name, &text).map_err(|error| anyhow!(error.say(words.0)))?);
        texts.insert(name, text);
    }
    if scripts.is_empty() {
        bail!(words.no_tests(&folder));
    }
    let run = run_tests(&menu, &scripts, &*inventory);
    print!("{}", Report { menu: &menu, texts, look }.text(&run));
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit(&run)).with_context(|| words.cannot_write(path))?;
    }
    Ok(if run.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn test_files(folder: &Path, words: Words) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| words.no_folder(folder))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| words.cannot_read(folder))?.path();
        if path.to_string_lossy().ends_with(".test.yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[derive(Clone, Copy)]
struct Look {
    colours: bool,
    words: Words,
}

impl Look {
    fn with(self, colour: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }
}

struct Report<'a> {
    menu: &'a Menu,
    /// The test files, for the line in question.
    texts: BTreeMap<String, String>,
    look: Look,
}

impl Report<'_> {
    /// Test by test, how many passed, and what none of them came to.
    fn text(&self, run: &TestRun) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        self.write(&mut text, run).unwrap_or_default();
        text
    }

    fn write(&self, text: &mut String, run: &TestRun) -> fmt::Result {
        let (look, words) = (self.look, self.look.words);
        for result in &run.results {
            let name = &result.name;
            match &result.failure {
                None => {
                    let (verdict, seconds) = (look.good(words.passed()), words.seconds());
                    writeln!(text, "{verdict}{name}  ({} {seconds})", result.length.as_secs())?;
                }
                Some(failure) => {
                    writeln!(text, "{}{name}", look.bad(words.failed()))?;
                    self.write_failure(text, failure)?;
                }
            }
        }
        let failed = run.failed();
        writeln!(text, "\n{}", words.summary(run.results.len() - failed, failed))?;
        self.write_coverage(text, &run.coverage)
    }

    /// What was expected above what was found, beside the line of the test.
    fn write_failure(&self, text: &mut String, failure: &Failure) -> fmt::Result {
        let (lang, unmet) = (self.look.words.0, &failure.unmet);
        let [expected, found, caller] = self.look.words.labels();
        let line = usize::try_from(failure.line).unwrap_or_default().saturating_sub(1);
        let written = self.texts.get(&failure.file).and_then(|text| text.lines().nth(line)).unwrap_or_default();
        writeln!(text, "      {}:{}: {}", failure.file, failure.line, self.look.faint(written.trim()))?;
        writeln!(text, "        {expected}  {}", unmet.expected.get(lang))?;
        let width = found.chars().count();
        for (label, found) in std::iter::once(found).chain(std::iter::repeat("")).zip(&unmet.found) {
            writeln!(text, "        {label:<width$}  {}", self.look.bad(found.get(lang)))?;
        }
        if !unmet.place.is_empty() {
            writeln!(text, "        {caller}  {}", unmet.place.get(lang))?;
        }
        Ok(())
    }

    fn write_coverage(&self, text: &mut String, coverage: &Coverage) -> fmt::Result {
        let words = self.look.words;
        let uncovered = coverage.uncovered(self.menu);
        let total = Coverage::total(self.menu);
        writeln!(text, "{}", words.coverage(total - uncovered.len(), total))?;
        for uncovered in uncovered {
            let file = self.menu.files.get(usize::from(uncovered.place.file)).map_or("", |file| &**file);
            let place = format!("{file}:{}:{}", uncovered.place.line, uncovered.place.column);
            writeln!(text, "  {}: {place}: {}", self.look.faint(words.not_covered()), uncovered.what.get(words.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
