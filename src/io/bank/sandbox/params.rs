//! The parameters of a request, by name and type.

use super::Refusal;
use crate::model::{BankRequest, Param, PhoneNumber, SecretDigits, Value};
use std::sync::Arc;

/// What a card's handle says: which card, and who asked for it.
///
/// `find_card` makes it, as `<card>@<caller>`; the caller is a salted hash of the calling number, or `-` when it was
/// not shown. So a later wrong code counts against the caller too, though only the card is passed on.
pub(super) struct Handle {
    pub(super) card: String,
    pub(super) caller: Option<String>,
}

impl Handle {
    pub(super) fn text(&self) -> Arc<str> {
        format!("{}@{}", self.card, self.caller.as_deref().unwrap_or("-")).into()
    }

    fn parse(text: &str) -> Option<Self> {
        let (card, caller) = text.split_once('@')?;
        Some(Self { card: card.to_owned(), caller: (caller != "-").then(|| caller.to_owned()) })
    }
}

/// The parameters of one request.
pub(super) struct Params<'a> {
    params: &'a [(Arc<str>, Param)],
}

impl<'a> Params<'a> {
    pub(super) fn of(request: &'a BankRequest) -> Self {
        Self { params: &request.params }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.params.iter().find_map(|(key, param)| match param {
            Param::Value(value) if &**key == name => Some(value),
            Param::Value(_) | Param::Secret(_) => None,
        })
    }

    /// The card that `find_card` answered: its record, or its handle alone.
    pub(super) fn card(&self) -> Result<Handle, Refusal> {
        let handle = match self.value("card") {
            Some(Value::Record(record)) => record.get("handle"),
            other => other,
        };
        match handle {
            Some(Value::Opaque(text)) => Handle::parse(text).ok_or(Refusal::BadParameter("card")),
            _ => Err(Refusal::BadParameter("card")),
        }
    }

    /// The calling number, which a caller may have hidden.
    pub(super) fn phone(&self) -> Option<&'a PhoneNumber> {
        match self.value("phone") {
            Some(Value::Phone(number)) => Some(number),
            _ => None,
        }
    }

    pub(super) fn digits(&self, name: &'static str) -> Result<&'a str, Refusal> {
        match self.value(name) {
            Some(Value::Digits(digits)) => Ok(digits),
            _ => Err(Refusal::BadParameter(name)),
        }
    }

    pub(super) fn number(&self, name: &'static str) -> Result<i64, Refusal> {
        match self.value(name) {
            Some(Value::Number(number)) => Ok(*number),
            _ => Err(Refusal::BadParameter(name)),
        }
    }

    pub(super) fn secret(&self, name: &'static str) -> Result<&'a SecretDigits, Refusal> {
        let found = self.params.iter().find_map(|(key, param)| match param {
            Param::Secret(secret) if &**key == name => Some(secret),
            Param::Secret(_) | Param::Value(_) => None,
        });
        found.ok_or(Refusal::BadParameter(name))
    }
}
