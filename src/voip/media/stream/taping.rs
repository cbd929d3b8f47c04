//! What of a stream is on the recording of its conversation.

use super::Stream;
use crate::model::Instant;
use crate::voip::audio::{FRAME_SAMPLES, Rate};
use crate::voip::media::room::Frame;
use crate::voip::media::vocabulary::Recorded;
use std::collections::VecDeque;

/// How the recorder of a stream takes what the peer says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taping {
    /// One side of the recorded conversation enters a secret: silence.
    pub(super) hushed: bool,
    /// The right channel is what all of a conversation of several say, and not this stream's packets.
    pub(super) by_room: bool,
    /// The other side of the recorded conversation hears nothing of it at the moment: silence.
    unheard: bool,
}

impl Stream {
    /// Whether the frames of a conversation of several are recorded in place of this stream's packets.
    pub(in crate::voip::media) const fn set_taped_by_room(&mut self, taped: bool) {
        self.taping.by_room = taped;
    }

    /// Whether this leg hears what is said to it: it does not hold, and nothing else plays.
    pub(in crate::voip::media) fn hears_talk(&self) -> bool {
        self.may_send() && self.player.is_none()
    }

    /// Whether the other side of the recorded conversation hears nothing of it.
    pub(in crate::voip::media) const fn set_unheard(&mut self, unheard: bool) {
        self.taping.unheard = unheard;
    }

    /// Whether silence is recorded in place of what the peer says.
    pub(super) const fn is_hidden(&self) -> bool {
        self.secret || self.taping.hushed || self.taping.unheard
    }

    /// Records a frame of a conversation of several.
    pub(in crate::voip::media) fn tape_mix(
        &mut self,
        due: Instant,
        (frame, rate): (&Frame, Rate),
        out: &mut VecDeque<Recorded>,
    ) {
        let Some(recorder) = self.recorder.as_mut().filter(|_| self.taping.by_room) else { return };
        let samples = FRAME_SAMPLES * rate.samples_per_unit();
        let hidden = self.taping.hushed || self.taping.unheard;
        recorder.take_mix(due, (frame.get(..samples).unwrap_or_default(), rate), hidden, out);
    }
}
