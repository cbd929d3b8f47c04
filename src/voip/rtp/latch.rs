//! Where the peer's packets come from, and so where ours go (symmetric RTP, RFC 4961), by a strict rule.
//!
//! Sprayed packets must neither take a call over nor hear it. What a stranger cannot have is the address of the
//! description, the IP that the description was sent from, and under SRTP the key. So:
//!
//! 1. Until anything was accepted we send to the announced address, and to nobody else.
//! 2. A packet from the announced address is accepted at once.
//! 3. Another source is believed after [`PROBATION`] packets in order, of one SSRC, and only
//!    - from the IP that signalling comes from, at once when the announced address is a private one that this IP does
//!      not have (a phone behind a NAT) or when this IP is the loopback of our own machine, otherwise when the announced
//!      address was silent for [`QUIET`];
//!    - from another port of the announced IP, when the announced address was silent for [`QUIET`] (a NAT that changes
//!      ports of a phone that knows its public address);
//!    - from anywhere under SRTP: each of its packets was verified with the call's key.
//!
//!    For [`RETURN`] after that, and later when such a source is silent for [`SILENCE`], the announced address takes
//!    over at once.
//! 4. From then on a new source is accepted only when the present one has been silent for [`SILENCE`], and the new one
//!    carries on the same SSRC, and the sequence numbers go on where they stopped (at most [`MAX_STEP`] ahead), for
//!    [`PROBATION`] packets in order: a phone that changed its network can know these numbers, a stranger cannot.
//! 5. A new SSRC from the accepted address is taken when the old one has been silent for [`SSRC_SILENCE`]. Before that
//!    it is heard [beside](Verdict::Beside) the other: gateways send keys from a source of their own, and those count.
//!
//! Everything else is refused and counted, and takes no room: only sources that may be believed are remembered, at most
//! [`MAX_CANDIDATES`] at a time. A new description starts the rule anew when its address differs. What is left to a
//! stranger is to sit behind the phone's own NAT and to be quicker than the phone itself; SRTP closes that too.

use super::{Packet, SequenceNumber, Ssrc};
use crate::model::Instant;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Packets in order that make a source believed.
const PROBATION: u8 = 3;
/// How long an announced address that we could reach must be silent before its neighbours are listened to.
const QUIET: Duration = Duration::from_secs(1);
/// For how long after another source was accepted the announced one may still take over.
const RETURN: Duration = Duration::from_secs(5);
/// How long the accepted source must be silent before another may carry on.
const SILENCE: Duration = Duration::from_secs(1);
/// How long an SSRC must be silent before the same source may use another.
const SSRC_SILENCE: Duration = Duration::from_millis(100);
/// How far ahead the sequence numbers of a moved phone may be: a minute of packets.
const MAX_STEP: i16 = 3_000;
/// Sources on probation at a time; the one that was heard longest ago makes room.
const MAX_CANDIDATES: usize = 4;

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

/// Where the peer says it is, and where it said so from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The address of the description.
    pub media: SocketAddr,
    /// The IP that the description came from, as far as it is known.
    pub signalling: Option<IpAddr>,
}

/// The rule and its state.
#[derive(Clone, Debug)]
pub struct Latch {
    announced: Announced,
    since: Instant,
    accepted: Option<Accepted>,
    candidates: Vec<Candidate>,
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

impl Announced {
    /// Whether a source other than the announced address may be the peer, `quiet` after the description.
    fn may_be(&self, source: IpAddr, quiet: Duration) -> bool {
        let (announced, source) = (self.media.ip().to_canonical(), source.to_canonical());
        let signalling = self.signalling.map(|ip| ip.to_canonical());
        let behind_nat = is_private(announced) && signalling.is_some_and(|ip| ip != announced);
        let at_home = signalling.is_some_and(|ip| ip.is_loopback());
        let known = signalling == Some(source) || source == announced;
        known && (((behind_nat || at_home) && signalling == Some(source)) || quiet >= QUIET)
    }
}

/// Whether an address means another host for each network.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // Addresses of providers' own NATs (RFC 6598).
            let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            ip.is_private() || ip.is_link_local() || ip.is_loopback() || ip == Ipv4Addr::UNSPECIFIED || shared
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback() || ip.is_unspecified(),
    }
}

impl Latch {
    /// Nothing came yet; this was announced at `now`.
    #[must_use]
    pub const fn new(now: Instant, announced: Announced) -> Self {
        Self { announced, since: now, accepted: None, candidates: Vec::new() }
    }

    /// A new description: the rule starts anew unless the address is the same.
    pub fn announce(&mut self, now: Instant, announced: Announced) {
        if announced.media == self.announced.media {
            self.announced = announced;
        } else {
            *self = Self::new(now, announced);
        }
    }

    /// Where to send.
    #[must_use]
    pub fn destination(&self) -> SocketAddr {
        self.accepted.as_ref().map_or(self.announced.media, |accepted| accepted.source)
    }

