//! Messages, headers, URIs, digest, streams.

use super::Bytes;
use hotline::model::Instant;
use hotline::voip::sip::digest::{Algorithm, Challenge, Credentials, DigestServer, Ha1, Verdict};
use hotline::voip::sip::framer::{Frame, Framer};
use hotline::voip::sip::headers::{
    CSeq, Contact, ContentDisposition, ContentLength, ContentType, Diversion, Event, Expires, Headers, HistoryInfo,
    MaxForwards, MinExpires, MinSe, PAssertedIdentity, Path, Privacy, RAck, RSeq, Reason, RecordRoute, ReferTo,
    ReferredBy, Replaces, RetryAfter, Route, ServiceRoute, SessionExpires, SipCallId, SubscriptionState, TypedHeader,
    Via,
};
use hotline::voip::sip::lane::{LOOK, Lane, lane_of};
use hotline::voip::sip::{Message, Method, Peer, Request, Response, Status, Unusable, Uri, stun, uas};
use std::net::SocketAddr;
use std::time::Duration;

fn stranger() -> Peer {
    Peer::udp(SocketAddr::from(([192, 0, 2, 99], 4321)))
}

/// One message with nothing behind its body.
fn assert_whole(wire: &[u8]) {
    let end = wire.windows(4).position(|four| four == b"\r\n\r\n").expect("a head has an end");
    for line in wire[..end].split(|&byte| byte == b'\n').skip(1) {
        assert!(line.contains(&b':'), "a line without a name: {:?}", String::from_utf8_lossy(line));
    }
}

/// A message that was read is written such that it reads the same again, and every answer to it can be read.
pub fn message(data: &[u8]) {
    match Message::parse(data) {
        Ok(message) => {
            let wire = message.to_bytes();
            assert_whole(&wire);
            let again = Message::parse(&wire).expect("what we write, we read");
            assert_eq!(again.to_bytes(), wire, "written twice, it is the same");
            match message {
                Message::Request(request) => answers(request),
                Message::Response(response) => assert!(response.status.code() >= 100),
            }
        }
        Err(Unusable::Refused(refusal)) => {
            let wire = refusal.to_bytes(&stranger(), "ours");
            assert_whole(&wire);
            assert!(wire.starts_with(b"SIP/2.0 "));
        }
        Err(Unusable::Dropped(_)) => {}
    }
}

fn answers(mut request: Request) {
    request.stamp(&stranger());
    let refusal = uas::refuse(&request);
    let others = [request.response(Status::TRYING), request.response(Status::OK).with_record_route(&request)];
    for response in refusal.into_iter().chain(others).chain([uas::describe(&request)]) {
        answer(&response.with_to_tag("ours"), &request);
    }
}

fn answer(response: &Response, request: &Request) {
    let wire = response.to_bytes();
    assert_whole(&wire);
    let Ok(Message::Response(read)) = Message::parse(&wire) else {
        panic!("our answer cannot be read: {}", String::from_utf8_lossy(&wire));
    };
    assert_eq!(read.cseq.number, request.cseq);
    assert_eq!(read.call_id, request.call_id);
    assert!(read.to.tag().is_some());
}

/// The queue of a message is the one that the parser would choose, and what stands far behind has no say in it.
pub fn lane(data: &[u8]) {
    let found = lane_of(data);
    if data.len() <= LOOK {
        let is_of_call = match Message::parse(data) {
            Ok(Message::Request(request)) => Some(request.to.tag().is_some()),
            Ok(Message::Response(_)) => Some(true),
            Err(Unusable::Refused(_) | Unusable::Dropped(_)) => None,
        };
        if let Some(is_of_call) = is_of_call {
            assert_eq!(found == Lane::Calls, is_of_call, "{}", lossy(data));
        }
    }
    let mut long = data.to_vec();
    long.resize(LOOK, b' ');
    let cut = lane_of(&long);
    long.extend_from_slice(b"\r\nTo: <sip:a@b>;tag=1\r\n");
    long.extend_from_slice(data);
    assert_eq!(lane_of(&long), cut);
}

