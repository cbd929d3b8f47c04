//! The media engine: what one media thread owns. RTP in and out for thousands of streams, without sockets or clock.
//!
//! ```text
//! exchange ── MediaCommand ──▶ ┌───────────┐ ── MediaEvent ──▶ exchange
//!                              │ MediaCore │ ── Recorded ────▶ files
//! sockets ─── datagrams ─────▶ └───────────┘ ── Datagram ────▶ sockets
//!                                    ▲ tick(now), every millisecond
//! ```
//!
//! Rules, each kept by a test:
//! - Every open stream whose direction allows sending sends exactly one packet of 20 ms every 20 ms: what plays, what
//!   the other leg of its bridge says, or silence. So NAT bindings live, and jitter buffers never run dry.
//! - Time is cut into 20 slots of a millisecond; each stream belongs to the emptiest slot and is paced by it. What came
//!   for it is read in the same turn, just before its frame: its socket and its state are touched once per frame. A
//!   conversation is relayed as it comes; of sound that nobody hears only a part is read ([`Sieve`]).
//! - After a key the frame of that turn waits 3 ms for what is said to it, so the old prompt ends with it.
//! - A thread that was late sends at most [`MAX_BURST`] packets of a stream at once; older ones are left out, and the
//!   timestamps tell so (RFC 3550 §5.1), while what plays goes on where it was: no word is lost.
//! - The first `Play` of a stream waits, sending silence, until the peer's first packet or [`LEAD_IN`], whichever is
//!   first, so that the first word is not said to a telephone that is not listening yet.
//! - Music is in step: its place follows from the clock alone, so that all who hear it hear the same frame in the same
//!   20 ms, on every thread, whenever each began to wait. Words over it lower it ([`VoiceOver`]).
//! - While the peer holds (our direction does not send), what plays is paused.
//! - While a stream is `Secret`, its keys are neither relayed nor recorded, and its sound is silence to others.

mod bridge;
mod control;
mod core;
mod hearing_aid;
mod ids;
mod pacing;
mod packing;
mod player;
mod recorder;
mod room;
mod shield;
mod sieve;
mod stream;
mod vocabulary;
mod voice_over;
mod wire_clock;

#[cfg(test)]
mod tests;

pub use self::core::{MediaCore, Moving};
pub use ids::StreamMap;
pub use pacing::{MAX_BURST, Seat, Turn};
pub use player::MAX_PLAYLIST_ITEMS;
pub use sieve::{Condition, Look, Sieve};
pub use stream::LEAD_IN;
pub use vocabulary::{
    Channel, Datagram, MediaCommand, MediaEvent, PlaybackId, Recorded, RecordingEnd, RecordingId, RecordingRules, Role,
    StreamId, StreamParams, StreamReport, Track,
};
pub use voice_over::VoiceOver;
