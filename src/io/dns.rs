//! Questions to name servers, over UDP and, where an answer was cut short, over TCP (RFC 1035, RFC 7766).

use crate::voip::sip::locate::{Answer, Record, RecordData, RecordKind};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use std::{fs, io};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long one name server may take.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Name servers that are tried.
const MOST_SERVERS: usize = 3;
/// The largest datagram without EDNS is 512 octets; more is taken all the same.
const LARGEST: usize = 4_096;
/// How long names of `/etc/hosts` are believed, in seconds.
const HOSTS_TTL: u32 = 60;

/// Where names are asked for.
#[derive(Clone, Debug)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    hosts: HashMap<String, Vec<IpAddr>>,
}

impl Resolver {
    /// Asks one name server.
    #[must_use]
    pub fn at(server: SocketAddr) -> Self {
        Self { servers: vec![server], hosts: HashMap::new() }
    }

    /// Asks what the system asks: `/etc/hosts`, and the name servers of `/etc/resolv.conf`.
    #[must_use]
    pub fn of_system() -> Self {
        let read = |path: &str| {
            fs::read_to_string(path).unwrap_or_else(|error| {
                tracing::info!(path, %error, "cannot be read");
                String::new()
            })
        };
        Self { servers: servers_of(&read("/etc/resolv.conf")), hosts: hosts_of(&read("/etc/hosts")) }
    }

    /// Asks for the records of a name.
    pub async fn ask(&self, name: &str, kind: RecordKind) -> Answer {
        if let Some(answer) = self.known(name, kind) {
            return answer;
        }
        for server in &self.servers {
            match timeout(PATIENCE, exchange(*server, name, kind)).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(error)) => tracing::debug!(%server, name, %error, "no answer of a name server"),
                Err(_) => tracing::debug!(%server, name, "a name server does not answer"),
            }
        }
        Answer::Failed
    }

    /// What `/etc/hosts` says.
    fn known(&self, name: &str, kind: RecordKind) -> Option<Answer> {
        let all = self.hosts.get(name)?;
        let wanted = |ip: &&IpAddr| match kind {
            RecordKind::A => ip.is_ipv4(),
            RecordKind::Aaaa => ip.is_ipv6(),
            RecordKind::Naptr | RecordKind::Srv => false,
        };
        let record = |ip: &IpAddr| Record { ttl: HOSTS_TTL, data: RecordData::Address(*ip) };
        Some(Answer::Records(all.iter().filter(wanted).map(record).collect()))
    }
}

fn servers_of(resolv_conf: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse::<IpAddr>().ok()).flatten()
    };
    let servers = resolv_conf.lines().filter_map(server);
    servers.map(|ip| SocketAddr::new(ip, 53)).take(MOST_SERVERS).collect()
}

fn hosts_of(text: &str) -> HashMap<String, Vec<IpAddr>> {
    let mut hosts: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(ip) = words.next().and_then(|word| word.parse().ok()) else { continue };
        for name in words {
            hosts.entry(name.to_ascii_lowercase()).or_default().push(ip);
        }
    }
    hosts
}

/// One question and its answer. The port is the system's choice and the number is random: whoever is not on the way
/// must guess both.
async fn exchange(server: SocketAddr, name: &str, kind: RecordKind) -> io::Result<Answer> {
    let id = rand::random();
    let question = question(id, name, kind)?;
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut buffer = vec![0; LARGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match read(&buffer[..length], id) {
            Some(Read::Answer(answer)) => return Ok(answer),
            Some(Read::CutShort) => return over_tcp(server, &question, id).await,
            Some(Read::Refused) => return Ok(Answer::Failed),
            // Not the answer to this question: somebody guesses.
            None => {}
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &[u8], id: u16) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    match read(&answer, id) {
        Some(Read::Answer(answer)) => Ok(answer),
        Some(Read::CutShort | Read::Refused) | None => Ok(Answer::Failed),
    }
}

/// The packet that asks for the records of a name.
///
/// # Errors
/// When that is no name (RFC 1035 §2.3.4).
pub fn question(id: u16, name: &str, kind: RecordKind) -> io::Result<Vec<u8>> {
    let wanted = match kind {
        RecordKind::A => TYPE::A,
        RecordKind::Aaaa => TYPE::AAAA,
        RecordKind::Srv => TYPE::SRV,
        RecordKind::Naptr => TYPE::NAPTR,
    };
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).map_err(io::Error::other)?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(wanted), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(io::Error::other)
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Records, or that there are none.
    Answer(Answer),
    /// That there is more than fits into a datagram.
    CutShort,
    /// That the name server does not want to, or cannot.
    Refused,
}

