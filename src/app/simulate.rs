//! `hotline call`: the same flow engine on a virtual clock, in the terminal.

mod testing;

pub(super) use testing::test;

use super::cli::Call;
use super::menus;
use crate::io::clock::Clock;
use crate::ivr::menu::{LineId, Menu};
use crate::ivr::simulate::{Line, LineKind, Script, Simulator};
use crate::ivr::speech::{Inventory, Manifest, NoRecordings};
use crate::model::{Lang, PhoneNumber};
use anyhow::{Context, Result, anyhow};
use jiff::civil::DateTime;
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
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
    let lang = menus::message_lang(arguments.lang.map(Into::into));
    let menu = Arc::new(menus::load_in(&arguments.menus, lang)?);
    let inventory = lengths(&arguments.prompts)?;
    let (simulator, lines) = Simulator::start(Arc::clone(&menu), setting(&menu, arguments)?, &*inventory, lang);
    let output = std::io::stdout();
    let look = Look { colours: colours(output.is_terminal()) };
    let mut terminal = Terminal { output: output.lock(), look, asks: std::io::stdin().is_terminal(), lang };
    if terminal.asks {
        terminal.show(&[greeting(lang)])?;
    }
    terminal.show(&lines)?;
    terminal.converse(simulator)?;
    Ok(ExitCode::SUCCESS)
}

/// Who calls what, and when.
fn setting(menu: &Menu, arguments: &Call) -> Result<Script> {
    let from = match arguments.from.as_str() {
        "hidden" => None,
        number => Some(PhoneNumber::parse(number).ok_or_else(|| {
            anyhow!("{number:?} is no telephone number; write +79161234567, or hidden for a caller who shows none")
        })?),
    };
    let at = match arguments.at {
        Some(at) => wall(menu, at)?,
        None => Clock::start().now().wall,
    };
    // A test tells the time to the second.
    let at = jiff::Timestamp::from_second(at.as_second()).context("the clock is out of range")?;
    let mut script = Script::call_to(line(menu, arguments.line.as_deref())?, from, at);
    script.profile = arguments.profile.as_deref().map(Into::into);
    Ok(script)
}

/// Whether to colour: only on a terminal, and not where the user asks for none (no-color.org).
fn colours(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn greeting(lang: Lang) -> Line {
    let text = match lang {
        Lang::En => "Press keys as on a telephone. `help` lists everything else, `quit` leaves.",
        Lang::Ru => "Нажимайте клавиши, как на телефоне. `help` — всё остальное, `quit` — выйти.",
    };
    Line { kind: LineKind::Note, text: text.to_owned() }
}

/// How lines look.
#[derive(Clone, Copy)]
struct Look {
    colours: bool,
}

impl Look {
    fn of(self, line: &Line) -> String {
        let colour = match line.kind {
            _ if !self.colours => return line.text.clone(),
            LineKind::Said => "1",
            LineKind::Happened => "36",
            LineKind::Did | LineKind::Key => "33",
            LineKind::Place => "0",
            LineKind::Rule | LineKind::Note => "2",
            LineKind::Wrong => "31",
        };
        format!("\x1b[{colour}m{}\x1b[0m", line.text)
    }
}

struct Terminal<W> {
    output: W,
    look: Look,
    /// Whether a person sits at the keyboard.
    asks: bool,
    lang: Lang,
}

impl<W: Write> Terminal<W> {
    fn show(&mut self, lines: &[Line]) -> Result<()> {
        let look = self.look;
        lines.iter().try_for_each(|line| writeln!(self.output, "{}", look.of(line))).context("the terminal is gone")
    }

    fn converse(&mut self, mut simulator: Simulator<'_>) -> Result<()> {
        let mut input = std::io::stdin().lock().lines();
        loop {
            if self.asks {
                write!(self.output, "> ")?;
                self.output.flush()?;
            }
            let Some(line) = input.next() else { return Ok(()) };
            let line = line.context("the keyboard cannot be read")?;
            if !self.asks {
                // In a pipe the reader sees what was typed, but for secrets.
                let secret = simulator.call().is_secret() && line.starts_with(|key: char| key.is_ascii_digit());
                writeln!(self.output, "> {}", if secret { "••••" } else { line.trim() })?;
            }
            let lines = match line.trim().split_once(' ') {
                None if matches!(line.trim(), "quit" | "exit") => return Ok(()),
                Some(("save", path)) => vec![self.save(&simulator, Path::new(path.trim()))],
                _ => simulator.input(&line),
            };
            self.show(&lines)?;
        }
    }

    /// Writes the visit as a test. A file that is there already is left alone: it may be worked on by hand.
    fn save(&self, simulator: &Simulator<'_>, path: &Path) -> Line {
        let russian = self.lang == Lang::Ru;
        let name = path.file_name().map(|name| name.to_string_lossy().replace(".test.yaml", "")).unwrap_or_default();
        let wrong = |text: String| Line { kind: LineKind::Wrong, text };
        let text = match simulator.as_test(&name) {
            Ok(text) => text,
            Err(found) if russian => return wrong(format!("такой тест не проходит: {found}")),
            Err(found) => return wrong(format!("such a test does not pass: {found}")),
        };
        let written = std::fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
        let shown = path.display();
        match (written, russian) {
            (Err(error), true) => wrong(format!("{shown}: не записать: {error}")),
            (Err(error), false) => wrong(format!("{shown} cannot be written: {error}")),
            (Ok(()), true) => Line {
                kind: LineKind::Note,
                text: format!(
                    "записано: {shown}; `hotline test` выполнит его, если он лежит в menus/tests и зовётся *.test.yaml"
                ),
            },
            (Ok(()), false) => Line {
                kind: LineKind::Note,
                text: format!(
                    "written: {shown}; `hotline test` runs it when it lies in menus/tests and is called *.test.yaml"
                ),
            },
        }
    }
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
