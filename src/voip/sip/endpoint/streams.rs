//! Connections: which there are, which are being opened, and what waits for them (RFC 3261 §18).

use super::{Command, CoreTimer, Due, Endpoint};
use crate::model::Instant;
use crate::voip::sip::framer::{Frame, Framer, PONG};
use crate::voip::sip::locate::Names;
use crate::voip::sip::peer::Way;
use crate::voip::sip::source::Source;
use crate::voip::sip::transaction::Wire;
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{ConnectionId, Peer, Unusable};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The most messages that wait for one connection to be opened.
const WAITING: usize = 16;
/// The most connections that are being opened.
const OPENING: usize = 1024;

/// How long a new connection may be without a whole message, and how long a message may take that has begun.
const SILENT: Duration = Duration::from_secs(32);

/// The stream connections of an endpoint.
#[derive(Debug)]
pub(super) struct Streams {
    limit: usize,
    open: HashMap<ConnectionId, Stream>,
    by_way: HashMap<Way, ConnectionId>,
    by_source: HashMap<Source, usize>,
    opening: HashMap<Way, Vec<Wire>>,
}

#[derive(Debug)]
struct Stream {
    framer: Framer,
    peer: Peer,
    local: SocketAddr,
    /// Runs until the first whole message, and while one is there in part.
    silent: Option<TimerId>,
}

/// Bytes that could not go anywhere.
#[derive(Debug)]
pub(super) struct NoWay(pub SocketAddr);

impl Streams {
    pub fn new(limit: usize) -> Self {
        Self { limit, open: HashMap::new(), by_way: HashMap::new(), by_source: HashMap::new(), opening: HashMap::new() }
    }

    /// Whether one more connection of a source may stay: nobody may have more than half of them.
    fn has_room(&self, source: Source) -> bool {
        let of_source = self.by_source.get(&source).copied().unwrap_or(0);
        self.open.len() < self.limit && of_source <= self.limit / 2
    }

    /// Takes a connection in; what has waited for it is returned.
    fn insert(&mut self, connection: ConnectionId, stream: Stream) -> Vec<Wire> {
        let peer = stream.peer;
        self.open.insert(connection, stream);
        *self.by_source.entry(peer.source()).or_default() += 1;
        self.by_way.insert(peer.way(), connection);
        self.opening.remove(&peer.way()).unwrap_or_default()
    }

    fn remove(&mut self, connection: ConnectionId) -> Option<Stream> {
        let stream = self.open.remove(&connection)?;
        if self.by_way.get(&stream.peer.way()) == Some(&connection) {
            self.by_way.remove(&stream.peer.way());
        }
        let source = stream.peer.source();
        if let Some(count) = self.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
        Some(stream)
    }

    /// A peer with the connection that leads to it now; none when it must be opened.
    pub fn resolve(&self, to: Peer) -> Peer {
        if !to.transport.is_reliable() {
            return to;
        }
        let named = to.connection.filter(|connection| self.open.contains_key(connection));
        Peer { connection: named.or_else(|| self.by_way.get(&to.way()).copied()), ..to }
    }

    /// How bytes get to a peer: at once, or when the connection that is asked for is open.
    pub fn route(&mut self, to: Peer, bytes: Wire, names: &Names) -> Result<Option<Command>, NoWay> {
        if !to.transport.is_reliable() {
            return Ok(Some(Command::Send { to, bytes }));
        }
        let to = self.resolve(to);
        if to.connection.is_some() {
            return Ok(Some(Command::Send { to, bytes }));
        }
        // Nobody listens behind a WebSocket (RFC 7118 §5), and nobody is where no address is.
        if to.transport.is_web_socket() || !to.is_located() {
            return Err(NoWay(to.addr));
        }
        if let Some(waiting) = self.opening.get_mut(&to.way()) {
            if waiting.len() >= WAITING {
                return Err(NoWay(to.addr));
            }
            waiting.push(bytes);
            return Ok(None);
        }
        if self.opening.len() >= OPENING {
            return Err(NoWay(to.addr));
        }
        self.opening.insert(to.way(), vec![bytes]);
        Ok(Some(Command::Connect { to, name: to.name.and_then(|name| names.host(name)).map(Into::into) }))
    }
}

impl Endpoint {
    /// Whose a connection is; `None` when there is none of this number.
    #[must_use]
    pub fn peer_of(&self, connection: ConnectionId) -> Option<Peer> {
        self.streams.open.get(&connection).map(|stream| stream.peer)
    }

