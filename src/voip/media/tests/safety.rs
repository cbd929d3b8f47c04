//! Whose packets count, where ours go, and what is said of a stream.

use super::*;
use crate::voip::rtp::rtcp;

fn destination(world: &mut World) -> SocketAddr {
    world.take_sent(CALLER);
    world.wait(20);
    world.take_sent(CALLER)[0].to
}

fn stranger(phone: &Phone, from: &str) -> Phone {
    Phone { address: address(from), ssrc: 666, sequence: 9_000, timestamp: 1, ..*phone }
}

/// A stream whose description came from another IP than the one it announces.
fn behind_a_nat(world: &mut World, announced: &str, signalling: &str) -> Phone {
    let phone = world.open(CALLER, announced, Codec::Pcma);
    world.tell(MediaCommand::Close { stream: CALLER });
    world.events.clear();
    world.control.clear();
    let signalling = Some(signalling.parse().expect("an address"));
    let params = StreamParams {
        negotiated: Negotiated { signalling, ..negotiated(announced, Codec::Pcma) },
        ssrc: Ssrc(0xaaaa),
        first_sequence: SequenceNumber(1),
        first_timestamp: RtpTimestamp(0),
        silence_limit: Duration::from_secs(20),
    };
    world.tell(MediaCommand::Open { stream: CALLER, params: Box::new(params) });
    phone
}

#[test]
fn sprayed_packets_neither_press_nor_divert_nor_reach_the_other_leg() {
    let (mut world, mut phone) = World::with_caller();
    world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    let mut thief = stranger(&phone, "203.0.113.9:6000");
    let mut guess = Phone {
        address: address("203.0.113.9:6001"),
        sequence: phone.sequence,
        ..stranger(&phone, "203.0.113.9:6001")
    };
    for _ in 0..100 {
        phone.speak(&mut world, 0);
        thief.speak(&mut world, 9_000);
        guess.speak(&mut world, 9_000);
        thief.event(&mut world, 1, '1', (true, false), 160);
        world.wait(20);
    }
    assert_eq!(destination(&mut world), phone.address);
    assert_eq!(world.take_keys(), "");
    assert!(world.take_sent(OPERATOR).iter().all(|packet| packet.payload[0] == 0xd5));
    assert_eq!(world.close(CALLER).dropped, 300);
}

#[test]
fn a_stranger_cannot_take_over_a_silent_phone() {
    let (mut world, phone) = World::with_caller();
    let mut thief = stranger(&phone, "203.0.113.9:6000");
    thief.talk(&mut world, 9_000, 10_000);
    assert_eq!(destination(&mut world), phone.address);
}

#[test]
fn a_phone_behind_a_nat_is_found_by_three_packets() {
    let mut world = World::new();
    let inside = behind_a_nat(&mut world, "10.0.0.5:4000", "198.51.100.7");
    let mut outside = stranger(&inside, "198.51.100.7:31000");
    outside.speak(&mut world, 0);
    outside.speak(&mut world, 0);
    assert_eq!((destination(&mut world), world.events.len()), (inside.address, 0));
    outside.speak(&mut world, 0);
    assert_eq!(world.events, [MediaEvent::FirstPacket { stream: CALLER }]);
    assert_eq!(destination(&mut world), outside.address);
}

#[test]
fn the_announced_phone_wins_against_its_neighbour() {
    let mut world = World::new();
    let mut phone = world.open(CALLER, "192.0.2.1:4000", Codec::Pcma);
    let mut neighbour = stranger(&phone, "192.0.2.1:6000");
    neighbour.talk(&mut world, 9_000, 900);
    assert_eq!(destination(&mut world), phone.address, "the phone has a second to speak");
    neighbour.talk(&mut world, 9_000, 200);
    assert_eq!(destination(&mut world), neighbour.address, "a NAT that changes ports");
    phone.speak(&mut world, 0);
    neighbour.talk(&mut world, 9_000, 100);
    assert_eq!(destination(&mut world), phone.address);
}

