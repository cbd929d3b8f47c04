//! `hotline call`: a line of the keyboard in, lines for the terminal out.
//!
//! What is typed becomes steps of a test; each is carried out, then the call is listened to until it is the caller's
//! turn. So the whole visit is a test already: [`Simulator::as_test`] writes it down, and undoing is playing it again
//! without its last step.

use super::command::{Command, Reader, Setting, Show};
use super::help::help;
use super::line::{Line, LineKind, clock};
use super::script::Script;
use super::step::{Ear, Step, listen_out};
use super::virtual_call::VirtualCall;
use super::{runner, save, screen, told};
use crate::ivr::menu::{Menu, Name};
use crate::ivr::speech::Inventory;
use crate::ivr::words::pick;
use crate::model::{Instant, Lang, Level};
use std::sync::Arc;
use std::time::Duration;

/// A step of the visit, and what was heard until it was the caller's turn again.
pub(super) struct Stop {
    /// What was done; `None` is the answering of the call.
    pub(super) step: Option<Step>,
    /// When.
    pub(super) at: Instant,
    /// Whether it was a secret.
    pub(super) secret: bool,
    /// How many phrases had been heard when it was the caller's turn again.
    pub(super) heard: usize,
    /// Where the caller then was.
    pub(super) node: Option<Name>,
    pub(super) queue: Option<Name>,
    pub(super) transfer: Option<Name>,
    pub(super) lang: Lang,
    pub(super) level: Level,
    pub(super) over: bool,
}

/// A call in the terminal.
pub struct Simulator<'a> {
    menu: Arc<Menu>,
    script: Script,
    inventory: &'a dyn Inventory,
    lang: Lang,
    call: VirtualCall<'a>,
    ear: Ear,
    stops: Vec<Stop>,
    heard: usize,
    recorded: usize,
}

impl<'a> Simulator<'a> {
    /// Answers a call and listens until it is the caller's turn; gives what was heard. `script` says who calls what
    /// and when ([`Script::call_to`]); `lang` is the language of the person at the keyboard.
    #[must_use]
    pub fn start(menu: Arc<Menu>, script: Script, inventory: &'a dyn Inventory, lang: Lang) -> (Self, Vec<Line>) {
        let call = runner::call(&menu, &script, 1, inventory);
        let ear = Ear::default();
        let mut simulator = Self { menu, script, inventory, lang, call, ear, stops: Vec::new(), heard: 0, recorded: 0 };
        let lines = simulator.begin();
        (simulator, lines)
    }

