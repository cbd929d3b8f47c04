//! Whom we may call outside: trunks and the targets of transfers. Nobody else is ever called, so a menu that was
//! tampered with cannot run up a bill.

use super::trunks::Trunk;
use crate::ivr::menu::Name;
use crate::model::PhoneNumber;
use crate::voip::sip::digest::Login;
use crate::voip::sip::endpoint::OutgoingCall;
use crate::voip::sip::headers::{Headers, NameAddr};
use crate::voip::sip::peer::NameId;
use crate::voip::sip::{Host, Peer, SipUri};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Who can be called.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A number, through a trunk.
    Number {
        /// The trunk's name.
        trunk: Name,
        /// The number as the trunk wants it.
        number: PhoneNumber,
    },
    /// A SIP address that is reached without a trunk.
    Address {
        /// The Request-URI.
        uri: SipUri,
        /// Where the INVITE goes.
        peer: Peer,
    },
}

/// Everything outside that the configuration names.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Trunks by name.
    pub trunks: BTreeMap<Name, Trunk>,
    /// Where menus may transfer callers, by the target's name.
    pub transfers: BTreeMap<Name, Destination>,
    /// The trunk that customers are called back through; without one no callback is taken.
    pub callbacks: Option<Name>,
    /// How long somebody outside is rung.
    pub ring: Duration,
}

impl Default for Outside {
    fn default() -> Self {
        Self { trunks: BTreeMap::new(), transfers: BTreeMap::new(), callbacks: None, ring: Duration::from_secs(30) }
    }
}

/// How a destination is reached.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub uri: SipUri,
    pub peer: Peer,
    pub login: Option<Login>,
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

    /// The INVITE this way. `own` is our address towards them.
    pub fn invite(self, own: IpAddr, offer: String, headers: Headers) -> OutgoingCall {
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

    /// The way to a target of a transfer; `None` for one that the configuration does not name.
    pub(super) fn transfer(&self, target: &str) -> Option<Way> {
        match self.transfers.get(target)? {
            Destination::Number { trunk, number } => self.number(trunk, number),
            Destination::Address { uri, peer } => {
                Some(Way { uri: uri.clone(), peer: *peer, login: None, caller_id: None, domain: None })
            }
        }
    }

    /// The way to somebody who is to be called back; `None` without a trunk for it.
    pub(super) fn callback(&self, number: &PhoneNumber) -> Option<Way> {
        self.number(self.callbacks.as_deref()?, number)
    }

    fn number(&self, trunk: &str, number: &PhoneNumber) -> Option<Way> {
        let trunk = self.trunks.get(trunk)?;
        // A trunk that is known by its address alone is asked at its port, too.
        let port = matches!(trunk.domain, Host::Ip(_)).then(|| trunk.peer.addr.port());
        let port = port.filter(|port| *port != trunk.peer.transport.default_port());
        let mut uri = SipUri::new(Some(number.as_str()), trunk.domain.clone(), port);
        if trunk.peer.transport.is_reliable() {
            uri.params.set("transport", Some(&trunk.peer.transport.name().to_ascii_lowercase()));
        }
        let domain = matches!(trunk.domain, Host::Name(_)).then(|| trunk.domain.clone());
        let (login, caller_id) = (trunk.login.clone(), trunk.caller_id.clone());
        Some(Way { uri, peer: trunk.peer, login, caller_id, domain })
    }

    /// Our login at whoever calls from this address, should they ask for one within the call.
    pub(super) fn login_at(&self, source: IpAddr) -> Option<Login> {
        self.trunks.values().find(|trunk| trunk.peer.addr.ip() == source)?.login.clone()
    }
}
