//! Keys: each press once, at its first packet, whatever is lost.

use super::*;
use proptest::prelude::*;

#[test]
fn a_key_counts_at_its_first_packet() {
    let (mut world, mut phone) = World::with_caller();
    phone.event(&mut world, 9_000, '5', (true, false), 0);
    assert_eq!(world.events, [MediaEvent::Digit { stream: CALLER, digit: digit('5'), at: world.now }]);
}

#[test]
fn the_same_key_twice_counts_twice() {
    let (mut world, mut phone) = World::with_caller();
    phone.press(&mut world, '5');
    phone.press(&mut world, '5');
    phone.press(&mut world, '#');
    assert_eq!(world.take_keys(), "55#");
}

#[test]
fn a_very_long_press_counts_once() {
    let (mut world, mut phone) = World::with_caller();
    for segment in 0..3_u32 {
        let begun = 9_000 + segment * 65_535;
        for duration in (160..=65_440_u16).step_by(160).chain([65_535]) {
            let first = segment == 0 && duration == 160;
            phone.event(&mut world, begun, '1', (first, false), duration);
        }
    }
    phone.event(&mut world, 9_000 + 2 * 65_535, '1', (false, true), 65_535);
    assert_eq!(world.take_keys(), "1");
    phone.event(&mut world, 9_000 + 4 * 65_535, '1', (true, false), 160);
    assert_eq!(world.take_keys(), "1");
}

#[test]
fn an_old_packet_of_the_key_before_is_ignored() {
    let (mut world, mut phone) = World::with_caller();
    phone.event(&mut world, 9_000, '1', (true, false), 160);
    phone.event(&mut world, 11_000, '2', (true, false), 160);
    phone.event(&mut world, 9_000, '1', (false, true), 800);
    phone.event(&mut world, 11_000, '2', (false, true), 800);
    assert_eq!(world.take_keys(), "12");
}

#[test]
fn keys_come_by_event_or_by_info_but_not_by_both() {
    let (mut world, mut phone) = World::with_caller();
    let info = |key| MediaCommand::InfoDigit { stream: CALLER, digit: digit(key) };
    world.tell(info('1'));
    assert_eq!(world.take_keys(), "1");
    phone.press(&mut world, '1');
    assert_eq!(world.take_keys(), "", "the twin of the INFO");
    world.tell(info('1'));
    assert_eq!(world.take_keys(), "", "INFO no longer counts");
    phone.press(&mut world, '2');
    assert_eq!(world.take_keys(), "2");
}

#[test]
fn flash_and_other_events_are_no_keys() {
    let (mut world, phone) = World::with_caller();
    for code in [16, 32, 255] {
        let event = Event { code, end: false, duration: 160 };
        let bytes = phone.bytes(true, 101, 9_000, &event.payload());
        world.packet(CALLER, phone.address, &bytes);
    }
    assert_eq!(world.take_keys(), "");
}

#[test]
fn a_key_of_ours_is_events_in_place_of_sound() {
    let (mut world, _phone) = World::with_caller();
    world.wait(40);
    world.take_sent(CALLER);
    for key in ['1', '1'] {
        world.tell(MediaCommand::SendDigit { stream: CALLER, digit: digit(key) });
    }
    world.wait(600);
    let sent = world.take_sent(CALLER);
    let events: Vec<&Sent> = sent.iter().filter(|packet| packet.payload_type == 101).collect();
    assert_eq!(events.len(), 16);
    assert!(events[0].marker && events[8].marker && events.iter().filter(|event| event.marker).count() == 2);
    assert_eq!(events[..8].iter().filter(|event| event.timestamp == events[0].timestamp).count(), 8);
    assert_ne!(events[0].timestamp, events[8].timestamp);
    assert_eq!(events[7].payload, [1, 0x8a, 0x03, 0x20]);
    assert!(sent.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    assert_eq!(sent.len(), 30, "one packet each 20 ms, sound or key");
}

/// Sends 100 ms of a key's two tones, then 100 ms of silence.
#[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
pub(super) fn sing(world: &mut World, phone: &mut Phone, (low, high): (f64, f64)) {
    for packet in 0..10 {
        let sample = |at: i32| {
            let at = f64::from(packet * 160 + at) / 8_000.0;
            let wave = |frequency: f64| (std::f64::consts::TAU * frequency * at).sin();
            if packet < 5 { (6_000.0 * (wave(low) + wave(high))) as i16 } else { 0 }
        };
        let samples: Vec<i16> = (0..160).map(sample).collect();
        let bytes = phone.bytes(false, 8, phone.timestamp, EncodedPrompt::encode(&samples).octets(Codec::Pcma));
        world.packet(phone.stream, phone.address, &bytes);
        phone.skip(1);
        world.wait(20);
    }
}

pub(super) const FIVE: (f64, f64) = (770.0, 1_336.0);
const SEVEN: (f64, f64) = (852.0, 1_209.0);

fn without_events(world: &mut World) {
    let without = Negotiated { telephone_event: None, ..negotiated("192.0.2.1:4000", Codec::Pcma) };
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(without) });
}

