//! The codecs a leg can speak.

use super::g711::Law;

/// A codec and its RTP clock (RFC 3551 §4.5.14). The order of [`Codec::PREFERRED`] is ours, not the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law: static payload type 8.
    Pcma,
    /// G.711 µ-law: static payload type 0.
    Pcmu,
    /// G.722 at 64 kbit/s, wide-band: static payload type 9.
    G722,
    /// Opus, wide-band as we send it (RFC 6716, RFC 7587).
    Opus,
}

impl Codec {
    /// Every codec, the least work for us first. A configuration may want another order.
    pub const PREFERRED: [Self; 4] = [Self::Pcma, Self::Pcmu, Self::G722, Self::Opus];

    /// The encoding name of `a=rtpmap` (compared without case).
    #[must_use]
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// RTP clock rate in Hz, the number after the `/` of `a=rtpmap`. For G.722 it is 8,000 by an old mistake
    /// (RFC 3551 §4.5.2), for Opus always 48,000 (RFC 7587 §4.1).
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => super::SAMPLE_RATE,
            Self::Opus => 48_000,
        }
    }

    /// The number of channels that `a=rtpmap` must say; `None` for the usual one that is not written.
    #[must_use]
    pub const fn written_channels(self) -> Option<u8> {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => None,
            // Always two, whatever is sent (RFC 7587 §7).
            Self::Opus => Some(2),
        }
    }

    /// The payload type that needs no `a=rtpmap` (RFC 3551 §6), for codecs that have one.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcma => Some(8),
            Self::Pcmu => Some(0),
            Self::G722 => Some(9),
            Self::Opus => None,
        }
    }

    /// Whether it carries more than the band of the old telephone.
    #[must_use]
    pub const fn is_wide(self) -> bool {
        match self {
            Self::Pcma | Self::Pcmu => false,
            Self::G722 | Self::Opus => true,
        }
    }

    /// The law of an octet a sample, for G.711.
    #[must_use]
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::Pcma => Some(Law::A),
            Self::Pcmu => Some(Law::Mu),
            Self::G722 | Self::Opus => None,
        }
    }

    /// The octet of 1/8000 s of silence; zero for Opus, whose packets have no such octets.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcma => Law::A.silence(),
            Self::Pcmu => Law::Mu.silence(),
            Self::G722 => super::wide::G722_SILENCE,
            Self::Opus => 0,
        }
    }
}
