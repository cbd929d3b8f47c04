//! Who is it: digest authentication (RFC 3261 §22, RFC 7616, RFC 8760).
//!
//! ```text
//!   REGISTER                      ──▶  DigestServer::challenges   ──▶  401, SHA-256 first, then MD5
//!   REGISTER + Authorization      ──▶  DigestServer::verify       ──▶  Accepted │ Stale │ Denied
//! ```
//!
//! As a client, [`DigestClient`] answers what a trunk asks within a call. As a server only `qop=auth` is offered; an
//! answer without `qop` (RFC 2069) is taken once for each nonce.

mod algorithm;
mod client;
mod server;
mod session;
mod wire;

pub use algorithm::{Algorithm, Ha1};
pub use client::{Login, answer};
pub use server::{DigestServer, Verdict};
pub use session::{DigestClient, Learnt};
pub use wire::{Challenge, Credentials, Protection};

#[cfg(test)]
mod tests;
