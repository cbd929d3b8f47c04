//! Who is it: digest authentication (RFC 3261 §22, RFC 7616, RFC 8760).
//!
//! ```text
//!   REGISTER                      ──▶  DigestServer::challenges   ──▶  401, SHA-256, SHA-512-256, MD5
//!   REGISTER + Authorization      ──▶  DigestServer::verify       ──▶  Accepted │ Stale │ Denied
//! ```
//!
//! As a client, [`DigestClient`] answers what a trunk asks: the first challenge whose hash we know, with `qop=auth`
//! where that is offered, else with `auth-int`, else as RFC 2069 has it. As a server `qop=auth` is offered, because
//! proxies may change bodies; `auth-int` is taken all the same when it fits the body, an answer without `qop` never.
//! User names are not hidden (`userhash`): the From says as much as they do.

mod agents;
mod algorithm;
mod client;
mod server;
mod session;
mod wire;

pub use algorithm::{Algorithm, Ha1, Qop};
pub use client::{Login, Signed, answer};
pub use server::{DigestServer, Verdict};
pub use session::{DigestClient, Learnt};
pub use wire::{Challenge, Credentials, Protection};

#[cfg(test)]
mod tests;
