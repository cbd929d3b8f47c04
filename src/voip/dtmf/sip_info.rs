//! Keys in the bodies of SIP INFO requests.
//!
//! ```text
//! Content-Type: application/dtmf-relay        Content-Type: application/dtmf
//!
//! Signal=5                                    5
//! Duration=160
//! ```

use crate::model::Digit;

/// The longest body that is read.
const MAX_BODY: usize = 256;

/// The key of an INFO's body, or `None` when the content type is none of the two or the body names no key.
/// Parameters of the content type are ignored; the keys may be written as event numbers 10 (star) to 15 (`D`).
#[must_use]
pub fn digit_of_info(content_type: &str, body: &[u8]) -> Option<Digit> {
    let body = str::from_utf8(body.get(..MAX_BODY).unwrap_or(body)).ok()?;
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        let signal = body.split(['\r', '\n']).find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value)
        });
        return key(signal?);
    }
    if media_type.eq_ignore_ascii_case("application/dtmf") {
        return key(body);
    }
    None
}

fn key(text: &str) -> Option<Digit> {
    let text = text.trim();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Digit::from_char(character),
        (Some('1'), Some('0'..='5')) if text.len() == 2 => Digit::from_event(text.parse().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_phones_name_their_key() {
        let cases: &[(&str, &str, Option<char>)] = &[
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some('5')),
            ("application/dtmf-relay", "Signal= *\nDuration= 250", Some('*')),
            ("Application/DTMF-Relay;charset=utf-8", "duration=100\r\nsignal=#\r\n", Some('#')),
            ("application/dtmf-relay", "Signal=11\r\n", Some('#')),
            ("application/dtmf-relay", "Signal=a", Some('A')),
            ("application/dtmf-relay", "Duration=160\r\n", None),
            ("application/dtmf-relay", "Signal=16\r\n", None),
            ("application/dtmf-relay", "Signal=\r\n", None),
            ("application/dtmf", "7", Some('7')),
            ("application/dtmf", " 0\r\n", Some('0')),
            ("application/dtmf", "!", None),
            ("application/dtmf", "", None),
            ("text/plain", "7", None),
        ];
        for (content_type, body, expected) in cases {
            let digit = digit_of_info(content_type, body.as_bytes()).map(Digit::as_char);
            assert_eq!(digit, *expected, "{content_type} {body:?}");
        }
        assert!(digit_of_info("application/dtmf", &[0xff; 4_000]).is_none());
    }
}
