//! How the sound of one leg went.

use std::fmt;
use std::time::Duration;

/// A mean opinion score in hundredths: 1.00 (bad) to 4.50 (as good as the old telephone can be).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mos(u16);

impl Mos {
    /// The worst.
    pub const WORST: Self = Self(100);
    /// The best.
    pub const BEST: Self = Self(450);

    /// The score of hundredths, brought within its limits.
    #[must_use]
    pub fn of_hundredths(hundredths: u16) -> Self {
        Self(hundredths).clamp(Self::WORST, Self::BEST)
    }

    /// In hundredths.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Mos {
    /// `4.41`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Whose leg it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The caller's.
    Caller,
    /// That of an operator, or of somebody outside to whom the call was handed.
    Operator,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Caller, Self::Operator];

    /// One word for records and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Operator => "operator",
        }
    }
}

/// The figures of a leg's sound, from RTP and RTCP (RFC 3550 §6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Quality {
    /// Packets we sent.
    pub sent: u64,
    /// Packets that came.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Packets of ours that did not come there; `None` when nobody said.
    pub lost_there: Option<u64>,
    /// How unevenly they came.
    pub jitter: Duration,
    /// There and back; `None` when it was not measured.
    pub round_trip: Option<Duration>,
    /// The worse of both ways as a listener would judge it; `None` when nothing came.
    pub mos: Option<Mos>,
}
