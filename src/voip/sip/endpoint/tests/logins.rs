//! A trunk asks who we are: calls, and requests within them, are signed and sent again.

use super::calls::{outgoing, reply};
use super::*;
use crate::voip::sip::digest::{Challenge, Credentials, DigestServer, Ha1, Protection, Qop, Verdict};
use crate::voip::sip::headers::HeaderName;

const MINUTE: Duration = Duration::from_secs(60);

/// A trunk that challenges, and our call to it.
struct Trunk {
    bank: Wired,
    leg: LegId,
    server: DigestServer,
    /// The last request of ours.
    request: String,
}

impl Trunk {
    fn called(password: &str) -> Self {
        let mut bank = Wired::new();
        let login = Login { username: "bank".into(), password: password.into() };
        let leg = bank.bank.invite(bank.now, OutgoingCall { login: Some(login), ..outgoing() }).unwrap();
        let request = bank.sent().remove(0);
        Self { bank, leg, server: DigestServer::new("trunk".into(), [9; 32], MINUTE), request }
    }

    /// Refuses the last request with challenges; what we send, as headlines.
    fn challenge(&mut self, status: &str, challenges: &[String]) -> Vec<String> {
        let header = if status.starts_with("407") { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        let lines: Vec<String> = challenges.iter().map(|one| format!("\n{header}: {one}")).collect();
        let refusal = format!("{}{}", reply(&self.request, status, "tag=t", ""), lines.concat());
        let said = self.bank.say(&refusal);
        if let Some(last) = said.iter().rev().find(|message| !message.starts_with("ACK")) {
            self.request.clone_from(last);
        }
        said.iter().map(|message| headline(message.as_bytes())).collect()
    }

    fn asks(&mut self, stale: bool) -> Vec<String> {
        self.server.challenges(self.bank.now, self.bank.from, stale).iter().map(ToString::to_string).collect()
    }

    /// What the trunk thinks of the last request.
    fn verdict(&mut self, header: HeaderName) -> Verdict {
        let Ok(Message::Request(request)) = Message::parse(self.request.as_bytes()) else { panic!() };
        let Some(credentials) = Credentials::find(&request.headers, header, "trunk") else { return Verdict::Denied };
        let ha1 = Ha1::compute("bank", "trunk", "right");
        self.server.verify(self.bank.now, self.bank.from, &credentials, (&request.method, &request.body), Some(&ha1))
    }

    fn answers(&mut self) -> Vec<String> {
        self.bank.say(&reply(&self.request, "200 OK", "tag=t", "answer"))
    }
}

fn field<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim()
}

#[test]
fn a_challenged_call_is_sent_again_signed_and_its_ack_too() {
    for (status, header) in
        [("401 Unauthorized", HeaderName::Authorization), ("407 Proxy", HeaderName::ProxyAuthorization)]
    {
        let mut trunk = Trunk::called("right");
        let first = trunk.request.clone();
        let asks = trunk.asks(false);
        assert_eq!(trunk.challenge(status, &asks), ["ACK", "INVITE"], "{status}");
        assert_eq!(field(&trunk.request, "CSeq:"), "2 INVITE");
        for same in ["Call-ID:", "From:", "To:", "Contact:"] {
            assert_eq!(field(&first, same), field(&trunk.request, same), "{same}");
        }
        assert_ne!(field(&first, "Via:"), field(&trunk.request, "Via:"));
        assert_eq!(trunk.verdict(header), Verdict::Accepted, "{status}");
        let ack = trunk.answers().remove(0);
        assert_eq!(field(&ack, header.as_str()), field(&trunk.request, header.as_str()), "RFC 3261 §22.1");
        assert_eq!(trunk.bank.told(), ["Answered answer"]);
    }
}

