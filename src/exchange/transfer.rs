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
//! The caller hears a ringing tone until somebody answers or the menu goes on. Whoever hangs up, everything ends.

use super::call::{Description, Link};
use super::outside::Way;
use super::terms::{Outward, Side};
use super::trunks::ways::{Passed, SILENCE, is_of_trunk};
use super::{Command, Exchange, LegEnd, Owner};
use crate::ivr::flow::Event as FlowEvent;
use crate::ivr::menu::Name;
use crate::model::{CallEvent, CallId, Cause, Instant, Now, Playlist, PromptId};
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use crate::voip::sdp::{Direction, Negotiation, PendingOffer};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{LegId, Refer, ReferFailure, ReferProgress};
use crate::voip::sip::headers::{Headers, NameAddr};
use std::net::SocketAddr;
use std::time::Duration;

/// The ringing tone's playback; the flow's own are numbered within 32 bits.
const RINGBACK: PlaybackId = PlaybackId(4 << 32);
/// How much longer than its ringing a REFER may take: the peer looks for the target first.
const REFER_EXTRA: Duration = Duration::from_secs(10);

/// A caller on the way to somebody outside.
pub(super) struct Transfer {
    pub target: Name,
    began: Instant,
    /// The ways that were tried or were no use.
    passed: Passed,
    pub stage: Stage,
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

/// A way that is about to be taken.
pub(super) struct Binding {
    stream: StreamId,
    way: Way,
}

/// An INVITE to the target.
pub(super) struct Inviting {
    stream: StreamId,
    leg: LegId,
    negotiation: Negotiation,
    pending: PendingOffer,
    until: Instant,
    /// By when the trunk must have said something, while there is another one.
    silent: Option<Instant>,
}

/// The target's side of a conversation.
pub(super) struct Bridged {
    pub stream: StreamId,
    pub leg: LegId,
    pub description: Description,
    since: Instant,
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
        let passed = Passed::default();
        let transfer = Transfer { target: target.clone(), began: now.instant, passed, stage: Stage::Referring };
        standing.link = Link::Transferring(Box::new(transfer));
        self.record(now, id, CallEvent::TransferBegan { target: target.clone(), refer });
        let Some((way, passed)) = way else {
            if !is_known {
                tracing::error!(call = %id, %target, "the configuration names no such target of transfers");
            }
            self.transfer_failed(now, id, if is_known { "unreachable" } else { "unknown_target" });
            return;
        };
        let playlist = Playlist::looped(PromptId::new("common/ringback"));
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: RINGBACK, playlist }));
        if refer {
            self.refer_caller(now, id, &way);
        } else {
            self.bind_target(id, way, passed);
        }
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
        let (target, took) = (transfer.target.clone(), now.instant.since(transfer.began));
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
        let way = self.transfer(id).map(|transfer| transfer.target.clone());
        let way = way.and_then(|target| self.way_to_target(now, &target, Passed::default()));
        match (failure, way) {
            (ReferFailure::Refused(Status::REQUEST_TIMEOUT | Status::SERVICE_UNAVAILABLE), _) => {
                self.transfer_failed(now, id, "unreachable");
            }
            (ReferFailure::Refused(status), Some((way, passed))) => {
                tracing::info!(call = %id, status = status.code(), "REFER is refused: a bridge instead");
                self.bind_target(id, way, passed);
            }
            (ReferFailure::Target(status), _) => self.transfer_failed(now, id, reason(status)),
            (ReferFailure::Untold | ReferFailure::TimedOut, _) | (ReferFailure::Refused(_), None) => {
                self.transfer_failed(now, id, "no_result");
            }
        }
    }

    /// Begins a bridge on a way; `passed` counts it in.
    fn bind_target(&mut self, id: CallId, way: Way, passed: Passed) {
        let stream = self.next_stream();
        let Some((caller, standing)) = self.standing(id) else { return };
        let Link::Transferring(transfer) = &mut standing.link else { return };
        let towards = way.peer.addr.ip();
        transfer.passed = passed;
        transfer.stage = Stage::Binding(Box::new(Binding { stream, way }));
        self.streams.insert(stream, Owner::Target(id));
        self.ask_ports(stream, Some(caller), towards);
    }

    /// The ports are bound: call the target.
    pub(super) fn call_target(&mut self, now: Now, id: CallId, address: Option<SocketAddr>) {
        let Some(transfer) = self.transfer(id) else { return };
        let (target, passed) = (transfer.target.clone(), transfer.passed);
        let Stage::Binding(binding) = &transfer.stage else { return };
        let (stream, way) = (binding.stream, binding.way.clone());
        let Some(address) = address else {
            self.transfer_failed(now, id, "unreachable");
            return;
        };
        let outward = Outward { trunk: way.trunk.clone(), secure: way.secure, caller: Some(id) };
        let mut negotiation = self.negotiation(&Side::Outside(outward), address);
        let (body, pending) = negotiation.offer(Direction::SendRecv);
        let until = now.instant + way.ring;
        let leg = match self.call_out(now, way, address, body, call_reference(id)) {
            Ok(leg) => leg,
            Err(error) => {
                tracing::error!(call = %id, %error, "the target cannot be called");
                self.transfer_failed(now, id, "unreachable");
                return;
            }
        };
        self.legs.insert(leg, Owner::Target(id));
        let silent = self.way_to_target(now, &target, passed).map(|_| now.instant + SILENCE);
        if let Some(transfer) = self.transfer(id) {
            let inviting = Inviting { stream, leg, negotiation, pending, until, silent };
            transfer.stage = Stage::Inviting(Box::new(inviting));
        }
        self.set_wake(id);
    }

    /// The way to the target has failed: the next one is taken, or the transfer has failed.
    fn next_way(&mut self, now: Now, id: CallId, leg: LegEnd, reason: &str) {
        let Some(transfer) = self.transfer(id) else { return };
        let (target, passed) = (transfer.target.clone(), transfer.passed);
        let Some((way, passed)) = self.way_to_target(now, &target, passed) else {
            self.transfer_failed(now, id, reason);
            return;
        };
        tracing::warn!(call = %id, %target, reason, trunk = way.trunk.as_deref(), "another trunk is tried");
        if let Some(transfer) = self.transfer(id)
            && let Stage::Inviting(inviting) = std::mem::replace(&mut transfer.stage, Stage::Referring)
        {
            self.close_stream(inviting.stream);
            self.legs.remove(&inviting.leg);
            if leg == LegEnd::Ours {
                self.sip.hang_up(now.instant, inviting.leg);
            }
        }
        self.bind_target(id, way, passed);
        self.set_wake(id);
    }

    /// The target answered: both hear each other from this packet on.
    pub(super) fn on_target_answered(&mut self, now: Now, id: CallId, answer: Option<&[u8]>) {
        let Some((caller, standing)) = self.standing(id) else { return };
        let Link::Transferring(transfer) = &mut standing.link else { return };
        let (target, took) = (transfer.target.clone(), now.instant.since(transfer.began));
        let Stage::Inviting(inviting) = std::mem::replace(&mut transfer.stage, Stage::Referring) else { return };
        let Inviting { stream, leg, negotiation, pending, .. } = *inviting;
        let negotiated = match pending.accept(answer.unwrap_or_default()) {
            Ok(negotiated) => negotiated,
            Err(error) => {
                tracing::warn!(call = %id, %error, "the target's answer cannot be used");
                self.legs.remove(&leg);
                self.close_stream(stream);
                self.sip.hang_up(now.instant, leg);
                self.transfer_failed(now, id, "unusable_answer");
                return;
            }
        };
        let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
        let bridged = Bridged { stream, leg, description, since: now.instant, held: false };
        transfer.stage = Stage::Bridged(Box::new(bridged));
        self.open_media(stream, negotiated);
        self.record(now, id, CallEvent::Transferred { target, took });
        self.commands.push_back(Command::Media(MediaCommand::Stop { stream: caller }));
        self.commands.push_back(Command::Media(MediaCommand::Bridge { a: caller, b: stream }));
        self.record_talk(id, (caller, stream));
        self.set_wake(id);
    }

    /// The target's leg is over: it did not take the call, or hung up.
    pub(super) fn on_target_over(&mut self, now: Now, id: CallId, status: Status) {
        let Some(transfer) = self.transfer(id) else { return };
        match &transfer.stage {
            Stage::Bridged(_) => self.end_bridged(now, id, LegEnd::Theirs),
            Stage::Inviting(_) if is_of_trunk(status) => self.next_way(now, id, LegEnd::Theirs, reason(status)),
            Stage::Inviting(_) => self.transfer_failed(now, id, reason(status)),
            Stage::Referring | Stage::Binding(_) => {}
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
        let (leg, is_overdue) = (inviting.leg, inviting.until <= now.instant);
        if is_overdue {
            self.transfer_failed(now, id, "no_answer");
        } else if is_silent && !self.sip.is_heard(leg) {
            self.next_way(now, id, LegEnd::Ours, "no_answer");
        } else if is_silent {
            self.set_wake(id);
        }
    }

    /// The caller is back in the menu.
    fn transfer_failed(&mut self, now: Now, id: CallId, reason: &str) {
        let Some((_, standing)) = self.standing(id) else { return };
        let Some(transfer) = standing.link.take_transfer() else { return };
        let target = transfer.target.clone();
        tracing::info!(call = %id, %target, reason, "the transfer failed");
        self.leave_target(now, id, *transfer, LegEnd::Ours, false);
        self.record(now, id, CallEvent::TransferFailed { target, reason: reason.into() });
        self.tell_flow(now, id, FlowEvent::TransferFailed);
        self.set_wake(id);
    }

    /// Lets go of the target's side, whatever there is of it. `by_target`: who ended a conversation.
    pub(super) fn leave_target(&mut self, now: Now, id: CallId, transfer: Transfer, leg: LegEnd, by_target: bool) {
        let (stream, target_leg) = match transfer.stage {
            Stage::Referring => return,
            Stage::Binding(binding) => {
                self.close_stream(binding.stream);
                return;
            }
            Stage::Inviting(inviting) => (inviting.stream, inviting.leg),
            Stage::Bridged(bridged) => {
                let talked = now.instant.since(bridged.since);
                self.record(now, id, CallEvent::TransferEnded { target: transfer.target, talked, by_target });
                (bridged.stream, bridged.leg)
            }
        };
        self.close_stream(stream);
        self.legs.remove(&target_leg);
        if leg == LegEnd::Ours {
            self.sip.hang_up(now.instant, target_leg);
        }
    }

    fn transfer(&mut self, id: CallId) -> Option<&mut Transfer> {
        match &mut self.standing(id)?.1.link {
            Link::Transferring(transfer) => Some(transfer),
            Link::Menu | Link::Queued(_) | Link::Talking(_) => None,
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
fn reason(status: Status) -> &'static str {
    match status.code() {
        486 | 600 => "busy",
        408 | 480 | 487 => "no_answer",
        404 | 410 | 484 | 500..=599 => "unreachable",
        _ => "rejected",
    }
}
