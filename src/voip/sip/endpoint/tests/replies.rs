//! What is answered without a word from above, and where the answers go.

use super::*;

/// A request, and the status and a header of its answer.
#[track_caller]
fn check(message: &str, expected: u16, header: &str) {
    let mut bank = Wired::new();
    let sent = bank.say(message);
    assert_eq!(status(&sent), expected, "{message}");
    assert!(sent[0].contains(header), "{header} not in\n{}", sent[0]);
    assert!(!tag_of(&sent[0]).is_empty(), "no To tag");
    assert_eq!(bank.bank.leg_count(), 0);
    assert_eq!(bank.told().len(), 0);
}

#[test]
fn requests_nobody_needs_to_see_are_answered_at_once() {
    let options = request("OPTIONS", "one", "");
    check(&options, 200, "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, REGISTER, PRACK, UPDATE");
    check(&options, 200, "Accept: application/sdp");
    check(&options, 200, "Server: hotline/test");
    check(&options.replace("Max-Forwards: 70", "Max-Forwards: 0"), 483, "");
    check(&request("OPTIONS", "one", "Require: 100rel, teleport, timer"), 420, "Unsupported: teleport\r");
    check(&request("INVITE", "one", "Require: teleport"), 420, "Unsupported: teleport");
    check(&request("REFER", "one", "Refer-To: <sip:boris@bank>"), 403, "");
    for method in ["SUBSCRIBE", "MESSAGE", "PUBLISH"] {
        check(&request(method, "one", ""), 405, "Allow: INVITE");
    }
    check(&request("TELEPORT", "one", ""), 501, "Allow: INVITE");
    check(&request("BYE", "one", ""), 481, "");
    for method in ["INFO", "UPDATE", "PRACK"] {
        check(&request(method, "one", ""), 481, "");
    }
    check(&request("NOTIFY", "one", "Event: refer"), 481, "");
    for method in ["BYE", "INVITE", "INFO", "OPTIONS", "UPDATE", "PRACK"] {
        check(&within(method, 2, "nobody", "one"), 481, "");
    }
    let html = request("INVITE", "one", "").replace("application/sdp", "text/html");
    check(&html, 415, "Accept: application/sdp");
    check(&request("INVITE", "one", "Content-Encoding: gzip"), 415, "Accept-Encoding: identity");
    check(&request("INVITE", "one", "").replace("Contact:", "X-Contact:"), 400, "");
    check(&options.replace("sip:100@192.0.2.1 SIP", "http://192.0.2.1 SIP"), 416, "");
}

#[test]
fn a_repeated_request_outside_of_calls_gets_the_same_bytes_and_nothing_is_kept_of_it() {
    let mut bank = Wired::new();
    for message in [request("OPTIONS", "one", ""), request("TELEPORT", "two", ""), within("BYE", 2, "x", "three")] {
        let first = bank.say(&message);
        assert_eq!(bank.say(&message), first);
    }
    assert_empty(&mut bank.bank);
}

#[test]
fn a_malformed_request_is_answered_and_noise_is_dropped() {
    let mut bank = Wired::new();
    let answer = bank.say(&request("INVITE", "one", "").replace("CSeq: 1 INVITE", "CSeq: x INVITE"));
    assert_eq!(status(&answer), 400);
    for noise in [&b"\r\n\r\n"[..], b"", b"\0\0\0\0", b"hello\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"] {
        bank.bank.handle_datagram(bank.now, bank.from, addr(BANK), noise);
        assert_eq!(bank.sent().len(), 0);
    }
    let counters = bank.bank.counters();
    assert_eq!((counters.malformed, counters.dropped), (1, 2));
}

#[test]
fn a_stray_ack_or_response_is_dropped() {
    let mut bank = Wired::new();
    assert_eq!(bank.say(&within("ACK", 1, "nobody", "one")).len(), 0);
    let stray = "SIP/2.0 200 OK
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKstray
        From: <sip:a@b>;tag=a
        To: <sip:b@b>;tag=b
        Call-ID: x
        CSeq: 1 INVITE";
    assert_eq!(bank.say(stray).len(), 0);
    assert_eq!(bank.bank.counters().dropped, 2);
}

#[test]
fn a_merged_request_is_a_loop() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    assert_eq!(status(&bank.say(&request("INVITE", "other-way", ""))), 482);
    assert_eq!(bank.told().len(), 1);
}

#[test]
fn an_old_request_of_a_dialog_is_refused() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    assert_eq!(status(&bank.say(&within("INFO", 9, &tag, "nine"))), 200);
    assert_eq!(status(&bank.say(&within("INFO", 8, &tag, "eight"))), 500);
    assert_eq!(bank.told().len(), 1);
}

#[test]
fn somebody_elses_request_with_our_tag_is_481() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    for (from, to) in [("tag=anna", "tag=eve"), ("one@", "other@")] {
        let branch = format!("bye-{}", from.len());
        assert_eq!(status(&bank.say(&within("BYE", 2, &tag, &branch).replace(from, to))), 481);
    }
    assert_eq!(bank.told().len(), 0);
}

