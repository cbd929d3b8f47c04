//! Where a name leads: NAPTR, SRV and addresses (RFC 3263), without a socket.
//!
//! ```text
//!   intern ─▶ NameId       peers ─▶ addresses, the one to try first at the front, as far as they are known
//!                            │ unknown or run out
//!                            ▼
//!             NAPTR ─▶ SRV of each service ─▶ A, AAAA of each server ─▶ kept for their time to live
//!             (left out where a transport or a port is written, §4.1)
//! ```
//!
//! Nothing waits for an answer: names of the configuration are asked for at the start and again before they run out,
//! names that peers write are asked for when a dialog begins, and until then their requests go where they came from.
//! When a name server fails, what it said last is believed for an hour more.

mod lookup;
mod order;
#[cfg(test)]
mod tests;

pub use lookup::{Answer, Record, RecordData, RecordKind};

use super::peer::{NameId, Peer, Transport};
use super::{Host, SipUri};
use crate::model::Instant;
use lookup::{Lookup, Server};
use rand::rngs::StdRng;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// Names that peers wrote; past it the one unused longest gives way.
const MOST_NAMES: usize = 1_024;
/// Lookups at once that peers caused.
const MOST_LOOKUPS: usize = 64;
/// Questions of one lookup.
const MOST_QUESTIONS: usize = 64;
/// Bounds of a time to live.
const TTL: std::ops::RangeInclusive<u64> = 5..=3_600;
/// How long a name that leads nowhere, or a name server that fails, is not asked again.
const REST: Duration = Duration::from_secs(30);
/// How long what was said last is believed when the name server fails.
const STALE: Duration = Duration::from_secs(3_600);
/// How long a server that failed comes last.
const SHUNNED: Duration = Duration::from_secs(60);
/// Servers that are remembered to have failed.
const MOST_SHUNNED: usize = 256;

/// What a request is for, as its URI says (RFC 3263 §4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The name, in small letters and without the final dot.
    pub host: Box<str>,
    /// The port, where one is written.
    pub port: Option<u16>,
    /// The transport, where one is written.
    pub transport: Option<Transport>,
    /// Whether only TLS will do (`sips:`).
    pub secure: bool,
}

impl Destination {
    /// A name as it is written in a configuration.
    #[must_use]
    pub fn new(host: &str, port: Option<u16>, transport: Option<Transport>) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase().into();
        Self { host, port, transport, secure: transport.is_some_and(Transport::is_secure) }
    }

    /// Of a URI whose host is a name; `None` for an address. `maddr` is followed (RFC 3261 §19.1.1).
    #[must_use]
    pub fn of(uri: &SipUri) -> Option<Self> {
        let host = match uri.params.get("maddr") {
            Some(maddr) => Host::parse(maddr).ok()?,
            None => uri.host.clone(),
        };
        let Host::Name(name) = host else { return None };
        // `sips:` over whatever is written is TLS (RFC 3261 §26.2.2).
        let transport = match uri.transport() {
            Some(Transport::Ws) if uri.secure => Some(Transport::Wss),
            Some(Transport::Udp | Transport::Tcp) if uri.secure => Some(Transport::Tls),
            other => other,
        };
        Some(Self { secure: uri.secure, ..Self::new(&name, uri.port, transport) })
    }
}

/// A question for a name server; its answer comes back under the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its number, never used twice.
    pub id: u64,
    /// The name.
    pub name: Box<str>,
    /// What is wanted of it.
    pub kind: RecordKind,
}

/// Where a name led when it was asked for last.
#[derive(Debug)]
struct Found {
    servers: Vec<Server>,
    /// When it is asked for again.
    until: Instant,
    /// When it is believed no more.
    believed: Instant,
}

#[derive(Debug)]
struct Entry {
    destination: Destination,
    /// Of the configuration: never forgotten, and asked for before anybody wants it.
    is_kept: bool,
    found: Option<Found>,
    lookup: Option<Lookup>,
    used: Instant,
}

/// The names there are.
#[derive(Debug, Default)]
pub struct Names {
    entries: HashMap<NameId, Entry>,
    by_destination: HashMap<Destination, NameId>,
    asked: HashMap<u64, NameId>,
    shunned: HashMap<SocketAddr, Instant>,
    questions: VecDeque<Query>,
    last_name: u32,
    last_query: u64,
}

