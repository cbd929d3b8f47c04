//! What strangers can make of the server who invent addresses, hold several connections, or ask for what nobody serves.

use super::stage::{BANK, Stage, config};
use hotline::exchange::{Command, ExchangeConfig, GuardRules};
use hotline::voip::sip::endpoint::Command as SipCommand;
use hotline::voip::sip::{ConnectionId, Peer, Transport};
use std::net::SocketAddr;

/// An address that somebody made up.
fn invented(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    SocketAddr::from(([198, 18, high, low], 5060))
}

/// A request outside of every call.
fn request(method: &str, user: &str, number: u16, more: &str) -> Vec<u8> {
    let text = format!(
        "{method} sip:{user}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.18.0.1;branch=z9hG4bK-{user}-{number};rport\r\n\
         From: <sip:{user}@192.0.2.1>;tag=s{number}\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: {user}-{number}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:{user}@198.18.0.1>\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    );
    text.into_bytes()
}

/// A REGISTER with a wrong password for a name.
fn guess(user: &str, number: u16) -> Vec<u8> {
    let wrong = format!(
        "Authorization: Digest username=\"{user}\", realm=\"bank.example\", nonce=\"00\", uri=\"sip:192.0.2.1\", \
         response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"1\"\r\n"
    );
    request("REGISTER", user, number, &wrong)
}

#[test]
fn wrong_passwords_from_invented_addresses_do_not_fill_the_audit() {
    let guard = GuardRules { logins: 3, ..GuardRules::default() };
    let mut stage = Stage::configured(ExchangeConfig { guard, ..config() });
    for number in 0..500 {
        for attempt in 0..3 {
            stage.stranger_sends(invented(number), &guess(&format!("name{number}"), attempt));
        }
    }
    assert_eq!(stage.exchange.guard_counters().denied, 1_500);
    assert_eq!(stage.pauses, 10, "the store has other things to write");
    stage.run_for(1_000);
    for attempt in 0..3 {
        stage.stranger_sends(invented(900), &guess("anna", attempt));
    }
    assert_eq!(stage.pauses, 11, "a second later there is room for more");
}

/// Whether something was sent, and which connection is closed.
fn said(stage: &mut Stage) -> (usize, Option<ConnectionId>) {
    let (mut sent, mut closed) = (0, None);
    while let Some(command) = stage.exchange.next_command() {
        match command {
            Command::Sip(SipCommand::Send { .. }) => sent += 1,
            Command::Sip(SipCommand::Close(connection)) => closed = Some(connection),
            _ => {}
        }
    }
    (sent, closed)
}

#[test]
fn who_is_banned_for_what_came_over_one_connection_is_not_heard_on_another() {
    let mut stage = Stage::new();
    let (one, other) = (ConnectionId(501), ConnectionId(502));
    let connected = |stage: &mut Stage, connection: ConnectionId, port: u16| {
        let peer = Peer::over(Transport::Tcp, SocketAddr::from(([203, 0, 113, 9], port)), connection);
        let now = stage.now();
        stage.exchange.handle_connected(now, peer, BANK.parse().unwrap());
    };
    let asks = |stage: &mut Stage, connection: ConnectionId, number: u16, more: &str| {
        let now = stage.now();
        stage.exchange.handle_stream_bytes(now, connection, &request("OPTIONS", "x", number, more));
        said(stage)
    };
    connected(&mut stage, one, 40_001);
    connected(&mut stage, other, 40_002);
    assert_eq!(asks(&mut stage, other, 1, ""), (1, None), "it is heard");
    let tool = "User-Agent: friendly-scanner\r\n";
    let closed = (2..6).find_map(|number| asks(&mut stage, one, number, tool).1);
    assert_eq!(closed, Some(one));
    assert_eq!(asks(&mut stage, other, 7, ""), (0, Some(other)));
    assert_eq!(stage.exchange.guard_counters().silenced, 1);
}

#[test]
fn who_asks_on_and_on_for_what_nobody_serves_is_banned_and_who_does_now_and_then_is_not() {
    let mut stage = Stage::new();
    for number in 0..300 {
        stage.stranger_sends(invented(1), &request("SUBSCRIBE", "100", number, ""));
    }
    let reasons: Vec<&str> = stage.bans.iter().map(|ban| &*ban.reason).collect();
    assert_eq!(reasons, ["requests that nobody serves"]);
    for number in 0..60 {
        assert_eq!(stage.stranger_sends(invented(2), &request("SUBSCRIBE", "200", number, "")), [405]);
        stage.run_for(2_000);
    }
    assert_eq!(stage.bans.len(), 1);
}
