//! Test files: `tests/*.test.yaml` read into scripts; an unknown key is refused with its place.

use super::bank::{Answer, field_type, read_value, with_handle};
use super::step::{Step, StepAt};
use super::tree::{Kind, Node, ScriptError, parse};
use super::virtual_call::Operators;
use crate::ivr::flow::{QueueEnd, QueueStatus};
use crate::ivr::menu::{LineId, Menu, SwitchId, ValueType};
use crate::model::{BankAnswer, Digit, Lang, Level, PhoneNumber, Record, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// When a call comes in whose test does not say: a Monday at noon.
const USUAL_TIME: jiff::civil::DateTime = jiff::civil::datetime(2026, 3, 2, 12, 0, 0, 0);

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
    /// When the call comes in.
    pub at: jiff::Timestamp,
    /// What the bank answers.
    pub bank: Vec<(String, Vec<Answer>)>,
    /// What queues find.
    pub operators: Operators,
    /// Switches that are not as the menu has them.
    pub switches: Vec<(SwitchId, bool)>,
    /// What happens.
    pub steps: Vec<StepAt>,
    /// What must hold at the end.
    pub expected: Expected,
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
    key.error(file, format!("there is no key {name:?} here; known are {}", known.join(", ")))
}

struct Reader<'a> {
    menu: &'a Menu,
    file: &'a str,
}

