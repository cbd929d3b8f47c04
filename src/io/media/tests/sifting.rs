//! Sound that nobody hears is thrown away by the kernel, and nobody notices.

use super::*;
use crate::voip::media::Sieve;
use legs::Ready;

/// The numbers of a packet of this phone's sound that its sieve would leave out.
fn is_left_out(sequence: u16) -> bool {
    !sequence.is_multiple_of(Sieve::EVERY)
}

/// A phone that the engine knows to be steady.
fn steady(bench: &Bench) -> Phone {
    let phone = bench.phone(1, None);
    for _ in 0..90 {
        phone.talk(Codec::Pcma.silence());
        phone.hear();
    }
    phone
}

fn report(bench: &mut Bench, phone: &Phone) -> crate::voip::media::StreamReport {
    bench.command(MediaCommand::Close { stream: phone.stream });
    bench.until(|output| match output {
        MediaOutput::Event(MediaEvent::Closed { report, .. }) => Some(*report),
        _ => None,
    })
}

#[test]
fn keys_and_losses_of_a_caller_in_the_menu_are_exact() {
    let mut bench = Bench::new(1, 1_024);
    let phone = steady(&bench);
    let (mut sent, mut lost) = (u64::from(phone.sequence.get()), 0);
    for _ in 0..60 {
        for _ in 0..5 {
            if phone.sequence.get().is_multiple_of(11) {
                phone.sequence.update(|last| last + 1);
                lost += 1;
            }
            phone.talk(Codec::Pcma.silence());
            sent += 1;
        }
        phone.hear();
    }
    phone.press('5', 900_000);
    sent += 6;
    assert_eq!(bench.digits(1), "5");
    // The last one counts the losses before it.
    phone.talk(0);
    // All of them are read within a few frames.
    for _ in 0..5 {
        phone.hear();
    }
    let report = report(&mut bench, &phone);
    assert_eq!((report.received, report.lost, report.dropped), (sent + 1, lost, 0), "{report:?}");
}

#[test]
fn a_recording_has_every_packet_from_its_beginning() {
    let mut bench = Bench::new(1, 1_024);
    let phone = steady(&bench);
    let rules = RecordingRules { max: Duration::from_secs(60), stop_on: Digit::from_char('#'), silence: None };
    bench.command(MediaCommand::Record { stream: phone.stream, recording: RecordingId(5), rules });
    // The order is taken within a few milliseconds; two frames later it certainly was.
    phone.hear();
    phone.hear();
    for _ in 0..25 {
        phone.talk(MUSIC);
        phone.hear();
    }
    phone.press('#', 900_000);
    let file = bench.until(|output| match output {
        MediaOutput::RecordingStored { file, recording: RecordingId(5), .. } => Some(file.clone()),
        _ => None,
    });
    let mut wav = hound::WavReader::open(bench.folder.path().join("recordings").join(file)).expect("readable");
    let loud = wav.samples::<i16>().filter(|sample| sample.as_ref().expect("a sample").abs() > 100).count();
    assert_eq!(loud, 25 * 160);
}

#[test]
fn a_caller_who_is_put_through_is_heard_whole() {
    let bench = Bench::new(1, 1_024);
    let phone = steady(&bench);
    let operator = bench.phone(2, Some(&phone));
    bench.command(MediaCommand::Bridge { a: phone.stream, b: operator.stream });
    while operator.hear() != [0x11; 160] {
        phone.talk(0x11);
    }
    let first = phone.sequence.get();
    for _ in 0..20 {
        phone.talk(0x22);
    }
    assert!((first + 1..=first + 20).any(is_left_out));
    let begun = real_time();
    let mut heard = 0;
    while heard < 20 {
        heard += usize::from(operator.hear() == [0x22; 160]);
        assert!(begun.elapsed() < PATIENCE, "{heard} of 20");
    }
}

#[test]
fn of_a_steady_peer_one_packet_of_eight_comes_up_and_the_rest_is_counted() {
    let wake = eventfd(0, EventfdFlags::NONBLOCK).expect("a descriptor");
    let mut legs = Legs::new(&wake).expect("epoll");
    let pool = PortPool::new(&(29_300..=29_309));
    let sockets = pool.bind(LOOPBACK, 0).expect("free");
    let server = SocketAddr::new(LOOPBACK, sockets.port());
    let socket = UdpSocket::bind((LOOPBACK, 0)).expect("bound");
    let at = socket.local_addr().expect("bound");
    let (stream, seat) = (StreamId(1), crate::voip::media::Seat::at(0).expect("small"));
    let phone = Phone { stream, socket, server, sequence: Cell::new(0) };
    legs.reserve(stream, sockets);
    legs.open(stream, seat, at).expect("watched");
    let sieve = Some(Sieve { ssrc: Ssrc(9), payload_type: number(8), quiet: None });
    let mut buffer = [0; 2_048];
    let datagram =
        crate::voip::media::Datagram { stream, channel: crate::voip::media::Channel::Rtp, to: at, bytes: b"x" };
    let mut turns = 0;
    while legs.is_read_in_turn(seat) {
        phone.talk(0);
        assert!(legs.receive(seat, &mut buffer).is_some());
        legs.send(datagram);
        legs.suit(seat, false, sieve);
        turns += 1;
    }
    assert_eq!((turns, legs.left_out(seat)), (50, 0));
    let mut events = Vec::with_capacity(8);
    let mut ready = |legs: &Legs| {
        legs.look(false, &mut events);
        events.iter().filter_map(Ready::of).collect::<Vec<_>>()
    };
    for _ in 0..80 {
        phone.talk(0);
    }
    let mut read = 0;
    while ready(&legs) == [Ready::Rtp(seat)] {
        assert!(legs.receive(seat, &mut buffer).is_some());
        read += 1;
    }
    assert_eq!((read, legs.left_out(seat), legs.left_out(seat)), (10, 70, 0));
    // Somebody hears it: everything comes up.
    phone.talk(0);
    legs.suit(seat, true, sieve);
    assert_eq!(legs.left_out(seat), 1);
    for _ in 0..10 {
        phone.talk(0);
        assert_eq!(ready(&legs), [Ready::Rtp(seat)]);
        assert!(legs.receive(seat, &mut buffer).is_some());
    }
    // Nobody does, and then we send elsewhere: the filter goes with the peer.
    legs.suit(seat, false, sieve);
    assert!(!legs.is_read_in_turn(seat));
    legs.send(crate::voip::media::Datagram { to: SocketAddr::new(LOOPBACK, 9), ..datagram });
    assert!(legs.is_read_in_turn(seat));
    for _ in 0..3 {
        phone.talk(0);
        assert!(legs.receive(seat, &mut buffer).is_some());
    }
}
