//! `hotline prompts`: which recordings are needed, the announcer's sheet, drafts, import, and a listen.

mod draft;
mod import;
mod list;
mod play;
mod sheet;
mod state;

use super::cli::{Prompts, PromptsCommand};
use anyhow::Result;
use state::Studio;
use std::process::ExitCode;

/// Does what is asked.
pub(super) fn run(arguments: &Prompts) -> Result<ExitCode> {
    let studio = Studio::open(&arguments.menus, &arguments.prompts)?;
    match &arguments.command {
        PromptsCommand::List(list) => list::run(&studio, list),
        PromptsCommand::Sheet(sheet) => sheet::run(&studio, sheet),
        PromptsCommand::Draft(draft) => draft::run(&studio, draft),
        PromptsCommand::Import(import) => import::run(&studio, import),
        PromptsCommand::Play(play) => play::run(&studio, play),
    }
}
