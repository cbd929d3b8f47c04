//! Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3).
//!
//! ```text
//!   branch begins with z9hG4bK    branch + sent-by + method         (ACK counts as INVITE)
//!   branch of RFC 2543, or none   Request-URI + From tag + Call-ID + CSeq number + method + top Via
//! ```

use super::table::MatchKey;
use crate::voip::sip::headers::Via;
use crate::voip::sip::{Method, Request, Response};
use std::fmt::Write as _;

/// The key of the server transaction of a request, which an ACK shares with its INVITE.
#[must_use]
pub fn server_key(request: &Request) -> MatchKey {
    let method = if request.method == Method::Ack { &Method::Invite } else { &request.method };
    server_key_as(request, method)
}

/// The key of the INVITE that a CANCEL is for (§9.2): that of the CANCEL with the method changed.
#[must_use]
pub fn cancelled_key(cancel: &Request) -> MatchKey {
    server_key_as(cancel, &Method::Invite)
}

fn server_key_as(request: &Request, method: &Method) -> MatchKey {
    let via = request.vias.first();
    let mut key = String::with_capacity(96);
    match via.and_then(Via::unique_branch) {
        Some(branch) => key.push_str(branch),
        None => append(&mut key, &request.uri, request),
    }
    key.push('\n');
    if let Some(via) = via {
        write_or_ignore(&mut key, &via.host);
        key.push(':');
        write_or_ignore(&mut key, &via.port.unwrap_or(5060));
    }
    key.push('\n');
    key.push_str(method.as_str());
    into_key(key)
}

/// The rest of the RFC 2543 key. The To tag of an ACK is ours and needs no look: the rest is unique.
fn append(key: &mut String, uri: &crate::voip::sip::Uri, request: &Request) {
    write_or_ignore(key, uri);
    key.push('\n');
    key.push_str(request.from.tag().unwrap_or_default());
    key.push('\n');
    key.push_str(request.call_id.as_str());
    key.push('\n');
    write_or_ignore(key, &request.cseq);
    key.push('\n');
    key.push_str(request.vias.first().and_then(Via::branch).unwrap_or_default());
}

/// The key of a client transaction of ours: our branches are unique.
#[must_use]
pub fn client_key(branch: &str, method: &Method) -> MatchKey {
    into_key(format!("{branch}\n<\n{method}"))
}

/// The key of the client transaction that a response is for (§17.1.3); `None` without a branch.
#[must_use]
pub fn response_key(response: &Response) -> Option<MatchKey> {
    let branch = response.vias.first().and_then(Via::unique_branch)?;
    Some(client_key(branch, &response.cseq.method))
}

fn into_key(key: String) -> MatchKey {
    key.into_bytes().into_boxed_slice()
}

fn write_or_ignore(key: &mut String, value: &impl std::fmt::Display) {
    // Writing to a String does not fail.
    if write!(key, "{value}").is_err() {
        key.push('?');
    }
}
