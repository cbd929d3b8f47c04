use super::*;
use crate::voip::sip::Transport;
use crate::voip::sip::digest::{Challenge, Login, Signed, answer};
use crate::voip::sip::{Message, Uri};

const START: Instant = Instant::from_millis(5_000);
const REALM: &str = "hotline";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A registrar with the accounts of Anna and Boris, and the time.
struct Desk {
    registrar: Registrar,
    now: Instant,
}

/// A phone of one account behind one address.
struct Phone {
    user: &'static str,
    password: &'static str,
    peer: Peer,
    call_id: &'static str,
    cseq: u32,
    challenges: Vec<Challenge>,
    count: u32,
}

fn account(user: &str, password: &str) -> Account {
    Account { operator: OperatorId::new(user), ha1: Ha1::compute(user, REALM, password) }
}

fn anna() -> OperatorId {
    OperatorId::new("anna")
}

impl Desk {
    fn open() -> Self {
        let mut registrar = Registrar::new(REALM, [9; 32]);
        registrar.set_accounts(START, vec![account("anna", "red"), account("boris", "blue")]);
        Self { registrar, now: START }
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.registrar.handle_timeout(self.now);
    }

    fn send(&mut self, phone: &Phone, request: &Request) -> Response {
        self.registrar.handle(self.now, request, phone.peer, addr("192.0.2.1:5060"))
    }

    /// What was said since the last time: `+anna 2` for two phones, `-anna` for none.
    fn said(&mut self) -> String {
        let words: Vec<String> = std::iter::from_fn(|| self.registrar.next_event())
            .map(|event| match event {
                Event::Registered { operator, contacts } => format!("+{operator} {}", contacts.len()),
                Event::Unregistered { operator } => format!("-{operator}"),
            })
            .collect();
        words.join(" ")
    }
}

impl Phone {
    fn new(user: &'static str, password: &'static str, from: &str) -> Self {
        let call_id = if from.contains('7') { "seven" } else { "one" };
        Self { user, password, peer: Peer::udp(addr(from)), call_id, cseq: 0, challenges: Vec::new(), count: 0 }
    }

    fn request(&mut self, headers: &str) -> Request {
        self.cseq += 1;
        let text = format!(
            "REGISTER sip:hotline SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;rport;branch=z9hG4bK{}\r\nFrom: <sip:{u}@hotline>;tag=1\r\n\
             To: <sip:{u}@hotline>\r\nCall-ID: {}\r\nCSeq: {} REGISTER\r\n{headers}\r\n",
            self.cseq,
            self.call_id,
            self.cseq,
            u = self.user,
        );
        let mut request = match Message::parse(text.as_bytes()) {
            Ok(Message::Request(request)) => request,
            other => panic!("no request: {other:?}"),
        };
        if !self.challenges.is_empty() {
            self.count += 1;
            let login = Login { username: self.user.to_owned(), password: self.password.to_owned() };
            let uri = Uri::parse("sip:hotline").unwrap();
            let reply = {
                let signed = Signed { method: &request.method, uri: &uri, body: &[] };
                answer(&self.challenges, &login, signed, "cn", self.count).unwrap()
            };
            request.headers.push_text(HeaderName::Authorization, &reply.to_value());
        }
        request
    }

    /// Registers with these headers, answering the challenge as a phone does. The status of the last answer.
    fn register(&mut self, desk: &mut Desk, headers: &str) -> u16 {
        self.ask(desk, headers).status.code()
    }

    fn ask(&mut self, desk: &mut Desk, headers: &str) -> Response {
        let request = self.request(headers);
        let response = desk.send(self, &request);
        if response.status != Status::UNAUTHORIZED {
            return response;
        }
        self.challenges = Challenge::all_in(&response.headers, HeaderName::WwwAuthenticate).collect();
        self.count = 0;
        let request = self.request(headers);
        desk.send(self, &request)
    }
}

const CONTACT: &str = "Contact: <sip:anna@10.0.0.5:5062>\r\n";

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    let first = phone.request(CONTACT);
    let asked = desk.send(&phone, &first);
    assert_eq!(asked.status, Status::UNAUTHORIZED);
    assert_eq!(asked.headers.get_all(HeaderName::WwwAuthenticate).count(), 3);
    assert_eq!(desk.said(), "");

    let accepted = phone.ask(&mut desk, CONTACT);
    assert_eq!(accepted.status, Status::OK);
    let contact = accepted.headers.typed::<Contact>().unwrap().unwrap();
    assert_eq!(contact.expires(), Some(3600));
    assert_eq!(desk.said(), "+anna 1");
    let target = desk.registrar.target(&anna()).unwrap();
    assert_eq!(target.uri.to_string(), "sip:anna@10.0.0.5:5062");
    assert_eq!(target.peer, phone.peer, "behind NAT: where it came from");
    assert_eq!(target.local, addr("192.0.2.1:5060"));

    desk.later(300);
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    assert_eq!(desk.said(), "", "a refresh is no news");
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@10.0.0.5:5062>;expires=0\r\n"), 200);
    assert_eq!(desk.said(), "-anna");
    assert_eq!(desk.registrar.target(&anna()), None);
    assert_eq!(desk.registrar.poll_timeout(), None);
}

