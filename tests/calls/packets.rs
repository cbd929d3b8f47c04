//! Packets of other lengths and numbers, late offers, addresses that change.

use super::keys::{presses, talk};
use super::phone::Voice;
use super::stage::{Stage, config};
use super::wire::{Handset, Rtp, attribute, description};
use std::net::SocketAddr;

const EVENTS: &str = "rtpmap:101 telephone-event/8000";

/// A caller whose sound is made by hand, and what its description says beside its formats.
pub(super) fn dial(stage: &mut Stage, lines: &[&str]) -> Handset {
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = Voice::Mute;
    let all = [lines, &[EVENTS]].concat();
    stage.phones[id].body = Some(description(stage.phones[id].media, "RTP/AVP", "8 101", &all));
    stage.dial(id, "+74951234567");
    Handset::of(stage, id)
}

/// Packets follow on each other: numbers without a hole, timestamps by what each holds.
fn assert_joined(packets: &[Rtp], what: &str) {
    for pair in packets.windows(2) {
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as usize;
        let next = pair[0].sequence.wrapping_add(1);
        assert_eq!((pair[1].sequence, step), (next, pair[0].payload.len()), "{what}");
        assert_eq!(pair[1].ssrc, pair[0].ssrc, "{what}");
    }
}

#[test]
fn packets_are_as_long_as_the_phone_asks_in_the_menu_and_in_the_conversation() {
    for ptime in [10_u32, 20, 30, 40, 60] {
        let what = format!("{ptime} ms");
        let mut stage = Stage::new();
        let anna = stage.operators(&["anna:support:ru,en"])[0];
        let mut handset = dial(&mut stage, &[&format!("ptime:{ptime}")]);
        let answer = stage.phones[handset.id].last("200 INVITE").unwrap().body.clone();
        assert_eq!(attribute(&answer, "ptime"), Some(ptime.to_string().as_str()), "{what}");
        let units = ptime * 8;
        let talk = |stage: &mut Stage, handset: &mut Handset, octet: u8, millis: u32| {
            for _ in 0..millis / ptime {
                handset.say(stage, 8, units, &vec![octet; units as usize]);
                stage.run_for(u64::from(ptime));
            }
        };
        talk(&mut stage, &mut handset, 0xd5, 1_200);
        let menu = handset.take(&mut stage);
        assert!(menu.iter().all(|packet| packet.payload.len() == units as usize), "{what}");
        assert!(menu.len() * ptime as usize >= 1_100 - ptime as usize, "{what}: {} packets in 1.2 s", menu.len());
        assert!(menu.iter().any(|packet| packet.payload[0] == 0x5a), "{what}: the greeting");
        assert_joined(&menu, &what);
        handset.press(&mut stage, '0');
        stage.run_for(5_000);
        let mut operator = Handset::of(&mut stage, anna);
        operator.hum(&mut stage, 1_000);
        handset.take(&mut stage);
        // The operator's 20 ms become what the caller asked for, and the caller's packets 20 ms.
        for _ in 0..60 {
            operator.say(&mut stage, 8, 160, &[0x11; 160]);
            stage.run_for(20);
        }
        let heard = handset.take(&mut stage);
        let of_operator: Vec<Rtp> =
            heard.into_iter().filter(|packet| packet.payload.iter().all(|octet| *octet == 0x11)).collect();
        assert!(of_operator.iter().all(|packet| packet.payload.len() == units as usize), "{what}: to the caller");
        assert!(of_operator.len() * ptime as usize >= 1_080 - ptime as usize, "{what}: {}", of_operator.len());
        assert_joined(&of_operator, &what);
        operator.take(&mut stage);
        talk(&mut stage, &mut handset, 0x22, 1_200);
        let heard = operator.take(&mut stage);
        let of_caller: Vec<Rtp> =
            heard.into_iter().filter(|packet| packet.payload.iter().all(|octet| *octet == 0x22)).collect();
        let octets: usize = of_caller.iter().map(|packet| packet.payload.len()).sum();
        assert!(of_caller.iter().all(|packet| packet.payload.len() == 160), "{what}: to the operator");
        assert!(octets >= 9_600 - 160, "{what}: {octets} octets");
        assert_joined(&of_caller, &what);
    }
}

#[test]
fn each_way_has_its_own_payload_types() {
    // The bank offers 101 for keys; the phone answers with 118. Keys to the phone bear its number, keys from it ours.
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].voice = Voice::Mute;
    let answer = description(stage.phones[anna].media, "RTP/AVP", "8 118", &["rtpmap:118 telephone-event/8000"]);
    stage.phones[anna].body = Some(answer);
    let mut caller = dial(&mut stage, &[]);
    caller.hum(&mut stage, 400);
    caller.press(&mut stage, '0');
    caller.hum(&mut stage, 5_000);
    let mut operator = Handset::of(&mut stage, anna);
    operator.hum(&mut stage, 1_000);
    operator.take(&mut stage);
    caller.press(&mut stage, '7');
    caller.hum(&mut stage, 200);
    assert_eq!(presses(&operator.take(&mut stage), 118).len(), 1, "to the phone by its number");
    caller.take(&mut stage);
    operator.press(&mut stage, '3');
    caller.hum(&mut stage, 200);
    assert_eq!(presses(&caller.take(&mut stage), 101).len(), 1, "from the phone by the number of our offer");
    operator.events = 118;
    operator.press(&mut stage, '4');
    caller.hum(&mut stage, 200);
    assert_eq!(presses(&caller.take(&mut stage), 101).len(), 1, "and by its own, which some phones use");
    operator.events = 119;
    operator.press(&mut stage, '5');
    caller.hum(&mut stage, 200);
    assert_eq!(presses(&caller.take(&mut stage), 101).len(), 0, "but by no other");
}

