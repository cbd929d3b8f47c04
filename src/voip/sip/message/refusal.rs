//! Messages that cannot be used: answered, or dropped and counted.

use std::fmt;

use super::super::headers::{HeaderName, Headers, TypedHeader, Via, write_line};
use super::super::peer::Peer;
use super::super::status::Status;
use super::super::text::Malformed;
use super::write::write_rest;

/// Bytes that did not become a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A request that is to be answered.
    #[error("refused with {0}")]
    Refused(Box<Refusal>),
    /// To be counted and forgotten.
    #[error("dropped: {0}")]
    Dropped(#[from] Dropped),
}

/// Why bytes are not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Dropped {
    /// Nothing but line ends: a keep-alive (RFC 5626 §4.4.1, RFC 3261 §7.5).
    #[error("keep-alive")]
    KeepAlive,
    /// The first line is no SIP.
    #[error("not SIP")]
    NotSip,
    /// A request without a Via: nobody knows where an answer would go.
    #[error("no Via")]
    NoVia,
    /// A response that is malformed.
    #[error("response: {0}")]
    Response(Malformed),
    /// A malformed ACK: an ACK is never answered (RFC 3261 §17).
    #[error("ACK: {0}")]
    Ack(Malformed),
}

/// A request that is not understood and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What to answer: 400, 416, 501, 505 or 513.
    pub status: Status,
    /// What is wrong with it.
    pub fault: Malformed,
    /// Everything that could be read, as bytes.
    headers: Headers,
}

impl Refusal {
    pub(super) const fn new(status: Status, fault: Malformed, headers: Headers) -> Self {
        Self { status, fault, headers }
    }

    /// The top Via, when it can be read. When it cannot, the answer can only go where the request came from.
    #[must_use]
    pub fn via(&self) -> Option<Via> {
        self.headers.typed().ok().flatten()
    }

    /// The answer as on the wire: the headers of §8.2.6.2 as they were received, as far as they were; `received` and
    /// `rport` of `source`, and `to_tag` in a To that has none.
    #[must_use]
    pub fn to_bytes(&self, source: &Peer, to_tag: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        let reason = match self.status {
            Status::BAD_REQUEST => format!("Bad Request: {}", self.fault),
            status => status.reason().to_owned(),
        };
        out.extend_from_slice(format!("SIP/2.0 {} {reason}\r\n", self.status).as_bytes());
        let stamped = self.via().map(|mut via| {
            via.stamp(source);
            via.to_string().into_bytes()
        });
        let mut vias = self.headers.get_all(HeaderName::Via);
        if let Some(first) = vias.next() {
            write_line(&mut out, b"Via", stamped.as_deref().unwrap_or(first));
        }
        // In one line (§7.3.1): a list of nothing would otherwise be answered with seven times its length, and nothing
        // says that a datagram came from where it says.
        let rest: Vec<&[u8]> = vias.collect();
        if !rest.is_empty() {
            write_line(&mut out, b"Via", &rest.join(&b','));
        }
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
            let Some(value) = self.headers.get(name) else { continue };
            let mut value = value.to_vec();
            if name == HeaderName::To && !has_tag(&value) {
                value.extend_from_slice(format!(";tag={to_tag}").as_bytes());
            }
            write_line(&mut out, name.as_str().as_bytes(), &value);
        }
        write_rest(&mut out, &Headers::new(), &[]);
        out
    }
}

/// Whether a To that may be malformed has a tag.
fn has_tag(value: &[u8]) -> bool {
    value.to_ascii_lowercase().windows(5).any(|window| window == b";tag=")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.fault)
    }
}

/// The top Via of headers, for tests of whether an answer has a way back.
pub(super) fn has_via(headers: &Headers) -> bool {
    headers.has(Via::NAME)
}
