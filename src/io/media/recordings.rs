//! Recordings become WAV files on one thread of their own: media never waits for a disk.
//!
//! ```text
//! media threads ──Entry──▶ bounded channel ──▶ writer: <uuid>.part … rename to <uuid>.wav ──▶ RecordingStored
//! ```
//!
//! A voice message is mono, of 8 kHz, and lies in the folder itself; the store knows it and its mailbox. A conversation
//! is stereo, the caller left, all whom the caller hears right, of 16 kHz where the caller or the operator is wide-band,
//! and lies in [`CONVERSATIONS`], where [`super::retention`] removes what is old.

use super::MediaOutput;
use super::retention::Retention;
use crate::voip::audio::Rate;
use crate::voip::media::{Recorded, RecordingId, Track};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::collections::hash_map::Entry as MapEntry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Pieces of 200 ms on their way to the disk: 1,000 recordings for a second.
const ROOM: usize = 5_120;
/// Pieces each media thread keeps on top when the disk is slower than that.
const MOST_WAITING: usize = 5_120;

/// The folder of conversations within the folder of recordings.
pub const CONVERSATIONS: &str = "conversations";
/// How often the writer looks whether old conversations are to be removed.
const LOOK: Duration = Duration::from_secs(3_600);

/// What the writer is told.
#[derive(Debug)]
pub enum Entry {
    /// The next piece; the first one begins the file.
    Piece(Recorded),
    /// Nothing follows.
    End(RecordingId),
    /// Nothing follows, and a piece was lost on the way: the file would not say what was said.
    Spoilt(RecordingId),
}

/// The sending end of one media thread. It never waits: what has no room is kept for a while, then the recording is
/// spoilt, and the call goes on.
#[derive(Debug)]
pub struct Recordings {
    channel: SyncSender<Entry>,
    waiting: VecDeque<Entry>,
    spoilt: HashSet<RecordingId>,
}

impl Recordings {
    pub fn new(channel: SyncSender<Entry>) -> Self {
        Self { channel, waiting: VecDeque::new(), spoilt: HashSet::new() }
    }

    /// Hands over an entry, now or later. Ends always find room: there are no more of them than recordings.
    pub fn push(&mut self, entry: Entry) {
        let entry = match entry {
            Entry::Piece(piece) if self.spoilt.contains(&piece.recording) => return,
            Entry::Piece(piece) if self.waiting.len() >= MOST_WAITING => {
                self.spoilt.insert(piece.recording);
                return;
            }
            Entry::End(recording) if self.spoilt.remove(&recording) => Entry::Spoilt(recording),
            entry @ (Entry::Piece(_) | Entry::End(_) | Entry::Spoilt(_)) => entry,
        };
        self.waiting.push_back(entry);
        self.flush();
    }

