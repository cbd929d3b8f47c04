//! A user agent of SIP without sockets: transactions, dialogs and the legs of calls, behind one small vocabulary.
//!
//! ```text
//!   handle_datagram ─┐                                         ┌─▶ next_command   Send, Connect, Close
//!   handle_stream_… ─┤   framer ─▶ parser ─▶ transaction ─▶    │
//!   handle_timeout  ─┤          uas / uac ─▶ dialog ─▶ leg     ├─▶ next_event     Incoming, Answered, HungUp …
//!   ring, answer … ──┘                                         └─▶ poll_timeout
//! ```
//!
//! Answered here, without a word above: OPTIONS, CANCEL, BYE, INFO, repeated messages, requests nobody understands,
//! and every new call while the tables are full or [`Endpoint::set_refusing`] says so.
//!
//! Every leg ends with exactly one of `Cancelled`, `NotAcknowledged`, `HungUp`, `Lost`, `Failed`, `Terminated`. A method
//! called for a leg that is over, or not in the state for it, does nothing: the peer was quicker ([`Counters::stale`]).

mod admission;
mod change;
mod config;
mod early;
mod errand;
mod event;
mod headroom;
mod incoming;
mod leg;
mod limits;
mod onward;
mod outgoing;
mod receive;
mod referral;
mod referred;
mod reliable;
mod repeats;
mod replaces;
mod session;
mod session_timer;
mod standing;
mod streams;
mod tables;
mod turned_away;
mod update;
mod way_back;
mod whither;

pub use admission::{CallLimits, Trunks};
pub use config::{Counters, EndpointConfig, Limits};
pub use errand::{ErrandId, Reply};
pub use event::{Command, EarlyId, Event, Incoming, LegId, RequestToken};
pub use headroom::{Load, LoadLimits};
pub use limits::{Note, Noted};
pub use outgoing::{NoRoom, OutgoingCall};
pub use referral::{Refer, ReferFailure, ReferProgress};
pub use referred::{Referred, referred_by};
pub use replaces::Replaced;

use crate::model::Instant;
use crate::voip::sip::digest::{DigestClient, Login};
use crate::voip::sip::headers::Headers;
use crate::voip::sip::locate::Names;
use crate::voip::sip::source::Source;
use crate::voip::sip::transaction::arena::Arena;
use crate::voip::sip::transaction::table::{Due, TransactionId, Transactions};
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{ConnectionId, Peer, Request, Response, Status, stun};
use admission::Admission;
use leg::{Leg, LegTimer};
use onward::Onward;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use repeats::Repeats;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use streams::Streams;
use turned_away::TurnedAway;
use whither::NoTcp;

/// Whose a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// A request that is answered here.
    Ours,
    /// A REGISTER that waits for an answer from above.
    Asked,
    /// An INVITE that a leg answers.
    Invited(LegId),
    /// An INVITE of ours.
    Inviting(LegId),
    /// A BYE of ours.
    Leaving(LegId),
    /// A REFER of ours.
    Referring(LegId),
    /// A request of ours outside of every call.
    Errand(ErrandId),
    /// A NOTIFY of ours.
    Notifying(LegId),
    /// A re-INVITE or UPDATE of ours.
    Changing(LegId),
    /// A PRACK of ours.
    Confirming(LegId),
}

/// A timer above the transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CoreTimer {
    /// A leg's.
    Leg(LegId, LegTimer),
    /// Nobody above answered a request.
    Unanswered(RequestToken),
    /// A new connection has brought nothing whole.
    Silent(ConnectionId),
    /// A name is to be asked for again.
    Names,
    /// An INVITE within a call has waited for its final answer for longer than the call did.
    Unfinished(TransactionId),
}

/// A request that waits for an answer from above, and until when.
#[derive(Debug)]
struct Asked {
    request: Request,
    until: TimerId,
}

/// The user agent. See the module's text.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    rng: StdRng,
    /// Makes the tags of stateless answers unguessable.
    secret: u64,
    transactions: Transactions<Owner, CoreTimer>,
    legs: Arena<Leg>,
    /// Legs by our tag, which we drew and which is therefore unique.
    by_tag: HashMap<Box<str>, LegId>,
    /// Legs by what a merged request has in common with the first one (RFC 3261 §8.2.2.2).
    by_origin: HashMap<Box<str>, LegId>,
    by_source: HashMap<Source, usize>,
    /// Requests that wait for an answer from above.
    asked: HashMap<TransactionId, Asked>,
    /// Who is told how their REFER goes.
    notifiers: HashMap<LegId, referred::Notifier>,
    /// What is left to try for requests of ours.
    onward: HashMap<TransactionId, Onward>,
    /// Requests outside of every call, by their last transaction.
    errands: HashMap<ErrandId, TransactionId>,
    last_errand: u64,
    streams: Streams,
    names: Names,
    no_tcp: NoTcp,
    commands: VecDeque<Command>,
    events: VecDeque<Event>,
    counters: Counters,
    refusing: bool,
    admission: Admission,
    turned_away: TurnedAway,
    repeats: Repeats,
    /// From where operators' phones call.
    phones: HashMap<SocketAddr, usize>,
    notes: VecDeque<Noted>,
}

