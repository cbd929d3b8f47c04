//! Sound as samples and as G.711 octets, 8 kHz mono throughout.

mod codec;
mod frames;
pub mod g711;

pub use codec::Codec;
pub use frames::{EncodedPrompt, PromptFrames};

/// Samples a second, of every codec here so far and of every prompt.
pub const SAMPLE_RATE: u32 = 8_000;
/// Samples in one packet of 20 ms, which is as many octets in G.711.
pub const FRAME_SAMPLES: usize = 160;
/// Samples in a millisecond.
pub const SAMPLES_PER_MS: usize = 8;
