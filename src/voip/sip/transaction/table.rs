//! Every transaction there is: found by its key in O(1), bounded per source and in all, its timers in one wheel.

use super::arena::{Arena, Key};
use super::timers::{Reliability, Timer};
use super::wheel::{TimerId, Wheel};
use super::{InviteClient, InviteServer, NonInviteClient, NonInviteServer, Step, Steps, Tell, Wire};
use super::{invite_client, invite_server, non_invite_client, non_invite_server};
use crate::model::Instant;
use crate::voip::sip::peer::{ConnectionId, Peer, Way};
use crate::voip::sip::source::Source;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::num::NonZeroU16;

/// A transaction in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransactionId(Key);

/// What matches a message to its transaction (RFC 3261 §17.1.3, §17.2.3), as one text; see `matching`.
pub type MatchKey = Box<[u8]>;

/// How many transactions may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionLimits {
    /// In all.
    pub total: usize,
    /// Begun by one source.
    pub per_source: usize,
    /// Octets that they keep, in all; one source may have half of them. Whoever sends a large request gets a large
    /// response, which is kept for half a minute.
    pub octets: usize,
}

/// One of the four machines.
#[derive(Debug)]
pub enum Machine {
    /// We were invited.
    InviteServer(InviteServer),
    /// We were asked something else.
    NonInviteServer(NonInviteServer),
    /// We invite.
    InviteClient(InviteClient),
    /// We ask something else.
    NonInviteClient(NonInviteClient),
}

/// What can happen to a transaction.
#[derive(Clone, Debug)]
pub enum Input {
    /// To an INVITE server.
    InviteServer(invite_server::Input),
    /// To a non-INVITE server.
    NonInviteServer(non_invite_server::Input),
    /// To an INVITE client.
    InviteClient(invite_client::Input),
    /// To a non-INVITE client.
    NonInviteClient(non_invite_client::Input),
}

/// A timer of the endpoint: of a transaction, or of something above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due<T> {
    /// A transaction's.
    Transaction(TransactionId, Timer),
    /// A core's.
    Core(T),
}

/// What comes of an input, for the endpoint to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<O> {
    /// Send the bytes for the first time.
    Send(Peer, Wire),
    /// Send the bytes once more.
    SendAgain(Peer, Wire),
    /// Send a final response to an INVITE once more, since its ACK is missing.
    Repeat(Peer, Wire),
    /// Tell the owner of a transaction, which may be over by now.
    Tell(TransactionId, O, Tell),
}

#[derive(Debug)]
struct Transaction<O> {
    machine: Machine,
    owner: O,
    peer: Peer,
    key: MatchKey,
    /// The port to which its responses go once its connection is gone.
    back: Option<NonZeroU16>,
    /// Its connection is gone and there is no way back: nothing more is sent.
    is_cut_off: bool,
    /// What it keeps.
    octets: usize,
    /// A state has two timers at most: one that repeats and one that ends it.
    timers: [Option<(Timer, TimerId)>; 2],
}

/// What one source has.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    count: usize,
    octets: usize,
}

/// The connection whose loss a transaction must hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Channel {
    Connection(ConnectionId),
    /// One yet to be opened.
    Way(Way),
}

/// The transactions. `O` says whose a transaction is, `T` are the timers of the cores, which share the wheel.
#[derive(Debug)]
pub struct Transactions<O, T> {
    limits: TransactionLimits,
    all: Arena<Transaction<O>>,
    by_key: HashMap<MatchKey, TransactionId>,
    by_source: HashMap<Source, Share>,
    octets: usize,
    by_channel: HashMap<Channel, HashSet<TransactionId>>,
    wheel: Wheel<Due<T>>,
    outcomes: Vec<Outcome<O>>,
    steps: Steps,
}

impl<O: Copy, T> Transactions<O, T> {
    /// An empty table.
    #[must_use]
    pub fn new(limits: TransactionLimits) -> Self {
        Self {
            limits,
            all: Arena::default(),
            by_key: HashMap::new(),
            by_source: HashMap::new(),
            octets: 0,
            by_channel: HashMap::new(),
            wheel: Wheel::default(),
            outcomes: Vec::new(),
            steps: Steps::default(),
        }
    }

