//! Codecs, lengths of packets, events, comfort noise and keys: what each offer comes to.

use super::*;
use crate::voip::rtp::srtp::Suite;

const KEY_30: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn ours(codecs: &[Codec], policy: SecureMedia) -> Negotiation {
    Negotiation::new(1, "198.51.100.1:20000".parse().expect("an address"))
        .with_codecs(codecs)
        .with_srtp(policy, [7; 32])
}

fn offer(lines: &[&str]) -> RemoteOffer {
    let head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"];
    let body: String = head.iter().chain(lines).flat_map(|line| [line, "\r\n"]).collect();
    RemoteOffer::parse(body.as_bytes()).expect("an offer")
}

/// Our codecs, the line, what follows it, and the codec, number and packet length that come of it.
type Case = (&'static [Codec], &'static [&'static str], &'static [&'static str], (Codec, u8, u64));

#[test]
fn the_banks_order_decides_and_packets_have_the_length_that_is_asked_for() {
    use Codec::{G722, Opus, Pcma, Pcmu};
    const OFFER: &[&str] = &["m=audio 4 RTP/AVP 111 9 8 0", "a=rtpmap:111 opus/48000/2"];
    let cases: &[Case] = &[
        (&[Pcma, G722], OFFER, &[], (Pcma, 8, 20)),
        (&[G722, Pcma], OFFER, &[], (G722, 9, 20)),
        (&[Opus, G722], OFFER, &[], (Opus, 111, 20)),
        (&[Opus, G722], OFFER, &["a=ptime:60"], (Opus, 111, 20)),
        (&[Opus, G722], OFFER, &["a=maxptime:10"], (G722, 9, 10)),
        (&[Pcmu], OFFER, &["a=ptime:30"], (Pcmu, 0, 30)),
        (&[Pcmu], OFFER, &["a=ptime:30", "a=maxptime:20"], (Pcmu, 0, 20)),
        (&[Pcmu], OFFER, &["a=ptime:25"], (Pcmu, 0, 20)),
        (&[Pcmu], OFFER, &["a=ptime:200"], (Pcmu, 0, 60)),
        (&[Pcmu], OFFER, &["a=ptime:5"], (Pcmu, 0, 20)),
        (&[Pcmu], OFFER, &["a=ptime:0", "a=maxptime:0"], (Pcmu, 0, 20)),
        (&[Opus], &["m=audio 4 RTP/AVP 111", "a=rtpmap:111 OPUS/48000"], &[], (Opus, 111, 20)),
    ];
    for (codecs, lines, more, (codec, number, millis)) in cases {
        let mut ours = ours(codecs, SecureMedia::Refused);
        let (body, agreed) = ours.answer(offer(&[*lines, *more].concat()), Direction::SendRecv).expect("an answer");
        assert_eq!((agreed.codec, agreed.payload_type.send.number()), (*codec, *number), "{more:?}");
        assert_eq!(agreed.ptime, Duration::from_millis(*millis), "{more:?}");
        assert!(body.contains(&format!("a=ptime:{millis}\r\n")), "{body}");
        assert_eq!(body.contains("opus/48000/2\r\n"), *codec == Opus);
        assert_eq!(ours.codec(), Some(*codec));
    }
    for wrong in ["a=rtpmap:111 opus/16000/2", "a=rtpmap:111 opus/48000/6", "a=rtpmap:9 G722/16000"] {
        let lines = ["m=audio 4 RTP/AVP 111 9", "a=rtpmap:111 opus/48000/2", wrong];
        let found = ours(&[Opus, G722], SecureMedia::Refused).answer(offer(&lines[..]), Direction::SendRecv);
        assert!(found.is_ok(), "the other format is still there: {wrong}");
    }
}

#[test]
fn events_are_taken_at_the_codecs_clock_where_the_peer_has_it() {
    let lines = [
        "m=audio 4 RTP/AVP 111 8 13 97 98 99",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:97 telephone-event/16000",
        "a=rtpmap:98 telephone-event/48000",
        "a=rtpmap:99 telephone-event/8000",
    ];
    for (codec, left_out, event, comfort) in [
        (Codec::Opus, "", (98, 48_000), None),
        (Codec::Pcma, "", (99, 8_000), Some(13)),
        (Codec::Opus, "48000", (99, 8_000), None),
        (Codec::Pcma, "/8000", (97, 16_000), Some(13)),
    ] {
        let known: Vec<&str> = lines
            .into_iter()
            .filter(|line| left_out.is_empty() || !(line.contains("event") && line.contains(left_out)))
            .collect();
        let (body, agreed) =
            ours(&[codec], SecureMedia::Refused).answer(offer(&known), Direction::SendRecv).expect("an answer");
        let found = agreed.telephone_event.map(|pair| (pair.send.number(), agreed.event_clock));
        assert_eq!(found, Some(event), "{codec:?} without {left_out}");
        assert!(body.contains(&format!("a=rtpmap:{} telephone-event/{}\r\n", event.0, event.1)));
        assert_eq!(agreed.comfort_noise.map(|pair| pair.send.number()), comfort);
    }
}

#[test]
fn numbers_of_the_other_side_are_sent_and_ours_received() {
    let mut ours = ours(&[Codec::Opus], SecureMedia::Refused);
    let (body, pending) = ours.offer(Direction::SendRecv);
    assert!(body.contains("m=audio 20000 RTP/AVP 96 100\r\n"), "{body}");
    let answer = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
        m=audio 6 RTP/AVP 120 121\r\na=rtpmap:120 opus/48000/2\r\na=rtpmap:121 telephone-event/48000\r\n";
    let agreed = pending.accept(answer.as_bytes()).expect("agreed");
    assert_eq!((agreed.payload_type.send.number(), agreed.payload_type.receive.number()), (120, 96));
    let event = agreed.telephone_event.expect("events");
    assert_eq!((event.send.number(), event.receive.number()), (121, 100));
}

#[test]
fn an_offer_later_in_the_call_keeps_the_numbers_that_the_peer_gave() {
    let mut ours = ours(&[Codec::Opus, Codec::Pcma], SecureMedia::Refused);
    let lines = ["m=audio 4 RTP/AVP 100 96", "a=rtpmap:100 opus/48000/2", "a=rtpmap:96 telephone-event/48000"];
    ours.answer(offer(&lines), Direction::SendRecv).expect("an answer");
    let (body, _) = ours.offer(Direction::SendOnly);
    assert!(body.contains("a=rtpmap:100 opus/48000/2\r\n") && body.contains("a=rtpmap:96 telephone-event/48000\r\n"));
    let formats = body.lines().find_map(|line| line.strip_prefix("m=audio 20000 RTP/AVP ")).expect("a line");
    let mut numbers: Vec<&str> = formats.split(' ').collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "no number twice: {formats}");
}

/// Whether an offer with these lines is clear, encrypted or refused under each policy.
fn under_each_policy(lines: &[&str]) -> [&'static str; 3] {
    [SecureMedia::Refused, SecureMedia::Preferred, SecureMedia::Required].map(|policy| {
        match ours(&[Codec::Pcma], policy).answer(offer(lines), Direction::SendRecv) {
            Ok((body, agreed)) => {
                assert_eq!(agreed.srtp.is_some(), body.contains("a=crypto:"), "{body}");
                if agreed.srtp.is_some() { "encrypted" } else { "clear" }
            }
            Err(NegotiationError::Protection) => "refused",
            Err(_) => "error",
        }
    })
}

#[test]
fn encryption_is_refused_preferred_or_required() {
    let key = format!("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{KEY_30}|2^31");
    let useless = "a=crypto:1 F8_128_HMAC_SHA1_80 inline:abc";
    let cases: &[(&[&str], [&str; 3])] = &[
        (&["m=audio 4 RTP/AVP 8"], ["clear", "clear", "refused"]),
        (&["m=audio 4 RTP/SAVP 8", &key], ["refused", "encrypted", "encrypted"]),
        (&["m=audio 4 RTP/SAVPF 8", &key], ["refused", "encrypted", "encrypted"]),
        (&["m=audio 4 RTP/AVP 8", &key], ["clear", "encrypted", "encrypted"]),
        (&["m=audio 4 RTP/SAVP 8"], ["refused", "refused", "refused"]),
        (&["m=audio 4 RTP/SAVP 8", useless], ["refused", "refused", "refused"]),
        (&["m=audio 4 RTP/SAVP 8", useless, &key], ["refused", "encrypted", "encrypted"]),
        (&["m=audio 4 RTP/AVP 8", useless], ["clear", "clear", "refused"]),
        (&["m=audio 4 RTP/AVP 8", "m=audio 6 RTP/SAVP 8", &key], ["clear", "encrypted", "encrypted"]),
        (&["m=audio 0 RTP/SAVP 8", &key], ["error", "error", "error"]),
        (&["m=audio 4 UDP/TLS/RTP/SAVP 8", &key], ["error", "error", "error"]),
    ];
    for (lines, expected) in cases {
        assert_eq!(under_each_policy(lines), *expected, "{lines:?}");
    }
}

#[test]
fn both_sides_come_to_the_same_keys_in_every_policy_and_suite() {
    for policy in [SecureMedia::Preferred, SecureMedia::Required] {
        let (body, pending) = ours(&[Codec::Pcma], policy).offer(Direction::SendRecv);
        let protocol = if policy == SecureMedia::Required { "RTP/SAVP" } else { "RTP/AVP" };
        assert!(body.contains(&format!("m=audio 20000 {protocol} 8 101\r\n")), "{body}");
        let mut theirs = Negotiation::new(2, "198.51.100.2:30000".parse().expect("an address"))
            .with_srtp(SecureMedia::Preferred, [8; 32]);
        let offered = RemoteOffer::parse(body.as_bytes()).expect("our offer");
        let (answer, of_them) = theirs.answer(offered, Direction::SendRecv).expect("an answer");
        let of_us = pending.accept(answer.as_bytes()).expect("agreed").srtp.expect("keys");
        let of_them = of_them.srtp.expect("keys");
        assert_eq!((&of_us.send, &of_us.receive), (&of_them.receive, &of_them.send));
        assert_eq!(of_us.send.suite(), Suite::AeadAes256Gcm);
    }
    for suite in Suite::ALL {
        let (body, _) = ours(&[Codec::Pcma], SecureMedia::Required).offer(Direction::SendRecv);
        let only: String = body
            .lines()
            .filter(|line| !line.starts_with("a=crypto:") || line.contains(suite.name()))
            .flat_map(|line| [line, "\r\n"])
            .collect();
        let offered = RemoteOffer::parse(only.as_bytes()).expect("an offer");
        let (_, agreed) =
            ours(&[Codec::Pcma], SecureMedia::Preferred).answer(offered, Direction::SendRecv).expect("an answer");
        assert_eq!(agreed.srtp.map(|keys| keys.send.suite()), Some(suite));
    }
}

#[test]
fn a_re_invite_with_the_same_key_keeps_ours_and_a_clear_one_ends_it() {
    let mut ours = ours(&[Codec::Pcma], SecureMedia::Preferred);
    let key = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY_30}");
    let mut keys = |lines: &[&str]| {
        let (_, agreed) = ours.answer(offer(lines), Direction::SendRecv).expect("an answer");
        agreed.srtp
    };
    let secure = ["m=audio 4 RTP/SAVP 8", &key];
    let first = keys(&secure);
    assert!(first.is_some());
    assert_eq!(keys(&secure), first);
    assert_eq!(keys(&["m=audio 4 RTP/AVP 8"]), None);
    let again = keys(&secure).expect("keys");
    assert!(first.is_some_and(|first| first.send != again.send), "a key is not used for two runs of packets");
}

#[test]
fn an_answer_without_keys_is_clear_where_that_may_be_and_an_error_where_not() {
    let answer = |protocol: &str| {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 6 {protocol} 8\r\n")
    };
    let (_, pending) = ours(&[Codec::Pcma], SecureMedia::Preferred).offer(Direction::SendRecv);
    assert_eq!(pending.accept(answer("RTP/AVP").as_bytes()).map(|agreed| agreed.srtp), Ok(None));
    let (_, pending) = ours(&[Codec::Pcma], SecureMedia::Required).offer(Direction::SendRecv);
    assert_eq!(pending.accept(answer("RTP/SAVP").as_bytes()), Err(NegotiationError::Protection));
    let (_, pending) = ours(&[Codec::Pcma], SecureMedia::Required).offer(Direction::SendRecv);
    let strange = answer("RTP/SAVP") + &format!("a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:{KEY_30}\r\n");
    assert_eq!(pending.accept(strange.as_bytes()), Err(NegotiationError::Protection), "a tag that was not offered");
}
