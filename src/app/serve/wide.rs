//! Prompts for wide-band calls: made ready beside the calls, when the exchange asks for them.

use crate::app::config::Config;
use crate::io::prompts::load_wide;
use crate::model::PromptId;
use crate::voip::audio::{PromptFrames, Wide, WidePrompt};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// The prompts of a wide-band codec, ready to be played.
pub(super) struct Prepared {
    /// The codec.
    pub wide: Wide,
    prompts: Vec<(PromptId, WidePrompt)>,
}

/// The prompts that are played, and the wide-band codecs they are wanted in.
pub(super) struct WidePrompts {
    config: Arc<Config>,
    played: Arc<PromptFrames>,
    wanted: Vec<Wide>,
    done: Sender<Prepared>,
}

impl WidePrompts {
    pub fn new(config: Arc<Config>, played: Arc<PromptFrames>, done: Sender<Prepared>) -> Self {
        Self { config, played, wanted: Vec::new(), done }
    }

    /// Makes the prompts ready in a codec; `Prepared` comes when they are.
    pub fn prepare(&mut self, wide: Wide) {
        if !self.wanted.contains(&wide) {
            self.wanted.push(wide);
        }
        let (config, played, done) = (self.config.clone(), self.played.clone(), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let name = match wide {
                Wide::G722 => "prompts.g722.cache",
                Wide::Opus => "prompts.opus.cache",
            };
            let prompts = load_wide(&config.prompts, &config.data.join(name), wide, &played);
            if done.blocking_send(Prepared { wide, prompts }).is_err() {
                tracing::debug!("the server stopped before the prompts were ready");
            }
        });
    }

    /// What is played from now on.
    pub fn take(&mut self, prepared: Prepared) -> Arc<PromptFrames> {
        self.played = Arc::new(self.played.with_wide(prepared.prompts));
        tracing::info!(codec = ?prepared.wide, octets = self.played.memory(), "prompts are ready for wide-band calls");
        self.played.clone()
    }

    /// Other prompts are played from now on; recordings that are as before keep what was made of them, the others are
    /// made ready again.
    pub fn replace(&mut self, prompts: &PromptFrames) -> Arc<PromptFrames> {
        self.played = Arc::new(prompts.with_wide_of(&self.played));
        for wide in self.wanted.clone() {
            if self.played.without_wide(wide).next().is_some() {
                self.prepare(wide);
            }
        }
        self.played.clone()
    }
}
