//! The codecs a leg can speak.

/// A codec and its RTP clock (RFC 3551 §4.5.14). The order of [`Codec::PREFERRED`] is ours, not the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law: static payload type 8.
    Pcma,
    /// G.711 µ-law: static payload type 0.
    Pcmu,
}

impl Codec {
    /// Every codec, best first.
    pub const PREFERRED: [Self; 2] = [Self::Pcma, Self::Pcmu];

    /// The encoding name of `a=rtpmap` (compared without case).
    #[must_use]
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// RTP clock rate in Hz, the number after the `/` of `a=rtpmap`.
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu => super::SAMPLE_RATE,
        }
    }

    /// The payload type that needs no `a=rtpmap` (RFC 3551 §6), for codecs that have one.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcma => Some(8),
            Self::Pcmu => Some(0),
        }
    }

    /// The octet of silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xd5,
            Self::Pcmu => 0xff,
        }
    }
}
