//! The menu of a running server: chosen at the start, changed when the store says that another version is active.

use super::menu_state::MenuState;
use super::recordings;
use crate::app::config::Config;
use crate::app::versions::{self, the_server, watches};
use crate::app::{menus, who};
use crate::io::clock::Clock;
use crate::io::store::{Activation, Author, How, NewVersion, Store, Wish};
use crate::ivr::menu::{Menu, version_of};
use crate::model::Instant;
use crate::voip::audio::PromptFrames;
use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// What new calls are to hear from now on.
pub(super) struct NewMenu {
    /// The menu.
    pub menu: Arc<Menu>,
    /// Its prompts, and those that calls in progress may still need.
    pub prompts: Arc<PromptFrames>,
    /// Told once new calls hear it.
    pub done: oneshot::Sender<()>,
}

/// What the server starts with.
pub(super) struct Chosen {
    pub menu: Arc<Menu>,
    pub prompts: PromptFrames,
    pub activation: Activation,
}

/// The active version of the store; where there is none, the folder, which becomes one.
pub(super) async fn choose(config: &Config, store: &Store) -> Result<Chosen> {
    let Some(activation) = store.active_version().await? else { return first(config, store).await };
    let stored = async {
        let menu = versions::menu_of(store, activation.version, menus::message_lang(None)).await?;
        fit(config, menu)
    };
    match stored.await {
        Ok((menu, prompts)) => Ok(Chosen { menu, prompts, activation }),
        Err(error) if watches(config) => {
            tracing::error!(version = activation.version.0, "the active version cannot be used: {error:#}");
            first(config, store).await
        }
        Err(error) => Err(error.context(format!(
            "version {} of the menu is active and cannot be used; `hotline apply` or `hotline rollback` makes another active",
            activation.version
        ))),
    }
}

/// The folder becomes the active version without its tests: a server that was never started must not wait for them.
async fn first(config: &Config, store: &Store) -> Result<Chosen> {
    let files = menus::files(&config.menus)?;
    let (menu, prompts) = fit(config, menus::load(&config.menus)?)?;
    let at = Clock::start().now().wall;
    let by = who::owner(&config.menus).map_or_else(|| the_server(at), |who| Author { who, at });
    let wish = Wish { by, how: How::Start, note: "as found at the first start".into() };
    let hash = menu.version.to_string();
    let version = NewVersion { hash, files: versions::texts(files), warnings: 0, tests: None };
    store.apply_version(&version, &wish).await?;
    let activation = store.active_version().await?.context("the store keeps no version")?;
    Ok(Chosen { menu, prompts, activation })
}

/// A menu with every prompt it needs and the line that calls may need.
fn fit(config: &Config, menu: Menu) -> Result<(Arc<Menu>, PromptFrames)> {
    versions::suits(config, &menu)?;
    let prompts = recordings::load(config, &menu)?;
    Ok((Arc::new(menu), prompts))
}

/// A line for whoever starts the server.
pub(super) fn describe(config: &Config, chosen: &Activation, menu: &Menu) -> String {
    let folder = config.menus.display();
    let same = menus::files(&config.menus).is_ok_and(|files| version_of(&files) == menu.version);
    let hint = match (same, watches(config)) {
        (true, _) => String::new(),
        (false, true) => format!("; {folder} differs and is looked at"),
        (false, false) => format!("; {folder} differs: `hotline apply` lets callers hear it"),
    };
    format!("version {} ({}, of {folder}{hint})", chosen.version, menu.version)
}

/// Whoever wants the prompts read anew.
#[derive(Clone, Default)]
pub(super) struct PromptsWanted(Arc<AtomicBool>);

