//! Reading a description: strict where a number is needed, tolerant of everything else.

use super::session::{
    Address, Attribute, Direction, Encoding, Format, MediaDescription, MediaKind, Origin, Protocol, SecretText,
    SessionDescription,
};
use std::net::IpAddr;

/// The longest description that is read, octets.
pub(super) const MAX_LENGTH: usize = 64 * 1024;
/// The most `m=` lines.
pub(super) const MAX_MEDIA: usize = 64;
/// The most formats of one line that are considered; more are ignored.
pub(super) const MAX_FORMATS: usize = 1_000;
/// The most attributes kept at one level; more are ignored.
const MAX_ATTRIBUTES: usize = 256;

/// The most `a=crypto` lines of one line that are considered; more are ignored.
const MAX_CRYPTO: usize = 32;

/// Why a body is no description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than 64 KiB.
    #[error("the description is longer than {MAX_LENGTH} octets")]
    TooLong,
    /// More than 64 media lines.
    #[error("the description has more than {MAX_MEDIA} media lines")]
    TooManyMedia,
    /// No `v=0` at the beginning.
    #[error("the description does not begin with v=0")]
    Version,
    /// No `o=` line.
    #[error("the description has no o= line")]
    NoOrigin,
    /// A line that must be understood is not: its number, from 1.
    #[error("line {0} of the description cannot be read")]
    Line(usize),
}

impl SessionDescription {
    /// Reads a body. Lines may end in CRLF, LF or CR; unknown lines and attributes that make no sense are passed over;
    /// octets that are not UTF-8 (names in other charsets) are replaced.
    ///
    /// # Errors
    /// When it is too large or `v=`, `o=`, `c=` or `m=` cannot be read.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > MAX_LENGTH {
            return Err(SdpError::TooLong);
        }
        let text = String::from_utf8_lossy(body);
        let lines = text.split(['\r', '\n']).map(str::trim_end).filter(|line| !line.is_empty());
        let mut reading = Reading::default();
        for (index, line) in lines.enumerate() {
            reading.line(index + 1, line)?;
        }
        let Reading { origin, name, connection, direction, attributes, media, .. } = reading;
        let origin = origin.ok_or(SdpError::NoOrigin)?;
        let media = media.into_iter().map(Lines::finish).collect();
        Ok(Self { origin, name, connection, direction, attributes, media })
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    version: bool,
    origin: Option<Origin>,
    name: String,
    connection: Option<Address>,
    direction: Option<Direction>,
    attributes: Vec<Attribute>,
    media: Vec<Lines>,
}

/// An `m=` line with the `rtpmap` and `fmtp` lines that are still to be matched with its formats.
struct Lines {
    media: MediaDescription,
    rtpmaps: Vec<(u8, Encoding)>,
    fmtps: Vec<(u8, String)>,
}

impl Reading {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        let bad = || SdpError::Line(number);
        let (kind, value) = match line.split_once('=') {
            Some((kind, value)) if kind.trim().len() == 1 => (kind.trim(), value.trim_start()),
            Some(_) | None => return if self.version { Ok(()) } else { Err(SdpError::Version) },
        };
        if !self.version {
            self.version = kind == "v" && value == "0";
            return if self.version { Ok(()) } else { Err(SdpError::Version) };
        }
        match kind {
            "o" => self.origin = Some(origin(value).ok_or_else(bad)?),
            "s" if self.media.is_empty() => value.clone_into(&mut self.name),
            "c" => self.connection(connection(value).ok_or_else(bad)?),
            "m" if self.media.len() == MAX_MEDIA => return Err(SdpError::TooManyMedia),
            "m" => self.media.push(media(value).ok_or_else(bad)?),
            "a" => self.attribute(value),
            _ => {}
        }
        Ok(())
    }

    fn connection(&mut self, address: Address) {
        match self.media.last_mut() {
            Some(lines) => lines.media.connection = Some(address),
            None => self.connection = Some(address),
        }
    }

    fn attribute(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let (name, value) = (name.trim(), value.trim());
        let direction = if value.is_empty() { Direction::from_name(name) } else { None };
        match (self.media.last_mut(), direction) {
            (Some(lines), Some(direction)) => lines.media.direction = Some(direction),
            (None, Some(direction)) => self.direction = Some(direction),
            (Some(lines), None) => lines.attribute(name, value),
            (None, None) => keep(&mut self.attributes, name, value),
        }
    }
}

