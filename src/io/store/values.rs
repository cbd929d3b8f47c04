//! Values as JSON, tagged by kind, so that what the journal wrote is read back as the same value.

use super::millis;
use crate::model::{Currency, Money, PhoneNumber, Record, Value};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

/// The JSON of a record.
pub(super) fn record_to_json(record: &Record) -> Json {
    Json::Object(record.iter().map(|(name, value)| (name.to_string(), to_json(value))).collect())
}

/// The record of a JSON object; `None` when it was not written by [`record_to_json`].
pub(super) fn record_from_json(json: &Json) -> Option<Record> {
    json.as_object()?.iter().map(|(name, value)| Some((Arc::from(name.as_str()), from_json(value)?))).collect()
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Digits(text) => json!({ "digits": &**text }),
        Value::Phone(number) => json!({ "phone": number.as_str() }),
        Value::Number(number) => json!({ "number": number }),
        Value::Decimal(text) => json!({ "decimal": &**text }),
        Value::Money(money) => json!({ "money": money.minor, "currency": money.currency.code() }),
        Value::Date(date) => json!({ "date": date.to_string() }),
        Value::Time(time) => json!({ "time": time.to_string() }),
        Value::Duration(length) => json!({ "duration_ms": millis(*length) }),
        Value::Word(text) => json!({ "word": &**text }),
        Value::Opaque(text) => json!({ "opaque": &**text }),
        Value::Record(record) => json!({ "record": record_to_json(record) }),
        Value::List(records) => json!({ "list": records.iter().map(record_to_json).collect::<Vec<_>>() }),
    }
}

fn from_json(json: &Json) -> Option<Value> {
    let object = json.as_object()?;
    if let Some(minor) = object.get("money") {
        let currency = Currency::from_code(object.get("currency")?.as_str()?)?;
        return Some(Value::Money(Money::new(minor.as_i64()?, currency)));
    }
    let (kind, inner) = object.iter().next()?;
    let text = || inner.as_str().map(Arc::from);
    Some(match kind.as_str() {
        "digits" => Value::Digits(text()?),
        "phone" => Value::Phone(PhoneNumber::parse(inner.as_str()?)?),
        "number" => Value::Number(inner.as_i64()?),
        "decimal" => Value::Decimal(text()?),
        "date" => Value::Date(inner.as_str()?.parse().ok()?),
        "time" => Value::Time(inner.as_str()?.parse().ok()?),
        "duration_ms" => Value::Duration(Duration::from_millis(inner.as_u64()?)),
        "word" => Value::Word(text()?),
        "opaque" => Value::Opaque(text()?),
        "record" => Value::Record(record_from_json(inner)?),
        "list" => Value::List(inner.as_array()?.iter().map(record_from_json).collect::<Option<_>>()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back_as_it_was() {
        let item: Record = [("kind".into(), Value::Word("purchase".into()))].into();
        let values = [
            Value::Digits("0123".into()),
            Value::Phone(PhoneNumber::parse("+79161234567").expect("a number")),
            Value::Number(-5),
            Value::Decimal("92.4125".into()),
            Value::Money(Money::new(-1_523_050, Currency::Rub)),
            Value::Date(jiff::civil::date(2026, 12, 31)),
            Value::Time(jiff::civil::time(23, 59, 0, 0)),
            Value::Duration(Duration::from_millis(1_500)),
            Value::Word("lost".into()),
            Value::Opaque("4321@ab".into()),
            Value::Record(item.clone()),
            Value::List(vec![item]),
        ];
        for (index, value) in values.into_iter().enumerate() {
            let record: Record = [("field".into(), value)].into();
            let text = record_to_json(&record).to_string();
            let json: Json = serde_json::from_str(&text).expect("JSON");
            assert!(record_from_json(&json) == Some(record), "value {index}: {text}");
        }
    }

    #[test]
    fn what_another_program_wrote_is_not_guessed_at() {
        for text in [r#"{"a": 5}"#, r#"{"a": {"colour": "red"}}"#, r#"{"a": {"money": 5}}"#, r"[]"] {
            let json: Json = serde_json::from_str(text).expect("JSON");
            assert!(record_from_json(&json).is_none(), "{text}");
        }
    }
}