    /// How many live.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether none lives.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a message from `peer` may begin one more.
    #[must_use]
    pub fn has_room(&self, peer: &Peer) -> bool {
        let share = self.by_source.get(&peer.source()).copied().unwrap_or_default();
        let is_few = self.all.len() < self.limits.total && share.count < self.limits.per_source;
        is_few && self.octets < self.limits.octets && share.octets < self.limits.octets / 2
    }

    /// Whether half of the places are taken.
    #[must_use]
    pub const fn is_half_full(&self) -> bool {
        self.all.len() >= self.limits.total / 2
    }

    /// The octets that all of them keep.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// The transaction of a key.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<TransactionId> {
        self.by_key.get(key).copied()
    }

    /// Whose a transaction is; `None` when it is over.
    #[must_use]
    pub fn owner(&self, id: TransactionId) -> Option<O> {
        self.all.get(id.0).map(|transaction| transaction.owner)
    }

    /// Gives a transaction to another owner.
    pub fn set_owner(&mut self, id: TransactionId, owner: O) {
        if let Some(transaction) = self.all.get_mut(id.0) {
            transaction.owner = owner;
        }
    }

    /// The state of a transaction; `None` when it is over.
    #[must_use]
    pub fn machine(&self, id: TransactionId) -> Option<&Machine> {
        self.all.get(id.0).map(|transaction| &transaction.machine)
    }

    /// Where a transaction's messages go.
    #[must_use]
    pub fn peer(&self, id: TransactionId) -> Option<Peer> {
        self.all.get(id.0).map(|transaction| transaction.peer)
    }

    /// Begins a transaction: `start` makes the machine and its first steps.
    pub fn begin(
        &mut self,
        now: Instant,
        key: MatchKey,
        peer: Peer,
        owner: O,
        start: impl FnOnce(Reliability, &mut Steps) -> Machine,
    ) -> TransactionId {
        let mut steps = std::mem::take(&mut self.steps);
        let machine = start(reliability(peer), &mut steps);
        let transaction = Transaction {
            machine,
            owner,
            peer,
            key: key.clone(),
            back: None,
            is_cut_off: false,
            octets: 0,
            timers: [None, None],
        };
        let id = TransactionId(self.all.insert(transaction));
        self.by_key.insert(key, id);
        self.by_source.entry(peer.source()).or_default().count += 1;
        if let Some(channel) = channel_of(peer) {
            self.by_channel.entry(channel).or_default().insert(id);
        }
        self.carry_out(now, id, &mut steps);
        self.steps = steps;
        id
    }

    /// Gives an input to a transaction. One of another kind of machine, or to a transaction that is over, is ignored.
    pub fn handle(&mut self, now: Instant, id: TransactionId, input: Input) {
        let mut steps = std::mem::take(&mut self.steps);
        if let Some(transaction) = self.all.get_mut(id.0) {
            let reliability = reliability(transaction.peer);
            transaction.machine.handle(input, reliability, &mut steps);
            self.carry_out(now, id, &mut steps);
        }
        self.steps = steps;
    }

    /// Fires a timer of a transaction.
    pub fn fire(&mut self, now: Instant, id: TransactionId, timer: Timer, timer_id: TimerId) {
        let Some(transaction) = self.all.get_mut(id.0) else { return };
        let slot = transaction.timers.iter_mut().find(|slot| **slot == Some((timer, timer_id)));
        let Some(slot) = slot else { return };
        *slot = None;
        let input = match transaction.machine {
            Machine::InviteServer(_) => Input::InviteServer(invite_server::Input::Fired(timer)),
            Machine::NonInviteServer(_) => Input::NonInviteServer(non_invite_server::Input::Fired(timer)),
            Machine::InviteClient(_) => Input::InviteClient(invite_client::Input::Fired(timer)),
            Machine::NonInviteClient(_) => Input::NonInviteClient(non_invite_client::Input::Fired(timer)),
        };
        self.handle(now, id, input);
    }

    /// The responses of a server transaction go to this port of the peer once its connection is gone, over another one
    /// (RFC 3261 §18.2.2). Without such a port it fails with its connection.
    pub fn set_way_back(&mut self, id: TransactionId, port: NonZeroU16) {
        if let Some(transaction) = self.all.get_mut(id.0) {
            transaction.back = Some(port);
        }
    }

    /// Tells every transaction over a connection that it is gone, but those that have another way.
    pub fn fail_connection(&mut self, now: Instant, connection: ConnectionId) {
        for id in self.by_channel.remove(&Channel::Connection(connection)).unwrap_or_default() {
            if !self.turn_back(id) {
                self.fail(now, id);
                if let Some(transaction) = self.all.get_mut(id.0) {
                    // A 2xx that waits for its ACK is not taken to where a stranger's connection began (RFC 3261 §18.2.2).
                    transaction.is_cut_off = true;
                }
            }
        }
    }

    /// Tells every transaction that waits for a connection to a peer that there will be none.
    pub fn fail_way(&mut self, now: Instant, to: Way) {
        for id in self.by_channel.remove(&Channel::Way(to)).unwrap_or_default() {
            self.fail(now, id);
        }
    }

    /// Whether a transaction goes on where its peer listens; once.
    fn turn_back(&mut self, id: TransactionId) -> bool {
        let Some(transaction) = self.all.get_mut(id.0) else { return false };
        let Some(port) = transaction.back.take() else { return false };
        let Peer { transport, addr, name, .. } = transaction.peer;
        transaction.peer = Peer { name, ..Peer::at(transport, SocketAddr::new(addr.ip(), port.get())) };
        if let Some(channel) = channel_of(transaction.peer) {
            self.by_channel.entry(channel).or_default().insert(id);
        }
        true
    }

    fn fail(&mut self, now: Instant, id: TransactionId) {
        let Some(transaction) = self.all.get(id.0) else { return };
        let input = match transaction.machine {
            Machine::InviteServer(_) => Input::InviteServer(invite_server::Input::TransportFailed),
            Machine::NonInviteServer(_) => Input::NonInviteServer(non_invite_server::Input::TransportFailed),
            Machine::InviteClient(_) => Input::InviteClient(invite_client::Input::TransportFailed),
            Machine::NonInviteClient(_) => Input::NonInviteClient(non_invite_client::Input::TransportFailed),
        };
        self.handle(now, id, input);
    }

    /// Forgets a transaction without a word.
    pub fn abandon(&mut self, id: TransactionId) {
        self.end(id);
    }

    /// What has come of the inputs so far, in order.
    pub fn take_outcomes(&mut self) -> Vec<Outcome<O>> {
        std::mem::take(&mut self.outcomes)
    }

    /// The wheel, for the timers of the cores.
    pub const fn wheel(&mut self) -> &mut Wheel<Due<T>> {
        &mut self.wheel
    }

    /// When the earliest timer is due.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.wheel.next_timeout()
    }

    fn carry_out(&mut self, now: Instant, id: TransactionId, steps: &mut Steps) {
        let Some(transaction) = self.all.get_mut(id.0) else { return };
        for step in steps.drain() {
            match step {
                Step::Send(_) | Step::SendAgain(_) | Step::Repeat(_) if transaction.is_cut_off => {}
                Step::Send(wire) => self.outcomes.push(Outcome::Send(transaction.peer, wire)),
                Step::SendAgain(wire) => self.outcomes.push(Outcome::SendAgain(transaction.peer, wire)),
                Step::Repeat(wire) => self.outcomes.push(Outcome::Repeat(transaction.peer, wire)),
                Step::Start(timer, length) => {
                    let timer_id = self.wheel.set(now + length, Due::Transaction(id, timer));
                    if let Some(slot) = transaction.timers.iter_mut().find(|slot| slot.is_none()) {
                        *slot = Some((timer, timer_id));
                    }
                }
                Step::Stop(timer) => {
                    for slot in &mut transaction.timers {
                        if let Some((_, timer_id)) = slot.take_if(|(running, _)| *running == timer) {
                            self.wheel.stop(timer_id);
                        }
                    }
                }
                Step::Tell(tell) => self.outcomes.push(Outcome::Tell(id, transaction.owner, tell)),
            }
        }
        let held = 2 * transaction.key.len() + transaction.machine.octets();
        let before = std::mem::replace(&mut transaction.octets, held);
        let (source, is_over) = (transaction.peer.source(), transaction.machine.is_terminated());
        if held != before {
            self.weigh(source, before, held);
        }
        if is_over {
            self.end(id);
        }
    }

    /// A transaction of a source keeps more or less than before.
    fn weigh(&mut self, source: Source, before: usize, now: usize) {
        self.octets = (self.octets + now).saturating_sub(before);
        if let Some(share) = self.by_source.get_mut(&source) {
            share.octets = (share.octets + now).saturating_sub(before);
        }
    }

    fn end(&mut self, id: TransactionId) {
        let Some(transaction) = self.all.remove(id.0) else { return };
        for (_, timer_id) in transaction.timers.into_iter().flatten() {
            self.wheel.stop(timer_id);
        }
        if self.by_key.get(&transaction.key) == Some(&id) {
            self.by_key.remove(&transaction.key);
        }
        if let Some(channel) = channel_of(transaction.peer)
            && let Some(ids) = self.by_channel.get_mut(&channel)
        {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_channel.remove(&channel);
            }
        }
        let source = transaction.peer.source();
        self.weigh(source, transaction.octets, 0);
        if let Some(share) = self.by_source.get_mut(&source) {
            share.count -= 1;
            if share.count == 0 {
                self.by_source.remove(&source);
            }
        }
        if self.all.is_empty() {
            self.by_key.shrink_to(1024);
            self.by_source.shrink_to(1024);
        }
    }
}

