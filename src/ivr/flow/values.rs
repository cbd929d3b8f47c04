//! What a call has learnt: entries, secrets, the bank's answers.

use crate::ivr::menu::{Name, OperationId};
use crate::model::{BankAnswer, CallId, IdempotencyKey, Param, PhoneNumber, Record, RequestId, SecretDigits, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Values by name. Secrets are apart, so that nothing that reads a value can meet one.
#[derive(Default)]
pub(super) struct Values {
    pub(super) answers: BTreeMap<Name, Value>,
    pub(super) secrets: BTreeMap<Name, SecretDigits>,
    pub(super) kept: BTreeMap<Name, Record>,
    /// The number of a callback while it is being confirmed: `call.from_last4` says its end.
    pub(super) callback: Option<PhoneNumber>,
    /// The record that `say_each` is reading.
    pub(super) item: Option<Record>,
}

/// Definite answers of operations that are done once a call, and the numbering of requests.
#[derive(Default)]
pub(super) struct BankLog {
    answered: Vec<(OperationId, Fingerprint, BankAnswer)>,
    requests: u32,
}

impl BankLog {
    pub(super) fn next_request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    /// The first definite answer to the same operation with the same parameters.
    pub(super) fn first_answer(&self, operation: OperationId, print: &Fingerprint) -> Option<BankAnswer> {
        let same = |(done, with, _): &&(OperationId, Fingerprint, BankAnswer)| *done == operation && with == print;
        self.answered.iter().find(same).map(|(_, _, answer)| answer.clone())
    }

    /// Keeps an answer unless it says that nothing is known.
    pub(super) fn keep(&mut self, operation: OperationId, print: Fingerprint, answer: &BankAnswer) {
        let definite = ![BankAnswer::DOWN, BankAnswer::UNKNOWN].contains(&&*answer.outcome);
        if definite && self.first_answer(operation, &print).is_none() {
            self.answered.push((operation, print, answer.clone()));
        }
    }
}

/// Names the parameters of a request without telling them: half a SHA-256 of their canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Arc<str>);

impl Fingerprint {
    /// The fingerprint of parameters. Secrets are left out: an operation that takes one is not done once a call.
    pub(super) fn of(params: &[(Arc<str>, Param)]) -> Self {
        let mut text = String::new();
        for (name, param) in params {
            if let Param::Value(value) = param {
                write_text(&mut text, name);
                canonical(&mut text, value);
            }
        }
        let mut print = String::with_capacity(32);
        for byte in &Sha256::digest(text.as_bytes())[..16] {
            write_hex(&mut print, *byte);
        }
        Self(print.into())
    }

    /// The idempotency key: call, operation, parameters.
    pub(super) fn key(&self, call: CallId, operation: &str) -> IdempotencyKey {
        let operation: String = operation.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        IdempotencyKey::new(&format!("{call}:{operation}:{}", self.0))
    }
}

fn write_hex(text: &mut String, byte: u8) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.push(HEX[usize::from(byte >> 4)]);
    text.push(HEX[usize::from(byte & 15)]);
}

/// A text with its length before it, so that no two lists of texts read alike.
fn write_text(text: &mut String, part: &str) {
    // Writing to a String cannot fail.
    if write!(text, "{}:{part}", part.len()).is_err() {
        text.push('!');
    }
}

fn canonical(text: &mut String, value: &Value) {
    match value {
        Value::Record(record) => canonical_record(text, record),
        Value::List(list) => {
            text.push('[');
            for record in list {
                canonical_record(text, record);
            }
            text.push(']');
        }
        simple => write_text(text, &plain(simple).unwrap_or_default()),
    }
}

fn canonical_record(text: &mut String, record: &Record) {
    text.push('{');
    for (name, value) in record {
        write_text(text, name);
        canonical(text, value);
    }
    text.push('}');
}

/// A value as plain text; `None` for records and lists.
pub(super) fn plain(value: &Value) -> Option<String> {
    Some(match value {
        Value::Digits(text) | Value::Decimal(text) | Value::Word(text) | Value::Opaque(text) => text.to_string(),
        Value::Phone(number) => number.as_str().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Money(money) => money.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Duration(length) => format!("{}s", length.as_secs()),
        Value::Record(_) | Value::List(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(tail: &str, reason: &str) -> Vec<(Arc<str>, Param)> {
        let card = Record::from([("handle".into(), Value::Opaque(format!("c{tail}").into()))]);
        let reason = Param::Value(Value::Word(reason.into()));
        vec![("card".into(), Param::Value(Value::Record(card))), ("reason".into(), reason)]
    }

    #[test]
    fn the_key_is_the_same_for_the_same_request_and_tells_nothing_of_it() {
        let first = Fingerprint::of(&params("4321", "lost"));
        assert_eq!(first, Fingerprint::of(&params("4321", "lost")));
        assert_ne!(first, Fingerprint::of(&params("4321", "stolen")));
        let key = first.key(CallId::from_u128(7), "bank.block_card");
        assert!(!key.as_str().contains("4321") && key.as_str().contains("bank-block-card"), "{key}");
    }

    #[test]
    fn an_answer_that_says_nothing_is_not_kept() {
        let (mut log, print) = (BankLog::default(), Fingerprint::of(&params("4321", "lost")));
        log.keep(OperationId(0), print.clone(), &BankAnswer::bare(BankAnswer::UNKNOWN));
        assert!(log.first_answer(OperationId(0), &print).is_none());
        log.keep(OperationId(0), print.clone(), &BankAnswer::bare("blocked"));
        log.keep(OperationId(0), print.clone(), &BankAnswer::bare("already_blocked"));
        assert_eq!(&*log.first_answer(OperationId(0), &print).unwrap().outcome, "blocked");
    }
}
