//! Whose word is taken without a password: addresses that the configuration names for its trunks.
//!
//! A call from such an address is its trunk's, and what its headers say of the caller is believed.

use super::outside::Outside;
use crate::ivr::menu::Name;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that begin with the same bits: `203.0.113.0/24`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no address or network; write such as 203.0.113.5 or 203.0.113.0/24")]
pub struct NoNetwork;

impl Network {
    /// Whether an address is in it. An IPv4 address within IPv6 counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        first_of(address.to_canonical(), self.bits) == Some(self.first)
    }
}

/// The first address of the network of so many bits around an address; `None` when it has not as many.
fn first_of(address: IpAddr, bits: u8) -> Option<IpAddr> {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            Some(Ipv4Addr::from_bits(address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
            Some(Ipv6Addr::from_bits(address.to_bits() & mask).into())
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, bits: if first.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let Some((address, bits)) = text.split_once('/') else {
            return text.parse::<IpAddr>().map(Self::from).map_err(|_| NoNetwork);
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let bits: u8 = bits.parse().map_err(|_| NoNetwork)?;
        let first = first_of(address, bits).ok_or(NoNetwork)?;
        Ok(Self { first, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.first.is_ipv4() { 32 } else { 128 };
        if self.bits == whole { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.bits) }
    }
}

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
    fn a_network_holds_what_begins_like_it() {
        for (network, address, inside) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.77/24", "203.0.113.1", true),
            ("203.0.113.0/24", "203.0.112.1", false),
            ("203.0.113.5", "203.0.113.5", true),
            ("203.0.113.5", "203.0.113.6", false),
            ("203.0.113.5", "::ffff:203.0.113.5", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("::/0", "2001:db8::1", true),
        ] {
            let read: Network = network.parse().unwrap();
            assert_eq!(read.contains(address.parse().unwrap()), inside, "{address} in {network}");
            assert_eq!(read.to_string().parse(), Ok(read), "{network}");
        }
        for wrong in ["", "203.0.113", "203.0.113.0/33", "2001:db8::/129", "sip.example.com", "203.0.113.0/", "a/8"] {
            assert_eq!(wrong.parse::<Network>(), Err(NoNetwork), "{wrong:?}");
        }
    }

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
