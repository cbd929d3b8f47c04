//! Where calls come in: addresses, transports, certificates, what connections may cost, names of peers.

use super::session_timers::SessionTimers;
use super::values;
use super::{Length, Transport};
use crate::model::Network;
use crate::voip::sip::addresses::Visibility;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Where calls come in.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    /// Addresses and ports that are listened on. Default `0.0.0.0:5060`, every IPv4 address. Example:
    /// `["192.0.2.10:5060", "[::1]:5060"]`.
    #[serde(deserialize_with = "values::not_empty")]
    pub listen: Vec<SocketAddr>,
    /// Transports on each of them: `udp`, `tcp`. Default both.
    #[serde(deserialize_with = "plain_transports")]
    pub transports: Vec<Transport>,
    /// SIP over TLS.
    pub tls: Tls,
    /// SIP over `WebSocket`s.
    pub websocket: WebSocket,
    /// The address that phones outside are told in Contact and SDP, where it is not the one listened on: a server
    /// behind NAT. Default `null`. Example: `203.0.113.5`.
    pub public_address: Option<IpAddr>,
    /// The same in the other family. Default `null`. Example: `2001:db8::5`.
    pub public_address_v6: Option<IpAddr>,
    /// Peers in these networks are told the address listened on, not the public one. Default: the private networks
    /// and this machine. Example: `["10.0.0.0/8"]`.
    #[serde(with = "networks")]
    pub local_networks: Vec<Network>,
    /// The largest request in octets that goes over UDP; a larger one goes over TCP, and over UDP again where TCP is
    /// refused (RFC 3261 §18.1.1). Default 1300. Example: 1400.
    pub largest_datagram: NonZeroUsize,
    /// The name server that is asked for the names of trunks and peers; `null` asks those of the system. Default
    /// `null`. Example: `192.0.2.53:53`.
    pub resolver: Option<SocketAddr>,
    /// How calls whose peer has died without a word are found.
    pub session_timers: SessionTimers,
    /// What connections may cost.
    pub connections: Connections,
    /// Who may call without being a trunk: `anyone`; or `trunks`, which leaves trunks and the registered phones of
    /// operators. Default `anyone`. Example: `trunks`.
    pub callers: Callers,
    /// What the server calls itself in `Server` and `User-Agent`. Default `hotline`. Example: `Example Bank`.
    pub user_agent: String,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([0, 0, 0, 0], 5060))],
            transports: vec![Transport::Udp, Transport::Tcp],
            tls: Tls::default(),
            websocket: WebSocket::default(),
            public_address: None,
            public_address_v6: None,
            local_networks: PRIVATE.iter().filter_map(|text| text.parse().ok()).collect(),
            largest_datagram: values::nonzero_usize(1_300),
            resolver: None,
            session_timers: SessionTimers::default(),
            connections: Connections::default(),
            callers: Callers::Anyone,
            user_agent: "hotline".into(),
        }
    }
}

/// Who may call without being a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Callers {
    /// Anybody.
    Anyone,
    /// Nobody but trunks and registered phones.
    Trunks,
}

/// The networks that nobody reaches from the internet: RFC 1918, 3927, 4193, 4291, 6598.
const PRIVATE: [&str; 9] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// SIP over TLS: as server with a certificate of ours, as client of trunks and peers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Addresses and ports. Default none. Example: `["0.0.0.0:5061"]`.
    pub listen: Vec<SocketAddr>,
    /// The file of our certificate and those above it, PEM. Read anew when it changes, and at SIGHUP. Default `null`.
    /// Example: `/etc/hotline/certificate.pem`.
    pub certificate: Option<PathBuf>,
    /// The file of its private key, PEM. Default `null`. Example: `/etc/hotline/key.pem`.
    pub key: Option<PathBuf>,
    /// Whether those who connect must show a certificate of their own: `none`, `optional`, `required`. Default `none`.
    /// Example: `required`, where only trunks come in over TLS.
    pub client_certificates: ClientCertificates,
    /// The file of the authorities that theirs must be of, PEM. Default `null`. Example: `/etc/hotline/clients.pem`.
    pub client_authorities: Option<PathBuf>,
    /// The file of the authorities that are believed when we connect to others, PEM; `null` believes the system's.
    /// Default `null`. Example: `/etc/hotline/provider.pem`.
    pub authorities: Option<PathBuf>,
}

/// Whether those who connect must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// They are not asked.
    #[default]
    None,
    /// They are asked; a wrong one is refused.
    Optional,
    /// Without one nobody comes in.
    Required,
}

