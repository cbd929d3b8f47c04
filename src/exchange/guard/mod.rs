//! Keeps scanners away: what each source did wrong is counted, and forgotten with time.
//!
//! ```text
//!   points ──10──▶ answers wait two seconds ──30──▶ silence for a time, each time twice as long
//!      └── minus one every five seconds; all gone when a password was right
//! ```
//!
//! Datagrams can be sent in another's name, so a ban must not be a weapon. Trunks, the networks of `bans.never`, and
//! whoever has a registered phone or a call in progress (an ACK with our tag cannot be made up) are never banned. A
//! ban for datagrams silences datagrams alone and is short; only what came over a connection, which proves the
//! address, brings one that grows. An account is guarded by itself ([`logins`]), so one wrong phone in an office does
//! not shut out the others.
//!
//! Nothing here asks whether an account exists: a guesser gets the same answers at the same speed either way.

mod bans;
mod desk;
mod logins;
mod slow;
#[cfg(test)]
mod tests;

pub use bans::{Ban, Scope};

use crate::model::{Instant, Network, Now, OperatorId};
use crate::voip::sip::Peer;
use crate::voip::sip::endpoint::{Note, Trunks};
use crate::voip::sip::roll::{Bucket, Roll};
use crate::voip::sip::source::Source;
use bans::Bans;
use jiff::SignedDuration;
use logins::Logins;
pub(super) use logins::NameKey;
use slow::Slow;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Sources that are remembered.
const SUSPECTS: usize = 65_536;
/// How long a source without a point is remembered, for the length of its next ban.
const IDLE: Duration = Duration::from_secs(3_600);
/// From so many points on answers wait.
const SLOW: f64 = 10.0;
/// From so many points on nothing is answered.
const SILENT: f64 = 30.0;
/// Points that are forgotten a second.
const FORGOTTEN: f64 = 0.2;
/// The longest ban for what came by datagrams alone.
const LONGEST_UNPROVEN: Duration = Duration::from_secs(600);
/// So many times as many messages a second may come from a source in a call: a switchboard that is no trunk has a
/// thousand of them.
const IN_CALL: f64 = 20.0;
/// Names of accounts that are told apart for one source.
const NAMES: usize = 8;
/// Bans, and pauses of log-ins, that are written to the store a second: addresses are easily invented, and what waits for
/// the store waits behind them. More bans hold until a restart.
const WRITTEN_PER_SECOND: f64 = 10.0;

/// What is banned, and for how long.
#[derive(Clone, Debug)]
pub struct GuardRules {
    /// Who is never banned.
    pub never: Vec<Network>,
    /// The first ban of a source.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
    /// Wrong passwords for an account from one source before a pause.
    pub logins: u32,
    /// The first such pause.
    pub login_pause: Duration,
    /// Messages a second of a source that is neither trunk nor phone nor in a call; twice as many may come at once.
    /// From one in a call, twenty times as many.
    pub per_second: u32,
}

impl Default for GuardRules {
    fn default() -> Self {
        Self {
            never: Vec::new(),
            first: Duration::from_secs(60),
            longest: Duration::from_secs(86_400),
            logins: 10,
            login_pause: Duration::from_secs(60),
            per_second: 1_000,
        }
    }
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Deed {
    /// Something in a message.
    Noted(Note),
    /// Asked to register, or called for a trunk, without a password, as everybody does first.
    Challenged,
    /// Gave a wrong password, or one for an account that there is not.
    Denied(NameKey),
    /// Called a number that there is not.
    UnknownNumber,
    /// Called without being a trunk, where only trunks may.
    NoTrunk,
    /// Sent more than may come.
    Flood,
}

/// What the guard counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardCounters {
    /// Messages that were not heard.
    pub silenced: u64,
    /// Answers that waited.
    pub slowed: u64,
    /// Bans.
    pub bans: u64,
    /// Wrong passwords.
    pub denied: u64,
    /// Passwords that were not looked at, because too many before were wrong.
    pub login_pauses: u64,
}

/// What is known of a source.
#[derive(Debug)]
struct Suspect {
    points: f64,
    at: Instant,
    times: u32,
    rate: Bucket,
    /// The same while it has a call.
    in_call: Bucket,
    names: Vec<NameKey>,
}

impl Suspect {
    fn new(now: Instant, per_second: f64) -> Self {
        let rate = Bucket::full(now, 2.0 * per_second);
        let in_call = Bucket::full(now, 2.0 * per_second * IN_CALL);
        Self { points: 0.0, at: now, times: 0, rate, in_call, names: Vec::new() }
    }

    fn points(&self, now: Instant) -> f64 {
        (self.points - now.since(self.at).as_secs_f64() * FORGOTTEN).max(0.0)
    }

