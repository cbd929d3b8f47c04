//! SIP messages by `rsip`: what it cannot read out by itself, such as any header by its name, is read here.

use rsip::headers::Header;
use rsip::message::HasHeaders;
use rsip::{Headers, Method, Request, Response, SipMessage, StatusCode, Version};

/// The values of every header of a name.
pub fn values(message: &impl HasHeaders, name: &str) -> Vec<String> {
    let named = |header: &Header| {
        let line = header.to_string();
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    };
    message.headers().iter().filter_map(named).collect()
}

/// The first value of a header that must be there.
pub fn value(message: &impl HasHeaders, name: &str) -> String {
    let all = values(message, name);
    all.into_iter().next().unwrap_or_else(|| panic!("no {name} in:\n{}", message.headers()))
}

/// The number and the method of `CSeq`.
pub fn sequence(message: &impl HasHeaders) -> (u32, String) {
    let value = value(message, "CSeq");
    let (number, method) = value.split_once(' ').unwrap();
    (number.parse().unwrap(), method.trim().to_owned())
}

/// The branch of the topmost Via.
pub fn branch(message: &impl HasHeaders) -> String {
    parameter(&value(message, "Via"), "branch").unwrap_or_default()
}

/// A parameter of a header's value.
pub fn parameter(value: &str, name: &str) -> Option<String> {
    let after = value.rsplit_once('>').map_or(value, |(_, after)| after);
    let mut parameters = after.split(';').filter_map(|pair| pair.split_once('='));
    parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// The URI between angle brackets, or all of a value without them.
pub fn address(value: &str) -> String {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default().to_owned(),
        None => value.split(';').next().unwrap_or_default().trim().to_owned(),
    }
}

/// A header by name; `rsip` writes it as it stands.
pub fn header(name: &str, value: impl Into<String>) -> Header {
    Header::Other(name.to_owned(), value.into())
}

/// A request with a body of SDP, or none.
pub fn request(method: Method, uri: &str, mut headers: Vec<Header>, body: Vec<u8>) -> Request {
    headers.extend(body_headers(&body));
    let uri = rsip::Uri::try_from(uri).unwrap_or_else(|error| panic!("rsip cannot read the URI {uri}: {error}"));
    Request { method, uri, version: Version::V2, headers: Headers::from(headers), body }
}

/// A response to a request: with its Via, From, To, Call-ID and `CSeq`, and our tag.
pub fn response(to: &Request, code: u16, tag: &str, more: Vec<Header>, body: Vec<u8>) -> Response {
    let mut headers: Vec<Header> = values(to, "Via").into_iter().map(|via| header("Via", via)).collect();
    headers.extend(values(to, "Record-Route").into_iter().map(|route| header("Record-Route", route)));
    headers.push(header("From", value(to, "From")));
    let callee = value(to, "To");
    let tagged = parameter(&callee, "tag").is_some() || code == 100;
    headers.push(header("To", if tagged { callee } else { format!("{callee};tag={tag}") }));
    headers.push(header("Call-ID", value(to, "Call-ID")));
    headers.push(header("CSeq", value(to, "CSeq")));
    headers.extend(more);
    headers.extend(body_headers(&body));
    Response { status_code: StatusCode::from(code), version: Version::V2, headers: Headers::from(headers), body }
}

fn body_headers(body: &[u8]) -> Vec<Header> {
    let mut headers = Vec::new();
    if !body.is_empty() {
        headers.push(header("Content-Type", "application/sdp"));
    }
    headers.push(header("Content-Length", body.len().to_string()));
    headers
}

/// A line about a message, for the story of a failure.
pub fn about(message: &SipMessage) -> String {
    match message {
        SipMessage::Request(request) => format!("{} {}", request.method, request.uri),
        SipMessage::Response(response) => format!("{} for {}", response.status_code, value(response, "CSeq")),
    }
}

/// Reads what came; whatever the server sends, `rsip` must be able to read.
pub fn parse(bytes: &[u8]) -> SipMessage {
    SipMessage::try_from(bytes)
        .unwrap_or_else(|error| panic!("rsip cannot read this: {error}\n{}", String::from_utf8_lossy(bytes)))
}
