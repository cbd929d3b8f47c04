//! An operator's phone hands its caller on by REFER (RFC 3515, RFC 5589).
//!
//! ```text
//!  REFER ──▶ to another operator ─┐                                        200
//!        ──▶ to a target ─────────┴▶ the caller hears ringing: Transferring ──▶ they talk, NOTIFY 200, BYE
//!        ──▶ to a queue ─▶ the caller waits there, NOTIFY 200, BYE   │ busy, no answer
//!        ──▶ with Replaces of a consultation ─▶ they talk at once    ▼
//!        ──▶ anybody else: 403                      NOTIFY 486 …: back to who asked, else to the front of the queue
//! ```
//!
//! Whom a Refer-To names is read from its user part alone: an operator's account; `queue-` and a queue's name, or `*7`
//! and its number in the menu; the name or the number of a target of the configuration. Its host is never asked, so
//! nobody can be called who is not named.

use super::call::{Link, Phase, Queued, Talking};
use super::transfer::{Recipient, Stage, Transfer};
use super::trunks::ways::Passed;
use super::{Command, Exchange, LegEnd, Owner};
use crate::ivr::flow::Event as FlowEvent;
use crate::ivr::menu::{Name, QueueId};
use crate::model::{CallEvent, CallId, Now, OperatorId, PhoneNumber};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, StreamId};
use crate::voip::sip::endpoint::{Incoming, LegId, Referred};
use crate::voip::sip::headers::NameAddr;
use crate::voip::sip::{Status, Uri};
use std::sync::Arc;

/// A caller whom an operator hands over.
pub(super) struct Handing {
    /// Who.
    pub by: OperatorId,
    /// The leg whose phone is told how it goes.
    pub leg: LegId,
    /// Who says to have asked (RFC 3892).
    pub referred_by: Option<NameAddr>,
    /// After the two operators had spoken.
    pub attended: bool,
    /// The place in the queue, to which the caller comes back.
    pub queued: Queued,
    /// The operator's side of the conversation, while the phone is still there.
    pub back: Option<Box<Talking>>,
}

/// To whom a caller can be handed.
enum To {
    Operator(OperatorId),
    Queue(QueueId, Name),
    Target(Name),
}

impl Exchange {
    /// REFER within a call: only an operator in a conversation may have a caller handed over.
    pub(super) fn on_referred(&mut self, now: Now, referred: &Referred) {
        let leg = referred.leg;
        let refusal = match self.legs.get(&leg).cloned() {
            Some(Owner::Operator(id, operator)) if self.talks_by(id, leg) => {
                self.hand_on(now, id, &operator, referred).err()
            }
            Some(Owner::Consulting(id)) => self.hand_on_from_consult(now, id, referred).err(),
            _ => Some(Status::FORBIDDEN),
        };
        if let Some(status) = refusal {
            tracing::info!(%leg, status = status.code(), "a REFER is refused");
            self.sip.refuse_refer(now.instant, referred.token, status);
        }
    }

    fn hand_on(&mut self, now: Now, id: CallId, by: &OperatorId, referred: &Referred) -> Result<(), Status> {
        if let Some(replaces) = &referred.replaces {
            let consult = self.consult_of(by, replaces)?;
            self.sip.accept_refer(now.instant, referred.leg, referred.token);
            self.complete_consult(now, id, consult, referred);
            return Ok(());
        }
        let to = self.recipient(id, referred.to.uri()).ok_or(Status::FORBIDDEN)?;
        match to {
            To::Operator(to) if to == *by => Err(Status::FORBIDDEN),
            To::Operator(to) => {
                self.sip.accept_refer(now.instant, referred.leg, referred.token);
                self.hand_to_operator(now, id, to, referred);
                Ok(())
            }
            To::Queue(queue, name) => {
                self.sip.accept_refer(now.instant, referred.leg, referred.token);
                self.hand_to_queue(now, id, (queue, name), referred.leg);
                Ok(())
            }
            To::Target(name) => {
                self.sip.accept_refer(now.instant, referred.leg, referred.token);
                if self.begin_handing(now, id, Recipient::Outside(name), referred) {
                    self.bind_recipient(now, id);
                }
                Ok(())
            }
        }
    }

