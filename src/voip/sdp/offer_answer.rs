//! Offer and answer (RFC 3264): what two descriptions agree on.

use super::parse::SdpError;
use super::session::{Address, Attribute, Direction, Format, MediaDescription, MediaKind, Origin, Protocol, SessionDescription};
use crate::voip::audio::Codec;
use crate::voip::rtp::PayloadType;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The encoding name of RFC 4733 events.
const EVENT_NAME: &str = "telephone-event";
/// The events we take and send: the sixteen keys.
const EVENT_CODES: &str = "0-15";
/// Our payload type for events when we offer.
const OFFERED_EVENT: u8 = 101;
/// Milliseconds of sound in a packet of ours.
const PTIME: u16 = 20;

/// One payload in both directions; the numbers may differ, each side names what it wants to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadPair {
    /// The payload type we send, as the peer named it.
    pub send: PayloadType,
    /// The payload type we receive, as we named it.
    pub receive: PayloadType,
}

/// What offer and answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The codec both ways.
    pub codec: Codec,
    /// Its payload types.
    pub payload_type: PayloadPair,
    /// RFC 4733 events, when both know them.
    pub telephone_event: Option<PayloadPair>,
    /// The length of packets the peer asked for (`a=ptime`), 20 ms when it did not. We send 20 ms always.
    pub ptime: Duration,
    /// Where the peer wants RTP. The port or address may be unspecified while the direction does not send.
    pub remote: SocketAddr,
    /// Where the peer wants RTCP: `a=rtcp` (RFC 3605), or the port above RTP's.
    pub remote_rtcp: SocketAddr,
    /// Whether RTCP goes over the port of RTP both ways (RFC 5761): the peer offered it and we said yes.
    pub rtcp_mux: bool,
    /// Which way media flows, seen from us.
    pub direction: Direction,
}

/// Why two descriptions come to nothing. All but a bad description are answered 488 Not Acceptable Here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// The body cannot be read (400).
    #[error(transparent)]
    Description(#[from] SdpError),
    /// No audio line with a codec of ours over plain RTP.
    #[error("no audio line has a codec that both know")]
    NoCommonCodec,
    /// The audio line's address is a name, missing, or of another IP version than ours.
    #[error("the address of the audio line cannot be used")]
    Address,
    /// The answer has another number of media lines than the offer.
    #[error("the answer has another number of media lines than the offer")]
    Mismatch,
}

impl NegotiationError {
    /// The SIP status that refuses an offer for this reason.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Description(_) => 400,
            Self::NoCommonCodec | Self::Address | Self::Mismatch => 488,
        }
    }
}

/// Our side of one dialog's descriptions: where we receive, and which version we are at.
#[derive(Clone, Debug)]
pub struct Negotiation {
    local: SocketAddr,
    session: u64,
    version: u64,
    codecs: Vec<Codec>,
    last: Option<SessionDescription>,
}

/// An offer that came: the token an answer is made from.
#[derive(Clone, Debug)]
pub struct RemoteOffer(SessionDescription);

impl RemoteOffer {
    /// Reads the body of an INVITE (or of the 200 to an INVITE without offer).
    ///
    /// # Errors
    /// When it is no description.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        SessionDescription::parse(body).map(Self)
    }

    /// The description as read.
    #[must_use]
    pub fn description(&self) -> &SessionDescription {
        &self.0
    }

    /// The address of the first audio line, to choose one of ours of the same IP version.
    #[must_use]
    pub fn audio_ip(&self) -> Option<IpAddr> {
        let audio = self.0.media.iter().find(|media| media.kind == MediaKind::Audio)?;
        match self.0.address_of(audio)? {
            Address::Ip(ip) => Some(*ip),
            Address::Name(_) => None,
        }
    }
}

/// An offer that we made and that was not answered yet: the token an answer is accepted by.
#[derive(Clone, Debug)]
pub struct PendingOffer {
    local: SocketAddr,
    direction: Direction,
    codecs: Vec<Codec>,
    lines: usize,
    audio: usize,
}

impl Negotiation {
    /// Our side of a new dialog: `session` numbers it (random or a clock, unique for us), `local` is where we
    /// receive RTP (the public address behind a NAT).
    #[must_use]
    pub fn new(session: u64, local: SocketAddr) -> Self {
        Self { local, session, version: session, codecs: Codec::PREFERRED.to_vec(), last: None }
    }

    /// The same with these codecs only, best first.
    #[must_use]
    pub fn with_codecs(self, codecs: &[Codec]) -> Self {
        Self { codecs: codecs.to_vec(), ..self }
    }

