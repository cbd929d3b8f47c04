//! What the configuration says of a trunk.

use crate::ivr::menu::Name;
use crate::model::{Network, PhoneNumber};
use crate::voip::audio::Codec;
use crate::voip::sdp::SecureMedia;
use crate::voip::sip::digest::{Ha1, Login};
use crate::voip::sip::source::Source;
use crate::voip::sip::{Host, Peer};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A provider or an exchange that brings calls and takes calls of ours.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Where its requests go.
    pub peer: Peer,
    /// Where else it is, when it is known by a name.
    pub located: Vec<IpAddr>,
    /// The host of its URIs.
    pub domain: Host,
    /// Our account there.
    pub login: Option<Login>,
    /// The number that the called see.
    pub caller_id: Option<PhoneNumber>,
    /// Where its calls come from, taken without a password; without any it is the address that ours go to.
    pub from: Vec<Network>,
    /// Who it says it is when it calls; without that it is known by its address.
    pub inbound: Option<Inbound>,
    /// The numbers that it delivers; `None`: those of the menu's lines.
    pub numbers: Option<Numbers>,
    /// The codecs of its calls, best first; `None`: those of all calls.
    pub codecs: Option<Vec<Codec>>,
    /// Whether its calls are encrypted; `None`: theirs as those of other callers, ours never.
    pub secure: Option<SecureMedia>,
    /// Its calls at once, in both directions.
    pub calls: Option<NonZeroUsize>,
    /// How long we ask to be registered there; `None`: not at all.
    pub register: Option<Duration>,
    /// How often it is asked whether it is there; `None`: never.
    pub ping: Option<Duration>,
    /// How long those who are called through it are rung.
    pub ring: Option<Duration>,
    /// Whether a caller who is handed on through it hears what the network says before the answer.
    pub early_media: bool,
}

/// What a trunk shows when it calls.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// Its user name.
    pub user: String,
    /// What is kept of its password.
    pub ha1: Ha1,
}

/// From called numbers to lines of the menu.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    exact: HashMap<Box<str>, Name>,
    /// Longest first.
    prefixes: Vec<(Box<str>, Name)>,
}

impl Trunk {
    /// A trunk that is known by its address and asks for nothing.
    #[must_use]
    pub const fn new(peer: Peer, domain: Host) -> Self {
        Self {
            peer,
            located: Vec::new(),
            domain,
            login: None,
            caller_id: None,
            from: Vec::new(),
            inbound: None,
            numbers: None,
            codecs: None,
            secure: None,
            calls: None,
            register: None,
            ping: None,
            ring: None,
            early_media: true,
        }
    }

    /// The port of its URIs: a trunk that is known by its address alone is asked at its port, too.
    pub(in crate::exchange) fn own_port(&self) -> Option<u16> {
        let port = matches!(self.domain, Host::Ip(_)).then(|| self.peer.addr.port());
        port.filter(|port| *port != self.peer.transport.default_port())
    }

    /// Whether its calls come from this address.
    #[must_use]
    pub fn is_at(&self, source: IpAddr) -> bool {
        match self.from.as_slice() {
            [] => {
                let is_it = |ip: IpAddr| !ip.is_unspecified() && ip.to_canonical() == source.to_canonical();
                is_it(self.peer.addr.ip()) || self.located.iter().copied().any(is_it)
            }
            networks => networks.iter().any(|network| network.contains(source)),
        }
    }

    /// Whether its calls come from an address of this source: of IPv6 the whole network that is one for limits.
    pub(in crate::exchange) fn is_within(&self, source: Source) -> bool {
        let own = [self.peer.addr.ip()].into_iter().chain(self.located.iter().copied());
        let is_it = |ip: IpAddr| !ip.is_unspecified() && Source::of(ip) == source;
        match self.from.as_slice() {
            [] => own.into_iter().any(is_it),
            networks => networks.iter().any(|network| network.contains(source.ip()) || is_it(network.first())),
        }
    }
}

impl Numbers {
    /// Of numbers as written, each with the line's name; one that ends in `*` stands for all that begin like it.
    pub fn new<'a>(written: impl IntoIterator<Item = (&'a str, Name)>) -> Self {
        let mut numbers = Self::default();
        for (text, line) in written {
            if let Some(prefix) = text.strip_suffix('*') {
                numbers.prefixes.push((prefix.into(), line));
            } else {
                let number = PhoneNumber::parse(text);
                let key = number.as_ref().map_or(text, PhoneNumber::as_str);
                numbers.exact.insert(key.into(), line);
            }
        }
        numbers.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        numbers
    }

    /// The line of a called number or name; `None` when the trunk does not deliver it. Parameters of the number, such as
    /// those of one that was carried over to another network (RFC 4694), make no other number of it.
    #[must_use]
    pub fn line(&self, called: &str) -> Option<&Name> {
        let number = PhoneNumber::parse(called.split(';').next().unwrap_or_default());
        let called = number.as_ref().map_or(called, PhoneNumber::as_str);
        let by_prefix = || self.prefixes.iter().find(|(prefix, _)| called.starts_with(&**prefix));
        self.exact.get(called).or_else(|| by_prefix().map(|(_, line)| line))
    }

    /// The lines that are named.
    pub fn lines(&self) -> impl Iterator<Item = &Name> {
        self.exact.values().chain(self.prefixes.iter().map(|(_, line)| line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_is_at_its_own_address_unless_others_are_named() {
        let peer = Peer::udp("192.0.2.20:5060".parse().unwrap());
        let plain = Trunk::new(peer, Host::from(peer.addr.ip()));
        let named = Trunk { from: vec!["203.0.113.0/28".parse().unwrap()], ..plain.clone() };
        let is = |trunk: &Trunk, address: &str| trunk.is_at(address.parse().unwrap());
        assert!(is(&plain, "192.0.2.20") && !is(&plain, "203.0.113.3"));
        assert!(!is(&named, "192.0.2.20") && is(&named, "203.0.113.3"));
    }

    #[test]
    fn a_trunk_of_ipv6_is_known_by_the_network_that_limits_know() {
        let peer = Peer::udp("[2001:db8:1:2::20]:5060".parse().unwrap());
        let plain = Trunk::new(peer, Host::from(peer.addr.ip()));
        let named = Trunk {
            from: vec!["2001:db8:3:4::7".parse().unwrap(), "2001:db8:8::/48".parse().unwrap()],
            ..plain.clone()
        };
        let is = |trunk: &Trunk, address: &str| trunk.is_within(Source::of(address.parse().unwrap()));
        assert!(is(&plain, "2001:db8:1:2::20") && !is(&plain, "2001:db8:1:3::20"));
        assert!(is(&named, "2001:db8:3:4::7") && is(&named, "2001:db8:8:9::1") && !is(&named, "2001:db8:1:2::20"));
    }

    #[test]
    fn a_number_finds_its_line_and_the_longest_beginning_wins() {
        let numbers = Numbers::new([
            ("8 495 123-45-67", "main".into()),
            ("+7495*", "moscow".into()),
            ("+749576*", "premium".into()),
            ("bank", "main".into()),
        ]);
        for (called, line) in [
            ("+74951234567", Some("main")),
            ("84951234567", Some("main")),
            ("+74951234567;npdi;rn=+79000000000", Some("main")),
            ("+74950000000", Some("moscow")),
            ("+74957654321", Some("premium")),
            ("bank", Some("main")),
            ("+78120000000", None),
            ("desk", None),
            ("", None),
        ] {
            assert_eq!(numbers.line(called).map(|line| &**line), line, "{called}");
        }
    }
}