#[test]
fn answers_go_to_the_source_port_when_asked_and_to_the_named_port_when_not() {
    let cases = [
        (";rport", "192.0.2.10:5060", "198.51.100.7:40000", ";rport=40000;received=198.51.100.7"),
        ("", "192.0.2.10:5070", "198.51.100.7:5070", ";received=198.51.100.7"),
        ("", "192.0.2.10", "198.51.100.7:5060", ";received=198.51.100.7"),
        ("", "198.51.100.7:5080", "198.51.100.7:5080", ""),
        (";maddr=203.0.113.9", "198.51.100.7:5080", "198.51.100.7:5080", ""),
    ];
    for (asks, sent_by, expected, stamp) in cases {
        let mut bank = Wired::new();
        let options = request("OPTIONS", "one", "")
            .replace(";rport", asks)
            .replace("UDP 192.0.2.10:5060", &format!("UDP {sent_by}"));
        bank.bank.handle_datagram(bank.now, Peer::udp(addr("198.51.100.7:40000")), addr(BANK), &wire_form(&options));
        let Some(Command::Send { to, bytes }) = bank.bank.next_command() else { panic!() };
        assert_eq!(to, Peer::udp(addr(expected)).with_local(addr(BANK)));
        let text = String::from_utf8_lossy(&bytes);
        for part in stamp.split(';') {
            assert!(text.contains(part), "{part} not in\n{text}");
        }
    }
}

#[test]
fn an_old_peer_without_the_magic_cookie_is_understood() {
    let old = |message: String| message.replace("branch=z9hG4bK", "branch=");
    let mut bank = Wired::new();
    let invite = old(request("INVITE", "1", ""));
    assert_eq!(status(&bank.say(&invite)), 100);
    assert_eq!(status(&bank.say(&invite)), 100);
    assert_eq!(bank.told().len(), 1);
    bank.bank.reject(bank.now, bank.leg.unwrap(), Status::BUSY_HERE, &Headers::new());
    let tag = tag_of(&bank.sent()[0]);
    assert_eq!(bank.forward(millis(600)), ["486 INVITE"]);
    bank.say(&old(within("ACK", 1, &tag, "1")));
    assert_eq!(bank.forward(Duration::from_secs(6)).len(), 0);
    let second = old(request("INVITE", "2", "")).replace("CSeq: 1 ", "CSeq: 2 ");
    bank.say(&second);
    let sent = bank.say(&old(request("CANCEL", "2", "")).replace("CSeq: 1 ", "CSeq: 2 "));
    assert_eq!((status(&sent), status(&sent[1..])), (200, 487));
}

#[test]
fn trying_has_no_tag_and_ringing_has_the_one_of_the_answer() {
    let mut bank = Wired::new();
    let trying = bank.say(&request("INVITE", "one", ""));
    assert_eq!((status(&trying), tag_of(&trying[0]).as_str()), (100, ""));
    bank.told();
    bank.bank.ring(bank.now, bank.leg.unwrap());
    let ringing = bank.sent();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let ok = bank.sent();
    assert_eq!(tag_of(&ringing[0]), tag_of(&ok[0]));
    assert!(ok[0].contains("Contact: <sip:bank@192.0.2.1:5060>"));
}

#[test]
fn our_address_is_the_advertised_one_or_the_one_that_was_called() {
    let cases = [(None, "0.0.0.0:5060", "192.0.2.1:5060"), (Some("203.0.113.5"), BANK, "203.0.113.5:5060")];
    for (public, local, expected) in cases {
        let mut bank = Wired::new();
        bank.bank.config.visibility.public = public.map(|ip| ip.parse().unwrap()).into_iter().collect();
        bank.bank.handle_datagram(bank.now, bank.from, addr(local), &wire_form(&request("INVITE", "one", "")));
        bank.sent();
        bank.told();
        bank.bank.ring(bank.now, bank.leg.unwrap());
        assert!(bank.sent()[0].contains(&format!("Contact: <sip:bank@{expected}>")));
    }
}

#[test]
fn a_response_that_has_gone_astray_is_not_taken() {
    let mut bank = Wired::new();
    bank.bank.invite(bank.now, super::calls::outgoing()).unwrap();
    let invite = bank.sent().remove(0);
    let ok = super::calls::reply(&invite, "200 OK", "tag=a", "answer");
    // RFC 3261 §8.1.3.3: it is on its way to whoever is named behind us.
    let astray = ok.replacen("From:", "Via: SIP/2.0/UDP 192.0.2.66;branch=z9hG4bKelse\nFrom:", 1);
    assert_eq!(bank.say(&astray), [] as [&str; 0]);
    assert_eq!((bank.told().len(), bank.bank.counters().dropped), (0, 1));
    assert!(bank.say(&ok)[0].starts_with("ACK "));
}

#[test]
fn while_no_call_is_taken_options_say_so() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    bank.bank.set_refusing(true);
    // RFC 3261 §11.2: what an INVITE would be answered.
    let refused = bank.say(&request("OPTIONS", "two", "").replace("one@", "two@"));
    assert!(status(&refused) == 503 && refused[0].contains("Retry-After: "), "{refused:?}");
    assert_eq!(status(&bank.say(&within("OPTIONS", 2, &tag, "three"))), 200, "the call goes on");
}
