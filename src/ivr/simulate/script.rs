//! Test files: `tests/*.test.yaml` read into scripts; an unknown key is refused with its place.

use super::bank::{Answer, carries, field_type, read_value, with_handle};
use super::step::StepAt;
use super::tree::{Kind, Node, ScriptError, parse};
use super::virtual_call::Operators;
use super::words::{self, Named};
use crate::ivr::flow::QueueStatus;
use crate::ivr::menu::{LineId, Menu, Name, Operation, SwitchId, Text, ValueType, nearest};
use crate::model::{BankAnswer, Lang, Level, PhoneNumber, Record, Value};
use std::collections::BTreeMap;
use std::time::Duration;

mod steps;

/// When a call comes in whose test does not say: a Monday at noon.
const USUAL_TIME: jiff::civil::DateTime = jiff::civil::datetime(2026, 3, 2, 12, 0, 0, 0);

/// What a test may have.
const KEYS: [&str; 11] = [
    "name",
    "call",
    "bank",
    "queue",
    "callbacks",
    "switches",
    "steps",
    "never_hears",
    "never_in_log",
    "service_calls",
    "screen",
];

/// One test.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The line that is called.
    pub line_id: LineId,
    /// The calling number.
    pub from: Option<PhoneNumber>,
    /// The number is on the list of those that go to an operator at once.
    pub blocked_number: bool,
    /// The caller wants longer pauses.
    pub slow_speech: bool,
    /// The profile of the calling number.
    pub profile: Option<Name>,
    /// The first language heard, when it is not the menu's.
    pub lang: Option<Lang>,
    /// When the call comes in.
    pub at: jiff::Timestamp,
    /// What the bank answers.
    pub bank: Vec<(String, Vec<Answer>)>,
    /// What queues find.
    pub operators: Operators,
    /// Whether the bank takes orders to call back.
    pub callbacks: bool,
    /// Switches that are not as the menu has them.
    pub switches: Vec<(SwitchId, bool)>,
    /// What happens.
    pub steps: Vec<StepAt>,
    /// What must hold at the end.
    pub expected: Expected,
}

impl Script {
    /// A call without any step: who calls what, and when.
    #[must_use]
    pub fn call_to(line_id: LineId, from: Option<PhoneNumber>, at: jiff::Timestamp) -> Self {
        Self {
            name: String::new(),
            file: String::new(),
            line: 1,
            line_id,
            from,
            blocked_number: false,
            slow_speech: false,
            profile: None,
            lang: None,
            at,
            bank: Vec::new(),
            operators: Operators::default(),
            callbacks: true,
            switches: Vec::new(),
            steps: Vec::new(),
            expected: Expected::default(),
        }
    }
}

/// What must hold at the end of a test.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The line of each that is given, for messages.
    pub lines: BTreeMap<&'static str, u32>,
    /// Phrases that are never heard.
    pub never_hears: Vec<String>,
    /// Texts that are in no record, prompt or screen.
    pub never_in_log: Vec<String>,
    /// How often operations are asked.
    pub service_calls: Vec<(String, u32)>,
    /// The level the operator sees.
    pub level: Option<Level>,
    /// Nodes the operator sees, in this order; others may lie between.
    pub path: Vec<String>,
    /// Notes the operator sees.
    pub notes: Vec<String>,
}

/// Reads the tests of a file.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse_tests(menu: &Menu, file: &str, text: &str) -> Result<Vec<Script>, ScriptError> {
    let root = parse(file, text)?;
    let reader = Reader { menu, file };
    let mut scripts = Vec::new();
    for (name, key, value) in root.map(file)? {
        match name {
            "tests" => scripts = value.list(file)?.iter().map(|test| reader.test(test)).collect::<Result<_, _>>()?,
            other => return Err(unknown(file, key, other, &["tests"])),
        }
    }
    Ok(scripts)
}

/// Reads `6s`, `2m`, `500ms`, `24h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3_600)?)),
        _ => None,
    }
}

