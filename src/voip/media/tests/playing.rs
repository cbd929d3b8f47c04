//! What a caller hears, packet by packet.

use super::*;
use crate::voip::media::{LEAD_IN, MAX_BURST};

/// Sequence numbers go on by one and timestamps by 160 a packet, 20 ms apart.
fn check_continuous(sent: &[Sent]) {
    for pair in sent.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert_eq!(after.timestamp, before.timestamp.wrapping_add(160), "at {:?}", after.at);
        assert_eq!(after.at.since(before.at), Duration::from_millis(20));
        assert_eq!((after.ssrc, after.payload.len()), (before.ssrc, 160));
    }
}

#[test]
fn silence_flows_from_the_opening_on() {
    let mut world = World::new();
    world.open(CALLER, "192.0.2.1:4000", Codec::Pcmu);
    world.wait(1_000);
    let sent = world.take_sent(CALLER);
    assert_eq!(sent.len(), 50);
    assert!(sent[0].marker && sent[1..].iter().all(|packet| !packet.marker));
    assert!(sent.iter().all(|packet| packet.payload == [0xff; 160] && packet.payload_type == 0));
    assert_eq!(sent[0].to, address("192.0.2.1:4000"));
    assert_eq!(sent[0].sequence, 65_530);
    check_continuous(&sent);
}

#[test]
fn the_first_word_waits_for_the_first_packet_of_the_peer() {
    let mut world = World::new();
    let mut phone = world.open(CALLER, "192.0.2.1:4000", Codec::Pcma);
    world.play(CALLER, 1, vec![clip("short")]);
    world.wait(100);
    assert!(world.take_sent(CALLER).iter().all(|packet| packet.payload == [0xd5; 160]));
    phone.speak(&mut world, 0);
    assert_eq!(world.events, [MediaEvent::FirstPacket { stream: CALLER }]);
    world.wait(20);
    let sent = world.take_sent(CALLER);
    assert!(sent[0].marker);
    assert_eq!(sent[0].payload, [tone(1_000, Codec::Pcma); 160]);
}

#[test]
fn the_first_word_waits_no_longer_than_the_lead_in() {
    let mut world = World::new();
    world.open(CALLER, "192.0.2.1:4000", Codec::Pcma);
    world.play(CALLER, 1, vec![clip("short")]);
    world.wait(u64::try_from(LEAD_IN.as_millis()).expect("short") + 20);
    let sent = world.take_sent(CALLER);
    assert_eq!(sent.last().map(|packet| packet.payload[0]), Some(tone(1_000, Codec::Pcma)));
    check_continuous(&sent);
}

#[test]
fn clips_follow_each_other_without_a_seam_and_the_end_is_told_with_the_last_sample() {
    let (mut world, _phone) = World::with_caller();
    world.play(CALLER, 7, vec![clip("short"), gap(30), clip("short")]);
    world.wait(220);
    assert_eq!(world.events, []);
    world.wait(20);
    assert_eq!(world.events, [MediaEvent::PlaybackEnded { stream: CALLER, playback: PlaybackId(7) }]);
    world.play(CALLER, 8, vec![clip("long")]);
    world.wait(100);
    let sent = world.take_sent(CALLER);
    check_continuous(&sent);
    let heard: Vec<u8> = sent.iter().flat_map(|packet| packet.payload.clone()).collect();
    let (first, silence) = (tone(1_000, Codec::Pcma), 0xd5);
    let mut expected = [vec![first; 800], vec![silence; 240], vec![first; 800], vec![silence; 80]].concat();
    expected.extend([tone(2_000, Codec::Pcma); 800]);
    assert_eq!(heard, expected);
}

#[test]
fn a_stop_is_silence_with_the_next_packet() {
    let (mut world, _phone) = World::with_caller();
    world.play(CALLER, 1, vec![clip("long")]);
    world.wait(210);
    world.take_sent(CALLER);
    world.tell(MediaCommand::Stop { stream: CALLER });
    world.wait(40);
    let sent = world.take_sent(CALLER);
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|packet| packet.payload == [0xd5; 160]));
    assert_eq!(world.events, []);
}

