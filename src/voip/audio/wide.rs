//! Prompts for wide-band legs: encoded once from 16 kHz, then only copied.
//!
//! G.722 is an octet for two samples of 16 kHz, so its clips join to the octet as those of G.711 do. Its decoder
//! follows the encoder's state; at a joint the two differ for a moment, which nobody hears, since clips begin and end
//! in silence. Opus comes in packets of 20 ms that begin anew with each clip, so its clips join at packets.

use super::g722;
use opus::{Application, Bitrate, Channels, Signal};
use std::sync::{Arc, OnceLock};

/// Samples of 16 kHz in 20 ms.
pub(super) const WIDE_FRAME: usize = 320;
/// The bits a second of Opus as we send it: transparent for speech of 8 kHz bandwidth.
const OPUS_BITS: i32 = 24_000;
/// The longest packet of Opus that we make, octets.
pub const MAX_OPUS: usize = super::FRAME_SAMPLES;
/// A cut of up to half a frame at a clip's end must be softer than this: it is silence.
const SILENT: u16 = 24;
/// The octet that keeps a G.722 decoder silent: the smallest steps of both bands.
pub(super) const G722_SILENCE: u8 = 0xfe;

/// Which wide-band codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wide {
    /// G.722.
    G722,
    /// Opus.
    Opus,
}

impl Wide {
    /// The wide-band codec that a codec is; `None` for a narrow-band one.
    #[must_use]
    pub const fn of(codec: super::Codec) -> Option<Self> {
        match codec {
            super::Codec::G722 => Some(Self::G722),
            super::Codec::Opus => Some(Self::Opus),
            super::Codec::Pcma | super::Codec::Pcmu => None,
        }
    }
}

/// A prompt as packets of Opus, 20 ms each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpusClip {
    octets: Arc<[u8]>,
    ends: Arc<[u32]>,
}

impl OpusClip {
    /// Takes packets that were encoded before: their octets, one after the other, and where each ends. `None` when the
    /// ends do not rise to the last octet, or a packet is longer than [`MAX_OPUS`].
    #[must_use]
    pub fn from_parts(octets: Arc<[u8]>, ends: Arc<[u32]>) -> Option<Self> {
        let mut before = 0;
        for &end in ends.iter() {
            if end <= before || end - before > u32::try_from(MAX_OPUS).ok()? {
                return None;
            }
            before = end;
        }
        (usize::try_from(before).ok()? == octets.len()).then_some(Self { octets, ends })
    }

    /// The packets' octets, one after the other, and where each ends.
    #[must_use]
    pub fn parts(&self) -> (&[u8], &[u32]) {
        (&self.octets, &self.ends)
    }

    /// How many packets it has.
    #[must_use]
    pub fn packets(&self) -> usize {
        self.ends.len()
    }

    /// One packet, from 0; `None` beyond the last.
    #[must_use]
    pub fn packet(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let begin = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.octets.get(begin as usize..end as usize)
    }

    /// The octets held in memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.octets.len() + self.ends.len() * size_of::<u32>()
    }
}

/// Encodes 16 kHz samples as G.722: an octet for two.
#[must_use]
pub fn g722(samples: &[i16]) -> Arc<[u8]> {
    let mut encoder = g722::Encoder::default();
    samples.as_chunks().0.iter().map(|pair| encoder.encode(*pair)).collect()
}

/// Encodes 16 kHz samples as Opus; `None` when the encoder cannot be had. A last packet that is not full is filled
/// with silence, or left out when it is less than half and silent.
#[must_use]
pub fn opus(samples: &[i16]) -> Option<OpusClip> {
    let mut encoder = opus_encoder(16_000)?;
    let (mut octets, mut ends) = (Vec::new(), Vec::new());
    let mut packet = [0; MAX_OPUS];
    for frame in samples.chunks(WIDE_FRAME) {
        let is_rest = frame.len() < WIDE_FRAME / 2 && frame.iter().all(|sample| sample.unsigned_abs() < SILENT);
        if is_rest && !ends.is_empty() {
            break;
        }
        let mut full = [0; WIDE_FRAME];
        full[..frame.len()].copy_from_slice(frame);
        let length = encoder.encode(&full, &mut packet).ok()?;
        octets.extend_from_slice(packet.get(..length)?);
        ends.push(u32::try_from(octets.len()).ok()?);
    }
    OpusClip::from_parts(octets.into(), ends.into())
}

/// An encoder of ours for samples of this rate, mono.
pub(super) fn opus_encoder(rate: u32) -> Option<opus::Encoder> {
    let mut encoder = opus::Encoder::new(rate, Channels::Mono, Application::Voip).ok()?;
    encoder.set_bitrate(Bitrate::Bits(OPUS_BITS)).ok()?;
    encoder.set_signal(Signal::Voice).ok()?;
    encoder.set_complexity(5).ok()?;
    Some(encoder)
}

/// The packet of 20 ms of silence; empty when there is no encoder.
pub fn opus_silence() -> &'static [u8] {
    static READY: OnceLock<Vec<u8>> = OnceLock::new();
    READY.get_or_init(|| opus(&[0; WIDE_FRAME]).and_then(|clip| clip.packet(0).map(<[u8]>::to_vec)).unwrap_or_default())
}
