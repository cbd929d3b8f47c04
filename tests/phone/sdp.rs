//! Session descriptions, as little of them as a telephone needs.

use std::net::{IpAddr, SocketAddr};

/// The payload type of keys in our descriptions.
pub const KEYS: u8 = 101;

/// Lines of `m=` and its attributes that offer A-law and keys.
pub const ALAW_AND_KEYS: &str = "8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
                                 a=fmtp:101 0-16\r\na=ptime:20\r\n";
/// A codec that nobody has agreed on in decades.
pub const UNKNOWN_CODEC: &str = "18 96\r\na=rtpmap:18 G729/8000\r\na=rtpmap:96 iLBC/8000\r\n";

/// Our description: offer or answer alike.
pub fn describe(at: SocketAddr, version: u32, formats: &str, direction: &str) -> String {
    let (ip, port) = (at.ip(), at.port());
    format!(
        "v=0\r\no=phone 20061 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {formats}a={direction}\r\n"
    )
}

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Where its sound is to be sent.
    pub to: SocketAddr,
    /// `sendrecv`, `recvonly`, …
    pub direction: String,
    /// Payload types, best first.
    pub formats: Vec<u8>,
    /// The payload type of keys.
    pub keys: Option<u8>,
}

impl Described {
    pub fn parse(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).unwrap();
        let value = |prefix: &str| text.lines().rev().find_map(|line| line.strip_prefix(prefix));
        let audio = value("m=audio ").unwrap_or_else(|| panic!("no audio in the description:\n{text}"));
        let mut words = audio.split(' ');
        let port = words.next().unwrap().parse().unwrap();
        assert_eq!(words.next(), Some("RTP/AVP"), "of the description:\n{text}");
        let ip: IpAddr = value("c=IN IP4 ").unwrap_or_else(|| panic!("no address:\n{text}")).trim().parse().unwrap();
        let directions = ["sendrecv", "sendonly", "recvonly", "inactive"];
        let direction = directions.into_iter().find(|one| text.lines().any(|line| line == format!("a={one}")));
        let keys = text
            .lines()
            .find_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(" telephone-event/8000")?.0.parse().ok());
        Self {
            to: SocketAddr::new(ip, port),
            direction: direction.unwrap_or("sendrecv").to_owned(),
            formats: words.map(|word| word.parse().unwrap()).collect(),
            keys,
        }
    }
}
