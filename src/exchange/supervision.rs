//! Supervision by telephone: a supervisor dials `*63` and an operator's login, and hears the operator's conversation.
//!
//! ```text
//!  INVITE *63anna ──▶ Opening ──ports──▶ Answered ──ACK──▶ Following: 1 listens, 2 whispers, 3 joins
//!      │ 403 no registered phone                  │                 │ the conversation ends
//!      │ 486 follows one already                  └─ a tone, BYE ◀──┘
//! ```
//!
//! Busy says that nobody talks there, or another supervisor listens already; congestion, that the account is no
//! supervisor's or that there is no such operator. One beep says listening, two whispering, three joining; only the
//! supervisor hears them. Only conversations can be heard: where a caller enters a secret there is the menu and nobody
//! to supervise, and what the media keeps from an operator it keeps from a supervisor.

mod table;

use super::arrival::{answer_offer, refusal};
use super::call::{Call, Description, Link, Phase, Talking};
use super::parting::Then;
use super::terms::Side;
use super::{Command, Exchange, Owner};
use crate::ivr::acd::{AccountRole, OperatorState};
use crate::model::{CallEvent, CallId, Digit, Gap, Instant, Now, OperatorId, PlayItem, Playlist};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, PlaybackId, Role, StreamId};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{Incoming, LegId};
use crate::voip::sip::headers::Headers;
use std::net::SocketAddr;
pub(super) use table::Supervisions;

/// The beeps' playback; the flow's own are numbered within 32 bits.
const BEEPS: PlaybackId = PlaybackId(7 << 32);
/// Between two beeps.
const PAUSE: Gap = Gap(120);
/// What is dialled before the operator's login.
const CODE: &str = "*63";

/// What a supervisor does in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervising {
    /// Hears both, is heard by nobody.
    Listens,
    /// Is heard by the operator alone.
    Whispers,
    /// Is heard by both.
    Joins,
    /// Has left.
    Ended,
}

impl Supervising {
    /// One word for records and the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listens => "listens",
            Self::Whispers => "whispers",
            Self::Joins => "joins",
            Self::Ended => "ended",
        }
    }

    /// What a key asks for.
    fn of_key(digit: Digit) -> Option<Self> {
        match digit.as_char() {
            '1' => Some(Self::Listens),
            '2' => Some(Self::Whispers),
            '3' => Some(Self::Joins),
            _ => None,
        }
    }

    /// How many beeps tell of it.
    const fn beeps(self) -> usize {
        match self {
            Self::Listens => 1,
            Self::Whispers => 2,
            Self::Joins => 3,
            Self::Ended => 0,
        }
    }
}

/// A supervisor's call.
pub(super) struct Supervision {
    /// What the supervisor is reserved for meanwhile.
    id: CallId,
    by: OperatorId,
    /// Whose conversation was asked for; `None` for a login that nobody has.
    whom: Option<OperatorId>,
    leg: LegId,
    stage: Stage,
}

enum Stage {
    /// Ports are being bound.
    Opening { offer: Vec<u8> },
    /// 200 was sent; the ACK is awaited.
    Answered(Box<Description>),
    /// In the conversation.
    Following(Box<Following>),
}

struct Following {
    description: Description,
    call: CallId,
    operator: OperatorId,
    does: Supervising,
    since: Instant,
}

/// Whose conversation a dialled user part asks for.
pub(super) fn asked_for(user: &str) -> Option<&str> {
    user.strip_prefix(CODE)
}

/// So many beeps, for one phone alone.
pub(super) fn beeps(stream: StreamId, count: usize) -> MediaCommand {
    let beep = [PlayItem::Clip(Signal::Record.prompt()), PlayItem::Gap(PAUSE)];
    let items = beep.iter().cycle().take(count * beep.len()).cloned().collect();
    MediaCommand::Play { stream, playback: BEEPS, playlist: Playlist::of(items) }
}

impl Exchange {
    /// A registered phone wants to follow a conversation.
    pub(super) fn on_supervising(&mut self, now: Now, incoming: Incoming, dialled: &str) {
        let leg = incoming.leg;
        let by = self.phone_of(&incoming);
        let status = match (&by, &incoming.offer) {
            (None, _) => Some(Status::FORBIDDEN),
            (Some(_), None) => Some(Status::NOT_ACCEPTABLE_HERE),
            (Some(by), Some(_)) if self.supervisions.has(by) => Some(Status::BUSY_HERE),
            (Some(_), Some(_)) => None,
        };
        let (Some(by), None) = (by, status) else {
            let status = status.unwrap_or(Status::FORBIDDEN);
            tracing::info!(from = %incoming.from.addr, status = status.code(), "a supervisor's code is refused");
            self.sip.reject(now.instant, leg, status, &Headers::new());
            return;
        };
        let whom = self.operator_dialled(dialled);
        let id = self.draw_call(now);
        // Nobody is offered a caller while listening to another's.
        self.acd.reserve(now, id, &by);
        let stream = self.next_stream();
        let beside = whom.as_ref().and_then(|whom| self.caller_with(whom));
        let stage = Stage::Opening { offer: incoming.offer.unwrap_or_default() };
        self.legs.insert(leg, Owner::Supervisor(stream));
        self.streams.insert(stream, Owner::Supervisor(stream));
        self.supervisions.insert(stream, Supervision { id, by, whom, leg, stage });
        self.ask_ports(stream, beside, incoming.from.addr.ip());
    }