    pub(super) fn connected(&mut self, now: Instant, from: Peer, local: SocketAddr) {
        let Some(connection) = from.connection else { return };
        self.forget_stream(connection);
        if !self.streams.has_room(from.source()) {
            self.counters.refused += 1;
            self.commands.push_back(Command::Close(connection));
            return;
        }
        // Whoever calls us over a connection of ours is told where we listen, not where it began.
        let is_ours = self.streams.opening.contains_key(&from.way());
        let local = if is_ours { self.local_for(from) } else { local };
        let due = Due::Core(CoreTimer::Silent(connection));
        let silent = (!is_ours).then(|| self.transactions.wheel().set(now + SILENT, due));
        let stream = Stream { framer: Framer::new(), peer: from, local, silent };
        for bytes in self.streams.insert(connection, stream) {
            self.commands.push_back(Command::Send { to: from, bytes });
        }
    }

    /// Forgets a connection; `false` when there was none.
    pub(super) fn forget_stream(&mut self, connection: ConnectionId) -> bool {
        let Some(stream) = self.streams.remove(connection) else { return false };
        if let Some(silent) = stream.silent {
            self.transactions.wheel().stop(silent);
        }
        true
    }

    /// Nothing whole has come over a connection since it was opened, or since a message began: it only costs us.
    pub(super) fn fell_silent(&mut self, now: Instant, connection: ConnectionId) {
        self.counters.dropped += 1;
        self.close(connection);
        self.transactions.fail_connection(now, connection);
    }

    /// A whole message or ping has come over a connection.
    fn heard(&mut self, connection: ConnectionId) {
        let silent = self.streams.open.get_mut(&connection).and_then(|stream| stream.silent.take());
        if let Some(silent) = silent {
            self.transactions.wheel().stop(silent);
        }
    }

    /// What has begun must end in time: who sends a message octet by octet only costs us.
    fn await_rest(&mut self, now: Instant, connection: ConnectionId) {
        let Some(stream) = self.streams.open.get_mut(&connection) else { return };
        if stream.silent.is_none() && stream.framer.has_begun() {
            let due = Due::Core(CoreTimer::Silent(connection));
            stream.silent = Some(self.transactions.wheel().set(now + SILENT, due));
        }
    }

    pub(super) fn connect_failed(&mut self, now: Instant, to: Peer) {
        self.streams.opening.remove(&to.way());
        self.shun(now, to);
        self.transactions.fail_way(now, to.way());
    }

    /// One frame of a WebSocket: a message, or a ping of line ends.
    fn receive_frame(&mut self, now: Instant, peer: Peer, local: SocketAddr, frame: &[u8]) {
        if frame.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            if frame.len() >= 4 {
                self.send(peer, PONG.into());
            }
            return;
        }
        self.receive(now, peer, local, frame);
        self.settle(now);
    }

    pub(super) fn receive_stream(&mut self, now: Instant, connection: ConnectionId, bytes: &[u8]) {
        let Some(stream) = self.streams.open.get_mut(&connection) else { return };
        if stream.peer.transport.is_web_socket() {
            let (peer, local) = (stream.peer, stream.local);
            self.heard(connection);
            return self.receive_frame(now, peer, local, bytes);
        }
        stream.framer.push(bytes);
        loop {
            let Some(stream) = self.streams.open.get_mut(&connection) else { return };
            let (peer, local) = (stream.peer, stream.local);
            match stream.framer.next_frame() {
                Ok(Some(Frame::Message(message))) => {
                    self.heard(connection);
                    self.receive(now, peer, local, &message);
                    self.settle(now);
                }
                // RFC 5626 §4.4.1: a ping of two line ends is answered with one.
                Ok(Some(Frame::Ping)) => {
                    self.heard(connection);
                    self.send(peer, PONG.into());
                }
                Ok(None) => return self.await_rest(now, connection),
                Err(fault) => {
                    // Where the next message begins is unknown: answer and close.
                    self.counters.malformed += 1;
                    if let Unusable::Refused(refusal) = fault.refusal() {
                        let tag = self.draw_tag();
                        self.send(peer, refusal.to_bytes(&peer, &tag).into());
                    }
                    self.close(connection);
                    self.transactions.fail_connection(now, connection);
                    return;
                }
            }
        }
    }
}