    fn add(&mut self, now: Instant, deed: Deed) {
        self.points = self.points(now) + self.weigh(deed);
        self.at = now;
    }

    fn weigh(&mut self, deed: Deed) -> f64 {
        match deed {
            Deed::Noted(Note::Tool) => 10.0,
            Deed::UnknownNumber => 3.0,
            Deed::Noted(Note::Malformed) => 2.0,
            Deed::NoTrunk => 1.0,
            Deed::Noted(Note::Stray) => 0.5,
            Deed::Noted(Note::Options | Note::Unserved) | Deed::Challenged => 0.25,
            Deed::Flood => 0.1,
            // One account is guarded by itself; who tries several guesses.
            Deed::Denied(name) if self.names.contains(&name) || self.names.is_empty() => {
                self.learn(name);
                1.0
            }
            Deed::Denied(name) => {
                self.learn(name);
                4.0
            }
        }
    }

    fn learn(&mut self, name: NameKey) {
        if !self.names.contains(&name) && self.names.len() < NAMES {
            self.names.push(name);
        }
    }
}

/// The guard. See the module's text.
#[derive(Debug)]
pub(super) struct Guard {
    rules: GuardRules,
    trunks: Trunks,
    suspects: Roll<Source, Suspect>,
    bans: Bans,
    logins: Logins,
    slow: Slow,
    /// From where each operator's phones are registered, and how many there are at each source.
    phones: HashMap<OperatorId, Vec<SocketAddr>>,
    homes: HashMap<Source, usize>,
    writes: Bucket,
    audits: Bucket,
    /// Bans that are to be kept.
    fresh: VecDeque<Ban>,
    counters: GuardCounters,
}

impl Guard {
    pub fn new(rules: GuardRules, trunks: Trunks) -> Self {
        Self {
            logins: Logins::new(rules.logins, rules.login_pause),
            rules,
            trunks,
            suspects: Roll::new(SUSPECTS, IDLE),
            bans: Bans::default(),
            slow: Slow::default(),
            phones: HashMap::new(),
            homes: HashMap::new(),
            writes: Bucket::full(Instant::ZERO, WRITTEN_PER_SECOND),
            audits: Bucket::full(Instant::ZERO, WRITTEN_PER_SECOND),
            fresh: VecDeque::new(),
            counters: GuardCounters::default(),
        }
    }

    /// Whether a message of somebody is heard. `in_call`: the source has a call in progress.
    pub fn hears(&mut self, now: Instant, from: Peer, in_call: bool) -> bool {
        let is_spared = self.is_spared(from.source(), from.addr.ip());
        let heard = !self.is_silenced(now, from, in_call) && (is_spared || self.is_slow_enough(now, from, in_call));
        self.counters.silenced += u64::from(!heard);
        heard
    }

    /// Whether somebody is banned for the way in which a message comes.
    pub fn is_silenced(&self, now: Instant, from: Peer, in_call: bool) -> bool {
        let ip = from.addr.ip();
        let Some((scope, by_hand)) = self.bans.find(now, ip) else { return false };
        let is_meant = scope == Scope::Everything || !from.transport.is_reliable();
        by_hand || (is_meant && !in_call && !self.is_spared(from.source(), ip))
    }

    /// Whether somebody without a name stays within what may come. Whoever is in a call may send much, and is not
    /// blamed for more: others can send in its name.
    fn is_slow_enough(&mut self, now: Instant, from: Peer, in_call: bool) -> bool {
        let rate = f64::from(self.rules.per_second);
        let new = || Suspect::new(now, rate);
        let Some(suspect) = self.suspects.enter(now, &from.source(), |_| false, new) else { return true };
        if in_call {
            return suspect.in_call.take(now, rate * IN_CALL, 2.0 * rate * IN_CALL);
        }
        if suspect.rate.take(now, rate, 2.0 * rate) {
            return true;
        }
        suspect.add(now, Deed::Flood);
        false
    }

    /// Who is never banned.
    fn is_spared(&self, source: Source, ip: IpAddr) -> bool {
        self.homes.contains_key(&source)
            || self.rules.never.iter().any(|network| network.contains(ip))
            || self.trunks.are_at(ip)
    }

    /// Notes a deed. `in_call`: the source has a call in progress.
    pub fn saw(&mut self, now: Now, from: Peer, deed: Deed, in_call: bool) {
        if in_call || self.is_spared(from.source(), from.addr.ip()) {
            return;
        }
        let rate = f64::from(self.rules.per_second);
        let new = || Suspect::new(now.instant, rate);
        let source = from.source();
        let Some(suspect) = self.suspects.enter(now.instant, &source, |_| false, new) else { return };
        suspect.add(now.instant, deed);
        if suspect.points < SILENT {
            return;
        }
        suspect.points = SLOW;
        let times = suspect.times;
        suspect.times += 1;
        let proven = from.transport.is_reliable();
        let longest = if proven { self.rules.longest } else { self.rules.longest.min(LONGEST_UNPROVEN) };
        self.ban(now, source, if proven { Scope::Everything } else { Scope::Datagrams }, deed, (times, longest));
    }

