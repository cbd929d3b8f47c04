//! Whole calls.

use super::*;

#[test]
fn a_call_rings_is_answered_and_the_caller_hangs_up() {
    let mut pair = Pair::new();
    pair.call();
    pair.forward(millis(100));
    pair.bank.ring(pair.now, pair.bank_leg.unwrap());
    pair.forward(Duration::from_secs(3));
    pair.answer();
    pair.forward(Duration::from_secs(60));
    pair.phone_hangs_up();
    pair.forward(millis(100));
    pair.assert_seen(&["> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]);
    pair.assert_told(&[
        "bank Incoming offer",
        "phone Ringing",
        "phone Answered answer",
        "bank Acknowledged -",
        "bank HungUp",
        "phone Terminated",
    ]);
    pair.assert_all_is_over();
}

#[test]
fn the_bank_hangs_up() {
    let mut pair = Pair::new().answered();
    pair.bank_hangs_up();
    pair.forward(millis(100));
    pair.assert_seen(&["< BYE", "> 200 BYE"]);
    pair.assert_told(&["phone HungUp", "bank Terminated"]);
    pair.assert_all_is_over();
}

#[test]
fn both_hang_up_at_once() {
    let mut pair = Pair::new().answered();
    pair.bank_hangs_up();
    pair.phone_hangs_up();
    pair.forward(millis(100));
    pair.assert_seen(&["< BYE", "> BYE", "> 200 BYE", "< 200 BYE"]);
    pair.assert_told(&["bank Terminated", "phone Terminated"]);
    pair.assert_all_is_over();
}

#[test]
fn a_refused_call_ends_on_both_sides() {
    let mut pair = Pair::new();
    pair.call();
    pair.forward(millis(100));
    pair.bank.reject(pair.now, pair.bank_leg.unwrap(), Status::NOT_ACCEPTABLE_HERE, &Headers::new());
    pair.forward(millis(100));
    pair.assert_seen(&["> INVITE", "< 100 INVITE", "< 488 INVITE", "> ACK"]);
    pair.assert_told(&["bank Incoming offer", "bank Terminated", "phone Failed 488"]);
    pair.assert_all_is_over();
}

#[test]
fn retry_after_reaches_the_caller() {
    let mut pair = Pair::new();
    pair.bank.set_refusing(true);
    pair.call();
    pair.forward(millis(100));
    pair.assert_seen(&["> INVITE", "< 503 INVITE", "> ACK"]);
    pair.assert_told(&["phone Failed 503"]);
    pair.assert_all_is_over();
}

#[test]
fn early_media_is_progress() {
    let mut phone = Wired::new();
    let leg = phone.bank.invite(phone.now, outgoing()).unwrap();
    let invite = phone.sent().remove(0);
    phone.say(&reply(&invite, "183 Session Progress", "tag=early", "early"));
    phone.say(&reply(&invite, "182 Queued", "tag=early", ""));
    assert_eq!(phone.told(), ["Progress 183 early", "Progress 182 -"]);
    phone.bank.cancel(phone.now, leg);
    assert_eq!(headline(phone.sent()[0].as_bytes()), "CANCEL");
}

#[test]
fn hold_and_resume_are_offers_within_the_call() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    for (cseq, branch) in [(2, "hold"), (3, "resume")] {
        assert_eq!(status(&bank.say(&within("INVITE", cseq, &tag, branch))), 100);
        assert_eq!(bank.told(), ["Reoffer offer"]);
        bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"held".to_vec());
        let ok = bank.sent().remove(0);
        assert!(ok.starts_with("SIP/2.0 200") && ok.ends_with("held") && tag_of(&ok) == tag);
        assert_eq!(bank.say(&within("ACK", cseq, &tag, &format!("ack{cseq}"))).len(), 0);
        assert_eq!(bank.told().len(), 0);
    }
    assert_eq!(status(&bank.say(&within("BYE", 4, &tag, "bye"))), 200);
    assert_eq!(bank.told(), ["HungUp"]);
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    bank.say(&within("INVITE", 2, &tag, "two"));
    bank.told();
    bank.bank.refuse_reoffer(bank.now, bank.leg.unwrap(), Status::NOT_ACCEPTABLE_HERE);
    assert_eq!(status(&bank.sent()), 488);
    bank.say(&within("ACK", 2, &tag, "two"));
    assert_eq!(status(&bank.say(&within("INFO", 3, &tag, "info"))), 200);
    assert_eq!(bank.told(), ["Info  "]);
}