#[test]
fn music_repeats_until_something_else_plays() {
    let (mut world, _phone) = World::with_caller();
    let playlist = Playlist::looped(PromptId::new("music"));
    world.tell(MediaCommand::Play { stream: CALLER, playback: PlaybackId(1), playlist });
    world.wait(5_000);
    let sent = world.take_sent(CALLER);
    assert!(sent.iter().all(|packet| packet.payload == [tone(3_000, Codec::Pcma); 160]));
    world.play(CALLER, 2, vec![clip("short")]);
    world.wait(20);
    assert_eq!(world.take_sent(CALLER)[0].payload[0], tone(1_000, Codec::Pcma));
}

#[test]
fn a_missing_prompt_is_told_and_left_out() {
    let (mut world, _phone) = World::with_caller();
    world.play(CALLER, 1, vec![clip("nowhere"), clip("short")]);
    world.wait(100);
    let missing = MediaEvent::MissingPrompt { stream: CALLER, prompt: PromptId::new("nowhere") };
    assert_eq!(world.events, [missing, MediaEvent::PlaybackEnded { stream: CALLER, playback: PlaybackId(1) }]);
    assert_eq!(world.take_sent(CALLER)[0].payload[0], tone(1_000, Codec::Pcma));
}

#[test]
fn a_late_thread_sends_a_short_burst_and_honest_timestamps() {
    let (mut world, _phone) = World::with_caller();
    world.play(CALLER, 1, vec![clip("long")]);
    world.wait(100);
    let before = world.take_sent(CALLER).pop().expect("a packet");
    world.leap(500);
    let burst = world.take_sent(CALLER);
    assert_eq!(burst.len(), MAX_BURST as usize);
    assert_eq!(burst[0].sequence, before.sequence.wrapping_add(1));
    assert!(burst[0].marker && !burst[1].marker);
    assert_eq!(burst[2].timestamp.wrapping_sub(before.timestamp), 500 * 8);
    assert!(burst.iter().all(|packet| packet.payload == [tone(2_000, Codec::Pcma); 160]));
    world.wait(60);
    check_continuous(&world.take_sent(CALLER));
}

#[test]
fn a_hold_pauses_what_plays_and_resuming_goes_on_with_it() {
    let (mut world, _phone) = World::with_caller();
    world.play(CALLER, 1, vec![clip("short"), clip("short")]);
    world.wait(100);
    let mut held = negotiated("192.0.2.1:4000", Codec::Pcma);
    held.direction = Direction::RecvOnly;
    held.remote = address("0.0.0.0:4000");
    world.take_sent(CALLER);
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(held) });
    world.wait(30_000);
    assert_eq!((world.take_sent(CALLER).len(), world.events.len()), (0, 0));
    let resumed = negotiated("192.0.2.1:4000", Codec::Pcmu);
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(resumed) });
    world.wait(100);
    assert_eq!(world.events, [MediaEvent::PlaybackEnded { stream: CALLER, playback: PlaybackId(1) }]);
    let sent = world.take_sent(CALLER);
    check_continuous(&sent);
    assert!(sent[0].marker && sent[0].payload_type == 0);
    assert!(sent.iter().all(|packet| packet.payload == [tone(1_000, Codec::Pcmu); 160]));
}

#[test]
fn many_streams_share_the_slots_evenly() {
    let prompts = Arc::new(PromptFrames::default());
    let mut core = MediaCore::new(100, prompts, Instant::ZERO);
    let params = |port: u64| StreamParams {
        negotiated: negotiated(&format!("192.0.2.1:{}", 4_000 + port), Codec::Pcma),
        ssrc: Ssrc(1),
        first_sequence: SequenceNumber(0),
        first_timestamp: RtpTimestamp(0),
        silence_limit: Duration::from_secs(20),
    };
    for stream in 0..101 {
        let open = MediaCommand::Open { stream: StreamId(stream), params: Box::new(params(stream)) };
        core.handle_command(Instant::ZERO, open, &mut |_| {});
    }
    assert_eq!(core.next_event(), Some(MediaEvent::Refused { stream: StreamId(100) }));
    assert_eq!(core.open_streams(), 100);
    for millis in 0..60 {
        let mut count = 0;
        core.tick(Instant::from_millis(millis), &mut |_| count += 1);
        assert_eq!(count, 5, "{millis} ms");
    }
}
