//! Handing a caller to somebody outside, by a bridge or by REFER.
//!
//! ```text
//!                  ┌──────────── REFER refused ────────────┐
//!   flow Transfer ─┤ refer                                 ▼                    200
//!                  └──▶ Referring ── NOTIFY 200 ──▶ BYE    Binding ──▶ Inviting ───▶ Bridged ── BYE ──▶ both end
//!                          │ NOTIFY 4xx–6xx, no news         │ no ports   │ 3xx–6xx, no answer
//!                          └────────▶ flow TransferFailed ◀──┴────────────┘
//! ```
//!
//! The caller hears a ringing tone, or what the target says early (`early`), until somebody answers or the menu goes
//! on. Whoever hangs up, everything ends.

use super::call::{Description, Link, Talking};
use super::early::Early;
use super::handing::Handing;
use super::offers::Phone;
use super::outside::Way;
use super::ringing::{Invitation, Ringing};
use super::terms::{Outward, Side};
use super::trunks::ways::{Passed, SILENCE, is_of_trunk};
use super::{Command, Exchange, LegEnd, Owner};
use crate::ivr::flow::Event as FlowEvent;
use crate::ivr::menu::Name;
use crate::model::{CallEvent, CallId, Cause, Instant, Now, OperatorId, Playlist, PromptId};
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use crate::voip::sdp::{Direction, Negotiation, PendingOffer};
use crate::voip::sip::endpoint::{LegId, Refer, ReferFailure, ReferProgress, referred_by};
use crate::voip::sip::headers::{Headers, NameAddr};
use crate::voip::sip::{Host, SipUri, Status};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The ringing tone's playback; the flow's own are numbered within 32 bits.
const RINGBACK: PlaybackId = PlaybackId(4 << 32);
/// Phones that ring, and what was offered to them.
type Called = (Ringing, Negotiation, PendingOffer);
/// How much longer than its ringing a REFER may take: the peer looks for the target first.
const REFER_EXTRA: Duration = Duration::from_secs(10);

/// A caller on the way to somebody.
pub(super) struct Transfer {
    pub target: Recipient,
    pub began: Instant,
    /// The ways that were tried or were no use.
    pub passed: Passed,
    pub stage: Stage,
    /// The operator who hands the caller over; `None` when the menu does.
    pub by: Option<Box<Handing>>,
}

/// To whom a caller is handed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// A target of the configuration.
    Outside(Name),
    /// An operator, by another operator.
    Operator(OperatorId),
}

impl Recipient {
    /// As records name it.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::Outside(name) => name.as_ref().into(),
            Self::Operator(operator) => operator.as_str().into(),
        }
    }
}

/// How far it has come.
pub(super) enum Stage {
    /// The caller's network was asked to call the target.
    Referring,
    /// Ports for the target are being bound.
    Binding(Box<Binding>),
    /// The target's phone rings.
    Inviting(Box<Inviting>),
    /// They talk.
    Bridged(Box<Bridged>),
}

/// A way that is about to be taken; `None` to an operator.
pub(super) struct Binding {
    stream: StreamId,
    way: Option<Way>,
}

/// An INVITE to the target.
pub(super) struct Inviting {
    pub stream: StreamId,
    pub ringing: Ringing,
    pub negotiation: Negotiation,
    pub pending: PendingOffer,
    pub until: Instant,
    /// By when the trunk must have said something, while there is another one.
    pub silent: Option<Instant>,
    /// What it says before it answers.
    pub early: Early,
}

/// The target's side of a conversation.
pub(super) struct Bridged {
    pub stream: StreamId,
    pub leg: LegId,
    pub description: Description,
    pub since: Instant,
    /// The target holds: music covers the silence.
    pub held: bool,
}

impl Transfer {
    /// When the ringing has lasted long enough.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Inviting(inviting) => {
                Some(inviting.silent.map_or(inviting.until, |silent| silent.min(inviting.until)))
            }
            Stage::Referring | Stage::Binding(_) | Stage::Bridged(_) => None,
        }
    }
}