    /// Whether we send where the description said.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.destination() == self.announced.media
    }

    /// The present source went on, in packets that nobody looked at.
    pub fn carry_on(&mut self, now: Instant) {
        if let Some(accepted) = &mut self.accepted {
            accepted.last = now;
        }
    }

    /// Judges a packet with a payload type of ours; `verified` when it was opened with the call's key.
    pub fn judge(&mut self, now: Instant, from: SocketAddr, packet: &Packet<'_>, verified: bool) -> Verdict {
        let Some(accepted) = &mut self.accepted else {
            let may_be = verified || self.announced.may_be(from.ip(), now.since(self.since));
            return if from == self.announced.media || (may_be && self.on_probation(from, packet)) {
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
        if from == self.announced.media && (now.since(accepted.since) < RETURN || silent >= SILENCE) {
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
        self.candidates = Vec::new();
        self.accepted = Some(Accepted { source, since: now, last: now, ssrc: packet.ssrc, sequence: packet.sequence });
        Verdict::Accepted
    }

    /// Counts a source's packets in order; `true` when they are enough.
    fn on_probation(&mut self, source: SocketAddr, packet: &Packet<'_>) -> bool {
        let same = |one: &Candidate| one.source == source && one.ssrc == packet.ssrc;
        let before = self.candidates.iter().position(same).map(|place| self.candidates.remove(place));
        let count = before.filter(|one| one.sequence.next() == packet.sequence).map_or(1, |one| one.count + 1);
        if self.candidates.len() >= MAX_CANDIDATES {
            self.candidates.remove(0);
        }
        self.candidates.push(Candidate { source, ssrc: packet.ssrc, sequence: packet.sequence, count });
        count >= PROBATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::rtp::{PayloadType, RtpTimestamp};

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn who_may_be_the_peer_depends_on_what_was_announced_and_from_where() {
        // Announced, signalling, source, at once, after a second.
        let cases = [
            ("203.0.113.5", "203.0.113.5", "203.0.113.5", false, true),
            ("203.0.113.5", "203.0.113.5", "198.51.100.9", false, false),
            ("203.0.113.5", "203.0.113.7", "203.0.113.7", false, true),
            ("203.0.113.5", "127.0.0.1", "127.0.0.1", true, true),
            ("203.0.113.5", "127.0.0.1", "198.51.100.9", false, false),
            ("192.168.1.5", "203.0.113.5", "203.0.113.5", true, true),
            ("192.168.1.5", "203.0.113.5", "198.51.100.9", false, false),
            ("192.168.1.5", "203.0.113.5", "192.168.1.5", false, true),
            ("192.168.1.5", "192.168.1.5", "192.168.1.5", false, true),
            ("100.64.3.3", "203.0.113.5", "203.0.113.5", true, true),
            ("172.17.0.2", "192.168.1.9", "192.168.1.9", true, true),
            ("fd00::5", "2001:db8::1", "2001:db8::1", true, true),
            ("fd00::5", "2001:db8::1", "2001:db8::2", false, false),
            ("10.0.0.5", "::ffff:203.0.113.5", "203.0.113.5", true, true),
        ];
        for (media, signalling, source, at_once, later) in cases {
            let announced = Announced { media: SocketAddr::new(ip(media), 4_000), signalling: Some(ip(signalling)) };
            let name = format!("{media} by {signalling}, from {source}");
            assert_eq!(announced.may_be(ip(source), Duration::ZERO), at_once, "{name}");
            assert_eq!(announced.may_be(ip(source), QUIET), later, "{name}, later");
        }
        let untold = Announced { media: SocketAddr::new(ip("10.0.0.5"), 4_000), signalling: None };
        assert!(!untold.may_be(ip("203.0.113.5"), RETURN));
    }

    #[test]
    fn a_spray_of_sources_neither_keeps_the_phone_out_nor_grows_a_table() {
        let announced =
            Announced { media: SocketAddr::new(ip("10.0.0.5"), 4_000), signalling: Some(ip("203.0.113.5")) };
        let mut latch = Latch::new(Instant::ZERO, announced);
        let packet = |ssrc, sequence| Packet {
            marker: false,
            payload_type: PayloadType::from_low_bits(8),
            sequence: SequenceNumber(sequence),
            timestamp: RtpTimestamp(0),
            ssrc: Ssrc(ssrc),
            payload: &[],
        };
        let phone = SocketAddr::new(ip("203.0.113.5"), 31_000);
        for sequence in 0..3 {
            for stranger in 0..200 {
                let from = SocketAddr::new(ip("198.51.100.9"), 1_000 + stranger);
                let verdict = latch.judge(Instant::ZERO, from, &packet(u32::from(stranger), sequence), false);
                assert_eq!(verdict, Verdict::Refused);
            }
            // Three behind the phone's own NAT, who send at random.
            for neighbour in 0..3_u16 {
                let from = SocketAddr::new(ip("203.0.113.5"), 50_000 + neighbour);
                let numbers = packet(7, sequence.wrapping_mul(500 + neighbour));
                assert_eq!(latch.judge(Instant::ZERO, from, &numbers, false), Verdict::Refused);
            }
            let verdict = latch.judge(Instant::ZERO, phone, &packet(77, 100 + sequence), false);
            assert_eq!(verdict == Verdict::Accepted, sequence == 2);
            assert!(latch.candidates.len() <= MAX_CANDIDATES);
        }
        assert_eq!(latch.destination(), phone);
    }

    #[test]
    fn under_srtp_a_verified_source_is_the_peer_wherever_it_is() {
        let announced = Announced { media: SocketAddr::new(ip("10.0.0.5"), 4_000), signalling: None };
        let mut latch = Latch::new(Instant::ZERO, announced);
        let from = SocketAddr::new(ip("198.51.100.9"), 31_000);
        for sequence in 0..3 {
            let packet = Packet {
                marker: false,
                payload_type: PayloadType::from_low_bits(8),
                sequence: SequenceNumber(sequence),
                timestamp: RtpTimestamp(0),
                ssrc: Ssrc(1),
                payload: &[],
            };
            assert_eq!(latch.judge(Instant::ZERO, from, &packet, true) == Verdict::Accepted, sequence == 2);
        }
    }
}
