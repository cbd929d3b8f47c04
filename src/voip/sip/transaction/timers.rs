//! The timers of RFC 3261 §17 (table 4 of the RFC) and RFC 6026 §7: letter, value, meaning, in one place.

use std::time::Duration;

/// T1, the estimate of a round trip (RFC 3261 §17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// T2, the longest interval between retransmissions of a non-INVITE request or an INVITE response (§17.1.2.2).
pub const T2: Duration = Duration::from_secs(4);
/// T4, how long a message may stay in the network (§17.1.2.2).
pub const T4: Duration = Duration::from_secs(5);
/// 64 × T1: how long a transaction tries.
pub const GIVE_UP: Duration = Duration::from_secs(32);

/// Whether the transport repeats what is lost. TCP and TLS do, UDP does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// UDP: what is lost is sent again by a transaction.
    Unreliable,
    /// TCP, TLS, WebSocket: nothing is sent twice.
    Reliable,
}

/// A timer of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// INVITE client, Calling: send the INVITE again. T1, doubling. UDP only.
    A,
    /// INVITE client, Calling: give up. 64 × T1.
    B,
    /// Longest wait for a final answer to an INVITE; the cores use it, not the machines (§16.6). Over three minutes.
    C,
    /// INVITE client, Completed: absorb repeated final responses. Over 32 s on UDP, none on TCP.
    D,
    /// Non-INVITE client, Trying and Proceeding: send the request again. T1, doubling up to T2. UDP only.
    E,
    /// Non-INVITE client: give up. 64 × T1.
    F,
    /// INVITE server, Completed: send the final response again. T1, doubling up to T2. UDP only.
    G,
    /// INVITE server, Completed: give up waiting for the ACK. 64 × T1.
    H,
    /// INVITE server, Confirmed: absorb repeated ACKs. T4 on UDP, none on TCP.
    I,
    /// Non-INVITE server, Completed: answer repeated requests. 64 × T1 on UDP, none on TCP.
    J,
    /// Non-INVITE client, Completed: absorb repeated responses. T4 on UDP, none on TCP.
    K,
    /// INVITE server, Accepted: absorb repeated INVITEs after a 2xx (RFC 6026 §7.1). 64 × T1.
    L,
    /// INVITE client, Accepted: let repeated and forked 2xx through (RFC 6026 §7.2). 64 × T1.
    M,
}

impl Timer {
    /// How long the timer runs at first on a transport. Zero: the state it guards is left at once.
    #[must_use]
    pub const fn first(self, reliability: Reliability) -> Duration {
        match (self, reliability) {
            (Self::A | Self::E | Self::G, _) => T1,
            (Self::B | Self::F | Self::H | Self::L | Self::M, _) | (Self::J, Reliability::Unreliable) => GIVE_UP,
            (Self::C, _) => Duration::from_secs(181),
            (Self::D, Reliability::Unreliable) => Duration::from_secs(33),
            (Self::I | Self::K, Reliability::Unreliable) => T4,
            (Self::D | Self::I | Self::J | Self::K, Reliability::Reliable) => Duration::ZERO,
        }
    }
}

/// An interval that doubles up to T2 (Timers E and G).
#[must_use]
pub fn doubled(interval: Duration) -> Duration {
    (interval * 2).min(T2)
}