#[test]
fn strangers_get_nothing_from_a_phone_that_has_not_spoken_yet() {
    for (announced, signalling) in [("192.0.2.1:4000", "192.0.2.1"), ("10.0.0.5:4000", "192.0.2.1")] {
        let mut world = World::new();
        let phone = behind_a_nat(&mut world, announced, signalling);
        let mut thief = stranger(&phone, "203.0.113.9:6000");
        for _ in 0..200 {
            thief.speak(&mut world, 9_000);
            thief.event(&mut world, 1, '1', (true, false), 160);
            world.wait(20);
        }
        assert_eq!(world.events, [], "{announced}");
        assert!(world.take_sent(CALLER).iter().all(|packet| packet.to == phone.address), "{announced}");
    }
}

#[test]
fn a_phone_that_moves_is_followed_when_it_carries_on_its_numbers() {
    let (mut world, mut phone) = World::with_caller();
    phone.talk(&mut world, 0, 200);
    phone.address = address("198.51.100.7:5000");
    phone.skip(20);
    world.wait(400);
    phone.talk(&mut world, 0, 200);
    assert_eq!(destination(&mut world), address("192.0.2.1:4000"), "not silent for a second yet");
    phone.talk(&mut world, 0, 1_000);
    assert_eq!(destination(&mut world), phone.address);
}

#[test]
fn another_ssrc_of_the_same_phone_is_heard_when_the_old_one_is_gone_but_its_keys_count_at_once() {
    let (mut world, mut phone) = World::with_caller();
    let mut twin = stranger(&phone, "192.0.2.1:4000");
    world.open(OPERATOR, "192.0.2.2:4000", Codec::Pcma);
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    for _ in 0..5 {
        phone.speak(&mut world, 0);
        twin.speak(&mut world, 9_000);
        twin.event(&mut world, 1, '1', (true, false), 160);
        world.wait(20);
    }
    assert_eq!(world.take_keys(), "1");
    let loud =
        |sent: Vec<Sent>| sent.into_iter().filter(|packet| packet.payload[0] == tone(9_000, Codec::Pcma)).count();
    assert_eq!(loud(world.take_sent(OPERATOR)), 0);
    twin.talk(&mut world, 9_000, 200);
    assert_eq!(loud(world.take_sent(OPERATOR)), 6, "after 100 ms");
    twin.event(&mut world, 90_000, '2', (true, false), 160);
    assert_eq!(world.take_keys(), "2");
}

#[test]
fn a_new_description_moves_the_stream_at_once() {
    let (mut world, phone) = World::with_caller();
    let moved = negotiated("192.0.2.1:4400", Codec::Pcma);
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(moved) });
    assert_eq!(destination(&mut world), address("192.0.2.1:4400"));
    let mut old = phone;
    old.speak(&mut world, 0);
    assert_eq!(destination(&mut world), address("192.0.2.1:4400"));
}

#[test]
fn a_dead_phone_is_told_once_and_a_held_one_never() {
    let (mut world, mut phone) = World::with_caller();
    world.wait(19_900);
    assert_eq!(world.events, []);
    world.wait(200);
    assert_eq!(world.events, [MediaEvent::Silent { stream: CALLER }]);
    world.wait(60_000);
    assert_eq!(world.events.len(), 1);
    phone.speak(&mut world, 0);
    let mut held = negotiated("192.0.2.1:4000", Codec::Pcma);
    held.direction = Direction::SendOnly;
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(held) });
    world.wait(60_000);
    assert_eq!(world.events.len(), 1);
    let resumed = Box::new(negotiated("192.0.2.1:4000", Codec::Pcma));
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: resumed });
    world.wait(20_100);
    assert_eq!(world.events.len(), 2);
}

#[test]
fn a_phone_that_suppresses_silence_lives_by_its_reports() {
    let (mut world, phone) = World::with_caller();
    let mut report = Vec::new();
    rtcp::Outgoing { ssrc: Ssrc(77), sender: None, block: None, goodbye: false }.write(&mut report);
    for _ in 0..12 {
        world.wait(5_000);
        world.core.handle_rtcp(world.now, CALLER, SocketAddr::new(phone.address.ip(), 4_001), &report);
    }
    assert_eq!(world.events, []);
    for _ in 0..5 {
        world.wait(5_000);
        world.core.handle_rtcp(world.now, CALLER, address("203.0.113.9:4001"), &report);
    }
    assert_eq!(world.events, [MediaEvent::Silent { stream: CALLER }]);
}