impl PromptsWanted {
    /// They changed.
    pub fn want(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Looks after the menu that runs.
pub(super) struct Keeper {
    config: Arc<Config>,
    state: MenuState,
    wanted: PromptsWanted,
    /// The last activation looked at.
    seen: i64,
    /// The one that runs, and its menu.
    runs: Activation,
    menu: Arc<Menu>,
    prompts: Arc<PromptFrames>,
    /// Prompts of before, for calls that began with them; none is kept longer than a call can last.
    retired: Vec<(Instant, Arc<PromptFrames>)>,
}

impl Keeper {
    pub fn new(config: Arc<Config>, chosen: &Chosen, prompts: Arc<PromptFrames>, state: MenuState) -> Self {
        state.runs(chosen.activation.version, &chosen.menu.version, chosen.activation.wish.by.at);
        Self {
            config,
            state,
            wanted: PromptsWanted::default(),
            seen: chosen.activation.id,
            runs: chosen.activation.clone(),
            menu: chosen.menu.clone(),
            prompts,
            retired: Vec::new(),
        }
    }

    /// For those who notice that prompts changed.
    pub fn wanted(&self) -> PromptsWanted {
        self.wanted.clone()
    }

    /// What has become active since the last look, and is fit to be heard. A version that is not is made inactive
    /// again: what runs goes on, after a restart too.
    pub async fn look(&mut self, store: &Store, clock: Clock) -> Result<Option<Taken>> {
        let again = self.wanted.take();
        let Some(active) = store.active_version().await? else { return Ok(None) };
        let changed = active.id != self.seen;
        if !changed && !again {
            return Ok(None);
        }
        self.seen = active.id;
        let of = changed.then(|| active.clone());
        match self.load(store, &active).await {
            Ok((menu, prompts)) => {
                let (done, heard) = oneshot::channel();
                let prompts = self.shelve(clock.instant(), prompts);
                self.menu = menu.clone();
                if changed {
                    self.runs = active;
                    self.state.runs(self.runs.version, &menu.version, Clock::start().now().wall);
                }
                Ok(Some(Taken { new: NewMenu { menu, prompts, done }, heard, of }))
            }
            Err(error) => {
                self.refuse(store, of, &error).await?;
                Ok(None)
            }
        }
    }

    async fn load(&self, store: &Store, active: &Activation) -> Result<(Arc<Menu>, PromptFrames)> {
        let known = (active.version == self.runs.version).then(|| self.menu.clone());
        let menu = match known {
            Some(menu) => menu,
            None => Arc::new(versions::menu_of(store, active.version, menus::message_lang(None)).await?),
        };
        let config = self.config.clone();
        let load = move || {
            versions::suits(&config, &menu)?;
            let prompts = recordings::load(&config, &menu)?;
            Ok((menu, prompts))
        };
        tokio::task::spawn_blocking(load).await.context("loading the prompts was cut off")?
    }

    /// New prompts, with those of before that calls in progress may still need.
    fn shelve(&mut self, now: Instant, fresh: PromptFrames) -> Arc<PromptFrames> {
        let longest = self.config.limits.call_length.duration() + Duration::from_secs(60);
        self.retired.retain(|(since, _)| now.since(*since) < longest);
        let mut all = fresh.clone();
        self.retired.push((now, std::mem::replace(&mut self.prompts, Arc::new(fresh))));
        for (_, old) in self.retired.iter().rev() {
            all.keep(old);
        }
        Arc::new(all)
    }

    async fn refuse(&mut self, store: &Store, of: Option<Activation>, error: &anyhow::Error) -> Result<()> {
        let at = Clock::start().now().wall;
        self.state.refused(at);
        let (runs, by) = (self.runs.version, the_server(at));
        let Some(refused) = of else {
            tracing::error!("the prompts of version {runs} were not read anew: {error:#}");
            return Ok(());
        };
        tracing::error!(version = refused.version.0, "the version is refused, version {runs} goes on: {error:#}");
        store.menu_taken(&refused, &by, Some(&format!("{error:#}"))).await?;
        let note = format!("version {} was refused", refused.version);
        let wish = Wish { by, how: How::Rollback, note };
        if let Some(back) = store.activate_version(runs, &wish).await? {
            self.seen = back.id;
            self.runs = back;
        }
        Ok(())
    }
}

/// A menu on its way to new calls.
pub(super) struct Taken {
    /// For the exchange.
    pub new: NewMenu,
    heard: oneshot::Receiver<()>,
    of: Option<Activation>,
}

impl Taken {
    /// Splits what goes to the exchange from what is done afterwards.
    pub fn split(self) -> (NewMenu, Afterwards) {
        (self.new, Afterwards { heard: self.heard, of: self.of })
    }
}

/// What is done once new calls hear the menu.
pub(super) struct Afterwards {
    heard: oneshot::Receiver<()>,
    of: Option<Activation>,
}

impl Afterwards {
    /// Waits until they do and says so in the store.
    pub async fn tell(self, store: &Store) -> Result<()> {
        if self.heard.await.is_err() {
            return Ok(());
        }
        let Some(activation) = self.of else {
            tracing::info!("the prompts were read anew");
            return Ok(());
        };
        tracing::info!(version = activation.version.0, who = activation.wish.by.who, "new calls hear another version");
        let by = the_server(Clock::start().now().wall);
        Ok(store.menu_taken(&activation, &by, None).await?)
    }
}
