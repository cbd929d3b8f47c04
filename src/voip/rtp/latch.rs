//! Where the peer's packets come from, and so where ours go (symmetric RTP, RFC 4961), by a strict rule.
//!
//! 1. Until anything was accepted we send to the announced address.
//! 2. A packet from the announced address is accepted at once.
//! 3. Another source (a phone behind a NAT) is accepted when [`PROBATION`] packets in order, of one SSRC, came from it
//!    before the announced address spoke. For [`RETURN`] after that the announced address may still take over at once.
//! 4. From then on a new source is accepted only when the present one has been silent for [`SILENCE`], and the new one
//!    carries on the same SSRC, and the sequence numbers go on where they stopped (at most [`MAX_STEP`] ahead), for
//!    [`PROBATION`] packets in order: a phone that changed its network can know these numbers, a stranger cannot.
//! 5. A new SSRC from the accepted address is taken when the old one has been silent for [`SSRC_SILENCE`]. Before that
//!    it is heard [beside](Verdict::Beside) the other: gateways send keys from a source of their own, and those count.
//!
//! Everything else is refused and counted. A new description starts the rule anew when its address differs.

use super::{Packet, SequenceNumber, Ssrc};
use crate::model::Instant;
use std::net::SocketAddr;
use std::time::Duration;

/// Packets in order that make a strange source believed.
const PROBATION: u8 = 3;
/// For how long after a strange source was accepted the announced one may still take over.
const RETURN: Duration = Duration::from_secs(5);
/// How long the accepted source must be silent before another may carry on.
const SILENCE: Duration = Duration::from_secs(1);
/// How long an SSRC must be silent before the same source may use another.
const SSRC_SILENCE: Duration = Duration::from_millis(100);
/// How far ahead the sequence numbers of a moved phone may be: a minute of packets.
const MAX_STEP: i16 = 3_000;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Use it.
    Accepted,
    /// From the accepted address but of another SSRC, while the accepted one still speaks: its keys may be used.
    Beside,
    /// Do not use it.
    Refused,
}

/// The rule and its state.
#[derive(Clone, Debug)]
pub struct Latch {
    announced: SocketAddr,
    accepted: Option<Accepted>,
    candidate: Option<Candidate>,
}

#[derive(Clone, Debug)]
struct Accepted {
    source: SocketAddr,
    since: Instant,
    last: Instant,
    ssrc: Ssrc,
    sequence: SequenceNumber,
}

#[derive(Clone, Debug)]
struct Candidate {
    source: SocketAddr,
    ssrc: Ssrc,
    sequence: SequenceNumber,
    count: u8,
}

impl Latch {
    /// Nothing came yet; the description announced this address.
    #[must_use]
    pub const fn new(announced: SocketAddr) -> Self {
        Self { announced, accepted: None, candidate: None }
    }

    /// A new description: the rule starts anew unless the address is the same.
    pub fn announce(&mut self, announced: SocketAddr) {
        if announced != self.announced {
            *self = Self::new(announced);
        }
    }

    /// Where to send.
    #[must_use]
    pub fn destination(&self) -> SocketAddr {
        self.accepted.as_ref().map_or(self.announced, |accepted| accepted.source)
    }

    /// Whether we send where the description said.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.destination() == self.announced
    }

    /// Judges a packet with a payload type of ours.
    pub fn judge(&mut self, now: Instant, from: SocketAddr, packet: &Packet<'_>) -> Verdict {
        let Some(accepted) = &mut self.accepted else {
            return if from == self.announced || self.on_probation(from, packet) {
                self.accept(now, from, packet)
            } else {
                Verdict::Refused
            };
        };
        let silent = now.since(accepted.last);
        if from == accepted.source {
            if packet.ssrc != accepted.ssrc {
                return if silent >= SSRC_SILENCE { self.accept(now, from, packet) } else { Verdict::Beside };
            }
            accepted.last = now;
            accepted.sequence = packet.sequence;
            return Verdict::Accepted;
        }
        if from == self.announced && now.since(accepted.since) < RETURN {
            return self.accept(now, from, packet);
        }
        let step = packet.sequence.after(accepted.sequence);
        let carries_on = packet.ssrc == accepted.ssrc && (1..=MAX_STEP).contains(&step);
        if silent >= SILENCE && carries_on && self.on_probation(from, packet) {
            return self.accept(now, from, packet);
        }
        Verdict::Refused
    }

    fn accept(&mut self, now: Instant, source: SocketAddr, packet: &Packet<'_>) -> Verdict {
        self.candidate = None;
        self.accepted = Some(Accepted { source, since: now, last: now, ssrc: packet.ssrc, sequence: packet.sequence });
        Verdict::Accepted
    }

    /// Counts a strange source's packets in order; `true` when they are enough.
    fn on_probation(&mut self, source: SocketAddr, packet: &Packet<'_>) -> bool {
        let count = match &self.candidate {
            Some(one) if one.source == source && one.ssrc == packet.ssrc && one.sequence.next() == packet.sequence => {
                one.count + 1
            }
            Some(_) | None => 1,
        };
        self.candidate = Some(Candidate { source, ssrc: packet.ssrc, sequence: packet.sequence, count });
        count >= PROBATION
    }
}