/// What a packet says, when it is the answer to the question of this number.
#[must_use]
pub fn read(bytes: &[u8], id: u16) -> Option<Read> {
    let packet = Packet::parse(bytes).ok()?;
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Some(Read::CutShort);
    }
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        _ => return Some(Read::Refused),
    }
    let record = |ttl, data: &RData<'_>| Some(Record { ttl, data: data_of(data)? });
    let records = packet.answers.iter().filter_map(|answer| record(answer.ttl, &answer.rdata)).collect();
    Some(Read::Answer(Answer::Records(records)))
}

fn data_of(data: &RData<'_>) -> Option<RecordData> {
    let name = |name: &Name<'_>| name.to_string().to_ascii_lowercase().into();
    match data {
        RData::A(a) => Some(RecordData::Address(Ipv4Addr::from_bits(a.address).into())),
        RData::AAAA(aaaa) => Some(RecordData::Address(Ipv6Addr::from_bits(aaaa.address).into())),
        RData::SRV(srv) => Some(RecordData::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: name(&srv.target),
        }),
        RData::NAPTR(naptr) => Some(RecordData::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: naptr.flags.to_string().into(),
            service: naptr.services.to_string().into(),
            replacement: name(&naptr.replacement),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, SRV};

    /// A name server that answers every question so, `garbage` first.
    async fn server(answers: Vec<RData<'static>>, rcode: RCODE) -> SocketAddr {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("bound");
        let addr = socket.local_addr().expect("bound");
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let asked = Packet::parse(&buffer[..length]).expect("a question");
                let (id, name) = (asked.id(), asked.questions[0].qname.clone());
                let mut reply = Packet::new_reply(id);
                *reply.rcode_mut() = rcode;
                for data in &answers {
                    reply.answers.push(ResourceRecord::new(name.clone(), CLASS::IN, 60, data.clone()));
                }
                let mut forged = Packet::new_reply(id.wrapping_add(1));
                forged.answers.push(ResourceRecord::new(name.clone(), CLASS::IN, 60, RData::A(A { address: 1 })));
                for bytes in [vec![0xff; 40], forged.build_bytes_vec().expect("built")] {
                    socket.send_to(&bytes, from).await.expect("sent");
                }
                socket.send_to(&reply.build_bytes_vec().expect("built"), from).await.expect("sent");
            }
        });
        addr
    }

    #[tokio::test]
    async fn the_answer_to_the_question_is_read_and_what_was_guessed_is_not() {
        let at = server(vec![RData::A(A { address: 0xc000_0201 })], RCODE::NoError).await;
        let expected = Record { ttl: 60, data: RecordData::Address([192, 0, 2, 1].into()) };
        assert_eq!(Resolver::at(at).ask("a.example", RecordKind::A).await, Answer::Records(vec![expected]));
        let srv = SRV { priority: 1, weight: 2, port: 5061, target: Name::new_unchecked("Main.Example") };
        let at = server(vec![RData::SRV(srv)], RCODE::NoError).await;
        let data = RecordData::Srv { priority: 1, weight: 2, port: 5061, target: "main.example".into() };
        let answer = Resolver::at(at).ask("_sips._tcp.example", RecordKind::Srv).await;
        assert_eq!(answer, Answer::Records(vec![Record { ttl: 60, data }]));
    }

    #[tokio::test]
    async fn no_such_name_is_an_answer_and_a_failure_is_none() {
        let at = server(Vec::new(), RCODE::NameError).await;
        assert_eq!(Resolver::at(at).ask("no.example", RecordKind::A).await, Answer::Records(Vec::new()));
        let at = server(Vec::new(), RCODE::ServerFailure).await;
        assert_eq!(Resolver::at(at).ask("no.example", RecordKind::A).await, Answer::Failed);
        let nobody = Resolver { servers: Vec::new(), hosts: hosts_of("192.0.2.7 pbx PBX.example # ours\n::1 pbx\n") };
        assert_eq!(nobody.ask("a.example", RecordKind::A).await, Answer::Failed);
        let known = |ip: &str| {
            Answer::Records(vec![Record { ttl: HOSTS_TTL, data: RecordData::Address(ip.parse().expect("an address")) }])
        };
        assert_eq!(nobody.ask("pbx.example", RecordKind::A).await, known("192.0.2.7"));
        assert_eq!(nobody.ask("pbx", RecordKind::Aaaa).await, known("::1"));
    }

    #[test]
    fn the_name_servers_of_the_system_are_read() {
        let text = "# x\nsearch example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver no\n";
        let servers: Vec<String> = servers_of(text).iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.53:53", "[2001:db8::53]:53"]);
    }
}
