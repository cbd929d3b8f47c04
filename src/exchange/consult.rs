//! One operator calls another: to ask, and to hand a caller over when both have agreed (RFC 5589 §7).
//!
//! ```text
//!  INVITE boris ──▶ Opening ──ports──▶ Ringing ──200──▶ Standing ── BYE of either ──▶ both end
//!      │ 403, 486     (both sides)        │ CANCEL, 486 …        │
//!                                         └─ REFER with Replaces of this call ─▶ the caller rings at boris, or talks with him
//! ```
//!
//! Only a registered phone may call, only another operator's account, one call at a time; neither is offered a caller
//! meanwhile.

mod table;

use super::arrival::{answer_offer, refusal};
use super::call::Description;
use super::early::Early;
use super::handing::Handing;
use super::offers::Phone;
use super::ringing::{Invitation, Ringing};
use super::terms::Side;
use super::transfer::{Inviting, Recipient, Stage as TransferStage, Transfer};
use super::{Command, Exchange, Owner};
use crate::model::{CallId, Now, OperatorId};
use crate::voip::media::{MediaCommand, StreamId};
use crate::voip::sdp::{Direction, Negotiation, PendingOffer};
use crate::voip::sip::endpoint::{Incoming, LegId, Referred, Replaced};
use crate::voip::sip::headers::{Headers, NameAddr, Replaces};
use crate::voip::sip::{Host, SipUri, Status};
use std::net::SocketAddr;
pub(super) use table::Consults;

/// A call between two operators.
pub(super) struct Consult {
    pub from: OperatorId,
    pub to: OperatorId,
    /// The side that called.
    near: LegId,
    pub near_stream: StreamId,
    pub far_stream: StreamId,
    stage: Stage,
}

/// Who is in the conversation of two operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    /// They alone.
    Two,
    /// The caller of this call too.
    Three(CallId),
}

impl Consult {
    /// The other's phones, while they ring.
    pub fn ringing(&mut self) -> Option<&mut Ringing> {
        if let Stage::Ringing(called) = &mut self.stage { Some(&mut called.ringing) } else { None }
    }

    /// Our side of the descriptions in the INVITE to the other, while that one's phones ring.
    pub fn invited_with(&mut self) -> Option<&mut Negotiation> {
        if let Stage::Ringing(called) = &mut self.stage { Some(&mut called.negotiation) } else { None }
    }

    /// Who talks, once they do.
    pub fn company(&self) -> Option<Company> {
        if let Stage::Standing(standing) = &self.stage { Some(standing.company) } else { None }
    }

    fn set_company(&mut self, company: Company) {
        if let Stage::Standing(standing) = &mut self.stage {
            standing.company = company;
        }
    }
}

enum Stage {
    /// Ports are being bound.
    Opening { offer: Vec<u8>, near: Option<SocketAddr> },
    /// The other's phones ring.
    Ringing(Box<Called>),
    /// They talk.
    Standing(Box<Standing>),
}

struct Called {
    offer: Vec<u8>,
    near: SocketAddr,
    ringing: Ringing,
    negotiation: Negotiation,
    pending: PendingOffer,
}

struct Standing {
    near: Description,
    far: Description,
    far_leg: LegId,
    company: Company,
}

