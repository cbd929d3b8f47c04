//! SRTP of whole calls: agreed on, required, preferred or refused; wrong keys, repeats, new keys.

use super::phone::Voice;
use super::reports::{quality, receiver_report};
use super::stage::{Stage, config};
use super::wire::{Handset, Rtp, attribute, description};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hotline::exchange::{ExchangeConfig, SecurePolicy};
use hotline::model::Side;
use hotline::voip::media::Channel;
use hotline::voip::rtp::srtp::{MasterKey, SecureKeys, SecureSession, Suite};
use hotline::voip::sdp::SecureMedia;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::SocketAddr;

const EVENTS: &str = "rtpmap:101 telephone-event/8000";

fn policy(callers: SecureMedia, operators: SecureMedia) -> ExchangeConfig {
    ExchangeConfig { secure: SecurePolicy { callers, operators }, ..config() }
}

fn key(suite: Suite, seed: u8) -> MasterKey {
    MasterKey::draw(suite, &mut StdRng::from_seed([seed; 32]))
}

fn line(tag: u32, key: &MasterKey) -> String {
    format!("crypto:{tag} {} inline:{}", key.suite().name(), BASE64_STANDARD.encode(key.octets()))
}

/// The phone's end of the keys: its own, and the one of the bank's description.
fn session(mine: &MasterKey, body: &str) -> SecureSession {
    let crypto = attribute(body, "crypto").unwrap();
    let words: Vec<&str> = crypto.split(' ').collect();
    assert_eq!(words[1], mine.suite().name(), "{crypto}");
    let octets = BASE64_STANDARD.decode(words[2].strip_prefix("inline:").unwrap()).unwrap();
    let theirs = MasterKey::new(mine.suite(), &octets).unwrap();
    SecureSession::new(SecureKeys { send: mine.clone(), receive: theirs }).unwrap()
}

/// What the bank sent to the handset, opened; a packet that does not open is a failure.
fn take(stage: &mut Stage, handset: &Handset, session: &mut SecureSession) -> Vec<Rtp> {
    let sent = std::mem::take(&mut stage.wire);
    let mine = sent.into_iter().filter(|one| one.to == handset.from && one.channel == Channel::Rtp);
    let mut clear = Vec::new();
    mine.map(|one| {
        assert!(session.open(&one.bytes, &mut clear), "a packet does not open");
        Rtp::read(one.at, &clear)
    })
    .collect()
}

fn say(stage: &mut Stage, handset: &Handset, session: &mut SecureSession, clear: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    assert!(session.protect(clear, &mut sealed));
    stage.inject(handset.bank, handset.from, &sealed);
    sealed
}

/// A key under SRTP; all its packets.
fn press(stage: &mut Stage, handset: &mut Handset, session: &mut SecureSession, key: char) -> Vec<Vec<u8>> {
    let begun = handset.timestamp;
    handset.timestamp += 1_600;
    let mut sent = Vec::new();
    for packet in 0..8_u16 {
        let clear = handset.event(key, begun, (packet == 0, packet >= 5), 160 * (packet + 1).min(5));
        sent.push(say(stage, handset, session, &clear));
        stage.run_for(if packet < 5 { 20 } else { 0 });
    }
    stage.run_for(100);
    sent
}

fn keys(stage: &Stage) -> usize {
    stage.shown.matches("Digit {").count()
}

/// Dials with this profile and these lines.
fn dial(config: ExchangeConfig, profile: &str, lines: &[&str]) -> (Stage, usize) {
    let mut stage = Stage::configured(config);
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = Voice::Mute;
    let all = [lines, &[EVENTS]].concat();
    stage.phones[id].body = Some(description(stage.phones[id].media, profile, "8 101", &all));
    stage.dial(id, "+74951234567");
    (stage, id)
}

