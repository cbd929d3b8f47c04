//! A telephone for tests: SIP by `rsip`, an implementation that shares nothing with the server's, and RTP, digest and
//! descriptions written here by hand. Real sockets, real time.
//!
//! ```text
//! script ──▶ Telephone ── requests, responses ──▶ Wire (UDP, TCP, TLS, WebSocket) ──▶ server
//!                └─────── sound, keys ──────────▶ Sound (a thread)  ──▶ server
//! ```
//!
//! Nothing here waits for a fixed time: whatever is awaited is awaited until it comes, or fails with what came instead.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of this is a test: what cannot be is its failure")]

pub mod digest;
pub mod heard;
pub mod message;
pub mod rtp;
pub mod sdp;
#[allow(dead_code, reason = "not every test speaks over TLS")]
pub mod secure;
pub mod server;
pub mod sound;
pub mod telephone;
pub mod wire;

pub use server::Server;
pub use telephone::Telephone;

use std::time::Instant;

/// The clock of the test: real sockets have real time.
#[expect(clippy::disallowed_methods, reason = "a telephone outside the server has its own clock")]
pub fn now() -> Instant {
    Instant::now()
}
