//! Joins telephony and the menu: calls, legs, bridges, operators' phones, admission. Pure.
//!
//! ```text
//!             Incoming                 200 + ACK              Enqueue               Answered
//!  admission ──────────▶ Opening ─────────────────▶ Menu ───────────────▶ Queued ─────────────▶ Talking
//!      │ 503             (ports)                     ▲  ◀── key, timeout ───┘                      │
//!      ▼                                             └───────────── the operator hangs up ─────────┘
//! ```
//!
//! Inputs are bytes, what media, bank and clock report; outputs are [`Command`]s. After every input, call
//! [`Exchange::next_command`] until `None`, and [`Exchange::handle_timeout`] at [`Exchange::poll_timeout`].

mod arrival;
mod call;
mod callbacks;
mod called;
mod codes;
mod command;
mod conference;
mod consult;
mod early;
mod early_offers;
mod ending;
mod flow_commands;
mod guard;
mod handing;
mod identity;
mod limit;
mod media_events;
mod notice;
mod offers;
mod outside;
mod parting;
mod ports;
mod registrar;
mod replacing;
mod ringing;
mod session;
mod sip_events;
mod supervision;
mod tables;
mod talk;
mod terms;
mod transfer;
mod trunks;
mod turning_away;
mod turns;

pub use command::{Announcement, Command, ExchangeConfig};
pub use guard::{Ban, GuardCounters, GuardRules, Scope};
pub use outside::{Destination, Outside};
pub use registrar::{Account, Flow, KeptPhone, Lifetimes};
pub use supervision::Supervising;
pub use terms::SecurePolicy;
pub use trunks::{Callers, Inbound, Numbers, RegistrationView, Trunk, TrunkView};

use crate::ivr::acd::{Acd, OperatorProfile, OperatorState, QueuePolicy};
use crate::ivr::flow::{CallFlow, Command as FlowCommand, Event as FlowEvent, World};
use crate::ivr::menu::{Menu, Name};
use crate::ivr::speech::Inventory;
use crate::model::{
    BankAnswer, CallEvent, CallId, CallRecord, Cause, Instant, Now, OperatorId, PhoneNumber, RequestId, Side,
};
use crate::voip::media::{RecordingId, StreamId};
use crate::voip::sip::endpoint::{Command as SipCommand, Counters, Endpoint, EndpointConfig, LegId};
use crate::voip::sip::locate::Answer;
use crate::voip::sip::{ConnectionId, Peer};
use call::{Call, Phase};
use callbacks::Callback;
use codes::CodeCall;
use consult::Consults;
use early_offers::EarlySessions;
use guard::Guard;
use offers::Offer;
use parting::Parting;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use registrar::Registrar;
use replacing::Taking;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use supervision::Supervisions;
use turns::Rung;

/// Whose a leg or a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    /// A caller's.
    Caller(CallId),
    /// The phone of an operator who is rung for, or talks in, a call.
    Operator(CallId, OperatorId),
    /// The phone of an operator who is rung, or waits, for a customer to be called back, by the ticket.
    Waiter(CallId, OperatorId),
    /// Of a customer who is about to be called back, by the ticket; from the INVITE on it is a caller's.
    Customer(CallId),
    /// Of somebody outside to whom a caller is handed.
    Target(CallId),
    /// Of an operator's phone that dials a code, by its stream.
    Code(StreamId),
    /// Of an operator who calls another.
    Consulting(CallId),
    /// Of an operator whom another calls.
    Consulted(CallId),
    /// Of an operator's phone that takes a call over, by its stream.
    Taking(StreamId),
    /// Of a supervisor's phone, by its stream.
    Supervisor(StreamId),
    /// Of a phone that hears a tone and is hung up, by its stream.
    Parting(StreamId),
}

impl Owner {
    /// The call and its side, of those who talk or listen in one; others have legs of their own.
    fn side(&self) -> Option<(CallId, Side)> {
        match self {
            Self::Caller(call) => Some((*call, Side::Caller)),
            Self::Operator(call, _) | Self::Target(call) => Some((*call, Side::Operator)),
            Self::Waiter(..)
            | Self::Customer(_)
            | Self::Code(_)
            | Self::Consulting(_)
            | Self::Consulted(_)
            | Self::Taking(_)
            | Self::Supervisor(_)
            | Self::Parting(_) => None,
        }
    }
}

/// A message being recorded or written; it may outlive its call.
struct Keeping {
    call: CallId,
    mailbox: Name,
}

/// A bank request without an answer; it may outlive its call.
struct Asked {
    operation: Name,
    at: Instant,
}

