//! The task that appends call records: calls hand over what happened and go on at once.
//!
//! Its queue is bounded. While the disk is full or the file locked, records wait in the queue and writing is tried
//! again; when the queue is full, further records are counted and dropped, and the calls never notice.

use super::{Store, StoreError};
use crate::model::CallRecord;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// How the recorder works; the default suits a server.
#[derive(Clone, Copy, Debug)]
pub struct RecorderSettings {
    /// How many records may wait to be written.
    pub queue: usize,
    /// How long records are gathered into one transaction.
    pub gather: Duration,
    /// How many records one transaction holds at most.
    pub batch: usize,
    /// How long after a failure writing is tried again.
    pub retry: Duration,
    /// How often failures and losses are logged at most.
    pub log_every: Duration,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self {
            queue: 32_768,
            gather: Duration::from_millis(50),
            batch: 2_048,
            retry: Duration::from_secs(1),
            log_every: Duration::from_secs(10),
        }
    }
}

/// What the recorder did since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RecorderFigures {
    /// Records in the store.
    pub written: u64,
    /// Records that found the queue full and are lost.
    pub dropped: u64,
    /// Transactions that failed; their records were tried again.
    pub failures: u64,
}

#[derive(Default)]
struct Counters {
    written: AtomicU64,
    dropped: AtomicU64,
    failures: AtomicU64,
}

enum Entry {
    Record(CallRecord),
    /// Answered when everything handed over before it is in the store.
    Flush(oneshot::Sender<()>),
}

/// The calls' end of the queue. Clones share it; the task ends when the last is dropped and the queue is written.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Entry>,
    counters: Arc<Counters>,
}

impl Recorder {
    /// Starts the writing task.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(store: Store, settings: RecorderSettings) -> Self {
        let (sender, receiver) = mpsc::channel(settings.queue.max(1));
        let counters = Arc::new(Counters::default());
        let writer =
            Writer { store, settings, queue: receiver, counters: Arc::clone(&counters), trouble: Trouble::default() };
        drop(tokio::spawn(writer.run()));
        Self { queue: sender, counters }
    }

    /// Hands over a record; never waits. A record that finds the queue full is counted and lost.
    pub fn record(&self, record: CallRecord) {
        if self.queue.try_send(Entry::Record(record)).is_err() {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything handed over before is in the store; `false` when that took longer than `limit`.
    pub async fn flush(&self, limit: Duration) -> bool {
        let (sender, receiver) = oneshot::channel();
        let all = async { self.queue.send(Entry::Flush(sender)).await.is_ok() && receiver.await.is_ok() };
        tokio::time::timeout(limit, all).await.unwrap_or(false)
    }

    /// What it did until now.
    #[must_use]
    pub fn figures(&self) -> RecorderFigures {
        RecorderFigures {
            written: self.counters.written.load(Ordering::Relaxed),
            dropped: self.counters.dropped.load(Ordering::Relaxed),
            failures: self.counters.failures.load(Ordering::Relaxed),
        }
    }
}

/// The task's end of the queue.
struct Writer {
    store: Store,
    settings: RecorderSettings,
    queue: mpsc::Receiver<Entry>,
    counters: Arc<Counters>,
    trouble: Trouble,
}

/// What was logged of failures and losses.
#[derive(Default)]
struct Trouble {
    logged_at: Option<Instant>,
    dropped: u64,
}

impl Writer {
    async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let (records, flushes) = self.gather(first).await;
            if !records.is_empty() {
                self.write(&records).await;
            }
            for flush in flushes {
                if flush.send(()).is_err() {
                    tracing::debug!("nobody waits for the records to be written any longer");
                }
            }
            self.log_losses();
        }
    }

    /// What came with or soon after `first`.
    async fn gather(&mut self, first: Entry) -> (Vec<CallRecord>, Vec<oneshot::Sender<()>>) {
        let until = after(self.settings.gather);
        let (mut records, mut flushes) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(entry) = next {
            match entry {
                Entry::Record(record) => records.push(record),
                // Somebody waits: write what there is.
                Entry::Flush(done) => {
                    flushes.push(done);
                    break;
                }
            }
            if records.len() >= self.settings.batch {
                break;
            }
            next = timeout_at(until, self.queue.recv()).await.unwrap_or(None);
        }
        (records, flushes)
    }

    /// Writes the records, however often it has to be tried.
    async fn write(&mut self, records: &[CallRecord]) {
        while let Err(error) = self.store.append_records(records).await {
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
            self.log_failure(&error, records.len());
            pause(self.settings.retry).await;
        }
        self.counters.written.fetch_add(records.len() as u64, Ordering::Relaxed);
    }

    fn log_failure(&mut self, error: &StoreError, batch: usize) {
        if !self.may_log() {
            return;
        }
        let waiting = batch + self.queue.len();
        let dropped = self.counters.dropped.load(Ordering::Relaxed);
        tracing::error!(%error, waiting, dropped, "call records cannot be written; calls go on, trying again");
    }

    fn log_losses(&mut self) {
        let dropped = self.counters.dropped.load(Ordering::Relaxed);
        if dropped > self.trouble.dropped && self.may_log() {
            tracing::error!(
                dropped,
                since_last = dropped - self.trouble.dropped,
                "call records were lost: the queue was full"
            );
            self.trouble.dropped = dropped;
        }
    }

    fn may_log(&mut self) -> bool {
        let now = Instant::now();
        let due = self.trouble.logged_at.is_none_or(|logged| now.duration_since(logged) >= self.settings.log_every);
        if due {
            self.trouble.logged_at = Some(now);
        }
        due
    }
}