#[test]
fn each_policy_meets_each_offer() {
    use SecureMedia::{Preferred, Refused, Required};
    let mine = key(Suite::AesCm128HmacSha1Tag80, 1);
    let crypto = line(1, &mine);
    let unknown = "crypto:1 NULL_CIPHER inline:AAAA";
    // Policy, profile, lines, status, whether the answer has keys.
    let cases: [(SecureMedia, &str, Vec<&str>, &str, bool); 10] = [
        (Refused, "RTP/AVP", vec![], "200 INVITE", false),
        (Refused, "RTP/AVP", vec![&crypto], "200 INVITE", false),
        (Refused, "RTP/SAVP", vec![&crypto], "488 INVITE", false),
        (Preferred, "RTP/AVP", vec![], "200 INVITE", false),
        (Preferred, "RTP/SAVP", vec![&crypto], "200 INVITE", true),
        (Preferred, "RTP/SAVP", vec![unknown], "488 INVITE", false),
        (Required, "RTP/AVP", vec![], "488 INVITE", false),
        (Required, "RTP/SAVP", vec![&crypto], "200 INVITE", true),
        (Required, "RTP/SAVP", vec![unknown], "488 INVITE", false),
        (Required, "RTP/SAVP", vec![], "488 INVITE", false),
    ];
    for (callers, profile, lines, status, keyed) in cases {
        let name = format!("{callers:?}, {profile}, {}", lines.len());
        let (stage, id) = dial(policy(callers, Refused), profile, &lines);
        assert_eq!(stage.phones[id].count(status), 1, "{name}: {:?}", stage.phones[id].inbox.last());
        if let Some(answer) = stage.phones[id].last("200 INVITE") {
            assert_eq!(attribute(&answer.body, "crypto").is_some(), keyed, "{name}");
            assert!(answer.body.contains(&format!(" {profile} ")), "{name}: the profile is that of the offer");
        }
    }
}

#[test]
fn a_call_under_every_suite_is_heard_and_hears_and_nobody_else_does() {
    for suite in Suite::ALL {
        let mine = key(suite, 1);
        let (mut stage, id) = dial(policy(SecureMedia::Required, SecureMedia::Refused), "RTP/SAVP", &[&line(1, &mine)]);
        let answer = stage.phones[id].last("200 INVITE").unwrap().body.clone();
        let mut session = session(&mine, &answer);
        let mut handset = Handset::of(&mut stage, id);
        for _ in 0..20 {
            let clear = handset.packet(8, false, handset.timestamp, &[0xd5; 160]);
            handset.timestamp += 160;
            say(&mut stage, &handset, &mut session, &clear);
            stage.run_for(20);
        }
        let heard = take(&mut stage, &handset, &mut session);
        assert!(heard.iter().any(|packet| packet.payload[0] == 0x5a), "{suite:?}: the greeting");
        assert!(!stage.shown.contains(&line(1, &mine)), "no key is shown");
        let press_of_two = press(&mut stage, &mut handset, &mut session, '2');
        assert_eq!(keys(&stage), 1, "{suite:?}");
        // Again after a second: a clear stream would take them for a new press.
        stage.run_for(1_000);
        for packet in &press_of_two {
            stage.inject(handset.bank, handset.from, packet);
            stage.run_for(20);
        }
        assert_eq!(keys(&stage), 1, "{suite:?}: repeats");
        // Clear packets, and packets under another key.
        let mut thief = SecureSession::new(SecureKeys { send: key(suite, 9), receive: key(suite, 8) }).unwrap();
        for _ in 0..10 {
            let clear = handset.event('1', handset.timestamp + 9_000, (true, false), 160);
            stage.inject(handset.bank, handset.from, &clear);
            say(&mut stage, &handset, &mut thief, &clear);
            stage.run_for(20);
        }
        assert_eq!(keys(&stage), 1, "{suite:?}: strangers");
        press(&mut stage, &mut handset, &mut session, '1');
        assert_eq!(keys(&stage), 2, "{suite:?}: the phone itself goes on");
        take(&mut stage, &handset, &mut session);
    }
}

