//! The formats of an audio line: codecs, telephone-event, comfort noise.

use super::session::{Encoding, Format, MediaDescription};
use crate::voip::audio::Codec;

/// The encoding name of RFC 4733 events.
const EVENT_NAME: &str = "telephone-event";
/// The events we take and send: the sixteen keys.
const EVENT_CODES: &str = "0-15";
/// The encoding name of comfort noise (RFC 3389), and its static number.
const COMFORT_NAME: &str = "CN";
const COMFORT_NUMBER: u8 = 13;
/// What we say of Opus (RFC 7587 §6.1): we neither play nor record more than 8 kHz of bandwidth.
const OPUS_PARAMETERS: &str = "maxplaybackrate=16000;sprop-maxcapturerate=16000";
/// The clock that telephone-event has beside most codecs, Hz.
const USUAL_CLOCK: u32 = 8_000;
/// Clocks of telephone-event that are taken, Hz.
const CLOCKS: std::ops::RangeInclusive<u32> = 8_000..=48_000;
/// The numbers that are for whom needs one (RFC 3551 §6).
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;
/// Milliseconds in a packet of Opus.
const OPUS_PTIME: u16 = 20;

/// RFC 4733 events: their number and clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventFormat {
    pub(super) payload_type: u8,
    pub(super) clock: u32,
}

/// The formats chosen of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    pub(super) event: Option<EventFormat>,
    pub(super) comfort: Option<u8>,
}

impl Selection {
    /// Our first choice among the formats of a line, with the peer's numbers.
    pub(super) fn ours(media: &MediaDescription, codecs: &[Codec]) -> Option<Self> {
        codecs.iter().find_map(|&codec| {
            let format = media.formats.iter().find(|format| codec_of(format) == Some(codec))?;
            fits(media, codec).then(|| Self::of(media, codec, format.payload_type))
        })
    }

    /// The first choice of the peer: it puts first what it will send (RFC 3264 §6.1).
    pub(super) fn theirs(media: &MediaDescription, codecs: &[Codec]) -> Option<Self> {
        media.formats.iter().find_map(|format| {
            let codec = codec_of(format).filter(|codec| codecs.contains(codec))?;
            Some(Self::of(media, codec, format.payload_type))
        })
    }

    /// Events of the codec's clock (RFC 4733 §2.5.1.1), else of the usual one, else any.
    fn of(media: &MediaDescription, codec: Codec, payload_type: u8) -> Self {
        let events = || media.formats.iter().filter_map(event_of);
        let of_clock = |clock| events().find(move |event| event.clock == clock);
        let event = of_clock(codec.clock_rate()).or_else(|| of_clock(USUAL_CLOCK)).or_else(|| events().next());
        let narrow = codec.clock_rate() == USUAL_CLOCK;
        let comfort = media.formats.iter().find(|format| narrow && is_comfort(format));
        Self { codec, payload_type, event, comfort: comfort.map(|format| format.payload_type) }
    }

    /// The formats of our answer.
    pub(super) fn formats(&self) -> Vec<Format> {
        let codec = codec_format(self.payload_type, self.codec);
        let event = self.event.map(event_format);
        std::iter::once(codec).chain(self.comfort.map(comfort_format)).chain(event).collect()
    }
}

/// Whether packets of this codec may be as long as we make them.
fn fits(media: &MediaDescription, codec: Codec) -> bool {
    codec != Codec::Opus || media.max_ptime.is_none_or(|most| most >= OPUS_PTIME)
}

/// The codec of a format: by its `rtpmap`, else by its static number.
pub(super) fn codec_of(format: &Format) -> Option<Codec> {
    Codec::PREFERRED.into_iter().find(|codec| match &format.rtpmap {
        Some(encoding) => {
            let channels = encoding.channels.unwrap_or(1);
            encoding.name.eq_ignore_ascii_case(codec.encoding_name())
                && encoding.rate == codec.clock_rate()
                && (channels == 1 || Some(channels) == codec.written_channels())
        }
        None => codec.static_payload_type() == Some(format.payload_type),
    })
}

