//! An operator's other phone takes a call over: INVITE with Replaces (RFC 3891).
//!
//! ```text
//!  INVITE, Replaces ──▶ 400 malformed │ 403 not this operator's │ 481 unknown │ 486 early-only and answered │ 603 over
//!        │ a conversation of the same account: it goes on at the new phone, the old one gets BYE
//!        └ a call that rings at another phone of the account: taken here, the others stop
//! ```
//!
//! Nobody else's call can be taken: a caller who knew the names of a dialog would step into a verified conversation.

use super::arrival::{answer_offer, refusal};
use super::call::{Description, Link};
use super::offers::{Offer, Phone};
use super::terms::Side;
use super::{Command, Exchange, Owner};
use crate::model::{CallId, Now, OperatorId};
use crate::voip::media::{MediaCommand, StreamId};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{Incoming, LegId, Replaced};
use crate::voip::sip::headers::{HeaderName, Headers, Replaces};
use std::net::SocketAddr;

/// A phone that takes a call over, until its ports are bound.
pub(super) struct Taking {
    leg: LegId,
    operator: OperatorId,
    call: CallId,
    offer: Vec<u8>,
}

impl Exchange {
    /// An INVITE that is to replace a call.
    pub(super) fn on_replacing(&mut self, now: Now, incoming: Incoming) {
        let leg = incoming.leg;
        match self.may_take(&incoming) {
            Ok((operator, call)) => {
                let Some(caller) = self.calls.get(&call).map(|call| call.stream) else { return };
                let stream = self.next_stream();
                self.legs.insert(leg, Owner::Taking(stream));
                self.streams.insert(stream, Owner::Taking(stream));
                self.ask_ports(stream, Some(caller), incoming.from.addr.ip());
                let offer = incoming.offer.unwrap_or_default();
                self.takings.insert(stream, Taking { leg, operator, call, offer });
            }
            Err(status) => {
                tracing::info!(from = %incoming.from.addr, status = status.code(), "a call is not replaced");
                self.sip.reject(now.instant, leg, status, &Headers::new());
            }
        }
    }

    /// Whose call it is, if the one who asks may take it (RFC 3891 §3).
    fn may_take(&self, incoming: &Incoming) -> Result<(OperatorId, CallId), Status> {
        let headers = &incoming.request.headers;
        let is_one = headers.get_all(HeaderName::Replaces).count() == 1 && headers.get_other("Join").is_none();
        let replaces = headers.typed::<Replaces>().ok().flatten().filter(|_| is_one).ok_or(Status::BAD_REQUEST)?;
        if !replaces.params.has("to-tag") || !replaces.params.has("from-tag") {
            return Err(Status::BAD_REQUEST);
        }
        let operator = self.phone_of(incoming).ok_or(Status::FORBIDDEN)?;
        let (leg, rings) = match self.sip.replaced(&replaces) {
            Replaced::Nobody | Replaced::Unanswered(_) => return Err(Status::NO_SUCH_CALL),
            Replaced::Over => return Err(Status::DECLINE),
            Replaced::Ringing(leg) => (leg, true),
            Replaced::Standing(leg) => (leg, false),
        };
        match self.legs.get(&leg) {
            Some(Owner::Operator(call, owner)) if *owner == operator => {
                if !rings && replaces.is_early_only() {
                    Err(Status::BUSY_HERE)
                } else if !rings && !self.talks_by(*call, leg) {
                    Err(Status::NO_SUCH_CALL)
                } else if incoming.offer.is_none() {
                    Err(Status::NOT_ACCEPTABLE_HERE)
                } else {
                    Ok((operator, *call))
                }
            }
            _ => Err(Status::FORBIDDEN),
        }
    }

    /// The ports of the new phone are bound: it has the call.
    pub(super) fn take_call(&mut self, now: Now, stream: StreamId, address: Option<SocketAddr>) {
        let Some(Taking { leg, operator, call, offer }) = self.takings.remove(&stream) else { return };
        let Some(address) = address else {
            return self.refuse_taking(now, leg, stream, Status::SERVICE_UNAVAILABLE);
        };
        let mut negotiation = self.negotiation(&Side::Operator(Some(call)), address);
        let (body, negotiated) = match answer_offer(&mut negotiation, &offer) {
            Ok(answered) => answered,
            Err(error) => return self.refuse_taking(now, leg, stream, refusal(&error)),
        };
        let rings = self.offers.remove(&(call, operator.clone()));
        let talks = self.standing(call).is_some_and(
            |(_, standing)| matches!(&standing.link, Link::Talking(talking) if talking.operator == operator),
        );
        if rings.is_none() && !talks {
            return self.refuse_taking(now, leg, stream, Status::NO_SUCH_CALL);
        }
        let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
        self.open_media(stream, negotiated);
        self.sip.answer(now.instant, leg, body.into_bytes(), &Headers::new());
        let owner = Owner::Operator(call, operator.clone());
        self.legs.insert(leg, owner.clone());
        self.streams.insert(stream, owner);
        let phone = Phone { leg, stream, description };
        match rings {
            Some(Offer::Binding { stream: other, .. }) => {
                self.close_stream(other);
                self.connect(now, call, &operator, phone);
            }
            Some(Offer::Inviting(inviting)) => {
                self.answered_at(now, &inviting.ringing, leg, stream);
                self.close_stream(inviting.stream);
                self.connect(now, call, &operator, phone);
            }
            None => self.move_talk(now, call, phone),
        }
    }

    /// A conversation goes on at another phone of the operator.
    fn move_talk(&mut self, now: Now, id: CallId, phone: Phone) {
        let Phone { leg, stream, description } = phone;
        let Some((caller, standing)) = self.standing(id) else { return };
        let Link::Talking(talking) = &mut standing.link else { return };
        let old = (std::mem::replace(&mut talking.leg, leg), std::mem::replace(&mut talking.stream, stream));
        talking.description = description;
        let held = std::mem::replace(&mut talking.held, false);
        tracing::info!(call = %id, operator = %talking.operator, "the conversation goes on at another phone");
        self.commands.push_back(Command::Media(MediaCommand::StopRecording { stream: caller }));
        self.commands.push_back(Command::Media(MediaCommand::Unbridge { a: caller, b: old.1 }));
        if held {
            self.commands.push_back(Command::Media(MediaCommand::Stop { stream: caller }));
        }
        self.close_stream(old.1);
        self.legs.remove(&old.0);
        self.sip.hang_up(now.instant, old.0);
        self.commands.push_back(Command::Media(MediaCommand::Bridge { a: caller, b: stream }));
        self.record_talk(id, (caller, stream));
        self.follow_supervisor(id);
    }

    fn refuse_taking(&mut self, now: Now, leg: LegId, stream: StreamId, status: Status) {
        self.sip.reject(now.instant, leg, status, &Headers::new());
        self.legs.remove(&leg);
        self.close_stream(stream);
    }

    /// Who wanted to take a call over has hung up before.
    pub(super) fn forget_taking(&mut self, stream: StreamId) {
        if let Some(taking) = self.takings.remove(&stream) {
            self.legs.remove(&taking.leg);
            self.close_stream(stream);
        }
    }
}