#[test]
fn a_re_invite_gives_new_keys_and_the_old_ones_are_worth_nothing() {
    for (before, after) in [
        (Suite::AesCm128HmacSha1Tag80, Suite::AesCm128HmacSha1Tag80),
        (Suite::AesCm128HmacSha1Tag80, Suite::AeadAes256Gcm),
    ] {
        let (first, second) = (key(before, 1), key(after, 2));
        let policy = policy(SecureMedia::Required, SecureMedia::Refused);
        let (mut stage, id) = dial(policy, "RTP/SAVP", &[&line(1, &first)]);
        let mut old = session(&first, &stage.phones[id].last("200 INVITE").unwrap().body.clone());
        let mut handset = Handset::of(&mut stage, id);
        press(&mut stage, &mut handset, &mut old, '2');
        take(&mut stage, &handset, &mut old);
        let body = description(handset.from, "RTP/SAVP", "8 101", &[&line(1, &second), EVENTS]);
        stage.with_phone(id, |phone, _| phone.ask("INVITE", &[], &body));
        let mut new = session(&second, &stage.phones[id].last("200 INVITE").unwrap().body.clone());
        stage.run_for(200);
        let heard = take(&mut stage, &handset, &mut new);
        assert!(heard.len() >= 9, "the bank's next packet is under its new key");
        let before = keys(&stage);
        press(&mut stage, &mut handset, &mut old, '1');
        assert_eq!(keys(&stage), before, "the old key");
        press(&mut stage, &mut handset, &mut new, '1');
        assert_eq!(keys(&stage), before + 1, "the new key");
        // A re-INVITE without new keys goes on with these, counters and all.
        stage.with_phone(id, |phone, _| phone.ask("INVITE", &[], &body));
        let replayed = press(&mut stage, &mut handset, &mut new, '2');
        let before = keys(&stage);
        stage.run_for(1_000);
        for packet in replayed {
            stage.inject(handset.bank, handset.from, &packet);
        }
        assert_eq!(keys(&stage), before, "a repeat is a repeat after a re-INVITE too");
    }
}

#[test]
fn operators_phones_are_offered_srtp_and_refused_without_it_where_it_is_required() {
    for (answers, taken) in [(true, true), (false, false)] {
        let mut stage = Stage::configured(policy(SecureMedia::Refused, SecureMedia::Required));
        let anna = stage.operators(&["anna:support:ru,en"])[0];
        stage.phones[anna].voice = Voice::Mute;
        let mine = key(Suite::AeadAes128Gcm, 4);
        let tag = 1 + Suite::ALL.iter().position(|suite| *suite == mine.suite()).unwrap();
        let crypto = line(u32::try_from(tag).unwrap(), &mine);
        let lines: &[&str] = if answers { &[&crypto, EVENTS] } else { &[EVENTS] };
        stage.phones[anna].body = Some(description(stage.phones[anna].media, "RTP/SAVP", "8 101", lines));
        let caller = stage.caller();
        stage.run_for(300);
        stage.press(caller, "0");
        stage.run_for(5_000);
        let offer = stage.phones[anna].last("INVITE").unwrap().body.clone();
        assert!(offer.contains("RTP/SAVP"), "{offer}");
        let failed = stage.failed_offers();
        assert_eq!(failed.contains("unusable_answer"), !taken, "{failed}");
        if taken {
            stage.tapped = true;
            stage.with_phone(caller, |phone, now| phone.set_voice(now, Voice::Full));
            stage.run_for(500);
            let handset = Handset { from: stage.phones[anna].media, ..Handset::of(&mut stage, anna) };
            let offered: Vec<&str> = offer.lines().filter(|line| line.contains(mine.suite().name())).collect();
            let mut session = session(&mine, offered[0]);
            let heard = take(&mut stage, &handset, &mut session);
            assert!(
                heard.iter().any(|packet| packet.payload[0] == 0x33),
                "the caller's voice, encrypted on this leg only"
            );
        }
    }
}

