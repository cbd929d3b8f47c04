//! What an endpoint is told at its start.

use crate::voip::sip::addresses::{Listener, Visibility};
use crate::voip::sip::locate::Names;
use crate::voip::sip::session::SessionPolicy;
use crate::voip::sip::transaction::table::TransactionLimits;
use std::time::Duration;

/// How an endpoint calls itself, where it is reached, and what it bears.
#[derive(Debug)]
pub struct EndpointConfig {
    /// The product, for `Server` and `User-Agent`, such as `hotline/0.1.0`.
    pub user_agent: String,
    /// The user part of our Contact.
    pub contact_user: String,
    /// Where we listen: for Via and Contact of what we begin.
    pub listeners: Vec<Listener>,
    /// Which of our addresses peers are told.
    pub visibility: Visibility,
    /// The names of the configuration.
    pub names: Names,
    /// The largest request in octets that goes over UDP (RFC 3261 §18.1.1).
    pub largest_datagram: usize,
    /// How long a call may live without a sign of life, and who gives it (RFC 4028).
    pub session: SessionPolicy,
    /// What it bears.
    pub limits: Limits,
}

impl EndpointConfig {
    /// One that listens there, tells peers just that, and calls itself `hotline`.
    #[must_use]
    pub fn new(listeners: Vec<Listener>) -> Self {
        Self {
            user_agent: "hotline".to_owned(),
            contact_user: "bank".to_owned(),
            listeners,
            visibility: Visibility::default(),
            names: Names::default(),
            largest_datagram: 1_300,
            session: SessionPolicy::default(),
            limits: Limits::default(),
        }
    }
}

/// The bounds of every table and of every wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Legs in all, incoming and outgoing.
    pub legs: usize,
    /// Legs that one IP address has begun.
    pub legs_per_source: usize,
    /// Transactions; finished ones are kept for up to 37 s to absorb what is sent twice.
    pub transactions: TransactionLimits,
    /// Stream connections.
    pub connections: usize,
    /// The longest that an incoming call may stay unanswered; then it is refused 480.
    pub unanswered: Duration,
    /// The longest that an outgoing call may ring; then it is cancelled (Timer C).
    pub ringing: Duration,
    /// The longest that a leg may last; then it is hung up.
    pub longest: Duration,
    /// The Retry-After of a 503, at least; up to as much again is added so that callers do not return together.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            legs: 20_000,
            legs_per_source: 10_000,
            transactions: TransactionLimits { total: 200_000, per_source: 150_000, octets: 384 << 20 },
            connections: 10_000,
            unanswered: Duration::from_secs(180),
            ringing: Duration::from_secs(181),
            longest: Duration::from_secs(6 * 3600),
            retry_after: Duration::from_secs(5),
        }
    }
}

/// What happened, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests received, without the repeated ones.
    pub requests: u64,
    /// Responses received, without the repeated ones.
    pub responses: u64,
    /// Requests received again and answered from their transaction.
    pub repeated: u64,
    /// Messages that we have sent again.
    pub retransmissions: u64,
    /// Messages that could not be answered: not SIP, a stray response or ACK.
    pub dropped: u64,
    /// Malformed requests that were answered.
    pub malformed: u64,
    /// New calls refused with 503.
    pub refused: u64,
    /// Calls and final responses whose ACK never came.
    pub not_acknowledged: u64,
    /// Commands for a leg that was over or in another state: a race that is no error.
    pub stale: u64,
}