fn after(length: Duration) -> Instant {
    Instant::now() + length
}

#[expect(clippy::disallowed_methods, reason = "the writing task waits before it tries a full disk again")]
async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::{at, call, opened};
    use crate::model::CallEvent;

    const LIMIT: Duration = Duration::from_secs(20);

    fn visit(second: i64) -> CallRecord {
        CallRecord { call: call(1), at: at(second), event: CallEvent::Visited { node: "main".into() } }
    }

    fn quick(queue: usize) -> RecorderSettings {
        RecorderSettings {
            queue,
            retry: Duration::from_millis(1),
            gather: Duration::from_millis(1),
            ..Default::default()
        }
    }

    async fn make_disk_full(store: &Store) {
        let trigger = "CREATE TRIGGER disk_full BEFORE INSERT ON call_events BEGIN SELECT RAISE(ABORT, 'full'); END";
        sqlx::query(trigger).execute(store.pool()).await.expect("a trigger");
    }

    #[tokio::test]
    async fn records_are_in_the_store_in_their_order_after_a_flush() {
        let (store, _folder) = opened().await;
        let recorder = Recorder::start(store.clone(), RecorderSettings::default());
        let records: Vec<_> = (0..300).map(visit).collect();
        for record in &records {
            recorder.record(record.clone());
        }
        assert!(recorder.flush(LIMIT).await);
        assert_eq!(store.last_records(1_000).await.expect("read"), records);
        assert_eq!(recorder.figures(), RecorderFigures { written: 300, dropped: 0, failures: 0 });
    }

    #[tokio::test]
    async fn a_full_disk_loses_nothing_that_fits_the_queue_once_there_is_room_again() {
        let (store, _folder) = opened().await;
        make_disk_full(&store).await;
        let recorder = Recorder::start(store.clone(), quick(100));
        for second in 0..50 {
            recorder.record(visit(second));
        }
        assert!(!recorder.flush(Duration::from_millis(100)).await, "nothing can be written yet");
        assert!(recorder.figures().failures > 0);

        sqlx::query("DROP TRIGGER disk_full").execute(store.pool()).await.expect("room again");
        assert!(recorder.flush(LIMIT).await);
        assert_eq!(store.last_records(1_000).await.expect("read").len(), 50);
        assert_eq!(recorder.figures().dropped, 0);
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_counts_and_never_waits() {
        let (store, _folder) = opened().await;
        let recorder = Recorder::start(store.clone(), quick(10));
        // The writing task does not run before this test waits for something.
        for second in 0..25 {
            recorder.record(visit(second));
        }
        assert_eq!(recorder.figures().dropped, 15);
        assert!(recorder.flush(LIMIT).await);
        assert_eq!(store.last_records(1_000).await.expect("read").len(), 10, "the earliest are kept");
    }
}
