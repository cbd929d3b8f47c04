use std::net::SocketAddr;

use proptest::prelude::*;

use super::super::headers::{Contact, HeaderName, RecordRoute};
use super::super::{ConnectionId, Malformed, Peer, Transport};
use super::*;

const INVITE: &str = "INVITE sip:bank@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bK1, SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bK0\r\n\
    f: \"Ann <a,b>\" <sip:ann@example.org>;tag=a1\r\nt: <sip:bank@example.com>\r\ni: call-1\r\nCSeq: 7 INVITE\r\n\
    Max-Forwards: 69\r\nRecord-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n\
    Timestamp: 54\r\nm: <sip:ann@192.0.2.1:5062>\r\nX-Odd: \u{fffd}\r\n";

fn invite(rest: &str) -> Vec<u8> {
    // A byte that is not UTF-8 in the value of an unknown header.
    let mut bytes = format!("{INVITE}{rest}").into_bytes();
    let at = bytes.windows(3).position(|three| three == "\u{fffd}".as_bytes()).unwrap();
    bytes.splice(at..at + 3, [0xff]);
    bytes
}

fn request(bytes: &[u8]) -> Request {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn status(bytes: &[u8]) -> u16 {
    match Message::parse(bytes) {
        Err(Unusable::Refused(refusal)) => refusal.status.code(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_list_becomes_values_and_an_unknown_header_stays_bytes() {
    let invite = request(&invite("\r\n"));
    assert_eq!(invite.vias.len(), 2);
    assert_eq!(invite.vias[1].host.to_string(), "[2001:db8::9]");
    assert_eq!((invite.vias[1].port, invite.vias[1].transport()), (Some(5070), Some(Transport::Tcp)));
    assert_eq!(invite.from.display(), "Ann <a,b>");
    let routes = invite.headers.all::<RecordRoute>().unwrap();
    let routes: Vec<String> = routes.iter().map(|route| route.0.uri().to_string()).collect();
    assert_eq!(routes, ["sip:p2.example.com;lr", "sip:p1.example.com;lr"]);
    assert_eq!(invite.headers.get_other("x-odd"), Some([0xff].as_slice()));
}

#[test]
fn the_length_of_a_body_in_a_datagram() {
    for (rest, body) in [
        ("\r\nwhole rest", "whole rest"),
        ("Content-Length: 4\r\n\r\nbodyextra", "body"),
        ("l:0\r\n\r\nextra", ""),
        ("l: 4\r\nContent-Length: 4\r\n\r\nbody", "body"),
    ] {
        assert_eq!(request(&invite(rest)).body, body.as_bytes(), "{rest:?}");
    }
    for rest in ["l: 5\r\n\r\nbody", "l: 4\r\nl: 3\r\n\r\nbody", "l: x\r\n\r\nbody", "l: -1\r\n\r\n", "l:\r\n\r\n"] {
        assert_eq!(status(&invite(rest)), 400, "{rest:?}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let value = "x".repeat(8_200);
    assert_eq!(status(&invite(&format!("Subject: {value}\r\n\r\n"))), 513);
    assert_eq!(status(&invite(&format!("Subject: a\r\n {value}\r\n\r\n"))), 513);
    assert_eq!(status(&invite(&("X: y\r\n".repeat(10_000) + "\r\n"))), 513);
    assert_eq!(status(&invite(&format!("\r\n{}", "b".repeat(70_000)))), 513);
    assert_eq!(status(&invite(&format!("Via: SIP/2.0/UDP h{}\r\n\r\n", ",".repeat(300)))), 513);
    assert_eq!(status(&invite(&format!("Route: <sip:h>{}\r\n\r\n", ", <sip:h>".repeat(300)))), 513);
    assert_eq!(request(&invite(&("X: y\r\n".repeat(200) + "\r\n"))).headers.len(), 205);
}

/// A list is one line when it comes and a line for each value when it goes, and a Content-Length comes to it.
#[test]
fn the_longest_list_that_is_read_can_be_read_again() {
    let listed = |values: usize| invite(&format!("Record-Route: <sip:p>{}\r\n\r\n", ",<sip:p>".repeat(values - 1)));
    let most = (1..MAX_HEADER_LINES).rev().find(|&values| Message::parse(&listed(values)).is_ok()).unwrap();
    let request = request(&listed(most));
    let again = Message::parse(&request.to_bytes()).unwrap();
    assert_eq!(again, Message::Request(request));
    assert_eq!(status(&listed(most + 1)), 513);
}

#[test]
fn a_request_that_lacks_or_doubles_something_is_refused() {
    for (from, to) in [
        ("t: <sip:bank@example.com>\r\n", ""),
        ("i: call-1\r\n", ""),
        ("i: call-1\r\n", "i: call-1\r\nCall-ID: call-2\r\n"),
        ("i: call-1\r\n", "i: call 1\r\n"),
        ("CSeq: 7 INVITE", "CSeq: 7 BYE"),
        ("CSeq: 7 INVITE", "CSeq: 2147483648 INVITE"),
        ("CSeq: 7 INVITE", "CSeq: 7"),
        ("Max-Forwards: 69", "Max-Forwards: 256"),
        ("Max-Forwards: 69", "Max-Forwards: 69\r\nMax-Forwards: 69"),
        ("Timestamp: 54", "no colon"),
        ("[2001:db8::9]:5070", "[2001:db8::9"),
        ("\r\nm: <", "\r\nm: <<"),
        ("SIP/2.0\r\n", "SIP/2.0 \r\n"),
        ("INVITE sip", "INV\u{e9}TE sip"),
    ] {
        let bytes = String::from_utf8_lossy(&invite("\r\n")).replacen(from, to, 1);
        assert_eq!(status(bytes.as_bytes()), 400, "{from:?} -> {to:?}");
    }
    assert_eq!(status(String::from_utf8_lossy(&invite("\r\n")).replacen("SIP/2.0", "SIP/3.0", 1).as_bytes()), 505);
}

#[test]
fn what_is_never_answered_is_dropped_with_its_reason() {
    for (bytes, reason) in [
        ("", Dropped::KeepAlive),
        ("\r\n\r\n", Dropped::KeepAlive),
        ("\0", Dropped::KeepAlive),
        ("hello\r\n\r\n", Dropped::NotSip),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", Dropped::NotSip),
        ("INVITE sip:a@b SIP/2.0\r\nTo: x\r\n\r\n", Dropped::NoVia),
        ("ACK sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n", Dropped::Ack(Malformed("From"))),
        ("SIP/2.0 99 Low\r\n\r\n", Dropped::Response(Malformed("status line"))),
        ("SIP/2.0 200 OK\r\n\r\n", Dropped::Response(Malformed("Via"))),
    ] {
        assert_eq!(Message::parse(bytes.as_bytes()), Err(Unusable::Dropped(reason)), "{bytes:?}");
    }
}

#[test]
fn an_answer_to_what_cannot_be_read_is_hardly_longer_than_it() {
    let source = Peer::udp(SocketAddr::from(([192, 0, 2, 1], 5060)));
    let head = "OPTIONS sip:a@b SIP/2.0\r\n";
    for (name, bytes) in [
        ("a list of nothing", format!("{head}v:{}\r\n\r\n", ",".repeat(8_000))),
        ("many short hops", format!("{head}{}\r\n", "v:a\r\n".repeat(250))),
        ("many hops in a line", format!("{head}v:{}a\r\n\r\n", "a,".repeat(4_000))),
        ("good hops", format!("{head}v:{}a\r\n\r\n", "SIP/2.0/UDP a,".repeat(100))),
        ("short names", format!("{head}v:a\r\nf:b\r\nt:c\r\ni:d\r\nCSeq:e\r\n\r\n")),
    ] {
        let Err(Unusable::Refused(refusal)) = Message::parse(bytes.as_bytes()) else { panic!("{name}") };
        let answer = refusal.to_bytes(&source, "0123456789abcdef");
        assert!(answer.len() < bytes.len() + 256, "{name}: {} for {}", answer.len(), bytes.len());
    }
}

#[test]
fn received_and_rport_tell_where_a_request_came_from() {
    let tcp = |addr| Peer::over(Transport::Tcp, addr, ConnectionId(1));
    let addr = |text: &str| text.parse::<SocketAddr>().unwrap();
    for (via, source, stamped, reply) in [
        (
            "UDP 192.0.2.1:5062;branch=b",
            Peer::udp(addr("192.0.2.1:9")),
            "UDP 192.0.2.1:5062;branch=b",
            "192.0.2.1:5062",
        ),
        (
            "UDP 192.0.2.1:5062;rport;branch=b",
            Peer::udp(addr("192.0.2.1:9")),
            "UDP 192.0.2.1:5062;rport=9;branch=b;received=192.0.2.1",
            "192.0.2.1:9",
        ),
        (
            "UDP 10.0.0.1;branch=b",
            Peer::udp(addr("192.0.2.1:9")),
            "UDP 10.0.0.1;branch=b;received=192.0.2.1",
            "192.0.2.1:5060",
        ),
        (
            "TLS ann.example.com;branch=b",
            tcp(addr("[2001:db8::1]:9")),
            "TLS ann.example.com;branch=b;received=2001:db8::1",
            "[2001:db8::1]:5061",
        ),
        (
            "UDP 10.0.0.1;branch=b;maddr=224.0.1.75;ttl=1;received=1.2.3.4",
            Peer::udp(addr("192.0.2.1:9")),
            "UDP 10.0.0.1;branch=b;maddr=224.0.1.75;ttl=1;received=192.0.2.1",
            "192.0.2.1:5060",
        ),
    ] {
        let mut request = request(&invite("\r\n"));
        request.vias[0] = super::super::headers::TypedHeader::parse(format!("SIP/2.0/{via}").as_bytes()).unwrap();
        request.stamp(&source);
        assert_eq!(request.vias[0].to_string(), format!("SIP/2.0/{stamped}"));
        assert_eq!(request.vias[0].reply_to(), Some(addr(reply)), "{via}");
    }
}

#[test]
fn a_response_has_what_its_request_had() {
    let request = request(&invite("\r\nbody"));
    let ringing = request.response(Status::RINGING).with_to_tag("b2").with_record_route(&request);
    let text = String::from_utf8(ringing.to_bytes()).unwrap();
    assert_eq!(
        text,
        "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bK1\r\n\
         Via: SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bK0\r\nFrom: \"Ann <a,b>\" <sip:ann@example.org>;tag=a1\r\n\
         To: <sip:bank@example.com>;tag=b2\r\nCall-ID: call-1\r\nCSeq: 7 INVITE\r\n\
         Record-Route: <sip:p2.example.com;lr>\r\nRecord-Route: <sip:p1.example.com;lr>\r\nContent-Length: 0\r\n\r\n"
    );
    let trying = request.response(Status::TRYING);
    assert_eq!(trying.headers.get(HeaderName::Timestamp), Some(b"54".as_slice()));
    assert_eq!(trying.to.tag(), None);
    let again = ringing.clone().with_to_tag("other");
    assert_eq!(again.to.tag(), Some("b2"), "a tag that is there stays");
}

#[test]
fn no_value_can_forge_a_header() {
    let mut request = request(&invite("\r\n"));
    request.headers.push_text(HeaderName::Subject, "x\r\nEvil: yes\r\n\r\nbody");
    assert!(request.headers.push_other("Bad Name", b"x").is_err());
    let read = self::request(&request.to_bytes());
    assert_eq!(read.headers.get_other("Evil"), None);
    let forged = request.response(Status::OK).with_reason("OK\r\nEvil: yes");
    let Ok(Message::Response(read)) = Message::parse(&forged.to_bytes()) else { panic!("no response") };
    assert_eq!(read.headers.get_other("Evil"), None);
    assert_eq!(
        NameAddr::with_display("a\"\r\nb\\", request.uri).as_bytes(),
        b"\"a\\\"  b\\\\\" <sip:bank@example.com>"
    );
}

#[test]
fn a_secret_is_not_shown() {
    let request = request(&invite("Authorization: Digest secret\r\nProxy-Authorization: Digest secret\r\n\r\nsecret"));
    assert!(!format!("{request:?} {:?}", Message::from(request.clone())).contains("secret"));
}

#[test]
fn contacts_say_how_long_and_how_gladly() {
    for (value, priority, expires) in [
        ("*", 1000, None),
        ("<sip:a@b>", 1000, None),
        ("<sip:a@b>;q=0.7;expires=60", 700, Some(60)),
        ("<sip:a@b>;q=0;expires=99999999999", 0, Some(u32::MAX)),
        ("<sip:a@b>;q=1.001;expires=soon", 1000, Some(3600)),
        ("sip:a@b;expires=0", 1000, Some(0)),
    ] {
        let contact = <Contact as super::super::headers::TypedHeader>::parse(value.as_bytes()).unwrap();
        assert_eq!((contact.priority(), contact.expires()), (priority, expires), "{value}");
    }
}

/// Parses, and where that works, writes and parses again.
fn check_stable(bytes: &[u8]) {
    match Message::parse(bytes) {
        Ok(message) => {
            let written = message.to_bytes();
            let read = Message::parse(&written);
            assert_eq!(read.as_ref(), Ok(&message), "{}", String::from_utf8_lossy(&written));
            assert_eq!(read.unwrap().to_bytes(), written);
        }
        Err(Unusable::Refused(refusal)) => {
            let answer = refusal.to_bytes(&Peer::udp(SocketAddr::from(([192, 0, 2, 1], 5060))), "t");
            assert!(answer.starts_with(b"SIP/2.0 "));
        }
        Err(Unusable::Dropped(_)) => {}
    }
}

fn corpus() -> Vec<Vec<u8>> {
    const WSINV: &[u8] = include_bytes!("../../../../tests/sip/torture/valid/wsinv.dat");
    const INTMETH: &[u8] = include_bytes!("../../../../tests/sip/torture/valid/intmeth.dat");
    const UNREASON: &[u8] = include_bytes!("../../../../tests/sip/torture/valid/unreason.dat");
    const ESC01: &[u8] = include_bytes!("../../../../tests/sip/torture/valid/esc01.dat");
    vec![WSINV.to_vec(), INTMETH.to_vec(), UNREASON.to_vec(), ESC01.to_vec(), invite("l: 4\r\n\r\nbody")]
}

#[test]
fn what_is_written_is_read_as_the_same() {
    for bytes in corpus() {
        check_stable(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_break_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_stable(&bytes);
    }

    #[test]
    fn no_change_of_a_good_message_breaks_the_parser(
        which in 0..5_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 1..8),
    ) {
        let mut bytes = corpus()[which].clone();
        for (at, kind, byte) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"\r\n\t ,;:<>\"\\%@=[]/?"[usize::from(byte) % 18]),
                _ => { bytes.remove(at); }
            }
        }
        check_stable(&bytes);
    }
}
