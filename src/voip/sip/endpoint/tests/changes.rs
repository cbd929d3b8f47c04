//! Offers within a call: ours, the peer's, and both at once (RFC 3261 §14, RFC 3311, RFC 6337).

use super::calls::{outgoing, reply};
use super::sessions::{forward, heads, only, seconds, until_sent, with};
use super::*;

/// A request within the call of `request` with a description.
fn offering(method: &str, cseq: u32, tag: &str, branch: &str) -> String {
    let message = within(method, cseq, tag, branch);
    if method == "INVITE" { message } else { format!("{message}Content-Type: application/sdp\n\noffer") }
}

/// A call that came in and stands, and our tag.
fn standing() -> (Wired, String, LegId) {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    let leg = bank.leg.unwrap();
    (bank, tag, leg)
}

/// The same with an offer of ours under way.
fn offered() -> (Wired, String, LegId, String) {
    let (mut bank, tag, leg) = standing();
    bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
    let invite = only(bank.sent(), "INVITE");
    (bank, tag, leg, invite)
}

/// Nothing is left but the call.
#[track_caller]
fn assert_only_the_call(bank: &mut Wired, tag: &str) {
    assert_eq!(status(&bank.say(&within("BYE", 99, tag, "bye99"))), 200);
    assert_eq!(bank.told(), ["HungUp"]);
    forward(bank, seconds(70));
    assert_empty(&mut bank.bank);
}

#[test]
fn an_offer_of_ours_is_answered_and_its_answer_acknowledged_each_time() {
    let (mut bank, tag, leg, invite) = offered();
    assert!(invite.ends_with("ours") && invite.contains("Contact: <sip:bank@192.0.2.1:5060>"), "{invite}");
    assert!(invite.contains(&format!("From: <sip:100@192.0.2.1>;tag={tag}")), "{invite}");
    bank.say(&reply(&invite, "100 Trying", "", ""));
    bank.bank.reoffer(bank.now, leg, b"more".to_vec());
    assert_eq!((bank.sent().len(), bank.bank.counters().stale), (0, 1), "one at a time");
    let ok = reply(&invite, "200 OK", "", "theirs");
    for _ in 0..3 {
        let ack = only(bank.say(&ok), "ACK");
        assert!(ack.contains("CSeq: 1 ACK"), "{ack}");
    }
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    bank.bank.reoffer(bank.now, leg, b"more".to_vec());
    let invite = only(bank.sent(), "INVITE");
    assert!(invite.contains("CSeq: 2 INVITE"));
    only(bank.say(&reply(&invite, "200 OK", "", "")), "ACK");
    assert_eq!(bank.told(), ["ReofferRefused 488"], "an answer without a description is none");
    assert_only_the_call(&mut bank, &tag);
}

#[test]
fn a_refused_offer_of_ours_leaves_the_call_as_it_was() {
    for refusal in ["488 Not Acceptable Here", "606 Not Acceptable", "415 Unsupported Media Type", "500 Server Error"] {
        let (mut bank, tag, leg, invite) = offered();
        let ack = only(bank.say(&reply(&invite, refusal, "", "")), "ACK");
        assert!(ack.contains("CSeq: 1 ACK") && ack.contains(";tag=anna"), "{ack}");
        assert_eq!(bank.told(), [format!("ReofferRefused {}", &refusal[..3])]);
        bank.bank.reoffer(bank.now, leg, b"other".to_vec());
        let invite = only(bank.sent(), "INVITE");
        only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
        assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
        assert_only_the_call(&mut bank, &tag);
    }
}

