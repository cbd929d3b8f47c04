//! From bytes to whom they concern: the parser, the transactions, the checks of every user agent (RFC 3261 §8.2, §18).

use super::{Asked, Command, CoreTimer, Endpoint, Event, Note, Owner, Reply, RequestToken};
use crate::model::Instant;
use crate::voip::sip::headers::{HeaderName, RetryAfter};
use crate::voip::sip::transaction::table::{Due, Input, Machine, Outcome, TransactionId};
use crate::voip::sip::transaction::{
    Class, InviteServer, NonInviteServer, Tell, Wire, invite_client, invite_server, matching, non_invite_client,
    non_invite_server, timers,
};
use crate::voip::sip::{Masked, Message, Method, Params, Peer, Request, Response, Status, Unusable, uac, uas};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

/// The class of a response, as the machines tell them apart.
pub(super) const fn class_of(status: Status) -> Class {
    match status.code() {
        ..=199 => Class::Provisional,
        200..=299 => Class::Success,
        300.. => Class::Failure,
    }
}

/// Where the responses to a request go: over its connection (without it, see `way_back`), or to where it came from, to
/// the port that its Via names unless it asks for the source port (§18.2.2, RFC 3581 §4). `maddr` is not followed: nobody
/// may aim us at others.
fn reply_peer(request: &Request, from: Peer) -> Peer {
    let Some(via) = request.vias.first().filter(|_| !from.transport.is_reliable()) else { return from };
    let port = via.rport().or(via.port).unwrap_or(from.transport.default_port());
    Peer { addr: SocketAddr::new(from.addr.ip(), port), ..from }
}

impl Endpoint {
    /// One message.
    pub(super) fn receive(&mut self, now: Instant, from: Peer, local: SocketAddr, bytes: &[u8]) {
        tracing::trace!(%from, message = %Masked(bytes), "received");
        match Message::parse(bytes) {
            Ok(Message::Request(mut request)) => {
                request.stamp(&from);
                self.receive_request(now, from, local, request);
            }
            Ok(Message::Response(response)) => self.receive_response(now, &response),
            Err(Unusable::Refused(refusal)) => {
                self.counters.malformed += 1;
                self.note(from, Note::Malformed);
                let tag = self.stateless_tag(&[bytes]);
                let port = refusal.via().filter(|_| !from.transport.is_reliable()).map(|via| {
                    let asked = if via.params.has("rport") { Some(from.addr.port()) } else { via.port };
                    asked.unwrap_or(from.transport.default_port())
                });
                let addr = SocketAddr::new(from.addr.ip(), port.unwrap_or(from.addr.port()));
                self.send(Peer { addr, ..from }, refusal.to_bytes(&from, &tag).into());
            }
            Err(Unusable::Dropped(crate::voip::sip::Dropped::KeepAlive)) => {}
            Err(Unusable::Dropped(why)) => {
                self.counters.dropped += 1;
                self.note(from, Note::Malformed);
                tracing::debug!(%from, %why, "dropped");
            }
        }
    }

    fn receive_request(&mut self, now: Instant, from: Peer, local: SocketAddr, request: Request) {
        if let Some(id) = self.transactions.find(&matching::server_key(&request)) {
            self.receive_known(now, id, &request);
            return;
        }
        if request.method == Method::Ack {
            // The ACK of a 2xx is a transaction of its own (§13.2.2.4).
            self.receive_ack(now, &request);
            return;
        }
        self.counters.requests += 1;
        let reply = reply_peer(&request, from);
        if let Some(response) = uas::refuse(&request) {
            let is_outside = self.leg_of(&request).is_none();
            if is_outside {
                self.note_request(from, &request);
                self.note(from, Note::Unserved);
            }
            if is_outside {
                self.answer_outside(reply, &request, response);
            } else {
                self.answer_request(now, reply, &request, response);
            }
        } else if request.to.tag().is_some() && request.method != Method::Cancel {
            self.receive_within(now, from, reply, request);
        } else {
            self.receive_outside(now, from, reply, local, request);
        }
    }

