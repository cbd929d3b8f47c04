//! Calls over TLS: every Contact of ours leads back over TLS.

use super::calls::reply;
use super::sessions::{seconds, with};
use super::*;
use crate::voip::sip::endpoint::Refer;

const OVER: ConnectionId = ConnectionId(5);

/// A phone that calls over TLS, by `sips:` or by `sip:`.
struct Caller {
    bank: Wired,
    secure: bool,
    cseq: u32,
    tag: String,
    seen: Vec<String>,
}

impl Caller {
    fn new(secure: bool) -> Self {
        let mut bank = Wired::new();
        bank.from = Peer::over(Transport::Tls, addr("203.0.113.8:50123"), OVER);
        bank.bank.handle_connected(bank.now, bank.from, addr("192.0.2.1:5061"));
        Self { bank, secure, cseq: 1, tag: String::new(), seen: Vec::new() }
    }

    fn say(&mut self, message: &str) -> Vec<String> {
        let message = message.replace("UDP", "TLS");
        let message = if self.secure { message.replace("sip:", "sips:") } else { message };
        self.bank.bank.handle_stream_bytes(self.bank.now, OVER, &wire_form(&message));
        self.sent()
    }

    fn sent(&mut self) -> Vec<String> {
        let sent = self.bank.sent();
        self.seen.extend(sent.clone());
        sent
    }

    /// A request within the call.
    fn request(&mut self, method: &str, lines: &str, body: &str) -> Vec<String> {
        self.cseq += 1;
        let message = with(&within(method, self.cseq, &self.tag, &format!("{method}{}", self.cseq)), lines);
        let sdp = |message: &str| format!("{}\nContent-Type: application/sdp\n\n{body}", message.trim_end());
        let head = message.split("\nContent-Type").next().unwrap_or_default().to_owned();
        self.say(&if body.is_empty() { head } else { sdp(&head) })
    }

    /// Answers the last request of ours.
    fn reply(&mut self, status: &str, body: &str) -> Vec<String> {
        let request = self.seen.iter().rev().find(|one| !one.starts_with("SIP/2.0") && !one.starts_with("ACK"));
        let answer = reply(request.unwrap(), status, "", body);
        self.bank.bank.handle_stream_bytes(self.bank.now, OVER, &wire_form(&answer));
        self.sent()
    }

    /// A whole call with everything that has a Contact.
    fn talks(mut self) -> Vec<String> {
        let allow = "Allow: INVITE, UPDATE, REFER\nRequire: 100rel";
        self.say(&with(&request("INVITE", "one", ""), allow));
        self.bank.told();
        let leg = self.bank.leg.unwrap();
        self.bank.bank.progress(self.bank.now, leg, Status::SESSION_PROGRESS, Some(b"early".to_vec()));
        let early = self.sent().remove(0);
        self.tag = tag_of(&early);
        let rseq = early.lines().find_map(|line| line.strip_prefix("RSeq: ")).unwrap().trim().to_owned();
        self.request("PRACK", &format!("RAck: {rseq} 1 INVITE"), "");
        self.request("UPDATE", "", "more");
        self.bank.bank.answer_reoffer(self.bank.now, leg, b"fine".to_vec());
        self.bank.bank.reoffer(self.bank.now, leg, b"ours".to_vec());
        self.sent();
        self.reply("200 OK", "theirs");
        self.bank.bank.answer(self.bank.now, leg, b"answer".to_vec(), &Headers::new());
        self.sent();
        self.say(&within("ACK", 1, &self.tag.clone(), "ack"));
        self.bank.bank.reoffer(self.bank.now, leg, b"ours".to_vec());
        self.sent();
        self.reply("200 OK", "theirs");
        self.request("INVITE", "", "offer");
        self.bank.bank.answer_reoffer(self.bank.now, leg, b"fine".to_vec());
        self.sent();
        let (cseq, tag) = (self.cseq, self.tag.clone());
        self.say(&within("ACK", cseq, &tag, "ack2"));
        let to = NameAddr::parse(b"<sip:desk@192.0.2.20>").unwrap();
        self.bank.bank.refer(self.bank.now, leg, Refer { to, by: None, headers: Headers::new(), within: seconds(30) });
        self.sent();
        self.reply("603 Decline", "");
        self.request("REFER", "Refer-To: <sip:desk@192.0.2.20>", "");
        let mut token = None;
        while let Some(event) = self.bank.bank.next_event() {
            if let Event::Referred(referred) = event {
                token = Some(referred.token);
            }
        }
        self.bank.bank.accept_refer(self.bank.now, leg, token.unwrap());
        self.sent();
        self.seen
    }
}

#[test]
fn a_call_over_tls_is_told_a_contact_over_tls_in_every_answer_and_request() {
    let cases =
        [(true, "Contact: <sips:bank@192.0.2.1:5061>"), (false, "Contact: <sip:bank@192.0.2.1:5061;transport=tls>")];
    for (secure, contact) in cases {
        let seen = Caller::new(secure).talks();
        let with_contact: Vec<&String> = seen.iter().filter(|one| one.contains("\nContact:")).collect();
        let heads: Vec<String> = with_contact.iter().map(|one| headline(one.as_bytes())).collect();
        let expected = [
            "183 INVITE",
            "200 UPDATE",
            "UPDATE",
            "200 INVITE",
            "INVITE",
            "200 INVITE",
            "REFER",
            "202 REFER",
            "NOTIFY",
        ];
        assert_eq!(heads, expected, "secure: {secure}");
        for message in with_contact {
            assert!(message.contains(contact), "{contact}: {message}");
        }
    }
}

#[test]
fn a_call_of_ours_to_a_sips_address_has_a_sips_contact_throughout() {
    let mut bank = Wired::new();
    let target = Uri::parse("sips:desk@192.0.2.20").unwrap();
    let to = Peer::at(Transport::Tls, addr("192.0.2.20:5061"));
    let leg = bank.bank.invite(bank.now, OutgoingCall { target, to, ..super::calls::outgoing() }).unwrap();
    let Some(Command::Connect { to, .. }) = bank.bank.next_command() else { panic!() };
    bank.bank.handle_connected(bank.now, Peer { connection: Some(OVER), ..to }, addr("192.0.2.1:50000"));
    let invite = bank.sent().remove(0);
    let say = |bank: &mut Wired, text: String| {
        bank.bank.handle_stream_bytes(bank.now, OVER, &wire_form(&text));
        bank.sent()
    };
    say(&mut bank, reply(&invite, "200 OK", "tag=a", "answer").replace("Contact: <sip:", "Contact: <sips:"));
    bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
    let again = bank.sent().remove(0);
    for message in [invite, again] {
        assert!(message.contains("Contact: <sips:bank@192.0.2.1:506"), "{message}");
        assert!(message.starts_with("INVITE sips:"), "{message}");
    }
}
