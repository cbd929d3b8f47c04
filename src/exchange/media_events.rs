//! What the media threads tell.

use super::call::{Link, Phase};
use super::limit::FAREWELL;
use super::notice::NOTICE;
use super::offers::WHISPER;
use super::turning_away::NO_ROOM;
use super::{Exchange, LegEnd, Owner};
use crate::ivr::flow::{Event as FlowEvent, PlaybackId as FlowPlayback};
use crate::model::{CallEvent, CallId, Cause, Digit, Now};
use crate::voip::media::{MediaEvent, PlaybackId, StreamId};
use crate::voip::sip::Status;

impl Exchange {
    /// Something happened on a stream.
    pub fn handle_media_event(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::Digit { stream, digit, .. } => self.on_digit(now, stream, digit),
            MediaEvent::PlaybackEnded { stream, playback } => self.on_playback_ended(now, stream, playback),
            MediaEvent::Silent { stream } => self.sound_failed(now, stream, Cause::MediaSilent),
            MediaEvent::Refused { stream } => {
                tracing::error!(stream = stream.0, "the media threads refused a stream");
                self.sound_failed(now, stream, Cause::Failed);
                // It has ended with this, and nothing more will be told of it.
                self.closing.remove(&stream);
            }
            MediaEvent::MissingPrompt { prompt, .. } => {
                tracing::error!(%prompt, "a prompt is missing and was left out; record it, or see `hotline check`");
            }
            MediaEvent::Closed { stream, report } => {
                self.let_stream_go(stream);
                let (sent, received, lost, dropped) = (report.sent, report.received, report.lost, report.dropped);
                tracing::debug!(stream = stream.0, sent, received, lost, dropped, "media closed");
                if let Some((call, side)) = self.closing.remove(&stream)
                    && (sent > 0 || received > 0)
                {
                    self.record(now, call, CallEvent::SoundEnded { side, quality: report.quality() });
                }
            }
            MediaEvent::FirstPacket { stream } => self.on_first_packet(stream),
            // The end of a message is told when its file is written.
            MediaEvent::RecordingEnded { .. } => {}
        }
        self.pump(now);
    }

    /// Forgets whose a stream is, but for the figures of its end that are to come.
    pub(super) fn let_stream_go(&mut self, stream: StreamId) {
        self.towards.remove(&stream);
        let Some((call, side)) = self.streams.remove(&stream).and_then(|owner| owner.side()) else { return };
        self.closing.insert(stream, (call, side));
    }

    fn caller_of(&self, stream: StreamId) -> Option<CallId> {
        if let Some(Owner::Caller(id)) = self.streams.get(&stream) { Some(*id) } else { None }
    }

    /// Keys of a caller who talks go to the operator's phone, not to the menu.
    fn on_digit(&mut self, now: Now, stream: StreamId, digit: Digit) {
        match self.streams.get(&stream) {
            Some(Owner::Supervisor(_)) => return self.on_supervisors_key(now, stream, digit),
            Some(Owner::Consulting(id)) => return self.on_consults_key(*id, stream, digit),
            _ => {}
        }
        let Some(id) = self.caller_of(stream) else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let Phase::Standing(standing) = &call.phase else { return };
        if !matches!(standing.link, Link::Talking(_)) {
            self.tell_flow(now, id, FlowEvent::Digit(digit));
        }
    }

    fn on_playback_ended(&mut self, now: Now, stream: StreamId, playback: PlaybackId) {
        match self.streams.get(&stream) {
            Some(Owner::Code(stream)) => return self.end_code(now, *stream),
            Some(Owner::Parting(stream)) => return self.parted(now, *stream),
            Some(Owner::Waiter(ticket, _)) if playback == WHISPER => return self.dial_customer(now, *ticket),
            Some(Owner::Caller(id)) if playback == NO_ROOM => return self.turned_away(now, *id),
            Some(Owner::Caller(id)) if playback == FAREWELL => return self.farewell_said(now, *id),
            Some(Owner::Caller(id)) if playback == NOTICE => return self.notice_repeated(*id),
            _ => {}
        }
        let Some(id) = self.caller_of(stream) else { return };
        let Some((_, standing)) = self.standing(id) else { return };
        if standing.playing != Some(playback) {
            return;
        }
        standing.playing = None;
        standing.notice.played(playback);
        if let Ok(number) = u32::try_from(playback.0) {
            self.tell_place(now, id);
            self.tell_flow(now, id, FlowEvent::PlaybackEnded(FlowPlayback(number)));
        }
        if self.standing(id).is_some_and(|(_, standing)| standing.playing.is_none()) {
            self.begin_message(id);
        }
    }

    /// The sound of a stream is over, though nobody hung up: `cause` says for the record why.
    fn sound_failed(&mut self, now: Now, stream: StreamId, cause: Cause) {
        let why = cause.name();
        match self.streams.get(&stream).cloned() {
            Some(Owner::Caller(id)) => self.end_call(now, id, cause, LegEnd::Ours),
            Some(Owner::Operator(id, _)) if self.is_referrers(id, stream) => {
                self.referrer_left(now, id, LegEnd::Ours);
            }
            Some(Owner::Operator(id, operator)) => {
                tracing::warn!(call = %id, %operator, why, "no sound of the operator's phone: back to the queue");
                self.break_talk(now, id);
            }
            Some(Owner::Target(id)) if self.is_early(id, stream) => {}
            Some(Owner::Target(id)) => {
                tracing::warn!(call = %id, why, "no sound of the target of a transfer: the call is ended");
                self.end_bridged(now, id, LegEnd::Ours);
            }
            Some(Owner::Waiter(ticket, _)) => self.waiter_lost(now, ticket, LegEnd::Ours),
            Some(Owner::Code(stream)) => self.end_code(now, stream),
            Some(Owner::Consulting(id) | Owner::Consulted(id)) => {
                self.end_consult(now, id, None, Status::SERVICE_UNAVAILABLE);
            }
            Some(Owner::Taking(stream)) => self.forget_taking(stream),
            Some(Owner::Supervisor(stream)) => self.end_supervision(now, stream),
            Some(Owner::Parting(stream)) => self.parted(now, stream),
            Some(Owner::Customer(_)) | None => {}
        }
    }
}
