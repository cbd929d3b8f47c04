//! What the other leg of a bridge gets: keys as events, sound in packets of its own length.

use super::keys::{FIVE, sing};
use super::*;

fn conversation() -> (World, Phone) {
    let (mut world, mut phone) = World::with_caller();
    let mut operator = world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    operator.speak(&mut world, 0);
    phone.talk(&mut world, 0, 100);
    world.take_sent(OPERATOR);
    world.events.clear();
    (world, phone)
}

/// The events among what was sent: each press by its first packet, and how many packets it had.
fn presses(sent: &[Sent]) -> Vec<(u8, usize)> {
    let mut presses: Vec<(u32, u8, usize)> = Vec::new();
    for packet in sent.iter().filter(|packet| packet.payload_type == 101) {
        match presses.last_mut() {
            Some((timestamp, _, count)) if *timestamp == packet.timestamp => *count += 1,
            _ => presses.push((packet.timestamp, packet.payload[0], 1)),
        }
    }
    presses.into_iter().map(|(_, code, count)| (code, count)).collect()
}

#[test]
fn an_info_is_a_whole_event_for_the_other_leg() {
    let (mut world, mut phone) = conversation();
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('7') });
    phone.talk(&mut world, 0, 400);
    assert_eq!(world.take_keys(), "7");
    let sent = world.take_sent(OPERATOR);
    let events: Vec<&Sent> = sent.iter().filter(|packet| packet.payload_type == 101).collect();
    assert_eq!(presses(&sent), [(7, 8)]);
    assert!(events[0].marker && events[1..].iter().all(|event| !event.marker));
    let ends = events.iter().filter(|event| event.payload[1] & 0x80 != 0).count();
    assert_eq!((ends, &events[7].payload[2..]), (3, &[3, 0x20][..]), "three ends, 100 ms");
    assert!(sent.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
}

#[test]
fn a_press_that_comes_both_ways_reaches_the_other_leg_once() {
    let (mut world, mut phone) = conversation();
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('7') });
    phone.press(&mut world, '7');
    phone.talk(&mut world, 0, 400);
    phone.press(&mut world, '8');
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('8') });
    phone.talk(&mut world, 0, 400);
    assert_eq!(world.take_keys(), "78");
    let codes: Vec<u8> = presses(&world.take_sent(OPERATOR)).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [7, 8]);
}

#[test]
fn two_sources_of_one_press_reach_the_other_leg_once() {
    let (mut world, mut phone) = conversation();
    let mut gateway = Phone { ssrc: 78, sequence: 500, ..phone };
    for duration in [160, 320, 480] {
        phone.event(&mut world, 9_000, '1', (duration == 160, duration == 480), duration);
        gateway.event(&mut world, 4_000, '1', (duration == 160, duration == 480), duration);
        world.wait(20);
    }
    assert_eq!(presses(&world.take_sent(OPERATOR)), [(1, 3)]);
}

#[test]
fn tones_are_events_for_the_other_leg_and_no_more_a_sound() {
    let (mut world, mut phone) = conversation();
    world.tell(MediaCommand::Unbridge { a: CALLER, b: OPERATOR });
    sing(&mut world, &mut phone, FIVE);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    phone.talk(&mut world, 0, 200);
    world.take_sent(OPERATOR);
    sing(&mut world, &mut phone, FIVE);
    phone.talk(&mut world, 0, 300);
    assert_eq!(world.take_keys(), "55");
    let sent = world.take_sent(OPERATOR);
    assert_eq!(presses(&sent), [(5, 8)]);
    let silent = |octet: &u8| [0xd5, 0x55, 0xd4, 0x54].contains(octet);
    let loud = sent.iter().filter(|packet| packet.payload_type == 8 && !packet.payload.iter().all(silent)).count();
    assert!(loud <= 3, "{loud} packets of the tone went through");
}

#[test]
fn nothing_of_a_secret_is_passed_on() {
    let (mut world, mut phone) = conversation();
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('7') });
    phone.talk(&mut world, 9_000, 100);
    phone.press(&mut world, '8');
    world.tell(MediaCommand::Secret { stream: CALLER, on: false });
    phone.talk(&mut world, 0, 400);
    assert_eq!(world.take_keys(), "78");
    let sent = world.take_sent(OPERATOR);
    assert_eq!(presses(&sent), []);
    assert!(sent.iter().all(|packet| packet.payload[0] != tone(9_000, Codec::Pcma)));
}

/// Lengths and timestamps of the packets of sound that a listener of this ptime gets of one second of a speaker.
fn repacked(listener: u64, speaker: usize, lose: Option<usize>) -> Vec<Sent> {
    let (mut world, phone) = World::with_caller();
    let mut phone = phone;
    let mut operator = world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma);
    let ptime = Duration::from_millis(listener);
    let longer = Negotiated { ptime, ..negotiated("192.0.2.2:4000", Codec::Pcma) };
    world.tell(MediaCommand::Update { stream: OPERATOR, negotiated: Box::new(longer) });
    operator.speak(&mut world, 0);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    let units = speaker * 8;
    for packet in 0..1_200 / speaker {
        if lose != Some(packet) {
            let bytes = phone.bytes(false, 8, phone.timestamp, &vec![tone(9_000, Codec::Pcma); units]);
            world.packet(CALLER, phone.address, &bytes);
        }
        phone.sequence = phone.sequence.wrapping_add(1);
        phone.timestamp += u32::try_from(units).expect("small");
        world.wait(speaker as u64);
    }
    world.wait(200);
    let sent = world.take_sent(OPERATOR);
    let loud = |packet: &Sent| packet.payload.contains(&tone(9_000, Codec::Pcma));
    sent.into_iter().filter(loud).collect()
}

#[test]
fn the_listener_gets_packets_of_the_length_it_asked_for() {
    for (listener, speaker) in
        [(20, 20), (40, 20), (20, 60), (10, 20), (60, 20), (30, 20), (60, 60), (20, 10), (20, 30)]
    {
        let name = format!("{speaker} ms to {listener} ms");
        let sent = repacked(listener, speaker, None);
        let units = usize::try_from(listener).expect("small") * 8;
        let samples: usize = sent.iter().map(|packet| packet.payload.len()).sum();
        assert_eq!(samples, 9_600, "{name}: no sample is lost");
        let whole = sent.iter().filter(|packet| packet.payload.len() == units).count();
        assert!(whole + 1 >= sent.len(), "{name}: {:?}", sent.iter().map(|one| one.payload.len()).collect::<Vec<_>>());
        for pair in sent.windows(2) {
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as usize;
            assert_eq!((step, pair[1].sequence.wrapping_sub(pair[0].sequence)), (pair[0].payload.len(), 1), "{name}");
        }
    }
}

#[test]
fn a_packet_that_was_lost_leaves_its_hole_in_the_listeners_numbers() {
    for (listener, speaker, missing) in [(20, 20, 1), (20, 40, 2), (10, 20, 2)] {
        let sent = repacked(listener, speaker, Some(10));
        let holes: Vec<u16> = sent
            .windows(2)
            .map(|pair| pair[1].sequence.wrapping_sub(pair[0].sequence))
            .filter(|step| *step != 1)
            .collect();
        assert_eq!(holes, [missing + 1], "{speaker} ms to {listener} ms");
    }
}