impl Lines {
    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "rtpmap" if self.rtpmaps.len() < MAX_FORMATS => self.rtpmaps.extend(rtpmap(value)),
            "fmtp" if self.fmtps.len() < MAX_FORMATS => self.fmtps.extend(fmtp(value)),
            "ptime" => self.media.ptime = leading_number(value).or(self.media.ptime),
            "maxptime" => self.media.max_ptime = leading_number(value).or(self.media.max_ptime),
            "rtcp" => self.media.rtcp = rtcp(value).or(self.media.rtcp.take()),
            "crypto" if self.media.crypto.len() < MAX_CRYPTO => self.media.crypto.push(SecretText::new(value)),
            // Beyond the bounds above.
            "rtpmap" | "fmtp" | "crypto" => {}
            _ => keep(&mut self.media.attributes, name, value),
        }
    }

    fn finish(self) -> MediaDescription {
        let Self { mut media, rtpmaps, fmtps } = self;
        // A table by payload type: a thousand formats with a thousand lines stay linear.
        let mut names: [Option<Encoding>; 128] = [const { None }; 128];
        for (payload_type, encoding) in rtpmaps {
            if let Some(slot) = names.get_mut(usize::from(payload_type)) {
                slot.get_or_insert(encoding);
            }
        }
        let mut parameters: [Option<String>; 128] = [const { None }; 128];
        for (payload_type, text) in fmtps {
            if let Some(slot) = parameters.get_mut(usize::from(payload_type)) {
                slot.get_or_insert(text);
            }
        }
        let mut seen = [false; 128];
        for word in media.format_words.iter().take(MAX_FORMATS) {
            let Some(payload_type) = word.parse::<u8>().ok().filter(|&number| number < 128) else { continue };
            let index = usize::from(payload_type);
            if !std::mem::replace(&mut seen[index], true) {
                let (rtpmap, fmtp) = (names[index].take(), parameters[index].take());
                media.formats.push(Format { payload_type, rtpmap, fmtp });
            }
        }
        media
    }
}

fn keep(attributes: &mut Vec<Attribute>, name: &str, value: &str) {
    if attributes.len() < MAX_ATTRIBUTES {
        attributes.push(Attribute { name: name.to_owned(), value: value.to_owned() });
    }
}

fn origin(value: &str) -> Option<Origin> {
    let mut words = value.split_ascii_whitespace();
    let (user, session, version) = (words.next()?, words.next()?, words.next()?);
    let address = address(words.next()?, words.next()?, words.next()?)?;
    Some(Origin { user: user.to_owned(), session: session.to_owned(), version: version.to_owned(), address })
}

fn connection(value: &str) -> Option<Address> {
    let mut words = value.split_ascii_whitespace();
    address(words.next()?, words.next()?, words.next()?)
}

/// `IN IP4 192.0.2.1` or `IN IP6 2001:db8::1`, perhaps with the `/ttl` of a multicast address.
fn address(network: &str, family: &str, text: &str) -> Option<Address> {
    if !network.eq_ignore_ascii_case("IN") {
        return None;
    }
    let text = text.split('/').next()?;
    let ip = match family.to_ascii_uppercase().as_str() {
        "IP4" => text.parse().map(IpAddr::V4).ok(),
        "IP6" => text.trim_matches(['[', ']']).parse().map(IpAddr::V6).ok(),
        _ => return None,
    };
    Some(ip.map_or_else(|| Address::Name(text.to_owned()), Address::Ip))
}

/// `audio 49170 RTP/AVP 0 8 101`, perhaps with `port/count`.
fn media(value: &str) -> Option<Lines> {
    let mut words = value.split_ascii_whitespace();
    let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
    let kind = if kind.eq_ignore_ascii_case("audio") { MediaKind::Audio } else { MediaKind::Other(kind.to_owned()) };
    let protocol = match protocol.to_ascii_uppercase().as_str() {
        "RTP/AVP" => Protocol::Avp,
        "RTP/AVPF" => Protocol::Avpf,
        "RTP/SAVP" => Protocol::Savp,
        "RTP/SAVPF" => Protocol::Savpf,
        _ => Protocol::Other(protocol.to_owned()),
    };
    let media = MediaDescription {
        kind,
        port: port.split('/').next()?.parse().ok()?,
        protocol,
        format_words: words.take(MAX_FORMATS).map(str::to_owned).collect(),
        formats: Vec::new(),
        connection: None,
        direction: None,
        ptime: None,
        max_ptime: None,
        rtcp: None,
        crypto: Vec::new(),
        attributes: Vec::new(),
    };
    Some(Lines { media, rtpmaps: Vec::new(), fmtps: Vec::new() })
}

/// `101 telephone-event/8000`, perhaps with `/channels`.
fn rtpmap(value: &str) -> Option<(u8, Encoding)> {
    let (payload_type, encoding) = value.split_once(char::is_whitespace)?;
    let mut parts = encoding.trim().split('/');
    let (name, rate) = (parts.next()?.to_owned(), parts.next()?.trim().parse().ok()?);
    let channels = parts.next().and_then(|channels| channels.trim().parse().ok());
    Some((payload_type.parse().ok()?, Encoding { name, rate, channels }))
}

/// `101 0-16`.
fn fmtp(value: &str) -> Option<(u8, String)> {
    let (payload_type, parameters) = value.split_once(char::is_whitespace)?;
    Some((payload_type.parse().ok()?, parameters.trim().to_owned()))
}

/// `53020` or `53020 IN IP4 192.0.2.1`.
fn rtcp(value: &str) -> Option<(u16, Option<Address>)> {
    let (port, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    Some((port.parse().ok()?, connection(rest)))
}

/// `20` or `20.0`, whole milliseconds.
fn leading_number(value: &str) -> Option<u16> {
    value.split('.').next()?.trim().parse().ok()
}
