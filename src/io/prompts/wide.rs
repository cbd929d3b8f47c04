//! Prompts in a wide-band codec: from the recordings at 16 kHz, encoded once and kept in a file of their own.
//!
//! ```text
//! magic 8 | key 32 | checksum of the rest 8 | count 4 | count × (length of id 2, id, octets 4, packets 4)
//!         | octets of each | ends of packets of each, 4 octets each
//! ```
//!
//! It is done when the first call needs it, on a thread that nobody waits for.

use super::cache::{self, Key};
use super::decode::decode;
use super::load::{Folder, Source, find};
use super::music;
use super::narrow::{quantise, widen};
use crate::model::PromptId;
use crate::voip::audio::{Codec, Decoder, OpusClip, PromptFrames, Rate, Wide, WidePrompt, wide};
use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::{fs, sync::Arc};

/// The rate of wide-band prompts, Hz.
const WIDE_RATE: u32 = 16_000;

/// What a file of this codec begins with; changes whenever its form or the way prompts are encoded changes.
const fn magic(codec: Wide) -> &'static [u8; 8] {
    match codec {
        Wide::G722 => b"HLG7221\0",
        Wide::Opus => b"HLOPUS1\0",
    }
}

/// Every prompt of `have` in a wide-band codec: from its recording in `folder`, by way of the file `cache`; from its
/// narrow-band octets where there is no recording (a draft). What cannot be encoded is left out.
#[must_use]
pub fn load_wide(folder: &Path, cache: &Path, codec: Wide, have: &PromptFrames) -> Vec<(PromptId, WidePrompt)> {
    let folder = find(folder);
    let key = folder.key();
    let mut prompts = read(cache, &key, codec).unwrap_or_else(|| {
        let made = encode_folder(&folder, codec);
        if let Err(error) = write(cache, &key, codec, &made) {
            tracing::warn!(file = %cache.display(), %error, "prepared prompts cannot be kept; next time it takes longer");
        }
        made
    });
    let known: HashSet<PromptId> = prompts.iter().map(|(id, _)| id.clone()).collect();
    let rest = have.without_wide(codec).filter(|id| !known.contains(*id));
    let drafts: Vec<_> = rest
        .filter_map(|id| {
            let mut samples = Vec::new();
            Decoder::new(Codec::Pcma, Rate::Wide).decode(have.get(id)?.octets(Codec::Pcma), &mut samples);
            Some((id.clone(), encode(&samples, codec)?))
        })
        .collect();
    prompts.extend(drafts);
    prompts
}

fn encode_folder(folder: &Folder, codec: Wide) -> Vec<(PromptId, WidePrompt)> {
    let mut made: Vec<_> = folder.sources.iter().filter_map(|source| encode_source(source, codec)).collect();
    let played = music::read(&folder.music);
    if !played.samples.is_empty()
        && let Some(prompt) = encode(&quantise(&played.samples), codec)
    {
        made.retain(|(id, _)| *id != music::prompt());
        made.push((music::prompt(), prompt));
    }
    made
}

fn encode_source(source: &Source, codec: Wide) -> Option<(PromptId, WidePrompt)> {
    let sound = decode(fs::read(&source.file).ok()?, source.extension).ok()?;
    let samples = if sound.rate == WIDE_RATE { sound.samples } else { widen(&sound).ok()? };
    Some((source.id.clone(), encode(&quantise(&samples), codec)?))
}

fn encode(samples: &[i16], codec: Wide) -> Option<WidePrompt> {
    Some(match codec {
        Wide::G722 => WidePrompt::G722(wide::g722(samples)),
        Wide::Opus => WidePrompt::Opus(wide::opus(samples)?),
    })
}

fn parts(prompt: &WidePrompt) -> (&[u8], &[u32]) {
    match prompt {
        WidePrompt::G722(octets) => (octets, &[]),
        WidePrompt::Opus(clip) => clip.parts(),
    }
}

