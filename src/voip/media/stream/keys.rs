//! A leg's keys: those that come, whichever way, and those that are sent to it.

use super::super::vocabulary::{Datagram, MediaEvent, RecordingEnd};
use super::{HEADER_LENGTH, KeyPacket, MAX_KEYS, Outbox, Relayed, Stream};
use crate::model::{Digit, Instant};
use crate::voip::audio::Codec;
use crate::voip::dtmf::{Event, EventSender, KeySource, Proof, Seen};
use crate::voip::rtp::{Arrival, Packet, RtpTimestamp};

impl Stream {
    pub(in crate::voip::media) fn send_digit(&mut self, digit: Digit) {
        if self.negotiated.telephone_event.is_some() && self.keys.len() < MAX_KEYS {
            self.keys.push_back(digit);
        }
    }

    /// A key was pressed: tells it once, whichever way it came; whether it counts.
    pub(in crate::voip::media) fn key(
        &mut self,
        now: Instant,
        source: KeySource,
        digit: Digit,
        out: &mut Outbox,
    ) -> bool {
        if !self.gate.admits(now, source, digit) {
            return false;
        }
        // The packets of an event are relayed as they come.
        self.passed = (source != KeySource::TelephoneEvent && !self.secret).then_some(digit);
        out.events.push_back(MediaEvent::Digit { stream: self.id, digit, at: now });
        if !self.secret && self.recorder.as_ref().is_some_and(|recorder| recorder.ends_at(digit)) {
            self.end_recording(now, RecordingEnd::Key, out);
        }
        true
    }

    pub(in crate::voip::media) const fn has_passed(&self) -> bool {
        self.passed.is_some()
    }

    /// The key that those who hear this leg are to be sent, for it did not come as an event.
    pub(in crate::voip::media) fn take_passed(&mut self) -> Option<Digit> {
        self.passed.take()
    }

    /// Whether keys may come as tones; the rule is written down at the detector.
    pub(super) fn listens_for_tones(&self, codec: Codec) -> bool {
        match self.gate.best() {
            Some(KeySource::TelephoneEvent | KeySource::Info) => false,
            Some(KeySource::Tone) => true,
            None => {
                let talks = self.peer.is_some() || self.in_room;
                self.negotiated.telephone_event.is_none() || (!talks && codec.law().is_some())
            }
        }
    }

    /// Listens for tones in a packet of G.711.
    pub(super) fn hear_tones(&mut self, now: Instant, codec: Codec, octets: &[u8], out: &mut Outbox) {
        let expected = self.negotiated.telephone_event.is_none() || self.gate.best() == Some(KeySource::Tone);
        self.tones.ask(if expected { Proof::Usual } else { Proof::Strong });
        let mut found = None;
        // Two keys do not fit into a packet.
        self.tones.hear(codec, octets, |digit| found = Some(digit));
        if let Some(digit) = found {
            self.key(now, KeySource::Tone, digit, out);
        }
    }

    pub(super) fn receive_key<'a>(
        &mut self,
        now: Instant,
        (packet, wire): (&Packet<'_>, RtpTimestamp),
        arrival: Arrival,
        out: &mut Outbox,
    ) -> Option<Relayed<'a>> {
        let event = Event::parse(packet.payload)?;
        let counts = match self.events.receive(now, (packet.ssrc, wire), event) {
            Seen::Pressed(digit) => self.key(now, KeySource::TelephoneEvent, digit, out),
            Seen::Held => true,
            // A flash is no key of ours, but perhaps one of the other leg.
            Seen::Nothing => !event.is_key(),
        };
        if !counts {
            self.events.disown(packet.ssrc);
        }
        let (source, timestamp) = (packet.ssrc, packet.timestamp);
        let clock_rate = self.negotiated.event_clock;
        let relayed = Relayed::Key(KeyPacket { source, timestamp, marker: packet.marker, event, clock_rate });
        (counts && arrival != Arrival::Late).then_some(relayed)
    }

    /// Sends the next packet of a key of ours, if one is being pressed.
    pub(super) fn send_key(&mut self, due: Instant, send: &mut impl FnMut(Datagram<'_>)) -> bool {
        let Some(pair) = self.negotiated.telephone_event else { return false };
        if self.pressing.as_ref().is_some_and(EventSender::is_over) {
            self.pressing = None;
        }
        if self.pressing.is_none()
            && let Some(digit) = self.keys.pop_front()
        {
            self.flush_packing(send);
            let (begun, _) = self.sender.claim(due, 0);
            self.relay.interrupt();
            self.pressing = Some(EventSender::new(digit, begun, self.negotiated.event_clock));
        }
        let Some(pressing) = &mut self.pressing else { return false };
        let (marker, begun) = (pressing.is_first(), pressing.begun());
        let Some(event) = pressing.next_event() else { return false };
        let mut bytes = [0; HEADER_LENGTH + 4];
        bytes[HEADER_LENGTH..].copy_from_slice(&event.payload());
        self.send_rtp(pair.send, marker, begun, &mut bytes, send);
        true
    }
}