#[test]
fn a_phone_that_never_speaks_is_silent_too() {
    let mut world = World::new();
    world.open(CALLER, "192.0.2.1:4000", Codec::Pcma);
    world.wait(20_100);
    assert_eq!(world.events, [MediaEvent::Silent { stream: CALLER }]);
}

#[test]
fn reports_go_out_about_each_five_seconds_and_close_says_goodbye() {
    let (mut world, mut phone) = World::with_caller();
    for _ in 0..20 {
        phone.talk(&mut world, 0, 980);
        phone.skip(1);
        world.wait(20);
    }
    let count = world.control.len();
    assert!((3..=8).contains(&count), "{count} reports in 20 s");
    for (to, bytes) in &world.control {
        assert_eq!(*to, address("192.0.2.1:4001"));
        let compound = rtcp::parse(bytes).expect("RTCP");
        assert_eq!(compound.source, Some(Ssrc(0xaaaa)));
        assert!(compound.sender.is_some_and(|sender| sender.packets > 0));
        assert_eq!(compound.blocks.first().map(|block| block.ssrc), Some(Ssrc(77)));
    }
    let report = world.close(CALLER);
    let last = rtcp::parse(&world.control.last().expect("goodbye").1).expect("RTCP");
    assert_eq!(last.goodbyes, [Ssrc(0xaaaa)]);
    assert_eq!((report.sent, report.received, report.lost), (1_000, 981, 19));
    assert_eq!(report.jitter, Duration::ZERO);
}

#[test]
fn the_round_trip_and_the_loss_at_the_peer_are_in_the_report() {
    let (mut world, mut phone) = World::with_caller();
    phone.talk(&mut world, 0, 10_000);
    let (_, bytes) = world.control.last().expect("a report").clone();
    let ntp = rtcp::parse(&bytes).expect("RTCP").sender.expect("a sender").ntp;
    let sent_at = Duration::from_nanos(u64::try_from((u128::from(ntp.0) * 1_000_000_000) >> 32).expect("small"));
    let elapsed = world.now.since(Instant::ZERO).saturating_sub(sent_at).saturating_sub(Duration::from_millis(80));
    let block = rtcp::ReportBlock {
        ssrc: Ssrc(0xaaaa),
        fraction_lost: 3,
        lost: 12,
        highest: 0,
        jitter: 0,
        last_report: ntp.middle(),
        delay: u32::try_from(elapsed.as_nanos() * 65_536 / 1_000_000_000).expect("small"),
    };
    let mut answer = Vec::new();
    rtcp::Outgoing { ssrc: Ssrc(77), sender: None, block: Some(block), goodbye: false }.write(&mut answer);
    world.core.handle_rtcp(world.now, CALLER, address("192.0.2.1:4001"), &answer);
    let report = world.close(CALLER);
    assert_eq!(report.lost_at_peer, Some(12));
    let round_trip = report.round_trip.expect("measured");
    assert!((79..=81).contains(&round_trip.as_millis()), "{round_trip:?}");
}

#[test]
fn agreed_to_share_a_port_reports_go_and_come_over_the_port_of_rtp() {
    let (mut world, mut phone) = World::with_caller();
    let shared = Negotiated { rtcp_mux: true, ..negotiated("192.0.2.1:4000", Codec::Pcma) };
    world.tell(MediaCommand::Update { stream: CALLER, negotiated: Box::new(shared) });
    let mut answer = Vec::new();
    let block = rtcp::ReportBlock {
        ssrc: Ssrc(0xaaaa),
        fraction_lost: 0,
        lost: 7,
        highest: 0,
        jitter: 0,
        last_report: 0,
        delay: 0,
    };
    rtcp::Outgoing { ssrc: Ssrc(77), sender: None, block: Some(block), goodbye: false }.write(&mut answer);
    phone.talk(&mut world, 0, 100);
    world.packet(CALLER, phone.address, &answer);
    world.shared.clear();
    phone.talk(&mut world, 0, 10_000);
    assert_eq!(world.control, [], "nothing to the port above");
    assert!(world.shared.iter().all(|(to, bytes)| *to == phone.address && rtcp::parse(bytes).is_ok()));
    assert!((1..=4).contains(&world.shared.len()));
    let report = world.close(CALLER);
    assert_eq!((report.lost_at_peer, report.dropped), (Some(7), 0));
}
