//! Running the tests of a menu.

use super::coverage::Coverage;
use super::script::{Expected, Script};
use super::step::Ear;
use super::virtual_call::VirtualCall;
use crate::ivr::flow::Caller;
use crate::ivr::menu::Menu;
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
    pub message: String,
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
        run.coverage.add(call.records());
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

fn call<'a>(menu: &Arc<Menu>, script: &Script, number: u32, inventory: &'a dyn Inventory) -> VirtualCall<'a> {
    let caller = Caller {
        call: CallId::from_u128(u128::from(number)),
        from: script.from.clone(),
        blocked_number: script.blocked_number,
        slow_speech: false,
        profile: None,
        lang: None,
    };
    let mut call = VirtualCall::new(Arc::clone(menu), script.line_id, caller, script.at, inventory);
    for (operation, answers) in &script.bank {
        call.bank.script(operation, answers.clone());
    }
    for (switch, enabled) in &script.switches {
        if let Some(state) = call.switches.get_mut(usize::from(switch.0)) {
            *state = *enabled;
        }
    }
    call.operators = script.operators;
    call
}

fn carry_out(call: &mut VirtualCall, script: &Script) -> Result<(), Failure> {
    let failure = |line, message| Failure { file: script.file.clone(), line, message };
    let mut ear = Ear::default();
    call.answer();
    for step in &script.steps {
        ear.take(call, &step.step).map_err(|message| failure(step.line, message))?;
        if let Some(operation) = call.unscripted().first() {
            let message =
                format!("the bank was asked for {operation}, and `bank:` of this test does not say what it answers");
            return Err(failure(step.line, message));
        }
    }
    check(call, &script.expected).map_err(|(key, message)| {
        let line = script.expected.lines.get(key).copied().unwrap_or(script.line);
        failure(line, message)
    })
}

type Unmet = (&'static str, String);

fn check(call: &VirtualCall, expected: &Expected) -> Result<(), Unmet> {
    let heard: Vec<_> = call.heard().collect();
    for phrase in &expected.never_hears {
        if heard.iter().any(|heard| *heard.spoken.phrase == **phrase) {
            return Err(("never_hears", format!("{phrase} was heard")));
        }
    }
    let log = format!("{:?} {heard:?} {:?}", call.records(), call.screen());
    if expected.never_in_log.iter().any(|text| log.contains(text.as_str())) {
        return Err((
            "never_in_log",
            "one of these texts is in the records, prompts or the operator's screen".to_owned(),
        ));
    }
    for (operation, count) in &expected.service_calls {
        let asked = call.asked().get(super::bank::short_name(operation)).copied().unwrap_or(0);
        if asked != *count {
            return Err(("service_calls", format!("{operation} was asked {asked} times, expected {count}")));
        }
    }
    check_screen(call, expected)
}

fn check_screen(call: &VirtualCall, expected: &Expected) -> Result<(), Unmet> {
    let Some(line) = expected.lines.get("screen") else { return Ok(()) };
    let Some(screen) = call.screen() else {
        return Err(("screen", format!("line {line}: the caller never came to a queue, so no operator has a screen")));
    };
    if expected.level.is_some_and(|level| level != screen.level) {
        return Err(("screen", format!("the operator sees level {}", screen.level.name())));
    }
    let lists = [("path", &expected.path, &screen.path), ("notes", &expected.notes, &screen.notes)];
    for (name, wanted, seen) in lists {
        let mut rest = seen.iter();
        if !wanted.iter().all(|wanted| rest.any(|seen| **seen == **wanted)) {
            return Err(("screen", format!("the operator sees {name} [{}]", seen.join(", "))));
        }
    }
    Ok(())
}
