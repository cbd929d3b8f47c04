//! Our end of a stream: one SSRC, sequence numbers without a hole, timestamps that follow the clock.

use super::{HEADER_LENGTH, Packet, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
use crate::model::Instant;
use std::time::Duration;

/// Nanoseconds of a timestamp unit at 8 kHz.
const UNIT_NANOS: u64 = 125_000;

/// The units of 8 kHz in a length of time, wrapped to 32 bits as timestamps do.
#[expect(clippy::cast_possible_truncation, reason = "timestamps wrap")]
pub(super) fn units(length: Duration) -> u32 {
    (length.as_nanos() / u128::from(UNIT_NANOS)) as u32
}

/// Stamps what we send. Its timestamps are those of the clock: what was not sent leaves a hole in them.
#[derive(Clone, Debug)]
pub struct Sender {
    ssrc: Ssrc,
    next: SequenceNumber,
    first: RtpTimestamp,
    origin: Instant,
    end: Option<RtpTimestamp>,
    packets: u64,
    octets: u64,
    /// Timestamp units on the wire in one of ours.
    factor: u32,
}

impl Sender {
    /// A stream whose first sample is that of `origin`.
    #[must_use]
    pub const fn new(ssrc: Ssrc, next: SequenceNumber, first: RtpTimestamp, origin: Instant) -> Self {
        Self { ssrc, next, first, origin, end: None, packets: 0, octets: 0, factor: 1 }
    }

    /// The clock rate of the timestamps on the wire from now on, Hz: a multiple of 8,000. Here they are counted at
    /// 8,000 Hz all the same.
    pub const fn set_clock_rate(&mut self, hertz: u32) {
        let factor = hertz / super::CLOCK_RATE;
        self.factor = if factor == 0 { 1 } else { factor };
    }

    /// A timestamp as the wire has it.
    #[must_use]
    pub const fn on_wire(&self, timestamp: RtpTimestamp) -> RtpTimestamp {
        RtpTimestamp(timestamp.0.wrapping_mul(self.factor))
    }

    /// Our source number.
    #[must_use]
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Packets sent.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// Payload octets sent.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The timestamp of a moment by our clock.
    #[must_use]
    pub fn timestamp_at(&self, at: Instant) -> RtpTimestamp {
        self.first.plus(units(at.since(self.origin)))
    }

    /// The timestamp for a frame of `samples` due at `at`, and whether it begins anew (the marker): at the first
    /// frame and after a hole. A frame never overlaps the one before: when that one ran ahead of the clock, this one
    /// follows it, until a hole lets the clock catch up.
    pub fn claim(&mut self, at: Instant, samples: u32) -> (RtpTimestamp, bool) {
        let mut timestamp = self.timestamp_at(at);
        let mut anew = true;
        if let Some(end) = self.end {
            let hole = timestamp.after(end);
            if hole < 0 {
                timestamp = end;
            }
            anew = hole > 0;
        }
        self.end = Some(timestamp.plus(samples));
        (timestamp, anew)
    }

    /// Takes the timestamps up to `end` as used, for frames that were stamped by another clock than ours.
    pub fn used_until(&mut self, end: RtpTimestamp) {
        if self.end.is_none_or(|before| end.after(before) > 0) {
            self.end = Some(end);
        }
    }

    /// The timestamp after the last one used.
    #[must_use]
    pub const fn end(&self) -> Option<RtpTimestamp> {
        self.end
    }

    /// Leaves out `count` sequence numbers: packets that were lost before they came to us, so that the peer can
    /// conceal them.
    pub fn skip(&mut self, count: u16) {
        self.next = SequenceNumber(self.next.0.wrapping_add(count));
    }

    /// The header of the next packet; counts it as sent.
    pub fn stamp(
        &mut self,
        payload_type: PayloadType,
        marker: bool,
        timestamp: RtpTimestamp,
        payload: &[u8],
    ) -> [u8; HEADER_LENGTH] {
        let timestamp = self.on_wire(timestamp);
        let packet = Packet { marker, payload_type, sequence: self.next, timestamp, ssrc: self.ssrc, payload };
        self.next = self.next.next();
        self.packets += 1;
        self.octets += payload.len() as u64;
        packet.header()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender::new(Ssrc(1), SequenceNumber(u16::MAX), RtpTimestamp(u32::MAX - 159), Instant::ZERO)
    }

    fn claim(sender: &mut Sender, millis: u64) -> (u32, bool) {
        let (timestamp, marker) = sender.claim(Instant::from_millis(millis), 160);
        (timestamp.0, marker)
    }

    #[test]
    fn frames_in_step_join_and_a_hole_shows_in_the_timestamp() {
        let mut sender = sender();
        assert_eq!(claim(&mut sender, 0), (u32::MAX - 159, true));
        assert_eq!(claim(&mut sender, 20), (0, false));
        assert_eq!(claim(&mut sender, 100), (640, true));
    }

    #[test]
    fn a_frame_that_ran_ahead_pushes_the_next_one_on() {
        let mut sender = sender();
        claim(&mut sender, 0);
        sender.used_until(RtpTimestamp(200));
        assert_eq!(claim(&mut sender, 20), (200, false));
        assert_eq!(claim(&mut sender, 40), (360, false));
    }

    #[test]
    fn another_clock_shows_on_the_wire_alone() {
        let mut sender = sender();
        sender.set_clock_rate(48_000);
        assert_eq!(claim(&mut sender, 20), (0, true));
        let stamped = sender.stamp(PayloadType::from_low_bits(96), false, RtpTimestamp(160), &[]);
        assert_eq!(stamped[4..8], 960_u32.to_be_bytes());
        assert_eq!(claim(&mut sender, 40), (160, false));
    }

    #[test]
    fn sequence_numbers_wrap_without_a_hole() {
        let mut sender = sender();
        let payload_type = PayloadType::from_low_bits(8);
        let first = sender.stamp(payload_type, true, RtpTimestamp(0), &[0; 160]);
        let second = sender.stamp(payload_type, false, RtpTimestamp(160), &[0; 160]);
        assert_eq!((&first[2..4], &second[2..4]), (&[0xff, 0xff][..], &[0, 0][..]));
        assert_eq!((sender.packets(), sender.octets()), (2, 320));
    }
}
