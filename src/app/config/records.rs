//! How long the records of calls are kept.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The records of calls: who called when, the way through the menu, what the bank answered, who talked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Records {
    /// Days that the records of a call are kept; `0` keeps them for ever. Default `0`: how long a bank must keep them
    /// is not for a program to guess. Example: `1827`, five years.
    pub days: u32,
}

impl Records {
    /// How long they are kept; `None` for ever.
    pub fn kept(&self) -> Option<Duration> {
        (self.days > 0).then(|| Duration::from_secs(86_400) * self.days)
    }
}
