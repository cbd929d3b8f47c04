//! Recordings of one stream, and of a conversation: of its two sides, however many speak on the right one.

use super::MediaCore;
use crate::model::Instant;
use crate::voip::audio::Rate;
use crate::voip::media::pacing::Seat;
use crate::voip::media::recorder::{Part, Recorder};
use crate::voip::media::vocabulary::{RecordingEnd, RecordingId, RecordingRules, StreamId};
use std::time::Duration;

impl MediaCore {
    pub(super) fn record(&mut self, now: Instant, id: StreamId, recording: RecordingId, rules: RecordingRules) {
        self.end_recording(now, id, RecordingEnd::Stopped);
        if let Some(stream) = self.stream(id) {
            stream.set_recorder(Some(Recorder::new(recording, rules, (Part::Whole, Rate::Narrow), now)));
        }
    }

    pub(super) fn record_talk(
        &mut self,
        now: Instant,
        (id, other): (StreamId, StreamId),
        recording: RecordingId,
        max: Duration,
    ) {
        if id == other || self.index_of(id).is_none() || self.index_of(other).is_none() {
            return;
        }
        let rules = RecordingRules { max, stop_on: None, silence: None };
        let is_wide = [id, other].into_iter().any(|id| self.stream(id).is_some_and(|leg| leg.codec().is_wide()));
        let rate = if is_wide { Rate::Wide } else { Rate::Narrow };
        for (id, part) in [(id, Part::Left { other }), (other, Part::Right { of: id })] {
            self.end_recording(now, id, RecordingEnd::Stopped);
            if let Some(stream) = self.stream(id) {
                stream.set_recorder(Some(Recorder::new(recording, rules, (part, rate), now)));
            }
        }
        self.hush(id);
        self.note_tape(id);
    }

    /// Ends a stream's recording; that of a conversation in both channels when it is the left one's.
    pub(super) fn end_recording(&mut self, now: Instant, id: StreamId, reason: RecordingEnd) {
        if let Some(right) = self.right_of(id) {
            self.let_end(now, right, reason);
        }
        self.let_end(now, id, reason);
    }

    fn let_end(&mut self, now: Instant, id: StreamId, reason: RecordingEnd) {
        let Some(index) = self.index_of(id) else { return };
        if let Some(stream) = &mut self.streams[index] {
            stream.end_recording(now, reason, &mut self.out);
        }
    }

    /// While on: the stream's keys and sound reach neither the other leg nor a recording, and of a conversation
    /// neither channel is recorded.
    pub(super) fn set_secret(&mut self, id: StreamId, on: bool) {
        if let Some(stream) = self.stream(id) {
            stream.set_secret(on);
        }
        self.hush(id);
    }

    /// Tells both sides of a recorded conversation whether one of them enters a secret.
    fn hush(&mut self, id: StreamId) {
        let Some(other) = self.partner(id) else { return };
        let secret = [id, other].into_iter().any(|id| self.stream(id).is_some_and(|stream| stream.is_secret()));
        for id in [id, other] {
            if let Some(stream) = self.stream(id) {
                stream.set_hushed(secret);
            }
        }
    }

    /// Notes whether a recorded caller is in a conversation of several: then the right channel is what all others say
    /// there, and not the packets of one of them.
    pub(super) fn note_tape(&mut self, left: StreamId) {
        let Some(right) = self.right_of(left) else { return };
        let mixed = self.stream(left).is_some_and(|stream| stream.is_in_room());
        if let Some(stream) = self.stream(right) {
            stream.set_taped_by_room(mixed);
        }
    }

    /// Puts what a recorded member of a conversation of several hears in this frame on the right channel.
    pub(super) fn tape(&mut self, room: usize, members: &[StreamId], due: Instant) {
        for &left in members {
            let Some(index) = self.right_of(left).and_then(|right| self.index_of(right)) else { continue };
            let hears = self.stream(left).is_some_and(|stream| stream.hears_talk());
            let Some(room) = self.rooms.get(room) else { return };
            if let Some(stream) = &mut self.streams[index] {
                stream.set_unheard(!hears);
                stream.tape_mix(due, (&room.mix_for(left), room.rate()), &mut self.out.recorded);
            }
        }
    }

    /// Before a packet of a stream is taken: of what the left side of a recording does not hear, for music plays or it
    /// holds, the right channel has silence.
    pub(super) fn note_hearing(&mut self, seat: Seat) {
        let stream = self.streams.get(seat.index()).and_then(Option::as_ref);
        let Some(Part::Right { of }) = stream.and_then(|stream| stream.recorder_part()) else { return };
        let hears = self.stream(of).is_none_or(|left| left.hears_talk());
        if let Some(Some(stream)) = self.streams.get_mut(seat.index()) {
            stream.set_unheard(!hears);
        }
    }

    /// Whose recorder has the right channel of the conversation that is recorded for this stream.
    fn right_of(&mut self, left: StreamId) -> Option<StreamId> {
        match self.stream(left)?.recorder_part()? {
            Part::Left { other } => self.partner(left).filter(|partner| *partner == other),
            Part::Whole | Part::Right { .. } => None,
        }
    }

    /// The other side of the conversation that is recorded.
    fn partner(&mut self, id: StreamId) -> Option<StreamId> {
        let other = match self.stream(id)?.recorder_part()? {
            Part::Whole => return None,
            Part::Left { other } => other,
            Part::Right { of } => of,
        };
        // Another recording may have begun there meanwhile.
        match self.stream(other)?.recorder_part()? {
            Part::Left { other: back } | Part::Right { of: back } if back == id => Some(other),
            Part::Whole | Part::Left { .. } | Part::Right { .. } => None,
        }
    }
}
