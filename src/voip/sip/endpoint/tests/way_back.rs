//! Responses whose connection is gone before they could be sent (RFC 3261 §18.2.2).

use super::sessions::{forward, heads, only, seconds};
use super::*;

const STREAM: ConnectionId = ConnectionId(7);

/// A message over a connection.
fn say(bank: &mut Wired, over: ConnectionId, message: &str) {
    bank.bank.handle_stream_bytes(bank.now, over, &wire_form(message));
}

/// A connection, and an INVITE over it whose Via says this: `TCP 192.0.2.10:5070`.
fn called(via: &str, transport: Transport, is_trunk: bool) -> Wired {
    let mut bank = Wired::new();
    bank.bank.set_trunks(Trunks::by(move |_| is_trunk));
    bank.from = Peer::over(transport, addr("192.0.2.10:40000"), STREAM);
    bank.bank.handle_connected(bank.now, bank.from, addr(BANK));
    say(&mut bank, STREAM, &over(via, &request("INVITE", "one", "")));
    assert_eq!(bank.told(), ["Incoming offer"]);
    assert_eq!(heads(&bank.sent()), ["100 INVITE"]);
    bank
}

fn over(via: &str, message: &str) -> String {
    message.replace("SIP/2.0/UDP 192.0.2.10:5060", &format!("SIP/2.0/{via}"))
}

fn answer(bank: &mut Wired) {
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
}

#[test]
fn the_answer_to_a_trunk_goes_over_a_new_connection_and_the_call_goes_on_there() {
    let via = "TCP 192.0.2.10:5070";
    let mut bank = called(via, Transport::Tcp, true);
    bank.bank.handle_closed(bank.now, STREAM);
    assert!(bank.told().is_empty(), "the call is not given up");
    answer(&mut bank);
    assert_eq!(bank.sent(), ["Connect 192.0.2.10:5070"]);
    let there = Peer::over(Transport::Tcp, addr("192.0.2.10:5070"), ConnectionId(9));
    bank.bank.handle_connected(bank.now, there, addr("192.0.2.1:50000"));
    let ok = only(bank.sent(), "200 INVITE");
    say(&mut bank, ConnectionId(9), &over(via, &within("ACK", 1, &tag_of(&ok), "ack")));
    assert_eq!(bank.told(), ["Acknowledged -"]);
    say(&mut bank, ConnectionId(9), &over(via, &within("BYE", 2, &tag_of(&ok), "bye")));
    assert_eq!(bank.told(), ["HungUp"]);
    assert_eq!(heads(&bank.sent()), ["200 BYE"]);
}

#[test]
fn an_answer_that_was_lost_with_its_connection_is_repeated_over_another() {
    let mut bank = called("TCP 192.0.2.10:5070", Transport::Tcp, true);
    answer(&mut bank);
    assert_eq!(heads(&bank.sent()), ["200 INVITE"]);
    bank.bank.handle_closed(bank.now, STREAM);
    assert_eq!(forward(&mut bank, millis(600)), ["Connect 192.0.2.10:5070"]);
}

#[test]
fn the_ip_is_that_of_the_sender_and_the_via_has_a_say_in_the_port_alone() {
    for (via, transport, expected) in [
        ("TCP 192.0.2.10:5070", Transport::Tcp, "192.0.2.10:5070"),
        ("TCP 192.0.2.10", Transport::Tcp, "192.0.2.10:5060"),
        ("TLS 192.0.2.10", Transport::Tls, "192.0.2.10:5061"),
        ("TCP 203.0.113.7:7000", Transport::Tcp, "192.0.2.10:7000"),
        ("TCP sip.provider.example", Transport::Tcp, "192.0.2.10:5060"),
        ("TCP 192.0.2.10:5070;maddr=203.0.113.9", Transport::Tcp, "192.0.2.10:5070"),
        ("TCP 192.0.2.10:5070;received=203.0.113.9", Transport::Tcp, "192.0.2.10:5070"),
    ] {
        let mut bank = called(via, transport, true);
        bank.bank.handle_closed(bank.now, STREAM);
        bank.bank.ring(bank.now, bank.leg.unwrap());
        assert_eq!(bank.sent(), [format!("Connect {expected}")], "{via}");
    }
}

