//! Trunks and targets of the configuration as the exchange wants them, and menus held against them.

use crate::app::config::{Config, Target, Trunk};
use crate::exchange::{Destination, Outside, Trunk as CallTrunk};
use crate::ivr::menu::{Menu, Step};
use crate::voip::sip::digest::Login;
use crate::voip::sip::{self, Host, Peer, SipUri};
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;

/// Whom the exchange may call, passwords included.
pub(super) fn of(config: &Config) -> Result<Outside> {
    let mut outside = Outside { callbacks: config.callbacks.via.as_deref().map(Into::into), ..Outside::default() };
    for (name, trunk) in &config.trunks {
        outside.trunks.insert(name.as_str().into(), trunk_of(name, trunk)?);
    }
    for (name, target) in &config.transfers {
        let destination = match target {
            Target::Number { trunk, number } => {
                Destination::Number { trunk: trunk.as_str().into(), number: number.clone() }
            }
            Target::Address { uri } => address(name, uri)?,
        };
        outside.transfers.insert(name.as_str().into(), destination);
    }
    Ok(outside)
}

fn trunk_of(name: &str, trunk: &Trunk) -> Result<CallTrunk> {
    let login = match &trunk.user {
        Some(user) => Some(Login { username: user.clone(), password: password(name, trunk)? }),
        None => None,
    };
    let peer = Peer::at(trunk.transport.of_calls(), trunk.address);
    let domain = trunk.domain.clone().unwrap_or_else(|| Host::from(trunk.address.ip()));
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

fn address(name: &str, uri: &SipUri) -> Result<Destination> {
    let transport = uri.transport().unwrap_or(sip::Transport::Udp);
    let ip = uri.host.ip().with_context(|| format!("transfers.{name}: the host of {uri} is no IP address"))?;
    if !matches!(transport, sip::Transport::Udp | sip::Transport::Tcp) {
        bail!("transfers.{name}: only udp and tcp can be called, not {transport}");
    }
    let addr = SocketAddr::new(ip, uri.port.unwrap_or(transport.default_port()));
    Ok(Destination::Address { uri: uri.clone(), peer: Peer::at(transport, addr) })
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
