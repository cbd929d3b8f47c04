//! Making requests and responses.

use super::super::headers::{CSeq, ContentType, HeaderName, Headers, NameAddr, SipCallId};
use super::super::method::Method;
use super::super::peer::Peer;
use super::super::status::Status;
use super::super::uri::Uri;
use super::{Request, Response};

/// The hops that a new request may take (RFC 3261 §8.1.1.6).
const MAX_FORWARDS: u8 = 70;

impl Request {
    /// A request of ours without a hop: the client transaction adds its Via.
    #[must_use]
    pub fn new(method: Method, uri: Uri, from: NameAddr, to: NameAddr, call_id: SipCallId, cseq: u32) -> Self {
        Self {
            method,
            uri,
            vias: Vec::new(),
            from,
            to,
            call_id,
            cseq,
            max_forwards: Some(MAX_FORWARDS),
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    /// Puts in a body of a type.
    pub fn set_body(&mut self, kind: &ContentType, body: Vec<u8>) {
        self.headers.set(kind);
        self.body = body;
    }

    /// Notes in the top Via where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4). For who receives
    /// it, once, before anybody answers.
    pub fn stamp(&mut self, source: &Peer) {
        if let Some(via) = self.vias.first_mut() {
            via.stamp(source);
        }
    }

    /// A response: Via, From, To, Call-ID and `CSeq` are the request's (RFC 3261 §8.2.6.2). A 100 copies the
    /// Timestamp. The tag of To is added with [`Response::with_to_tag`].
    #[must_use]
    pub fn response(&self, status: Status) -> Response {
        let mut headers = Headers::new();
        if status == Status::TRYING {
            headers.copy_all(HeaderName::Timestamp, &self.headers);
        }
        Response {
            status,
            reason: status.reason().as_bytes().to_vec(),
            vias: self.vias.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            call_id: self.call_id.clone(),
            cseq: CSeq { number: self.cseq, method: self.method.clone() },
            headers,
            body: Vec::new(),
        }
    }
}

impl Response {
    /// The response with this tag in To, unless the request brought one.
    #[must_use]
    pub fn with_to_tag(mut self, tag: &str) -> Self {
        self.to = self.to.with_tag(tag);
        self
    }

    /// The response with other words beside the status.
    #[must_use]
    pub fn with_reason(mut self, reason: &str) -> Self {
        self.reason = reason.as_bytes().to_vec();
        self
    }

    /// The response with the request's Record-Route, as one that makes a dialog needs it (RFC 3261 §12.1.1).
    #[must_use]
    pub fn with_record_route(mut self, request: &Request) -> Self {
        self.headers.copy_all(HeaderName::RecordRoute, &request.headers);
        self
    }

    /// Puts in a body of a type.
    pub fn set_body(&mut self, kind: &ContentType, body: Vec<u8>) {
        self.headers.set(kind);
        self.body = body;
    }
}
