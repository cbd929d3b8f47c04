//! Prompts as the octets that go on the wire: encoded once, at load, then only copied.

use super::wide::OpusClip;
use super::{Codec, FRAME_SAMPLES, SAMPLE_RATE, Wide, g711};
use crate::model::PromptId;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// One prompt as the octets of the codecs a leg may speak. G.711 is always there; the wide-band codecs when their set
/// was loaded ([`PromptFrames::with_wide`]), from the best source there is.
#[derive(Clone, Debug)]
pub struct EncodedPrompt {
    pcma: Arc<[u8]>,
    pcmu: Arc<[u8]>,
    g722: Option<Arc<[u8]>>,
    opus: Option<OpusClip>,
}

/// One prompt in a wide-band codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WidePrompt {
    /// As octets of 1/8000 s.
    G722(Arc<[u8]>),
    /// As packets of 20 ms.
    Opus(OpusClip),
}

impl WidePrompt {
    /// Which codec it is in.
    const fn wide(&self) -> Wide {
        match self {
            Self::G722(_) => Wide::G722,
            Self::Opus(_) => Wide::Opus,
        }
    }
}

impl EncodedPrompt {
    /// Encodes linear samples at 8 kHz mono as G.711.
    #[must_use]
    pub fn encode(samples: &[i16]) -> Self {
        let octets = |codec| samples.iter().map(|&sample| g711::encode(codec, sample)).collect();
        Self { pcma: octets(Codec::Pcma), pcmu: octets(Codec::Pcmu), g722: None, opus: None }
    }

    /// Takes octets that were encoded before, PCMA and PCMU; `None` when their lengths differ.
    #[must_use]
    pub fn from_octets(a_law: Arc<[u8]>, mu_law: Arc<[u8]>) -> Option<Self> {
        (a_law.len() == mu_law.len()).then_some(Self { pcma: a_law, pcmu: mu_law, g722: None, opus: None })
    }

    /// The octets in one codec, one for each unit of 1/8000 s: those of G.722 may be one fewer. Empty for Opus, and
    /// for G.722 while it is not loaded.
    #[must_use]
    pub fn octets(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.pcma,
            Codec::Pcmu => &self.pcmu,
            Codec::G722 => self.g722.as_deref().unwrap_or_default(),
            Codec::Opus => &[],
        }
    }

    /// The packet of Opus at this many units after the beginning, if there is one.
    #[must_use]
    pub fn opus_packet(&self, units: usize) -> Option<&[u8]> {
        self.opus.as_ref()?.packet(units / FRAME_SAMPLES)
    }

    /// Its length in units as it is played in a codec: whole packets of Opus, else [`EncodedPrompt::samples`].
    #[must_use]
    pub fn units(&self, codec: Codec) -> usize {
        match (codec, &self.opus) {
            (Codec::Opus, Some(clip)) => clip.packets() * FRAME_SAMPLES,
            (Codec::Opus, None) => self.samples().next_multiple_of(FRAME_SAMPLES),
            (Codec::Pcma | Codec::Pcmu | Codec::G722, _) => self.samples(),
        }
    }

    /// Takes over a wide-band form of it.
    pub(super) fn set_wide(&mut self, wide: WidePrompt) {
        match wide {
            WidePrompt::G722(octets) => self.g722 = Some(octets),
            WidePrompt::Opus(clip) => self.opus = Some(clip),
        }
    }

    fn has_wide(&self, wide: Wide) -> bool {
        match wide {
            Wide::G722 => self.g722.is_some(),
            Wide::Opus => self.opus.is_some(),
        }
    }

    fn memory(&self) -> usize {
        2 * self.samples()
            + self.g722.as_ref().map_or(0, |octets| octets.len())
            + self.opus.as_ref().map_or(0, OpusClip::memory)
    }

    /// Its length in samples.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.pcma.len()
    }

    /// Its length in time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let nanos = self.samples() as u64 * 1_000_000_000 / u64::from(SAMPLE_RATE);
        Duration::from_nanos(nanos)
    }
}