impl Endpoint {
    /// A user agent that draws its tags, branches and Call-IDs from `seed`.
    #[must_use]
    pub fn new(mut config: EndpointConfig, seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let secret = rng.random();
        let mut names = std::mem::take(&mut config.names);
        names.refresh(Instant::ZERO);
        let mut endpoint = Self {
            transactions: Transactions::new(config.limits.transactions),
            streams: Streams::new(config.limits.connections),
            names,
            no_tcp: NoTcp::default(),
            config,
            rng,
            secret,
            legs: Arena::default(),
            by_tag: HashMap::new(),
            by_origin: HashMap::new(),
            by_source: HashMap::new(),
            asked: HashMap::new(),
            notifiers: HashMap::new(),
            onward: HashMap::new(),
            errands: HashMap::new(),
            last_errand: 0,
            commands: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            refusing: false,
            admission: Admission::new(CallLimits::default()),
            turned_away: TurnedAway::default(),
            repeats: Repeats::default(),
            phones: HashMap::new(),
            notes: VecDeque::new(),
        };
        endpoint.ask_names();
        endpoint
    }

    /// A datagram came. `local` is the address that it was sent to; with an unspecified one (`0.0.0.0`), we tell the
    /// peer its public address or the one in its Request-URI.
    pub fn handle_datagram(&mut self, now: Instant, from: Peer, local: SocketAddr, bytes: &[u8]) {
        let from = from.with_local(local);
        if stun::is_like(bytes) {
            return self.answer_stun(from, bytes);
        }
        self.receive(now, from, local, bytes);
        self.settle(now);
    }

    /// A connection was accepted, or opened for [`Command::Connect`]: then `from` is its `to` with
    /// the connection that was opened.
    pub fn handle_connected(&mut self, now: Instant, from: Peer, local: SocketAddr) {
        self.connected(now, from, local);
        self.settle(now);
    }

    /// A connection for [`Command::Connect`] could not be opened.
    pub fn handle_connect_failed(&mut self, now: Instant, to: Peer) {
        self.connect_failed(now, to);
        self.settle(now);
    }

    /// Bytes came over a connection, cut anywhere.
    pub fn handle_stream_bytes(&mut self, now: Instant, connection: ConnectionId, bytes: &[u8]) {
        self.receive_stream(now, connection, bytes);
        self.settle(now);
    }

    /// A connection is gone.
    pub fn handle_closed(&mut self, now: Instant, connection: ConnectionId) {
        self.forget_stream(connection);
        self.transactions.fail_connection(now, connection);
        self.settle(now);
    }

