//! One lookup: which questions follow from which answers (RFC 3263 §4.1, §4.2).

use super::Destination;
use crate::voip::sip::peer::Transport;
use std::collections::HashMap;
use std::net::IpAddr;

/// Servers of one name.
const MOST_SERVERS: usize = 16;
/// Addresses of one server.
const MOST_ADDRESSES: usize = 8;
/// Services of one name.
const MOST_SERVICES: usize = 8;

/// What is asked of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Services (RFC 3403).
    Naptr,
    /// Servers (RFC 2782).
    Srv,
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
}

/// What a name server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Those records; none when there are none.
    Records(Vec<Record>),
    /// It failed, or did not answer.
    Failed,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// How many seconds it may be believed.
    pub ttl: u32,
    /// What it says.
    pub data: RecordData,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordData {
    /// A service of the domain.
    Naptr {
        /// Lower comes first.
        order: u16,
        /// Lower comes first among those of an order.
        preference: u16,
        /// `s`: the replacement has SRV records.
        flags: Box<str>,
        /// Such as `SIP+D2U`.
        service: Box<str>,
        /// The name to go on with.
        replacement: Box<str>,
    },
    /// A server.
    Srv {
        /// Lower comes first.
        priority: u16,
        /// The share of requests among those of a priority.
        weight: u16,
        /// Its port.
        port: u16,
        /// Its name.
        target: Box<str>,
    },
    /// An address.
    Address(IpAddr),
}

/// A server as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// The place of its service among the services.
    pub service: usize,
    pub transport: Transport,
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub host: Box<str>,
    pub addresses: Vec<IpAddr>,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Services,
    Servers { service: usize, transport: Transport },
    Addresses { server: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Services,
    Servers,
    Addresses,
}

type Question = (Box<str>, RecordKind, Purpose);

#[derive(Debug)]
pub(super) struct Lookup {
    stage: Stage,
    waiting: HashMap<u64, Purpose>,
    services: Vec<(u16, u16, Transport, Box<str>)>,
    pub servers: Vec<Server>,
    /// The shortest time to live of all.
    pub ttl: u32,
    /// A name server failed on the way.
    pub failed: bool,
}

impl Lookup {
    /// The first questions.
    pub fn begin(destination: &Destination) -> (Self, Vec<Question>) {
        let mut lookup = Self {
            stage: Stage::Services,
            waiting: HashMap::new(),
            services: Vec::new(),
            servers: Vec::new(),
            ttl: u32::MAX,
            failed: false,
        };
        let questions = match (destination.port, destination.transport) {
            (Some(_), _) => lookup.ask_itself(destination),
            (None, Some(transport)) => lookup.ask_servers(vec![(transport, srv_name(transport, &destination.host))]),
            (None, None) => vec![(destination.host.clone(), RecordKind::Naptr, Purpose::Services)],
        };
        (lookup, questions)
    }

    pub fn expect(&mut self, query: u64, purpose: Purpose) {
        self.waiting.insert(query, purpose);
    }

    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes the answer to a question.
    pub fn take(&mut self, query: u64, answer: Answer) {
        let Some(purpose) = self.waiting.remove(&query) else { return };
        let Answer::Records(records) = answer else {
            self.failed = true;
            return;
        };
        for Record { ttl, data } in records {
            let taken = match (purpose, data) {
                (Purpose::Services, RecordData::Naptr { order, preference, flags, service, replacement }) => {
                    self.take_service(order, preference, &flags, &service, replacement)
                }
                (Purpose::Servers { service, transport }, RecordData::Srv { priority, weight, port, target }) => self
                    .take_server(Server {
                        service,
                        transport,
                        priority,
                        weight,
                        port,
                        host: target,
                        addresses: Vec::new(),
                    }),
                (Purpose::Addresses { server }, RecordData::Address(ip)) => self.take_address(server, ip),
                (Purpose::Services | Purpose::Servers { .. } | Purpose::Addresses { .. }, _) => false,
            };
            if taken {
                self.ttl = self.ttl.min(ttl);
            }
        }
    }

