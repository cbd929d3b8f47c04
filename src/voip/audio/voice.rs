//! Payloads to samples and back, packet after packet of one source.

use super::resample::HalfBand;
use super::wide::{self, WIDE_FRAME};
use super::{Codec, FRAME_SAMPLES, g711, g722};
use opus::Channels;
use std::fmt;

/// The most samples that one packet may hold: 120 ms at 16 kHz.
pub const MAX_PACKET_SAMPLES: usize = 1_920;

/// Samples a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// 8 kHz.
    Narrow,
    /// 16 kHz.
    Wide,
}

impl Rate {
    /// The number.
    #[must_use]
    pub const fn hertz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Wide => 16_000,
        }
    }

    /// Samples in a unit of 1/8000 s.
    #[must_use]
    pub const fn samples_per_unit(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }
}

/// Makes samples of one source's payloads, in their order.
pub struct Decoder {
    codec: Codec,
    rate: Rate,
    kind: Decoding,
    filter: HalfBand,
    native: Vec<i16>,
}

enum Decoding {
    Law(g711::Law),
    G722(Box<g722::Decoder>),
    Opus(Box<opus::Decoder>),
    /// The library gave no decoder: silence.
    Deaf,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("codec", &self.codec).field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder whose samples have this rate.
    #[must_use]
    pub fn new(codec: Codec, rate: Rate) -> Self {
        let kind = match codec {
            Codec::Pcma => Decoding::Law(g711::Law::A),
            Codec::Pcmu => Decoding::Law(g711::Law::Mu),
            Codec::G722 => Decoding::G722(Box::default()),
            Codec::Opus => opus::Decoder::new(rate.hertz(), Channels::Mono)
                .map_or(Decoding::Deaf, |decoder| Decoding::Opus(Box::new(decoder))),
        };
        Self { codec, rate, kind, filter: HalfBand::default(), native: Vec::new() }
    }

    /// What it decodes.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the samples of a payload. One that is damaged, or longer than [`MAX_PACKET_SAMPLES`], adds none.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        match &mut self.kind {
            Decoding::Law(law) => {
                let law = *law;
                let samples = payload.iter().map(|&octet| g711::decode_by(law, octet));
                match self.rate {
                    Rate::Narrow => out.extend(samples),
                    Rate::Wide => {
                        self.native.clear();
                        self.native.extend(samples);
                        self.filter.double(&self.native, out);
                    }
                }
            }
            Decoding::G722(decoder) => {
                if payload.len() * 2 > MAX_PACKET_SAMPLES {
                    return;
                }
                let samples = payload.iter().flat_map(|octet| decoder.decode(*octet));
                match self.rate {
                    Rate::Narrow => {
                        self.native.clear();
                        self.native.extend(samples);
                        self.filter.halve(&self.native, out);
                    }
                    Rate::Wide => out.extend(samples),
                }
            }
            Decoding::Opus(decoder) => {
                self.native.resize(MAX_PACKET_SAMPLES, 0);
                let count = decoder.decode(payload, &mut self.native, false).unwrap_or(0);
                out.extend(self.native.iter().take(count));
            }
            Decoding::Deaf => {}
        }
    }
}

/// The units of 1/8000 s that a payload lasts; zero for one that is damaged.
#[must_use]
pub fn units_of(codec: Codec, payload: &[u8]) -> usize {
    match codec {
        Codec::Pcma | Codec::Pcmu | Codec::G722 => payload.len(),
        Codec::Opus => opus::packet::get_nb_samples(payload, 8_000).unwrap_or(0),
    }
}

/// Makes payloads of samples.
pub struct Encoder {
    codec: Codec,
    rate: Rate,
    kind: Encoding,
    filter: HalfBand,
    native: Vec<i16>,
}

