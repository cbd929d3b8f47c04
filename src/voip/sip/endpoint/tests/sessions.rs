//! Session timers in both roles (RFC 4028).

use super::calls::{outgoing, reply};
use super::*;

/// A message with further header lines.
pub(super) fn with(message: &str, lines: &str) -> String {
    if lines.is_empty() { message.to_owned() } else { message.replacen("Contact:", &format!("{lines}\nContact:"), 1) }
}

/// A request of ours that was sent alone.
#[track_caller]
pub(super) fn only(sent: Vec<String>, method: &str) -> String {
    assert_eq!(sent.iter().map(|one| headline(one.as_bytes())).collect::<Vec<_>>(), [method]);
    sent.into_iter().next().unwrap()
}

pub(super) fn heads(sent: &[String]) -> Vec<String> {
    sent.iter().map(|one| headline(one.as_bytes())).collect()
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Lets time pass; what is sent meanwhile, whole.
pub(super) fn forward(bank: &mut Wired, length: Duration) -> Vec<String> {
    let end = bank.now + length;
    while let Some(next) = bank.bank.poll_timeout().filter(|next| *next <= end) {
        bank.now = next;
        bank.bank.handle_timeout(next);
    }
    bank.now = end;
    bank.sent()
}

/// Lets time pass until something is sent, at most this long; how long it took.
pub(super) fn until_sent(bank: &mut Wired, most: Duration) -> (Duration, Vec<String>) {
    let began = bank.now;
    while let Some(next) = bank.bank.poll_timeout().filter(|next| *next <= began + most) {
        bank.now = next;
        bank.bank.handle_timeout(next);
        let sent = bank.sent();
        if !sent.is_empty() {
            return (next.since(began), sent);
        }
    }
    panic!("nothing is sent within {most:?}");
}

/// A call that came in with these headers and was answered; our tag and our 200.
pub(super) fn called(bank: &mut Wired, lines: &str) -> (String, String) {
    bank.say(&with(&request("INVITE", "one", ""), lines));
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let ok = bank.sent().remove(0);
    let tag = tag_of(&ok);
    bank.say(&within("ACK", 1, &tag, "ack"));
    assert_eq!(bank.told(), ["Acknowledged -"]);
    (tag, ok)
}

/// A call of ours that was answered with these headers.
fn calling(bank: &mut Wired, lines: &str) -> LegId {
    let leg = bank.bank.invite(bank.now, outgoing()).unwrap();
    let invite = only(bank.sent(), "INVITE");
    for line in ["Supported: replaces, norefersub, 100rel, timer\r", "Session-Expires: 1800\r"] {
        assert!(invite.contains(line), "{invite}");
    }
    only(bank.say(&with(&reply(&invite, "200 OK", "tag=a", "answer"), lines)), "ACK");
    assert_eq!(bank.told(), ["Answered answer"]);
    leg
}

#[test]
fn a_caller_that_refreshes_goes_on_and_one_that_does_not_is_hung_up() {
    let mut bank = Wired::new();
    let (tag, ok) = called(&mut bank, "Supported: timer\nSession-Expires: 120");
    assert!(ok.contains("Session-Expires: 120;refresher=uac\r") && ok.contains("Require: timer\r"), "{ok}");
    for (cseq, method) in [(2, "UPDATE"), (3, "UPDATE")] {
        assert_eq!(forward(&mut bank, seconds(80)).len(), 0);
        let refresh = with(&within(method, cseq, &tag, &format!("r{cseq}")), "Supported: timer\nx: 120;refresher=uac");
        let ok = bank.say(&refresh);
        assert!(status(&ok) == 200 && ok[0].contains("Session-Expires: 120;refresher=uac"), "{ok:?}");
    }
    assert_eq!(forward(&mut bank, seconds(87)).len(), 0);
    only(until_sent(&mut bank, seconds(2)).1, "BYE");
    assert_eq!(bank.told(), ["Lost"]);
    bank.forward(seconds(40));
    assert_empty(&mut bank.bank);
}

#[test]
fn a_re_invite_refreshes_too() {
    let mut bank = Wired::new();
    let (tag, _) = called(&mut bank, "Supported: timer\nSession-Expires: 120");
    forward(&mut bank, seconds(80));
    bank.say(&with(&within("INVITE", 2, &tag, "two"), "Supported: timer\nSession-Expires: 120;refresher=uac"));
    bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"same".to_vec());
    assert!(bank.sent()[0].contains("Session-Expires: 120;refresher=uac"));
    bank.say(&within("ACK", 2, &tag, "ack2"));
    assert_eq!(forward(&mut bank, seconds(87)).len(), 0);
    only(until_sent(&mut bank, seconds(2)).1, "BYE");
}

