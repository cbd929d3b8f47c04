//! Handing a call on by REFER.

use super::*;

/// A call that stands, and our REFER.
struct Referred {
    bank: Wired,
    tag: String,
    refer: String,
    notifies: u32,
}

fn refer() -> Refer {
    Refer {
        to: NameAddr::parse(b"<sip:200@192.0.2.50>").unwrap(),
        by: Some(NameAddr::parse(b"<sip:bank@192.0.2.1>").unwrap()),
        headers: Headers::new(),
        within: Duration::from_secs(60),
    }
}

impl Referred {
    fn new() -> Self {
        let mut bank = Wired::new();
        let tag = bank.answered(&request("INVITE", "one", ""));
        bank.bank.refer(bank.now, bank.leg.unwrap(), refer());
        let refer = bank.sent().remove(0);
        Self { bank, tag, refer, notifies: 1 }
    }

    fn answer(&mut self, status: &str, more: &str) -> Vec<String> {
        self.bank.say(&format!("{}{more}", super::calls::reply(&self.refer, status, "", "")));
        self.bank.told()
    }

    /// News; what was answered and what is told.
    fn notify(&mut self, state: &str, fragment: &str) -> (String, Vec<String>) {
        self.notify_of("refer", state, "message/sipfrag", fragment)
    }

    fn notify_of(&mut self, event: &str, state: &str, kind: &str, fragment: &str) -> (String, Vec<String>) {
        self.notifies += 1;
        let cseq = self.notifies;
        let head = within("NOTIFY", cseq, &self.tag, &format!("n{cseq}"));
        let body = if fragment.is_empty() { String::new() } else { format!("\nContent-Type: {kind}\n\n{fragment}") };
        let said = self.bank.say(&format!("{}\nEvent: {event}\nSubscription-State: {state}{body}", head.trim_end()));
        (headline(said[0].as_bytes()), self.bank.told())
    }
}

fn told(text: &str) -> Vec<String> {
    text.split(" / ").filter(|word| !word.is_empty()).map(|word| format!("Refer {word}")).collect()
}

#[test]
fn a_refer_says_whom_to_call_and_who_asks() {
    let referred = Referred::new();
    for line in ["REFER ", "Refer-To: <sip:200@192.0.2.50>", "Referred-By: <sip:bank@192.0.2.1>", "Contact: <"] {
        assert!(referred.refer.contains(line), "{line}: {}", referred.refer);
    }
}

#[test]
fn news_tell_how_the_new_call_goes() {
    for (fragment, expected) in [
        ("SIP/2.0 200 OK", "Done"),
        ("SIP/2.0 200", "Done"),
        ("SIP/2.0 486 Busy Here\nX: y", "Failed(Target(Status(486)))"),
        ("SIP/2.0 603 Decline", "Failed(Target(Status(603)))"),
    ] {
        let mut referred = Referred::new();
        assert_eq!(referred.answer("202 Accepted", ""), told("Accepted"));
        assert_eq!(
            referred.notify("active;expires=60", "SIP/2.0 100 Trying").1,
            told("Provisional(Status(100))"),
            "{fragment}"
        );
        assert_eq!(referred.notify("active", "SIP/2.0 180 Ringing").1, told("Provisional(Status(180))"));
        let (answer, news) = referred.notify("terminated;reason=noresource", fragment);
        assert_eq!((answer.as_str(), news), ("200 NOTIFY", told(expected)), "{fragment}");
        assert_eq!(referred.notify("terminated", fragment).0, "481 NOTIFY", "the subscription is over");
    }
}

#[test]
fn news_may_overtake_the_answer() {
    let mut referred = Referred::new();
    assert_eq!(referred.notify("active", "SIP/2.0 100 Trying").1, told("Accepted / Provisional(Status(100))"));
    assert_eq!(referred.answer("202 Accepted", ""), told(""));
    assert_eq!(referred.notify("terminated", "SIP/2.0 200 OK").1, told("Done"));
}

#[test]
fn a_peer_that_will_tell_nothing_has_taken_the_call() {
    let mut referred = Referred::new();
    assert_eq!(referred.answer("200 OK", "\nRefer-Sub: false"), told("Done"));
}

