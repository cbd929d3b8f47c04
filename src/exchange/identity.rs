//! Who calls, as far as it is believed and may be shown.
//!
//! | What says it | believed |
//! |---|---|
//! | P-Asserted-Identity (RFC 3325), then Remote-Party-ID, then From of a call from a trunk's address | yes |
//! | From of any other call | only while the configuration names no trunk at all: then everybody comes through one network |
//!
//! A number that is not believed is written down and identifies nobody: no profile, no `call.from` in the menu, no
//! callback. One that the caller wants hidden (`Privacy: id`, `user` or `header`, RFC 3323) is not written down either;
//! only the list of blocked numbers is held against it.

use super::Exchange;
use super::outside::Way;
use crate::model::{CallId, PhoneNumber};
use crate::voip::sip::headers::{
    Diversion, HeaderName, Headers, HistoryInfo, NameAddr, PAssertedIdentity, Privacy, RemotePartyId,
};
use crate::voip::sip::{Host, Request, SipUri};

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// The number that was told, whatever it is worth.
    claimed: Option<PhoneNumber>,
    worth: Worth,
}

/// What a number is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Worth {
    /// Somebody we trust says so.
    #[default]
    Believed,
    /// The caller says so.
    Unverified,
    /// The caller does not want it shown.
    Withheld,
}

impl Identity {
    /// Somebody whom we have called.
    pub const fn known(number: PhoneNumber) -> Self {
        Self { claimed: Some(number), worth: Worth::Believed }
    }

    /// Who a request is from. `trusted`: its sender's word is taken; `open`: nobody is named whose word counts more.
    pub fn of(request: &Request, trusted: bool, open: bool) -> Self {
        let asserted = if trusted { asserted(request) } else { None };
        let (claimed, hidden) = match asserted {
            Some((number, hidden)) => (Some(number), hidden),
            None => (request.from.uri().phone(), false),
        };
        let privacy = request.headers.typed::<Privacy>().ok().flatten();
        let wishes = ["id", "user", "header"];
        let wants_hidden = privacy.is_some_and(|privacy| wishes.iter().any(|wish| privacy.has(wish)));
        let worth = match (hidden || wants_hidden, trusted || open) {
            (true, _) => Worth::Withheld,
            (false, true) => Worth::Believed,
            (false, false) => Worth::Unverified,
        };
        Self { claimed, worth }
    }

    /// What identifies the caller.
    pub fn believed(&self) -> Option<PhoneNumber> {
        self.claimed.clone().filter(|_| self.worth == Worth::Believed)
    }

    /// What is written down and shown.
    pub fn shown(&self) -> Option<&PhoneNumber> {
        self.claimed.as_ref().filter(|_| self.worth != Worth::Withheld)
    }

    /// Whether it is this one, shown or not.
    pub fn is_among(&self, numbers: &[PhoneNumber]) -> bool {
        self.claimed.as_ref().is_some_and(|number| numbers.contains(number))
    }

    /// Whether the caller does not want to be known.
    pub fn is_withheld(&self) -> bool {
        self.worth == Worth::Withheld
    }

    /// What the record notes beside the number.
    pub fn note(&self) -> Option<&'static str> {
        match (self.worth, &self.claimed) {
            (Worth::Withheld, _) => Some("number_withheld"),
            (Worth::Unverified, Some(_)) => Some("number_unverified"),
            (Worth::Unverified | Worth::Believed, _) => None,
        }
    }

    /// The caller in few letters for an operator's phone.
    pub fn tail(&self) -> String {
        match (self.worth, &self.claimed) {
            (Worth::Withheld, _) => " anonymous".into(),
            (Worth::Believed, Some(number)) => format!(" …{}", number.last(2)),
            (Worth::Unverified, Some(number)) => format!(" …{}?", number.last(2)),
            (Worth::Believed | Worth::Unverified, None) => String::new(),
        }
    }
}

/// What a trusted network asserts, and whether that is to be hidden.
fn asserted(request: &Request) -> Option<(PhoneNumber, bool)> {
    let asserted = request.headers.all::<PAssertedIdentity>().unwrap_or_default();
    if let Some(number) = asserted.iter().find_map(|identity| identity.0.uri().phone()) {
        return Some((number, false));
    }
    let parties = request.headers.all::<RemotePartyId>().unwrap_or_default();
    let calling = |party: &&RemotePartyId| {
        party.0.params().get("party").is_none_or(|party| party.eq_ignore_ascii_case("calling"))
    };
    let party = parties.iter().find(calling)?;
    let hidden = party.0.params().get_unquoted("privacy");
    let hidden = hidden.is_some_and(|word| ["full", "uri"].iter().any(|wish| word.eq_ignore_ascii_case(wish)));
    Some((party.0.uri().phone()?, hidden))
}

