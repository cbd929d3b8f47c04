//! Three in one conversation, octet by octet.

use super::*;
use crate::voip::audio::g711;
use crate::voip::media::Role;

const THIRD: StreamId = StreamId(3);

/// Caller, operator and a third, who speaks µ-law; the first two are bridged, then the third joins.
fn three(role: Role) -> (World, [Phone; 3]) {
    let mut world = World::new();
    let mut phones = [
        world.open(CALLER, "192.0.2.1:4000", Codec::Pcma),
        world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma),
        world.open(THIRD, "192.0.2.3:4000", Codec::Pcmu),
    ];
    for phone in &mut phones {
        phone.speak(&mut world, 0);
    }
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    world.wait(20);
    world.tell(MediaCommand::Join { stream: THIRD, with: OPERATOR, role });
    world.sent.clear();
    world.events.clear();
    (world, phones)
}

/// All speak for a time, each at its level.
fn speak(world: &mut World, phones: &mut [Phone; 3], levels: [i16; 3], millis: u64) {
    for _ in 0..millis / 20 {
        for (phone, level) in phones.iter_mut().zip(levels) {
            phone.speak(world, level);
        }
        world.wait(20);
    }
}

/// The one sample that a stream was sent last, its packets being whole.
fn level(world: &mut World, stream: StreamId) -> i16 {
    let sent = world.take_sent(stream);
    for pair in sent.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert_eq!(pair[1].at.since(pair[0].at), Duration::from_millis(20), "as even as anything else");
    }
    let last = sent.last().expect("something was sent");
    assert_eq!(last.payload, [last.payload[0]; 160]);
    let codec = if last.payload_type == 8 { Codec::Pcma } else { Codec::Pcmu };
    g711::decode(codec, last.payload[0])
}

fn coded(codec: Codec, sample: i16) -> i16 {
    g711::decode(codec, g711::encode(codec, sample))
}

/// What the three hear when they speak at these levels: the sums as their codecs write them.
fn check(role: Role, hears: [fn([i16; 3]) -> i16; 3]) {
    let (mut world, mut phones) = three(role);
    let levels = [1_000, -3_000, 7_000];
    speak(&mut world, &mut phones, levels, 400);
    let codecs = [Codec::Pcma, Codec::Pcma, Codec::Pcmu];
    let said = [0, 1, 2].map(|index| coded(codecs[index], levels[index]));
    for (index, stream) in [CALLER, OPERATOR, THIRD].into_iter().enumerate() {
        let sum = coded(codecs[index], hears[index](said));
        assert_eq!(level(&mut world, stream), sum, "{role:?} {stream:?}");
    }
}

#[test]
fn each_role_hears_and_is_heard_as_it_should_to_the_sample() {
    check(Role::Speaks, [|[_, o, t]| o + t, |[c, _, t]| c + t, |[c, o, _]| c + o]);
    check(Role::Joins, [|[_, o, t]| o + t, |[c, _, t]| c + t, |[c, o, _]| c + o]);
    check(Role::Listens, [|[_, o, _]| o, |[c, _, _]| c, |[c, o, _]| c + o]);
    check(Role::Whispers { to: OPERATOR }, [|[_, o, _]| o, |[c, _, t]| c + t, |[c, o, _]| c + o]);
}

#[test]
fn a_role_changes_in_the_middle_of_a_sentence() {
    let (mut world, mut phones) = three(Role::Listens);
    speak(&mut world, &mut phones, [0, 0, 7_000], 200);
    assert!(level(&mut world, CALLER).abs() < 16);
    world.tell(MediaCommand::Join { stream: THIRD, with: CALLER, role: Role::Speaks });
    speak(&mut world, &mut phones, [0, 0, 7_000], 200);
    assert!(level(&mut world, CALLER) > 6_000);
}

#[test]
fn who_leaves_hears_silence_and_the_two_that_are_left_are_bridged() {
    let (mut world, mut phones) = three(Role::Speaks);
    speak(&mut world, &mut phones, [1_000, -3_000, 7_000], 200);
    world.tell(MediaCommand::Leave { stream: THIRD });
    world.sent.clear();
    speak(&mut world, &mut phones, [1_000, -3_000, 7_000], 200);
    assert_eq!(world.take_sent(CALLER).last().map(|sent| sent.payload[0]), Some(tone(-3_000, Codec::Pcma)));
    assert_eq!(world.take_sent(OPERATOR).last().map(|sent| sent.payload[0]), Some(tone(1_000, Codec::Pcma)));
    assert_eq!(world.take_sent(THIRD).last().map(|sent| sent.payload[0]), Some(0xff));
}

#[test]
fn the_one_who_stays_behind_with_a_listener_is_heard_by_it() {
    let (mut world, mut phones) = three(Role::Listens);
    speak(&mut world, &mut phones, [1_000, -3_000, 7_000], 200);
    world.close(OPERATOR);
    world.sent.clear();
    for _ in 0..10 {
        phones[0].speak(&mut world, 1_000);
        world.wait(20);
    }
    assert_eq!(level(&mut world, THIRD), coded(Codec::Pcmu, coded(Codec::Pcma, 1_000)));
    world.close(CALLER);
    world.wait(100);
    assert_eq!(world.take_sent(THIRD).last().map(|sent| sent.payload[0]), Some(0xff));
}

#[test]
fn keys_go_between_those_who_speak_and_a_secret_reaches_nobody() {
    let keys =
        |world: &mut World, stream| world.take_sent(stream).into_iter().filter(|sent| sent.payload_type == 101).count();
    for (role, reached) in
        [(Role::Speaks, 8), (Role::Joins, 0), (Role::Listens, 0), (Role::Whispers { to: OPERATOR }, 0)]
    {
        let (mut world, mut phones) = three(role);
        phones[0].press(&mut world, '7');
        assert_eq!((keys(&mut world, OPERATOR), keys(&mut world, THIRD)), (8, reached), "{role:?}");
        phones[2].press(&mut world, '8');
        assert_eq!((keys(&mut world, CALLER), keys(&mut world, OPERATOR)), (reached, reached), "{role:?}");
    }
    let (mut world, mut phones) = three(Role::Speaks);
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    world.sent.clear();
    phones[0].press(&mut world, '9');
    speak(&mut world, &mut phones, [9_000, 0, 0], 200);
    assert_eq!(world.take_keys(), "9");
    for stream in [OPERATOR, THIRD] {
        let sent = world.take_sent(stream);
        assert!(
            sent.iter().all(|sent| sent.payload_type != 101 && sent.payload.iter().all(|&octet| octet | 0x80 >= 0xd5))
        );
    }
}

#[test]
fn a_new_bridge_takes_its_two_out_of_the_conversation() {
    let (mut world, mut phones) = three(Role::Speaks);
    speak(&mut world, &mut phones, [1_000, -3_000, 7_000], 200);
    world.tell(MediaCommand::Bridge { a: OPERATOR, b: THIRD });
    world.sent.clear();
    speak(&mut world, &mut phones, [1_000, -3_000, 7_000], 200);
    assert_eq!(world.take_sent(CALLER).last().map(|sent| sent.payload[0]), Some(0xd5), "alone");
    assert!(world.take_sent(OPERATOR).iter().all(|sent| sent.payload[0] == tone(7_000, Codec::Pcma)
        || sent.payload[0] == g711::encode(Codec::Pcma, coded(Codec::Pcmu, 7_000))));
}
