//! Wiring: the only place that names everything. A file for each command.

pub mod cli;
pub mod config;
pub mod operators;
pub mod report;
pub mod schema;

mod accounts;
mod audit;
mod bans;
mod callers;
mod folders;
mod graph;
mod help;
mod menus;
mod pipe;
mod prompts;
mod say;
mod serve;
mod simulate;
mod store;
mod switch;
mod trunks;
mod versions;
mod who;

use anyhow::Result;
use cli::{Cli, Command};
use std::process::ExitCode;

/// Does what the command line says.
///
/// # Errors
/// With a text for people: what happened, where, what to do.
pub fn run(cli: Cli) -> Result<ExitCode> {
    if !matches!(cli.command, Command::Serve(_)) {
        pipe::let_a_closed_pipe_end_us();
    }
    match cli.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => menus::check(&arguments),
        Command::Explain(arguments) => menus::explain(&arguments),
        Command::Call(arguments) => simulate::call(&arguments),
        Command::Test(arguments) => simulate::test(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Apply(arguments) => versions::apply(&arguments),
        Command::Versions(arguments) => versions::list(&arguments),
        Command::Rollback(arguments) => versions::rollback(&arguments),
        Command::Diff(arguments) => versions::diff(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => help::completions(&arguments),
        Command::Man(arguments) => help::man(&arguments),
        Command::Say(arguments) => say::run(&arguments),
        Command::Prompts(arguments) => prompts::run(&arguments),
        Command::Operators(arguments) => accounts::run(arguments),
        Command::Bans(arguments) => bans::run(arguments),
        Command::Callers(arguments) => callers::run(arguments),
        Command::Report(arguments) => store::report(&arguments),
        Command::Bank(arguments) => store::bank(&arguments),
        Command::Switch(arguments) => switch::run(&arguments),
        Command::Trunks(arguments) => trunks::run(&arguments),
    }
}
