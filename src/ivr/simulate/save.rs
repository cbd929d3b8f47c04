//! A visit written down as a test that passes.
//!
//! It names what was heard after each key and where that led, as a person would. Where a key must wait for the end of
//! what is said, `silence: 0s` stands before it: only when the test does not pass without.

use super::bank::Answer;
use super::runner::run_tests;
use super::script::{Script, parse_tests};
use super::simulator::Stop;
use super::step::Step;
use super::virtual_call::{Heard, Operators, VirtualCall};
use crate::ivr::flow::{QueueEnd, QueueStatus};
use crate::ivr::menu::{LineId, Menu, Name};
use crate::ivr::speech::{Inventory, Part};
use crate::model::{Digit, Lang, Level, Record, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The fewest digits of a secret that are looked for in the records: fewer are found in any number.
const SECRET_DIGITS: usize = 4;

/// Writes a visit; the error is what a test that does not pass found.
pub(super) fn test(
    menu: &Arc<Menu>,
    script: &Script,
    call: &VirtualCall,
    stops: &[Stop],
    name: &str,
    inventory: &dyn Inventory,
    lang: Lang,
) -> Result<String, String> {
    let writer = Writer { menu, script, call, stops };
    let passes = |text: &str| {
        let scripts = parse_tests(menu, "saved", text).map_err(|error| error.say(lang))?;
        let run = run_tests(menu, &scripts, inventory);
        let failure = run.results.into_iter().find_map(|result| result.failure);
        failure.map_or(Ok(()), |failure| Err(format!("{}: {}", failure.line, failure.unmet.say(lang))))
    };
    let short = writer.test(name, false);
    if passes(&short).is_ok() {
        return Ok(short);
    }
    let exact = writer.test(name, true);
    passes(&exact).map(|()| exact)
}

struct Writer<'a> {
    menu: &'a Menu,
    script: &'a Script,
    call: &'a VirtualCall<'a>,
    stops: &'a [Stop],
}

/// A text in quotation marks, as YAML and JSON alike read it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A length of time as tests write it.
fn written(length: Duration) -> String {
    match (length.subsec_nanos(), length.as_secs()) {
        (0, seconds) if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        (0, seconds) => format!("{seconds}s"),
        // Part of a millisecond more: what was waited for has then come.
        _ => format!("{}ms", length.as_nanos().div_ceil(1_000_000)),
    }
}

fn pressed(digits: &[Digit]) -> String {
    digits.iter().map(|digit| digit.as_char()).collect()
}

