//! Requests of ours that go another way when the first one fails.

use super::calls::reply;
use super::sessions::{forward, only, seconds};
use super::transports::{bank, find, next};
use super::*;
use crate::voip::sip::endpoint::{Refer, Reply};
use crate::voip::sip::headers::{HeaderName, SipCallId};
use crate::voip::sip::locate::Destination;
use crate::voip::sip::{Method, Request};

/// The bank, whose provider has two servers over a transport.
fn two_servers(transport: Transport) -> (Wired, Peer) {
    let (mut bank, peer) = bank(Destination::new("sip.provider.example", None, Some(transport)));
    let servers = [(1, "a.provider.example", 5060), (2, "b.provider.example", 5060)];
    find(&mut bank, &servers, &[("a.provider.example", "203.0.113.1"), ("b.provider.example", "203.0.113.2")]);
    (bank, peer)
}

fn errand(bank: &mut Wired, method: Method, to: Peer) -> ErrandId {
    let uri = Uri::parse("sip:sip.provider.example").unwrap();
    let who = NameAddr::parse(b"<sip:bank@sip.provider.example>").unwrap();
    let call_id = SipCallId::new("errand").unwrap();
    let request = Request::new(method, uri, who.clone().with_tag("b"), who, call_id, 7);
    bank.bank.send_errand(bank.now, request, to).unwrap()
}

/// What came of the errand: the status, or nothing.
fn outcome(bank: &mut Wired, errand: ErrandId) -> Option<u16> {
    match bank.bank.next_event() {
        Some(Event::Replied { errand: one, reply: Reply::Answered(response) }) if one == errand => {
            Some(response.status.code())
        }
        Some(Event::Replied { errand: one, .. }) if one == errand => Some(0),
        None => None,
        other => panic!("{other:?}"),
    }
}

/// Lets time pass; to whom something is sent meanwhile, each once.
fn sent_to(bank: &mut Wired, length: Duration) -> Vec<String> {
    let end = bank.now + length;
    let mut all = Vec::new();
    loop {
        while let Some(command) = bank.bank.next_command() {
            if let Command::Send { to, .. } = command
                && all.last() != Some(&to.addr.ip().to_string())
            {
                all.push(to.addr.ip().to_string());
            }
        }
        let Some(at) = bank.bank.poll_timeout().filter(|at| *at <= end) else { break };
        bank.now = at;
        bank.bank.handle_timeout(at);
    }
    bank.now = end;
    all
}

#[track_caller]
fn assert_nothing_is_under_way(bank: &Wired) {
    let left = (bank.bank.transaction_count(), bank.bank.errands.len(), bank.bank.onward.len());
    assert_eq!(left, (0, 0, 0), "transactions, errands, ways to go");
}

const FIRST: &str = "203.0.113.1";
const SECOND: &str = "203.0.113.2";

#[test]
fn an_errand_goes_on_at_the_next_server_after_a_silence_and_the_silent_one_comes_last() {
    let (mut bank, peer) = two_servers(Transport::Udp);
    let sent = errand(&mut bank, Method::Register, peer);
    assert_eq!(sent_to(&mut bank, millis(31_900)), [FIRST]);
    assert_eq!(outcome(&mut bank, sent), None);
    assert_eq!(sent_to(&mut bank, seconds(2)), [SECOND]);
    assert_eq!(outcome(&mut bank, sent), None, "nobody above hears of the first");
    assert_eq!(sent_to(&mut bank, seconds(32)), [SECOND]);
    assert_eq!(outcome(&mut bank, sent), Some(0), "both are silent");
    errand(&mut bank, Method::Options, peer);
    assert_eq!(sent_to(&mut bank, millis(10)), [SECOND], "who failed comes last");
    forward(&mut bank, seconds(70));
    assert!(bank.bank.onward.is_empty());
}

#[test]
fn an_errand_is_asked_of_the_next_server_when_one_is_full_and_the_answer_is_the_last_ones() {
    let (mut bank, peer) = two_servers(Transport::Udp);
    let sent = errand(&mut bank, Method::Register, peer);
    let (to, first) = next(&mut bank);
    assert_eq!(to.addr.ip().to_string(), FIRST);
    bank.say(&reply(&first, "100 Trying", "", ""));
    bank.bank.handle_datagram(bank.now, bank.from, addr(BANK), &wire_form(&reply(&first, "503 Full", "tag=a", "")));
    let (to, second) = next(&mut bank);
    assert_eq!((to.addr.ip().to_string().as_str(), outcome(&mut bank, sent)), (SECOND, None));
    let line = |message: &str, name: &str| message.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    for same in ["REGISTER", "Call-ID:", "CSeq:", "From:"] {
        assert_eq!(line(&first, same), line(&second, same));
    }
    assert_eq!(second.matches("Via:").count(), 1);
    assert_ne!(line(&first, "Via:"), line(&second, "Via:"), "on a branch of its own");
    bank.say(&reply(&second, "503 Full", "tag=b", ""));
    assert_eq!(outcome(&mut bank, sent), Some(503), "nobody is left to ask");
    assert_eq!(outcome(&mut bank, sent), None, "once");
    forward(&mut bank, seconds(70));
    assert_nothing_is_under_way(&bank);
}

