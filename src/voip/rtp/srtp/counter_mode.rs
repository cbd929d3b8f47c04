//! AES-128 in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1).

use super::derive::{Label, derive, keystream};
use super::keys::MasterKey;
use super::transform::{ENCRYPTED, RTCP_CLEAR, Transform, take_end};
use aes::Aes128;
use aes::cipher::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

/// SRTCP has tags of ten octets in both suites (RFC 4568 §6.2.2).
const RTCP_TAG: usize = 10;

pub(super) struct CounterMode {
    rtp: SessionKeys,
    rtcp: SessionKeys,
    rtp_tag: usize,
}

struct SessionKeys {
    cipher: Aes128,
    authentication: Hmac<Sha1>,
    salt: Zeroizing<[u8; 14]>,
}

impl CounterMode {
    /// `rtp_tag` is the length of the tags of SRTP, octets.
    pub(super) fn new(master: &MasterKey, rtp_tag: usize) -> Option<Self> {
        let rtp = SessionKeys::new(master, [Label::RtpCipher, Label::RtpAuth, Label::RtpSalt])?;
        let rtcp = SessionKeys::new(master, [Label::RtcpCipher, Label::RtcpAuth, Label::RtcpSalt])?;
        Some(Self { rtp, rtcp, rtp_tag })
    }
}

impl SessionKeys {
    fn new(master: &MasterKey, [cipher, authentication, salt]: [Label; 3]) -> Option<Self> {
        Some(Self {
            cipher: Aes128::new_from_slice(&*derive::<16>(master, cipher)?).ok()?,
            authentication: Hmac::new_from_slice(&*derive::<20>(master, authentication)?).ok()?,
            salt: derive(master, salt)?,
        })
    }

    /// IV = salt · 2¹⁶ XOR SSRC · 2⁶⁴ XOR index · 2¹⁶ (§4.1.1).
    fn crypt(&self, ssrc: u32, index: u64, data: &mut [u8]) {
        let mut iv = [0_u8; 16];
        iv[..14].copy_from_slice(&*self.salt);
        for (octet, of_ssrc) in iv[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
            *octet ^= of_ssrc;
        }
        for (octet, of_index) in iv[8..14].iter_mut().zip(index.to_be_bytes().into_iter().skip(2)) {
            *octet ^= of_index;
        }
        keystream(&self.cipher, &iv, data);
    }

    fn tag(&self, packet: &[u8], suffix: &[u8]) -> Hmac<Sha1> {
        let mut mac = self.authentication.clone();
        mac.update(packet);
        mac.update(suffix);
        mac
    }
}

/// The upper 32 bits of an SRTP index: the rollover counter, which the tag covers.
fn rollover(index: u64) -> [u8; 4] {
    let [_, _, a, b, c, d, _, _] = index.to_be_bytes();
    [a, b, c, d]
}

impl Transform for CounterMode {
    fn seal_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64) {
        if let Some(payload) = packet.get_mut(header..) {
            self.rtp.crypt(ssrc, index, payload);
        }
        let tag = self.rtp.tag(packet, &rollover(index)).finalize().into_bytes();
        packet.extend(tag.iter().take(self.rtp_tag));
    }

    fn open_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64) -> Option<()> {
        let at = packet.len().checked_sub(self.rtp_tag).filter(|at| *at >= header)?;
        let (body, tag) = packet.split_at(at);
        self.rtp.tag(body, &rollover(index)).verify_truncated_left(tag).ok()?;
        packet.truncate(at);
        self.rtp.crypt(ssrc, index, packet.get_mut(header..)?);
        Some(())
    }

    fn seal_rtcp(&self, packet: &mut Vec<u8>, ssrc: u32, index: u32) {
        if let Some(body) = packet.get_mut(RTCP_CLEAR..) {
            self.rtcp.crypt(ssrc, u64::from(index), body);
        }
        packet.extend((ENCRYPTED | index).to_be_bytes());
        let tag = self.rtcp.tag(packet, &[]).finalize().into_bytes();
        packet.extend(tag.iter().take(RTCP_TAG));
    }

    fn open_rtcp(&self, packet: &mut Vec<u8>, ssrc: u32) -> Option<u32> {
        let tag = take_end::<RTCP_TAG>(packet)?;
        self.rtcp.tag(packet, &[]).verify_truncated_left(&tag).ok()?;
        let word = u32::from_be_bytes(take_end(packet)?);
        let index = word & !ENCRYPTED;
        if word & ENCRYPTED != 0 {
            self.rtcp.crypt(ssrc, u64::from(index), packet.get_mut(RTCP_CLEAR..)?);
        }
        Some(index)
    }
}
