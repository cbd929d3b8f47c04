//! Media as octets: what the bank sends, packet by packet, and handsets whose packets are made by hand.

use super::stage::{CLIPS, FRAMES, Id, Stage};
use hotline::model::Instant;
use hotline::voip::audio::{Codec, Decoder, Rate, Wide};
use hotline::voip::media::{Channel, MediaCommand, StreamId};
use std::net::SocketAddr;
use std::sync::Arc;

/// A datagram as it left the bank.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Instant,
    pub to: SocketAddr,
    pub channel: Channel,
    pub bytes: Vec<u8>,
}

/// An RTP packet, read by hand.
#[derive(Clone, Debug)]
pub struct Rtp {
    pub at: Instant,
    pub kind: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

impl Rtp {
    pub fn read(at: Instant, bytes: &[u8]) -> Self {
        assert_eq!(bytes[0], 0x80, "version 2, nothing else");
        Self {
            at,
            kind: bytes[1] & 0x7f,
            marker: bytes[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
            timestamp: u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            ssrc: u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
            payload: bytes[12..].to_vec(),
        }
    }
}

/// An RTP packet, written by hand.
pub fn rtp(kind: u8, marker: bool, numbers: (u16, u32, u32), payload: &[u8]) -> Vec<u8> {
    let (sequence, timestamp, ssrc) = numbers;
    let mut bytes = vec![0x80, kind | if marker { 0x80 } else { 0 }];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The RTP end of a phone on the stage: its own voice is mute, its ear is the wire.
#[derive(Clone, Debug)]
pub struct Handset {
    pub id: Id,
    pub from: SocketAddr,
    /// Where the bank takes its packets.
    pub bank: SocketAddr,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    /// The payload type of its keys, and their clock.
    pub events: u8,
    pub clock: u32,
}

impl Handset {
    pub fn of(stage: &mut Stage, id: Id) -> Self {
        stage.tapped = true;
        let phone = &mut stage.phones[id];
        phone.deaf = true;
        let ssrc = 0x5500_0000 + u32::try_from(id).unwrap();
        let bank = phone.towards.unwrap();
        Self { id, from: phone.media, bank, ssrc, sequence: 700, timestamp: 40_000, events: 101, clock: 8_000 }
    }

    /// The next packet.
    pub fn packet(&mut self, kind: u8, marker: bool, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        rtp(kind, marker, (self.sequence, timestamp, self.ssrc), payload)
    }

    /// Sends a packet of sound that lasts so many timestamp units.
    pub fn say(&mut self, stage: &mut Stage, kind: u8, units: u32, payload: &[u8]) {
        let bytes = self.packet(kind, false, self.timestamp, payload);
        self.timestamp = self.timestamp.wrapping_add(units);
        stage.inject(self.bank, self.from, &bytes);
    }

    /// Says nothing for a while; its clock goes on.
    pub fn rest(&mut self, millis: u32) {
        self.timestamp = self.timestamp.wrapping_add(8 * millis);
    }

    /// Sends silence in A-law for a while.
    pub fn hum(&mut self, stage: &mut Stage, millis: u64) {
        for _ in 0..millis / 20 {
            self.say(stage, 8, 160, &[0xd5; 160]);
            stage.run_for(20);
        }
    }

    /// One packet of a key that began at `begun`.
    pub fn event(&mut self, key: char, begun: u32, (marker, end): (bool, bool), duration: u16) -> Vec<u8> {
        let [high, low] = duration.to_be_bytes();
        let payload = [code(key), if end { 0x8a } else { 0x0a }, high, low];
        self.packet(self.events, marker, begun, &payload)
    }

    /// A key of 100 ms as RFC 4733 has it: a marker, five packets, three ends.
    pub fn press(&mut self, stage: &mut Stage, key: char) {
        let begun = self.timestamp;
        let step = u16::try_from(self.clock / 50).unwrap();
        for packet in 0..8_u16 {
            let bytes = self.event(key, begun, (packet == 0, packet >= 5), step * (packet + 1).min(5));
            stage.inject(self.bank, self.from, &bytes);
            if packet < 5 {
                stage.run_for(20);
            }
        }
        self.timestamp = self.timestamp.wrapping_add(u32::from(step) * 10);
        stage.run_for(100);
    }

    /// A key as 100 ms of two tones and 100 ms of silence, in A-law.
    pub fn sing(&mut self, stage: &mut Stage, key: char) {
        let samples = tones(key, 800);
        for packet in 0..10 {
            let part = samples.get(packet * 160..(packet + 1) * 160);
            let octets: Vec<u8> = part.map_or(vec![0xd5; 160], |part| {
                part.iter().map(|&sample| hotline::voip::audio::g711::encode(Codec::Pcma, sample)).collect()
            });
            self.say(stage, 8, 160, &octets);
            stage.run_for(20);
        }
    }

    /// RTP that the bank has sent to it since the last look.
    pub fn take(&self, stage: &mut Stage) -> Vec<Rtp> {
        let (mine, others) = std::mem::take(&mut stage.wire)
            .into_iter()
            .partition(|sent: &Sent| sent.to == self.from && sent.channel == Channel::Rtp);
        stage.wire = others;
        mine.iter().map(|sent| Rtp::read(sent.at, &sent.bytes)).collect()
    }
}

impl Stage {
    /// A datagram of anybody comes to a port of the bank; odd ports are those of RTCP.
    pub fn inject(&mut self, to: SocketAddr, from: SocketAddr, bytes: &[u8]) {
        let stream = StreamId(u64::from((to.port() - 20_000) / 2));
        if to.port().is_multiple_of(2) {
            self.media_does(|media, now, send| media.handle_packet(now, stream, from, bytes, send));
        } else {
            self.media_does(|media, now, _| media.handle_rtcp(now, stream, from, bytes));
        }
        self.settle();
    }

    /// Makes the prompts of the wide-band codecs ready: octets that name clip, millisecond and codec, as the others.
    pub fn speak_wide(&mut self) {
        let wide = CLIPS.wide(&FRAMES);
        self.media_does(|media, now, send| media.handle_command(now, MediaCommand::Prompts(Arc::new(wide)), send));
        for wide in [Wide::G722, Wide::Opus] {
            self.exchange.set_wide_prompts(wide, true);
        }
    }

    /// A command that the exchange did not give.
    pub fn tell_media(&mut self, command: MediaCommand) {
        self.media_does(|media, now, send| media.handle_command(now, command, send));
        self.settle();
    }
}

/// The event code of a key.
pub fn code(key: char) -> u8 {
    match key {
        '*' => 10,
        '#' => 11,
        digit => u8::try_from(digit.to_digit(10).unwrap()).unwrap(),
    }
}

/// The two tones of a key.
#[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
pub fn tones(key: char, samples: u32) -> Vec<i16> {
    let rows = ["123", "456", "789", "*0#"];
    let low = rows.iter().position(|row| row.contains(key)).unwrap();
    let high = rows[low].find(key).unwrap();
    let (low, high) = ([697.0, 770.0, 852.0, 941.0][low], [1_209.0, 1_336.0, 1_477.0][high]);
    let wave = |hertz: f64, at: u32| (std::f64::consts::TAU * hertz * f64::from(at) / 8_000.0).sin();
    (0..samples).map(|at| (6_000.0 * (wave(low, at) + wave(high, at))) as i16).collect()
}

/// A tone of 1,000 Hz.
#[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
pub fn whistle(samples: u32) -> Vec<i16> {
    (0..samples).map(|at| (9_000.0 * (std::f64::consts::TAU * f64::from(at) / 8.0).sin()) as i16).collect()
}

/// How much of what payloads sound like is a tone of 1,000 Hz, and how many samples of 8 kHz they are.
pub fn whistling(codec: Codec, payloads: &[Rtp]) -> (f64, usize) {
    let mut decoder = Decoder::new(codec, Rate::Narrow);
    let mut samples = Vec::new();
    for packet in payloads {
        decoder.decode(&packet.payload, &mut samples);
    }
    let (mut real, mut imaginary, mut power) = (0.0, 0.0, 0.0);
    for (at, &sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::FRAC_PI_4 * f64::from(u32::try_from(at % 8).unwrap());
        let sample = f64::from(sample);
        real += sample * phase.cos();
        imaginary += sample * phase.sin();
        power += sample * sample;
    }
    let count = f64::from(u32::try_from(samples.len().max(1)).unwrap());
    ((real * real + imaginary * imaginary) * 2.0 / (count * power.max(1.0)), samples.len())
}

/// A description of one audio line: profile, formats, and what else it says.
pub fn description(media: SocketAddr, profile: &str, formats: &str, more: &[&str]) -> String {
    let (ip, port) = (media.ip(), media.port());
    let more = more.iter().map(|line| format!("a={line}\r\n")).collect::<Vec<_>>().concat();
    let family = if ip.is_ipv6() { "IP6" } else { "IP4" };
    format!(
        "v=0\r\no=- {port} 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} {profile} {formats}\r\n{more}"
    )
}

/// The value of the first `a=` line with this name.
pub fn attribute<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}
