//! Every key once, however it comes: as telephone-event with losses, by SIP INFO, as tones, or in two ways at once; and
//! the keys of a conversation reach the other side as telephone-event.

use super::stage::{Id, Stage};
use super::wire::{Handset, Rtp, description};
use hotline::exchange::ExchangeConfig;

/// The way to the code: cards, this one, its last digits, the telephone code.
const WAY: [&str; 4] = ["2", "1", "4321", "9876#"];

/// A caller whose media is made by hand, a second after the answer.
fn caller(stage: &mut Stage, events: &str) -> Handset {
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = super::phone::Voice::Mute;
    let media = stage.phones[id].media;
    let lines: &[&str] = if events.is_empty() { &[] } else { &[events, "fmtp:101 0-15"] };
    let formats = if events.is_empty() { "8" } else { "8 101" };
    stage.phones[id].body = Some(description(media, "RTP/AVP", formats, lines));
    stage.dial(id, "+74951234567");
    let mut handset = Handset::of(stage, id);
    handset.hum(stage, 400);
    handset
}

/// Presses the keys of the way; the code that reached the bank.
fn code_by(stage: &mut Stage, handset: &mut Handset, mut press: impl FnMut(&mut Stage, &mut Handset, char)) -> String {
    for keys in WAY {
        handset.hum(stage, 400);
        for key in keys.chars() {
            press(stage, handset, key);
        }
    }
    handset.hum(stage, 500);
    stage.bank.last_code.clone()
}

/// A press of eight packets, each of them sent as often as `copies` says.
struct Train {
    name: &'static str,
    copies: [u8; 8],
    marker: bool,
    clock: u32,
}

#[test]
fn trains_with_losses_repeats_and_clocks_of_all_kinds_are_one_key_each() {
    let train = |name, copies| Train { name, copies, marker: true, clock: 8_000 };
    let whole = [1; 8];
    let trains = [
        train("whole", whole),
        train("the start was lost", [0, 0, 0, 1, 1, 1, 1, 1]),
        train("all ends were lost", [1, 1, 1, 1, 1, 0, 0, 0]),
        train("only one end came", [0, 0, 0, 0, 0, 0, 1, 0]),
        train("only the second packet came", [0, 1, 0, 0, 0, 0, 0, 0]),
        train("each packet came thrice", [3; 8]),
        train("every other was lost", [0, 2, 0, 1, 0, 2, 0, 1]),
        Train { marker: false, ..train("no marker", whole) },
        Train { marker: false, ..train("no marker and no start", [0, 0, 1, 1, 1, 1, 1, 1]) },
        Train { clock: 16_000, ..train("16 kHz", whole) },
        Train { clock: 48_000, ..train("48 kHz", [0, 1, 1, 1, 1, 1, 1, 1]) },
    ];
    for Train { name, copies, marker, clock } in trains {
        let mut stage = Stage::new();
        let mut handset = caller(&mut stage, &format!("rtpmap:101 telephone-event/{clock}"));
        let step = u16::try_from(clock / 50).unwrap();
        let code = code_by(&mut stage, &mut handset, |stage, handset, key| {
            let begun = handset.timestamp;
            for (packet, count) in (0..8_u16).zip(copies) {
                let first = marker && packet == 0;
                let bytes = handset.event(key, begun, (first, packet >= 5), step * (packet + 1).min(5));
                for _ in 0..count {
                    stage.inject(handset.bank, handset.from, &bytes);
                }
                stage.run_for(if packet < 5 { 20 } else { 0 });
            }
            handset.timestamp += u32::from(step) * 10;
            stage.run_for(100);
        });
        assert_eq!(code, "9876", "{name}");
    }
}

#[test]
fn a_key_held_for_ten_seconds_is_one_key_in_two_segments() {
    let mut stage = Stage::new();
    let mut handset = caller(&mut stage, "rtpmap:101 telephone-event/8000");
    let mut begun = handset.timestamp;
    let mut duration = 0_u16;
    for packet in 0..500 {
        if duration > u16::MAX - 160 {
            // RFC 4733 §2.5.1.3.
            begun += u32::from(duration);
            duration = 0;
        }
        duration += 160;
        let bytes = handset.event('2', begun, (packet == 0, false), duration);
        stage.inject(handset.bank, handset.from, &bytes);
        stage.run_for(20);
    }
    let bytes = handset.event('2', begun, (false, true), duration);
    stage.inject(handset.bank, handset.from, &bytes);
    let pressed = stage.shown.matches("Digit {").count();
    assert_eq!(pressed, 1);
}

fn info(stage: &mut Stage, id: Id, kind: &str, body: &str) {
    let kind = kind.to_owned();
    stage.with_phone(id, |phone, _| phone.ask("INFO", &[("Content-Type", &kind)], body));
}

#[test]
fn both_kinds_of_info_are_keys() {
    for (kind, relay) in [("application/dtmf-relay", true), ("application/dtmf", false)] {
        for events in ["rtpmap:101 telephone-event/8000", ""] {
            let mut stage = Stage::new();
            let mut handset = caller(&mut stage, events);
            let code = code_by(&mut stage, &mut handset, |stage, handset, key| {
                let body = if relay { format!("Signal={key}\r\nDuration=160\r\n") } else { key.to_string() };
                info(stage, handset.id, kind, &body);
                handset.hum(stage, 100);
            });
            assert_eq!(code, "9876", "{kind}");
            assert!(stage.phones[handset.id].count("200 INFO") >= 10, "each is answered");
        }
    }
}

