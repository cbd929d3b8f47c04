//! One leg's protection: our stream out, the peer's streams in.

use super::keys::SecureKeys;
use super::replay::Window;
use super::transform::{self, Transform};
use crate::voip::rtp::{HEADER_LENGTH, Ssrc};
use std::fmt;

/// The most sources of a peer that are remembered under one key. A telephone has one, and a new one with each
/// transfer behind its gateway.
const MAX_SOURCES: usize = 16;
/// The most octets that protection adds to a packet: SRTCP under GCM.
pub const MAX_OVERHEAD: usize = 20;
/// The largest index of SRTCP: 31 bits.
const MAX_RTCP_INDEX: u32 = 0x7fff_ffff;

/// The state of both ways under one agreement of keys.
pub struct SecureSession {
    keys: SecureKeys,
    outgoing: Outgoing,
    incoming: Incoming,
}

struct Outgoing {
    transform: Box<dyn Transform>,
    /// The index of the last packet sent: rollover counter and sequence number.
    last: Option<u64>,
    rtcp_index: u32,
}

struct Incoming {
    transform: Box<dyn Transform>,
    rtp: Vec<(Ssrc, Window)>,
    rtcp: Vec<(Ssrc, Window)>,
}

impl fmt::Debug for SecureSession {
    /// Hides the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureSession").field("suite", &self.keys.send.suite()).finish_non_exhaustive()
    }
}

impl SecureSession {
    /// A session in which nothing was sent or received; `None` when the keys do not fit their suites.
    #[must_use]
    pub fn new(keys: SecureKeys) -> Option<Self> {
        let outgoing = Outgoing { transform: transform::of(&keys.send)?, last: None, rtcp_index: 0 };
        let incoming = Incoming { transform: transform::of(&keys.receive)?, rtp: Vec::new(), rtcp: Vec::new() };
        Some(Self { keys, outgoing, incoming })
    }

    /// The session under these keys: this one where a key stayed, with its counters; new where it changed.
    #[must_use]
    pub fn rekeyed(self, keys: SecureKeys) -> Option<Self> {
        let same = (self.keys.send == keys.send, self.keys.receive == keys.receive);
        let new = Self::new(keys)?;
        Some(match same {
            (true, true) => self,
            (true, false) => Self { outgoing: self.outgoing, ..new },
            (false, true) => Self { incoming: self.incoming, ..new },
            (false, false) => new,
        })
    }

    #[cfg(test)]
    pub(super) fn keys_for_test(&self) -> SecureKeys {
        self.keys.clone()
    }

    /// Protects an RTP packet of ours into `out`, in place of what it holds. Sequence numbers must rise, with gaps of
    /// less than half their range. `false` when it is no packet.
    pub fn protect(&mut self, packet: &[u8], out: &mut Vec<u8>) -> bool {
        let (Some(header), Some((sequence, ssrc))) = (header_length(packet), numbers(packet)) else { return false };
        let way = &mut self.outgoing;
        let index = way.last.map_or(u64::from(sequence), |last| {
            let [.., high, low] = last.to_be_bytes();
            last + u64::from(sequence.wrapping_sub(u16::from_be_bytes([high, low])))
        });
        way.last = Some(index);
        out.clear();
        out.extend_from_slice(packet);
        way.transform.seal_rtp(out, header, ssrc.0, index);
        true
    }

    /// Opens an SRTP packet into `out`. `false` when it is damaged, under another key, or came before; nothing is
    /// remembered of it then.
    pub fn open(&mut self, packet: &[u8], out: &mut Vec<u8>) -> bool {
        let (Some(header), Some((sequence, ssrc))) = (header_length(packet), numbers(packet)) else { return false };
        let way = &mut self.incoming;
        let room = way.rtp.len() < MAX_SOURCES;
        let known = way.rtp.iter_mut().find(|(source, _)| *source == ssrc);
        let index = match &known {
            Some((_, window)) => window.guess(sequence),
            None => Some(u64::from(sequence)),
        };
        let Some(index) = index else { return false };
        if known.as_ref().is_some_and(|(_, window)| !window.admits(index)) {
            return false;
        }
        out.clear();
        out.extend_from_slice(packet);
        if way.transform.open_rtp(out, header, ssrc.0, index).is_none() {
            return false;
        }
        match known {
            Some((_, window)) => window.mark(index),
            None if room => way.rtp.push((ssrc, Window::new(index))),
            None => return false,
        }
        true
    }

    /// Protects a compound RTCP packet of ours into `out`. `false` when it is none, or the key's packets are used up.
    pub fn protect_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> bool {
        let Some(ssrc) = rtcp_ssrc(packet) else { return false };
        let way = &mut self.outgoing;
        if way.rtcp_index == MAX_RTCP_INDEX {
            return false;
        }
        way.rtcp_index += 1;
        out.clear();
        out.extend_from_slice(packet);
        way.transform.seal_rtcp(out, ssrc.0, way.rtcp_index);
        true
    }

    /// Opens an SRTCP packet into `out`; `false` as [`SecureSession::open`].
    pub fn open_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> bool {
        let Some(ssrc) = rtcp_ssrc(packet) else { return false };
        let way = &mut self.incoming;
        out.clear();
        out.extend_from_slice(packet);
        let Some(index) = way.transform.open_rtcp(out, ssrc.0).map(u64::from) else { return false };
        let room = way.rtcp.len() < MAX_SOURCES;
        match way.rtcp.iter_mut().find(|(source, _)| *source == ssrc) {
            Some((_, window)) if window.admits(index) => window.mark(index),
            None if room => way.rtcp.push((ssrc, Window::new(index))),
            Some(_) | None => return false,
        }
        true
    }
}

/// Octets of the header with its contributing sources and extension; `None` when it is no RTP packet of version 2.
fn header_length(packet: &[u8]) -> Option<usize> {
    let flags = *packet.first().filter(|flags| *flags >> 6 == 2)?;
    let mut length = HEADER_LENGTH + usize::from(flags & 0x0f) * 4;
    if flags & 0x10 != 0 {
        let &[_, _, high, low] = packet.get(length..)?.first_chunk::<4>()?;
        length += 4 + usize::from(u16::from_be_bytes([high, low])) * 4;
    }
    (length <= packet.len()).then_some(length)
}

/// Sequence number and source of a packet.
fn numbers(packet: &[u8]) -> Option<(u16, Ssrc)> {
    let &[_, _, s0, s1, _, _, _, _, c0, c1, c2, c3] = packet.first_chunk::<HEADER_LENGTH>()?;
    Some((u16::from_be_bytes([s0, s1]), Ssrc(u32::from_be_bytes([c0, c1, c2, c3]))))
}

/// The source of a compound RTCP packet.
fn rtcp_ssrc(packet: &[u8]) -> Option<Ssrc> {
    let &[flags, _, _, _, c0, c1, c2, c3] = packet.first_chunk::<{ transform::RTCP_CLEAR }>()?;
    (flags >> 6 == 2).then_some(Ssrc(u32::from_be_bytes([c0, c1, c2, c3])))
}
