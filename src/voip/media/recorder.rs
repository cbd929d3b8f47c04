//! What a stream says, as samples in their places: lost packets leave silence, late ones are left out. Where a peer
//! suppresses silence, its background is heard at the level that it told.
//!
//! A conversation is recorded at 16 kHz where a leg is wide-band when it begins, both channels at the one rate; else, and
//! messages always, at 8 kHz, which loses nothing of a narrow-band leg. Places and lengths are counted in units of
//! 1/8000 s at either rate.
//!
//! The left channel is what the caller says. The right one is what the bank says to the caller: the operator's packets
//! while they are two, and while they are more the sum that the caller hears, so a colleague who was brought in and a
//! supervisor who joined are on it, and what a supervisor whispers to the operator is not. While the caller hears music
//! or holds it is silence.

use super::vocabulary::{Recorded, RecordingEnd, RecordingId, RecordingRules, StreamId, Track};
use crate::model::{Digit, Instant};
use crate::voip::audio::{Codec, ComfortNoise, Converter, Decoder, NoiseLevel, Rate, SAMPLE_RATE};
use crate::voip::rtp::{RtpTimestamp, Ssrc};
use std::collections::VecDeque;
use std::time::Duration;

/// Units of one piece: 200 ms.
const PIECE: usize = 1_600;
/// The most pieces that wait to be taken; beyond, the newest are lost and said so in the log.
pub(super) const MAX_WAITING: usize = 8_192;
/// Mean size of samples above which a packet is speech: about −40 dBFS.
const SPEECH: u64 = 300;
/// How many units the recording may lag behind the clock before silence is put in: packets may still be on their way.
const PATIENCE: u64 = 4_000;
/// What of this lag is left after that.
const LAG: u64 = 1_600;

/// A running recording.
#[derive(Debug)]
pub(super) struct Recorder {
    recording: RecordingId,
    rules: RecordingRules,
    part: Part,
    rate: Rate,
    decoder: Option<Box<Decoder>>,
    /// From the rate of a conversation of several.
    converter: Option<Box<Converter>>,
    /// What a packet says; kept for its room.
    samples: Vec<i16>,
    max_units: u64,
    begun: Instant,
    last_speech: Instant,
    base: Option<(Source, RtpTimestamp)>,
    /// Samples so far.
    written: u64,
    piece: Vec<i16>,
    /// The background while the peer sends nothing else.
    quiet: Option<ComfortNoise>,
}

/// Whose clock tells the place of what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The peer's packets.
    Peer(Ssrc),
    /// The frames of a conversation of several.
    Room,
}

/// What of a recording it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// The left channel; the right one is this stream's. Its end is the end of both.
    Left { other: StreamId },
    /// The right channel.
    Right { of: StreamId },
}

impl Part {
    const fn track(self) -> Track {
        match self {
            Self::Whole => Track::Only,
            Self::Left { .. } => Track::Left,
            Self::Right { .. } => Track::Right,
        }
    }
}

/// The units of a length of time.
fn units(length: Duration) -> u64 {
    u64::try_from(length.as_nanos() / 125_000).unwrap_or(u64::MAX)
}

impl Recorder {
    pub(super) fn new(recording: RecordingId, rules: RecordingRules, (part, rate): (Part, Rate), now: Instant) -> Self {
        let piece = Vec::with_capacity(PIECE * rate.samples_per_unit());
        Self {
            recording,
            rules,
            part,
            rate,
            decoder: None,
            converter: None,
            samples: Vec::new(),
            max_units: units(rules.max),
            begun: now,
            last_speech: now,
            base: None,
            written: 0,
            piece,
            quiet: None,
        }
    }

    pub(super) const fn recording(&self) -> RecordingId {
        self.recording
    }

    pub(super) const fn part(&self) -> Part {
        self.part
    }

    /// How long it is.
    pub(super) fn length(&self) -> Duration {
        Duration::from_micros(self.written * 1_000_000 / (u64::from(SAMPLE_RATE) * self.per_unit()))
    }

    fn per_unit(&self) -> u64 {
        self.rate.samples_per_unit() as u64
    }

    /// Units so far.
    fn end(&self) -> u64 {
        self.written / self.per_unit()
    }

    /// Whether this key ends it.
    pub(super) fn ends_at(&self, digit: Digit) -> bool {
        self.rules.stop_on == Some(digit)
    }

