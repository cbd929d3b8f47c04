//! Values of the configuration that cannot be wrong once they are read.

use super::Registration;
use crate::model::PhoneNumber;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A length of time above zero, written with its unit: `250ms`, `30s`, `2m`, `1h`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Length(Duration);

impl Length {
    /// So many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// As the standard library has it.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

/// The units, longest first.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find_map(|(name, millis)| (*name == unit).then_some(*millis));
        let millis = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        match millis {
            Some(millis) if millis > 0 => Ok(Self::from_millis(millis)),
            _ => {
                Err(format!("{text:?} is no length of time; write a number above zero and ms, s, m or h, such as 30s"))
            }
        }
    }
}

impl From<Length> for String {
    fn from(length: Length) -> Self {
        length.to_string()
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let (unit, size) =
            UNITS.into_iter().find(|(_, size)| millis.is_multiple_of(u128::from(*size))).unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / u128::from(size))
    }
}

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// UDP ports, first and last, written `10000-29999`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortRange(RangeInclusive<u16>);

impl PortRange {
    pub(super) const DEFAULT: Self = Self(10_000..=29_999);

    /// First and last.
    #[must_use]
    pub const fn range(&self) -> &RangeInclusive<u16> {
        &self.0
    }

    /// How many streams there are ports for: an even one and the next for each.
    #[must_use]
    pub fn streams(&self) -> usize {
        let first = self.0.start().saturating_add(self.0.start() % 2);
        usize::from(self.0.end().saturating_add(1).saturating_sub(first) / 2)
    }
}

impl TryFrom<String> for PortRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let ports = text
            .split_once('-')
            .and_then(|(first, last)| Some((first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?)));
        match ports {
            Some((first, last)) if first >= 1_024 && first < last => Ok(Self(first..=last)),
            _ => Err(format!(
                "{text:?} is no range of ports; write first and last, 1024-65535 at most, such as 10000-29999"
            )),
        }
    }
}

impl From<PortRange> for String {
    fn from(ports: PortRange) -> Self {
        format!("{}-{}", ports.0.start(), ports.0.end())
    }
}

/// Registration lengths as written, before they are held against each other.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRegistration {
    min: Length,
    max: Length,
}

impl Default for RawRegistration {
    fn default() -> Self {
        let Registration { min, max } = Registration::default();
        Self { min, max }
    }
}

impl TryFrom<RawRegistration> for Registration {
    type Error = String;

    fn try_from(raw: RawRegistration) -> Result<Self, String> {
        let RawRegistration { min, max } = raw;
        if min > max {
            return Err(format!("min {min} is longer than max {max}"));
        }
        Ok(Self { min, max })
    }
}

/// A list with something in it.
pub(super) fn not_empty<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::<T>::deserialize(deserializer)?;
    if list.is_empty() { Err(D::Error::custom("the list is empty; name at least one")) } else { Ok(list) }
}

/// A differentiated services code point: six bits.
pub(super) fn code_point<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    if number > 63 {
        return Err(D::Error::custom(format!("{number} is no code point; write 0 to 63, such as 46")));
    }
    Ok(number)
}

/// Decibels by which something is lowered, or none.
pub(super) fn decibels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let number = Option::<u8>::deserialize(deserializer)?;
    match number {
        Some(number) if number > 60 => {
            Err(D::Error::custom(format!("{number} decibels are silence; write 0 to 60, such as 20, or null")))
        }
        Some(_) | None => Ok(number),
    }
}

/// A list with something in it and nothing twice.
pub(super) fn distinct<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Serialize + PartialEq,
{
    let list: Vec<T> = not_empty(deserializer)?;
    let twice = list.iter().enumerate().find(|(index, item)| list[..*index].contains(item));
    match twice {
        Some((_, item)) => {
            let name = serde_yaml::to_string(item).map_err(D::Error::custom)?;
            Err(D::Error::custom(format!("{} is in the list twice", name.trim())))
        }
        None => Ok(list),
    }
}

/// A realm that fits between the quotes of a header and between the colons of the digest's formula.
pub(super) fn realm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let realm = String::deserialize(deserializer)?;
    let fits = |character: char| character.is_ascii_graphic() && !matches!(character, '"' | '\\' | ':');
    if realm.is_empty() || !realm.chars().all(fits) {
        let advice = "write letters, digits, points and hyphens, such as bank.example";
        return Err(D::Error::custom(format!("{realm:?} cannot be a realm; {advice}")));
    }
    Ok(realm)
}

/// Telephone numbers, written whole.
pub(super) mod phones {
    use super::{Deserialize, Error, PhoneNumber};
    use serde::{Deserializer, Serializer};

    pub(in crate::app::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PhoneNumber>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let number = |text: &String| {
            PhoneNumber::parse(text).ok_or_else(|| {
                D::Error::custom(format!("{text:?} is no telephone number; write such as \"+79161234567\""))
            })
        };
        texts.iter().map(number).collect()
    }

    pub(in crate::app::config) fn serialize<S: Serializer>(
        numbers: &[PhoneNumber],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(numbers.iter().map(PhoneNumber::as_str))
    }
}

/// 20 to 100.
pub(super) fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        percent @ 20..=100 => Ok(percent),
        other => Err(D::Error::custom(format!("{other} is not 20 to 100 percent"))),
    }
}

/// A constant above zero.
pub(super) const fn nonzero_usize(number: usize) -> NonZeroUsize {
    match NonZeroUsize::new(number) {
        Some(number) => number,
        None => NonZeroUsize::MIN,
    }
}

/// A constant above zero.
pub(super) const fn nonzero_u32(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}
