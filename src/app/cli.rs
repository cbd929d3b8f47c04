//! The command line: one table of flags that feeds parser and help.

mod bans;
mod prompts;
mod tools;
mod versions;

pub use bans::{Bans, BansCommand};
pub use prompts::{Chosen, Draft, Import, List, Play, Prompts, PromptsCommand, Sheet, SheetFormat};
pub use tools::{Callers, CallersCommand, Completions, Graph, GraphFormat, Man, Schema, SchemaKind, Trunks};
pub use versions::{Apply, Audit, By, Diff, Rollback, Switch, SwitchState, Versions};

use crate::ivr::acd::AccountRole;
use crate::model::Lang;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A bank's telephone hotline.
///
/// Answers calls over SIP, drives a menu written in YAML, speaks Russian and English, asks the bank, and hands the
/// caller to a live operator the moment they ask for one.
#[derive(Debug, Parser)]
#[command(name = "hotline", version, max_term_width = 100, after_help = FIRST_STEPS)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  hotline serve                       a talking bank on port 5060; dial sip:bank@<this machine>
  hotline call                        walk the same menu in this terminal, without a phone
  hotline check menus                 every problem of the menu files, with place and advice
  hotline operators add anna --skills support,fraud --languages ru,en";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the hotline.
    #[command(after_help = "\
Examples:
  hotline serve
  hotline serve --sip 192.0.2.10:5060 --data /var/lib/hotline
  hotline serve --pretend-now 2026-12-31T23:00     hear what callers hear at another time

SIGTERM lets calls in progress end and refuses new ones; a second SIGTERM ends at once. SIGHUP reads the prompts anew,
and the menus where the configuration says `menu: {apply: watch}`.")]
    Serve(Serve),
    /// Check the menu files: every problem at once, with file, line, column and advice.
    Check(Check),
    /// Print a menu or a task as the caller hears it.
    Explain(Explain),
    /// Walk the menu in the terminal: the same flow, a virtual clock, a bank that answers as you say.
    Call(Call),
    /// Run the menus' YAML tests on a virtual clock.
    Test(Test),
    /// Draw the menu: where every key leads, and with `--traffic` how many callers went there.
    #[command(after_help = "\
Examples:
  hotline graph -o menu.svg                        open it in a browser
  hotline graph --traffic --days 30 -o menu.svg    with the calls of the last 30 days
  hotline graph --format html -o menu.html         to move about in and to search
  hotline graph --format mermaid                   for a page that draws Mermaid")]
    Graph(Graph),
    /// Check and test the folder of menus and let callers hear it: calls in progress keep what they began with.
    #[command(after_help = "\
Examples:
  hotline apply --dry-run                   what would change, in the words of a caller
  hotline apply --note 'Rates are key 1'    check, test, ask, switch

A running server takes it within a second. Without a terminal nothing is asked.")]
    Apply(Apply),
    /// The versions of the menu: who made which, when and why; the active one has a star.
    Versions(Versions),
    /// Make an earlier version of the menu active again. It needs no folder: the store has its files.
    Rollback(Rollback),
    /// What differs between two versions or folders of menus, as callers notice it; exit code 1 when something does.
    #[command(after_help = "\
Examples:
  hotline diff 12 13            two versions
  hotline diff 12               version 12 and the folder of menus
  hotline diff menus ../menus   two folders")]
    Diff(Diff),
    /// Who did what from outside a call, when: versions, switches, accounts, the sandbox bank.
    Audit(Audit),
    /// JSON Schema (draft 7) of the files, for completion and checks in editors.
    Schema(Schema),
    /// Completion of this command line for a shell, to standard output.
    Completions(Completions),
    /// Manual pages.
    Man(Man),
    /// Say a value in words: `hotline say ru money:RUB 1234.56`.
    Say(Say),
    /// The recordings: what is missing, the announcer's sheet, drafts, import, a listen.
    Prompts(Prompts),
    /// Operators' accounts.
    Operators(Operators),
    /// Callers who are served by a profile of the menu: a head start, slow speech, a language.
    Callers(Callers),
    /// Whose messages are not heard.
    #[command(after_help = "\
