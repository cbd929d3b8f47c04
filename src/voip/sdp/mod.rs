//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264).
//!
//! ```text
//! bytes ─▶ RemoteOffer::parse ─▶ Negotiation::answer ─▶ body + Negotiated        (we are called)
//! Negotiation::offer ─▶ body + PendingOffer ─▶ PendingOffer::accept(bytes) ─▶ Negotiated   (we call)
//! ```
//!
//! An answer is made from a [`RemoteOffer`] and an answer is accepted by a [`PendingOffer`], so neither can be
//! written without the offer it belongs to.

mod build;
mod crypto;
mod formats;
mod offer_answer;
mod parse;
mod session;

pub use crypto::SecureMedia;
pub use offer_answer::{Negotiated, Negotiation, NegotiationError, PayloadPair, PendingOffer, RemoteOffer};
pub use parse::SdpError;
pub use session::{
    Address, Attribute, Direction, Encoding, Format, MediaDescription, MediaKind, Origin, Protocol, SecretText,
    SessionDescription,
};
