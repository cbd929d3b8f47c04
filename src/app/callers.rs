//! `hotline callers`: who is served by a profile of the menu.

use super::cli::{Callers, CallersCommand};
use super::config::Config;
use super::folders::with_store;
use super::versions;
use crate::io::clock::Clock;
use crate::io::store::{MOST_CALLERS, Store, StoredCaller};
use crate::model::PhoneNumber;
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// The longest file that is imported, in octets: every caller there may be, with room for spaces.
const LONGEST_FILE: u64 = MOST_CALLERS as u64 * 64;

/// Sets, removes, imports, lists.
pub(super) fn run(arguments: Callers) -> Result<ExitCode> {
    let Callers { folders, command } = arguments;
    with_store(&folders, |config, store| async move {
        match command {
            CallersCommand::Set { number, profile } => {
                known_profile(&profiles(&config, &store).await?, &profile)?;
                let caller = StoredCaller { number: parse(&number)?, profile };
                store.set_callers(std::slice::from_ref(&caller), now()).await?;
                println!("{} has the profile {}; the next call is served by it.", caller.number, caller.profile);
            }
            CallersCommand::Remove { number } => {
                let number = parse(&number)?;
                if !store.remove_caller(&number).await? {
                    bail!("{number} has no profile; see: hotline callers list");
                }
                println!("{number} has no profile any more.");
            }
            CallersCommand::Import { file } => {
                let known = profiles(&config, &store).await?;
                let callers = read(&file, |profile| known_profile(&known, profile))?;
                store.set_callers(&callers, now()).await?;
                println!("{} callers have their profiles.", callers.len());
            }
            CallersCommand::List { full } => print!("{}", list(&store.callers().await?, full)),
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn now() -> jiff::Timestamp {
    Clock::start().now().wall
}

fn parse(number: &str) -> Result<PhoneNumber> {
    PhoneNumber::parse(number).with_context(|| "that is no telephone number; write it such as +79161234567".to_owned())
}

/// The profiles that callers may have: those of the menu that callers hear.
async fn profiles(config: &Config, store: &Store) -> Result<Vec<String>> {
    let menu = versions::active_menu(store, config).await?;
    Ok(menu.profiles.iter().map(|profile| profile.name.to_string()).collect())
}

/// Refuses a profile that the menu does not have.
fn known_profile(known: &[String], wanted: &str) -> Result<()> {
    if known.iter().any(|known| known == wanted) {
        return Ok(());
    }
    match known {
        [] => bail!("the menu has no profiles; add a section `profiles:` to it (docs/menus.md)"),
        known => bail!("the menu has no profile {wanted}; it has: {}", known.join(", ")),
    }
}

/// Reads lines of number and profile, separated by a comma, a semicolon or a tab; empty lines and lines from `#` on
/// are left out. Every line that cannot be read is told, with its number; the telephone number in it is not.
fn read(file: &Path, known: impl Fn(&str) -> Result<()>) -> Result<Vec<StoredCaller>> {
    let place = file.display();
    let length = std::fs::metadata(file).with_context(|| format!("{place} cannot be read"))?.len();
    if length > LONGEST_FILE {
        bail!("{place} is too long; at most {MOST_CALLERS} callers can have a profile");
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("{place} cannot be read"))?;
    let (mut callers, mut wrong) = (Vec::new(), String::new());
    for (line, text) in text.lines().enumerate() {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match caller(text, &known) {
            Ok(caller) => callers.push(caller),
            Err(error) => writeln!(wrong, "{place}:{}: {error}", line + 1).unwrap_or_default(),
        }
    }
    if !wrong.is_empty() {
        bail!("nothing is imported:\n{wrong}");
    }
    Ok(callers)
}

fn caller(text: &str, known: &impl Fn(&str) -> Result<()>) -> Result<StoredCaller> {
    let (number, profile) =
        text.split_once([',', ';', '\t']).context("write a number and a profile: +79161234567,vip")?;
    let (number, profile) = (parse(number)?, profile.trim());
    known(profile)?;
    Ok(StoredCaller { number, profile: profile.to_owned() })
}

fn list(callers: &[StoredCaller], full: bool) -> String {
    if callers.is_empty() {
        return "no caller has a profile; give one: hotline callers set +79161234567 vip\n".into();
    }
    callers.iter().fold(String::new(), |mut text, StoredCaller { number, profile }| {
        let number = if full { number.as_str().to_owned() } else { number.to_string() };
        writeln!(text, "{number}  {profile}").unwrap_or_default();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_vip(profile: &str) -> Result<()> {
        if profile == "vip" { Ok(()) } else { bail!("the menu has no profile {profile}") }
    }

    fn imported(text: &str) -> Result<Vec<StoredCaller>> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("callers.csv");
        std::fs::write(&file, text).expect("written");
        read(&file, only_vip)
    }

    #[test]
    fn a_file_of_callers_is_read_in_the_ways_spreadsheets_write_it() {
        let text = "\u{feff}# number,profile\n8 916 123-45-67, vip\n\n+79031112233;vip\r\n+79035556677\tvip\n";
        let numbers: Vec<String> =
            imported(text).expect("read").iter().map(|caller| caller.number.as_str().to_owned()).collect();
        assert_eq!(numbers, ["+79161234567", "+79031112233", "+79035556677"]);
    }

    #[test]
    fn every_wrong_line_is_told_and_no_number_of_a_caller_is() {
        let error = imported("+79035550011,vip\n+79035550011\nanna,vip\n+79035550011,wip\n").expect_err("wrong");
        let text = error.to_string();
        for expected in ["callers.csv:2: write a number", "callers.csv:3: that is no", "callers.csv:4: the menu has no"]
        {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("5550011"), "{text}");
    }

    #[test]
    fn a_list_shows_numbers_in_full_only_where_it_is_asked() {
        let callers = [StoredCaller { number: parse("+79161234567").expect("a number"), profile: "vip".into() }];
        assert_eq!(list(&callers, false), "…67  vip\n");
        assert_eq!(list(&callers, true), "+79161234567  vip\n");
    }
}
