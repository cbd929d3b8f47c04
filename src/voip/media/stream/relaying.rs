//! What a leg hears of the other leg of its bridge.

use super::super::bridge::{CONCEALABLE, Relay};
use super::super::packing::relayed_units;
use super::super::sieve::Sieve;
use super::super::vocabulary::{Datagram, StreamId};
use super::{FRAME_UNITS, Hearing, KeyPacket, MAX_PAYLOAD, Outbox, Sound, Stream, put};
use crate::model::Instant;
use crate::voip::audio::{Codec, FRAME_SAMPLES, Transcoder, g711, units_of};
use crate::voip::rtp::HEADER_LENGTH;

/// So many quiet packets certainly end a key that is heard.
const QUIET_ENDS_KEY: u32 = 3;

impl Sound<'_> {
    /// Codec, payload, and how many packets before it were lost.
    pub(in crate::voip::media) const fn parts(&self) -> (Codec, &[u8], u16) {
        (self.codec, self.payload, self.lost)
    }

    /// Whether it is a key that was told, as tones.
    pub(in crate::voip::media) const fn is_keyed(&self) -> bool {
        self.keyed
    }
}

impl Stream {
    pub(in crate::voip::media) const fn id(&self) -> StreamId {
        self.id
    }

    /// Whether it is in a conversation of several.
    pub(in crate::voip::media) const fn is_in_room(&self) -> bool {
        self.in_room
    }

    pub(in crate::voip::media) fn set_in_room(&mut self, in_room: bool) {
        self.in_room = in_room;
        self.relay = Relay::default();
    }

    pub(in crate::voip::media) const fn codec(&self) -> Codec {
        self.negotiated.codec
    }

    /// What of the peer's sound nobody needs at the moment.
    pub(in crate::voip::media) fn sieve(&self) -> Option<Sieve> {
        let heard = self.peer.is_some() || self.in_room || self.recorder.is_some();
        if heard || !self.shield.is_clear() {
            return None;
        }
        let codec = self.codec();
        let quiet = if self.listens_for_tones(codec) { Some(codec.law()?) } else { None };
        Some(Sieve { ssrc: self.receiver.ssrc()?, payload_type: self.negotiated.payload_type.receive, quiet })
    }

    /// So many packets of the peer's sound came, and nobody looked at them.
    pub(in crate::voip::media) fn left_out(&mut self, now: Instant, count: u32, out: &mut Outbox) {
        if count == 0 {
            return;
        }
        self.receiver.left_out(count);
        self.latch.carry_on(now);
        if let Hearing::Heard { last } = &mut self.hearing {
            *last = now;
        }
        let codec = self.codec();
        if self.listens_for_tones(codec) && codec.law().is_some() {
            // They were quiet: a key before them has ended.
            for _ in 0..count.min(QUIET_ENDS_KEY) {
                self.hear_tones(now, codec, &[codec.silence(); FRAME_SAMPLES], out);
            }
        }
    }

    /// Whether this leg hears the bridge at the moment, and not a prompt or a key of ours.
    fn hears_relay(&self) -> bool {
        self.may_send() && self.player.is_none() && self.pressing.is_none()
    }

    pub(in crate::voip::media) fn interrupt_relay(&mut self) {
        self.comfort = None;
        self.relay.interrupt();
    }

