//! Calls in every codec through the menu to an operator in every codec: transcoded only where it must be.

use super::phone::Voice;
use super::stage::Stage;
use super::wire::{Handset, Rtp, description, whistle, whistling};
use hotline::voip::audio::{Codec, Encoder, Rate};

/// The payload type of a codec, its line of the description, and the units of 20 ms.
fn of(codec: Codec) -> (u8, &'static str, u32) {
    match codec {
        Codec::Pcma => (8, "rtpmap:8 PCMA/8000", 160),
        Codec::Pcmu => (0, "rtpmap:0 PCMU/8000", 160),
        Codec::G722 => (9, "rtpmap:9 G722/8000", 160),
        Codec::Opus => (96, "rtpmap:96 opus/48000/2", 960),
    }
}

/// The events of a leg: at the clock of its codec.
fn events_of(codec: Codec) -> (u8, u32, &'static str) {
    match codec {
        Codec::Opus => (100, 48_000, "rtpmap:100 telephone-event/48000"),
        Codec::Pcma | Codec::Pcmu | Codec::G722 => (101, 8_000, "rtpmap:101 telephone-event/8000"),
    }
}

fn body(stage: &Stage, id: usize, codec: Codec) -> String {
    let (kind, line, _) = of(codec);
    let (events, _, event_line) = events_of(codec);
    description(stage.phones[id].media, "RTP/AVP", &format!("{kind} {events}"), &[line, event_line])
}

fn handset(stage: &mut Stage, id: usize, codec: Codec) -> Handset {
    let mut handset = Handset::of(stage, id);
    (handset.events, handset.clock) = (events_of(codec).0, events_of(codec).1);
    handset
}

/// The payloads of a second of a tone.
fn tone(codec: Codec) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec, Rate::Narrow);
    let frames = whistle(8_000);
    let encode = |frame: &[i16]| {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        payload
    };
    frames.chunks(160).map(encode).collect()
}

fn are_contiguous(packets: &[Rtp], units: u32) -> bool {
    packets.windows(2).all(|pair| {
        pair[1].sequence == pair[0].sequence.wrapping_add(1)
            && pair[1].timestamp.wrapping_sub(pair[0].timestamp) == units
    })
}

/// A caller in one codec talks to an operator in another; what the operator's end got of the caller's tone.
fn check(of_caller: Codec, of_operator: Codec) {
    let name = format!("{of_caller:?} to {of_operator:?}");
    let mut stage = Stage::new();
    stage.speak_wide();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].voice = Voice::Mute;
    stage.phones[anna].deaf = true;
    stage.phones[anna].body = Some(body(&stage, anna, of_operator));
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = Voice::Mute;
    stage.phones[id].body = Some(body(&stage, id, of_caller));
    stage.dial(id, "+74951234567");
    let mut caller = handset(&mut stage, id, of_caller);
    let (kind, _, units) = of(of_caller);
    let silence = tone(of_caller).len();
    assert_eq!(silence, 50);
    for payload in tone(of_caller) {
        caller.say(&mut stage, kind, units, &payload);
        stage.run_for(20);
    }
    // The menu speaks the caller's codec, clip after clip without a hole.
    let menu = caller.take(&mut stage);
    let clips: Vec<&Rtp> = menu.iter().filter(|packet| packet.payload.first() == Some(&0x5a)).collect();
    assert!(clips.len() > 25, "{name}: the greeting is heard");
    assert!(menu.iter().all(|packet| packet.kind == kind), "{name}");
    assert!(clips.iter().all(|packet| packet.payload[7] == kind), "{name}: prompts of that codec");
    assert!(are_contiguous(&menu, units), "{name}: numbers without a hole");
    caller.press(&mut stage, '0');
    stage.run_for(5_000);
    let mut operator = handset(&mut stage, anna, of_operator);
    let (operator_kind, _, operator_units) = of(of_operator);
    operator.say(&mut stage, operator_kind, operator_units, &tone(of_operator)[0]);
    stage.run_for(2_000);
    operator.take(&mut stage);
    let said = tone(of_caller);
    for payload in &said {
        caller.say(&mut stage, kind, units, payload);
        stage.run_for(20);
    }
    let heard = operator.take(&mut stage);
    assert!(heard.iter().all(|packet| packet.kind == operator_kind), "{name}");
    if of_caller == of_operator {
        let octets: Vec<&Vec<u8>> =
            heard.iter().map(|packet| &packet.payload).filter(|one| said.contains(one)).collect();
        assert_eq!(octets.len(), said.len(), "{name}: octet for octet");
    }
    let (whistles, samples) = whistling(of_operator, &heard[2..]);
    assert!(samples >= 46 * 160, "{name}: {samples} samples of a second");
    assert!(whistles > 0.6, "{name}: {whistles} of it is the tone");
    caller.press(&mut stage, '7');
    stage.run_for(200);
    let keys: Vec<Rtp> =
        operator.take(&mut stage).into_iter().filter(|packet| packet.kind == events_of(of_operator).0).collect();
    assert!(keys.len() >= 8 && keys.iter().all(|key| key.payload[0] == 7), "{name}: the key, at the clock of that leg");
    let longest = keys.iter().map(|key| u16::from_be_bytes([key.payload[2], key.payload[3]])).max();
    assert_eq!(longest.map(u32::from), Some(events_of(of_operator).1 / 10), "{name}: 100 ms");
    stage.hang_up(id);
    stage.phones[anna].hush();
    stage.assert_all_let_go(&name);
}

#[test]
fn callers_in_each_codec_reach_operators_in_each() {
    let all = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];
    for of_caller in all {
        for of_operator in all {
            check(of_caller, of_operator);
        }
    }
}

#[test]
fn the_operator_is_offered_the_callers_codec_first() {
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus] {
        let mut stage = Stage::new();
        stage.speak_wide();
        let anna = stage.operators(&["anna:support:ru,en"])[0];
        let id = stage.phone("+79161234567");
        stage.phones[id].deaf = true;
        stage.phones[anna].deaf = true;
        stage.phones[id].body = Some(body(&stage, id, codec));
        stage.phones[id].voice = Voice::Mute;
        stage.dial(id, "+74951234567");
        stage.run_for(400);
        stage.with_phone(id, |phone, _| phone.ask("INFO", &[("Content-Type", "application/dtmf")], "0"));
        stage.run_for(2_000);
        let offer = stage.phones[anna].last("INVITE").unwrap().body.clone();
        let line = offer.lines().find(|line| line.starts_with("m=")).unwrap();
        let first = line.split(' ').nth(3).unwrap();
        assert_eq!(first, of(codec).0.to_string(), "{codec:?}: {line}");
    }
}
