//! Finding the session description in a body: alone, or one part of several (RFC 2046 §5.1, RFC 5621).
//!
//! ```text
//!   application/sdp                     v=0 …            ──▶ it
//!   multipart/mixed                                      ──▶ its first application/sdp
//!     ├ application/sdp                 v=0 …
//!     ├ application/isup; handling=optional              ──▶ left alone
//!     └ application/x; handling=required                 ──▶ 415: the sender wants it understood
//! ```
//!
//! A part that does not say `handling=required` is left alone, though RFC 3261 §20.11 makes that the default: networks
//! add parts that nobody at the end of a call has ever read.

use super::headers::{ContentDisposition, ContentType, HeaderName, Headers};
use super::text::trim;

/// The most parts that are looked at, in all.
const MAX_PARTS: usize = 16;
/// How deep parts may lie in parts.
const MAX_DEPTH: usize = 3;
/// The longest boundary (RFC 2046 §5.1.1).
const MAX_BOUNDARY: usize = 70;

/// A body that we do not take: 415.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// It is compressed or otherwise encoded.
    #[error("an encoded body")]
    Encoded,
    /// It is, or holds, what must be understood and is not; or it holds no session description.
    #[error("a body that is no session description")]
    Foreign,
    /// It is no multipart body, or one of too many parts.
    #[error("a broken multipart body")]
    Broken,
}

/// The session description of a body; `None` when there is no body, or one that may be left alone.
///
/// # Errors
/// When the sender wants something understood that is not.
pub fn session<'a>(headers: &Headers, body: &'a [u8]) -> Result<Option<&'a [u8]>, BodyFault> {
    if body.is_empty() {
        return Ok(None);
    }
    let kind = headers.typed::<ContentType>().ok().flatten().ok_or(BodyFault::Foreign)?;
    let is_parted = kind.is_multipart();
    let mut left = MAX_PARTS;
    match part(headers, &kind, body, MAX_DEPTH, &mut left)? {
        Some(session) => Ok(Some(session)),
        None if is_parted => Err(BodyFault::Foreign),
        None => Ok(None),
    }
}

/// The session description of a message whose body is not to be refused; one without a type counts as one.
#[must_use]
pub fn session_of(headers: &Headers, body: &[u8]) -> Option<Vec<u8>> {
    if !headers.has(HeaderName::ContentType) {
        return (!body.is_empty()).then(|| body.to_vec());
    }
    session(headers, body).ok().flatten().map(<[u8]>::to_vec)
}

fn part<'a>(
    headers: &Headers,
    kind: &ContentType,
    body: &'a [u8],
    depth: usize,
    left: &mut usize,
) -> Result<Option<&'a [u8]>, BodyFault> {
    let disposition = headers.typed::<ContentDisposition>().ok().flatten();
    let handling = disposition.as_ref().and_then(|disposition| disposition.params.get_unquoted("handling"));
    let says = |word: &str| handling.as_ref().is_some_and(|handling| handling.eq_ignore_ascii_case(word));
    // Alone, a body must be understood unless it says otherwise; as a part, only when it says so.
    let is_alone = depth == MAX_DEPTH;
    let is_required = says("required") || (is_alone && !says("optional"));
    let is_plain =
        |word: &str| ["identity", "7bit", "8bit", "binary"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let encoded = headers.words(HeaderName::ContentEncoding).any(|word| !is_plain(word))
        || headers.get_other("Content-Transfer-Encoding").is_some_and(|word| {
            let word = String::from_utf8_lossy(trim(word)).into_owned();
            !is_plain(&word)
        });
    if encoded {
        return if is_required { Err(BodyFault::Encoded) } else { Ok(None) };
    }
    let is_session = disposition.as_ref().is_none_or(|disposition| disposition.is("session"));
    if kind.is("application", "sdp") && is_session {
        return Ok(Some(body));
    }
    if kind.is_multipart() {
        return parts(kind, body, depth, left);
    }
    if is_required { Err(BodyFault::Foreign) } else { Ok(None) }
}

