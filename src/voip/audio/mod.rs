//! Sound as samples and as the payloads of the codecs: G.711, G.722, Opus.
//!
//! ```text
//!            Decoder ─▶ 8 kHz, for recording, mixing, keys heard as tones ─▶ Encoder
//!  payload ──┤
//!            Transcoder ─▶ payload of another codec (8 kHz, or 16 kHz when both are wide-band)
//! ```
//!
//! Time is counted in units of 1/8000 s everywhere, also for the wide-band codecs: one unit is one octet of G.711 and
//! of G.722. Only at the edge of a stream do the timestamps of Opus, which count 1/48000 s, become these units.

mod codec;
mod comfort;
mod frames;
pub mod g711;
mod g722;
mod resample;
pub mod signals;
mod voice;
pub mod wide;

#[cfg(test)]
mod tests;

pub use codec::Codec;
pub use comfort::{ComfortFrames, ComfortNoise, NoiseLevel};
pub use frames::{EncodedPrompt, PromptFrames, WidePrompt};
pub use resample::Converter;
pub use voice::{Decoder, Encoder, MAX_PACKET_SAMPLES, Rate, Transcoder, units_of};
pub use wide::{OpusClip, Wide};

/// Units of time a second; samples a second of G.711.
pub const SAMPLE_RATE: u32 = 8_000;
/// Units in one packet of 20 ms, which is as many octets in G.711 and G.722.
pub const FRAME_SAMPLES: usize = 160;
/// Units in a millisecond.
pub const SAMPLES_PER_MS: usize = 8;