    /// Answers an offer: our preferred codec of those offered, its payload numbers, other lines refused in place.
    /// `allowed` is what we want at most, seen from us: `SendRecv` except when we hold.
    ///
    /// # Errors
    /// When no line can be accepted; nothing changes then, and a call in progress goes on as it was (RFC 3261 §14.2).
    pub fn answer(&mut self, offer: RemoteOffer, allowed: Direction) -> Result<(String, Negotiated), NegotiationError> {
        let offer = offer.0;
        let mut chosen = None;
        for (index, media) in offer.media.iter().enumerate().filter(|(_, media)| is_usable(media)) {
            if let Some(selection) = select(&media.formats, &self.codecs) {
                chosen = Some((index, selection));
                break;
            }
        }
        let (index, selection) = chosen.ok_or(NegotiationError::NoCommonCodec)?;
        let accepted = &offer.media[index];
        let negotiated = selection.negotiated(&offer, accepted, self.local, |theirs| theirs.mirrored().and(allowed))?;
        let lines = offer.media.iter().enumerate().map(|(at, media)| {
            if at == index {
                let mut line = self.line(media.protocol.clone(), selection.formats(), negotiated.direction);
                line.attributes.extend(negotiated.rtcp_mux.then(rtcp_mux));
                line
            } else {
                refused(media)
            }
        });
        let media = lines.collect();
        Ok((self.write(media), negotiated))
    }

    /// Makes an offer of every codec we have, best first. In a dialog that has lines already each keeps its place, the
    /// refused ones refused (RFC 3264 §8).
    pub fn offer(&mut self, direction: Direction) -> (String, PendingOffer) {
        let codecs = self.codecs.iter();
        let codecs = codecs.filter_map(|codec| Some(codec_format(codec.static_payload_type()?, *codec)));
        let formats = codecs.chain(std::iter::once(event_format(OFFERED_EVENT))).collect();
        let mut lines = self.last.as_ref().map_or_else(Vec::new, |last| last.media.clone());
        let before = lines.iter().position(|line| line.port != 0);
        let protocol = before.map_or(Protocol::Avp, |index| lines[index].protocol.clone());
        let line = self.line(protocol, formats, direction);
        let audio = before.unwrap_or(lines.len());
        match lines.get_mut(audio) {
            Some(place) => *place = line,
            None => lines.push(line),
        }
        let codecs = self.codecs.clone();
        let pending = PendingOffer { local: self.local, direction, codecs, lines: lines.len(), audio };
        (self.write(lines), pending)
    }

