//! As little SIP as a telephone that only ever meets one server needs.

use md5::{Digest, Md5};
use std::fmt::Write;
use std::net::SocketAddr;

/// A message as text.
pub struct Message<'a> {
    head: &'a str,
    pub body: &'a str,
}

impl<'a> Message<'a> {
    pub fn new(text: &'a str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        Self { head, body }
    }

    fn first_line(&self) -> &'a str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The code of a response.
    pub fn status(&self) -> Option<u16> {
        self.first_line().strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// Method and address of a request.
    pub fn request(&self) -> Option<(&'a str, &'a str)> {
        let mut words = self.first_line().split(' ');
        let (method, uri) = (words.next()?, words.next()?);
        (words.next() == Some("SIP/2.0")).then_some((method, uri))
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.head.lines().skip(1).filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn header(&self, name: &str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// Number and method of `CSeq`.
    pub fn cseq(&self) -> (u32, &'a str) {
        let (number, method) = self.header("CSeq").split_once(' ').unwrap_or_default();
        (number.parse().unwrap_or(0), method.trim())
    }

    /// The address of Contact.
    pub fn contact(&self) -> &'a str {
        let value = self.header("Contact");
        value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value, |(uri, _)| uri)
    }

    /// Where its description wants RTP.
    pub fn rtp(&self) -> Option<SocketAddr> {
        let line = |prefix: &str| self.body.lines().find_map(|line| line.strip_prefix(prefix));
        let port: u16 = line("m=audio ")?.split(' ').next()?.parse().ok()?;
        Some(SocketAddr::new(line("c=IN IP4 ")?.trim().parse().ok()?, port))
    }
}

/// A-law and keys at `port`.
pub fn description(port: u16, version: u32, direction: &str) -> String {
    format!(
        "v=0\r\no=load 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n"
    )
}

/// What a dialog's requests are made of.
#[derive(Clone, Debug, Default)]
pub struct Dialog {
    pub call_id: String,
    pub local: String,
    pub remote: String,
    pub target: String,
    pub contact: String,
    pub cseq: u32,
}

impl Dialog {
    /// A request; `more` is further header lines, each with its end.
    pub fn request(&self, method: &str, via: &str, more: &str, body: &str) -> String {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {via};rport\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: {} {method}\r\nContact: <{}>\r\nUser-Agent: baresip load\r\n{more}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            self.target,
            self.local,
            self.remote,
            self.call_id,
            self.cseq,
            self.contact,
            body.len()
        )
    }
}

/// The answer to a request; `tag` is added to To when there is none.
pub fn answer(request: &Message<'_>, status: &str, tag: &str, contact: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq", "Record-Route"] {
        for value in request.all(name) {
            let tag = if name == "To" && !value.contains(";tag=") { format!(";tag={tag}") } else { String::new() };
            writeln!(text, "{name}: {value}{tag}\r").unwrap_or_default();
        }
    }
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    write!(text, "Contact: <{contact}>\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap_or_default();
    text
}

/// The Authorization line for a challenge by MD5 (RFC 2617), if the response has one.
pub fn authorization(response: &Message<'_>, user: &str, password: &str, uri: &str) -> Option<String> {
    let challenge = response.all("WWW-Authenticate").find(|one| !one.contains("SHA-256"))?;
    let parameter = |name: &str| {
        let parts = challenge.strip_prefix("Digest ")?.split(',');
        parts
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, v)| v.trim_matches('"'))
    };
    let (realm, nonce) = (parameter("realm")?, parameter("nonce")?);
    let opaque = parameter("opaque").map_or_else(String::new, |opaque| format!(", opaque=\"{opaque}\""));
    let md5 = |text: String| {
        Md5::digest(text.as_bytes()).iter().fold(String::new(), |hex, octet| hex + &format!("{octet:02x}"))
    };
    let (own, what) = (md5(format!("{user}:{realm}:{password}")), md5(format!("REGISTER:{uri}")));
    let proof = md5(format!("{own}:{nonce}:00000001:load:auth:{what}"));
    Some(format!(
        "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{proof}\", algorithm=MD5, cnonce=\"load\", qop=auth, nc=00000001{opaque}\r\n"
    ))
}