impl Exchange {
    /// An operator's phone calls another operator; `false` when this is no such call.
    pub(super) fn is_consult(&mut self, now: Now, incoming: &Incoming) -> bool {
        let Some(to) = self.account_named(&incoming.request.uri) else { return false };
        let Some(from) = self.phone_of(incoming) else { return false };
        let leg = incoming.leg;
        let status = match &incoming.offer {
            _ if from == to || self.consults.has(&from) => Some(Status::BUSY_HERE),
            None => Some(Status::NOT_ACCEPTABLE_HERE),
            Some(_) if self.registrar.target(&to).is_none() => Some(Status::TEMPORARILY_UNAVAILABLE),
            Some(_) => None,
        };
        if let Some(status) = status {
            self.sip.reject(now.instant, leg, status, &Headers::new());
            return true;
        }
        let id = self.draw_call(now);
        if !self.acd.reserve(now, id, &to) && self.acd.is_busy(&to) {
            self.sip.reject(now.instant, leg, Status::BUSY_HERE, &Headers::new());
            return true;
        }
        self.acd.reserve(now, id, &from);
        let (near_stream, far_stream) = (self.next_stream(), self.next_stream());
        let stage = Stage::Opening { offer: incoming.offer.clone().unwrap_or_default(), near: None };
        self.legs.insert(leg, Owner::Consulting(id));
        self.streams.insert(near_stream, Owner::Consulting(id));
        // A caller who waits for the outcome may come to be bridged with either.
        let beside = self.caller_with(&from);
        self.ask_ports(near_stream, beside, incoming.from.addr.ip());
        tracing::info!(%from, %to, "an operator calls another");
        self.consults.insert(id, Consult { from, to, near: leg, near_stream, far_stream, stage });
        self.sip.ring(now.instant, leg);
        true
    }

    /// The stream of the caller with whom an operator talks.
    pub(super) fn caller_with(&self, operator: &OperatorId) -> Option<StreamId> {
        self.talk_of(operator).map(|(_, caller, _)| caller)
    }

    /// Ports of one of the sides are bound.
    pub(super) fn consult_opened(&mut self, now: Now, id: CallId, stream: StreamId, address: Option<SocketAddr>) {
        let Some(consult) = self.consults.get_mut(id) else { return };
        let (far_stream, to) = (consult.far_stream, consult.to.clone());
        let near_stream = consult.near_stream;
        let Stage::Opening { offer, near } = &mut consult.stage else { return };
        match (address, *near) {
            (Some(address), None) if stream == near_stream => {
                *near = Some(address);
                let towards = self.registrar.target(&to).map(|target| target.peer.addr.ip());
                let Some(towards) = towards else {
                    return self.end_consult(now, id, None, Status::TEMPORARILY_UNAVAILABLE);
                };
                self.streams.insert(far_stream, Owner::Consulted(id));
                self.ask_ports(far_stream, Some(near_stream), towards);
            }
            (Some(address), Some(near)) if stream == far_stream => {
                let offer = std::mem::take(offer);
                self.call_colleague(now, id, offer, (near, address));
            }
            (Some(_) | None, _) => self.end_consult(now, id, None, Status::SERVICE_UNAVAILABLE),
        }
    }

    fn call_colleague(&mut self, now: Now, id: CallId, offer: Vec<u8>, (near, far): (SocketAddr, SocketAddr)) {
        let Some(consult) = self.consults.get(id) else { return };
        let (from, to) = (consult.from.clone(), consult.to.clone());
        let mut negotiation = self.negotiation(&Side::Operator(None), far);
        let (body, pending) = negotiation.offer(Direction::SendRecv);
        let uri = SipUri::new(Some(from.as_str()), Host::from(far.ip()), None);
        let invitation = Invitation::new(NameAddr::new(uri), far.ip(), body.into_bytes(), Headers::new());
        let until = now.instant + self.config.outside.ring;
        let Some(ringing) = self.ring(now, &to, &Owner::Consulted(id), until, invitation) else {
            return self.end_consult(now, id, None, Status::TEMPORARILY_UNAVAILABLE);
        };
        if let Some(consult) = self.consults.get_mut(id) {
            let called = Called { offer, near, ringing, negotiation, pending };
            consult.stage = Stage::Ringing(Box::new(called));
        }
    }