/// The exchange. See the module's text.
pub struct Exchange {
    config: ExchangeConfig,
    menu: Arc<Menu>,
    inventory: Arc<dyn Inventory + Send + Sync>,
    switches: HashMap<Name, bool>,
    callers: HashMap<PhoneNumber, Name>,
    sip: Endpoint,
    registrar: Registrar,
    acd: Acd,
    trunks: trunks::Trunks,
    guard: Guard,
    calls: HashMap<CallId, Call>,
    wakes: BTreeSet<(Instant, CallId)>,
    legs: HashMap<LegId, Owner>,
    streams: HashMap<StreamId, Owner>,
    /// The IP that signalling of a stream's leg comes from: the media of a phone behind a NAT comes from there too.
    towards: HashMap<StreamId, IpAddr>,
    offers: HashMap<(CallId, OperatorId), Offer>,
    early_sessions: EarlySessions,
    /// When phones of a lesser wish are rung. What has come to another end since is left in it until then.
    turns: BTreeSet<(Instant, Rung)>,
    /// Operators who wait for a customer, by the ticket.
    callbacks: HashMap<CallId, Callback>,
    /// When it is looked whether a customer is still on the line.
    still_here: BTreeSet<(Instant, CallId)>,
    codes: HashMap<StreamId, CodeCall>,
    /// Calls between operators.
    consults: Consults,
    /// Phones that take a call over.
    takings: HashMap<StreamId, Taking>,
    /// Phones that follow a conversation.
    supervisions: Supervisions,
    /// Phones that hear a tone and are hung up.
    partings: HashMap<StreamId, Parting>,
    keeping: HashMap<RecordingId, Keeping>,
    /// Conversations being recorded or written.
    taping: HashMap<RecordingId, CallId>,
    /// Streams that are being closed: whose figures theirs are.
    closing: HashMap<StreamId, (CallId, Side)>,
    asked: HashMap<(CallId, RequestId), Asked>,
    wide_prompts: terms::WidePrompts,
    rng: StdRng,
    last_stream: u64,
    last_recording: u64,
    /// When draining: the instant at which calls that still stand are ended.
    drain_until: Option<Instant>,
    commands: VecDeque<Command>,
}

