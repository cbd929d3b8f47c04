use proptest::prelude::*;

use super::*;

const HEAD: &str = "OPTIONS sip:bank@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n\
    From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: one\r\nCSeq: 1 OPTIONS\r\n";

fn message(body: &str) -> Vec<u8> {
    format!("{HEAD}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Everything that comes out of a stream delivered in these pieces.
fn frames(pieces: &[&[u8]]) -> Result<Vec<Frame>, StreamFault> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame()? {
            out.push(frame);
        }
    }
    Ok(out)
}

#[test]
fn messages_come_out_whole_however_the_stream_is_cut() {
    let stream: Vec<u8> =
        [b"\r\n".to_vec(), message("hello"), b"\r\n\r\n".to_vec(), message(""), message("x")].concat();
    let expected =
        vec![Frame::Message(message("hello")), Frame::Ping, Frame::Message(message("")), Frame::Message(message("x"))];
    assert_eq!(frames(&[&stream]).unwrap(), expected);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(frames(&bytes).unwrap(), expected);
    for at in 0..stream.len() {
        let (one, two) = stream.split_at(at);
        assert_eq!(frames(&[one, two]).unwrap(), expected, "cut at {at}");
    }
}

#[test]
fn a_ping_is_two_line_ends_and_one_alone_is_nothing() {
    assert_eq!(frames(&[b"\r\n", b"\r\n"]).unwrap(), [Frame::Ping]);
    assert_eq!(frames(&[b"\r\n\r\n\r\n\r\n"]).unwrap(), [Frame::Ping, Frame::Ping]);
    assert_eq!(frames(&[b"\r\n"]).unwrap(), []);
}

#[test]
fn a_message_has_begun_from_its_first_octet_to_its_last_and_its_room_is_given_back() {
    let mut framer = Framer::new();
    assert!(!framer.has_begun());
    let large = message(&"x".repeat(50_000));
    for octet in [&b"\r"[..], b"\n"] {
        framer.push(octet);
        assert_eq!(framer.next_frame(), Ok(None));
        assert!(!framer.has_begun(), "a line end is no message");
    }
    for piece in large.chunks(8_192) {
        assert_eq!(framer.next_frame(), Ok(None));
        framer.push(piece);
        assert!(framer.has_begun());
    }
    assert_eq!(framer.next_frame(), Ok(Some(Frame::Message(large))));
    assert_eq!(framer.next_frame(), Ok(None));
    assert!(!framer.has_begun() && framer.capacity() <= 8_192, "{}", framer.capacity());
}

#[test]
fn a_stream_that_cannot_be_cut_is_broken_with_a_status() {
    let many = format!("{HEAD}Subject: {}\r\n", "x".repeat(MAX_MESSAGE));
    for (name, stream, status) in [
        ("no length", format!("{HEAD}\r\n"), 400),
        ("two lengths", format!("{HEAD}Content-Length: 1\r\nl: 2\r\n\r\n"), 400),
        ("negative length", format!("{HEAD}Content-Length: -1\r\n\r\n"), 400),
        ("huge length", format!("{HEAD}Content-Length: 70000\r\n\r\n"), 513),
        ("overflowing length", format!("{HEAD}Content-Length: 99999999999999999999\r\n\r\n"), 400),
        ("endless head", many, 513),
        ("a header that hides the length", format!("{HEAD}X: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(9_000)), 513),
        ("TLS", "\u{16}\u{3}\u{1}".to_owned(), 400),
    ] {
        let fault = frames(&[stream.as_bytes()]).unwrap_err();
        assert_eq!(fault.status.code(), status, "{name}");
    }
}

#[test]
fn a_request_that_breaks_the_stream_is_answered() {
    let fault = frames(&[format!("{HEAD}\r\n").as_bytes()]).unwrap_err();
    let Unusable::Refused(refusal) = fault.refusal() else { panic!("no answer") };
    assert_eq!((refusal.status.code(), refusal.fault.0), (400, "Content-Length"));
    assert!(frames(&[b"\x16\x03\x01"]).unwrap_err().refusal() == Unusable::Dropped(super::super::Dropped::NotSip));
}

proptest! {
    #[test]
    fn no_stream_breaks_the_framer(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..10)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        if let Err(fault) = frames(&pieces) {
            prop_assert!(fault.status.is_final());
        }
    }
}