impl Machine {
    fn handle(&mut self, input: Input, reliability: Reliability, steps: &mut Steps) {
        match (self, input) {
            (Self::InviteServer(machine), Input::InviteServer(input)) => {
                let state = std::mem::replace(machine, InviteServer::Terminated);
                *machine = state.handle(input, reliability, steps);
            }
            (Self::NonInviteServer(machine), Input::NonInviteServer(input)) => {
                let state = std::mem::replace(machine, NonInviteServer::Terminated);
                *machine = state.handle(input, reliability, steps);
            }
            (Self::InviteClient(machine), Input::InviteClient(input)) => {
                let state = std::mem::replace(machine, InviteClient::Terminated);
                *machine = state.handle(input, reliability, steps);
            }
            (Self::NonInviteClient(machine), Input::NonInviteClient(input)) => {
                let state = std::mem::replace(machine, NonInviteClient::Terminated);
                *machine = state.handle(input, reliability, steps);
            }
            (
                Self::InviteServer(_) | Self::NonInviteServer(_) | Self::InviteClient(_) | Self::NonInviteClient(_),
                _,
            ) => {}
        }
    }

    /// The octets of what is kept to be sent again.
    fn octets(&self) -> usize {
        match self {
            Self::InviteServer(machine) => machine.octets(),
            Self::NonInviteServer(machine) => machine.octets(),
            Self::InviteClient(machine) => machine.octets(),
            Self::NonInviteClient(machine) => machine.octets(),
        }
    }

    const fn is_terminated(&self) -> bool {
        matches!(
            self,
            Self::InviteServer(InviteServer::Terminated)
                | Self::NonInviteServer(NonInviteServer::Terminated)
                | Self::InviteClient(InviteClient::Terminated)
                | Self::NonInviteClient(NonInviteClient::Terminated)
        )
    }
}

fn channel_of(peer: Peer) -> Option<Channel> {
    let named = || peer.connection.map_or(Channel::Way(peer.way()), Channel::Connection);
    peer.transport.is_reliable().then(named)
}

const fn reliability(peer: Peer) -> Reliability {
    if peer.transport.is_reliable() { Reliability::Reliable } else { Reliability::Unreliable }
}
