//! How calls that nobody keeps alive are found.

use super::Length;
use crate::voip::sip::session::{SHORTEST, SessionPolicy};
use serde::{Deserialize, Serialize};

/// How calls whose peer has died without a word are found (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, try_from = "Raw")]
pub struct SessionTimers {
    /// How long a call may live without a refresh by either side; the peer may ask for less. Default `30m`. Example:
    /// `10m`.
    pub interval: Length,
    /// A peer that asks for less is answered 422 with this. Default `90s`. Example: `5m`.
    pub minimum: Length,
}

impl Default for SessionTimers {
    fn default() -> Self {
        Self { interval: Length::from_secs(1_800), minimum: Length::from_secs(90) }
    }
}

impl SessionTimers {
    /// As the endpoint wants it.
    #[must_use]
    pub const fn policy(&self) -> SessionPolicy {
        SessionPolicy { interval: self.interval.duration(), minimum: self.minimum.duration() }
    }
}

/// As written, before it is known to make sense.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    interval: Length,
    minimum: Length,
}

impl Default for Raw {
    fn default() -> Self {
        let SessionTimers { interval, minimum } = SessionTimers::default();
        Self { interval, minimum }
    }
}

impl TryFrom<Raw> for SessionTimers {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let Raw { interval, minimum } = raw;
        if minimum.duration() < SHORTEST {
            return Err("minimum: nobody may refresh more often than every 90s (RFC 4028)".into());
        }
        if interval.duration() < minimum.duration() {
            return Err("interval: it is shorter than the minimum".into());
        }
        Ok(Self { interval, minimum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_make_no_sense_are_errors() {
        let read = |text: &str| serde_yaml::from_str::<SessionTimers>(text);
        let timers = read("{interval: 10m, minimum: 2m}").unwrap();
        assert_eq!(timers.policy().interval.as_secs(), 600);
        assert_eq!(read("{}").unwrap(), SessionTimers::default());
        assert_eq!(SessionTimers::default().policy(), SessionPolicy::default());
        for wrong in ["{minimum: 30s}", "{interval: 2m, minimum: 5m}", "{intervall: 5m}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
