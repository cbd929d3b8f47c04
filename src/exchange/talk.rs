//! A conversation: hold, its end by either side, and its breaking down.

use super::call::{Link, Talking};
use super::transfer::Stage;
use super::{Command, Exchange, LegEnd};
use crate::ivr::flow::Event as FlowEvent;
use crate::model::{CallEvent, CallId, Now};
use crate::voip::media::{MediaCommand, PlaybackId};

/// The music of a hold; the flow's own playbacks are numbered within 32 bits.
pub(super) const HOLD: PlaybackId = PlaybackId(2 << 32);

impl Exchange {
    /// The operator's side of a conversation is over; the caller is still there and the menu goes on.
    pub(super) fn end_talk(&mut self, now: Now, id: CallId, leg: LegEnd) {
        let Some(talking) = self.part(now, id, leg, Link::Menu) else { return };
        self.acd.talk_ended(now, id);
        let talked = now.instant.since(talking.since);
        self.record(now, id, CallEvent::TalkEnded { operator: talking.operator, talked, by_operator: true });
        self.tell_flow(now, id, FlowEvent::TalkEnded);
    }

    /// The operator's phone broke down in mid-sentence: the caller goes back to the front of the queue.
    pub(super) fn break_talk(&mut self, now: Now, id: CallId) {
        let Some((_, standing)) = self.standing(id) else { return };
        let Link::Talking(talking) = &standing.link else { return };
        let queued = talking.queued.clone();
        let Some(talking) = self.part(now, id, LegEnd::Ours, Link::Queued(queued)) else { return };
        let talked = now.instant.since(talking.since);
        self.record(now, id, CallEvent::TalkEnded { operator: talking.operator, talked, by_operator: true });
        self.tell_flow(now, id, FlowEvent::Requeued);
        self.acd.requeue(now, id);
    }

    /// A conversation is about to be taken apart: whoever joined or follows it leaves it first, so that two are left.
    pub(super) fn end_company_of(&mut self, now: Now, id: CallId) {
        self.end_supervision_of(now, id);
        self.part_three_of(id);
    }

    /// Undoes the bridge and lets the operator's leg go.
    pub(super) fn part(&mut self, now: Now, id: CallId, leg: LegEnd, next: Link) -> Option<Box<Talking>> {
        self.end_company_of(now, id);
        let (caller, standing) = self.standing(id)?;
        let Link::Talking(talking) = std::mem::replace(&mut standing.link, next) else { return None };
        self.commands.push_back(Command::Media(MediaCommand::StopRecording { stream: caller }));
        self.commands.push_back(Command::Media(MediaCommand::Unbridge { a: caller, b: talking.stream }));
        if talking.held {
            self.commands.push_back(Command::Media(MediaCommand::Stop { stream: caller }));
        }
        self.close_stream(talking.stream);
        self.legs.remove(&talking.leg);
        if leg == LegEnd::Ours {
            self.sip.hang_up(now.instant, talking.leg);
        }
        Some(talking)
    }

    /// The caller holds or resumes: what plays is paused, and so is the time to press a key.
    pub(super) fn caller_holds(&mut self, now: Now, id: CallId, holds: bool) {
        if let Some((_, standing)) = self.standing(id) {
            standing.clock.hold(now.instant, holds);
            self.set_wake(id);
        }
    }

    /// The operator, or the target of a transfer, holds or resumes: the caller hears music in between, not silence.
    pub(super) fn far_end_holds(&mut self, id: CallId, holds: bool) {
        let music = self.config.hold_music.clone();
        let Some((stream, standing)) = self.standing(id) else { return };
        let held = match &mut standing.link {
            Link::Talking(talking) => &mut talking.held,
            Link::Transferring(transfer) => match &mut transfer.stage {
                Stage::Bridged(bridged) => &mut bridged.held,
                Stage::Referring | Stage::Binding(_) | Stage::Inviting(_) => return,
            },
            Link::Menu | Link::Queued(_) | Link::Leaving(_) => return,
        };
        if std::mem::replace(held, holds) == holds {
            return;
        }
        let command = if holds {
            MediaCommand::Play { stream, playback: HOLD, playlist: music }
        } else {
            MediaCommand::Stop { stream }
        };
        self.commands.push_back(Command::Media(command));
    }
}
