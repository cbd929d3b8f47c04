//! `hotline test`: every `*.test.yaml` of the menus' `tests` folder.

use super::super::cli::Test;
use super::super::menus;
use super::{colours, lengths};
use crate::io::watch::{FolderWatch, QUIET};
use crate::ivr::menu::Menu;
use crate::ivr::simulate::{Coverage, Failure, TestRun, junit, parse_tests, run_tests};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// `hotline test`: exit code 1 when one fails.
pub(in crate::app) fn test(arguments: &Test) -> Result<ExitCode> {
    let look = Look { colours: colours(std::io::stdout().is_terminal()) };
    if arguments.watch {
        return watch(arguments, look);
    }
    run(arguments, look)
}

/// Runs the tests at every change of the folder, until the program is ended.
fn watch(arguments: &Test, look: Look) -> Result<ExitCode> {
    let folder = arguments.menus.display();
    let mut changes =
        FolderWatch::new(&arguments.menus, QUIET).with_context(|| format!("{folder} cannot be watched"))?;
    loop {
        // What is half written is said and waited for, not the end of the watch.
        if let Err(error) = run(arguments, look) {
            println!("{}", look.bad(&format!("{error:#}")));
        }
        println!("{}", look.faint(&format!("── {folder} is watched; Ctrl+C ends ──")));
        if changes.blocking_changed().is_none() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

fn run(arguments: &Test, look: Look) -> Result<ExitCode> {
    let menu = Arc::new(menus::load(&arguments.menus)?);
    let inventory = lengths(&arguments.prompts)?;
    let (mut scripts, mut texts) = (Vec::new(), BTreeMap::new());
    let folder = arguments.menus.join("tests");
    for file in test_files(&folder)? {
        let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let name = file.display().to_string();
        scripts.extend(parse_tests(&menu, &name, &text)?);
        texts.insert(name, text);
    }
    if scripts.is_empty() {
        bail!("{} holds no *.test.yaml; docs/menus.md shows how to write one", folder.display());
    }
    let run = run_tests(&menu, &scripts, &*inventory);
    Report { menu: &menu, texts, look }.print(&run);
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit(&run)).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(if run.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("the folder {} cannot be read; tests of a menu lie in it", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("{} cannot be read", folder.display()))?.path();
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
    fn print(&self, run: &TestRun) {
        for result in &run.results {
            match &result.failure {
                None => println!("{}    {}  ({} s)", self.look.good("ok"), result.name, result.length.as_secs()),
                Some(failure) => {
                    println!("{}  {}", self.look.bad("FAIL"), result.name);
                    self.failure(failure);
                }
            }
        }
        let failed = run.failed();
        println!("\n{} passed, {failed} failed", run.results.len() - failed);
        self.coverage(&run.coverage);
    }

    /// What was expected above what was found, beside the line of the test.
    fn failure(&self, failure: &Failure) {
        let line = usize::try_from(failure.line).unwrap_or_default().saturating_sub(1);
        let written = self.texts.get(&failure.file).and_then(|text| text.lines().nth(line)).unwrap_or_default();
        println!("      {}:{}: {}", failure.file, failure.line, self.look.faint(written.trim()));
        println!("        expected  {}", failure.unmet.expected);
        let mut label = "found";
        for found in &failure.unmet.found {
            println!("        {label:<8}  {}", self.look.bad(found));
            label = "";
        }
        if !failure.unmet.place.is_empty() {
            println!("        caller    {}", failure.unmet.place);
        }
    }

    fn coverage(&self, coverage: &Coverage) {
        let uncovered = coverage.uncovered(self.menu);
        let total = Coverage::total(self.menu);
        println!(
            "coverage: {} of {total} nodes, options, outcomes, trouble steps and results of queues",
            total - uncovered.len()
        );
        for uncovered in uncovered {
            let file = self.menu.files.get(usize::from(uncovered.place.file)).map_or("", |file| &**file);
            let place = format!("{file}:{}:{}", uncovered.place.line, uncovered.place.column);
            println!("  {}: {place}: {}", self.look.faint("not covered"), uncovered.what);
        }
    }
}
