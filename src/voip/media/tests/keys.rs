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
