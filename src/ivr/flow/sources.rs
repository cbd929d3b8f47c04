//! The value of a source, and whether a condition holds.

use super::call::Call;
use super::hours::is_open;
use super::world::World;
use crate::ivr::menu::{Comparison, Condition, Literal, NO_PROFILE, Source};
use crate::model::{Lang, Level, Now, Value};
use std::cmp::Ordering;

/// What conditions, parameters and phrases are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) call: &'a Call,
    pub(super) now: Now,
    pub(super) world: &'a World<'a>,
}

fn word(text: &str) -> Value {
    Value::Word(text.into())
}

const fn truth(holds: bool) -> &'static str {
    if holds { "true" } else { "false" }
}

impl Sources<'_> {
    /// The value of a source; `None` when it is not known.
    pub(super) fn value(&self, source: &Source) -> Option<Value> {
        let (call, menu) = (self.call, &self.call.menu);
        match source {
            Source::CallerLevel => Some(word(call.level.name())),
            Source::CallerProfile => {
                let name = call.profile().map(|profile| Value::Word(profile.name.clone()));
                Some(name.unwrap_or_else(|| word(NO_PROFILE)))
            }
            Source::CallerBlocked => Some(word(truth(call.caller.blocked_number))),
            Source::CallFrom => call.caller.from.clone().map(Value::Phone),
            Source::CallLine => Some(Value::Word(menu[call.line].name.clone())),
            Source::Answer(name) => call.values.answers.get(name).cloned(),
            Source::Kept(name, None) => call.values.kept.get(name).cloned().map(Value::Record),
            Source::Kept(name, Some(field)) => call.values.kept.get(name)?.get(field).cloned(),
            Source::QueuePosition => Some(Value::Number(i64::from(call.queue_status?.position))),
            Source::QueueWait(None) => call.queue_status?.wait.map(Value::Duration),
            Source::QueueWait(Some(queue)) => self.world.wait(*queue).map(Value::Duration),
            Source::Item(field) => call.values.item.as_ref()?.get(field).cloned(),
            Source::Switch(switch) => Some(word(truth(self.world.switch(menu, *switch)))),
            Source::Hours(hours) => {
                let open = is_open(&menu[*hours].rule, &menu.bank.zone, self.now.wall);
                Some(word(if open { "open" } else { "closed" }))
            }
            Source::Literal(Literal::Word(text)) => Some(Value::Word(text.clone())),
            Source::Literal(Literal::Number(number)) => Some(Value::Number(*number)),
            Source::Literal(Literal::Duration(length)) => Some(Value::Duration(*length)),
        }
    }

    /// Whether a condition holds. A comparison with something unknown does not.
    pub(super) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Holds(source) => self
                .value(source)
                .is_some_and(|value| matches!(&value, Value::Word(text) if matches!(&**text, "true" | "open"))),
            Condition::Compare { left, how, right } => self.compare(left, *how, right),
            Condition::And(all) => all.iter().all(|one| self.holds(one)),
            Condition::Or(any) => any.iter().any(|one| self.holds(one)),
            Condition::Not(inner) => !self.holds(inner),
        }
    }

    fn compare(&self, left: &Source, how: Comparison, right: &[Source]) -> bool {
        let Some(left) = self.value(left) else { return false };
        let mut known = right.iter().filter_map(|source| self.value(source)).peekable();
        if known.peek().is_none() {
            return false;
        }
        match how {
            Comparison::Is | Comparison::In => known.any(|right| same(&left, &right)),
            Comparison::IsNot => known.all(|right| !same(&left, &right)),
            Comparison::Less => known.all(|right| order(&left, &right) == Some(Ordering::Less)),
            Comparison::Greater => known.all(|right| order(&left, &right) == Some(Ordering::Greater)),
        }
    }

    /// The value of a placeholder of a phrase, by its path.
    pub(super) fn path(&self, path: &str) -> Option<Value> {
        let call = self.call;
        match path.split_once('.')? {
            ("bank", "name") => {
                let names = &call.menu.bank.name;
                let of = |lang: Lang| names.iter().find(|(named, _)| *named == lang);
                of(call.lang).or_else(|| names.first()).map(|(_, name)| Value::Word(name.clone()))
            }
            ("caller", "level") => self.value(&Source::CallerLevel),
            ("call", "from") => self.value(&Source::CallFrom),
            ("call", "from_last4") => {
                let number = call.values.callback.as_ref().or(call.caller.from.as_ref());
                number.map(|number| Value::Digits(number.last(4).into()))
            }
            ("call", "line") => self.value(&Source::CallLine),
            ("queue", "position") => self.value(&Source::QueuePosition),
            ("queue", "wait") => self.value(&Source::QueueWait(None)),
            ("answer", name) => call.values.answers.get(name).cloned(),
            ("item", field) => call.values.item.as_ref()?.get(field).cloned(),
            (kept, field) => call.values.kept.get(kept)?.get(field).cloned(),
        }
    }
}

/// Whether two values are the same, a number written in the menu as digits included.
fn same(left: &Value, right: &Value) -> bool {
    use Value::{Digits, Number, Word};
    match (left, right) {
        (Digits(a) | Word(a), Digits(b) | Word(b)) => a == b,
        (Digits(a) | Word(a), Number(b)) | (Number(b), Digits(a) | Word(a)) => **a == *b.to_string(),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => Some(a.minor.cmp(&b.minor)),
        (Value::Money(a), Value::Number(b)) => Some(a.minor.cmp(&b.checked_mul(100)?)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Digits(a) | Value::Word(a), Value::Number(b)) => a.parse::<i64>().ok().map(|a| a.cmp(b)),
        (Value::Word(a), Value::Word(b)) => Some(Level::from_name(a)?.cmp(&Level::from_name(b)?)),
        _ => None,
    }
}
