//! What a suite does to a packet.

use super::counter_mode::CounterMode;
use super::galois::Galois;
use super::keys::{MasterKey, Suite};
use aes::{Aes128, Aes256};

/// The E bit of SRTCP: the packet is encrypted.
pub(super) const ENCRYPTED: u32 = 0x8000_0000;
/// Octets of an RTCP packet that stay clear: its first header and the sender's SSRC.
pub(super) const RTCP_CLEAR: usize = 8;

/// Protects and opens packets with the session keys of one master key. Buffers hold a whole packet; they grow by the
/// overhead or shrink by it.
pub(super) trait Transform: Send {
    /// Encrypts all behind the header of `header` octets and appends the tag.
    fn seal_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64);
    /// Verifies and decrypts; `None` when the tag is wrong, and the buffer then holds nothing of use.
    fn open_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64) -> Option<()>;
    /// Encrypts a compound packet and appends index and tag.
    fn seal_rtcp(&self, packet: &mut Vec<u8>, ssrc: u32, index: u32);
    /// Verifies and decrypts; the index.
    fn open_rtcp(&self, packet: &mut Vec<u8>, ssrc: u32) -> Option<u32>;
}

/// The transform of a master key's suite.
pub(super) fn of(master: &MasterKey) -> Option<Box<dyn Transform>> {
    Some(match master.suite() {
        Suite::AesCm128HmacSha1Tag80 => Box::new(CounterMode::new(master, 10)?),
        Suite::AesCm128HmacSha1Tag32 => Box::new(CounterMode::new(master, 4)?),
        Suite::AeadAes128Gcm => Box::new(Galois::<Aes128>::new::<16>(master)?),
        Suite::AeadAes256Gcm => Box::new(Galois::<Aes256>::new::<32>(master)?),
    })
}

/// Takes the last `N` octets off a packet.
pub(super) fn take_end<const N: usize>(packet: &mut Vec<u8>) -> Option<[u8; N]> {
    let at = packet.len().checked_sub(N)?;
    let end = packet.get(at..)?.try_into().ok()?;
    packet.truncate(at);
    Some(end)
}
