//! Versions of the menu at the command line: `apply`, `versions`, `rollback`, `diff`.

mod apply;
mod stored;
mod trial;
mod words;

pub(super) use apply::{apply, mark_served, rollback, the_server};
pub(super) use stored::{active_menu, menu_of, watches};
pub(super) use trial::{Refusal, check, of_folder, suits, suits_by_names, texts};

use super::cli::{Diff, Versions};
use super::folders::with_store;
use super::menus;
use crate::io::store::{MenuVersion, Store, VersionNumber};
use crate::ivr::menu::Menu;
use crate::ivr::versions;
use crate::model::Lang;
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;
use std::process::ExitCode;

/// `hotline versions`
pub(super) fn list(arguments: &Versions) -> Result<ExitCode> {
    with_store(&arguments.folders, |config, store| async move {
        let active = store.active_version().await?.map(|active| active.version);
        let versions = match arguments.number.map(VersionNumber) {
            None => store.menu_versions(arguments.limit).await?,
            Some(number) => {
                let version = store.menu_version(number).await?;
                vec![version.with_context(|| format!("there is no version {number}; `hotline versions` lists them"))?]
            }
        };
        if let (Some(to), [version]) = (&arguments.to, versions.as_slice()) {
            write(&store, version.number, to).await?;
            return Ok(ExitCode::SUCCESS);
        }
        if arguments.json {
            for version in &versions {
                println!("{}", json(version, active));
            }
            return Ok(ExitCode::SUCCESS);
        }
        if versions.is_empty() {
            println!("no versions yet; the first start of the server or `hotline apply` makes one");
            return Ok(ExitCode::SUCCESS);
        }
        let zone = active_menu(&store, &config).await.map_or(TimeZone::UTC, |menu| menu.bank.zone);
        for version in &versions {
            println!("{}", line(version, active, &zone));
        }
        if let Some(number) = arguments.number.map(VersionNumber) {
            for file in store.menu_files(number).await? {
                println!("    {} ({} lines)", file.name, file.text.lines().count());
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// A version for people: the active one has a star.
fn line(version: &MenuVersion, active: Option<VersionNumber>, zone: &TimeZone) -> String {
    let star = if active == Some(version.number) { '*' } else { ' ' };
    let MenuVersion { number, hash, by, note, warnings, tests } = version;
    let tests = tests.map_or_else(|| "tests not run".into(), |passed| format!("tests passed: {passed}"));
    let at = local(by.at, zone);
    let line = format!("{star} {number:>3}  {at}  {:<12}  {hash}  warnings: {warnings}, {tests}  {note}", by.who);
    line.replace(char::is_control, " ").trim_end().to_owned()
}

/// A time as the bank's clocks show it, to the minute.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn json(version: &MenuVersion, active: Option<VersionNumber>) -> serde_json::Value {
    serde_json::json!({
        "version": version.number.0,
        "active": active == Some(version.number),
        "hash": version.hash,
        "at": version.by.at.to_string(),
        "who": version.by.who,
        "note": version.note,
        "warnings": version.warnings,
        "tests_passed": version.tests,
    })
}

/// Writes the files of a version into a folder that holds no menu, so that nobody's work is overwritten.
async fn write(store: &Store, number: VersionNumber, to: &Path) -> Result<()> {
    let place = to.display();
    if to.exists() && !menus::files(to)?.is_empty() {
        bail!("{place} holds menu files; name an empty folder or a new one");
    }
    std::fs::create_dir_all(to).with_context(|| format!("{place} cannot be made"))?;
    for file in store.menu_files(number).await? {
        let path = to.join(&file.name);
        std::fs::write(&path, file.text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    println!("the files of version {number} are in {place}");
    Ok(())
}

/// `hotline diff`: exit code 1 when something differs.
pub(super) fn diff(arguments: &Diff) -> Result<ExitCode> {
    let lang = menus::message_lang(arguments.lang.map(Into::into));
    let (old, new) = (number(&arguments.old), arguments.new.as_deref().and_then(number));
    // Two folders need no store.
    let (old, new) = match (&arguments.new, old.or(new)) {
        (Some(new), None) => (menus::load(Path::new(&arguments.old))?, menus::load(Path::new(new))?),
        (new, _) => with_store(&arguments.folders, |config, store| async move {
            let old = either(&store, Path::new(&arguments.old), lang).await?;
            let new = new.as_ref().map_or(config.menus.as_path(), |new| Path::new(new));
            Ok((old, either(&store, new, lang).await?))
        })?,
    };
    let changes = versions::diff(&old, &new, lang);
    for change in &changes {
        println!("{} {}", change.kind.sign(), change.text);
    }
    Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(text: &str) -> Option<VersionNumber> {
    text.parse().ok().map(VersionNumber)
}

/// The menu of a version or of a folder.
async fn either(store: &Store, which: &Path, lang: Lang) -> Result<Menu> {
    match which.to_str().and_then(number) {
        Some(number) => menu_of(store, number, lang).await,
        None => menus::load(which),
    }
}