#[test]
fn a_collision_is_waited_out_longer_by_who_drew_the_call_id() {
    for is_owner in [false, true] {
        let (least, most) = if is_owner { (2_090, 4_010) } else { (0, 2_010) };
        let mut bank = Wired::new();
        let leg = if is_owner {
            let leg = bank.bank.invite(bank.now, outgoing()).unwrap();
            let invite = only(bank.sent(), "INVITE");
            bank.say(&reply(&invite, "200 OK", "tag=a", "answer"));
            bank.told();
            leg
        } else {
            bank.answered(&request("INVITE", "one", ""));
            bank.leg.unwrap()
        };
        bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
        let mut invite = only(bank.sent(), "INVITE");
        for _ in 0..3 {
            only(bank.say(&reply(&invite, "491 Request Pending", "", "")), "ACK");
            let (waited, sent) = until_sent(&mut bank, millis(most));
            assert!(waited >= millis(least), "{waited:?}");
            invite = only(sent, "INVITE");
            assert!(invite.ends_with("ours"));
        }
        only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
        assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    }
}

#[test]
fn an_offer_that_always_collides_is_given_up() {
    let (mut bank, tag, _, mut invite) = offered();
    for _ in 0..6 {
        bank.say(&reply(&invite, "491 Request Pending", "", ""));
        invite = only(until_sent(&mut bank, millis(2_010)).1, "INVITE");
    }
    bank.say(&reply(&invite, "491 Request Pending", "", ""));
    assert_eq!(bank.told(), ["ReofferRefused 491"]);
    assert_only_the_call(&mut bank, &tag);
}

#[test]
fn two_offers_at_once_are_both_answered_in_the_end() {
    let mut pair = Pair::new().answered();
    let (phone, bank) = (pair.phone_leg.unwrap(), pair.bank_leg.unwrap());
    pair.phone.reoffer(pair.now, phone, b"from-phone".to_vec());
    pair.bank.reoffer(pair.now, bank, b"from-bank".to_vec());
    pair.forward(millis(50));
    pair.assert_seen(&["> INVITE", "< INVITE", "< 491 INVITE", "> 491 INVITE", "> ACK", "< ACK"]);
    pair.forward(millis(2_040));
    pair.assert_told(&["phone Reoffer from-bank"]);
    pair.phone.answer_reoffer(pair.now, phone, b"one".to_vec());
    pair.forward(millis(2_000));
    pair.assert_told(&["bank ReofferAnswered one", "phone Refresh"]);
    pair.phone.reoffer(pair.now, phone, b"after-bank".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["bank Reoffer after-bank"]);
    pair.bank.answer_reoffer(pair.now, bank, b"two".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["phone ReofferAnswered two"]);
    pair.bank_hangs_up();
    pair.assert_all_is_over();
}

#[test]
fn the_peers_offer_waits_while_ours_is_open() {
    let (mut bank, tag, leg, invite) = offered();
    assert_eq!(status(&bank.say(&within("INVITE", 2, &tag, "two"))), 491);
    bank.say(&within("ACK", 2, &tag, "two"));
    assert_eq!(status(&bank.say(&offering("UPDATE", 3, &tag, "three"))), 491);
    assert_eq!(status(&bank.say(&within("UPDATE", 4, &tag, "four"))), 200, "it offers nothing");
    only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
    bank.say(&within("INVITE", 5, &tag, "five"));
    assert_eq!(bank.told(), ["ReofferAnswered theirs", "Reoffer offer"]);
    bank.bank.answer_reoffer(bank.now, leg, b"fine".to_vec());
    assert_eq!(status(&bank.sent()), 200);
    bank.say(&within("ACK", 5, &tag, "ack5"));
    assert_only_the_call(&mut bank, &tag);
}

#[test]
fn our_offer_waits_while_the_peers_is_open() {
    let (mut bank, tag, leg) = standing();
    bank.say(&within("INVITE", 2, &tag, "two"));
    bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
    assert_eq!(bank.sent().len(), 0);
    bank.bank.answer_reoffer(bank.now, leg, b"fine".to_vec());
    bank.sent();
    bank.say(&within("ACK", 2, &tag, "ack2"));
    assert_eq!(bank.told(), ["Reoffer offer"]);
    assert_eq!(heads(&forward(&mut bank, millis(2_010))), [] as [&str; 0]);
    assert_eq!(bank.told(), ["Refresh"], "ours is older than what was agreed");
    bank.bank.reoffer(bank.now, leg, b"newer".to_vec());
    let invite = only(bank.sent(), "INVITE");
    only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    assert_only_the_call(&mut bank, &tag);
}

