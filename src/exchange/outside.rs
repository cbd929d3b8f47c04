//! Whom we may call outside: trunks and the targets of transfers. Nobody else is ever called, so a menu that was
//! tampered with cannot run up a bill.

use super::trunks::{Callers, Trunk};
use crate::ivr::menu::Name;
use crate::model::PhoneNumber;
use crate::voip::sdp::SecureMedia;
use crate::voip::sip::digest::Login;
use crate::voip::sip::endpoint::{OutgoingCall, Trunks};
use crate::voip::sip::headers::{Headers, NameAddr, PAssertedIdentity};
use crate::voip::sip::peer::NameId;
use crate::voip::sip::source::Source;
use crate::voip::sip::{Host, Peer, SipUri};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Who can be called.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A number, through the first of some trunks that can take the call.
    Number {
        /// The trunks' names, the first to be tried in front.
        trunks: Vec<Name>,
        /// The number as the trunks want it.
        number: PhoneNumber,
        /// How long it is rung; `None`: as the trunk says.
        ring: Option<Duration>,
    },
    /// A SIP address that is reached without a trunk.
    Address {
        /// The Request-URI.
        uri: SipUri,
        /// Where the INVITE goes.
        peer: Peer,
        /// Whether sound is encrypted.
        secure: SecureMedia,
        /// How long it is rung; `None`: as others.
        ring: Option<Duration>,
        /// Whether the caller hears what it says before it answers, instead of our ringing tone.
        early_media: bool,
    },
}

/// Everything outside that the configuration names.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Trunks by name.
    pub trunks: BTreeMap<Name, Trunk>,
    /// Where menus may transfer callers, by the target's name.
    pub transfers: BTreeMap<Name, Destination>,
    /// The trunks that customers are called back through, the first to be tried in front; without one no callback is
    /// taken.
    pub callbacks: Vec<Name>,
    /// How long somebody outside is rung, where nothing else is said.
    pub ring: Duration,
    /// Who may call without being a trunk.
    pub callers: Callers,
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            trunks: BTreeMap::new(),
            transfers: BTreeMap::new(),
            callbacks: Vec::new(),
            ring: Duration::from_secs(30),
            callers: Callers::Anyone,
        }
    }
}

/// How a destination is reached.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub uri: SipUri,
    pub peer: Peer,
    /// The trunk, with as many calls as it may have.
    pub trunk: Option<Name>,
    pub calls: Option<NonZeroUsize>,
    /// How long it is rung.
    pub ring: Duration,
    /// Whether sound is encrypted.
    pub secure: SecureMedia,
    /// Whether the caller hears what the called says before the answer.
    pub early_media: bool,
    login: Option<Login>,
    caller_id: Option<PhoneNumber>,
    domain: Option<Host>,
}

impl Way {
    /// Who calls, as the called sees it. `own` is our address towards them.
    pub fn from(&self, own: IpAddr) -> NameAddr {
        let user = self.caller_id.as_ref().map_or("hotline", PhoneNumber::as_str);
        let host = self.domain.clone().unwrap_or_else(|| Host::from(own));
        NameAddr::new(SipUri::new(Some(user), host, None))
    }

    /// The host of URIs there.
    pub const fn domain(&self) -> Option<&Host> {
        self.domain.as_ref()
    }

    /// The INVITE this way. A network that knows our number is told that it is ours (RFC 3325). `own` is our address
    /// towards them.
    pub fn invite(self, own: IpAddr, offer: String, mut headers: Headers) -> OutgoingCall {
        if self.caller_id.is_some() {
            headers.push(&PAssertedIdentity(self.from(own)));
        }
        OutgoingCall {
            from: self.from(own),
            target: self.uri.into(),
            to: self.peer,
            local: None,
            offer: offer.into_bytes(),
            headers,
            login: self.login,
        }
    }
}

impl Outside {
    /// Takes note of where a name leads: its first server is where media is opened towards, and calls of all of them
    /// are the trunk's.
    pub(super) fn locate(&mut self, name: NameId, peers: &[Peer]) {
        let Some(first) = peers.first() else { return };
        let trunks = self.trunks.values_mut().filter(|trunk| trunk.peer.name == Some(name));
        for trunk in trunks {
            trunk.peer = *first;
            trunk.located = peers.iter().map(|peer| peer.addr.ip()).collect();
        }
        for destination in self.transfers.values_mut() {
            if let Destination::Address { peer, .. } = destination
                && peer.name == Some(name)
            {
                *peer = *first;
            }
        }
    }

