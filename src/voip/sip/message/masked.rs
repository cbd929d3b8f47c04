//! A message as a log may hold it: without passwords, keys, telephone numbers and what bodies say.
//!
//! It reads octets, not a parsed message, so that what nobody can read is masked too.

use std::fmt::{self, Write};
use std::net::Ipv4Addr;

/// The most that is shown.
const LONGEST: usize = 8_192;
/// From so many digits on a run of them is a number of somebody; of a port there are five at most.
const NUMBER: usize = 5;
/// The last digits that stay, as everywhere.
const SHOWN: usize = 2;

/// Headers whose value is a secret, or proves that somebody knows one.
const SECRET: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
    "proxy-authentication-info",
    "identity",
    "y",
];
/// Headers whose digits are nobody's number.
const PLAIN: [&str; 9] =
    ["via", "v", "cseq", "content-length", "l", "max-forwards", "expires", "session-expires", "min-se"];
/// Lines of a session description that are shown: where sound goes and in which codec.
const SDP: [&str; 10] = ["v=", "c=", "t=", "m=", "a=rtpmap", "a=fmtp", "a=ptime", "a=send", "a=recv", "a=inactive"];

/// The octets of a message, to be shown.
#[derive(Clone, Copy)]
pub struct Masked<'a>(pub &'a [u8]);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..LONGEST).unwrap_or(self.0);
        let text = String::from_utf8_lossy(shown);
        let mut lines = text.lines();
        let mut is_secret = false;
        let mut is_sdp = false;
        for (at, line) in lines.by_ref().enumerate() {
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let name = name.trim().to_ascii_lowercase();
            let is_folded = line.starts_with([' ', '\t']);
            is_secret = if is_folded { is_secret } else { at > 0 && SECRET.contains(&name.as_str()) };
            is_sdp |=
                matches!(name.as_str(), "content-type" | "c") && value.trim_start().starts_with("application/sdp");
            if at > 0 {
                f.write_char('\n')?;
            }
            if is_secret {
                f.write_str(if is_folded { " …" } else { line.get(..name.len()).unwrap_or_default() })?;
                f.write_str(if is_folded { "" } else { ": …" })?;
            } else if at > 0 && PLAIN.contains(&name.as_str()) {
                plain(f, line)?;
            } else {
                without_numbers(f, line)?;
            }
        }
        body(f, lines, is_sdp)?;
        if shown.len() < self.0.len() {
            write!(f, "\n[{} octets in all]", self.0.len())?;
        }
        Ok(())
    }
}

/// What is shown of a body.
fn body<'t>(f: &mut fmt::Formatter<'_>, lines: impl Iterator<Item = &'t str>, is_sdp: bool) -> fmt::Result {
    let mut hidden = 0;
    for line in lines {
        if is_sdp && SDP.iter().any(|beginning| line.starts_with(beginning)) {
            f.write_char('\n')?;
            plain(f, line)?;
        } else if is_sdp && line.starts_with("a=crypto:") {
            // Which suite is offered helps; the key does not.
            let suite = line.split(' ').nth(1).unwrap_or_default();
            f.write_str("\na=crypto ")?;
            plain(f, suite.get(..suite.len().min(40)).unwrap_or_default())?;
        } else {
            hidden += line.len();
        }
    }
    if hidden > 0 { write!(f, "\n[{hidden} more octets]") } else { Ok(()) }
}

/// A line as it is, without what would disturb a log.
fn plain(f: &mut fmt::Formatter<'_>, line: &str) -> fmt::Result {
    line.chars().try_for_each(|character| f.write_char(if character.is_control() { '·' } else { character }))
}

/// A line without numbers of people: of each only the last digits are shown.
fn without_numbers(f: &mut fmt::Formatter<'_>, line: &str) -> fmt::Result {
    let mut rest = line;
    let mut before = "";
    while let Some(at) = rest.find(|character: char| character.is_ascii_digit()) {
        let (text, run) = rest.split_at(at);
        plain(f, text)?;
        let length = length_of_run(run);
        let (run, after) = run.split_at(length);
        let digits: Vec<char> = run.chars().filter(char::is_ascii_digit).collect();
        let begun = if text.is_empty() { before } else { text };
        // After an address and a colon stands a port.
        let is_port = digits.len() == run.len() && run.len() <= NUMBER && is_after_address(begun, before);
        if digits.len() < NUMBER || is_port || run.parse::<Ipv4Addr>().is_ok() {
            plain(f, run)?;
        } else {
            f.write_char('…')?;
            digits.iter().skip(digits.len() - SHOWN).try_for_each(|digit| f.write_char(*digit))?;
        }
        before = run;
        rest = after;
    }
    plain(f, rest)
}

/// Whether `text`, which stands before a run of digits, ends an address: `…1:` or `…]:`.
fn is_after_address(text: &str, run_before: &str) -> bool {
    match text.strip_suffix(':') {
        Some("") => !run_before.is_empty(),
        Some(address) => address.ends_with(']'),
        None => false,
    }
}

