//! TCP: framing, connections that come and go, and answers that stay on them.

use super::calls::outgoing;
use super::*;

fn tcp(connection: u64) -> Peer {
    Peer::over(crate::voip::sip::Transport::Tcp, addr("192.0.2.10:40000"), ConnectionId(connection))
}

fn connected() -> Wired {
    let mut bank = Wired::new();
    bank.from = tcp(7);
    bank.bank.handle_connected(bank.now, bank.from, addr(BANK));
    bank
}

fn heads(sent: &[String]) -> Vec<String> {
    sent.iter().map(|one| headline(one.as_bytes())).collect()
}

#[test]
fn two_messages_in_one_stream_may_be_cut_at_every_byte() {
    let mut stream = wire_form(&request("OPTIONS", "one", "").replace("UDP", "TCP"));
    stream.extend(wire_form(&request("INVITE", "two", "").replace("UDP", "TCP")));
    for cut in 0..stream.len() {
        let mut bank = connected();
        for part in [&stream[..cut], &stream[cut..]] {
            bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), part);
        }
        assert_eq!(heads(&bank.sent()), ["200 OPTIONS", "100 INVITE"], "cut at {cut}");
        assert_eq!(bank.told(), ["Incoming offer"]);
    }
}

#[test]
fn a_call_over_tcp_stays_on_its_connection_and_repeats_nothing_but_the_200() {
    let mut bank = connected();
    let say = |bank: &mut Wired, message: &str| {
        let bytes = wire_form(&message.replace("UDP", "TCP"));
        bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), &bytes);
    };
    say(&mut bank, &request("INVITE", "one", ""));
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let ok = bank.sent().remove(1);
    assert!(ok.contains("Contact: <sip:bank@192.0.2.1:5060;transport=tcp>"));
    assert_eq!(bank.forward(millis(600)), ["200 INVITE"]);
    say(&mut bank, &within("ACK", 1, &tag_of(&ok), "ack"));
    bank.bank.hang_up(bank.now, bank.leg.unwrap());
    let Some(Command::Send { to, bytes }) = bank.bank.next_command() else { panic!() };
    assert_eq!((to, headline(&bytes).as_str()), (tcp(7), "BYE"));
    assert!(String::from_utf8_lossy(&bytes).contains("Via: SIP/2.0/TCP 192.0.2.1:5060"));
    assert_eq!(bank.forward(Duration::from_secs(31)).len(), 0);
}

#[test]
fn a_ping_is_answered_and_garbage_closes_the_connection() {
    let mut bank = connected();
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), b"\r\n\r\n");
    assert_eq!(bank.sent(), ["\r\n"]);
    let endless = request("OPTIONS", "one", "Content-Length: x").replace("UDP", "TCP");
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), &wire_form(&endless));
    let sent = bank.sent();
    assert_eq!(status(&sent), 400);
    assert_eq!(sent[1], "Close ConnectionId(7)");
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), b"more");
    bank.bank.handle_closed(bank.now, ConnectionId(7));
    assert_eq!(bank.sent().len(), 0);
}

#[test]
fn a_caller_whose_connection_goes_before_the_answer_has_cancelled() {
    let mut bank = connected();
    let invite = request("INVITE", "one", "").replace("UDP", "TCP");
    bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), &wire_form(&invite));
    bank.bank.handle_closed(bank.now, ConnectionId(7));
    assert_eq!(bank.told(), ["Incoming offer", "Cancelled"]);
    bank.sent();
    assert_empty(&mut bank.bank);
}

#[test]
fn a_phone_without_a_connection_is_connected_to_or_the_call_fails() {
    let to = Peer::at(crate::voip::sip::Transport::Tcp, addr("192.0.2.10:5060"));
    for succeeds in [true, false] {
        let mut bank = Wired::new();
        bank.bank.invite(bank.now, OutgoingCall { to, ..outgoing() }).unwrap();
        assert_eq!(bank.sent(), ["Connect 192.0.2.10:5060"]);
        if succeeds {
            let there = Peer { connection: Some(ConnectionId(9)), ..to };
            bank.bank.handle_connected(bank.now, there, addr("192.0.2.1:50000"));
            assert_eq!(heads(&bank.sent()), ["INVITE"]);
        } else {
            bank.bank.handle_connect_failed(bank.now, to);
            assert_eq!(bank.told(), ["Failed 503"]);
            assert_empty(&mut bank.bank);
        }
    }
}

#[test]
fn connections_are_bounded() {
    let mut bank = Wired::new();
    bank.bank.streams = Streams::new(1);
    bank.bank.handle_connected(bank.now, tcp(1), addr(BANK));
    bank.bank.handle_connected(bank.now, tcp(2), addr(BANK));
    assert_eq!(bank.sent(), ["Close ConnectionId(2)"]);
}

#[test]
fn a_connection_that_brings_nothing_whole_is_closed_and_a_quiet_phone_is_not() {
    for (bytes, is_closed) in [(&b"OPTIONS sip:"[..], true), (b"", true), (b"\r\n\r\n", false)] {
        let mut bank = connected();
        bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), bytes);
        bank.sent();
        let end = bank.now + Duration::from_secs(3600);
        while let Some(next) = bank.bank.poll_timeout().filter(|next| *next <= end) {
            bank.bank.handle_timeout(next);
        }
        let expected: &[&str] = if is_closed { &["Close ConnectionId(7)"] } else { &[] };
        assert_eq!(bank.sent(), expected);
        bank.bank.handle_closed(end, ConnectionId(7));
        assert_empty(&mut bank.bank);
    }
}
