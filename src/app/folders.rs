//! Configuration and store, as every command finds them.

use super::cli::Folders;
use super::config::{Config, Overrides};
use crate::io::store::Store;
use anyhow::{Context, Result};
use std::future::Future;

impl Folders {
    /// The configuration: the file if one is named, else the defaults, with what the command line says in place.
    pub(super) fn config(&self) -> Result<Config> {
        let config = self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
        Ok(config.merge(self.overrides()))
    }

    /// What the folders' flags say.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            data: self.data.clone(),
            menus: self.menus.clone(),
            prompts: self.prompts.clone(),
            ..Overrides::default()
        }
    }
}

/// Runs something that uses the store.
pub(super) fn with_store<T, F: Future<Output = Result<T>>>(
    folders: &Folders,
    act: impl FnOnce(Config, Store) -> F,
) -> Result<T> {
    let config = folders.config()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let store = Store::open(&config.data).await?;
        let done = act(config, store.clone()).await;
        store.close().await;
        done
    })
}
