//! A bank that answers as a test says, or with samples of what its contract promises.

use crate::ivr::menu::{Menu, Operation, Text, ValueType};
use crate::model::{BankAnswer, Currency, Money, PhoneNumber, Record, Value};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How long the fake bank takes when nothing else is said.
pub(super) const USUAL_DELAY: Duration = Duration::from_millis(100);

/// One scripted answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is answered.
    pub answer: BankAnswer,
    /// After which time; `None` is never.
    pub delay: Option<Duration>,
}

impl Answer {
    /// An answer after the usual delay.
    #[must_use]
    pub const fn new(answer: BankAnswer) -> Self {
        Self { answer, delay: Some(USUAL_DELAY) }
    }
}

/// The answers by operation (`find_card` or `bank.find_card`): in order, the last one for ever.
#[derive(Clone, Debug, Default)]
pub struct FakeBank {
    script: BTreeMap<String, VecDeque<Answer>>,
}

/// The operation's name without the service's.
pub(super) fn short_name(operation: &str) -> &str {
    operation.rsplit('.').next().unwrap_or(operation)
}

impl FakeBank {
    /// From now on an operation answers so; the list replaces an earlier one.
    pub fn script(&mut self, operation: &str, answers: Vec<Answer>) {
        self.script.insert(short_name(operation).to_owned(), answers.into());
    }

    /// The answer to a request, and whether it was scripted. Without a script it is the first outcome of the contract
    /// with sample values.
    pub(super) fn answer(&mut self, menu: &Menu, operation: &str) -> (Answer, bool) {
        if let Some(answers) = self.script.get_mut(short_name(operation)) {
            let more = answers.len() > 1;
            let next = if more { answers.pop_front() } else { answers.front().cloned() };
            if let Some(next) = next {
                return (next, true);
            }
        }
        let contract = menu.operations.iter().find(|known| *known.name == *operation);
        (Answer::new(contract.map_or_else(|| BankAnswer::bare(BankAnswer::DOWN), sample_answer)), false)
    }
}

/// The first outcome of a contract with sample values.
fn sample_answer(operation: &Operation) -> BankAnswer {
    answer_of(operation, operation.outcomes.first().map_or(BankAnswer::DOWN, |first| first))
}

/// An outcome of a contract with sample values, unless the contract says that it carries none.
pub(super) fn answer_of(operation: &Operation, outcome: &str) -> BankAnswer {
    let fields = if carries(operation, outcome) { sample_fields(&operation.fields) } else { Record::new() };
    BankAnswer { outcome: outcome.into(), fields }
}

/// Whether an answer with this outcome has fields.
pub(super) fn carries(operation: &Operation, outcome: &str) -> bool {
    let named = |names: &[Arc<str>]| names.iter().any(|name| **name == *outcome);
    named(&operation.outcomes) && !named(&operation.bare)
}

fn sample_fields(shape: &ValueType) -> Record {
    match sample("", shape) {
        Some(Value::Record(record)) => record,
        _ => Record::new(),
    }
}

fn sample(name: &str, shape: &ValueType) -> Option<Value> {
    Some(match shape {
        ValueType::Digits => Value::Digits(if name == "last4" { "4321" } else { "70512" }.into()),
        ValueType::Phone => Value::Phone(PhoneNumber::parse("+79161234567")?),
        ValueType::Number => Value::Number(5),
        ValueType::Money => Value::Money(Money::new(1_523_050, Currency::Rub)),
        ValueType::Date => Value::Date(jiff::civil::date(2026, 3, 22)),
        ValueType::Time => Value::Time(jiff::civil::time(14, 30, 0, 0)),
        ValueType::Duration => Value::Duration(Duration::from_mins(5)),
        ValueType::Word => Value::Word("purchase".into()),
        ValueType::Card => Value::Record(card("4321")),
        ValueType::Text => Value::Word("text".into()),
        ValueType::Secret | ValueType::Nothing => return None,
        ValueType::Record(fields) => {
            let field = |(name, shape): &(Arc<str>, ValueType)| Some((name.clone(), sample(name, shape)?));
            Value::Record(fields.iter().filter_map(field).collect())
        }
        ValueType::List(item) => match sample(name, item)? {
            Value::Record(record) => Value::List(vec![record.clone(), record]),
            _ => return None,
        },
    })
}

fn card(last4: &str) -> Record {
    Record::from([
        ("handle".into(), Value::Opaque(format!("card-{last4}").into())),
        ("last4".into(), Value::Digits(last4.into())),
    ])
}

/// The type of a field of an operation's answer.
pub(super) fn field_type<'a>(shape: &'a ValueType, name: &str) -> Option<&'a ValueType> {
    match shape {
        ValueType::Record(fields) => fields.iter().find(|(field, _)| **field == *name).map(|(_, shape)| shape),
        ValueType::Card if name == "last4" => Some(&ValueType::Digits),
        _ => None,
    }
}

/// A scripted value read as its type says; the error says what is expected.
pub(super) fn read_value(shape: &ValueType, text: &str) -> Result<Value, Text> {
    match shape {
        ValueType::Digits if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Value::Digits(text.into())),
        ValueType::Digits => Err(Text::new("digits, such as \"4321\"", "набор цифр, например \"4321\"")),
        ValueType::Phone => PhoneNumber::parse(text).map(Value::Phone).ok_or_else(|| {
            Text::new("a telephone number, such as \"+79161234567\"", "номер телефона, например \"+79161234567\"")
        }),
        ValueType::Number => text.parse().map(Value::Number).map_err(|_| Text::new("a whole number", "целое число")),
        ValueType::Money => Money::parse(text)
            .map(Value::Money)
            .map_err(|_| Text::new("an amount, such as 15230.50 RUB", "сумма, например 15230.50 RUB")),
        ValueType::Date => text
            .parse()
            .map(Value::Date)
            .map_err(|_| Text::new("a date, such as 2026-03-02", "дата, например 2026-03-02")),
        ValueType::Time => text
            .parse()
            .map(Value::Time)
            .map_err(|_| Text::new("a time of day, such as 14:30", "время суток, например 14:30")),
        ValueType::Duration => super::script::duration(text)
            .map(Value::Duration)
            .ok_or_else(|| Text::new("a length of time, such as 5m", "длительность, например 5m")),
        ValueType::Word | ValueType::Text => Ok(Value::Word(text.into())),
        ValueType::Secret | ValueType::Card | ValueType::Nothing | ValueType::Record(_) | ValueType::List(_) => {
            Err(Text::new("nothing that fits in one value", "не то, что пишут одним значением"))
        }
    }
}

/// The handle that goes with a scripted card.
pub(super) fn with_handle(shape: &ValueType, mut fields: Record) -> Record {
    if *shape == ValueType::Card
        && let Some(Value::Digits(last4)) = fields.get("last4").cloned()
    {
        fields.extend(card(&last4));
    }
    fields
}
