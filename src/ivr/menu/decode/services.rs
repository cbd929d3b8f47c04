//! The integrator's contract: operations of the bank.

use super::{Decoder, Entry, did_you_mean};
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{Code, Name, Operation, Text, ValueType, lexis};
use crate::model::{BankAnswer, Level};
use std::time::Duration;

/// How long a caller waits when the contract does not say.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Names of plain types.
const TYPES: [(&str, ValueType); 11] = [
    ("digits", ValueType::Digits),
    ("phone", ValueType::Phone),
    ("number", ValueType::Number),
    ("money", ValueType::Money),
    ("date", ValueType::Date),
    ("time", ValueType::Time),
    ("duration", ValueType::Duration),
    ("word", ValueType::Word),
    ("secret", ValueType::Secret),
    ("card", ValueType::Card),
    ("text", ValueType::Text),
];

impl<'t> Decoder<'t> {
    pub(super) fn services(&mut self) -> Vec<Operation> {
        self.section("services").into_iter().map(|entry| self.operation(entry)).collect()
    }

    fn operation(&mut self, entry: Entry<'t>) -> Operation {
        let mut operation = Operation {
            name: entry.key.text.as_str().into(),
            level: Level::None,
            params: Vec::new(),
            fields: ValueType::Nothing,
            outcomes: Vec::new(),
            bare: Vec::new(),
            changes: false,
            timeout: TIMEOUT,
            cache: Duration::ZERO,
            place: entry.key.place,
        };
        let known = ["level", "in", "out", "results", "bare", "changes", "timeout", "cache", "lock"];
        let Some(fields) = self.fields(entry.node, ("a service", "у операции"), &known) else {
            return operation;
        };
        if let Some(level) = self.need(&fields, "level").and_then(|node| self.level(node)) {
            operation.level = level;
        }
        if let Some(node) = fields.get("in") {
            operation.params = self.typed_fields(node);
        }
        if let Some(node) = fields.get("out") {
            operation.fields = self.value_type(node);
        }
        if let Some(node) = self.need(&fields, "results") {
            operation.outcomes = self.words(node);
            let down = operation.outcomes.iter().any(|outcome| &**outcome == BankAnswer::DOWN);
            if down || operation.outcomes.is_empty() {
                let message = Text::new(
                    "name the outcomes of the operation; down is always there",
                    "назовите исходы операции; down есть всегда",
                );
                self.problem(node, Code::E19, message);
            }
        }
        if let Some(node) = fields.get("bare") {
            let known = operation.outcomes.clone();
            let listed = self.list(node).into_iter().filter_map(|item| self.outcome_of(item, &known));
            operation.bare = listed.collect::<Vec<_>>();
        }
        operation.changes = fields.get("changes").and_then(|node| self.flag(node)).unwrap_or(false);
        operation.timeout = fields
            .get("timeout")
            .and_then(|node| self.duration_within(node, Duration::from_secs(1), Duration::from_mins(2)))
            .unwrap_or(TIMEOUT);
        operation.cache = fields
            .get("cache")
            .and_then(|node| self.duration_within(node, Duration::ZERO, Duration::from_hours(24)))
            .unwrap_or_default();
        if let Some(lock) =
            fields.get("lock").and_then(|node| self.fields(node, ("a lock", "у lock"), &["fails", "within"]))
        {
            self.need(&lock, "fails").map(|node| self.number::<u32>(node));
            self.need(&lock, "within").map(|node| self.duration(node));
        }
        operation
    }

    /// One of an operation's outcomes.
    fn outcome_of(&mut self, node: &'t Node, known: &[Name]) -> Option<Name> {
        let name = self.text(node)?;
        let found = known.iter().find(|outcome| ***outcome == *name).cloned();
        if found.is_none() {
            let (meant, meant_ru) = did_you_mean(lexis::nearest(name, known.iter().map(|outcome| &**outcome)));
            let message = Text::new(
                format!("results lists no outcome \"{name}\"{meant}"),
                format!("в results нет исхода «{name}»{meant_ru}"),
            );
            self.problem(node, Code::E09, message);
        }
        found
    }

    pub(super) fn level(&mut self, node: &'t Node) -> Option<Level> {
        self.one_of(node, &Level::ALL.map(|level| (level.name(), level)))
    }

    fn typed_fields(&mut self, node: &'t Node) -> Vec<(Name, ValueType)> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_shape(node, "names with types: {card: card}", "имена с типами: {card: card}");
            return Vec::new();
        };
        entries.iter().map(|(key, node)| (key.text.as_str().into(), self.value_type(node))).collect()
    }

    fn value_type(&mut self, node: &'t Node) -> ValueType {
        match &node.kind {
            Kind::Map(_) => ValueType::Record(self.typed_fields(node)),
            Kind::List(items) if items.len() == 1 => ValueType::List(Box::new(self.value_type(&items[0]))),
            Kind::Text(_) => {
                let names: Vec<(&'static str, usize)> =
                    TYPES.iter().enumerate().map(|(index, (name, _))| (*name, index)).collect();
                let found = self.one_of(node, &names);
                found.map_or(ValueType::Text, |index| TYPES[index].1.clone())
            }
            Kind::Nothing | Kind::List(_) => {
                self.wrong_shape(node, "a type, {name: type} or [{name: type}]", "тип, {имя: тип} или [{имя: тип}]");
                ValueType::Nothing
            }
        }
    }
}
