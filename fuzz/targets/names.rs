//! What name servers say, and where it leads.

use super::Bytes;
use hotline::io::dns::{self, Read};
use hotline::model::Instant;
use hotline::voip::sip::locate::{Answer, Destination, Names, Query, Record, RecordData, RecordKind};
use hotline::voip::sip::peer::NameId;
use hotline::voip::sip::{Transport, Uri};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::Duration;

/// The most addresses of a name that are tried: 16 servers with 8 each.
const MOST_PEERS: usize = 128;
/// The most questions that are asked at once about what peers write: 64 names with 64 each, and those that are kept.
const MOST_QUESTIONS: usize = 80 * 64;

/// A name server's packet is read or not; what it says can be asked on, and leads nowhere that must not be called.
pub fn dns(data: &[u8]) {
    let id = data.get(..2).map_or(0, |id| u16::from_be_bytes([id[0], id[1]]));
    assert_eq!(dns::read(data, id.wrapping_add(1)), None, "an answer to another question");
    let Some(Read::Answer(answer)) = dns::read(data, id) else { return };
    if let Answer::Records(records) = &answer {
        for name in records.iter().filter_map(|record| leads_to(&record.data)) {
            let asked = dns::question(7, name, RecordKind::A).unwrap_or_default();
            assert!(asked.len() <= 512, "a question of {} octets", asked.len());
        }
    }
    let mut world = World::new();
    world.keep(Destination::new("bank.example", None, None));
    world.settle(|_| answer.clone());
}

/// The name that a record leads to.
fn leads_to(data: &RecordData) -> Option<&str> {
    match data {
        RecordData::Naptr { replacement, .. } => Some(replacement),
        RecordData::Srv { target, .. } => Some(target),
        RecordData::Address(_) => None,
    }
}

/// Names of peers and of the configuration under arbitrary answers and times: what is asked is bounded and comes to an
/// end, and a call that must be secure is.
pub fn locate(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut world = World::new();
    while let Some(what) = bytes.octet() {
        match what & 3 {
            0 => {
                let piece = bytes.piece().unwrap_or_default();
                let uri = str::from_utf8(piece).ok().and_then(|text| Uri::parse(text).ok());
                if let Some(destination) = uri.as_ref().and_then(Uri::as_sip).and_then(Destination::of) {
                    world.meet(destination);
                }
            }
            1 => world.keep(Destination::new("bank.example", None, transport(what >> 2))),
            2 => world.now = world.now + Duration::from_secs(u64::from(what >> 2) * 30),
            _ => {
                if let Some(query) = world.names.next_query() {
                    let answer = answer(&query, &mut bytes);
                    world.names.answered(world.now, query.id, answer);
                }
            }
        }
        if let Some((id, secure)) = world.known.last().copied() {
            world.check(id, secure);
        }
    }
    world.settle(|query| answer(query, &mut bytes));
}

fn transport(octet: u8) -> Option<Transport> {
    [None, Some(Transport::Udp), Some(Transport::Tcp), Some(Transport::Tls)][usize::from(octet & 3)]
}

/// Records of the kind that was asked for, and of others.
fn answer(query: &Query, bytes: &mut Bytes<'_>) -> Answer {
    let Some(count) = bytes.octet() else { return Answer::Records(Vec::new()) };
    if count == 255 {
        return Answer::Failed;
    }
    let records = (0..count & 31).map_while(|_| {
        let [shape, small] = bytes.number()?.to_be_bytes();
        let wide = u16::from(small) << (shape >> 5);
        let name = || format!("n{}.{}", small & 7, query.name.get(..20).unwrap_or("x")).into();
        let data = match shape & 3 {
            0 => RecordData::Naptr {
                order: wide,
                preference: u16::from(shape),
                flags: if small.is_multiple_of(5) { "u".into() } else { "s".into() },
                service: ["SIP+D2U", "SIP+D2T", "SIPS+D2T", "E2U+x"][usize::from(small & 3)].into(),
                replacement: name(),
            },
            1 => RecordData::Srv { priority: u16::from(small & 3), weight: wide, port: wide, target: name() },
            2 => RecordData::Address([small, shape, 2, 1].into()),
            _ => RecordData::Address([wide, 0, 0, 0, 0, 0, 0, u16::from(shape)].into()),
        };
        Some(Record { ttl: u32::from(wide) << (shape >> 4), data })
    });
    Answer::Records(records.collect())
}

struct World {
    names: Names,
    now: Instant,
    known: Vec<(NameId, bool)>,
    rng: StdRng,
}

impl World {
    fn new() -> Self {
        Self { names: Names::default(), now: Instant::ZERO, known: Vec::new(), rng: StdRng::from_seed([5; 32]) }
    }

    /// A name of the configuration.
    fn keep(&mut self, destination: Destination) {
        let secure = destination.secure;
        let id = self.names.keep(destination);
        self.know(id, secure);
        self.names.refresh(self.now);
    }

    /// A name that a peer writes.
    fn meet(&mut self, destination: Destination) {
        let secure = destination.secure;
        let id = self.names.intern(self.now, destination);
        self.know(id, secure);
    }

    fn know(&mut self, id: NameId, secure: bool) {
        if !self.known.contains(&(id, secure)) {
            self.known.push((id, secure));
        }
    }

    fn check(&mut self, id: NameId, secure: bool) {
        let peers = self.names.peers(self.now, id, &mut self.rng);
        assert!(peers.len() <= MOST_PEERS, "{} addresses of one name", peers.len());
        for peer in peers {
            assert!(!secure || peer.transport.is_secure(), "{peer} is not secure");
            assert!(!peer.addr.ip().is_unspecified() && !peer.addr.ip().is_multicast(), "{peer} is nobody");
            assert!(peer.addr.port() != 0, "{peer} has no port");
        }
    }

    /// Answers until nothing is asked any more, which must come.
    fn settle(&mut self, mut answer: impl FnMut(&Query) -> Answer) {
        let mut asked = 0;
        while let Some(query) = self.names.next_query() {
            asked += 1;
            assert!(asked <= MOST_QUESTIONS, "the questions do not end");
            let answer = answer(&query);
            self.names.answered(self.now, query.id, answer);
        }
        self.check_all();
    }

    fn check_all(&mut self) {
        for (id, secure) in self.known.clone() {
            self.check(id, secure);
        }
    }
}