#[test]
fn a_peer_that_is_gone_ends_the_call() {
    for (answer, told, sent) in
        [("481 Call Does Not Exist", "HungUp", vec!["ACK"]), ("408 Request Timeout", "Lost", vec!["ACK", "BYE"])]
    {
        let (mut bank, _, _, invite) = offered();
        assert_eq!(heads(&bank.say(&reply(&invite, answer, "", ""))), sent);
        assert_eq!(bank.told(), [told]);
        forward(&mut bank, seconds(70));
        assert_empty(&mut bank.bank);
    }
    // Nothing comes at all, and nothing after 100.
    for provisional in [false, true] {
        let (mut bank, _, _, invite) = offered();
        if provisional {
            bank.say(&reply(&invite, "100 Trying", "", ""));
        }
        forward(&mut bank, seconds(31));
        assert_eq!(bank.told().len(), 0);
        forward(&mut bank, seconds(30));
        assert_eq!(bank.told(), ["Lost"]);
        forward(&mut bank, seconds(300));
    }
}

#[test]
fn a_server_error_with_a_time_is_asked_again_then() {
    let (mut bank, _, _, invite) = offered();
    only(bank.say(&with(&reply(&invite, "500 Server Internal Error", "", ""), "Retry-After: 7")), "ACK");
    assert_eq!(forward(&mut bank, millis(6_900)).len(), 0);
    only(until_sent(&mut bank, millis(200)).1, "INVITE");
}

#[test]
fn whoever_asks_who_we_are_within_the_call_is_told() {
    let (mut bank, _, leg) = standing();
    bank.bank.set_login(leg, Login { username: "bank".into(), password: "right".into() });
    bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
    let invite = only(bank.sent(), "INVITE");
    let challenge = "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\"";
    let sent = bank.say(&with(&reply(&invite, "407 Proxy Authentication", "", ""), challenge));
    assert_eq!(heads(&sent), ["ACK", "INVITE"]);
    assert!(sent[1].contains("Proxy-Authorization: Digest") && sent[1].ends_with("ours"), "{}", sent[1]);
    let ack = only(bank.say(&reply(&sent[1], "200 OK", "", "theirs")), "ACK");
    assert!(ack.contains("Proxy-Authorization: Digest"), "§22.1: the ACK bears it too: {ack}");
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    // Somebody to whom we have nothing to say refuses us.
    let (mut bank, _, _, invite) = offered();
    only(bank.say(&with(&reply(&invite, "407 Proxy Authentication", "", ""), challenge)), "ACK");
    assert_eq!(bank.told(), ["ReofferRefused 407"]);
}

#[test]
fn a_hang_up_while_our_offer_is_open_still_acknowledges_its_end() {
    for answer in ["487 Request Terminated", "488 Not Acceptable Here"] {
        let (mut bank, _, leg, invite) = offered();
        bank.say(&reply(&invite, "100 Trying", "", ""));
        bank.bank.hang_up(bank.now, leg);
        let bye = only(bank.sent(), "BYE");
        bank.say(&reply(&bye, "200 OK", "", ""));
        assert_eq!(bank.told(), ["Terminated"]);
        let ack = only(bank.say(&reply(&invite, answer, "", "")), "ACK");
        assert!(ack.contains("CSeq: 1 ACK"), "{ack}");
        forward(&mut bank, seconds(70));
        assert_empty(&mut bank.bank);
    }
    let (mut bank, _, leg, invite) = offered();
    bank.bank.hang_up(bank.now, leg);
    bank.sent();
    only(bank.say(&reply(&invite, "200 OK", "", "late")), "ACK");
    assert_eq!(bank.told().len(), 0);
}