/// SIP over `WebSocket`s (RFC 7118): telephones in browsers. A secure one has the certificate of `tls`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocket {
    /// Addresses and ports without TLS, such as behind a proxy. Default none. Example: `["127.0.0.1:8088"]`.
    pub listen: Vec<SocketAddr>,
    /// Addresses and ports with TLS. Default none. Example: `["0.0.0.0:8443"]`.
    pub listen_secure: Vec<SocketAddr>,
    /// The pages that may connect, as browsers name them; none lets all in. Default none. Example:
    /// `["https://operators.bank.example"]`.
    pub origins: Vec<String>,
}

/// What connections may cost.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Connections at once. Default 4096. Example: 20000.
    pub total: NonZeroUsize,
    /// Connections at once from one address. Default 256. Example: 2048, for a proxy.
    pub per_source: NonZeroUsize,
    /// Connections at once that have brought nothing whole yet: no handshake, no message. Default 1024. Example: 256.
    pub half_open: NonZeroUsize,
    /// The same from one address. Default 64. Example: 16.
    pub half_open_per_source: NonZeroUsize,
    /// How long a handshake of TLS and WebSocket may take. Default `10s`. Example: `5s`.
    pub handshake: Length,
    /// A connection without an octet either way for this long is closed. Default `10m`. Example: `1h`.
    pub idle: Length,
    /// Who takes no octet of ours for this long is cut off. Default `10s`. Example: `30s`.
    pub stall: Length,
    /// How often connections that we opened, and `WebSocket`s, are kept alive. Default `50s`. Example: `25s`.
    pub keep_alive: Length,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            total: values::nonzero_usize(4_096),
            per_source: values::nonzero_usize(256),
            half_open: values::nonzero_usize(1_024),
            half_open_per_source: values::nonzero_usize(64),
            handshake: Length::from_secs(10),
            idle: Length::from_secs(600),
            stall: Length::from_secs(10),
            keep_alive: Length::from_secs(50),
        }
    }
}

impl Sip {
    /// What does not fit together, with advice.
    pub(super) fn misfit(&self) -> Option<(String, String)> {
        let told = |what: &str, advice: &str| Some((what.to_owned(), advice.to_owned()));
        let tls = &self.tls;
        if tls.certificate.is_some() != tls.key.is_some() {
            return told("sip.tls: certificate and key belong together", "write both, or neither");
        }
        let secure = !tls.listen.is_empty() || !self.websocket.listen_secure.is_empty();
        if secure && tls.certificate.is_none() {
            return told(
                "sip.tls: to listen over TLS a certificate and a key are needed",
                "write both files under sip.tls",
            );
        }
        if tls.client_certificates != ClientCertificates::None && tls.client_authorities.is_none() {
            return told(
                "sip.tls: client_certificates needs client_authorities",
                "write the file of those who may sign them",
            );
        }
        let family = |ip: Option<IpAddr>| ip.map(|ip| ip.is_ipv4());
        if self.public_address.is_some() && family(self.public_address) == family(self.public_address_v6) {
            return told(
                "sip: public_address and public_address_v6 are of one family",
                "write one of IPv4 and one of IPv6",
            );
        }
        None
    }

    /// Which of our addresses peers are told.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        let public = [self.public_address, self.public_address_v6].into_iter().flatten().collect();
        Visibility { public, local_networks: self.local_networks.clone() }
    }
}

/// `sip.transports`: those that share a port.
fn plain_transports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Transport>, D::Error> {
    let transports: Vec<Transport> = values::distinct(deserializer)?;
    if transports.contains(&Transport::Tls) {
        return Err(D::Error::custom("tls has ports of its own; write them under sip.tls.listen"));
    }
    Ok(transports)
}

/// Networks as texts.
pub(super) mod networks {
    use super::{Deserialize, Deserializer, Error, Network, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let read = |text: String| text.parse().map_err(|error| D::Error::custom(format!("{text:?} is {error}")));
        texts.into_iter().map(read).collect()
    }

    pub fn serialize<S: Serializer>(networks: &[Network], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(networks.iter().map(ToString::to_string))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn what_does_not_fit_together_is_told_with_advice() {
        for (text, told) in [
            ("sip: {transports: [udp, tls]}", "sip.tls.listen"),
            ("sip: {tls: {listen: [\"0.0.0.0:5061\"]}}", "a certificate and a key are needed"),
            ("sip: {websocket: {listen_secure: [\"0.0.0.0:8443\"]}}", "a certificate and a key are needed"),
            ("sip: {tls: {certificate: a.pem}}", "belong together"),
            ("sip: {tls: {client_certificates: required}}", "needs client_authorities"),
            ("sip: {local_networks: [\"10.0.0.0/40\"]}", "no address or network"),
            ("sip: {public_address: 192.0.2.1, public_address_v6: 192.0.2.2}", "of one family"),
        ] {
            let error = Config::parse(text, "c.yaml").expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