    /// A request whose transaction lives: it was repeated, or it is the ACK.
    fn receive_known(&mut self, now: Instant, id: TransactionId, request: &Request) {
        let is_invite = matches!(self.transactions.machine(id), Some(Machine::InviteServer(_)));
        let input = match (is_invite, &request.method) {
            (true, Method::Ack) => {
                if matches!(self.transactions.machine(id), Some(Machine::InviteServer(InviteServer::Accepted(_)))) {
                    // An old peer acknowledges a 2xx with the INVITE's branch.
                    self.receive_ack(now, request);
                }
                Input::InviteServer(invite_server::Input::Ack)
            }
            (true, _) => Input::InviteServer(invite_server::Input::Invite),
            (false, _) => Input::NonInviteServer(non_invite_server::Input::Request),
        };
        if request.method != Method::Ack {
            self.counters.repeated += 1;
        }
        self.transactions.handle(now, id, input);
    }

    /// A request outside of every dialog.
    fn receive_outside(&mut self, now: Instant, from: Peer, reply: Peer, local: SocketAddr, request: Request) {
        self.note_request(from, &request);
        match request.method {
            Method::Invite => self.receive_invite(now, from, reply, local, request),
            Method::Cancel => self.receive_cancel(now, reply, &request),
            // §11.2: what an INVITE would be answered, so that proxies and trunks turn to another server.
            Method::Options if self.refusing => self.refuse_for_load(reply, &request),
            Method::Options => {
                self.note(from, Note::Options);
                self.answer_outside(reply, &request, uas::describe(&request));
            }
            Method::Register => self.receive_register(now, from, reply, local, request),
            // Nobody outside of a call may have somebody called.
            Method::Refer => self.answer_outside(reply, &request, request.response(Status::FORBIDDEN)),
            _ => {
                self.note(from, Note::Stray);
                self.answer_outside(reply, &request, request.response(Status::NO_SUCH_CALL));
            }
        }
    }

    fn receive_register(&mut self, now: Instant, from: Peer, reply: Peer, local: SocketAddr, request: Request) {
        // Strangers who register leave half of the table to calls.
        let is_crowded = self.transactions.is_half_full() && !self.phones.contains_key(&from.addr);
        if is_crowded || !self.transactions.has_room(&reply) {
            self.refuse_for_load(reply, &request);
            return;
        }
        let token = self.begin_asked(now, reply, request.clone());
        self.events.push_back(Event::Register { request: Box::new(request), from, local, token });
    }

    /// A transaction of a request that somebody above will answer.
    pub(super) fn begin_asked(&mut self, now: Instant, reply: Peer, request: Request) -> RequestToken {
        let key = matching::server_key(&request);
        let start = |_, _: &mut _| Machine::NonInviteServer(NonInviteServer::new());
        let id = self.transactions.begin(now, key, reply, Owner::Asked, start);
        self.note_way_back(id, &request, reply);
        let token = RequestToken(id);
        let until = self.transactions.wheel().set(now + timers::GIVE_UP, Due::Core(CoreTimer::Unanswered(token)));
        self.asked.insert(id, Asked { request, until });
        token
    }

    /// The request that waits for an answer, which is now given.
    pub(super) fn take_asked(&mut self, token: RequestToken) -> Option<Request> {
        let asked = self.asked.remove(&token.0)?;
        self.transactions.wheel().stop(asked.until);
        Some(asked.request)
    }

    /// Nobody above answered in time.
    pub(super) fn forget_asked(&mut self, now: Instant, token: RequestToken) {
        let Some(request) = self.take_asked(token) else { return };
        let tag = self.draw_tag();
        let mut response = request.response(Status::SERVER_TIMEOUT).with_to_tag(&tag);
        self.sign(&mut response);
        self.respond_now(now, token.0, &response);
    }

    /// Answers a request that needs no more thought, in a transaction of its own when there is room, and without one
    /// when there is none: then a repeated request is answered anew (§8.2.7).
    pub(super) fn answer_request(&mut self, now: Instant, reply: Peer, request: &Request, response: Response) {
        let tag = self.tag_of(request);
        let mut response = response.with_to_tag(&tag);
        self.sign(&mut response);
        let wire: Wire = response.to_bytes().into();
        if !self.transactions.has_room(&reply) {
            self.send(reply, wire);
            return;
        }
        let key = matching::server_key(request);
        let class = class_of(response.status);
        if request.method == Method::Invite {
            // A final response at once: no 100 is owed (§17.2.1).
            let start =
                |reliability, steps: &mut _| Machine::InviteServer(InviteServer::refused(wire, reliability, steps));
            self.transactions.begin(now, key, reply, Owner::Ours, start);
        } else {
            let start = |_, _: &mut _| Machine::NonInviteServer(NonInviteServer::new());
            let id = self.transactions.begin(now, key, reply, Owner::Ours, start);
            let input = non_invite_server::Input::Respond(class, wire);
            self.transactions.handle(now, id, Input::NonInviteServer(input));
        }
    }

