//! Prompts as the octets that go on the wire: encoded once, at load, then only copied.

use super::{Codec, SAMPLE_RATE, g711};
use crate::model::PromptId;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// One prompt in every codec a leg may speak: 8 kHz mono, one octet a sample.
#[derive(Clone, Debug)]
pub struct EncodedPrompt {
    pcma: Arc<[u8]>,
    pcmu: Arc<[u8]>,
}

impl EncodedPrompt {
    /// Encodes linear samples at 8 kHz mono.
    #[must_use]
    pub fn encode(samples: &[i16]) -> Self {
        let octets = |codec| samples.iter().map(|&sample| g711::encode(codec, sample)).collect();
        Self { pcma: octets(Codec::Pcma), pcmu: octets(Codec::Pcmu) }
    }

    /// Takes octets that were encoded before, PCMA and PCMU; `None` when their lengths differ.
    #[must_use]
    pub fn from_octets(a_law: Arc<[u8]>, mu_law: Arc<[u8]>) -> Option<Self> {
        (a_law.len() == mu_law.len()).then_some(Self { pcma: a_law, pcmu: mu_law })
    }

    /// The octets in one codec.
    #[must_use]
    pub fn octets(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.pcma,
            Codec::Pcmu => &self.pcmu,
        }
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
        self.prompts.values().map(|prompt| prompt.samples() * Codec::PREFERRED.len()).sum()
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
        for codec in Codec::PREFERRED {
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
