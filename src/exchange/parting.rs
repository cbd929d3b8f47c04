//! A phone of ours hears why its call ends before it ends: a busy tone, or that of congestion.
//!
//! ```text
//!  part ──▶ tone, two seconds ── its end, or the phone falls silent ──▶ BYE
//! ```
//!
//! Only operators' and supervisors' phones are left so. A customer always hears words, or goes on in the menu.

use super::{Command, Exchange, Owner};
use crate::ivr::acd::CallbackFailure;
use crate::model::{CallId, Now, OperatorId, PlayItem, Playlist};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use crate::voip::sdp::Direction;
use crate::voip::sip::endpoint::LegId;

/// The tone's playback; the flow's own are numbered within 32 bits.
const TONE: PlaybackId = PlaybackId(6 << 32);
/// How often the prompt of a tone, a period or some, is heard before a call ends.
const TIMES: usize = 3;

/// A leg that hears a tone and is hung up.
pub(super) struct Parting {
    leg: LegId,
    then: Then,
}

/// What follows once the leg is over.
pub(super) enum Then {
    /// The operator can be offered callers again.
    Unreserve(CallId, OperatorId),
    /// The attempt to call a customer back has failed.
    CallbackFailed(CallId, CallbackFailure),
}

impl Exchange {
    /// Lets a leg hear a tone, then ends it. One that holds, and so hears nothing, is ended at once.
    pub(super) fn part_with(
        &mut self,
        now: Now,
        (leg, stream): (LegId, StreamId),
        direction: Option<Direction>,
        (tone, then): (Signal, Then),
    ) {
        self.legs.insert(leg, Owner::Parting(stream));
        self.streams.insert(stream, Owner::Parting(stream));
        self.partings.insert(stream, Parting { leg, then });
        if direction.is_some_and(Direction::sends) {
            self.sound(stream, tone, TIMES);
        } else {
            self.parted(now, stream);
        }
    }

    /// A phone in a conversation hears a tone, once, in place of the other side.
    pub(super) fn sound_once(&mut self, stream: StreamId, tone: Signal) {
        self.sound(stream, tone, 1);
    }

    fn sound(&mut self, stream: StreamId, tone: Signal, times: usize) {
        let playlist = Playlist::of(vec![PlayItem::Clip(tone.prompt()); times]);
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: TONE, playlist }));
    }

    /// The tone was heard, or nothing comes from the phone any more.
    pub(super) fn parted(&mut self, now: Now, stream: StreamId) {
        if let Some(parting) = self.partings.get(&stream) {
            self.sip.hang_up(now.instant, parting.leg);
        }
        self.forget_parting(now, stream);
    }

    /// The leg is over.
    pub(super) fn forget_parting(&mut self, now: Now, stream: StreamId) {
        let Some(Parting { leg, then }) = self.partings.remove(&stream) else { return };
        self.legs.remove(&leg);
        self.close_stream(stream);
        match then {
            Then::Unreserve(id, operator) => self.acd.unreserve(now, id, &operator),
            Then::CallbackFailed(ticket, failure) => self.acd.callback_failed(now, ticket, failure),
        }
    }

    /// The server stops: nobody hears a tone to its end.
    pub(super) fn end_partings(&mut self, now: Now) {
        let all: Vec<StreamId> = self.partings.keys().copied().collect();
        for stream in all {
            self.parted(now, stream);
        }
    }
}
