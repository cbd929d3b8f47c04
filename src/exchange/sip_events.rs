//! What the SIP endpoint tells.

use super::arrival::{answer_offer, refusal};
use super::call::{Call, Description, Link, Phase};
use super::registrar::{Event as RegistrarEvent, KeptPhone};
use super::transfer::Stage;
use super::{Command, Exchange, LegEnd, Owner};
use crate::ivr::acd::OfferFailure;
use crate::model::{Cause, Now, OperatorId, Side};
use crate::voip::dtmf::sip_info;
use crate::voip::media::{MediaCommand, StreamId};
use crate::voip::sdp::{Direction, Negotiated};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{Event, LegId};

impl Exchange {
    pub(super) fn on_sip(&mut self, now: Now, event: Event) {
        if let Some(leg) = event.ended() {
            self.trunks.leg_over(leg);
            self.early_sessions.leg_over(leg);
        }
        match event {
            Event::Incoming(incoming) => self.on_incoming(now, incoming),
            Event::Register { request, from, local, token } => {
                let response = self.answer_register(now, &request, from, local);
                if response.status.is_success() {
                    let operator = OperatorId::new(&request.to.uri().user_text().unwrap_or_default());
                    self.keep_phones(now, operator);
                }
                self.sip.respond(now.instant, token, response);
            }
            Event::Acknowledged { leg, answer } => {
                self.on_leg_acknowledged(now, leg, answer.as_deref());
            }
            Event::Cancelled { leg } => self.on_leg_over(now, leg, Cause::Cancelled, Status::REQUEST_TERMINATED),
            Event::NotAcknowledged { leg } => {
                self.on_leg_over(now, leg, Cause::NotAcknowledged, Status::REQUEST_TIMEOUT);
            }
            Event::HungUp { leg } => self.on_leg_over(now, leg, Cause::CallerHungUp, Status::OK),
            Event::Terminated { leg } => self.on_leg_over(now, leg, Cause::TooLong, Status::REQUEST_TIMEOUT),
            Event::Failed { leg, status, contacts, .. } => {
                if contacts.is_empty() || !self.redirected(now, leg, &contacts) {
                    self.on_leg_over(now, leg, Cause::Failed, status);
                }
            }
            Event::Reoffer { leg, early: Some(early), offer } => {
                self.on_early_offer(now, leg, early, &offer.unwrap_or_default());
            }
            Event::Reoffer { leg, early: None, offer } => self.on_reoffer(now, leg, offer.as_deref()),
            Event::ReofferAnswered { leg, answer } => self.on_reoffer_answered(now, leg, &answer),
            Event::ReofferRefused { leg, status } => self.on_reoffer_refused(leg, status),
            Event::Refresh { leg } => self.on_refresh(now, leg),
            Event::Lost { leg } => self.on_leg_over(now, leg, Cause::Lost, Status::REQUEST_TIMEOUT),
            Event::Info { leg, content_type, body } => self.on_info(leg, &content_type, &body),
            Event::Answered { leg, early, answer } => {
                self.early_sessions.answered(leg, early);
                self.on_leg_answered(now, leg, answer.as_deref());
            }
            Event::Refer { leg, progress } => self.on_refer(now, leg, progress),
            Event::Referred(referred) => self.on_referred(now, &referred),
            Event::Located { name, peers } => {
                self.config.outside.locate(name, &peers);
                self.sip.set_trunks(self.config.outside.trunk_addresses());
                self.guard.set_trunks(self.config.outside.trunk_addresses());
                self.trunks.located(now.instant, &self.config.outside, &mut self.sip);
            }
            Event::Replied { errand, reply } => {
                self.trunks.handle_reply(now.instant, &self.config.outside, &mut self.sip, errand, &reply);
            }
            Event::Progress { leg, sdp: Some(sdp), .. } => self.on_early_media(leg, &sdp),
            Event::Ringing { .. } | Event::Progress { .. } => {}
        }
    }

    fn on_leg_acknowledged(&mut self, now: Now, leg: LegId, answer: Option<&[u8]>) {
        match self.legs.get(&leg).cloned() {
            Some(Owner::Caller(id)) => self.on_acknowledged(now, id, answer),
            Some(Owner::Code(stream)) => self.on_code_acknowledged(now, stream),
            Some(Owner::Supervisor(stream)) => self.begin_supervision(now, stream),
            Some(
                Owner::Operator(..)
                | Owner::Waiter(..)
                | Owner::Customer(_)
                | Owner::Target(_)
                | Owner::Consulting(_)
                | Owner::Consulted(_)
                | Owner::Taking(_)
                | Owner::Parting(_),
            )
            | None => {}
        }
    }