Examples:
  hotline bans list
  hotline bans add 203.0.113.0/24 --for 2h --reason 'scans us'
  hotline bans remove 203.0.113.0/24")]
    Bans(Bans),
    /// Figures from the call records.
    Report(Report),
    /// The sandbox bank: take it down, bring it up, forget what was done in it.
    Bank(Bank),
    /// Trunks of a running server: registered until when, up or down since when, calls. Exit code 1 when one is not well.
    Trunks(Trunks),
    /// A duty officer's switch, seen by the next step of every call.
    #[command(after_help = "\
Examples:
  hotline switch                                   all of them, who set which and until when
  hotline switch card_outage enable --until 18:00
  hotline switch card_outage enable --for 2h
  hotline switch card_outage disable")]
    Switch(Switch),
}

/// Options of everything that uses the folders.
#[derive(Debug, Clone, Args)]
pub struct Folders {
    /// Configuration file; without it everything has its default (`config.example.yaml` lists every key).
    #[arg(short, long, global = true, env = "HOTLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the store and of voice messages.
    #[arg(long, global = true, env = "HOTLINE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Folder of the menus.
    #[arg(long, global = true, env = "HOTLINE_MENUS", value_name = "DIR")]
    pub menus: Option<PathBuf>,
    /// Folder of the prompts.
    #[arg(long, global = true, env = "HOTLINE_PROMPTS", value_name = "DIR")]
    pub prompts: Option<PathBuf>,
}

/// `hotline serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Address and port for SIP, UDP and TCP.
    #[arg(long, env = "HOTLINE_SIP", value_name = "ADDR:PORT")]
    pub sip: Option<SocketAddr>,
    /// Address and port of the health and metrics pages.
    #[arg(long, env = "HOTLINE_HTTP", value_name = "ADDR:PORT")]
    pub http: Option<SocketAddr>,
    /// Start the wall clock here, in the bank's zone: opening hours and dates follow it.
    #[arg(long, env = "HOTLINE_PRETEND_NOW", value_name = "DATETIME")]
    pub pretend_now: Option<jiff::civil::DateTime>,
    /// A command that reads out prompts nobody has recorded, such as `espeak-ng -v {lang} -w {out} {text}`.
    #[arg(long, env = "HOTLINE_DRAFT_VOICE", value_name = "COMMAND")]
    pub draft_voice: Option<String>,
}

/// The language of messages to admins.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum MessageLang {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl From<MessageLang> for Lang {
    fn from(lang: MessageLang) -> Self {
        match lang {
            MessageLang::Ru => Self::Ru,
            MessageLang::En => Self::En,
        }
    }
}

