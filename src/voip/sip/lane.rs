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

/// How much of a datagram is looked at; To stands far in front of it.
const LOOK: usize = 4_096;

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Of calls there are.
    Calls,
    /// Of everything else: what is shed first.
    Others,
}

/// The queue of a datagram.
#[must_use]
pub fn lane_of(datagram: &[u8]) -> Lane {
    let head = &datagram[..datagram.len().min(LOOK)];
    if starts_with(head, b"SIP/2.0 ") || to_of(head).is_some_and(is_tagged) { Lane::Calls } else { Lane::Others }
}

/// The value of the first To with the lines that it goes on in.
fn to_of(head: &[u8]) -> Option<&[u8]> {
    let mut rest = head;
    loop {
        let end = rest.iter().position(|octet| *octet == b'\n')?;
        rest = &rest[end + 1..];
        let value = value_of(rest, b"to").or_else(|| value_of(rest, b"t"));
        if let Some(value) = value {
            return Some(&value[..length_of(value)]);
        }
        if rest.first().is_none_or(|octet| matches!(octet, b'\r' | b'\n')) {
            return None;
        }
    }
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if !starts_with(line, name) {
        return None;
    }
    let rest = line[name.len()..].trim_ascii_start();
    rest.strip_prefix(b":")
}

/// Up to the end of a header's last line.
fn length_of(value: &[u8]) -> usize {
    let is_end =
        |at: &usize| value[*at] == b'\n' && !value.get(at + 1).is_some_and(|next| matches!(next, b' ' | b'\t'));
    (0..value.len()).find(is_end).unwrap_or(value.len())
}

/// Whether a parameter behind the address is the tag.
fn is_tagged(to: &[u8]) -> bool {
    let behind = to.iter().rposition(|octet| *octet == b'>').map_or(0, |at| at + 1);
    let mut params = to[behind..].split(|octet| *octet == b';').skip(1);
    params.any(|param| value_of_param(param.trim_ascii_start()))
}

fn value_of_param(param: &[u8]) -> bool {
    starts_with(param, b"tag") && param[3..].trim_ascii_start().starts_with(b"=")
}

fn starts_with(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ];
        let others = [
            "To: <sip:a@b>",
            "To: <sip:a@b;tag=7>",
            "To: \";tag=7\" <sip:a@b>",
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
    fn a_cancel_waits_behind_its_invite() {
        for to in ["To: <sip:a@b>", "To: <sip:a@b>;tag=7"] {
            let invite = request(to).replace("BYE", "INVITE");
            assert_eq!(lane_of(invite.as_bytes()), lane_of(invite.replace("INVITE", "CANCEL").as_bytes()));
        }
    }
}
