//! RFC 4733: a key as a train of RTP packets that all describe the same event.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     event     |E|R| volume    |          duration             |
//! +---------------+-+-+-----------+-------------------------------+
//! ```
//!
//! The RTP timestamp of all packets of a press is that of its beginning; the duration grows; `E` ends it and is sent
//! three times. So a press is known by its timestamp and event, at whichever of its packets arrives first, and any
//! packet may be lost. A press longer than 65 535 units goes on in a new segment whose timestamp is the end of the one
//! before (§2.5.1.3).

use crate::model::{Digit, Instant};
use crate::voip::rtp::{RtpTimestamp, Ssrc};
use std::fmt;
use std::time::Duration;

/// A segment's duration beyond which the same event may go on in another: up to half a second of lost packets short
/// of the largest.
const LONG_SEGMENT: u16 = u16::MAX - 4_000;
/// Nobody presses a key twice within 60 ms: a phone that moves the timestamp within a press is forgiven.
const SAME_PRESS_UNITS: i32 = 480;
/// No network holds a packet back for so long: after this much silence about keys, an older timestamp or the end of
/// a press once more is a new press (a telephone, or a player of captures, that restarted its clock).
const REORDER: Duration = Duration::from_millis(500);
/// A press whose end was not seen is over after this much silence about it.
const ABANDONED: Duration = Duration::from_secs(2);
/// Units of a 20 ms packet at 8 kHz.
const STEP: u16 = 160;
/// A key of ours lasts five packets, 100 ms.
const PRESS_STEPS: u16 = 5;
/// The end is said three times (§2.5.1.4).
const END_REPEATS: u16 = 3;
/// Frames of sound between two keys of ours: 60 ms.
const PAUSE_FRAMES: u16 = 3;
/// The volume of keys of ours: −10 dBm0.
const VOLUME: u8 = 10;

/// The payload of one packet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The event code; 0–15 are keys.
    pub code: u8,
    /// Whether the event is over.
    pub end: bool,
    /// How long it has lasted, timestamp units.
    pub duration: u16,
}

impl Event {
    /// Reads a payload; only the first event of a redundant one. `None` when it is shorter than four octets.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let &[code, flags, high, low] = payload.first_chunk::<4>()?;
        Some(Self { code, end: flags & 0x80 != 0, duration: u16::from_be_bytes([high, low]) })
    }

    /// The payload.
    #[must_use]
    pub const fn payload(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, VOLUME | if self.end { 0x80 } else { 0 }, high, low]
    }
}

/// Finds the presses in the packets of one source.
#[derive(Clone, Default)]
pub struct EventReceiver {
    last: Option<Press>,
}

#[derive(Clone, Copy)]
struct Press {
    code: u8,
    source: Ssrc,
    timestamp: RtpTimestamp,
    duration: u16,
    ended: bool,
    last: Instant,
}

impl EventReceiver {
    /// Takes a packet's payload; the key when this is the first packet of a press. Timestamps of different sources
    /// are not compared: a gateway may send its keys from a source of their own.
    pub fn receive(&mut self, now: Instant, (source, timestamp): (Ssrc, RtpTimestamp), event: Event) -> Option<Digit> {
        let digit = Digit::from_event(event.code)?;
        if let Some(press) = self.last.as_mut().filter(|press| press.source == source) {
            let later = timestamp.after(press.timestamp);
            let silent = now.since(press.last);
            if later < 0 && silent < REORDER {
                return None;
            }
            let patience = if press.ended { REORDER } else { ABANDONED };
            if silent < patience && press.goes_on(later, event) {
                press.duration = if later == 0 { press.duration.max(event.duration) } else { event.duration };
                press.timestamp = timestamp;
                press.ended |= event.end;
                press.last = now;
                return None;
            }
        }
        let Event { code, end: ended, duration } = event;
        self.last = Some(Press { code, source, timestamp, duration, ended, last: now });
        Some(digit)
    }
}

impl Press {
    /// Whether a packet `later` units after this press's timestamp is of this press.
    const fn goes_on(self, later: i32, event: Event) -> bool {
        if event.code != self.code {
            // The same timestamp with another key: one of the two is late or the phone is odd. The first counts
            // unless it ended.
            return later == 0 && !self.ended;
        }
        let next_segment = self.duration >= LONG_SEGMENT && later > 0 && later <= u16::MAX as i32;
        let moved = later > 0 && later <= SAME_PRESS_UNITS;
        later == 0 || (!self.ended && (next_segment || moved))
    }
}

impl fmt::Debug for EventReceiver {
    /// Hides the key: it may be part of a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventReceiver")
    }
}

/// A key of ours on its way to the peer, one packet every 20 ms.
#[derive(Clone)]
pub struct EventSender {
    code: u8,
    begun: RtpTimestamp,
    step: u16,
}

impl fmt::Debug for EventSender {
    /// Hides the key: it may be part of a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSender")
    }
}

impl EventSender {
    /// A key that begins at a timestamp.
    #[must_use]
    pub const fn new(digit: Digit, begun: RtpTimestamp) -> Self {
        Self { code: digit.event(), begun, step: 0 }
    }

    /// The timestamp of all its packets.
    #[must_use]
    pub const fn begun(&self) -> RtpTimestamp {
        self.begun
    }

    /// Whether the next packet is the first, which bears the marker.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.step == 0
    }

    /// Whether the pause after it is over too.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.step >= PRESS_STEPS + END_REPEATS + PAUSE_FRAMES
    }

    /// What to send in this frame instead of sound; `None` in the pause that follows the key.
    pub fn next_event(&mut self) -> Option<Event> {
        self.step = self.step.saturating_add(1);
        let end = self.step > PRESS_STEPS;
        (self.step <= PRESS_STEPS + END_REPEATS).then_some(Event {
            code: self.code,
            end,
            duration: STEP * self.step.min(PRESS_STEPS),
        })
    }
}

#[cfg(test)]
mod tests;
