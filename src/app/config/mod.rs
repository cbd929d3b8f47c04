//! The configuration: every key with its unit, default and an example. `config.example.yaml` holds them all.
//!
//! A key that is not written has its default. A key that does not exist, is written twice or has a wrong value is an
//! error with its place and advice. What the command line says wins ([`Config::merge`]).

mod bans;
mod error;
mod hints;
mod outside;
mod place;
mod records;
mod session_timers;
mod sip;
mod tones;
mod trunk;
mod values;

pub use bans::Bans;
pub use error::ConfigError;
pub use outside::{Callbacks, Target};
pub use place::Place;
pub use records::Records;
pub use session_timers::SessionTimers;
pub use sip::{Callers, ClientCertificates, Connections, Sip, Tls, WebSocket};
pub use tones::Tones;
pub use trunk::{Inbound, Trunk};
pub use values::{Length, PortRange};

use crate::model::PhoneNumber;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

/// What `hotline serve` is told.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where calls come in.
    pub sip: Sip,
    /// Sound of calls.
    pub media: Media,
    /// Web pages.
    pub http: Http,
    /// Folder of the store and of voice messages; made when missing. Default `data`. Example: `/var/lib/hotline`.
    pub data: PathBuf,
    /// Folder of the menus. Default `menus`. Example: `/etc/hotline/menus`.
    pub menus: PathBuf,
    /// How a change of the folder of menus reaches callers.
    pub menu: MenuChanges,
    /// Folder of the prompts. Default `prompts`. Example: `/usr/share/hotline/prompts`.
    pub prompts: PathBuf,
    /// The line of the menu that takes calls to numbers which no line names; `null` answers them 404. Default `main`.
    /// Example: `premium`.
    pub default_line: Option<String>,
    /// Calling numbers that are led to an operator at once. Default none. Example: `["+79161234567"]`.
    #[serde(with = "values::phones")]
    pub blocked_numbers: Vec<PhoneNumber>,
    /// What the server takes on.
    pub limits: Limits,
    /// Who is not heard.
    pub bans: Bans,
    /// Operators' phones.
    pub operators: Operators,
    /// Providers and exchanges that calls to the outside go through, by name. Default none.
    pub trunks: BTreeMap<String, Trunk>,
    /// Whom menus may hand callers to, by the name that `transfer` has in the menu. Default none.
    pub transfers: BTreeMap<String, Target>,
    /// How customers are called back.
    pub callbacks: Callbacks,
    /// What is recorded beside voice messages.
    pub recording: Recording,
    /// How long the records of calls are kept.
    pub records: Records,
    /// The bank.
    pub bank: Bank,
    /// How the server stops.
    pub drain: Drain,
    /// What the server writes to its standard error output.
    pub log: Log,
    /// A command that reads out prompts nobody has recorded, with `{text}`, `{out}` (the WAV file to write) and
    /// perhaps `{lang}`; `null` makes a missing prompt an error. Default `null`. Example:
    /// `espeak-ng -v {lang} -w {out} {text}`.
    pub draft_voice: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sip: Sip::default(),
            media: Media::default(),
            http: Http::default(),
            data: "data".into(),
            menus: "menus".into(),
            menu: MenuChanges::default(),
            prompts: "prompts".into(),
            default_line: Some("main".into()),
            blocked_numbers: Vec::new(),
            limits: Limits::default(),
            bans: Bans::default(),
            operators: Operators::default(),
            trunks: BTreeMap::new(),
            transfers: BTreeMap::new(),
            callbacks: Callbacks::default(),
            recording: Recording::default(),
            records: Records::default(),
            bank: Bank::default(),
            drain: Drain::default(),
            log: Log::default(),
            draft_voice: None,
        }
    }
}

/// A transport of SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A datagram a message.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
}

impl Transport {
    /// As SIP has it.
    #[must_use]
    pub const fn of_calls(self) -> crate::voip::sip::Transport {
        match self {
            Self::Udp => crate::voip::sip::Transport::Udp,
            Self::Tcp => crate::voip::sip::Transport::Tcp,
            Self::Tls => crate::voip::sip::Transport::Tls,
        }
    }
}

