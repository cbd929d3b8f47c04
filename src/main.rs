//! `hotline`: command line in, exit code out.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = hotline::app::cli::Cli::parse();
    match hotline::app::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hotline: {error:#}");
            ExitCode::FAILURE
        }
    }
}
