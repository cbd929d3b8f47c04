//! RTCP of whole calls: what the bank reports, and what of the phone's reports comes into the call record.

use super::keys::talk;
use super::stage::{Stage, config};
use super::wire::Handset;
use hotline::model::{CallEvent, Mos, Quality, Side};
use hotline::voip::media::Channel;
use std::net::SocketAddr;
use std::time::Duration;

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// RTCP that the bank sent to a handset's port above RTP's.
fn take_reports(stage: &mut Stage, handset: &Handset) -> Vec<(hotline::model::Instant, Vec<u8>)> {
    let to = SocketAddr::new(handset.from.ip(), handset.from.port() + 1);
    let reports = stage.wire.iter().filter(|sent| sent.to == to && sent.channel == Channel::Rtcp);
    let reports = reports.map(|sent| (sent.at, sent.bytes.clone())).collect();
    stage.wire.clear();
    reports
}

/// A receiver report with one block about `ours`, and our name.
pub fn receiver_report(handset: &Handset, ours: u32, lost: u32, last: u32, delay: u32) -> Vec<u8> {
    let mut bytes = vec![0x81, 201, 0, 7];
    for word in [handset.ssrc, ours, lost | 10 << 24, 0, 8, last, delay] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend([0x81, 202, 0, 3]);
    bytes.extend(handset.ssrc.to_be_bytes());
    bytes.extend([1, 2, b'h', b'i', 0, 0, 0, 0]);
    bytes
}

/// How a side's sound was, by the record.
pub fn quality(stage: &Stage, side: Side) -> Quality {
    let found = stage.events(|event| match event {
        CallEvent::SoundEnded { side: of, quality } if *of == side => Some(*quality),
        _ => None,
    });
    assert_eq!(found.len(), 1);
    found[0]
}

#[test]
fn loss_jitter_round_trip_and_score_of_a_call_are_those_of_its_packets() {
    let (mut stage, mut caller, mut operator) = talk(config());
    take_reports(&mut stage, &caller);
    // Ten seconds: every 20th packet of the caller is lost, every other comes 8 ms late.
    for packet in 0..500_u32 {
        let lost = packet % 20 == 19;
        let late = u64::from(packet % 2) * 8;
        stage.run_for(late);
        if lost {
            caller.packet(8, false, 0, &[]);
            caller.timestamp += 160;
        } else {
            caller.say(&mut stage, 8, 160, &[0xd5; 160]);
        }
        operator.say(&mut stage, 8, 160, &[0xd5; 160]);
        stage.run_for(20 - late);
    }
    let reports = take_reports(&mut stage, &caller);
    assert!((1..=4).contains(&reports.len()), "one in five seconds, more or less: {}", reports.len());
    let (at, report) = reports.last().unwrap();
    // SR: version 2, one block; our packets and octets; the caller's loss and jitter; SDES with a name.
    assert_eq!((report[0], report[1]), (0x81, 200));
    let ours = word(report, 4);
    let (packets, octets) = (word(report, 20), word(report, 24));
    assert_eq!(octets % 160, 0);
    assert!(octets / 160 <= packets && packets > 400);
    assert_eq!(word(report, 28), caller.ssrc);
    assert!((8..=18).contains(&report[32]), "5 % in 256ths: {}", report[32]);
    assert!((40..=64).contains(&word(report, 40)), "8 ms in units: {}", word(report, 40));
    assert_eq!((report[52], report[53], report[60]), (0x81, 202, 1), "SDES, CNAME");
    // The phone answers 50 ms after it got it, 120 ms after it was sent.
    let now = stage.instant();
    let passed = now.since(*at);
    stage.run_for(120);
    let delay = passed + Duration::from_millis(50);
    let units = u32::try_from(delay.as_nanos() * 65_536 / 1_000_000_000).unwrap();
    let last = word(report, 8) << 16 | word(report, 12) >> 16;
    let bytes = receiver_report(&caller, ours, 17, last, units);
    let control = SocketAddr::new(caller.bank.ip(), caller.bank.port() + 1);
    stage.inject(control, SocketAddr::new(caller.from.ip(), caller.from.port() + 1), &bytes);
    stage.hang_up(caller.id);
    stage.run_for(200);
    let goodbyes = stage.wire.iter().filter(|sent| sent.channel == Channel::Rtcp);
    let said = goodbyes.filter(|sent| sent.bytes.windows(4).any(|four| four == [0x81, 203, 0, 1])).count();
    assert_eq!(said, 2, "BYE to each leg");
    let of_caller = quality(&stage, Side::Caller);
    // Nothing came after the last of the 25: nobody can know of it.
    assert_eq!((of_caller.lost, of_caller.lost_there), (24, Some(17)));
    let round_trip = of_caller.round_trip.unwrap().as_millis();
    assert!((69..=71).contains(&round_trip), "{round_trip} ms");
    assert!((5..=8).contains(&of_caller.jitter.as_millis()), "{:?}", of_caller.jitter);
    let of_operator = quality(&stage, Side::Operator);
    assert_eq!((of_operator.lost, of_operator.lost_there, of_operator.round_trip), (0, None, None));
    assert!(of_caller.mos < of_operator.mos && of_operator.mos > Some(Mos::of_hundredths(430)), "{of_caller:?}");
}

#[test]
fn reports_of_strangers_and_about_others_count_for_nothing() {
    let (mut stage, mut caller, _) = talk(config());
    caller.hum(&mut stage, 10_000);
    let (_, report) = take_reports(&mut stage, &caller).pop().unwrap();
    let ours = word(&report, 4);
    let control = SocketAddr::new(caller.bank.ip(), caller.bank.port() + 1);
    let from = SocketAddr::new(caller.from.ip(), caller.from.port() + 1);
    let stranger = Handset { ssrc: 5, ..caller.clone() };
    stage.inject(control, "203.0.113.9:4001".parse().unwrap(), &receiver_report(&caller, ours, 99, 0, 0));
    stage.inject(control, from, &receiver_report(&caller, ours ^ 1, 98, 0, 0));
    stage.inject(control, from, &receiver_report(&stranger, ours, 97, 0, 0));
    stage.hang_up(caller.id);
    stage.run_for(200);
    assert_eq!(quality(&stage, Side::Caller).lost_there, None);
}
