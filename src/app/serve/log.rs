//! The log: lines on standard error, of each place in the program no more than anybody can read.
//!
//! Whoever scans or floods the server chooses how many lines it writes. So each line of the code that logs may write
//! fifty a second, and five hundred at once; what is left out is counted and told with its next line. At `debug` and
//! `trace`, which are asked for on purpose, nothing is left out.

use crate::app::config::{Config, LogFormat, LogLevel};
use crate::io::clock::Clock;
use crate::model::Instant;
use crate::voip::sip::roll::Bucket;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use tracing::callsite::Identifier;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Lines a second of one place.
const PER_SECOND: f64 = 50.0;
/// Lines of one place at once.
const BURST: f64 = 500.0;

/// Begins to log as the configuration says.
pub(super) fn start(config: &Config) {
    let level = match config.log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    // Other crates' words are wanted from warnings on; sqlx would tell every statement.
    let filter = format!("warn,hotline={level}");
    let colours = io::stderr().is_terminal();
    let out = Limited::new(config.log.format == LogFormat::Json, |line: &[u8]| io::stderr().write_all(line));
    let log = tracing_subscriber::fmt().with_writer(out).with_ansi(colours).with_env_filter(filter);
    match config.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// What one place in the program has written.
#[derive(Debug)]
struct Place {
    rate: Bucket,
    left_out: u64,
}

/// The places that have logged. There are as many as the program has lines that log.
#[derive(Debug)]
struct Places<K>(HashMap<K, Place>);

impl<K: Eq + Hash> Places<K> {
    /// Whether a place may write a line: then how many were left out before it.
    fn admit(&mut self, now: Instant, key: K) -> Option<u64> {
        let new = || Place { rate: Bucket::full(now, BURST), left_out: 0 };
        let place = self.0.entry(key).or_insert_with(new);
        if place.rate.take(now, PER_SECOND, BURST) {
            return Some(std::mem::take(&mut place.left_out));
        }
        place.left_out += 1;
        None
    }
}

/// Makes a writer for each line, which writes it with `out` or leaves it out.
struct Limited<O> {
    out: O,
    json: bool,
    clock: Clock,
    places: Mutex<Places<Identifier>>,
}

impl<O: Fn(&[u8]) -> io::Result<()>> Limited<O> {
    fn new(json: bool, out: O) -> Self {
        Self { out, json, clock: Clock::start(), places: Mutex::new(Places(HashMap::new())) }
    }

    /// The line that tells of those that were left out.
    fn told(&self, of: &Metadata<'_>, count: u64) -> String {
        let (at, target) = (self.clock.now().wall, of.target());
        if !self.json {
            return format!("{at}  WARN {target}: lines like the next one were left out count={count}\n");
        }
        let fields = serde_json::json!({"message": "lines like the next one were left out", "count": count});
        let line =
            serde_json::json!({"timestamp": at.to_string(), "level": "WARN", "fields": fields, "target": target});
        format!("{line}\n")
    }
}

impl<'a, O: Fn(&[u8]) -> io::Result<()> + 'a> MakeWriter<'a> for Limited<O> {
    type Writer = Line<'a, O>;

    fn make_writer(&'a self) -> Self::Writer {
        Line::Written { out: &self.out, before: None }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Self::Writer {
        if *of.level() > Level::INFO {
            return self.make_writer();
        }
        let now = self.clock.instant();
        let admitted = self.places.lock().unwrap_or_else(PoisonError::into_inner).admit(now, of.callsite());
        match admitted {
            Some(0) => self.make_writer(),
            Some(count) => Line::Written { out: &self.out, before: Some(self.told(of, count)) },
            None => Line::LeftOut,
        }
    }
}

/// Where one line goes.
enum Line<'a, O> {
    Written { out: &'a O, before: Option<String> },
    LeftOut,
}

impl<O: Fn(&[u8]) -> io::Result<()>> Write for Line<'_, O> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Self::Written { out, before } = self {
            // In one piece, so that no other line comes between.
            match before.take() {
                Some(before) => out(&[before.as_bytes(), line].concat())?,
                None => out(line)?,
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_place_writes_no_more_than_may_be_and_tells_later_what_it_left_out() {
        let mut places = Places(HashMap::new());
        let written = (0..100_000).filter(|_| places.admit(at(0), 1).is_some()).count();
        assert_eq!(written, 500);
        assert_eq!(places.admit(at(0), 2), Some(0), "another place has its own");
        assert_eq!(places.admit(at(1_000), 1), Some(99_500));
        let written = (0..1_000).filter(|_| places.admit(at(1_000), 1).is_some()).count();
        assert_eq!(written, 49);
        assert_eq!(places.admit(at(60_000), 1), Some(951));
    }

    /// What a log of ten thousand lines of one place holds.
    fn flooded(json: bool, level: Level) -> Vec<String> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&kept);
        let out = Limited::new(json, move |line: &[u8]| {
            lines.lock().unwrap().extend_from_slice(line);
            Ok(())
        });
        let subscriber = tracing_subscriber::fmt().with_writer(out).with_ansi(false).with_max_level(Level::TRACE);
        let act = || {
            for _ in 0..10_000 {
                if level == Level::INFO { tracing::info!("a flood") } else { tracing::debug!("a flood") }
            }
        };
        // With one subscriber alone, whoever comes first to a place in the code decides for all whether it is heard.
        let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        if json {
            tracing::subscriber::with_default(subscriber.json().finish(), act);
        } else {
            tracing::subscriber::with_default(subscriber.finish(), act);
        }
        let text = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_flood_of_lines_is_cut_and_one_that_was_asked_for_is_not() {
        for json in [false, true] {
            let lines = flooded(json, Level::INFO);
            // However slow the machine is: fifty more a second.
            assert!((500..9_000).contains(&lines.len()), "{}", lines.len());
            assert!(lines[0].contains("a flood"));
            if json {
                assert!(lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
            }
            assert_eq!(flooded(json, Level::DEBUG).len(), 10_000);
        }
    }
}
