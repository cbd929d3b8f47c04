//! Which of two queues a datagram waits in: whoever is in a call does not wait behind a flood of new requests.
//!
//! ```text
//!  SIP/2.0 …                    a response to a request of ours     ─▶ Calls
//!  …, To: <sip:…>;tag=…         ACK, BYE, re-INVITE, INFO … of one  ─▶ Calls
//!  anything else                INVITE, its CANCEL, REGISTER …      ─▶ Others
//! ```
//!
//! What belongs together stays in one queue and so in its order: a CANCEL never overtakes its INVITE, for both have a
//! tag in To or neither has. It is a look at the octets and no more: who lies gains a place in the other queue, where
//! the endpoint finds no call.

use super::text::quoted_prefix;

/// How much of a datagram is looked at, in octets, whatever its length; To stands far in front of it.
pub const LOOK: usize = 4_096;

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Of calls there are.
    Calls,
    /// Of everything else: what is shed first.
    Others,
}

/// The queue of a datagram. Of a message that can be read and is no longer than [`LOOK`], it is the one that the parser
/// would choose.
#[must_use]
pub fn lane_of(datagram: &[u8]) -> Lane {
    let mut head = &datagram[..datagram.len().min(LOOK)];
    while let Some(rest) = head.strip_prefix(b"\r\n") {
        head = rest;
    }
    if starts_with(head, b"SIP/2.0 ") || to_of(head).is_some_and(is_tagged) { Lane::Calls } else { Lane::Others }
}

/// The value of the first To with the lines that it goes on in.
fn to_of(head: &[u8]) -> Option<&[u8]> {
    let mut rest = head;
    loop {
        rest = &rest[line_end(rest)? + 2..];
        let value = value_of(rest, b"to").or_else(|| value_of(rest, b"t"));
        if let Some(value) = value {
            return Some(&value[..length_of(value)]);
        }
        if rest.starts_with(b"\r\n") {
            return None;
        }
    }
}

fn line_end(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|pair| pair == b"\r\n")
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if !starts_with(line, name) {
        return None;
    }
    let rest = line[name.len()..].trim_ascii_start();
    rest.strip_prefix(b":")
}

/// Up to the end of a header's last line: the next one begins with no space.
fn length_of(value: &[u8]) -> usize {
    let goes_on = |at: usize| value.get(at + 2).is_some_and(|next| matches!(next, b' ' | b'\t'));
    let mut ends = value.windows(2).enumerate().filter(|(_, pair)| *pair == b"\r\n").map(|(at, _)| at);
    ends.find(|at| !goes_on(*at)).unwrap_or(value.len())
}

/// Whether a parameter behind the address is the tag: the first that is called so counts, and it must have a value.
fn is_tagged(to: &[u8]) -> bool {
    let Some(mut rest) = behind_address(to.trim_ascii()) else { return false };
    while let Some(param) = rest.trim_ascii_start().strip_prefix(b";") {
        let param = param.trim_ascii_start();
        let end = param.iter().position(|octet| matches!(octet, b';' | b'=') || octet.is_ascii_whitespace());
        let (name, behind) = param.split_at(end.unwrap_or(param.len()));
        let value = behind.trim_ascii_start().strip_prefix(b"=");
        if name.eq_ignore_ascii_case(b"tag") {
            return value.is_some();
        }
        rest = value.map_or(behind, |value| behind_value(value.trim_ascii_start()));
    }
    false
}

/// What follows an address: `"Display" <uri>`, `Display <uri>` or `uri`.
fn behind_address(to: &[u8]) -> Option<&[u8]> {
    let rest = if to.starts_with(b"\"") { quoted_prefix(to)?.1 } else { to };
    match rest.iter().position(|octet| *octet == b'<') {
        Some(open) => {
            let uri = &rest[open..];
            Some(&uri[uri.iter().position(|octet| *octet == b'>')? + 1..])
        }
        None => Some(&rest[rest.iter().position(|octet| *octet == b';').unwrap_or(rest.len())..]),
    }
}

/// What follows the value of a parameter, which may be quoted.
fn behind_value(value: &[u8]) -> &[u8] {
    if let Some((_, rest)) = quoted_prefix(value) {
        return rest;
    }
    &value[value.iter().position(|octet| *octet == b';').unwrap_or(value.len())..]
}

