//! Session descriptions, RTP, RTCP, SRTP, keys.

use super::Bytes;
use hotline::model::Instant;
use hotline::voip::audio::PromptFrames;
use hotline::voip::dtmf::{Event, EventReceiver, Seen, digit_of_info};
use hotline::voip::media::{MediaCommand, MediaCore, StreamId, StreamParams};
use hotline::voip::rtp::srtp::{MasterKey, SecureKeys, SecureSession, Suite};
use hotline::voip::rtp::{Packet, Receiver, RtpTimestamp, SequenceNumber, Ssrc, rtcp};
use hotline::voip::sdp::{Direction, Negotiated, Negotiation, RemoteOffer, SecureMedia};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

fn local() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 10_000))
}

/// An offer is answered or refused, our answer can be read and accepted, and an answer to our offer is taken or not.
pub fn sdp(data: &[u8]) {
    let Ok(offer) = RemoteOffer::parse(data) else { return };
    let lines = offer.description().media.len();
    for policy in [SecureMedia::Refused, SecureMedia::Preferred, SecureMedia::Required] {
        let mut ours = Negotiation::new(1, local()).with_srtp(policy, [5; 32]);
        if let Ok((body, agreed)) = ours.answer(offer.clone(), Direction::SendRecv) {
            let answer = RemoteOffer::parse(body.as_bytes()).expect("our answer can be read");
            assert_eq!(answer.description().media.len(), lines, "an answer has as many lines as its offer");
            assert!(policy != SecureMedia::Required || agreed.srtp.is_some(), "nothing clear where it must not be");
            assert!(agreed.remote.port() != 0 && agreed.ptime >= Duration::from_millis(10));
        }
        let (_, pending) = ours.offer(Direction::SendRecv);
        if let Ok(agreed) = pending.accept(data) {
            assert!(policy != SecureMedia::Required || agreed.srtp.is_some(), "nothing clear where it must not be");
        }
    }
}

/// What a plain phone and we have agreed on.
fn agreed() -> Negotiated {
    const OFFER: &str = "v=0\r\no=a 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
                         m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    let offer = RemoteOffer::parse(OFFER.as_bytes()).expect("an offer");
    Negotiation::new(1, local()).answer(offer, Direction::SendRecv).expect("an agreement").1
}

/// Datagrams from a few sources to a stream's port: it still sends a packet every 20 ms, only to where it may.
pub fn rtp(data: &[u8]) {
    let caller = SocketAddr::from(([192, 0, 2, 2], 4000));
    let mut now = Instant::from_millis(1_000);
    let mut core = MediaCore::new(2, Arc::new(PromptFrames::default()), now);
    let stream = StreamId(1);
    let params = StreamParams {
        negotiated: agreed(),
        ssrc: Ssrc(1),
        first_sequence: SequenceNumber(1),
        first_timestamp: RtpTimestamp(1),
        silence_limit: Duration::from_secs(3_600),
    };
    core.handle_command(now, MediaCommand::Open { stream, params: Box::new(params) }, &mut |_| {});
    let mut bytes = Bytes(data);
    let mut receiver = Receiver::default();
    let mut sent = 0_u32;
    let mut ticks = 0_u32;
    while let (Some(what), Some(piece)) = (bytes.octet(), bytes.piece()) {
        if let Ok(packet) = Packet::parse(piece) {
            assert!(packet.payload.len() <= piece.len());
            receiver.receive(now, &packet, what & 1 == 0);
        }
        let from = SocketAddr::new(caller.ip(), caller.port() + u16::from(what & 3));
        core.handle_packet(now, stream, from, piece, &mut |_| {});
        if what & 0x80 != 0 {
            core.handle_rtcp(now, stream, from, piece);
        }
        for _ in 0..(what >> 2) & 31 {
            now = now + Duration::from_millis(20);
            ticks += 1;
            core.tick(now, &mut |datagram| {
                sent += u32::from(datagram.bytes.get(1).is_some_and(|kind| kind & 0x7f < 64));
                assert_eq!(datagram.to.ip(), caller.ip());
            });
        }
        while core.next_event().is_some() {}
    }
    assert!(sent + 2 >= ticks, "{sent} packets in {ticks} times 20 ms");
}

/// RTCP is read or not; what was read has as much in it as there was.
pub fn rtcp(data: &[u8]) {
    let Ok(compound) = rtcp::parse(data) else { return };
    assert!(compound.blocks.len() * 24 <= data.len());
    assert!(compound.goodbyes.len() * 4 <= data.len());
    for block in &compound.blocks {
        for seconds in [0, 1, 100_000] {
            let round_trip = block.round_trip(Instant::ZERO + Duration::from_secs(seconds));
            assert!(round_trip.is_none_or(|time| time <= Duration::from_secs(30)));
        }
    }
}

/// Nothing opens that was not made with the key; what we protect opens once.
pub fn srtp(data: &[u8]) {
    let Some((&choice, packet)) = data.split_first() else { return };
    let suites = [Suite::from_name("AES_CM_128_HMAC_SHA1_80"), Suite::from_name("AEAD_AES_128_GCM")];
    let Some(suite) = suites[usize::from(choice) % suites.len()] else { panic!("both suites are there") };
    let key = |octet: u8| {
        MasterKey::new(suite, &vec![octet; suite.key_length() + suite.salt_length()]).expect("of the right length")
    };
    let session = |send, receive| {
        SecureSession::new(SecureKeys { send: key(send), receive: key(receive) }).expect("two keys of one suite")
    };
    let (mut ours, mut theirs) = (session(1, 2), session(2, 1));
    let mut clear = Vec::new();
    assert!(!ours.open(packet, &mut clear), "a stranger's packet opened");
    clear.clear();
    assert!(!ours.open_rtcp(packet, &mut clear), "a stranger's report opened");
    let mut sealed = Vec::new();
    if Packet::parse(packet).is_ok() && theirs.protect(packet, &mut sealed) {
        clear.clear();
        assert!(ours.open(&sealed, &mut clear), "theirs opens");
        assert_eq!(clear, packet);
        clear.clear();
        assert!(!ours.open(&sealed, &mut clear), "once");
    }
}

/// Events of a few sources: no more keys than packets, and none that is no key.
pub fn telephone_event(data: &[u8]) {
    let mut bytes = Bytes(data);
    let clock = [8_000, 16_000, 48_000][usize::from(bytes.octet().unwrap_or(0)) % 3];
    let mut receiver = EventReceiver::new(clock);
    let mut now = Instant::from_millis(1_000);
    let (mut keys, mut packets) = (0, 0);
    while let (Some(what), Some(timestamp)) = (bytes.octet(), bytes.number()) {
        let payload = bytes.0.get(..4).unwrap_or(bytes.0);
        bytes.0 = &bytes.0[payload.len()..];
        now = now + Duration::from_millis(u64::from(what >> 2) * 10);
        let Some(event) = Event::parse(payload) else { continue };
        packets += 1;
        let source = (Ssrc(u32::from(what & 3)), RtpTimestamp(u32::from(timestamp) << 8));
        if matches!(receiver.receive(now, source, event.at_clock(8_000, clock)), Seen::Pressed(_)) {
            keys += 1;
            assert!(event.code < 16);
        }
    }
    assert!(keys <= packets);
}

/// Bodies of SIP INFO: a line of content type, the rest is the body.
pub fn info(data: &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let kind = String::from_utf8_lossy(&data[..end]);
    if let Some(digit) = digit_of_info(&kind, data.get(end + 1..).unwrap_or_default()) {
        assert!("0123456789*#ABCD".contains(digit.as_char()));
    }
}
