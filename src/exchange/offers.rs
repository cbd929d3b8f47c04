//! Ringing operators' phones for a caller.
//!
//! ```text
//!  acd Offer ──▶ Binding ──ports──▶ Inviting ──200──▶ the talk begins
//!                   │                   │ 4xx–6xx, no answer ──▶ acd: the next operator
//!                   └── acd Withdraw ───┴──▶ CANCEL
//! ```

use super::call::{Description, Link, Phase, Talking};
use super::ringing::{Invitation, Ringing};
use super::terms::Side;
use super::{Command, Exchange, Owner};
use crate::ivr::acd::{self, OfferFailure, Withdrawal};
use crate::ivr::flow::Event as FlowEvent;
use crate::model::{CallEvent, CallId, Gap, Instant, Level, Now, OperatorId, PlayItem, Playlist, PromptId};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use crate::voip::sdp::{Direction, Negotiation, PendingOffer};
use crate::voip::sip::endpoint::LegId;
use crate::voip::sip::headers::{Headers, NameAddr};
use crate::voip::sip::{Host, SipUri};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The whisper's playback; the flow's own are numbered within 32 bits.
pub(super) const WHISPER: PlaybackId = PlaybackId(1 << 32);

/// A phone being rung.
pub(super) enum Offer {
    /// Its ports are being bound.
    Binding {
        /// Its stream.
        stream: StreamId,
        /// Until when it is offered.
        until: Instant,
    },
    /// The INVITE is under way.
    Inviting(Box<Inviting>),
}

/// A phone that has answered.
pub(super) struct Phone {
    pub leg: LegId,
    pub stream: StreamId,
    pub description: Description,
}

/// An INVITE to a phone.
pub(super) struct Inviting {
    pub stream: StreamId,
    pub ringing: Ringing,
    pub negotiation: Negotiation,
    pub pending: PendingOffer,
}

impl Exchange {
    pub(super) fn on_acd(&mut self, now: Now, command: acd::Command) {
        match command {
            acd::Command::Offer { call, operator, ring } => {
                let owner = Owner::Operator(call, operator.clone());
                self.offer(now, (call, operator), owner, now.instant + ring);
            }
            acd::Command::Withdraw { call, operator, why } => self.withdraw(now, call, &operator, why),
            acd::Command::Status { call, status } => self.tell_flow(now, call, FlowEvent::QueueStatus(status)),
            acd::Command::End { call, end } => {
                if let Some((_, standing)) = self.standing(call) {
                    standing.link = Link::Menu;
                    self.tell_flow(now, call, FlowEvent::QueueEnded(end));
                }
            }
            acd::Command::OfferCallback { ticket, operator, ring } => {
                self.offer_callback(now, ticket, operator, now.instant + ring);
            }
            acd::Command::Dial { ticket, .. } => self.on_dial(ticket),
            acd::Command::Keep(ticket) => self.commands.push_back(Command::KeepTicket(ticket)),
            acd::Command::Close { ticket, outcome } => self.close_ticket(now, ticket, outcome),
            acd::Command::State { operator, state } => tracing::info!(%operator, ?state, "operator"),
        }
    }

    /// Rings an operator's phones for a caller or a ticket, all of them by `until`.
    pub(super) fn offer(&mut self, now: Now, (call, operator): (CallId, OperatorId), owner: Owner, until: Instant) {
        let Some(target) = self.registrar.target(&operator) else {
            self.acd.offer_failed(now, call, &operator, OfferFailure::Unreachable);
            return;
        };
        let towards = target.peer.addr.ip();
        let beside = self.calls.get(&call).map(|call| call.stream);
        let stream = self.next_stream();
        self.streams.insert(stream, owner);
        self.offers.insert((call, operator), Offer::Binding { stream, until });
        self.ask_ports(stream, beside, towards);
    }

