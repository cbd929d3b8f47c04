//! `hotline say`: values in words.

use super::cli::Say;
use crate::ivr::speech::say_line;
use anyhow::{Context, Result};
use std::io::{BufRead, Write};
use std::process::ExitCode;

/// Prints the words of one value, or of each line of standard input.
pub(super) fn run(arguments: &Say) -> Result<ExitCode> {
    let lang = arguments.lang.into();
    if let (Some(format), Some(value)) = (&arguments.format, &arguments.value) {
        println!("{}", say_line(lang, format, value)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut output = std::io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("standard input cannot be read")?;
        let said = match line.split_once('\t') {
            Some((format, value)) => say_line(lang, format, value).map_err(|error| error.to_string()),
            None => Err("expected: format, tab, value".to_owned()),
        };
        match said {
            Ok(words) => writeln!(output, "{words}")?,
            Err(error) => {
                // An empty line keeps the lines of input and output beside each other.
                writeln!(output)?;
                eprintln!("line {}: {error}", number + 1);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
