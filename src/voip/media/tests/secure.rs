//! SRTP on a leg: what goes out is encrypted, what comes in is believed under the right key only.

use super::*;
use crate::voip::rtp::srtp::{MasterKey, SecureKeys, SecureSession, Suite};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// The telephone's end of the keys, and ours.
fn keys(suite: Suite, seed: u8) -> (SecureKeys, SecureKeys) {
    let mut generator = StdRng::from_seed([seed; 32]);
    let (a, b) = (MasterKey::draw(suite, &mut generator), MasterKey::draw(suite, &mut generator));
    (SecureKeys { send: a.clone(), receive: b.clone() }, SecureKeys { send: b, receive: a })
}

fn session(keys: SecureKeys) -> SecureSession {
    SecureSession::new(keys).expect("keys of the suite")
}

fn open(world: &mut World, stream: StreamId, remote: &str, srtp: SecureKeys) -> Phone {
    let mut phone = world.open(stream, remote, Codec::Pcma);
    // Opened again with keys: the stream of the helper is clear.
    world.tell(MediaCommand::Close { stream });
    world.events.clear();
    let params = StreamParams {
        negotiated: Negotiated { srtp: Some(srtp), ..negotiated(remote, Codec::Pcma) },
        ssrc: Ssrc(0xaaaa),
        first_sequence: SequenceNumber(65_530),
        first_timestamp: RtpTimestamp(0),
        silence_limit: Duration::from_secs(20),
    };
    world.tell(MediaCommand::Open { stream, params: Box::new(params) });
    world.sent.clear();
    world.control.clear();
    phone.sequence = 65_000;
    phone
}

/// Sends 20 ms of a sample under the telephone's key.
fn speak(world: &mut World, phone: &mut Phone, shield: &mut SecureSession, level: i16) -> Vec<u8> {
    let clear = phone.bytes(false, 8, phone.timestamp, &[tone(level, Codec::Pcma); 160]);
    let mut sealed = Vec::new();
    assert!(shield.protect(&clear, &mut sealed));
    world.packet(phone.stream, phone.address, &sealed);
    phone.skip(1);
    sealed
}

/// The payloads of what a telephone can open of what was sent to it.
fn opened(world: &mut World, stream: StreamId, shield: &mut SecureSession) -> Vec<Vec<u8>> {
    let sent = world.take_sent(stream);
    let payloads = sent.iter().map(|sent| {
        let packet = Packet {
            marker: sent.marker,
            payload_type: PayloadType::new(sent.payload_type).expect("a payload type"),
            sequence: SequenceNumber(sent.sequence),
            timestamp: RtpTimestamp(sent.timestamp),
            ssrc: Ssrc(sent.ssrc),
            payload: &[],
        };
        let wire = [&packet.header()[..], &sent.payload].concat();
        let mut clear = Vec::new();
        assert!(shield.open(&wire, &mut clear), "packet {}", sent.sequence);
        clear.split_off(12)
    });
    payloads.collect()
}

#[test]
fn a_conversation_is_encrypted_on_one_leg_in_every_suite_and_clear_on_the_other() {
    for suite in Suite::ALL {
        let mut world = World::new();
        let (ours, theirs) = keys(suite, 1);
        let mut shield = session(theirs);
        let mut caller = open(&mut world, CALLER, "192.0.2.1:4000", ours);
        let mut operator = world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma);
        world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
        world.sent.clear();
        // Across the wrap of both ways' sequence numbers.
        for _ in 0..700 {
            speak(&mut world, &mut caller, &mut shield, 4_000);
            operator.speak(&mut world, -4_000);
            world.wait(20);
        }
        let said = tone(4_000, Codec::Pcma);
        let heard = world.take_sent(OPERATOR);
        assert!(heard.len() >= 700 && heard.iter().rev().take(690).all(|packet| packet.payload == [said; 160]));
        assert!(world.sent.iter().all(|packet| packet.payload != [tone(-4_000, Codec::Pcma); 160]), "{suite:?}");
        let payloads = opened(&mut world, CALLER, &mut shield);
        assert!(payloads.iter().rev().take(690).all(|payload| payload[..] == [tone(-4_000, Codec::Pcma); 160]));
        // Reports are encrypted as well.
        let reports: Vec<_> = world.control.iter().filter(|(to, _)| to.ip() == caller.address.ip()).collect();
        assert!(!reports.is_empty());
        for (_, report) in reports {
            assert!(shield.open_rtcp(report, &mut Vec::new()), "{suite:?}");
        }
    }
}