enum Encoding {
    Law(g711::Law),
    G722(Box<g722::Encoder>),
    Opus(Box<opus::Encoder>),
    /// The library gave no encoder: nothing is sent.
    Mute,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("codec", &self.codec).field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder of samples of this rate.
    #[must_use]
    pub fn new(codec: Codec, rate: Rate) -> Self {
        let kind = match codec {
            Codec::Pcma => Encoding::Law(g711::Law::A),
            Codec::Pcmu => Encoding::Law(g711::Law::Mu),
            Codec::G722 => Encoding::G722(Box::default()),
            Codec::Opus => {
                wide::opus_encoder(rate.hertz()).map_or(Encoding::Mute, |encoder| Encoding::Opus(Box::new(encoder)))
            }
        };
        Self { codec, rate, kind, filter: HalfBand::default(), native: Vec::new() }
    }

    /// What it encodes to.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Replaces `out` by the payload of 20 ms of samples; leaves it empty when there is none.
    pub fn encode(&mut self, frame: &[i16], out: &mut Vec<u8>) {
        out.clear();
        match &mut self.kind {
            Encoding::Law(law) => {
                let law = *law;
                match self.rate {
                    Rate::Narrow => out.extend(frame.iter().map(|&sample| g711::encode_by(law, sample))),
                    Rate::Wide => {
                        self.native.clear();
                        self.filter.halve(frame, &mut self.native);
                        out.extend(self.native.iter().map(|&sample| g711::encode_by(law, sample)));
                    }
                }
            }
            Encoding::G722(encoder) => {
                let samples = match self.rate {
                    Rate::Narrow => {
                        self.native.clear();
                        self.filter.double(frame, &mut self.native);
                        &self.native
                    }
                    Rate::Wide => frame,
                };
                out.extend(samples.as_chunks().0.iter().map(|pair| encoder.encode(*pair)));
            }
            Encoding::Opus(encoder) => {
                out.resize(wide::MAX_OPUS, 0);
                let length = encoder.encode(frame, out).unwrap_or(0);
                out.truncate(length);
            }
            Encoding::Mute => {}
        }
    }
}

/// From one codec to another, for the two legs of a bridge that have none in common.
#[derive(Debug)]
pub struct Transcoder {
    decoder: Decoder,
    encoder: Encoder,
    rate: Rate,
    /// Samples that do not fill a frame yet.
    waiting: Vec<i16>,
    payload: Vec<u8>,
}

impl Transcoder {
    /// From `from` to `to`; by way of 16 kHz when both are wide-band.
    #[must_use]
    pub fn new(from: Codec, to: Codec) -> Self {
        let rate = if from.is_wide() && to.is_wide() { Rate::Wide } else { Rate::Narrow };
        let (decoder, encoder) = (Decoder::new(from, rate), Encoder::new(to, rate));
        Self { decoder, encoder, rate, waiting: Vec::with_capacity(2 * WIDE_FRAME), payload: Vec::new() }
    }

    /// Whether it is for these two.
    #[must_use]
    pub fn is_between(&self, from: Codec, to: Codec) -> bool {
        self.decoder.codec() == from && self.encoder.codec() == to
    }

    /// Forgets what waits for the rest of its frame: the source began anew.
    pub fn restart(&mut self) {
        self.waiting.clear();
    }

    /// Gives the frames of 20 ms that a payload completes, each with the units by which it begins after (or, when
    /// samples waited, before) the payload's own beginning.
    pub fn transcode(&mut self, payload: &[u8], mut give: impl FnMut(i32, &[u8])) {
        let per_unit = self.rate.samples_per_unit();
        let mut offset = -i32::try_from(self.waiting.len() / per_unit).unwrap_or(0);
        self.decoder.decode(payload, &mut self.waiting);
        let frame = FRAME_SAMPLES * per_unit;
        while let Some(samples) = self.waiting.get(..frame) {
            self.encoder.encode(samples, &mut self.payload);
            if !self.payload.is_empty() {
                give(offset, &self.payload);
            }
            self.waiting.drain(..frame);
            offset += i32::try_from(FRAME_SAMPLES).unwrap_or(0);
        }
    }
}
