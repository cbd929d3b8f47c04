//! When frames go out around a key.

use super::*;

/// A caller who hears a long prompt and is a millisecond before the next frame.
fn just_before_a_frame() -> (World, Phone) {
    let (mut world, phone) = World::with_caller();
    world.play(CALLER, 1, vec![PlayItem::Clip(PromptId::new("long"))]);
    world.wait(60);
    world.take_sent(CALLER);
    while world.take_sent(CALLER).is_empty() {
        world.wait(1);
    }
    world.wait(19);
    assert!(world.take_sent(CALLER).is_empty());
    (world, phone)
}

#[test]
fn what_is_said_to_a_key_is_heard_in_the_frame_of_the_key() {
    let (mut world, mut phone) = just_before_a_frame();
    phone.event(&mut world, 50_000, '1', (true, false), 160);
    world.wait(1);
    assert_eq!(world.take_keys(), "1");
    assert!(world.take_sent(CALLER).is_empty(), "it waits for an answer");
    world.tell(MediaCommand::Stop { stream: CALLER });
    world.wait(3);
    let sent = world.take_sent(CALLER);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].payload, [0xd5; 160]);
    // The next is due when it always was.
    world.wait(17);
    assert_eq!(world.take_sent(CALLER).len(), 1);
}

#[test]
fn without_an_answer_the_frame_goes_out_three_milliseconds_late_and_in_order() {
    let (mut world, mut phone) = just_before_a_frame();
    phone.event(&mut world, 50_000, '1', (true, false), 160);
    world.wait(1);
    let late = world.now;
    world.wait(45);
    let sent = world.take_sent(CALLER);
    let at: Vec<u128> = sent.iter().map(|packet| packet.at.since(late).as_millis()).collect();
    assert_eq!(at, [3, 20, 40]);
    for pair in sent.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
    }
}
