//! The engine: all streams of one media thread.

mod moving;
mod passing;
mod recording;
mod rooms;

use super::ids::StreamMap;
use super::pacing::{Pace, SLOTS, Seat, Turn, Wheel};
use super::player::Player;
use super::room::Room;
use super::sieve::Sieve;
use super::stream::{Outbox, Relayed, Stream};
use super::vocabulary::{
    Datagram, MediaCommand, MediaEvent, PlaybackId, Recorded, RecordingEnd, StreamId, StreamParams,
};
use super::voice_over::VoiceOver;
use crate::model::{Instant, Playlist};
use crate::voip::audio::PromptFrames;
use std::net::SocketAddr;
use std::sync::Arc;

pub use moving::Moving;

/// All streams of one media thread, paced by [`MediaCore::tick`]. After each call take what
/// [`MediaCore::next_recorded`] and then [`MediaCore::next_event`] give until both are empty.
#[derive(Debug)]
pub struct MediaCore {
    max_streams: usize,
    prompts: Arc<PromptFrames>,
    voice_over: Option<VoiceOver>,
    wheel: Wheel,
    slots: [Vec<u32>; SLOTS],
    streams: Vec<Option<Box<Stream>>>,
    pace: Pace,
    free: Vec<u32>,
    index: StreamMap<u32>,
    rooms: Vec<Room>,
    out: Outbox,
    /// The packet of SRTP being opened.
    clear: Vec<u8>,
}

impl MediaCore {
    /// An engine for at most `max_streams` streams at once, whose wheel starts at `now`.
    #[must_use]
    pub fn new(max_streams: usize, prompts: Arc<PromptFrames>, now: Instant) -> Self {
        Self {
            max_streams,
            prompts,
            voice_over: None,
            wheel: Wheel::new(now),
            slots: [const { Vec::new() }; SLOTS],
            streams: Vec::new(),
            pace: Pace::default(),
            free: Vec::new(),
            index: StreamMap::default(),
            rooms: Vec::new(),
            out: Outbox::default(),
            clear: Vec::new(),
        }
    }

