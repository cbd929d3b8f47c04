//! Formats: how a value in a phrase is to be spoken, as written after the bar in `{money.available|money_full}`.

use super::Noun;
use crate::model::{Currency, Value};
use std::fmt;
use std::sync::Arc;

/// Grammatical gender; English has no use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gender {
    /// один, первый.
    Masculine,
    /// одна, первая.
    Feminine,
    /// одно, первое.
    Neuter,
}

/// Grammatical case; English has no use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// одна минута.
    Nominative,
    /// одну минуту.
    Accusative,
    /// одной минуты.
    Genitive,
}

/// How an amount is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MoneyStyle {
    /// `money`: a zero part is dropped, but not both.
    Short,
    /// `money_full`: both parts always.
    Full,
    /// `money_acc`: as [`Short`](Self::Short), the object of a verb.
    Accusative,
    /// `money_gen`: as [`Short`](Self::Short), after «около», «до».
    Genitive,
}

/// How a date is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateStyle {
    /// «двадцать второе» or, after «до», «двадцать второго».
    pub genitive: bool,
    /// Whether the year follows.
    pub year: bool,
}

/// How a value is spoken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `money`, `money_full`, `money_acc`, `money_gen`.
    Money(MoneyStyle),
    /// `number`, `number:f`, `number:n`.
    Number(Gender),
    /// `count:minute`, `count_acc:minute`, `count_gen:minute`.
    Count(Noun, Case),
    /// `ordinal`, `ordinal:f`, `ordinal:n`.
    Ordinal(Gender),
    /// `digits`: one by one.
    Digits,
    /// `digit`: a key of the telephone.
    Digit,
    /// `phone`: in groups.
    Phone,
    /// `date`, `date_gen`, `date_noyear`, `date_gen_noyear`.
    Date(DateStyle),
    /// `time`: of day.
    Time,
    /// `duration`: days, hours, minutes, seconds.
    Duration,
    /// `percent`.
    Percent,
    /// `decimal`.
    Decimal,
    /// `rate`, `rate:USD`: rounded half up to the minor unit. Roubles when no currency is given.
    Rate(Currency),
    /// `rate_exact`, `rate_exact:USD`: with what is left after the minor unit.
    RateExact(Currency),
    /// `word`: one of the closed list of words, such as `purchase`.
    Word,
    /// `ladder:wait`: the line of a ladder of ready phrases.
    Ladder(Arc<str>),
}

/// A name that is no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {name:?}{}", hint(did_you_mean.as_deref()))]
pub struct UnknownFormat {
    /// The name as written.
    pub name: String,
    /// The nearest name there is.
    pub did_you_mean: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest:?}?")).unwrap_or_default()
}

/// The kind of a [`Value`], for checks before any value exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// [`Value::Digits`].
    Digits,
    /// [`Value::Phone`].
    Phone,
    /// [`Value::Number`].
    Number,
    /// [`Value::Decimal`].
    Decimal,
    /// [`Value::Money`].
    Money,
    /// [`Value::Date`].
    Date,
    /// [`Value::Time`].
    Time,
    /// [`Value::Duration`].
    Duration,
    /// [`Value::Word`].
    Word,
    /// [`Value::Opaque`].
    Opaque,
    /// [`Value::Record`].
    Record,
    /// [`Value::List`].
    List,
}

impl ValueKind {
    /// The kind of a value.
    #[must_use]
    pub const fn of(value: &Value) -> Self {
        match value {
            Value::Digits(_) => Self::Digits,
            Value::Phone(_) => Self::Phone,
            Value::Number(_) => Self::Number,
            Value::Decimal(_) => Self::Decimal,
            Value::Money(_) => Self::Money,
            Value::Date(_) => Self::Date,
            Value::Time(_) => Self::Time,
            Value::Duration(_) => Self::Duration,
            Value::Word(_) => Self::Word,
            Value::Opaque(_) => Self::Opaque,
            Value::Record(_) => Self::Record,
            Value::List(_) => Self::List,
        }
    }