#[test]
fn a_registration_runs_out() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@10.0.0.5>\r\nExpires: 120\r\n"), 200);
    assert_eq!(desk.said(), "+anna 1");
    assert_eq!(desk.registrar.poll_timeout(), Some(START + Duration::from_secs(120)));
    desk.later(119);
    assert_eq!(desk.said(), "");
    desk.later(1);
    assert_eq!(desk.said(), "-anna");
}

#[test]
fn how_long_is_between_a_minute_and_an_hour() {
    for (headers, status, expires) in [
        ("Contact: <sip:a@h>;expires=59\r\n", 423, None),
        ("Contact: <sip:a@h>\r\nExpires: 1\r\n", 423, None),
        ("Contact: <sip:a@h>;expires=60\r\nExpires: 1\r\n", 200, Some(60)),
        ("Contact: <sip:a@h>\r\n", 200, Some(3600)),
        ("Contact: <sip:a@h>;expires=4294967295\r\n", 200, Some(3600)),
        ("Contact: <sip:a@h>;expires=bad\r\n", 200, Some(3600)),
    ] {
        let mut desk = Desk::open();
        let response = Phone::new("anna", "red", "198.51.100.2:40000").ask(&mut desk, headers);
        assert_eq!(response.status.code(), status, "{headers}");
        let contact = response.headers.typed::<Contact>().unwrap();
        assert_eq!(contact.and_then(|contact| contact.expires()), expires, "{headers}");
        let least = response.headers.typed::<MinExpires>().unwrap();
        assert_eq!(least.is_some(), status == 423, "{headers}");
    }
}

#[test]
fn a_star_removes_every_phone_and_must_stand_alone() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@h1>, <sip:anna@h2>;q=0.5\r\n"), 200);
    assert_eq!(desk.said(), "+anna 2");
    for headers in ["Contact: *\r\n", "Contact: *\r\nExpires: 60\r\n", "Contact: *, <sip:anna@h1>\r\nExpires: 0\r\n"] {
        assert_eq!(phone.register(&mut desk, headers), 400, "{headers}");
    }
    assert_eq!(desk.said(), "");
    assert_eq!(phone.register(&mut desk, "Contact: *\r\nExpires: 0\r\n"), 200);
    assert_eq!(desk.said(), "-anna");
}

#[test]
fn the_phone_that_wants_it_most_and_was_heard_last_rings() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    let target = |desk: &Desk| desk.registrar.target(&anna()).unwrap().uri.to_string();
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@h1>;q=0.9\r\n"), 200);
    desk.later(1);
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@h2>;q=0.9\r\n"), 200);
    assert_eq!(target(&desk), "sip:anna@h2");
    desk.later(1);
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@h3>;q=0.1\r\n"), 200);
    assert_eq!(target(&desk), "sip:anna@h2");
    desk.later(1);
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@h1>;q=1\r\n"), 200);
    assert_eq!(target(&desk), "sip:anna@h1");
    for host in ["h4", "h5", "h6"] {
        desk.later(1);
        assert_eq!(phone.register(&mut desk, &format!("Contact: <sip:anna@{host}>\r\n")), 200);
    }
    let mut hosts: Vec<String> = desk.registrar.targets(&anna()).iter().map(|target| target.uri.to_string()).collect();
    hosts.sort();
    assert_eq!(hosts, ["sip:anna@h1", "sip:anna@h4", "sip:anna@h5", "sip:anna@h6"], "the silent ones made room");
}

#[test]
fn nobody_registers_for_another_or_without_the_password() {
    for (user, password, to, status) in [
        ("anna", "blue", "anna", 401),
        ("nobody", "red", "nobody", 401),
        ("boris", "blue", "anna", 403),
        ("anna", "red", "anna", 200),
    ] {
        let mut desk = Desk::open();
        let mut phone = Phone::new(user, password, "198.51.100.2:40000");
        let first = phone.request(CONTACT);
        let response = desk.send(&phone, &first);
        phone.challenges = Challenge::all_in(&response.headers, HeaderName::WwwAuthenticate).collect();
        let mut request = phone.request(CONTACT);
        request.to = NameAddr::parse(format!("<sip:{to}@hotline>").as_bytes()).unwrap();
        let response = desk.send(&phone, &request);
        assert_eq!(response.status.code(), status, "{user} as {to}");
        assert_eq!(desk.said() == "+anna 1", status == 200);
    }
}

