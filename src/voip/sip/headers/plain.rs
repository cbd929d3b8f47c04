//! Headers of a number or a word: Call-ID, `CSeq`, Max-Forwards, Expires and their kin.

use std::fmt;
use std::sync::Arc;

use super::super::method::Method;
use super::super::params::Params;
use super::super::text::{Malformed, decimal, is_space, is_token, split_outside, trim, utf8};
use super::{HeaderName, TypedHeader};

/// What all messages of a dialog have in common (RFC 3261 §20.8): compared letter by letter. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SipCallId(Arc<str>);

impl SipCallId {
    /// The identifier of a text of visible ASCII letters.
    ///
    /// # Errors
    /// When it is empty or holds something else.
    pub fn new(text: &str) -> Result<Self, Malformed> {
        Self::parse(text.as_bytes())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TypedHeader for SipCallId {
    const NAME: HeaderName = HeaderName::CallId;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = trim(value);
        if value.is_empty() || !value.iter().all(u8::is_ascii_graphic) {
            return Err(Malformed("Call-ID"));
        }
        utf8(value, "Call-ID").map(|text| Self(text.into()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl fmt::Display for SipCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `CSeq: 314159 INVITE` (RFC 3261 §20.16): the number is below 2³¹.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// The number, which grows within a dialog.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl TypedHeader for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("CSeq");
        let value = trim(value);
        let end = value.iter().position(|&byte| is_space(byte)).ok_or(WHAT)?;
        let number = decimal(&value[..end]).filter(|number| *number < 1 << 31).ok_or(WHAT)?;
        let number = u32::try_from(number).map_err(|_| WHAT)?;
        Ok(Self { number, method: Method::parse(trim(&value[end..])).map_err(|_| WHAT)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} {}", self.number, self.method).as_bytes());
    }
}

macro_rules! number_headers {
    ($($(#[$doc:meta])* $name:ident($number:ty);)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub $number);

            impl TypedHeader for $name {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &[u8]) -> Result<Self, Malformed> {
                    const WHAT: Malformed = Malformed(HeaderName::$name.as_str());
                    let number = decimal(value).ok_or(WHAT)?;
                    <$number>::try_from(number).map(Self).map_err(|_| WHAT)
                }

                fn write(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(self.0.to_string().as_bytes());
                }
            }
        )*
    };
}

number_headers! {
    /// How many hops a request may yet take, 0–255 (RFC 3261 §20.22).
    MaxForwards(u8);
    /// The length of the body in octets (RFC 3261 §20.14).
    ContentLength(u32);
    /// The shortest registration that a registrar grants, in seconds (RFC 3261 §20.23).
    MinExpires(u32);
    /// The number of a reliable provisional response (RFC 3262 §7.1).
    RSeq(u32);
}

/// For how many seconds (RFC 3261 §20.19). A number too large is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expires(pub u32);

impl TypedHeader for Expires {
    const NAME: HeaderName = HeaderName::Expires;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = trim(value);
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(Malformed("Expires"));
        }
        Ok(Self(decimal(value).and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(u32::MAX)))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.to_string().as_bytes());
    }
}

macro_rules! seconds_headers {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub struct $name {
                /// Whole seconds.
                pub seconds: u32,
                /// What follows.
                pub params: Params,
            }

            impl TypedHeader for $name {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &[u8]) -> Result<Self, Malformed> {
                    const WHAT: Malformed = Malformed(HeaderName::$name.as_str());
                    let end = value.iter().position(|byte| matches!(byte, b';' | b'(')).unwrap_or(value.len());
                    let (seconds, rest) = value.split_at(end);
                    let seconds = decimal(seconds).and_then(|seconds| u32::try_from(seconds).ok()).ok_or(WHAT)?;
                    // A comment in brackets may stand before the parameters (Retry-After); nobody needs it.
                    let at = rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len());
                    Ok(Self { seconds, params: Params::parse(&rest[at..]).map_err(|_| WHAT)? })
                }

                fn write(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(format!("{}{}", self.seconds, self.params).as_bytes());
                }
            }
        )*
    };
}

seconds_headers! {
    /// How long a session lives without a refresh, and who refreshes it (RFC 4028 §4).
    SessionExpires;
    /// The shortest session interval (RFC 4028 §5).
    MinSe;
    /// When to ask again (RFC 3261 §20.33).
    RetryAfter;
}

