//! The media session of one leg.

mod keys;
mod quiet;
mod relaying;
mod taping;

use super::bridge::Relay;
use super::control::Control;
use super::hearing_aid::HearingAid;
use super::packing::{Packing, packet_units};
use super::player::Player;
use super::recorder::{Part, Recorder};
use super::shield::Shield;
use super::vocabulary::{Channel, Datagram, MediaEvent, Recorded, RecordingEnd, StreamId, StreamParams, StreamReport};
use super::wire_clock::WireClock;
use crate::model::{Digit, Instant};
use crate::voip::audio::wide::opus_silence;
use crate::voip::audio::{Codec, ComfortFrames, FRAME_SAMPLES, NoiseLevel, Transcoder};
use crate::voip::dtmf::{Event, EventReceiver, EventSender, KeyGate, ToneDetector};
use crate::voip::rtp::{
    Announced, Arrival, HEADER_LENGTH, Latch, Packet, PayloadType, Receiver, RtpTimestamp, Sender, SequenceNumber,
    Ssrc, Verdict,
};
use crate::voip::sdp::{Direction, Negotiated};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use taping::Taping;

/// The longest the first `Play` of a stream waits for the peer's first packet.
pub const LEAD_IN: Duration = Duration::from_millis(300);
/// The most keys of ours that wait to be sent.
const MAX_KEYS: usize = 32;
/// The largest payload that is relayed: 120 ms of G.711.
const MAX_PAYLOAD: usize = 960;
/// Comfort noise (RFC 3389): the level of the background while nothing is said. Telephones send it unasked too.
const COMFORT_NOISE: u8 = 13;
/// Samples of one frame as timestamp units.
const FRAME_UNITS: u32 = 160;

/// What the engine has to say, and a buffer for RTCP.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) events: VecDeque<MediaEvent>,
    pub(super) recorded: VecDeque<Recorded>,
    pub(super) scratch: Vec<u8>,
}

/// What of a packet the other leg of a bridge may hear.
pub(super) enum Relayed<'a> {
    Sound(Sound<'a>),
    Key(KeyPacket),
    /// Nothing is said: the level of the background.
    Quiet(NoiseLevel),
}

/// A packet of sound in order.
pub(super) struct Sound<'a> {
    source: Ssrc,
    timestamp: RtpTimestamp,
    marker: bool,
    lost: u16,
    codec: Codec,
    /// It is a key that was told, as tones.
    keyed: bool,
    payload: &'a [u8],
}

/// A packet of a key in order.
pub(super) struct KeyPacket {
    source: Ssrc,
    timestamp: RtpTimestamp,
    marker: bool,
    event: Event,
    /// The clock of its duration, Hz.
    clock_rate: u32,
}

/// One leg's media.
#[derive(Debug)]
pub(super) struct Stream {
    id: StreamId,
    negotiated: Negotiated,
    shield: Shield,
    wire_clock: WireClock,
    packing: Packing,
    hearing_aid: HearingAid,
    transcoder: Option<Box<Transcoder>>,
    silence_limit: Duration,
    opened: Instant,
    latch: Latch,
    sender: Sender,
    receiver: Receiver,
    control: Control,
    events: EventReceiver,
    gate: KeyGate,
    tones: ToneDetector,
    /// A key that came by INFO or as tones and that others are still to be sent.
    passed: Option<Digit>,
    player: Option<Player>,
    keys: VecDeque<Digit>,
    pressing: Option<EventSender>,
    peer: Option<StreamId>,
    relay: Relay,
    /// What is heard of the other leg while it says nothing.
    comfort: Option<Box<ComfortFrames>>,
    in_room: bool,
    secret: bool,
    recorder: Option<Recorder>,
    taping: Taping,
    hearing: Hearing,
    dropped: u64,
}

/// Whether and when the peer was heard.
#[derive(Clone, Copy, Debug)]
enum Hearing {
    /// Never yet; silence is counted from the opening.
    Never { since: Instant },
    /// Last at this time.
    Heard { last: Instant },
    /// Silent for the limit; `Silent` was told.
    Silent { ever: bool },
}

