//! `hotline audit`: who did what, when.

use super::cli::{Audit, By};
use super::folders::with_store;
use super::versions::{active_menu, local};
use super::who::author;
use crate::io::store::{Deed, Period, Store};
use anyhow::{Context, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::process::ExitCode;

/// Lists the newest lines, the oldest of them first.
pub(super) fn run(arguments: &Audit) -> Result<ExitCode> {
    with_store(&arguments.folders, |config, store| async move {
        let zone = active_menu(&store, &config).await.map_or(TimeZone::UTC, |menu| menu.bank.zone);
        let midnight = |day: Date| Ok::<_, anyhow::Error>(day.to_zoned(zone.clone())?.timestamp());
        let until = arguments.until.map(|day| day.checked_add(1.day())).transpose()?.map(midnight).transpose()?;
        let since = arguments.since.map(midnight).transpose()?;
        let period = Period { since: since.unwrap_or(Timestamp::MIN), until: until.unwrap_or(Timestamp::MAX) };
        let lines = store.audit_lines(period, arguments.limit).await?;
        for line in lines.iter().rev() {
            let (at, who, what, detail) = (line.by.at, &line.by.who, &line.what, &line.detail);
            if arguments.json {
                let at = at.to_string();
                println!("{}", serde_json::json!({"at": at, "who": who, "what": what, "detail": detail}));
            } else {
                // One line each, whatever was put into a name or a note.
                let line = format!("{}  {who:<12}  {what:<16}  {detail}", local(at, &zone));
                println!("{}", line.replace(char::is_control, " ").trim_end());
            }
        }
        if lines.is_empty() && !arguments.json {
            println!("nothing in this period");
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Appends what was just done by a command.
pub(super) async fn tell(store: &Store, by: &By, what: Deed, detail: &str) -> Result<()> {
    store.audit(&author(by)?, what, detail).await.context("it is done, but the audit could not be written")
}
