//! The peer's end of a stream: what came, what was lost, how unevenly (RFC 3550 appendices A.1, A.3, A.8).

use super::sender::units;
use super::{Packet, RtpTimestamp, SequenceNumber, Ssrc};
use crate::model::Instant;
use std::time::Duration;

/// A jump forward of more packets than this is a new start, not a loss (RFC 3550 `MAX_DROPOUT`).
const MAX_DROPOUT: i16 = 3_000;
/// A packet older than this many is a new start, not a late one (RFC 3550 `MAX_MISORDER`).
const MAX_MISORDER: i16 = -100;

/// The place of a packet among those that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first of this source, or after a jump too large to be loss.
    Start,
    /// In order, after as many lost ones.
    Next {
        /// How many were skipped.
        lost: u16,
    },
    /// Older than one that was taken already, or the same again.
    Late,
}

/// The figures of a report block (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reception {
    /// The source they are about.
    pub ssrc: Ssrc,
    /// Lost since the report before, in 1/256 of those expected.
    pub fraction_lost: u8,
    /// Lost in all.
    pub lost: u64,
    /// Highest sequence number with its wraps above.
    pub highest: u32,
    /// Jitter in timestamp units.
    pub jitter: u32,
}

/// Statistics of one source at a time; totals go on when the source changes.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    source: Option<Source>,
    received: u64,
    lost_before: u64,
    jitter: u32,
}

/// One run of sequence numbers.
#[derive(Clone, Debug)]
struct Source {
    ssrc: Ssrc,
    first: u32,
    highest: u32,
    guessed: u32,
    received: u64,
    expected_at_report: u64,
    received_at_report: u64,
    transit: Option<u32>,
}

impl Source {
    fn new(ssrc: Ssrc, sequence: SequenceNumber) -> Self {
        // One wrap ahead, so that a late packet before the first does not go below zero.
        let first = 0x1_0000 | u32::from(sequence.0);
        Self {
            ssrc,
            first,
            highest: first,
            guessed: 0,
            received: 0,
            expected_at_report: 0,
            received_at_report: 0,
            transit: None,
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest + self.guessed - self.first) + 1
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low half is the number on the wire")]
    fn highest_sequence(&self) -> SequenceNumber {
        SequenceNumber(self.highest as u16)
    }
}

impl Receiver {
    /// Takes a packet that came at `now`. `sampled` says that its timestamp is that of its own sound: an event's is
    /// that of its beginning and tells nothing about jitter.
    pub fn receive(&mut self, now: Instant, packet: &Packet<'_>, sampled: bool) -> Arrival {
        let arrival = self.place(packet);
        self.received += 1;
        let Some(source) = &mut self.source else { return arrival };
        source.received += 1;
        if sampled {
            let transit = units(now.since(Instant::ZERO)).wrapping_sub(packet.timestamp.0);
            if let Some(before) = source.transit.replace(transit) {
                let change = RtpTimestamp(transit).after(RtpTimestamp(before)).unsigned_abs();
                // Sixteenths, as RFC 3550 §A.8; a jump of the peer's clock counts as no more than a second.
                let change = change.min(super::sender::units(Duration::from_secs(1)));
                self.jitter = self.jitter + change - ((self.jitter + 8) >> 4);
            }
        }
        arrival
    }

    /// So many packets came since the last one taken, and nobody looked at them. They count as the next ones; what was
    /// lost among them shows with the sequence number of the next packet that is taken.
    pub fn left_out(&mut self, count: u32) {
        if let Some(source) = &mut self.source {
            // More than a jump of sequence numbers can bridge is no news.
            source.guessed = (source.guessed + count).min(u32::from(MAX_DROPOUT.unsigned_abs()));
            source.received += u64::from(count);
            self.received += u64::from(count);
        }
    }

    fn place(&mut self, packet: &Packet<'_>) -> Arrival {
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == packet.ssrc) else {
            self.start(packet);
            return Arrival::Start;
        };
        match packet.sequence.after(source.highest_sequence()) {
            step @ 1..=MAX_DROPOUT => {
                let between = step.unsigned_abs() - 1;
                let seen = source.guessed.min(u32::from(between));
                source.guessed -= seen;
                source.highest += u32::from(between) + 1;
                Arrival::Next { lost: u16::try_from(u32::from(between) - seen).unwrap_or(between) }
            }
            MAX_MISORDER..=0 => Arrival::Late,
            _ => {
                self.start(packet);
                Arrival::Start
            }
        }
    }

    fn start(&mut self, packet: &Packet<'_>) {
        self.lost_before += self.source.as_ref().map_or(0, Source::lost);
        self.source = Some(Source::new(packet.ssrc, packet.sequence));
    }

