//! From the timestamps on the wire to units of 1/8000 s, for the codec whose clock is another: Opus.

use crate::voip::rtp::{RtpTimestamp, Ssrc};

/// The units that everything behind a stream's edge counts in, Hz.
const UNITS: u32 = 8_000;

/// Where the two counts met last. Timestamps wrap, and a sixth of them does not: so only differences are divided.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WireClock {
    anchor: Option<(Ssrc, RtpTimestamp, RtpTimestamp)>,
}

impl WireClock {
    /// The units of a packet whose clock runs at `clock_rate` Hz.
    pub(super) fn units(&mut self, source: Ssrc, wire: RtpTimestamp, clock_rate: u32) -> RtpTimestamp {
        let factor = i32::try_from(clock_rate / UNITS).unwrap_or(1).max(1);
        if factor == 1 {
            return wire;
        }
        let Some((_, theirs, ours)) = self.anchor.filter(|(known, ..)| *known == source) else {
            self.anchor = Some((source, wire, wire));
            return wire;
        };
        let steps = wire.after(theirs).div_euclid(factor);
        let units = ours.plus(steps.cast_unsigned());
        // Whole steps only, so that nothing is lost however often it moves on.
        if steps > 0 {
            self.anchor = Some((source, theirs.plus((steps * factor).cast_unsigned()), units));
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_opus_is_an_hour_across_the_wrap() {
        let mut clock = WireClock::default();
        let first = RtpTimestamp(u32::MAX - 10_000);
        let begin = clock.units(Ssrc(1), first, 48_000);
        let mut wire = first;
        for _ in 0..180_000 {
            wire = wire.plus(960);
            let late = clock.units(Ssrc(1), RtpTimestamp(wire.0.wrapping_sub(960)), 48_000);
            assert_eq!(clock.units(Ssrc(1), wire, 48_000).after(late), 160);
        }
        assert_eq!(clock.units(Ssrc(1), wire, 48_000).after(begin), 3_600 * 8_000);
        assert_eq!(clock.units(Ssrc(1), RtpTimestamp(7), 8_000), RtpTimestamp(7));
    }
}
