//! `hotline bans`: whose messages are not heard.

use super::cli::{Bans, BansCommand};
use super::config::Length;
use super::folders::with_store;
use super::versions::{active_menu, local};
use super::who::author;
use crate::io::clock::Clock;
use crate::io::store::StoredBan;
use crate::model::Network;
use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::process::ExitCode;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 80;

/// Lists, adds, lifts.
pub(super) fn run(arguments: Bans) -> Result<ExitCode> {
    let Bans { folders, by, command } = arguments;
    with_store(&folders, |config, store| async move {
        match command {
            BansCommand::List { json } => {
                let zone = active_menu(&store, &config).await.map_or(TimeZone::UTC, |menu| menu.bank.zone);
                let bans = store.bans(Clock::start().now().wall).await?;
                for ban in &bans {
                    println!("{}", if json { as_json(ban) } else { line(ban, &zone) });
                }
                if bans.is_empty() && !json {
                    println!("nobody is banned");
                }
            }
            BansCommand::Add { network, length, reason } => {
                let network = parse(&network)?;
                if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
                    bail!("the reason is a line of at most {LONGEST_REASON} characters");
                }
                let by = author(&by)?;
                let length = length.map(Length::try_from).transpose().map_err(anyhow::Error::msg)?;
                let until = length
                    .map(|length| by.at.checked_add(SignedDuration::try_from(length.duration())?))
                    .transpose()
                    .context("that is too long; leave it out for a ban without end")?;
                let ban = StoredBan { network, everything: true, until, by_hand: true, reason, times: 1, by };
                store.keep_ban(&ban).await?;
                println!("{network} is banned; a running server knows it within a second.");
            }
            BansCommand::Remove { network } => {
                let network = parse(&network)?;
                if !store.lift_ban(network, &author(&by)?).await? {
                    bail!("{network} is not banned; see: hotline bans list");
                }
                println!("{network} is heard again; a running server knows it within a second.");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn parse(text: &str) -> Result<Network> {
    text.parse().with_context(|| format!("{text:?} cannot be banned"))
}

fn line(ban: &StoredBan, zone: &TimeZone) -> String {
    let until = ban.until.map_or_else(|| "until lifted".into(), |until| format!("until {}", local(until, zone)));
    let what = if ban.everything { "everything" } else { "datagrams" };
    let text = format!(
        "{:<18}  {until}  {what}  {}, by {} at {}, {} times",
        ban.network.to_string(),
        ban.reason,
        ban.by.who,
        local(ban.by.at, zone),
        ban.times
    );
    text.replace(char::is_control, " ")
}

fn as_json(ban: &StoredBan) -> String {
    serde_json::json!({
        "network": ban.network.to_string(),
        "until": ban.until.map(|until| until.to_string()),
        "everything": ban.everything,
        "by_hand": ban.by_hand,
        "reason": ban.reason,
        "times": ban.times,
        "who": ban.by.who,
        "at": ban.by.at.to_string(),
    })
    .to_string()
}