macro_rules! word_headers {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub struct $name {
                /// The word, as written.
                pub word: Box<str>,
                /// What follows.
                pub params: Params,
            }

            impl $name {
                /// A word without parameters.
                #[must_use]
                pub fn new(word: &str) -> Self {
                    Self { word: word.into(), params: Params::default() }
                }

                /// Whether it is this word, in any case.
                #[must_use]
                pub fn is(&self, word: &str) -> bool {
                    self.word.eq_ignore_ascii_case(word)
                }
            }

            impl TypedHeader for $name {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &[u8]) -> Result<Self, Malformed> {
                    const WHAT: Malformed = Malformed(HeaderName::$name.as_str());
                    let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
                    let (word, params) = value.split_at(end);
                    let word = utf8(trim(word), WHAT.0)?;
                    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_graphic()) {
                        return Err(WHAT);
                    }
                    Ok(Self { word: word.into(), params: Params::parse(params).map_err(|_| WHAT)? })
                }

                fn write(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(format!("{}{}", self.word, self.params).as_bytes());
                }
            }
        )*
    };
}

word_headers! {
    /// What a subscription or a NOTIFY is about (RFC 6665 §8.2.1).
    Event;
    /// How a subscription goes (RFC 6665 §8.2.3).
    SubscriptionState;
    /// What the body is for (RFC 3261 §20.11).
    ContentDisposition;
    /// The dialog whose place a call takes: a Call-ID with `to-tag` and `from-tag` (RFC 3891 §6.1).
    Replaces;
    /// Why a request is sent: a protocol with `cause` and `text` (RFC 3326).
    Reason;
}

/// `type/subtype;parameters` (RFC 3261 §20.15).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentType {
    kind: Box<str>,
    subtype: Box<str>,
    /// `;boundary=…` and others.
    pub params: Params,
}

impl ContentType {
    /// A media type without parameters, such as `application`, `sdp`.
    #[must_use]
    pub fn new(kind: &str, subtype: &str) -> Self {
        Self { kind: kind.into(), subtype: subtype.into(), params: Params::default() }
    }

    /// Whether it holds parts, of whatever relation.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.kind.eq_ignore_ascii_case("multipart")
    }

    /// Whether it is this type, in any case.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl TypedHeader for ContentType {
    const NAME: HeaderName = HeaderName::ContentType;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("Content-Type");
        let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
        let (media, params) = value.split_at(end);
        let slash = media.iter().position(|&byte| byte == b'/').ok_or(WHAT)?;
        let (kind, subtype) = (trim(&media[..slash]), trim(&media[slash + 1..]));
        if !is_token(kind) || !is_token(subtype) {
            return Err(WHAT);
        }
        let params = Params::parse(params).map_err(|_| WHAT)?;
        Ok(Self { kind: utf8(kind, WHAT.0)?.into(), subtype: utf8(subtype, WHAT.0)?.into(), params })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{}/{}{}", self.kind, self.subtype, self.params).as_bytes());
    }
}

/// Which reliable provisional response a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RAck {
    /// The response's `RSeq`.
    pub response: u32,
    /// The request's `CSeq`.
    pub cseq: CSeq,
}

impl TypedHeader for RAck {
    const NAME: HeaderName = HeaderName::RAck;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("RAck");
        let value = trim(value);
        let end = value.iter().position(|&byte| is_space(byte)).ok_or(WHAT)?;
        let response = decimal(&value[..end]).and_then(|number| u32::try_from(number).ok()).ok_or(WHAT)?;
        Ok(Self { response, cseq: CSeq::parse(&value[end..]).map_err(|_| WHAT)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} ", self.response).as_bytes());
        self.cseq.write(out);
    }
}

/// What the caller wants hidden (RFC 3323 §4.2): `id`, `header`, `session`, `user`, `none`, `critical`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Privacy(pub Vec<Box<str>>);

impl Privacy {
    /// Whether this is among the wishes.
    #[must_use]
    pub fn has(&self, wish: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(wish))
    }
}

impl TypedHeader for Privacy {
    const NAME: HeaderName = HeaderName::Privacy;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("Privacy");
        let wish = |word: &[u8]| if is_token(word) { utf8(word, WHAT.0).map(Into::into) } else { Err(WHAT) };
        split_outside(value, b';').map(wish).collect::<Result<_, _>>().map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.join(";").as_bytes());
    }
}
