//! Offer and answer (RFC 3264): what two descriptions agree on.

mod repeat;

use super::crypto::{self, CryptoLine, OurKeys, Protection, SecureMedia};
use super::formats::{Numbers, Selection, codec_of};
use super::parse::SdpError;
use super::session::{
    Address, Attribute, Direction, Format, MediaDescription, MediaKind, Origin, Protocol, SessionDescription,
};
use crate::voip::audio::Codec;
use crate::voip::rtp::PayloadType;
use crate::voip::rtp::srtp::SecureKeys;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Milliseconds of sound in a packet of ours, unless the peer asks for another length.
const PTIME: u16 = 20;
/// The shortest and the longest packet that we send, milliseconds; lengths between are multiples of the shortest.
const SHORTEST: u16 = 10;
const LONGEST: u16 = 60;

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
    /// The clock of these events, Hz: the codec's where the peer knows it at that clock (RFC 4733 §2.5.1.1).
    pub event_clock: u32,
    /// Comfort noise (RFC 3389), when the peer named it beside a codec of 8,000 Hz.
    pub comfort_noise: Option<PayloadPair>,
    /// The length of packets we send: what the peer asked for (`a=ptime`) in steps of 10 ms from 10 to 60 ms, and no
    /// longer than its `a=maxptime`; 20 ms when it said nothing, and in Opus. What we receive may have any length.
    pub ptime: Duration,
    /// The keys of SRTP, when packets are encrypted.
    pub srtp: Option<SecureKeys>,
    /// Where the peer wants RTP. The port or address may be unspecified while the direction does not send.
    pub remote: SocketAddr,
    /// The IP that the description came from, when whoever received it says so.
    pub signalling: Option<IpAddr>,
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
    /// No audio line with a codec of ours.
    #[error("no audio line has a codec that both know")]
    NoCommonCodec,
    /// The audio line is encrypted and must not be, or is not and must be, or has no key that we can use.
    #[error("no audio line is encrypted as it must be")]
    Protection,
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
            Self::NoCommonCodec | Self::Protection | Self::Address | Self::Mismatch => 488,
        }
    }
}

/// Our side of one dialog's descriptions: where we receive, and which version we are at.
#[derive(Debug)]
pub struct Negotiation {
    local: SocketAddr,
    session: u64,
    version: u64,
    codecs: Vec<Codec>,
    numbers: Numbers,
    policy: SecureMedia,
    keys: Option<OurKeys>,
    codec: Option<Codec>,
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

    /// Whether an audio line of it has a codec.
    #[must_use]
    pub fn names(&self, codec: Codec) -> bool {
        self.0.media.iter().any(|media| is_usable(media) && Selection::ours(media, &[codec]).is_some())
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
    numbers: Numbers,
    policy: SecureMedia,
    crypto: Vec<CryptoLine>,
    lines: usize,
    audio: usize,
    /// Whether RTCP goes over the port of RTP as before; a first offer never says so.
    mux: bool,
}

impl Negotiation {
    /// Our side of a new dialog: `session` numbers it (random or a clock, unique for us), `local` is where we
    /// receive RTP (the public address behind a NAT).
    #[must_use]
    pub fn new(session: u64, local: SocketAddr) -> Self {
        Self {
            local,
            session,
            version: session,
            codecs: Codec::PREFERRED.to_vec(),
            numbers: Numbers::default(),
            policy: SecureMedia::Refused,
            keys: None,
            codec: None,
            last: None,
        }
    }

    /// The same with packets encrypted as `policy` says. Our keys come from a generator that begins with `seed`, which
    /// must be random.
    #[must_use]
    pub fn with_srtp(self, policy: SecureMedia, seed: [u8; 32]) -> Self {
        Self { policy, keys: Some(OurKeys::new(seed)), ..self }
    }

    /// The same with these codecs only, best first.
    #[must_use]
    pub fn with_codecs(self, codecs: &[Codec]) -> Self {
        Self { codecs: codecs.to_vec(), ..self }
    }

