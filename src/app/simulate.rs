//! `hotline call` and `hotline test`: the same flow engine on a virtual clock.

use super::cli::{Call, Test};
use super::menus;
use crate::io::clock::Clock;
use crate::ivr::flow::Caller;
use crate::ivr::menu::{LineId, Menu};
use crate::ivr::simulate::{Coverage, Simulator, TestRun, VirtualCall, junit, parse_tests, run_tests};
use crate::ivr::speech::{Inventory, Manifest, NoRecordings};
use crate::model::{CallId, PhoneNumber};
use anyhow::{Context, Result, anyhow, bail};
use jiff::civil::DateTime;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// How long recordings are, from their manifest; estimates where there is none.
fn lengths(prompts: &Path) -> Result<Box<dyn Inventory>> {
    let path = prompts.join("manifest.tsv");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Box::new(Manifest::parse(&text).with_context(|| path.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Box::new(NoRecordings)),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// `hotline call`: keys from the keyboard, words on the screen.
pub(super) fn call(arguments: &Call) -> Result<ExitCode> {
    let menu = Arc::new(menus::load(&arguments.menus)?);
    let line = line(&menu, arguments.line.as_deref())?;
    let from = PhoneNumber::parse(&arguments.from)
        .ok_or_else(|| anyhow!("{:?} is no telephone number; write +79161234567", arguments.from))?;
    let wall = match arguments.at {
        Some(at) => wall(&menu, at)?,
        None => Clock::start().now().wall,
    };
    let inventory = lengths(&arguments.prompts)?;
    let caller =
        Caller { call: CallId::from_u128(1), from: Some(from), blocked_number: false, slow_speech: false, profile: None, lang: None };
    let call = VirtualCall::new(menu, line, caller, wall, &*inventory);
    let (mut simulator, heard) = Simulator::start(call);
    let mut output = std::io::stdout().lock();
    show(&mut output, &heard)?;
    let prompt = std::io::stdin().is_terminal();
    let mut input = std::io::stdin().lock().lines();
    while !simulator.is_over() {
        if prompt {
            write!(output, "> ")?;
            output.flush()?;
        }
        let Some(line) = input.next() else { break };
        let answer = simulator.input(&line.context("the keyboard cannot be read")?);
        show(&mut output, &answer)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(output: &mut impl Write, lines: &[String]) -> Result<()> {
    lines.iter().try_for_each(|line| writeln!(output, "{line}")).context("the terminal is gone")
}

fn line(menu: &Menu, wanted: Option<&str>) -> Result<LineId> {
    let Some(name) = wanted else { return Ok(LineId(0)) };
    let at = menu.lines.iter().position(|line| *line.name == *name).and_then(|at| u16::try_from(at).ok());
    at.map(LineId).ok_or_else(|| {
        let names: Vec<&str> = menu.lines.iter().map(|line| &*line.name).collect();
        anyhow!("the menu has no line {name}; it has: {}", names.join(", "))
    })
}

/// A moment written as the bank's clocks show it.
pub(super) fn wall(menu: &Menu, at: DateTime) -> Result<jiff::Timestamp> {
    let zoned = at.to_zoned(menu.bank.zone.clone());
    Ok(zoned.with_context(|| format!("{at} does not exist in the bank's zone"))?.timestamp())
}

/// `hotline test`: every `*.test.yaml` of the menus' `tests` folder.
pub(super) fn test(arguments: &Test) -> Result<ExitCode> {
    let menu = Arc::new(menus::load(&arguments.menus)?);
    let inventory = lengths(&arguments.prompts)?;
    let mut scripts = Vec::new();
    for file in test_files(&arguments.menus.join("tests"))? {
        let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        scripts.extend(parse_tests(&menu, &file.display().to_string(), &text)?);
    }
    if scripts.is_empty() {
        bail!("{} holds no *.test.yaml; docs/menus.md shows how to write one", arguments.menus.join("tests").display());
    }
    let run = run_tests(&menu, &scripts, &*inventory);
    print(&run, &menu);
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

fn print(run: &TestRun, menu: &Menu) {
    for result in &run.results {
        match &result.failure {
            None => println!("ok    {}  ({} s)", result.name, result.length.as_secs()),
            Some(failure) => {
                println!("FAIL  {}\n      {}:{}: {}", result.name, failure.file, failure.line, failure.message);
            }
        }
    }
    let uncovered = run.coverage.uncovered(menu);
    let total = Coverage::total(menu);
    let failed = run.failed();
    println!("\n{} passed, {failed} failed", run.results.len() - failed);
    println!("coverage: {} of {total} nodes, options and outcomes", total - uncovered.len());
    for uncovered in uncovered {
        let file = menu.files.get(usize::from(uncovered.place.file)).map_or("", |file| &**file);
        println!("  not covered: {file}:{}:{}: {}", uncovered.place.line, uncovered.place.column, uncovered.what);
    }
}
