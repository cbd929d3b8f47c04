//! Bytes as messages.
//!
//! ```text
//!   *CRLF                      skipped
//!   start line CRLF            INVITE sip:bank@example.com SIP/2.0   or   SIP/2.0 200 OK
//!   *( header line CRLF )      a line that begins with a space goes on with the one before
//!   CRLF
//!   body                       Content-Length octets, or the rest
//! ```
//!
//! The headers are read before the start line is judged, so that whatever is wrong can be answered.

use std::cmp::Ordering;

use super::super::headers::{CSeq, Contact, HeaderName, Headers, MaxForwards, NameAddr, SipCallId, TypedHeader, Via};
use super::super::method::Method;
use super::super::status::Status;
use super::super::text::{Malformed, decimal, is_space, is_token, trim, utf8};
use super::super::uri::Uri;
use super::refusal::has_via;
use super::{Dropped, Message, Refusal, Request, Response, Unusable};

/// The largest message, in octets.
pub const MAX_MESSAGE: usize = 65_536;
/// The most header lines, and the most values in them, with the Content-Length that a message may lack and that we
/// write: what was read can be written and read again.
pub const MAX_HEADER_LINES: usize = 256;
/// The longest header with its continuation lines, in octets.
pub const MAX_HEADER_LINE: usize = 8_192;

/// What a request is refused with.
type Fault = (Status, Malformed);

const fn bad(fault: Malformed) -> Fault {
    (Status::BAD_REQUEST, fault)
}

pub(super) fn parse(bytes: &[u8]) -> Result<Message, Unusable> {
    let mut rest = bytes;
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        rest = after;
    }
    if rest.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0)) {
        return Err(Dropped::KeepAlive.into());
    }
    let too_long = rest.len() > MAX_MESSAGE;
    let (line, rest) = split_line(&rest[..rest.len().min(MAX_MESSAGE)]).ok_or(Dropped::NotSip)?;
    let mut headers = Headers::new();
    let mut body = read_headers(rest, &mut headers);
    if too_long {
        body = Err((Status::MESSAGE_TOO_LARGE, Malformed("message length")));
    }
    if is_status_line(line) {
        let response = read_response(line, headers, body);
        return response.map(Message::Response).map_err(|fault| Dropped::Response(fault).into());
    }
    read_request(line, headers, body).map(Message::Request)
}

/// The headers of a head that may lack its end, as far as they can be read, and whether they were read no further
/// because there is too much of them.
pub(in super::super) fn parse_head(head: &[u8]) -> (Headers, Option<Malformed>) {
    let mut headers = Headers::new();
    let read = split_line(head).map(|(_, rest)| read_headers(rest, &mut headers).map(|_| ()));
    let too_much = match read {
        Some(Err((Status::MESSAGE_TOO_LARGE, fault))) => Some(fault),
        // Any other fault is found again when the whole message is read.
        Some(Ok(()) | Err(_)) | None => None,
    };
    (headers, too_much)
}

/// The answer to a message of which only the head is known.
pub(in super::super) fn refuse_head(head: &[u8], status: Status, fault: Malformed) -> Unusable {
    let Some((line, _)) = split_line(head) else { return Dropped::NotSip.into() };
    if is_status_line(line) {
        return Dropped::Response(fault).into();
    }
    if !is_request_line(line) {
        return Dropped::NotSip.into();
    }
    refuse(line, parse_head(head).0, (status, fault))
}

fn is_status_line(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
}

fn is_request_line(line: &[u8]) -> bool {
    line.windows(4).any(|window| window.eq_ignore_ascii_case(b"SIP/"))
}

fn refuse(line: &[u8], headers: Headers, (status, fault): Fault) -> Unusable {
    if line.starts_with(b"ACK ") {
        return Dropped::Ack(fault).into();
    }
    if !has_via(&headers) {
        return Dropped::NoVia.into();
    }
    Unusable::Refused(Box::new(Refusal::new(status, fault, headers)))
}

/// The first line and what follows its line end.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}