#[test]
fn refusals_leave_the_call_as_it_was() {
    for status in ["405 Method Not Allowed", "501 Not Implemented", "603 Decline", "202 Accepted"] {
        let mut referred = Referred::new();
        let code = &status[..3];
        if code == "202" {
            referred.answer(status, "");
            assert_eq!(referred.notify("terminated;reason=timeout", "SIP/2.0 100 Trying").1, told("Failed(Untold)"));
        } else {
            assert_eq!(referred.answer(status, ""), told(&format!("Failed(Refused(Status({code})))")));
        }
        assert_eq!(referred.bank.bank.leg_count(), 1);
        referred.bank.bank.hang_up(referred.bank.now, referred.bank.leg.unwrap());
        assert!(referred.bank.sent()[0].starts_with("BYE"));
        referred.bank.forward(Duration::from_secs(70));
        referred.bank.told();
        assert_empty(&mut referred.bank.bank);
    }
}

#[test]
fn without_an_answer_or_news_the_time_runs_out() {
    let mut referred = Referred::new();
    referred.bank.forward(Duration::from_secs(33));
    assert_eq!(referred.bank.told(), told("Failed(Refused(Status(408)))"));

    let mut referred = Referred::new();
    referred.answer("202 Accepted", "");
    referred.bank.forward(Duration::from_secs(59));
    assert_eq!(referred.bank.told(), told(""));
    referred.bank.forward(Duration::from_secs(2));
    assert_eq!(referred.bank.told(), told("Failed(TimedOut)"));
}

#[test]
fn a_peer_that_forgot_the_call_ends_it() {
    let mut referred = Referred::new();
    assert_eq!(referred.answer("481 Call Does Not Exist", ""), ["HungUp"]);
    referred.bank.forward(Duration::from_secs(70));
    assert_empty(&mut referred.bank.bank);
}

#[test]
fn news_of_something_else_are_not_taken() {
    let mut referred = Referred::new();
    referred.answer("202 Accepted", "");
    let ok = "SIP/2.0 200 OK";
    for (event, kind, answer) in [
        ("dialog", "message/sipfrag", "489 NOTIFY"),
        ("refer;id=77", "message/sipfrag", "481 NOTIFY"),
        ("refer", "text/plain", "415 NOTIFY"),
    ] {
        let (answered, told) = referred.notify_of(event, "active", kind, ok);
        assert_eq!((answered.as_str(), told.len()), (answer, 0), "{event} {kind}");
    }
    assert_eq!(referred.notify_of("refer;id=1", "terminated", "message/sipfrag", ok).1, told("Done"));
}

#[test]
fn who_hangs_up_while_the_call_is_handed_on_is_gone() {
    let mut referred = Referred::new();
    referred.answer("202 Accepted", "");
    referred.bank.say(&within("BYE", 2, &referred.tag, "bye"));
    assert_eq!(referred.bank.told(), ["HungUp"]);
    referred.bank.forward(Duration::from_secs(70));
    assert_empty(&mut referred.bank.bank);
}

#[test]
fn a_second_refer_waits_for_the_end_of_the_first() {
    let mut referred = Referred::new();
    referred.bank.bank.refer(referred.bank.now, referred.bank.leg.unwrap(), refer());
    assert!(referred.bank.sent().is_empty());
    referred.answer("405 No", "");
    referred.bank.bank.refer(referred.bank.now, referred.bank.leg.unwrap(), refer());
    assert_eq!(referred.bank.sent().len(), 1);
}

#[test]
fn a_refer_may_be_challenged() {
    let mut bank = Wired::new();
    bank.answered(&request("INVITE", "one", ""));
    let leg = bank.leg.unwrap();
    bank.bank.set_login(leg, Login { username: "bank".into(), password: "right".into() });
    bank.bank.refer(bank.now, leg, refer());
    let first = bank.sent().remove(0);
    let challenge = "\nProxy-Authenticate: Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\"";
    let again = bank.say(&format!("{}{challenge}", super::calls::reply(&first, "407 Proxy", "", "")));
    assert!(again[0].starts_with("REFER") && again[0].contains("Proxy-Authorization: Digest"), "{again:?}");
    assert!(again[0].contains("Refer-To: <sip:200@192.0.2.50>"));
    bank.say(&super::calls::reply(&again[0], "202 Accepted", "", ""));
    assert_eq!(bank.told(), told("Accepted"));
}
