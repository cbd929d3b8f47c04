//! What every user agent server checks before it looks closer (RFC 3261 §8.2), and the answers it gives by itself.

use super::body::{self, BodyFault};
use super::headers::HeaderName;
use super::{Method, Request, Response, Status, Uri};

/// The methods that we take, for `Allow`.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, REGISTER, PRACK, UPDATE";
/// The extensions that we know, for `Supported`: a peer may require these and no others.
pub const SUPPORTED: &str = "replaces, norefersub, 100rel, timer";
/// The bodies that we take, for `Accept`.
pub const ACCEPT: &str = "application/sdp, multipart/mixed";

/// The refusal of a request that nobody here can serve: 405, 501, 416, 420, 483. `None`: go on (§8.2.1, §8.2.2).
#[must_use]
pub fn refuse(request: &Request) -> Option<Response> {
    if let Some(status) = refuse_method(&request.method) {
        let mut response = request.response(status);
        response.headers.push_text(HeaderName::Allow, ALLOW);
        return Some(response);
    }
    // RFC 7332: handing the call to an operator would be one hop more. What belongs to a call has arrived.
    let is_new = request.to.tag().is_none() && request.method != Method::Cancel;
    if is_new && request.max_forwards == Some(0) {
        return Some(request.response(Status::TOO_MANY_HOPS));
    }
    if matches!(request.uri, Uri::Other(_)) {
        return Some(request.response(Status::UNSUPPORTED_URI_SCHEME));
    }
    refuse_extensions(request)
}

/// Known and not taken: 405; unknown: 501 (§8.2.1, §21.5.2).
fn refuse_method(method: &Method) -> Option<Status> {
    match method {
        Method::Invite
        | Method::Ack
        | Method::Cancel
        | Method::Bye
        | Method::Options
        | Method::Info
        | Method::Notify
        | Method::Refer
        | Method::Register
        | Method::Prack
        | Method::Update => None,
        Method::Subscribe | Method::Publish | Method::Message => Some(Status::METHOD_NOT_ALLOWED),
        Method::Other(_) => Some(Status::NOT_IMPLEMENTED),
    }
}

/// A `Require` that we do not support (§8.2.2.3); CANCEL is exempt.
fn refuse_extensions(request: &Request) -> Option<Response> {
    if request.method == Method::Cancel {
        return None;
    }
    let is_known = |word: &&str| SUPPORTED.split(", ").any(|known| known.eq_ignore_ascii_case(word));
    let unknown: Vec<&str> = request.headers.words(HeaderName::Require).filter(|word| !is_known(word)).collect();
    if unknown.is_empty() {
        return None;
    }
    let mut response = request.response(Status::BAD_EXTENSION);
    response.headers.push_text(HeaderName::Unsupported, &unknown.join(", "));
    Some(response)
}

/// The refusal of a body that holds no SDP, or what must be understood and is not (§8.2.3): 415 with what we take.
#[must_use]
pub fn refuse_body(request: &Request) -> Option<Response> {
    let fault = body::session(&request.headers, &request.body).err()?;
    let mut response = request.response(Status::UNSUPPORTED_MEDIA_TYPE);
    response.headers.push_text(HeaderName::Accept, ACCEPT);
    if fault == BodyFault::Encoded {
        response.headers.push_text(HeaderName::AcceptEncoding, "identity");
    }
    Some(response)
}

/// The refusal of a caller who accepts no description that we could answer with (§21.4.7): 406 with what we have.
#[must_use]
pub fn refuse_accept(request: &Request) -> Option<Response> {
    // Without an Accept, SDP is meant (§20.1).
    if !request.headers.has(HeaderName::Accept) {
        return None;
    }
    let kind = |range: &str| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let takes = |range: &str| matches!(&*kind(range), ACCEPT | "application/*" | "*/*");
    if request.headers.words(HeaderName::Accept).any(takes) {
        return None;
    }
    let mut response = request.response(Status::NOT_ACCEPTABLE);
    response.headers.push_text(HeaderName::Accept, ACCEPT);
    Some(response)
}

/// The answer to OPTIONS: what we can (§11.2).
#[must_use]
pub fn describe(request: &Request) -> Response {
    let mut response = request.response(Status::OK);
    response.headers.push_text(HeaderName::Allow, ALLOW);
    response.headers.push_text(HeaderName::Accept, ACCEPT);
    response.headers.push_text(HeaderName::AcceptEncoding, "identity");
    response.headers.push_text(HeaderName::AcceptLanguage, "ru, en");
    response.headers.push_text(HeaderName::Supported, SUPPORTED);
    response
}
