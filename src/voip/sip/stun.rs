//! The answer to a STUN Binding request on the SIP port (RFC 8489; RFC 5626 §4.4.2): a phone behind NAT learns how it
//! is seen and that its way is open.

use std::net::{IpAddr, SocketAddr};

const COOKIE: u32 = 0x2112_A442;
const HEADER: usize = 20;
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const FAILURE: u16 = 0x0111;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// From here on an attribute that is not known may be passed over.
const OPTIONAL: u16 = 0x8000;
/// USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, MESSAGE-INTEGRITY-SHA256: of log-ins, which nobody needs here.
const KNOWN: [u16; 5] = [0x0006, 0x0008, 0x0014, 0x0015, 0x001C];
/// Unknown attributes that are named in an answer: it stays about as long as what is answered.
const MOST_NAMED: usize = 8;

/// Whether a datagram is no SIP but may be STUN: SIP begins with a letter.
#[must_use]
pub fn is_like(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER && datagram.first().is_some_and(|first| *first < 4)
}

/// The answer to a Binding request that came from `from`; `None` for everything else.
#[must_use]
pub fn answer(datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = datagram.split_at_checked(HEADER)?;
    let (kind, length) = (u16_at(header, 0)?, usize::from(u16_at(header, 2)?));
    let cookie = u32::from_be_bytes(header.get(4..8)?.try_into().ok()?);
    if kind != REQUEST || cookie != COOKIE || length != attributes.len() || !length.is_multiple_of(4) {
        return None;
    }
    let unknown = unknown_of(attributes)?;
    let mut body = Vec::new();
    let kind = if unknown.is_empty() {
        push(&mut body, XOR_MAPPED_ADDRESS, &mapped(from, &header[4..HEADER]));
        SUCCESS
    } else {
        push(&mut body, ERROR_CODE, &[0, 0, 4, 20]);
        let named: Vec<u8> = unknown.iter().take(MOST_NAMED).flat_map(|kind| kind.to_be_bytes()).collect();
        push(&mut body, UNKNOWN_ATTRIBUTES, &named);
        FAILURE
    };
    let length = u16::try_from(body.len()).ok()?;
    let head = [kind.to_be_bytes(), length.to_be_bytes()].concat();
    Some([&head, &header[4..HEADER], &body].concat())
}

/// The attributes that must be understood and are not; `None` when they cannot be read.
fn unknown_of(mut attributes: &[u8]) -> Option<Vec<u16>> {
    let mut unknown = Vec::new();
    while !attributes.is_empty() {
        let (kind, length) = (u16_at(attributes, 0)?, usize::from(u16_at(attributes, 2)?));
        attributes = attributes.get(4 + length.next_multiple_of(4)..)?;
        if kind < OPTIONAL && !KNOWN.contains(&kind) {
            unknown.push(kind);
        }
    }
    Some(unknown)
}

/// An address, so written that no router on the way takes it for one and changes it (§14.2). `mask` is the cookie and
/// the number of the transaction.
fn mapped(from: SocketAddr, mask: &[u8]) -> Vec<u8> {
    let (family, octets) = match from.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let masked = |octets: &[u8]| octets.iter().zip(mask).map(|(one, other)| one ^ other).collect::<Vec<u8>>();
    [vec![0, family], masked(&from.port().to_be_bytes()), masked(&octets)].concat()
}

fn push(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&kind.to_be_bytes());
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of the transaction in RFC 5769.
    const NUMBER: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&[0, 1], &length[..], &COOKIE.to_be_bytes(), &NUMBER, attributes].concat()
    }

    #[test]
    fn a_binding_is_answered_with_the_address_as_rfc_5769_has_it() {
        for (from, value) in [
            ("192.0.2.1:32853", &[0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43][..]),
            (
                "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
                &[
                    0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5,
                    0xbe, 0xd2, 0xb9, 0xd9,
                ],
            ),
        ] {
            let answer = answer(&request(&[]), from.parse().unwrap()).expect("answered");
            assert_eq!(answer[..2], SUCCESS.to_be_bytes());
            assert_eq!(answer[8..20], NUMBER);
            assert_eq!(answer[20..24], [0, 0x20, 0, u8::try_from(value.len()).unwrap()]);
            assert_eq!(&answer[24..], value, "{from}");
        }
    }

    #[test]
    fn attributes_that_must_be_understood_are_refused_by_name_and_others_passed_over() {
        let from = "192.0.2.1:5060".parse().unwrap();
        let software = [0x80, 0x22, 0, 3, b'x', b'y', b'z', 0];
        assert_eq!(answer(&request(&software), from).unwrap()[..2], SUCCESS.to_be_bytes());
        let refused = answer(&request(&[0, 0x24, 0, 4, 0, 0, 0, 1]), from).unwrap();
        assert_eq!(refused[..2], FAILURE.to_be_bytes());
        assert_eq!(refused[20..], [0, 9, 0, 4, 0, 0, 4, 20, 0, 0x0a, 0, 2, 0, 0x24, 0, 0]);
    }

    #[test]
    fn nothing_else_is_answered_and_no_answer_is_much_longer_than_its_request() {
        let from = "[2001:db8::1]:5060".parse().unwrap();
        let whole = request(&[0x80, 0x22, 0, 1, b'x', 0, 0, 0]);
        for cut in 0..whole.len() {
            assert_eq!(answer(&whole[..cut], from), None, "cut at {cut}");
        }
        let mut other = whole.clone();
        for (at, value) in [(0, 1), (1, 0x11), (4, 0), (3, 4)] {
            let before = std::mem::replace(&mut other[at], value);
            assert_eq!(answer(&other, from), None, "octet {at}");
            other[at] = before;
        }
        let many: Vec<u8> = (0..200_u8).flat_map(|kind| [0, kind, 0, 0]).collect();
        let sizes = [request(&[]), request(&many)].map(|asked| (asked.len(), answer(&asked, from).unwrap().len()));
        assert!(sizes.iter().all(|(asked, answered)| *answered <= asked + 24), "{sizes:?}");
        assert!(is_like(&whole) && !is_like(b"OPTIONS") && !is_like(b"\r\n\r\n") && !is_like(b""));
    }
}
