//! Reliable provisional responses on both sides (RFC 3262), and early dialogs.

use super::calls::{outgoing, reply};
use super::sessions::{forward, heads, only, seconds, with};
use super::*;

/// An INVITE whose caller requires that 180 arrives.
fn strict() -> String {
    request("INVITE", "one", "Require: 100rel")
}

/// The value of a header.
fn value<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default().trim()
}

/// The PRACK of a response.
fn prack(response: &str, cseq: u32, body: &str) -> String {
    let (rseq, branch) = (value(response, "RSeq"), format!("prack{cseq}"));
    let message = with(&within("PRACK", cseq, &tag_of(response), &branch), &format!("RAck: {rseq} 1 INVITE"));
    if body.is_empty() { message } else { format!("{message}Content-Type: application/sdp\n\n{body}") }
}

/// A call that came in, and the leg.
fn called(invite: &str) -> (Wired, LegId) {
    let mut bank = Wired::new();
    bank.say(invite);
    bank.told();
    let leg = bank.leg.unwrap();
    (bank, leg)
}

#[test]
fn a_caller_who_requires_it_is_told_until_it_confirms() {
    let (mut bank, leg) = called(&strict());
    bank.bank.ring(bank.now, leg);
    let ringing = only(bank.sent(), "180 INVITE");
    assert_eq!(value(&ringing, "Require"), "100rel");
    let at = |bank: &mut Wired, length| heads(&forward(bank, millis(length))).len();
    // After 0.5, 1.5 and 3.5 s.
    assert_eq!((at(&mut bank, 490), at(&mut bank, 1_100), at(&mut bank, 2_000)), (0, 2, 1));
    bank.bank.ring(bank.now, leg);
    assert_eq!(bank.sent().len(), 0, "one at a time");
    for (wrong, expected) in [("1 1 INVITE", 481), ("1 1 UPDATE", 481), ("x", 400)] {
        let stray =
            within("PRACK", 2, &tag_of(&ringing), &format!("stray{}", wrong.len() + wrong.matches('E').count()));
        assert_eq!(status(&bank.say(&with(&stray, &format!("RAck: {wrong}")))), expected, "{wrong}");
    }
    assert_eq!(heads(&bank.say(&prack(&ringing, 3, ""))), ["200 PRACK"]);
    assert_eq!(heads(&bank.say(&prack(&ringing, 4, ""))), ["481 PRACK"], "it is confirmed already");
    assert_eq!(forward(&mut bank, seconds(60)).len(), 0);
    bank.bank.progress(bank.now, leg, Status::QUEUED, None);
    let queued = only(bank.sent(), "182 INVITE");
    let number = |message: &str| value(message, "RSeq").parse::<u32>().unwrap();
    assert_eq!(number(&queued), number(&ringing) + 1);
    bank.say(&prack(&queued, 5, ""));
    bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
    assert!(only(bank.sent(), "200 INVITE").ends_with("answer"));
}

#[test]
fn a_caller_who_never_confirms_is_refused() {
    let (mut bank, leg) = called(&strict());
    bank.bank.ring(bank.now, leg);
    let all = bank.forward(seconds(33));
    // The first and those after 0.5 1.5 3.5 7.5 15.5 31.5 s.
    assert_eq!(all.iter().filter(|line| *line == "180 INVITE").count(), 7);
    assert!(all.contains(&"504 INVITE".to_owned()), "{all:?}");
    assert_eq!(bank.told(), ["Terminated"]);
    bank.forward(seconds(40));
    assert_empty(&mut bank.bank);
}

#[test]
fn a_caller_who_only_supports_it_is_told_once() {
    let (mut bank, leg) = called(&request("INVITE", "one", "Supported: 100rel"));
    bank.bank.ring(bank.now, leg);
    let ringing = only(bank.sent(), "180 INVITE");
    assert!(!ringing.contains("RSeq") && !ringing.contains("Require"), "{ringing}");
    assert_eq!(forward(&mut bank, seconds(60)).len(), 0);
}