    /// The colleague has answered: both hear each other.
    pub(super) fn on_colleague_answered(&mut self, now: Now, id: CallId, leg: LegId, answer: Option<&[u8]>) {
        let Some(mut consult) = self.consults.remove(id) else { return };
        let Stage::Ringing(called) = consult.stage else {
            self.consults.insert(id, consult);
            return;
        };
        let Called { offer, near, ringing, negotiation, pending } = *called;
        self.answered_at(now, &ringing, leg, consult.far_stream);
        let mut own = self.negotiation(&Side::Operator(None), near);
        match (self.agreed(leg, (negotiation, pending), answer), answer_offer(&mut own, &offer)) {
            (Ok((negotiation, theirs)), Ok((body, ours))) => {
                let near = Description { negotiation: own, pending: None, direction: Some(ours.direction) };
                let far = Description { negotiation, pending: None, direction: Some(theirs.direction) };
                self.open_media(consult.near_stream, ours);
                self.open_media(consult.far_stream, theirs);
                self.sip.answer(now.instant, consult.near, body.into_bytes(), &Headers::new());
                let (a, b) = (consult.near_stream, consult.far_stream);
                self.commands.push_back(Command::Media(MediaCommand::Bridge { a, b }));
                consult.stage = Stage::Standing(Box::new(Standing { near, far, far_leg: leg, company: Company::Two }));
                self.consults.insert(id, consult);
            }
            (theirs, ours) => {
                let status = ours.err().as_ref().map_or(Status::NOT_ACCEPTABLE_HERE, refusal);
                tracing::info!(ok = theirs.is_ok(), status = status.code(), "two operators' phones do not fit");
                self.legs.remove(&leg);
                self.sip.hang_up(now.instant, leg);
                consult.stage = Stage::Opening { offer: Vec::new(), near: None };
                self.consults.insert(id, consult);
                self.end_consult(now, id, None, status);
            }
        }
    }

    /// A leg of the two is over, or one of the phones that ring.
    pub(super) fn consult_leg_over(&mut self, now: Now, id: CallId, leg: LegId, status: Status) {
        if let Some(mut consult) = self.consults.remove(id) {
            let rings = match &mut consult.stage {
                Stage::Ringing(called) if leg != consult.near => {
                    self.still_rings(now, &mut called.ringing, leg, &Owner::Consulted(id))
                }
                Stage::Opening { .. } | Stage::Ringing(_) | Stage::Standing(_) => false,
            };
            self.consults.insert(id, consult);
            if !rings {
                self.end_consult(now, id, Some(leg), status);
            }
        }
    }

    /// Ends a call between operators. `over` is the leg that has ended by itself; an INVITE without an answer gets
    /// `status`.
    pub(super) fn end_consult(&mut self, now: Now, id: CallId, over: Option<LegId>, status: Status) {
        self.part_three(id);
        let Some(consult) = self.consults.remove(id) else { return };
        self.legs.remove(&consult.near);
        let is_near_there = over != Some(consult.near);
        match consult.stage {
            Stage::Standing(standing) => {
                self.legs.remove(&standing.far_leg);
                if over != Some(standing.far_leg) {
                    self.sip.hang_up(now.instant, standing.far_leg);
                }
                if is_near_there {
                    self.sip.hang_up(now.instant, consult.near);
                }
            }
            Stage::Ringing(called) => {
                self.stop_ringing(now, &called.ringing);
                self.refuse_near(now, consult.near, is_near_there, status);
            }
            Stage::Opening { .. } => self.refuse_near(now, consult.near, is_near_there, status),
        }
        self.close_stream(consult.near_stream);
        self.close_stream(consult.far_stream);
        self.acd.unreserve(now, id, &consult.from);
        self.acd.unreserve(now, id, &consult.to);
    }

    fn refuse_near(&mut self, now: Now, near: LegId, is_there: bool, status: Status) {
        let status = if status.code() >= 300 { status } else { Status::TEMPORARILY_UNAVAILABLE };
        if is_there {
            self.sip.reject(now.instant, near, status, &Headers::new());
        }
    }

    /// Our side of the descriptions of a leg.
    pub(super) fn consult_description(&mut self, id: CallId, leg: LegId) -> Option<(StreamId, &mut Description)> {
        let consult = self.consults.get_mut(id)?;
        let Stage::Standing(standing) = &mut consult.stage else { return None };
        if leg == consult.near {
            Some((consult.near_stream, &mut standing.near))
        } else {
            Some((consult.far_stream, &mut standing.far))
        }
    }

