//! Whose word is taken without a password: addresses that the configuration names for its trunks.
//!
//! A call from such an address is its trunk's, and what its headers say of the caller is believed.

use super::outside::Outside;
use crate::ivr::menu::Name;
use std::net::IpAddr;

impl Outside {
    /// The trunk whose address this is, if there is one: the first by name where several share it.
    pub(super) fn trusted(&self, source: IpAddr) -> Option<&Name> {
        self.trunks.iter().find(|(_, trunk)| trunk.is_at(source)).map(|(name, _)| name)
    }

    /// Whether what a call from this address says of its caller is believed.
    #[cfg_attr(not(test), expect(dead_code, reason = "identities are read with it"))]
    pub(super) fn trusts(&self, source: IpAddr) -> bool {
        self.trusted(source).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Trunk;
    use crate::voip::sip::{Host, Peer};

    #[test]
    fn a_trunk_is_believed_at_its_own_address_unless_others_are_named() {
        let peer = Peer::udp("192.0.2.20:5060".parse().unwrap());
        let plain = Trunk::new(peer, Host::from(peer.addr.ip()));
        let named = Trunk { from: vec!["203.0.113.0/28".parse().unwrap()], ..plain.clone() };
        let is = |trunk: &Trunk, address: &str| {
            let outside = Outside { trunks: [("a".into(), trunk.clone())].into(), ..Outside::default() };
            outside.trusts(address.parse().unwrap())
        };
        assert!(is(&plain, "192.0.2.20") && !is(&plain, "203.0.113.3"));
        assert!(!is(&named, "192.0.2.20") && is(&named, "203.0.113.3"));
    }
}