/// Sound of calls.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// UDP ports for RTP, first and last. A call takes two, with an operator four. Default `10000-29999`.
    /// Example: `40000-41999`.
    pub ports: PortRange,
    /// Media threads; 0 is one for each core. Default 0. Example: 2.
    pub threads: u16,
    /// How routers are to treat RTP: the differentiated services code point, 0 to 63 (RFC 2474). Default 46, expedited
    /// forwarding. Example: 0, not marked.
    #[serde(deserialize_with = "values::code_point")]
    pub dscp: u8,
    /// A call whose phone sends no sound for this long is taken for dead and ended. Default `30s`. Example: `2m`.
    pub silence_limit: Length,
    /// Codecs by preference, best first. Default all, `PCMA` first. Example: `[G722, PCMA]`, wide-band where the phone
    /// can.
    #[serde(deserialize_with = "values::distinct")]
    pub codecs: Vec<Codec>,
    /// Whether calls are encrypted by SRTP, with keys in the description. Default `preferred`. Example: `required`,
    /// where calls come in over TLS only.
    pub srtp: Srtp,
    /// By how many decibels, 0 to 60, the music is lowered under what is said to those who wait; `null`: what is said
    /// is heard instead of the music. Default 20. Example: 14.
    #[serde(deserialize_with = "values::decibels")]
    pub music_lowered: Option<u8>,
    /// Whose ringing tone, busy tone and beep callers hear (ITU-T E.180). `recorded`: the recordings
    /// `common/ringback` and `common/beep`. Default `ru`. Example: `eu`.
    pub tones: Tones,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            ports: PortRange::DEFAULT,
            threads: 0,
            dscp: 46,
            silence_limit: Length::from_secs(30),
            codecs: vec![Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus],
            srtp: Srtp::Preferred,
            music_lowered: Some(20),
            tones: Tones::Ru,
        }
    }
}

/// A codec of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Codec {
    /// G.711 A-law, common in Europe and Russia.
    Pcma,
    /// G.711 µ-law, common in North America.
    Pcmu,
    /// G.722, wide-band; as many octets as G.711.
    G722,
    /// Opus, wide-band; a third of the octets. The most work where a call is bridged to another codec.
    #[serde(rename = "opus")]
    Opus,
}

/// Whether sound is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Srtp {
    /// Never.
    Refused,
    /// Where the other side can.
    Preferred,
    /// Always; calls without it are refused.
    Required,
}

impl Srtp {
    /// As the media layer has it.
    #[must_use]
    pub const fn of_calls(self) -> crate::voip::sdp::SecureMedia {
        match self {
            Self::Refused => crate::voip::sdp::SecureMedia::Refused,
            Self::Preferred => crate::voip::sdp::SecureMedia::Preferred,
            Self::Required => crate::voip::sdp::SecureMedia::Required,
        }
    }
}

impl Codec {
    /// As the media layer has it.
    #[must_use]
    pub const fn of_calls(self) -> crate::voip::audio::Codec {
        match self {
            Self::Pcma => crate::voip::audio::Codec::Pcma,
            Self::Pcmu => crate::voip::audio::Codec::Pcmu,
            Self::G722 => crate::voip::audio::Codec::G722,
            Self::Opus => crate::voip::audio::Codec::Opus,
        }
    }
}

/// Web pages.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port of the web pages; `null` serves none. Default `127.0.0.1:8080`, this machine only.
    /// Example: `0.0.0.0:8080`.
    pub listen: Option<SocketAddr>,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 8080))) }
    }
}

/// How a change of the folder of menus reaches callers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MenuChanges {
    /// `manual`: when `hotline apply` is typed. `watch`: by itself, once the whole folder checks and its tests pass.
    /// Default `manual`. Example: `watch`.
    pub apply: ApplyMode,
    /// How long a folder must stay as it is before it is looked at, so that several files can be saved one after the
    /// other. Default `2s`. Example: `10s`.
    pub debounce: Length,
}

impl Default for MenuChanges {
    fn default() -> Self {
        Self { apply: ApplyMode::Manual, debounce: Length::from_secs(2) }
    }
}

/// When a changed folder of menus is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplyMode {
    /// When somebody says so.
    #[default]
    Manual,
    /// When it has changed.
    Watch,
}