#[test]
fn a_late_offer_is_ours_and_its_answer_comes_in_the_ack() {
    let without_offer = |message: String| message.replace("Content-Type: application/sdp\n\noffer", "");
    let with_answer = |message: String| format!("{message}Content-Type: application/sdp\n\ntheirs");
    let mut bank = Wired::new();
    bank.say(&without_offer(request("INVITE", "one", "")));
    assert_eq!(bank.told(), ["Incoming -"]);
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"ours".to_vec(), &Headers::new());
    let tag = tag_of(&bank.sent()[0]);
    bank.say(&with_answer(within("ACK", 1, &tag, "ack")));
    assert_eq!(bank.told(), ["Acknowledged theirs"]);
    bank.say(&without_offer(within("INVITE", 2, &tag, "two")));
    assert_eq!(bank.told(), ["Reoffer -"]);
    bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"ours".to_vec());
    bank.sent();
    bank.say(&with_answer(within("ACK", 2, &tag, "ack2")));
    assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
}

#[test]
fn an_info_carries_a_digit() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    let info = format!("{}Content-Type: application/dtmf-relay\n\nSignal=5", within("INFO", 2, &tag, "info"));
    assert_eq!(status(&bank.say(&info)), 200);
    assert_eq!(status(&bank.say(&info)), 200);
    assert_eq!(bank.told(), ["Info application/dtmf-relay Signal=5"]);
}

#[test]
fn a_call_nobody_answers_is_refused_and_one_that_never_ends_is_hung_up() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    assert_eq!(bank.forward(Duration::from_secs(181))[0], "480 INVITE");
    assert_eq!(bank.told(), ["Terminated"]);
    bank.forward(Duration::from_secs(40));
    assert_empty(&mut bank.bank);
    bank.bank.config.session.interval = Duration::ZERO;
    bank.answered(&request("INVITE", "two", ""));
    assert_eq!(bank.forward(Duration::from_secs(6 * 3600 + 1))[0], "BYE");
    bank.forward(Duration::from_secs(33));
    assert_eq!(bank.told(), ["Terminated"]);
    assert_empty(&mut bank.bank);
}

#[test]
fn a_registration_is_answered_from_above_or_in_time() {
    let mut bank = Wired::new();
    for is_answered in [true, false] {
        let branch = format!("reg{is_answered}");
        assert_eq!(bank.say(&request("REGISTER", &branch, "")).len(), 0);
        let Some(Event::Register { request: register, token, .. }) = bank.bank.next_event() else { panic!() };
        if is_answered {
            bank.bank.respond(bank.now, token, register.response(Status::UNAUTHORIZED));
            let answer = bank.sent();
            assert_eq!(status(&answer), 401);
            assert!(!tag_of(&answer[0]).is_empty());
            assert_eq!(bank.say(&request("REGISTER", &branch, "")), answer);
        } else {
            assert_eq!(bank.forward(Duration::from_secs(33)), ["504 REGISTER"]);
        }
    }
    bank.forward(Duration::from_secs(33));
    assert_empty(&mut bank.bank);
}

pub(super) fn outgoing() -> OutgoingCall {
    OutgoingCall {
        target: Uri::parse("sip:anna@192.0.2.10:5060").unwrap(),
        to: Peer::udp(addr(PHONE)),
        local: Some(addr(BANK)),
        from: NameAddr::parse(b"<sip:bank@192.0.2.1>").unwrap(),
        offer: b"offer".to_vec(),
        headers: Headers::new(),
        login: None,
    }
}

/// A response to a request of ours, with a parameter for its To and SDP.
pub(super) fn reply(request: &str, status: &str, to_param: &str, sdp: &str) -> String {
    let line = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap().trim().to_owned();
    let to = if to_param.is_empty() { line("To:") } else { format!("{};{to_param}", line("To:")) };
    let body = if sdp.is_empty() { String::new() } else { format!("\nContent-Type: application/sdp\n\n{sdp}") };
    format!(
        "SIP/2.0 {status}\n{}\n{}\n{to}\n{}\n{}\nContact: <sip:anna@192.0.2.10:5060>{body}",
        line("Via:"),
        line("From:"),
        line("Call-ID:"),
        line("CSeq:")
    )
}