impl Writer<'_> {
    fn test(&self, name: &str, exact: bool) -> String {
        let name = if name.is_empty() { "A visit" } else { name };
        let mut lines = vec!["tests:".to_owned(), format!("  - name: {}", quoted(name)), self.call_line()];
        lines.extend(self.bank());
        if self.script.operators != Operators::default() {
            lines.push(format!("    queue: {}", queue(self.script.operators)));
        }
        if !self.script.callbacks {
            lines.push("    callbacks: refused".to_owned());
        }
        if !self.script.switches.is_empty() {
            lines.push(format!("    switches: {}", self.switches(&self.script.switches)));
        }
        lines.push("    steps:".to_owned());
        lines.extend(self.steps(exact).into_iter().map(|step| format!("      - {step}")));
        lines.extend(self.expected());
        lines.join("\n") + "\n"
    }

    fn call_line(&self) -> String {
        let script = self.script;
        let LineId(line) = script.line_id;
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.menu.lines.get(usize::from(line)).map(|line| format!("line: {}", quoted(&line.name))));
        parts.extend(script.from.as_ref().map(|from| format!("from: {}", quoted(from.as_str()))));
        let at = script.at.to_zoned(self.menu.bank.zone.clone()).datetime();
        parts.push(format!("at: {}", quoted(&at.strftime("%Y-%m-%d %H:%M:%S").to_string())));
        parts.extend(script.blocked_number.then(|| "blocked: true".to_owned()));
        parts.extend(script.slow_speech.then(|| "slow_speech: true".to_owned()));
        parts.extend(script.profile.as_ref().map(|profile| format!("profile: {}", quoted(profile))));
        parts.extend(script.lang.map(|lang| format!("lang: {lang}")));
        format!("    call: {{{}}}", parts.join(", "))
    }

    /// What the bank answered, operation by operation.
    fn bank(&self) -> Vec<String> {
        let mut answers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (operation, answer) in self.call.answered() {
            answers.entry(super::bank::short_name(operation)).or_default().push(given(answer));
        }
        if answers.is_empty() {
            return Vec::new();
        }
        let mut lines = vec!["    bank:".to_owned()];
        for (operation, mut answers) in answers {
            // The last answer is the answer for ever.
            while let [.., before, last] = answers.as_slice()
                && before == last
            {
                answers.pop();
            }
            match answers.as_slice() {
                [only] => lines.push(format!("      {operation}: {only}")),
                several => {
                    lines.push(format!("      {operation}:"));
                    lines.extend(several.iter().map(|answer| format!("        - {answer}")));
                }
            }
        }
        lines
    }

    fn steps(&self, exact: bool) -> Vec<String> {
        let mut steps = Vec::new();
        let heard: Vec<Heard> = self.call.heard().collect();
        let (mut from, mut before): (usize, Option<&Stop>) = (0, None);
        for stop in self.stops {
            if let Some(step) = &stop.step {
                let waits = matches!(step, Step::Silence(_) | Step::Wait(_));
                if exact && !waits {
                    steps.push("silence: 0s".to_owned());
                }
                steps.extend(self.done(step));
            }
            let new = heard.get(from..stop.heard).unwrap_or_default();
            steps.extend(new.iter().filter_map(|heard| self.heard(heard, stop.lang)));
            steps.extend(arrived(before, stop));
            from = stop.heard;
            before = Some(stop);
        }
        if let Some((_, by_system)) = self.call.ended() {
            steps.push(format!("call_ends: {}", if by_system { "by_system" } else { "by_caller" }));
        }
        steps
    }

    fn done(&self, step: &Step) -> Option<String> {
        Some(match step {
            Step::Press(digits) => format!("press: {}", quoted(&pressed(digits))),
            Step::Silence(length) | Step::Wait(length) => format!("silence: {}", written(*length)),
            Step::HangsUp => "hangs_up: true".to_owned(),
            Step::OperatorAnswers => "operator: answers".to_owned(),
            Step::OperatorHangsUp => "operator: hangs_up".to_owned(),
            Step::OperatorFails => "operator: fails".to_owned(),
            Step::QueueEnds(QueueEnd::Timeout) => "queue_ends: timeout".to_owned(),
            Step::QueueEnds(QueueEnd::Full) => "queue_ends: full".to_owned(),
            Step::QueueEnds(QueueEnd::Nobody) => "queue_ends: nobody".to_owned(),
            Step::Queue(operators) => format!("queue: {}", queue(*operators)),
            Step::Switches(switches) => format!("switches: {}", self.switches(switches)),
            Step::TransferFails => "transfer: fails".to_owned(),
            Step::Callbacks(true) => "callbacks: accepted".to_owned(),
            Step::Callbacks(false) => "callbacks: refused".to_owned(),
            // The answers that were given stand in `bank:`; the others are said to be met after each step.
            Step::Bank(_)
            | Step::Hears(_)
            | Step::HearsText(_)
            | Step::At(_)
            | Step::Language(_)
            | Step::Level(_)
            | Step::InQueue(_)
            | Step::Transferred(_)
            | Step::CallEnds { .. } => return None,
        })
    }

    fn switches(&self, switches: &[(crate::ivr::menu::SwitchId, bool)]) -> String {
        let word = |on| if on { "enabled" } else { "disabled" };
        let all: Vec<String> =
            switches.iter().map(|(id, on)| format!("{}: {}", self.menu[*id].name, word(*on))).collect();
        format!("{{{}}}", all.join(", "))
    }

    /// What was heard, in words where it says a value; the offers of menus follow from where the caller is.
    fn heard(&self, heard: &Heard, lang: Lang) -> Option<String> {
        let spoken = &heard.spoken;
        if self.offers().any(|offer| *offer == spoken.phrase) {
            return None;
        }
        let phrase = self.menu.phrases.iter().find(|phrase| phrase.name == spoken.phrase)?;
        let (_, text) = phrase.texts.iter().find(|(of, _)| *of == spoken.lang)?;
        let says_value =
            text.parts.iter().any(|part| matches!(part, Part::Value { path, .. } if &**path != "bank.name"));
        Some(if says_value && spoken.lang == lang {
            format!("hears_text: {{{lang}: {}}}", quoted(&spoken.text))
        } else {
            format!("hears: {}", spoken.phrase)
        })
    }

    fn offers(&self) -> impl Iterator<Item = &Name> {
        let options = self.menu.menus.iter().flat_map(|node| &node.options);
        let hints = self.menu.menus.iter().filter_map(|node| node.hint);
        options.map(|option| option.offer).chain(hints).map(|offer| &self.menu[offer].name)
    }

    fn expected(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let log =
            format!("{:?} {:?} {:?}", self.call.records(), self.call.heard().collect::<Vec<_>>(), self.call.screen());
        let secrets = self.stops.iter().filter(|stop| stop.secret).filter_map(|stop| match &stop.step {
            Some(Step::Press(digits)) => Some(pressed(digits).trim_end_matches('#').to_owned()),
            _ => None,
        });
        let mut hidden: Vec<String> = secrets
            .filter(|secret| secret.len() >= SECRET_DIGITS && !log.contains(secret.as_str()))
            .map(|secret| quoted(&secret))
            .collect();
        hidden.sort();
        hidden.dedup();
        if !hidden.is_empty() {
            lines.push(format!("    never_in_log: [{}]", hidden.join(", ")));
        }
        let asked: Vec<String> =
            self.call.asked().iter().map(|(operation, count)| format!("{operation}: {count}")).collect();
        if !asked.is_empty() {
            lines.push(format!("    service_calls: {{{}}}", asked.join(", ")));
        }
        if let Some(screen) = self.call.screen() {
            let list = |names: &[Name]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
            let (path, notes) = (list(&screen.path), list(&screen.notes));
            lines.push(format!("    screen: {{level: {}, path: [{path}], notes: [{notes}]}}", screen.level.name()));
        }
        lines
    }
}

