//! What SIP costs: reading and writing a message, a transaction, and a whole short call.
#![expect(clippy::unwrap_used, reason = "a benchmark of a message that cannot be read would measure nothing")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hotline::model::Instant;
use hotline::voip::sdp::{Direction, Negotiation, RemoteOffer};
use hotline::voip::sip::addresses::Listener;
use hotline::voip::sip::endpoint::{Command, Endpoint, EndpointConfig, Event};
use hotline::voip::sip::framer::Framer;
use hotline::voip::sip::headers::Headers;
use hotline::voip::sip::{Message, Peer, Status, Transport};
use std::fmt::Write as _;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

const OFFER: &str = "v=0\r\no=- 3911 3911 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0 9 111 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n\
    a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
    a=ptime:20\r\na=sendrecv\r\n";

fn phone() -> Peer {
    Peer::udp(SocketAddr::from(([192, 0, 2, 10], 5060)))
}

fn bank() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

/// A request of call `number` as a trunk sends it.
fn request(method: &str, number: u64, cseq: u32, to_tag: &str, body: &str) -> Vec<u8> {
    let mut text = format!(
        "{method} sip:+74951234567@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bK{number:x}-{cseq}-{method}\r\nMax-Forwards: 69\r\n\
         From: \"Anna\" <sip:+79161234567@192.0.2.10>;tag=f{number:x}\r\nTo: <sip:+74951234567@192.0.2.1>{to_tag}\r\n\
         Call-ID: {number:016x}@192.0.2.10\r\nCSeq: {cseq} {method}\r\nContact: <sip:anna@192.0.2.10:5060>\r\n\
         User-Agent: trunk/1.0\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nSupported: timer, replaces\r\n"
    );
    if !body.is_empty() {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    text.into_bytes()
}

fn endpoint() -> Endpoint {
    let config = EndpointConfig::new(vec![Listener { transport: Transport::Udp, addr: bank() }]);
    Endpoint::new(config, [7; 32])
}

fn messages(criterion: &mut Criterion) {
    let invite = request("INVITE", 1, 1, "", OFFER);
    criterion
        .bench_function("read an INVITE with SDP", |bench| bench.iter(|| Message::parse(black_box(&invite)).is_ok()));
    let Ok(Message::Request(read)) = Message::parse(&invite) else { return };
    let build = || read.response(Status::RINGING).with_to_tag("8f3a").to_bytes();
    criterion.bench_function("build and write a 180", |bench| bench.iter(build));
    let stream: Vec<u8> = invite.iter().copied().cycle().take(invite.len() * 10).collect();
    criterion.bench_function("cut ten INVITEs out of a stream", |bench| {
        bench.iter(|| {
            let mut framer = Framer::new();
            framer.push(black_box(&stream));
            let mut count = 0;
            while let Ok(Some(_)) = framer.next_frame() {
                count += 1;
            }
            assert_eq!(count, 10);
        });
    });
    let local = SocketAddr::from(([192, 0, 2, 1], 20_000));
    criterion.bench_function("answer an offer", |bench| {
        bench.iter(|| {
            let offer = RemoteOffer::parse(black_box(OFFER.as_bytes())).unwrap();
            Negotiation::new(1, local).answer(offer, Direction::SendRecv).unwrap()
        });
    });
}

/// What is left to send, read by nobody.
fn drain(endpoint: &mut Endpoint) -> Vec<u8> {
    let mut last = Vec::new();
    while let Some(command) = endpoint.next_command() {
        if let Command::Send { bytes, .. } = command {
            last = bytes.to_vec();
        }
    }
    last
}

/// INVITE, 100, 200, ACK, BYE, 200 at the user agent, and the timers that follow.
fn call(endpoint: &mut Endpoint, now: &mut Instant, number: u64) {
    endpoint.handle_datagram(*now, phone(), bank(), &request("INVITE", number, 1, "", OFFER));
    let Some(Event::Incoming(incoming)) = endpoint.next_event() else { panic!("no call came in") };
    let offer = RemoteOffer::parse(&incoming.offer.unwrap()).unwrap();
    let local = SocketAddr::from(([192, 0, 2, 1], 20_000));
    let (answer, _) = Negotiation::new(number, local).answer(offer, Direction::SendRecv).unwrap();
    endpoint.answer(*now, incoming.leg, answer.into_bytes(), &Headers::new());
    let ok = drain(endpoint);
    let Ok(Message::Response(ok)) = Message::parse(&ok) else { panic!("no 200") };
    let tag = format!(";tag={}", ok.to.tag().unwrap());
    endpoint.handle_datagram(*now, phone(), bank(), &request("ACK", number, 1, &tag, ""));
    endpoint.handle_datagram(*now, phone(), bank(), &request("BYE", number, 2, &tag, ""));
    while endpoint.next_event().is_some() {}
    drain(endpoint);
    // A thousand calls a second: what is kept of older ones ends beside this one.
    *now = *now + Duration::from_millis(1);
    if endpoint.poll_timeout().is_some_and(|at| at <= *now) {
        endpoint.handle_timeout(*now);
        drain(endpoint);
    }
}

fn calls(criterion: &mut Criterion) {
    criterion.bench_function("a transaction: OPTIONS and its 200", |bench| {
        bench.iter_batched_ref(
            || (endpoint(), request("OPTIONS", 5, 1, "", "")),
            |(endpoint, options)| {
                endpoint.handle_datagram(Instant::ZERO, phone(), bank(), options);
                drain(endpoint)
            },
            BatchSize::SmallInput,
        );
    });
    let (mut endpoint, mut now, mut number) = (endpoint(), Instant::ZERO, 0);
    // As many finished transactions as such a rate keeps.
    let mut begin = || {
        number += 1;
        call(&mut endpoint, &mut now, number);
    };
    (0..40_000).for_each(|_| begin());
    // The writing and reading by the phone's side is within the figure too.
    criterion.bench_function("a short call, INVITE to BYE, at a thousand a second", |bench| bench.iter(&mut begin));
    assert_eq!(endpoint.leg_count(), 0);
}

criterion_group!(benches, messages, calls);
criterion_main!(benches);
