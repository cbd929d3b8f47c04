//! A call, who speaks in it, how sure we are of the caller, and why it ended.

use std::fmt;
use std::sync::Arc;

/// One caller's whole visit, from the INVITE to the end. Unique across restarts and machines (a UUID v7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(u128);

impl CallId {
    /// The call of a UUID's 128 bits.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// The 128 bits of the UUID.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&uuid::Uuid::from_u128(self.0), f)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An operator's account name, such as `anna`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId(Arc<str>);

impl OperatorId {
    /// The operator of an account name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The account name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How sure the bank is of who is calling. Ordered: an operation that needs a level accepts a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// Nothing is known.
    #[default]
    None,
    /// The calling number and a card's last digits fit: enough to protect, not to disclose.
    Recognised,
    /// The telephone code was right.
    Verified,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Recognised, Self::Verified];

    /// The name in menus.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Recognised => "recognised",
            Self::Verified => "verified",
        }
    }

    /// The level of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The caller hung up.
    CallerHungUp,
    /// The menu came to its `hangup`.
    MenuEnded,
    /// The operator hung up and nothing follows in the menu.
    OperatorHungUp,
    /// The caller gave up before the call was answered (CANCEL).
    Cancelled,
    /// The answer was never acknowledged (RFC 3261 §13.3.1.4).
    NotAcknowledged,
    /// No RTP arrived for longer than the limit.
    MediaSilent,
    /// The caller's telephone gave no sign of life: it did not refresh the session or answer a request.
    Lost,
    /// The call was longer than the limit of calls.
    TooLong,
    /// The caller was handed to somebody outside: the network took the call over, or the other side hung up.
    Transferred,
    /// The server is stopping.
    Draining,
    /// The call was refused before it began; the SIP status says why.
    Refused(u16),
    /// Something of ours failed; the log says what.
    Failed,
}

impl Cause {
    /// One word for records and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallerHungUp => "caller_hung_up",
            Self::MenuEnded => "menu_ended",
            Self::OperatorHungUp => "operator_hung_up",
            Self::Cancelled => "cancelled",
            Self::NotAcknowledged => "not_acknowledged",
            Self::MediaSilent => "media_silent",
            Self::Lost => "lost",
            Self::TooLong => "too_long",
            Self::Transferred => "transferred",
            Self::Draining => "draining",
            Self::Refused(_) => "refused",
            Self::Failed => "failed",
        }
    }
}
