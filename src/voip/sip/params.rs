//! Parameters: `;name=value` behind a header's value or within a URI.

use std::fmt;

use super::text::{Malformed, is_space, is_token, quote, quoted_prefix, trim, unescape_quoted, utf8};

/// The most parameters of one header or URI: comparing two sets takes the product of their numbers.
const MAX_PARAMS: usize = 64;

/// Parameters in their order, kept as one text `;a=b;c="d e";f` without white space around the signs.
///
/// Names are compared without case. A name that stands twice answers with its first value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params {
    text: String,
}

impl Params {
    /// Reads the parameters of a header: empty, or beginning with `;`. White space is allowed around the signs.
    ///
    /// # Errors
    /// When there are more than 64, a name is no token, a value is neither token, host nor quoted string, or the bytes are not UTF-8.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("parameter");
        let mut text = String::with_capacity(bytes.len());
        let mut rest = trim(bytes);
        for _ in 0..=MAX_PARAMS {
            if rest.is_empty() {
                return Ok(Self { text });
            }
            rest = trim(rest.strip_prefix(b";").ok_or(WHAT)?);
            let end = rest.iter().position(|&byte| matches!(byte, b';' | b'=') || is_space(byte)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if !is_token(name) {
                return Err(WHAT);
            }
            text.push(';');
            text.push_str(utf8(name, WHAT.0)?);
            rest = trim(after);
            if let Some(after) = rest.strip_prefix(b"=") {
                let (value, after) = split_value(trim(after))?;
                text.push('=');
                text.push_str(utf8(value, WHAT.0)?);
                rest = trim(after);
            }
        }
        Err(WHAT)
    }

    /// Reads the parameters of a URI: empty, or beginning with `;`; no white space, no quotes.
    pub(crate) fn parse_uri(text: &str) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("URI parameter");
        if text.is_empty() {
            return Ok(Self::default());
        }
        for (index, param) in text.strip_prefix(';').ok_or(WHAT)?.split(';').enumerate() {
            let name = param.split_once('=').map_or(param, |(name, _)| name);
            let lawful = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()%[]/:&+$=".contains(byte);
            if index >= MAX_PARAMS || name.is_empty() || !param.as_bytes().iter().all(lawful) {
                return Err(WHAT);
            }
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The parameters in order: name, and value as on the wire (quotes and escapes included).
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut rest = self.text.as_str();
        std::iter::from_fn(move || {
            rest = rest.strip_prefix(';')?;
            let end = param_end(rest);
            let (param, after) = rest.split_at(end);
            rest = after;
            Some(param.split_once('=').map_or((param, None), |(name, value)| (name, Some(value))))
        })
    }

    /// The value of a parameter as on the wire; `Some("")` for one without a value, `None` when it is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.unwrap_or(""))
    }

    /// The value of a parameter with quotes removed and escapes undone.
    #[must_use]
    pub fn get_unquoted(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        match quoted_prefix(value.as_bytes()) {
            Some((inner, _)) => String::from_utf8(unescape_quoted(inner)).ok(),
            None => Some(value.to_owned()),
        }
    }

    /// Whether a parameter is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Sets a parameter, in its place when it is there, else at the end. A value that is neither a token nor a
    /// host is quoted.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let mut text = String::with_capacity(self.text.len() + name.len() + 16);
        let mut done = false;
        for (known, old) in self.iter() {
            if known.eq_ignore_ascii_case(name) {
                if !done {
                    write_param(&mut text, name, value);
                }
                done = true;
            } else {
                text.push(';');
                text.push_str(known);
                if let Some(old) = old {
                    text.push('=');
                    text.push_str(old);
                }
            }
        }
        if !done {
            write_param(&mut text, name, value);
        }
        self.text = text;
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        let mut text = String::with_capacity(self.text.len());
        for (known, value) in self.iter().filter(|(known, _)| !known.eq_ignore_ascii_case(name)) {
            text.push(';');
            text.push_str(known);
            if let Some(value) = value {
                text.push('=');
                text.push_str(value);
            }
        }
        self.text = text;
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn write_param(text: &mut String, name: &str, value: Option<&str>) {
    text.push(';');
    text.push_str(name);
    if let Some(value) = value {
        text.push('=');
        let plain = !value.is_empty() && value.bytes().all(is_plain_value_byte);
        text.push_str(&if plain { value.to_owned() } else { quote(value) });
    }
}

/// A token, or what a host or an IPv6 address adds to it. Some phones write slashes and at-signs unquoted.
const fn is_plain_value_byte(byte: u8) -> bool {
    super::text::is_token_byte(byte) || matches!(byte, b'[' | b']' | b':' | b'/' | b'@' | b'$' | b'&' | b'(' | b')')
}

/// Splits a parameter's value off the front.
fn split_value(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    const WHAT: Malformed = Malformed("parameter");
    if bytes.starts_with(b"\"") {
        let (inner, rest) = quoted_prefix(bytes).ok_or(WHAT)?;
        return Ok((&bytes[..inner.len() + 2], rest));
    }
    let end = bytes.iter().position(|&byte| !is_plain_value_byte(byte)).unwrap_or(bytes.len());
    if end == 0 {
        return Err(WHAT);
    }
    Ok(bytes.split_at(end))
}

/// Where the parameter at the front of a checked text ends.
fn param_end(text: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn white_space_goes_and_quotes_stay() {
        let read = params(" ; a = b;C=\"x;\\\"y\" ;d; e=[2001:db8::1]");
        assert_eq!(read.to_string(), ";a=b;C=\"x;\\\"y\";d;e=[2001:db8::1]");
        assert_eq!((read.get("A"), read.get("d"), read.get("x")), (Some("b"), Some(""), None));
        assert_eq!(read.get_unquoted("c").as_deref(), Some("x;\"y"));
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        for text in ["a", ";", ";;a", ";a=", ";=b", ";a=\"b", ";a=\"b\"c", ";a b", ";a=b,c"] {
            assert!(Params::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Params::parse(";a".repeat(64).as_bytes()).is_ok());
        assert!(Params::parse(";a".repeat(65).as_bytes()).is_err());
        assert!(Params::parse_uri(&";a".repeat(65)).is_err());
    }

    #[test]
    fn a_parameter_is_set_in_its_place_and_quoted_where_it_must_be() {
        let mut set = params(";a=1;b=2;A=3");
        set.set("a", Some("x y"));
        set.set("c", None);
        assert_eq!(set.to_string(), ";a=\"x y\";b=2;c");
        set.remove("B");
        assert_eq!(set.to_string(), ";a=\"x y\";c");
    }
}