#[test]
fn each_algorithm_is_answered_and_the_first_that_is_known_is_taken() {
    for (asked, taken) in [
        (&["MD5"][..], "MD5"),
        (&["SHA-256"], "SHA-256"),
        (&["SHA-512-256"], "SHA-512-256"),
        (&["SHA-256-sess", "MD5"], "MD5"),
        (&["SHA3", "SHA-256", "MD5"], "SHA-256"),
    ] {
        let mut trunk = Trunk::called("right");
        let one = |name: &&str| format!("Digest realm=\"trunk\", nonce=\"n\", qop=\"auth,auth-int\", algorithm={name}");
        trunk.challenge("401 Unauthorized", &asked.iter().map(one).collect::<Vec<_>>());
        let signed = field(&trunk.request, "Authorization:");
        assert!(signed.contains(&format!("algorithm={taken}, qop=auth, nc=00000001")), "{asked:?}: {signed}");
        assert_eq!(trunk.request.matches("\nAuthorization:").count(), 1);
    }
}

#[test]
fn a_trunk_and_a_proxy_before_it_may_both_ask() {
    let mut trunk = Trunk::called("right");
    let proxy = "Digest realm=\"proxy\", nonce=\"p\", qop=\"auth\"".to_owned();
    assert_eq!(trunk.challenge("407 Proxy", &[proxy]), ["ACK", "INVITE"]);
    let asks = trunk.asks(false);
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK", "INVITE"]);
    assert!(field(&trunk.request, "Proxy-Authorization:").contains("realm=\"proxy\""));
    assert!(field(&trunk.request, "Proxy-Authorization:").contains("nc=00000002"), "the nonce's second use");
    assert_eq!(trunk.verdict(HeaderName::Authorization), Verdict::Accepted);
}

#[test]
fn what_cannot_be_answered_fails() {
    let other = "Digest realm=\"trunk\", nonce=\"n\", qop=\"auth-conf\"".to_owned();
    let unknown = "Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\", algorithm=SHA3".to_owned();
    for challenges in [vec![], vec![other], vec![unknown], vec!["Basic realm=\"trunk\"".to_owned()]] {
        let mut trunk = Trunk::called("right");
        assert_eq!(trunk.challenge("401 Unauthorized", &challenges), ["ACK"], "{challenges:?}");
        assert_eq!(trunk.bank.told(), ["Failed 401"]);
    }
}

#[test]
fn a_call_without_a_login_fails() {
    let mut trunk = Trunk::called("right");
    let mut bank = Wired::new();
    bank.bank.invite(bank.now, outgoing()).unwrap();
    trunk.request = bank.sent().remove(0);
    trunk.bank = bank;
    let asks = trunk.asks(false);
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK"]);
    assert_eq!(trunk.bank.told(), ["Failed 401"]);
}

#[test]
fn a_wrong_password_is_tried_once_and_a_stale_nonce_again() {
    let mut trunk = Trunk::called("wrong");
    let asks = trunk.asks(false);
    trunk.challenge("401 Unauthorized", &asks);
    assert_eq!(trunk.verdict(HeaderName::Authorization), Verdict::Denied);
    let asks = trunk.asks(false);
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK"]);
    assert_eq!(trunk.bank.told(), ["Failed 401"]);

    let mut trunk = Trunk::called("right");
    let asks = trunk.asks(false);
    trunk.challenge("401 Unauthorized", &asks);
    let asks = trunk.asks(true);
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK", "INVITE"]);
    assert_eq!(field(&trunk.request, "CSeq:"), "3 INVITE");
    assert_eq!(trunk.verdict(HeaderName::Authorization), Verdict::Accepted);
}

#[test]
fn a_trunk_that_is_never_content_is_left() {
    let mut trunk = Trunk::called("right");
    for _ in 0..4 {
        let asks = trunk.asks(true);
        assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK", "INVITE"]);
    }
    let asks = trunk.asks(true);
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK"]);
    assert_eq!(trunk.bank.told(), ["Failed 401"]);
    trunk.bank.forward(Duration::from_secs(40));
    assert_empty(&mut trunk.bank.bank);
}

