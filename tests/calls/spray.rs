//! Whoever sprays a call's ports with packets neither takes it over, nor hears it, nor presses a key, nor is heard.

use super::phone::Voice;
use super::stage::{Id, Stage};
use super::wire::{Handset, Sent, description, rtp};
use std::net::SocketAddr;

/// Sends a burst from everywhere: sound and keys, of many SSRCs, in order each.
fn burst(stage: &mut Stage, bank: SocketAddr, sprayers: &[SocketAddr], round: u16) {
    for (number, from) in (0_u32..).zip(sprayers) {
        let (ssrc, timestamp) = (0xbad0_0000 + number, u32::from(round) * 160);
        stage.inject(bank, *from, &rtp(8, round == 0, (9_000 + round, timestamp, ssrc), &[0x2a; 160]));
        let key = [1, 0x0a, 0, 160];
        stage.inject(bank, *from, &rtp(101, true, (12_000 + round, timestamp + 7, ssrc + 999), &key));
        // And guesses of other sources at once.
        stage.inject(bank, *from, &rtp(8, true, (round, timestamp, u32::from(round) * 7_919), &[0x2a; 160]));
    }
}

/// Strangers on three networks, among them neighbours on the phone's own IP.
fn sprayers(neighbour: &str) -> Vec<SocketAddr> {
    let everywhere = (0..12_u8).map(|host| SocketAddr::from(([203, 0, 113, 10 + host], 6_000 + u16::from(host))));
    let near = (0..4_u16).map(|port| SocketAddr::new(neighbour.parse().unwrap(), 50_000 + port));
    everywhere.chain(near).collect()
}

/// Nothing was ever sent to one of them.
fn assert_nothing_reached(stage: &Stage, sprayers: &[SocketAddr], what: &str) {
    let reached: Vec<&Sent> = stage
        .wire
        .iter()
        .filter(|sent| sprayers.iter().any(|one| one.ip() == sent.to.ip() && one.port() == sent.to.port()))
        .collect();
    assert!(reached.is_empty(), "{what}: {} packets went to strangers, the first to {}", reached.len(), reached[0].to);
}

fn dialled(stage: &mut Stage, announced: Option<SocketAddr>) -> Id {
    let caller = stage.phone("+79161234567");
    stage.phones[caller].voice = Voice::Mute;
    if let Some(announced) = announced {
        let lines = ["rtpmap:101 telephone-event/8000"];
        stage.phones[caller].body = Some(description(announced, "RTP/AVP", "8 101", &lines));
    }
    stage.dial(caller, "+74951234567");
    stage.tapped = true;
    caller
}

#[test]
fn a_spray_before_and_during_speech_changes_nothing() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let caller = dialled(&mut stage, None);
    let bank = stage.phones[caller].towards.unwrap();
    let own = stage.phones[caller].media.ip().to_string();
    let mut sprayers = sprayers(&own);
    // From the operator's machine too.
    sprayers.push(SocketAddr::new(stage.phones[anna].media.ip(), 7_777));
    for round in 0..45 {
        burst(&mut stage, bank, &sprayers, round);
        stage.run_for(20);
    }
    assert_nothing_reached(&stage, &sprayers, "before the phone spoke");
    assert!(!stage.shown.contains("Digit {") && !stage.shown.contains("FirstPacket"), "nobody was believed");
    stage.with_phone(caller, |phone, now| phone.set_voice(now, Voice::Full));
    for round in 45..120 {
        burst(&mut stage, bank, &sprayers, round);
        stage.run_for(20);
    }
    assert_eq!(stage.shown.matches("Digit {").count(), 0);
    stage.press(caller, "0");
    stage.run_for(6_000);
    stage.with_phone(anna, |phone, now| phone.set_voice(now, Voice::Full));
    for round in 120..220 {
        burst(&mut stage, bank, &sprayers, round);
        stage.run_for(20);
    }
    assert_nothing_reached(&stage, &sprayers, "in the conversation");
    assert_eq!(stage.shown.matches("Digit {").count(), 1, "the caller's own");
    for id in [caller, anna] {
        assert_eq!(stage.phones[id].ear.noise, 0, "nobody hears a stranger");
        assert!(stage.phones[id].ear.keys.is_empty(), "nobody gets a stranger's key");
    }
    assert!(stage.take_phrases(caller, "ru").ends_with("voice:0"));
    stage.hang_up(caller);
    stage.assert_all_let_go("a sprayed call");
}

#[test]
fn a_phone_behind_a_nat_is_found_among_sprayers() {
    let mut stage = Stage::new();
    let inside = SocketAddr::from(([192, 168, 1, 20], 4_000));
    let caller = dialled(&mut stage, Some(inside));
    let sprayers: Vec<SocketAddr> = sprayers("198.51.100.1");
    let mut handset = Handset::of(&mut stage, caller);
    // Its NAT gave it another port.
    handset.from.set_port(33_333);
    for round in 0..60 {
        burst(&mut stage, handset.bank, &sprayers, round);
        stage.run_for(20);
    }
    assert!(!stage.shown.contains("FirstPacket"));
    for round in 60..120 {
        burst(&mut stage, handset.bank, &sprayers, round);
        handset.hum(&mut stage, 20);
    }
    assert!(handset.take(&mut stage).len() >= 55, "the phone hears from its third packet on");
    handset.press(&mut stage, '0');
    assert_eq!(stage.shown.matches("Digit {").count(), 1);
    assert_nothing_reached(&stage, &sprayers, "behind a NAT");
}

#[test]
fn a_neighbour_who_was_quicker_loses_to_the_phone_that_was_announced() {
    let mut stage = Stage::new();
    let caller = dialled(&mut stage, None);
    let mut phone = Handset::of(&mut stage, caller);
    let mut neighbour = phone.clone();
    neighbour.from.set_port(50_000);
    neighbour.ssrc = 5;
    // The phone says nothing for two seconds: its NAT may have changed the port.
    for _ in 0..100 {
        neighbour.hum(&mut stage, 20);
    }
    stage.wire.clear();
    for _ in 0..50 {
        phone.hum(&mut stage, 20);
        neighbour.hum(&mut stage, 20);
    }
    let last = stage.wire.iter().rev().find(|sent| sent.bytes[1] & 0x7f == 8).unwrap();
    assert_eq!(last.to, phone.from);
    let since = stage.wire.iter().position(|sent| sent.to == phone.from).unwrap();
    assert!(since <= 2 && stage.wire[since..].iter().all(|sent| sent.to.port() != 50_000), "from its first packet on");
}

#[test]
fn a_phone_that_changes_its_source_with_every_packet_takes_no_room_and_is_heard_a_little() {
    let mut stage = Stage::new();
    let caller = dialled(&mut stage, None);
    let mut handset = Handset::of(&mut stage, caller);
    for ssrc in 0..500 {
        handset.ssrc = ssrc;
        handset.hum(&mut stage, 20);
        let bytes = handset.event('1', handset.timestamp, (true, false), 160);
        stage.inject(handset.bank, handset.from, &bytes);
    }
    let keys = stage.shown.matches("Digit {").count();
    assert!(keys <= 2 + 500 / 100, "{keys} keys of 500 sources");
    assert_eq!(stage.media.open_streams(), 1);
}
