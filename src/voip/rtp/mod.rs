//! The Real-time Transport Protocol (RFC 3550): packets, both ends of a stream, and its control protocol.

mod latch;
mod packet;
pub mod quality;
mod receiver;
pub mod rtcp;
mod sender;
pub mod srtp;

pub use latch::{Announced, Latch, Verdict};
pub use packet::{HEADER_LENGTH, Packet, PacketError, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
pub use receiver::{Arrival, Receiver, Reception};
pub use sender::Sender;

/// The clock of timestamps in the narrow band, and of all that is counted here, Hz.
pub const CLOCK_RATE: u32 = 8_000;
