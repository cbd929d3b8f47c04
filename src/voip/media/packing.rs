//! Frames of 20 ms become packets of the length that the peer asked for, 10 to 60 ms.

use crate::voip::audio::{FRAME_SAMPLES, SAMPLES_PER_MS};
use crate::voip::rtp::{HEADER_LENGTH, RtpTimestamp};
use std::time::Duration;

/// The longest packet: 60 ms, and a frame that did not fit any more.
const MOST: usize = 60 * SAMPLES_PER_MS;

/// A packet to be stamped: its marker, its timestamp, room for the header and the payload.
pub(super) type Give<'a> = &'a mut dyn FnMut(bool, RtpTimestamp, &mut [u8]);

/// What waits until a packet is full. Only for codecs of an octet a unit.
#[derive(Debug, Default)]
pub(super) struct Packing {
    held: Vec<u8>,
    first: RtpTimestamp,
    marker: bool,
}

/// Units in a packet of sound that is relayed.
pub(super) fn relayed_units(ptime: Duration) -> usize {
    packet_units(ptime).unwrap_or(FRAME_SAMPLES)
}

/// Units in a packet; `None` where frames are packets.
pub(super) fn packet_units(ptime: Duration) -> Option<usize> {
    let units = usize::try_from(ptime.as_millis()).ok()? * SAMPLES_PER_MS;
    (units != FRAME_SAMPLES && (1..=MOST).contains(&units)).then_some(units)
}

impl Packing {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes a frame, or any other piece, and gives every packet that is full. What does not follow on what waits begins a new one.
    pub(super) fn push(
        &mut self,
        units: usize,
        (marker, timestamp): (bool, RtpTimestamp),
        frame: &[u8],
        give: Give<'_>,
    ) {
        let held = u32::try_from(self.held.len()).unwrap_or(0);
        if !self.held.is_empty() && (marker || self.first.plus(held) != timestamp) {
            self.flush(give);
        }
        if self.held.is_empty() {
            (self.first, self.marker) = (timestamp, marker);
        }
        self.held.extend_from_slice(frame);
        while self.held.len() >= units {
            self.give(units, give);
        }
    }

    /// Gives what waits as a short packet.
    pub(super) fn flush(&mut self, give: Give<'_>) {
        if !self.held.is_empty() {
            self.give(self.held.len().min(MOST), give);
            self.held.clear();
        }
    }

    fn give(&mut self, units: usize, give: Give<'_>) {
        let mut packet = [0; HEADER_LENGTH + MOST];
        let Some(bytes) = packet.get_mut(..HEADER_LENGTH + units) else { return };
        for (to, from) in bytes.iter_mut().skip(HEADER_LENGTH).zip(self.held.drain(..units)) {
            *to = from;
        }
        give(self.marker, self.first, bytes);
        self.first = self.first.plus(u32::try_from(units).unwrap_or(0));
        self.marker = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Markers, timestamps and lengths of the packets of a second.
    fn packets(millis: u64) -> Vec<(bool, u32, usize)> {
        let mut packing = Packing::default();
        let mut out = Vec::new();
        let units = packet_units(Duration::from_millis(millis)).expect("another length");
        for frame in 0..50_u32 {
            let at = (frame == 0, RtpTimestamp(frame * 160));
            packing.push(units, at, &[7; 160], &mut |marker, timestamp, bytes| {
                assert!(bytes[HEADER_LENGTH..].iter().all(|&octet| octet == 7));
                out.push((marker, timestamp.0, bytes.len() - HEADER_LENGTH));
            });
        }
        packing.flush(&mut |marker, timestamp, bytes| out.push((marker, timestamp.0, bytes.len() - HEADER_LENGTH)));
        out
    }

    #[test]
    fn packets_have_the_length_that_was_asked_for_and_no_sample_is_lost() {
        for millis in [10, 30, 40, 50, 60] {
            let packets = packets(millis);
            let units = usize::try_from(millis).expect("small") * 8;
            let (last, full) = packets.split_last().expect("packets");
            assert!(full.iter().all(|(_, _, length)| *length == units), "{millis} ms");
            assert_eq!(full.len() * units + last.2, 8_000, "{millis} ms");
            assert!(packets.iter().zip(0_u32..).all(|((_, at, _), n)| *at as usize == n as usize * units));
            assert_eq!(packets.iter().filter(|(marker, ..)| *marker).count(), 1);
        }
        assert_eq!(packet_units(Duration::from_millis(20)), None);
    }

    #[test]
    fn a_hole_ends_a_packet() {
        let mut packing = Packing::default();
        let mut out = Vec::new();
        for at in [0, 160, 800, 960, 1_120] {
            packing.push(480, (at == 0 || at == 800, RtpTimestamp(at)), &[1; 160], &mut |marker, timestamp, bytes| {
                out.push((marker, timestamp.0, bytes.len() - HEADER_LENGTH));
            });
        }
        assert_eq!(out, [(true, 0, 320), (true, 800, 480)]);
    }
}
