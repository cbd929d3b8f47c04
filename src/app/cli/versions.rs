//! Arguments of what changes a running hotline: versions of the menu, switches; and of the audit of it.

use super::{Folders, MessageLang};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Who does it, for the audit.
#[derive(Debug, Clone, Args)]
pub struct By {
    /// Whose doing the audit names; otherwise the user of the system who typed it, through sudo too.
    #[arg(long = "as", global = true, env = "HOTLINE_AS", value_name = "NAME")]
    pub who: Option<String>,
}

/// `hotline apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
    /// Why, for `hotline versions` and the audit.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub note: String,
    /// Check, test and show what would change; change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Warnings refuse the version, missing and outdated recordings among them.
    #[arg(long)]
    pub strict: bool,
    /// A command that reads out prompts nobody has recorded; otherwise that of the configuration.
    #[arg(long, env = "HOTLINE_DRAFT_VOICE", value_name = "COMMAND")]
    pub draft_voice: Option<String>,
    /// Language of messages and of the sentences; otherwise that of the locale.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline versions`
#[derive(Debug, Args)]
pub struct Versions {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// One version in full; otherwise the newest are listed.
    pub number: Option<u32>,
    /// Write the files of this version into a folder that holds no menu.
    #[arg(long, value_name = "DIR", requires = "number")]
    pub to: Option<PathBuf>,
    /// The newest so many.
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// One JSON object a version.
    #[arg(long)]
    pub json: bool,
}

/// `hotline rollback`
#[derive(Debug, Args)]
pub struct Rollback {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
    /// The version to go back to; otherwise the one that was active before this one.
    pub number: Option<u32>,
    /// Why, for the audit.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub note: String,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Language of the sentences; otherwise that of the locale.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// The older menus: the number of a version, or a folder (`./12` where its name is a number).
    pub old: String,
    /// The newer menus, likewise; otherwise the folder of the menus.
    pub new: Option<String>,
    /// Language of the sentences; otherwise that of the locale.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline audit`
#[derive(Debug, Args)]
pub struct Audit {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// From this day on, in the bank's zone, such as `2026-03-02`.
    #[arg(long)]
    pub since: Option<jiff::civil::Date>,
    /// Up to this day, itself included.
    #[arg(long)]
    pub until: Option<jiff::civil::Date>,
    /// The newest so many.
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `hotline switch`
#[derive(Debug, Args)]
pub struct Switch {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
    /// Name of the switch in the menu; without it all are listed.
    pub name: Option<String>,
    /// Its new state.
    #[arg(requires = "name")]
    pub state: Option<SwitchState>,
    /// Until then, in the bank's zone: `18:00` (the next one), or `2026-03-02T18:00`. Then the menu's own state holds
    /// again.
    #[arg(long, value_name = "TIME", requires = "state")]
    pub until: Option<String>,
    /// For so long: `30m`, `2h`.
    #[arg(long = "for", value_name = "LENGTH", requires = "state", conflicts_with = "until")]
    pub length: Option<String>,
}

/// The state of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SwitchState {
    /// On.
    Enable,
    /// Off.
    Disable,
}