    /// Takes a packet of sound; `hidden` sound becomes silence.
    pub(super) fn take(
        &mut self,
        now: Instant,
        (ssrc, timestamp): (Ssrc, RtpTimestamp),
        (codec, payload): (Codec, &[u8]),
        hidden: bool,
        out: &mut VecDeque<Recorded>,
    ) {
        let Some(place) = self.place(now, (Source::Peer(ssrc), timestamp)) else { return };
        self.silence_until(place, out);
        self.quiet = None;
        let mut samples = std::mem::take(&mut self.samples);
        samples.clear();
        let decoder = self.decoder.take().filter(|decoder| decoder.codec() == codec);
        let mut decoder = decoder.unwrap_or_else(|| Box::new(Decoder::new(codec, self.rate)));
        decoder.decode(payload, &mut samples);
        self.decoder = Some(decoder);
        if hidden {
            samples.fill(0);
        }
        let sum: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs())).sum();
        if sum > SPEECH * samples.len() as u64 {
            self.last_speech = now;
        }
        for sample in &samples {
            self.push(*sample, out);
        }
        self.samples = samples;
    }

    /// Takes a frame of a conversation of several, at its rate; `hidden` sound becomes silence.
    pub(super) fn take_mix(
        &mut self,
        due: Instant,
        (frame, rate): (&[i16], Rate),
        hidden: bool,
        out: &mut VecDeque<Recorded>,
    ) {
        let clock = u32::try_from(units(due.since(Instant::ZERO)) & u64::from(u32::MAX)).unwrap_or(0);
        let Some(place) = self.place(due, (Source::Room, RtpTimestamp(clock))) else { return };
        self.silence_until(place, out);
        self.quiet = None;
        let mut samples = std::mem::take(&mut self.samples);
        samples.clear();
        let mut converter = self.converter.take().unwrap_or_default();
        converter.convert(frame, rate, self.rate, &mut samples);
        self.converter = Some(converter);
        if hidden {
            samples.fill(0);
        }
        for sample in &samples {
            self.push(*sample, out);
        }
        self.samples = samples;
    }

    /// Takes the level of the background: from here on it is heard until sound comes. `None` is silence.
    pub(super) fn take_quiet(
        &mut self,
        now: Instant,
        (ssrc, timestamp): (Ssrc, RtpTimestamp),
        level: Option<NoiseLevel>,
        out: &mut VecDeque<Recorded>,
    ) {
        let Some(place) = self.place(now, (Source::Peer(ssrc), timestamp)) else { return };
        self.silence_until(place, out);
        self.quiet = level.map(|level| ComfortNoise::new(level, ssrc.0));
    }

    /// Where in the recording a packet belongs; `None` for one that came too late.
    fn place(&mut self, now: Instant, (source, timestamp): (Source, RtpTimestamp)) -> Option<u64> {
        let clock = units(now.since(self.begun));
        let place = match self.base {
            Some((known, base)) if known == source => i64::from(timestamp.after(base)),
            Some(_) | None => i64::MAX,
        };
        // A place far from the clock is another stream's or a jump: begin anew at the clock.
        let place = if place.saturating_sub_unsigned(clock).unsigned_abs() > PATIENCE {
            let place = clock.max(self.end());
            self.base = Some((source, timestamp.plus(u32::try_from(place).unwrap_or(0).wrapping_neg())));
            place
        } else {
            u64::try_from(place).unwrap_or(0)
        };
        (place >= self.end()).then_some(place)
    }

    /// Whether it ends now by itself.
    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<Recorded>) -> Option<RecordingEnd> {
        let clock = units(now.since(self.begun));
        if clock > self.end() + PATIENCE {
            self.silence_until(clock - LAG, out);
        }
        if now.since(self.begun) >= self.rules.max {
            self.silence_until(self.max_units, out);
            return Some(RecordingEnd::Max);
        }
        let silent = self.rules.silence.is_some_and(|limit| now.since(self.last_speech) >= limit);
        silent.then_some(RecordingEnd::Silence)
    }

    /// Gives away the last piece. The two channels of a conversation both end at the clock.
    pub(super) fn finish(&mut self, now: Instant, out: &mut VecDeque<Recorded>) {
        if self.part != Part::Whole {
            self.silence_until(units(now.since(self.begun)), out);
        }
        if !self.piece.is_empty() {
            self.flush(out);
        }
    }

    fn silence_until(&mut self, place: u64, out: &mut VecDeque<Recorded>) {
        let place = place.min(self.max_units) * self.per_unit();
        while self.written < place {
            let sample = self.quiet.as_mut().map_or(0, ComfortNoise::next_sample);
            self.push(sample, out);
        }
    }

    fn push(&mut self, sample: i16, out: &mut VecDeque<Recorded>) {
        if self.written >= self.max_units * self.per_unit() {
            return;
        }
        self.piece.push(sample);
        self.written += 1;
        if self.piece.len() == PIECE * self.rate.samples_per_unit() {
            self.flush(out);
        }
    }

    fn flush(&mut self, out: &mut VecDeque<Recorded>) {
        let room = Vec::with_capacity(PIECE * self.rate.samples_per_unit());
        let samples = std::mem::replace(&mut self.piece, room).into_boxed_slice();
        if out.len() < MAX_WAITING {
            let (track, rate) = (self.part.track(), self.rate);
            out.push_back(Recorded { recording: self.recording, track, rate, samples });
        } else {
            tracing::warn!(
                recording = self.recording.0,
                "a piece of a recording was lost: nobody took the ones before"
            );
        }
    }
}
