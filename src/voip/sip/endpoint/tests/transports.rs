//! Names and their servers, TLS, `WebSocket`s, large requests, several addresses of ours, STUN.

use super::calls::{outgoing, reply};
use super::*;
use crate::voip::sip::locate::{Answer, Destination, Record, RecordData, RecordKind};

pub(super) fn bank(destination: Destination) -> (Wired, Peer) {
    let mut names = Names::default();
    let transport = destination.transport.unwrap_or(Transport::Udp);
    let peer = Peer::named(transport, names.keep(destination));
    let listeners = [
        (Transport::Udp, BANK),
        (Transport::Tcp, BANK),
        (Transport::Tls, "192.0.2.1:5061"),
        (Transport::Udp, "198.51.100.77:5070"),
        (Transport::Udp, "[2001:db8::1]:5060"),
    ];
    let config = EndpointConfig {
        user_agent: "hotline/test".into(),
        contact_user: "bank".into(),
        listeners: listeners.map(|(transport, at)| Listener { transport, addr: addr(at) }).to_vec(),
        visibility: Visibility::default(),
        names,
        largest_datagram: 1_300,
        session: SessionPolicy::default(),
        limits: Limits::default(),
    };
    let mut bank = Wired::new();
    bank.bank = Endpoint::new(config, [2; 32]);
    (bank, peer)
}

/// Answers what is asked: every SRV with these servers, every A of a server with an address of its number.
pub(super) fn find(bank: &mut Wired, servers: &[(u16, &str, u16)], addresses: &[(&str, &str)]) {
    while let Some(command) = bank.bank.next_command() {
        let Command::Resolve(query) = command else { panic!("{command:?}") };
        let record = |data| Record { ttl: 300, data };
        let records = match query.kind {
            RecordKind::Srv => servers
                .iter()
                .map(|(priority, host, port)| RecordData::Srv {
                    priority: *priority,
                    weight: 0,
                    port: *port,
                    target: (*host).into(),
                })
                .map(record)
                .collect(),
            RecordKind::A => {
                let of_name = addresses.iter().filter(|(name, _)| *name == &*query.name);
                of_name.map(|(_, ip)| record(RecordData::Address(ip.parse().unwrap()))).collect()
            }
            RecordKind::Naptr | RecordKind::Aaaa => Vec::new(),
        };
        bank.bank.handle_resolved(bank.now, query.id, Answer::Records(records));
    }
    bank.told();
}

fn call(bank: &mut Wired, to: Peer) {
    bank.leg = Some(bank.bank.invite(bank.now, OutgoingCall { to, local: None, ..outgoing() }).unwrap());
}