#[test]
fn an_answer_that_is_no_503_is_the_answer() {
    for status in ["200 OK", "401 Unauthorized", "500 Server Error", "404 Not Found"] {
        let (mut bank, peer) = two_servers(Transport::Udp);
        let sent = errand(&mut bank, Method::Register, peer);
        let (_, register) = next(&mut bank);
        assert_eq!(bank.say(&reply(&register, status, "tag=a", "")).len(), 0, "{status}");
        assert_eq!(outcome(&mut bank, sent), Some(status[..3].parse().unwrap()));
        assert!(bank.bank.onward.is_empty());
    }
}

#[test]
fn a_server_that_takes_no_connection_is_followed_by_the_next() {
    let (mut bank, peer) = two_servers(Transport::Tcp);
    let sent = errand(&mut bank, Method::Options, peer);
    let Some(Command::Connect { to: first, .. }) = bank.bank.next_command() else { panic!() };
    bank.bank.handle_connect_failed(bank.now, first);
    let Some(Command::Connect { to: second, .. }) = bank.bank.next_command() else { panic!() };
    assert_eq!([first, second].map(|to| to.addr.ip().to_string()), [FIRST, SECOND]);
    bank.bank.handle_connect_failed(bank.now, second);
    assert_eq!(outcome(&mut bank, sent), Some(0));
}

#[test]
fn an_errand_that_is_given_up_goes_nowhere_else_and_the_next_asks_another_server_first() {
    let (mut bank, peer) = two_servers(Transport::Udp);
    let sent = errand(&mut bank, Method::Options, peer);
    assert_eq!(sent_to(&mut bank, seconds(5)), [FIRST]);
    bank.bank.give_up_errand(bank.now, sent);
    errand(&mut bank, Method::Options, peer);
    let (to, options) = next(&mut bank);
    assert_eq!(to.addr.ip().to_string(), SECOND);
    bank.say(&reply(&options, "200 OK", "tag=b", ""));
    bank.told();
    assert_eq!(sent_to(&mut bank, seconds(60)), [FIRST], "its own transaction runs out alone");
    assert_eq!(outcome(&mut bank, sent), None);
    assert_nothing_is_under_way(&bank);
}

/// A call over UDP that stands.
fn standing() -> (Wired, String, LegId) {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    let leg = bank.leg.unwrap();
    (bank, tag, leg)
}

fn connect(bank: &mut Wired) -> Peer {
    match bank.bank.next_command() {
        Some(Command::Connect { to, .. }) => to,
        other => panic!("{other:?}"),
    }
}

/// Makes a call say something large.
type Act<'a> = &'a dyn Fn(&mut Wired, LegId);

