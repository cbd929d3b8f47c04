//! Arguments of the tools around the menu files.

use super::{Folders, MessageLang};
use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `hotline graph`
#[derive(Debug, Args)]
pub struct Graph {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// The form of the picture.
    #[arg(long, value_enum, default_value = "svg")]
    pub format: GraphFormat,
    /// Language of the words; otherwise the menu's first.
    #[arg(long)]
    pub lang: Option<MessageLang>,
    /// Count the calls of the store: thick arrows where many callers go, colour where they hang up.
    #[arg(long)]
    pub traffic: bool,
    /// The calls of so many last days are counted.
    #[arg(long, default_value_t = 7, value_name = "DAYS", requires = "traffic", value_parser = clap::value_parser!(u16).range(1..))]
    pub days: u16,
    /// Write here instead of the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A picture for browsers, light or dark as the screen is.
    Svg,
    /// The picture in a page of its own, to move about in and to search.
    Html,
    /// Text for Mermaid.
    Mermaid,
    /// Text for Graphviz.
    Dot,
}

/// `hotline schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// Of which files.
    pub kind: SchemaKind,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// Menu files.
    Menu,
    /// The configuration.
    Config,
    /// Tests of menus.
    Test,
}

/// `hotline completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell.
    pub shell: clap_complete::Shell,
}

/// `hotline man`
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for the program and one for each command into this folder; otherwise print the program's page.
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `hotline callers`
#[derive(Debug, Args)]
pub struct Callers {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// What to do.
    #[command(subcommand)]
    pub command: CallersCommand,
}

/// What to do with callers' profiles. A running server serves the next call by them.
#[derive(Debug, Subcommand)]
pub enum CallersCommand {
    /// Give a caller a profile of the menu, instead of the one it has.
    Set {
        /// The calling number, such as `+79161234567`.
        number: String,
        /// Name of the profile in the menu.
        profile: String,
    },
    /// Take a caller's profile away.
    Remove {
        /// The calling number.
        number: String,
    },
    /// Give many callers their profiles: lines of number, comma, profile.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// List who has a profile.
    List {
        /// Numbers in full instead of the last two digits.
        #[arg(long)]
        full: bool,
    },
}

/// `hotline trunks`
#[derive(Debug, Args)]
pub struct Trunks {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Address and port of the server's health and metrics pages; otherwise as configured.
    #[arg(long, env = "HOTLINE_HTTP", value_name = "ADDR:PORT")]
    pub http: Option<SocketAddr>,
}
