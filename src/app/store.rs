//! Commands that look into the store: `report`, `bank`, `switch`.

use super::cli::{Bank, BankCommand, Report, ReportCommand, Switch, SwitchState};
use super::folders::with_store;
use super::report::{ReportOptions, calls_json, calls_text};
use crate::io::bank::Sandbox;
use crate::io::clock::Clock;
use crate::io::store::{Period, StoredSwitch};
use anyhow::{Result, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::process::ExitCode;

/// `hotline report`
pub(super) fn report(arguments: &Report) -> Result<ExitCode> {
    let ReportCommand::Calls { since, until, limit, json, full } = arguments.command;
    let (since, until) = (since.map(midnight).transpose()?, until.map(next_midnight).transpose()?);
    let period = Period { since: since.unwrap_or(Timestamp::MIN), until: until.unwrap_or(Timestamp::MAX) };
    with_store(&arguments.folders, |config, store| async move {
        let calls = store.calls(period, limit).await?;
        let timezone = super::menus::zone(&config.menus);
        let options = ReportOptions { full, timezone };
        print!("{}", if json { calls_json(&calls, &options) } else { calls_text(&calls, &options) });
        Ok(ExitCode::SUCCESS)
    })
}

fn midnight(day: Date) -> Result<Timestamp> {
    Ok(day.to_zoned(TimeZone::UTC)?.timestamp())
}

fn next_midnight(day: Date) -> Result<Timestamp> {
    midnight(day.checked_add(1.day())?)
}

/// `hotline bank`
pub(super) fn bank(arguments: &Bank) -> Result<ExitCode> {
    let command = arguments.command;
    with_store(&arguments.folders, |_, store| async move {
        match command {
            BankCommand::Down => Sandbox::set_down(&store, true).await?,
            BankCommand::Up => Sandbox::set_down(&store, false).await?,
            BankCommand::Reset => Sandbox::reset(&store).await?,
        }
        println!(
            "{}",
            match command {
                BankCommand::Down => "The sandbox bank is down.",
                BankCommand::Up => "The sandbox bank is up.",
                BankCommand::Reset => "The sandbox bank is as on the first day.",
            }
        );
        Ok(ExitCode::SUCCESS)
    })
}

/// `hotline switch`
pub(super) fn switch(arguments: &Switch) -> Result<ExitCode> {
    let (name, state) = (arguments.name.clone(), arguments.state);
    with_store(&arguments.folders, |config, store| async move {
        let known = super::menus::switches(&config.menus)?;
        let now = Clock::start().now().wall;
        match (name, state) {
            (Some(name), Some(state)) => {
                if !known.iter().any(|(known, _)| *known == name) {
                    let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
                    bail!("the menu has no switch {name}; it has: {}", names.join(", "));
                }
                let enabled = state == SwitchState::Enable;
                store.set_switch(&StoredSwitch { name: name.clone(), enabled, until: None }, now).await?;
                println!("{name} is {}.", word(enabled));
            }
            (wanted, _) => {
                let set = store.switches(now).await?;
                for (name, menu) in known.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name))
                {
                    let enabled = set.iter().find(|set| set.name == *name).map_or(*menu, |set| set.enabled);
                    println!("{name}: {}", word(enabled));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

const fn word(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}