#[test]
fn what_is_clear_repeated_damaged_or_of_another_key_is_dropped_and_counted() {
    let mut world = World::new();
    let (ours, theirs) = keys(Suite::AesCm128HmacSha1Tag80, 1);
    let mut shield = session(theirs);
    let mut stranger = session(keys(Suite::AesCm128HmacSha1Tag80, 2).1);
    let mut caller = open(&mut world, CALLER, "192.0.2.1:4000", ours);
    let packet = speak(&mut world, &mut caller, &mut shield, 1_000);
    world.packet(CALLER, caller.address, &packet);
    let mut damaged = packet.clone();
    damaged[40] ^= 1;
    world.packet(CALLER, caller.address, &damaged);
    caller.speak(&mut world, 1_000);
    speak(&mut world, &mut caller, &mut stranger, 1_000);
    world.packet(CALLER, caller.address, &[]);
    world.packet(CALLER, caller.address, &packet[..20]);
    speak(&mut world, &mut caller, &mut shield, 1_000);
    let report = world.close(CALLER);
    assert_eq!((report.received, report.dropped), (2, 6));
}

#[test]
fn keys_of_the_telephone_count_under_its_key_only() {
    let mut world = World::new();
    let (ours, theirs) = keys(Suite::AeadAes256Gcm, 1);
    let mut shield = session(theirs);
    let mut caller = open(&mut world, CALLER, "192.0.2.1:4000", ours);
    speak(&mut world, &mut caller, &mut shield, 0);
    caller.press(&mut world, '5');
    assert_eq!(world.take_keys(), "", "pressed in clear");
    let event = Event { code: 5, end: false, duration: 160 };
    let clear = caller.bytes(true, 101, caller.timestamp, &event.payload());
    let mut sealed = Vec::new();
    assert!(shield.protect(&clear, &mut sealed));
    world.packet(CALLER, caller.address, &sealed);
    assert_eq!(world.take_keys(), "5");
}

#[test]
fn new_keys_of_a_re_invite_hold_at_once_and_the_old_ones_no_more() {
    let mut world = World::new();
    let (ours, theirs) = keys(Suite::AeadAes128Gcm, 1);
    let mut old = session(theirs.clone());
    let mut caller = open(&mut world, CALLER, "192.0.2.1:4000", ours.clone());
    speak(&mut world, &mut caller, &mut old, 1_000);
    world.wait(100);
    opened(&mut world, CALLER, &mut old);
    // The telephone has a new key, ours stays: what we send goes on under it.
    let (_, newer) = keys(Suite::AeadAes128Gcm, 3);
    let rekeyed = SecureKeys { receive: newer.send.clone(), ..ours };
    let negotiated = Negotiated { srtp: Some(rekeyed), ..negotiated("192.0.2.1:4000", Codec::Pcma) };
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(negotiated) });
    let mut new = session(SecureKeys { send: newer.send, receive: theirs.receive.clone() });
    speak(&mut world, &mut caller, &mut old, 1_000);
    speak(&mut world, &mut caller, &mut new, 1_000);
    world.wait(100);
    assert_eq!(opened(&mut world, CALLER, &mut old).len(), 5);
    let report = world.close(CALLER);
    assert_eq!((report.received, report.dropped), (2, 1));
}
