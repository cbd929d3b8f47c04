//! Telling that files of a folder have changed, once, when the writing is over.

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long nothing may change before a change is told: an editor writes a file in several goes, and several files
/// are saved one after the other.
pub const QUIET: Duration = Duration::from_millis(300);

/// A folder that is watched, folders below it included, until this is dropped.
pub struct FolderWatch {
    _watcher: RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

impl FolderWatch {
    /// Begins to watch. `quiet` is how long nothing may change before a change is told; [`QUIET`] suits editors.
    ///
    /// # Errors
    /// When the folder is not there or the system watches no more folders.
    pub fn new(folder: &Path, quiet: Duration) -> io::Result<Self> {
        // One place each: that something changed is all there is to know.
        let (noticed, seen) = sync_channel(1);
        let (settled, changes) = mpsc::channel(1);
        let mut watcher =
            notify::recommended_watcher(move |event| notice(&noticed, event)).map_err(io::Error::other)?;
        watcher.watch(folder, RecursiveMode::Recursive).map_err(io::Error::other)?;
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || settle(&seen, &settled, quiet))?;
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits for the next change; `None` when there will be none.
    pub async fn changed(&mut self) -> Option<()> {
        self.changes.recv().await
    }

    /// As [`changed`](Self::changed), outside of tokio.
    pub fn blocking_changed(&mut self) -> Option<()> {
        self.changes.blocking_recv()
    }
}

fn notice(noticed: &SyncSender<()>, event: notify::Result<notify::Event>) {
    match event {
        // Reading the files must not look like a change of them.
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "watching a folder"),
    }
    match noticed.try_send(()) {
        // It is being told already; or nobody listens any more.
        Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
    }
}

/// Passes a change on when it has been quiet for a while.
fn settle(seen: &Receiver<()>, settled: &mpsc::Sender<()>, quiet: Duration) {
    while seen.recv().is_ok() {
        loop {
            match seen.recv_timeout(quiet) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        match settled.try_send(()) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(())) => {}
            Err(mpsc::error::TrySendError::Closed(())) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn several_writes_in_a_row_are_one_change_and_reading_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hotline.yaml");
        fs::write(&file, "a").unwrap();
        let mut watch = FolderWatch::new(folder.path(), Duration::from_millis(200)).unwrap();
        fs::read(&file).unwrap();
        for text in ["b", "c", "d"] {
            fs::write(&file, text).unwrap();
        }
        assert_eq!(watch.blocking_changed(), Some(()));
        fs::read(&file).unwrap();
        fs::create_dir(folder.path().join("tests")).unwrap();
        fs::write(folder.path().join("tests/a.test.yaml"), "e").unwrap();
        assert_eq!(watch.blocking_changed(), Some(()), "folders below count too");
        assert_eq!(watch.changes.try_recv().ok(), None, "one change is told once");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(FolderWatch::new(Path::new("/nowhere/at/all"), QUIET).is_err());
    }
}