#[test]
fn the_answer_may_overtake_a_ringing_and_not_an_early_description() {
    let (mut bank, leg) = called(&strict());
    bank.bank.ring(bank.now, leg);
    let ringing = only(bank.sent(), "180 INVITE");
    bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
    assert!(only(bank.sent(), "200 INVITE").ends_with("answer"));
    assert_eq!(heads(&bank.say(&prack(&ringing, 2, ""))), ["200 PRACK"], "it is met all the same");
    let again = bank.forward(seconds(1));
    assert!(again.iter().all(|line| line == "200 INVITE"), "{again:?}");

    let (mut bank, leg) = called(&strict());
    bank.bank.progress(bank.now, leg, Status::SESSION_PROGRESS, Some(b"early".to_vec()));
    let early = only(bank.sent(), "183 INVITE");
    assert!(early.ends_with("early"));
    bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
    assert_eq!(bank.sent().len(), 0, "it waits");
    let sent = bank.say(&prack(&early, 2, ""));
    assert_eq!(heads(&sent), ["200 PRACK", "200 INVITE"]);
    assert!(!sent[1].contains("Content-Type"), "described already: {}", sent[1]);
    bank.say(&within("ACK", 1, &tag_of(&early), "ack"));
    assert_eq!(bank.told(), ["Acknowledged -"]);
}

#[test]
fn an_offer_in_a_prack_is_answered_in_its_200() {
    let (mut bank, leg) = called(&strict());
    bank.bank.progress(bank.now, leg, Status::SESSION_PROGRESS, Some(b"early".to_vec()));
    let early = only(bank.sent(), "183 INVITE");
    assert_eq!(bank.say(&prack(&early, 2, "another")).len(), 0);
    assert_eq!(bank.told(), ["Reoffer another"]);
    bank.bank.answer_reoffer(bank.now, leg, b"fine".to_vec());
    assert!(only(bank.sent(), "200 PRACK").ends_with("fine"));
    // The descriptions are settled: UPDATE may offer before the answer.
    let update = format!("{}Content-Type: application/sdp\n\nthird", within("UPDATE", 3, &tag_of(&early), "three"));
    bank.say(&update);
    assert_eq!(bank.told(), ["Reoffer third"]);
    bank.bank.answer_reoffer(bank.now, leg, b"fine too".to_vec());
    assert!(only(bank.sent(), "200 UPDATE").ends_with("fine too"));
}

#[test]
fn a_caller_without_an_offer_gets_ours_early_and_answers_in_the_prack() {
    let (mut bank, leg) = called(&strict().replace("Content-Type: application/sdp\n\noffer", ""));
    bank.bank.ring(bank.now, leg);
    assert_eq!(bank.sent().len(), 0, "the first reliable response must hold the offer (§5)");
    bank.bank.progress(bank.now, leg, Status::SESSION_PROGRESS, Some(b"ours".to_vec()));
    let early = only(bank.sent(), "183 INVITE");
    let update = format!("{}Content-Type: application/sdp\n\nx", within("UPDATE", 2, &tag_of(&early), "two"));
    assert_eq!(heads(&bank.say(&update)), ["491 UPDATE"]);
    assert_eq!(heads(&bank.say(&prack(&early, 3, "theirs"))), ["200 PRACK"]);
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
    bank.bank.answer(bank.now, leg, b"ours".to_vec(), &Headers::new());
    assert!(!only(bank.sent(), "200 INVITE").contains("Content-Type"));
}

#[test]
fn a_caller_who_hangs_up_or_gives_up_while_it_rings_leaves_nothing() {
    for method in ["BYE", "CANCEL"] {
        let (mut bank, leg) = called(&strict());
        bank.bank.ring(bank.now, leg);
        let ringing = only(bank.sent(), "180 INVITE");
        match method {
            "BYE" => bank.say(&within("BYE", 2, &tag_of(&ringing), "bye")),
            _ => bank.say(&request("CANCEL", "one", "")),
        };
        assert_eq!(bank.told(), ["Cancelled"]);
        bank.forward(seconds(70));
        assert_empty(&mut bank.bank);
    }
}

/// A call of ours.
fn invited() -> (Wired, LegId, String) {
    let mut bank = Wired::new();
    let leg = bank.bank.invite(bank.now, outgoing()).unwrap();
    let invite = only(bank.sent(), "INVITE");
    (bank, leg, invite)
}

/// A reliable response of a phone.
fn reliable(invite: &str, status: &str, tag: &str, rseq: u32, sdp: &str) -> String {
    with(&reply(invite, status, &format!("tag={tag}"), sdp), &format!("Require: 100rel\nRSeq: {rseq}"))
}

