//! Two legs hear each other.

use super::*;
use crate::voip::audio::g711;

fn bridged(codecs: (Codec, Codec)) -> (World, Phone, Phone) {
    let mut world = World::new();
    let mut caller = world.open(CALLER, "192.0.2.1:4000", codecs.0);
    let mut operator = world.open(OPERATOR, "192.0.2.2:4000", codecs.1);
    operator.timestamp = 4_000_000_000;
    operator.ssrc = 99;
    caller.speak(&mut world, 0);
    operator.speak(&mut world, 0);
    world.wait(100);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    world.sent.clear();
    world.events.clear();
    (world, caller, operator)
}

/// Our numbers never break, whoever speaks.
fn check_whole(sent: &[Sent]) {
    for pair in sent.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert!(RtpTimestamp(pair[1].timestamp).after(RtpTimestamp(pair[0].timestamp)) >= 160, "{pair:?}");
        assert_eq!(pair[1].ssrc, 0xaaaa);
    }
}

#[test]
fn each_hears_the_other_at_once_and_nothing_else() {
    for codecs in [(Codec::Pcma, Codec::Pcma), (Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
        let (mut world, mut caller, mut operator) = bridged(codecs);
        for _ in 0..50 {
            caller.speak(&mut world, 4_000);
            operator.speak(&mut world, -4_000);
            world.wait(20);
        }
        for (stream, level, from, to) in [(OPERATOR, 4_000, codecs.0, codecs.1), (CALLER, -4_000, codecs.1, codecs.0)] {
            let sent = world.take_sent(stream);
            let octet = tone(level, from);
            let octet = g711::transcoder(from, to).map_or(octet, |table| table[usize::from(octet)]);
            assert_eq!(sent.len(), 50);
            assert!(sent.iter().all(|packet| packet.payload == [octet; 160]), "{codecs:?}");
            assert!(sent.iter().all(|packet| Some(packet.payload_type) == to.static_payload_type()));
            assert!(sent.windows(2).all(|pair| pair[1].timestamp == pair[0].timestamp.wrapping_add(160)));
            check_whole(&sent);
        }
    }
}

#[test]
fn the_music_ends_when_the_bridge_begins() {
    let (mut world, _caller, mut operator) = bridged((Codec::Pcma, Codec::Pcma));
    world.tell(MediaCommand::Unbridge { a: CALLER, b: OPERATOR });
    let playlist = Playlist::looped(PromptId::new("music"));
    world.tell(MediaCommand::Play { stream: CALLER, playback: PlaybackId(1), playlist });
    world.wait(100);
    world.take_sent(CALLER);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    operator.talk(&mut world, -4_000, 100);
    let sent = world.take_sent(CALLER);
    assert!(sent.iter().all(|packet| packet.payload == [tone(-4_000, Codec::Pcma); 160]));
    assert_eq!((sent.len(), world.events.len()), (5, 0));
}

#[test]
fn silence_fills_in_when_the_other_says_nothing_and_ends_when_it_speaks() {
    let (mut world, mut caller, _operator) = bridged((Codec::Pcma, Codec::Pcma));
    caller.talk(&mut world, 4_000, 200);
    caller.timestamp += 16_000;
    world.wait(2_000);
    caller.talk(&mut world, 4_000, 200);
    let sent = world.take_sent(OPERATOR);
    check_whole(&sent);
    let gap = sent.windows(2).map(|pair| pair[1].at.since(pair[0].at)).max();
    assert!(gap <= Some(Duration::from_millis(120)), "{gap:?}");
    assert_eq!(sent.iter().filter(|packet| packet.payload[0] == tone(4_000, Codec::Pcma)).count(), 20);
}

#[test]
fn a_lost_packet_stays_visible_to_the_listener() {
    let (mut world, mut caller, _operator) = bridged((Codec::Pcma, Codec::Pcma));
    caller.talk(&mut world, 4_000, 100);
    caller.skip(2);
    world.wait(40);
    caller.talk(&mut world, 4_000, 100);
    let sent = world.take_sent(OPERATOR);
    let steps: Vec<u16> = sent.windows(2).map(|pair| pair[1].sequence.wrapping_sub(pair[0].sequence)).collect();
    assert_eq!(steps, [1, 1, 1, 1, 3, 1, 1, 1, 1]);
    assert_eq!(sent[5].timestamp.wrapping_sub(sent[4].timestamp), 480);
}

#[test]
fn keys_reach_the_operator_except_while_a_secret_is_entered() {
    let (mut world, mut caller, mut operator) = bridged((Codec::Pcma, Codec::Pcmu));
    let events = |world: &mut World| {
        let sent = world.take_sent(OPERATOR);
        sent.into_iter().filter(|packet| packet.payload_type == 101).collect::<Vec<_>>()
    };
    caller.talk(&mut world, 4_000, 100);
    caller.press(&mut world, '7');
    let relayed = events(&mut world);
    assert_eq!(relayed.len(), 8);
    assert!(relayed.iter().all(|packet| packet.timestamp == relayed[0].timestamp && packet.payload[0] == 7));
    assert!(relayed[0].marker && !relayed[1].marker);
    world.tell(MediaCommand::Secret { stream: CALLER, on: true });
    caller.press(&mut world, '8');
    caller.talk(&mut world, 4_000, 100);
    operator.talk(&mut world, -4_000, 100);
    assert_eq!(world.take_keys(), "78", "the menu still hears the key");
    let sent = world.take_sent(OPERATOR);
    assert!(sent.iter().all(|packet| packet.payload == [0xff; 160]), "neither key nor tone");
    assert!(world.take_sent(CALLER).iter().any(|packet| packet.payload[0] != 0xd5), "the caller still hears");
    world.tell(MediaCommand::Secret { stream: CALLER, on: false });
    caller.press(&mut world, '9');
    assert_eq!(events(&mut world).len(), 8);
}

#[test]
fn a_prompt_covers_the_bridge_until_it_ends() {
    let (mut world, mut caller, mut operator) = bridged((Codec::Pcma, Codec::Pcma));
    operator.talk(&mut world, -4_000, 100);
    world.play(CALLER, 1, vec![clip("short")]);
    for _ in 0..10 {
        operator.speak(&mut world, -4_000);
        caller.speak(&mut world, 4_000);
        world.wait(20);
    }
    let sent = world.take_sent(CALLER);
    check_whole(&sent);
    let heard: Vec<u8> = sent.iter().map(|packet| packet.payload[0]).collect();
    let (voice, prompt) = (tone(-4_000, Codec::Pcma), tone(1_000, Codec::Pcma));
    assert_eq!(heard[..5], [voice; 5]);
    assert_eq!(heard[5..10], [prompt; 5]);
    assert_eq!(heard[10..], [voice; 5]);
    assert_eq!(world.take_sent(OPERATOR).len(), 15, "the operator hears silence before, the caller meanwhile");
}

#[test]
fn after_the_bridge_each_hears_silence_and_prompts_again() {
    let (mut world, mut caller, mut operator) = bridged((Codec::Pcma, Codec::Pcma));
    operator.talk(&mut world, -4_000, 200);
    world.tell(MediaCommand::Unbridge { a: CALLER, b: OPERATOR });
    world.play(CALLER, 1, vec![clip("short")]);
    operator.talk(&mut world, -4_000, 200);
    caller.talk(&mut world, 4_000, 100);
    let sent = world.take_sent(CALLER);
    check_whole(&sent);
    let voices = sent.iter().filter(|packet| packet.payload[0] == tone(-4_000, Codec::Pcma)).count();
    assert_eq!(voices, 10);
    assert_eq!(world.take_sent(OPERATOR).iter().filter(|packet| packet.payload[0] != 0xd5).count(), 0);
}

#[test]
fn a_third_leg_takes_the_place_of_the_second() {
    let (mut world, mut caller, mut operator) = bridged((Codec::Pcma, Codec::Pcma));
    let third = StreamId(3);
    world.open(third, "192.0.2.3:4000", Codec::Pcma);
    world.tell(MediaCommand::Bridge { a: CALLER, b: third });
    caller.talk(&mut world, 4_000, 100);
    operator.talk(&mut world, -4_000, 100);
    let loud = |sent: Vec<Sent>| sent.into_iter().filter(|packet| packet.payload[0] != 0xd5).count();
    assert_eq!(loud(world.take_sent(third)), 5);
    assert_eq!(loud(world.take_sent(OPERATOR)), 0);
    assert_eq!(loud(world.take_sent(CALLER)), 0);
    world.close(third);
    caller.talk(&mut world, 4_000, 100);
    assert_eq!(loud(world.take_sent(OPERATOR)), 0);
}