fn event_of(format: &Format) -> Option<EventFormat> {
    let encoding = format.rtpmap.as_ref()?;
    let is_event = encoding.name.eq_ignore_ascii_case(EVENT_NAME) && CLOCKS.contains(&encoding.rate);
    is_event.then_some(EventFormat { payload_type: format.payload_type, clock: encoding.rate })
}

fn is_comfort(format: &Format) -> bool {
    match &format.rtpmap {
        Some(encoding) => encoding.name.eq_ignore_ascii_case(COMFORT_NAME) && encoding.rate == USUAL_CLOCK,
        None => format.payload_type == COMFORT_NUMBER,
    }
}

fn codec_format(payload_type: u8, codec: Codec) -> Format {
    let (name, rate, channels) = (codec.encoding_name().to_owned(), codec.clock_rate(), codec.written_channels());
    let fmtp = (codec == Codec::Opus).then(|| OPUS_PARAMETERS.to_owned());
    Format { payload_type, rtpmap: Some(Encoding { name, rate, channels }), fmtp }
}

fn event_format(event: EventFormat) -> Format {
    let rtpmap = Some(Encoding { name: EVENT_NAME.to_owned(), rate: event.clock, channels: None });
    Format { payload_type: event.payload_type, rtpmap, fmtp: Some(EVENT_CODES.to_owned()) }
}

fn comfort_format(payload_type: u8) -> Format {
    let rtpmap = Some(Encoding { name: COMFORT_NAME.to_owned(), rate: USUAL_CLOCK, channels: None });
    Format { payload_type, rtpmap, fmtp: None }
}

/// The numbers of what has no static one, the same for the whole dialog (RFC 3264 §8.3.2).
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    opus: u8,
    events: Vec<EventFormat>,
}

impl Default for Numbers {
    fn default() -> Self {
        let usual = EventFormat { payload_type: 101, clock: USUAL_CLOCK };
        Self { opus: 96, events: vec![usual, EventFormat { payload_type: 100, clock: Codec::Opus.clock_rate() }] }
    }
}

impl Numbers {
    /// Takes over the numbers of the peer that an answer of ours uses; what had them before gets others.
    pub(super) fn follow(&mut self, selection: &Selection) {
        if selection.codec == Codec::Opus {
            self.opus = selection.payload_type;
        }
        if let Some(event) = selection.event {
            self.events.retain(|known| known.clock != event.clock);
            self.events.push(event);
        }
        let mut taken: Vec<u8> = selection.event.iter().map(|event| event.payload_type).collect();
        taken.push(selection.payload_type);
        let mut free = || {
            let number = DYNAMIC.rev().find(|number| !taken.contains(number)).unwrap_or(COMFORT_NUMBER);
            taken.push(number);
            number
        };
        if selection.codec != Codec::Opus && selection.event.is_some_and(|event| event.payload_type == self.opus) {
            self.opus = free();
        }
        for known in &mut self.events {
            let other = selection.event.is_none_or(|event| event.clock != known.clock);
            if other && (known.payload_type == selection.payload_type || known.payload_type == self.opus) {
                known.payload_type = free();
            }
        }
    }

    pub(super) fn of(&self, codec: Codec) -> u8 {
        codec.static_payload_type().unwrap_or(self.opus)
    }

    /// Our events of a clock.
    pub(super) fn event(&self, clock: u32) -> Option<u8> {
        self.events.iter().find(|event| event.clock == clock).map(|event| event.payload_type)
    }

    /// The formats of our offer: every codec, and events at the clock of each.
    pub(super) fn offer(&self, codecs: &[Codec]) -> Vec<Format> {
        let sound = codecs.iter().map(|&codec| codec_format(self.of(codec), codec));
        let mut clocks: Vec<u32> = codecs.iter().map(|codec| codec.clock_rate()).collect();
        clocks.sort_unstable();
        clocks.dedup();
        let event = |clock| Some(event_format(EventFormat { payload_type: self.event(clock)?, clock }));
        sound.chain(clocks.into_iter().filter_map(event)).collect()
    }
}