/// Reads header lines up to the empty one and returns the body. What was read before a fault stays in `headers`.
fn read_headers<'a>(mut rest: &'a [u8], headers: &mut Headers) -> Result<&'a [u8], Fault> {
    let mut fault = None;
    let mut unfolded = Vec::new();
    for _ in 0..=MAX_HEADER_LINES {
        let (line, mut after) = split_line(rest).ok_or(bad(Malformed("end of headers")))?;
        if line.is_empty() {
            return match fault {
                Some(fault) => Err(fault),
                None => body_of(headers, after),
            };
        }
        let line = if after.first().is_some_and(|&byte| is_space(byte)) {
            unfolded.clear();
            unfolded.extend_from_slice(line);
            while after.first().is_some_and(|&byte| is_space(byte)) {
                let (more, behind) = split_line(after).ok_or(bad(Malformed("end of headers")))?;
                unfolded.push(b' ');
                unfolded.extend_from_slice(trim(more));
                after = behind;
            }
            unfolded.as_slice()
        } else {
            line
        };
        rest = after;
        if line.len() > MAX_HEADER_LINE {
            return Err((Status::MESSAGE_TOO_LARGE, Malformed("header length")));
        }
        // A line that is no header does not keep us from reading those that the answer needs.
        if let Err(malformed) = read_header(line, headers) {
            fault.get_or_insert(bad(malformed));
        }
        if is_full(headers) {
            break;
        }
    }
    Err((Status::MESSAGE_TOO_LARGE, Malformed("number of headers")))
}

/// Whether there are more values than [`MAX_HEADER_LINES`].
fn is_full(headers: &Headers) -> bool {
    match headers.len().cmp(&MAX_HEADER_LINES) {
        Ordering::Less => false,
        Ordering::Equal => headers.get(HeaderName::ContentLength).is_none(),
        Ordering::Greater => true,
    }
}

fn read_header(line: &[u8], headers: &mut Headers) -> Result<(), Malformed> {
    const WHAT: Malformed = Malformed("header");
    let colon = line.iter().position(|&byte| byte == b':').ok_or(WHAT)?;
    let name = trim(&line[..colon]);
    if !is_token(name) || is_space(line[0]) {
        return Err(WHAT);
    }
    headers.push_line(name, &line[colon + 1..]);
    Ok(())
}

/// The body by the Content-Length (RFC 3261 §18.3): all there are must agree.
fn body_of<'a>(headers: &Headers, rest: &'a [u8]) -> Result<&'a [u8], Fault> {
    const WHAT: Malformed = Malformed("Content-Length");
    let mut length = None;
    for value in headers.get_all(HeaderName::ContentLength) {
        let value = decimal(value).and_then(|value| usize::try_from(value).ok()).ok_or(bad(WHAT))?;
        if length.is_some_and(|known| known != value) {
            return Err(bad(WHAT));
        }
        length = Some(value);
    }
    match length {
        Some(length) => rest.get(..length).ok_or(bad(WHAT)),
        None => Ok(rest),
    }
}

/// The headers that every message has.
struct Identity {
    vias: Vec<Via>,
    from: NameAddr,
    to: NameAddr,
    call_id: SipCallId,
    cseq: CSeq,
}

impl Identity {
    fn read(headers: &Headers) -> Result<Self, Malformed> {
        let vias = headers.all::<Via>()?;
        if vias.is_empty() {
            return Err(Malformed("Via"));
        }
        Ok(Self {
            vias,
            from: NameAddr::parse(single(headers, HeaderName::From)?).map_err(|_| Malformed("From"))?,
            to: NameAddr::parse(single(headers, HeaderName::To)?).map_err(|_| Malformed("To"))?,
            call_id: SipCallId::parse(single(headers, HeaderName::CallId)?)?,
            cseq: CSeq::parse(single(headers, HeaderName::CSeq)?)?,
        })
    }

    /// What has become a field does not stay among the others.
    fn remove_from(headers: &mut Headers) {
        headers.remove_all(&[
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
            HeaderName::MaxForwards,
            HeaderName::ContentLength,
        ]);
    }
}

/// The value of a header that must stand exactly once.
fn single(headers: &Headers, name: HeaderName) -> Result<&[u8], Malformed> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) | (Some(_), Some(_)) => Err(Malformed(name.as_str())),
    }
}