impl Stream {
    pub(super) fn new(now: Instant, id: StreamId, params: &StreamParams) -> Self {
        let negotiated = params.negotiated.clone();
        let shield = Shield::new(negotiated.srtp.as_ref());
        // Under SRTP the first round of sequence numbers must last until the peer has heard it (RFC 3711 §3.3.1).
        let most = if shield.is_clear() { u16::MAX } else { u16::MAX >> 1 };
        let first_sequence = SequenceNumber(params.first_sequence.0 & most);
        let mut sender = Sender::new(params.ssrc, first_sequence, params.first_timestamp, now);
        sender.set_clock_rate(negotiated.codec.clock_rate());
        Self {
            id,
            silence_limit: params.silence_limit,
            opened: now,
            latch: Latch::new(now, announced(&negotiated)),
            sender,
            shield,
            wire_clock: WireClock::default(),
            packing: Packing::default(),
            hearing_aid: HearingAid::default(),
            transcoder: None,
            receiver: Receiver::default(),
            control: Control::new(now, params.ssrc),
            events: EventReceiver::new(negotiated.event_clock),
            gate: KeyGate::default(),
            tones: ToneDetector::default(),
            passed: None,
            player: None,
            keys: VecDeque::new(),
            pressing: None,
            peer: None,
            relay: Relay::default(),
            comfort: None,
            in_room: false,
            secret: false,
            recorder: None,
            taping: Taping::default(),
            hearing: Hearing::Never { since: now },
            dropped: 0,
            negotiated,
        }
    }

    pub(super) fn update(&mut self, now: Instant, negotiated: Negotiated) {
        let was = self.negotiated.direction;
        // The old way of hold announces 0.0.0.0: the phone stays where it was.
        if is_reachable(negotiated.remote) {
            self.latch.announce(now, announced(&negotiated));
        }
        if was != negotiated.direction {
            // Silence during a hold is no silence: count anew.
            self.hearing = match self.hearing {
                Hearing::Never { .. } | Hearing::Silent { ever: false } => Hearing::Never { since: now },
                Hearing::Heard { .. } | Hearing::Silent { ever: true } => Hearing::Heard { last: now },
            };
        }
        if negotiated.codec != self.negotiated.codec {
            self.relay.interrupt();
            self.events = EventReceiver::new(negotiated.event_clock);
            self.transcoder = None;
            self.packing = Packing::default();
            self.sender.set_clock_rate(negotiated.codec.clock_rate());
        }
        self.shield.update(negotiated.srtp.as_ref());
        self.negotiated = negotiated;
    }

    pub(super) fn play(&mut self, mut player: Player) {
        if let Some(before) = self.player.take() {
            player.follow(before);
        }
        self.player = Some(player);
    }

    pub(super) fn stop(&mut self) {
        self.player = None;
    }

    pub(super) const fn peer(&self) -> Option<StreamId> {
        self.peer
    }

    pub(super) fn set_peer(&mut self, peer: Option<StreamId>) {
        self.peer = peer;
        self.relay = Relay::default();
        self.comfort = None;
    }

    pub(super) const fn is_secret(&self) -> bool {
        self.secret
    }

    pub(super) fn set_secret(&mut self, on: bool) {
        self.secret = on;
        if !on {
            // The last key of the secret goes with it.
            self.events.wipe();
            self.gate.wipe();
            self.tones.wipe();
        }
    }

    pub(super) fn set_recorder(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
        self.taping = Taping::default();
    }

    /// What of a recording this stream's recorder makes.
    pub(super) fn recorder_part(&self) -> Option<Part> {
        self.recorder.as_ref().map(Recorder::part)
    }

    /// Whether the other side of the recorded conversation enters a secret.
    pub(super) const fn set_hushed(&mut self, hushed: bool) {
        self.taping.hushed = hushed;
    }

    /// Ends what this stream's recorder makes. The end of a right channel is no end of a recording.
    pub(super) fn end_recording(&mut self, now: Instant, reason: RecordingEnd, out: &mut Outbox) {
        if let Some(mut recorder) = self.recorder.take() {
            recorder.finish(now, &mut out.recorded);
            if !matches!(recorder.part(), Part::Right { .. }) {
                let (recording, length) = (recorder.recording(), recorder.length());
                out.events.push_back(MediaEvent::RecordingEnded { stream: self.id, recording, reason, length });
            }
        }
    }

