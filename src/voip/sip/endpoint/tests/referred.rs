//! A peer asks us within its call to call somebody else, and hears how it goes.

use super::*;

/// A call that stands and whose caller asks for more.
struct Asking {
    bank: Wired,
    tag: String,
    cseq: u32,
    token: Option<RequestToken>,
}

impl Asking {
    fn new() -> Self {
        let mut bank = Wired::new();
        let tag = bank.answered(&request("INVITE", "one", ""));
        Self { bank, tag, cseq: 1, token: None }
    }

    /// A request within the call; what is answered, whole.
    fn say(&mut self, method: &str, more: &str) -> Vec<String> {
        self.cseq += 1;
        let head = within(method, self.cseq, &self.tag, &format!("a{}", self.cseq));
        self.bank.say(&format!("{}\n{more}", head.trim_end()))
    }

    fn refer(&mut self, more: &str) -> Vec<String> {
        let said = self.say("REFER", more);
        while let Some(event) = self.bank.bank.next_event() {
            if let Event::Referred(referred) = event {
                self.token = Some(referred.token);
            }
        }
        said
    }

    /// Accepts; what is sent.
    fn accept(&mut self) -> Vec<String> {
        self.bank.bank.accept_refer(self.bank.now, self.bank.leg.unwrap(), self.token.unwrap());
        self.bank.sent()
    }

    fn tell(&mut self, status: Status) -> Vec<String> {
        self.bank.bank.tell_refer(self.bank.now, self.bank.leg.unwrap(), status);
        self.bank.sent()
    }

    fn over(mut self) {
        self.bank.bank.hang_up(self.bank.now, self.bank.leg.unwrap());
        self.bank.forward(Duration::from_secs(300));
        assert_empty(&mut self.bank.bank);
    }
}

#[track_caller]
fn news(notify: &str, id: &str, state: &str, fragment: &str) {
    for part in [&format!("Event: refer{id}\r\n"), &format!("Subscription-State: {state}"), fragment] {
        assert!(notify.contains(part), "{part:?}: {notify}");
    }
    assert!(notify.starts_with("NOTIFY ") && notify.contains("Content-Type: message/sipfrag;version=2.0"), "{notify}");
}

#[test]
fn who_asks_hears_of_every_step() {
    let mut asking = Asking::new();
    assert!(asking.refer("Refer-To: <sip:boris@bank>").is_empty(), "the decision is above");
    let sent = asking.accept();
    assert!(sent[0].starts_with("SIP/2.0 202 ") && sent[0].contains("Contact: <"), "{}", sent[0]);
    news(&sent[1], "", "active;expires=180", "SIP/2.0 100 Trying\r\n");
    assert_eq!(status(&asking.refer("Refer-To: <sip:eva@bank>")), 491, "one at a time");
    news(&asking.tell(Status::RINGING)[0], "", "active;expires=", "SIP/2.0 180 Ringing\r\n");
    news(&asking.tell(Status::OK)[0], "", "terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    assert!(asking.tell(Status::OK).is_empty(), "the last word was said");
    asking.refer("Refer-To: <sip:eva@bank>");
    let sent = asking.accept();
    let id = format!(";id={}", asking.cseq);
    news(&sent[1], &id, "active", "SIP/2.0 100 Trying\r\n");
    news(&asking.tell(Status::BUSY_HERE)[0], &id, "terminated;reason=noresource", "SIP/2.0 486 Busy Here\r\n");
    asking.over();
}

#[test]
fn who_wants_no_news_gets_none() {
    let mut asking = Asking::new();
    asking.refer("Refer-To: <sip:boris@bank>\nRefer-Sub: false\nRequire: norefersub");
    let sent = asking.accept();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with("SIP/2.0 202 ") && sent[0].contains("Refer-Sub: false"), "{}", sent[0]);
    assert!(asking.tell(Status::OK).is_empty());
    asking.over();
}

#[test]
fn news_go_on_after_the_bye() {
    let mut asking = Asking::new();
    asking.refer("Refer-To: <sip:boris@bank>");
    asking.accept();
    assert_eq!(status(&asking.say("BYE", "")), 200);
    let notify = asking.tell(Status::OK).remove(0);
    news(&notify, "", "terminated", "SIP/2.0 200 OK\r\n");
    assert!(notify.contains(&format!("tag={}", asking.tag)), "in the same dialog: {notify}");
    asking.bank.told();
    asking.bank.forward(Duration::from_secs(300));
    assert_empty(&mut asking.bank.bank);
}

#[test]
fn who_knows_of_no_subscription_hears_nothing_more() {
    let mut asking = Asking::new();
    asking.refer("Refer-To: <sip:boris@bank>");
    let notify = asking.accept().remove(1);
    asking.bank.say(&super::calls::reply(&notify, "481 Subscription does not exist", "", ""));
    assert!(asking.tell(Status::OK).is_empty());
    asking.over();
}

#[test]
fn a_result_that_never_comes_ends_the_subscription() {
    let mut asking = Asking::new();
    asking.refer("Refer-To: <sip:boris@bank>");
    let notify = asking.accept().remove(1);
    asking.bank.say(&super::calls::reply(&notify, "200 OK", "", ""));
    let sent = asking.bank.forward(Duration::from_secs(181));
    assert_eq!(sent.first().map(String::as_str), Some("NOTIFY"), "{sent:?}");
    asking.over();
}

#[test]
fn what_is_no_refer_is_refused() {
    for (more, code) in [
        ("Subject: none", 400),
        ("Refer-To: <sip:a@bank>\nRefer-To: <sip:b@bank>", 400),
        ("Refer-To: <sip:a@bank", 400),
        ("Refer-To: <sip:a@bank;method=BYE>", 403),
        ("Refer-To: <sip:a@bank;method=SUBSCRIBE>", 403),
        ("Refer-To: <sip:a@bank>\nReferred-By: <sip:x", 400),
        ("Refer-To: <sip:a@bank?Replaces=%3B>", 400),
        ("Refer-To: <sip:a@bank>\nRequire: multiple-refer", 420),
    ] {
        let mut asking = Asking::new();
        assert_eq!(status(&asking.refer(more)), code, "{more}");
        assert!(asking.token.is_none(), "{more}");
        asking.over();
    }
}

#[test]
fn outside_of_a_call_nobody_is_called_for_others() {
    let mut bank = Wired::new();
    let sent = bank.say(&request("REFER", "r", "Refer-To: <sip:boris@bank>"));
    assert_eq!(status(&sent), 403);
    assert!(bank.told().is_empty());
}

#[test]
fn an_attended_transfer_names_the_call_to_replace() {
    let mut asking = Asking::new();
    asking.say("REFER", "Refer-To: <sip:b@bank?Replaces=one%40192.0.2.10%3Bto-tag%3Dx%3Bfrom-tag%3Dy&X=1>");
    let told = asking.bank.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("Referred ") && told[0].ends_with(" one@192.0.2.10"), "{told:?}");
}

#[test]
fn news_go_on_after_one_of_them_came_too_late() {
    let mut asking = Asking::new();
    asking.refer("Refer-To: <sip:boris@bank>");
    let first = asking.accept().remove(1);
    let ringing = asking.tell(Status::RINGING).remove(0);
    // The network has changed their order: the first one has a lower number (RFC 3261 §12.2.2).
    asking.bank.say(&super::calls::reply(&ringing, "200 OK", "", ""));
    asking.bank.say(&super::calls::reply(&first, "500 Server Internal Error", "", ""));
    news(&asking.tell(Status::OK)[0], "", "terminated", "SIP/2.0 200 OK\r\n");
    asking.over();
}