pub(super) fn next(bank: &mut Wired) -> (Peer, String) {
    match bank.bank.next_command() {
        Some(Command::Send { to, bytes }) => (to, String::from_utf8_lossy(&bytes).into_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_is_full_or_gone_is_followed_by_the_next_and_comes_last_from_then_on() {
    let (mut bank, peer) = bank(Destination::new("sip.provider.example", None, Some(Transport::Udp)));
    let servers = [(1, "a.provider.example", 5060), (2, "b.provider.example", 5070)];
    find(&mut bank, &servers, &[("a.provider.example", "203.0.113.1"), ("b.provider.example", "203.0.113.2")]);
    call(&mut bank, peer);
    let (to, invite) = next(&mut bank);
    assert_eq!(to.addr, addr("203.0.113.1:5060"));
    bank.say(&reply(&invite, "503 Service Unavailable", "tag=a", ""));
    let second = bank.forward(Duration::ZERO);
    assert_eq!(second.len(), 0);
    // The ACK of the refusal went to the first, the INVITE to the second: the same call on another branch.
    bank.bank.invite(bank.now, OutgoingCall { to: peer, local: None, ..outgoing() }).unwrap();
    let (to, _) = next(&mut bank);
    assert_eq!(to.addr, addr("203.0.113.2:5070"), "who failed comes last");
}

#[test]
fn the_same_call_goes_on_at_the_next_server() {
    let (mut bank, peer) = bank(Destination::new("sip.provider.example", None, Some(Transport::Tcp)));
    let servers = [(1, "a.provider.example", 5060), (2, "b.provider.example", 5070)];
    find(&mut bank, &servers, &[("a.provider.example", "203.0.113.1"), ("b.provider.example", "203.0.113.2")]);
    call(&mut bank, peer);
    let Some(Command::Connect { to: first, .. }) = bank.bank.next_command() else { panic!() };
    bank.bank.handle_connect_failed(bank.now, first);
    let Some(Command::Connect { to: second, .. }) = bank.bank.next_command() else { panic!() };
    assert_eq!((first.addr, second.addr), (addr("203.0.113.1:5060"), addr("203.0.113.2:5070")));
    bank.bank.handle_connect_failed(bank.now, second);
    assert_eq!(bank.told(), ["Failed 503"]);
    assert_eq!(bank.bank.leg_count(), 0);
}

#[test]
fn a_name_that_leads_nowhere_fails_at_once() {
    let (mut bank, peer) = bank(Destination::new("sip.provider.example", None, None));
    find(&mut bank, &[], &[]);
    call(&mut bank, peer);
    assert_eq!(bank.told(), ["Failed 503"]);
    assert_eq!(bank.sent().len(), 0);
}

#[test]
fn over_tls_the_peer_must_prove_the_name_and_its_answers_come_the_same_way() {
    let (mut bank, peer) = bank(Destination::new("sip.provider.example", None, Some(Transport::Tls)));
    find(&mut bank, &[(1, "a.provider.example", 5061)], &[("a.provider.example", "203.0.113.1")]);
    call(&mut bank, peer);
    let Some(Command::Connect { to, name }) = bank.bank.next_command() else { panic!() };
    assert_eq!(
        (to.transport, to.addr, name.as_deref()),
        (Transport::Tls, addr("203.0.113.1:5061"), Some("sip.provider.example"))
    );
    // Somebody else at this address, whose name nobody has looked at, is not taken for it.
    let stranger = Peer::over(Transport::Tls, to.addr, ConnectionId(8));
    bank.bank.handle_connected(bank.now, stranger, addr("192.0.2.1:5061"));
    assert_eq!(bank.sent().len(), 0);
    bank.bank.handle_connected(bank.now, Peer { connection: Some(ConnectionId(9)), ..to }, addr("192.0.2.1:50000"));
    let (to, invite) = next(&mut bank);
    assert_eq!(to.connection, Some(ConnectionId(9)));
    assert!(invite.contains("Via: SIP/2.0/TLS 192.0.2.1:5061") && invite.contains("5061;transport=tls>"), "{invite}");
}

#[test]
fn what_is_too_large_for_a_datagram_goes_over_tcp_and_as_one_where_tcp_is_refused() {
    let (mut bank, _) = bank(Destination::new("unused.example", Some(5060), None));
    find(&mut bank, &[], &[]);
    let large = || OutgoingCall { offer: vec![b'x'; 1_200], ..outgoing() };
    bank.bank.invite(bank.now, large()).unwrap();
    let Some(Command::Connect { to, .. }) = bank.bank.next_command() else { panic!() };
    assert_eq!((to.transport, to.addr), (Transport::Tcp, addr(PHONE)));
    bank.bank.handle_connect_failed(bank.now, to);
    let (to, invite) = next(&mut bank);
    assert_eq!((to.transport, to.addr), (Transport::Udp, addr(PHONE)));
    assert!(invite.contains("Via: SIP/2.0/UDP") && invite.len() > 1_300);
    // It is remembered.
    bank.bank.invite(bank.now, large()).unwrap();
    assert_eq!(next(&mut bank).0.transport, Transport::Udp);
    assert_eq!(bank.told().len(), 0);
    // A peer that takes TCP is told over it.
    let other = Peer::udp(addr("192.0.2.77:5060"));
    bank.bank.invite(bank.now, OutgoingCall { to: other, ..large() }).unwrap();
    let Some(Command::Connect { to, .. }) = bank.bank.next_command() else { panic!() };
    bank.bank.handle_connected(bank.now, Peer { connection: Some(ConnectionId(3)), ..to }, addr("192.0.2.1:50000"));
    let (to, invite) = next(&mut bank);
    assert_eq!(to.connection, Some(ConnectionId(3)));
    assert!(invite.contains("Via: SIP/2.0/TCP"));
}

#[test]
fn a_contact_that_is_a_name_is_followed_once_it_is_known_where_it_leads() {
    for (ip, expected) in [(Some("203.0.113.9"), "203.0.113.9:5060"), (None, PHONE)] {
        let mut bank = Wired::of_trunk();
        let invite = request("INVITE", "one", "").replace("anna@192.0.2.10:5060>", "anna@sbc.provider.example>");
        bank.say(&invite);
        bank.told();
        bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
        let mut ok = String::new();
        while let Some(command) = bank.bank.next_command() {
            match command {
                Command::Send { bytes, .. } => ok = String::from_utf8_lossy(&bytes).into_owned(),
                Command::Resolve(query) => {
                    let record = |ip: &str| Record { ttl: 60, data: RecordData::Address(ip.parse().unwrap()) };
                    let found = ip.filter(|_| query.kind == RecordKind::A).map(record).into_iter().collect();
                    bank.bank.handle_resolved(bank.now, query.id, Answer::Records(found));
                }
                other => panic!("{other:?}"),
            }
        }
        bank.say(&within("ACK", 1, &tag_of(&ok), "ack"));
        bank.told();
        bank.bank.hang_up(bank.now, bank.leg.unwrap());
        let (to, bye) = next(&mut bank);
        assert_eq!(to.addr, addr(expected));
        assert!(bye.starts_with("BYE sip:anna@sbc.provider.example SIP/2.0"));
    }
}

#[test]
fn replies_and_dialogs_stay_with_the_address_that_was_called() {
    let (mut bank, _) = bank(Destination::new("unused.example", Some(5060), None));
    find(&mut bank, &[], &[]);
    for (ours, theirs) in [(BANK, PHONE), ("198.51.100.77:5070", PHONE), ("[2001:db8::1]:5060", "[2001:db8::9]:5060")] {
        let invite = request("INVITE", ours, "")
            .replace("Call-ID: ", &format!("Call-ID: {}", ours.bytes().map(u32::from).sum::<u32>()));
        bank.bank.handle_datagram(bank.now, Peer::udp(addr(theirs)), addr(ours), &wire_form(&invite));
        let (to, trying) = next(&mut bank);
        assert_eq!((to.local, headline(trying.as_bytes()).as_str()), (Some(addr(ours)), "100 INVITE"));
        let Some(Event::Incoming(incoming)) = bank.bank.next_event() else { panic!() };
        bank.bank.answer(bank.now, incoming.leg, b"answer".to_vec(), &Headers::new());
        let (to, ok) = next(&mut bank);
        assert!(ok.contains(&format!("Contact: <sip:bank@{ours}>")), "{ok}");
        assert_eq!(to.local, Some(addr(ours)));
    }
}

#[test]
fn a_call_of_ours_names_the_listener_of_its_family_and_transport() {
    let (mut bank, _) = bank(Destination::new("unused.example", Some(5060), None));
    find(&mut bank, &[], &[]);
    for (to, expected) in [("203.0.113.1:5060", "192.0.2.1:5060"), ("[2001:db8::9]:5060", "[2001:db8::1]:5060")] {
        call(&mut bank, Peer::udp(addr(to)));
        let (_, invite) = next(&mut bank);
        assert!(invite.contains(&format!("Via: SIP/2.0/UDP {expected};")), "{invite}");
        assert!(invite.contains(&format!("Contact: <sip:bank@{expected}>")), "{invite}");
    }
}

#[test]
fn a_call_to_a_sips_address_is_answered_with_one() {
    let mut bank = Wired::new();
    let phone = Peer::over(Transport::Tls, addr("203.0.113.8:50123"), ConnectionId(5));
    bank.bank.handle_connected(bank.now, phone, addr("192.0.2.1:5061"));
    let invite = request("INVITE", "one", "").replace("UDP", "TLS").replace("INVITE sip:", "INVITE sips:");
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(5), &wire_form(&invite));
    bank.told();
    bank.sent();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    assert!(bank.sent()[0].contains("Contact: <sips:bank@192.0.2.1:5061>"));
}

#[test]
fn a_call_over_a_connection_that_we_opened_is_told_where_we_listen() {
    let (mut bank, _) = bank(Destination::new("unused.example", Some(5060), None));
    find(&mut bank, &[], &[]);
    call(&mut bank, Peer::at(Transport::Tcp, addr(PHONE)));
    let Some(Command::Connect { to, .. }) = bank.bank.next_command() else { panic!() };
    bank.bank.handle_connected(bank.now, Peer { connection: Some(ConnectionId(5)), ..to }, addr("192.0.2.1:50000"));
    next(&mut bank);
    let invite = request("INVITE", "one", "").replace("UDP", "TCP");
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(5), &wire_form(&invite));
    next(&mut bank);
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    assert!(next(&mut bank).1.contains("Contact: <sip:bank@192.0.2.1:5060;transport=tcp>"));
}

#[test]
fn a_browser_speaks_in_frames_and_is_reached_over_its_connection_alone() {
    let mut bank = Wired::new();
    let browser = Peer::over(Transport::Wss, addr("203.0.113.8:50123"), ConnectionId(5));
    bank.bank.handle_connected(bank.now, browser, addr("192.0.2.1:8443"));
    let hidden = |text: String| {
        text.replace("UDP 192.0.2.10:5060", "WSS a1b2.invalid")
            .replace("192.0.2.10:5060>", "a1b2.invalid;transport=ws>")
    };
    let invite = hidden(request("INVITE", "one", ""));
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(5), &wire_form(&invite));
    bank.told();
    bank.sent();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let (to, ok) = next(&mut bank);
    assert_eq!(to, browser);
    assert!(
        ok.contains("Via: SIP/2.0/WSS a1b2.invalid") && ok.contains("Contact: <sip:bank@192.0.2.1:8443;transport=wss>"),
        "{ok}"
    );
    bank.bank.handle_stream_bytes(
        bank.now,
        ConnectionId(5),
        &wire_form(&hidden(within("ACK", 1, &tag_of(&ok), "ack"))),
    );
    assert_eq!(bank.told(), ["Acknowledged -"]);
    bank.bank.hang_up(bank.now, bank.leg.unwrap());
    let (to, bye) = next(&mut bank);
    assert_eq!((to, bye.lines().next().unwrap()), (browser, "BYE sip:anna@a1b2.invalid;transport=ws SIP/2.0"));
    // Nobody connects to a browser.
    bank.bank.handle_closed(bank.now, ConnectionId(5));
    bank.bank.invite(bank.now, OutgoingCall { to: browser, ..outgoing() }).unwrap();
    assert_eq!(bank.sent().len(), 0);
}

#[test]
fn stun_is_answered_on_the_port_of_sip() {
    let mut bank = Wired::new();
    let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    bank.bank.handle_datagram(bank.now, bank.from, addr(BANK), &request);
    let Some(Command::Send { to, bytes }) = bank.bank.next_command() else { panic!() };
    assert_eq!((to, &bytes[..2]), (bank.from.with_local(addr(BANK)), &[1, 1][..]));
    bank.bank.handle_datagram(bank.now, bank.from, addr(BANK), &request[..19]);
    assert_eq!(bank.sent().len(), 0);
    assert_eq!(bank.bank.counters().dropped, 1);
}