#[test]
fn a_caller_without_an_offer_gets_one_and_answers_in_the_ack() {
    let mut stage = Stage::new();
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = Voice::Mute;
    // Its numbers differ from ours, and it wants µ-law.
    let lines = ["rtpmap:97 telephone-event/8000"];
    stage.phones[id].body = Some(description(stage.phones[id].media, "RTP/AVP", "0 97", &lines));
    stage.with_phone(id, |phone, _| phone.invite("+74951234567", None));
    let mut handset = Handset::of(&mut stage, id);
    for _ in 0..40 {
        handset.say(&mut stage, 0, 160, &[0xff; 160]);
        stage.run_for(20);
    }
    let heard = handset.take(&mut stage);
    assert!(heard.iter().all(|packet| packet.kind == 0));
    assert!(heard.iter().any(|packet| packet.payload[0] == 0x5a && packet.payload[7] == 0), "the greeting in µ-law");
    handset.press(&mut stage, '2');
    assert_eq!(stage.shown.matches("Digit {").count(), 1, "by the number of our offer, 101");
}

#[test]
fn a_re_invite_moves_the_stream_at_once_and_nothing_is_lost_or_repeated() {
    let mut stage = Stage::new();
    let mut handset = dial(&mut stage, &[]);
    handset.hum(&mut stage, 600);
    let before = handset.take(&mut stage);
    let old = handset.from;
    handset.from.set_port(44_000);
    let body = description(handset.from, "RTP/AVP", "8 101", &[EVENTS]);
    stage.with_phone(handset.id, |phone, _| phone.ask("INVITE", &[], &body));
    stage.run_for(200);
    assert!(stage.wire.iter().all(|sent| sent.to != old), "nothing goes to the old address");
    handset.hum(&mut stage, 200);
    let after = handset.take(&mut stage);
    assert!(after.len() >= 19);
    let whole: Vec<Rtp> = before.iter().chain(&after).cloned().collect();
    assert_joined(&whole, "over the move");
    // What is still on its way from the old address is no stranger's victory.
    let mut late = Handset { from: old, ..handset.clone() };
    late.hum(&mut stage, 200);
    let to_old = stage.wire.iter().filter(|sent| sent.to == old).count();
    assert_eq!(to_old, 0);
}

#[test]
fn a_phone_that_changes_its_network_in_mid_sentence_is_followed() {
    let (mut stage, mut caller, mut operator) = talk(config());
    caller.from = SocketAddr::from(([198, 51, 100, 7], 9_000));
    // The old network is gone; its packets go on from the new one.
    for _ in 0..20 {
        caller.packet(8, false, 0, &[]);
        caller.timestamp += 160;
        operator.hum(&mut stage, 20);
    }
    for _ in 0..60 {
        caller.say(&mut stage, 8, 160, &[0x22; 160]);
        operator.hum(&mut stage, 20);
    }
    caller.take(&mut stage);
    operator.take(&mut stage);
    for _ in 0..20 {
        caller.say(&mut stage, 8, 160, &[0x22; 160]);
        operator.say(&mut stage, 8, 160, &[0x11; 160]);
        stage.run_for(20);
    }
    let (to_caller, to_operator) = (caller.take(&mut stage), operator.take(&mut stage));
    assert!(to_caller.iter().filter(|packet| packet.payload[0] == 0x11).count() >= 19);
    assert!(to_operator.iter().filter(|packet| packet.payload[0] == 0x22).count() >= 19);
}

#[test]
fn a_phone_behind_a_nat_that_comes_from_another_network_is_found_there() {
    let mut stage = Stage::new();
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = Voice::Mute;
    let inside = |text: &str| description(text.parse().unwrap(), "RTP/AVP", "8 101", &[EVENTS]);
    stage.phones[id].body = Some(inside("192.168.1.20:4000"));
    stage.dial(id, "+74951234567");
    let mut handset = Handset::of(&mut stage, id);
    handset.from.set_port(33_333);
    handset.hum(&mut stage, 200);
    assert!(handset.take(&mut stage).len() >= 7);
    // From the network at home into the one of the street.
    stage.phones[id].addr = "198.51.100.9:5060".parse().unwrap();
    stage.with_phone(id, |phone, _| phone.ask("INVITE", &[], &inside("10.11.12.13:4002")));
    assert_eq!(stage.phones[id].count("200 INVITE"), 2);
    handset.from = "198.51.100.9:7000".parse().unwrap();
    handset.hum(&mut stage, 200);
    assert!(handset.take(&mut stage).len() >= 7, "from its third packet on");
}
