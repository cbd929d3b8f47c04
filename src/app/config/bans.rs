//! Who is not heard: limits of guessers.

use super::sip::networks;
use super::values::{self, Length};
use crate::exchange::GuardRules;
use crate::model::Network;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Who is not heard. Trunks, registered phones and callers in a call never are banned by the server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bans {
    /// Networks that the server never bans. Default this machine. Example: `["10.0.0.0/8"]`, where the
    /// bank has its phones.
    #[serde(with = "networks")]
    pub never: Vec<Network>,
    /// The first ban of an address; each further one is twice as long. Default `1m`. Example: `10m`.
    pub first: Length,
    /// The longest ban. One for datagrams, which can be sent in another's name, lasts at most ten minutes. Default
    /// `24h`. Example: `1h`.
    pub longest: Length,
    /// Wrong passwords for an account from one address before a pause. Default 10. Example: 5.
    pub wrong_passwords: NonZeroU32,
    /// How long passwords are not looked at then; each further pause is twice as long. Default `1m`. Example: `5m`.
    pub pause: Length,
    /// Messages a second of an address that is no trunk, has no registered phone and no call; twice as many may come at
    /// once, what is above is not heard. Default 1000. Example: 100.
    pub messages_per_second: NonZeroU32,
}

impl Default for Bans {
    fn default() -> Self {
        Self {
            never: ["127.0.0.0/8", "::1"].iter().filter_map(|text| text.parse().ok()).collect(),
            first: Length::from_secs(60),
            longest: Length::from_secs(86_400),
            wrong_passwords: values::nonzero_u32(10),
            pause: Length::from_secs(60),
            messages_per_second: values::nonzero_u32(1_000),
        }
    }
}

impl Bans {
    /// As the exchange has them.
    #[must_use]
    pub fn rules(&self) -> GuardRules {
        GuardRules {
            never: self.never.clone(),
            first: self.first.duration(),
            longest: self.longest.duration().max(self.first.duration()),
            logins: self.wrong_passwords.get(),
            login_pause: self.pause.duration(),
            per_second: self.messages_per_second.get(),
        }
    }
}
