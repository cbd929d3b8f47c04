//! SRTP and SRTCP (RFC 3711), with keys that came in the description (SDES, RFC 4568).
//!
//! ```text
//! SRTP   | RTP header, clear | payload, encrypted            | tag |
//! SRTCP  | first 8 octets    | the rest, encrypted           | E + index (32) | tag |    HMAC suites
//!        | first 8 octets    | the rest, encrypted     | tag | E + index (32) |          GCM suites
//! ```
//!
//! A [`SecureSession`] is one leg's: what we send under our key, what we receive under the peer's. Rules:
//! - A packet is believed after its tag is verified, and only then remembered: strangers cannot fill the tables.
//! - A packet that came before, or is older than the window, is refused (§3.3.2).
//! - The rollover counter starts at zero with each new key; the same key again keeps its counters.
//! - Keys wipe themselves, are never printed, and come from a generator that is passed in.

mod counter_mode;
mod derive;
mod galois;
mod keys;
mod replay;
mod session;
mod transform;

#[cfg(test)]
mod tests;

pub use keys::{MasterKey, SecureKeys, Suite};
pub use session::{MAX_OVERHEAD, SecureSession};