impl Exchange {
    /// An exchange without calls and operators. Everything random comes from `seed`.
    #[must_use]
    pub fn new(
        config: ExchangeConfig,
        endpoint: EndpointConfig,
        realm: &str,
        menu: Arc<Menu>,
        inventory: Arc<dyn Inventory + Send + Sync>,
        seed: [u8; 32],
    ) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let policies = menu.queues.iter().map(QueuePolicy::from);
        Self {
            acd: Acd::new(menu.bank.zone.clone(), policies),
            guard: Guard::new(config.guard.clone(), config.outside.trunk_addresses()),
            sip: config.limited(Endpoint::new(endpoint, rng.random())),
            registrar: Registrar::new(realm, rng.random()).with_lifetimes(config.registration),
            trunks: trunks::Trunks::new(&config.outside, realm, rng.random()),
            config,
            menu,
            inventory,
            switches: HashMap::new(),
            callers: HashMap::new(),
            calls: HashMap::new(),
            wakes: BTreeSet::new(),
            legs: HashMap::new(),
            streams: HashMap::new(),
            towards: HashMap::new(),
            offers: HashMap::new(),
            early_sessions: EarlySessions::default(),
            turns: BTreeSet::new(),
            callbacks: HashMap::new(),
            still_here: BTreeSet::new(),
            codes: HashMap::new(),
            consults: Consults::default(),
            takings: HashMap::new(),
            supervisions: Supervisions::default(),
            partings: HashMap::new(),
            keeping: HashMap::new(),
            taping: HashMap::new(),
            closing: HashMap::new(),
            asked: HashMap::new(),
            wide_prompts: terms::WidePrompts::default(),
            rng,
            last_stream: 0,
            last_recording: 0,
            drain_until: None,
            commands: VecDeque::new(),
        }
    }

    /// The next thing to carry out.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// A datagram came to `local`.
    pub fn handle_datagram(&mut self, now: Now, from: Peer, local: SocketAddr, bytes: &[u8]) {
        if self.hears(now, from) {
            self.sip.handle_datagram(now.instant, from, local, bytes);
            self.pump(now);
        }
    }

    /// A connection was accepted, or opened by our wish.
    pub fn handle_connected(&mut self, now: Now, from: Peer, local: SocketAddr) {
        if self.hears(now, from) {
            self.sip.handle_connected(now.instant, from, local);
            self.pump(now);
        } else if let Some(connection) = from.connection {
            self.commands.push_back(Command::Sip(SipCommand::Close(connection)));
        }
    }

    /// A connection that we wished for could not be opened.
    pub fn handle_connect_failed(&mut self, now: Now, to: Peer) {
        self.sip.handle_connect_failed(now.instant, to);
        self.pump(now);
    }

    /// The answer to a command to resolve.
    pub fn handle_resolved(&mut self, now: Now, query: u64, answer: Answer) {
        self.sip.handle_resolved(now.instant, query, answer);
        self.pump(now);
    }

    /// Bytes came over a connection.
    pub fn handle_stream_bytes(&mut self, now: Now, connection: ConnectionId, bytes: &[u8]) {
        if self.is_silenced(now, connection) {
            self.commands.push_back(Command::Sip(SipCommand::Close(connection)));
            return;
        }
        self.sip.handle_stream_bytes(now.instant, connection, bytes);
        self.pump(now);
    }

    /// A connection is gone.
    pub fn handle_closed(&mut self, now: Now, connection: ConnectionId) {
        self.sip.handle_closed(now.instant, connection);
        self.registrar.handle_closed(now.instant, connection);
        self.pump(now);
    }

    /// The bank answered.
    pub fn handle_bank_answer(&mut self, now: Now, call: CallId, request: RequestId, answer: BankAnswer) {
        let asked = self.asked.remove(&(call, request));
        if self.calls.get(&call).is_some_and(|call| call.leaves_for().is_none()) {
            self.tell_flow(now, call, FlowEvent::Bank(request, answer));
        } else if let Some(asked) = asked {
            // The caller is gone, the operation went on: the record must say how it ended.
            let took = now.instant.since(asked.at);
            let event = CallEvent::BankAnswered { operation: asked.operation, outcome: answer.outcome, took };
            self.record(now, call, event);
        }
        self.pump(now);
    }

    /// Time has come to [`Exchange::poll_timeout`] or beyond.
    pub fn handle_timeout(&mut self, now: Now) {
        self.sip.handle_timeout(now.instant);
        self.guard_time(now);
        self.registrar.handle_timeout(now.instant);
        self.trunks.handle_timeout(now.instant, &self.config.outside, &mut self.sip);
        self.acd.handle_timeout(now);
        self.turns_over(now);
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= now.instant) {
            self.wakes.remove(&(at, id));
            self.wake(now, id);
        }
        if self.drain_until.is_some_and(|until| until <= now.instant) {
            let left: Vec<CallId> = self.calls.keys().copied().collect();
            for id in left {
                self.end_call(now, id, Cause::Draining, LegEnd::Ours);
            }
            self.end_callbacks(now);
            self.end_consults(now);
            self.end_partings(now);
            self.drain_until = None;
        }
        self.callbacks_overdue(now);
        self.pump(now);
    }

    /// When to call [`Exchange::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = [
            self.sip.poll_timeout(),
            self.guard_due(),
            self.registrar.poll_timeout(),
            self.trunks.poll_timeout(),
            self.acd.poll_timeout(),
            self.turns_due(),
            self.wakes.first().map(|(at, _)| *at),
            self.callbacks_due(),
            self.drain_until,
        ];
        own.into_iter().flatten().min()
    }

    /// Takes a new menu for the calls to come; calls in progress keep theirs.
    pub fn set_menu(&mut self, now: Now, menu: Arc<Menu>) {
        self.acd.set_policies(now, menu.queues.iter().map(QueuePolicy::from));
        self.menu = menu;
        self.pump(now);
    }

    /// Takes the recordings there are now; every step of every call from now on is composed of them.
    pub fn set_prompts(&mut self, inventory: Arc<dyn Inventory + Send + Sync>) {
        self.inventory = inventory;
    }

    /// Takes the operators' accounts: new ones are added, changed ones changed, missing ones removed.
    pub fn set_operators(&mut self, now: Now, accounts: Vec<(OperatorProfile, Account)>) {
        let kept: HashSet<&OperatorId> = accounts.iter().map(|(profile, _)| &profile.id).collect();
        let known = self.acd.operators().map(|(profile, _)| profile.id.clone());
        let gone: Vec<OperatorId> = known.filter(|id| !kept.contains(id)).collect();
        for id in &gone {
            self.acd.remove_operator(now, id);
        }
        for (profile, _) in &accounts {
            self.acd.set_operator(now, profile.clone());
        }
        self.supervisions.set_logins(accounts.iter().map(|(profile, _)| &profile.id));
        self.end_unpermitted_supervision(now);
        self.registrar.set_accounts(now.instant, accounts.into_iter().map(|(_, account)| account).collect());
        self.pump(now);
    }

    /// Takes the duty officer's switches that are set, seen by every step from now on; all others have the state
    /// their menu gives them.
    pub fn set_switches(&mut self, switches: impl IntoIterator<Item = (Name, bool)>) {
        self.switches = switches.into_iter().collect();
    }

    /// Takes the callers who have a profile, by number and the profile's name; they hold for new calls.
    pub fn set_callers(&mut self, callers: HashMap<PhoneNumber, Name>) {
        self.callers = callers;
    }

    /// Refuses new calls; those in progress end by themselves, at the latest after `limit`.
    pub fn drain(&mut self, now: Now, limit: Duration) {
        self.sip.set_refusing(true);
        self.trunks.leave(now.instant, &self.config.outside, &mut self.sip);
        self.drain_until = Some(now.instant + limit);
        self.limits_changed();
        self.pump(now);
    }

    /// How many calls there are.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether nothing is under way any more that the server should wait for before it ends.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.calls.is_empty() && self.partings.is_empty() && !self.trunks.are_leaving()
    }

    /// Every trunk as it is now.
    #[must_use]
    pub fn trunks(&self, now: Now) -> Vec<TrunkView> {
        self.trunks.view(now, &self.config.outside)
    }

    /// How many callers wait in all queues.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.acd.waiting()
    }

    /// The calling number of a call in progress, if it was shown.
    #[must_use]
    pub fn caller(&self, call: CallId) -> Option<PhoneNumber> {
        self.calls.get(&call).and_then(|call| call.from.clone())
    }

    /// How many operators are in each state, by the state's name.
    #[must_use]
    pub fn operators_by_state(&self) -> Vec<(&'static str, usize)> {
        OperatorState::NAMES.into_iter().zip(self.acd.states()).collect()
    }

    /// What the SIP endpoint counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.sip.counters()
    }

    /// The operators and what each is doing.
    pub fn operators(&self) -> impl Iterator<Item = (&OperatorProfile, &OperatorState)> {
        self.acd.operators()
    }

    /// Hands everything that the cores below have to say to whom it concerns, until none has more.
    fn pump(&mut self, now: Now) {
        loop {
            let mut quiet = true;
            self.take_notes(now);
            while let Some(command) = self.sip.next_command() {
                self.pass_on(now, command);
            }
            while let Some(event) = self.sip.next_event() {
                quiet = false;
                self.on_sip(now, event);
            }
            while let Some(event) = self.registrar.next_event() {
                quiet = false;
                self.on_registrar(now, event);
            }
            quiet &= !self.take_acd(now);
            if quiet {
                return;
            }
        }
    }

    /// Carries out what the ACD asks for; whether there was anything.
    fn take_acd(&mut self, now: Now) -> bool {
        let mut any = false;
        while let Some(command) = self.acd.next_command() {
            any = true;
            self.on_acd(now, command);
        }
        any
    }

    /// Gives an event to a call's flow and carries out what it asks for.
    fn tell_flow(&mut self, now: Now, id: CallId, event: FlowEvent) {
        self.with_flow(now, id, |flow, now, world| flow.handle(now, event, world));
    }

    fn with_flow(&mut self, now: Now, id: CallId, act: impl FnOnce(&mut CallFlow, Now, &World<'_>)) {
        for command in self.consult_flow(now, id, act) {
            self.carry_out(now, id, command);
        }
        self.set_wake(id);
    }

    /// Shows a call's flow the world and gives what it asks for, in order; nothing for a call that does not stand.
    fn consult_flow(
        &mut self,
        now: Now,
        id: CallId,
        act: impl FnOnce(&mut CallFlow, Now, &World<'_>),
    ) -> Vec<FlowCommand> {
        let Some(call) = self.calls.get_mut(&id) else { return Vec::new() };
        let Phase::Standing(standing) = &mut call.phase else { return Vec::new() };
        let switch =
            |switch: &crate::ivr::menu::Switch| self.switches.get(&switch.name).copied().unwrap_or(switch.enabled);
        let switches: Vec<bool> = call.menu.switches.iter().map(switch).collect();
        let waits: Vec<Option<Duration>> =
            call.menu.queues.iter().map(|queue| self.acd.wait_to_come(now, &queue.name)).collect();
        let world = World { switches: &switches, waits: &waits, inventory: &*self.inventory };
        act(&mut standing.flow, standing.clock.now(now), &world);
        std::iter::from_fn(|| standing.flow.next_command()).collect()
    }

    fn record(&mut self, now: Now, call: CallId, event: CallEvent) {
        self.commands.push_back(Command::Record(CallRecord { call, at: now.wall, event }));
    }

    fn next_stream(&mut self) -> StreamId {
        self.last_stream += 1;
        StreamId(self.last_stream)
    }
}

/// Who ends a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LegEnd {
    /// The peer did, or the endpoint: it is over.
    Theirs,
    /// We do: it must be told.
    Ours,
}
