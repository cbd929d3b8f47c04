//! Messages cut out of a stream (RFC 3261 §18.3, §7.5; RFC 5626 §4.4.1).
//!
//! ```text
//!   CRLF CRLF          ping: answer with CRLF
//!   CRLF               in front of a message: skipped
//!   head CRLF CRLF     with a Content-Length, which a stream must have
//!   body
//! ```

use super::headers::{ContentLength, HeaderName, TypedHeader};
use super::message::{MAX_MESSAGE, Unusable, parse_head, refuse_head};
use super::status::Status;
use super::text::{Malformed, is_token_byte};

/// Room that a stream keeps between two messages; one large message is no reason to keep more for hours.
const KEPT: usize = 4_096;

/// What a ping is answered with (RFC 5626 §4.4.1).
pub const PONG: &[u8] = b"\r\n";

/// Something whole from a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of one message, for [`super::Message::parse`].
    Message(Vec<u8>),
    /// The other end asks whether we are there: send [`PONG`].
    Ping,
}

/// A stream in which the next message cannot be found: answer if [`StreamFault::refusal`] says so, and close it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stream: {fault}")]
pub struct StreamFault {
    /// What to answer, where an answer is possible.
    pub status: Status,
    /// What is wrong.
    pub fault: Malformed,
    head: Vec<u8>,
}

impl StreamFault {
    /// The answer to the message that broke the stream, or why there is none.
    #[must_use]
    pub fn refusal(&self) -> Unusable {
        refuse_head(&self.head, self.status, self.fault)
    }
}

/// Collects the bytes of one stream. Each byte is looked at a fixed number of times, however it arrives.
///
/// It holds at most one message and what was pushed since the last [`Framer::next_frame`] that gave `None`.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// What stands before was given out.
    start: usize,
    /// Up to here, counted from `start`, there is no end of the head.
    scanned: usize,
    /// The whole length of the message at `start`, once its head is known.
    length: Option<usize>,
}

impl Framer {
    /// A stream's beginning.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read. Afterwards ask [`Framer::next_frame`] until it gives `None`.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole thing, `None` until more is read.
    ///
    /// # Errors
    /// When the stream cannot go on: no SIP, no or wrong Content-Length, larger than [`MAX_MESSAGE`].
    pub fn next_frame(&mut self) -> Result<Option<Frame>, StreamFault> {
        if self.length.is_none() && self.scanned == 0 && self.skip_line_ends() {
            return Ok(Some(Frame::Ping));
        }
        let length = match self.length {
            Some(length) => length,
            None => match self.measure()? {
                Some(length) => *self.length.insert(length),
                None => return Ok(None),
            },
        };
        let Some(message) = self.buffer.get(self.start..self.start + length) else { return Ok(None) };
        let message = message.to_vec();
        self.start += length;
        self.scanned = 0;
        self.length = None;
        if self.start == self.buffer.len() {
            self.start = 0;
            self.buffer.clear();
            self.buffer.shrink_to(KEPT);
        }
        Ok(Some(Frame::Message(message)))
    }

    /// Whether a message has begun that is not whole; a line end by itself begins none.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        !b"\r\n\r".starts_with(rest)
    }

    /// The octets that it has room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Skips the line ends in front of a message; whether two of them in a row were a ping.
    fn skip_line_ends(&mut self) -> bool {
        let rest = &self.buffer[self.start..];
        if rest.starts_with(b"\r\n\r\n") {
            self.start += 4;
            return true;
        }
        if let Some(after) = rest.strip_prefix(b"\r\n")
            && !after.is_empty()
            && after != b"\r"
        {
            self.start += 2;
        }
        false
    }

    /// The length of the message at the front, when its head is whole.
    fn measure(&mut self) -> Result<Option<usize>, StreamFault> {
        let rest = &self.buffer[self.start..];
        if rest.is_empty() || b"\r\n\r".starts_with(rest) {
            return Ok(None);
        }
        if !is_token_byte(rest[0]) {
            return Err(StreamFault { status: Status::BAD_REQUEST, fault: Malformed("start line"), head: Vec::new() });
        }
        let from = self.scanned.saturating_sub(3);
        let Some(end) = rest[from..].windows(4).position(|four| four == b"\r\n\r\n") else {
            self.scanned = rest.len();
            let fault = |head: &[u8]| too_large(head);
            return if rest.len() > MAX_MESSAGE { Err(fault(rest)) } else { Ok(None) };
        };
        let head = &rest[..from + end + 4];
        let length = body_length(head)?;
        match head.len().checked_add(length).filter(|whole| *whole <= MAX_MESSAGE) {
            Some(whole) => Ok(Some(whole)),
            None => Err(too_large(head)),
        }
    }
}

fn too_large(head: &[u8]) -> StreamFault {
    let head = head[..head.len().min(MAX_MESSAGE)].to_vec();
    StreamFault { status: Status::MESSAGE_TOO_LARGE, fault: Malformed("message length"), head }
}

/// The Content-Length of a head, which must stand there, and agree if it stands there twice.
fn body_length(head: &[u8]) -> Result<usize, StreamFault> {
    let (headers, too_much) = parse_head(head);
    let fault = || {
        let (status, fault) = match too_much {
            Some(fault) => (Status::MESSAGE_TOO_LARGE, fault),
            None => (Status::BAD_REQUEST, Malformed("Content-Length")),
        };
        StreamFault { status, fault, head: head.to_vec() }
    };
    let mut lengths = headers.get_all(HeaderName::ContentLength).map(ContentLength::parse);
    let first = lengths.next().and_then(Result::ok).ok_or_else(fault)?;
    if lengths.any(|other| other != Ok(first)) {
        return Err(fault());
    }
    usize::try_from(first.0).map_err(|_| fault())
}

#[cfg(test)]
mod tests;