fn starts_with(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::sip::Message;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    fn request(to: &str) -> String {
        format!(
            "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\n{to}\r\nCSeq: 2 BYE\r\n\r\n"
        )
    }

    #[test]
    fn what_is_of_a_call_is_told_by_the_tag_of_to() {
        let of_calls = [
            "To: <sip:a@b>;tag=7",
            "to:<sip:a@b;x=y>;q=1;tag=7",
            "T: \"A <b> c\" <sip:a@b>;TAG=7",
            "To \t: sip:a@b;tag=7",
            "To: <sip:a@b>\r\n ;tag=7",
            "To: <sip:a@b>\r\n\t; tag = 7",
            "To: <sip:a@b>;x=\">;y\";tag=7",
            "To: \"a\\\">;b\" <sip:a@b>;q;tag=7",
        ];
        let others = [
            "To: <sip:a@b>",
            "To: <sip:a@b;tag=7>",
            "To: \";tag=7\" <sip:a@b>",
            "To: <sip:a@b>;x=\">;tag=7\"",
            "To: <sip:a@b>;tag;tag=7",
            "X: \n\nTo: <sip:a@b>;tag=7",
            "To: <sip:a@b>;tagged=7",
            "Tolerance: x;tag=7",
            "Subject: To: <sip:a@b>;tag=7",
            "",
        ];
        for to in of_calls {
            assert_eq!(lane_of(request(to).as_bytes()), Lane::Calls, "{to}");
        }
        for to in others {
            assert_eq!(lane_of(request(to).as_bytes()), Lane::Others, "{to}");
        }
    }

    #[test]
    fn responses_are_of_calls_and_what_is_no_message_is_not() {
        assert_eq!(lane_of(b"SIP/2.0 200 OK\r\n\r\n"), Lane::Calls);
        assert_eq!(lane_of(b"\r\n\r\nSIP/2.0 200 OK\r\n\r\n"), Lane::Calls, "behind a ping");
        for other in [
            &b""[..],
            b"\r\n\r\n",
            b"SIP/2.0",
            b"To",
            b"x\nTo",
            b"x\nTo:",
            b"\xff\0\n\xff;tag=1",
            b"x\r\n\r\nTo: a;tag=1",
        ] {
            assert_eq!(lane_of(other), Lane::Others, "{other:?}");
        }
        let long = format!("BYE sip:a@b SIP/2.0\r\nX: {}\r\nTo: <sip:a@b>;tag=7\r\n\r\n", "x".repeat(LOOK));
        assert_eq!(lane_of(long.as_bytes()), Lane::Others, "nobody has it read a megabyte");
    }

    #[test]
    fn the_parser_would_choose_the_same_queue() {
        const NAMES: [&str; 8] = ["", "", "Anna ", "\"", "\"a\" ", "\"<;tag=1>\" ", "\"a\\\"\" ", "\"a\r\n b\" "];
        const URIS: [&str; 6] = ["<sip:a@b>", "<sip:a@b;tag=1>", "sip:a@b", "<tel:+7>", "sip:a", "<sip:a@b"];
        const PIECES: [&str; 18] = [
            ";tag=7",
            ";TAG",
            ";x",
            ";x=\"",
            ";x=\"\\",
            "\"",
            "=",
            "= ",
            "y",
            " ",
            "\t",
            "\r\n ",
            ">",
            "<",
            ";",
            "\";tag=1\"",
            "\n",
            ";taga=1",
        ];
        let mut rng = StdRng::from_seed([9; 32]);
        let mut read = [0, 0];
        for _ in 0..40_000 {
            let mut to = format!("To: {}{}", NAMES[rng.random_range(0..8)], URIS[rng.random_range(0..6)]);
            for _ in 0..rng.random_range(0..7) {
                to.push_str(PIECES[rng.random_range(0..PIECES.len())]);
            }
            let message = request(&to).replace("CSeq", "Call-ID: c\r\nCSeq");
            if let Ok(Message::Request(request)) = Message::parse(message.as_bytes()) {
                let is_tagged = request.to.tag().is_some();
                assert_eq!(lane_of(message.as_bytes()) == Lane::Calls, is_tagged, "{to:?}");
                read[usize::from(is_tagged)] += 1;
            }
        }
        assert!(read.iter().all(|count| *count > 500), "{read:?}");
    }

    #[test]
    fn a_cancel_waits_behind_its_invite() {
        for to in ["To: <sip:a@b>", "To: <sip:a@b>;tag=7"] {
            let invite = request(to).replace("BYE", "INVITE");
            assert_eq!(lane_of(invite.as_bytes()), lane_of(invite.replace("INVITE", "CANCEL").as_bytes()));
        }
    }
}
