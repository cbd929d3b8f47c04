//! What goes beside the sound: reports over the port of RTP, reports of who only listens, and one stream from the
//! answer to the end, whatever is played in it.

use super::packets::dial;
use super::phone::Voice;
use super::reports::{quality, receiver_report};
use super::stage::{Id, Stage};
use super::wire::{Handset, Rtp, attribute};
use hotline::model::Side;
use hotline::voip::media::Channel;
use std::net::SocketAddr;

/// The reports that the bank has sent since the last look: from which of its ports, to which of the phone's, and what.
fn reports(stage: &mut Stage) -> Vec<(Channel, SocketAddr, Vec<u8>)> {
    let sent = std::mem::take(&mut stage.wire);
    let reports = sent.into_iter().filter(|one| (200..=204).contains(&one.bytes[1]));
    reports.map(|one| (one.channel, one.to, one.bytes)).collect()
}

/// Whose report it is.
fn source(report: &[u8]) -> u32 {
    u32::from_be_bytes([report[4], report[5], report[6], report[7]])
}

#[test]
fn whoever_offers_it_gets_and_sends_reports_over_the_port_of_rtp() {
    for offers in [true, false] {
        let mut stage = Stage::new();
        let mut handset = dial(&mut stage, if offers { &["rtcp-mux"] } else { &[] });
        let answer = stage.phones[handset.id].last("200 INVITE").unwrap().body.clone();
        assert_eq!(answer.lines().any(|line| line == "a=rtcp-mux"), offers, "{answer}");
        handset.hum(&mut stage, 12_000);
        let reports = reports(&mut stage);
        let above = |addr: SocketAddr| SocketAddr::new(addr.ip(), addr.port() + 1);
        let way = if offers { (Channel::Rtp, handset.from) } else { (Channel::Rtcp, above(handset.from)) };
        assert!(!reports.is_empty() && reports.iter().all(|(channel, to, _)| (*channel, *to) == way), "{reports:?}");
        let ours = source(&reports[0].2);
        let (to, from) = if offers { (handset.bank, handset.from) } else { (above(handset.bank), above(handset.from)) };
        stage.inject(to, from, &receiver_report(&handset, ours, 17, 0, 0));
        let id = handset.id;
        stage.hang_up(id);
        stage.run_for(200);
        assert_eq!(quality(&stage, Side::Caller).lost_there, Some(17), "what the phone reports is in the record");
    }
}

#[test]
fn while_nothing_is_sent_reports_are_those_of_a_receiver() {
    let mut stage = Stage::new();
    let mut handset = dial(&mut stage, &[]);
    handset.hum(&mut stage, 8_000);
    let kinds = |stage: &mut Stage| reports(stage).iter().map(|(.., report)| report[1]).collect::<Vec<u8>>();
    let sends = kinds(&mut stage);
    assert!(!sends.is_empty() && sends.iter().all(|kind| *kind == 200), "{sends:?}");
    for (direction, kind) in [("sendonly", 201), ("inactive", 201), ("sendrecv", 200)] {
        stage.with_phone(handset.id, |phone, _| {
            phone.body = None;
            let body = phone.sdp(direction);
            phone.ask("INVITE", &[], &body);
        });
        stage.run_for(8_000);
        kinds(&mut stage);
        stage.run_for(16_000);
        let told = kinds(&mut stage);
        assert!(told.len() >= 2 && told.iter().all(|one| *one == kind), "{direction}: {told:?}");
    }
    assert_eq!(stage.exchange.calls(), 1);
}

/// Everything that the bank sends to a caller from the answer to the end, the caller's keys and an operator in between.
fn whole_call() -> (Stage, Vec<Rtp>) {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].manner = super::phone::Manner::Answers(3_000);
    stage.phones[anna].voice = Voice::Mute;
    let mut handset = dial(&mut stage, &[]);
    handset.hum(&mut stage, 3_000);
    handset.press(&mut stage, '9');
    handset.hum(&mut stage, 3_000);
    handset.press(&mut stage, '0');
    handset.hum(&mut stage, 8_000);
    let mut operator = Handset::of(&mut stage, anna);
    talk(&mut stage, &mut handset, &mut operator);
    hold(&mut stage, anna, &mut handset);
    talk(&mut stage, &mut handset, &mut operator);
    stage.hang_up(anna);
    handset.hum(&mut stage, 4_000);
    handset.press(&mut stage, '5');
    handset.hum(&mut stage, 4_000);
    let id = handset.id;
    stage.hang_up(id);
    let heard = std::mem::take(&mut stage.wire)
        .into_iter()
        .filter(|sent| sent.to == handset.from && sent.channel == Channel::Rtp)
        .map(|sent| Rtp::read(sent.at, &sent.bytes))
        .collect();
    (stage, heard)
}

fn talk(stage: &mut Stage, handset: &mut Handset, operator: &mut Handset) {
    for _ in 0..100 {
        handset.say(stage, 8, 160, &[0x22; 160]);
        operator.say(stage, 8, 160, &[0x11; 160]);
        stage.run_for(20);
    }
}

/// The operator holds for two seconds: the caller hears music.
fn hold(stage: &mut Stage, operator: Id, handset: &mut Handset) {
    for direction in ["sendonly", "sendrecv"] {
        stage.with_phone(operator, |phone, _| {
            let body = phone.sdp(direction);
            phone.ask("INVITE", &[], &body);
        });
        handset.hum(stage, 2_000);
    }
}

#[test]
fn a_caller_hears_one_stream_without_a_hole_whatever_is_played_in_it() {
    let (mut stage, heard) = whole_call();
    assert!(heard.len() > 1_300, "{} packets of some thirty seconds", heard.len());
    assert!(heard[0].marker, "the first begins a talkspurt (RFC 3551 §4.1)");
    let mut markers = 1;
    for (at, pair) in heard.windows(2).enumerate() {
        let [before, next] = pair else { panic!() };
        assert_eq!(next.ssrc, before.ssrc, "packet {at}");
        assert_eq!(next.kind, 8, "packet {at}");
        assert_eq!(next.sequence, before.sequence.wrapping_add(1), "packet {at}");
        let step = next.timestamp.wrapping_sub(before.timestamp);
        // Only where sound begins anew may the clock have gone on in between, and never back.
        assert!(step == 160 || (next.marker && (160..1_600).contains(&step)), "packet {at}: {step} units");
        markers += usize::from(next.marker);
    }
    let began = stage.shown.lines().filter(|line| line.starts_with("Play ") || line.starts_with("Bridge ")).count();
    assert!(began >= 6, "{began} times something else was heard");
    // Also where a conversation's packets pause, and begin again.
    assert!((4..=began + 4).contains(&markers), "{markers} markers, and {began} times something else was heard");
    assert!(heard.iter().any(|packet| packet.payload == [0x11; 160]), "the operator among them");
    stage.assert_all_let_go("a whole call");
}

#[test]
fn attributes_that_nobody_asked_for_are_in_no_answer() {
    let mut stage = Stage::new();
    let handset = dial(&mut stage, &["rtcp-fb:8 nack", "extmap:1 urn:x", "ssrc:5 cname:x", "mid:0"]);
    let answer = stage.phones[handset.id].last("200 INVITE").unwrap().body.clone();
    for name in ["rtcp-mux", "rtcp-fb", "extmap", "ssrc", "mid", "crypto"] {
        assert_eq!(attribute(&answer, name), None, "{answer}");
        assert!(!answer.contains(&format!("a={name}\r\n")), "{answer}");
    }
}
