//! The log of whole calls at its most talkative holds no password, key, number or body.

use super::stage::{BANK, Stage};
use hotline::voip::sip::Peer;
use std::io::Write;
use std::sync::{Arc, Mutex};

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

/// What is logged meanwhile.
fn logged(act: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
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
    let log = logged(|| {
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