#[test]
fn reliable_responses_to_our_call_are_confirmed_once_and_in_order() {
    let (mut bank, leg, invite) = invited();
    let first = reliable(&invite, "180 Ringing", "a", 7, "");
    let prack = only(bank.say(&first), "PRACK");
    assert_eq!((value(&prack, "RAck"), value(&prack, "CSeq")), ("7 1 INVITE", "2 PRACK"));
    assert!(prack.starts_with("PRACK sip:anna@192.0.2.10:5060 ") && value(&prack, "To").ends_with("tag=a"), "{prack}");
    assert_eq!(bank.say(&first).len(), 0, "the PRACK repeats itself");
    assert_eq!(bank.say(&reliable(&invite, "182 Queued", "a", 9, "")).len(), 0, "one is missing");
    let second = only(bank.say(&reliable(&invite, "183 Session Progress", "a", 8, "early")), "PRACK");
    assert_eq!((value(&second, "RAck"), value(&second, "CSeq")), ("8 1 INVITE", "3 PRACK"));
    assert_eq!(bank.told(), ["Ringing", "Progress 183 early"]);
    for one in [prack, second] {
        bank.say(&reply(&one, "200 OK", "", ""));
    }
    only(bank.say(&reply(&invite, "200 OK", "tag=a", "")), "ACK");
    assert_eq!(bank.told(), ["Answered early"], "the answer came early");
    bank.bank.hang_up(bank.now, leg);
    assert_eq!(value(&only(bank.sent(), "BYE"), "CSeq"), "4 BYE", "the dialog goes on counting");
}

#[test]
fn a_lost_prack_is_sent_again_and_its_refusal_ends_nothing() {
    let (mut bank, _, invite) = invited();
    bank.say(&reliable(&invite, "180 Ringing", "a", 1, ""));
    assert_eq!(bank.forward(millis(600)), ["PRACK"]);
    bank.forward(seconds(40));
    only(bank.say(&reply(&invite, "200 OK", "tag=a", "answer")), "ACK");
    assert_eq!(bank.told(), ["Ringing", "Answered answer"]);
}

#[test]
fn each_phone_of_a_fork_has_its_own_dialog() {
    let (mut bank, leg, invite) = invited();
    for (tag, rseq) in [("a", 10), ("b", 500)] {
        let prack = only(bank.say(&reliable(&invite, "180 Ringing", tag, rseq, "")), "PRACK");
        assert!(value(&prack, "To").ends_with(&format!("tag={tag}")));
        assert_eq!((value(&prack, "RAck"), value(&prack, "CSeq")), (format!("{rseq} 1 INVITE").as_str(), "2 PRACK"));
    }
    only(bank.say(&reply(&invite, "200 OK", "tag=b", "answer")), "ACK");
    let late = bank.say(&reply(&invite, "200 OK", "tag=a", "answer"));
    assert_eq!(heads(&late), ["ACK", "BYE"]);
    assert_eq!(value(&late[1], "CSeq"), "3 BYE");
    bank.bank.hang_up(bank.now, leg);
    let bye = only(bank.sent(), "BYE");
    assert!(value(&bye, "To").ends_with("tag=b") && value(&bye, "CSeq") == "3 BYE", "{bye}");
}

#[test]
fn a_prack_may_be_challenged() {
    let mut bank = Wired::new();
    let login = Some(Login { username: "bank".into(), password: "right".into() });
    bank.bank.invite(bank.now, OutgoingCall { login, ..outgoing() }).unwrap();
    let invite = only(bank.sent(), "INVITE");
    let prack = only(bank.say(&reliable(&invite, "180 Ringing", "a", 3, "")), "PRACK");
    let challenge = "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\"";
    let again = only(bank.say(&with(&reply(&prack, "407 Proxy Authentication", "", ""), challenge)), "PRACK");
    assert!(again.contains("Proxy-Authorization: Digest") && value(&again, "RAck") == "3 1 INVITE", "{again}");
    assert_eq!(value(&again, "CSeq"), "3 PRACK");
}

#[test]
fn both_ends_confirm_over_a_network_that_loses_each_message_twice() {
    for headline in ["180 INVITE", "PRACK", "200 PRACK"] {
        let mut pair = Pair::losing(headline, 2);
        pair.requiring("100rel");
        pair.forward(millis(100));
        pair.bank.ring(pair.now, pair.bank_leg.unwrap());
        pair.forward(seconds(8));
        pair.answer();
        pair.forward(seconds(1));
        pair.assert_told(&["bank Incoming offer", "phone Ringing", "phone Answered answer", "bank Acknowledged -"]);
        pair.phone_hangs_up();
        pair.assert_all_is_over();
    }
}
