//! Addresses with a display name and parameters: From, To, Contact, Route and their kin (RFC 3261 §20.10).

use std::ops::Range;

use super::super::params::Params;
use super::super::text::{
    Malformed, find_outside, is_space, is_token_byte, quote, quoted_prefix, trim, unescape_quoted, utf8,
};
use super::super::uri::{SipUri, Uri};
use super::{HeaderName, TypedHeader};

/// `"Display" <uri>;parameters`, or `uri;parameters` without brackets.
///
/// What was received is written back letter by letter; a display name may hold any bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    text: Vec<u8>,
    display: Range<usize>,
    uri: Uri,
    params: Params,
}

impl NameAddr {
    /// `<uri>`.
    #[must_use]
    pub fn new(uri: impl Into<Uri>) -> Self {
        let uri = uri.into();
        Self { text: format!("<{uri}>").into_bytes(), display: 0..0, uri, params: Params::default() }
    }

    /// `"display" <uri>`.
    #[must_use]
    pub fn with_display(display: &str, uri: impl Into<Uri>) -> Self {
        let uri = uri.into();
        let quoted = quote(display);
        let text = format!("{quoted} <{uri}>").into_bytes();
        Self { text, display: 0..quoted.len(), uri, params: Params::default() }
    }

    /// Reads a name-addr or an addr-spec with the parameters of its header.
    ///
    /// # Errors
    /// When the quotes or brackets do not close, the URI is malformed, or a URI that needs brackets has none.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("address");
        let value = trim(value);
        let (display, rest) = if value.starts_with(b"\"") {
            let (inner, rest) = quoted_prefix(value).ok_or(WHAT)?;
            (inner.len() + 2, trim(rest))
        } else {
            let open = value.iter().position(|&byte| byte == b'<').unwrap_or(0);
            (trim(&value[..open]).len(), &value[open..])
        };
        if !value.starts_with(b"\"") && !value[..display].iter().all(|&byte| is_display_byte(byte)) {
            return Err(Malformed("display name"));
        }
        let (uri, params) = match rest.strip_prefix(b"<") {
            Some(rest) => {
                let close = rest.iter().position(|&byte| byte == b'>').ok_or(WHAT)?;
                (&rest[..close], &rest[close + 1..])
            }
            None if display > 0 => return Err(WHAT),
            None => {
                let end = find_outside(rest, b';').unwrap_or(rest.len());
                let (uri, params) = rest.split_at(end);
                if uri.iter().any(|byte| matches!(byte, b'?' | b',')) {
                    return Err(WHAT);
                }
                (trim(uri), params)
            }
        };
        Ok(Self {
            text: value.to_vec(),
            display: 0..display,
            uri: Uri::parse(utf8(uri, "URI")?)?,
            params: Params::parse(params)?,
        })
    }

    /// The display name without quotes and escapes; empty when there is none. Bytes that are not UTF-8 become the
    /// replacement character.
    #[must_use]
    pub fn display(&self) -> String {
        let raw = &self.text[self.display.clone()];
        match quoted_prefix(raw) {
            Some((inner, _)) => String::from_utf8_lossy(&unescape_quoted(inner)).into_owned(),
            None => String::from_utf8_lossy(raw).into_owned(),
        }
    }

    /// The URI.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The URI, when it is `sip:` or `sips:`.
    #[must_use]
    pub const fn sip_uri(&self) -> Option<&SipUri> {
        self.uri.as_sip()
    }

    /// The header's parameters (behind the brackets, not those of the URI).
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The tag of a From or To.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The same address with this tag, unless it has one.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        if self.tag().is_none() {
            self.set_param("tag", Some(tag));
        }
        self
    }

    /// The same address without its header's parameters, as for the remote end of a new request.
    #[must_use]
    pub fn without_params(&self) -> Self {
        let mut bare = self.clone();
        bare.params = Params::default();
        bare.rebuild();
        bare
    }

    /// Sets a parameter of the header.
    pub fn set_param(&mut self, name: &str, value: Option<&str>) {
        self.params.set(name, value);
        self.rebuild();
    }

    fn rebuild(&mut self) {
        self.text.truncate(self.display.end);
        if self.display.end > 0 {
            self.text.push(b' ');
        }
        self.text.extend_from_slice(format!("<{}>{}", self.uri, self.params).as_bytes());
    }

    /// The value as on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }
}

/// What may stand in a display name without quotes: tokens and spaces, and the letters beyond ASCII that some
/// phones forget to quote.
const fn is_display_byte(byte: u8) -> bool {
    is_token_byte(byte) || is_space(byte) || byte >= 0x80
}

macro_rules! address_headers {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub struct $name(pub NameAddr);

            impl TypedHeader for $name {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &[u8]) -> Result<Self, Malformed> {
                    NameAddr::parse(value).map(Self).map_err(|_| Malformed(HeaderName::$name.as_str()))
                }

                fn write(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(self.0.as_bytes());
                }
            }
        )*
    };
}

address_headers! {
    /// A hop that the request has yet to visit (RFC 3261 §20.34).
    Route;
    /// A hop that wants to stay on the path (RFC 3261 §20.30).
    RecordRoute;
    /// A hop before the registrar (RFC 3327).
    Path;
    /// The route that a registrar gives out (RFC 3608).
    ServiceRoute;
    /// Who calls, as a trusted network says (RFC 3325 §9.1).
    PAssertedIdentity;
    /// Who the caller wants to be (RFC 3325 §9.2).
    PPreferredIdentity;
    /// Who calls, as a network of before RFC 3325 says (draft-ietf-sip-privacy).
    RemotePartyId;
    /// From whom the call was diverted, the last one first (RFC 5806).
    Diversion;
    /// Whom the request was for, the first one first (RFC 7044).
    HistoryInfo;
    /// Whom to call (RFC 3515 §2.1).
    ReferTo;
    /// Who asked for it (RFC 3892 §3).
    ReferredBy;
}

/// One Contact (RFC 3261 §20.10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Contact {
    /// `*`: every binding, in a REGISTER that removes them.
    Any,
    /// An address.
    Addr(NameAddr),
}

impl Contact {
    /// The address, unless it is `*`.
    #[must_use]
    pub const fn addr(&self) -> Option<&NameAddr> {
        match self {
            Self::Any => None,
            Self::Addr(addr) => Some(addr),
        }
    }

    /// The wish to be tried first, in thousandths: 0–1000 (§20.10: 1 when it is absent).
    #[must_use]
    pub fn priority(&self) -> u16 {
        let q = self.addr().and_then(|addr| addr.params().get("q"));
        q.and_then(parse_thousandths).unwrap_or(1000)
    }

    /// The `expires` parameter in seconds. A number too large is the largest (§20.10), one that is none counts as
    /// 3600 (§20.10).
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        let text = self.addr()?.params().get("expires")?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(3600);
        }
        Some(text.parse().unwrap_or(u32::MAX))
    }
}

/// `0.7`, `1`, `.333` in thousandths.
fn parse_thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u16 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: u16 = if digits { format!("{fraction:0<3}").parse().ok()? } else { return None };
    whole.checked_mul(1000)?.checked_add(fraction).filter(|thousandths| *thousandths <= 1000)
}

impl TypedHeader for Contact {
    const NAME: HeaderName = HeaderName::Contact;

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        if trim(value) == b"*" {
            return Ok(Self::Any);
        }
        NameAddr::parse(value).map(Self::Addr).map_err(|_| Malformed("Contact"))
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Any => out.push(b'*'),
            Self::Addr(addr) => out.extend_from_slice(addr.as_bytes()),
        }
    }
}