    fn take_service(&mut self, order: u16, preference: u16, flags: &str, service: &str, to: Box<str>) -> bool {
        let transport = match service.to_ascii_uppercase().as_str() {
            "SIP+D2U" => Transport::Udp,
            "SIP+D2T" => Transport::Tcp,
            "SIPS+D2T" => Transport::Tls,
            _ => return false,
        };
        let wanted = flags.eq_ignore_ascii_case("s") && self.services.len() < MOST_SERVICES;
        if wanted {
            self.services.push((order, preference, transport, to));
        }
        wanted
    }

    fn take_server(&mut self, server: Server) -> bool {
        // A single dot: the service is decidedly not there (RFC 2782).
        let wanted = self.servers.len() < MOST_SERVERS && !matches!(&*server.host, "." | "") && server.port != 0;
        if wanted {
            self.servers.push(server);
        }
        wanted
    }

    fn take_address(&mut self, server: usize, ip: IpAddr) -> bool {
        let Some(server) = self.servers.get_mut(server) else { return false };
        let wanted = server.addresses.len() < MOST_ADDRESSES && !ip.is_unspecified() && !ip.is_multicast();
        if wanted {
            server.addresses.push(ip);
        }
        wanted
    }

    /// All answers of a stage are here: the questions of the next, none at the end.
    pub fn advance(&mut self, destination: &Destination) -> Vec<Question> {
        match self.stage {
            Stage::Services => {
                let secure = destination.secure;
                self.services.retain(|(_, _, transport, _)| !secure || transport.is_secure());
                self.services.sort_by_key(|(order, preference, ..)| (*order, *preference));
                let named = |transport| (transport, srv_name(transport, &destination.host));
                let wanted = if self.services.is_empty() {
                    // §4.1: without NAPTR each transport is tried.
                    let ours: &[Transport] =
                        if secure { &[Transport::Tls] } else { &[Transport::Udp, Transport::Tcp, Transport::Tls] };
                    ours.iter().copied().map(named).collect()
                } else {
                    self.services.drain(..).map(|(_, _, transport, name)| (transport, name)).collect()
                };
                self.ask_servers(wanted)
            }
            Stage::Servers if self.servers.is_empty() => self.ask_itself(destination),
            Stage::Servers => self.ask_addresses(),
            Stage::Addresses => {
                self.servers.retain(|server| !server.addresses.is_empty());
                Vec::new()
            }
        }
    }

    fn ask_servers(&mut self, services: Vec<(Transport, Box<str>)>) -> Vec<Question> {
        self.stage = Stage::Servers;
        let question = |(service, (transport, name))| (name, RecordKind::Srv, Purpose::Servers { service, transport });
        services.into_iter().enumerate().map(question).collect()
    }

    /// The name is the server's own.
    fn ask_itself(&mut self, destination: &Destination) -> Vec<Question> {
        let usual = if destination.secure { Transport::Tls } else { Transport::Udp };
        let transport = destination.transport.unwrap_or(usual);
        let port = destination.port.unwrap_or(transport.default_port());
        let host = destination.host.clone();
        self.servers.push(Server { service: 0, transport, priority: 0, weight: 0, port, host, addresses: Vec::new() });
        self.ask_addresses()
    }

    fn ask_addresses(&mut self) -> Vec<Question> {
        self.stage = Stage::Addresses;
        let both = |(at, server): (usize, &Server)| {
            let host = &server.host;
            [RecordKind::A, RecordKind::Aaaa].map(|kind| (host.clone(), kind, Purpose::Addresses { server: at }))
        };
        self.servers.iter().enumerate().flat_map(both).collect()
    }
}

/// The name of a service's SRV records (RFC 3263 §4.1).
fn srv_name(transport: Transport, host: &str) -> Box<str> {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
    };
    format!("{service}.{host}").into()
}