/// Every prompt there is, encoded. Immutable: a changed folder makes a new one, and what plays keeps the old.
#[derive(Clone, Debug, Default)]
pub struct PromptFrames {
    prompts: HashMap<PromptId, EncodedPrompt>,
}

impl PromptFrames {
    /// The prompt of an id, or `None` when there is no such recording.
    #[must_use]
    pub fn get(&self, prompt: &PromptId) -> Option<&EncodedPrompt> {
        self.prompts.get(prompt)
    }

    /// How long a prompt plays, or `None` when there is no such recording.
    #[must_use]
    pub fn duration(&self, prompt: &PromptId) -> Option<Duration> {
        self.get(prompt).map(EncodedPrompt::duration)
    }

    /// Takes over what only `other` has: prompts that calls in progress may still need.
    pub fn keep(&mut self, other: &Self) {
        for (id, prompt) in &other.prompts {
            self.prompts.entry(id.clone()).or_insert_with(|| prompt.clone());
        }
    }

    /// How many prompts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prompts.len()
    }

    /// Whether there is no prompt at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    /// The octets held in memory, all codecs together.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.prompts.values().map(EncodedPrompt::memory).sum()
    }

    /// The same prompts with these, in a wide-band codec, beside them; ids that are not there are passed over.
    #[must_use]
    pub fn with_wide(&self, wide: impl IntoIterator<Item = (PromptId, WidePrompt)>) -> Self {
        let mut prompts = self.clone();
        for (id, clip) in wide {
            // What is there stays: it was made of the same samples, as the signals are.
            if let Some(prompt) = prompts.prompts.get_mut(&id).filter(|prompt| !prompt.has_wide(clip.wide())) {
                prompt.set_wide(clip);
            }
        }
        prompts
    }

    /// The same prompts with what `other` has in wide-band codecs of the same recordings.
    #[must_use]
    pub fn with_wide_of(&self, other: &Self) -> Self {
        let mut prompts = self.clone();
        for (id, prompt) in &mut prompts.prompts {
            if let Some(known) = other.prompts.get(id).filter(|known| known.pcma == prompt.pcma) {
                prompt.g722 = prompt.g722.take().or_else(|| known.g722.clone());
                prompt.opus = prompt.opus.take().or_else(|| known.opus.clone());
            }
        }
        prompts
    }

    /// The prompts that are not there in a wide-band codec.
    pub fn without_wide(&self, wide: Wide) -> impl Iterator<Item = &PromptId> {
        self.prompts.iter().filter(move |(_, prompt)| !prompt.has_wide(wide)).map(|(id, _)| id)
    }
}

impl Extend<(PromptId, EncodedPrompt)> for PromptFrames {
    fn extend<I: IntoIterator<Item = (PromptId, EncodedPrompt)>>(&mut self, prompts: I) {
        self.prompts.extend(prompts);
    }
}

impl FromIterator<(PromptId, EncodedPrompt)> for PromptFrames {
    fn from_iter<I: IntoIterator<Item = (PromptId, EncodedPrompt)>>(prompts: I) -> Self {
        Self { prompts: prompts.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_one_octet_a_sample_in_each_codec() {
        let prompt = EncodedPrompt::encode(&[0; 8_000]);
        assert_eq!(prompt.duration(), Duration::from_secs(1));
        for codec in [Codec::Pcma, Codec::Pcmu] {
            assert!(prompt.octets(codec).iter().all(|&octet| octet == codec.silence()));
            assert_eq!(prompt.octets(codec).len(), 8_000);
        }
        let id = PromptId::new("ru/greeting.1");
        let frames: PromptFrames = [(id.clone(), prompt)].into_iter().collect();
        assert_eq!(frames.duration(&id), Some(Duration::from_secs(1)));
        assert_eq!(frames.duration(&PromptId::new("ru/none")), None);
        assert_eq!(frames.memory(), 16_000);
    }
}