#[test]
fn an_update_with_an_offer_is_answered_from_above() {
    let (mut bank, tag, leg) = standing();
    assert_eq!(bank.say(&offering("UPDATE", 2, &tag, "two")).len(), 0);
    assert_eq!(bank.told(), ["Reoffer offer"]);
    let second = bank.say(&within("UPDATE", 3, &tag, "three"));
    assert!(status(&second) == 500 && second[0].contains("Retry-After: "), "one at a time: {second:?}");
    let crossing = bank.say(&within("INVITE", 4, &tag, "four"));
    assert!(status(&crossing) == 500 && crossing[0].contains("Retry-After: "), "{crossing:?}");
    bank.bank.answer_reoffer(bank.now, leg, b"fine".to_vec());
    let ok = only(bank.sent(), "200 UPDATE");
    assert!(ok.ends_with("fine") && ok.contains("Contact: <sip:bank@") && ok.contains("Session-Expires: "), "{ok}");
    assert_eq!(bank.say(&offering("UPDATE", 2, &tag, "two")), [ok], "repeated, it gets the same");
    bank.say(&offering("UPDATE", 5, &tag, "five"));
    bank.bank.refuse_reoffer(bank.now, leg, Status::NOT_ACCEPTABLE_HERE);
    assert_eq!(heads(&bank.sent()), ["488 UPDATE"]);
    let html = offering("UPDATE", 6, &tag, "six").replace("application/sdp", "text/html");
    assert_eq!(status(&bank.say(&html)), 415);
    bank.told();
    assert_only_the_call(&mut bank, &tag);
}

#[test]
fn a_bye_while_an_update_waits_answers_both() {
    for we_hang_up in [false, true] {
        let (mut bank, tag, leg) = standing();
        bank.say(&offering("UPDATE", 2, &tag, "two"));
        bank.told();
        if we_hang_up {
            bank.bank.hang_up(bank.now, leg);
            assert_eq!(heads(&bank.sent()), ["487 UPDATE", "BYE"]);
        } else {
            assert_eq!(heads(&bank.say(&within("BYE", 3, &tag, "bye"))), ["200 BYE", "487 UPDATE"]);
        }
        forward(&mut bank, seconds(70));
        assert_empty(&mut bank.bank);
    }
}

#[test]
fn an_update_before_the_answer_may_move_the_caller_and_may_not_offer() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    let leg = bank.leg.unwrap();
    bank.bank.ring(bank.now, leg);
    let tag = tag_of(&bank.sent()[0]);
    let early = bank.say(&offering("UPDATE", 2, &tag, "two"));
    assert!(status(&early) == 500 && early[0].contains("Retry-After: "), "its first offer has no answer: {early:?}");
    let moved = within("UPDATE", 3, &tag, "three").replace("anna@192.0.2.10:5060>", "anna@192.0.2.77:5070>");
    assert_eq!(status(&bank.say(&moved)), 200);
    bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
    bank.sent();
    // The answer is given: another offer may follow before its ACK.
    bank.say(&offering("UPDATE", 4, &tag, "four"));
    assert_eq!(bank.told(), ["Reoffer offer"]);
    bank.bank.answer_reoffer(bank.now, leg, b"fine".to_vec());
    assert_eq!(heads(&bank.sent()), ["200 UPDATE"]);
}