/// What the server takes on. A call beyond it is answered 503 with Retry-After, at once or after an announcement.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls at once; never more than `media.ports` has four ports for. Default 5000. Example: 500.
    pub calls: NonZeroUsize,
    /// Calls at once from one address that is no trunk; of IPv6 a /64 counts as one. Default 5000. Example: 10, where
    /// phones call directly.
    pub calls_per_source: NonZeroUsize,
    /// New calls a second on average; twice as many may come at once. Default 2000. Example: 50.
    pub calls_per_second: NonZeroU32,
    /// New calls a second from one address that is no trunk; twice as many may come at once. Default 1000. Example: 5.
    pub calls_per_second_per_source: NonZeroU32,
    /// Answered calls whose ACK has not come, at once from one address that is no trunk. Default 500. Example: 20.
    pub unacknowledged_per_source: NonZeroUsize,
    /// The part of its time that signalling may work, in percent; above it fewer new calls are taken, and calls in
    /// progress go on. Default 85. Example: 70.
    #[serde(deserialize_with = "values::percent")]
    pub load: u8,
    /// How late one in a hundred wake-ups of a media thread may be in a second; above it fewer new calls are taken, so
    /// that the sound of those in progress does not suffer. Default `40ms`. Example: `20ms`.
    pub media_late: Length,
    /// The phrase of the menu that says there is no room, which callers from trunks and from addresses with calls hear
    /// before they are refused, unanswered and without cost, in every language of the menu; `null`: they are refused at
    /// once. Default `null`. Example: `operators_busy`.
    pub announcement: Option<String>,
    /// Callers who may hear it at once; those above are refused at once. Default 20. Example: 100.
    pub announced_calls: NonZeroUsize,
    /// The longest call; who talk then hear a tone a minute before its end. Default `2h`. Example: `45m`.
    pub call_length: Length,
    /// The phrase of the menu that callers hear before their call is ended, because it is the longest or because the
    /// server stops; `null`: they are cut off. Default `goodbye`. Example: `please_call_again`.
    pub farewell: Option<String>,
    /// How long the network is asked to wait before it sends a refused call again. Default `5s`. Example: `30s`.
    pub retry_after: Length,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: values::nonzero_usize(5_000),
            calls_per_source: values::nonzero_usize(5_000),
            calls_per_second: values::nonzero_u32(2_000),
            calls_per_second_per_source: values::nonzero_u32(1_000),
            unacknowledged_per_source: values::nonzero_usize(500),
            load: 85,
            media_late: Length::from_millis(40),
            announcement: None,
            announced_calls: values::nonzero_usize(20),
            call_length: Length::from_secs(2 * 3_600),
            farewell: Some("goodbye".into()),
            retry_after: Length::from_secs(5),
        }
    }
}

/// Operators' phones.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operators {
    /// The realm of their accounts. After a change every operator needs a new password. Default `hotline`.
    /// Example: `bank.example`.
    #[serde(deserialize_with = "values::realm")]
    pub realm: String,
    /// How long a phone stays registered: at least and at most.
    pub registration: Registration,
    /// Whether their calls are encrypted by SRTP. `preferred` offers keys beside plain RTP. Default `refused`. Example:
    /// `preferred`.
    pub srtp: Srtp,
}

impl Default for Operators {
    fn default() -> Self {
        Self { realm: "hotline".into(), registration: Registration::default(), srtp: Srtp::Refused }
    }
}

/// How long a phone stays registered.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, try_from = "values::RawRegistration")]
pub struct Registration {
    /// A phone that asks for less is answered 423 with this. Default `60s`. Example: `30s`.
    pub min: Length,
    /// A phone that asks for more, or for nothing, gets this. Default `1h`. Example: `10m`.
    pub max: Length,
}

impl Default for Registration {
    fn default() -> Self {
        Self { min: Length::from_secs(60), max: Length::from_secs(3_600) }
    }
}

/// The bank.
#[derive(Clone, Debug, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bank {
    /// What stands behind the adapter. Default `sandbox`, a bank with demo cards (`docs/sandbox.md`).
    pub kind: BankKind,
    /// When an operation that keeps failing is given a rest.
    pub breaker: Breaker,
    /// The sandbox.
    pub sandbox: Sandbox,
}

/// What stands behind the adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BankKind {
    /// The bank with demo cards.
    #[default]
    Sandbox,
}

/// When an operation of the bank that keeps failing is given a rest: callers are told at once.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row. Default 5. Example: 3.
    pub failures: NonZeroU32,
    /// How long it rests before it is tried again. Default `30s`. Example: `1m`.
    pub pause: Length,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: values::nonzero_u32(5), pause: Length::from_secs(30) }
    }
}

/// The sandbox bank.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// Whether it is down, to hear what callers hear then. Default `false`. Example: `true`.
    pub down: bool,
    /// How long the bank takes for the slow demo card. Default `2500ms`. Example: `12s`, longer than a block may take.
    pub slow: Length,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { down: false, slow: Length::from_millis(2_500) }
    }
}