    /// The ways to a target of a transfer, the first to be tried in front; none to one that the configuration does not
    /// name.
    pub(super) fn transfer(&self, target: &str) -> Vec<Way> {
        match self.transfers.get(target) {
            None => Vec::new(),
            Some(Destination::Number { trunks, number, ring }) => self.number(trunks, number, *ring),
            Some(Destination::Address { uri, peer, secure, ring, early_media }) => vec![Way {
                uri: uri.clone(),
                peer: *peer,
                trunk: None,
                calls: None,
                ring: ring.unwrap_or(self.ring),
                secure: *secure,
                early_media: *early_media,
                login: None,
                caller_id: None,
                domain: None,
            }],
        }
    }

    /// The target of this name or number.
    pub(super) fn target_named(&self, user: &str, number: Option<&PhoneNumber>) -> Option<Name> {
        let has_number = |destination: &Destination| match destination {
            Destination::Number { number: known, .. } => number == Some(known),
            Destination::Address { .. } => false,
        };
        let by_number = || self.transfers.iter().find(|(_, destination)| has_number(destination));
        self.transfers.get_key_value(user).or_else(by_number).map(|(name, _)| name.clone())
    }

    /// The ways to somebody who is to be called back; none without a trunk for it.
    pub(super) fn callback(&self, number: &PhoneNumber) -> Vec<Way> {
        self.number(&self.callbacks, number, None)
    }

    fn number(&self, trunks: &[Name], number: &PhoneNumber, ring: Option<Duration>) -> Vec<Way> {
        let known = trunks.iter().filter_map(|name| Some((name, self.trunks.get(name)?)));
        let way = |(name, trunk): (&Name, &Trunk)| {
            let mut uri = SipUri::new(Some(number.as_str()), trunk.domain.clone(), trunk.own_port());
            if trunk.peer.transport.is_reliable() {
                uri.params.set("transport", Some(&trunk.peer.transport.name().to_ascii_lowercase()));
            }
            Way {
                uri,
                peer: trunk.peer,
                trunk: Some(name.clone()),
                calls: trunk.calls,
                ring: ring.or(trunk.ring).unwrap_or(self.ring),
                secure: trunk.secure.unwrap_or(SecureMedia::Refused),
                early_media: trunk.early_media,
                login: trunk.login.clone(),
                caller_id: trunk.caller_id.clone(),
                domain: matches!(trunk.domain, Host::Name(_)).then(|| trunk.domain.clone()),
            }
        };
        known.map(way).collect()
    }

    /// Tells which addresses are of trunks.
    pub(super) fn trunk_addresses(&self) -> Trunks {
        let trunks: Vec<Trunk> = self.trunks.values().cloned().collect();
        Trunks::by(move |ip| trunks.iter().any(|trunk| trunk.is_within(Source::of(ip))))
    }

    /// Our login at a trunk, should it ask for one within a call of its.
    pub(super) fn login_at(&self, trunk: &str) -> Option<Login> {
        self.trunks.get(trunk)?.login.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::sip::Transport;

    #[test]
    fn a_trunk_that_is_a_name_is_where_its_name_leads_and_its_calls_come_from_each_of_its_servers() {
        let name = NameId(7);
        let domain = Host::parse("provider.example").unwrap();
        let trunk = Trunk::new(Peer::named(Transport::Udp, name), domain);
        let other = Trunk::new(Peer::udp("192.0.2.9:5060".parse().unwrap()), Host::parse("other.example").unwrap());
        let uri = SipUri::new(Some("desk"), Host::parse("provider.example").unwrap(), None);
        let desk = Destination::Address {
            uri,
            peer: Peer::named(Transport::Udp, name),
            secure: SecureMedia::Refused,
            ring: None,
            early_media: true,
        };
        let mut outside = Outside {
            trunks: [("a".into(), trunk), ("b".into(), other)].into(),
            transfers: [("desk".into(), desk)].into(),
            ..Outside::default()
        };
        let at = |text: &str| Peer { name: Some(name), ..Peer::at(Transport::Tls, text.parse().unwrap()) };
        let is_known = |outside: &Outside, ip: &str| outside.trunks["a"].is_at(ip.parse().unwrap());
        assert!(!is_known(&outside, "203.0.113.1") && !is_known(&outside, "0.0.0.0"));
        outside.locate(name, &[at("203.0.113.1:5061"), at("203.0.113.2:5061")]);
        assert_eq!(outside.trunks["a"].peer, at("203.0.113.1:5061"));
        assert!(is_known(&outside, "203.0.113.1") && is_known(&outside, "203.0.113.2"));
        assert_eq!(outside.transfer("desk")[0].peer, at("203.0.113.1:5061"));
        assert_eq!(outside.trunks["b"].peer.addr, "192.0.2.9:5060".parse().unwrap());
        // A name server that fails takes nothing away.
        outside.locate(name, &[]);
        assert!(is_known(&outside, "203.0.113.2"));
    }
}
