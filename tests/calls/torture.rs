//! The 49 messages of RFC 4475, those of RFC 5118 and worse, sent to the whole program: each is answered as it must be
//! or dropped and counted, and a call that goes on beside notices nothing.

use super::phone::Manner;
use super::stage::{Stage, config};
use std::net::SocketAddr;

macro_rules! file {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../sip/torture/", $path, ".dat")).as_slice())
    };
}

/// A stage on which every number is somebody's, and a stranger of his own for each message.
fn stage() -> Stage {
    let mut config = config();
    config.default_line = Some("main".into());
    Stage::configured(config)
}

fn stranger(number: usize) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, u8::try_from(1 + number % 250).unwrap()], 5060))
}

/// What a message comes to: its final answer, or nothing.
fn answer(stage: &mut Stage, number: usize, bytes: &[u8]) -> Option<u16> {
    let mut statuses = stage.stranger_sends(stranger(number), bytes);
    statuses.retain(|status| *status >= 200);
    statuses.dedup();
    assert!(statuses.len() <= 1, "one answer, not {statuses:?}");
    statuses.pop()
}

#[test]
fn each_of_the_49_messages_gets_the_answer_it_must() {
    let table = [
        (file!("valid/wsinv"), Some(481), "its To has a tag, and there is no such call"),
        (file!("valid/intmeth"), Some(501), "nobody knows the method"),
        (file!("valid/esc01"), Some(200), "a call"),
        (file!("valid/esc02"), Some(501), "RE%47IST%45R is no REGISTER"),
        (file!("valid/escnull"), Some(401), "a registration"),
        (file!("valid/lwsdisp"), Some(200), "OPTIONS"),
        (file!("valid/semiuri"), Some(200), "OPTIONS"),
        (file!("valid/transports"), Some(200), "OPTIONS"),
        (file!("valid/longreq"), Some(200), "a call"),
        (file!("valid/dblreq"), Some(401), "a registration, and the rest of the datagram is ignored"),
        (file!("valid/mpart01"), Some(405), "MESSAGE is not for us"),
        (file!("valid/noreason"), None, "a response to nobody"),
        (file!("valid/unreason"), None, "a response to nobody"),
        (file!("invalid/badaspec"), Some(400), "a quoted address"),
        (file!("invalid/badbranch"), Some(200), "matched as RFC 2543 would"),
        (file!("invalid/baddate"), Some(200), "nobody reads its Date"),
        (file!("invalid/baddn"), Some(400), "a display name that is no token"),
        (file!("invalid/badinv01"), Some(400), "separators where none belong"),
        (file!("invalid/badvers"), Some(505), "SIP/7.0"),
        (file!("invalid/bcast"), None, "a response to nobody"),
        (file!("invalid/bext01"), Some(420), "it requires what nobody knows"),
        (file!("invalid/bigcode"), None, "a response with no status"),
        (file!("invalid/clerr"), Some(400), "its body is shorter than it says"),
        (file!("invalid/cparam01"), Some(401), "an unknown parameter of the header"),
        (file!("invalid/cparam02"), Some(401), "an unknown parameter of the URI"),
        (file!("invalid/escruri"), Some(400), "headers in the Request-URI"),
        (file!("invalid/insuf"), Some(400), "no Call-ID, From, To"),
        (file!("invalid/inv2543"), Some(400), "a caller of RFC 2543 without a Contact: nothing could be sent to it"),
        (file!("invalid/invut"), Some(415), "a body of no known type"),
        (file!("invalid/ltgtruri"), Some(400), "angle brackets around the Request-URI"),
        (file!("invalid/lwsruri"), Some(400), "spaces in the Request-URI"),
        (file!("invalid/lwsstart"), Some(400), "two spaces in the start line"),
        (file!("invalid/mcl01"), Some(400), "two Content-Length"),
        (file!("invalid/mismatch01"), Some(400), "CSeq has another method"),
        (file!("invalid/mismatch02"), Some(501), "an unknown method, and CSeq has another"),
        (file!("invalid/multi01"), Some(400), "two of what may be there once"),
        (file!("invalid/ncl"), Some(400), "a negative Content-Length"),
        (file!("invalid/novelsc"), Some(416), "a scheme of nobody"),
        (file!("invalid/quotbal"), Some(400), "an open quote"),
        (file!("invalid/regaut01"), Some(401), "an unknown scheme of logging in"),
        (file!("invalid/regbadct"), Some(400), "a Contact that is no address"),
        (file!("invalid/regescrt"), Some(401), "an escaped header in the Contact"),
        (file!("invalid/scalar02"), Some(400), "numbers that are too large"),
        (file!("invalid/scalarlg"), None, "a response whose numbers are too large"),
        (file!("invalid/sdp01"), Some(406), "it accepts nothing that we could say"),
        (file!("invalid/trws"), Some(400), "spaces behind the version"),
        (file!("invalid/unkscm"), Some(416), "an unknown scheme"),
        (file!("invalid/unksm2"), Some(401), "whoever it is must log in first"),
        (file!("invalid/zeromf"), Some(483), "it has made too many hops to go on to an operator"),
    ];
    assert_eq!(table.len(), 49);
    let mut wrong = Vec::new();
    for (number, ((name, bytes), status, why)) in table.into_iter().enumerate() {
        let mut stage = stage();
        let before = stage.exchange.counters();
        let found = answer(&mut stage, number, bytes);
        if found != status {
            wrong.push(format!("{name}: {found:?}, should be {status:?}: {why}"));
        }
        if status.is_none() {
            let counted = stage.exchange.counters().dropped - before.dropped;
            assert_eq!(counted, 1, "{name} is counted");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A request with these first lines; the rest is what every request needs.
fn request(method: &str, uri: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n\
         From: <sip:a@198.51.100.9>;tag=1\r\nTo: <sip:bank@192.0.2.1>\r\nCall-ID: x@198.51.100.9\r\nCSeq: 7 {method}\r\n\
         Contact: <sip:a@198.51.100.9>\r\n{more}\r\n"
    )
    .into_bytes();
    text.extend_from_slice(body);
    text
}

fn options(more: &str) -> Vec<u8> {
    request("OPTIONS", "sip:bank@192.0.2.1", more, b"")
}

/// The same with another text somewhere.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(options("")).unwrap();
    assert!(text.contains(from), "{from:?} is not there");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn what_is_odd_is_answered_and_what_is_wrong_is_refused_by_its_rule() {
    let long = |length: usize| "x".repeat(length);
    let many = |count: usize| "X-A: b\r\n".repeat(count);
    let mut wrong = Vec::new();
    let table: Vec<(&str, Vec<u8>, Option<u16>)> = vec![
        ("plain", options(""), Some(200)),
        ("bytes that are not UTF-8 in a header", changed("From: <", "From: \"\u{feff}\" <"), Some(200)),
        ("a NUL in a value", changed("Call-ID: x", "Call-ID: \0x"), Some(400)),
        ("a NUL in an unknown header", options("X-A: a\0b\r\n"), Some(200)),
        ("a header of 7 kB", options(&format!("X-A: {}\r\n", long(7_000))), Some(200)),
        ("a header of 9 kB", options(&format!("X-A: {}\r\n", long(9_000))), Some(513)),
        ("10,000 headers", options(&many(10_000)), Some(513)),
        ("no Content-Length over UDP", options(""), Some(200)),
        ("conflicting Content-Length", options("Content-Length: 0\r\nContent-Length: 5\r\n"), Some(400)),
        ("the same Content-Length twice", options("Content-Length: 0\r\nl: 0\r\n"), Some(200)),
        ("more Content-Length than there is", options("Content-Length: 5\r\n"), Some(400)),
        ("compact names", changed("From:", "f:"), Some(200)),
        ("folding", changed("From: <", "From:\r\n <"), Some(200)),
        ("quoted < and ,", changed("From: <", "From: \"A <b>, c\" <"), Some(200)),
        ("tel: with parameters", request("INVITE", "tel:+7-495;ext=1;phone-context=+7", "", b""), Some(200)),
        ("an unknown method", request("DANCE", "sip:bank@192.0.2.1", "", b""), Some(501)),
        ("a known method that is not ours", request("PUBLISH", "sip:bank@192.0.2.1", "", b""), Some(405)),
        ("an unknown extension", options("Require: nothing\r\n"), Some(420)),
        ("SIP/3.0", changed("SIP/2.0\r\n", "SIP/3.0\r\n"), Some(505)),
        ("no hops left", changed("Forwards: 70", "Forwards: 0"), Some(483)),
        ("a bad scheme", request("INVITE", "http://bank.example", "", b""), Some(416)),
        (
            "a body of another type",
            request("INVITE", "sip:b@192.0.2.1", "Content-Type: text/plain\r\n", b"hi"),
            Some(415),
        ),
        ("no request at all", b"\x16\x03\x01\x02\x00".to_vec(), None),
        ("line ends only", b"\r\n\r\n".to_vec(), None),
    ];
    for (number, (name, bytes, status)) in table.into_iter().enumerate() {
        let found = answer(&mut stage(), number, &bytes);
        if found != status {
            wrong.push(format!("{name}: {found:?}, should be {status:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ipv6_is_read_as_rfc_5118_says() {
    let via = |value: &str| changed("198.51.100.9;branch", &format!("{value};branch"));
    let uri = |uri: &str| request("OPTIONS", uri, "", b"");
    let call_id = |value: &str| changed("x@198.51.100.9", value);
    let mut wrong = Vec::new();
    for (number, (name, bytes, status)) in [
        ("4.1 a reference in the URI", uri("sip:[2001:db8::10]"), Some(200)),
        ("4.2 no brackets", uri("sip:2001:db8::10"), Some(400)),
        ("4.3 a port within the brackets is part of the address", uri("sip:[2001:db8::10:5070]"), Some(200)),
        ("4.4 a port behind them", uri("sip:[2001:db8::10]:5070"), Some(200)),
        ("4.5 received with brackets", via("[2001:db8::9:1];received=[2001:db8::9:255]"), Some(200)),
        ("4.5 received without", via("[2001:db8::9:1];received=2001:db8::9:255"), Some(200)),
        ("4.6 a Call-ID without brackets", call_id("x@2001:db8::20"), Some(200)),
        ("4.6 a Call-ID with them", call_id("x@[2001:db8::20]"), Some(200)),
        (
            "4.7 addresses of both kinds in the path",
            changed("Via:", "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3\r\nVia:"),
            Some(200),
        ),
        ("4.9 a mapped address", uri("sip:[::ffff:192.0.2.10]"), Some(200)),
        ("4.10 a colon too many, which an old grammar made people write", uri("sip:[2001:db8:::192.0.2.1]"), Some(200)),
        ("4.10 and nowhere else", uri("sip:[2001:db8:::1]"), Some(400)),
        ("an open bracket", uri("sip:[2001:db8::10"), Some(400)),
        ("a zone", uri("sip:[fe80::1%25eth0]"), Some(400)),
    ]
    .into_iter()
    .enumerate()
    {
        let found = answer(&mut stage(), number, &bytes);
        if found != status {
            wrong.push(format!("{name}: {found:?}, should be {status:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_description_of_both_families_is_answered_line_by_line_as_rfc_5118_says() {
    // §4.8; §4.6, a description of IPv6 alone, is in `six`.
    let mut stage = stage();
    let id = stage.phone("+79161234567");
    let media = stage.phones[id].media;
    stage.phones[id].body = Some(format!(
        "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio {} RTP/AVP 8 101\r\n\
         c=IN IP4 {}\r\na=rtpmap:101 telephone-event/8000\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n\
         a=rtpmap:107 H263-1998/90000\r\n",
        media.port(),
        media.ip()
    ));
    // The phones of the stage know one line of media.
    stage.phones[id].manner = Manner::Vanished;
    stage.dial(id, "+74951234567");
    let answer = stage.phones[id].last("200 INVITE").unwrap().body.clone();
    let lines: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert!(lines.len() == 2 && lines[0].starts_with("m=audio ") && !lines[0].starts_with("m=audio 0 "), "{answer}");
    assert!(lines[1].starts_with("m=video 0 "), "{answer}");
    assert!(answer.lines().any(|line| line == "c=IN IP4 192.0.2.1"), "{answer}");
    stage.run_for(70_000);
    stage.assert_all_let_go("both families");
}

#[test]
fn a_call_beside_all_of_it_goes_on() {
    let mut stage = stage();
    let caller = stage.caller();
    stage.run_for(100);
    let folders = ["valid", "invalid"].map(|kind| format!("{}/tests/sip/torture/{kind}", env!("CARGO_MANIFEST_DIR")));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    for (number, entry) in files.enumerate() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let whole = bytes.len();
        for cut in [whole, whole / 2, whole / 3] {
            stage.stranger_sends(stranger(number), &bytes[..cut]);
        }
        stage.run_for(20);
    }
    stage.take_heard(caller);
    stage.press(caller, "0");
    stage.listen();
    assert!(!stage.take_phrases(caller, "ru").is_empty(), "the key was heard");
    stage.hang_up(caller);
    stage.run_for(1_000);
    assert!(stage.phones[caller].count("200 BYE") == 1);
}
