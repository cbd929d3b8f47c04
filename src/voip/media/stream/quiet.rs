//! Telephones that suppress silence: the level of their background instead of sound (RFC 3389).

use super::{Outbox, Relayed, Stream};
use crate::model::Instant;
use crate::voip::audio::{ComfortFrames, NoiseLevel};
use crate::voip::rtp::{Arrival, Packet};

impl Stream {
    /// The peer says nothing from here on: what the other side and a recording hear of it.
    pub(super) fn receive_quiet<'a>(
        &mut self,
        now: Instant,
        packet: &Packet<'a>,
        arrival: Arrival,
        out: &mut Outbox,
    ) -> Option<Relayed<'a>> {
        let level = NoiseLevel::parse(packet.payload)?;
        if arrival == Arrival::Late || !self.negotiated.direction.receives() {
            return None;
        }
        let hidden = self.is_hidden();
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !self.taping.by_room) {
            let level = (!hidden).then_some(level);
            recorder.take_quiet(now, (packet.ssrc, packet.timestamp), level, &mut out.recorded);
        }
        Some(Relayed::Quiet(level))
    }

    /// The other leg says nothing: until it does again, noise of this level is heard in place of it. Frames go on as
    /// always, whether or not this leg knows comfort noise, so that what lies between is kept open.
    pub(in crate::voip::media) fn relay_quiet(&mut self, level: NoiseLevel) {
        let codec = self.negotiated.codec;
        match &mut self.comfort {
            Some(comfort) if comfort.codec() == codec => comfort.set_level(level),
            Some(_) | None => {
                self.comfort = Some(Box::new(ComfortFrames::new(codec, level, self.sender.ssrc().0)));
            }
        }
        // The noise begins with the next frame, not when the patience with the flow has ended.
        self.relay.interrupt();
    }
}