fn write(file: &Path, key: &Key, codec: Wide, prompts: &[(PromptId, WidePrompt)]) -> io::Result<()> {
    let too_large = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let mut body = u32::try_from(prompts.len()).map_err(too_large)?.to_le_bytes().to_vec();
    for (id, prompt) in prompts {
        let (octets, ends) = parts(prompt);
        body.extend(u16::try_from(id.as_str().len()).map_err(too_large)?.to_le_bytes());
        body.extend(id.as_str().as_bytes());
        body.extend(u32::try_from(octets.len()).map_err(too_large)?.to_le_bytes());
        body.extend(u32::try_from(ends.len()).map_err(too_large)?.to_le_bytes());
    }
    for (_, prompt) in prompts {
        body.extend(parts(prompt).0);
    }
    for (_, prompt) in prompts {
        body.extend(parts(prompt).1.iter().flat_map(|end| end.to_le_bytes()));
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let whole = [magic(codec).as_slice(), key, &cache::checksum(&body).to_le_bytes(), &body].concat();
    let partial = file.with_extension(format!("{}.part", std::process::id()));
    fs::write(&partial, whole).and_then(|()| fs::rename(&partial, file)).inspect_err(|_| {
        if let Err(error) = fs::remove_file(&partial) {
            tracing::debug!(file = %partial.display(), %error, "half a file stays");
        }
    })
}

fn read(file: &Path, key: &Key, codec: Wide) -> Option<Vec<(PromptId, WidePrompt)>> {
    let bytes = fs::read(file).ok()?;
    let mut rest = bytes.as_slice();
    if cache::take(&mut rest, 8)? != magic(codec) || cache::take(&mut rest, key.len())? != key {
        return None;
    }
    let sum = u64::from_le_bytes(cache::take(&mut rest, 8)?.try_into().ok()?);
    if sum != cache::checksum(rest) {
        return None;
    }
    let mut index = Vec::new();
    for _ in 0..cache::number(&mut rest)? {
        let length = u16::from_le_bytes(cache::take(&mut rest, 2)?.try_into().ok()?);
        let id = std::str::from_utf8(cache::take(&mut rest, usize::from(length))?).ok()?;
        index.push((PromptId::new(id), cache::number(&mut rest)?, cache::number(&mut rest)?));
    }
    let mut octets = Vec::with_capacity(index.len());
    for (_, length, _) in &index {
        octets.push(Arc::<[u8]>::from(cache::take(&mut rest, *length)?));
    }
    let mut prompts = Vec::with_capacity(index.len());
    for ((id, _, packets), octets) in index.into_iter().zip(octets) {
        let (words, _) = cache::take(&mut rest, packets * 4)?.as_chunks::<4>();
        let prompt = match codec {
            Wide::G722 => WidePrompt::G722(octets),
            Wide::Opus => {
                let ends = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
                WidePrompt::Opus(OpusClip::from_parts(octets, ends)?)
            }
        };
        prompts.push((id, prompt));
    }
    rest.is_empty().then_some(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::EncodedPrompt;

    /// Writes a second of a sawtooth at 16 kHz.
    fn wav(file: &Path) {
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(file, spec).expect("created");
        for n in 0..16_000_i16 {
            writer.write_sample(n % 40 * 100).expect("written");
        }
        writer.finalize().expect("finished");
    }

    #[test]
    fn recordings_and_drafts_are_made_ready_once_and_read_back_after() {
        let top = tempfile::tempdir().expect("a folder");
        wav(&top.path().join("prompts/ru/a.wav"));
        let draft = (PromptId::new("ru/draft"), EncodedPrompt::encode(&[500; 1_600]));
        let have: PromptFrames =
            [(PromptId::new("ru/a"), EncodedPrompt::encode(&[0; 8_000])), draft].into_iter().collect();
        for (codec, name) in [(Wide::G722, "g722.cache"), (Wide::Opus, "opus.cache")] {
            let (folder, file) = (top.path().join("prompts"), top.path().join("data").join(name));
            let made = load_wide(&folder, &file, codec, &have);
            assert_eq!(made.len(), 2, "{codec:?}");
            let kept = fs::read(&file).expect("kept");
            assert_eq!(load_wide(&folder, &file, codec, &have), made, "{codec:?}");
            assert_eq!(have.with_wide(made.clone()).without_wide(codec).count(), 0);
            for at in (0..kept.len()).step_by(97) {
                let mut damaged = kept.clone();
                damaged[at] ^= 0x20;
                fs::write(&file, &damaged).expect("written");
                assert_eq!(load_wide(&folder, &file, codec, &have), made, "damaged at {at}");
            }
        }
    }
}