    /// The ports are bound: send the INVITE.
    pub(super) fn ring_operator(&mut self, now: Now, call: CallId, operator: &OperatorId, address: Option<SocketAddr>) {
        let key = (call, operator.clone());
        let Some(Offer::Binding { stream, until }) = self.offers.get(&key) else { return };
        let (stream, until) = (*stream, *until);
        let Some(address) = address else {
            self.offer_failed(now, call, operator, OfferFailure::Unreachable);
            return;
        };
        let mut negotiation = self.negotiation(&Side::Operator(Some(call)), address);
        let (body, pending) = negotiation.offer(Direction::SendRecv);
        let Some(owner) = self.streams.get(&stream).cloned() else { return };
        let is_ticket = matches!(owner, Owner::Waiter(..));
        let invite = if is_ticket { self.callback_invite(now, call, address.ip()) } else { None };
        let (from, headers) =
            invite.unwrap_or_else(|| (self.calling_name(call, address.ip()), self.context_headers(call)));
        let invitation = Invitation::new(from, address.ip(), body.into_bytes(), headers);
        match self.ring(now, operator, &owner, until, invitation) {
            Some(ringing) => {
                let inviting = Inviting { stream, ringing, negotiation, pending };
                self.offers.insert(key, Offer::Inviting(Box::new(inviting)));
                // A ticket's call is over and its history closed; its next one begins with the call to the customer.
                if !is_ticket {
                    self.record(now, call, CallEvent::Offered { operator: operator.clone() });
                }
            }
            None => {
                self.offer_failed(now, call, operator, OfferFailure::Unreachable);
            }
        }
    }

    /// What the operator's phone shows: the line and the last digits, never the whole number.
    pub(super) fn calling_name(&self, call: CallId, own: IpAddr) -> NameAddr {
        let call = self.calls.get(&call);
        let line = call.map_or("hotline", |call| &call.menu[call.line].name);
        let tail = call.map_or_else(String::new, |call| call.identity.tail());
        let uri = SipUri::new(Some("hotline"), Host::from(own), None);
        NameAddr::with_display(&format!("{line}{tail}"), uri)
    }

    /// An opaque call number and flags without personal data; a console fetches the rest by the number.
    pub(super) fn context_headers(&self, id: CallId) -> Headers {
        let mut headers = Headers::new();
        let context = self.calls.get(&id).and_then(|call| match &call.phase {
            Phase::Standing(standing) => match &standing.link {
                Link::Queued(queued) => Some(queued.context.clone()),
                Link::Transferring(transfer) => transfer.by.as_ref().map(|handing| handing.queued.context.clone()),
                Link::Talking(_) | Link::Menu | Link::Leaving(_) => None,
            },
            Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Calling(_) => None,
        });
        let verified = context.as_ref().is_some_and(|context| context.screen.level == Level::Verified);
        let reason = context.as_ref().and_then(|context| context.screen.notes.last().cloned());
        let mut push = |name: &str, value: &str| {
            if headers.push_other(name, value.as_bytes()).is_err() {
                tracing::warn!(name, "a context header was left out: its value does not fit a header");
            }
        };
        push("X-Call-Ref", &id.to_string());
        push("X-Verified", if verified { "yes" } else { "no" });
        if let Some(reason) = reason {
            push("X-Reason", &reason);
        }
        headers
    }

    fn withdraw(&mut self, now: Now, call: CallId, operator: &OperatorId, why: Withdrawal) {
        match self.offers.remove(&(call, operator.clone())) {
            Some(Offer::Binding { stream, .. }) => self.close_stream(stream),
            Some(Offer::Inviting(inviting)) => {
                self.close_stream(inviting.stream);
                let owner = inviting.ringing.first().and_then(|leg| self.legs.get(&leg)).cloned();
                self.stop_ringing(now, &inviting.ringing);
                if !matches!(owner, Some(Owner::Waiter(..))) {
                    let event = CallEvent::OfferFailed { operator: operator.clone(), reason: why.name().into() };
                    self.record(now, call, event);
                }
            }
            None => {}
        }
    }

    /// One of the operator's phones did not take the call; when none rings any more, the operator has not.
    pub(super) fn phone_refused(
        &mut self,
        now: Now,
        (call, operator): (CallId, &OperatorId),
        leg: LegId,
        failure: OfferFailure,
    ) {
        let key = (call, operator.clone());
        let owner = self.legs.get(&leg).cloned();
        match (self.offers.remove(&key), owner) {
            (Some(Offer::Inviting(mut inviting)), Some(owner)) => {
                let rings = self.still_rings(now, &mut inviting.ringing, leg, &owner);
                self.offers.insert(key, Offer::Inviting(inviting));
                if rings {
                    return;
                }
            }
            (Some(offer), _) => {
                self.offers.insert(key, offer);
            }
            (None, _) => {}
        }
        self.offer_failed(now, call, operator, failure);
    }

