//! Arguments of `hotline prompts`.

use super::MessageLang;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `hotline prompts`
#[derive(Debug, Args)]
pub struct Prompts {
    /// Folder of the menus.
    #[arg(long, global = true, default_value = "menus", env = "HOTLINE_MENUS", value_name = "DIR")]
    pub menus: PathBuf,
    /// Folder of the prompts.
    #[arg(long, global = true, default_value = "prompts", env = "HOTLINE_PROMPTS", value_name = "DIR")]
    pub prompts: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: PromptsCommand,
}

/// What to do with recordings.
#[derive(Debug, Subcommand)]
pub enum PromptsCommand {
    /// Every recording that menus and speech need, its state and where it is heard.
    List(List),
    /// What the announcer has to say, with context and seconds.
    #[command(after_help = "\
Examples:
  hotline prompts sheet --lang ru -o sheet.html              open it in a browser and print it
  hotline prompts sheet --lang ru --missing --format csv     only what nobody has recorded yet")]
    Sheet(Sheet),
    /// Have a program read out what nobody has recorded; marked as drafts.
    #[command(after_help = "\
Example:
  hotline prompts draft --voice-command 'espeak-ng -v {lang} -w {out} {text}'

The command is run without a shell for each recording: {text} is what to say, {out} the WAV file to write, {lang} ru or
en. A draft counts as missing (W05) until somebody records it.")]
    Draft(Draft),
    /// Bring takes in: any WAV, FLAC, Ogg Vorbis or MP3 becomes a mastered recording.
    #[command(after_help = "\
A file is named after its recording, as in the sheet: ru/balance.1.wav, or balance.1.wav with --lang ru.
Each take is cut to 10 ms of silence in front and 20 ms behind, band-limited to 120-7,000 Hz, resampled to 16 kHz and
brought to an active level (ITU-T P.56) of -22 dBov with peaks under -3 dB. Clipped, silent and faint takes are
refused with the place; what is refused does not stop the others.")]
    Import(Import),
    /// Play a recording, or a whole phrase with example values.
    #[command(after_help = "\
Examples:
  hotline prompts play balance --lang ru             the whole phrase, values as examples
  hotline prompts play ru/balance.1 -o take.wav      one recording, into a file")]
    Play(Play),
}

/// Which recordings.
#[derive(Debug, Clone, Copy, Args)]
pub struct Chosen {
    /// Those that nobody has recorded, drafts included.
    #[arg(long)]
    pub missing: bool,
    /// Those whose text has changed since.
    #[arg(long)]
    pub stale: bool,
    /// Those of one language.
    #[arg(long)]
    pub lang: Option<MessageLang>,
}

/// `hotline prompts list`
#[derive(Debug, Args)]
pub struct List {
    /// Which.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Those that sound wrong.
    #[arg(long)]
    pub bad: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `hotline prompts sheet`
#[derive(Debug, Args)]
pub struct Sheet {
    /// Which; all without `--missing` and `--stale`.
    #[command(flatten)]
    pub chosen: Chosen,
    /// The form.
    #[arg(long, value_enum, default_value = "html")]
    pub format: SheetFormat,
    /// Write here instead of the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SheetFormat {
    /// A page for browsers and printers.
    Html,
    /// A table for spreadsheets.
    Csv,
}

/// `hotline prompts draft`
#[derive(Debug, Args)]
pub struct Draft {
    /// The program, with `{text}`, `{out}` and, if wanted, `{lang}`.
    #[arg(long, env = "HOTLINE_DRAFT_VOICE", value_name = "COMMAND")]
    pub voice_command: String,
    /// Which; those that are missing without `--stale` and `--all`.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Every one, recorded or not. A person's recordings are replaced!
    #[arg(long, conflicts_with_all = ["missing", "stale"])]
    pub all: bool,
}

/// `hotline prompts import`
#[derive(Debug, Args)]
pub struct Import {
    /// Folder of the takes; folders within are read too.
    #[arg(value_name = "DIR")]
    pub takes: PathBuf,
    /// Language of files that lie in no folder `ru`, `en` or `common`.
    #[arg(long)]
    pub lang: Option<MessageLang>,
    /// Who speaks, for the manifest.
    #[arg(long, default_value = "studio")]
    pub voice: String,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `hotline prompts play`
#[derive(Debug, Args)]
pub struct Play {
    /// A recording such as `ru/balance.1`, or a phrase such as `balance`.
    pub id: String,
    /// Language; otherwise the menu's first.
    #[arg(long)]
    pub lang: Option<MessageLang>,
    /// Write a WAV file instead of playing.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The program that plays, with `{file}`; otherwise the first of aplay, pw-play, paplay, ffplay, play.
    #[arg(long, value_name = "COMMAND", conflicts_with = "output")]
    pub player: Option<String>,
}
