//! A stream changes over to another media thread, where who it is to talk with is.

use super::{MediaCore, Stream};
use crate::model::Instant;
use crate::voip::media::recorder::Part;
use crate::voip::media::vocabulary::{RecordingEnd, StreamId};

/// A stream between two threads: all of it but its conversation.
#[derive(Debug)]
pub struct Moving {
    id: StreamId,
    stream: Box<Stream>,
}

impl MediaCore {
    /// Lets a stream go: out of its conversation, and with the recording of that ended. What plays and what is recorded
    /// of itself goes on where it is taken.
    pub fn release(&mut self, now: Instant, id: StreamId) -> Option<Moving> {
        self.unbridge(id);
        self.leave_room(id);
        let part = self.stream(id)?.recorder_part();
        if part.is_some_and(|part| part != Part::Whole) {
            self.end_recording(now, id, RecordingEnd::Stopped);
        }
        self.unseat(id).map(|stream| Moving { id, stream })
    }

    /// Takes a stream that another thread let go.
    pub fn adopt(&mut self, moving: Moving) {
        self.seat(moving.id, moving.stream);
    }
}
