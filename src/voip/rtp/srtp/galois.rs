//! AES in Galois/Counter Mode (RFC 7714).

use super::derive::{Label, derive};
use super::keys::MasterKey;
use super::transform::{ENCRYPTED, RTCP_CLEAR, Transform, take_end};
use aes::cipher::consts::{U12, U16};
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{AesGcm, Nonce, Tag};
use zeroize::Zeroizing;

/// Octets of every tag.
const TAG: usize = 16;
type Salt = Zeroizing<[u8; 12]>;

pub(super) struct Galois<C> {
    rtp: (AesGcm<C, U12>, Salt),
    rtcp: (AesGcm<C, U12>, Salt),
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Galois<C> {
    /// `N` is the length of the cipher's key, octets.
    pub(super) fn new<const N: usize>(master: &MasterKey) -> Option<Self> {
        let keys = |cipher, salt| {
            let key = derive::<N>(master, cipher)?;
            Some((AesGcm::new_from_slice(&*key).ok()?, derive::<12>(master, salt)?))
        };
        let rtp = keys(Label::RtpCipher, Label::RtpSalt)?;
        let rtcp = keys(Label::RtcpCipher, Label::RtcpSalt)?;
        Some(Self { rtp, rtcp })
    }

    /// A transform with these session keys and salts, as the vectors of RFC 7714 §16 and §17 give them.
    #[cfg(test)]
    pub(super) fn with_session_keys(key: &[u8], salt: [u8; 12]) -> Option<Self> {
        let keys = || Some((AesGcm::new_from_slice(key).ok()?, Zeroizing::new(salt)));
        Some(Self { rtp: keys()?, rtcp: keys()? })
    }
}

/// Two zeros, the SSRC and six octets of index, XOR the salt (§8.1, §9.1).
fn nonce(salt: &Salt, ssrc: u32, index: u64) -> Nonce<U12> {
    let mut nonce = **salt;
    for (octet, of_ssrc) in nonce[2..6].iter_mut().zip(ssrc.to_be_bytes()) {
        *octet ^= of_ssrc;
    }
    for (octet, of_index) in nonce[6..].iter_mut().zip(index.to_be_bytes().into_iter().skip(2)) {
        *octet ^= of_index;
    }
    nonce.into()
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Send> Transform for Galois<C> {
    fn seal_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64) {
        let (cipher, salt) = &self.rtp;
        let Some((header, payload)) = packet.split_at_mut_checked(header) else { return };
        if let Ok(tag) = cipher.encrypt_inout_detached(&nonce(salt, ssrc, index), header, payload.into()) {
            packet.extend(tag);
        }
    }

    fn open_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64) -> Option<()> {
        let (cipher, salt) = &self.rtp;
        let tag: Tag = take_end::<TAG>(packet)?.into();
        let (header, payload) = packet.split_at_mut_checked(header)?;
        cipher.decrypt_inout_detached(&nonce(salt, ssrc, index), header, payload.into(), &tag).ok()
    }

    fn seal_rtcp(&self, packet: &mut Vec<u8>, ssrc: u32, index: u32) {
        let (cipher, salt) = &self.rtcp;
        let word = (ENCRYPTED | index).to_be_bytes();
        let Some((clear, body)) = packet.split_at_mut_checked(RTCP_CLEAR) else { return };
        let associated = [&*clear, &word].concat();
        if let Ok(tag) = cipher.encrypt_inout_detached(&nonce(salt, ssrc, index.into()), &associated, body.into()) {
            packet.extend(tag);
            packet.extend(word);
        }
    }

    fn open_rtcp(&self, packet: &mut Vec<u8>, ssrc: u32) -> Option<u32> {
        let (cipher, salt) = &self.rtcp;
        let word = take_end::<4>(packet)?;
        let index = u32::from_be_bytes(word);
        // Packets that are only authenticated (E = 0) are of no use to anybody here.
        let index = if index & ENCRYPTED == 0 { return None } else { index & !ENCRYPTED };
        let tag: Tag = take_end::<TAG>(packet)?.into();
        let (clear, body) = packet.split_at_mut_checked(RTCP_CLEAR)?;
        let associated = [&*clear, &word].concat();
        cipher.decrypt_inout_detached(&nonce(salt, ssrc, index.into()), &associated, body.into(), &tag).ok()?;
        Some(index)
    }
}
