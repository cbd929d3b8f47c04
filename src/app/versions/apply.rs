//! `hotline apply` and `hotline rollback`: another version becomes active, and a running server takes it.

use super::super::cli::{Apply, Rollback};
use super::super::config::Config;
use super::super::folders::with_store;
use super::super::{menus, who};
use super::words::Words;
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
    let words = Words(lang);
    with_store(&arguments.folders, |mut config, store| async move {
        config.draft_voice = arguments.draft_voice.clone().or(config.draft_voice);
        let trial = match trial::of_folder(&config, arguments.strict, lang) {
            Ok(trial) => trial,
            Err(refusal) => {
                if !arguments.dry_run {
                    let folder = config.menus.display();
                    let detail = format!("{folder}: {}", refusal.short);
                    store.audit(&author, Deed::MenuRefused, &detail).await?;
                }
                bail!(words.not_applied(&config.menus, &refusal.short, &refusal.text));
            }
        };
        println!("{}: {}", config.menus.display(), trial.summary(lang));
        let active = store.active_version().await?;
        if let Some(active) = &active {
            let old = stored::menu_of(&store, active.version, lang).await;
            tell_changes(active.version, old, &trial.menu, lang);
        }
        if arguments.dry_run {
            println!("{}", words.nothing_changed());
            return Ok(ExitCode::SUCCESS);
        }
        if !arguments.yes && !confirmed(words.apply(), words)? {
            return Ok(ExitCode::FAILURE);
        }
        let wish = Wish { by: author, how: How::Apply, note: arguments.note.clone() };
        let activation = store.apply_version(&trial.version(), &wish).await?.context("nothing was applied")?;
        let again = active.is_some_and(|active| active.version == activation.version);
        let number = activation.version;
        println!("{}", if again { words.was_active(number) } else { words.is_active(number) });
        outcome(&store, &config, &activation, words).await
    })
}

/// `hotline rollback`: an earlier version becomes active again.
pub(in crate::app) fn rollback(arguments: &Rollback) -> Result<ExitCode> {
    let author = who::author(&arguments.by)?;
    let lang = menus::message_lang(arguments.lang.map(Into::into));
    let words = Words(lang);
    with_store(&arguments.folders, |config, store| async move {
        let Some(active) = store.active_version().await? else {
            bail!(words.never_active());
        };
        let to = match arguments.number {
            Some(number) => VersionNumber(number),
            None => store.version_before().await?.with_context(|| words.none_before(active.version))?,
        };
        if to == active.version {
            bail!(words.active_already(to));
        }
        let new = stored::menu_of(&store, to, lang).await?;
        trial::suits(&config, &new)?;
        println!("{}", words.back(active.version, to));
        tell_changes(active.version, stored::menu_of(&store, active.version, lang).await, &new, lang);
        if !arguments.yes && !confirmed(words.go_back(), words)? {
            return Ok(ExitCode::FAILURE);
        }
        let wish = Wish { by: author, how: How::Rollback, note: arguments.note.clone() };
        let activation = store.activate_version(to, &wish).await?.context(words.somebody_was_faster())?;
        println!("{}", words.is_active(to));
        println!("{}", words.folder_differs(&config.menus, to));
        outcome(&store, &config, &activation, words).await
    })
}

/// What callers will notice. A version that this program does not read any more is no obstacle.
fn tell_changes(number: VersionNumber, old: Result<Menu>, new: &Menu, lang: Lang) {
    let Ok(old) = old else {
        println!("{}", Words(lang).incomparable(number));
        return;
    };
    let changes = versions::diff(&old, new, lang);
    for change in &changes {
        println!("{} {}", change.kind.sign(), change.text);
    }
    if changes.is_empty() {
        println!("{}", Words(lang).no_difference(number));
    }
}

/// Asks on a terminal; where nobody can be asked, what was typed counts.
fn confirmed(question: &str, words: Words) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(true);
    }
    print!("{question} ");
    std::io::stdout().flush().context(words.terminal_gone())?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context(words.no_keyboard())?;
    let yes = ["y", "yes", "д", "да"].contains(&answer.trim().to_lowercase().as_str());
    if !yes {
        println!("{}", words.nothing_changed());
    }
    Ok(yes)
}

/// Waits for a running server to take the version, and says what it made of it.
async fn outcome(store: &Store, config: &Config, activation: &Activation, words: Words) -> Result<ExitCode> {
    if !is_served(&config.data)? {
        println!("{}", words.no_server(&config.data));
        return Ok(ExitCode::SUCCESS);
    }
    let mut every = tokio::time::interval(EVERY);
    for _ in 0..PATIENCE.as_millis() / EVERY.as_millis() {
        every.tick().await;
        match store.taken(activation.id).await? {
            None => {}
            Some(None) => {
                println!("{}", words.taken());
                return Ok(ExitCode::SUCCESS);
            }
            Some(Some(problem)) => {
                let active = store.active_version().await?.map_or(activation.version, |active| active.version);
                bail!(words.refused(activation.version, &problem, active));
            }
        }
    }
    bail!(words.not_taken(activation.version, PATIENCE))
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
