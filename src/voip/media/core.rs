//! The engine: all streams of one media thread.

use super::pacing::{SLOTS, Wheel};
use super::player::Player;
use super::recorder::Recorder;
use super::stream::{Outbox, Relayed, Stream};
use super::vocabulary::{
    Datagram, MediaCommand, MediaEvent, PlaybackId, Recorded, RecordingEnd, RecordingId, RecordingRules, StreamId,
    StreamParams,
};
use crate::model::{Instant, Playlist};
use crate::voip::audio::PromptFrames;
use crate::voip::dtmf::KeySource;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// All streams of one media thread, paced by [`MediaCore::tick`]. After each call take what
/// [`MediaCore::next_recorded`] and then [`MediaCore::next_event`] give until both are empty.
#[derive(Debug)]
pub struct MediaCore {
    max_streams: usize,
    prompts: Arc<PromptFrames>,
    wheel: Wheel,
    slots: [Vec<u32>; SLOTS],
    streams: Vec<Option<Box<Stream>>>,
    free: Vec<u32>,
    index: HashMap<StreamId, u32>,
    out: Outbox,
}

impl MediaCore {
    /// An engine for at most `max_streams` streams at once, whose wheel starts at `now`.
    #[must_use]
    pub fn new(max_streams: usize, prompts: Arc<PromptFrames>, now: Instant) -> Self {
        Self {
            max_streams,
            prompts,
            wheel: Wheel::new(now),
            slots: [const { Vec::new() }; SLOTS],
            streams: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            out: Outbox::default(),
        }
    }