    /// Whom a Refer-To means.
    fn recipient(&self, id: CallId, uri: &Uri) -> Option<To> {
        let user = uri.user_text()?;
        if let Some(operator) = self.account_named(uri) {
            return Some(To::Operator(operator));
        }
        let menu = &self.calls.get(&id)?.menu;
        let by_name = user.strip_prefix("queue-");
        let by_code = user.strip_prefix("*7").and_then(|number| number.parse::<usize>().ok());
        let at = match (by_name, by_code) {
            (Some(name), _) => menu.queues.iter().position(|queue| *queue.name == *name),
            (None, Some(number)) => number.checked_sub(1).filter(|at| *at < menu.queues.len()),
            (None, None) => return self.transfer_named(uri).map(To::Target),
        };
        let queue = QueueId(u16::try_from(at?).ok()?);
        Some(To::Queue(queue, menu[queue].name.clone()))
    }

    /// The operator whose account a URI names.
    pub(super) fn account_named(&self, uri: &Uri) -> Option<OperatorId> {
        let operator = OperatorId::new(&uri.user_text()?);
        self.registrar.knows(&operator).then_some(operator)
    }

    /// The target of the configuration that a URI names, by its name or its number.
    pub(super) fn transfer_named(&self, uri: &Uri) -> Option<Name> {
        let user = uri.user_text()?;
        let number = uri.phone().or_else(|| PhoneNumber::parse(&user));
        self.config.outside.target_named(&user, number.as_ref())
    }

    /// The operator whose registered phone calls.
    pub(super) fn phone_of(&self, incoming: &Incoming) -> Option<OperatorId> {
        let operator = OperatorId::new(&incoming.request.from.uri().user_text()?);
        let here = |target: &super::registrar::Target| target.peer.addr == incoming.from.addr;
        self.registrar.targets(&operator).iter().any(here).then_some(operator)
    }

    fn hand_to_operator(&mut self, now: Now, id: CallId, to: OperatorId, referred: &Referred) {
        let status = if self.registrar.target(&to).is_none() {
            Some(Status::TEMPORARILY_UNAVAILABLE)
        } else if self.acd.reserve(now, id, &to) {
            None
        } else {
            Some(Status::BUSY_HERE)
        };
        if let Some(status) = status {
            self.sip.tell_refer(now.instant, referred.leg, status);
            self.record_hand_over(now, id, to.as_str().into(), super::transfer::reason(status));
            return;
        }
        if self.begin_handing(now, id, Recipient::Operator(to), referred) {
            self.bind_recipient(now, id);
        }
    }

    /// The conversation is taken apart: the caller hears ringing, the operator who asked nothing.
    pub(super) fn begin_handing(&mut self, now: Now, id: CallId, to: Recipient, referred: &Referred) -> bool {
        let Some((caller, standing)) = self.standing(id) else { return false };
        if !matches!(standing.link, Link::Talking(_)) {
            return false;
        }
        let Link::Talking(talking) = std::mem::replace(&mut standing.link, Link::Menu) else { return false };
        self.end_company_of(now, id);
        let other = talking.stream;
        let handing = Handing {
            by: talking.operator.clone(),
            leg: referred.leg,
            referred_by: referred.by.clone(),
            attended: false,
            queued: talking.queued.clone(),
            back: Some(talking),
        };
        let by = Some(Box::new(handing));
        let transfer =
            Transfer { target: to, began: now.instant, passed: Passed::default(), stage: Stage::Referring, by };
        if let Some((_, standing)) = self.standing(id) {
            standing.link = Link::Transferring(Box::new(transfer));
        }
        self.commands.push_back(Command::Media(MediaCommand::StopRecording { stream: caller }));
        self.commands.push_back(Command::Media(MediaCommand::Unbridge { a: caller, b: other }));
        self.play_ringback(caller);
        true
    }

    /// The caller waits in another queue; without anybody at work there, the conversation goes on.
    fn hand_to_queue(&mut self, now: Now, id: CallId, (queue, name): (QueueId, Name), leg: LegId) {
        let to: Arc<str> = format!("queue-{name}").into();
        if !self.acd.is_staffed(&name) {
            self.sip.tell_refer(now.instant, leg, Status::TEMPORARILY_UNAVAILABLE);
            self.record_hand_over(now, id, to, "nobody");
            return;
        }
        self.sip.tell_refer(now.instant, leg, Status::OK);
        self.record_hand_over(now, id, to, "taken");
        let Some((_, standing)) = self.standing(id) else { return };
        let Link::Talking(talking) = &standing.link else { return };
        let context = talking.queued.context.clone();
        let queued = Queued { since: now.instant, context };
        let Some(talking) = self.part(now, id, LegEnd::Ours, Link::Queued(queued)) else { return };
        self.record_talk_end(now, id, &talking);
        self.tell_flow(now, id, FlowEvent::HandedOn(queue));
        self.acd.hand_to_queue(now, id, &name);
    }