#[test]
fn a_nonce_that_grew_old_is_asked_for_again_as_stale() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    desk.later(601);
    let request = phone.request(CONTACT);
    let response = desk.send(&phone, &request);
    assert_eq!(response.status, Status::UNAUTHORIZED);
    assert!(Challenge::all_in(&response.headers, HeaderName::WwwAuthenticate).all(|challenge| challenge.stale));
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
}

#[test]
fn what_was_overtaken_changes_nothing() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    phone.cseq -= 2;
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@10.0.0.5:5062>;expires=0\r\n"), 500);
    assert!(desk.registrar.target(&anna()).is_some());
    phone.cseq += 2;
    phone.call_id = "after a restart".split(' ').next().unwrap();
    phone.cseq = 0;
    assert_eq!(phone.register(&mut desk, CONTACT), 200, "another Call-ID begins anew");
}

#[test]
fn a_phone_that_moved_is_reached_where_it_is_now() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    assert_eq!(desk.said(), "+anna 1");
    phone.peer = Peer::udp(addr("203.0.113.9:5062"));
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    assert_eq!(desk.said(), "+anna 1");
    assert_eq!(desk.registrar.target(&anna()).unwrap().peer, phone.peer);
}

#[test]
fn a_phone_goes_with_its_connection_and_an_account_with_its_password() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    phone.peer.connection = Some(ConnectionId(3));
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    assert_eq!(desk.said(), "+anna 1");
    desk.registrar.handle_closed(desk.now, ConnectionId(4));
    assert_eq!(desk.said(), "");
    desk.registrar.handle_closed(desk.now, ConnectionId(3));
    assert_eq!(desk.said(), "-anna");

    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    assert_eq!(desk.said(), "+anna 1");
    desk.registrar.set_accounts(desk.now, vec![account("anna", "red"), account("clara", "green")]);
    assert_eq!(desk.said(), "");
    desk.registrar.set_accounts(desk.now, vec![account("anna", "new")]);
    assert_eq!(desk.said(), "-anna");
    assert_eq!(phone.register(&mut desk, CONTACT), 401);
}

#[test]
fn a_request_without_contact_asks_what_is_there() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    assert_eq!(phone.register(&mut desk, CONTACT), 200);
    desk.later(100);
    let response = phone.ask(&mut desk, "");
    let contact = response.headers.typed::<Contact>().unwrap().unwrap();
    assert_eq!(contact.expires(), Some(3500));
}

#[test]
fn extensions_path_and_odd_contacts() {
    for (headers, status) in [
        ("Require: gruu\r\n", 420),
        ("Require: outbound\r\nContact: <sip:anna@h>\r\n", 200),
        ("Require: path\r\nSupported: path\r\nPath: <sip:edge.example.com;lr>\r\nContact: <sip:anna@h>\r\n", 200),
        ("Contact: <tel:+74955550102>\r\n", 400),
        ("Contact: <sip:anna@h?Route=%3Csip:x%3E>\r\n", 200),
    ] {
        let mut desk = Desk::open();
        let response = Phone::new("anna", "red", "198.51.100.2:40000").ask(&mut desk, headers);
        assert_eq!(response.status.code(), status, "{headers}");
        if let Some(target) = desk.registrar.target(&anna()) {
            assert_eq!(target.uri.to_string(), "sip:anna@h");
            assert_eq!(target.path.len(), usize::from(headers.contains("Path")));
            assert_eq!(response.headers.has(HeaderName::Path), headers.contains("Path"));
        }
    }
}

#[test]
fn the_registrations_of_rfc_4475_that_name_no_account_are_refused() {
    let mut desk = Desk::open();
    let phone = Phone::new("anna", "red", "198.51.100.2:40000");
    for (bytes, status) in [
        (include_bytes!("../../../tests/sip/torture/invalid/regaut01.dat").as_slice(), 401),
        (include_bytes!("../../../tests/sip/torture/invalid/unksm2.dat").as_slice(), 401),
    ] {
        let Ok(Message::Request(request)) = Message::parse(bytes) else { panic!("no request") };
        assert_eq!(desk.send(&phone, &request).status.code(), status);
    }
}

