//! Bad media beside an honest call: answered or ignored by rule, never a crash, and the honest side hears every frame.

use super::phone::Voice;
use super::stage::{Id, Stage};
use super::wire::{Handset, Sent, description, rtp};
use std::net::SocketAddr;

const EVENTS: &str = "a=rtpmap:101 telephone-event/8000\r\n";

/// The honest caller and the packets that it must get: one each 20 ms.
struct Honest {
    handset: Handset,
}

impl Honest {
    fn call(stage: &mut Stage) -> Self {
        let id = stage.caller();
        stage.phones[id].voice = Voice::Mute;
        let mut handset = Handset::of(stage, id);
        handset.hum(stage, 200);
        handset.take(stage);
        Self { handset }
    }

    /// Speaks for a while; every frame must come, in order, one each 20 ms.
    fn hears_every_frame(&mut self, stage: &mut Stage, frames: usize, what: &str) {
        self.handset.take(stage);
        for _ in 0..frames {
            self.handset.hum(stage, 20);
        }
        let heard = self.handset.take(stage);
        assert_eq!(heard.len(), frames, "{what}: frames");
        for pair in heard.windows(2) {
            let step = pair[1].at.since(pair[0].at).as_millis();
            assert_eq!(step, 20, "{what}: evenly");
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "{what}: numbers");
            assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 160, "{what}: timestamps");
        }
    }
}

/// Packets of every wrong kind that an attacker, or a broken phone, may send.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let good = rtp(8, false, (1, 160, 0x5500_0000), &[0x2a; 160]);
    let with_first = |first: u8| {
        let mut bytes = good.clone();
        bytes[0] = first;
        bytes
    };
    let mut padded = with_first(0xa0);
    padded[171] = 200;
    let mut unpadded = with_first(0xa0);
    unpadded[171] = 0;
    let mut extension = with_first(0x90);
    extension[12..16].copy_from_slice(&[0xbe, 0xde, 0xff, 0xff]);
    let rtcp = |words: u16, kind: u8| [&[0x9f, kind][..], &words.to_be_bytes(), &[0xee; 40]].concat();
    vec![
        ("nothing", vec![]),
        ("one octet", vec![0x80]),
        ("a header cut off", good[..11].to_vec()),
        ("version 0", with_first(0x00)),
        ("version 1", with_first(0x40)),
        ("version 3", with_first(0xc0)),
        ("fifteen CSRC and nothing behind them", with_first(0x8f)[..40].to_vec()),
        ("padding longer than the packet", padded),
        ("padding of none", unpadded),
        ("an extension beyond the end", extension),
        ("a payload type nobody agreed on", rtp(77, false, (2, 320, 0x5500_0000), &[1; 160])),
        ("a frame of 60,000 octets", rtp(8, false, (3, 480, 0x5500_0000), &vec![1; 60_000])),
        ("an event cut off", rtp(101, true, (4, 480, 0x5500_0000), &[1, 0])),
        ("an event that is none", rtp(101, true, (5, 480, 0x5500_0000), &[250, 0x80, 0xff, 0xff])),
        ("STUN", [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat()),
        ("DTLS", [&[22, 254, 253][..], &[0; 60]].concat()),
        ("text", b"INVITE sip:bank SIP/2.0\r\n\r\n".to_vec()),
        ("RTCP longer than it is", rtcp(0xffff, 200)),
        ("RTCP with blocks it has not", rtcp(2, 201)),
        ("a goodbye", rtcp(1, 203)),
        ("an unknown report", rtcp(0, 223)),
    ]
}

#[test]
fn garbage_on_the_ports_of_a_call_hurts_neither_it_nor_the_one_beside_it() {
    let mut stage = Stage::new();
    let mut honest = Honest::call(&mut stage);
    let victim = stage.caller();
    stage.phones[victim].voice = Voice::Mute;
    let mut victim = Handset::of(&mut stage, victim);
    victim.hum(&mut stage, 200);
    let stranger: SocketAddr = "203.0.113.66:6666".parse().unwrap();
    for (what, bytes) in garbage() {
        for port in [victim.bank.port(), victim.bank.port() + 1] {
            let to = SocketAddr::new(victim.bank.ip(), port);
            for from in [victim.from, stranger] {
                stage.inject(to, from, &bytes);
            }
        }
        honest.hears_every_frame(&mut stage, 3, what);
    }
    assert_eq!(stage.shown.matches("Digit {").count(), 0);
    // The victim itself still hears, and its keys count.
    victim.take(&mut stage);
    victim.hum(&mut stage, 200);
    assert_eq!(victim.take(&mut stage).len(), 10);
    victim.timestamp += 90_000;
    victim.press(&mut stage, '2');
    assert_eq!(stage.shown.matches("Digit {").count(), 1);
    assert_eq!(stage.exchange.calls(), 2);
}

