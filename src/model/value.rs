//! Values that pass between menu, bank and speech.

use crate::model::{Money, PhoneNumber};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A value a menu can hold, compare, say, or pass to a bank operation. Secrets are not values: see
/// [`SecretDigits`](crate::model::SecretDigits).
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Digits said one by one: a card's last four, a ticket number.
    Digits(Arc<str>),
    /// A telephone number.
    Phone(PhoneNumber),
    /// A whole number.
    Number(i64),
    /// A decimal as written, such as `92.4125`: digits, at most one point, perhaps a minus.
    Decimal(Arc<str>),
    /// An amount.
    Money(Money),
    /// A calendar date.
    Date(jiff::civil::Date),
    /// A time of day.
    Time(jiff::civil::Time),
    /// A length of time.
    Duration(std::time::Duration),
    /// One of a closed list of words, such as `lost` or `purchase`.
    Word(Arc<str>),
    /// Text that only the bank understands (a card's handle). Cannot be said or compared.
    Opaque(Arc<str>),
    /// Named fields.
    Record(Record),
    /// Several records, in order.
    List(Vec<Record>),
}

/// Fields by name.
pub type Record = BTreeMap<Arc<str>, Value>;

impl fmt::Debug for Value {
    /// Says the kind only: what a caller entered or a bank answered never reaches a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits(_) => "Digits(…)",
            Self::Phone(_) => "Phone(…)",
            Self::Number(_) => "Number(…)",
            Self::Decimal(_) => "Decimal(…)",
            Self::Money(_) => "Money(…)",
            Self::Date(_) => "Date(…)",
            Self::Time(_) => "Time(…)",
            Self::Duration(_) => "Duration(…)",
            Self::Word(_) => "Word(…)",
            Self::Opaque(_) => "Opaque(…)",
            Self::Record(_) => "Record(…)",
            Self::List(_) => "List(…)",
        })
    }
}