    /// The operator whose login was dialled, in letters or on keys that have none; nobody when the keys fit several.
    fn operator_dialled(&self, dialled: &str) -> Option<OperatorId> {
        let exact = OperatorId::new(dialled);
        let is_known = self.acd.profile(&exact).is_some();
        if is_known { Some(exact) } else { self.supervisions.login_on_keys(dialled).cloned() }
    }

    /// The ports are bound: answer.
    pub(super) fn answer_supervisor(&mut self, now: Now, stream: StreamId, address: Option<SocketAddr>) {
        let Some(supervision) = self.supervisions.get_mut(stream) else { return };
        let (leg, whom) = (supervision.leg, supervision.whom.clone());
        let Stage::Opening { offer } = &mut supervision.stage else { return };
        let offer = std::mem::take(offer);
        let Some(address) = address else {
            return self.refuse_supervisor(now, stream, Status::SERVICE_UNAVAILABLE);
        };
        let call = whom.and_then(|whom| self.talk_of(&whom)).map(|(call, ..)| call);
        let mut negotiation = self.negotiation(&Side::Operator(call), address);
        match answer_offer(&mut negotiation, &offer) {
            Ok((body, negotiated)) => {
                let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
                if let Some(supervision) = self.supervisions.get_mut(stream) {
                    supervision.stage = Stage::Answered(Box::new(description));
                }
                self.open_media(stream, negotiated);
                self.sip.answer(now.instant, leg, body.into_bytes(), &Headers::new());
            }
            Err(error) => self.refuse_supervisor(now, stream, refusal(&error)),
        }
    }

    fn refuse_supervisor(&mut self, now: Now, stream: StreamId, status: Status) {
        if let Some(supervision) = self.supervisions.get(stream) {
            self.sip.reject(now.instant, supervision.leg, status, &Headers::new());
        }
        self.forget_supervision(now, stream);
    }

    /// The phone acknowledged: into the conversation, or a tone that says why not.
    pub(super) fn begin_supervision(&mut self, now: Now, stream: StreamId) {
        let Some(supervision) = self.supervisions.remove(stream) else { return };
        let Stage::Answered(description) = supervision.stage else {
            self.supervisions.insert(stream, supervision);
            return;
        };
        let Supervision { id, by, whom, leg, .. } = supervision;
        match self.may_follow(&by, whom.as_ref()) {
            Ok((call, operator)) => {
                let following = Following {
                    description: *description,
                    call,
                    operator,
                    does: Supervising::Ended,
                    since: now.instant,
                };
                let stage = Stage::Following(Box::new(following));
                self.supervisions.insert(stream, Supervision { id, by, whom, leg, stage });
                self.supervise(now, stream, Supervising::Listens);
            }
            Err(tone) => {
                tracing::info!(%by, ?tone, "nothing to supervise, or nobody who may");
                self.part_with(now, (leg, stream), description.direction, (tone, Then::Unreserve(id, by)));
            }
        }
    }

    /// The conversation that a supervisor may follow, or what else is to be heard.
    fn may_follow(&self, by: &OperatorId, whom: Option<&OperatorId>) -> Result<(CallId, OperatorId), Signal> {
        if !self.is_supervisor(by) {
            return Err(Signal::Congestion);
        }
        let whom = whom.ok_or(Signal::Congestion)?;
        let (call, ..) = self.talk_of(whom).filter(|_| whom != by).ok_or(Signal::Busy)?;
        if self.supervisions.following(call).is_some() {
            return Err(Signal::Busy);
        }
        Ok((call, whom.clone()))
    }

    fn is_supervisor(&self, who: &OperatorId) -> bool {
        self.acd.profile(who).is_some_and(|profile| profile.role == AccountRole::Supervisor)
    }

    /// The conversation of an operator: the call, the caller's stream and the operator's.
    pub(super) fn talk_of(&self, operator: &OperatorId) -> Option<(CallId, StreamId, StreamId)> {
        let Some(OperatorState::Talking(call)) = self.acd.state(operator) else { return None };
        let (call, talking) = self.talk_in(*call).filter(|(_, talking)| talking.operator == *operator)?;
        Some((call.id, call.stream, talking.stream))
    }

    /// The conversation of a call.
    fn talk_in(&self, call: CallId) -> Option<(&Call, &Talking)> {
        let call = self.calls.get(&call)?;
        match &call.phase {
            Phase::Standing(standing) => match &standing.link {
                Link::Talking(talking) => Some((call, talking)),
                Link::Menu | Link::Queued(_) | Link::Transferring(_) | Link::Leaving(_) => None,
            },
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => None,
        }
    }

    /// A key of a supervisor's phone.
    pub(super) fn on_supervisors_key(&mut self, now: Now, stream: StreamId, digit: Digit) {
        if let Some(does) = Supervising::of_key(digit) {
            self.supervise(now, stream, does);
        }
    }