#[test]
fn tones_are_keys_whether_events_were_agreed_on_or_not() {
    for events in ["", "rtpmap:101 telephone-event/8000"] {
        let mut stage = Stage::new();
        let mut handset = caller(&mut stage, events);
        let code = code_by(&mut stage, &mut handset, |stage, handset, key| handset.sing(stage, key));
        assert_eq!(code, "9876", "{events:?}");
    }
}

#[test]
fn a_press_that_comes_in_two_or_three_ways_is_one_key() {
    type Press = fn(&mut Stage, &mut Handset, char);
    let ways: [(&str, Press); 4] = [
        ("event, then INFO", |stage, handset, key| {
            handset.press(stage, key);
            info(stage, handset.id, "application/dtmf", &key.to_string());
            handset.hum(stage, 100);
        }),
        ("INFO, then event", |stage, handset, key| {
            info(stage, handset.id, "application/dtmf", &key.to_string());
            handset.press(stage, key);
        }),
        ("tone, then event", |stage, handset, key| {
            handset.sing(stage, key);
            handset.press(stage, key);
        }),
        ("tone, INFO and event", |stage, handset, key| {
            handset.sing(stage, key);
            info(stage, handset.id, "application/dtmf", &key.to_string());
            handset.press(stage, key);
        }),
    ];
    for (name, press) in ways {
        let mut stage = Stage::new();
        let mut handset = caller(&mut stage, "rtpmap:101 telephone-event/8000");
        assert_eq!(code_by(&mut stage, &mut handset, press), "9876", "{name}");
    }
}

/// A caller talks with anna; both ends are made by hand.
pub fn talk(config: ExchangeConfig) -> (Stage, Handset, Handset) {
    let mut stage = Stage::configured(config);
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].voice = super::phone::Voice::Mute;
    let mut handset = caller(&mut stage, "rtpmap:101 telephone-event/8000");
    // By INFO: the stream has not shown yet that it knows events.
    info(&mut stage, handset.id, "application/dtmf", "0");
    handset.hum(&mut stage, 4_000);
    let mut operator = Handset::of(&mut stage, anna);
    for _ in 0..100 {
        operator.say(&mut stage, 8, 160, &[0xd5; 160]);
        handset.hum(&mut stage, 20);
    }
    operator.take(&mut stage);
    handset.take(&mut stage);
    (stage, handset, operator)
}

/// A press as it came: key, packets, ends, whether the first has the marker, the longest duration.
pub type Pressed = (u8, usize, usize, bool, u16);

/// The presses among packets.
pub fn presses(packets: &[Rtp], events: u8) -> Vec<Pressed> {
    let mut presses: Vec<(u32, Pressed)> = Vec::new();
    for packet in packets.iter().filter(|packet| packet.kind == events) {
        let duration = u16::from_be_bytes([packet.payload[2], packet.payload[3]]);
        let end = usize::from(packet.payload[1] >> 7);
        match presses.last_mut() {
            Some((timestamp, press)) if *timestamp == packet.timestamp => {
                *press = (press.0, press.1 + 1, press.2 + end, press.3, press.4.max(duration));
            }
            _ => presses.push((packet.timestamp, (packet.payload[0], 1, end, packet.marker, duration))),
        }
    }
    presses.into_iter().map(|(_, press)| press).collect()
}

#[test]
fn keys_of_a_conversation_go_to_the_other_side_as_events() {
    let (mut stage, mut caller, mut operator) = talk(super::stage::config());
    info(&mut stage, caller.id, "application/dtmf-relay", "Signal=7\r\nDuration=160\r\n");
    caller.hum(&mut stage, 400);
    assert_eq!(presses(&operator.take(&mut stage), 101), [(7, 8, 3, true, 800)], "an INFO of the caller");
    info(&mut stage, operator.id, "application/dtmf", "5");
    caller.hum(&mut stage, 400);
    assert_eq!(presses(&caller.take(&mut stage), 101), [(5, 8, 3, true, 800)], "an INFO of the operator");
    caller.press(&mut stage, '9');
    caller.hum(&mut stage, 400);
    assert_eq!(presses(&operator.take(&mut stage), 101), [(9, 8, 3, true, 800)], "an event is relayed as it is");
    operator.press(&mut stage, '*');
    caller.hum(&mut stage, 400);
    assert_eq!(presses(&caller.take(&mut stage), 101), [(10, 8, 3, true, 800)]);
    assert_eq!(stage.exchange.calls(), 1, "no key did anything else");
}

#[test]
fn tones_of_a_phone_known_for_them_go_on_as_events() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].voice = super::phone::Voice::Mute;
    let mut handset = caller(&mut stage, "");
    handset.sing(&mut stage, '0');
    handset.hum(&mut stage, 4_000);
    let operator = Handset::of(&mut stage, anna);
    handset.hum(&mut stage, 4_000);
    operator.take(&mut stage);
    handset.sing(&mut stage, '4');
    handset.hum(&mut stage, 400);
    assert_eq!(presses(&operator.take(&mut stage), 101), [(4, 8, 3, true, 800)]);
}

#[test]
fn keys_after_the_conversation_go_to_nobody() {
    let (mut stage, mut caller, operator) = talk(super::stage::config());
    stage.hang_up(operator.id);
    caller.hum(&mut stage, 200);
    operator.take(&mut stage);
    for key in "9876".chars() {
        caller.press(&mut stage, key);
        info(&mut stage, caller.id, "application/dtmf", &key.to_string());
    }
    caller.hum(&mut stage, 400);
    assert!(operator.take(&mut stage).is_empty());
}