    /// The operator's own call to a colleague that a Replaces names.
    pub(super) fn consult_of(&self, by: &OperatorId, replaces: &Replaces) -> Result<CallId, Status> {
        let (Replaced::Standing(leg) | Replaced::Unanswered(leg)) = self.sip.replaced(replaces) else {
            return Err(Status::NO_SUCH_CALL);
        };
        let Some(Owner::Consulting(id)) = self.legs.get(&leg) else { return Err(Status::FORBIDDEN) };
        let is_own = self.consults.get(*id).is_some_and(|consult| consult.from == *by);
        if is_own { Ok(*id) } else { Err(Status::FORBIDDEN) }
    }

    /// A REFER on the side of the consultation: it must name the conversation to be replaced.
    pub(super) fn hand_on_from_consult(&mut self, now: Now, id: CallId, referred: &Referred) -> Result<(), Status> {
        let replaces = referred.replaces.as_ref().ok_or(Status::FORBIDDEN)?;
        let Replaced::Standing(leg) = self.sip.replaced(replaces) else { return Err(Status::NO_SUCH_CALL) };
        let by = self.consults.get(id).map(|consult| consult.from.clone()).ok_or(Status::FORBIDDEN)?;
        match self.legs.get(&leg).cloned() {
            Some(Owner::Operator(call, operator)) if operator == by && self.talks_by(call, leg) => {
                self.sip.accept_refer(now.instant, referred.leg, referred.token);
                self.complete_consult(now, call, id, referred);
                Ok(())
            }
            _ => Err(Status::FORBIDDEN),
        }
    }

    /// The caller takes the place of the operator who has consulted.
    pub(super) fn complete_consult(&mut self, now: Now, call: CallId, id: CallId, referred: &Referred) {
        self.part_three(id);
        let Some(consult) = self.consults.remove(id) else { return };
        let to = Recipient::Operator(consult.to.clone());
        if !self.begin_handing(now, call, to, referred) {
            self.consults.insert(id, consult);
            self.sip.tell_refer(now.instant, referred.leg, Status::NO_SUCH_CALL);
            return;
        }
        self.legs.remove(&consult.near);
        self.acd.unreserve(now, id, &consult.from);
        self.acd.move_reservation(now, (id, call), &consult.to);
        self.mark_attended(call);
        self.streams.insert(consult.far_stream, Owner::Target(call));
        match consult.stage {
            Stage::Standing(standing) => {
                let (a, b) = (consult.near_stream, consult.far_stream);
                self.commands.push_back(Command::Media(MediaCommand::Unbridge { a, b }));
                let phone = Phone { leg: standing.far_leg, stream: consult.far_stream, description: standing.far };
                self.join_colleague(now, call, consult.to, phone);
                self.sip.hang_up(now.instant, consult.near);
            }
            Stage::Ringing(called) => {
                let Called { mut ringing, negotiation, pending, .. } = *called;
                for leg in ringing.all() {
                    self.legs.insert(leg, Owner::Target(call));
                }
                let until = now.instant + self.config.outside.ring;
                ringing.set_until(until);
                self.set_turn(now, &mut ringing, &Owner::Target(call));
                let inviting = Inviting {
                    stream: consult.far_stream,
                    ringing,
                    negotiation,
                    pending,
                    until,
                    silent: None,
                    early: Early::Unwanted,
                };
                self.set_stage(call, TransferStage::Inviting(Box::new(inviting)));
                self.sip.reject(now.instant, consult.near, Status::REQUEST_TERMINATED, &Headers::new());
                self.set_wake(call);
            }
            Stage::Opening { .. } => {
                self.close_stream(consult.far_stream);
                self.sip.reject(now.instant, consult.near, Status::REQUEST_TERMINATED, &Headers::new());
                self.transfer_failed(now, call, Status::TEMPORARILY_UNAVAILABLE, "unreachable");
            }
        }
        self.close_stream(consult.near_stream);
    }

    fn mark_attended(&mut self, id: CallId) {
        if let Some(Transfer { by: Some(handing), .. }) = self.transfer(id) {
            let handing: &mut Handing = handing;
            handing.attended = true;
        }
    }

    /// The server stops: calls between operators end with the others.
    pub(super) fn end_consults(&mut self, now: Now) {
        let all: Vec<CallId> = self.consults.ids().collect();
        for id in all {
            self.end_consult(now, id, None, Status::SERVICE_UNAVAILABLE);
        }
    }
}
