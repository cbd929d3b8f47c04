//! SIP as text, written and read by hand: an independent check of our own messages.

use md5::{Digest, Md5};
use std::fmt::Write as _;

/// A message as a phone reads it.
#[derive(Clone, Debug)]
pub struct Sip {
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Sip {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.trim().to_lowercase(), value.trim().to_owned())
        };
        let message = Self { first, headers: lines.map(header).collect(), body: body.to_owned() };
        assert_eq!(message.get("content-length"), body.len().to_string(), "{}", message.first);
        message
    }

    pub fn get(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        if self.status().is_some() { None } else { self.first.split(' ').next() }
    }

    /// `INVITE`, or `200 INVITE`.
    pub fn headline(&self) -> String {
        let method = self.get("cseq").split(' ').nth(1).unwrap_or("?");
        match self.status() {
            Some(status) => format!("{status} {method}"),
            None => self.method().unwrap_or("?").to_owned(),
        }
    }

    /// A response of a phone to this request.
    pub fn reply(&self, status: &str, tag: &str, more: &[(&str, &str)], body: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in ["via", "record-route", "from", "to", "call-id", "cseq"] {
            for value in self.all(name) {
                let tagged = name == "to" && !value.contains(";tag=") && !status.starts_with("100");
                let tag = if tagged { format!(";tag={tag}") } else { String::new() };
                writeln!(text, "{name}: {value}{tag}\r").unwrap();
            }
        }
        finish(text, more, body)
    }
}

/// Adds headers, the length and the body.
pub fn finish(mut text: String, more: &[(&str, &str)], body: &str) -> String {
    for (name, value) in more {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() && !more.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    text
}

/// The value of `name="value"` in a header.
pub fn quoted<'a>(header: &'a str, name: &str) -> &'a str {
    header.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest.split('"').next().unwrap_or(""))
}

/// The URI between `<` and `>`.
pub fn bracketed(header: &str) -> &str {
    header.split_once('<').map_or(header, |(_, rest)| rest.split('>').next().unwrap_or(""))
}

fn hex(text: &str) -> String {
    Md5::digest(text).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// RFC 2617 with `qop=auth`, MD5.
pub fn authorization(challenge: &str, user: &str, password: &str, uri: &str) -> String {
    let (realm, nonce) = (quoted(challenge, "realm"), quoted(challenge, "nonce"));
    let ha1 = hex(&format!("{user}:{realm}:{password}"));
    let ha2 = hex(&format!("REGISTER:{uri}"));
    let response = hex(&format!("{ha1}:{nonce}:00000001:abcdef:auth:{ha2}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
         algorithm=MD5, qop=auth, nc=00000001, cnonce=\"abcdef\""
    )
}

/// The response that a header with `qop=auth` and MD5 must bear.
pub fn response_of(header: &str, method: &str, user: &str, password: &str, uri: &str) -> String {
    let (realm, nonce, cnonce) = (quoted(header, "realm"), quoted(header, "nonce"), quoted(header, "cnonce"));
    let count = header.split_once("nc=").map_or("", |(_, rest)| &rest[..8]);
    let ha1 = hex(&format!("{user}:{realm}:{password}"));
    let ha2 = hex(&format!("{method}:{uri}"));
    hex(&format!("{ha1}:{nonce}:{count}:{cnonce}:auth:{ha2}"))
}

/// An SDP body: where media goes, its formats and its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sdp {
    pub address: String,
    pub port: u16,
    pub formats: Vec<u8>,
    pub direction: String,
    pub lines: usize,
}

impl Sdp {
    pub fn parse(body: &str) -> Self {
        let line = |start: &str| body.lines().find_map(|line| line.strip_prefix(start)).unwrap_or("");
        let mut media = line("m=audio ").split(' ');
        let port = media.next().unwrap_or("").parse().unwrap_or(0);
        let formats = media.skip(1).filter_map(|word| word.parse().ok()).collect();
        let known = ["sendrecv", "sendonly", "recvonly", "inactive"];
        let direction = body.lines().find_map(|line| known.into_iter().find(|word| line == format!("a={word}")));
        Self {
            address: ["c=IN IP4 ", "c=IN IP6 "].map(line).concat(),
            port,
            formats,
            direction: direction.unwrap_or("sendrecv").to_owned(),
            lines: body.lines().filter(|line| line.starts_with("m=")).count(),
        }
    }
}