#[test]
fn tones_are_keys_only_where_no_better_way_was_used() {
    let (mut world, mut phone) = World::with_caller();
    without_events(&mut world);
    for tones in [FIVE, FIVE, SEVEN] {
        sing(&mut world, &mut phone, tones);
    }
    assert_eq!(world.take_keys(), "557");
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('7') });
    assert_eq!(world.take_keys(), "", "the INFO of the key that was heard");
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('8') });
    sing(&mut world, &mut phone, FIVE);
    assert_eq!(world.take_keys(), "8", "tones no longer count");
}

#[test]
fn a_phone_that_agreed_on_events_and_sends_tones_is_heard_until_it_sends_an_event() {
    let (mut world, mut phone) = World::with_caller();
    for tones in [FIVE, SEVEN, SEVEN] {
        sing(&mut world, &mut phone, tones);
    }
    assert_eq!(world.take_keys(), "577");
    phone.press(&mut world, '7');
    assert_eq!(world.take_keys(), "", "the tone's twin");
    phone.press(&mut world, '1');
    sing(&mut world, &mut phone, FIVE);
    assert_eq!(world.take_keys(), "1", "tones no longer count");
}

#[test]
fn in_a_conversation_tones_are_keys_only_of_a_phone_that_is_known_for_them() {
    let (mut world, mut phone) = World::with_caller();
    world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    sing(&mut world, &mut phone, FIVE);
    assert_eq!(world.take_keys(), "", "speech");
    world.tell(MediaCommand::Unbridge { a: CALLER, b: OPERATOR });
    sing(&mut world, &mut phone, FIVE);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    sing(&mut world, &mut phone, SEVEN);
    assert_eq!(world.take_keys(), "57");
}

#[test]
fn the_key_that_ends_a_secret_counts_once_though_it_comes_twice() {
    let (mut world, mut phone) = World::with_caller();
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    world.tell(MediaCommand::InfoDigit { stream: CALLER, digit: digit('#') });
    world.tell(MediaCommand::Secret { stream: CALLER, on: false });
    phone.press(&mut world, '#');
    assert_eq!(world.take_keys(), "#");
}

#[test]
fn a_key_that_still_sounds_when_the_secret_ends_is_not_heard_again() {
    let (mut world, mut phone) = World::with_caller();
    let begun = phone.timestamp;
    phone.event(&mut world, begun, '4', (true, false), 160);
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    world.tell(MediaCommand::Secret { stream: CALLER, on: false });
    for duration in [320, 480, 640] {
        phone.event(&mut world, begun, '4', (false, duration == 640), duration);
    }
    assert_eq!(world.take_keys(), "4");
    phone.skip(10);
    phone.press(&mut world, '4');
    assert_eq!(world.take_keys(), "4");
}

#[test]
fn keys_of_a_source_of_their_own_count_once_and_a_third_source_not_at_all() {
    let (mut world, mut phone) = World::with_caller();
    let source = |ssrc| Phone { ssrc, sequence: 500, ..phone };
    let (mut gateway, mut stranger) = (source(78), source(79));
    phone.speak(&mut world, 0);
    for duration in [160, 320, 480] {
        phone.event(&mut world, 9_000, '1', (duration == 160, false), duration);
        gateway.event(&mut world, 4_000, '1', (duration == 160, false), duration);
    }
    assert_eq!(world.take_keys(), "1", "the same press from both");
    stranger.event(&mut world, 1_000, '2', (true, false), 160);
    assert_eq!(world.take_keys(), "");
    phone.talk(&mut world, 0, 2_100);
    gateway.event(&mut world, 40_000, '3', (true, false), 160);
    assert_eq!(world.take_keys(), "3");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_packet_that_arrives_makes_the_key_count_once(
        arrives in proptest::collection::vec(any::<(bool, bool)>(), 8..=8),
        marker in any::<bool>(),
        keys in "[0-9*#A-D]{1,6}",
    ) {
        let (mut world, mut phone) = World::with_caller();
        for key in keys.chars() {
            let begun = phone.timestamp;
            for (step, (first, again)) in (0..8_u16).zip(&arrives) {
                for _ in 0..u8::from(*first) + u8::from(*again) {
                    phone.event(&mut world, begun, key, (marker && step == 0, step >= 5), 160 * (step + 1).min(5));
                }
                world.wait(20);
            }
            phone.timestamp += 1_600;
        }
        let heard = arrives.iter().any(|(first, again)| *first || *again);
        prop_assert_eq!(world.take_keys(), if heard { keys } else { String::new() });
    }

    #[test]
    fn garbage_never_panics(
        packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..40),
    ) {
        let (mut world, phone) = World::with_caller();
        for mut bytes in packets {
            world.packet(CALLER, phone.address, &bytes);
            if let Some(first) = bytes.first_mut() {
                *first = 0x80;
            }
            world.packet(CALLER, phone.address, &bytes);
            world.core.handle_rtcp(world.now, CALLER, phone.address, &bytes);
            world.wait(5);
        }
        prop_assert_eq!(world.core.open_streams(), 1);
    }
}
