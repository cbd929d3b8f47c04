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
//! before (§2.5.1.3). Durations are in units of the RTP clock, which is that of the leg's sound: 8 to 48 kHz.
//!
//! Keys may come from a source (SSRC) of their own, as gateways send them; whose packets count at all is for
//! [`crate::voip::rtp::Latch`] to say. Here: at most [`MAX_SOURCES`] sources bring keys; another may when one of them
//! has brought none for two seconds. The same key from two sources within 200 ms is one press.

use crate::model::{Digit, Instant};
use crate::voip::rtp::{RtpTimestamp, Ssrc};
use std::fmt;
use std::time::Duration;

/// How many sources may bring keys at a time.
pub const MAX_SOURCES: usize = 2;
/// How much shorter than the largest a segment may be for the same event to go on in another: its last packets may
/// have been lost.
const LOST_END: Duration = Duration::from_millis(500);
/// Nobody presses a key twice within 60 ms: a phone that moves the timestamp within a press is forgiven.
const SAME_PRESS: Duration = Duration::from_millis(60);
/// Within this time the same key of two sources is one press.
const SAME_OF_TWO: Duration = Duration::from_millis(200);
/// No network holds a packet back for so long: after this much silence about keys, an older timestamp or the end of
/// a press once more is a new press (a telephone, or a player of captures, that restarted its clock).
const REORDER: Duration = Duration::from_millis(500);
/// A press whose end was not seen is over after this much silence about it.
const ABANDONED: Duration = Duration::from_secs(2);
/// The clock of narrow-band sound, Hz.
const NARROW: u32 = 8_000;
/// Packets of a key in a second.
const PACKETS: u32 = 50;
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

    /// Whether it is a key; others are tones and signals of telephone lines.
    #[must_use]
    pub const fn is_key(self) -> bool {
        self.code < 16
    }

    /// The same event on a leg with another RTP clock; both in Hz.
    #[must_use]
    pub fn at_clock(self, theirs: u32, ours: u32) -> Self {
        let units = u64::from(self.duration) * u64::from(ours) / u64::from(theirs.max(1));
        Self { duration: u16::try_from(units).unwrap_or(u16::MAX), ..self }
    }

    /// The payload.
    #[must_use]
    pub const fn payload(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, VOLUME | if self.end { 0x80 } else { 0 }, high, low]
    }
}

/// Finds the presses in the packets of a leg.
#[derive(Clone)]
pub struct EventReceiver {
    clock: Clock,
    presses: [Option<Press>; MAX_SOURCES],
}

/// What is meant in time, in units of an RTP clock.
#[derive(Clone, Copy)]
struct Clock {
    long_segment: u16,
    same_press: i32,
}

/// What a packet came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The first packet of a press.
    Pressed(Digit),
    /// Another packet of a press that counts.
    Held,
    /// No key, an old packet, or a press that counts for another source or does not count.
    Nothing,
}

#[derive(Clone, Copy)]
struct Press {
    /// `None` after [`EventReceiver::wipe`].
    code: Option<u8>,
    source: Ssrc,
    timestamp: RtpTimestamp,
    duration: u16,
    ended: bool,
    /// Whether it is a press of its own, and nobody has disowned it.
    counts: bool,
    begun: Instant,
    last: Instant,
}

impl Default for EventReceiver {
    fn default() -> Self {
        Self::new(NARROW)
    }
}

