//! Whom the hotline may call outside: trunks, targets of transfers, and the way of callbacks.

use super::trunk::names;
use super::{Length, Srtp};
use crate::model::PhoneNumber;
use crate::voip::sip::{Host, SipUri, Transport as SipTransport, Uri};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Somebody outside to whom menus may hand callers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "RawTarget", into = "RawTarget")]
pub enum Target {
    /// A number through the first of some trunks that can take the call.
    Number {
        /// The trunks' names, in the order in which they are tried.
        trunks: Vec<String>,
        /// The number as the trunk wants it.
        number: PhoneNumber,
        /// How long it is rung. Default: as the trunk says. Example: `45s`.
        ring: Option<Length>,
    },
    /// A SIP address that is reached without a trunk.
    Address {
        /// The address.
        uri: SipUri,
        /// How long it is rung. Default `30s`. Example: `45s`.
        ring: Option<Length>,
        /// Whether sound is encrypted. Default `refused`. Example: `preferred`.
        srtp: Option<Srtp>,
        /// Whether the caller hears what it says before it answers, instead of our ringing tone; nothing of the caller
        /// goes there before. Default `true`. Example: `false`.
        early_media: bool,
    },
}

/// A target as written.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    #[serde(default, with = "names", skip_serializing_if = "Vec::is_empty")]
    trunk: Vec<String>,
    #[serde(default, with = "phone", skip_serializing_if = "Option::is_none")]
    number: Option<PhoneNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ring: Option<Length>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    srtp: Option<Srtp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    early_media: Option<bool>,
}

impl TryFrom<RawTarget> for Target {
    type Error = String;

    fn try_from(raw: RawTarget) -> Result<Self, String> {
        match raw {
            RawTarget { trunk, number: Some(number), uri: None, ring, srtp: None, early_media: None }
                if !trunk.is_empty() =>
            {
                Ok(Self::Number { trunks: trunk, number, ring })
            }
            RawTarget { trunk, number: None, uri: Some(text), ring, srtp, early_media } if trunk.is_empty() => {
                match Uri::parse(&text) {
                    Ok(Uri::Sip(uri)) if !uri.transport().is_some_and(SipTransport::is_web_socket) => {
                        Ok(Self::Address { uri, ring, srtp, early_media: early_media.unwrap_or(true) })
                    }
                    _ => {
                        Err(format!("{text:?} is no SIP address that can be called; write such as sip:desk@192.0.2.20"))
                    }
                }
            }
            RawTarget { srtp: Some(_), uri: None, .. } => Err("srtp: of a number is that of its trunk".to_owned()),
            RawTarget { early_media: Some(_), uri: None, .. } => {
                Err("early_media: of a number is that of its trunk".to_owned())
            }
            RawTarget { .. } => Err("write either trunk: and number:, or uri: alone".to_owned()),
        }
    }
}

impl From<Target> for RawTarget {
    fn from(target: Target) -> Self {
        match target {
            Target::Number { trunks, number, ring } => {
                Self { trunk: trunks, number: Some(number), uri: None, ring, srtp: None, early_media: None }
            }
            Target::Address { uri, ring, srtp, early_media } => {
                let early_media = (!early_media).then_some(false);
                Self { trunk: Vec::new(), number: None, uri: Some(uri.to_string()), ring, srtp, early_media }
            }
        }
    }
}

/// How customers are called back.
#[derive(Clone, Debug, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callbacks {
    /// The trunk that customers are called through, or several in the order in which they are tried; `null`: no
    /// callback is taken. Default `null`. Example: `[provider, other]`.
    #[serde(with = "names")]
    pub via: Vec<String>,
}

/// What is wrong between the parts, with advice; `None` when they fit.
pub(super) fn misfit(config: &super::Config) -> Option<(String, String)> {
    let known = || {
        let names: Vec<&str> = config.trunks.keys().map(String::as_str).collect();
        if names.is_empty() { "name it under trunks:".to_owned() } else { format!("there are: {}", names.join(", ")) }
    };
    let unknown = |trunk: &String| !config.trunks.contains_key(trunk);
    for (name, target) in &config.transfers {
        if let Target::Number { trunks, .. } = target
            && let Some(trunk) = trunks.iter().find(|trunk| unknown(trunk))
        {
            return Some((format!("transfers.{name}: there is no trunk {trunk}"), known()));
        }
    }
    if let Some(trunk) = config.callbacks.via.iter().find(|trunk| unknown(trunk)) {
        return Some((format!("callbacks.via: there is no trunk {trunk}"), known()));
    }
    config.trunks.iter().find_map(|(name, trunk)| trunk.misfit(name))
}

/// A host that may be left out.
pub(super) mod host {
    use super::{Deserialize, Deserializer, Error, Host, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Host>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let host = |text: String| {
            Host::parse(&text).map_err(|_| {
                D::Error::custom(format!("{text:?} is no name of a host; write such as sip.provider.example"))
            })
        };
        text.map(host).transpose()
    }