    pub(super) fn report(&self) -> StreamReport {
        StreamReport {
            sent: self.sender.packets(),
            received: self.receiver.received(),
            lost: self.receiver.lost(),
            dropped: self.dropped,
            jitter: self.receiver.jitter(),
            lost_at_peer: self.control.lost_at_peer(),
            round_trip: self.control.round_trip(),
        }
    }

    pub(super) fn say_goodbye(&mut self, now: Instant, scratch: &mut Vec<u8>, send: &mut impl FnMut(Datagram<'_>)) {
        self.control.write(now, &self.sender, &mut self.receiver, true, scratch);
        self.send_control(scratch, send);
    }

    fn send_control(&mut self, bytes: &[u8], send: &mut impl FnMut(Datagram<'_>)) {
        let Some(bytes) = self.shield.seal_rtcp(bytes) else { return };
        if self.negotiated.rtcp_mux {
            // One port for both (RFC 5761 §5.1): the latch says where the peer is.
            let to = self.latch.destination();
            if is_reachable(to) {
                send(Datagram { stream: self.id, channel: Channel::Rtp, to, bytes });
            }
            return;
        }
        let announced = self.latch.is_announced().then_some(self.negotiated.remote_rtcp);
        if let Some(to) = announced.or(self.control.learned()).filter(|to| is_reachable(*to)) {
            send(Datagram { stream: self.id, channel: Channel::Rtcp, to, bytes });
        }
    }

    /// Whether packets come and go as they are.
    pub(super) const fn is_clear(&self) -> bool {
        self.shield.is_clear()
    }

    /// Opens an encrypted datagram of either port; one that is damaged, repeated or under another key is counted.
    pub(super) fn open(&mut self, datagram: &[u8], clear: &mut Vec<u8>) -> bool {
        let opened = self.shield.open(datagram, clear);
        self.dropped += u64::from(!opened);
        opened
    }

    pub(super) fn receive_rtcp(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let near = from.ip() == self.latch.destination().ip();
        if !near || !self.control.receive(now, from, bytes, self.sender.ssrc(), self.receiver.ssrc()) {
            self.dropped += 1;
        } else if let Hearing::Heard { last } = &mut self.hearing {
            // A phone that suppresses silence still reports: it is there.
            *last = now;
        }
    }

    /// Takes a datagram of the RTP port; what is left for a bridge.
    pub(super) fn receive<'a>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bytes: &'a [u8],
        out: &mut Outbox,
    ) -> Option<Relayed<'a>> {
        if Packet::is_rtcp(bytes) {
            self.receive_rtcp(now, from, bytes);
            return None;
        }
        let typed = |packet: Packet<'a>| Some((packet, self.kind_of(packet.payload_type)?));
        let Some((mut packet, kind)) = Packet::parse(bytes).ok().and_then(typed) else {
            self.dropped += 1;
            return None;
        };
        let wire = packet.timestamp;
        match self.latch.judge(now, from, &packet, !self.shield.is_clear()) {
            Verdict::Accepted => {}
            Verdict::Beside if matches!(kind, Kind::Key) => {
                self.heard(now, out);
                return self.receive_key(now, (&packet, wire), Arrival::Start, out);
            }
            Verdict::Beside | Verdict::Refused => {
                self.dropped += 1;
                return None;
            }
        }
        packet.timestamp = self.wire_clock.units(packet.ssrc, wire, self.negotiated.codec.clock_rate());
        let arrival = self.receiver.receive(now, &packet, matches!(kind, Kind::Sound(_)));
        self.heard(now, out);
        match kind {
            Kind::Sound(codec) => self.receive_sound(now, codec, &packet, arrival, out),
            Kind::Key => self.receive_key(now, (&packet, wire), arrival, out),
            Kind::Comfort => self.receive_quiet(now, &packet, arrival, out),
        }
    }