#[test]
fn a_registered_phone_is_called_back_and_nobody_else_who_breaks_a_connection() {
    for (via, transport, is_phone) in [
        ("TCP 192.0.2.10:5070", Transport::Tcp, true),
        ("TCP 192.0.2.10:5070", Transport::Tcp, false),
        ("TLS 192.0.2.10:5070", Transport::Tcp, true),
        ("WS df7jal23ls0d.invalid", Transport::Ws, true),
        ("WSS df7jal23ls0d.invalid", Transport::Wss, true),
    ] {
        let mut bank = Wired::new();
        if is_phone {
            bank.bank.add_phone(addr("192.0.2.10:40000"));
        }
        bank.from = Peer::over(transport, addr("192.0.2.10:40000"), STREAM);
        bank.bank.handle_connected(bank.now, bank.from, addr(BANK));
        say(&mut bank, STREAM, &over(via, &request("INVITE", "one", "")));
        bank.told();
        bank.sent();
        bank.bank.handle_closed(bank.now, STREAM);
        if is_phone && via.starts_with("TCP") {
            assert!(bank.told().is_empty());
            bank.bank.ring(bank.now, bank.leg.unwrap());
            assert_eq!(bank.sent(), ["Connect 192.0.2.10:5070"]);
        } else {
            assert_eq!(bank.told(), ["Cancelled"], "{via}");
            assert_eq!(bank.sent().len(), 0);
            assert_empty(&mut bank.bank);
        }
    }
}

#[test]
fn when_nobody_listens_there_the_caller_is_gone() {
    let mut bank = called("TCP 192.0.2.10:5070", Transport::Tcp, true);
    bank.bank.handle_closed(bank.now, STREAM);
    bank.bank.ring(bank.now, bank.leg.unwrap());
    bank.sent();
    bank.bank.handle_connect_failed(bank.now, Peer::at(Transport::Tcp, addr("192.0.2.10:5070")));
    assert_eq!(bank.told(), ["Cancelled"]);
    assert_eq!(forward(&mut bank, seconds(70)).len(), 0, "it is tried once");
    assert_empty(&mut bank.bank);
}

#[test]
fn the_answer_to_an_update_and_to_a_register_finds_its_way_back_too() {
    let via = "TCP 192.0.2.10:5070";
    let mut bank = called(via, Transport::Tcp, true);
    answer(&mut bank);
    let ok = bank.sent().remove(0);
    say(&mut bank, STREAM, &over(via, &within("ACK", 1, &tag_of(&ok), "ack")));
    let update = format!("{}Content-Type: application/sdp\n\noffer", within("UPDATE", 2, &tag_of(&ok), "two"));
    say(&mut bank, STREAM, &over(via, &update));
    assert_eq!(bank.told(), ["Acknowledged -", "Reoffer offer"]);
    say(&mut bank, STREAM, &over(via, &request("REGISTER", "three", "").replace("one@", "other@")));
    let Some(Event::Register { request, token, .. }) = bank.bank.next_event() else { panic!("no REGISTER") };
    bank.bank.handle_closed(bank.now, STREAM);
    bank.bank.respond(bank.now, token, request.response(Status::OK));
    bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"fine".to_vec());
    assert_eq!(bank.sent(), ["Connect 192.0.2.10:5070"], "one connection for both");
    let there = Peer::over(Transport::Tcp, addr("192.0.2.10:5070"), ConnectionId(9));
    bank.bank.handle_connected(bank.now, there, addr("192.0.2.1:50000"));
    assert_eq!(heads(&bank.sent()), ["200 REGISTER", "200 UPDATE"]);
}

#[test]
fn nobody_is_knocked_at_for_a_stranger_whose_connection_went_with_its_answer() {
    let mut bank = called("TCP 192.0.2.10:5070", Transport::Tcp, false);
    answer(&mut bank);
    assert_eq!(heads(&bank.sent()), ["200 INVITE"]);
    bank.bank.handle_closed(bank.now, STREAM);
    assert_eq!(forward(&mut bank, seconds(31)), [] as [&str; 0]);
}