    /// Sends the other leg's sound on.
    pub(in crate::voip::media) fn relay_sound(
        &mut self,
        now: Instant,
        sound: &Sound<'_>,
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        if !self.hears_relay() || sound.payload.is_empty() {
            return;
        }
        self.comfort = None;
        if sound.keyed && self.negotiated.telephone_event.is_some() {
            // It goes on as an event, and must not be heard a second time.
            self.relay.interrupt();
            return;
        }
        let ours = self.negotiated.codec;
        let table = g711::transcoder(sound.codec, ours);
        if sound.codec != ours && table.is_none() {
            self.relay_transcoded(now, sound, send);
            return;
        }
        let mut buffer = [0; HEADER_LENGTH + MAX_PAYLOAD];
        let Some(bytes) = buffer.get_mut(..HEADER_LENGTH + sound.payload.len()) else { return };
        match table {
            None => bytes[HEADER_LENGTH..].copy_from_slice(sound.payload),
            Some(table) => {
                for (out, octet) in bytes[HEADER_LENGTH..].iter_mut().zip(sound.payload) {
                    *out = table[usize::from(*octet)];
                }
            }
        }
        let units = units_of(sound.codec, sound.payload);
        let samples = u32::try_from(units).unwrap_or(0);
        let before = self.sender.end();
        let (timestamp, anew) = self.relay.place(now, (sound.source, sound.timestamp), samples, &mut self.sender);
        let marker = anew || sound.marker;
        let wanted = relayed_units(self.negotiated.ptime);
        if units == wanted || ours == Codec::Opus {
            self.flush_packing(send);
            if !anew && sound.lost <= CONCEALABLE {
                self.sender.skip(sound.lost);
            }
            self.send_rtp(self.negotiated.payload_type.send, marker, timestamp, bytes, send);
            return;
        }
        if !anew && sound.lost > 0 && sound.lost <= CONCEALABLE {
            // The hole, in packets of this leg's length.
            self.flush_packing(send);
            let hole = before.map_or(0, |end| usize::try_from(timestamp.after(end)).unwrap_or(0));
            self.sender.skip(u16::try_from(hole / wanted).unwrap_or(0));
        }
        self.send_in_packets(wanted, (marker, timestamp), bytes, send);
    }

    /// Sends the other leg's sound on in this leg's codec, for the two have none in common.
    fn relay_transcoded(&mut self, now: Instant, sound: &Sound<'_>, send: &mut impl FnMut(Datagram<'_>)) {
        let (theirs, ours) = (sound.codec, self.negotiated.codec);
        let kept = self.transcoder.take().filter(|one| one.is_between(theirs, ours));
        let mut transcoder = kept.unwrap_or_else(|| Box::new(Transcoder::new(theirs, ours)));
        if sound.marker || sound.lost > 0 {
            transcoder.restart();
        }
        transcoder.transcode(sound.payload, |offset, payload| {
            let timestamp = sound.timestamp.plus(offset.cast_unsigned());
            let (timestamp, anew) = self.relay.place(now, (sound.source, timestamp), FRAME_UNITS, &mut self.sender);
            let mut buffer = [0; HEADER_LENGTH + FRAME_SAMPLES];
            let length = put(&mut buffer, payload);
            if let Some(bytes) = buffer.get_mut(..length) {
                self.send_packed(anew || sound.marker, timestamp, bytes, send);
            }
        });
        self.transcoder = Some(transcoder);
    }

    /// Sends what the others of a conversation of several say, one frame in this leg's codec.
    pub(in crate::voip::media) fn send_mixed(
        &mut self,
        due: Instant,
        payload: &[u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        if !self.hears_relay() {
            return;
        }
        let (timestamp, marker) = self.sender.claim(due, FRAME_UNITS);
        let mut buffer = [0; HEADER_LENGTH + MAX_PAYLOAD];
        let length = put(&mut buffer, payload);
        if let Some(bytes) = buffer.get_mut(..length) {
            self.send_packed(marker, timestamp, bytes, send);
        }
    }

    /// Sends the other leg's key on.
    pub(in crate::voip::media) fn relay_key(
        &mut self,
        now: Instant,
        key: &KeyPacket,
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        let Some(pair) = self.negotiated.telephone_event else { return };
        if !self.hears_relay() {
            return;
        }
        self.flush_packing(send);
        let timestamp = self.relay.place_event(now, (key.source, key.timestamp), &self.sender);
        let mut bytes = [0; HEADER_LENGTH + 4];
        let event = key.event.at_clock(key.clock_rate, self.negotiated.event_clock);
        bytes[HEADER_LENGTH..].copy_from_slice(&event.payload());
        self.send_rtp(pair.send, key.marker, timestamp, &mut bytes, send);
    }
}
