//! Watches the folders of menus and prompts. Where the configuration says so a changed folder that passes its trial
//! becomes the active version; else it is only told of. What does not check is told of and changes nothing.
//!
//! ```text
//!  a file changes ─▶ quiet for `debounce` ─▶ trial ─ passed ─▶ store: active ─▶ Keeper ─▶ exchange
//!  SIGHUP ───────────────────────────────────▶ │ refused ─▶ log, metrics, audit
//! ```

use super::menu::PromptsWanted;
use super::menu_state::MenuState;
use crate::app::config::Config;
use crate::app::versions::{self, Refusal, the_server, watches};
use crate::app::{menus, who};
use crate::io::clock::Clock;
use crate::io::store::{Author, Deed, How, NewVersion, Store, Wish};
use crate::ivr::menu::version_of;
use anyhow::{Context, Result};
use notify::{RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// How often names, sizes and times are compared without being told: not every file system tells of changes.
const EVERY: Duration = Duration::from_secs(15);
/// How deep folders of prompts are followed.
const DEPTH: usize = 4;
/// Files that are compared; a folder with more is compared as far as that.
const MOST_FILES: usize = 20_000;

/// Looks after the folders until the server ends.
pub(super) struct FolderWatch {
    pub config: Arc<Config>,
    pub store: Store,
    pub state: MenuState,
    pub prompts: PromptsWanted,
}

/// Begins to watch the folder of menus.
pub(super) fn watch(
    config: &Arc<Config>,
    store: &Store,
    state: &MenuState,
    keeper: &super::menu::Keeper,
) -> Result<tokio::task::JoinHandle<()>> {
    let (config, store, state) = (Arc::clone(config), store.clone(), state.clone());
    FolderWatch { config, store, state, prompts: keeper.wanted() }.start()
}

impl FolderWatch {
    /// Starts looking, at once for the first time.
    pub fn start(self) -> Result<tokio::task::JoinHandle<()>> {
        let hang_up = signal(SignalKind::hangup()).context("signals cannot be received")?;
        Ok(tokio::spawn(self.run(hang_up)))
    }

    async fn run(self, mut hang_up: tokio::signal::unix::Signal) {
        let changed = Arc::new(Notify::new());
        // Dropping the watcher ends it.
        let watcher = watcher(&self.config, &changed);
        if let Err(error) = &watcher {
            tracing::warn!(%error, every = EVERY.as_secs(), "the folders tell of no changes; they are looked at instead");
        }
        let mut seen = self.seen().await;
        self.look().await;
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                () = changed.notified() => false,
                _ = every.tick() => false,
                received = hang_up.recv() => received.is_some(),
            };
            if !asked {
                if self.seen().await == seen {
                    continue;
                }
                self.settle(&changed).await;
            }
            let now = self.seen().await;
            if asked || now.menus != seen.menus {
                self.look().await;
            }
            if asked || (watches(&self.config) && now.prompts != seen.prompts) {
                self.prompts.want();
            }
            seen = now;
        }
    }

    /// Waits until nothing has changed for a while.
    async fn settle(&self, changed: &Notify) {
        let quiet = self.config.menu.debounce.duration();
        let mut before = self.seen().await;
        loop {
            let woken = tokio::time::timeout(quiet, changed.notified()).await.is_ok();
            let now = self.seen().await;
            if !woken && now == before {
                return;
            }
            before = now;
        }
    }

    async fn seen(&self) -> Seen {
        let config = self.config.clone();
        tokio::task::spawn_blocking(move || Seen::of(&config)).await.unwrap_or_default()
    }

    async fn look(&self) {
        let looked = if watches(&self.config) { self.take().await } else { self.tell().await };
        if let Err(error) = looked {
            tracing::error!("the folder of menus could not be looked at: {error:#}");
        }
    }

    /// Only tells what the folder holds.
    async fn tell(&self) -> Result<()> {
        let config = self.config.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let files = menus::files(&config.menus)?;
            let checked = versions::check(&files, menus::message_lang(None)).map(|_| ());
            anyhow::Ok((version_of(&files), checked))
        });
        let runs = self.state.figures();
        match checked.await.context("the check was cut off")? {
            Ok((hash, checked)) => {
                let (differs, problems) =
                    (*hash != *runs.hash, checked.as_ref().map_or_else(|why| why.problems, |()| 0));
                self.state.folder(problems, differs);
                match checked {
                    Err(why) => tracing::error!(
                        problems,
                        "the folder of menus does not check; what runs goes on: {}",
                        why.short
                    ),
                    Ok(()) if differs => {
                        tracing::info!("the folder of menus changed; `hotline apply` lets callers hear it");
                    }
                    Ok(()) => {}
                }
            }
            Err(error) => {
                self.state.folder(1, true);
                tracing::error!("the folder of menus cannot be read; what runs goes on: {error:#}");
            }
        }
        Ok(())
    }

    /// Puts the folder to the trial and makes it active when it passes.
    async fn take(&self) -> Result<()> {
        let config = self.config.clone();
        let trial = move || {
            let trial = versions::of_folder(&config, false, menus::message_lang(None))?;
            let newest = newest(&config.menus).and_then(|file| who::owner(&file));
            Ok::<_, Refusal>((trial.version(), newest))
        };
        let at = Clock::start().now().wall;
        match tokio::task::spawn_blocking(trial).await.context("the trial was cut off")? {
            Ok((version, owner)) => {
                let by = owner.map_or_else(|| the_server(at), |who| Author { who, at });
                self.activate(version, by).await
            }
            Err(why) => {
                self.state.folder(why.problems, true);
                self.state.refused(at);
                tracing::error!(
                    problems = why.problems,
                    "the folder of menus is refused; what runs goes on: {}",
                    why.short
                );
                let detail = format!("{}: {}", self.config.menus.display(), why.short);
                Ok(self.store.audit(&the_server(at), Deed::MenuRefused, &detail).await?)
            }
        }
    }

    async fn activate(&self, version: NewVersion, by: Author) -> Result<()> {
        let active = self.store.active_version().await?;
        let known = self.store.version_of_hash(&version.hash).await?;
        // Whoever went back does not want the same files again before they change.
        let left =
            active.as_ref().is_some_and(|active| active.wish.how == How::Rollback && known > Some(active.version));
        self.state.folder(0, left);
        if left {
            tracing::warn!("the folder of menus still holds what was rolled back; change it, or `hotline apply` it");
            return Ok(());
        }
        let wish = Wish { by, how: How::Watch, note: String::new() };
        if let Some(activation) = self.store.apply_version(&version, &wish).await? {
            tracing::info!(version = activation.version.0, who = wish.by.who, "the folder of menus changed and passed");
        }
        Ok(())
    }
}

