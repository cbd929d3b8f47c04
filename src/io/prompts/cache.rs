//! Prepared prompts in one file, so that a later start only reads them.
//!
//! ```text
//! magic 8 | key 32 | checksum of the rest 8 | count 4 | count × (length of id 2, id, samples 4) | PCMA, PCMU of each
//! ```
//!
//! Numbers are little-endian. The file is replaced as a whole, and anything odd about it makes it unused.

use crate::model::PromptId;
use crate::voip::audio::{Codec, EncodedPrompt};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Changes whenever the file's form or the way prompts are prepared changes.
const MAGIC: &[u8; 8] = b"HLPROMP1";

/// What the recordings were when they were prepared.
pub type Key = [u8; 32];

/// The key of recordings: their names, sizes and times of change.
pub fn key<'a>(sources: impl Iterator<Item = (&'a str, u64, Option<SystemTime>)>) -> Key {
    let mut hash = Sha256::new();
    for (name, octets, changed) in sources {
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |time| time.as_nanos());
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(octets.to_le_bytes());
        hash.update(changed.to_le_bytes());
    }
    hash.finalize().into()
}

/// The prompts of a file, if it is whole and has this key.
pub fn read(file: &Path, key: &Key) -> Option<Vec<(PromptId, EncodedPrompt)>> {
    let bytes = fs::read(file).ok()?;
    let mut rest = bytes.as_slice();
    if take(&mut rest, MAGIC.len())? != MAGIC || take(&mut rest, key.len())? != key {
        return None;
    }
    let sum = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
    if sum != checksum(rest) {
        return None;
    }
    let count = number(&mut rest)?;
    let mut index = Vec::new();
    for _ in 0..count {
        let length = u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?);
        let id = std::str::from_utf8(take(&mut rest, usize::from(length))?).ok()?;
        index.push((PromptId::new(id), number(&mut rest)?));
    }
    let mut prompts = Vec::with_capacity(index.len());
    for (id, samples) in index {
        let (a_law, mu_law) = (take(&mut rest, samples)?, take(&mut rest, samples)?);
        prompts.push((id, EncodedPrompt::from_octets(a_law.into(), mu_law.into())?));
    }
    rest.is_empty().then_some(prompts)
}

/// Writes the file under another name and then gives it its own.
pub fn write(file: &Path, key: &Key, prompts: &[(PromptId, EncodedPrompt)]) -> io::Result<()> {
    let too_large = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let mut body = u32::try_from(prompts.len()).map_err(too_large)?.to_le_bytes().to_vec();
    for (id, prompt) in prompts {
        let id = id.as_str().as_bytes();
        body.extend(u16::try_from(id.len()).map_err(too_large)?.to_le_bytes());
        body.extend(id);
        body.extend(u32::try_from(prompt.samples()).map_err(too_large)?.to_le_bytes());
    }
    for (_, prompt) in prompts {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            body.extend(prompt.octets(codec));
        }
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // Named after the process, for two servers may start at once.
    let partial = file.with_extension(format!("{}.part", std::process::id()));
    let mut writer = fs::File::create(&partial)?;
    let written = [MAGIC.as_slice(), key, &checksum(&body).to_le_bytes(), &body]
        .into_iter()
        .try_for_each(|part| writer.write_all(part))
        .and_then(|()| fs::rename(&partial, file));
    if written.is_err() {
        fs::remove_file(&partial)?;
    }
    written
}

pub(super) fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

pub(super) fn number(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?)).ok()
}

/// FNV-1a over words of eight octets: against damage, not against malice.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks::<8>();
    let step = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x0100_0000_01b3);
    let sum = words.iter().fold(0xcbf2_9ce4_8422_2325, |sum, word| step(sum, u64::from_le_bytes(*word)));
    tail.iter().fold(step(sum, bytes.len() as u64), |sum, octet| step(sum, u64::from(*octet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("deep/prompts.cache");
        let key = key([("ru/a", 1, None)].into_iter());
        assert!(read(&file, &key).is_none());
        let prompts: Vec<_> = [("ru/a", vec![1_000_i16; 77]), ("ru/b", vec![])]
            .map(|(id, samples)| (PromptId::new(id), EncodedPrompt::encode(&samples)))
            .into();
        write(&file, &key, &prompts).expect("written");
        let again = read(&file, &key).expect("whole");
        assert_eq!(again.len(), 2);
        for ((id, prompt), (same_id, same)) in prompts.iter().zip(&again) {
            assert_eq!(id, same_id);
            assert!(Codec::PREFERRED.into_iter().all(|codec| prompt.octets(codec) == same.octets(codec)));
        }
        assert!(read(&file, &[0; 32]).is_none(), "another key");
        let whole = fs::read(&file).expect("read");
        for damaged in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[damaged] ^= 0x10;
            fs::write(&file, &bytes).expect("written");
            assert!(read(&file, &key).is_none(), "octet {damaged}");
            fs::write(&file, &whole[..damaged]).expect("written");
            assert!(read(&file, &key).is_none(), "cut at {damaged}");
        }
    }
}
