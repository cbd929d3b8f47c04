//! `hotline completions` and `hotline man`, from the table of commands.

use super::cli::{Cli, Completions, Man};
use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// `hotline completions`
pub(super) fn completions(arguments: &Completions) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "hotline", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// `hotline man`
pub(super) fn man(arguments: &Man) -> Result<ExitCode> {
    let mut program = Cli::command();
    program.build();
    match &arguments.folder {
        None => std::io::stdout().write_all(&page(&program)?)?,
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for (name, page) in pages(&program, "hotline")? {
                write(folder, &name, &page)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn write(folder: &Path, name: &str, page: &[u8]) -> Result<()> {
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}

/// The page of a command that was built, and so knows its whole name.
fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

/// The pages of a command and of all below it.
fn pages(command: &Command, name: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = vec![(name.to_owned(), page(command)?)];
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        all.extend(pages(below, &format!("{name}-{}", below.get_name()))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_is_completed_in_every_shell() {
        let mut program = Cli::command();
        program.build();
        let pages = pages(&program, "hotline").unwrap();
        let commands: Vec<&str> =
            program.get_subcommands().map(Command::get_name).filter(|name| *name != "help").collect();
        for command in &commands {
            assert!(pages.iter().any(|(name, _)| *name == format!("hotline-{command}")), "{command}");
        }
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{name}: {text}");
        }
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "hotline", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
        }
    }
}
