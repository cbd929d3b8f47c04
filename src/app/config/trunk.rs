//! A provider or an exchange: where it is, who we are there, what it may.

use super::outside::{host, phone};
use super::sip::networks;
use super::{Codec, Length, Place, Srtp, Transport};
use crate::model::{Network, PhoneNumber};
use crate::voip::sip::Host;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// A provider or an exchange that brings calls and takes calls of ours.
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
    /// How long we ask to be registered with the account; refreshed in time. Default none: we are not. Example: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<Length>,
    /// How often it is asked by OPTIONS whether it is there. Default `60s`; `null`: never. Example: `30s`.
    #[serde(default = "ping")]
    pub ping: Option<Length>,
    /// The addresses and networks that its calls come from. Default: `address`. Example: `["203.0.113.0/28"]`.
    #[serde(default, with = "networks", skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Network>,
    /// The account by which it proves who it is when it calls. Default none: its address will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Inbound>,
    /// The numbers that it delivers, each with its line; `*` at the end stands for all that begin so. Others are
    /// answered 404. Default none: as the menu's lines say. Example: `{"+74951234567": main, "+749576*": premium}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<BTreeMap<String, String>>,
    /// The codecs of its calls, best first. Default: `media.codecs`. Example: `[PCMA]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codecs: Option<Vec<Codec>>,
    /// Whether its calls are encrypted, in both directions. Default: its calls as `media.srtp` says, ours `refused`.
    /// Example: `required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srtp: Option<Srtp>,
    /// Its calls at once, in both directions. Default: as many as `limits` allow. Example: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<NonZeroUsize>,
    /// How long those whom we call through it are rung. Default `30s`. Example: `45s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<Length>,
    /// Whether a caller who is handed on through it hears what the network says before the answer, instead of our
    /// ringing tone; nothing of the caller goes there before. Default `true`. Example: `false`.
    #[serde(default = "played")]
    pub early_media: bool,
}

/// How a trunk proves who it is.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// Its user name. Example: `provider`.
    pub user: String,
    /// The environment variable that holds its password. Example: `PROVIDER_PASSWORD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// The file whose first line is its password. Example: `/run/secrets/provider`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Not to be written.
    #[serde(default, deserialize_with = "refuse_password", skip_serializing)]
    password: NoPassword,
}

/// Nothing, in the place of a password.
#[derive(Clone, Debug, PartialEq, Default)]
struct NoPassword;

#[expect(clippy::unnecessary_wraps, reason = "the key may be null")]
const fn ping() -> Option<Length> {
    Some(Length::from_secs(60))
}

const fn played() -> bool {
    true
}

impl Trunk {
    /// What does not fit together, with advice.
    pub(super) fn misfit(&self, name: &str) -> Option<(String, String)> {
        let place = format!("trunks.{name}");
        if let Some(problem) = account(&place, self.user.is_some(), &self.password_env, &self.password_file) {
            return Some(problem);
        }
        if let Some(inbound) = &self.inbound
            && let Some(problem) =
                account(&format!("{place}.inbound"), true, &inbound.password_env, &inbound.password_file)
        {
            return Some(problem);
        }
        if self.register.is_some() && self.user.is_none() {
            let advice = "write user: and its password, or leave register: out".to_owned();
            return Some((format!("{place} is to be registered at and has no user"), advice));
        }
        if self.codecs.as_ref().is_some_and(Vec::is_empty) {
            return Some((format!("{place}.codecs is empty"), "name at least one, or leave codecs: out".to_owned()));
        }
        let wrong = self.numbers.iter().flatten().map(|(number, _)| number).find(|number| !is_number(number));
        wrong.map(|number| {
            let advice = "write a number, such as \"+74951234567\", or its beginning and *, such as \"+749576*\"";
            (format!("{place}.numbers: {number:?} is no number"), advice.to_owned())
        })
    }
}

/// A number, the beginning of one, or a name that is called instead.
fn is_number(text: &str) -> bool {
    let beginning = text.strip_suffix('*');
    let digits = |text: &str| text.strip_prefix('+').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match beginning {
        Some(beginning) => digits(beginning),
        None => PhoneNumber::parse(text).is_some() || is_name(text),
    }
}

#[expect(clippy::ref_option, reason = "fields are looked at")]
fn account(place: &str, has_user: bool, env: &Option<String>, file: &Option<PathBuf>) -> Option<(String, String)> {
    let problem = match (has_user, usize::from(env.is_some()) + usize::from(file.is_some())) {
        (true, 1) | (false, 0) => return None,
        (true, 0) => "has a user and no password",
        (true, _) => "has two passwords",
        (false, _) => "has a password and no user",
    };
    let advice = "write user: and either password_env: or password_file:, or none of them".to_owned();
    Some((format!("{place} {problem}"), advice))
}

/// A password does not belong here.
fn refuse_password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NoPassword, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer)?;
    Err(D::Error::custom(
        "a password is not written here; write password_env: NAME of an environment variable, or password_file: PATH",
    ))
}

/// One name, or several in the order in which they are tried.
pub(super) mod names {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Several(Vec<String>),
    }

    /// Nothing, a name, or a list of names.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(match Option::<Written>::deserialize(deserializer)? {
            None => Vec::new(),
            Some(Written::One(name)) => vec![name],
            Some(Written::Several(names)) => names,
        })
    }

    pub fn serialize<S: Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match names {
            [] => serializer.serialize_none(),
            [name] => serializer.serialize_str(name),
            several => several.serialize(serializer),
        }
    }
}
