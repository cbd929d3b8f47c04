//! SRTP around one stream's packets, where it was agreed on.

use crate::voip::rtp::Packet;
use crate::voip::rtp::srtp::{SecureKeys, SecureSession};

/// What stands between a stream and the wire.
#[derive(Debug)]
pub(super) enum Shield {
    /// Packets are clear.
    Clear,
    /// Packets are encrypted; the buffer holds the one being sent.
    Secure(Box<SecureSession>, Vec<u8>),
    /// The keys cannot be used: nothing goes out clear that should be encrypted, and nothing comes in.
    Shut,
}

impl Shield {
    pub(super) fn new(keys: Option<&SecureKeys>) -> Self {
        keys.map_or(Self::Clear, |keys| Self::of(SecureSession::new(keys.clone())))
    }

    fn of(session: Option<SecureSession>) -> Self {
        session.map_or(Self::Shut, |session| Self::Secure(Box::new(session), Vec::new()))
    }

    /// Takes new keys; the counters of a key that stays go on.
    pub(super) fn update(&mut self, keys: Option<&SecureKeys>) {
        *self = match (std::mem::replace(self, Self::Shut), keys) {
            (Self::Secure(session, _), Some(keys)) => Self::of(session.rekeyed(keys.clone())),
            (Self::Clear | Self::Shut, Some(keys)) => Self::of(SecureSession::new(keys.clone())),
            (_, None) => Self::Clear,
        };
    }

    pub(super) const fn is_clear(&self) -> bool {
        matches!(self, Self::Clear)
    }

    /// Opens a datagram of either port into `clear`; `false` when it must not be used.
    pub(super) fn open(&mut self, datagram: &[u8], clear: &mut Vec<u8>) -> bool {
        match self {
            Self::Secure(session, _) if Packet::is_rtcp(datagram) => session.open_rtcp(datagram, clear),
            Self::Secure(session, _) => session.open(datagram, clear),
            Self::Clear | Self::Shut => false,
        }
    }

    /// An RTP packet as it goes out; `None` when it must not.
    pub(super) fn seal<'a>(&'a mut self, packet: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Clear => Some(packet),
            Self::Secure(session, sealed) => session.protect(packet, sealed).then_some(sealed),
            Self::Shut => None,
        }
    }

    /// An RTCP packet as it goes out; `None` when it must not.
    pub(super) fn seal_rtcp<'a>(&'a mut self, packet: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Clear => Some(packet),
            Self::Secure(session, sealed) => session.protect_rtcp(packet, sealed).then_some(sealed),
            Self::Shut => None,
        }
    }
}