    /// How many streams are open.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.index.len()
    }

    /// When [`MediaCore::tick`] is due next.
    #[must_use]
    pub const fn poll_timeout(&self) -> Instant {
        self.wheel.next_due()
    }

    /// The next event, oldest first.
    pub fn next_event(&mut self) -> Option<MediaEvent> {
        self.out.events.pop_front()
    }

    /// The next piece of a recording, oldest first. At most some 27 minutes of pieces wait; later ones are lost.
    pub fn next_recorded(&mut self) -> Option<Recorded> {
        self.out.recorded.pop_front()
    }

    /// Does as told. `send` is given an RTCP goodbye when a stream closes.
    pub fn handle_command(&mut self, now: Instant, command: MediaCommand, send: &mut impl FnMut(Datagram<'_>)) {
        match command {
            MediaCommand::Open { stream, params } => self.open(now, stream, &params),
            MediaCommand::Update { stream, negotiated } => {
                if let Some(stream) = self.stream(stream) {
                    stream.update(now, *negotiated);
                }
            }
            MediaCommand::Play { stream, playback, playlist } => self.play(stream, playback, playlist),
            MediaCommand::Stop { stream } => {
                if let Some(stream) = self.stream(stream) {
                    stream.stop();
                }
            }
            MediaCommand::Bridge { a, b } => self.bridge(a, b),
            MediaCommand::Unbridge { a, b } => {
                if self.stream(a).is_some_and(|stream| stream.peer() == Some(b)) {
                    self.unbridge(a);
                }
            }
            MediaCommand::Secret { stream, on } => {
                if let Some(stream) = self.stream(stream) {
                    stream.set_secret(on);
                }
            }
            MediaCommand::Record { stream, recording, rules } => self.record(now, stream, recording, rules),
            MediaCommand::StopRecording { stream } => {
                if let Some(index) = self.index_of(stream)
                    && let Some(stream) = &mut self.streams[index]
                {
                    stream.end_recording(RecordingEnd::Stopped, &mut self.out);
                }
            }
            MediaCommand::SendDigit { stream, digit } => {
                if let Some(stream) = self.stream(stream) {
                    stream.send_digit(digit);
                }
            }
            MediaCommand::InfoDigit { stream, digit } => {
                if let Some(index) = self.index_of(stream)
                    && let Some(stream) = &mut self.streams[index]
                {
                    stream.key(now, KeySource::Info, digit, &mut self.out);
                }
            }
            MediaCommand::Prompts(prompts) => self.prompts = prompts,
            MediaCommand::Close { stream } => self.close(now, stream, send),
        }
    }

    /// Takes a datagram that came to a stream's RTP port. What a bridge relays is sent at once.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        stream: StreamId,
        from: SocketAddr,
        bytes: &[u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        let Some(index) = self.index_of(stream) else { return };
        let Some(stream) = &mut self.streams[index] else { return };
        let Some(relayed) = stream.receive(now, from, bytes, &mut self.out) else { return };
        let Some(peer) = stream.peer() else { return };
        let hidden = stream.is_secret();
        let Some(peer) = self.stream(peer) else { return };
        match relayed {
            _ if hidden => peer.interrupt_relay(),
            Relayed::Sound(sound) => peer.relay_sound(now, &sound, send),
            Relayed::Key(key) => peer.relay_key(now, &key, send),
        }
    }

    /// Takes a datagram that came to a stream's RTCP port.
    pub fn handle_rtcp(&mut self, now: Instant, stream: StreamId, from: SocketAddr, bytes: &[u8]) {
        if let Some(stream) = self.stream(stream) {
            stream.receive_rtcp(now, from, bytes);
        }
    }

    /// Sends the frames that are due. Call it every millisecond; late calls catch up by the rule of the module.
    pub fn tick(&mut self, now: Instant, send: &mut impl FnMut(Datagram<'_>)) {
        while let Some((slot, due)) = self.wheel.turn(now) {
            for &index in &self.slots[slot] {
                if let Some(Some(stream)) = self.streams.get_mut(index as usize) {
                    stream.frame(due, &mut self.out, send);
                }
            }
        }
    }

    fn index_of(&self, stream: StreamId) -> Option<usize> {
        self.index.get(&stream).map(|&index| index as usize)
    }

    fn stream(&mut self, stream: StreamId) -> Option<&mut Stream> {
        let index = self.index_of(stream)?;
        self.streams.get_mut(index)?.as_deref_mut()
    }

    fn open(&mut self, now: Instant, id: StreamId, params: &StreamParams) {
        if self.index.len() >= self.max_streams || self.index.contains_key(&id) {
            self.out.events.push_back(MediaEvent::Refused { stream: id });
            return;
        }
        let stream = Some(Box::new(Stream::new(now, id, params)));
        let index = if let Some(index) = self.free.pop() {
            self.streams[index as usize] = stream;
            index
        } else {
            // The cap is far below 2³².
            let index = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
            self.streams.push(stream);
            index
        };
        self.index.insert(id, index);
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(index);
        }
    }

    fn close(&mut self, now: Instant, id: StreamId, send: &mut impl FnMut(Datagram<'_>)) {
        self.unbridge(id);
        let Some(index) = self.index.remove(&id) else { return };
        for slot in &mut self.slots {
            slot.retain(|&one| one != index);
        }
        if let Some(mut stream) = self.streams[index as usize].take() {
            self.free.push(index);
            stream.end_recording(RecordingEnd::Closed, &mut self.out);
            stream.say_goodbye(now, &mut self.out.scratch, send);
            self.out.events.push_back(MediaEvent::Closed { stream: id, report: stream.report() });
        }
    }

    fn play(&mut self, id: StreamId, playback: PlaybackId, playlist: Playlist) {
        let prompts = Arc::clone(&self.prompts);
        let Some(index) = self.index_of(id) else { return };
        let Some(stream) = &mut self.streams[index] else { return };
        let events = &mut self.out.events;
        let player = Player::new(playback, playlist, &prompts, |prompt| {
            events.push_back(MediaEvent::MissingPrompt { stream: id, prompt });
        });
        stream.play(player);
    }

    fn bridge(&mut self, a: StreamId, b: StreamId) {
        if a == b || self.index_of(a).is_none() || self.index_of(b).is_none() {
            return;
        }
        for (leg, other) in [(a, b), (b, a)] {
            if self.stream(leg).is_some_and(|stream| stream.peer() != Some(other)) {
                self.unbridge(leg);
            }
        }
        for (leg, other) in [(a, b), (b, a)] {
            if let Some(stream) = self.stream(leg) {
                stream.set_peer(Some(other));
                stream.stop();
            }
        }
    }

    fn unbridge(&mut self, id: StreamId) {
        let Some(stream) = self.stream(id) else { return };
        let Some(peer) = stream.peer() else { return };
        stream.set_peer(None);
        if let Some(peer) = self.stream(peer) {
            peer.set_peer(None);
        }
    }

    fn record(&mut self, now: Instant, id: StreamId, recording: RecordingId, rules: RecordingRules) {
        let Some(index) = self.index_of(id) else { return };
        if let Some(stream) = &mut self.streams[index] {
            stream.record(Recorder::new(recording, rules, now), &mut self.out);
        }
    }
}
