//! Whom the hotline may call outside: trunks, targets of transfers, and the way of callbacks.

use super::{Place, Transport};
use crate::model::PhoneNumber;
use crate::voip::sip::{Host, SipUri, Transport as SipTransport, Uri};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// A provider or an exchange that calls go through.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Where calls to it are sent: an address and port, or a name. Example: `sip.provider.example`.
    pub address: Place,
    /// How they travel. Default: `udp`, or for a name what name servers say. Example: `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The host of its addresses, such as in `sip:+74951234567@sip.provider.example`. Default: its IP address.
    #[serde(default, with = "host", skip_serializing_if = "Option::is_none")]
    pub domain: Option<Host>,
    /// Our account there. Default none: the trunk knows us by our address. Example: `bank`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The environment variable that holds the account's password. Example: `TRUNK_PASSWORD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// The file whose first line is the account's password. Example: `/run/secrets/trunk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Not to be written: a configuration is read by more people than a password.
    #[serde(default, deserialize_with = "refuse_password", skip_serializing)]
    password: NoPassword,
    /// The number that those we call see. Default none: no number is shown. Example: `"+74951234567"`.
    #[serde(default, with = "phone", skip_serializing_if = "Option::is_none")]
    pub caller_id: Option<PhoneNumber>,
}

/// Nothing, in the place of a password.
#[derive(Clone, Debug, PartialEq, Default)]
struct NoPassword;

/// Somebody outside to whom menus may hand callers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "RawTarget", into = "RawTarget")]
pub enum Target {
    /// A number through a trunk.
    Number {
        /// The trunk's name.
        trunk: String,
        /// The number as the trunk wants it.
        number: PhoneNumber,
    },
    /// A SIP address that is reached without a trunk.
    Address {
        /// The address.
        uri: SipUri,
    },
}

/// A target as written.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trunk: Option<String>,
    #[serde(default, with = "phone", skip_serializing_if = "Option::is_none")]
    number: Option<PhoneNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

impl TryFrom<RawTarget> for Target {
    type Error = String;

    fn try_from(raw: RawTarget) -> Result<Self, String> {
        match raw {
            RawTarget { trunk: Some(trunk), number: Some(number), uri: None } => Ok(Self::Number { trunk, number }),
            RawTarget { trunk: None, number: None, uri: Some(text) } => match Uri::parse(&text) {
                Ok(Uri::Sip(uri)) if !uri.transport().is_some_and(SipTransport::is_web_socket) => {
                    Ok(Self::Address { uri })
                }
                _ => Err(format!("{text:?} is no SIP address that can be called; write such as sip:desk@192.0.2.20")),
            },
            RawTarget { .. } => Err("write either trunk: and number:, or uri: alone".to_owned()),
        }
    }
}

impl From<Target> for RawTarget {
    fn from(target: Target) -> Self {
        match target {
            Target::Number { trunk, number } => Self { trunk: Some(trunk), number: Some(number), uri: None },
            Target::Address { uri } => Self { trunk: None, number: None, uri: Some(uri.to_string()) },
        }
    }
}

/// How customers are called back.
#[derive(Clone, Debug, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callbacks {
    /// The trunk that customers are called through; `null`: no callback is taken. Default `null`. Example: `provider`.
    pub via: Option<String>,
}

/// What is wrong between the parts, with advice; `None` when they fit.
pub(super) fn misfit(config: &super::Config) -> Option<(String, String)> {
    let known = || {
        let names: Vec<&str> = config.trunks.keys().map(String::as_str).collect();
        if names.is_empty() { "name it under trunks:".to_owned() } else { format!("there are: {}", names.join(", ")) }
    };
    let unknown = |trunk: &String| !config.trunks.contains_key(trunk);
    for (name, target) in &config.transfers {
        if let Target::Number { trunk, .. } = target
            && unknown(trunk)
        {
            return Some((format!("transfers.{name}: there is no trunk {trunk}"), known()));
        }
    }
    if let Some(trunk) = config.callbacks.via.as_ref().filter(|trunk| unknown(trunk)) {
        return Some((format!("callbacks.via: there is no trunk {trunk}"), known()));
    }
    config.trunks.iter().find_map(|(name, trunk)| {
        let sources = usize::from(trunk.password_env.is_some()) + usize::from(trunk.password_file.is_some());
        let problem = match (&trunk.user, sources) {
            (Some(_), 1) | (None, 0) => return None,
            (Some(_), 0) => "has a user and no password",
            (Some(_), _) => "has two passwords",
            (None, _) => "has a password and no user",
        };
        let advice = "write user: and either password_env: or password_file:, or none of them".to_owned();
        Some((format!("trunks.{name} {problem}"), advice))
    })
}

/// A password does not belong here.
fn refuse_password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NoPassword, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer)?;
    Err(D::Error::custom(
        "a password is not written here; write password_env: NAME of an environment variable, or password_file: PATH",
    ))
}

/// A host that may be left out.
mod host {
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
mod phone {
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
            ("trunks: {a: {address: \"192.0.2.1:5060\", domain: \"a b\"}}", "no name of a host"),
            ("transfers: {desk: {trunk: provider, number: \"+7495\"}}", "transfers.desk: there is no trunk provider"),
            ("transfers: {desk: {number: \"+7495\"}}", "either trunk: and number:, or uri: alone"),
            ("transfers: {desk: {uri: \"sip:desk@example.com;transport=ws\"}}", "no SIP address that can be called"),
            ("transfers: {desk: {uri: \"tel:112\"}}", "no SIP address that can be called"),
            ("callbacks: {via: provider}", "callbacks.via: there is no trunk provider"),
        ] {
            let error = Config::parse(text, "c.yaml").expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains("secret"), "a password is not repeated: {error}");
        }
    }
}
