//! Trunks and targets of the configuration as the exchange wants them, and menus held against them.

use crate::app::config::{Config, Place, Target, Transport, Trunk};
use crate::exchange::{Destination as Callee, Outside, Trunk as CallTrunk};
use crate::ivr::menu::{Menu, Step};
use crate::voip::sip::digest::Login;
use crate::voip::sip::locate::{Destination, Names};
use crate::voip::sip::{self, Peer, SipUri};
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;

/// Whom the exchange may call, passwords included.
pub(super) fn of(config: &Config, names: &mut Names) -> Result<Outside> {
    let mut outside = Outside { callbacks: config.callbacks.via.as_deref().map(Into::into), ..Outside::default() };
    for (name, trunk) in &config.trunks {
        outside.trunks.insert(name.as_str().into(), trunk_of(name, trunk, names)?);
    }
    for (name, target) in &config.transfers {
        let destination = match target {
            Target::Number { trunk, number } => Callee::Number { trunk: trunk.as_str().into(), number: number.clone() },
            Target::Address { uri } => address(name, uri, names)?,
        };
        outside.transfers.insert(name.as_str().into(), destination);
    }
    Ok(outside)
}

fn trunk_of(name: &str, trunk: &Trunk, names: &mut Names) -> Result<CallTrunk> {
    let login = match &trunk.user {
        Some(user) => Some(Login { username: user.clone(), password: password(name, trunk)? }),
        None => None,
    };
    let transport = trunk.transport.map(Transport::of_calls);
    let peer = match &trunk.address {
        Place::Address(address) => Peer::at(transport.unwrap_or(sip::Transport::Udp), *address),
        Place::Name { host, port } => named(Destination::new(&host.to_string(), *port, transport), names),
    };
    let domain = trunk.domain.clone().unwrap_or_else(|| trunk.address.host());
    Ok(CallTrunk { login, caller_id: trunk.caller_id.clone(), ..CallTrunk::new(peer, domain) })
}

/// The password, from where the configuration says that it is.
fn password(name: &str, trunk: &Trunk) -> Result<String> {
    let text = match (&trunk.password_env, &trunk.password_file) {
        (Some(variable), _) => std::env::var(variable)
            .with_context(|| format!("trunks.{name}: the environment variable {variable} cannot be read"))?,
        (None, Some(path)) => std::fs::read_to_string(path)
            .with_context(|| format!("trunks.{name}: the password file {} cannot be read", path.display()))?,
        (None, None) => String::new(),
    };
    match text.lines().next().map(str::trim_end) {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        Some(_) | None => bail!("trunks.{name}: the password is empty"),
    }
}

/// A peer that is found by its name.
fn named(destination: Destination, names: &mut Names) -> Peer {
    let usual = if destination.secure { sip::Transport::Tls } else { sip::Transport::Udp };
    Peer::named(destination.transport.unwrap_or(usual), names.keep(destination))
}

fn address(name: &str, uri: &SipUri, names: &mut Names) -> Result<Callee> {
    if let Some(destination) = Destination::of(uri) {
        return Ok(Callee::Address { uri: uri.clone(), peer: named(destination, names) });
    }
    let usual = if uri.secure { sip::Transport::Tls } else { sip::Transport::Udp };
    let transport = match uri.transport() {
        Some(sip::Transport::Tcp) if uri.secure => sip::Transport::Tls,
        other => other.unwrap_or(usual),
    };
    let host = uri.params.get("maddr").and_then(|maddr| maddr.parse().ok()).or(uri.host.ip());
    let ip = host.with_context(|| format!("transfers.{name}: the host of {uri} is neither a name nor an address"))?;
    let addr = SocketAddr::new(ip, uri.port.unwrap_or(transport.default_port()));
    Ok(Callee::Address { uri: uri.clone(), peer: Peer::at(transport, addr) })
}

/// A menu may hand callers only to targets that the configuration names; every other step is told with its place.
pub(in crate::app) fn check(config: &Config, menu: &Menu) -> Result<()> {
    let steps = menu.tasks.iter().flat_map(|task| &task.steps);
    let unknown: Vec<String> = steps
        .filter_map(|node| match &node.step {
            Step::Transfer(transfer) if !config.transfers.contains_key(&*transfer.target) => {
                let place = node.place;
                let file = menu.files.get(usize::from(place.file)).map_or("menu", |name| &**name);
                let target = &transfer.target;
                Some(format!("{file}:{}:{}: no target {target} in the configuration", place.line, place.column))
            }
            _ => None,
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = config.transfers.keys().map(String::as_str).collect();
    let known =
        if known.is_empty() { "there are none yet".to_owned() } else { format!("there are: {}", known.join(", ")) };
    bail!("{}\n  hint: name the target under transfers: in the configuration; {known}", unknown.join("\n"))
}
