//! Keys that did not come as events go on as events to those who hear the leg.

use super::MediaCore;
use crate::model::{Digit, Instant};
use crate::voip::dtmf::KeySource;
use crate::voip::media::vocabulary::StreamId;

impl MediaCore {
    /// A key came by SIP INFO.
    pub(super) fn info_key(&mut self, now: Instant, id: StreamId, digit: Digit) {
        let Some(index) = self.index_of(id) else { return };
        let Some(stream) = &mut self.streams[index] else { return };
        stream.key(now, KeySource::Info, digit, &mut self.out);
        self.pass_key(id);
    }

    /// Sends the key that a stream brought by INFO or as tones to the other leg of its bridge, or to those who speak
    /// with it in its conversation.
    pub(super) fn pass_key(&mut self, id: StreamId) {
        let Some(stream) = self.stream(id) else { return };
        let Some(digit) = stream.take_passed() else { return };
        let listeners = match stream.peer() {
            Some(peer) => vec![peer],
            None => self.takes_keys_of(id),
        };
        for listener in listeners {
            if let Some(stream) = self.stream(listener) {
                stream.send_digit(digit);
            }
        }
    }
}