#[test]
fn headers_with_sources_extensions_and_true_padding_are_read_past() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.phones[caller].voice = Voice::Mute;
    let mut handset = Handset::of(&mut stage, caller);
    handset.hum(&mut stage, 200);
    // Two CSRC, an extension of one word, padding of four octets, around a key.
    for (key, first) in [('2', 0x82_u8), ('1', 0x90), ('4', 0xa0), ('3', 0xb2)] {
        handset.timestamp += 3_000;
        let plain = handset.event(key, handset.timestamp, (true, false), 160);
        let mut bytes = plain[..12].to_vec();
        bytes[0] = first;
        bytes.extend(std::iter::repeat_n(9, usize::from(first & 0x0f) * 4));
        if first & 0x10 != 0 {
            bytes.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        }
        bytes.extend(&plain[12..]);
        if first & 0x20 != 0 {
            bytes.extend([0, 0, 0, 4]);
        }
        stage.inject(handset.bank, handset.from, &bytes);
        stage.run_for(100);
    }
    assert_eq!(stage.shown.matches("Digit {").count(), 4);
}

/// Descriptions that phones, or nobody's phones, send, and how the INVITE is answered.
fn offers() -> Vec<(&'static str, String, u16)> {
    let media: SocketAddr = "192.0.2.150:40000".parse().unwrap();
    let plain = |profile: &str, formats: &str| description(media, profile, formats, &[]);
    let body = plain("RTP/AVP", "8 101") + EVENTS;
    let thousand: String = (0..1_000).map(|one: u32| (one % 128).to_string() + " ").collect();
    let many: String = (0..500).map(|_| "m=audio 0 RTP/AVP 0\r\n").collect();
    let v6: SocketAddr = "[2001:db8::7]:40000".parse().unwrap();
    vec![
        ("an honest one", body.clone(), 200),
        ("a thousand formats, ours among them", plain("RTP/AVP", thousand.trim()), 200),
        ("formats nobody knows", plain("RTP/AVP", "3 4 18"), 488),
        ("a port of zero", body.replace("m=audio 40000", "m=audio 0"), 488),
        ("a port beyond all ports", body.replace("m=audio 40000", "m=audio 70000"), 400),
        ("an unknown profile", plain("UDP/TLS/RTP/SAVPF", "8"), 488),
        ("no profile", plain("", "8"), 488),
        ("IPv6 in an IPv4 call", description(v6, "RTP/AVP", "8 101", &[]), 488),
        ("a group address", body.replace("c=IN IP4 192.0.2.150", "c=IN IP4 224.0.0.9/127"), 488),
        ("a name for an address", body.replace("c=IN IP4 192.0.2.150", "c=IN IP4 phone.example"), 488),
        ("no connection line", body.replace("c=IN IP4 192.0.2.150\r\n", ""), 488),
        ("video alone", body.replace("m=audio", "m=video"), 488),
        ("five hundred lines that are off, then ours", body.replace("m=audio 40000", &(many + "m=audio 40000")), 400),
        ("no version", body.replace("v=0\r\n", ""), 400),
        ("version 7", body.replace("v=0\r\n", "v=7\r\n"), 400),
        ("a line without its letter, which is passed over", body.replace("t=0 0", "0 0"), 200),
        ("a name of odd octets", body.replace("s=-", "s=\u{fffd}\u{0}"), 200),
        ("an rtpmap of a lie", body.clone() + "a=rtpmap:8 L16/44100/17\r\n", 488),
        ("a ptime of nonsense", body.clone() + "a=ptime:99999999\r\n", 200),
        ("hold from the start", body.clone() + "a=inactive\r\n", 200),
        ("the old way of hold", body.replace("c=IN IP4 192.0.2.150", "c=IN IP4 0.0.0.0"), 200),
    ]
}

fn status(stage: &Stage, id: Id) -> u16 {
    let mut answers =
        stage.phones[id].inbox.iter().filter_map(super::text::Sip::status).filter(|status| *status >= 200);
    answers.next_back().unwrap()
}

#[test]
fn offers_of_all_kinds_are_answered_and_the_honest_call_hears_every_frame() {
    let mut stage = Stage::new();
    let mut honest = Honest::call(&mut stage);
    let mut wrong = Vec::new();
    for (what, body, expected) in offers() {
        let id = stage.phone("+79160000009");
        stage.phones[id].voice = Voice::Mute;
        stage.phones[id].by_itself = false;
        stage.phones[id].deaf = true;
        stage.with_phone(id, |phone, _| phone.invite("+74951234567", Some(&body)));
        let found = status(&stage, id);
        if found != expected {
            wrong.push(format!("{what}: {found} instead of {expected}"));
        }
        honest.hears_every_frame(&mut stage, 3, what);
        if found == 200 {
            stage.with_phone(id, |phone, _| {
                phone.ack("");
                phone.bye();
            });
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(stage.exchange.calls(), 1, "nothing of them is left");
}

#[test]
fn a_bad_offer_in_a_call_leaves_it_as_it_was() {
    let mut stage = Stage::new();
    let mut honest = Honest::call(&mut stage);
    let id = honest.handset.id;
    for (what, body, expected) in offers().into_iter().filter(|(_, _, expected)| *expected != 200) {
        stage.with_phone(id, |phone, _| phone.ask("INVITE", &[], &body));
        stage.run_for(40);
        let refused = status(&stage, id);
        assert!(refused >= 400, "{what}: {refused} instead of {expected}");
        honest.hears_every_frame(&mut stage, 3, what);
    }
    assert!(
        stage.wire.iter().all(|sent: &Sent| sent.to.ip() == honest.handset.from.ip()),
        "the stream stays where it is"
    );
    assert_eq!(stage.exchange.calls(), 1);
}