    /// The same, where announcements are heard over the music. Else they are heard instead of it.
    #[must_use]
    pub fn with_voice_over(self, voice_over: Option<VoiceOver>) -> Self {
        Self { voice_over, ..self }
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
                let Some(leg) = self.stream(stream) else { return };
                let silent = !negotiated.direction.receives();
                leg.update(now, *negotiated);
                // Nothing comes from a phone that holds: silence follows at once, not after the patience with a phone.
                if let Some(peer) = leg.peer().filter(|_| silent)
                    && let Some(peer) = self.stream(peer)
                {
                    peer.interrupt_relay();
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
                self.set_secret(stream, on);
            }
            MediaCommand::Record { stream, recording, rules } => self.record(now, stream, recording, rules),
            MediaCommand::Join { stream, with, role } => self.join(stream, with, role),
            MediaCommand::Leave { stream } => self.leave_room(stream),
            MediaCommand::RecordTalk { stream, other, recording, max } => {
                self.record_talk(now, (stream, other), recording, max);
            }
            MediaCommand::StopRecording { stream } => {
                self.end_recording(now, stream, RecordingEnd::Stopped);
            }
            MediaCommand::SendDigit { stream, digit } => {
                if let Some(stream) = self.stream(stream) {
                    stream.send_digit(digit);
                }
            }
            MediaCommand::InfoDigit { stream, digit } => {
                self.info_key(now, stream, digit);
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
        if let Some(seat) = self.seat_of(stream) {
            self.handle_packet_at(now, seat, from, bytes, send);
        }
    }

    /// The same for who knows the stream's seat.
    pub fn handle_packet_at(
        &mut self,
        now: Instant,
        seat: Seat,
        from: SocketAddr,
        bytes: &[u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        let Some(Some(stream)) = self.streams.get_mut(seat.index()) else { return };
        if stream.is_clear() {
            self.take_packet(now, seat, from, bytes, send);
            return;
        }
        let mut clear = std::mem::take(&mut self.clear);
        if stream.open(bytes, &mut clear) {
            self.take_packet(now, seat, from, &clear, send);
        }
        self.clear = clear;
    }

    /// Takes a packet that is clear, or was opened.
    fn take_packet(
        &mut self,
        now: Instant,
        seat: Seat,
        from: SocketAddr,
        bytes: &[u8],
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        self.note_hearing(seat);
        let Some(Some(stream)) = self.streams.get_mut(seat.index()) else { return };
        let told = self.out.events.len();
        let relayed = stream.receive(now, from, bytes, &mut self.out);
        if self.out.events.iter().skip(told).any(|event| matches!(event, MediaEvent::Digit { .. })) {
            self.pace.ask(seat, now);
        }
        if stream.has_passed() {
            let id = stream.id();
            self.pass_key(id);
        }
        let Some(relayed) = relayed else { return };
        let Some(Some(stream)) = self.streams.get_mut(seat.index()) else { return };
        let hidden = stream.is_secret();
        if stream.is_in_room() {
            let id = stream.id();
            if !hidden {
                self.tell_room(now, id, &relayed, send);
            }
            return;
        }
        let Some(peer) = stream.peer() else { return };
        let Some(peer) = self.stream(peer) else { return };
        match relayed {
            _ if hidden => peer.interrupt_relay(),
            Relayed::Sound(sound) => peer.relay_sound(now, &sound, send),
            Relayed::Key(key) => peer.relay_key(now, &key, send),
            Relayed::Quiet(level) => peer.relay_quiet(level),
        }
    }

    /// Takes a datagram that came to a stream's RTCP port.
    pub fn handle_rtcp(&mut self, now: Instant, stream: StreamId, from: SocketAddr, bytes: &[u8]) {
        let mut clear = std::mem::take(&mut self.clear);
        if let Some(stream) = self.stream(stream) {
            if stream.is_clear() {
                stream.receive_rtcp(now, from, bytes);
            } else if stream.open(bytes, &mut clear) {
                stream.receive_rtcp(now, from, &clear);
            }
        }
        self.clear = clear;
    }

    /// Sends the frames that are due. Call it every millisecond; late calls catch up by the rule of the module.
    ///
    /// It is `next_turn`, `seat_at` with `frame`, and `late_frames` in one, for who reads the sockets elsewhere.
    pub fn tick(&mut self, now: Instant, send: &mut impl FnMut(Datagram<'_>)) {
        while let Some(turn) = self.next_turn(now) {
            let mut place = 0;
            while let Some(seat) = self.seat_at(turn, place) {
                self.frame(seat, turn, send);
                place += 1;
            }
        }
        self.late_frames(now, send);
    }

    /// The next slot that is due: for each of its seats read what has come, then call [`MediaCore::frame`].
    pub fn next_turn(&mut self, now: Instant) -> Option<Turn> {
        self.wheel.turn(now)
    }

    /// The seats of a turn, one after another from place 0 on; `None` after the last.
    #[must_use]
    pub fn seat_at(&self, turn: Turn, place: usize) -> Option<Seat> {
        self.slots[turn.slot()].get(place).copied().map(Seat)
    }

    /// Whether somebody hears the stream of a seat: read what comes for it at once, not in its turn only.
    #[must_use]
    pub fn is_talking(&self, seat: Seat) -> bool {
        self.pace.is_talking(seat)
    }

    /// What of the sound that comes for a seat need not be read at the moment. Ask again after every command for the
    /// stream and after every packet.
    #[must_use]
    pub fn sieve(&self, seat: Seat) -> Option<Sieve> {
        self.streams.get(seat.index())?.as_ref()?.sieve()
    }

    /// So many packets came for a seat since the last of its packets, and were left out by its [`Sieve`].
    pub fn left_out(&mut self, now: Instant, seat: Seat, count: u32) {
        if let Some(Some(stream)) = self.streams.get_mut(seat.index()) {
            stream.left_out(now, count, &mut self.out);
        }
    }

    /// The seat of an open stream.
    #[must_use]
    pub fn seat_of(&self, stream: StreamId) -> Option<Seat> {
        self.index.get(&stream).copied().map(Seat)
    }

    /// Sends the frame of a seat in its turn. When a key of it was told just now, the frame waits some milliseconds
    /// for what is said to that, so that the old prompt is not heard for another frame.
    pub fn frame(&mut self, seat: Seat, turn: Turn, send: &mut impl FnMut(Datagram<'_>)) {
        let Some(Some(stream)) = self.streams.get_mut(seat.index()) else { return };
        let (held, now) = self.pace.turn(seat, turn.due());
        let room = stream.is_in_room().then(|| stream.id());
        for due in held.into_iter().chain(now) {
            stream.frame(due, &mut self.out, send);
        }
        if let Some(id) = room {
            for due in held.into_iter().chain(now) {
                self.mix(id, due, send);
            }
        }
    }

    /// Sends the frames that have waited long enough.
    pub fn late_frames(&mut self, now: Instant, send: &mut impl FnMut(Datagram<'_>)) {
        while let Some((seat, due)) = self.pace.overdue(now) {
            if let Some(Some(stream)) = self.streams.get_mut(seat.index()) {
                stream.frame(due, &mut self.out, send);
                if let Some(id) = stream.is_in_room().then(|| stream.id()) {
                    self.mix(id, due, send);
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
        self.seat(id, Box::new(Stream::new(now, id, params)));
    }

    /// Gives a stream a seat in the emptiest slot.
    fn seat(&mut self, id: StreamId, stream: Box<Stream>) {
        let stream = Some(stream);
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
        self.pace.open(Seat(index));
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(index);
        }
    }

    fn close(&mut self, now: Instant, id: StreamId, send: &mut impl FnMut(Datagram<'_>)) {
        self.unbridge(id);
        self.leave_room(id);
        self.end_recording(now, id, RecordingEnd::Closed);
        if let Some(mut stream) = self.unseat(id) {
            stream.say_goodbye(now, &mut self.out.scratch, send);
            self.out.events.push_back(MediaEvent::Closed { stream: id, report: stream.report() });
        }
    }

    fn unseat(&mut self, id: StreamId) -> Option<Box<Stream>> {
        let index = self.index.remove(&id)?;
        for slot in &mut self.slots {
            slot.retain(|&one| one != index);
        }
        self.free.push(index);
        self.streams.get_mut(index as usize)?.take()
    }

    fn play(&mut self, id: StreamId, playback: PlaybackId, playlist: Playlist) {
        let prompts = Arc::clone(&self.prompts);
        let Some(index) = self.index_of(id) else { return };
        let Some(stream) = &mut self.streams[index] else { return };
        let events = &mut self.out.events;
        let player = Player::new(playback, playlist, (&prompts, self.voice_over), |prompt| {
            events.push_back(MediaEvent::MissingPrompt { stream: id, prompt });
        });
        stream.play(player);
    }

    fn bridge(&mut self, a: StreamId, b: StreamId) {
        if a == b || self.index_of(a).is_none() || self.index_of(b).is_none() {
            return;
        }
        for (leg, other) in [(a, b), (b, a)] {
            self.leave_room(leg);
            if self.stream(leg).is_some_and(|stream| stream.peer() != Some(other)) {
                self.unbridge(leg);
            }
        }
        self.join_two(a, b);
        for leg in [a, b] {
            if let Some(stream) = self.stream(leg) {
                stream.stop();
            }
        }
    }

    /// Each hears the other; what plays to them goes on.
    fn join_two(&mut self, a: StreamId, b: StreamId) {
        for (leg, other) in [(a, b), (b, a)] {
            if let Some(stream) = self.stream(leg) {
                stream.set_peer(Some(other));
            }
            self.note_peer(leg);
        }
    }

    fn unbridge(&mut self, id: StreamId) {
        let Some(stream) = self.stream(id) else { return };
        let Some(peer) = stream.peer() else { return };
        stream.set_peer(None);
        if let Some(other) = self.stream(peer) {
            other.set_peer(None);
        }
        self.note_peer(id);
        self.note_peer(peer);
    }

    /// Remembers for the pacing whether a stream is bridged.
    fn note_peer(&mut self, id: StreamId) {
        let talking = self.stream(id).is_some_and(|stream| stream.peer().is_some() || stream.is_in_room());
        if let Some(seat) = self.seat_of(id) {
            self.pace.set_talking(seat, talking);
        }
    }
}