/// `hotline check`
#[derive(Debug, Args)]
pub struct Check {
    /// Folder of the menus.
    #[arg(default_value = "menus", env = "HOTLINE_MENUS")]
    pub menus: PathBuf,
    /// Folder of the prompts; missing and outdated recordings are reported.
    #[arg(long, default_value = "prompts", env = "HOTLINE_PROMPTS", value_name = "DIR")]
    pub prompts: PathBuf,
    /// Configuration file; with it, what it and the menu say of each other is checked: targets of transfers, lines.
    #[arg(short, long, env = "HOTLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Warnings count as errors.
    #[arg(long)]
    pub strict: bool,
    /// One JSON object a line: file, line, column, code, severity, message, help.
    #[arg(long)]
    pub json: bool,
    /// Language of the messages; otherwise that of the locale.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// Name of the menu or task; otherwise every one.
    pub node: Option<String>,
    /// Folder of the menus.
    #[arg(long, default_value = "menus", env = "HOTLINE_MENUS", value_name = "DIR")]
    pub menus: PathBuf,
    /// Language the caller hears; otherwise all of the menu.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline call`
#[derive(Debug, Args)]
pub struct Call {
    /// Folder of the menus.
    #[arg(long, default_value = "menus", env = "HOTLINE_MENUS", value_name = "DIR")]
    pub menus: PathBuf,
    /// Folder of the prompts, for the length of what is said.
    #[arg(long, default_value = "prompts", env = "HOTLINE_PROMPTS", value_name = "DIR")]
    pub prompts: PathBuf,
    /// The line called; otherwise the first.
    #[arg(long)]
    pub line: Option<String>,
    /// The calling number, or `hidden`.
    #[arg(long, default_value = "+79161234567")]
    pub from: String,
    /// Date and time of the call in the bank's zone, such as `2026-03-02T12:00`; otherwise now.
    #[arg(long, value_name = "DATETIME")]
    pub at: Option<jiff::civil::DateTime>,
    /// The profile of the calling number, such as `vip`.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Language of the screen; otherwise that of the locale.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline test`
#[derive(Debug, Args)]
pub struct Test {
    /// Folder of the menus; their tests are in `tests/*.test.yaml` within.
    #[arg(default_value = "menus", env = "HOTLINE_MENUS")]
    pub menus: PathBuf,
    /// Folder of the prompts, for the length of what is said.
    #[arg(long, default_value = "prompts", env = "HOTLINE_PROMPTS", value_name = "DIR")]
    pub prompts: PathBuf,
    /// Also write the results as `JUnit` XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Run again whenever a file of the folder changes, until Ctrl+C.
    #[arg(long)]
    pub watch: bool,
    /// Language of the messages; otherwise that of the locale. The `JUnit` XML is in English.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline say`
#[derive(Debug, Args)]
pub struct Say {
    /// Language.
    pub lang: MessageLang,
    /// Format, such as `money:RUB`, `count:minute`, `date`.
    #[arg(required_unless_present = "batch")]
    pub format: Option<String>,
    /// Value, such as `1234.56`.
    #[arg(required_unless_present = "batch", allow_hyphen_values = true)]
    pub value: Option<String>,
    /// Read lines of format, tab, value from standard input; print the words of each.
    #[arg(long, conflicts_with_all = ["format", "value"])]
    pub batch: bool,
}

/// `hotline operators`
#[derive(Debug, Args)]
pub struct Operators {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
    /// What to do.
    #[command(subcommand)]
    pub command: OperatorsCommand,
}

/// What an account may do besides taking calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum RoleName {
    /// Nothing more.
    #[default]
    Operator,
    /// Listen to operators' conversations, whisper and join.
    Supervisor,
}

impl From<RoleName> for AccountRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Operator => Self::Operator,
            RoleName::Supervisor => Self::Supervisor,
        }
    }
}

/// What to do with operators' accounts.
#[derive(Debug, Subcommand)]
pub enum OperatorsCommand {
    /// Make an account and print its password, once.
    Add {
        /// Login name, such as `anna`.
        name: String,
        /// What the operator can take: skills of the menu's queues.
        #[arg(long, value_delimiter = ',', required_unless_present = "role")]
        skills: Vec<String>,
        /// Languages the operator speaks.
        #[arg(long, value_delimiter = ',', default_value = "ru")]
        languages: Vec<MessageLang>,
        /// What the account may do besides taking calls; a supervisor may have no skills.
        #[arg(long, value_enum, default_value_t)]
        role: RoleName,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List,
    /// Remove an account; its phone is no longer rung.
    Remove {
        /// Login name.
        name: String,
    },
    /// Let an account supervise conversations, or no more.
    Role {
        /// Login name.
        name: String,
        /// What it may do besides taking calls.
        #[arg(value_enum)]
        role: RoleName,
    },
    /// Give an account a new password.
    Passwd {
        /// Login name.
        name: String,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
}

/// `hotline report`
#[derive(Debug, Args)]
pub struct Report {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Which figures.
    #[command(subcommand)]
    pub command: ReportCommand,
}

/// Which figures.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// What happened in each call.
    Calls {
        /// From this day on (UTC), such as `2026-03-02`.
        #[arg(long)]
        since: Option<jiff::civil::Date>,
        /// Up to this day, itself included (UTC).
        #[arg(long)]
        until: Option<jiff::civil::Date>,
        /// The newest so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// One JSON object a call.
        #[arg(long)]
        json: bool,
        /// Calling numbers in full instead of the last two digits.
        #[arg(long)]
        full: bool,
    },
}

/// `hotline bank`
#[derive(Debug, Args)]
pub struct Bank {
    /// Folders and configuration.
    #[command(flatten)]
    pub folders: Folders,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
    /// What to do.
    #[command(subcommand)]
    pub command: BankCommand,
}

/// What to do with the sandbox bank. A running server sees it at the next request.
#[derive(Debug, Subcommand, Clone, Copy)]
pub enum BankCommand {
    /// The bank stops answering.
    Down,
    /// The bank answers again.
    Up,
    /// Cards are as on the first day.
    Reset,
}