    fn receive_sound<'a>(
        &mut self,
        now: Instant,
        codec: Codec,
        packet: &Packet<'a>,
        arrival: Arrival,
        out: &mut Outbox,
    ) -> Option<Relayed<'a>> {
        if !self.negotiated.direction.receives() || packet.payload.len() > MAX_PAYLOAD {
            return None;
        }
        let listens = arrival != Arrival::Late && self.listens_for_tones(codec);
        let mut aid = std::mem::take(&mut self.hearing_aid);
        let (law, octets) = aid.hear(codec, packet.payload, listens);
        if listens {
            self.hear_tones(now, law, octets, out);
        }
        let (source, timestamp) = (packet.ssrc, packet.timestamp);
        let hidden = self.is_hidden();
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !self.taping.by_room) {
            recorder.take(now, (source, timestamp), (codec, packet.payload), hidden, &mut out.recorded);
        }
        self.hearing_aid = aid;
        let lost = match arrival {
            Arrival::Start => 0,
            Arrival::Next { lost } => lost,
            Arrival::Late => return None,
        };
        let keyed = listens && self.tones.is_sounding();
        let (marker, payload) = (packet.marker, packet.payload);
        Some(Relayed::Sound(Sound { source, timestamp, marker, lost, codec, keyed, payload }))
    }

    /// What a payload type of the peer is; `None` for one that was not agreed on. The static types of G.711 are taken
    /// even when the answer named only one of them: a peer may use any codec of our offer. A number that means nothing
    /// else and that the peer gave in its own description is taken too: some send by those.
    fn kind_of(&self, payload_type: PayloadType) -> Option<Kind> {
        let agreed = &self.negotiated;
        let noise = agreed.comfort_noise.map_or(COMFORT_NOISE, |pair| pair.receive.number());
        let by_number = |codec: &Codec| codec.static_payload_type() == Some(payload_type.number());
        if agreed.telephone_event.is_some_and(|pair| pair.receive == payload_type) {
            Some(Kind::Key)
        } else if agreed.payload_type.receive == payload_type {
            Some(Kind::Sound(agreed.codec))
        } else if payload_type.number() == noise {
            Some(Kind::Comfort)
        } else if let Some(codec) = Codec::PREFERRED.into_iter().find(by_number) {
            Some(Kind::Sound(codec))
        } else if agreed.telephone_event.is_some_and(|pair| pair.send == payload_type) {
            Some(Kind::Key)
        } else {
            (agreed.payload_type.send == payload_type).then_some(Kind::Sound(agreed.codec))
        }
    }

    fn heard(&mut self, now: Instant, out: &mut Outbox) {
        if matches!(self.hearing, Hearing::Never { .. } | Hearing::Silent { ever: false }) {
            out.events.push_back(MediaEvent::FirstPacket { stream: self.id });
        }
        self.hearing = Hearing::Heard { last: now };
    }

    /// Sends what is due at `due`: one packet, unless the peer holds or a bridge's packets flow.
    pub(super) fn frame(&mut self, due: Instant, out: &mut Outbox, send: &mut impl FnMut(Datagram<'_>)) {
        self.check_hearing(due, out);
        if let Some(recorder) = &mut self.recorder
            && let Some(reason) = recorder.handle_timeout(due, &mut out.recorded)
        {
            self.end_recording(due, reason, out);
        }
        if self.control.is_due(due) {
            self.control.write(due, &self.sender, &mut self.receiver, false, &mut out.scratch);
            self.send_control(&out.scratch, send);
        }
        if due < self.opened || !self.may_send() {
            return;
        }
        if self.send_key(due, send) {
            return;
        }
        let led_in = !matches!(self.hearing, Hearing::Never { .. }) || due >= self.opened + LEAD_IN;
        let playing = self.player.is_some() && led_in;
        if !playing && (self.in_room || self.relay.is_flowing(due)) {
            return;
        }
        self.send_frame(due, playing, out, send);
    }

    fn send_frame(&mut self, due: Instant, playing: bool, out: &mut Outbox, send: &mut impl FnMut(Datagram<'_>)) {
        let codec = self.negotiated.codec;
        let (timestamp, mut marker) = self.sender.claim(due, FRAME_UNITS);
        let mut bytes = [codec.silence(); HEADER_LENGTH + FRAME_SAMPLES];
        let mut length = bytes.len();
        let mut player = self.player.take_if(|_| playing);
        if let Some(player) = &mut player {
            marker |= player.is_new();
            let was_over = player.is_over();
            let played = player.frame(codec, due, &mut bytes[HEADER_LENGTH..]);
            length = HEADER_LENGTH + played.length;
            if played.ended && !was_over {
                out.events.push_back(MediaEvent::PlaybackEnded { stream: self.id, playback: player.playback() });
            }
        } else if let Some(comfort) = &mut self.comfort {
            comfort.frame(&mut out.scratch);
            length = put(&mut bytes, &out.scratch);
        } else if codec == Codec::Opus {
            length = put(&mut bytes, opus_silence());
        }
        if playing {
            self.player = player.filter(Player::goes_on);
        }
        self.relay.interrupt();
        if let Some(bytes) = bytes.get_mut(..length) {
            self.send_packed(marker, timestamp, bytes, send);
        }
    }

    /// Sends a frame, in packets of the length that the peer asked for.
    fn send_packed(
        &mut self,
        marker: bool,
        timestamp: RtpTimestamp,
        bytes: &mut [u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        match packet_units(self.negotiated.ptime) {
            Some(units) if self.negotiated.codec != Codec::Opus => {
                self.send_in_packets(units, (marker, timestamp), bytes, send);
            }
            Some(_) | None => {
                self.flush_packing(send);
                self.send_rtp(self.negotiated.payload_type.send, marker, timestamp, bytes, send);
            }
        }
    }

    /// Sends a piece of sound in packets of so many units; what does not fill one waits for the next.
    fn send_in_packets(
        &mut self,
        units: usize,
        place: (bool, RtpTimestamp),
        bytes: &[u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        let payload_type = self.negotiated.payload_type.send;
        let mut packing = std::mem::take(&mut self.packing);
        let sound = bytes.get(HEADER_LENGTH..).unwrap_or_default();
        packing.push(units, place, sound, &mut |marker, timestamp, bytes| {
            self.send_rtp(payload_type, marker, timestamp, bytes, send);
        });
        self.packing = packing;
    }

    /// Sends what waits for a packet to be full: something else follows.
    fn flush_packing(&mut self, send: &mut impl FnMut(Datagram<'_>)) {
        if self.packing.is_empty() {
            return;
        }
        let payload_type = self.negotiated.payload_type.send;
        let mut packing = std::mem::take(&mut self.packing);
        packing.flush(&mut |marker, timestamp, bytes| self.send_rtp(payload_type, marker, timestamp, bytes, send));
        self.packing = packing;
    }

    /// Stamps the header before the payload in `bytes` and sends both.
    fn send_rtp(
        &mut self,
        payload_type: PayloadType,
        marker: bool,
        timestamp: RtpTimestamp,
        bytes: &mut [u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        let Some((header, payload)) = bytes.split_first_chunk_mut::<HEADER_LENGTH>() else { return };
        *header = self.sender.stamp(payload_type, marker, timestamp, payload);
        let to = self.latch.destination();
        if let Some(bytes) = self.shield.seal(bytes) {
            send(Datagram { stream: self.id, channel: Channel::Rtp, to, bytes });
        }
    }

    fn check_hearing(&mut self, due: Instant, out: &mut Outbox) {
        let (since, ever) = match self.hearing {
            Hearing::Never { since } => (since, false),
            Hearing::Heard { last } => (last, true),
            Hearing::Silent { .. } => return,
        };
        let flows = self.negotiated.direction == Direction::SendRecv;
        if flows && due.since(since) >= self.silence_limit {
            self.hearing = Hearing::Silent { ever };
            out.events.push_back(MediaEvent::Silent { stream: self.id });
        }
    }

    fn may_send(&self) -> bool {
        self.negotiated.direction.sends() && is_reachable(self.latch.destination())
    }
}

/// What a payload is to us.
#[derive(Clone, Copy)]
enum Kind {
    Sound(Codec),
    Key,
    Comfort,
}

/// Puts a payload behind the header's room; the length of both. One that is too long is left out.
fn put(bytes: &mut [u8], payload: &[u8]) -> usize {
    let end = HEADER_LENGTH + payload.len();
    let Some(room) = bytes.get_mut(HEADER_LENGTH..end) else { return HEADER_LENGTH };
    room.copy_from_slice(payload);
    end
}

/// What a description says of where the peer is.
const fn announced(negotiated: &Negotiated) -> Announced {
    Announced { media: negotiated.remote, signalling: negotiated.signalling }
}

/// Whether an address can be sent to.
fn is_reachable(to: SocketAddr) -> bool {
    !to.ip().is_unspecified() && to.port() != 0
}