#[test]
fn a_bye_is_signed_at_once_and_again_when_the_nonce_is_used_up() {
    let mut trunk = Trunk::called("right");
    let asks = trunk.asks(false);
    trunk.challenge("401 Unauthorized", &asks);
    trunk.answers();
    trunk.bank.bank.hang_up(trunk.bank.now, trunk.leg);
    trunk.request = trunk.bank.sent().remove(0);
    let Ok(Message::Request(bye)) = Message::parse(trunk.request.as_bytes()) else { panic!() };
    let signed = Credentials::find(&bye.headers, HeaderName::Authorization, "trunk").unwrap();
    assert!(matches!(signed.protection, Protection::Counted { count: 2, .. }), "the second use of the nonce");
    // This trunk forgets its nonces and does not say `stale`.
    let other = Challenge { nonce: "other".into(), ..Challenge::parse(asks[0].as_bytes()).unwrap() };
    assert_eq!(trunk.challenge("401 Unauthorized", &[other.to_string()]), ["BYE"]);
    assert!(field(&trunk.request, "Authorization:").contains("nonce=\"other\""));
    assert_eq!(trunk.challenge("401 Unauthorized", &[other.to_string()]), Vec::<String>::new());
    trunk.bank.told();
    assert_eq!(trunk.bank.bank.leg_count(), 0, "a BYE that is not taken ends the call all the same");
}

#[test]
fn a_call_that_was_given_up_is_not_signed() {
    let mut trunk = Trunk::called("right");
    trunk.bank.say(&reply(&trunk.request, "180 Ringing", "tag=t", ""));
    trunk.bank.bank.cancel(trunk.bank.now, trunk.leg);
    assert!(trunk.bank.sent()[0].starts_with("CANCEL"));
    let asks = trunk.asks(false);
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK"]);
    assert_eq!(trunk.bank.told(), ["Ringing", "Failed 401"]);
}

#[test]
fn a_password_is_not_shown() {
    let login = Login { username: "bank".into(), password: "right".into() };
    let client = DigestClient::new(login);
    assert!(!format!("{client:?}").contains("right"));
}

#[test]
fn a_call_that_its_signature_makes_too_large_is_still_a_datagram_where_tcp_is_refused() {
    let login = Login { username: "bank".into(), password: "right".into() };
    let call = |octets| OutgoingCall { login: Some(login.clone()), offer: vec![b'x'; octets], ..outgoing() };
    let mut trunk = Trunk::called("right");
    trunk.bank.bank.invite(trunk.bank.now, call(500)).unwrap();
    let small = trunk.bank.sent().remove(0).len();
    trunk.bank.bank.invite(trunk.bank.now, call(500 + 1_290 - small)).unwrap();
    trunk.request = trunk.bank.sent().remove(0);
    assert!(trunk.request.starts_with("INVITE") && trunk.request.len() <= 1_300);
    let asks = trunk.asks(false);
    assert_eq!(trunk.challenge("407 Proxy", &asks).len(), 2);
    assert_eq!(trunk.request, "Connect 192.0.2.10:5060");
    let tcp = Peer::at(Transport::Tcp, addr(PHONE));
    trunk.bank.bank.handle_connect_failed(trunk.bank.now, tcp);
    trunk.request = trunk.bank.sent().remove(0);
    assert!(trunk.request.contains("Via: SIP/2.0/UDP") && trunk.request.len() > 1_300, "{}", trunk.request);
    assert_eq!(trunk.verdict(HeaderName::ProxyAuthorization), Verdict::Accepted);
    assert_eq!(trunk.bank.told().len(), 0, "the call goes on");
}

#[test]
fn a_trunk_that_insists_on_the_body_gets_it_signed() {
    let mut trunk = Trunk::called("right");
    let mut challenges = trunk.server.challenges(trunk.bank.now, trunk.bank.from, false);
    for challenge in &mut challenges {
        challenge.qop = Some(Qop::AuthInt);
    }
    let asks: Vec<String> = challenges.iter().map(ToString::to_string).collect();
    assert_eq!(trunk.challenge("401 Unauthorized", &asks), ["ACK", "INVITE"]);
    assert!(field(&trunk.request, "Authorization:").contains("qop=auth-int"));
    assert_eq!(trunk.verdict(HeaderName::Authorization), Verdict::Accepted);
    assert!(trunk.request.ends_with("offer"));
    trunk.request = trunk.request.replace("\r\noffer", "\r\nother");
    assert_eq!(trunk.verdict(HeaderName::Authorization), Verdict::Denied, "another body");
}
