//! What is asked of the bank and what it answers, whatever stands behind the adapter.

use crate::model::{CallId, Record, SecretDigits, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One request of one call; answers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u32);

/// The key under which a change is done at most once: the same key always gets the first definite answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The key of a text: letters, digits, `-` and `:`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as sent to the bank.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A parameter of a bank operation.
pub enum Param {
    /// A value that may be stored with the request.
    Value(Value),
    /// A secret: goes to the bank and nowhere else, and is wiped afterwards.
    Secret(SecretDigits),
}

/// A request to the bank. Not `Clone` and not `Debug`: it may hold a secret.
pub struct BankRequest {
    /// Names the request in its answer; unique within the call.
    pub id: RequestId,
    /// The call that asks.
    pub call: CallId,
    /// The operation as the services name it, such as `bank.block_card`.
    pub operation: Arc<str>,
    /// Parameters by name.
    pub params: Vec<(Arc<str>, Param)>,
    /// Present when the operation changes something.
    pub key: Option<IdempotencyKey>,
    /// How long the caller waits for the answer.
    pub timeout: Duration,
}

/// The bank's answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct BankAnswer {
    /// The outcome as the services name it. Two are implicit: [`BankAnswer::DOWN`] and [`BankAnswer::UNKNOWN`].
    pub outcome: Arc<str>,
    /// What came with it; empty for most outcomes.
    pub fields: Record,
}

impl BankAnswer {
    /// Nothing was done: the bank did not answer, or refused to be asked.
    pub const DOWN: &'static str = "down";
    /// A change was sent and its answer was lost: it may or may not have been done.
    pub const UNKNOWN: &'static str = "unknown";

    /// An answer without fields.
    #[must_use]
    pub fn bare(outcome: &str) -> Self {
        Self { outcome: outcome.into(), fields: Record::new() }
    }
}
