//! A call ends: everything that belonged to it is let go, once.

use super::call::{Call, Link, Phase};
use super::{Command, Exchange, LegEnd};
use crate::ivr::flow::{Command as FlowCommand, Event as FlowEvent};
use crate::ivr::menu::Name;
use crate::model::{CallEvent, CallId, Cause, Now};
use crate::voip::media::MediaCommand;
use crate::voip::sip::Status;
use std::time::Duration;

impl Exchange {
    /// Ends a call for a cause. Its leg is told unless it is over already.
    pub(super) fn end_call(&mut self, now: Now, id: CallId, cause: Cause, leg: LegEnd) {
        // The flow is told while the call is still in the table: it records what it leaves behind.
        self.tell_flow_the_end(now, id, cause);
        let cause = self.calls.get(&id).and_then(Call::leaves_for).unwrap_or(cause);
        let Some(mut call) = self.calls.remove(&id) else { return };
        if let Some(wake) = call.wake {
            self.wakes.remove(&(wake, id));
        }
        self.legs.remove(&call.leg);
        self.let_stream_go(call.stream);
        if leg == LegEnd::Ours {
            self.sip.hang_up(now.instant, call.leg);
        }
        let lasted = lasted(now, &call);
        if let Phase::Standing(standing) = &mut call.phase
            && let Some(transfer) = standing.link.take_transfer()
        {
            self.leave_target(now, id, *transfer, LegEnd::Ours, false);
        }
        self.let_go(now, &call);
        // Phones stop ringing before the end is recorded, so that `Ended` is the last line.
        self.take_acd(now);
        self.commands.push_back(Command::Media(MediaCommand::Close { stream: call.stream }));
        self.record(now, id, CallEvent::Ended { cause, lasted });
        if let Some(ticket) = call.callback {
            // Somebody or something answered and did not press 1.
            self.customer_lost(now, ticket, Status::OK);
        }
        self.caller_is_off(now, id);
        tracing::info!(call = %id, cause = cause.name(), seconds = lasted.as_secs(), "call ended");
    }

    fn let_go(&mut self, now: Now, call: &Call) {
        let Phase::Standing(standing) = &call.phase else { return };
        match &standing.link {
            // The target of a transfer was let go before.
            Link::Menu | Link::Transferring(_) | Link::Leaving(_) => {}
            Link::Queued(_) => self.acd.leave(now, call.id),
            Link::Talking(talking) => {
                self.end_company_of(now, call.id);
                self.legs.remove(&talking.leg);
                self.let_stream_go(talking.stream);
                self.sip.hang_up(now.instant, talking.leg);
                self.commands.push_back(Command::Media(MediaCommand::Close { stream: talking.stream }));
                self.acd.talk_ended(now, call.id);
                let talked = now.instant.since(talking.since);
                let operator = talking.operator.clone();
                self.record(now, call.id, CallEvent::TalkEnded { operator, talked, by_operator: false });
            }
        }
    }

    /// Only what the flow records and asks of the bank matters now; there is nobody left to hear the rest.
    pub(super) fn tell_flow_the_end(&mut self, now: Now, id: CallId, cause: Cause) {
        let said = self.consult_flow(now, id, |flow, now, world| flow.handle(now, FlowEvent::HungUp(cause), world));
        for command in said {
            if let FlowCommand::Record(event) = command {
                self.record(now, id, event);
            }
        }
    }

    /// A message or a conversation was written, or could not be: `stored` is its file's name.
    pub fn handle_message_stored(
        &mut self,
        now: Now,
        recording: crate::voip::media::RecordingId,
        stored: Option<Name>,
        length: Duration,
    ) {
        if let Some(keeping) = self.keeping.remove(&recording) {
            let is_stored = stored.is_some();
            if let Some(file) = stored {
                let event = CallEvent::MessageLeft { mailbox: keeping.mailbox, file, length };
                self.record(now, keeping.call, event);
            }
            self.tell_flow(now, keeping.call, FlowEvent::MessageEnded { length, stored: is_stored });
        } else if let Some(call) = self.taping.remove(&recording)
            && let Some(file) = stored
        {
            self.record(now, call, CallEvent::ConversationRecorded { file, length });
        }
        self.pump(now);
    }
}

fn lasted(now: Now, call: &Call) -> Duration {
    match &call.phase {
        Phase::Standing(standing) => now.instant.since(standing.answered),
        Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => Duration::ZERO,
    }
}