impl Names {
    /// The number of a name of the configuration.
    pub fn keep(&mut self, destination: Destination) -> NameId {
        let id = self.intern(Instant::ZERO, destination);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.is_kept = true;
        }
        id
    }

    /// The number of a name that a peer wrote.
    pub fn intern(&mut self, now: Instant, destination: Destination) -> NameId {
        if let Some(id) = self.by_destination.get(&destination) {
            return *id;
        }
        if self.entries.len() >= MOST_NAMES {
            self.forget_one();
        }
        self.last_name += 1;
        let id = NameId(self.last_name);
        self.by_destination.insert(destination.clone(), id);
        self.entries.insert(id, Entry { destination, is_kept: false, found: None, lookup: None, used: now });
        id
    }

    fn forget_one(&mut self) {
        let idle = self.entries.iter().filter(|(_, entry)| !entry.is_kept && entry.lookup.is_none());
        if let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(id, _)| *id)
            && let Some(entry) = self.entries.remove(&oldest)
        {
            self.by_destination.remove(&entry.destination);
        }
    }

    /// The name itself.
    #[must_use]
    pub fn host(&self, id: NameId) -> Option<&str> {
        self.entries.get(&id).map(|entry| &*entry.destination.host)
    }

    /// Where a name leads now, in the order in which to try; empty while nothing is known.
    pub fn peers(&mut self, now: Instant, id: NameId, rng: &mut StdRng) -> Vec<Peer> {
        let Some(entry) = self.entries.get_mut(&id) else { return Vec::new() };
        entry.used = now;
        let is_fresh = entry.found.as_ref().is_some_and(|found| now < found.until);
        let known = entry.found.as_ref().filter(|found| now < found.believed);
        let mut peers = known.map_or_else(Vec::new, |found| order::ordered(&found.servers, id, rng));
        if !is_fresh {
            self.look_up(id);
        }
        // Stable: those that failed lately keep their order at the end.
        peers.sort_by_key(|peer| self.shunned.get(&peer.addr).is_some_and(|until| now < *until));
        peers
    }

    /// Asks for a name, unless that is being done, or too much is.
    fn look_up(&mut self, id: NameId) {
        let under_way = self.entries.values().filter(|entry| entry.lookup.is_some() && !entry.is_kept).count();
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if entry.lookup.is_some() || (!entry.is_kept && under_way >= MOST_LOOKUPS) {
            return;
        }
        let (lookup, questions) = Lookup::begin(&entry.destination);
        entry.lookup = Some(lookup);
        self.ask(id, questions);
    }

    fn ask(&mut self, id: NameId, questions: Vec<(Box<str>, RecordKind, lookup::Purpose)>) {
        let Some(lookup) = self.entries.get_mut(&id).and_then(|entry| entry.lookup.as_mut()) else { return };
        for (name, kind, purpose) in questions.into_iter().take(MOST_QUESTIONS) {
            self.last_query += 1;
            lookup.expect(self.last_query, purpose);
            self.asked.insert(self.last_query, id);
            self.questions.push_back(Query { id: self.last_query, name, kind });
        }
    }

    /// The next question to be asked.
    pub fn next_query(&mut self) -> Option<Query> {
        self.questions.pop_front()
    }

    /// Takes an answer. Gives the name, when it is now known where it leads, and when to ask again.
    pub fn answered(&mut self, now: Instant, query: u64, answer: Answer) -> Option<(NameId, Instant)> {
        let id = self.asked.remove(&query)?;
        let entry = self.entries.get_mut(&id)?;
        let lookup = entry.lookup.as_mut()?;
        lookup.take(query, answer);
        if lookup.is_waiting() {
            return None;
        }
        let next = lookup.advance(&entry.destination);
        if !next.is_empty() {
            self.ask(id, next);
            return None;
        }
        let done = entry.lookup.take()?;
        let until = if done.servers.is_empty() { now + REST } else { now + ttl(done.ttl) };
        match &mut entry.found {
            // A name server that fails takes nothing away.
            Some(found) if done.servers.is_empty() && done.failed => found.until = until,
            found => *found = Some(Found { servers: done.servers, until, believed: until + STALE }),
        }
        Some((id, until))
    }

    /// Asks again for those of the configuration whose time has come, and for those never asked for.
    pub fn refresh(&mut self, now: Instant) {
        let over = |entry: &Entry| entry.is_kept && entry.found.as_ref().is_none_or(|found| found.until <= now);
        let due: Vec<NameId> = self.entries.iter().filter(|(_, entry)| over(entry)).map(|(id, _)| *id).collect();
        for id in due {
            self.look_up(id);
        }
    }

    /// A server has failed: others come first for a while.
    pub fn shun(&mut self, now: Instant, addr: SocketAddr) {
        self.shunned.retain(|_, until| now < *until);
        if self.shunned.len() < MOST_SHUNNED {
            self.shunned.insert(addr, now + SHUNNED);
        }
    }
}

fn ttl(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds).clamp(*TTL.start(), *TTL.end()))
}