#[test]
fn too_short_an_interval_is_422_everywhere() {
    let mut bank = Wired::new();
    let short = "Supported: timer\nSession-Expires: 30";
    let refused = bank.say(&with(&request("INVITE", "short", ""), short));
    assert_eq!(status(&refused), 422);
    assert!(refused[0].contains("Min-SE: 90\r"), "{refused:?}");
    let (tag, _) = called(&mut bank, "Supported: timer");
    for (cseq, method) in [(2, "INVITE"), (3, "UPDATE")] {
        let again = with(&within(method, cseq, &tag, method), short);
        assert_eq!(status(&bank.say(&again)), 422, "{method}");
    }
    assert_eq!(bank.told().len(), 0);
}

#[test]
fn a_caller_that_knows_no_timers_is_refreshed_by_us() {
    for (allow, refreshes) in [("Allow: INVITE, UPDATE, BYE", true), ("Allow: INVITE, BYE", false)] {
        let mut bank = Wired::new();
        let (_, ok) = called(&mut bank, allow);
        assert!(ok.contains("Session-Expires: 1800;refresher=uas\r") && !ok.contains("Require:"), "{ok}");
        if refreshes {
            let update = only(until_sent(&mut bank, seconds(901)).1, "UPDATE");
            assert!(update.contains("Session-Expires: 1800;refresher=uac\r"), "{update}");
            assert!(update.contains("Contact: <sip:bank@192.0.2.1:5060>") && !update.contains("Content-Type"));
            bank.say(&reply(&update, "200 OK", "", ""));
            assert_eq!(bank.told().len(), 0);
        } else {
            assert_eq!(forward(&mut bank, seconds(901)).len(), 0);
            assert_eq!(bank.told(), ["Refresh"]);
            bank.bank.reoffer(bank.now, bank.leg.unwrap(), b"same".to_vec());
            let invite = only(bank.sent(), "INVITE");
            assert!(invite.contains("Session-Expires: 1800;refresher=uac\r") && invite.ends_with("same"), "{invite}");
            only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
            assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
        }
        assert_eq!(forward(&mut bank, seconds(898)).len(), 0);
        let again = forward(&mut bank, seconds(4));
        assert!(heads(&again).contains(&"UPDATE".to_owned()) || bank.told() == ["Refresh"], "and so on");
    }
}

#[test]
fn a_dead_caller_is_found_by_the_refresh() {
    // No answer, forgotten, and an answer that says the time ran out.
    for (answer, told, sent) in
        [("", "Lost", "BYE"), ("481 Call Does Not Exist", "HungUp", ""), ("408 Request Timeout", "Lost", "BYE")]
    {
        let mut bank = Wired::new();
        called(&mut bank, "Allow: UPDATE");
        let update = only(until_sent(&mut bank, seconds(901)).1, "UPDATE");
        if !answer.is_empty() {
            let said = bank.say(&reply(&update, answer, "", ""));
            assert_eq!(heads(&said).first().map_or("", String::as_str), sent, "{answer}");
        }
        let later = forward(&mut bank, seconds(33));
        assert!(!answer.is_empty() || heads(&later).contains(&sent.to_owned()), "{later:?}");
        assert_eq!(bank.told(), [told], "{answer}");
        forward(&mut bank, seconds(70));
        assert_empty(&mut bank.bank);
    }
}

#[test]
fn a_refresh_that_is_refused_is_tried_again_before_the_end() {
    let mut bank = Wired::new();
    called(&mut bank, "Allow: UPDATE");
    let update = only(until_sent(&mut bank, seconds(901)).1, "UPDATE");
    bank.say(&reply(&update, "500 Server Internal Error", "", ""));
    let update = only(until_sent(&mut bank, seconds(435)).1, "UPDATE");
    bank.say(&reply(&update, "200 OK", "", ""));
    assert_eq!(forward(&mut bank, seconds(890)).len(), 0);
    let update = only(until_sent(&mut bank, seconds(11)).1, "UPDATE");
    // It says that it takes UPDATE, and does not.
    bank.say(&reply(&update, "405 Method Not Allowed", "", ""));
    assert_eq!(bank.told(), ["Refresh"]);
    assert_eq!(bank.bank.leg_count(), 1);
}