/// Reads one value, writes it, and reads it again.
fn twice<T: TypedHeader>(value: &[u8]) {
    let Ok(read) = T::parse(value) else { return };
    let mut headers = Headers::new();
    headers.push(&read);
    let written = headers.get(T::NAME).expect("it was pushed").to_vec();
    assert!(!written.iter().any(|byte| matches!(byte, b'\r' | b'\n')), "a line end in {:?}", T::NAME);
    let again = T::parse(&written).unwrap_or_else(|fault| {
        panic!("{:?}: {:?} was written as {:?}: {fault}", T::NAME, lossy(value), lossy(&written))
    });
    let mut headers = Headers::new();
    headers.push(&again);
    assert_eq!(lossy(headers.get(T::NAME).expect("it was pushed")), lossy(&written), "{:?}", T::NAME);
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first octet chooses the header, the rest is its value.
pub fn header(data: &[u8]) {
    const READERS: &[fn(&[u8])] = &[
        twice::<Via>,
        twice::<Contact>,
        twice::<Route>,
        twice::<RecordRoute>,
        twice::<Path>,
        twice::<ServiceRoute>,
        twice::<ReferTo>,
        twice::<ReferredBy>,
        twice::<PAssertedIdentity>,
        twice::<Diversion>,
        twice::<HistoryInfo>,
        twice::<CSeq>,
        twice::<SipCallId>,
        twice::<ContentType>,
        twice::<ContentDisposition>,
        twice::<ContentLength>,
        twice::<Expires>,
        twice::<MinExpires>,
        twice::<MaxForwards>,
        twice::<SessionExpires>,
        twice::<MinSe>,
        twice::<RSeq>,
        twice::<RAck>,
        twice::<Replaces>,
        twice::<RetryAfter>,
        twice::<Reason>,
        twice::<Privacy>,
        twice::<Event>,
        twice::<SubscriptionState>,
    ];
    let Some((&choice, value)) = data.split_first() else { return };
    READERS[usize::from(choice) % READERS.len()](value);
    if let Ok(via) = Via::parse(value) {
        let mut stamped = via.clone();
        stamped.stamp(&stranger());
        assert_eq!(stamped.received().map(|ip| ip.to_string()).as_deref(), Some("192.0.2.99"));
        assert_eq!(via.unique_branch().is_some(), stamped.unique_branch().is_some());
    }
}

/// A URI is written such that it reads the same, and is equivalent to itself.
pub fn uri(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(uri) = Uri::parse(text) else { return };
    let written = uri.to_string();
    let again = Uri::parse(&written).unwrap_or_else(|fault| panic!("{text:?} was written as {written:?}: {fault}"));
    assert_eq!(again.to_string(), written);
    assert!(again.is_equivalent(&uri), "{text:?} is not {written:?}");
    assert!(uri.is_equivalent(&uri), "{text:?} is not itself");
    if let Some(phone) = uri.phone() {
        assert!(phone.as_str().chars().all(|c| c.is_ascii_digit() || "+*#".contains(c)), "{phone:?}");
    }
    assert_eq!(uri.user_text(), again.user_text());
    assert!(!written.contains(['\r', '\n']));
}

/// Nobody logs in without the password, whatever is sent; and what is read of digest reads the same again.
pub fn digest(data: &[u8]) {
    // One of an unknown algorithm is passed over, and never written.
    if let Ok(challenge) = Challenge::parse(data)
        && challenge.algorithm.is_some()
    {
        let written = challenge.to_string();
        let again = Challenge::parse(written.as_bytes());
        assert_eq!(again.as_ref().map(ToString::to_string), Ok(written));
    }
    let Ok(credentials) = Credentials::parse(data) else { return };
    if credentials.algorithm.is_some() {
        let written = credentials.to_value();
        let again = Credentials::parse(written.as_bytes());
        assert_eq!(again.as_ref().map(Credentials::to_value), Ok(written));
    }
    let mut server = DigestServer::new("bank".to_owned(), [7; 32], Duration::from_secs(60));
    let account = Ha1::compute("anna", "bank", "correct horse battery staple");
    let now = Instant::ZERO + Duration::from_secs(10);
    for ha1 in [Some(&account), None] {
        let verdict = server.verify(now, stranger(), &credentials, (&Method::Register, &[]), ha1);
        assert!(!matches!(verdict, Verdict::Accepted), "logged in by {:?}", lossy(data));
    }
    assert!(Algorithm::from_name("MD5").is_some());
}

/// Cut anywhere, a stream yields the same messages. The first octets say where it is cut.
pub fn framer(data: &[u8]) {
    let mut bytes = Bytes(data);
    let cuts: Vec<usize> = (0..4).filter_map(|_| bytes.octet()).map(usize::from).collect();
    let stream = bytes.0;
    let whole = frames(&[stream]);
    let mut pieces = Vec::new();
    let mut rest = stream;
    for cut in cuts.into_iter().cycle().take(64) {
        let (piece, after) = rest.split_at(cut.min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    let cut = frames(&pieces);
    assert_eq!(messages(&whole), messages(&cut), "the same messages, however they arrive");
}

fn messages(frames: &[Result<Frame, ()>]) -> Vec<&Vec<u8>> {
    let message = |frame: &'_ Frame| matches!(frame, Frame::Message(_));
    let whole = frames.iter().filter_map(|frame| frame.as_ref().ok()).filter(|frame| message(frame));
    whole
        .filter_map(|frame| match frame {
            Frame::Message(bytes) => Some(bytes),
            Frame::Ping => None,
        })
        .collect()
}

fn frames(pieces: &[&[u8]]) -> Vec<Result<Frame, ()>> {
    let mut framer = Framer::new();
    let mut all = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => all.push(Ok(frame)),
                Ok(None) => break,
                Err(fault) => {
                    if let Unusable::Refused(refusal) = fault.refusal() {
                        assert_whole(&refusal.to_bytes(&stranger(), "ours"));
                    }
                    all.push(Err(()));
                    return all;
                }
            }
        }
    }
    all
}

/// A stranger's STUN is answered or not, never with more than a little more than was asked.
pub fn stun(data: &[u8]) {
    if let Some(answer) = stun::answer(data, stranger().addr) {
        assert!(stun::is_like(data) && answer.len() <= data.len() + 40);
        assert_eq!(usize::from(u16::from_be_bytes([answer[2], answer[3]])) + 20, answer.len());
        assert_eq!(answer[4..20], data[4..20], "the transaction's name goes back");
    }
}