    /// The name in service contracts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Phone => "phone",
            Self::Number => "number",
            Self::Decimal => "decimal",
            Self::Money => "money",
            Self::Date => "date",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Word => "word",
            Self::Opaque => "opaque",
            Self::Record => "record",
            Self::List => "list",
        }
    }
}

/// Formats whose name needs nothing after a colon.
const PLAIN: [(&str, Format); 22] = [
    ("money", Format::Money(MoneyStyle::Short)),
    ("money_full", Format::Money(MoneyStyle::Full)),
    ("money_acc", Format::Money(MoneyStyle::Accusative)),
    ("money_gen", Format::Money(MoneyStyle::Genitive)),
    ("number", Format::Number(Gender::Masculine)),
    ("ordinal", Format::Ordinal(Gender::Masculine)),
    ("digits", Format::Digits),
    ("digit", Format::Digit),
    ("phone", Format::Phone),
    ("date", Format::Date(DateStyle { genitive: false, year: true })),
    ("date_gen", Format::Date(DateStyle { genitive: true, year: true })),
    ("date_noyear", Format::Date(DateStyle { genitive: false, year: false })),
    ("date_gen_noyear", Format::Date(DateStyle { genitive: true, year: false })),
    ("time", Format::Time),
    ("duration", Format::Duration),
    ("percent", Format::Percent),
    ("decimal", Format::Decimal),
    ("rate", Format::Rate(Currency::Rub)),
    ("rate_exact", Format::RateExact(Currency::Rub)),
    ("word", Format::Word),
    ("kind", Format::Word),
    ("key", Format::Digit),
];

/// Formats that need something after a colon.
const WITH_ARGUMENT: [&str; 4] = ["count", "count_acc", "count_gen", "ladder"];

impl Format {
    /// Reads a format as written in a phrase.
    ///
    /// # Errors
    /// When there is no such format; the nearest one is suggested.
    pub fn parse(text: &str) -> Result<Self, UnknownFormat> {
        let text = text.trim();
        let found = match text.split_once(':') {
            None => PLAIN.into_iter().find(|(name, _)| *name == text).map(|(_, format)| format),
            Some((name, argument)) => Self::with_argument(name, argument),
        };
        found.ok_or_else(|| UnknownFormat { name: text.to_owned(), did_you_mean: nearest(text) })
    }

    fn with_argument(name: &str, argument: &str) -> Option<Self> {
        let gender = || match argument {
            "m" => Some(Gender::Masculine),
            "f" => Some(Gender::Feminine),
            "n" => Some(Gender::Neuter),
            _ => None,
        };
        let noun = || Noun::from_name(argument);
        match name {
            "number" => gender().map(Self::Number),
            "ordinal" => gender().map(Self::Ordinal),
            "count" => Some(Self::Count(noun()?, Case::Nominative)),
            "count_acc" => Some(Self::Count(noun()?, Case::Accusative)),
            "count_gen" => Some(Self::Count(noun()?, Case::Genitive)),
            "rate" => Currency::from_code(argument).map(Self::Rate),
            "rate_exact" => Currency::from_code(argument).map(Self::RateExact),
            "ladder" if !argument.is_empty() => Some(Self::Ladder(argument.into())),
            _ => None,
        }
    }

    /// Whether values of a kind can be said so.
    #[must_use]
    pub fn accepts(&self, kind: ValueKind) -> bool {
        use ValueKind as Kind;
        match self {
            Self::Money(_) => kind == Kind::Money,
            Self::Number(_) | Self::Ordinal(_) => kind == Kind::Number,
            Self::Count(noun, _) => kind == Kind::Number || (kind == Kind::Duration && noun.seconds().is_some()),
            Self::Digits => matches!(kind, Kind::Digits | Kind::Phone | Kind::Number),
            Self::Digit => matches!(kind, Kind::Digits | Kind::Number),
            Self::Phone => matches!(kind, Kind::Phone | Kind::Digits),
            Self::Date(_) => kind == Kind::Date,
            Self::Time => kind == Kind::Time,
            Self::Duration | Self::Ladder(_) => kind == Kind::Duration,
            Self::Percent | Self::Decimal => matches!(kind, Kind::Decimal | Kind::Number),
            Self::Rate(_) | Self::RateExact(_) => matches!(kind, Kind::Decimal | Kind::Number | Kind::Money),
            Self::Word => kind == Kind::Word,
        }
    }

