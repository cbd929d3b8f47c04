//! Headers: kept as bytes in their order, read as types where somebody asks.
//!
//! ```text
//!   wire                                  Headers
//!   v: SIP/2.0/UDP a, SIP/2.0/UDP b  ──▶  Via │ SIP/2.0/UDP a      a list of addresses: a field for each element
//!   Subject: one                          Via │ SIP/2.0/UDP b
//!    two                                  Subject │ one two         unfolded
//!   X-Ours: \xff                          "X-Ours" │ \xff           unknown: any bytes
//! ```
//!
//! A header type implements [`TypedHeader`] and is then read with [`Headers::typed`] and written with
//! [`Headers::push`]; a new one needs nothing else.

mod address;
mod name;
mod plain;
mod via;

use std::fmt;
use std::ops::Range;

pub use address::{
    Contact, Diversion, HistoryInfo, NameAddr, PAssertedIdentity, PPreferredIdentity, Path, RecordRoute, ReferTo,
    ReferredBy, RemotePartyId, Route, ServiceRoute,
};
pub use name::HeaderName;
pub use plain::{
    CSeq, ContentDisposition, ContentLength, ContentType, Event, Expires, MaxForwards, MinExpires, MinSe, Privacy,
    RAck, RSeq, Reason, Replaces, RetryAfter, SessionExpires, SipCallId, SubscriptionState,
};
pub use via::{MAGIC_COOKIE, Via};

use super::text::{Malformed, is_token, split_outside};

/// A header's value as a type.
pub trait TypedHeader: Sized {
    /// Which header it is.
    const NAME: HeaderName;

    /// Reads one value: one element, where the header is a list.
    ///
    /// # Errors
    /// When it does not follow the header's grammar.
    fn parse(value: &[u8]) -> Result<Self, Malformed>;

    /// Appends the value as on the wire, without name and line end.
    fn write(&self, out: &mut Vec<u8>);
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FieldName {
    Known(HeaderName),
    Other(Range<usize>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: FieldName,
    value: Range<usize>,
}

/// The headers of a message in their order, unfolded.
#[derive(Clone, Default)]
pub struct Headers {
    text: Vec<u8>,
    fields: Vec<Field>,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line as it was received: a list of addresses becomes a field for each element. Line ends within the
    /// value become spaces.
    pub(crate) fn push_line(&mut self, name: &[u8], value: &[u8]) {
        match HeaderName::parse(name) {
            Some(name) if name.is_split() => {
                split_outside(value, b',').for_each(|element| self.push_bytes(name, element));
            }
            Some(name) => self.push_bytes(name, value),
            None => {
                let start = self.text.len();
                self.text.extend_from_slice(name);
                let name = FieldName::Other(start..self.text.len());
                self.push_field(name, value);
            }
        }
    }

    /// Adds a value as bytes. Line ends within it become spaces, so that no value can forge a header.
    pub fn push_bytes(&mut self, name: HeaderName, value: &[u8]) {
        self.push_field(FieldName::Known(name), value);
    }

    /// Adds a value as text.
    pub fn push_text(&mut self, name: HeaderName, value: &str) {
        self.push_bytes(name, value.as_bytes());
    }

    /// Adds a header that we have no name for.
    ///
    /// # Errors
    /// When the name is no token.
    pub fn push_other(&mut self, name: &str, value: &[u8]) -> Result<(), Malformed> {
        if !is_token(name.as_bytes()) {
            return Err(Malformed("header name"));
        }
        self.push_line(name.as_bytes(), value);
        Ok(())
    }

    /// Adds a value behind those that are there.
    pub fn push<T: TypedHeader>(&mut self, value: &T) {
        let mut bytes = Vec::with_capacity(64);
        value.write(&mut bytes);
        self.push_bytes(T::NAME, &bytes);
    }

    /// Puts a value in the place of all of its name.
    pub fn set<T: TypedHeader>(&mut self, value: &T) {
        self.remove(T::NAME);
        self.push(value);
    }

    fn push_field(&mut self, name: FieldName, value: &[u8]) {
        let start = self.text.len();
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let first = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
        let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(first, |last| last + 1);
        let visible = value[first..end].iter();
        self.text.extend(visible.map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        self.fields.push(Field { name, value: start..self.text.len() });
    }

    /// The first value of a name, as bytes.
    #[must_use]
    pub fn get(&self, name: HeaderName) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// Every value of a name, as bytes.
    pub fn get_all(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        let wanted = FieldName::Known(name);
        self.fields.iter().filter(move |field| field.name == wanted).map(|field| &self.text[field.value.clone()])
    }

    /// The first value of a header that we have no name for; the name's case does not matter.
    #[must_use]
    pub fn get_other(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// Whether a name is there.
    #[must_use]
    pub fn has(&self, name: HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// The first value as its type; `None` when the header is absent.
    ///
    /// # Errors
    /// When it is there and does not follow its grammar.
    pub fn typed<T: TypedHeader>(&self) -> Result<Option<T>, Malformed> {
        self.get(T::NAME).map(T::parse).transpose()
    }

    /// Every value as its type.
    ///
    /// # Errors
    /// When one of them does not follow the grammar.
    pub fn all<T: TypedHeader>(&self) -> Result<Vec<T>, Malformed> {
        self.get_all(T::NAME).map(T::parse).collect()
    }

    /// The words of a list such as Allow, Supported or Require, from all its lines, without empty ones.
    pub fn words(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        let elements = self.get_all(name).flat_map(|value| split_outside(value, b','));
        elements.filter_map(|word| str::from_utf8(word).ok()).filter(|word| !word.is_empty())
    }

    /// Whether a list holds a word, in any case.
    #[must_use]
    pub fn has_word(&self, name: HeaderName, word: &str) -> bool {
        self.words(name).any(|known| known.eq_ignore_ascii_case(word))
    }

    /// Takes away every value of a name.
    pub fn remove(&mut self, name: HeaderName) {
        self.fields.retain(|field| field.name != FieldName::Known(name));
    }

    /// Takes away every value of several names.
    pub(crate) fn remove_all(&mut self, names: &[HeaderName]) {
        self.fields.retain(|field| !matches!(&field.name, FieldName::Known(name) if names.contains(name)));
    }

    /// Adds everything that others hold, in its order.
    pub fn append(&mut self, others: &Self) {
        for field in &others.fields {
            let value = &others.text[field.value.clone()];
            match &field.name {
                FieldName::Known(name) => self.push_bytes(*name, value),
                FieldName::Other(name) => self.push_line(&others.text[name.clone()], value),
            }
        }
    }

    /// Copies every value of a name from another message.
    pub fn copy_all(&mut self, name: HeaderName, from: &Self) {
        from.get_all(name).for_each(|value| self.push_bytes(name, value));
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| {
            let name = match &field.name {
                FieldName::Known(name) => name.as_str().as_bytes(),
                FieldName::Other(range) => &self.text[range.clone()],
            };
            (name, &self.text[field.value.clone()])
        })
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Appends all as lines.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (name, value) in self.iter() {
            write_line(out, name, value);
        }
    }
}

/// Appends one header line.
pub(crate) fn write_line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            let secret = HeaderName::parse(name).is_some_and(HeaderName::is_secret);
            let value = if secret { "•••".into() } else { String::from_utf8_lossy(value) };
            map.entry(&String::from_utf8_lossy(name), &value);
        }
        map.finish()
    }
}