/// Where a step led, as far as it is another place than before.
fn arrived(before: Option<&Stop>, stop: &Stop) -> Vec<String> {
    let mut steps = Vec::new();
    if before.is_none_or(|before| before.lang != stop.lang) && (before.is_some() || stop.lang != Lang::default()) {
        steps.push(format!("language: {}", stop.lang));
    }
    if before.map_or(Level::None, |before| before.level) != stop.level {
        steps.push(format!("level: {}", stop.level.name()));
    }
    if stop.over {
        return steps;
    }
    if let Some(target) = &stop.transfer {
        steps.push(format!("transferred: {}", quoted(target)));
    } else if let Some(queue) = &stop.queue {
        if before.is_none_or(|before| before.queue != stop.queue) {
            steps.push(format!("in_queue: {}", quoted(queue)));
        }
    } else if let Some(node) = &stop.node
        && before.is_none_or(|before| before.node != stop.node)
    {
        steps.push(format!("at: {}", quoted(node)));
    }
    steps
}

fn queue(operators: Operators) -> String {
    match operators {
        Operators::Nobody => "{operators: nobody}".to_owned(),
        Operators::Answer(after) => format!("{{answers_after: {}}}", written(after)),
        Operators::Busy(QueueStatus { position, wait, samples }) => {
            let wait = wait.map(|wait| format!(", wait: {}", written(wait))).unwrap_or_default();
            format!("{{position: {position}{wait}, samples: {samples}}}")
        }
    }
}

fn given(answer: &Answer) -> String {
    let mut parts = vec![format!("result: {}", answer.answer.outcome)];
    match answer.delay {
        None => parts.push("delay: never".to_owned()),
        Some(delay) if delay != super::bank::USUAL_DELAY => parts.push(format!("delay: {}", written(delay))),
        Some(_) => {}
    }
    parts.extend(fields(&answer.answer.fields));
    format!("{{{}}}", parts.join(", "))
}

fn fields(record: &Record) -> Vec<String> {
    record.iter().filter_map(|(name, value)| Some(format!("{name}: {}", self::value(value)?))).collect()
}

/// A value as a test writes it; a card's handle follows from its digits.
fn value(value: &Value) -> Option<String> {
    Some(match value {
        Value::Opaque(_) => return None,
        Value::Digits(text) | Value::Word(text) | Value::Decimal(text) => quoted(text),
        Value::Phone(phone) => quoted(phone.as_str()),
        Value::Number(number) => number.to_string(),
        Value::Money(money) => quoted(&money.to_string()),
        Value::Date(date) => quoted(&date.to_string()),
        Value::Time(time) => quoted(&time.to_string()),
        Value::Duration(length) => written(*length),
        Value::Record(record) => format!("{{{}}}", fields(record).join(", ")),
        Value::List(records) => {
            let records: Vec<String> =
                records.iter().map(|record| format!("{{{}}}", fields(record).join(", "))).collect();
            format!("[{}]", records.join(", "))
        }
    })
}