/// How far a number goes: digits, and what people write between them, or programs (`%37` is a 7). An address and a
/// version end where their dots do.
fn length_of_run(text: &str) -> usize {
    let dotted = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let dotted = text[..dotted].trim_end_matches('.');
    let goes_on = text[dotted.len()..].starts_with(['-', '(', ')', '%']);
    let is_version = !goes_on && dotted.bytes().filter(u8::is_ascii_digit).count() < NUMBER;
    if dotted.contains('.') && (is_version || dotted.parse::<Ipv4Addr>().is_ok()) {
        return dotted.len();
    }
    let mut end = 0;
    for (at, character) in text.char_indices() {
        match character {
            '0'..='9' => end = at + 1,
            '-' | '(' | ')' | ' ' | '%' | '.' if at < end + 3 => {}
            _ => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Masked(text.replace('\n', "\r\n").as_bytes()).to_string(), expected);
    }

    #[test]
    fn a_call_is_shown_without_numbers_and_passwords() {
        check(
            "INVITE sip:+74951234567@192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:50123;branch=z9hG4bK123456789\n\
             From: \"8 (916) 123-45-67\" <sip:+79161234567@bank.example>;tag=abc\nTo: <tel:+7-495-123-45-67>\n\
             CSeq: 123456 INVITE\nContact: <sip:anna@192.0.2.9:50123>\nP-Asserted-Identity: <sip:79161234567@[2001:db8::1]:50123>\n\
             Authorization: Digest username=\"anna\",\n  response=\"0123456789abcdef\"\nProxy-Authorization: Digest nonce=\"5\"\n\
             Content-Length: 0\n\n",
            "INVITE sip:+…67@192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:50123;branch=z9hG4bK123456789\n\
             From: \"…67\" <sip:+…67@bank.example>;tag=abc\nTo: <tel:+…67>\n\
             CSeq: 123456 INVITE\nContact: <sip:anna@192.0.2.9:50123>\nP-Asserted-Identity: <sip:…67@[2001:db8::1]:50123>\n\
             Authorization: …\n …\nProxy-Authorization: …\n\
             Content-Length: 0",
        );
    }

    #[test]
    fn a_number_is_hidden_however_it_is_written_and_an_address_is_not() {
        check(
            "INVITE sip:7.495.123.45.67@192.168.100.200:50600;v=1.2 SIP/2.0\nTo: <tel:+7.495.123-45-67>\n\
             From: <sip:%37%39%31%36%31%32%33%34%35%36%37@10.0.0.1>\nContact: <sip:%2B79161234567@10.0.0.1:5060>\n\
             Subject: 12 34 56 78\nUser-Agent: phone 5.2.10 (1.2.3.4)\nX-Number: 8..916..1234567.\n\n",
            "INVITE sip:…67@192.168.100.200:50600;v=1.2 SIP/2.0\nTo: <tel:+…67>\n\
             From: <sip:%…37@10.0.0.1>\nContact: <sip:%2B…67@10.0.0.1:5060>\n\
             Subject: …78\nUser-Agent: phone 5.2.10 (1.2.3.4)\nX-Number: …67.",
        );
        check("SIP/2.0 200 OK\nDate: 10:20:30\n\n", "SIP/2.0 200 OK\nDate: 10:20:30");
        for between in ["-", ".", " ", "%", ")(", "--", ". ", ".-", "%-%"] {
            let digits = "79161234567".chars().map(String::from).collect::<Vec<_>>();
            for number in [["7", "916", "123", "45", "67"].join(between), digits.join(between)] {
                check(&format!("From: <sip:+{number}@10.0.0.1>"), "From: <sip:+…67@10.0.0.1>");
            }
        }
    }

    #[test]
    fn of_a_description_keys_and_names_are_hidden_and_of_other_bodies_everything() {
        check(
            "SIP/2.0 200 OK\nContent-Type: application/sdp\n\nv=0\no=anna 1 1 IN IP4 192.0.2.1\ns=+79161234567\n\
             c=IN IP4 192.0.2.1\nm=audio 40000 RTP/SAVP 8\n\
             a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\na=sendrecv\n",
            "SIP/2.0 200 OK\nContent-Type: application/sdp\nv=0\nc=IN IP4 192.0.2.1\nm=audio 40000 RTP/SAVP 8\n\
             a=crypto AES_CM_128_HMAC_SHA1_80\na=sendrecv\n[41 more octets]",
        );
        check(
            "INFO sip:bank SIP/2.0\nContent-Type: application/dtmf-relay\n\nSignal=9\nDuration=160\n",
            "INFO sip:bank SIP/2.0\nContent-Type: application/dtmf-relay\n[20 more octets]",
        );
    }

    #[test]
    fn what_nobody_can_read_is_masked_and_bounded_and_disturbs_no_log() {
        check("\u{1b}[31mAuthorization 79161234567\u{0}", "·[31mAuthorization …67·");
        check("authorization: first line is no header 79161234567", "authorization: first line is no header …67");
        let long = vec![b'7'; 100_000];
        let shown = Masked(&long).to_string();
        assert_eq!(shown, "…77\n[100000 octets in all]");
        assert!(!Masked(&[0xff, 0xfe, b'1', b'2', b'3', b'4', b'5', b'6']).to_string().contains("12345"));
    }
}
