//! Trunks and targets of the configuration as the exchange wants them, and menus held against them.

use crate::app::config::{Callers, Codec, Config, Length, Limits, Place, Srtp, Target, Transport, Trunk};
use crate::exchange::{Callers as WhoCalls, Destination as Callee, Inbound, Numbers, Outside, Trunk as CallTrunk};
use crate::ivr::menu::{Menu, Problem, check_targets};
use crate::ivr::speech::{Part, PhraseText};
use crate::model::Lang;
use crate::voip::sdp::SecureMedia;
use crate::voip::sip::digest::{Ha1, Login};
use crate::voip::sip::locate::{Destination, Names};
use crate::voip::sip::{self, Peer, SipUri};
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::path::Path;

/// Who may call, and whom the exchange may call, passwords included.
pub(super) fn of(config: &Config) -> Result<(Outside, Names)> {
    let mut names = Names::default();
    let mut outside = Outside {
        callbacks: config.callbacks.via.iter().map(|name| name.as_str().into()).collect(),
        callers: match config.sip.callers {
            Callers::Anyone => WhoCalls::Anyone,
            Callers::Trunks => WhoCalls::Trunks,
        },
        ..Outside::default()
    };
    for (name, trunk) in &config.trunks {
        outside.trunks.insert(name.as_str().into(), trunk_of(config, name, trunk, &mut names)?);
    }
    for (name, target) in &config.transfers {
        let destination = match target {
            Target::Number { trunks, number, ring } => Callee::Number {
                trunks: trunks.iter().map(|name| name.as_str().into()).collect(),
                number: number.clone(),
                ring: ring.map(Length::duration),
            },
            Target::Address { uri, ring, srtp, early_media } => Callee::Address {
                uri: uri.clone(),
                peer: peer_of(name, uri, &mut names)?,
                secure: srtp.map_or(SecureMedia::Refused, Srtp::of_calls),
                ring: ring.map(Length::duration),
                early_media: *early_media,
            },
        };
        outside.transfers.insert(name.as_str().into(), destination);
    }
    Ok((outside, names))
}

fn trunk_of(config: &Config, name: &str, trunk: &Trunk, names: &mut Names) -> Result<CallTrunk> {
    let place = format!("trunks.{name}");
    let login = match &trunk.user {
        Some(user) => {
            let password = password(&place, trunk.password_env.as_deref(), trunk.password_file.as_deref())?;
            Some(Login { username: user.clone(), password })
        }
        None => None,
    };
    let inbound = match &trunk.inbound {
        Some(inbound) => {
            let place = format!("{place}.inbound");
            let password = password(&place, inbound.password_env.as_deref(), inbound.password_file.as_deref())?;
            let ha1 = Ha1::compute(&inbound.user, &config.operators.realm, &password);
            Some(Inbound { user: inbound.user.clone(), ha1 })
        }
        None => None,
    };
    let transport = trunk.transport.map(Transport::of_calls);
    let peer = match &trunk.address {
        Place::Address(address) => Peer::at(transport.unwrap_or(sip::Transport::Udp), *address),
        Place::Name { host, port } => named(Destination::new(&host.to_string(), *port, transport), names),
    };
    let domain = trunk.domain.clone().unwrap_or_else(|| trunk.address.host());
    let numbers = trunk
        .numbers
        .as_ref()
        .map(|numbers| Numbers::new(numbers.iter().map(|(number, line)| (number.as_str(), line.as_str().into()))));
    Ok(CallTrunk {
        login,
        inbound,
        numbers,
        caller_id: trunk.caller_id.clone(),
        from: trunk.from.clone(),
        codecs: trunk.codecs.as_ref().map(|codecs| codecs.iter().copied().map(Codec::of_calls).collect()),
        secure: trunk.srtp.map(Srtp::of_calls),
        calls: trunk.calls,
        register: trunk.register.map(Length::duration),
        ping: trunk.ping.map(Length::duration),
        ring: trunk.ring.map(Length::duration),
        early_media: trunk.early_media,
        ..CallTrunk::new(peer, domain)
    })
}

