//! The log of whole calls at its most talkative holds no password, key, number or body.

use super::phone::Manner;
use super::stage::{BANK, Stage};
use super::trunks::{PROVIDER, answer, trunk_at, with_trunks};
use hotline::exchange::{Callers, Destination, Inbound, Trunk};
use hotline::model::PhoneNumber;
use hotline::voip::sip::Peer;
use hotline::voip::sip::digest::{Ha1, Login};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where the log goes.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged meanwhile, of this level and above.
fn logged(level: tracing::Level, act: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let log =
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(move || writer.clone()).finish();
    // With one subscriber alone, whoever comes first to a place in the code decides for all threads whether it is heard.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    tracing::subscriber::with_default(log, act);
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// Whether a word stands in a text by itself.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    text.match_indices(word)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

#[test]
fn a_log_at_trace_tells_of_every_message_and_of_no_secret() {
    let log = logged(tracing::Level::TRACE, || {
        let mut stage = Stage::new();
        stage.operators(&["anna:support:ru"]);
        let caller = stage.caller();
        stage.run_for(100);
        stage.press(caller, "21");
        stage.listen();
        stage.press(caller, "4321");
        stage.listen();
        stage.press(caller, "9876#");
        stage.listen();
        let info = "Signal=7\r\nDuration=160\r\n";
        stage.with_phone(caller, |phone, _| {
            phone.ask("INFO", &[("Content-Type", "application/dtmf-relay")], info);
        });
        stage.hang_up(caller);
        let stranger = stage.phone("stranger");
        let broken = "INVITE sip:+74957654321@192.0.2.1 SIP/2.0\r\nAuthorization: Digest response=\"feed\"\r\n\
                      Content-Type: application/sdp\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n";
        let peer = Peer::udp(stage.phones[stranger].addr);
        let bank = BANK.parse().unwrap();
        stage.with_exchange(|exchange, now| exchange.handle_datagram(now, peer, bank, broken.as_bytes()));
    });
    for told in ["INVITE sip:", "REGISTER sip:", "200 OK", "a=rtpmap", "Authorization: …", "a=crypto AES_CM"] {
        assert!(log.contains(told), "{told}: {}", log.chars().take(2_000).collect::<String>());
    }
    for secret in
        ["79161234567", "74951234567", "74957654321", "response=", "inline:", "Signal=", "anna-secret", "nonce="]
    {
        assert!(!log.contains(secret), "{secret}");
    }
    for digits in ["4321", "9876"] {
        assert!(!has_word(&log, digits), "{digits}");
    }
}

/// What no log may hold, at no level.
const SECRETS: [&str; 12] = [
    "response=",
    "inline:",
    "Signal=",
    "nonce=",
    "cnonce",
    "right-secret",
    "anna-secret",
    "boris-secret",
    "79161234567",
    "74951234567",
    "74950000001",
    "a=crypto:1",
];

/// Calls in which everything happens that is worth a line: a trunk that registers and calls, a bank that fails, an
/// operator who hands a caller on, a guesser who is banned.
fn eventful_calls() {
    let login = Login { username: "bank".into(), password: "right-secret".into() };
    let ha1 = Ha1::compute("provider", "bank.example", "right-secret");
    let inbound = Some(Inbound { user: "provider".into(), ha1 });
    let trunk = Trunk {
        login: Some(login),
        register: Some(Duration::from_secs(600)),
        ping: Some(Duration::from_secs(30)),
        inbound,
        ..trunk_at(0)
    };
    let mut config = with_trunks(&[("provider", trunk)]);
    let desk = Destination::Number {
        trunks: vec!["provider".into()],
        number: PhoneNumber::parse("+74950000001").unwrap(),
        ring: None,
    };
    config.outside.transfers.insert("desk".into(), desk);
    config.outside.callers = Callers::Anyone;
    config.guard.logins = 3;
    let mut stage = Stage::configured(config);
    stage.phone("provider");
    stage.phones[PROVIDER].manner = Manner::Vanished;
    stage.run_for(10);
    let challenge = "Digest realm=\"provider\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
    answer(&mut stage, PROVIDER, "REGISTER", "401 Unauthorized", &[("WWW-Authenticate", challenge)]);
    answer(&mut stage, PROVIDER, "REGISTER", "403 Forbidden", &[]);
    let operators = stage.operators(&["anna:support:ru", "boris:support:ru"]);

    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    stage.listen();
    stage.run_for(10_000);
    stage.with_phone(operators[0], |phone, _| {
        phone.ask(
            "REFER",
            &[("Refer-To", "<sip:+74950000001@192.0.2.1>"), ("Referred-By", "<sip:+79161234567@x>")],
            "",
        );
    });
    stage.run_for(5_000);
    stage.hang_up(caller);

    let guesser = stage.phone("+79161234567");
    stage.phones[guesser].by_itself = false;
    for number in 0..60 {
        for (method, user) in [("REGISTER", "anna".to_owned()), ("INVITE", format!("provider{number}"))] {
            let text = format!(
                "{method} sip:{user}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-{method}{number}\r\n\
                 From: <sip:+79161234567@x>;tag=1\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: {method}{number}\r\n\
                 CSeq: 1 {method}\r\nContact: <sip:x@192.0.2.9>\r\nMax-Forwards: 70\r\nAuthorization: Digest \
                 username=\"{user}\", realm=\"bank.example\", nonce=\"00\", uri=\"sip:192.0.2.1\", \
                 response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5\r\nContent-Length: 0\r\n\r\n"
            );
            stage.send_sip(guesser, &text);
            stage.settle();
        }
    }
    stage.run_for(3_000);
    assert!(!stage.bans.is_empty() && stage.pauses > 0);
}

#[test]
fn the_log_of_trunks_transfers_bans_and_failures_tells_what_happened_and_no_secret_at_any_level() {
    let log = logged(tracing::Level::TRACE, eventful_calls);
    for told in ["not registered; it will be tried again", "REFER sip:", "silence", "too many wrong passwords"] {
        assert!(log.contains(told), "{told}");
    }
    for secret in SECRETS {
        assert!(!log.contains(secret), "{secret}: {:?}", log.lines().find(|line| line.contains(secret)));
    }
}

#[test]
fn below_trace_no_line_holds_a_number_a_header_or_a_body() {
    let log = logged(tracing::Level::DEBUG, eventful_calls);
    let below: Vec<&str> = log.lines().collect();
    assert!(below.len() > 20, "{}", below.len());
    for piece in ["Via: ", "Call-ID:", "CSeq:", "v=0", "m=audio", "Authorization", "Contact:"] {
        assert!(below.iter().all(|line| !line.contains(piece)), "{piece}");
    }
    for line in &below {
        let digits = |word: &&str| word.len() == 11 && word.bytes().all(|octet| octet.is_ascii_digit());
        let numbers = line.split(|character: char| !character.is_ascii_alphanumeric()).find(digits);
        assert_eq!(numbers, None, "{line}");
    }
}