    /// Listens, whispers or joins from now on; the phone beeps, and the record and the audit say so.
    fn supervise(&mut self, now: Now, stream: StreamId, does: Supervising) {
        let Some(supervision) = self.supervisions.get_mut(stream) else { return };
        let by = supervision.by.clone();
        let Stage::Following(following) = &mut supervision.stage else { return };
        if std::mem::replace(&mut following.does, does) == does {
            return;
        }
        let (call, operator) = (following.call, following.operator.clone());
        self.place_supervisor(stream);
        self.commands.push_back(Command::Media(beeps(stream, does.beeps())));
        tracing::info!(%call, %by, %operator, does = does.name(), "a conversation is supervised");
        let event = CallEvent::Supervised { by: by.clone(), operator: operator.clone(), does: does.name().into() };
        self.record(now, call, event);
        self.commands.push_back(Command::Supervised { by, operator, call, does });
    }

    /// Puts a supervisor into the conversation as it is now.
    fn place_supervisor(&mut self, stream: StreamId) {
        let Some(Stage::Following(following)) = self.supervisions.get(stream).map(|one| &one.stage) else { return };
        let does = following.does;
        let Some((call, talking)) = self.talk_in(following.call) else { return };
        let (caller, operator) = (call.stream, talking.stream);
        let role = match does {
            Supervising::Listens | Supervising::Ended => Role::Listens,
            Supervising::Whispers => Role::Whispers { to: operator },
            Supervising::Joins => Role::Joins,
        };
        self.commands.push_back(Command::Media(MediaCommand::Join { stream, with: caller, role }));
    }

    /// The conversation goes on at another phone of the operator: whoever follows it does so there.
    pub(super) fn follow_supervisor(&mut self, call: CallId) {
        if let Some(stream) = self.supervisions.following(call) {
            self.place_supervisor(stream);
        }
    }

    /// A conversation is about to be taken apart: its supervisor leaves it first, so that two are left, and hears a
    /// busy tone.
    pub(super) fn end_supervision_of(&mut self, now: Now, call: CallId) {
        if let Some(stream) = self.supervisions.following(call) {
            self.part_supervisor(now, stream, Signal::Busy);
        }
    }

    fn part_supervisor(&mut self, now: Now, stream: StreamId, tone: Signal) {
        let Some(Supervision { id, by, leg, stage, .. }) = self.supervisions.remove(stream) else { return };
        let Stage::Following(following) = stage else { return };
        self.commands.push_back(Command::Media(MediaCommand::Leave { stream }));
        let direction = following.description.direction;
        self.record_supervision_end(now, &by, &following);
        self.part_with(now, (leg, stream), direction, (tone, Then::Unreserve(id, by)));
    }

    fn record_supervision_end(&mut self, now: Now, by: &OperatorId, following: &Following) {
        let (call, operator) = (following.call, following.operator.clone());
        let lasted = now.instant.since(following.since);
        self.record(now, call, CallEvent::SupervisionEnded { by: by.clone(), operator: operator.clone(), lasted });
        let does = Supervising::Ended;
        self.commands.push_back(Command::Supervised { by: by.clone(), operator, call, does });
    }

    /// The supervisor has hung up. The other two hear nothing of it.
    pub(super) fn forget_supervision(&mut self, now: Now, stream: StreamId) {
        let Some(supervision) = self.supervisions.remove(stream) else { return };
        if let Stage::Following(following) = &supervision.stage {
            self.record_supervision_end(now, &supervision.by, following);
        }
        self.legs.remove(&supervision.leg);
        self.close_stream(stream);
        self.acd.unreserve(now, supervision.id, &supervision.by);
    }

    /// Nothing comes from the supervisor's phone, or its media failed.
    pub(super) fn end_supervision(&mut self, now: Now, stream: StreamId) {
        if let Some(supervision) = self.supervisions.get(stream) {
            self.sip.hang_up(now.instant, supervision.leg);
        }
        self.forget_supervision(now, stream);
    }

    /// Accounts have changed: who is no supervisor any more hears no more.
    pub(super) fn end_unpermitted_supervision(&mut self, now: Now) {
        let unpermitted = |one: &Supervision| matches!(one.stage, Stage::Following(_)) && !self.is_supervisor(&one.by);
        let streams: Vec<StreamId> =
            self.supervisions.iter().filter(|(_, one)| unpermitted(one)).map(|(stream, _)| stream).collect();
        for stream in streams {
            self.part_supervisor(now, stream, Signal::Congestion);
        }
    }

    /// Our side of the descriptions of a supervisor's leg.
    pub(super) fn supervisors_description(&mut self, stream: StreamId) -> Option<(StreamId, &mut Description)> {
        match &mut self.supervisions.get_mut(stream)?.stage {
            Stage::Opening { .. } => None,
            Stage::Answered(description) => Some((stream, description)),
            Stage::Following(following) => Some((stream, &mut following.description)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_followed_by_a_login() {
        assert_eq!((asked_for("*63anna"), asked_for("*60"), asked_for("anna")), (Some("anna"), None, None));
    }
}