fn read_request(line: &[u8], headers: Headers, body: Result<&[u8], Fault>) -> Result<Request, Unusable> {
    if !is_request_line(line) {
        return Err(Dropped::NotSip.into());
    }
    match check_request(line, &headers, body) {
        Ok((method, uri, identity, max_forwards, body)) => {
            let mut headers = headers;
            Identity::remove_from(&mut headers);
            let Identity { vias, from, to, call_id, cseq } = identity;
            let body = body.to_vec();
            Ok(Request { method, uri, vias, from, to, call_id, cseq: cseq.number, max_forwards, headers, body })
        }
        Err(fault) => Err(refuse(line, headers, fault)),
    }
}

type Checked<'a> = (Method, Uri, Identity, Option<u8>, &'a [u8]);

fn check_request<'a>(line: &[u8], headers: &Headers, body: Result<&'a [u8], Fault>) -> Result<Checked<'a>, Fault> {
    const LINE: Malformed = Malformed("request line");
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(uri), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad(LINE));
    };
    check_version(version)?;
    let body = body?;
    let method = Method::parse(method).map_err(bad)?;
    let identity = Identity::read(headers).map_err(bad)?;
    if identity.cseq.method != method {
        let unknown = matches!(method, Method::Other(_));
        let status = if unknown { Status::NOT_IMPLEMENTED } else { Status::BAD_REQUEST };
        return Err((status, Malformed("CSeq method")));
    }
    let uri = read_request_uri(uri)?;
    let max_forwards = match headers.get(HeaderName::MaxForwards) {
        Some(_) => Some(single(headers, HeaderName::MaxForwards).and_then(MaxForwards::parse).map_err(bad)?.0),
        None => None,
    };
    headers.get_all(HeaderName::Contact).try_for_each(|value| Contact::parse(value).map(|_| ())).map_err(bad)?;
    Ok((method, uri, identity, max_forwards, body))
}

fn check_version(version: &[u8]) -> Result<(), Fault> {
    if version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(());
    }
    let numbers = version.get(4..).unwrap_or_default();
    let lawful = !numbers.is_empty() && numbers.iter().all(|&byte| byte.is_ascii_digit() || byte == b'.');
    let status = if lawful { Status::VERSION_NOT_SUPPORTED } else { Status::BAD_REQUEST };
    Err((status, Malformed("SIP version")))
}

/// A Request-URI has no headers (RFC 3261 §19.1.1), and a scheme that we can follow (§8.2.2.1).
fn read_request_uri(text: &[u8]) -> Result<Uri, Fault> {
    const WHAT: Malformed = Malformed("Request-URI");
    let text = utf8(text, WHAT.0).map_err(bad)?;
    match Uri::parse(text).map_err(|_| bad(WHAT))? {
        Uri::Sip(uri) if uri.headers.is_some() => Err(bad(WHAT)),
        Uri::Other(_) => Err((Status::UNSUPPORTED_URI_SCHEME, Malformed("scheme"))),
        uri @ (Uri::Sip(_) | Uri::Tel(_)) => Ok(uri),
    }
}

fn read_response(line: &[u8], mut headers: Headers, body: Result<&[u8], Fault>) -> Result<Response, Malformed> {
    const LINE: Malformed = Malformed("status line");
    let mut words = line.splitn(3, |&byte| byte == b' ');
    let (Some(version), Some(code)) = (words.next(), words.next()) else { return Err(LINE) };
    let mut reason = words.next().unwrap_or_default().to_vec();
    reason.iter_mut().filter(|byte| matches!(byte, b'\r' | b'\n')).for_each(|byte| *byte = b' ');
    check_version(version).map_err(|(_, fault)| fault)?;
    let code = (code.len() == 3).then(|| decimal(code)).flatten().and_then(|code| u16::try_from(code).ok());
    let status = code.and_then(Status::new).ok_or(LINE)?;
    let body = body.map_err(|(_, fault)| fault)?.to_vec();
    let Identity { vias, from, to, call_id, cseq } = Identity::read(&headers)?;
    Identity::remove_from(&mut headers);
    Ok(Response { status, reason, vias, from, to, call_id, cseq, headers, body })
}