    /// Our side of one more dialog that the same INVITE of ours has made (RFC 3261 §12.1.2): what was offered is the
    /// same, what follows is its own.
    #[must_use]
    pub fn branched(&mut self) -> Self {
        Self {
            local: self.local,
            session: self.session,
            version: self.version,
            codecs: self.codecs.clone(),
            numbers: self.numbers.clone(),
            policy: self.policy,
            keys: self.keys.as_mut().map(OurKeys::branched),
            codec: self.codec,
            last: self.last.clone(),
        }
    }

    /// The codec of our last answer.
    #[must_use]
    pub const fn codec(&self) -> Option<Codec> {
        self.codec
    }

    /// Answers an offer: our preferred codec of those offered, its payload numbers, other lines refused in place.
    /// `allowed` is what we want at most, seen from us: `SendRecv` except when we hold.
    ///
    /// # Errors
    /// When no line can be accepted; nothing changes then, and a call in progress goes on as it was (RFC 3261 §14.2).
    pub fn answer(&mut self, offer: RemoteOffer, allowed: Direction) -> Result<(String, Negotiated), NegotiationError> {
        let offer = offer.0;
        let (index, selection, crypto) = self.choose(&offer)?;
        let accepted = &offer.media[index];
        let mut negotiated =
            negotiated(&selection, &offer, accepted, self.local, |theirs| theirs.mirrored().and(allowed))?;
        let mut ours = Vec::new();
        match (crypto, &mut self.keys) {
            (Some(theirs), Some(keys)) => {
                let line = CryptoLine { tag: theirs.tag, key: keys.of(theirs.key.suite()) };
                negotiated.srtp = Some(SecureKeys { send: line.key.clone(), receive: theirs.key });
                ours.push(line.text());
            }
            (_, Some(keys)) => keys.forget(),
            (_, None) => {}
        }
        self.numbers.follow(&selection);
        self.codec = Some(selection.codec);
        let lines = offer.media.iter().enumerate().map(|(at, media)| {
            if at == index {
                let mut line = self.line(media.protocol.clone(), selection.formats(), negotiated.direction);
                line.ptime = u16::try_from(negotiated.ptime.as_millis()).ok();
                line.crypto = std::mem::take(&mut ours);
                line.attributes.extend(negotiated.rtcp_mux.then(rtcp_mux));
                line
            } else {
                refused(media)
            }
        });
        let media = lines.collect();
        Ok((self.write(media), negotiated))
    }

    /// The line that is accepted, its formats, and the key that its packets come under: the first that is encrypted
    /// where encryption is preferred, else the first.
    fn choose(&self, offer: &SessionDescription) -> Result<(usize, Selection, Option<CryptoLine>), NegotiationError> {
        let usable = offer.media.iter().enumerate().filter(|(_, media)| is_usable(media));
        let known = usable.filter_map(|(index, media)| Some((index, media, Selection::ours(media, &self.codecs)?)));
        let policy = if self.keys.is_some() { self.policy } else { SecureMedia::Refused };
        let mut refused = NegotiationError::NoCommonCodec;
        let mut clear = None;
        for (index, media, selection) in known {
            match crypto::protection(media, policy) {
                Some(Protection::Keyed(line)) => return Ok((index, selection, Some(line))),
                Some(Protection::Clear) => clear = clear.or(Some((index, selection, None))),
                None => refused = NegotiationError::Protection,
            }
        }
        clear.ok_or(refused)
    }

