//! A load of calls with sound, and what became of them: `cargo run --release --example load -- MODE …`.
//!
//! ```text
//! load calls --target IP:PORT --calls N [--rate R] [--secs S] [--pid P] [--keys yes] [--timeline FILE]
//! load soak  the same: calls of random length with random keys, holds and hang-ups, replaced as they end; with --pid
//!            each gap over 60 ms is judged (`evidence`), and the list goes to --gaps FILE
//!            both: --operators FILE, a line `login password` each, of telephones that answer
//!            calls with them: each caller presses 0, and what is measured is conversations
//! load handover --target IP:PORT --operators FILE [--calls N] [--times N] [--limit MS]: an operator becomes free, and
//!            the oldest of those who wait is heard
//! load first --target IP:PORT --begun NANOSECONDS [--limit MS]: calls until a server that starts answers
//! load floor --calls N [--secs S]: the bare system calls, on this machine, for comparison
//! load plot  CALLS=FILE …: a picture of timelines
//! ```
//!
//! It shares no code with the server. Callers send A-law silence each 20 ms; arrivals have the kernel's time.

#![expect(clippy::disallowed_methods, reason = "a tool that lives in real time")]

mod evidence;
mod figures;
mod first;
mod floor;
mod handover;
mod leg;
mod load;
mod sip;
mod sound;

use std::collections::HashMap;
use std::process::ExitCode;

/// What the command line asks for.
pub struct Options {
    words: HashMap<String, String>,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self, String> {
        let pairs = words.chunks(2).map(|pair| match pair {
            [name, value] if name.starts_with("--") => Ok((name[2..].to_owned(), value.clone())),
            _ => Err(format!("{}: --NAME VALUE is wanted", pair.join(" "))),
        });
        Ok(Self { words: pairs.collect::<Result<_, _>>()? })
    }

    /// A word of the command line.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.words.get(name).map(String::as_str)
    }

    /// A number of the command line.
    pub fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        self.text(name).map_or(Ok(default), |word| word.parse().map_err(|_| format!("--{name} {word}: not a number")))
    }
}

fn run() -> Result<bool, String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (mode, rest) =
        words.split_first().ok_or("calls, soak, handover, first, floor or plot? The source says more")?;
    match mode.as_str() {
        "plot" => figures::plot(rest).map(|picture| {
            print!("{picture}");
            true
        }),
        "floor" => {
            let options = Options::parse(rest)?;
            floor::measure(options.number("calls", 1_000)?, options.number("secs", 10)?).map(|()| true)
        }
        "calls" => load::Load::new(&Options::parse(rest)?, false)?.run(),
        "soak" => load::Load::new(&Options::parse(rest)?, true)?.run(),
        "handover" => Ok(handover::Handover::new(&Options::parse(rest)?)?.run()),
        "first" => first::measure(&Options::parse(rest)?),
        other => Err(format!("{other}: no such mode")),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}
