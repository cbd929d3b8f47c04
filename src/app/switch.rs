//! `hotline switch`: the duty officer's switches.

use super::cli::{Switch, SwitchState};
use super::config::Length;
use super::folders::with_store;
use super::versions::{active_menu, local};
use super::who::author;
use crate::io::clock::Clock;
use crate::io::store::StoredSwitch;
use crate::ivr::menu::Menu;
use anyhow::{Context, Result, anyhow, bail};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::process::ExitCode;

/// Sets a switch of the active menu, or lists them.
pub(super) fn run(arguments: &Switch) -> Result<ExitCode> {
    with_store(&arguments.folders, |config, store| async move {
        let menu = active_menu(&store, &config).await?;
        if let (Some(name), Some(state)) = (&arguments.name, arguments.state) {
            known(&menu, name)?;
            let by = author(&arguments.by)?;
            let until = until(arguments, by.at, &menu.bank.zone)?;
            let switch = StoredSwitch { name: name.clone(), enabled: state == SwitchState::Enable, until, by };
            store.set_switch(&switch).await?;
            let until = ending(&switch, &menu.bank.zone);
            println!("{name} is {}{until}.", word(switch.enabled));
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(name) = &arguments.name {
            known(&menu, name)?;
        }
        let set = store.switches(Clock::start().now().wall).await?;
        for switch in &menu.switches {
            if arguments.name.as_ref().is_some_and(|wanted| **wanted != *switch.name) {
                continue;
            }
            match set.iter().find(|set| *set.name == *switch.name) {
                None => println!("{}: {}", switch.name, word(switch.enabled)),
                Some(set) => {
                    let (until, at) = (ending(set, &menu.bank.zone), local(set.by.at, &menu.bank.zone));
                    println!("{}: {}{until}, by {} since {at}", switch.name, word(set.enabled), set.by.who);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn known(menu: &Menu, name: &str) -> Result<()> {
    if menu.switches.iter().any(|known| *known.name == *name) {
        return Ok(());
    }
    let names: Vec<&str> = menu.switches.iter().map(|known| &*known.name).collect();
    bail!("the menu has no switch {name}; it has: {}", names.join(", "))
}

fn ending(switch: &StoredSwitch, zone: &TimeZone) -> String {
    switch.until.map_or_else(String::new, |until| format!(" until {}", local(until, zone)))
}

const fn word(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

/// When the setting ends, if ever.
fn until(arguments: &Switch, now: Timestamp, zone: &TimeZone) -> Result<Option<Timestamp>> {
    if let Some(text) = &arguments.until {
        return moment(text, now, zone).map(Some);
    }
    let Some(text) = &arguments.length else { return Ok(None) };
    let length = Length::try_from(text.clone()).map_err(|error| anyhow!(error))?;
    let length = SignedDuration::try_from(length.duration()).context("that is too long")?;
    let until = now.checked_add(length).context("that is too long")?;
    // Whole seconds are said; the switch ends when it was said to.
    Ok(Some(Timestamp::from_second(until.as_second()).context("that is too long")?))
}

/// A moment to come: a date and time in the bank's zone, or a time, whose next one is meant.
fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let at = |when: DateTime| {
        let zoned = when.to_zoned(zone.clone()).with_context(|| format!("{when} does not exist in the bank's zone"))?;
        Ok::<_, anyhow::Error>(zoned.timestamp())
    };
    if let Ok(when) = text.parse::<DateTime>() {
        let when = at(when)?;
        if when <= now {
            bail!("{text} is over already; write a time to come");
        }
        return Ok(when);
    }
    let Ok(time) = text.parse::<Time>() else {
        bail!("{text:?} is no time; write 18:00, or 2026-03-02T18:00 for another day");
    };
    let first = at(today.to_datetime(time))?;
    if first > now { Ok(first) } else { at(today.checked_add(1.day())?.to_datetime(time)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_next_one_in_the_banks_zone() {
        let zone = TimeZone::get("Europe/Moscow").expect("a zone");
        let now: Timestamp = "2026-03-02T12:00:00+03:00".parse().expect("a time");
        let cases = [
            ("18:00", "2026-03-02T18:00:00+03:00"),
            ("12:00", "2026-03-03T12:00:00+03:00"),
            ("08:30", "2026-03-03T08:30:00+03:00"),
            ("2026-12-31T23:00", "2026-12-31T23:00:00+03:00"),
            ("2026-12-31 23:00", "2026-12-31T23:00:00+03:00"),
        ];
        for (text, expected) in cases {
            let expected: Timestamp = expected.parse().expect("a time");
            assert_eq!(moment(text, now, &zone).expect(text), expected, "{text}");
        }
        for (text, advice) in [("soon", "18:00"), ("25:00", "18:00"), ("2026-03-01T10:00", "is over"), ("", "18:00")] {
            let error = moment(text, now, &zone).expect_err(text);
            assert!(error.to_string().contains(advice), "{error}");
        }
    }
}
