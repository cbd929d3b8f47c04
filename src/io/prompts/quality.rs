//! What is wrong with the recordings of a folder, measured once.
//!
//! The figures of each file are kept in `quality.tsv` beside the manifest, by its size and a hash of its octets. A
//! file that has not changed since `quality.tsv` was written (its times of change are older) is not even read; one
//! that has is read and hashed; only one whose octets are new is decoded. The list is replaced as a whole, and a
//! folder that cannot be written is measured all the same.

use super::cache::checksum;
use super::measure::measure;
use super::{load, parallel};
use crate::ivr::speech::quality::{Decibels, Fault, Figures};
use crate::ivr::speech::{Manifest, Recording};
use crate::model::PromptId;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

/// The list's name in the folder of prompts.
pub const FILE: &str = "quality.tsv";
/// Its first line: it changes with the way recordings are measured.
const HEADER: &str = "file\toctets\thash\trate\tchannels\tms\tlevel_dbov\tpeak_dbov\tclipped_ms\tlead_ms\ttrail_ms\tpause_ms\tpause_at_ms";

/// One file as it was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    octets: u64,
    hash: u64,
    figures: Figures,
}

/// What came of looking at one file.
enum Seen {
    /// It is as listed and was not read.
    Known(Row),
    /// It was read.
    Read(Row),
    /// It is no recording.
    Bad(Fault),
}

/// The faults of every recording of a manifest, and those of the hold music under the names of its files
/// (`music/waltz.mp3`); what has none is left out.
pub fn inspect(folder: &Path, manifest: &Manifest) -> BTreeMap<PromptId, Vec<Fault>> {
    let list = folder.join(FILE);
    let written = fs::metadata(&list).ok().as_ref().map(modified);
    let known = fs::read_to_string(&list).map(|text| parse(&text)).unwrap_or_default();
    let recordings: Vec<(&PromptId, &Recording)> = manifest.iter().collect();
    let seen = parallel::each(&recordings, |(_, recording)| look(folder, &recording.file, &known, written));
    let music = music_of(folder);
    let music_seen = parallel::each(&music, |name| look(folder, name, &known, written));
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut faults = BTreeMap::new();
    let mut read = false;
    for ((prompt, recording), seen) in recordings.into_iter().zip(seen) {
        let found = match seen {
            Seen::Bad(fault) => vec![fault],
            Seen::Known(row) => faults_of(recording, rows.entry(recording.file.as_str()).or_insert(row)),
            Seen::Read(row) => {
                read = true;
                faults_of(recording, rows.entry(recording.file.as_str()).or_insert(row))
            }
        };
        if !found.is_empty() {
            faults.insert(prompt.clone(), found);
        }
    }
    for (name, seen) in music.iter().zip(music_seen) {
        let found = match seen {
            Seen::Bad(fault) => vec![fault],
            Seen::Known(row) => rows.entry(name).or_insert(row).figures.music_faults(),
            Seen::Read(row) => {
                read = true;
                rows.entry(name).or_insert(row).figures.music_faults()
            }
        };
        if !found.is_empty() {
            faults.insert(PromptId::new(name), found);
        }
    }
    if (read || rows.len() != known.len())
        && let Err(error) = write(&list, &rows)
    {
        tracing::debug!(file = %list.display(), %error, "what was measured cannot be kept");
    }
    faults
}

/// The files of the hold music, by their paths in the folder.
fn music_of(folder: &Path) -> Vec<String> {
    let name = |source: load::Source| source.file.strip_prefix(folder).ok()?.to_str().map(str::to_owned);
    load::find(folder).music.into_iter().filter_map(name).collect()
}

fn faults_of(recording: &Recording, row: &Row) -> Vec<Fault> {
    let replaced = row.figures.replaced(recording.length);
    row.figures.faults(recording.variant).into_iter().chain(replaced).collect()
}

fn look(folder: &Path, name: &str, known: &BTreeMap<String, Row>, written: Option<Changed>) -> Seen {
    let file = folder.join(name);
    let row = known.get(name);
    let about = match fs::metadata(&file) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Seen::Bad(Fault::Gone),
        Err(error) => return Seen::Bad(Fault::Broken(format!("cannot be read: {error}"))),
    };
    if let (Some(row), Some(written)) = (row, written)
        && row.octets == about.len()
        && modified(&about).max((about.ctime(), about.ctime_nsec())) < written
    {
        return Seen::Known(row.clone());
    }
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) => return Seen::Bad(Fault::Broken(format!("cannot be read: {error}"))),
    };
    let (octets, hash) = (bytes.len() as u64, checksum(&bytes));
    if let Some(row) = row.filter(|row| row.octets == octets && row.hash == hash) {
        return Seen::Read(row.clone());
    }
    match measure(bytes, load::extension_of(&file).unwrap_or("wav")) {
        Ok((_, figures)) => Seen::Read(Row { octets, hash, figures }),
        Err(error) => Seen::Bad(Fault::Broken(error.to_string())),
    }
}

/// A time of change: seconds and nanoseconds since 1970.
type Changed = (i64, i64);

fn modified(about: &fs::Metadata) -> Changed {
    (about.mtime(), about.mtime_nsec())
}

/// The rows that can be read; a row that cannot is measured anew.
fn parse(text: &str) -> BTreeMap<String, Row> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return BTreeMap::new();
    }
    lines.filter_map(parse_row).collect()
}

fn parse_row(line: &str) -> Option<(String, Row)> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    let name = next()?.to_owned();
    let octets = next()?.parse().ok()?;
    let hash = u64::from_str_radix(next()?, 16).ok()?;
    let (rate, channels) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let ms = |text: &str| text.parse().ok().map(Duration::from_millis);
    let length = ms(next()?)?;
    let (level, peak): (Decibels, Decibels) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let clipped = match next()? {
        "-" => None,
        at => Some(ms(at)?),
    };
    let (lead, trail, pause, pause_at) = (ms(next()?)?, ms(next()?)?, ms(next()?)?, ms(next()?)?);
    let figures = Figures { rate, channels, length, level, peak, clipped, lead, trail, pause, pause_at };
    Some((name, Row { octets, hash, figures }))
}

/// Writes the list under another name and then gives it its own.
fn write(list: &Path, rows: &BTreeMap<&str, Row>) -> io::Result<()> {
    let mut text = HEADER.to_owned() + "\n";
    for (name, Row { octets, hash, figures }) in rows {
        let clipped = figures.clipped.map_or_else(|| "-".to_owned(), |at| at.as_millis().to_string());
        let Figures { rate, channels, level, peak, .. } = figures;
        let [length, lead, trail, pause, at] =
            [figures.length, figures.lead, figures.trail, figures.pause, figures.pause_at].map(|time| time.as_millis());
        writeln!(
            text,
            "{name}\t{octets}\t{hash:016x}\t{rate}\t{channels}\t{length}\t{level}\t{peak}\t{clipped}\t{lead}\t{trail}\t{pause}\t{at}"
        )
        .map_err(io::Error::other)?;
    }
    super::replace(list, text.as_bytes())
}
