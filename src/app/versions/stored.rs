//! Menus out of the store.

use super::super::config::{ApplyMode, Config};
use super::super::menus;
use super::trial::{Refusal, check};
use crate::io::store::{Store, VersionNumber};
use crate::ivr::menu::Menu;
use crate::model::Lang;
use anyhow::{Result, anyhow, bail};

/// The menu of a version.
pub(in crate::app) async fn menu_of(store: &Store, number: VersionNumber, lang: Lang) -> Result<Menu> {
    let files = store.menu_files(number).await?;
    if files.is_empty() {
        bail!("there is no version {number}; `hotline versions` lists them");
    }
    let files: Vec<_> =
        files.into_iter().map(|file| (format!("version {number}/{}", file.name), file.text.into_bytes())).collect();
    match check(&files, lang) {
        Ok((menu, _)) => Ok(menu),
        Err(Refusal { text, .. }) => Err(anyhow!("version {number} does not check:\n\n{text}")),
    }
}

/// The menu that callers hear: that of the active version, or of the folder where there is none yet.
pub(in crate::app) async fn active_menu(store: &Store, config: &Config) -> Result<Menu> {
    match store.active_version().await? {
        Some(active) => menu_of(store, active.version, menus::message_lang(None)).await,
        None => menus::load(&config.menus),
    }
}

/// Whether a change of the folder is taken by itself.
pub(in crate::app) fn watches(config: &Config) -> bool {
    config.menu.apply == ApplyMode::Watch
}
