//! Answers that hold for a while: the services name operations whose answer may be told again, such as the rates.
//!
//! Only reads without parameters are kept, so nothing of a customer ever is; and never a failure.

use super::{Answering, Bank, NowFn};
use crate::model::{BankAnswer, BankRequest, Instant};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A bank whose answers to some reads are kept for a while.
pub struct Cache {
    bank: Arc<dyn Bank>,
    now: NowFn,
    lengths: Mutex<BTreeMap<Arc<str>, Duration>>,
    kept: Mutex<BTreeMap<Arc<str>, Kept>>,
}

struct Kept {
    until: Instant,
    answer: BankAnswer,
}

impl Cache {
    /// Keeps the answers of the operations in `lengths` that long; all others are asked each time.
    #[must_use]
    pub fn new(bank: Arc<dyn Bank>, lengths: BTreeMap<Arc<str>, Duration>, now: NowFn) -> Self {
        Self { bank, now, lengths: Mutex::new(lengths), kept: Mutex::default() }
    }

    /// Takes the lengths of another menu. Answers that are kept already stay as long as they were told to.
    pub fn set_lengths(&self, lengths: BTreeMap<Arc<str>, Duration>) {
        *self.lengths.lock().unwrap_or_else(PoisonError::into_inner) = lengths;
    }

    fn length(&self, operation: &str) -> Option<Duration> {
        let lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        lengths.get(operation).copied().filter(|length| !length.is_zero())
    }

    fn find(&self, operation: &str) -> Option<BankAnswer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(operation)?;
        ((self.now)().instant < found.until).then(|| found.answer.clone())
    }

    fn keep(&self, operation: Arc<str>, length: Duration, answer: BankAnswer) {
        if matches!(&*answer.outcome, BankAnswer::DOWN | BankAnswer::UNKNOWN) {
            return;
        }
        let until = (self.now)().instant + length;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(operation, Kept { until, answer });
    }
}

impl Bank for Cache {
    fn ask(&self, request: BankRequest) -> Answering<'_> {
        Box::pin(async move {
            let length = self.length(&request.operation);
            let (Some(length), true, None) = (length, request.params.is_empty(), &request.key) else {
                return self.bank.ask(request).await;
            };
            if let Some(answer) = self.find(&request.operation) {
                return answer;
            }
            let operation = Arc::clone(&request.operation);
            let answer = self.bank.ask(request).await;
            self.keep(operation, length, answer.clone());
            answer
        })
    }
}
