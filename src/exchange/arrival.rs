//! A call comes in: admission, ports, offer and answer, ACK.

use super::call::{Answered, Call, Description, Opening, Phase, Standing};
use super::codes::Code;
use super::guard::Deed;
use super::identity::Identity;
use super::terms::Side;
use super::trunks::Visit;
use super::{Command, Exchange, LegEnd, Owner, called, supervision};
use crate::ivr::flow::{CallFlow, Caller, Event as FlowEvent};
use crate::ivr::menu::LineId;
use crate::model::{CallEvent, CallId, Cause, Instant, Now, PhoneNumber};
use crate::voip::media::{MediaCommand, StreamId, StreamParams};
use crate::voip::rtp::{RtpTimestamp, SequenceNumber, Ssrc};
use crate::voip::sdp::{Direction, Negotiated, Negotiation, NegotiationError, RemoteOffer};
use crate::voip::sip::endpoint::{Incoming, LegId};
use crate::voip::sip::headers::{HeaderName, Headers};
use crate::voip::sip::{Masked, Request, Status, Uri};
use rand::RngExt;
use std::net::SocketAddr;

impl Exchange {
    pub(super) fn on_incoming(&mut self, now: Now, incoming: Incoming) {
        let leg = incoming.leg;
        if incoming.request.headers.has(HeaderName::Replaces) {
            return self.on_replacing(now, incoming);
        }
        if let Some(code) = incoming.request.uri.user_text().as_deref().and_then(Code::dialled) {
            self.on_code(now, incoming, code);
            return;
        }
        let user = incoming.request.uri.user_text().unwrap_or_default();
        if let Some(whom) = supervision::asked_for(&user) {
            return self.on_supervising(now, incoming, whom);
        }
        if self.is_consult(now, &incoming) {
            return;
        }
        let Some(visit) = self.visit(now, &incoming) else { return };
        if visit.turned_away && incoming.offer.is_none() {
            self.refuse(now.instant, leg, Status::SERVICE_UNAVAILABLE);
            return;
        }
        let Some((line, called)) = self.line_called(&visit, &incoming.request) else {
            let called = dialled(&visit.called);
            let called = Masked(called.as_bytes());
            tracing::info!(%called, "no line has this number and there is no default line: 404");
            self.saw(now, incoming.from, Deed::UnknownNumber);
            self.refuse(now.instant, leg, Status::NOT_FOUND);
            return;
        };
        let source = incoming.from.addr.ip();
        let id = self.draw_call(now);
        let stream = self.next_stream();
        let is_open = self.config.outside.trunks.is_empty();
        let identity = Identity::of(&incoming.request, visit.trusted, is_open);
        let from = identity.believed();
        let arrived = CallEvent::Arrived {
            from: identity.shown().cloned(),
            called: dialled(&called).into(),
            line: self.menu[line].name.clone(),
            menu: self.menu.version.clone(),
            trunk: visit.trunk.clone(),
        };
        self.record(now, id, arrived);
        if let Some(note) = identity.note() {
            self.record(now, id, CallEvent::Noted { note: note.into() });
        }
        tracing::info!(call = %id, from = from.as_ref().map(tracing::field::display), line = %self.menu[line].name, "call");
        let allow = &incoming.request.headers;
        let takes_refer = !allow.has(HeaderName::Allow) || allow.has_word(HeaderName::Allow, "REFER");
        let trusted = visit.trunk.as_deref().filter(|_| visit.trusted);
        if let Some(login) = trusted.and_then(|trunk| self.config.outside.login_at(trunk)) {
            self.sip.set_login(leg, login);
        }
        let phase = Phase::Opening(Opening { offer: incoming.offer, turned_away: visit.turned_away });
        let menu = self.menu.clone();
        self.calls.insert(
            id,
            Call {
                id,
                leg,
                stream,
                trunk: visit.trunk,
                from,
                identity,
                line,
                menu,
                takes_refer,
                callback: None,
                phase,
                wake: None,
            },
        );
        self.legs.insert(leg, Owner::Caller(id));
        self.streams.insert(stream, Owner::Caller(id));
        self.ask_ports(stream, None, source);
    }