    fn line(&self, protocol: Protocol, formats: Vec<Format>, direction: Direction) -> MediaDescription {
        MediaDescription {
            kind: MediaKind::Audio,
            port: self.local.port(),
            protocol,
            format_words: formats.iter().map(|format| format.payload_type.to_string()).collect(),
            formats,
            connection: None,
            direction: Some(direction),
            ptime: Some(PTIME),
            rtcp: None,
            crypto: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Writes a body with these lines; the version rises when they differ from the last body's (RFC 3264 §8).
    fn write(&mut self, media: Vec<MediaDescription>) -> String {
        let address = Address::Ip(self.local.ip());
        if self.last.as_ref().is_some_and(|last| last.media != media) {
            self.version += 1;
        }
        let description = SessionDescription {
            origin: Origin {
                user: "-".to_owned(),
                session: self.session.to_string(),
                version: self.version.to_string(),
                address: address.clone(),
            },
            name: "hotline".to_owned(),
            connection: Some(address),
            direction: None,
            attributes: Vec::new(),
            media,
        };
        let body = description.to_string();
        self.last = Some(description);
        body
    }
}

impl PendingOffer {
    /// Takes the answer to this offer.
    ///
    /// # Errors
    /// When it is no description, or none that answers the offer.
    pub fn accept(self, body: &[u8]) -> Result<Negotiated, NegotiationError> {
        let answer = SessionDescription::parse(body)?;
        let media = answer.media.get(self.audio).filter(|_| answer.media.len() == self.lines);
        let media = media.ok_or(NegotiationError::Mismatch)?;
        if !is_usable(media) {
            return Err(NegotiationError::NoCommonCodec);
        }
        // The order of the answer counts here: the peer chose, and puts first what it will send (RFC 3264 §6.1).
        let ours = |format: &Format| codec_of(format).filter(|codec| self.codecs.contains(codec));
        let codec = media.formats.iter().find_map(|format| Some((ours(format)?, format.payload_type)));
        let (codec, payload_type) = codec.ok_or(NegotiationError::NoCommonCodec)?;
        let event = media.formats.iter().find(|format| is_event(format)).map(|format| format.payload_type);
        let selection = Selection { codec, payload_type, event };
        let direction = self.direction;
        let mut negotiated =
            selection.negotiated(&answer, media, self.local, |theirs| theirs.mirrored().and(direction))?;
        // We never offer it, so nobody may answer it (RFC 5761 §5.1.1).
        negotiated.rtcp_mux = false;
        // We receive by the numbers of our offer, whatever numbers the answer uses for the other way.
        if let Some(ours) = codec.static_payload_type().and_then(PayloadType::new) {
            negotiated.payload_type.receive = ours;
        }
        if let (Some(pair), Some(ours)) = (&mut negotiated.telephone_event, PayloadType::new(OFFERED_EVENT)) {
            pair.receive = ours;
        }
        Ok(negotiated)
    }
}

/// The formats chosen of one line.
struct Selection {
    codec: Codec,
    payload_type: u8,
    event: Option<u8>,
}

impl Selection {
    fn formats(&self) -> Vec<Format> {
        let codec = codec_format(self.payload_type, self.codec);
        std::iter::once(codec).chain(self.event.map(event_format)).collect()
    }

    fn negotiated(
        &self,
        remote: &SessionDescription,
        media: &MediaDescription,
        local: SocketAddr,
        direction: impl FnOnce(Direction) -> Direction,
    ) -> Result<Negotiated, NegotiationError> {
        let Some(&Address::Ip(ip)) = remote.address_of(media) else { return Err(NegotiationError::Address) };
        if ip.is_ipv4() != local.is_ipv4() || ip.is_multicast() {
            return Err(NegotiationError::Address);
        }
        let rtcp = match &media.rtcp {
            Some((port, Some(Address::Ip(other)))) if other.is_ipv4() == ip.is_ipv4() => (*other, *port),
            Some((port, _)) => (ip, *port),
            None => (ip, media.port.saturating_add(1)),
        };
        let pair = |number: u8| {
            let number = PayloadType::new(number)?;
            Some(PayloadPair { send: number, receive: number })
        };
        Ok(Negotiated {
            codec: self.codec,
            payload_type: pair(self.payload_type).ok_or(NegotiationError::NoCommonCodec)?,
            telephone_event: self.event.and_then(pair),
            ptime: Duration::from_millis(media.ptime.filter(|&ms| (10..=200).contains(&ms)).unwrap_or(PTIME).into()),
            remote: SocketAddr::new(ip, media.port),
            remote_rtcp: rtcp.into(),
            rtcp_mux: media.attributes.iter().any(|attribute| *attribute == rtcp_mux()),
            direction: direction(remote.direction_of(media)),
        })
    }
}

/// Whether a line is audio over plain RTP and not refused.
fn is_usable(media: &MediaDescription) -> bool {
    media.kind == MediaKind::Audio && media.port != 0 && matches!(media.protocol, Protocol::Avp | Protocol::Avpf)
}

/// Our first choice among the formats, with the peer's numbers.
fn select(formats: &[Format], codecs: &[Codec]) -> Option<Selection> {
    let event = formats.iter().find(|format| is_event(format)).map(|format| format.payload_type);
    codecs.iter().find_map(|&codec| {
        let format = formats.iter().find(|format| codec_of(format) == Some(codec))?;
        Some(Selection { codec, payload_type: format.payload_type, event })
    })
}

/// The codec of a format: by its `rtpmap`, else by its static number.
fn codec_of(format: &Format) -> Option<Codec> {
    Codec::PREFERRED.into_iter().find(|codec| match &format.rtpmap {
        Some((name, rate)) => name.eq_ignore_ascii_case(codec.encoding_name()) && *rate == codec.clock_rate(),
        None => codec.static_payload_type() == Some(format.payload_type),
    })
}

/// Whether a format is telephone-event with the clock of our codecs.
fn is_event(format: &Format) -> bool {
    matches!(&format.rtpmap, Some((name, 8_000)) if name.eq_ignore_ascii_case(EVENT_NAME))
}

fn codec_format(payload_type: u8, codec: Codec) -> Format {
    let rtpmap = Some((codec.encoding_name().to_owned(), codec.clock_rate()));
    Format { payload_type, rtpmap, fmtp: None }
}

/// `a=rtcp-mux` (RFC 5761 §5.1.1).
fn rtcp_mux() -> Attribute {
    Attribute { name: "rtcp-mux".to_owned(), value: String::new() }
}

fn event_format(payload_type: u8) -> Format {
    let rtpmap = Some((EVENT_NAME.to_owned(), 8_000));
    Format { payload_type, rtpmap, fmtp: Some(EVENT_CODES.to_owned()) }
}

/// A line with port zero and its formats as offered (RFC 3264 §6).
fn refused(media: &MediaDescription) -> MediaDescription {
    let mut line = media.clone();
    line.port = 0;
    line.format_words.truncate(1);
    line.formats.clear();
    line.attributes.clear();
    line.crypto.clear();
    (line.connection, line.direction, line.ptime, line.rtcp) = (None, None, None, None);
    line
}

#[cfg(test)]
mod tests;