    /// Tries again what waits.
    pub fn flush(&mut self) {
        while let Some(entry) = self.waiting.pop_front() {
            match self.channel.try_send(entry) {
                Ok(()) => {}
                Err(TrySendError::Full(entry)) => return self.waiting.push_front(entry),
                Err(TrySendError::Disconnected(_)) => return self.waiting.clear(),
            }
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// A recording as the writer has it.
enum Take {
    Writing {
        writer: WavWriter<BufWriter<File>>,
        name: String,
        /// Of each channel.
        samples: u64,
        /// Of them a second.
        rate: u32,
        /// Of a conversation: what one channel has more than the other.
        ahead: Ahead,
    },
    /// Told already; what still comes is dropped.
    Failed,
}

/// Samples that wait for those of the other channel. They are few: both channels follow the clock.
#[derive(Default)]
struct Ahead {
    left: VecDeque<i16>,
    right: VecDeque<i16>,
}

/// The thread that writes.
struct Writer {
    folder: PathBuf,
    takes: HashMap<RecordingId, Take>,
    told: mpsc::Sender<MediaOutput>,
    retention: Retention,
}

/// Starts the writer. It ends when every sending end is dropped, after storing what is unfinished.
pub fn start(
    folder: PathBuf,
    told: mpsc::Sender<MediaOutput>,
    retention: Retention,
) -> std::io::Result<(SyncSender<Entry>, JoinHandle<()>)> {
    let (sender, entries) = sync_channel(ROOM);
    let writer = Writer { folder, takes: HashMap::new(), told, retention };
    let thread = thread::Builder::new().name("recordings".to_owned()).spawn(move || writer.run(&entries))?;
    Ok((sender, thread))
}

impl Writer {
    fn run(mut self, entries: &Receiver<Entry>) {
        self.retention.begin(&self.folder);
        loop {
            let entry = match entries.recv_timeout(LOOK) {
                Ok(entry) => entry,
                Err(RecvTimeoutError::Timeout) => {
                    self.retention.sweep(&self.folder);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            self.retention.sweep(&self.folder);
            match entry {
                Entry::Piece(piece) => self.write(&piece),
                Entry::End(recording) => self.end(recording),
                Entry::Spoilt(recording) => {
                    self.fail(recording, "the disk is too slow");
                    self.takes.remove(&recording);
                }
            }
        }
        let unfinished: Vec<_> = self.takes.keys().copied().collect();
        for recording in unfinished {
            self.end(recording);
        }
    }

    fn write(&mut self, piece: &Recorded) {
        let appended = self.take(piece.recording, (piece.track, piece.rate)).and_then(|take| append(take, piece));
        if let Err(error) = appended {
            self.fail(piece.recording, &error.to_string());
        }
    }

    /// The take of a recording, begun now if it was not.
    fn take(&mut self, recording: RecordingId, kind: (Track, Rate)) -> hound::Result<&mut Take> {
        Ok(match self.takes.entry(recording) {
            MapEntry::Occupied(take) => take.into_mut(),
            MapEntry::Vacant(place) => place.insert(begin(&self.folder, kind)?),
        })
    }

    fn end(&mut self, recording: RecordingId) {
        // Without a single piece there is still a file, as empty as what was said.
        let finished = self.take(recording, (Track::Only, Rate::Narrow)).and_then(finish);
        match finished {
            Ok(Some((name, length))) => match publish(&self.folder, &name) {
                Ok(()) => self.tell(MediaOutput::RecordingStored { recording, file: name, length }),
                Err(error) => self.fail(recording, &error.to_string()),
            },
            Ok(None) => {}
            Err(error) => self.fail(recording, &error.to_string()),
        }
        self.takes.remove(&recording);
    }

    /// Tells the first failure of a recording, and leaves no half of it behind.
    fn fail(&mut self, recording: RecordingId, reason: &str) {
        match self.takes.insert(recording, Take::Failed) {
            Some(Take::Failed) => return,
            Some(Take::Writing { writer, name, .. }) => {
                drop(writer);
                remove(&self.folder.join(name).with_extension("part"));
            }
            None => {}
        }
        tracing::error!(folder = %self.folder.display(), reason, "a recording failed");
        self.tell(MediaOutput::RecordingFailed { recording, reason: reason.to_owned() });
    }

    /// Waits for room: only this thread stands still, and its channel is bounded.
    fn tell(&self, output: MediaOutput) {
        if self.told.blocking_send(output).is_err() {
            tracing::debug!("the server stopped before a recording was told of");
        }
    }
}

/// Begins a file. Its name says nothing about the call; only the server's user may read it.
fn begin(folder: &Path, (track, rate): (Track, Rate)) -> hound::Result<Take> {
    let (channels, name) = match track {
        Track::Only => (1, format!("{}.wav", Uuid::now_v7())),
        Track::Left | Track::Right => (2, format!("{CONVERSATIONS}/{}.wav", Uuid::now_v7())),
    };
    let part = folder.join(&name).with_extension("part");
    fs::create_dir_all(part.parent().unwrap_or(folder))?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    let rate = rate.hertz();
    let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let writer = WavWriter::new(BufWriter::new(file), spec)?;
    Ok(Take::Writing { writer, name, samples: 0, rate, ahead: Ahead::default() })
}

/// Appends samples; of a conversation as many as both channels have.
fn append(take: &mut Take, piece: &Recorded) -> hound::Result<()> {
    let Take::Writing { writer, samples, ahead, .. } = take else { return Ok(()) };
    match piece.track {
        Track::Only => {
            for &sample in &piece.samples {
                writer.write_sample(sample)?;
            }
            *samples += piece.samples.len() as u64;
            return Ok(());
        }
        Track::Left => ahead.left.extend(&piece.samples),
        Track::Right => ahead.right.extend(&piece.samples),
    }
    let both = ahead.left.len().min(ahead.right.len());
    write_both(writer, ahead, both)?;
    *samples += both as u64;
    Ok(())
}

/// Writes that many samples of both channels; silence where one has none.
fn write_both(writer: &mut WavWriter<BufWriter<File>>, ahead: &mut Ahead, count: usize) -> hound::Result<()> {
    for _ in 0..count {
        writer.write_sample(ahead.left.pop_front().unwrap_or_default())?;
        writer.write_sample(ahead.right.pop_front().unwrap_or_default())?;
    }
    Ok(())
}

/// Completes the file. `None` for a take that failed before.
fn finish(take: &mut Take) -> hound::Result<Option<(String, Duration)>> {
    let Take::Writing { writer, name, samples, rate, ahead } = take else { return Ok(None) };
    let rest = ahead.left.len().max(ahead.right.len());
    write_both(writer, ahead, rest)?;
    *samples += rest as u64;
    writer.flush()?;
    Ok(Some((name.clone(), Duration::from_micros(*samples * 1_000_000 / u64::from(*rate)))))
}

/// Gives a complete file its name.
fn publish(folder: &Path, name: &str) -> std::io::Result<()> {
    let file = folder.join(name);
    fs::rename(file.with_extension("part"), file)
}

fn remove(part: &Path) {
    if let Err(error) = fs::remove_file(part) {
        tracing::warn!(file = %part.display(), %error, "an unfinished recording cannot be removed");
    }
}

#[cfg(test)]
mod full_disk;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::clock::Clock;

    pub(super) fn piece(recording: u64, sample: i16) -> Entry {
        Entry::Piece(Recorded {
            recording: RecordingId(recording),
            track: Track::Only,
            rate: Rate::Narrow,
            samples: vec![sample; 1_600].into(),
        })
    }

    pub(super) fn outputs(folder: &Path, entries: Vec<Entry>) -> Vec<MediaOutput> {
        let (told, mut outputs) = mpsc::channel(64);
        let (sender, thread) = start(folder.to_owned(), told, Retention::new(None, Clock::start())).expect("started");
        let mut recordings = Recordings::new(sender);
        for entry in entries {
            recordings.push(entry);
        }
        assert!(recordings.is_empty());
        drop(recordings);
        thread.join().expect("ended");
        std::iter::from_fn(|| outputs.try_recv().ok()).collect()
    }

    /// Whether a name is a number of its own, and tells of nobody.
    fn says_nothing(file: &str) -> bool {
        file.strip_suffix(".wav").is_some_and(|name| Uuid::parse_str(name).is_ok())
    }

    #[test]
    fn pieces_become_one_file_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = outputs(folder.path(), vec![piece(1, 5), piece(2, 9), piece(1, -5), Entry::End(RecordingId(1))]);
        let [MediaOutput::RecordingStored { recording, file, length }, MediaOutput::RecordingStored { .. }] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((*recording, *length), (RecordingId(1), Duration::from_millis(400)));
        assert!(says_nothing(file), "{file}");
        let mut wav = hound::WavReader::open(folder.path().join(file)).expect("readable");
        assert_eq!((wav.spec().sample_rate, wav.spec().channels), (8_000, 1));
        let samples: Vec<i16> = wav.samples().map(|sample| sample.expect("a sample")).collect();
        assert_eq!(samples, [[5; 1_600], [-5; 1_600]].concat());
        assert!(
            fs::read_dir(folder.path())
                .expect("listed")
                .all(|file| { file.expect("a file").path().extension().is_some_and(|extension| extension == "wav") })
        );
    }

    #[test]
    fn a_conversation_is_stereo_and_its_channels_stay_beside_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let piece = |track, sample, length| {
            let samples = vec![sample; length].into();
            Entry::Piece(Recorded { recording: RecordingId(1), track, rate: Rate::Wide, samples })
        };
        let entries = vec![
            piece(Track::Left, 5, 1_600),
            piece(Track::Left, 6, 1_600),
            piece(Track::Right, -5, 1_600),
            piece(Track::Right, -6, 100),
            Entry::End(RecordingId(1)),
        ];
        let told = outputs(folder.path(), entries);
        let [MediaOutput::RecordingStored { file, length, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!(*length, Duration::from_millis(200));
        assert!(file.strip_prefix("conversations/").is_some_and(says_nothing), "{file}");
        let mut wav = hound::WavReader::open(folder.path().join(file)).expect("readable");
        assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 16_000), "both are wide-band");
        let samples: Vec<i16> = wav.samples().map(|sample| sample.expect("a sample")).collect();
        let expected = [[5, -5].repeat(1_600), [6, -6].repeat(100), [6, 0].repeat(1_500)].concat();
        assert_eq!(samples, expected);
    }

    #[test]
    fn a_disk_that_refuses_is_told_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("not-a-folder");
        fs::write(&file, "").expect("written");
        let told = outputs(&file, vec![piece(1, 5), piece(1, 6), Entry::End(RecordingId(1))]);
        assert!(matches!(&told[..], [MediaOutput::RecordingFailed { recording: RecordingId(1), .. }]), "{told:?}");
    }

    #[test]
    fn a_spoilt_recording_leaves_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = outputs(folder.path(), vec![piece(1, 5), Entry::Spoilt(RecordingId(1))]);
        assert!(matches!(&told[..], [MediaOutput::RecordingFailed { .. }]), "{told:?}");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
    }

    #[test]
    fn a_disk_that_stands_still_spoils_what_does_not_fit_and_holds_up_nobody() {
        let (sender, entries) = sync_channel(1);
        let mut recordings = Recordings::new(sender);
        for _ in 0..MOST_WAITING + 10 {
            recordings.push(piece(1, 0));
        }
        recordings.push(piece(2, 0));
        recordings.push(Entry::End(RecordingId(2)));
        assert_eq!(recordings.waiting.len(), MOST_WAITING + 1);
        assert!(matches!(recordings.waiting.back(), Some(Entry::Spoilt(RecordingId(2)))));
        assert!(matches!(entries.recv(), Ok(Entry::Piece(_))));
        recordings.flush();
        assert_eq!(recordings.waiting.len(), MOST_WAITING);
    }
}