/// Names, sizes and times of what is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    menus: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
    prompts: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Seen {
    fn of(config: &Config) -> Self {
        let mut seen = Self::default();
        walk(&config.menus, 1, &mut seen.menus);
        walk(&config.prompts, DEPTH, &mut seen.prompts);
        seen
    }
}

/// The files under a folder. One that cannot be read is as one that is not there: reading it for real tells why.
fn walk(folder: &Path, depth: usize, into: &mut BTreeMap<PathBuf, (u64, Option<SystemTime>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if into.len() >= MOST_FILES {
            return;
        }
        let path = entry.path();
        match std::fs::metadata(&path) {
            Ok(file) if file.is_dir() && depth > 0 => walk(&path, depth - 1, into),
            Ok(file) if file.is_file() => {
                into.insert(path, (file.len(), file.modified().ok()));
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// The menu file that changed last.
fn newest(folder: &Path) -> Option<PathBuf> {
    let mut files = BTreeMap::new();
    walk(folder, 0, &mut files);
    files.into_iter().max_by_key(|(_, (_, changed))| *changed).map(|(path, _)| path)
}

/// Tells `changed` of every change in the folders.
fn watcher(config: &Config, changed: &Arc<Notify>) -> notify::Result<notify::RecommendedWatcher> {
    let changed = changed.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file is an event too, and we read them.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            changed.notify_one();
        }
    })?;
    watcher.watch(&config.menus, RecursiveMode::Recursive)?;
    if watches(config) {
        watcher.watch(&config.prompts, RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}