impl Exchange {
    /// Tells somebody outside to whom a caller is handed which number was called (Diversion, History-Info), and that
    /// the caller wants to stay unknown.
    /// With `history` it is told in both ways: the menu's own transfers stay within a datagram.
    pub(super) fn tell_origin(&self, id: CallId, way: &Way, history: bool, headers: &mut Headers) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.identity.is_withheld() {
            headers.push_text(HeaderName::Privacy, "id");
        }
        let Some(number) = call.menu[call.line].numbers.first() else { return };
        let host = way.domain().cloned().unwrap_or_else(|| Host::from(way.peer.addr.ip()));
        let line = NameAddr::new(SipUri::new(Some(number.as_str()), host, None));
        let with = |addr: &NameAddr, params: &[(&str, &str)]| {
            let mut addr = addr.clone();
            for (name, value) in params {
                addr.set_param(name, Some(value));
            }
            addr
        };
        headers.push(&Diversion(with(&line, &[("reason", "unconditional"), ("counter", "1")])));
        if !history {
            return;
        }
        headers.push(&HistoryInfo(with(&line, &[("index", "1")])));
        let target = NameAddr::new(way.uri.clone());
        headers.push(&HistoryInfo(with(&target, &[("index", "1.1"), ("mp", "1")])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::sip::Message;

    fn request(more: &str) -> Request {
        let text = format!(
            "INVITE sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
             From: <sip:+74950000001@a>;tag=a\r\nTo: <sip:100@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{more}\r\n\r\n"
        );
        match Message::parse(text.as_bytes()) {
            Ok(Message::Request(request)) => *request_of(request),
            other => panic!("{other:?}"),
        }
    }

    fn request_of(request: impl Into<Box<Request>>) -> Box<Request> {
        request.into()
    }

    /// The last digits of what is believed and of what is shown, and the note.
    fn read(more: &str, trusted: bool, open: bool) -> String {
        let identity = Identity::of(&request(more), trusted, open);
        let last = |number: Option<&PhoneNumber>| number.map_or("-".to_owned(), |number| number.last(1).to_owned());
        let note = identity.note().unwrap_or("-");
        format!("{} {} {note}", last(identity.believed().as_ref()), last(identity.shown()))
    }

    #[test]
    fn only_a_trusted_peer_may_say_who_calls() {
        let asserted = "P-Asserted-Identity: \"A\" <sip:+74950000002@x>, <tel:+74950000003>";
        let party = "Remote-Party-ID: <sip:+74950000004@x>;party=calling;screen=yes";
        let called = "Remote-Party-ID: <sip:+74950000004@x>;party=called";
        let full = "Remote-Party-ID: <sip:+74950000004@x>;party=calling;privacy=full";
        for (more, trusted, open, expected) in [
            ("Subject: x", true, false, "1 1 -"),
            ("Subject: x", false, true, "1 1 -"),
            ("Subject: x", false, false, "- 1 number_unverified"),
            (asserted, true, false, "2 2 -"),
            (asserted, false, true, "1 1 -"),
            (asserted, false, false, "- 1 number_unverified"),
            (party, true, false, "4 4 -"),
            (called, true, false, "1 1 -"),
            (full, true, false, "- - number_withheld"),
            (full, false, true, "1 1 -"),
            (&format!("{party}\r\n{asserted}"), true, false, "2 2 -"),
            ("P-Asserted-Identity: <sip:anna@x>", true, false, "1 1 -"),
            ("P-Asserted-Identity: <sip:+74950000002@x", true, false, "1 1 -"),
            (&format!("{asserted}\r\nPrivacy: id"), true, false, "- - number_withheld"),
            (&format!("{asserted}\r\nPrivacy: none"), true, false, "2 2 -"),
            ("Privacy: user;critical", false, true, "- - number_withheld"),
            ("Privacy: header", false, false, "- - number_withheld"),
            ("Privacy: session", true, false, "1 1 -"),
        ] {
            assert_eq!(read(more, trusted, open), expected, "{more} {trusted} {open}");
        }
    }

    #[test]
    fn a_hidden_number_is_still_held_against_the_blocked_ones() {
        let blocked = [PhoneNumber::parse("+74950000001").unwrap()];
        let identity = Identity::of(&request("Privacy: id"), true, false);
        assert!(identity.is_among(&blocked) && identity.shown().is_none());
        assert_eq!(identity.tail(), " anonymous");
    }
}