    /// Somebody we called has answered.
    fn on_leg_answered(&mut self, now: Now, leg: LegId, answer: Option<&[u8]>) {
        match self.legs.get(&leg).cloned() {
            Some(Owner::Operator(..) | Owner::Waiter(..)) => self.on_offer_answered(now, leg, answer),
            Some(Owner::Target(id)) => self.on_target_answered(now, id, leg, answer),
            Some(Owner::Consulted(id)) => self.on_colleague_answered(now, id, leg, answer),
            Some(Owner::Caller(id)) => self.on_customer_answered(now, id, answer),
            Some(
                Owner::Customer(_)
                | Owner::Code(_)
                | Owner::Consulting(_)
                | Owner::Taking(_)
                | Owner::Supervisor(_)
                | Owner::Parting(_),
            )
            | None => {}
        }
    }

    pub(super) fn on_registrar(&mut self, now: Now, event: RegistrarEvent) {
        match event {
            RegistrarEvent::Registered { operator, contacts } => {
                self.phones_changed(&operator, &contacts);
                tracing::info!(%operator, "phone registered");
                self.acd.registered(now, &operator);
            }
            RegistrarEvent::Unregistered { operator } => {
                self.phones_changed(&operator, &[]);
                tracing::info!(%operator, "phone gone");
                self.acd.unregistered(now, &operator);
                self.keep_phones(now, operator);
            }
        }
    }

    fn keep_phones(&mut self, now: Now, operator: OperatorId) {
        let phones = self.registrar.kept(now, &operator);
        self.commands.push_back(Command::KeepPhones { operator, phones });
    }

    /// Takes up a phone that was registered when the server stopped. `local` is our address towards it.
    pub fn restore_phone(&mut self, now: Now, operator: &OperatorId, phone: &KeptPhone, local: std::net::SocketAddr) {
        self.registrar.restore(now, operator, phone, local);
        self.pump(now);
    }

    /// A leg ended by itself. For an operator's phone the status says how an unanswered offer failed.
    fn on_leg_over(&mut self, now: Now, leg: LegId, cause: Cause, status: Status) {
        match self.legs.get(&leg).cloned() {
            Some(Owner::Caller(id)) => {
                let is_calling = |call: &&mut Call| matches!(call.phase, Phase::Calling(_));
                let ticket = self.calls.get_mut(&id).filter(is_calling).and_then(|call| call.callback.take());
                self.end_call(now, id, cause, LegEnd::Theirs);
                if let Some(ticket) = ticket {
                    self.customer_lost(now, ticket, status);
                }
            }
            Some(Owner::Waiter(ticket, operator)) => {
                if self.callbacks.get(&ticket).is_some_and(|callback| callback.leg == leg) {
                    self.waiter_lost(now, ticket, LegEnd::Theirs);
                } else {
                    self.phone_refused(now, (ticket, &operator), leg, failure(status));
                }
            }
            Some(Owner::Operator(id, operator)) => {
                if self.talks_by(id, leg) {
                    self.end_talk(now, id, LegEnd::Theirs);
                } else if self.hands_over(id, leg) {
                    self.referrer_left(now, id, LegEnd::Theirs);
                } else {
                    self.phone_refused(now, (id, &operator), leg, failure(status));
                }
            }
            Some(Owner::Target(id)) => self.on_target_over(now, id, leg, status),
            Some(Owner::Consulting(id) | Owner::Consulted(id)) => self.consult_leg_over(now, id, leg, status),
            Some(Owner::Taking(stream)) => self.forget_taking(stream),
            Some(Owner::Code(stream)) => self.forget_code(stream),
            Some(Owner::Supervisor(stream)) => self.forget_supervision(now, stream),
            Some(Owner::Parting(stream)) => self.forget_parting(now, stream),
            Some(Owner::Customer(_)) | None => {}
        }
    }

    pub(super) fn talks_by(&self, id: crate::model::CallId, leg: LegId) -> bool {
        self.calls.get(&id).is_some_and(|call| match &call.phase {
            Phase::Standing(standing) => matches!(&standing.link, Link::Talking(talking) if talking.leg == leg),
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => false,
        })
    }

    /// SIP INFO digits go to the media core, which knows whether this leg's keys come another way.
    fn on_info(&mut self, leg: LegId, content_type: &str, body: &[u8]) {
        let Some(digit) = sip_info::digit_of_info(content_type, body) else { return };
        if let Some((stream, _)) = self.description(leg) {
            self.commands.push_back(Command::Media(MediaCommand::InfoDigit { stream, digit }));
        }
    }

