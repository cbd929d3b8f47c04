//! What is done with arbitrary bytes, and what must hold then. Driven by libFuzzer (`fuzz/run.sh`), and by
//! `tests/corpus.rs`, which replays the corpus in every test run.
//!
//! A target checks more than "no panic": what was read and written reads the same again, no line can be smuggled in,
//! tables are empty when all is over.

mod endpoint;
mod media;
mod names;
mod sip;
mod web;

/// A name, which is also a folder of `fuzz/corpus`, and what is done with the bytes.
type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: &[Target] = &[
    ("message", sip::message),
    ("lane", sip::lane),
    ("header", sip::header),
    ("uri", sip::uri),
    ("digest", sip::digest),
    ("framer", sip::framer),
    ("stun", sip::stun),
    ("dns", names::dns),
    ("locate", names::locate),
    ("websocket", web::websocket),
    ("endpoint", endpoint::endpoint),
    ("sdp", media::sdp),
    ("rtp", media::rtp),
    ("rtcp", media::rtcp),
    ("srtp", media::srtp),
    ("telephone_event", media::telephone_event),
    ("info", media::info),
];

/// The names, for messages.
#[allow(dead_code, reason = "each of the two users needs what the other does not")]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|(name, _)| *name).collect()
}

/// Arbitrary bytes as a source of small numbers and pieces.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// The next octet; `None` at the end.
    fn octet(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The next two octets as a number, high first.
    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.octet()?, self.octet()?]))
    }

    /// A piece whose length, up to 65,535, stands in front of it; what is left when that is shorter.
    fn piece(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.number()?).min(self.0.len());
        let (piece, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(piece)
    }
}