    /// Makes an offer of every codec we have, best first. In a dialog that has lines already each keeps its place, the
    /// refused ones refused (RFC 3264 §8).
    pub fn offer(&mut self, direction: Direction) -> (String, PendingOffer) {
        let formats = self.numbers.offer(&self.codecs);
        let mut lines = self.last.as_ref().map_or_else(Vec::new, |last| last.media.clone());
        let before = lines.iter().position(|line| line.port != 0);
        // A dialog stays as it is: clear, or encrypted. A new one is as the policy says.
        let encrypted = before.map_or(self.policy != SecureMedia::Refused, |index| !lines[index].crypto.is_empty());
        let crypto = self.keys.as_mut().filter(|_| encrypted).map_or_else(Vec::new, OurKeys::offer);
        let first = if self.policy == SecureMedia::Required { Protocol::Savp } else { Protocol::Avp };
        let protocol = before.map_or(first, |index| lines[index].protocol.clone());
        let mut line = self.line(protocol, formats, direction);
        line.crypto = crypto.iter().map(CryptoLine::text).collect();
        let audio = before.unwrap_or(lines.len());
        match lines.get_mut(audio) {
            Some(place) => *place = line,
            None => lines.push(line),
        }
        let pending = PendingOffer {
            local: self.local,
            direction,
            codecs: self.codecs.clone(),
            numbers: self.numbers.clone(),
            policy: self.policy,
            crypto,
            lines: lines.len(),
            audio,
            mux: false,
        };
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
            max_ptime: None,
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
        let selection = Selection::theirs(media, &self.codecs).ok_or(NegotiationError::NoCommonCodec)?;
        let direction = self.direction;
        let mut negotiated =
            negotiated(&selection, &answer, media, self.local, |theirs| theirs.mirrored().and(direction))?;
        negotiated.srtp = crypto::answered(&self.crypto, media);
        let must = self.policy == SecureMedia::Required || crypto::is_secure(&media.protocol);
        if must && negotiated.srtp.is_none() {
            return Err(NegotiationError::Protection);
        }
        // Where we did not offer it, nobody may answer it (RFC 5761 §5.1.1).
        negotiated.rtcp_mux &= self.mux;
        // We receive by the numbers of our offer, whatever numbers the answer uses for the other way.
        if let Some(ours) = PayloadType::new(self.numbers.of(selection.codec)) {
            negotiated.payload_type.receive = ours;
        }
        if let Some(pair) = &mut negotiated.telephone_event
            && let Some(ours) = self.numbers.event(negotiated.event_clock).and_then(PayloadType::new)
        {
            pair.receive = ours;
        }
        Ok(negotiated)
    }
}

/// What a selection of a peer's line comes to, its keys left out.
fn negotiated(
    selection: &Selection,
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
        codec: selection.codec,
        payload_type: pair(selection.payload_type).ok_or(NegotiationError::NoCommonCodec)?,
        telephone_event: selection.event.and_then(|event| pair(event.payload_type)),
        event_clock: selection.event.map_or(selection.codec.clock_rate(), |event| event.clock),
        comfort_noise: selection.comfort.and_then(pair),
        ptime: Duration::from_millis(packet_length(selection.codec, media).into()),
        srtp: None,
        remote: SocketAddr::new(ip, media.port),
        signalling: None,
        remote_rtcp: rtcp.into(),
        rtcp_mux: media.attributes.iter().any(|attribute| *attribute == rtcp_mux()),
        direction: direction(remote.direction_of(media)),
    })
}

/// The length of the packets that we send, milliseconds.
fn packet_length(codec: Codec, media: &MediaDescription) -> u16 {
    if codec == Codec::Opus {
        return PTIME;
    }
    let wanted = media.ptime.filter(|&length| length >= SHORTEST).unwrap_or(PTIME);
    let most = media.max_ptime.filter(|&most| most >= SHORTEST).unwrap_or(LONGEST);
    wanted.min(most).min(LONGEST) / SHORTEST * SHORTEST
}

/// Whether a line is audio over RTP and not refused.
fn is_usable(media: &MediaDescription) -> bool {
    let known = matches!(media.protocol, Protocol::Avp | Protocol::Avpf | Protocol::Savp | Protocol::Savpf);
    media.kind == MediaKind::Audio && media.port != 0 && known
}

/// `a=rtcp-mux` (RFC 5761 §5.1.1).
fn rtcp_mux() -> Attribute {
    Attribute { name: "rtcp-mux".to_owned(), value: String::new() }
}

/// A line with port zero and its formats as offered (RFC 3264 §6).
fn refused(media: &MediaDescription) -> MediaDescription {
    let mut line = media.clone();
    line.port = 0;
    line.format_words.truncate(1);
    line.formats.clear();
    line.attributes.clear();
    line.crypto.clear();
    (line.connection, line.direction, line.rtcp) = (None, None, None);
    (line.ptime, line.max_ptime) = (None, None);
    line
}

#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;