fn unknown(file: &str, key: &Node, name: &str, known: &[&str]) -> ScriptError {
    key.error(file, words::no_key(name, nearest(name, known.iter().copied()), known))
}

/// Reads the tests of one file.
struct Reader<'a> {
    menu: &'a Menu,
    file: &'a str,
}

impl Reader<'_> {
    /// A name that must be one of those there are.
    fn known<'k>(
        &self,
        node: &Node,
        what: Named,
        names: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<String, ScriptError> {
        let name = node.text(self.file)?;
        if names.clone().any(|known| known == name) {
            return Ok(name.to_owned());
        }
        Err(node.error(self.file, words::no_such(what, name, nearest(name, names))))
    }

    fn texts(&self, node: &Node) -> Result<Vec<String>, ScriptError> {
        node.list(self.file)?.iter().map(|item| Ok(item.text(self.file)?.to_owned())).collect()
    }

    fn blank(&self, node: &Node) -> Script {
        let wall = self.menu.bank.zone.to_ambiguous_timestamp(USUAL_TIME).compatible();
        let at = wall.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Script { file: self.file.to_owned(), line: node.line, ..Script::call_to(LineId(0), None, at) }
    }

    fn test(&self, node: &Node) -> Result<Script, ScriptError> {
        let mut script = self.blank(node);
        for (name, key, value) in node.map(self.file)? {
            let mut expect = |name: &'static str| script.expected.lines.insert(name, key.line);
            match name {
                "name" => value.text(self.file)?.clone_into(&mut script.name),
                "call" => self.call(value, &mut script)?,
                "bank" => script.bank = self.bank(value)?,
                "queue" => script.operators = self.queue(value)?,
                "callbacks" => script.callbacks = self.callbacks(value)?,
                "switches" => script.switches = self.switches(value)?,
                "steps" => {
                    script.steps =
                        value.list(self.file)?.iter().map(|step| self.step(step)).collect::<Result<_, _>>()?;
                }
                "never_hears" => {
                    expect("never_hears");
                    script.expected.never_hears = self.phrases(value)?;
                }
                "never_in_log" => {
                    expect("never_in_log");
                    script.expected.never_in_log = self.texts(value)?;
                }
                "service_calls" => {
                    expect("service_calls");
                    script.expected.service_calls = self.service_calls(value)?;
                }
                "screen" => {
                    expect("screen");
                    self.screen(value, &mut script.expected)?;
                }
                other => {
                    return Err(unknown(self.file, key, other, &KEYS));
                }
            }
        }
        Ok(script)
    }

    fn call(&self, node: &Node, script: &mut Script) -> Result<(), ScriptError> {
        for (name, key, value) in node.map(self.file)? {
            let text = value.text(self.file)?;
            match name {
                "line" => script.line_id = self.line(value, text)?,
                "from" => {
                    let number = PhoneNumber::parse(text);
                    script.from = Some(number.ok_or_else(|| {
                        value.error(self.file, Text::new("this is no telephone number", "это не номер телефона"))
                    })?);
                }
                "at" => {
                    let wrong = || {
                        value.error(
                            self.file,
                            Text::new(
                                "write the time as \"2026-03-02 12:00\"",
                                "время пишут так: \"2026-03-02 12:00\"",
                            ),
                        )
                    };
                    let at: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
                    script.at = self.menu.bank.zone.to_ambiguous_timestamp(at).compatible().map_err(|_| wrong())?;
                }
                "blocked" => script.blocked_number = self.yes_or_no(value)?,
                "slow_speech" => script.slow_speech = self.yes_or_no(value)?,
                "profile" => script.profile = Some(text.into()),
                "lang" => script.lang = Some(self.language(value, text)?),
                other => {
                    let known = ["line", "from", "at", "blocked", "slow_speech", "profile", "lang"];
                    return Err(unknown(self.file, key, other, &known));
                }
            }
        }
        Ok(())
    }

    fn yes_or_no(&self, node: &Node) -> Result<bool, ScriptError> {
        match node.text(self.file)? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(node.error(self.file, Text::new("write true or false", "напишите true или false"))),
        }
    }

    fn line(&self, node: &Node, name: &str) -> Result<LineId, ScriptError> {
        self.known(node, Named::Line, self.menu.lines.iter().map(|line| &*line.name))?;
        let found = self.menu.lines.iter().position(|line| *line.name == *name);
        let index = found.and_then(|index| u16::try_from(index).ok());
        index.map(LineId).ok_or_else(|| node.error(self.file, words::no_such(Named::Line, name, None)))
    }

    fn phrases(&self, node: &Node) -> Result<Vec<String>, ScriptError> {
        node.list(self.file)?.iter().map(|item| self.phrase(item)).collect()
    }

    fn phrase(&self, node: &Node) -> Result<String, ScriptError> {
        self.known(node, Named::Phrase, self.menu.phrases.iter().map(|phrase| &*phrase.name))
    }

    fn bank(&self, node: &Node) -> Result<Vec<(String, Vec<Answer>)>, ScriptError> {
        let mut bank = Vec::new();
        for (name, key, value) in node.map(self.file)? {
            let short = super::bank::short_name;
            let operation = self.menu.operations.iter().find(|known| short(&known.name) == short(name));
            let operation = operation.ok_or_else(|| {
                let near = nearest(name, self.menu.operations.iter().map(|known| short(&known.name)));
                key.error(self.file, words::no_operation(name, near))
            })?;
            let answers = match &value.kind {
                Kind::List(list) => list.iter().map(|one| self.answer(operation, one)).collect::<Result<_, _>>()?,
                Kind::Map(_) | Kind::Text(_) => vec![self.answer(operation, value)?],
            };
            bank.push((name.to_owned(), answers));
        }
        Ok(bank)
    }

    fn answer(&self, operation: &Operation, node: &Node) -> Result<Answer, ScriptError> {
        let shape = &operation.fields;
        let mut answer = Answer::new(BankAnswer::bare(BankAnswer::DOWN));
        let (mut fields, mut first_field) = (Record::new(), None);
        for (name, key, value) in node.map(self.file)? {
            match name {
                "result" => answer.answer.outcome = self.outcome(operation, value)?.into(),
                "delay" if value.text(self.file)? == "never" => answer.delay = None,
                "delay" => answer.delay = Some(self.duration(value)?),
                field => {
                    let shape = field_type(shape, field).ok_or_else(|| key.error(self.file, words::no_field(field)))?;
                    first_field = first_field.or(Some(key));
                    fields.insert(field.into(), self.value(shape, value)?);
                }
            }
        }
        if let Some(key) = first_field.filter(|_| !carries(operation, &answer.answer.outcome)) {
            return Err(key.error(self.file, words::no_fields_with(&answer.answer.outcome)));
        }
        answer.answer.fields = with_handle(shape, fields);
        Ok(answer)
    }

    /// An outcome of the operation's contract.
    fn outcome(&self, operation: &Operation, node: &Node) -> Result<String, ScriptError> {
        let declared = operation.outcomes.iter().map(|outcome| &**outcome);
        let implicit = [BankAnswer::DOWN, BankAnswer::UNKNOWN].into_iter();
        let known: Vec<&str> = declared.chain(implicit.take(1 + usize::from(operation.changes))).collect();
        let outcome = node.text(self.file)?;
        if known.contains(&outcome) {
            return Ok(outcome.to_owned());
        }
        let near = nearest(outcome, known.iter().copied());
        Err(node.error(self.file, words::no_result(outcome, near, &known.join(", "))))
    }

    fn value(&self, shape: &ValueType, node: &Node) -> Result<Value, ScriptError> {
        match shape {
            ValueType::List(item) => {
                let items = node.list(self.file)?.iter().map(|one| self.record(item, one));
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            ValueType::Record(_) | ValueType::Card => Ok(Value::Record(with_handle(shape, self.record(shape, node)?))),
            simple => {
                let text = node.text(self.file)?;
                read_value(simple, text).map_err(|wanted| node.error(self.file, words::expected_value(&wanted)))
            }
        }
    }

    fn record(&self, shape: &ValueType, node: &Node) -> Result<Record, ScriptError> {
        let mut record = Record::new();
        for (name, key, value) in node.map(self.file)? {
            let shape = field_type(shape, name).ok_or_else(|| key.error(self.file, words::no_field(name)))?;
            record.insert(name.into(), self.value(shape, value)?);
        }
        Ok(record)
    }

    fn queue(&self, node: &Node) -> Result<Operators, ScriptError> {
        let mut status = QueueStatus { position: 1, wait: None, samples: 0 };
        let mut operators = None;
        for (name, key, value) in node.map(self.file)? {
            match name {
                "operators" => match value.text(self.file)? {
                    "nobody" => operators = Some(Operators::Nobody),
                    "busy" => {}
                    _ => {
                        return Err(value.error(
                            self.file,
                            Text::new("operators are nobody or busy", "операторы: nobody или busy"),
                        ));
                    }
                },
                "answers_after" => operators = Some(Operators::Answer(self.duration(value)?)),
                "position" => status.position = self.number(value)?,
                "wait" => status.wait = Some(self.duration(value)?),
                "samples" => status.samples = self.number(value)?,
                other => {
                    let known = ["operators", "answers_after", "position", "wait", "samples"];
                    return Err(unknown(self.file, key, other, &known));
                }
            }
        }
        Ok(operators.unwrap_or(Operators::Busy(status)))
    }

    fn switches(&self, node: &Node) -> Result<Vec<(SwitchId, bool)>, ScriptError> {
        let mut switches = Vec::new();
        for (name, key, value) in node.map(self.file)? {
            self.known(key, Named::Switch, self.menu.switches.iter().map(|switch| &*switch.name))?;
            let found = self.menu.switches.iter().position(|switch| *switch.name == *name);
            let id = found.and_then(|index| u16::try_from(index).ok()).map(SwitchId);
            let id = id.ok_or_else(|| key.error(self.file, words::no_such(Named::Switch, name, None)))?;
            let enabled = match value.text(self.file)? {
                "enabled" | "true" => true,
                "disabled" | "false" => false,
                _ => {
                    return Err(value.error(
                        self.file,
                        Text::new("a switch is enabled or disabled", "выключатель: enabled или disabled"),
                    ));
                }
            };
            switches.push((id, enabled));
        }
        Ok(switches)
    }

    fn service_calls(&self, node: &Node) -> Result<Vec<(String, u32)>, ScriptError> {
        let entries = node.map(self.file)?.into_iter();
        let operations = self.menu.operations.iter().map(|known| super::bank::short_name(&known.name));
        let counted = |(name, key, value): (&str, &Node, &Node)| {
            if !operations.clone().any(|known| known == super::bank::short_name(name)) {
                return Err(key.error(self.file, words::no_operation(name, nearest(name, operations.clone()))));
            }
            Ok((name.to_owned(), self.number(value)?))
        };
        entries.map(counted).collect()
    }

    fn screen(&self, node: &Node, expected: &mut Expected) -> Result<(), ScriptError> {
        for (name, key, value) in node.map(self.file)? {
            match name {
                "level" => expected.level = Some(self.level(value)?),
                "path" => expected.path = self.texts(value)?,
                "notes" => expected.notes = self.texts(value)?,
                other => return Err(unknown(self.file, key, other, &["level", "path", "notes"])),
            }
        }
        Ok(())
    }

    fn number(&self, node: &Node) -> Result<u32, ScriptError> {
        node.text(self.file)?
            .parse()
            .map_err(|_| node.error(self.file, Text::new("a whole number is expected here", "здесь нужно целое число")))
    }

    fn duration(&self, node: &Node) -> Result<Duration, ScriptError> {
        duration(node.text(self.file)?).ok_or_else(|| {
            node.error(
                self.file,
                Text::new("write a length of time as 6s, 2m or 500ms", "длительность пишут так: 6s, 2m или 500ms"),
            )
        })
    }
}
