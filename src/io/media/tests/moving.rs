//! Streams on different threads that are to talk.

use super::*;
use crate::voip::media::Role;

/// Says an octet until the other hears it.
fn reaches(speaker: &Phone, listener: &Phone, octet: u8) {
    let begun = real_time();
    loop {
        speaker.talk(octet);
        let heard = listener.hear();
        if heard == [octet; 160] {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{octet:#x} was never heard");
    }
}

fn thread_of(bench: &Bench, phone: &Phone) -> Option<usize> {
    bench.engine.routes().thread_of(phone.stream)
}

/// Two phones that came by themselves, each to a thread of its own.
fn apart(bench: &Bench) -> (Phone, Phone) {
    let (first, second) = (bench.phone(1, None), bench.phone(2, None));
    assert_ne!(thread_of(bench, &first), thread_of(bench, &second));
    (first, second)
}

#[test]
fn phones_on_different_threads_are_bridged_and_their_keys_count() {
    let mut bench = Bench::new(2, 1_024);
    let (caller, operator) = apart(&bench);
    bench.play(&caller);
    caller.talk(0);
    caller.hear_only(MUSIC);
    // What follows the bridge is for the new thread already, and must find the stream there.
    bench.command(MediaCommand::Bridge { a: caller.stream, b: operator.stream });
    bench.command(MediaCommand::SendDigit { stream: caller.stream, digit: Digit::from_char('7').expect("a key") });
    assert_eq!(thread_of(&bench, &caller), thread_of(&bench, &operator));
    reaches(&caller, &operator, 0x11);
    reaches(&operator, &caller, 0x22);
    caller.press('5', 90_000);
    assert_eq!(bench.digits(1), "5");
    bench.command(MediaCommand::Unbridge { a: caller.stream, b: operator.stream });
    bench.play(&caller);
    caller.hear_only(MUSIC);
    for phone in [&caller, &operator] {
        bench.command(MediaCommand::Close { stream: phone.stream });
    }
    for _ in 0..2 {
        bench.until(|output| matches!(output, MediaOutput::Event(MediaEvent::Closed { .. })).then_some(()));
    }
    assert_eq!(bench.engine.streams(), 0);
}

#[test]
fn a_third_phone_comes_from_another_thread_and_a_recording_of_it_goes_on() {
    let mut bench = Bench::new(3, 1_024);
    let (caller, supervisor) = apart(&bench);
    let operator = bench.phone(3, Some(&caller));
    bench.command(MediaCommand::Bridge { a: caller.stream, b: operator.stream });
    let rules = RecordingRules { max: Duration::from_secs(60), stop_on: None, silence: None };
    bench.command(MediaCommand::Record { stream: supervisor.stream, recording: RecordingId(4), rules });
    supervisor.talk(MUSIC);
    bench.command(MediaCommand::Join { stream: supervisor.stream, with: operator.stream, role: Role::Speaks });
    // All hear each other; what is mixed of one speaker and silence is the speaker.
    let begun = real_time();
    let heard = |phone: &Phone| phone.hear().into_iter().map(|octet| usize::from(octet == MUSIC)).sum::<usize>() > 80;
    let mut both = [false; 2];
    while both != [true; 2] {
        supervisor.talk(MUSIC);
        both = [both[0] || heard(&caller), both[1] || heard(&operator)];
        supervisor.hear();
        assert!(begun.elapsed() < PATIENCE, "{both:?}");
    }
    bench.command(MediaCommand::StopRecording { stream: supervisor.stream });
    let length = bench.until(|output| match output {
        MediaOutput::RecordingStored { recording: RecordingId(4), length, .. } => Some(*length),
        _ => None,
    });
    assert!(length >= Duration::from_millis(40), "{length:?}");
}

#[test]
fn a_stream_that_was_not_opened_yet_moves_with_its_ports() {
    let mut bench = Bench::new(2, 1_024);
    let caller = bench.phone(1, None);
    let stream = StreamId(2);
    bench.engine.open(stream, LOOPBACK, None).expect("ports");
    let free = bench.engine.pool.free();
    bench.command(MediaCommand::Bridge { a: stream, b: caller.stream });
    bench.command(MediaCommand::Close { stream });
    bench.until(|output| match output {
        MediaOutput::Event(MediaEvent::Closed { stream: StreamId(2), .. }) => Some(()),
        _ => None,
    });
    assert_eq!(bench.engine.pool.free(), free + 1);
    caller.talk(0);
    bench.play(&caller);
    caller.hear_only(MUSIC);
}

#[test]
fn many_move_to_and_fro_and_none_is_lost() {
    let mut bench = Bench::new(3, 4_096);
    let phones: Vec<Phone> = (1..=12).map(|stream| bench.phone(stream, None)).collect();
    for round in 0..20 {
        for (place, phone) in phones.iter().enumerate() {
            let other = &phones[(place + 1 + round) % phones.len()];
            bench.command(MediaCommand::Bridge { a: phone.stream, b: other.stream });
        }
    }
    for phone in &phones {
        bench.command(MediaCommand::Close { stream: phone.stream });
    }
    for _ in &phones {
        bench.until(|output| matches!(output, MediaOutput::Event(MediaEvent::Closed { .. })).then_some(()));
    }
}