    #[expect(clippy::ref_option, reason = "the shape is serde's")]
    pub fn serialize<S: Serializer>(host: &Option<Host>, serializer: S) -> Result<S::Ok, S::Error> {
        match host {
            Some(host) => serializer.collect_str(host),
            None => serializer.serialize_none(),
        }
    }
}

/// A number that may be left out.
pub(super) mod phone {
    use super::{Deserialize, Deserializer, Error, PhoneNumber, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PhoneNumber>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let number = |text: String| {
            PhoneNumber::parse(&text).ok_or_else(|| {
                D::Error::custom(format!("{text:?} is no telephone number; write such as \"+74951234567\""))
            })
        };
        text.map(number).transpose()
    }

    #[expect(clippy::ref_option, reason = "the shape is serde's")]
    pub fn serialize<S: Serializer>(number: &Option<PhoneNumber>, serializer: S) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => serializer.serialize_str(number.as_str()),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    const PROVIDER: &str = "trunks:\n  provider: {address: \"203.0.113.20:5060\", domain: sip.provider.example, \
                            user: bank, password_env: TRUNK, caller_id: \"+74951234567\"}\n";

    #[test]
    fn everything_of_a_trunk_is_read_and_written_back() {
        let text = "trunks: {a: {address: \"192.0.2.1:5060\", user: u, password_env: X, register: 10m, ping: null, \
                    from: [\"203.0.113.0/28\", \"2001:db8::1\"], inbound: {user: them, password_file: y}, \
                    numbers: {\"+74951234567\": main, \"+7495*\": premium, bank: main}, codecs: [PCMA, opus], \
                    srtp: required, calls: 30, ring: 45s, early_media: false}, b: {address: \"192.0.2.2:5060\"}}\n\
                    transfers: {desk: {trunk: [a, b], number: \"+7495\", ring: 20s}, \
                    office: {uri: \"sip:d@192.0.2.3\", srtp: preferred, early_media: false}}\ncallbacks: {via: [b, a]}\n\
                    sip: {callers: trunks}\n";
        let config = Config::parse(text, "c.yaml").expect("parses");
        assert_eq!((config.trunks["a"].ping, config.trunks["b"].ping), (None, Some(super::Length::from_secs(60))));
        let again = serde_yaml::to_string(&config).expect("a text");
        assert_eq!(Config::parse(&again, "again.yaml").expect("parses"), config);
    }

    #[test]
    fn trunks_and_targets_are_read_and_written_back() {
        let text = format!(
            "{PROVIDER}transfers:\n  fraud_desk: {{trunk: provider, number: \"8 495 000-00-01\"}}\n  \
             office: {{uri: \"sip:desk@192.0.2.20:5080\"}}\ncallbacks: {{via: provider}}\n"
        );
        let config = Config::parse(&text, "c.yaml").expect("parses");
        assert_eq!(config.trunks["provider"].user.as_deref(), Some("bank"));
        assert_eq!(config.transfers.len(), 2);
        let again = serde_yaml::to_string(&config).expect("a text");
        assert_eq!(Config::parse(&again, "again.yaml").expect("parses"), config);
    }

    #[test]
    fn what_does_not_fit_is_told_with_advice() {
        for (text, told) in [
            ("trunks: {a: {address: \"192.0.2.1:5060\", user: u, password: secret}}", "a password is not written here"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", user: u}}", "trunks.a has a user and no password"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", password_env: X}}", "trunks.a has a password and no user"),
            (
                "trunks: {a: {address: \"192.0.2.1:5060\", user: u, password_env: X, password_file: y}}",
                "trunks.a has two passwords",
            ),
            ("trunks: {a: {address: \"sip.example.com:x\"}}", "203.0.113.20:5060 or sip.provider.example"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", inbound: {user: u}}}", "trunks.a.inbound has a user and no"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", register: 10m}}", "trunks.a is to be registered at"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", from: [\"203.0.113.0/33\"]}}", "203.0.113.0/24"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", numbers: {\"+7 a\": main}}}", "trunks.a.numbers"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", codecs: []}}", "trunks.a.codecs is empty"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", calls: 0}}", "above zero"),
            ("callbacks: {via: [a, b]}", "callbacks.via: there is no trunk a"),
            ("trunks: {a: {address: \"192.0.2.1:5060\", domain: \"a b\"}}", "no name of a host"),
            ("transfers: {desk: {trunk: provider, number: \"+7495\"}}", "transfers.desk: there is no trunk provider"),
            ("transfers: {desk: {number: \"+7495\"}}", "either trunk: and number:, or uri: alone"),
            ("transfers: {desk: {uri: \"sip:desk@example.com;transport=ws\"}}", "no SIP address that can be called"),
            (
                "transfers: {desk: {trunk: a, number: \"+7495\", early_media: true}}",
                "early_media: of a number is that of",
            ),
            ("transfers: {desk: {uri: \"tel:112\"}}", "no SIP address that can be called"),
            ("callbacks: {via: provider}", "callbacks.via: there is no trunk provider"),
        ] {
            let error = Config::parse(text, "c.yaml").expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains("secret"), "a password is not repeated: {error}");
        }
    }
}