    /// The line that takes a visit, and the URI that it was found by. The word of a trunk counts on what was called at
    /// first.
    fn line_called(&self, visit: &Visit, request: &Request) -> Option<(LineId, Uri)> {
        let first = if visit.trusted { called::at_first(request) } else { Vec::new() };
        let found = first.into_iter().find_map(|uri| Some((self.line_of(visit, &uri, None)?, uri)));
        let called = || Some((self.line_of(visit, &visit.called, None)?, visit.called.clone()));
        let by_to = || {
            let to = visit.trunk.as_ref().map(|_| request.to.uri().clone())?;
            Some((self.line_of(visit, &to, None)?, to))
        };
        let default = self.config.default_line.as_deref();
        let by_default = || Some((self.line_of(visit, &visit.called, default)?, visit.called.clone()));
        found.or_else(called).or_else(by_to).or_else(by_default)
    }

    /// The line of a called URI: of the trunk's numbers, where it names some, else of the menu's.
    fn line_of(&self, visit: &Visit, called: &Uri, default: Option<&str>) -> Option<LineId> {
        let trunk = visit.trunk.as_ref().and_then(|trunk| self.config.outside.trunks.get(trunk));
        match trunk.and_then(|trunk| trunk.numbers.as_ref()) {
            Some(numbers) => {
                let line = numbers.line(&called.user_text().unwrap_or_default())?;
                called::line_named(&self.menu, line)
            }
            None => called::line_of(&self.menu, called, default),
        }
    }

    pub(super) fn refuse(&mut self, now: Instant, leg: LegId, status: Status) {
        let mut headers = Headers::new();
        if matches!(status, Status::SERVICE_UNAVAILABLE | Status::BUSY_HERE) {
            headers.push_text(HeaderName::RetryAfter, &self.config.retry_after.as_secs().to_string());
        }
        self.sip.reject(now, leg, status, &headers);
    }

    /// A UUID v7: the time in front, so that records sort by arrival.
    pub(super) fn draw_call(&mut self, now: Now) -> CallId {
        let millis = u64::try_from(now.wall.as_millisecond()).unwrap_or(0);
        let random: [u8; 10] = self.rng.random();
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        CallId::from_u128(uuid.as_u128())
    }

    /// The ports of a stream are bound: `Ok` with the address to tell the peer, `Err` when there is none left.
    pub fn handle_media_opened(&mut self, now: Now, stream: StreamId, address: Option<SocketAddr>) {
        match (self.streams.get(&stream).cloned(), address) {
            (Some(Owner::Caller(id)), Some(address)) => self.answer_call(now, id, address),
            (Some(Owner::Caller(id)), None) => self.answer_outside(now, id, Status::SERVICE_UNAVAILABLE),
            (Some(Owner::Operator(call, operator)), address) => self.ring_operator(now, call, &operator, address),
            (Some(Owner::Waiter(ticket, operator)), address) => self.ring_operator(now, ticket, &operator, address),
            (Some(Owner::Customer(ticket)), address) => self.call_customer(now, ticket, address),
            (Some(Owner::Target(call)), address) => self.call_target(now, call, address),
            (Some(Owner::Code(stream)), address) => self.answer_code(now, stream, address),
            (Some(Owner::Consulting(id) | Owner::Consulted(id)), address) => {
                self.consult_opened(now, id, stream, address);
            }
            (Some(Owner::Taking(stream)), address) => self.take_call(now, stream, address),
            (Some(Owner::Supervisor(stream)), address) => self.answer_supervisor(now, stream, address),
            // Its ports were bound long ago.
            (Some(Owner::Parting(_)), _) => {}
            // The call ended while the ports were being bound.
            (None, _) => self.commands.push_back(Command::Media(MediaCommand::Close { stream })),
        }
        if address.is_none() {
            // Nothing was bound, so no end of it will be told.
            self.closing.remove(&stream);
        }
        self.pump(now);
    }

