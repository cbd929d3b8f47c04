//! Conversations with the engine: virtual time, packets as octets.

mod bridging;
mod codecs;
mod conversation;
mod keys;
mod mixing;
mod pace;
mod passing;
mod playing;
mod rates;
mod recording;
mod safety;
mod secure;
mod several;

use super::{
    Channel, Datagram, MediaCommand, MediaCore, MediaEvent, PlaybackId, Recorded, StreamId, StreamParams, StreamReport,
};
use crate::model::{Digit, Gap, Instant, PlayItem, Playlist, PromptId};
use crate::voip::audio::{Codec, EncodedPrompt, PromptFrames};
use crate::voip::dtmf::Event;
use crate::voip::rtp::{Packet, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
use crate::voip::sdp::{Direction, Negotiated, PayloadPair};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const CALLER: StreamId = StreamId(1);
const OPERATOR: StreamId = StreamId(2);

/// A packet as it left: its header's fields and its payload.
#[derive(Clone, Debug)]
struct Sent {
    stream: StreamId,
    at: Instant,
    to: SocketAddr,
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
}

/// The engine, the clock, and what came out of it.
struct World {
    core: MediaCore,
    now: Instant,
    sent: Vec<Sent>,
    control: Vec<(SocketAddr, Vec<u8>)>,
    /// RTCP that left from the port of RTP.
    shared: Vec<(SocketAddr, Vec<u8>)>,
    events: Vec<MediaEvent>,
    recorded: Vec<Recorded>,
}

/// A telephone: what it sends next.
struct Phone {
    stream: StreamId,
    address: SocketAddr,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    payload_type: u8,
    event_type: u8,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn digit(key: char) -> Digit {
    Digit::from_char(key).expect("a key")
}

fn negotiated(remote: &str, codec: Codec) -> Negotiated {
    let pair = |number| {
        let number = PayloadType::new(number).expect("a payload type");
        PayloadPair { send: number, receive: number }
    };
    let remote = address(remote);
    Negotiated {
        codec,
        payload_type: pair(codec.static_payload_type().expect("static")),
        telephone_event: Some(pair(101)),
        event_clock: 8_000,
        comfort_noise: None,
        ptime: Duration::from_millis(20),
        srtp: None,
        remote,
        signalling: Some(remote.ip()),
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        rtcp_mux: false,
        direction: Direction::SendRecv,
    }
}

/// The octet of a loud sample, another for each name.
fn tone(level: i16, codec: Codec) -> u8 {
    EncodedPrompt::encode(&[level]).octets(codec)[0]
}

impl World {
    /// Prompts `short` (100 ms at level 1000), `long` (10 s at level 2000), `music` (1 s at level 3000).
    fn new() -> Self {
        let prompts = [("short", 1_000, 800), ("long", 2_000, 80_000), ("music", 3_000, 8_000)];
        let encoded = |level, samples| EncodedPrompt::encode(&vec![level; samples]);
        let prompts: PromptFrames =
            prompts.into_iter().map(|(id, level, samples)| (PromptId::new(id), encoded(level, samples))).collect();
        let now = Instant::from_millis(1_000);
        let mut core = MediaCore::new(4, Arc::new(prompts), now);
        // The first slot's turn is over: a stream opened now sends its first packet in 20 ms.
        core.tick(now, &mut |_| {});
        Self {
            core,
            now,
            sent: Vec::new(),
            control: Vec::new(),
            shared: Vec::new(),
            events: Vec::new(),
            recorded: Vec::new(),
        }
    }

    /// A world with one open stream and its telephone, already heard.
    fn with_caller() -> (Self, Phone) {
        let mut world = Self::new();
        let mut phone = world.open(CALLER, "192.0.2.1:4000", Codec::Pcma);
        phone.speak(&mut world, 0);
        world.events.clear();
        (world, phone)
    }

    fn open(&mut self, stream: StreamId, remote: &str, codec: Codec) -> Phone {
        let negotiated = negotiated(remote, codec);
        let phone = Phone {
            stream,
            address: negotiated.remote,
            ssrc: 77,
            sequence: 100,
            timestamp: 5_000,
            payload_type: codec.static_payload_type().expect("static"),
            event_type: 101,
        };
        let params = StreamParams {
            negotiated,
            ssrc: Ssrc(0xaaaa),
            first_sequence: SequenceNumber(65_530),
            first_timestamp: RtpTimestamp(u32::MAX - 1_000),
            silence_limit: Duration::from_secs(20),
        };
        self.tell(MediaCommand::Open { stream, params: Box::new(params) });
        phone
    }

    fn tell(&mut self, command: MediaCommand) {
        let (now, mut out) = (self.now, (&mut self.sent, &mut self.control, &mut self.shared));
        self.core.handle_command(now, command, &mut |datagram| note(now, &mut out, &datagram));
        self.drain();
    }

    fn play(&mut self, stream: StreamId, playback: u64, items: Vec<PlayItem>) {
        let playlist = Playlist::of(items);
        self.tell(MediaCommand::Play { stream, playback: PlaybackId(playback), playlist });
    }

    fn packet(&mut self, stream: StreamId, from: SocketAddr, bytes: &[u8]) {
        let (now, mut out) = (self.now, (&mut self.sent, &mut self.control, &mut self.shared));
        self.core.handle_packet(now, stream, from, bytes, &mut |datagram| note(now, &mut out, &datagram));
        self.drain();
    }

    /// Moves the clock on, a tick each millisecond.
    fn wait(&mut self, millis: u64) {
        for _ in 0..millis {
            self.leap(1);
        }
    }

    /// Moves the clock on at once: the thread was late.
    fn leap(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        let (now, mut out) = (self.now, (&mut self.sent, &mut self.control, &mut self.shared));
        self.core.tick(now, &mut |datagram| note(now, &mut out, &datagram));
        self.drain();
    }

    fn drain(&mut self) {
        self.recorded.extend(std::iter::from_fn(|| self.core.next_recorded()));
        self.events.extend(std::iter::from_fn(|| self.core.next_event()));
    }

    /// What was sent to a stream's peer since the last look.
    fn take_sent(&mut self, stream: StreamId) -> Vec<Sent> {
        let (mine, others) = std::mem::take(&mut self.sent).into_iter().partition(|sent| sent.stream == stream);
        self.sent = others;
        mine
    }

    /// The keys told since the last look.
    fn take_keys(&mut self) -> String {
        let keys = self.events.iter().filter_map(|event| match event {
            MediaEvent::Digit { digit, .. } => Some(digit.as_char()),
            _ => None,
        });
        let keys = keys.collect();
        self.events.clear();
        keys
    }

    fn close(&mut self, stream: StreamId) -> StreamReport {
        self.tell(MediaCommand::Close { stream });
        let report = self.events.iter().find_map(|event| match event {
            MediaEvent::Closed { report, .. } => Some(*report),
            _ => None,
        });
        report.expect("a report")
    }
}

/// Where datagrams go: RTP, RTCP, RTCP over the port of RTP.
type Out<'a> = (&'a mut Vec<Sent>, &'a mut Vec<(SocketAddr, Vec<u8>)>, &'a mut Vec<(SocketAddr, Vec<u8>)>);

fn note(at: Instant, (sent, control, shared): &mut Out<'_>, datagram: &Datagram<'_>) {
    let control = match datagram.channel {
        Channel::Rtcp => Some(control),
        Channel::Rtp => Packet::is_rtcp(datagram.bytes).then_some(shared),
    };
    if let Some(control) = control {
        control.push((datagram.to, datagram.bytes.to_vec()));
        return;
    }
    let packet = Packet::parse(datagram.bytes).expect("what we send is RTP");
    sent.push(Sent {
        stream: datagram.stream,
        at,
        to: datagram.to,
        marker: packet.marker,
        payload_type: packet.payload_type.number(),
        sequence: packet.sequence.0,
        timestamp: packet.timestamp.0,
        ssrc: packet.ssrc.0,
        payload: packet.payload.to_vec(),
    });
}

impl Phone {
    fn bytes(&self, marker: bool, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let packet = Packet {
            marker,
            payload_type: PayloadType::new(payload_type).expect("a payload type"),
            sequence: SequenceNumber(self.sequence),
            timestamp: RtpTimestamp(timestamp),
            ssrc: Ssrc(self.ssrc),
            payload,
        };
        [&packet.header()[..], payload].concat()
    }

    /// Sends 20 ms of sound, all of one sample.
    fn speak(&mut self, world: &mut World, level: i16) {
        let codec = if self.payload_type == 8 { Codec::Pcma } else { Codec::Pcmu };
        let bytes = self.bytes(false, self.payload_type, self.timestamp, &[tone(level, codec); 160]);
        world.packet(self.stream, self.address, &bytes);
        self.skip(1);
    }

    /// Time passes on the telephone without its packet reaching us.
    fn skip(&mut self, packets: u16) {
        self.sequence = self.sequence.wrapping_add(packets);
        self.timestamp = self.timestamp.wrapping_add(160 * u32::from(packets));
    }

    /// Speaks for a time, the clock going on with it.
    fn talk(&mut self, world: &mut World, level: i16, millis: u64) {
        for _ in 0..millis / 20 {
            self.speak(world, level);
            world.wait(20);
        }
    }

    /// Sends one packet of a key that began at `begun`.
    fn event(&mut self, world: &mut World, begun: u32, key: char, (marker, end): (bool, bool), duration: u16) {
        let event = Event { code: digit(key).event(), end, duration };
        let bytes = self.bytes(marker, self.event_type, begun, &event.payload());
        world.packet(self.stream, self.address, &bytes);
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Presses a key for 100 ms: five packets and three of the end.
    fn press(&mut self, world: &mut World, key: char) {
        let begun = self.timestamp;
        for step in 0..8_u16 {
            self.event(world, begun, key, (step == 0, step >= 5), 160 * (step + 1).min(5));
            if step < 5 {
                world.wait(20);
            }
        }
        self.timestamp = self.timestamp.wrapping_add(1_600);
        world.wait(100);
    }
}

fn clip(id: &str) -> PlayItem {
    PlayItem::Clip(PromptId::new(id))
}

fn gap(millis: u16) -> PlayItem {
    PlayItem::Gap(Gap(millis))
}
