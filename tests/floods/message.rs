//! SIP as text, as far as a flood needs it. It shares no code with the server.

use std::net::SocketAddr;

/// A call of ours: everything in its messages follows from its number.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    pub prefix: &'a str,
    pub number: u64,
    pub from: SocketAddr,
    pub to: SocketAddr,
}

impl Name<'_> {
    /// A request of this call. `tag` is the server's.
    pub fn request(&self, method: &str, cseq: u32, branch: &str, tag: &str, body: &str) -> String {
        let Self { prefix, number, from, to } = self;
        let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
        let cseq_method = if method == "ACK" { "ACK" } else { method };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} sip:bank@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{prefix}{number}{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+79160000001@{from}>;tag={prefix}{number}\r\nTo: <sip:bank@{to}>{tag}\r\n\
             Call-ID: {prefix}-{number}-\r\nCSeq: {cseq} {cseq_method}\r\nContact: <sip:flood@{from}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// An INVITE with an offer.
    pub fn invite(&self) -> String {
        let ip = self.from.ip();
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
        );
        self.request("INVITE", 1, "i", "", &body)
    }
}

/// What counts of a response.
pub struct Answer<'a> {
    pub status: u16,
    pub number: u64,
    pub method: &'a str,
    pub tag: &'a str,
}

/// Reads a response to a call of this prefix.
pub fn read<'a>(text: &'a str, prefix: &str) -> Option<Answer<'a>> {
    let status = text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
    let mut found = (None, None, "");
    for line in text.split("\r\n").skip(1).take_while(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "call-id" | "i" => {
                let number = value.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
                found.0 = number.and_then(|rest| rest.split('-').next()).and_then(|number| number.parse().ok());
            }
            "cseq" => found.1 = value.split(' ').nth(1),
            "to" | "t" => {
                found.2 = value.split_once(";tag=").map_or("", |(_, tag)| tag.split(';').next().unwrap_or(""));
            }
            _ => {}
        }
    }
    Some(Answer { status, number: found.0?, method: found.1?, tag: found.2 })
}