    fn ban(&mut self, now: Now, source: Source, scope: Scope, deed: Deed, (times, longest): (u32, Duration)) {
        let length = bans::length(self.rules.first, longest, times);
        let until = SignedDuration::try_from(length).ok().and_then(|length| now.wall.checked_add(length).ok());
        let reason = deed.reason();
        let network = bans::network_of(source);
        tracing::warn!(%network, reason, seconds = length.as_secs(), "silence");
        let ban = Ban { network, scope, until, by_hand: false, reason: reason.into(), times: times + 1 };
        self.bans.hold(now, &ban, false);
        self.counters.bans += 1;
        if self.writes.take(now.instant, WRITTEN_PER_SECOND, WRITTEN_PER_SECOND) {
            self.fresh.push_back(ban);
        }
    }

    /// Whether answers to somebody wait.
    pub fn is_slow(&self, now: Instant, to: Peer, in_call: bool) -> bool {
        let guesses = |suspect: &Suspect| suspect.points(now) >= SLOW;
        self.suspects.get(&to.source()).is_some_and(guesses) && !in_call && !self.is_spared(to.source(), to.addr.ip())
    }

    /// A password was right: whoever knows one is no scanner.
    pub fn knows_a_password(&mut self, now: Instant, from: Peer, name: NameKey) {
        self.logins.succeeded(now, name, from.source());
        if let Some(suspect) = self.suspects.get_mut(&from.source()) {
            suspect.points = 0.0;
            suspect.names.clear();
        }
    }

    /// Whether a password for an account is looked at.
    fn may_log_in(&self, now: Instant, name: NameKey, operator: &OperatorId, from: Peer) -> bool {
        let phones = self.phones_of(operator);
        let is_known = phones.contains(&from.addr);
        let is_at_home = phones.iter().any(|phone| Source::from(*phone) == from.source());
        is_known || self.logins.may_try(now, name, from.source(), is_at_home)
    }

    /// Whether a password that is to show that a call is a trunk's is looked at. What comes from a trunk's address
    /// always is: others could send in its name.
    pub fn may_log_in_as_trunk(&self, now: Instant, name: NameKey, from: Peer) -> bool {
        self.trunks.are_at(from.addr.ip()) || self.logins.may_try(now, name, from.source(), false)
    }

    /// The addresses of trunks have changed.
    pub fn set_trunks(&mut self, trunks: Trunks) {
        self.trunks = trunks;
    }

    /// A password was wrong; the length of the pause that begins, if one does.
    fn denied(&mut self, now: Instant, name: NameKey, from: Peer) -> Option<Duration> {
        self.counters.denied += 1;
        self.logins.failed(now, name, from.source())
    }

    /// Whether a pause is a line of the audit; the log tells of it in any case.
    fn may_audit(&mut self, now: Instant) -> bool {
        self.audits.take(now, WRITTEN_PER_SECOND, WRITTEN_PER_SECOND)
    }

    /// Where an operator's phones are registered.
    fn phones_of(&self, operator: &OperatorId) -> &[SocketAddr] {
        self.phones.get(operator).map_or(&[], Vec::as_slice)
    }

    /// From where an operator's phones are registered now.
    fn set_phones(&mut self, operator: &OperatorId, phones: Vec<SocketAddr>) {
        for phone in self.phones.remove(operator).unwrap_or_default() {
            let source = Source::from(phone);
            if let Some(count) = self.homes.get_mut(&source) {
                *count -= 1;
                if *count == 0 {
                    self.homes.remove(&source);
                }
            }
        }
        if phones.is_empty() {
            return;
        }
        for phone in &phones {
            *self.homes.entry((*phone).into()).or_default() += 1;
        }
        self.phones.insert(operator.clone(), phones);
    }
}

impl Deed {
    const fn reason(self) -> &'static str {
        match self {
            Self::Noted(Note::Tool) => "scanner",
            Self::Noted(Note::Malformed) => "malformed messages",
            Self::Noted(Note::Stray) => "requests without a call",
            Self::Noted(Note::Options) => "OPTIONS",
            Self::Noted(Note::Unserved) => "requests that nobody serves",
            Self::Challenged => "requests without a password",
            Self::Denied(_) => "wrong passwords",
            Self::UnknownNumber => "unknown numbers",
            Self::NoTrunk => "calls of no trunk",
            Self::Flood => "flood",
        }
    }
}