#[test]
fn a_request_within_a_call_that_is_too_large_goes_over_tcp_and_as_a_datagram_where_tcp_is_refused() {
    let offer = |bank: &mut Wired, leg| bank.bank.reoffer(bank.now, leg, vec![b'x'; 1_200]);
    let refer = |bank: &mut Wired, leg| {
        let to = NameAddr::parse(format!("<sip:{}@192.0.2.20>", "x".repeat(1_200)).as_bytes()).unwrap();
        bank.bank.refer(bank.now, leg, Refer { to, by: None, headers: Headers::new(), within: seconds(30) });
    };
    let acts: [(&str, Act<'_>); 2] = [("INVITE", &offer), ("REFER", &refer)];
    for (method, act) in acts {
        let (mut bank, _, leg) = standing();
        act(&mut bank, leg);
        let to = connect(&mut bank);
        assert_eq!((to.transport, to.addr), (Transport::Tcp, addr(PHONE)), "{method}");
        bank.bank.handle_connect_failed(bank.now, to);
        let (to, sent) = next(&mut bank);
        assert_eq!((to.transport, to.addr), (Transport::Udp, addr(PHONE)), "{method}");
        assert!(sent.starts_with(method) && sent.contains("Via: SIP/2.0/UDP") && sent.len() > 1_300, "{sent}");
        assert_eq!(sent.matches("Via:").count(), 1, "{sent}");
        assert_eq!(bank.told().len(), 0, "{method}: nobody above hears of it");
        // It is repeated as every datagram is, and the refusal is remembered.
        assert_eq!(bank.forward(millis(510)), [method]);
        bank.say(&reply(&sent, "488 Not Acceptable Here", "", ""));
        bank.told();
        offer(&mut bank, leg);
        assert_eq!(next(&mut bank).0.transport, Transport::Udp);
        assert!(bank.bank.onward.is_empty());
    }
}

#[test]
fn a_peer_that_takes_tcp_is_asked_and_answers_over_it() {
    let (mut bank, _, leg) = standing();
    bank.bank.reoffer(bank.now, leg, vec![b'x'; 1_200]);
    let to = connect(&mut bank);
    let open = Peer { connection: Some(ConnectionId(3)), ..to };
    bank.bank.handle_connected(bank.now, open, addr("192.0.2.1:50000"));
    let (to, invite) = next(&mut bank);
    assert_eq!(to.connection, Some(ConnectionId(3)));
    assert!(invite.contains("Via: SIP/2.0/TCP 192.0.2.1:5060"), "{invite}");
    let ok = wire_form(&reply(&invite, "200 OK", "", "theirs"));
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(3), &ok);
    let (to, ack) = next(&mut bank);
    assert!(to.transport == Transport::Udp && ack.starts_with("ACK"), "what is small goes as before");
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    // A connection that breaks before the answer is as one that was refused.
    bank.bank.reoffer(bank.now, leg, vec![b'y'; 1_200]);
    assert_eq!(next(&mut bank).0.connection, Some(ConnectionId(3)));
    bank.bank.handle_closed(bank.now, ConnectionId(3));
    let (to, invite) = next(&mut bank);
    assert!(to.transport == Transport::Udp && invite.ends_with('y'));
    bank.say(&reply(&invite, "200 OK", "", "theirs"));
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
}

#[test]
fn a_call_whose_connection_is_gone_is_hung_up_where_the_peer_listens() {
    for (contact, port) in [("192.0.2.10:5070", Some(5070)), ("192.0.2.10", Some(5060)), ("10.0.0.9:5070", None)] {
        let mut bank = Wired::new();
        bank.from = Peer::over(Transport::Tcp, addr("192.0.2.10:40000"), ConnectionId(7));
        bank.bank.handle_connected(bank.now, bank.from, addr(BANK));
        let contact = format!("Contact: <sip:anna@{contact};transport=tcp>");
        let invite = request("INVITE", "one", "").replace("UDP", "TCP");
        let invite = invite.replace("Contact: <sip:anna@192.0.2.10:5060>", &contact);
        bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), &wire_form(&invite));
        bank.told();
        bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
        let ok = bank.sent().pop().unwrap();
        let ack = within("ACK", 1, &tag_of(&ok), "ack").replace("UDP", "TCP");
        bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), &wire_form(&ack));
        bank.bank.handle_closed(bank.now, ConnectionId(7));
        bank.told();
        bank.bank.hang_up(bank.now, bank.leg.unwrap());
        let to = connect(&mut bank);
        assert_eq!(to.addr, addr(&format!("192.0.2.10:{}", port.unwrap_or(40_000))), "{contact}");
    }
}

#[test]
fn a_change_that_is_never_answered_leaves_nothing_behind_when_the_call_is_over() {
    let (mut bank, tag, leg) = standing();
    bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
    let invite = only(bank.sent(), "INVITE");
    bank.say(&reply(&invite, "100 Trying", "", ""));
    bank.say(&within("BYE", 2, &tag, "bye"));
    assert_eq!(bank.told(), ["HungUp"]);
    forward(&mut bank, seconds(70));
    assert_empty(&mut bank.bank);
}

#[test]
fn an_acknowledgement_that_is_too_large_goes_over_tcp() {
    let mut bank = Wired::new();
    let leg = bank.bank.invite(bank.now, super::calls::outgoing()).unwrap();
    let invite = only(bank.sent(), "INVITE");
    let ok = reply(&invite, "200 OK", "tag=a", "answer");
    let hop = |number| format!("Record-Route: <sip:proxy-{number}-{}@192.0.2.10;lr>\n", "x".repeat(20));
    let routes = (0..30).map(hop).collect::<Vec<_>>().concat();
    let ok = ok.replacen("Contact:", &format!("{routes}Contact:"), 1);
    bank.bank.handle_datagram(bank.now, bank.from, addr(BANK), &wire_form(&ok));
    let to = connect(&mut bank);
    assert_eq!((to.transport, to.addr), (Transport::Tcp, addr(PHONE)));
    bank.bank.handle_connect_failed(bank.now, to);
    assert_eq!(bank.sent().len(), 0, "the answer will come again");
    let again = bank.say(&ok);
    let ack = only(again, "ACK");
    assert!(ack.len() > 1_300 && ack.contains("Via: SIP/2.0/UDP"), "{ack}");
    assert_eq!(bank.told(), ["Answered answer"]);
    bank.bank.hang_up(bank.now, leg);
    let bye = only(bank.sent(), "BYE");
    let Ok(Message::Request(bye)) = Message::parse(bye.as_bytes()) else { panic!("{bye}") };
    assert_eq!(bye.headers.get_all(HeaderName::Route).count(), 30);
}