impl EventReceiver {
    /// For events with this RTP clock, Hz.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        let units = |length: Duration| u64::from(clock_rate) * length.as_millis().try_into().unwrap_or(0_u64) / 1_000;
        let lost_end = u16::try_from(units(LOST_END)).unwrap_or(u16::MAX);
        let same_press = i32::try_from(units(SAME_PRESS)).unwrap_or(i32::MAX);
        let clock = Clock { long_segment: u16::MAX - lost_end, same_press };
        Self { clock, presses: [None; MAX_SOURCES] }
    }

    /// Takes a packet's payload. Timestamps of different sources are not compared.
    pub fn receive(&mut self, now: Instant, (source, timestamp): (Ssrc, RtpTimestamp), event: Event) -> Seen {
        let Some(digit) = Digit::from_event(event.code) else { return Seen::Nothing };
        let Some(place) = self.place_of(now, source) else { return Seen::Nothing };
        if let Some(press) = self.presses[place].as_mut().filter(|press| press.source == source) {
            let later = timestamp.after(press.timestamp);
            let silent = now.since(press.last);
            if later < 0 && silent < REORDER {
                return Seen::Nothing;
            }
            let patience = if press.ended { REORDER } else { ABANDONED };
            if silent < patience && press.goes_on(self.clock, later, event) {
                press.duration = if later == 0 { press.duration.max(event.duration) } else { event.duration };
                press.timestamp = timestamp;
                press.ended |= event.end;
                press.last = now;
                return if press.counts { Seen::Held } else { Seen::Nothing };
            }
        }
        let Event { code, end: ended, duration } = event;
        let press = Press { code: Some(code), source, timestamp, duration, ended, counts: true, begun: now, last: now };
        let before = self.presses[place].replace(press);
        // The other source's press; and a source that was put out of its place does not free its key for another.
        let others = self.presses.iter().flatten().chain(&before).filter(|other| other.source != source);
        let is_twin = |other: &Press| other.code == Some(code) && now.since(other.begun) < SAME_OF_TWO;
        if others.copied().any(|other| is_twin(&other)) {
            self.disown(source);
            return Seen::Nothing;
        }
        Seen::Pressed(digit)
    }

    /// The press of a source does not count: it came another way before.
    pub fn disown(&mut self, source: Ssrc) {
        for press in self.presses.iter_mut().flatten().filter(|press| press.source == source) {
            press.counts = false;
        }
    }

    /// Forgets which keys were pressed last, which may be part of a secret. The press that goes on is still known by
    /// its source and timestamp, and not told again.
    pub fn wipe(&mut self) {
        for press in self.presses.iter_mut().flatten() {
            press.code = None;
        }
    }

    /// The place of a source: its own, a free one, or that of a source without keys for a while.
    fn place_of(&self, now: Instant, source: Ssrc) -> Option<usize> {
        let find = |is: &dyn Fn(&Option<Press>) -> bool| self.presses.iter().position(is);
        find(&|press| press.is_some_and(|press| press.source == source))
            .or_else(|| find(&Option::is_none))
            .or_else(|| find(&|press| press.is_some_and(|press| now.since(press.last) >= ABANDONED)))
    }
}

impl Press {
    /// Whether a packet `later` units after this press's timestamp is of this press.
    fn goes_on(self, clock: Clock, later: i32, event: Event) -> bool {
        if self.code.is_some_and(|code| code != event.code) {
            // The same timestamp with another key: one of the two is late or the phone is odd. The first counts
            // unless it ended.
            return later == 0 && !self.ended;
        }
        let next_segment = self.duration >= clock.long_segment && later > 0 && later <= i32::from(u16::MAX);
        let moved = later > 0 && later <= clock.same_press;
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
    /// Units of a packet.
    units: u16,
}

impl fmt::Debug for EventSender {
    /// Hides the key: it may be part of a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSender")
    }
}

impl EventSender {
    /// A key that begins at a timestamp of this RTP clock, Hz.
    #[must_use]
    pub fn new(digit: Digit, begun: RtpTimestamp, clock_rate: u32) -> Self {
        let units = u16::try_from(clock_rate / PACKETS).unwrap_or(u16::MAX / PRESS_STEPS);
        Self { code: digit.event(), begun, step: 0, units }
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
            duration: self.units.saturating_mul(self.step.min(PRESS_STEPS)),
        })
    }
}

#[cfg(test)]
mod tests;