    fn answer_call(&mut self, now: Now, id: CallId, address: SocketAddr) {
        let mut negotiation = self.negotiation(&Side::Caller(self.trunk_of(id)), address);
        if !self.can_be_spoken_to(id) {
            tracing::info!(call = %id, "the prompts of the caller's only codec are being made ready: 503");
            self.answer_outside(now, id, Status::SERVICE_UNAVAILABLE);
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Opening(opening) = &mut call.phase else { return };
        let (leg, turned_away) = (call.leg, opening.turned_away);
        let Some(offer) = opening.offer.take() else {
            let (body, pending) = negotiation.offer(Direction::SendRecv);
            let description = Description { negotiation, pending: Some(pending), direction: None };
            call.phase = Phase::Answered(Box::new(Answered { description, agreed: None, at: now.instant }));
            self.sip.answer(now.instant, leg, body.into_bytes(), &Headers::new());
            return;
        };
        match answer_offer(&mut negotiation, &offer) {
            Ok(answered) if turned_away => self.turn_away(now, id, negotiation, answered),
            Ok((body, negotiated)) => {
                let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
                let agreed = Some(Box::new(negotiated));
                call.phase = Phase::Answered(Box::new(Answered { description, agreed, at: now.instant }));
                self.sip.answer(now.instant, leg, body.into_bytes(), &Headers::new());
            }
            Err(error) => {
                tracing::info!(call = %id, %error, "the offer cannot be accepted");
                self.answer_outside(now, id, refusal(&error));
            }
        }
    }

    pub(super) fn open_media(&mut self, stream: StreamId, mut negotiated: Negotiated) {
        negotiated.signalling = self.towards.get(&stream).copied();
        let params = StreamParams {
            negotiated,
            ssrc: Ssrc(self.rng.random()),
            first_sequence: SequenceNumber(self.rng.random()),
            first_timestamp: RtpTimestamp(self.rng.random()),
            silence_limit: self.config.silence_limit,
        };
        self.commands.push_back(Command::Media(MediaCommand::Open { stream, params: Box::new(params) }));
    }

    pub(super) fn answer_outside(&mut self, now: Now, id: CallId, status: Status) {
        if let Some(leg) = self.calls.get(&id).map(|call| call.leg) {
            self.refuse(now.instant, leg, status);
            self.end_call(now, id, Cause::Refused(status.code()), LegEnd::Theirs);
        }
    }

    /// The ACK came: the call stands and the flow begins.
    pub(super) fn on_acknowledged(&mut self, now: Now, id: CallId, answer: Option<&[u8]>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Answered(answered) = &mut call.phase else { return };
        let stream = call.stream;
        if let Some(agreed) = answered.agreed.take() {
            self.open_media(stream, *agreed);
        } else if let Some(pending) = answered.description.pending.take() {
            match pending.accept(answer.unwrap_or_default()) {
                Ok(negotiated) => {
                    answered.description.direction = Some(negotiated.direction);
                    self.open_media(stream, negotiated);
                }
                Err(error) => {
                    tracing::info!(call = %id, %error, "the answer in the ACK does not fit our offer");
                    self.end_call(now, id, Cause::Failed, LegEnd::Ours);
                    return;
                }
            }
        }
        self.start_flow(now, id);
    }

    fn start_flow(&mut self, now: Now, id: CallId) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        if let Phase::Answered(answered) = call.phase {
            let Answered { description, at, .. } = *answered;
            let blocked = call.identity.is_among(&self.config.blocked_numbers);
            let profile = call.from.as_ref().and_then(|from| self.callers.get(from)).cloned();
            let from = call.from.clone();
            let caller = Caller { call: id, from, blocked_number: blocked, slow_speech: false, profile, lang: None };
            let mut flow = CallFlow::new(call.menu.clone(), call.line, caller);
            if self.config.outside.callbacks.is_empty() {
                flow.refuse_callbacks();
            }
            let farewell = self.farewell_length(&call.menu);
            call.phase = Phase::Standing(Box::new(Standing::new(description, at, flow, farewell)));
        }
        self.calls.insert(id, call);
        self.record(now, id, CallEvent::Answered);
        self.tell_flow(now, id, FlowEvent::Answered);
    }
}

/// The status that refuses an offer.
pub(super) fn refusal(error: &NegotiationError) -> Status {
    Status::new(error.status()).unwrap_or(Status::NOT_ACCEPTABLE_HERE)
}

/// Answers an offer; a body that cannot be read is refused like one that cannot be met.
pub(super) fn answer_offer(
    negotiation: &mut Negotiation,
    offer: &[u8],
) -> Result<(String, Negotiated), NegotiationError> {
    let offer = RemoteOffer::parse(offer)?;
    negotiation.answer(offer, Direction::SendRecv)
}

/// The called user part, for records; a number that a line lists is no secret.
fn dialled(uri: &Uri) -> String {
    uri.phone().map_or_else(|| uri.user_text().unwrap_or_default(), |number: PhoneNumber| number.as_str().to_owned())
}