    /// Time has come to [`Endpoint::poll_timeout`] or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut fired = Vec::new();
        self.transactions.wheel().expire(now, |timer_id, due| fired.push((timer_id, due)));
        for (timer_id, due) in fired {
            match due {
                Due::Transaction(id, timer) => self.transactions.fire(now, id, timer, timer_id),
                Due::Core(CoreTimer::Leg(leg, timer)) => self.fire(now, leg, timer, timer_id),
                Due::Core(CoreTimer::Unanswered(token)) => self.forget_asked(now, token),
                Due::Core(CoreTimer::Silent(connection)) => self.fell_silent(now, connection),
                Due::Core(CoreTimer::Names) => self.refresh_names(now),
                Due::Core(CoreTimer::Unfinished(id)) => self.transactions.abandon(id),
            }
            self.settle(now);
        }
    }

    /// When to call [`Endpoint::handle_timeout`]; `None` when nothing is pending. Exact to 10 ms.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.transactions.next_timeout()
    }

    /// The next thing to do; call it until `None` after every input.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// The next thing that happened; call it until `None` after every input.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Answers an [`Event::Register`]. Make the response with [`Request::response`]; a To tag and `Server` are added.
    pub fn respond(&mut self, now: Instant, token: RequestToken, response: Response) {
        if self.take_asked(token).is_none() {
            self.counters.stale += 1;
            return;
        }
        let tag = self.draw_tag();
        let mut response = response.with_to_tag(&tag);
        self.sign(&mut response);
        self.respond_now(now, token.0, &response);
        self.settle(now);
    }

    /// Tells the caller that it rings (180).
    pub fn ring(&mut self, now: Instant, leg: LegId) {
        self.progress(now, leg, Status::RINGING, None);
    }

    /// Tells the caller how it goes on (181–199), with SDP when sound begins before the answer. When the caller requires
    /// it, the response is repeated until it is confirmed (RFC 3262): then one at a time, others are left out.
    pub fn progress(&mut self, now: Instant, leg: LegId, status: Status, sdp: Option<Vec<u8>>) {
        self.say_provisional(now, leg, status, sdp);
        self.settle(now);
    }

    /// Answers a call with 200 and an SDP: the answer to the offer, or our offer when there was none.
    pub fn answer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>, headers: &Headers) {
        self.say_answer(now, leg, sdp, headers);
        self.settle(now);
    }

    /// Refuses a call with 300–699 (`Retry-After` and others in `headers`); `Terminated` follows.
    pub fn reject(&mut self, now: Instant, leg: LegId, status: Status, headers: &Headers) {
        self.say_no(now, leg, status, headers);
        self.settle(now);
    }

    /// Offers another session within a call, or the same once more: a re-INVITE, or an UPDATE where no INVITE may be
    /// sent and the peer takes it (RFC 3311). `ReofferAnswered` or `ReofferRefused` follows, unless the call ends. One that collides
    /// with an offer of the peer is repeated when both have waited (RFC 3261 §14.1), or, when the peer's has been answered
    /// meanwhile, asked for anew by `Refresh`. While one is under way, another does nothing.
    pub fn reoffer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>) {
        self.say_offer(now, leg, sdp);
        self.settle(now);
    }

    /// Answers an offer within the call with 200 and an SDP: the answer to the offer, or our offer when there was none.
    pub fn answer_reoffer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>) {
        self.say_reanswer(now, leg, sdp);
        self.settle(now);
    }

    /// Refuses an offer within the call (488, 491 …): the session goes on as it was.
    pub fn refuse_reoffer(&mut self, now: Instant, leg: LegId, status: Status) {
        self.refuse_reinvite(now, leg, status);
        self.settle(now);
    }

    /// Ends a leg in whatever state it is: an incoming call without an answer is refused 480, one without ACK gets
    /// its BYE when the ACK or the time for it has come (§15.1.1), an outgoing call without an answer is cancelled
    /// (§9.1), a standing one gets a BYE. `Terminated` follows, or `Failed` for an outgoing call.
    pub fn hang_up(&mut self, now: Instant, leg: LegId) {
        self.leave(now, leg);
        self.settle(now);
    }

    /// Begins a call.
    ///
    /// # Errors
    /// When the tables are full.
    pub fn invite(&mut self, now: Instant, call: OutgoingCall) -> Result<LegId, NoRoom> {
        let leg = self.call(now, call);
        self.settle(now);
        leg
    }

    /// Cancels an outgoing call that has no answer; `Failed` with 487 follows, and when the answer was quicker, it is
    /// acknowledged and hung up at once. The same as [`Endpoint::hang_up`].
    pub fn cancel(&mut self, now: Instant, leg: LegId) {
        self.hang_up(now, leg);
    }

    /// Asks the peer of a standing call to call somebody else (REFER, RFC 3515). [`Event::Refer`] tells how it goes;
    /// the leg stays as it is until `hang_up`. While a REFER has no result, another does nothing.
    pub fn refer(&mut self, now: Instant, leg: LegId, refer: Refer) {
        self.say_refer(now, leg, refer);
        self.settle(now);
    }

    /// Answers an [`Event::Referred`] with 202; [`Endpoint::tell_refer`] then tells how it goes.
    pub fn accept_refer(&mut self, now: Instant, leg: LegId, token: RequestToken) {
        self.say_refer_accepted(now, leg, token);
        self.settle(now);
    }

    /// Answers an [`Event::Referred`] with a refusal.
    pub fn refuse_refer(&mut self, now: Instant, token: RequestToken, status: Status) {
        if let Some(request) = self.take_asked(token) {
            let mut response = request.response(status);
            self.sign(&mut response);
            self.respond_now(now, token.0, &response);
        }
        self.settle(now);
    }

    /// Tells the peer of an accepted REFER how far the new call has come (NOTIFY), unless it wants no news. A final
    /// status is the last. The leg may be over.
    pub fn tell_refer(&mut self, now: Instant, leg: LegId, status: Status) {
        self.say_refer_news(now, leg, status);
        self.settle(now);
    }

    /// Cancels an outgoing call that somebody else has answered, and says so (RFC 3326).
    pub fn cancel_elsewhere(&mut self, now: Instant, leg: LegId) {
        self.mark_elsewhere(leg);
        self.hang_up(now, leg);
    }

    /// Our login at the peer of a call that came in, should it ask for one within the call.
    pub fn set_login(&mut self, leg: LegId, login: Login) {
        if let Some(leg) = self.legs.get_mut(leg.0) {
            leg.login = Some(Box::new(DigestClient::new(login)));
        }
    }

    /// Whether new incoming calls are refused with 503 and Retry-After (draining), and OPTIONS outside of calls, too.
    pub const fn set_refusing(&mut self, refusing: bool) {
        self.refusing = refusing;
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// How many legs there are.
    #[must_use]
    pub const fn leg_count(&self) -> usize {
        self.legs.len()
    }

    /// The octets that transactions keep.
    #[must_use]
    pub const fn transaction_octets(&self) -> usize {
        self.transactions.octets()
    }

    /// How many transactions there are.
    #[must_use]
    pub const fn transaction_count(&self) -> usize {
        self.transactions.len()
    }
}

#[cfg(test)]
mod tests;
