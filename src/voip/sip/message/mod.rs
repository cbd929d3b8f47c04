//! Requests and responses.
//!
//! Every message has the six headers that RFC 3261 §8.1.1 asks for, so they are fields with types; all others are
//! in [`Headers`], as bytes in their order. A message that lacks one cannot be held: it is [`Unusable`].

mod build;
mod masked;
mod parse;
mod refusal;
mod write;

use std::fmt;

pub use masked::Masked;
pub use parse::{MAX_HEADER_LINE, MAX_HEADER_LINES, MAX_MESSAGE};
pub(super) use parse::{parse_head, refuse_head};
pub use refusal::{Dropped, Refusal, Unusable};

use super::headers::{CSeq, Headers, NameAddr, SipCallId, Via};
use super::method::Method;
use super::status::Status;
use super::uri::Uri;

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Somebody asks.
    Request(Request),
    /// Somebody answers.
    Response(Response),
}

/// What somebody asks (RFC 3261 §7.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What for.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// The hops, the last one first. At least one in a request that was received.
    pub vias: Vec<Via>,
    /// Who asks.
    pub from: NameAddr,
    /// Who was meant at first.
    pub to: NameAddr,
    /// The call.
    pub call_id: SipCallId,
    /// The number of the request within its dialog, below 2³¹; the method beside it is always [`Request::method`].
    pub cseq: u32,
    /// The hops left; `None` when an old peer does not say.
    pub max_forwards: Option<u8>,
    /// All other headers but Content-Length.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// What somebody answers (RFC 3261 §7.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// How it went.
    pub status: Status,
    /// The words beside the status; for people alone, any bytes.
    pub reason: Vec<u8>,
    /// The hops back, the next one first.
    pub vias: Vec<Via>,
    /// Who asked.
    pub from: NameAddr,
    /// Who was asked, with the answerer's tag.
    pub to: NameAddr,
    /// The call.
    pub call_id: SipCallId,
    /// The number and method of the request.
    pub cseq: CSeq,
    /// All other headers but Content-Length.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads one message: a datagram, a WebSocket frame, or what the stream framer cut out.
    ///
    /// Without Content-Length the body is the rest; bytes behind the Content-Length are ignored (RFC 3261 §18.3).
    ///
    /// # Errors
    /// [`Unusable::Refused`] with the answer to send, or [`Unusable::Dropped`] with the reason to count.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        parse::parse(bytes)
    }

    /// The request, when it is one.
    #[must_use]
    pub const fn as_request(&self) -> Option<&Request> {
        match self {
            Self::Request(request) => Some(request),
            Self::Response(_) => None,
        }
    }

    /// The response, when it is one.
    #[must_use]
    pub const fn as_response(&self) -> Option<&Response> {
        match self {
            Self::Request(_) => None,
            Self::Response(response) => Some(response),
        }
    }

    /// The message as on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("call_id", &self.call_id.as_str())
            .field("cseq", &self.cseq)
            .field("from_tag", &self.from.tag())
            .field("to_tag", &self.to.tag())
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("call_id", &self.call_id.as_str())
            .field("cseq", &self.cseq)
            .field("from_tag", &self.from.tag())
            .field("to_tag", &self.to.tag())
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod torture;
#[cfg(test)]
mod valid;
