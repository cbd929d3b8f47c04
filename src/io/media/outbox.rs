//! What a media thread tells, over a bounded channel that it never waits for.

use super::MediaOutput;
use crate::voip::media::MediaEvent;
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// The most that waits while nobody takes: minutes of a busy thread.
const MOST: usize = 65_536;
/// From here on only what a call cannot do without is kept.
const CROWDED: usize = MOST / 2;

/// The sending end of one thread. What does not fit into the channel waits here in its order and is tried again a
/// millisecond later.
#[derive(Debug)]
pub struct Outbox {
    channel: mpsc::Sender<MediaOutput>,
    waiting: VecDeque<MediaOutput>,
    lost: u64,
}

impl Outbox {
    pub const fn new(channel: mpsc::Sender<MediaOutput>) -> Self {
        Self { channel, waiting: VecDeque::new(), lost: 0 }
    }

    /// Tells an event, now or later.
    pub fn push(&mut self, event: MediaEvent) {
        let output = MediaOutput::Event(event);
        let refused = if self.waiting.is_empty() {
            match self.channel.try_send(output) {
                // Closed: the server is going down, and nobody is left to tell.
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(output)) => output,
            }
        } else {
            output
        };
        let room = if is_vital(&refused) { MOST } else { CROWDED };
        if self.waiting.len() < room {
            self.waiting.push_back(refused);
        } else {
            self.lost += 1;
            if self.lost.is_power_of_two() {
                tracing::error!(lost = self.lost, "media events are not taken in time and are lost");
            }
        }
    }

    /// Tries again what waits.
    pub fn flush(&mut self) {
        while let Some(output) = self.waiting.pop_front() {
            match self.channel.try_send(output) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(output)) => return self.waiting.push_front(output),
                Err(mpsc::error::TrySendError::Closed(_)) => return self.waiting.clear(),
            }
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// Whether a call would hang or lose a key without it.
const fn is_vital(output: &MediaOutput) -> bool {
    match output {
        MediaOutput::Event(event) => match event {
            MediaEvent::Digit { .. }
            | MediaEvent::Refused { .. }
            | MediaEvent::PlaybackEnded { .. }
            | MediaEvent::RecordingEnded { .. }
            | MediaEvent::Closed { .. } => true,
            MediaEvent::FirstPacket { .. } | MediaEvent::MissingPrompt { .. } | MediaEvent::Silent { .. } => false,
        },
        MediaOutput::RecordingStored { .. } | MediaOutput::RecordingFailed { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digit, Instant};
    use crate::voip::media::StreamId;

    fn key(event: u8) -> MediaEvent {
        let digit = Digit::from_event(event).expect("a key");
        MediaEvent::Digit { stream: StreamId(1), digit, at: Instant::ZERO }
    }

    #[test]
    fn keys_survive_a_consumer_that_sleeps_in_their_order() {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut outbox = Outbox::new(sender);
        for event in 0..10 {
            outbox.push(key(event));
        }
        let mut taken = Vec::new();
        while taken.len() < 10 {
            outbox.flush();
            while let Ok(output) = receiver.try_recv() {
                taken.push(output);
            }
        }
        assert!(taken.into_iter().eq((0..10).map(|event| MediaOutput::Event(key(event)))));
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_waits_has_a_limit_and_keys_have_the_most_room() {
        let (sender, _receiver) = mpsc::channel(1);
        let mut outbox = Outbox::new(sender);
        for _ in 0..=CROWDED + 5 {
            outbox.push(MediaEvent::Silent { stream: StreamId(1) });
        }
        assert_eq!((outbox.waiting.len(), outbox.lost), (CROWDED, 5));
        for _ in 0..MOST {
            outbox.push(key(1));
        }
        assert_eq!(outbox.waiting.len(), MOST);
    }

    #[test]
    fn nothing_waits_for_a_consumer_that_is_gone() {
        let (sender, receiver) = mpsc::channel(1);
        let mut outbox = Outbox::new(sender);
        outbox.push(key(1));
        outbox.push(key(2));
        drop(receiver);
        outbox.flush();
        assert!(outbox.is_empty());
    }
}