    /// The same in the genitive, when there is one and this is not it.
    #[must_use]
    pub fn genitive(&self) -> Option<Self> {
        match self {
            Self::Money(MoneyStyle::Short | MoneyStyle::Full | MoneyStyle::Accusative) => {
                Some(Self::Money(MoneyStyle::Genitive))
            }
            Self::Count(noun, Case::Nominative | Case::Accusative) => Some(Self::Count(*noun, Case::Genitive)),
            Self::Date(DateStyle { genitive: false, year }) => {
                Some(Self::Date(DateStyle { genitive: true, year: *year }))
            }
            _ => None,
        }
    }

    /// How a value is said when the phrase names no format; `None` when it cannot be said at all.
    #[must_use]
    pub const fn of_kind(kind: ValueKind) -> Option<Self> {
        Some(match kind {
            ValueKind::Digits => Self::Digits,
            ValueKind::Phone => Self::Phone,
            ValueKind::Number => Self::Number(Gender::Masculine),
            ValueKind::Decimal => Self::Decimal,
            ValueKind::Money => Self::Money(MoneyStyle::Short),
            ValueKind::Date => Self::Date(DateStyle { genitive: false, year: true }),
            ValueKind::Time => Self::Time,
            ValueKind::Duration => Self::Duration,
            ValueKind::Word => Self::Word,
            ValueKind::Opaque | ValueKind::Record | ValueKind::List => return None,
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(noun, Case::Nominative) => write!(f, "count:{}", noun.name()),
            Self::Count(noun, Case::Accusative) => write!(f, "count_acc:{}", noun.name()),
            Self::Count(noun, Case::Genitive) => write!(f, "count_gen:{}", noun.name()),
            Self::Number(Gender::Feminine) => f.write_str("number:f"),
            Self::Number(Gender::Neuter) => f.write_str("number:n"),
            Self::Ordinal(Gender::Feminine) => f.write_str("ordinal:f"),
            Self::Ordinal(Gender::Neuter) => f.write_str("ordinal:n"),
            Self::Rate(currency) => write!(f, "rate:{}", currency.code()),
            Self::RateExact(currency) => write!(f, "rate_exact:{}", currency.code()),
            Self::Ladder(name) => write!(f, "ladder:{name}"),
            plain => {
                let name = PLAIN.iter().find(|(_, format)| format == plain).map_or("?", |(name, _)| name);
                f.write_str(name)
            }
        }
    }
}

/// The format name nearest to a mistyped one, with its argument set right as well.
fn nearest(text: &str) -> Option<String> {
    let (name, argument) = text.split_once(':').map_or((text, None), |(name, argument)| (name, Some(argument)));
    let names = PLAIN.iter().map(|(name, _)| *name).chain(WITH_ARGUMENT);
    let (distance, best) = names.map(|known| (distance(name, known), known)).min()?;
    if distance > name.chars().count().max(3) / 2 {
        return None;
    }
    let of = |known: &[&'static str]| {
        let wanted = argument.unwrap_or_default();
        known.iter().map(|known| (self::distance(wanted, known), *known)).min().map(|(_, known)| known)
    };
    let argument = match best {
        "count" | "count_acc" | "count_gen" => of(&Noun::ALL.map(Noun::name)),
        "number" | "ordinal" if argument.is_some() => of(&["m", "f", "n"]),
        "rate" | "rate_exact" if argument.is_some() => of(&Currency::ALL.map(Currency::code)),
        "ladder" => return Some(format!("ladder:{}", argument.filter(|name| !name.is_empty()).unwrap_or("wait"))),
        _ => None,
    };
    Some(argument.map_or_else(|| best.to_owned(), |argument| format!("{best}:{argument}")))
}

/// How many letters must be put in, taken out or changed to make one word the other (Levenshtein).
pub(super) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