/// A password, from where the configuration says that it is.
fn password(place: &str, env: Option<&str>, file: Option<&Path>) -> Result<String> {
    let text = match (env, file) {
        (Some(variable), _) => std::env::var(variable)
            .with_context(|| format!("{place}: the environment variable {variable} cannot be read"))?,
        (None, Some(path)) => std::fs::read_to_string(path)
            .with_context(|| format!("{place}: the password file {} cannot be read", path.display()))?,
        (None, None) => String::new(),
    };
    match text.lines().next().map(str::trim_end) {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        Some(_) | None => bail!("{place}: the password is empty"),
    }
}

/// A peer that is found by its name.
fn named(destination: Destination, names: &mut Names) -> Peer {
    let usual = if destination.secure { sip::Transport::Tls } else { sip::Transport::Udp };
    Peer::named(destination.transport.unwrap_or(usual), names.keep(destination))
}

fn peer_of(name: &str, uri: &SipUri, names: &mut Names) -> Result<Peer> {
    if let Some(destination) = Destination::of(uri) {
        return Ok(named(destination, names));
    }
    let usual = if uri.secure { sip::Transport::Tls } else { sip::Transport::Udp };
    let transport = match uri.transport() {
        Some(sip::Transport::Tcp) if uri.secure => sip::Transport::Tls,
        other => other.unwrap_or(usual),
    };
    let host = uri.params.get("maddr").and_then(|maddr| maddr.parse().ok()).or(uri.host.ip());
    let ip = host.with_context(|| format!("transfers.{name}: the host of {uri} is neither a name nor an address"))?;
    let addr = SocketAddr::new(ip, uri.port.unwrap_or(transport.default_port()));
    Ok(Peer::at(transport, addr))
}

/// The lines that trunks deliver numbers to must be in the menu.
fn check_lines(config: &Config, menu: &Menu) -> Result<()> {
    for (name, trunk) in &config.trunks {
        let lines = trunk.numbers.iter().flatten();
        let is_unknown = |line: &str| !menu.lines.iter().any(|known| *known.name == *line);
        if let Some((number, line)) = lines.into_iter().find(|(_, line)| is_unknown(line)) {
            let known: Vec<&str> = menu.lines.iter().map(|line| &*line.name).collect();
            let hint = format!("the menu has these lines: {}", known.join(", "));
            bail!("trunks.{name}.numbers: {number} leads to no line {line}\n  hint: {hint}");
        }
    }
    Ok(())
}

/// What callers hear above the limits, and at the limit of a call, must be in the menu, and be the same for all.
fn check_spoken(config: &Config, menu: &Menu) -> Result<()> {
    let phrase_of = |name: &str| menu.phrases.iter().find(|phrase| *phrase.name == *name);
    // A menu without the usual farewell has none.
    let usual = Limits::default().farewell;
    let farewell = config.limits.farewell.as_ref();
    let farewell = farewell.filter(|name| usual.as_ref() != Some(name) || phrase_of(name).is_some());
    for (key, name) in [("announcement", config.limits.announcement.as_ref()), ("farewell", farewell)] {
        let Some(name) = name else { continue };
        let Some(phrase) = phrase_of(name) else {
            bail!("limits.{key}: the menu has no phrase {name}\n  hint: write it into the menu, or null here");
        };
        let has_values = |(_, text): &(_, PhraseText)| text.parts.iter().any(|part| matches!(part, Part::Value { .. }));
        if phrase.texts.iter().any(has_values) {
            bail!("limits.{key}: the phrase {name} has values, which nobody knows then\n  hint: take one without");
        }
    }
    Ok(())
}

/// What the configuration wants of a menu, but for the targets of its transfers.
pub(in crate::app) fn check_names(config: &Config, menu: &Menu) -> Result<()> {
    check_lines(config, menu)?;
    check_spoken(config, menu)
}

/// The transfers of a menu to targets that the configuration does not name.
pub(in crate::app) fn unknown_targets(config: &Config, menu: &Menu) -> Vec<Problem> {
    let known: Vec<&str> = config.transfers.keys().map(String::as_str).collect();
    check_targets(menu, &known)
}

/// A menu may hand callers only to targets that the configuration names; every other step is told with its place.
pub(in crate::app) fn check(config: &Config, menu: &Menu) -> Result<()> {
    check_names(config, menu)?;
    let unknown = unknown_targets(config, menu);
    let Some(first) = unknown.first() else { return Ok(()) };
    let lines: Vec<String> = unknown.iter().map(|problem| problem.headline(Lang::En)).collect();
    bail!("{}\n  hint: {}", lines.join("\n"), first.help.get(Lang::En))
}