/// What is recorded beside voice messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recording {
    /// Whether conversations with operators are recorded, the caller on the left, the bank on the right. Only of
    /// callers who heard the notice; never while a secret is entered. Default `false`. Example: `true`.
    pub conversations: bool,
    /// The phrase of the menu that says so: nobody is recorded before it was heard to its end. Who was to hear it and is
    /// answered by an operator before that hears it then. Default `record_notice`. Example: `recording_and_data`.
    pub notice: String,
    /// The phrase that says so to a customer who is called back: the `hello` of the queue's callback, which must say
    /// it. `null` records no such conversation. Default `null`. Example: `callback_hello`.
    pub callback_notice: Option<String>,
    /// Days that a conversation is kept; `0` keeps it for ever. Default `90`. Example: `1095`.
    pub days: u32,
}

impl Default for Recording {
    fn default() -> Self {
        Self { conversations: false, notice: "record_notice".into(), callback_notice: None, days: 90 }
    }
}

impl Recording {
    /// The phrases after which a conversation is recorded.
    pub fn notices(&self) -> impl Iterator<Item = &str> {
        let both = std::iter::once(&self.notice).chain(&self.callback_notice);
        both.filter(|_| self.conversations).map(String::as_str)
    }

    /// How long a conversation is kept; `None` for ever.
    pub fn kept(&self) -> Option<std::time::Duration> {
        (self.days > 0).then(|| std::time::Duration::from_secs(86_400) * self.days)
    }
}

/// How the server stops.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// After the first signal new calls are refused, and calls in progress may take this long to end. Default `2m`.
    /// Example: `30m`.
    pub limit: Length,
}

impl Default for Drain {
    fn default() -> Self {
        Self { limit: Length::from_secs(120) }
    }
}

/// What the server writes to its standard error output.
#[derive(Clone, Debug, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The least that is written: `error`, `warn`, `info`, `debug`, `trace`. Customers' data is never above `debug`,
    /// secrets never at all. Default `info`. Example: `warn`.
    pub level: LogLevel,
    /// `text` for people, `json` for machines, a line each. Default `text`.
    pub format: LogFormat,
}

/// The least that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody now.
    Error,
    /// What needs somebody soon.
    Warn,
    /// What happens to the server.
    #[default]
    Info,
    /// What happens in calls.
    Debug,
    /// Every message.
    Trace,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// What the command line and `HOTLINE_…` variables say; `None` leaves the configuration's word.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--sip ADDR:PORT`: the one address listened on.
    pub sip: Option<SocketAddr>,
    /// `--http ADDR:PORT`.
    pub http: Option<SocketAddr>,
    /// `--data DIR`.
    pub data: Option<PathBuf>,
    /// `--menus DIR`.
    pub menus: Option<PathBuf>,
    /// `--prompts DIR`.
    pub prompts: Option<PathBuf>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or its text is not a configuration: the first problem with its place and advice.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = std::fs::read(path).map_err(|source| ConfigError::unreadable(path, &source))?;
        let text = String::from_utf8(bytes).map_err(|_| ConfigError::not_utf8(path))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a text; `name` is what its file is called in errors.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(error) = ConfigError::of_curly_quotes(name, text) {
            return Err(error);
        }
        // A file of comments alone is a configuration of defaults.
        let parsed = serde_yaml::from_str::<Option<Self>>(text);
        let config = parsed.map(Option::unwrap_or_default).map_err(|error| ConfigError::of_yaml(&error, name, text))?;
        match outside::misfit(&config).or_else(|| config.sip.misfit()) {
            Some((message, hint)) => Err(ConfigError { place: name.to_owned(), message, hint: Some(hint) }),
            None => Ok(config),
        }
    }

    /// The configuration with what the command line says in its place.
    #[must_use]
    pub fn merge(mut self, overrides: Overrides) -> Self {
        if let Some(address) = overrides.sip {
            self.sip.listen = vec![address];
        }
        if let Some(address) = overrides.http {
            self.http.listen = Some(address);
        }
        self.data = overrides.data.unwrap_or(self.data);
        self.menus = overrides.menus.unwrap_or(self.menus);
        self.prompts = overrides.prompts.unwrap_or(self.prompts);
        self
    }
}

#[cfg(test)]
mod tests;