    /// Whether the call is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.call.ended().is_some()
    }

    /// The call.
    #[must_use]
    pub const fn call(&self) -> &VirtualCall<'a> {
        &self.call
    }

    /// The whole visit as a test, ready for a file `*.test.yaml`.
    ///
    /// # Errors
    /// In words, when the test that was written does not pass.
    pub fn as_test(&self, name: &str) -> Result<String, String> {
        save::test(&self.menu, &self.script, &self.call, &self.stops, name, self.inventory, self.lang)
    }

    /// Takes a line of input; gives what follows.
    pub fn input(&mut self, line: &str) -> Vec<Line> {
        let reader = Reader { menu: &self.menu, lang: self.lang, queued: self.call.queue().is_some() };
        let command = match reader.read(line) {
            Ok(command) => command,
            Err(advice) => return vec![Line::new(LineKind::Wrong, advice)],
        };
        match command {
            Command::Do(_) | Command::ListenOn if self.is_over() => vec![self.note(
                LineKind::Wrong,
                "the call is over: `undo`, `restart`, `log`, `save FILE` or `quit`",
                "звонок окончен: `undo`, `restart`, `log`, `save ФАЙЛ` или `quit`",
            )],
            Command::Do(step) => self.carry_out(step),
            Command::ListenOn => match self.call.next_at() {
                Some(next) => self.carry_out(Step::Silence(next - self.call.now().instant)),
                None => vec![self.note(
                    LineKind::Note,
                    "nothing happens by itself now: press a key, or let the operator act",
                    "само ничего не произойдёт: нажмите клавишу или скажите, что делает оператор",
                )],
            },
            Command::Anew(setting) => self.anew(setting),
            Command::Undo => self.undo(),
            Command::Show(show) => self.show(show),
        }
    }

    fn note(&self, kind: LineKind, en: &str, ru: &str) -> Line {
        Line::new(kind, pick(self.lang, en, ru))
    }

    fn begin(&mut self) -> Vec<Line> {
        self.call.answer();
        listen_out(&mut self.call);
        self.stop(None, Instant::ZERO, false);
        self.news()
    }

    fn carry_out(&mut self, step: Step) -> Vec<Line> {
        let (at, secret) = (self.call.now().instant, self.call.is_secret());
        if let Err(unmet) = self.ear.take(&mut self.call, &step) {
            let not_now = pick(self.lang, "not now: it takes", "сейчас нельзя: для этого нужно");
            return vec![Line::new(LineKind::Wrong, format!("{not_now} {}", unmet.expected.get(self.lang)))];
        }
        listen_out(&mut self.call);
        self.stop(Some(step), at, secret);
        self.news()
    }

    fn stop(&mut self, step: Option<Step>, at: Instant, secret: bool) {
        self.stops.push(Stop {
            step,
            at,
            secret,
            heard: self.call.heard().count(),
            node: self.call.node(),
            queue: self.call.queue(),
            transfer: self.call.transfer().cloned(),
            lang: self.call.flow().lang(),
            level: self.call.flow().level(),
            over: self.is_over(),
        });
    }

    fn anew(&mut self, setting: Setting) -> Vec<Line> {
        match setting {
            Setting::Same => {}
            Setting::At(at) => {
                let Ok(at) = self.menu.bank.zone.to_ambiguous_timestamp(at).compatible() else {
                    return vec![self.note(LineKind::Wrong, "there is no such time", "такого времени нет")];
                };
                self.script.at = at;
            }
            Setting::From(from) => self.script.from = from,
            Setting::Line(line) => self.script.line_id = line,
            Setting::Profile(profile) => self.script.profile = profile,
        }
        self.replay(Vec::new())
    }

    fn undo(&mut self) -> Vec<Line> {
        let mut steps: Vec<Step> = self.stops.drain(..).filter_map(|stop| stop.step).collect();
        let undone = steps.pop().is_some();
        let mut lines = self.replay(steps);
        if !undone {
            let nothing = self.note(LineKind::Note, "there is no step to take back", "отменять нечего");
            lines.insert(0, nothing);
        }
        lines
    }

    /// Begins anew and does these steps; shows where that leads.
    fn replay(&mut self, steps: Vec<Step>) -> Vec<Line> {
        self.call = runner::call(&self.menu, &self.script, 1, self.inventory);
        self.ear = Ear::default();
        self.stops.clear();
        (self.heard, self.recorded) = (0, 0);
        let mut lines = self.begin();
        for step in steps {
            lines = self.carry_out(step);
        }
        lines
    }

    fn show(&self, show: Show) -> Vec<Line> {
        let notes = |text: &str| text.lines().map(|line| Line::new(LineKind::Note, line)).collect();
        match show {
            Show::Help => notes(help(self.lang)),
            Show::Log => self.log(),
            Show::Place => screen::place(&self.call, self.lang),
            Show::Bank => notes(&screen::bank(&self.menu, self.lang)),
            Show::Switches => notes(&screen::switches(&self.call, self.lang)),
            Show::Saved => match self.as_test("") {
                Ok(text) => notes(&text),
                Err(advice) => vec![Line::new(LineKind::Wrong, advice)],
            },
        }
    }

    /// What was said and what happened since the last line, and where the call stands.
    fn news(&mut self) -> Vec<Line> {
        let heard = self.call.heard().skip(self.heard);
        let mut lines: Vec<Line> =
            heard.map(|heard| Line::new(LineKind::Said, format!("  «{}»", heard.spoken.text))).collect();
        self.heard += lines.len();
        let happened =
            self.call.records().iter().skip(self.recorded).filter_map(|record| told::told(record, self.lang));
        lines.extend(happened.map(|text| Line::new(LineKind::Happened, format!("  · {text}"))));
        self.recorded = self.call.records().len();
        lines.extend(screen::place(&self.call, self.lang));
        lines
    }

    /// The whole visit, in the order of time.
    fn log(&self) -> Vec<Line> {
        let did = self.stops.iter().filter_map(|stop| {
            let step = stop.step.as_ref()?;
            Some((stop.at, LineKind::Did, format!("> {}", told::did(step, stop.secret, &self.menu))))
        });
        let records = self.call.records().iter().zip(self.call.recorded());
        let happened = records.filter_map(|(record, at)| {
            Some((*at, LineKind::Happened, format!("· {}", told::told(record, self.lang)?)))
        });
        let said = self.call.heard().map(|heard| (heard.at, LineKind::Said, format!("«{}»", heard.spoken.text)));
        let mut all: Vec<(Instant, LineKind, String)> = did.chain(happened).chain(said).collect();
        all.sort_by_key(|(at, ..)| *at);
        let line = |(at, kind, text): (Instant, LineKind, String)| Line::new(kind, format!("{:>6}  {text}", clock(at)));
        all.into_iter().map(line).collect()
    }
}

/// How much time is left, for people.
pub(super) fn left(length: Duration, lang: Lang) -> String {
    let seconds = length.as_secs_f64();
    let unit = pick(lang, "s", "с");
    if seconds < 60.0 { format!("{} {unit}", (seconds * 10.0).round() / 10.0) } else { clock(Instant::ZERO + length) }
}
