//! Session keys from a master key (RFC 3711 §4.3, RFC 7714 §11): AES in counter mode as the pseudo-random function,
//! the key derivation rate zero, so that a master key has one set of session keys.

use super::keys::MasterKey;
use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use aes::{Aes128, Aes256};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use zeroize::Zeroizing;

/// What a derived key is for (RFC 3711 §4.3.1 and §4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    RtpCipher = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpCipher = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

/// Fills `N` octets with a session key; `None` when the master key has no usable length.
pub(super) fn derive<const N: usize>(master: &MasterKey, label: Label) -> Option<Zeroizing<[u8; N]>> {
    // x = label ∥ zeros XOR the salt; the salt of GCM, two octets shorter, counts as if zeros followed.
    let mut iv = [0_u8; 16];
    iv.get_mut(..master.salt().len())?.copy_from_slice(master.salt());
    iv[7] ^= label as u8;
    let mut derived = Zeroizing::new([0_u8; N]);
    match master.key().len() {
        16 => keystream(&Aes128::new_from_slice(master.key()).ok()?, &iv, &mut *derived),
        _ => keystream(&Aes256::new_from_slice(master.key()).ok()?, &iv, &mut *derived),
    }
    Some(derived)
}

/// XORs the keystream of AES in counter mode that begins at `iv` onto `data`.
pub(super) fn keystream<C>(cipher: &C, iv: &[u8; 16], data: &mut [u8])
where
    C: BlockCipherEncrypt + aes::cipher::BlockSizeUser<BlockSize = aes::cipher::consts::U16>,
{
    let core = CtrCore::<&C, Ctr128BE>::inner_iv_init(cipher, iv.into());
    StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
}
