//! What a peer says in a wide-band codec, as G.711 for the ear for tones.

use crate::voip::audio::{Codec, Decoder, Rate, g711};

/// Decodes one peer's sound. Costs nothing while it speaks G.711.
#[derive(Debug, Default)]
pub(super) struct HearingAid {
    decoder: Option<Box<Decoder>>,
    samples: Vec<i16>,
    octets: Vec<u8>,
}

impl HearingAid {
    /// The payload as G.711 octets, and of which law; empty when `wanted` is not set and it would cost something.
    pub(super) fn hear<'a>(&'a mut self, codec: Codec, payload: &'a [u8], wanted: bool) -> (Codec, &'a [u8]) {
        if codec.law().is_some() {
            return (codec, payload);
        }
        self.octets.clear();
        if wanted {
            if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
                self.decoder = Some(Box::new(Decoder::new(codec, Rate::Narrow)));
            }
            if let Some(decoder) = &mut self.decoder {
                self.samples.clear();
                decoder.decode(payload, &mut self.samples);
                self.octets.extend(self.samples.iter().map(|&sample| g711::encode(Codec::Pcma, sample)));
            }
        }
        (Codec::Pcma, &self.octets)
    }
}