#[test]
fn a_phone_that_gives_up_at_sha256_is_asked_for_md5_alone() {
    let cases = [
        ("", 3),
        ("User-Agent: Linphone/5.2\r\n", 3),
        ("User-Agent: baresip v1.0.0 (x86_64/linux)\r\n", 1),
        ("User-Agent: baresip v3.11.0 (x86_64/Linux)\r\n", 1),
        ("User-Agent: baresip v3.12.1 (x86_64/Linux)\r\n", 3),
        ("User-Agent: baresip v\r\n", 3),
        ("User-Agent: sipsak 0.9.8.1\r\n", 1),
        ("User-Agent: SIPp/3.6\r\n", 1),
        ("User-Agent: SIPpish\r\n", 3),
    ];
    for (agent, challenges) in cases {
        let mut desk = Desk::open();
        let mut phone = Phone::new("anna", "red", "10.0.0.5:5060");
        let headers = format!("{agent}Contact: <sip:anna@10.0.0.5>\r\n");
        assert_eq!(phone.register(&mut desk, &headers), 200, "{agent}");
        assert_eq!(phone.challenges.len(), challenges, "{agent}");
    }
}

#[test]
fn a_phone_is_known_by_its_instance_wherever_it_is() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.2:40000");
    let contact = |host: &str, flow: u32| {
        format!(
            "Supported: path, outbound\r\nContact: <sip:anna@{host}>;+sip.instance=\"<urn:uuid:1>\";reg-id={flow}\r\n"
        )
    };
    let hosts = |desk: &Desk| {
        let mut hosts: Vec<String> =
            desk.registrar.targets(&anna()).iter().map(|target| target.uri.to_string()).collect();
        hosts.sort();
        hosts.join(" ")
    };
    let response = phone.ask(&mut desk, &contact("h1", 1));
    assert_eq!(response.status, Status::OK);
    assert!(response.headers.has_word(HeaderName::Require, "outbound"));
    phone.call_id = "moved";
    assert_eq!(phone.register(&mut desk, &contact("h2", 1)), 200);
    assert_eq!(hosts(&desk), "sip:anna@h2", "in the place of the address that it had");
    assert_eq!(phone.register(&mut desk, &contact("h3", 2)), 200);
    assert_eq!(hosts(&desk), "sip:anna@h2 sip:anna@h3", "another flow stands beside");
    assert_eq!(phone.register(&mut desk, "Contact: <sip:anna@h4>\r\n"), 200);
    assert_eq!(hosts(&desk), "sip:anna@h2 sip:anna@h3 sip:anna@h4");
    let two = format!("{}Contact: <sip:anna@h6>\r\n", contact("h5", 1));
    assert_eq!(phone.register(&mut desk, &two), 400, "a flow is registered alone");
    let behind = "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK9\r\n";
    assert_eq!(phone.register(&mut desk, &format!("{behind}{}", contact("h7", 1))), 439);
    let keeps = format!("{behind}Path: <sip:edge.example.com;lr;ob>\r\n{}", contact("h7", 1));
    assert_eq!(phone.register(&mut desk, &keeps), 200);
}

#[test]
fn a_phone_is_kept_with_all_that_it_said_when_it_can_be_found_again() {
    let wall = "2026-03-02T12:00:00Z".parse().unwrap();
    for (transport, source, contact, kept) in [
        (Transport::Udp, "198.51.100.2:40000", "sip:anna@10.0.0.5:5062", Some("198.51.100.2:40000")),
        (Transport::Tcp, "198.51.100.2:40000", "sip:anna@198.51.100.2:5062;transport=tcp", Some("198.51.100.2:5062")),
        (Transport::Tls, "198.51.100.2:40000", "sip:anna@198.51.100.2;transport=tls", Some("198.51.100.2:5061")),
        (Transport::Tcp, "198.51.100.2:40000", "sip:anna@10.0.0.5:5062;transport=tcp", None),
        (Transport::Wss, "198.51.100.2:40000", "sip:anna@198.51.100.2;transport=ws", None),
    ] {
        let mut desk = Desk::open();
        let mut phone = Phone::new("anna", "red", source);
        phone.peer = Peer { transport, ..phone.peer };
        let headers = format!(
            "Path: <sip:edge.example.com;lr>\r\nContact: <{contact}>;q=0.7;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n"
        );
        let headers =
            if transport == Transport::Udp { headers } else { headers.split_once("\r\n").unwrap().1.to_owned() };
        assert_eq!(phone.register(&mut desk, &headers), 200, "{contact}");
        let now = Now { instant: desk.now, wall };
        let phones = desk.registrar.kept(now, &anna());
        assert_eq!(phones.first().map(|phone| phone.source.to_string()).as_deref(), kept, "{contact}");
        let Some(found) = phones.first() else { continue };
        let mut next = Desk::open();
        next.registrar.restore(now, &anna(), found, addr("192.0.2.1:5060"));
        assert_eq!(next.registrar.kept(now, &anna()), phones);
        let target = next.registrar.target(&anna()).unwrap();
        assert_eq!((target.uri.to_string(), target.peer.transport), (contact.to_owned(), transport));
        assert_eq!(target.path.len(), usize::from(transport == Transport::Udp));
    }
}