    /// Answers a request outside of every call that begins nothing, without a transaction (§8.2.7): however many come,
    /// they take no place from calls, and a refused INVITE is not repeated eleven times to whoever it only says that it
    /// is from. Who did not get the answer asks again, and is answered the same.
    pub(super) fn answer_outside(&mut self, reply: Peer, request: &Request, response: Response) {
        let mut response = response.with_to_tag(&self.tag_of(request));
        self.sign(&mut response);
        self.send(reply, response.to_bytes().into());
    }

    /// 503 with Retry-After, without a transaction: whoever is over the cap costs us nothing more.
    pub(super) fn refuse_for_load(&mut self, reply: Peer, request: &Request) {
        self.counters.refused += 1;
        let tag = self.tag_of(request);
        let mut response = request.response(Status::SERVICE_UNAVAILABLE).with_to_tag(&tag);
        let least = u32::try_from(self.config.limits.retry_after.as_secs()).unwrap_or(u32::MAX);
        let mut spread = DefaultHasher::new();
        tag.hash(&mut spread);
        let extra = u32::try_from(spread.finish() % (u64::from(least) + 1)).unwrap_or(0);
        response.headers.push(&RetryAfter { seconds: least.saturating_add(extra), params: Params::default() });
        self.sign(&mut response);
        self.send(reply, response.to_bytes().into());
    }

    /// Gives a response to a server transaction.
    pub(super) fn respond_now(&mut self, now: Instant, id: TransactionId, response: &Response) -> Wire {
        let wire: Wire = response.to_bytes().into();
        let class = class_of(response.status);
        let input = match self.transactions.machine(id) {
            Some(Machine::InviteServer(_)) => {
                Input::InviteServer(invite_server::Input::Respond(class, Wire::clone(&wire)))
            }
            _ => Input::NonInviteServer(non_invite_server::Input::Respond(class, Wire::clone(&wire))),
        };
        self.transactions.handle(now, id, input);
        wire
    }

    /// Names the product in a response.
    pub(super) fn sign(&self, response: &mut Response) {
        response.headers.push_text(HeaderName::Server, &self.config.user_agent);
    }

    /// A response: it concerns a transaction of ours, or nobody (§18.1.2). Ours is its only Via: with others it is on its
    /// way to somebody else (§8.1.3.3).
    fn receive_response(&mut self, now: Instant, response: &Response) {
        let key = matching::response_key(response).filter(|_| response.vias.len() == 1);
        let Some(id) = key.and_then(|key| self.transactions.find(&key)) else {
            self.counters.dropped += 1;
            return;
        };
        self.counters.responses += 1;
        let class = class_of(response.status);
        let input = match (self.transactions.machine(id), class) {
            (Some(Machine::InviteClient(_)), Class::Provisional) => {
                Input::InviteClient(invite_client::Input::Provisional)
            }
            (Some(Machine::InviteClient(_)), Class::Success) => Input::InviteClient(invite_client::Input::Success),
            (Some(Machine::InviteClient(_)), Class::Failure) => {
                // Only the first refusal needs its ACK made; the machine has kept it for the others.
                let ack = self.invite_of(id).map(|invite| uac::ack_of_refusal(&invite, &response.to).to_bytes());
                let ack = ack.unwrap_or_default().into();
                Input::InviteClient(invite_client::Input::Failure(ack))
            }
            _ => Input::NonInviteClient(non_invite_client::Input::Response(class)),
        };
        self.transactions.handle(now, id, input);
        self.carry_out(now, Some(response));
    }

    /// Carries out what the transactions want, until they want nothing more.
    pub(super) fn settle(&mut self, now: Instant) {
        self.carry_out(now, None);
    }

    fn carry_out(&mut self, now: Instant, response: Option<&Response>) {
        loop {
            let outcomes = self.transactions.take_outcomes();
            if outcomes.is_empty() {
                return;
            }
            for outcome in outcomes {
                match outcome {
                    Outcome::Send(to, wire) => self.send(to, wire),
                    Outcome::SendAgain(to, wire) => {
                        self.counters.retransmissions += 1;
                        self.send(to, wire);
                    }
                    Outcome::Repeat(to, wire) => {
                        if self.may_repeat(now, to, wire.len()) {
                            self.counters.retransmissions += 1;
                            self.send(to, wire);
                        }
                    }
                    Outcome::Tell(id, owner, tell) => self.told(now, id, owner, tell, response),
                }
            }
        }
    }

