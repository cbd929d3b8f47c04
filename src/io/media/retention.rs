//! How long recordings are kept.
//!
//! Once a day, and at the start, conversations older than their time are removed. At the start, too, what an earlier
//! run began and did not complete. Voice messages stay: the store knows them, and `hotline` removes them with their
//! entries.

use super::recordings::CONVERSATIONS;
use crate::io::clock::Clock;
use crate::model::Instant;
use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fs, io};

/// How often old conversations are looked for.
const DAY: Duration = Duration::from_secs(86_400);

/// How long conversations are kept, and when that was looked after last.
#[derive(Debug)]
pub struct Retention {
    keep: Option<Duration>,
    clock: Clock,
    next: Instant,
}

impl Retention {
    /// Keeps conversations for so long; for ever when `None`.
    pub const fn new(keep: Option<Duration>, clock: Clock) -> Self {
        Self { keep, clock, next: Instant::ZERO }
    }

    /// Removes what an earlier run left incomplete, and what is old.
    pub fn begin(&mut self, folder: &Path) {
        for folder in [folder, &folder.join(CONVERSATIONS)] {
            remove_if(folder, "part", |_| true);
        }
        self.sweep(folder);
    }

    /// Removes what is old, when a day has passed.
    pub fn sweep(&mut self, folder: &Path) {
        let (Some(keep), now) = (self.keep, self.clock.now()) else { return };
        if now.instant < self.next {
            return;
        }
        self.next = now.instant + DAY;
        // Files have the machine's time, also where the server is run at another for a trial.
        let oldest = SystemTime::from(self.clock.on_machine(now.wall)).checked_sub(keep);
        let old = |changed| oldest.is_some_and(|oldest| changed < oldest);
        let removed = remove_if(&folder.join(CONVERSATIONS), "wav", old);
        if removed > 0 {
            tracing::info!(removed, "old conversations were removed");
        }
    }
}

/// Removes the files with this ending whose time of change fits; how many.
fn remove_if(folder: &Path, ending: &str, fits: impl Fn(SystemTime) -> bool) -> usize {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        // Nothing was ever recorded.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return 0,
        Err(error) => {
            tracing::error!(folder = %folder.display(), %error, "old recordings cannot be looked for");
            return 0;
        }
    };
    let mut removed = 0;
    for file in files.flatten().map(|file| file.path()) {
        if file.extension().is_none_or(|extension| extension != ending) {
            continue;
        }
        let changed = fs::metadata(&file).and_then(|metadata| metadata.modified());
        match changed.and_then(|changed| if fits(changed) { fs::remove_file(&file).map(|()| true) } else { Ok(false) })
        {
            Ok(is_removed) => removed += usize::from(is_removed),
            Err(error) => tracing::error!(file = %file.display(), %error, "an old recording cannot be removed"),
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, FileTimes};

    fn file(folder: &Path, name: &str, clock: Clock, age: Duration) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let file = File::create(path).expect("made");
        let changed = SystemTime::from(clock.now().wall) - age;
        file.set_times(FileTimes::new().set_modified(changed)).expect("set");
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for folder in [folder.to_owned(), folder.join(CONVERSATIONS)] {
            let files = fs::read_dir(folder).expect("listed").map(|file| file.expect("a file").path());
            names.extend(
                files
                    .filter(|file| file.is_file())
                    .map(|file| file.file_name().expect("a name").to_string_lossy().into_owned()),
            );
        }
        names.sort();
        names
    }

    #[test]
    fn old_conversations_and_unfinished_recordings_go_and_messages_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::start();
        let days = |days: u32| DAY * days;
        for (name, age) in [
            ("message.wav", days(400)),
            ("half.part", days(0)),
            ("conversations/new.wav", days(89)),
            ("conversations/old.wav", days(91)),
            ("conversations/half.part", days(0)),
            ("conversations/notes.txt", days(400)),
        ] {
            file(folder.path(), name, clock, age);
        }
        let mut retention = Retention::new(Some(days(90)), clock);
        retention.begin(folder.path());
        assert_eq!(names(folder.path()), ["message.wav", "new.wav", "notes.txt"]);
        file(folder.path(), "conversations/later.wav", clock, days(100));
        retention.sweep(folder.path());
        assert_eq!(names(folder.path()).len(), 4, "looked after once a day");
        Retention::new(None, clock).begin(folder.path());
        assert_eq!(names(folder.path()).len(), 4, "kept for ever");
        Retention::new(Some(days(90)), clock).begin(&folder.path().join("nowhere"));
    }

    #[test]
    fn a_server_run_at_another_time_for_a_trial_removes_nothing_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = Clock::start();
        file(folder.path(), "conversations/new.wav", machine, DAY);
        let later = machine.now().wall + jiff::SignedDuration::from_hours(24 * 1_000);
        Retention::new(Some(DAY * 90), Clock::start_at(later)).begin(folder.path());
        assert_eq!(names(folder.path()), ["new.wav"]);
    }
}
