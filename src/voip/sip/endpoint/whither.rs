//! Where requests of ours go: names that lead to several servers (RFC 3263), the next server when one fails, and TCP
//! for what is too large for a datagram (RFC 3261 §18.1.1).

use super::leg::{Calling, Leg, State};
use super::{Command, CoreTimer, Endpoint, Event, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::dialog::Dialog;
use crate::voip::sip::locate::Answer;
use crate::voip::sip::transaction::table::Due;
use crate::voip::sip::{Peer, Request, Status, Transport, stun};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a peer that refused TCP is not asked for it again.
const NO_TCP: Duration = Duration::from_secs(600);
/// Such peers that are remembered.
const MOST_NO_TCP: usize = 256;

/// Peers that take no TCP, and until when that is believed.
#[derive(Debug, Default)]
pub(super) struct NoTcp(HashMap<SocketAddr, Instant>);

impl NoTcp {
    fn learn(&mut self, now: Instant, addr: SocketAddr) {
        self.0.retain(|_, until| now < *until);
        // The newest must be known: what is sent again at once goes by it.
        if self.0.len() >= MOST_NO_TCP
            && let Some(first) = self.0.iter().min_by_key(|(_, until)| **until).map(|(addr, _)| *addr)
        {
            self.0.remove(&first);
        }
        self.0.insert(addr, now + NO_TCP);
    }
}

impl Endpoint {
    /// The answer to [`Command::Resolve`].
    pub fn handle_resolved(&mut self, now: Instant, query: u64, answer: Answer) {
        if let Some((name, until)) = self.names.answered(now, query, answer) {
            self.transactions.wheel().set(until, Due::Core(CoreTimer::Names));
            let peers = self.names.peers(now, name, &mut self.rng);
            self.events.push_back(Event::Located { name, peers });
        }
        self.ask_names();
        self.settle(now);
    }

    /// A phone asks how it is seen (RFC 5626 §4.4.2).
    pub(super) fn answer_stun(&mut self, from: Peer, datagram: &[u8]) {
        match stun::answer(datagram, from.addr) {
            Some(answer) => self.send(from, answer.into()),
            None => self.counters.dropped += 1,
        }
    }

    /// Names whose time has come are asked for again.
    pub(super) fn refresh_names(&mut self, now: Instant) {
        self.names.refresh(now);
        self.ask_names();
    }

    pub(super) fn ask_names(&mut self) {
        while let Some(query) = self.names.next_query() {
            self.commands.push_back(Command::Resolve(query));
        }
    }

    /// Whom to try for a request, in this order; the peer itself where no name says otherwise. Of a name, those of the
    /// family of the address that it was known by: media has been opened towards it.
    pub(super) fn whither(&mut self, now: Instant, to: Peer) -> Vec<Peer> {
        let Some(name) = to.name.filter(|_| to.connection.is_none()) else { return vec![to] };
        let mut peers = self.names.peers(now, name, &mut self.rng);
        self.ask_names();
        if to.is_located() {
            peers.retain(|peer| peer.addr.is_ipv4() == to.addr.is_ipv4());
        }
        if peers.is_empty() {
            peers.push(to);
        }
        peers
    }

    /// The peer for a request of so many octets.
    pub(super) fn fit(&self, now: Instant, to: Peer, octets: usize) -> Peer {
        let refuses = || self.no_tcp.0.get(&to.addr).is_some_and(|until| now < *until);
        if to.transport != Transport::Udp || octets <= self.config.largest_datagram || refuses() {
            return to;
        }
        self.streams.resolve(Peer { name: to.name, ..Peer::at(Transport::Tcp, to.addr) })
    }

    /// A peer could not be connected to.
    pub(super) fn shun(&mut self, now: Instant, to: Peer) {
        if to.name.is_some() {
            self.names.shun(now, to.addr);
        }
        if to.transport == Transport::Tcp {
            self.no_tcp.learn(now, to.addr);
        }
    }

    /// Sends the INVITE of a call that has heard nothing to the next server of its name (RFC 3263 §4.3), or over UDP
    /// when TCP was refused. `false` when there is no other.
    pub(super) fn invite_elsewhere(&mut self, now: Instant, leg: LegId) -> bool {
        let Some(found) = self.legs.get_mut(leg.0) else { return false };
        let State::Calling(Calling { invite, transaction, to, .. }) = &found.state else { return false };
        let (invite, failed, old) = (Request::clone(invite), *to, *transaction);
        let Some(next) = found.elsewhere.pop_front() else { return false };
        let local = found.local;
        if next.addr != failed.addr {
            self.names.shun(now, failed.addr);
        }
        self.transactions.set_owner(old, Owner::Ours);
        let next = self.streams.resolve(next);
        let calling = self.begin_invite(now, invite, local, next);
        self.called_anew(leg, calling, next);
        true
    }

    /// No answer has come to an INVITE, or it could not be sent: while nothing was heard, another server is tried.
    pub(super) fn invite_lost(&mut self, now: Instant, leg: LegId, status: Status) {
        let is_unheard = self.legs.get(leg.0).is_some_and(|leg| !leg.is_heard());
        if !(is_unheard && self.invite_elsewhere(now, leg)) {
            self.invite_failed(leg, status);
        }
    }

    /// Where the requests of a dialog go: the server that a name leads to, once that is known; until then where the
    /// dialog came from.
    pub(super) fn path_of(&mut self, now: Instant, dialog: &Dialog) -> Peer {
        let path = dialog.path();
        // The connection is gone: nobody listens at its other end, but perhaps where the peer says that it does.
        if path.connection.is_some() && self.streams.resolve(path).connection.is_none() {
            return dialog.listening_hop().unwrap_or(path);
        }
        let Some(destination) = dialog.named_hop() else { return path };
        let name = self.names.intern(now, destination);
        let peers = self.names.peers(now, name, &mut self.rng);
        self.ask_names();
        let fits = |peer: &&Peer| peer.addr.is_ipv4() == path.addr.is_ipv4();
        // Where the dialog came from is as good as any other server of the name.
        if peers.iter().any(|peer| peer.addr == path.addr) {
            return path;
        }
        peers.iter().find(fits).map_or(path, |peer| Peer { local: path.local, ..*peer })
    }

    /// The same of a leg.
    pub(super) fn path_of_leg(&mut self, now: Instant, leg: LegId) -> Option<Peer> {
        let dialog = self.legs.get_mut(leg.0).and_then(Leg::dialog)?.clone();
        Some(self.path_of(now, &dialog))
    }
}