impl Exchange {
    /// The menu hands the caller over.
    pub(super) fn begin_transfer(&mut self, now: Now, id: CallId, target: &Name, refer: bool) {
        let is_known = self.config.outside.transfers.contains_key(target);
        let way = self.way_to_target(now, target, Passed::default());
        let refer = refer && self.calls.get(&id).is_some_and(|call| call.takes_refer);
        let Some((stream, standing)) = self.standing(id) else { return };
        let recipient = Recipient::Outside(target.clone());
        let passed = Passed::default();
        let transfer = Transfer { target: recipient, began: now.instant, passed, stage: Stage::Referring, by: None };
        standing.link = Link::Transferring(Box::new(transfer));
        self.record(now, id, CallEvent::TransferBegan { target: target.clone(), refer });
        let Some((way, passed)) = way else {
            if !is_known {
                tracing::error!(call = %id, %target, "the configuration names no such target of transfers");
            }
            let why = if is_known { "unreachable" } else { "unknown_target" };
            self.transfer_failed(now, id, Status::TEMPORARILY_UNAVAILABLE, why);
            return;
        };
        self.play_ringback(stream);
        if refer {
            self.refer_caller(now, id, &way);
        } else {
            self.bind_target(id, way, passed);
        }
    }

    pub(super) fn play_ringback(&mut self, stream: StreamId) {
        let playlist = Playlist::looped(PromptId::new("common/ringback"));
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: RINGBACK, playlist }));
    }

    fn refer_caller(&mut self, now: Now, id: CallId, way: &Way) {
        let Some(leg) = self.calls.get(&id).map(|call| call.leg) else { return };
        let refer = Refer {
            to: NameAddr::new(way.uri.clone()),
            by: None,
            headers: call_reference(id),
            within: way.ring + REFER_EXTRA,
        };
        self.sip.refer(now.instant, leg, refer);
    }

    /// News of our REFER.
    pub(super) fn on_refer(&mut self, now: Now, leg: LegId, progress: ReferProgress) {
        let Some(Owner::Caller(id)) = self.legs.get(&leg).cloned() else { return };
        let Some(transfer) = self.transfer(id) else { return };
        if !matches!(transfer.stage, Stage::Referring) {
            return;
        }
        let (target, took) = (transfer.target.name(), now.instant.since(transfer.began));
        match progress {
            ReferProgress::Accepted | ReferProgress::Provisional(_) => {}
            ReferProgress::Done => {
                tracing::info!(call = %id, %target, "handed over by REFER");
                self.record(now, id, CallEvent::Transferred { target, took });
                self.end_call(now, id, Cause::Transferred, LegEnd::Ours);
            }
            ReferProgress::Failed(failure) => self.refer_failed(now, id, failure),
        }
    }

    /// A peer that refuses REFER is left alone with it, and the caller is bridged. Everything else has failed.
    fn refer_failed(&mut self, now: Now, id: CallId, failure: ReferFailure) {
        let way = self.next_way_out(now, id, Passed::default());
        match (failure, way) {
            (ReferFailure::Refused(Status::REQUEST_TIMEOUT | Status::SERVICE_UNAVAILABLE), _) => {
                self.transfer_failed(now, id, Status::SERVICE_UNAVAILABLE, "unreachable");
            }
            (ReferFailure::Refused(status), Some((way, passed))) => {
                tracing::info!(call = %id, status = status.code(), "REFER is refused: a bridge instead");
                self.bind_target(id, way, passed);
            }
            (ReferFailure::Target(status), _) => self.transfer_failed(now, id, status, reason(status)),
            (ReferFailure::Untold | ReferFailure::TimedOut, _) | (ReferFailure::Refused(_), None) => {
                self.transfer_failed(now, id, Status::REQUEST_TIMEOUT, "no_result");
            }
        }
    }

    /// The next way to the target of a transfer, after those that were passed.
    fn next_way_out(&mut self, now: Now, id: CallId, passed: Passed) -> Option<(Way, Passed)> {
        let Recipient::Outside(name) = self.transfer(id)?.target.clone() else { return None };
        self.way_to_target(now, &name, passed)
    }

    /// Begins a bridge on a way; `passed` counts it in.
    fn bind_target(&mut self, id: CallId, way: Way, passed: Passed) {
        let towards = way.peer.addr.ip();
        if let Some(transfer) = self.transfer(id) {
            transfer.passed = passed;
        }
        self.bind(id, Some(way), towards);
    }

    /// Ports for whom an operator's caller is handed to.
    pub(super) fn bind_recipient(&mut self, now: Now, id: CallId) {
        let target = self.transfer(id).map(|transfer| transfer.target.clone());
        let bound = match target {
            Some(Recipient::Outside(_)) => match self.next_way_out(now, id, Passed::default()) {
                Some((way, passed)) => {
                    self.bind_target(id, way, passed);
                    true
                }
                None => false,
            },
            Some(Recipient::Operator(to)) => match self.registrar.target(&to) {
                Some(target) => {
                    self.bind(id, None, target.peer.addr.ip());
                    true
                }
                None => false,
            },
            None => true,
        };
        if !bound {
            self.transfer_failed(now, id, Status::TEMPORARILY_UNAVAILABLE, "unreachable");
        }
    }

    fn bind(&mut self, id: CallId, way: Option<Way>, towards: std::net::IpAddr) {
        let stream = self.next_stream();
        let Some((caller, standing)) = self.standing(id) else { return };
        let Link::Transferring(transfer) = &mut standing.link else { return };
        transfer.stage = Stage::Binding(Box::new(Binding { stream, way }));
        self.streams.insert(stream, Owner::Target(id));
        self.ask_ports(stream, Some(caller), towards);
    }

    /// The ports are bound: call the target.
    pub(super) fn call_target(&mut self, now: Now, id: CallId, address: Option<SocketAddr>) {
        let Some(transfer) = self.transfer(id) else { return };
        let passed = transfer.passed;
        let Stage::Binding(binding) = &transfer.stage else { return };
        let (stream, way) = (binding.stream, binding.way.clone());
        let target = transfer.target.clone();
        let ring = way.as_ref().map_or(self.config.outside.ring, |way| way.ring);
        let early = Early::wanted(way.as_ref().is_some_and(|way| way.early_media));
        let called = match (address, way, &target) {
            (Some(address), Some(way), _) => self.invite_target(now, id, way, address),
            (Some(address), None, Recipient::Operator(to)) => self.invite_colleague(now, id, to, address),
            (Some(_) | None, ..) => None,
        };
        let Some((ringing, negotiation, pending)) = called else {
            self.transfer_failed(now, id, Status::TEMPORARILY_UNAVAILABLE, "unreachable");
            return;
        };
        let silent = self.next_way_out(now, id, passed).map(|_| now.instant + SILENCE);
        let until = now.instant + ring;
        let inviting = Inviting { stream, ringing, negotiation, pending, until, silent, early };
        self.set_stage(id, Stage::Inviting(Box::new(inviting)));
        self.set_wake(id);
    }

    /// The way to the target has failed: the next one is taken, or the transfer has failed.
    fn next_way(&mut self, now: Now, id: CallId, status: Status, reason: &str) {
        let Some(transfer) = self.transfer(id) else { return };
        let passed = transfer.passed;
        let Some((way, passed)) = self.next_way_out(now, id, passed) else {
            self.transfer_failed(now, id, status, reason);
            return;
        };
        tracing::warn!(call = %id, reason, trunk = way.trunk.as_deref(), "another trunk is tried");
        if let Some(transfer) = self.transfer(id)
            && let Stage::Inviting(inviting) = std::mem::replace(&mut transfer.stage, Stage::Referring)
        {
            self.close_stream(inviting.stream);
            self.stop_ringing(now, &inviting.ringing);
            if let Some(caller) = self.calls.get(&id).map(|call| call.stream).filter(|_| inviting.early == Early::Heard)
            {
                self.play_ringback(caller);
            }
        }
        self.bind_target(id, way, passed);
        self.set_wake(id);
    }

    fn invite_target(&mut self, now: Now, id: CallId, way: Way, address: SocketAddr) -> Option<Called> {
        let outward = Outward { trunk: way.trunk.clone(), secure: way.secure, caller: Some(id) };
        let mut negotiation = self.negotiation(&Side::Outside(outward), address);
        let (body, pending) = negotiation.offer(Direction::SendRecv);
        let mut headers = call_reference(id);
        let handing = self.transfer(id).and_then(|transfer| transfer.by.as_ref());
        let (is_handed, by) = (handing.is_some(), handing.and_then(|handing| handing.referred_by.clone()));
        self.tell_origin(id, &way, is_handed, &mut headers);
        headers.append(&referred_by(by.as_ref()));
        let (at, until) = (way.peer.addr.ip(), now.instant + way.ring);
        let invitation = Invitation::new(way.from(address.ip()), address.ip(), Vec::new(), Headers::new());
        match self.call_out(now, way, address, body, &headers) {
            Ok(leg) => {
                self.legs.insert(leg, Owner::Target(id));
                Some((Ringing::of(leg, at, until, invitation), negotiation, pending))
            }
            Err(error) => {
                tracing::error!(call = %id, %error, "the target cannot be called");
                None
            }
        }
    }

    fn invite_colleague(&mut self, now: Now, id: CallId, to: &OperatorId, address: SocketAddr) -> Option<Called> {
        let mut negotiation = self.negotiation(&Side::Operator(Some(id)), address);
        let (body, pending) = negotiation.offer(Direction::SendRecv);
        let mut headers = self.context_headers(id);
        if let Some(handing) = self.transfer(id).and_then(|transfer| transfer.by.as_ref()) {
            let own = NameAddr::new(SipUri::new(Some(handing.by.as_str()), Host::from(address.ip()), None));
            let by = handing.referred_by.clone().unwrap_or(own);
            headers.append(&referred_by(Some(&by)));
        }
        let from = self.calling_name(id, address.ip());
        let invitation = Invitation::new(from, address.ip(), body.into_bytes(), headers);
        let until = now.instant + self.config.outside.ring;
        let ringing = self.ring(now, to, &Owner::Target(id), until, invitation)?;
        Some((ringing, negotiation, pending))
    }

    /// The target answered: both hear each other from this packet on.
    pub(super) fn on_target_answered(&mut self, now: Now, id: CallId, leg: LegId, answer: Option<&[u8]>) {
        let Some((caller, standing)) = self.standing(id) else { return };
        let Link::Transferring(transfer) = &mut standing.link else { return };
        let (target, took) = (transfer.target.clone(), now.instant.since(transfer.began));
        let stage = std::mem::replace(&mut transfer.stage, Stage::Referring);
        let Stage::Inviting(inviting) = stage else {
            transfer.stage = stage;
            return;
        };
        let Inviting { stream, ringing, negotiation, pending, early, .. } = *inviting;
        self.answered_at(now, &ringing, leg, stream);
        let (negotiation, negotiated) = match self.agreed(leg, (negotiation, pending), answer) {
            Ok(agreed) => agreed,
            Err(error) => {
                tracing::warn!(call = %id, %error, "the target's answer cannot be used");
                self.legs.remove(&leg);
                self.close_stream(stream);
                self.sip.hang_up(now.instant, leg);
                self.transfer_failed(now, id, Status::NOT_ACCEPTABLE_HERE, "unusable_answer");
                return;
            }
        };
        let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
        self.begin_sound(stream, early, negotiated);
        match target {
            Recipient::Outside(target) => {
                let bridged = Bridged { stream, leg, description, since: now.instant, held: false };
                let transfer = self.transfer(id);
                let handing = transfer.and_then(|transfer| {
                    transfer.stage = Stage::Bridged(Box::new(bridged));
                    transfer.by.take()
                });
                self.record(now, id, CallEvent::Transferred { target: target.clone(), took });
                if let Some(handing) = handing {
                    self.handed_over(now, id, &Recipient::Outside(target), *handing);
                }
                self.commands.push_back(Command::Media(MediaCommand::Stop { stream: caller }));
                self.commands.push_back(Command::Media(MediaCommand::Bridge { a: caller, b: stream }));
                self.record_talk(id, (caller, stream));
                let notice = self.repeat_notice(id);
                self.whisper(stream, &[], notice);
            }
            Recipient::Operator(to) => self.join_colleague(now, id, to, Phone { leg, stream, description }),
        }
        self.set_wake(id);
    }

    /// The caller talks with another operator from here on.
    pub(super) fn join_colleague(&mut self, now: Now, id: CallId, to: OperatorId, phone: Phone) {
        let Phone { leg, stream, description } = phone;
        let Some((caller, standing)) = self.standing(id) else { return };
        let Some(handing) = standing.link.take_transfer().and_then(|transfer| transfer.by) else { return };
        let queued = handing.queued.clone();
        let since = now.instant;
        let talking = Talking { operator: to.clone(), leg, stream, since, queued, description, held: false };
        standing.link = Link::Talking(Box::new(talking));
        self.legs.insert(leg, Owner::Operator(id, to.clone()));
        self.streams.insert(stream, Owner::Operator(id, to.clone()));
        tracing::info!(call = %id, by = %handing.by, %to, "handed over");
        self.handed_over(now, id, &Recipient::Operator(to), *handing);
        self.commands.push_back(Command::Media(MediaCommand::Stop { stream: caller }));
        self.commands.push_back(Command::Media(MediaCommand::Bridge { a: caller, b: stream }));
        self.record_talk(id, (caller, stream));
    }

    /// The target's leg is over: it did not take the call, or hung up.
    pub(super) fn on_target_over(&mut self, now: Now, id: CallId, leg: LegId, status: Status) {
        let Some(transfer) = self.transfer(id) else { return };
        let stage = std::mem::replace(&mut transfer.stage, Stage::Referring);
        let (stage, over) = match stage {
            Stage::Inviting(mut inviting) => {
                let rings = self.still_rings(now, &mut inviting.ringing, leg, &Owner::Target(id));
                (Stage::Inviting(inviting), !rings)
            }
            Stage::Bridged(_) => (stage, true),
            Stage::Referring | Stage::Binding(_) => (stage, false),
        };
        let is_bridged = matches!(stage, Stage::Bridged(_));
        if let Some(transfer) = self.transfer(id) {
            transfer.stage = stage;
        }
        match (over, is_bridged) {
            (true, true) => self.end_bridged(now, id, LegEnd::Theirs),
            (true, false) if is_of_trunk(status) => self.next_way(now, id, status, reason(status)),
            (true, false) => self.transfer_failed(now, id, status, reason(status)),
            (false, _) => {}
        }
    }

    /// Nothing comes from the target any more.
    pub(super) fn end_bridged(&mut self, now: Now, id: CallId, leg: LegEnd) {
        let Some((_, standing)) = self.standing(id) else { return };
        let Some(transfer) = standing.link.take_transfer() else { return };
        self.leave_target(now, id, *transfer, leg, true);
        self.end_call(now, id, Cause::Transferred, LegEnd::Ours);
    }

    /// The target was rung for long enough, if that is so.
    pub(super) fn target_overdue(&mut self, now: Now, id: CallId) {
        let Some(transfer) = self.transfer(id) else { return };
        let Stage::Inviting(inviting) = &mut transfer.stage else { return };
        let is_silent = inviting.silent.is_some_and(|silent| silent <= now.instant);
        if is_silent {
            inviting.silent = None;
        }
        let (leg, is_overdue) = (inviting.ringing.first(), inviting.until <= now.instant);
        if is_overdue {
            self.transfer_failed(now, id, Status::REQUEST_TIMEOUT, "no_answer");
        } else if is_silent && !leg.is_some_and(|leg| self.sip.is_heard(leg)) {
            self.next_way(now, id, Status::REQUEST_TIMEOUT, "no_answer");
        } else if is_silent {
            self.set_wake(id);
        }
    }

    /// The caller is back in the menu, or with the operator who wanted to hand them over.
    pub(super) fn transfer_failed(&mut self, now: Now, id: CallId, status: Status, reason: &str) {
        let Some((_, standing)) = self.standing(id) else { return };
        let Some(mut transfer) = standing.link.take_transfer() else { return };
        let target = transfer.target.name();
        tracing::info!(call = %id, %target, reason, "the transfer failed");
        if transfer.by.is_some() {
            let stage = std::mem::replace(&mut transfer.stage, Stage::Referring);
            self.leave_stage(now, stage, LegEnd::Ours);
            self.hand_back(now, id, *transfer, status, reason);
            self.set_wake(id);
            return;
        }
        self.leave_target(now, id, *transfer, LegEnd::Ours, false);
        self.record(now, id, CallEvent::TransferFailed { target, reason: reason.into() });
        self.tell_flow(now, id, FlowEvent::TransferFailed);
        self.set_wake(id);
    }

    /// Lets go of everything of a transfer. `by_target`: who ended a conversation.
    pub(super) fn leave_target(&mut self, now: Now, id: CallId, transfer: Transfer, leg: LegEnd, by_target: bool) {
        if let Stage::Bridged(bridged) = &transfer.stage {
            let talked = now.instant.since(bridged.since);
            let target = transfer.target.name();
            self.record(now, id, CallEvent::TransferEnded { target, talked, by_target });
        }
        self.leave_stage(now, transfer.stage, leg);
        let Some(handing) = transfer.by else { return };
        self.sip.tell_refer(now.instant, handing.leg, Status::REQUEST_TERMINATED);
        let (by, to, attended) = (handing.by, transfer.target.name(), handing.attended);
        self.record(now, id, CallEvent::HandOver { by, to, attended, outcome: "abandoned".into() });
        if let Some(talking) = &handing.back {
            self.close_talking(now, id, talking, LegEnd::Ours);
        }
        if let Recipient::Operator(to) = &transfer.target {
            self.acd.unreserve(now, id, to);
        }
        self.acd.talk_ended(now, id);
    }

    /// Lets go of the target's side, whatever there is of it.
    fn leave_stage(&mut self, now: Now, stage: Stage, leg: LegEnd) {
        match stage {
            Stage::Referring => {}
            Stage::Binding(binding) => self.close_stream(binding.stream),
            Stage::Inviting(inviting) => {
                self.close_stream(inviting.stream);
                self.stop_ringing(now, &inviting.ringing);
            }
            Stage::Bridged(bridged) => {
                self.close_stream(bridged.stream);
                self.legs.remove(&bridged.leg);
                if leg == LegEnd::Ours {
                    self.sip.hang_up(now.instant, bridged.leg);
                }
            }
        }
    }

    pub(super) fn set_stage(&mut self, id: CallId, stage: Stage) {
        if let Some(transfer) = self.transfer(id) {
            transfer.stage = stage;
        }
    }

    pub(super) fn transfer(&mut self, id: CallId) -> Option<&mut Transfer> {
        match &mut self.standing(id)?.1.link {
            Link::Transferring(transfer) => Some(transfer),
            Link::Menu | Link::Queued(_) | Link::Talking(_) | Link::Leaving(_) => None,
        }
    }
}

/// The opaque number by which the target's own systems may ask for more.
fn call_reference(id: CallId) -> Headers {
    let mut headers = Headers::new();
    if headers.push_other("X-Call-Ref", id.to_string().as_bytes()).is_err() {
        tracing::warn!("a header was left out");
    }
    headers
}

/// Why a target did not take a call, one word.
pub(super) fn reason(status: Status) -> &'static str {
    match status.code() {
        486 | 600 => "busy",
        408 | 480 | 487 => "no_answer",
        404 | 410 | 484 | 500..=599 => "unreachable",
        _ => "rejected",
    }
}
