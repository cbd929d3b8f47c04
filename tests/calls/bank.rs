//! A bank that answers as a test says, after a virtual delay.

use hotline::model::{BankAnswer, BankRequest, CallId, Currency, Instant, Money, Param, Record, RequestId, Value};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// An answer in the making.
pub struct Pending {
    pub due: Instant,
    pub call: CallId,
    pub request: RequestId,
    pub answer: BankAnswer,
}

/// What the bank was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub operation: String,
    pub key: Option<String>,
    /// Names of parameters; a secret only by its length.
    pub params: Vec<String>,
}

#[derive(Default)]
pub struct FakeBank {
    script: HashMap<String, VecDeque<(String, Option<u64>)>>,
    pub asked: Vec<Asked>,
    pub pending: Vec<Pending>,
    /// The last code entered, to prove that it arrived here.
    pub last_code: String,
}

fn money(minor: i64) -> Value {
    Value::Money(Money::new(minor, Currency::Rub))
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn fields(operation: &str, last4: &str) -> Record {
    let date = |month, day| Value::Date(jiff::civil::date(2026, month, day));
    match operation {
        "bank.find_card" => {
            record([("handle", Value::Opaque("card-1".into())), ("last4", Value::Digits(last4.into()))])
        }
        "bank.balance" => record([("available", money(1_523_050)), ("own", money(1_523_050)), ("hold", money(0))]),
        "bank.operations" => {
            let item = |day, kind: &str, minor| {
                record([("date", date(3, day)), ("kind", Value::Word(kind.into())), ("amount", money(minor))])
            };
            record([("items", Value::List(vec![item(1, "purchase", -45_000), item(2, "deposit", 100_000)]))])
        }
        "bank.block_card" => record([("ticket", Value::Digits("70512".into()))]),
        "bank.loan_payment" => record([("amount", money(1_000_000)), ("date", date(3, 22))]),
        "bank.rates" => record([
            ("usd_buy", money(9_200)),
            ("usd_sell", money(9_400)),
            ("eur_buy", money(9_900)),
            ("eur_sell", money(10_200)),
        ]),
        _ => Record::new(),
    }
}

/// The outcome without a script: the good one, if there is one.
fn usual(operation: &str) -> &'static str {
    match operation {
        "bank.find_card" => "found",
        "bank.block_card" => "blocked",
        "bank.loan_payment" => "due",
        _ => "ok",
    }
}

impl FakeBank {
    /// `find_card: not_found, found`, `balance: ok after 5000`, `block_card: never`: in order, the last for ever.
    pub fn script(&mut self, text: &str) {
        for line in text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
            let (operation, outcomes) = line.split_once(':').unwrap();
            let answer = |text: &str| match text.trim().split_once(" after ") {
                Some((outcome, delay)) => (outcome.to_owned(), Some(delay.parse().unwrap())),
                None if text.trim() == "never" => (String::new(), None),
                None => (text.trim().to_owned(), Some(100)),
            };
            self.script.insert(format!("bank.{}", operation.trim()), outcomes.split(',').map(answer).collect());
        }
    }

    pub fn count(&self, operation: &str) -> usize {
        self.asked.iter().filter(|asked| asked.operation == format!("bank.{operation}")).count()
    }

    pub fn ask(&mut self, now: Instant, request: &BankRequest) {
        let operation = request.operation.to_string();
        let mut last4 = "4321".to_owned();
        let mut params = Vec::new();
        for (name, param) in &request.params {
            match param {
                Param::Secret(code) => {
                    self.last_code = String::from_utf8(code.expose().to_vec()).unwrap();
                    params.push(format!("{name}=<{}>", code.len()));
                }
                Param::Value(Value::Digits(digits)) if **name == *"last4" => {
                    last4 = digits.to_string();
                    params.push(format!("{name}={digits}"));
                }
                Param::Value(Value::Word(word)) => params.push(format!("{name}={word}")),
                Param::Value(_) => params.push(name.to_string()),
            }
        }
        let key = request.key.as_ref().map(ToString::to_string);
        self.asked.push(Asked { operation: operation.clone(), key, params });
        let scripted = self
            .script
            .get_mut(&operation)
            .and_then(|answers| if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() });
        let (outcome, delay) = scripted.unwrap_or_else(|| (usual(&operation).to_owned(), Some(100)));
        let Some(delay) = delay else { return };
        let without = ["down", "unknown", "not_found", "several", "empty", "no_loan", "refused"];
        let fields = if without.contains(&outcome.as_str()) { Record::new() } else { fields(&operation, &last4) };
        let answer = BankAnswer { outcome: outcome.as_str().into(), fields };
        let due = now + Duration::from_millis(delay);
        self.pending.push(Pending { due, call: request.call, request: request.id, answer });
    }

    pub fn due(&mut self, now: Instant) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.due <= now)?;
        Some(self.pending.remove(at))
    }
}
