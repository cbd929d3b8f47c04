//! `hotline schema`: JSON Schema (draft 7) of the files people write, for completion and checks in their editors.
//!
//! A schema knows the shape of a file: keys, their types, what must be there. Whether names fit together is what
//! `hotline check` tells.

mod config;
mod menu;
mod parts;
mod script;

use crate::app::cli::{Schema, SchemaKind};
use anyhow::Result;
use serde_json::Value as Json;
use std::io::Write;
use std::process::ExitCode;

/// The schema of the files of a kind.
#[must_use]
pub fn schema(kind: SchemaKind) -> Json {
    match kind {
        SchemaKind::Menu => menu::schema(),
        SchemaKind::Config => config::schema(),
        SchemaKind::Test => script::schema(),
    }
}

/// `hotline schema`
pub(super) fn run(arguments: &Schema) -> Result<ExitCode> {
    writeln!(std::io::stdout(), "{:#}", schema(arguments.kind))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