impl Reader<'_> {
    fn texts(&self, node: &Node) -> Result<Vec<String>, ScriptError> {
        node.list(self.file)?.iter().map(|item| Ok(item.text(self.file)?.to_owned())).collect()
    }

    fn blank(&self, node: &Node) -> Script {
        let wall = self.menu.bank.zone.to_ambiguous_timestamp(USUAL_TIME).compatible();
        Script {
            name: String::new(),
            file: self.file.to_owned(),
            line: node.line,
            line_id: LineId(0),
            from: None,
            blocked_number: false,
            at: wall.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
            bank: Vec::new(),
            operators: Operators::default(),
            switches: Vec::new(),
            steps: Vec::new(),
            expected: Expected::default(),
        }
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
                    let known = ["name", "call", "bank", "queue", "switches", "steps", "never_hears", "never_in_log"];
                    let known: Vec<&str> = known.into_iter().chain(["service_calls", "screen"]).collect();
                    return Err(unknown(self.file, key, other, &known));
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
                    script.from = Some(number.ok_or_else(|| value.error(self.file, "this is no telephone number"))?);
                }
                "at" => {
                    let wrong = || value.error(self.file, "write the time as \"2026-03-02 12:00\"");
                    let at: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
                    script.at = self.menu.bank.zone.to_ambiguous_timestamp(at).compatible().map_err(|_| wrong())?;
                }
                "blocked" => script.blocked_number = text == "true",
                other => return Err(unknown(self.file, key, other, &["line", "from", "at", "blocked"])),
            }
        }
        Ok(())
    }

    fn line(&self, node: &Node, name: &str) -> Result<LineId, ScriptError> {
        let found = self.menu.lines.iter().position(|line| *line.name == *name);
        let index = found.and_then(|index| u16::try_from(index).ok());
        index.map(LineId).ok_or_else(|| node.error(self.file, format!("there is no line {name:?} in the menu")))
    }

    fn phrases(&self, node: &Node) -> Result<Vec<String>, ScriptError> {
        node.list(self.file)?.iter().map(|item| self.phrase(item)).collect()
    }

    fn phrase(&self, node: &Node) -> Result<String, ScriptError> {
        let name = node.text(self.file)?;
        if self.menu.phrases.iter().any(|phrase| *phrase.name == *name) {
            return Ok(name.to_owned());
        }
        Err(node.error(self.file, format!("there is no phrase {name:?} in the menu")))
    }

    fn bank(&self, node: &Node) -> Result<Vec<(String, Vec<Answer>)>, ScriptError> {
        let mut bank = Vec::new();
        for (name, key, value) in node.map(self.file)? {
            let short = super::bank::short_name;
            let operation = self.menu.operations.iter().find(|known| short(&known.name) == short(name));
            let operation =
                operation.ok_or_else(|| key.error(self.file, format!("there is no operation {name:?} in services")))?;
            let answers = match &value.kind {
                Kind::List(list) => {
                    list.iter().map(|one| self.answer(&operation.fields, one)).collect::<Result<_, _>>()?
                }
                Kind::Map(_) | Kind::Text(_) => vec![self.answer(&operation.fields, value)?],
            };
            bank.push((name.to_owned(), answers));
        }
        Ok(bank)
    }

    fn answer(&self, shape: &ValueType, node: &Node) -> Result<Answer, ScriptError> {
        let mut answer = Answer::new(BankAnswer::bare(BankAnswer::DOWN));
        let mut fields = Record::new();
        for (name, key, value) in node.map(self.file)? {
            match name {
                "result" => answer.answer.outcome = value.text(self.file)?.into(),
                "delay" if value.text(self.file)? == "never" => answer.delay = None,
                "delay" => answer.delay = Some(self.duration(value)?),
                field => {
                    let shape = field_type(shape, field)
                        .ok_or_else(|| key.error(self.file, format!("the operation gives no field {field:?}")))?;
                    fields.insert(field.into(), self.value(shape, value)?);
                }
            }
        }
        answer.answer.fields = with_handle(shape, fields);
        Ok(answer)
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
                read_value(simple, text).map_err(|wanted| node.error(self.file, format!("expected {wanted}")))
            }
        }
    }

    fn record(&self, shape: &ValueType, node: &Node) -> Result<Record, ScriptError> {
        let mut record = Record::new();
        for (name, key, value) in node.map(self.file)? {
            let shape = field_type(shape, name)
                .ok_or_else(|| key.error(self.file, format!("the operation gives no field {name:?}")))?;
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
                    _ => return Err(value.error(self.file, "operators are nobody or busy")),
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
            let found = self.menu.switches.iter().position(|switch| *switch.name == *name);
            let id = found.and_then(|index| u16::try_from(index).ok()).map(SwitchId);
            let id = id.ok_or_else(|| key.error(self.file, format!("there is no switch {name:?} in the menu")))?;
            switches.push((id, matches!(value.text(self.file)?, "enabled" | "true")));
        }
        Ok(switches)
    }

    fn service_calls(&self, node: &Node) -> Result<Vec<(String, u32)>, ScriptError> {
        let entries = node.map(self.file)?.into_iter();
        entries.map(|(name, _, value)| Ok((name.to_owned(), self.number(value)?))).collect()
    }

    fn screen(&self, node: &Node, expected: &mut Expected) -> Result<(), ScriptError> {
        for (name, key, value) in node.map(self.file)? {
            match name {
                "level" => {
                    let level = Level::from_name(value.text(self.file)?);
                    let wrong = || value.error(self.file, "levels are none, recognised, verified");
                    expected.level = Some(level.ok_or_else(wrong)?);
                }
                "path" => expected.path = self.texts(value)?,
                "notes" => expected.notes = self.texts(value)?,
                other => return Err(unknown(self.file, key, other, &["level", "path", "notes"])),
            }
        }
        Ok(())
    }

    fn number(&self, node: &Node) -> Result<u32, ScriptError> {
        node.text(self.file)?.parse().map_err(|_| node.error(self.file, "a whole number is expected here"))
    }

    fn duration(&self, node: &Node) -> Result<Duration, ScriptError> {
        duration(node.text(self.file)?)
            .ok_or_else(|| node.error(self.file, "write a length of time as 6s, 2m or 500ms"))
    }

    fn step(&self, node: &Node) -> Result<StepAt, ScriptError> {
        let entries = node.map(self.file)?;
        let [(name, key, value)] = entries.as_slice() else {
            return Err(node.error(self.file, "a step is one key with its value, such as `- press: 2`"));
        };
        Ok(StepAt { line: key.line, step: self.one_step(name, key, value)? })
    }

    fn one_step(&self, name: &str, key: &Node, value: &Node) -> Result<Step, ScriptError> {
        let name_of = || value.text(self.file).map(str::to_owned);
        Ok(match name {
            "hears" => Step::Hears(self.phrase(value)?),
            "hears_text" => Step::HearsText(self.by_language(value)?),
            "press" => Step::Press(self.keys(value)?),
            "silence" => Step::Silence(self.duration(value)?),
            "wait" => Step::Wait(self.duration(value)?),
            "at" => Step::At(name_of()?),
            "language" => Step::Language(self.language(value, value.text(self.file)?)?),
            "in_queue" => Step::InQueue(name_of()?),
            "call_ends" => Step::CallEnds { by_system: self.ends_by(value)? },
            "hangs_up" => Step::HangsUp,
            "operator" => match value.text(self.file)? {
                "answers" => Step::OperatorAnswers,
                "hangs_up" => Step::OperatorHangsUp,
                _ => return Err(value.error(self.file, "an operator answers or hangs_up")),
            },
            "queue_ends" => match value.text(self.file)? {
                "timeout" => Step::QueueEnds(QueueEnd::Timeout),
                "full" => Step::QueueEnds(QueueEnd::Full),
                "nobody" => Step::QueueEnds(QueueEnd::Nobody),
                _ => return Err(value.error(self.file, "a queue ends by timeout, full or nobody")),
            },
            other => {
                let known = ["hears", "hears_text", "press", "silence", "wait", "at", "language", "in_queue"];
                let known: Vec<&str> =
                    known.into_iter().chain(["call_ends", "hangs_up", "operator", "queue_ends"]).collect();
                return Err(unknown(self.file, key, other, &known));
            }
        })
    }

    fn ends_by(&self, node: &Node) -> Result<Option<bool>, ScriptError> {
        match node.text(self.file)? {
            "by_system" => Ok(Some(true)),
            "by_caller" => Ok(Some(false)),
            "true" | "" => Ok(None),
            _ => Err(node.error(self.file, "a call ends by_system or by_caller")),
        }
    }

    /// Texts by language. In `{ru: Карта, последние цифры …}` YAML takes what follows the comma for a key without a
    /// value; it is read as written, as the rest of the sentence.
    fn by_language(&self, node: &Node) -> Result<Vec<(Lang, String)>, ScriptError> {
        let mut texts: Vec<(Lang, String)> = Vec::new();
        for (name, key, value) in node.map(self.file)? {
            let text = value.text(self.file)?;
            match texts.last_mut() {
                Some((_, before)) if text.is_empty() && Lang::from_code(name).is_none() => {
                    before.push_str(", ");
                    before.push_str(name);
                }
                _ => texts.push((self.language(key, name)?, text.to_owned())),
            }
        }
        Ok(texts)
    }

    fn language(&self, node: &Node, code: &str) -> Result<Lang, ScriptError> {
        let known = Lang::from_code(code).filter(|lang| self.menu.languages.contains(lang));
        known.ok_or_else(|| node.error(self.file, format!("the menu has no language {code:?}")))
    }

    fn keys(&self, node: &Node) -> Result<Vec<Digit>, ScriptError> {
        let key = |key| Digit::from_char(key).ok_or_else(|| node.error(self.file, "keys are 0 to 9, * and #"));
        node.text(self.file)?.chars().map(key).collect()
    }
}
