//! Bank operations and the types of values.

use super::{Name, Place};
use crate::model::Level;
use std::time::Duration;
/// A bank operation as the integrator declared it.
#[derive(Debug)]
pub struct Operation {
    /// Its name, such as `bank.balance`.
    pub name: Name,
    /// The level it needs.
    pub level: Level,
    /// Its parameters.
    pub params: Vec<(Name, ValueType)>,
    /// What a definite answer carries.
    pub fields: ValueType,
    /// Its outcomes, without the implicit ones.
    pub outcomes: Vec<Name>,
    /// Those of them that carry nothing: after `not_found` there is no card.
    pub bare: Vec<Name>,
    /// Whether it changes something.
    pub changes: bool,
    /// How long the caller waits.
    pub timeout: Duration,
    /// How long an answer may be used again for other callers; zero is never.
    pub cache: Duration,
    /// Where it is written.
    pub place: Place,
}

/// The type of a value, for the checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Digits said one by one.
    Digits,
    /// A telephone number.
    Phone,
    /// A whole number.
    Number,
    /// An amount.
    Money,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A length of time.
    Duration,
    /// A word of a closed list.
    Word,
    /// Digits nobody may see.
    Secret,
    /// A card: an opaque handle and `last4`.
    Card,
    /// Text.
    Text,
    /// Nothing.
    Nothing,
    /// Named fields.
    Record(Vec<(Name, ValueType)>),
    /// A list of records.
    List(Box<ValueType>),
}
