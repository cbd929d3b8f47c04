//! The letters of the grammar (RFC 3261 §25.1): tokens, white space, quoted strings, lists.

/// Which part of a message does not follow the grammar; fit for the reason phrase of a 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("malformed {0}")]
pub struct Malformed(pub &'static str);

/// Whether `byte` may stand in a token.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether `bytes` are a token: at least one letter, all of them allowed.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

/// Whether `byte` is linear white space within an unfolded value.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `bytes` without the white space at both ends.
pub(crate) const fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// The text of `bytes`, when they are UTF-8.
pub(crate) fn utf8<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a str, Malformed> {
    str::from_utf8(bytes).map_err(|_| Malformed(what))
}

/// A whole decimal number without sign, with optional white space around it.
///
/// `None` when something else stands there or it does not fit.
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    let bytes = trim(bytes);
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Follows quotes, escapes and angle brackets through a value, byte by byte.
#[derive(Clone, Copy, Default)]
pub(crate) struct Nesting {
    quoted: bool,
    escaped: bool,
    angled: bool,
}

impl Nesting {
    /// Takes the next byte; whether it stands outside quotes and brackets.
    pub(crate) const fn is_outside(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
            return false;
        }
        if self.quoted {
            match byte {
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' if !self.angled => {
                self.quoted = true;
                false
            }
            b'<' => {
                self.angled = true;
                false
            }
            b'>' => {
                self.angled = false;
                false
            }
            _ => !self.angled,
        }
    }
}

/// The first place of `wanted` outside quotes and angle brackets.
pub(crate) fn find_outside(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut nesting = Nesting::default();
    bytes.iter().position(|&byte| nesting.is_outside(byte) && byte == wanted)
}

/// The elements of a list separated by `separator` outside quotes and brackets, each trimmed; empty ones stay.
pub(crate) fn split_outside(bytes: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        if let Some(at) = find_outside(bytes, separator) {
            rest = Some(&bytes[at + 1..]);
            Some(trim(&bytes[..at]))
        } else {
            rest = None;
            Some(trim(bytes))
        }
    })
}

/// Splits a quoted string off the front: what stands between the quotes, still escaped, and what follows.
pub(crate) fn quoted_prefix(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = bytes.strip_prefix(b"\"")?;
    let mut escaped = false;
    for (at, &byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    None
}

/// The meaning of an escaped quoted string: each `\x` is `x`.
pub(crate) fn unescape_quoted(inner: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next()),
            _ => plain.push(byte),
        }
    }
    plain
}

/// A text between quotes, with quotes and backslashes escaped and line ends made spaces.
pub(crate) fn quote(plain: &str) -> String {
    let mut quoted = String::with_capacity(plain.len() + 2);
    quoted.push('"');
    for letter in plain.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            '\r' | '\n' => quoted.push(' '),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The value of a percent-escape's two hex digits.
pub(crate) const fn hex_pair(high: u8, low: u8) -> Option<u8> {
    match (hex_digit(high), hex_digit(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Lower-case hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// The bytes of hexadecimal digits in either case; `None` when they are not exactly `N` pairs.
pub(crate) fn from_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = hex_pair(pair[0], pair[1])?;
    }
    Some(bytes)
}
