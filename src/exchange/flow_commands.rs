//! What a call's flow asks for, carried out.

use super::call::{Context, Link, Message, Phase, Queued, Standing};
use super::notice::heard_after;
use super::{Asked, Command, Exchange, Keeping, LegEnd};
use crate::ivr::acd::Ticket;
use crate::ivr::flow::{Command as FlowCommand, Enqueue, Event as FlowEvent, Play};
use crate::model::{CallId, Now};
use crate::voip::media::{MediaCommand, PlaybackId, RecordingId, RecordingRules, StreamId};
use std::sync::Arc;

impl Exchange {
    pub(super) fn carry_out(&mut self, now: Now, id: CallId, command: FlowCommand) {
        let Some((stream, standing)) = self.standing(id) else { return };
        match command {
            FlowCommand::Play(play) => self.play(now, id, stream, play),
            FlowCommand::StopPlayback => {
                standing.playing = None;
                standing.notice.cut_off(standing.clock.now(now).instant);
                self.commands.push_back(Command::Media(MediaCommand::Stop { stream }));
                self.begin_message(id);
            }
            FlowCommand::SecretBegan => self.secret(stream, true),
            FlowCommand::SecretEnded => self.secret(stream, false),
            FlowCommand::AskBank(request) => {
                let asked = Asked { operation: request.operation.clone(), at: now.instant };
                self.asked.insert((id, request.id), asked);
                self.commands.push_back(Command::AskBank(request));
            }
            FlowCommand::Enqueue(enqueue) => self.enqueue(now, id, enqueue),
            FlowCommand::LeaveQueue => {
                standing.link = Link::Menu;
                self.acd.leave(now, id);
            }
            FlowCommand::OrderCallback { number } => self.order_callback(now, id, number),
            FlowCommand::TakeCallback => self.join_callback(now, id),
            FlowCommand::Transfer { target, refer } => self.begin_transfer(now, id, &target, refer),
            FlowCommand::RecordMessage { mailbox, max, stop, silence } => {
                let rules = RecordingRules { max, stop_on: Some(stop), silence: Some(silence) };
                standing.message = Some(Message { mailbox, rules });
                if standing.playing.is_none() {
                    self.begin_message(id);
                }
            }
            FlowCommand::HangUp(cause) => self.end_call(now, id, cause, LegEnd::Ours),
            FlowCommand::Record(event) => self.record(now, id, event),
        }
    }

    pub(super) fn standing(&mut self, id: CallId) -> Option<(StreamId, &mut Standing)> {
        let call = self.calls.get_mut(&id)?;
        match &mut call.phase {
            Phase::Standing(standing) => Some((call.stream, standing)),
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => None,
        }
    }

    fn play(&mut self, now: Now, id: CallId, stream: StreamId, play: Play) {
        let playback = PlaybackId(u64::from(play.playback.0));
        for spoken in &play.spoken {
            tracing::debug!(call = %id, phrase = %spoken.phrase, lang = %spoken.lang, "says");
        }
        let heard = heard_after(&play, &self.config.record_after);
        if let Some((_, standing)) = self.standing(id) {
            let now = standing.clock.now(now).instant;
            standing.playing = Some(playback);
            standing.notice.cut_off(now);
            standing.notice.begins(now, playback, heard);
        }
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback, playlist: play.playlist }));
    }

    /// Records a conversation that begins, where that is wanted and the caller was told.
    pub(super) fn record_talk(&mut self, id: CallId, (stream, other): (StreamId, StreamId)) {
        let recording = RecordingId(self.last_recording + 1);
        let max = self.config.call_length;
        let Some((_, standing)) = self.standing(id) else { return };
        if !standing.notice.is_heard() {
            return;
        }
        self.last_recording += 1;
        self.taping.insert(recording, id);
        self.commands.push_back(Command::Media(MediaCommand::RecordTalk { stream, other, recording, max }));
    }

    fn secret(&mut self, stream: StreamId, on: bool) {
        self.commands.push_back(Command::Media(MediaCommand::Secret { stream, on }));
    }

    fn enqueue(&mut self, now: Now, id: CallId, enqueue: Enqueue) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let queue = call.menu[enqueue.queue].name.clone();
        let Phase::Standing(standing) = &mut call.phase else { return };
        let context = Arc::new(Context { whisper: enqueue.whisper, screen: enqueue.screen });
        standing.link = Link::Queued(Queued { since: now.instant, context });
        let ticket = Ticket { call: id, queue, priority: enqueue.priority, skills: enqueue.skills, lang: enqueue.lang };
        // Who asks for an operator again is not to be called back: an operator who has the phone in the hand for that
        // puts it down, and may be rung for the caller.
        self.waiter_lost(now, id, LegEnd::Ours);
        self.acd.enqueue(now, ticket);
    }

    /// Tells a caller who waits in a queue the place that it is now; others come and go without a word to the rest.
    pub(super) fn tell_place(&mut self, now: Now, id: CallId) {
        if let Some(status) = self.acd.status(now, id) {
            self.tell_flow(now, id, FlowEvent::QueueStatus(status));
        }
    }

    /// Begins the message that waited for the end of what played.
    pub(super) fn begin_message(&mut self, id: CallId) {
        let recording = RecordingId(self.last_recording + 1);
        let Some((stream, standing)) = self.standing(id) else { return };
        let Some(message) = standing.message.take() else { return };
        standing.recording = Some(recording);
        self.last_recording += 1;
        let Message { mailbox, rules } = message;
        self.keeping.insert(recording, Keeping { call: id, mailbox: mailbox.clone() });
        self.commands.push_back(Command::KeepMessage { recording, call: id, mailbox });
        self.commands.push_back(Command::Media(MediaCommand::Record { stream, recording, rules }));
    }
}