    /// An offer within a call, or of a caller who hears that there is no room: hold, resume, another address. What cannot be accepted leaves the session as it was.
    fn on_reoffer(&mut self, now: Now, leg: LegId, offer: Option<&[u8]>) {
        let Some((stream, description)) = self.description(leg) else {
            self.sip.refuse_reoffer(now.instant, leg, Status::NOT_ACCEPTABLE_HERE);
            return;
        };
        let Some(offer) = offer else {
            let (body, pending) = description.negotiation.offer(Direction::SendRecv);
            description.pending = Some(pending);
            self.sip.answer_reoffer(now.instant, leg, body.into_bytes());
            return;
        };
        match answer_offer(&mut description.negotiation, offer) {
            Ok((body, negotiated)) => {
                if let Some(peer) = self.sip.reoffered_from(leg) {
                    // The phone may have changed its network, and the NAT in front of it.
                    self.towards.insert(stream, peer.addr.ip());
                }
                self.sip.answer_reoffer(now.instant, leg, body.into_bytes());
                self.update_media(now, leg, stream, negotiated);
            }
            Err(error) => {
                tracing::info!(%leg, %error, "an offer cannot be accepted; the session goes on as it was");
                self.sip.refuse_reoffer(now.instant, leg, refusal(&error));
            }
        }
    }

    fn on_reoffer_answered(&mut self, now: Now, leg: LegId, answer: &[u8]) {
        let Some((stream, description)) = self.description(leg) else { return };
        let Some(pending) = description.pending.take() else { return };
        match pending.accept(answer) {
            Ok(negotiated) => self.update_media(now, leg, stream, negotiated),
            Err(error) => {
                tracing::info!(%leg, %error, "the answer to our offer does not fit it: the leg is ended");
                self.on_leg_over(now, leg, Cause::Failed, Status::NOT_ACCEPTABLE_HERE);
                self.sip.hang_up(now.instant, leg);
            }
        }
    }

    /// Our side of the descriptions of a leg that has media.
    pub(super) fn description(&mut self, leg: LegId) -> Option<(StreamId, &mut Description)> {
        let (id, caller) = match self.legs.get(&leg)? {
            Owner::Caller(id) => (*id, true),
            Owner::Operator(id, _) | Owner::Target(id) => (*id, false),
            Owner::Waiter(ticket, _) => {
                let callback = self.callbacks.get_mut(ticket).filter(|callback| callback.leg == leg)?;
                return Some((callback.stream, &mut callback.description));
            }
            Owner::Consulting(id) | Owner::Consulted(id) => {
                let id = *id;
                return self.consult_description(id, leg);
            }
            Owner::Supervisor(stream) => {
                let stream = *stream;
                return self.supervisors_description(stream);
            }
            Owner::Customer(_) | Owner::Code(_) | Owner::Taking(_) | Owner::Parting(_) => return None,
        };
        let call = self.calls.get_mut(&id)?;
        let stream = call.stream;
        match &mut call.phase {
            Phase::Standing(standing) => match (caller, &mut standing.link) {
                (true, _) => Some((stream, &mut standing.description)),
                (false, Link::Talking(talking)) if talking.leg == leg => {
                    Some((talking.stream, &mut talking.description))
                }
                (false, Link::Transferring(transfer)) => match &mut transfer.stage {
                    Stage::Bridged(bridged) if bridged.leg == leg => Some((bridged.stream, &mut bridged.description)),
                    Stage::Bridged(_) | Stage::Inviting(_) | Stage::Binding(_) | Stage::Referring => {
                        let back = transfer.by.as_mut().and_then(|handing| handing.back.as_mut());
                        let back = back.filter(|talking| talking.leg == leg)?;
                        Some((back.stream, &mut back.description))
                    }
                },
                (false, Link::Talking(_) | Link::Queued(_) | Link::Menu | Link::Leaving(_)) => None,
            },
            Phase::Answered(answered) if caller => Some((stream, &mut answered.description)),
            Phase::TurnedAway(turned_away) if caller => Some((stream, &mut turned_away.description)),
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => None,
        }
    }

    fn update_media(&mut self, now: Now, leg: LegId, stream: StreamId, mut negotiated: Negotiated) {
        negotiated.signalling = self.towards.get(&stream).copied();
        if let Some((_, description)) = self.description(leg) {
            description.direction = Some(negotiated.direction);
        }
        let direction = negotiated.direction;
        self.commands.push_back(Command::Media(MediaCommand::Update { stream, negotiated: Box::new(negotiated) }));
        match self.legs.get(&leg).and_then(Owner::side) {
            Some((id, Side::Caller)) => self.caller_holds(now, id, !direction.sends()),
            Some((id, Side::Operator)) => self.far_end_holds(id, !direction.sends()),
            None => {}
        }
    }
}

/// How an offer that a phone refused has failed.
fn failure(status: Status) -> OfferFailure {
    match status.code() {
        // A redirection that may not be followed counts as busy.
        486 | 600 | 300..=399 => OfferFailure::Busy,
        487 => OfferFailure::NoAnswer,
        408 | 500..=599 => OfferFailure::Unreachable,
        _ => OfferFailure::Rejected,
    }
}
