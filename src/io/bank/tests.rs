//! The bank as callers meet it: the journal around a scripted bank, and the sandbox with every outcome.

mod journal;
mod sandbox;

use super::*;
use crate::io::store::tests::{at, call};
use crate::model::{IdempotencyKey, Instant, Param, RequestId, SecretDigits, Value};
use jiff::SignedDuration;
use std::sync::Mutex;
use std::time::Duration;

/// A clock that stands until it is moved.
#[derive(Clone)]
struct TestClock(Arc<Mutex<Now>>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Now { instant: Instant::ZERO, wall: at(0) })))
    }

    fn forward(&self, length: Duration) {
        let mut now = self.0.lock().expect("not poisoned");
        *now = now.after(length);
    }

    fn now_fn(&self) -> NowFn {
        let clock = self.clone();
        Arc::new(move || *clock.0.lock().expect("not poisoned"))
    }

    /// The wall clock, as far as it went since [`at`] zero.
    fn passed(&self) -> SignedDuration {
        self.0.lock().expect("not poisoned").wall.duration_since(at(0))
    }
}

fn value(name: &str, value: Value) -> (Arc<str>, Param) {
    (name.into(), Param::Value(value))
}

fn secret(digits: &str) -> (Arc<str>, Param) {
    let mut secret = SecretDigits::new();
    for key in digits.chars() {
        assert!(secret.push(crate::model::Digit::from_char(key).expect("a digit")));
    }
    ("code".into(), Param::Secret(secret))
}

/// A request of call 1 with a generous deadline.
fn request(operation: &str, params: Vec<(Arc<str>, Param)>) -> BankRequest {
    BankRequest {
        id: RequestId(1),
        call: call(1),
        operation: operation.into(),
        params,
        key: None,
        timeout: Duration::from_secs(20),
    }
}

fn keyed(key: &str, request: BankRequest) -> BankRequest {
    BankRequest { key: Some(IdempotencyKey::new(key)), ..request }
}
