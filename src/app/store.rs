//! Commands that look into the store: `report`, `bank`.

use super::audit;
use super::cli::{Bank, BankCommand, Report, ReportCommand};
use super::folders::with_store;
use super::report::{ReportOptions, calls_json, calls_text};
use crate::io::bank::Sandbox;
use crate::io::store::{Deed, Period, Store};
use crate::model::Lang;
use anyhow::Result;
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
        let note = removed_note(&store, period, &timezone).await?;
        let options = ReportOptions { full, timezone };
        if json {
            // Lines of JSON stay lines of JSON.
            if let Some(note) = &note {
                eprintln!("{note}");
            }
            print!("{}", calls_json(&calls, &options));
        } else {
            if let Some(note) = &note {
                println!("{note}");
            }
            // What has no records any more is not called nothing.
            if note.is_none() || !calls.is_empty() {
                print!("{}", calls_text(&calls, &options));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// That calls of a period, or some of them, have no records any more.
pub(super) async fn removed_note(store: &Store, period: Period, timezone: &TimeZone) -> Result<Option<String>> {
    let removed = store.calls_removed_before().await?.filter(|before| period.since < *before);
    Ok(removed.map(|before| {
        let before = before.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M");
        match super::menus::message_lang(None) {
            Lang::En => {
                format!("the records of calls before {before} were removed (records.days); none of them is counted")
            }
            Lang::Ru => format!("записи о звонках до {before} удалены (records.days); здесь их нет"),
        }
    }))
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
        let (deed, said) = match command {
            BankCommand::Down => {
                Sandbox::set_down(&store, true).await?;
                (Deed::BankDown, "The sandbox bank is down.")
            }
            BankCommand::Up => {
                Sandbox::set_down(&store, false).await?;
                (Deed::BankUp, "The sandbox bank is up.")
            }
            BankCommand::Reset => {
                Sandbox::reset(&store).await?;
                (Deed::BankReset, "The sandbox bank is as on the first day.")
            }
        };
        audit::tell(&store, &arguments.by, deed, "").await?;
        println!("{said}");
        Ok(ExitCode::SUCCESS)
    })
}