    /// Whom an operator handed over is with somebody else: the operator's phone is let go.
    pub(super) fn handed_over(&mut self, now: Now, id: CallId, to: &Recipient, handing: Handing) {
        self.sip.tell_refer(now.instant, handing.leg, Status::OK);
        let event = CallEvent::HandOver {
            by: handing.by.clone(),
            to: to.name(),
            attended: handing.attended,
            outcome: "taken".into(),
        };
        if let Some(talking) = handing.back {
            self.close_talking(now, id, &talking, LegEnd::Ours);
        }
        self.record(now, id, event);
        match to {
            Recipient::Operator(to) => self.acd.hand_over(now, id, to),
            Recipient::Outside(_) => self.acd.talk_ended(now, id),
        }
    }

    /// Nobody took the caller: back to the operator who asked, or to the front of the queue.
    pub(super) fn hand_back(&mut self, now: Now, id: CallId, transfer: Transfer, status: Status, why: &str) {
        let Transfer { target, by, .. } = transfer;
        let Some(handing) = by else { return };
        self.sip.tell_refer(now.instant, handing.leg, status);
        if let Recipient::Operator(to) = &target {
            self.acd.unreserve(now, id, to);
        }
        let event = CallEvent::HandOver {
            by: handing.by.clone(),
            to: target.name(),
            attended: handing.attended,
            outcome: why.into(),
        };
        self.record(now, id, event);
        let Some((caller, standing)) = self.standing(id) else { return };
        let stop = Command::Media(MediaCommand::Stop { stream: caller });
        if let Some(mut talking) = handing.back {
            let other = talking.stream;
            let holds = talking.description.direction.is_some_and(|direction| !direction.sends());
            talking.held = false;
            standing.link = Link::Talking(talking);
            self.commands.push_back(stop);
            self.commands.push_back(Command::Media(MediaCommand::Bridge { a: caller, b: other }));
            self.record_talk(id, (caller, other));
            self.far_end_holds(id, holds);
            let is_busy = matches!(status.code(), 486 | 600);
            self.sound_once(other, if is_busy { Signal::Busy } else { Signal::Congestion });
        } else {
            standing.link = Link::Queued(handing.queued);
            self.commands.push_back(stop);
            self.tell_flow(now, id, FlowEvent::Requeued);
            self.acd.requeue(now, id);
        }
    }

    /// Whether a leg is of the operator who is handing this caller over.
    pub(super) fn hands_over(&self, id: CallId, leg: LegId) -> bool {
        self.referrer(id).is_some_and(|talking| talking.leg == leg)
    }

    /// The same of a stream.
    pub(super) fn is_referrers(&self, id: CallId, stream: StreamId) -> bool {
        self.referrer(id).is_some_and(|talking| talking.stream == stream)
    }

    fn referrer(&self, id: CallId) -> Option<&Talking> {
        let link = self.calls.get(&id).and_then(|call| match &call.phase {
            Phase::Standing(standing) => Some(&standing.link),
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => None,
        });
        let Some(Link::Transferring(transfer)) = link else { return None };
        transfer.by.as_ref().and_then(|handing| handing.back.as_deref())
    }

    /// The operator who is handing a caller over has hung up: it goes on without.
    pub(super) fn referrer_left(&mut self, now: Now, id: CallId, leg: LegEnd) {
        let Some((_, standing)) = self.standing(id) else { return };
        let Link::Transferring(transfer) = &mut standing.link else { return };
        let Some(talking) = transfer.by.as_mut().and_then(|handing| handing.back.take()) else { return };
        self.close_talking(now, id, &talking, leg);
        self.acd.part(now, id);
    }

    /// Lets go of an operator's side that is bridged with nobody.
    pub(super) fn close_talking(&mut self, now: Now, id: CallId, talking: &Talking, leg: LegEnd) {
        self.close_stream(talking.stream);
        self.legs.remove(&talking.leg);
        if leg == LegEnd::Ours {
            self.sip.hang_up(now.instant, talking.leg);
        }
        self.record_talk_end(now, id, talking);
    }

    fn record_talk_end(&mut self, now: Now, id: CallId, talking: &Talking) {
        let talked = now.instant.since(talking.since);
        let operator = talking.operator.clone();
        self.record(now, id, CallEvent::TalkEnded { operator, talked, by_operator: true });
    }

    fn record_hand_over(&mut self, now: Now, id: CallId, to: Arc<str>, outcome: &str) {
        let Some((_, standing)) = self.standing(id) else { return };
        let Link::Talking(talking) = &standing.link else { return };
        let by = talking.operator.clone();
        self.record(now, id, CallEvent::HandOver { by, to, attended: false, outcome: outcome.into() });
    }
}
