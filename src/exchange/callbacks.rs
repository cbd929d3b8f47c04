//! Calling customers back: the operator first, then the customer, who must press 1.
//!
//! ```text
//!  acd OfferCallback ──▶ the operator's phone rings ──200──▶ whisper ──▶ acd Dial
//!     ports ──▶ INVITE through the trunk ──200──▶ flow: hello, "press 1" ──▶ TakeCallback ──▶ a talk like any other
//!                  │ busy, no answer                 │ no key: a machine
//!                  └──────▶ acd callback_failed ◀────┘      the operator is let go, the ticket is tried again
//! ```
//!
//! The call to the customer is a call of its own, with its own number, records and menu; nothing that was known of the
//! caller but the number is carried over to whoever answers.

use super::call::{Call, Calling, Context, Description, Link, Opening, Phase, Queued, Standing, Talking};
use super::identity::Identity;
use super::offers::{Phone, WHISPER};
use super::outside::Way;
use super::parting::Then;
use super::terms::{Outward, Side};
use super::trunks::ways::{Passed, SILENCE, is_of_trunk};
use super::{Command, Exchange, LegEnd, Owner};
use crate::ivr::acd::{CallbackFailure, CallbackOrder, CallbackTicket, OfferFailure, TicketOutcome};
use crate::ivr::flow::{CallFlow, Caller, Event as FlowEvent, QueueEnd, Screen};
use crate::ivr::menu::LineId;
use crate::model::{CallEvent, CallId, Cause, Instant, Now, OperatorId, PhoneNumber, PlayItem, Playlist, PromptId};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use crate::voip::sdp::Direction;
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::LegId;
use crate::voip::sip::headers::{Headers, NameAddr};
use crate::voip::sip::{Host, SipUri};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What the operator hears while the customer's phone rings.
const DIALLING: PlaybackId = PlaybackId(5 << 32);
/// How long a customer who ordered a callback may stay on the line before the call to them counts as busy.
const STILL_HERE: Duration = Duration::from_secs(60);

/// An operator who waits for a customer.
pub(super) struct Callback {
    ticket: Box<CallbackTicket>,
    operator: OperatorId,
    pub leg: LegId,
    pub stream: StreamId,
    pub description: Description,
    /// The ways to the customer that were tried or were no use.
    passed: Passed,
    stage: Stage,
}

/// How far the way to the customer has come.
enum Stage {
    /// The operator hears whom the call is for.
    Whispering,
    /// The customer has not hung up the call that ordered this.
    StillHere {
        /// When that has taken too long.
        until: Instant,
    },
    /// Ports for the customer are being bound.
    Binding(StreamId, Box<Way>),
    /// The call to the customer is under way.
    Calling(CallId),
}

impl Exchange {
    /// The menu orders a callback for a caller who waits.
    pub(super) fn order_callback(&mut self, now: Now, id: CallId, number: PhoneNumber) {
        let accepted = !self.config.outside.callback(&number).is_empty() && self.take_order(now, id, number);
        self.tell_flow(now, id, FlowEvent::CallbackOrdered { accepted });
    }