#[test]
fn our_requests_follow_the_contact_of_the_last_2xx_in_either_direction() {
    let moved = |message: String, host: &str| message.replace("anna@192.0.2.10:5060>", &format!("anna@{host}:5070>"));
    let target = |bank: &mut Wired, leg| {
        bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
        let Some(Command::Send { to, bytes }) = bank.bank.next_command() else { panic!() };
        let invite = String::from_utf8(bytes.to_vec()).unwrap();
        (invite.lines().next().unwrap().to_owned(), to.addr.to_string(), invite)
    };
    let mut bank = Wired::of_trunk();
    let tag = bank.answered(&request("INVITE", "one", ""));
    let leg = bank.leg.unwrap();
    assert_eq!(status(&bank.say(&moved(within("UPDATE", 2, &tag, "two"), "192.0.2.77"))), 200);
    let (line, to, invite) = target(&mut bank, leg);
    assert_eq!((line.as_str(), to.as_str()), ("INVITE sip:anna@192.0.2.77:5070 SIP/2.0", "192.0.2.77:5070"));
    only(bank.say(&moved(reply(&invite, "200 OK", "", "theirs"), "192.0.2.78")), "ACK");
    let (line, to, invite) = target(&mut bank, leg);
    assert_eq!((line.as_str(), to.as_str()), ("INVITE sip:anna@192.0.2.78:5070 SIP/2.0", "192.0.2.78:5070"));
    // A refusal moves nobody (§12.2.1.2), and neither does an offer that is refused.
    bank.say(&moved(reply(&invite, "488 Not Acceptable", "", ""), "192.0.2.79"));
    bank.say(&moved(within("INVITE", 3, &tag, "three"), "192.0.2.80"));
    bank.bank.refuse_reoffer(bank.now, leg, Status::NOT_ACCEPTABLE_HERE);
    bank.sent();
    bank.say(&within("ACK", 3, &tag, "three"));
    assert_eq!(target(&mut bank, leg).1, "192.0.2.78:5070");
}

#[test]
fn only_the_caller_may_hang_up_before_the_answer() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    bank.bank.ring(bank.now, bank.leg.unwrap());
    let tag = tag_of(&bank.sent()[0]);
    assert_eq!(heads(&bank.say(&within("BYE", 2, &tag, "bye"))), ["200 BYE", "487 INVITE"]);
    assert_eq!(bank.told(), ["Cancelled"]);

    let mut bank = Wired::new();
    bank.bank.invite(bank.now, outgoing()).unwrap();
    let invite = only(bank.sent(), "INVITE");
    bank.say(&reply(&invite, "180 Ringing", "tag=theirs", ""));
    let line = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap().trim().to_owned();
    let (from, to) = (line("From: ").replace("From: ", "To: "), line("To: ").replace("To: ", "From: "));
    for (method, expected) in [("BYE", 481), ("INVITE", 491), ("UPDATE", 200), ("INFO", 481), ("OPTIONS", 200)] {
        let asked = format!(
            "{method} sip:bank@192.0.2.1 SIP/2.0
             Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKearly{method};rport
             {to};tag=theirs
             {from}
             {}
             CSeq: 7 {method}
             Contact: <sip:anna@192.0.2.10:5060>",
            line("Call-ID: ")
        );
        assert_eq!(status(&bank.say(&asked)), expected, "{method}");
        let offer = format!("{asked}\nContent-Type: application/sdp\n\noffer").replace("bKearly", "bKwith");
        if method == "UPDATE" {
            assert_eq!(status(&bank.say(&offer)), 491, "our offer has no answer yet");
        }
    }
}

#[test]
fn an_offer_that_one_of_the_peers_has_overtaken_is_made_anew() {
    let (mut bank, tag, leg, invite) = offered();
    only(bank.say(&reply(&invite, "491 Request Pending", "", "")), "ACK");
    bank.say(&within("INVITE", 2, &tag, "two"));
    bank.bank.answer_reoffer(bank.now, leg, b"fine".to_vec());
    bank.sent();
    bank.say(&within("ACK", 2, &tag, "ack2"));
    assert_eq!(bank.told(), ["Reoffer offer"]);
    // What we wanted to offer is older than what was agreed since.
    assert_eq!(heads(&forward(&mut bank, millis(2_010))), [] as [&str; 0]);
    assert_eq!(bank.told(), ["Refresh"]);
    bank.bank.reoffer(bank.now, leg, b"newer".to_vec());
    let invite = only(bank.sent(), "INVITE");
    assert!(invite.ends_with("newer"));
    only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    assert_only_the_call(&mut bank, &tag);
}

#[test]
fn nobody_is_led_to_answer_an_offer_within_the_call_by_what_we_would_have_to_confirm() {
    let (_, _, _, invite) = offered();
    let supported = invite.lines().find(|line| line.starts_with("Supported:")).unwrap();
    assert!(!supported.contains("100rel") && supported.contains("timer"), "{supported}");
}