#[test]
fn where_it_is_preferred_an_operators_phone_may_answer_either_way() {
    for answers in [true, false] {
        let mut stage = Stage::configured(policy(SecureMedia::Refused, SecureMedia::Preferred));
        let anna = stage.operators(&["anna:support:ru,en"])[0];
        stage.phones[anna].voice = Voice::Mute;
        let mine = key(Suite::AesCm128HmacSha1Tag32, 5);
        let tag = 1 + Suite::ALL.iter().position(|suite| *suite == mine.suite()).unwrap();
        let crypto = line(u32::try_from(tag).unwrap(), &mine);
        let lines: &[&str] = if answers { &[&crypto, EVENTS] } else { &[EVENTS] };
        stage.phones[anna].body = Some(description(stage.phones[anna].media, "RTP/AVP", "8 101", lines));
        let caller = stage.caller();
        stage.run_for(300);
        stage.press(caller, "0");
        stage.run_for(5_000);
        let offer = stage.phones[anna].last("INVITE").unwrap().body.clone();
        assert!(offer.contains(" RTP/AVP ") && offer.contains("a=crypto:"), "{offer}");
        let handset = Handset { from: stage.phones[anna].media, ..Handset::of(&mut stage, anna) };
        stage.wire.clear();
        stage.with_phone(caller, |phone, now| phone.set_voice(now, Voice::Full));
        stage.run_for(500);
        let heard = if answers {
            let offered = offer.lines().find(|line| line.contains(mine.suite().name())).unwrap();
            let mut session = session(&mine, offered);
            // What it began with, before the wire was looked at, was under the same key.
            take(&mut stage, &handset, &mut session)
        } else {
            handset.take(&mut stage)
        };
        let voices = heard.iter().filter(|packet| packet.payload[0] == 0x33).count();
        assert!(voices >= 20, "encrypted: {answers}: {voices} packets of the caller");
    }
}

#[test]
fn reports_are_encrypted_and_only_those_under_the_key_count() {
    for suite in Suite::ALL {
        let mine = key(suite, 1);
        let (mut stage, id) = dial(policy(SecureMedia::Required, SecureMedia::Refused), "RTP/SAVP", &[&line(1, &mine)]);
        let mut session = session(&mine, &stage.phones[id].last("200 INVITE").unwrap().body.clone());
        let mut handset = Handset::of(&mut stage, id);
        for _ in 0..400 {
            let clear = handset.packet(8, false, handset.timestamp, &[0xd5; 160]);
            handset.timestamp += 160;
            say(&mut stage, &handset, &mut session, &clear);
            stage.run_for(20);
        }
        let control = |addr: SocketAddr| SocketAddr::new(addr.ip(), addr.port() + 1);
        let sent = std::mem::take(&mut stage.wire);
        let mut clear = Vec::new();
        let mut ours = None;
        for report in sent.iter().filter(|one| one.channel == Channel::Rtcp) {
            assert_eq!(report.to, control(handset.from));
            assert!(session.open_rtcp(&report.bytes, &mut clear), "{suite:?}");
            assert_eq!(clear[1], 200);
            assert!(!report.bytes.windows(clear.len() - 8).any(|part| part == &clear[8..]), "{suite:?}: it is sealed");
            ours = Some(u32::from_be_bytes([clear[4], clear[5], clear[6], clear[7]]));
        }
        let ours = ours.unwrap();
        let mut sealed = Vec::new();
        assert!(session.protect_rtcp(&receiver_report(&handset, ours, 17, 0, 0), &mut sealed));
        stage.inject(control(handset.bank), control(handset.from), &sealed);
        stage.inject(control(handset.bank), control(handset.from), &receiver_report(&handset, ours, 99, 0, 0));
        stage.hang_up(id);
        stage.run_for(200);
        assert_eq!(quality(&stage, Side::Caller).lost_there, Some(17), "{suite:?}");
    }
}
