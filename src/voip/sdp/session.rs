//! A session description as values (RFC 8866 §5): what we use typed, the rest kept as it came.

use std::fmt;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Which way media flows, seen from the one who says it (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Both ways; the default.
    #[default]
    SendRecv,
    /// The speaker only sends.
    SendOnly,
    /// The speaker only receives.
    RecvOnly,
    /// Neither; RTCP only.
    Inactive,
}

impl Direction {
    /// The attribute's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction of an attribute's name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive].into_iter().find(|one| one.name() == name)
    }

    /// Whether the speaker sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the speaker receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The direction that sends and receives as told.
    #[must_use]
    pub const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// The same flow seen from the other side.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// What both allow, both seen from the same side.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::of(self.sends() && other.sends(), self.receives() && other.receives())
    }
}

/// The address of a `c=` or `o=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A number.
    Ip(IpAddr),
    /// A host name; we resolve none.
    Name(String),
}

/// The `o=` line: who made the description, and which version of it this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// User name, `-` when there is none.
    pub user: String,
    /// The session's number; text, as many phones write more than 64 bits.
    pub session: String,
    /// Rises with every change.
    pub version: String,
    /// The machine that made it.
    pub address: Address,
}

/// What an `m=` line carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Something we refuse, by its name.
    Other(String),
}

impl MediaKind {
    /// The word of the `m=` line.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Other(name) => name,
        }
    }
}

/// The transport of an `m=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `RTP/AVP` (RFC 3551).
    Avp,
    /// `RTP/AVPF` (RFC 4585): the same packets, earlier feedback.
    Avpf,
    /// `RTP/SAVP` (RFC 3711): the packets are encrypted.
    Savp,
    /// `RTP/SAVPF` (RFC 5124): encrypted, earlier feedback.
    Savpf,
    /// Something we refuse, by its name: `UDP/TLS/RTP/SAVPF`, …
    Other(String),
}

impl Protocol {
    /// The word of the `m=` line.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Avp => "RTP/AVP",
            Self::Avpf => "RTP/AVPF",
            Self::Savp => "RTP/SAVP",
            Self::Savpf => "RTP/SAVPF",
            Self::Other(name) => name,
        }
    }
}

/// What `a=rtpmap` says of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The encoding name.
    pub name: String,
    /// The clock rate, Hz.
    pub rate: u32,
    /// The channels, when they are written.
    pub channels: Option<u8>,
}

/// Text with a key in it: never printed, wiped when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text, for the wire alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

/// One format of an RTP `m=` line with what its attributes say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The payload type.
    pub payload_type: u8,
    /// `a=rtpmap`; `None` for a static type without one.
    pub rtpmap: Option<Encoding>,
    /// `a=fmtp`: parameters as written.
    pub fmtp: Option<String>,
}

/// An attribute that we do not type: `a=name` or `a=name:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What follows the colon; empty when nothing does.
    pub value: String,
}

/// One `m=` line and the lines below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDescription {
    /// What it carries.
    pub kind: MediaKind,
    /// The RTP port; zero refuses the line.
    pub port: u16,
    /// The transport.
    pub protocol: Protocol,
    /// The formats as the `m=` line has them, to be written back when the line is refused.
    pub format_words: Vec<String>,
    /// The formats that are payload types, in the writer's order of preference.
    pub formats: Vec<Format>,
    /// This line's own `c=`.
    pub connection: Option<Address>,
    /// This line's own direction.
    pub direction: Option<Direction>,
    /// `a=ptime`, milliseconds.
    pub ptime: Option<u16>,
    /// `a=maxptime`, milliseconds.
    pub max_ptime: Option<u16>,
    /// `a=rtcp` (RFC 3605): port, and perhaps another address.
    pub rtcp: Option<(u16, Option<Address>)>,
    /// `a=crypto` lines (RFC 4568), raw.
    pub crypto: Vec<SecretText>,
    /// The other attributes.
    pub attributes: Vec<Attribute>,
}

/// A whole description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    /// The `o=` line.
    pub origin: Origin,
    /// The `s=` line.
    pub name: String,
    /// The session's `c=`.
    pub connection: Option<Address>,
    /// The direction of all lines that have none of their own.
    pub direction: Option<Direction>,
    /// The session's other attributes.
    pub attributes: Vec<Attribute>,
    /// The `m=` lines in order.
    pub media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// The address that holds for a line: its own, else the session's.
    #[must_use]
    pub fn address_of<'a>(&'a self, media: &'a MediaDescription) -> Option<&'a Address> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction that holds for a line, seen from the writer. An unspecified address (`c=0.0.0.0`, the old way
    /// of hold, RFC 3264 §8.4) takes receiving away.
    #[must_use]
    pub fn direction_of(&self, media: &MediaDescription) -> Direction {
        let said = media.direction.or(self.direction).unwrap_or_default();
        match self.address_of(media) {
            Some(Address::Ip(ip)) if ip.is_unspecified() => said.and(Direction::SendOnly),
            _ => said,
        }
    }
}