/// The first session description of the parts; every part is looked at.
fn parts<'a>(
    kind: &ContentType,
    body: &'a [u8],
    depth: usize,
    left: &mut usize,
) -> Result<Option<&'a [u8]>, BodyFault> {
    let depth = depth.checked_sub(1).ok_or(BodyFault::Broken)?;
    let boundary = kind.params.get_unquoted("boundary").filter(|text| (1..=MAX_BOUNDARY).contains(&text.len()));
    let mut found = None;
    for piece in split(body, &boundary.ok_or(BodyFault::Broken)?)? {
        *left = left.checked_sub(1).ok_or(BodyFault::Broken)?;
        let (headers, body) = read(piece);
        // RFC 2046 §5.1: a part without a type is plain text.
        let kind = headers.typed::<ContentType>().ok().flatten().unwrap_or_else(|| ContentType::new("text", "plain"));
        found = found.or(part(&headers, &kind, body, depth, left)?);
    }
    Ok(found)
}

/// What lies between the boundary's lines.
fn split<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, BodyFault> {
    let delimiter = format!("--{boundary}");
    let (mut pieces, mut begun, mut at) = (Vec::new(), None, 0);
    while at < body.len() {
        let end = body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |length| at + length + 1);
        let rest = without_line_end(&body[at..end]).strip_prefix(delimiter.as_bytes()).map(trim);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(b"--")) {
            if let Some(begun) = begun {
                pieces.push(without_line_end(&body[begun..at]));
            }
            if !rest.is_empty() {
                return Ok(pieces);
            }
            if pieces.len() >= MAX_PARTS {
                return Err(BodyFault::Broken);
            }
            begun = Some(end);
        }
        at = end;
    }
    Err(BodyFault::Broken)
}

/// The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

