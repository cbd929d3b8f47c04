//! Running the tests of a menu.

use super::coverage::Coverage;
use super::script::{Expected, Script};
use super::step::{Ear, Unmet};
use super::virtual_call::VirtualCall;
use super::words;
use crate::ivr::flow::Caller;
use crate::ivr::menu::{Menu, Text};
use crate::ivr::speech::Inventory;
use crate::model::{CallId, Instant};
use std::sync::Arc;
use std::time::Duration;

/// Why a test failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub file: String,
    /// The line of the step or expectation, from 1.
    pub line: u32,
    /// What was expected and what was found.
    pub unmet: Box<Unmet>,
}

/// How one test went.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// How long the call was, in virtual time.
    pub length: Duration,
    /// Why it failed; `None` when it passed.
    pub failure: Option<Failure>,
}

/// How all tests went.
#[derive(Clone, Debug, Default)]
pub struct TestRun {
    /// Test by test.
    pub results: Vec<TestResult>,
    /// What they came to.
    pub coverage: Coverage,
}

impl TestRun {
    /// How many failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.failure.is_some()).count()
    }
}

/// Runs tests one after the other; each is a call of its own.
#[must_use]
pub fn run_tests(menu: &Arc<Menu>, scripts: &[Script], inventory: &dyn Inventory) -> TestRun {
    let mut run = TestRun::default();
    for (number, script) in (1_u32..).zip(scripts) {
        let mut call = call(menu, script, number, inventory);
        let failure = carry_out(&mut call, script).err();
        run.coverage.add_call(&call);
        run.results.push(TestResult {
            name: script.name.clone(),
            file: script.file.clone(),
            line: script.line,
            length: call.now().instant - Instant::ZERO,
            failure,
        });
    }
    run
}

/// The call of a test, before it is answered.
pub(super) fn call<'a>(
    menu: &Arc<Menu>,
    script: &Script,
    number: u32,
    inventory: &'a dyn Inventory,
) -> VirtualCall<'a> {
    let caller = Caller {
        call: CallId::from_u128(u128::from(number)),
        from: script.from.clone(),
        blocked_number: script.blocked_number,
        slow_speech: script.slow_speech,
        profile: script.profile.clone(),
        lang: script.lang,
    };
    let mut call = VirtualCall::new(Arc::clone(menu), script.line_id, caller, script.at, inventory);
    for (operation, answers) in &script.bank {
        call.bank.script(operation, answers.clone());
    }
    for (switch, enabled) in &script.switches {
        call.set_switch(*switch, *enabled);
    }
    call.set_operators(script.operators);
    call.callbacks = script.callbacks;
    call
}

fn carry_out(call: &mut VirtualCall, script: &Script) -> Result<(), Failure> {
    let failure = |line, unmet: Unmet| Failure { file: script.file.clone(), line, unmet: Box::new(unmet) };
    let mut ear = Ear::default();
    call.answer();
    for step in &script.steps {
        ear.take(call, &step.step).map_err(|unmet| failure(step.line, unmet))?;
        if let Some(operation) = call.unscripted().first() {
            let unmet = Unmet { expected: words::unscripted(operation), ..Unmet::default() };
            return Err(failure(step.line, unmet));
        }
    }
    check(call, &script.expected).map_err(|(key, unmet)| {
        let line = script.expected.lines.get(key).copied().unwrap_or(script.line);
        failure(line, *unmet)
    })
}

/// The key of the expectation, and what was found instead.
type Broken = (&'static str, Box<Unmet>);

fn broken(key: &'static str, expected: Text, found: Vec<Text>) -> Result<(), Broken> {
    Err((key, Box::new(Unmet { expected, found, place: Text::default() })))
}

fn check(call: &VirtualCall, expected: &Expected) -> Result<(), Broken> {
    let heard: Vec<_> = call.heard().collect();
    for phrase in &expected.never_hears {
        if let Some(heard) = heard.iter().find(|heard| *heard.spoken.phrase == **phrase) {
            let found = words::plain(format!("{phrase} «{}»", heard.spoken.text));
            return broken("never_hears", words::never_heard(phrase), vec![found]);
        }
    }
    let logs = [
        (Text::new("the records", "записи о звонке"), format!("{:?}", call.records())),
        (Text::new("what was said", "сказанное"), format!("{heard:?}")),
        (Text::new("the operator's screen", "экран оператора"), format!("{:?}", call.screen())),
    ];
    for text in &expected.never_in_log {
        let holding: Vec<Text> =
            logs.iter().filter(|(_, log)| log.contains(text.as_str())).map(|(name, _)| name.clone()).collect();
        if !holding.is_empty() {
            return broken("never_in_log", words::written_nowhere(text), holding);
        }
    }
    for (operation, count) in &expected.service_calls {
        let asked = call.asked().get(super::bank::short_name(operation)).copied().unwrap_or(0);
        if asked != *count {
            let found = vec![words::was_asked(asked)];
            return broken("service_calls", words::asked_for(operation, *count), found);
        }
    }
    check_screen(call, expected)
}

fn check_screen(call: &VirtualCall, expected: &Expected) -> Result<(), Broken> {
    if !expected.lines.contains_key("screen") {
        return Ok(());
    }
    let Some(screen) = call.screen() else {
        let found = vec![Text::new("the caller never came to a queue", "клиент не дошёл до очереди")];
        return broken("screen", Text::new("an operator's screen", "экран оператора"), found);
    };
    if let Some(level) = expected.level.filter(|level| *level != screen.level) {
        let found = vec![words::screen_level(screen.level)];
        return broken("screen", words::screen_level(level), found);
    }
    let lists = [("path", &expected.path, &screen.path), ("notes", &expected.notes, &screen.notes)];
    for (name, wanted, seen) in lists {
        let mut rest = seen.iter();
        if !wanted.iter().all(|wanted| rest.any(|seen| **seen == **wanted)) {
            let found = vec![words::screen_list(name, &seen.join(", "))];
            return broken("screen", words::screen_list(name, &wanted.join(", ")), found);
        }
    }
    Ok(())
}