    /// Packets taken, late ones and repeats among them.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets that never came.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost_before + self.source.as_ref().map_or(0, Source::lost)
    }

    /// Interarrival jitter.
    #[must_use]
    pub fn jitter(&self) -> Duration {
        Duration::from_micros(u64::from(self.jitter >> 4) * 125)
    }

    /// The source heard last.
    #[must_use]
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// The figures since the report before; `None` while nothing came.
    pub fn report(&mut self) -> Option<Reception> {
        let lost = self.lost();
        let source = self.source.as_mut()?;
        let expected = source.expected() - source.expected_at_report;
        let received = source.received - source.received_at_report;
        source.expected_at_report = source.expected();
        source.received_at_report = source.received;
        let missing = expected.saturating_sub(received);
        let fraction = (missing * 256).checked_div(expected).unwrap_or(0);
        Some(Reception {
            ssrc: source.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost,
            highest: source.highest + source.guessed,
            jitter: self.jitter >> 4,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::rtp::PayloadType;

    fn packet(sequence: u16, timestamp: u32) -> Packet<'static> {
        Packet {
            marker: false,
            payload_type: PayloadType::from_low_bits(8),
            sequence: SequenceNumber(sequence),
            timestamp: RtpTimestamp(timestamp),
            ssrc: Ssrc(7),
            payload: &[],
        }
    }

    #[test]
    fn losses_and_late_packets_are_told_apart_across_the_wrap() {
        let mut receiver = Receiver::default();
        let script = [
            (65_534, Arrival::Start),
            (65_535, Arrival::Next { lost: 0 }),
            (2, Arrival::Next { lost: 2 }),
            (0, Arrival::Late),
            (3, Arrival::Next { lost: 0 }),
            (30_000, Arrival::Start),
        ];
        for (sequence, arrival) in script {
            let place = receiver.receive(Instant::ZERO, &packet(sequence, 0), false);
            assert_eq!(place, arrival, "{sequence}");
        }
        assert_eq!((receiver.received(), receiver.lost()), (6, 1));
    }

    #[test]
    fn losses_among_what_was_left_out_are_counted_to_the_packet() {
        let mut receiver = Receiver::default();
        let take = |receiver: &mut Receiver, sequence| receiver.receive(Instant::ZERO, &packet(sequence, 0), false);
        take(&mut receiver, 8);
        receiver.left_out(7);
        assert_eq!(take(&mut receiver, 16), Arrival::Next { lost: 0 });
        // 17 and 20 never came.
        receiver.left_out(5);
        assert_eq!(take(&mut receiver, 24), Arrival::Next { lost: 2 });
        assert_eq!((receiver.received(), receiver.lost()), (15, 2));
        // Left out before and after the next that is taken, and told with it at once.
        receiver.left_out(11);
        assert_eq!(take(&mut receiver, 32), Arrival::Next { lost: 0 });
        assert_eq!(receiver.report().map(|report| (report.highest & 0xffff, report.lost)), Some((36, 2)));
        assert_eq!(take(&mut receiver, 37), Arrival::Next { lost: 0 });
        assert_eq!((receiver.received(), receiver.lost()), (28, 2));
        // A part of the end that is not followed by any packet counts as it is.
        receiver.left_out(3);
        assert_eq!((receiver.received(), receiver.lost()), (31, 2));
    }

    #[test]
    fn even_arrival_has_no_jitter_and_uneven_has() {
        let mut receiver = Receiver::default();
        for count in 0..50_u32 {
            let at = Instant::from_millis(u64::from(count) * 20);
            receiver.receive(at, &packet(u16::try_from(count).expect("small"), count * 160), true);
        }
        assert_eq!(receiver.jitter(), Duration::ZERO);
        for count in 50..100_u32 {
            let at = Instant::from_millis(u64::from(count) * 20 + u64::from(count % 2) * 10);
            receiver.receive(at, &packet(u16::try_from(count).expect("small"), count * 160), true);
        }
        assert!((Duration::from_millis(8)..Duration::from_millis(11)).contains(&receiver.jitter()));
    }

    #[test]
    fn a_report_says_the_fraction_lost_since_the_one_before() {
        let mut receiver = Receiver::default();
        for sequence in [0, 1, 2, 3] {
            receiver.receive(Instant::ZERO, &packet(sequence, 0), false);
        }
        assert_eq!(receiver.report().map(|report| report.fraction_lost), Some(0));
        receiver.receive(Instant::ZERO, &packet(7, 0), false);
        let report = receiver.report().expect("a source");
        assert_eq!((report.fraction_lost, report.lost), (192, 3));
    }
}