/// The headers of a part, and its body.
fn read(piece: &[u8]) -> (Headers, &[u8]) {
    let mut headers = Headers::new();
    let (mut line, mut rest) = (Vec::new(), piece);
    let mut keep = |line: &mut Vec<u8>| {
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            headers.push_line(trim(&line[..colon]), trim(&line[colon + 1..]));
        }
        line.clear();
    };
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |length| length + 1);
        let (next, after) = rest.split_at(end);
        if !matches!(next.first(), Some(b' ' | b'\t')) {
            keep(&mut line);
        }
        rest = after;
        if trim(without_line_end(next)).is_empty() {
            return (headers, rest);
        }
        line.extend_from_slice(without_line_end(next));
        if rest.is_empty() {
            keep(&mut line);
            return (headers, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\n";

    fn headers(kind: &str, more: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        headers.push_text(HeaderName::ContentType, kind);
        for (name, value) in more {
            headers.push_other(name, value.as_bytes()).unwrap();
        }
        headers
    }

    fn mixed(parts: &[(&str, &str)]) -> String {
        let part = |(head, body): &(&str, &str)| format!("--b1\r\n{head}\r\n\r\n{body}\r\n");
        format!("preamble\r\n{}--b1--\r\nepilogue", parts.iter().map(part).collect::<String>())
    }

    const IS_SDP: (&str, &str) = ("Content-Type: application/sdp", SDP);

    #[test]
    fn the_session_is_found_wherever_it_lies() {
        let isup =
            ("Content-Type: application/isup;version=itu-t\r\nContent-Disposition: signal; handling=optional", "\x01");
        let pidf = ("Content-Type: application/pidf+xml\r\nContent-ID: <a@b>", "<presence/>");
        let nested = mixed(&[pidf, IS_SDP]).replace("b1", "b2");
        let nested = ("c: multipart/related;\r\n boundary=\"b2\"", nested.as_str());
        for (name, parts) in [
            ("alone", vec![IS_SDP]),
            ("first", vec![IS_SDP, isup]),
            ("last", vec![isup, pidf, IS_SDP]),
            ("nested", vec![isup, nested]),
            ("named compactly", vec![("c: application/SDP", SDP)]),
            ("said to be the session", vec![("Content-Type: application/sdp\r\nContent-Disposition: session", SDP)]),
            ("two", vec![IS_SDP, ("Content-Type: application/sdp", "v=9")]),
        ] {
            let body = mixed(&parts);
            let kind = headers("multipart/mixed;boundary=b1", &[("MIME-Version", "1.0")]);
            assert_eq!(session(&kind, body.as_bytes()), Ok(Some(SDP.as_bytes())), "{name}");
            let unix = body.replace("\r\n", "\n");
            assert_eq!(
                session(&kind, unix.as_bytes()),
                Ok(Some(SDP.replace("\r\n", "\n").as_bytes())),
                "{name}, bare LF"
            );
        }
        assert_eq!(session(&headers("application/sdp", &[]), SDP.as_bytes()), Ok(Some(SDP.as_bytes())));
        assert_eq!(session(&headers("application/sdp", &[]), b""), Ok(None));
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_refused() {
        let required = "Content-Type: application/isup\r\nContent-Disposition: signal;handling=required";
        let gzip =
            "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\nContent-Disposition: session;handling=required";
        let base64 = "Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64";
        let early = "Content-Type: application/sdp\r\nContent-Disposition: early-session";
        let deep = (0..5).fold(mixed(&[IS_SDP]), |inner, level| {
            let boundary = format!("b{level}x");
            let kind = format!("Content-Type: multipart/mixed;boundary={boundary}");
            mixed(&[(&kind, &inner.replace("b1", &boundary))])
        });
        let many: Vec<(&str, &str)> =
            std::iter::repeat_n(("Content-Type: text/plain", "x"), 20).chain([IS_SDP]).collect();
        for (name, body, fault) in [
            ("required", mixed(&[IS_SDP, (required, "x")]), BodyFault::Foreign),
            ("packed", mixed(&[(gzip, "x")]), BodyFault::Encoded),
            ("base64", mixed(&[(base64, "x")]), BodyFault::Foreign),
            ("no session", mixed(&[("Content-Type: text/plain", "x")]), BodyFault::Foreign),
            ("early only", mixed(&[(early, "x")]), BodyFault::Foreign),
            ("nothing", mixed(&[]), BodyFault::Foreign),
            ("never closed", "--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n".into(), BodyFault::Broken),
            ("no boundary in it", "v=0\r\n".into(), BodyFault::Broken),
            ("too deep", deep, BodyFault::Broken),
            ("too many", mixed(&many), BodyFault::Broken),
        ] {
            assert_eq!(session(&headers("multipart/mixed;boundary=b1", &[]), body.as_bytes()), Err(fault), "{name}");
        }
        for (kind, more, expected) in [
            ("multipart/mixed", None, Err(BodyFault::Broken)),
            ("text/html", None, Err(BodyFault::Foreign)),
            ("text/html", Some(("Content-Disposition", "render;handling=optional")), Ok(None)),
            ("application/sdp", Some(("Content-Encoding", "gzip")), Err(BodyFault::Encoded)),
            ("application/sdp", Some(("Content-Encoding", "identity")), Ok(Some(SDP.as_bytes()))),
        ] {
            assert_eq!(session(&headers(kind, more.as_slice()), SDP.as_bytes()), expected, "{kind} {more:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(body in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..600) {
            let kind = headers("multipart/mixed;boundary=b1", &[]);
            prop_assert!(session(&kind, &body).is_ok() || session(&kind, &body).is_err());
            // The same bytes around and within parts that are whole.
            let mut whole = mixed(&[IS_SDP]).into_bytes();
            let at = at.min(whole.len());
            whole.splice(at..at, body);
            prop_assert!(session(&kind, &whole).map_or(true, |found| found.is_none_or(|found| found.len() <= whole.len())));
        }

        #[test]
        fn a_session_comes_out_as_it_went_in(
            sdp in "[a-z=0-9 \r\n]{1,200}",
            before in 0_usize..8,
            after in 0_usize..7,
        ) {
            let text = ("Content-Type: text/plain", "x");
            let parts = std::iter::repeat_n(text, before)
                .chain([("Content-Type: application/sdp", sdp.as_str())])
                .chain(std::iter::repeat_n(text, after));
            let body = mixed(&parts.collect::<Vec<_>>());
            let kind = headers("multipart/mixed;boundary=\"b1\"", &[]);
            prop_assert_eq!(session(&kind, body.as_bytes()), Ok(Some(sdp.as_bytes())));
        }
    }
}