    fn told(&mut self, now: Instant, id: TransactionId, owner: Owner, tell: Tell, response: Option<&Response>) {
        if self.goes_on(now, id, owner, tell, response) {
            return;
        }
        match (tell, owner) {
            (Tell::Response, Owner::Inviting(leg)) => {
                if let Some(response) = response {
                    self.invite_answered(now, id, leg, response);
                }
            }
            (Tell::Response, Owner::Leaving(leg)) => {
                if let Some(response) = response.filter(|response| response.status.is_final()) {
                    self.bye_answered(now, leg, response);
                }
            }
            (Tell::Response, Owner::Referring(leg)) => {
                if let Some(response) = response.filter(|response| response.status.is_final()) {
                    self.refer_answered(now, leg, response);
                }
            }
            (Tell::Response, Owner::Errand(errand)) => {
                if let Some(response) = response.filter(|response| response.status.is_final()) {
                    self.errand_over(errand, Reply::Answered(Box::new(response.clone())));
                }
            }
            (Tell::TimedOut, Owner::Errand(errand)) => self.errand_over(errand, Reply::TimedOut),
            (Tell::TransportFailed, Owner::Errand(errand)) => self.errand_over(errand, Reply::Unreachable),
            (Tell::Response, Owner::Notifying(leg)) => {
                if let Some(response) = response.filter(|response| response.status.is_final()) {
                    self.notify_answered(leg, response);
                }
            }
            (Tell::TimedOut | Tell::TransportFailed, Owner::Notifying(leg)) => self.drop_notifier(leg),
            (tell, Owner::Changing(leg)) => self.change_told(now, leg, tell, response),
            (Tell::Response, Owner::Confirming(leg)) => {
                if let Some(response) = response.filter(|response| response.status.is_final()) {
                    self.prack_answered(now, leg, response);
                }
            }
            (Tell::TimedOut, Owner::Referring(leg)) => self.refer_refused(leg, Status::REQUEST_TIMEOUT),
            (Tell::TransportFailed, Owner::Referring(leg)) => self.refer_refused(leg, Status::SERVICE_UNAVAILABLE),
            (Tell::TimedOut, Owner::Inviting(leg)) => self.invite_lost(now, leg, Status::REQUEST_TIMEOUT),
            (Tell::TransportFailed, Owner::Inviting(leg)) => self.invite_lost(now, leg, Status::SERVICE_UNAVAILABLE),
            (Tell::TimedOut | Tell::TransportFailed, Owner::Leaving(leg)) => self.left(leg),
            (Tell::TransportFailed, Owner::Invited(leg)) => self.caller_vanished(leg),
            (Tell::TransportFailed, Owner::Asked) => {
                self.take_asked(RequestToken(id));
            }
            (Tell::NotAcknowledged, _) => self.counters.not_acknowledged += 1,
            (Tell::Ack | Tell::Response | Tell::TimedOut | Tell::TransportFailed, _) => {}
        }
    }

    /// Sends bytes over a datagram, the connection there is, or one yet to be opened.
    pub(super) fn send(&mut self, to: Peer, bytes: Wire) {
        tracing::trace!(%to, message = %Masked(&bytes), "sent");
        if !to.is_located() {
            self.counters.dropped += 1;
            return;
        }
        match self.streams.route(to, bytes, &self.names) {
            Ok(command) => self.commands.extend(command),
            Err(refused) => {
                self.counters.dropped += 1;
                tracing::debug!(to = %refused.0, "no connection");
            }
        }
    }

    /// The To tag of our answers to a request: our leg's is in there already; otherwise one that a repeated request
    /// yields again, as a server without a transaction must (§8.2.7).
    fn tag_of(&self, request: &Request) -> String {
        let via = request.vias.first().map(ToString::to_string).unwrap_or_default();
        self.stateless_tag(&[via.as_bytes(), request.call_id.as_str().as_bytes(), &request.cseq.to_be_bytes()])
    }

    fn stateless_tag(&self, parts: &[&[u8]]) -> String {
        let mut hasher = DefaultHasher::new();
        self.secret.hash(&mut hasher);
        parts.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Closes a connection.
    pub(super) fn close(&mut self, connection: crate::voip::sip::ConnectionId) {
        if self.forget_stream(connection) {
            self.commands.push_back(Command::Close(connection));
        }
    }
}