    /// The operator did not take the call; the ACD finds the next.
    pub(super) fn offer_failed(&mut self, now: Now, call: CallId, operator: &OperatorId, failure: OfferFailure) {
        let owner = match self.offers.remove(&(call, operator.clone())) {
            Some(Offer::Binding { stream, .. }) => {
                let owner = self.streams.get(&stream).cloned();
                self.close_stream(stream);
                owner
            }
            Some(Offer::Inviting(inviting)) => {
                let owner = self.streams.get(&inviting.stream).cloned();
                self.close_stream(inviting.stream);
                self.stop_ringing(now, &inviting.ringing);
                owner
            }
            None => return,
        };
        if !matches!(owner, Some(Owner::Waiter(..))) {
            let event = CallEvent::OfferFailed { operator: operator.clone(), reason: failure.name().into() };
            self.record(now, call, event);
        }
        self.acd.offer_failed(now, call, operator, failure);
    }

    pub(super) fn close_stream(&mut self, stream: StreamId) {
        self.let_stream_go(stream);
        self.commands.push_back(Command::Media(MediaCommand::Close { stream }));
    }

    /// The operator answered: both hear each other from this packet on, the operator hears the whisper first.
    pub(super) fn on_offer_answered(&mut self, now: Now, leg: LegId, answer: Option<&[u8]>) {
        let Some(owner @ (Owner::Operator(..) | Owner::Waiter(..))) = self.legs.get(&leg).cloned() else { return };
        let (Owner::Operator(id, operator) | Owner::Waiter(id, operator)) = owner.clone() else { return };
        let Some(Offer::Inviting(inviting)) = self.offers.remove(&(id, operator.clone())) else { return };
        let Inviting { stream, ringing, negotiation, pending } = *inviting;
        self.answered_at(now, &ringing, leg, stream);
        let (negotiation, negotiated) = match self.agreed(leg, (negotiation, pending), answer) {
            Ok(agreed) => agreed,
            Err(error) => {
                tracing::warn!(%operator, %error, "the phone's answer cannot be used");
                self.legs.remove(&leg);
                self.close_stream(stream);
                self.sip.hang_up(now.instant, leg);
                if matches!(owner, Owner::Operator(..)) {
                    let event = CallEvent::OfferFailed { operator: operator.clone(), reason: "unusable_answer".into() };
                    self.record(now, id, event);
                }
                self.acd.offer_failed(now, id, &operator, OfferFailure::Unreachable);
                return;
            }
        };
        let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
        self.open_media(stream, negotiated);
        if matches!(owner, Owner::Waiter(..)) {
            self.on_waiter_answered(now, id, &operator, Phone { leg, stream, description });
            return;
        }
        self.connect(now, id, &operator, Phone { leg, stream, description });
    }

    /// The caller and an operator who has answered are joined.
    pub(super) fn connect(&mut self, now: Now, id: CallId, operator: &OperatorId, phone: Phone) {
        let Phone { leg, stream, description } = phone;
        let Some((caller, standing)) = self.standing(id) else { return };
        let Link::Queued(queued) = &standing.link else { return };
        let (queued, context) = (queued.clone(), queued.context.clone());
        let waited = now.instant.since(queued.since);
        let talking =
            Talking { operator: operator.clone(), leg, stream, since: now.instant, queued, held: false, description };
        standing.link = Link::Talking(Box::new(talking));
        self.acd.accepted(now, id, operator);
        self.record(now, id, CallEvent::Connected { operator: operator.clone(), waited });
        tracing::info!(call = %id, %operator, waited = waited.as_secs(), "connected");
        self.tell_flow(now, id, FlowEvent::Connected(operator.clone()));
        self.commands.push_back(Command::Media(MediaCommand::Bridge { a: caller, b: stream }));
        self.record_talk(id, (caller, stream));
        let notice = self.repeat_notice(id);
        self.whisper(stream, &context.whisper, notice);
    }

    /// Says to who has answered, alone, whose call it is. A caller who hears a notice meanwhile hears nobody until its
    /// end: so long the other waits, and hears a tone.
    pub(super) fn whisper(&mut self, stream: StreamId, said: &[PromptId], notice: Option<Duration>) {
        let mut items: Vec<PlayItem> = said.iter().cloned().map(PlayItem::Clip).collect();
        if let Some(notice) = notice {
            let said = said.iter().filter_map(|prompt| self.inventory.length(prompt)).sum();
            let rest = u16::try_from(notice.saturating_sub(said).as_millis()).unwrap_or(u16::MAX);
            items.extend([PlayItem::Gap(Gap(rest)), PlayItem::Clip(Signal::Record.prompt())]);
        }
        if items.is_empty() {
            return;
        }
        let playlist = Playlist::of(items);
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: WHISPER, playlist }));
    }
}
