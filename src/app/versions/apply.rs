//! `hotline apply` and `hotline rollback`: another version becomes active, and a running server takes it.

use super::super::cli::{Apply, Rollback};
use super::super::config::Config;
use super::super::folders::with_store;
use super::super::{menus, who};
use super::{stored, trial};
use crate::io::store::{Activation, Author, Deed, How, Store, VersionNumber, Wish};
use crate::ivr::menu::Menu;
use crate::ivr::versions;
use crate::model::Lang;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How long a running server may take: loading a thousand new recordings takes some seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked for.
const EVERY: Duration = Duration::from_millis(50);

/// `hotline apply`: check, test, switch.
pub(in crate::app) fn apply(arguments: &Apply) -> Result<ExitCode> {
    let author = who::author(&arguments.by)?;
    let lang = menus::message_lang(arguments.lang.map(Into::into));
    with_store(&arguments.folders, |mut config, store| async move {
        config.draft_voice = arguments.draft_voice.clone().or(config.draft_voice);
        let trial = match trial::of_folder(&config, arguments.strict, lang) {
            Ok(trial) => trial,
            Err(refusal) => {
                let folder = config.menus.display();
                if !arguments.dry_run {
                    let detail = format!("{folder}: {}", refusal.short);
                    store.audit(&author, Deed::MenuRefused, &detail).await?;
                }
                bail!("{folder} is not applied: {}\n\n{}\nwhat is active stays", refusal.short, refusal.text);
            }
        };
        println!("{}: {}", config.menus.display(), trial.summary());
        let active = store.active_version().await?;
        if let Some(active) = &active {
            let old = stored::menu_of(&store, active.version, lang).await;
            tell_changes(active.version, old, &trial.menu, lang);
        }
        if arguments.dry_run {
            println!("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        if !arguments.yes && !confirmed("Apply?")? {
            return Ok(ExitCode::FAILURE);
        }
        let wish = Wish { by: author, how: How::Apply, note: arguments.note.clone() };
        let activation = store.apply_version(&trial.version(), &wish).await?.context("nothing was applied")?;
        let again = active.is_some_and(|active| active.version == activation.version);
        let what = if again { "was active already; its prompts are read anew" } else { "is active" };
        println!("version {} {what}", activation.version);
        outcome(&store, &config, &activation).await
    })
}

/// `hotline rollback`: an earlier version becomes active again.
pub(in crate::app) fn rollback(arguments: &Rollback) -> Result<ExitCode> {
    let author = who::author(&arguments.by)?;
    let lang = menus::message_lang(arguments.lang.map(Into::into));
    with_store(&arguments.folders, |config, store| async move {
        let Some(active) = store.active_version().await? else {
            bail!("no version was ever active; `hotline apply` makes the first");
        };
        let to = match arguments.number {
            Some(number) => VersionNumber(number),
            None => store.version_before().await?.with_context(|| {
                format!("no version was active before {}; name one of `hotline versions`", active.version)
            })?,
        };
        if to == active.version {
            bail!("version {to} is active already");
        }
        let new = stored::menu_of(&store, to, lang).await?;
        trial::suits(&config, &new)?;
        println!("from version {} back to version {to}", active.version);
        tell_changes(active.version, stored::menu_of(&store, active.version, lang).await, &new, lang);
        if !arguments.yes && !confirmed("Go back?")? {
            return Ok(ExitCode::FAILURE);
        }
        let wish = Wish { by: author, how: How::Rollback, note: arguments.note.clone() };
        let activation = store.activate_version(to, &wish).await?.context("somebody else was faster; look again")?;
        println!("version {to} is active");
        println!(
            "{} still holds other files: `hotline versions {to} --to DIR` writes those of version {to}",
            config.menus.display()
        );
        outcome(&store, &config, &activation).await
    })
}

/// What callers will notice. A version that this program does not read any more is no obstacle.
fn tell_changes(number: VersionNumber, old: Result<Menu>, new: &Menu, lang: Lang) {
    let Ok(old) = old else {
        println!("version {number} cannot be compared: this hotline does not read it any more");
        return;
    };
    let changes = versions::diff(&old, new, lang);
    for change in &changes {
        println!("{} {}", change.kind.sign(), change.text);
    }
    if changes.is_empty() {
        println!("callers notice no difference from version {number}");
    }
}

/// Asks on a terminal; where nobody can be asked, what was typed counts.
fn confirmed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(true);
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush().context("the terminal is gone")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("the keyboard cannot be read")?;
    let yes = ["y", "yes", "д", "да"].contains(&answer.trim().to_lowercase().as_str());
    if !yes {
        println!("nothing was changed");
    }
    Ok(yes)
}

/// Waits for a running server to take the version, and says what it made of it.
async fn outcome(store: &Store, config: &Config, activation: &Activation) -> Result<ExitCode> {
    if !is_served(&config.data)? {
        println!("no server runs on {}; the next start takes it", config.data.display());
        return Ok(ExitCode::SUCCESS);
    }
    let mut every = tokio::time::interval(EVERY);
    for _ in 0..PATIENCE.as_millis() / EVERY.as_millis() {
        every.tick().await;
        match store.taken(activation.id).await? {
            None => {}
            Some(None) => {
                println!("the server has taken it: new calls hear it, calls in progress keep theirs");
                return Ok(ExitCode::SUCCESS);
            }
            Some(Some(problem)) => {
                let active = store.active_version().await?.map_or(activation.version, |active| active.version);
                bail!("the server refused version {}: {problem}\nversion {active} stays", activation.version);
            }
        }
    }
    bail!("the server has not taken version {} within {} s; see its log", activation.version, PATIENCE.as_secs())
}

/// The file that a running server holds locked.
const LOCK: &str = "serving.lock";

/// Marks the data folder as served, as long as the file lives.
pub(in crate::app) fn mark_served(data: &Path) -> Result<std::fs::File> {
    let path = data.join(LOCK);
    let file = std::fs::File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    file.lock_shared().with_context(|| format!("{} cannot be locked", path.display()))?;
    Ok(file)
}

/// Whether a server runs on the data folder.
fn is_served(data: &Path) -> Result<bool> {
    let path = data.join(LOCK);
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(std::fs::TryLockError::WouldBlock) => Ok(true),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be looked at", path.display()))
        }
    }
}

/// The server's own name in the audit.
pub(in crate::app) fn the_server(at: jiff::Timestamp) -> Author {
    Author { who: "hotline serve".into(), at }
}
