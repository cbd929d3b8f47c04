//! Arguments of `hotline bans`.

use super::{By, Folders};
use clap::{Args, Subcommand};

/// `hotline bans`
#[derive(Debug, Args)]
pub struct Bans {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
    /// What to do.
    #[command(subcommand)]
    pub command: BansCommand,
}

/// What to do with bans. A running server knows it within a second.
#[derive(Debug, Subcommand)]
pub enum BansCommand {
    /// List the bans that hold, the newest first.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Ban an address or a network: nothing from there is heard, not even a registered phone.
    Add {
        /// Such as `203.0.113.7` or `203.0.113.0/24`.
        network: String,
        /// How long, such as `2h`; otherwise until it is lifted.
        #[arg(long = "for", value_name = "LENGTH")]
        length: Option<String>,
        /// Why, for the list and the audit.
        #[arg(long, default_value = "by hand")]
        reason: String,
    },
    /// Lift a ban.
    Remove {
        /// As the list has it.
        network: String,
    },
}
