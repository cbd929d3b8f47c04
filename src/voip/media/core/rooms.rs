//! Conversations of more than two legs.

use super::MediaCore;
use crate::model::Instant;
use crate::voip::media::room::Room;
use crate::voip::media::stream::Relayed;
use crate::voip::media::vocabulary::{Datagram, Role, StreamId};

impl MediaCore {
    /// Lets a stream into the conversation of another: its room, its bridge, or itself alone.
    pub(super) fn join(&mut self, id: StreamId, with: StreamId, role: Role) {
        if id == with || self.index_of(id).is_none() || self.index_of(with).is_none() {
            return;
        }
        if self.room_of(id).is_none_or(|room| room != self.room_of(with).unwrap_or(usize::MAX)) {
            self.leave_room(id);
            self.unbridge(id);
        }
        let room = self.room_of(with).unwrap_or_else(|| self.room_around(with));
        let Some(codec) = self.stream(id).map(|stream| stream.codec()) else { return };
        if !self.rooms[room].join(id, codec, role) {
            tracing::warn!(stream = id.0, "a conversation is full");
            return;
        }
        self.mark(id, true);
    }

    /// Takes a stream out of its conversation; two that are left are bridged, one that is left is alone.
    pub(super) fn leave_room(&mut self, id: StreamId) {
        let Some(place) = self.room_of(id) else { return };
        self.rooms[place].leave(id);
        self.mark(id, false);
        let pair = self.rooms[place].pair();
        if pair.is_none() && self.rooms[place].members().count() > 1 {
            return;
        }
        let room = self.rooms.swap_remove(place);
        for left in room.members() {
            self.mark(left, false);
        }
        if let Some((a, b)) = pair {
            self.join_two(a, b);
        }
    }

    /// What a member says goes to the room; `false` when the stream is in none.
    pub(super) fn tell_room(
        &mut self,
        now: Instant,
        id: StreamId,
        relayed: &Relayed<'_>,
        send: &mut impl FnMut(Datagram<'_>),
    ) {
        let Some(place) = self.room_of(id) else { return };
        match relayed {
            // It goes on as an event.
            Relayed::Sound(sound) if sound.is_keyed() => {}
            Relayed::Sound(sound) => {
                let (codec, payload, lost) = sound.parts();
                self.rooms[place].hear(id, codec, payload, lost);
            }
            Relayed::Quiet(level) => self.rooms[place].quiet(id, *level),
            Relayed::Key(key) => {
                for listener in self.rooms[place].takes_keys_of(id) {
                    if let Some(stream) = self.stream(listener) {
                        stream.relay_key(now, key, send);
                    }
                }
            }
        }
    }

    /// Sends a frame to every member of the room that this stream paces.
    pub(super) fn mix(&mut self, id: StreamId, due: Instant, send: &mut impl FnMut(Datagram<'_>)) {
        let Some(place) = self.room_of(id).filter(|place| self.rooms[*place].leader() == Some(id)) else { return };
        self.rooms[place].turn();
        let members: Vec<StreamId> = self.rooms[place].members().collect();
        self.tape(place, &members, due);
        let mut payload = Vec::with_capacity(320);
        for member in members {
            let Some(index) = self.index_of(member) else { continue };
            let Some(stream) = &mut self.streams[index] else { continue };
            self.rooms[place].encode_for(member, stream.codec(), &mut payload);
            stream.send_mixed(due, &payload, send);
        }
    }

    /// Who is sent the keys of a member of a room.
    pub(super) fn takes_keys_of(&self, id: StreamId) -> Vec<StreamId> {
        self.room_of(id).map_or_else(Vec::new, |place| self.rooms[place].takes_keys_of(id))
    }

    fn room_of(&self, id: StreamId) -> Option<usize> {
        self.rooms.iter().position(|room| room.has(id))
    }

    /// A new room of a stream and of the other leg of its bridge.
    fn room_around(&mut self, id: StreamId) -> usize {
        let peer = self.stream(id).and_then(|stream| stream.peer());
        self.unbridge(id);
        let mut room = Room::default();
        for member in [Some(id), peer].into_iter().flatten() {
            if let Some(codec) = self.stream(member).map(|stream| stream.codec()) {
                room.join(member, codec, Role::Speaks);
            }
            self.mark(member, true);
        }
        self.rooms.push(room);
        self.rooms.len() - 1
    }

    fn mark(&mut self, id: StreamId, in_room: bool) {
        if let Some(stream) = self.stream(id) {
            stream.set_in_room(in_room);
        }
        self.note_peer(id);
        self.note_tape(id);
    }
}
