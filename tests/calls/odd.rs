//! Messages that are odd in their octets, over datagrams and over streams, and one that comes by two ways.

use super::stage::{Stage, config};
use hotline::exchange::Command;
use hotline::voip::sip::endpoint::Command as SipCommand;
use hotline::voip::sip::{ConnectionId, Peer, Transport};
use std::net::SocketAddr;

fn stage() -> Stage {
    let mut config = config();
    config.default_line = Some("main".into());
    Stage::configured(config)
}

fn stranger() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 9], 5060))
}

/// A request with this method, branch, and further lines.
fn message(method: &str, branch: &str, more: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} sip:bank@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@198.51.100.9>;tag=1\r\nTo: <sip:bank@192.0.2.1>\r\nCall-ID: x@198.51.100.9\r\n\
         CSeq: 7 {method}\r\nContact: <sip:a@198.51.100.9>\r\n"
    );
    [head.as_bytes(), more, b"\r\n"].concat()
}

fn replaced(mut message: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = message.windows(from.len()).position(|part| part == from).unwrap();
    message.splice(at..at + from.len(), to.iter().copied());
    message
}

/// The statuses that are answered, and which connection is closed.
fn said(stage: &mut Stage) -> (Vec<String>, Option<ConnectionId>) {
    let (mut answers, mut closed) = (Vec::new(), None);
    while let Some(command) = stage.exchange.next_command() {
        match command {
            Command::Sip(SipCommand::Send { bytes, .. }) => {
                answers.push(String::from_utf8_lossy(&bytes).split(' ').nth(1).unwrap_or_default().to_owned());
            }
            Command::Sip(SipCommand::Close(connection)) => closed = Some(connection),
            _ => {}
        }
    }
    (answers, closed)
}

#[test]
fn octets_that_are_no_text_are_left_alone_where_nobody_reads_them_and_refused_where_they_are_read() {
    let options = |more: &[u8]| message("OPTIONS", "o", more);
    for (name, bytes, status) in [
        ("an unknown header", options(b"X-Odd: \xff\xfe\x80\r\n"), Some(200)),
        ("a subject in Latin-1", options(b"Subject: Gru\xdf\r\n"), Some(200)),
        ("a Call-ID", replaced(options(b""), b"Call-ID: x", b"Call-ID: \xffx"), Some(400)),
        ("a host", replaced(options(b""), b"<sip:a@198.51.100.9>;tag", b"<sip:a@\xff\xfe>;tag"), Some(400)),
        ("a number", replaced(options(b""), b"CSeq: 7", b"CSeq: \xb2"), Some(400)),
        ("nothing but such octets", vec![0xff; 500], None),
    ] {
        let mut stage = stage();
        let now = stage.now();
        stage.exchange.handle_datagram(now, Peer::udp(stranger()), "192.0.2.1:5060".parse().unwrap(), &bytes);
        let (answers, _) = said(&mut stage);
        assert_eq!(answers, status.map(|status: u16| status.to_string()).into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_call_that_comes_by_two_ways_is_a_loop_on_the_second() {
    let mut stage = stage();
    assert_eq!(stage.stranger_sends(stranger(), &message("INVITE", "one", b"")), [200]);
    assert_eq!(stage.stranger_sends(stranger(), &message("INVITE", "two", b"")), [482]);
    assert_eq!(stage.exchange.calls(), 1);
}

#[test]
fn a_stream_whose_lengths_are_missing_or_contradict_each_other_is_answered_and_closed() {
    for (name, lines, status) in [
        ("no Content-Length", "", "400"),
        ("two that differ", "Content-Length: 0\r\nContent-Length: 4\r\n", "400"),
        ("a negative one", "Content-Length: -1\r\n", "400"),
        ("none that could be kept", "Content-Length: 99999999999999999999\r\n", "400"),
        ("a larger one than may be", "Content-Length: 70000000\r\n", "513"),
    ] {
        let mut stage = stage();
        let connection = ConnectionId(77);
        let peer = Peer::over(Transport::Tcp, stranger(), connection);
        let bytes = message("OPTIONS", "o", lines.as_bytes());
        let now = stage.now();
        stage.exchange.handle_connected(now, peer, "192.0.2.1:5060".parse().unwrap());
        stage.exchange.handle_stream_bytes(now, connection, &bytes);
        assert_eq!(said(&mut stage), (vec![status.to_owned()], Some(connection)), "{name}");
    }
}