#[test]
fn who_is_called_says_who_refreshes() {
    let mut bank = Wired::new();
    calling(&mut bank, "Session-Expires: 200;refresher=uas\nRequire: timer\nAllow: UPDATE");
    assert_eq!(forward(&mut bank, seconds(167)).len(), 0);
    only(until_sent(&mut bank, seconds(2)).1, "BYE");
    assert_eq!(bank.told(), ["Lost"]);

    let mut bank = Wired::new();
    calling(&mut bank, "Session-Expires: 200;refresher=uac\nRequire: timer\nAllow: UPDATE");
    let update = only(until_sent(&mut bank, seconds(101)).1, "UPDATE");
    assert!(update.contains("Session-Expires: 200;refresher=uac\r"), "{update}");
    let minimum = with(&reply(&update, "422 Session Interval Too Small", "", ""), "Min-SE: 400");
    let update = only(bank.say(&minimum), "UPDATE");
    assert!(update.contains("Session-Expires: 400;refresher=uac\r") && update.contains("Min-SE: 400\r"), "{update}");
    bank.say(&with(&reply(&update, "200 OK", "", ""), "Session-Expires: 400;refresher=uac"));
    assert_eq!(forward(&mut bank, seconds(199)).len(), 0);
    only(until_sent(&mut bank, seconds(2)).1, "UPDATE");

    let mut bank = Wired::new();
    calling(&mut bank, "");
    assert_eq!(forward(&mut bank, seconds(899)).len(), 0);
    forward(&mut bank, seconds(2));
    assert_eq!(bank.told(), ["Refresh"], "a phone that knows no timers is looked after too");
}

#[test]
fn a_call_that_is_refused_for_its_interval_is_made_again_with_a_longer_one() {
    let mut bank = Wired::new();
    bank.bank.invite(bank.now, outgoing()).unwrap();
    let invite = only(bank.sent(), "INVITE");
    let refused = with(&reply(&invite, "422 Session Interval Too Small", "tag=a", ""), "Min-SE: 3600");
    let sent = bank.say(&refused);
    assert_eq!(heads(&sent), ["ACK", "INVITE"]);
    assert!(sent[1].contains("CSeq: 2 INVITE") && sent[1].contains("Session-Expires: 3600\r"), "{}", sent[1]);
    assert!(sent[1].contains("Min-SE: 3600\r"));
    // A second time is once too often.
    assert_eq!(heads(&bank.say(&with(&reply(&sent[1], "422 No", "tag=a", ""), "Min-SE: 3600"))), ["ACK"]);
    assert_eq!(bank.told(), ["Failed 422"]);
}

#[test]
fn without_an_interval_we_ask_for_none_and_follow_a_peer_that_does() {
    let mut bank = Wired::new();
    bank.bank.config.session.interval = Duration::ZERO;
    let (_, ok) = called(&mut bank, "Supported: timer");
    assert!(!ok.contains("Session-Expires"), "{ok}");
    let mut bank = Wired::new();
    bank.bank.config.session.interval = Duration::ZERO;
    let (_, ok) = called(&mut bank, "Supported: timer\nx: 7200");
    assert!(ok.contains("Session-Expires: 7200;refresher=uac"), "{ok}");
}

#[test]
fn a_peer_that_always_wants_a_longer_session_is_given_up() {
    let mut bank = Wired::new();
    bank.bank.invite(bank.now, outgoing()).unwrap();
    let mut invites = bank.sent();
    for least in 100..200 {
        let Some(invite) = invites.iter().find(|one| one.starts_with("INVITE")) else { break };
        let refused =
            with(&reply(invite, "422 Session Interval Too Small", "tag=a", ""), &format!("Min-SE: 1{least}0"));
        invites = bank.say(&refused);
    }
    assert_eq!(bank.told(), ["Failed 422"]);
}