/// What the index says is what a look at every binding would find.
fn assert_indexed(desk: &Desk, closed: Option<ConnectionId>) {
    let registrar = &desk.registrar;
    let all: Vec<&Binding> = registrar.phones.values().flatten().collect();
    assert_eq!(registrar.poll_timeout(), all.iter().map(|binding| binding.until).min());
    assert!(all.iter().all(|binding| registrar.is_phone(binding.target.peer)));
    let over = |phones: &Vec<Binding>| {
        let connections = phones.iter().filter_map(|binding| binding.target.peer.connection);
        connections.collect::<std::collections::BTreeSet<_>>().len()
    };
    let connections: usize = registrar.phones.values().map(over).sum();
    assert_eq!(registrar.index.counts(), (registrar.phones.len(), all.len(), connections));
    assert!(closed.is_none_or(|closed| registrar.index.over(closed).is_empty()));
}

#[test]
fn bindings_are_found_without_a_look_at_all_of_them() {
    let mut desk = Desk::open();
    let mut dice = 7_u32;
    for turn in 0..300_u64 {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (throw, number) = (dice >> 28, u64::from(dice >> 8 & 7));
        let (user, password) = if dice & 64 == 0 { ("anna", "red") } else { ("boris", "blue") };
        let mut phone = Phone::new(user, password, &format!("10.0.0.{}:5060", 10 + number % 5));
        phone.cseq = u32::try_from(turn).unwrap() * 10;
        phone.peer.connection = (number < 4).then_some(ConnectionId(number));
        let contact = format!("Contact: <sip:{user}@10.0.0.{}>;expires={}\r\n", number % 6, 60 + 40 * number);
        let mut closed = None;
        match throw {
            0..8 => assert_eq!(phone.register(&mut desk, &contact), 200, "{turn}"),
            8..10 => drop(phone.register(&mut desk, "Contact: *\r\nExpires: 0\r\n")),
            10..12 => {
                closed = Some(ConnectionId(number));
                desk.registrar.handle_closed(desk.now, ConnectionId(number));
            }
            _ => desk.later(20 + 30 * number),
        }
        assert_indexed(&desk, closed);
    }
    desk.later(7_200);
    assert_indexed(&desk, None);
    assert_eq!(desk.registrar.index.counts(), (0, 0, 0));
}

/// A flow of one of Anna's phones.
fn flow(host: &str, instance: u32, flow: u32) -> String {
    format!(
        "Supported: path, outbound\r\nContact: <sip:anna@{host}>;+sip.instance=\"<urn:uuid:{instance}>\";reg-id={flow}\r\n"
    )
}

#[test]
fn a_star_removes_every_flow() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.7:5060");
    for number in [1, 2] {
        assert_eq!(phone.register(&mut desk, &flow(&format!("h{number}"), 1, number)), 200);
    }
    assert_eq!(desk.registrar.targets(&anna()).len(), 2);
    assert_eq!(phone.register(&mut desk, "Contact: *\r\nExpires: 0\r\n"), 200);
    assert_eq!(desk.registrar.targets(&anna()).len(), 0);
}

#[test]
fn a_phone_with_several_flows_rings_once_over_the_newest() {
    let mut desk = Desk::open();
    let mut phone = Phone::new("anna", "red", "198.51.100.7:5060");
    let rung = |desk: &Desk| {
        let groups = desk.registrar.groups(&anna());
        let all: Vec<Vec<String>> =
            groups.iter().map(|group| group.iter().map(|target| target.uri.to_string()).collect()).collect();
        all.iter().map(|group| group.join(" ")).collect::<Vec<_>>().join(", ")
    };
    for (host, instance, number, expected) in [
        ("h1", 1, 1, "sip:anna@h1"),
        ("h2", 1, 2, "sip:anna@h2"),
        ("h3", 2, 1, "sip:anna@h3 sip:anna@h2"),
        ("h1", 1, 1, "sip:anna@h1 sip:anna@h3"),
    ] {
        desk.later(10);
        assert_eq!(phone.register(&mut desk, &flow(host, instance, number)), 200);
        assert_eq!(rung(&desk), expected);
    }
}
