//! What somebody outside says before they answer: the network's own ringing tone, "the number has changed", a melody.
//!
//! ```text
//!   183 with a description ──▶ Open: the caller hears our ringing tone still
//!                                │ the first packet of sound
//!                                ▼
//!                              Heard: the caller hears the target ── 200 ──▶ both hear each other
//!                                                                 ── refused ──▶ our ringing tone, the next trunk
//! ```
//!
//! It goes one way. Until the target has answered, nothing of what the caller says or presses reaches it: nobody has
//! agreed to a conversation yet, and whoever sends a 183 may be any machine on the way. Nothing of it is recorded.

use super::transfer::{Inviting, Stage};
use super::{Command, Exchange, Owner};
use crate::model::CallId;
use crate::voip::media::{MediaCommand, Role, StreamId};
use crate::voip::sdp::Negotiated;
use crate::voip::sip::endpoint::LegId;

/// Where the sound of a target that has not answered stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Early {
    /// It is not played: the configuration says so, or the target is one of our own operators.
    Unwanted,
    /// None was announced.
    Awaited,
    /// It was announced, and nothing has come.
    Open,
    /// The caller hears it instead of our ringing tone.
    Heard,
}

impl Early {
    /// Of a target whose sound is played or not.
    pub const fn wanted(is_wanted: bool) -> Self {
        if is_wanted { Self::Awaited } else { Self::Unwanted }
    }

    /// Whether the target's stream is open.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Heard)
    }
}

impl Exchange {
    /// A target describes its sound before it answers.
    pub(super) fn on_early_media(&mut self, leg: LegId, sdp: &[u8]) {
        let Some(Owner::Target(id)) = self.legs.get(&leg).cloned() else { return };
        let Some(inviting) = self.early(id).filter(|inviting| inviting.early == Early::Awaited) else { return };
        let (stream, at) = (inviting.stream, inviting.ringing.place_of(leg));
        match inviting.pending.clone().accept(sdp) {
            Ok(negotiated) => {
                inviting.early = Early::Open;
                self.towards.extend(at.map(|at| (stream, at)));
                self.open_media(stream, negotiated);
            }
            Err(error) => tracing::info!(call = %id, %error, "what the target would say early cannot be played"),
        }
    }

    /// The first packet of a stream came.
    pub(super) fn on_first_packet(&mut self, stream: StreamId) {
        let Some(Owner::Target(id)) = self.streams.get(&stream).cloned() else { return };
        let caller = self.calls.get(&id).map(|call| call.stream);
        let inviting = self.early(id).filter(|inviting| inviting.stream == stream && inviting.early == Early::Open);
        let (Some(inviting), Some(caller)) = (inviting, caller) else { return };
        inviting.early = Early::Heard;
        self.commands.push_back(Command::Media(MediaCommand::Stop { stream: caller }));
        let join = MediaCommand::Join { stream: caller, with: stream, role: Role::Listens };
        self.commands.push_back(Command::Media(join));
    }

    /// The sound of a target that has answered: begins, or goes on as the answer says.
    pub(super) fn begin_sound(&mut self, stream: StreamId, early: Early, mut negotiated: Negotiated) {
        if !early.is_open() {
            return self.open_media(stream, negotiated);
        }
        negotiated.signalling = self.towards.get(&stream).copied();
        let negotiated = Box::new(negotiated);
        self.commands.push_back(Command::Media(MediaCommand::Update { stream, negotiated }));
    }

    /// Whether a stream is of a target that has not answered: its silence ends nothing.
    pub(super) fn is_early(&mut self, id: CallId, stream: StreamId) -> bool {
        self.early(id).is_some_and(|inviting| inviting.stream == stream)
    }

    /// The target that has not answered.
    pub(super) fn early(&mut self, id: CallId) -> Option<&mut Inviting> {
        match &mut self.transfer(id)?.stage {
            Stage::Inviting(inviting) => Some(inviting),
            Stage::Referring | Stage::Binding(_) | Stage::Bridged(_) => None,
        }
    }
}