    fn take_order(&mut self, now: Now, id: CallId, number: PhoneNumber) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let Phase::Standing(standing) = &call.phase else { return false };
        let Link::Queued(queued) = &standing.link else { return false };
        let (line, context) = (call.menu[call.line].name.clone(), queued.context.clone());
        let Screen { level: was, notes, .. } = &context.screen;
        let order = CallbackOrder { number, line, was: *was, notes: notes.clone() };
        if !self.acd.order_callback(now, id, order) {
            return false;
        }
        if let Some((_, standing)) = self.standing(id) {
            standing.link = Link::Menu;
        }
        self.record(now, id, CallEvent::CallbackOrdered);
        true
    }

    /// Rings an operator's phone for a ticket.
    pub(super) fn offer_callback(&mut self, now: Now, ticket: CallId, operator: OperatorId, until: Instant) {
        if self.drain_until.is_some() {
            self.acd.offer_failed(now, ticket, &operator, OfferFailure::Busy);
            return;
        }
        tracing::info!(%ticket, %operator, "a callback is offered");
        self.offer(now, (ticket, operator.clone()), Owner::Waiter(ticket, operator), until);
    }

    /// What the operator's phone shows of a ticket, and what its console may ask for.
    pub(super) fn callback_invite(&self, now: Now, id: CallId, own: IpAddr) -> Option<(NameAddr, Headers)> {
        let ticket = self.acd.ticket(id)?;
        let uri = SipUri::new(Some("hotline"), Host::from(own), None);
        let display = format!("callback {} …{}", ticket.order.line, ticket.order.number.last(2));
        let waited = ticket.waited(now.wall).as_secs().to_string();
        let mut headers = Headers::new();
        for (name, value) in [
            ("X-Call-Ref", id.to_string().as_str()),
            ("X-Callback", "yes"),
            ("X-Callback-Waited", waited.as_str()),
            // Whoever answers is a new person.
            ("X-Verified", "no"),
        ] {
            if headers.push_other(name, value.as_bytes()).is_err() {
                tracing::warn!(name, "a context header was left out");
            }
        }
        Some((NameAddr::with_display(&display, uri), headers))
    }

    /// The operator took the ticket: whisper, then the customer is called.
    pub(super) fn on_waiter_answered(&mut self, now: Now, ticket: CallId, operator: &OperatorId, phone: Phone) {
        let Phone { leg, stream, description } = phone;
        let Some(open) = self.acd.ticket(ticket).cloned() else {
            self.sip.hang_up(now.instant, leg);
            self.legs.remove(&leg);
            self.close_stream(stream);
            return;
        };
        let whisper = self.callback_whisper(&open);
        let (stage, open) = (Stage::Whispering, Box::new(open));
        let (operator_id, passed) = (operator.clone(), Passed::default());
        let callback = Callback { ticket: open, operator: operator_id, leg, stream, description, passed, stage };
        self.callbacks.insert(ticket, callback);
        self.acd.accepted(now, ticket, operator);
        if whisper.is_empty() {
            self.dial_customer(now, ticket);
        } else {
            let playlist = Playlist::of(whisper.into_iter().map(PlayItem::Clip).collect());
            self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: WHISPER, playlist }));
        }
    }

    fn callback_whisper(&self, ticket: &CallbackTicket) -> Vec<PromptId> {
        let lang = self.menu.languages.first().copied().unwrap_or(ticket.place.lang);
        let names = ["callback"].into_iter().chain(ticket.order.notes.iter().map(|note| &**note));
        let prompts = names.map(|name| PromptId::new(&format!("{lang}/whisper.{name}")));
        prompts.filter(|prompt| self.inventory.length(prompt).is_some()).collect()
    }

    /// The ACD counts the attempt from here; the whisper is being heard.
    pub(super) fn on_dial(&mut self, ticket: Box<CallbackTicket>) {
        if let Some(callback) = self.callbacks.get_mut(&ticket.id()) {
            callback.ticket = ticket;
        }
    }

    /// The operator has heard the whisper: call the customer, once they are off the line.
    pub(super) fn dial_customer(&mut self, now: Now, id: CallId) {
        let is_here = self.calls.contains_key(&id);
        let stream = self.next_stream();
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        match callback.stage {
            Stage::Whispering if is_here => {
                let until = now.instant + STILL_HERE;
                callback.stage = Stage::StillHere { until };
                self.still_here.insert((until, id));
                return;
            }
            Stage::StillHere { until } => {
                self.still_here.remove(&(until, id));
            }
            Stage::Whispering => {}
            Stage::Binding(..) | Stage::Calling(_) => return,
        }
        let place = &callback.ticket.place;
        if !self.menu.queues.iter().any(|queue| queue.name == place.queue && queue.callback.is_some()) {
            tracing::warn!(ticket = %id, queue = %place.queue, "the menu has no callback of this queue any more");
            self.end_callback(now, id, CallbackFailure::Unreachable);
            return;
        }
        let (number, passed, operator) = (callback.ticket.order.number.clone(), callback.passed, callback.stream);
        let Some((way, passed)) = self.way_to_customer(now, &number, passed) else {
            self.end_callback(now, id, CallbackFailure::Unreachable);
            return;
        };
        let towards = way.peer.addr.ip();
        if let Some(callback) = self.callbacks.get_mut(&id) {
            callback.passed = passed;
            callback.stage = Stage::Binding(stream, Box::new(way));
        }
        let playlist = Playlist::looped(PromptId::new("common/ringback"));
        let play = MediaCommand::Play { stream: operator, playback: DIALLING, playlist };
        self.commands.push_back(Command::Media(play));
        self.streams.insert(stream, Owner::Customer(id));
        self.ask_ports(stream, Some(operator), towards);
    }

    /// The ports are bound: INVITE through the trunk.
    pub(super) fn call_customer(&mut self, now: Now, ticket: CallId, address: Option<SocketAddr>) {
        let Some(callback) = self.callbacks.get(&ticket) else { return };
        let Stage::Binding(stream, way) = &callback.stage else { return };
        let (stream, way, passed) = (*stream, Way::clone(way), callback.passed);
        let order = callback.ticket.order.clone();
        let attempt = callback.ticket.attempts;
        let Some(address) = address else {
            self.end_callback(now, ticket, CallbackFailure::Unreachable);
            return;
        };
        let trunk = way.trunk.clone();
        let outward = Outward { trunk: trunk.clone(), secure: way.secure, caller: None };
        let mut negotiation = self.negotiation(&Side::Outside(outward), address);
        let (body, pending) = negotiation.offer(Direction::SendRecv);
        let until = now.instant + way.ring;
        let Ok(leg) = self.call_out(now, way, address, body, &Headers::new()) else {
            self.end_callback(now, ticket, CallbackFailure::Unreachable);
            return;
        };
        let silent = self.way_to_customer(now, &order.number, passed).map(|_| now.instant + SILENCE);
        let id = self.draw_call(now);
        let menu = self.menu.clone();
        let line = menu.lines.iter().position(|line| line.name == order.line);
        let line = LineId(line.and_then(|at| u16::try_from(at).ok()).unwrap_or(0));
        let number = order.number.clone();
        let event = CallEvent::CallingBack {
            ticket,
            to: number.clone(),
            line: order.line,
            menu: menu.version.clone(),
            attempt,
            trunk: trunk.clone(),
        };
        let phase = Phase::Calling(Box::new(Calling { negotiation, pending, until, silent }));
        let call = Call {
            id,
            leg,
            stream,
            trunk,
            from: Some(number.clone()),
            identity: Identity::known(number),
            line,
            menu,
            takes_refer: true,
            callback: Some(ticket),
            phase,
            wake: None,
        };
        self.calls.insert(id, call);
        self.legs.insert(leg, Owner::Caller(id));
        self.streams.insert(stream, Owner::Caller(id));
        self.record(now, id, event);
        if let Some(callback) = self.callbacks.get_mut(&ticket) {
            callback.stage = Stage::Calling(id);
        }
        self.set_wake(id);
    }

    /// The customer's phone, or a machine, has answered.
    pub(super) fn on_customer_answered(&mut self, now: Now, id: CallId, answer: Option<&[u8]>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let nothing = Phase::Opening(Opening { offer: None, turned_away: false });
        let calling = match std::mem::replace(&mut call.phase, nothing) {
            Phase::Calling(calling) => *calling,
            other @ (Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Standing(_)) => {
                call.phase = other;
                return;
            }
        };
        let place = call.callback.and_then(|ticket| self.callbacks.get(&ticket)).map(|callback| &callback.ticket.place);
        let flow = place.and_then(|place| {
            let from = call.from.clone();
            let lang = Some(place.lang);
            let caller = Caller { call: id, from, blocked_number: false, slow_speech: false, profile: None, lang };
            CallFlow::callback(call.menu.clone(), call.line, caller, &place.queue)
        });
        let (leg, stream, menu) = (call.leg, call.stream, call.menu.clone());
        let farewell = self.farewell_length(&menu);
        let agreed = self.agreed(leg, (calling.negotiation, calling.pending), answer);
        let (Some(flow), Ok((negotiation, negotiated)), Some(call)) = (flow, agreed, self.calls.get_mut(&id)) else {
            tracing::warn!(call = %id, "an answered callback cannot be served");
            self.end_call(now, id, Cause::Failed, LegEnd::Ours);
            return;
        };
        let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
        call.phase = Phase::Standing(Box::new(Standing::new(description, now.instant, flow, farewell)));
        self.open_media(stream, negotiated);
        self.record(now, id, CallEvent::Answered);
        self.tell_flow(now, id, FlowEvent::Answered);
    }

    /// Whoever answered pressed 1: from here on it is a talk like any other.
    pub(super) fn join_callback(&mut self, now: Now, id: CallId) {
        let ticket = self.calls.get_mut(&id).and_then(|call| call.callback.take());
        let callback = ticket.and_then(|ticket| self.take_callback(ticket));
        let Some(Callback { ticket, operator, leg, stream, description, .. }) = callback else {
            self.tell_flow(now, id, FlowEvent::QueueEnded(QueueEnd::Nobody));
            return;
        };
        let screen = Screen { notes: ticket.order.notes.clone(), ..Screen::default() };
        let context = Arc::new(Context { whisper: Vec::new(), screen });
        let queued = Queued { since: now.instant, context };
        let talking =
            Talking { operator: operator.clone(), leg, stream, since: now.instant, queued, held: false, description };
        let Some((customer, standing)) = self.standing(id) else { return };
        standing.link = Link::Talking(Box::new(talking));
        self.legs.insert(leg, Owner::Operator(id, operator.clone()));
        self.streams.insert(stream, Owner::Operator(id, operator.clone()));
        self.acd.callback_joined(now, ticket.id(), id);
        let waited = ticket.waited(now.wall);
        self.record(now, id, CallEvent::Connected { operator: operator.clone(), waited });
        self.tell_flow(now, id, FlowEvent::Connected(operator));
        self.commands.push_back(Command::Media(MediaCommand::Bridge { a: customer, b: stream }));
        self.record_talk(id, (customer, stream));
    }

    /// The call to a customer ended before the talk.
    pub(super) fn customer_lost(&mut self, now: Now, ticket: CallId, status: Status) {
        if is_of_trunk(status) && self.next_customer_way(now, ticket) {
            return;
        }
        let failure = match status.code() {
            200 => CallbackFailure::NotTaken,
            486 | 600 | 603 => CallbackFailure::Busy,
            408 | 480 | 487 => CallbackFailure::NoAnswer,
            _ => CallbackFailure::Unreachable,
        };
        self.end_callback(now, ticket, failure);
    }

    /// The trunk has failed: another one is tried, if there is one.
    fn next_customer_way(&mut self, now: Now, ticket: CallId) -> bool {
        let Some(callback) = self.callbacks.get(&ticket) else { return false };
        let (number, passed) = (callback.ticket.order.number.clone(), callback.passed);
        let is_another = self.way_to_customer(now, &number, passed).is_some();
        if is_another {
            tracing::warn!(%ticket, "another trunk is tried");
            if let Some(callback) = self.callbacks.get_mut(&ticket) {
                callback.stage = Stage::Whispering;
            }
            self.dial_customer(now, ticket);
        }
        is_another
    }

    /// The attempt has failed: the operator hears a tone and is let go.
    fn end_callback(&mut self, now: Now, ticket: CallId, failure: CallbackFailure) {
        let Some(callback) = self.take_callback(ticket) else { return };
        tracing::info!(%ticket, operator = %callback.operator, reason = failure.name(), "a callback reached nobody");
        if let Stage::Binding(stream, _) = &callback.stage {
            self.close_stream(*stream);
        }
        let tone = match failure {
            CallbackFailure::Unreachable => Signal::Congestion,
            CallbackFailure::Busy
            | CallbackFailure::NoAnswer
            | CallbackFailure::NotTaken
            | CallbackFailure::OperatorLeft => Signal::Busy,
        };
        let (leg, direction) = ((callback.leg, callback.stream), callback.description.direction);
        self.part_with(now, leg, direction, (tone, Then::CallbackFailed(ticket, failure)));
    }

    fn take_callback(&mut self, ticket: CallId) -> Option<Callback> {
        let callback = self.callbacks.remove(&ticket)?;
        if let Stage::StillHere { until } = callback.stage {
            self.still_here.remove(&(until, ticket));
        }
        Some(callback)
    }

    fn let_callback_go(&mut self, callback: &Callback) {
        self.close_stream(callback.stream);
        if let Stage::Binding(stream, _) = &callback.stage {
            self.close_stream(*stream);
        }
    }

    /// The operator who waited is gone: so is the call to the customer, unless somebody hears us already.
    pub(super) fn waiter_lost(&mut self, now: Now, ticket: CallId, leg: LegEnd) {
        let Some(callback) = self.take_callback(ticket) else { return };
        self.legs.remove(&callback.leg);
        if leg == LegEnd::Ours {
            self.sip.hang_up(now.instant, callback.leg);
        }
        self.let_callback_go(&callback);
        self.acd.callback_failed(now, ticket, CallbackFailure::OperatorLeft);
        let Stage::Calling(id) = callback.stage else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.callback = None;
        match &call.phase {
            Phase::Standing(_) => self.tell_flow(now, id, FlowEvent::QueueEnded(QueueEnd::Nobody)),
            Phase::Calling(_) | Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) => {
                self.end_call(now, id, Cause::Failed, LegEnd::Ours);
            }
        }
    }

    /// A customer's phone was rung for long enough, or the trunk has said nothing.
    pub(super) fn customer_overdue(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Calling(calling) = &mut call.phase else { return };
        let is_silent = calling.silent.is_some_and(|silent| silent <= now.instant) && !self.sip.is_heard(call.leg);
        if calling.until > now.instant && !is_silent {
            calling.silent = None;
            self.set_wake(id);
            return;
        }
        let ticket = call.callback.take();
        self.end_call(now, id, Cause::Failed, LegEnd::Ours);
        if let Some(ticket) = ticket {
            let status = if is_silent { Status::SERVICE_UNAVAILABLE } else { Status::REQUEST_TIMEOUT };
            self.customer_lost(now, ticket, status);
        }
    }

    /// A customer who stayed on the line for too long counts as busy.
    pub(super) fn callbacks_overdue(&mut self, now: Now) {
        while let Some((at, id)) = self.still_here.first().copied().filter(|(at, _)| *at <= now.instant) {
            self.still_here.remove(&(at, id));
            let stage = self.callbacks.get(&id).map(|callback| &callback.stage);
            if matches!(stage, Some(Stage::StillHere { until }) if *until == at) {
                self.end_callback(now, id, CallbackFailure::Busy);
            }
        }
    }

    /// When to look at [`Exchange::callbacks_overdue`].
    pub(super) fn callbacks_due(&self) -> Option<Instant> {
        self.still_here.first().map(|(at, _)| *at)
    }

    /// A call is over: should its callback have waited for that, it goes on.
    pub(super) fn caller_is_off(&mut self, now: Now, id: CallId) {
        if matches!(self.callbacks.get(&id).map(|callback| &callback.stage), Some(Stage::StillHere { .. })) {
            self.dial_customer(now, id);
        }
    }

    /// The server stops: operators who wait are let go, tickets stay.
    pub(super) fn end_callbacks(&mut self, now: Now) {
        let waiting: Vec<CallId> = self.callbacks.keys().copied().collect();
        for id in waiting {
            self.waiter_lost(now, id, LegEnd::Ours);
        }
    }

    /// A ticket is closed: it is in nobody's hands any more.
    pub(super) fn close_ticket(&mut self, now: Now, ticket: CallId, outcome: TicketOutcome) {
        tracing::info!(%ticket, outcome = outcome.name(), "a callback is closed");
        self.record(now, ticket, CallEvent::CallbackClosed { outcome: outcome.name().into() });
        self.commands.push_back(Command::ForgetTicket(ticket));
    }

    /// Takes up a ticket that was open when the server stopped.
    pub fn restore_callback(&mut self, now: Now, ticket: CallbackTicket) {
        self.acd.restore(now, ticket);
        self.pump(now);
    }
}
