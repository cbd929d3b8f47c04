//! The store: one `SQLite` file under the data folder that needs no setting up.
//!
//! Opening it creates the folder, the file and its tables. Every module here is one concern of it: operator
//! accounts, call events and the task that appends them, the journal of changes asked of the bank, registrations,
//! switches, voice messages, versions of the menu, the audit, open
//! callbacks, bans, how long records of calls are kept.

mod accounts;
mod audit;
mod bans;
mod callers;
mod calls;
mod event;
mod journal;
mod recorder;
mod registrations;
mod retention;
mod switches;
mod tickets;
mod values;
mod versions;
mod voicemail;

pub use accounts::{Account, Ha1};
pub use audit::{AuditLine, Author, Deed};
pub use bans::StoredBan;
pub use callers::{MOST_CALLERS, StoredCaller};
pub use calls::{CallHistory, Period};
pub use journal::{JournalEntry, JournalState};
pub use recorder::{Recorder, RecorderFigures, RecorderSettings};
pub use registrations::StoredRegistration;
pub use retention::{Retention, RetentionSettings};
pub use switches::StoredSwitch;
pub use versions::{Activation, How, MenuFile, MenuVersion, NewVersion, VersionNumber, Wish};
pub use voicemail::VoiceMessage;

use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the file under the data folder.
const FILE: &str = "hotline.db";

/// How long a statement waits for another process (`hotline operators add` beside the server) to finish writing.
const BUSY: Duration = Duration::from_secs(5);

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder is missing and cannot be made.
    #[error("cannot make the data folder {path}; name another by data: or --data DIR")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be opened, or is none of `SQLite`.
    #[error(
        "cannot open {path}: {reason}\n  hint: the data folder must be of the user who runs hotline, who may write in it: \
         look at `ls -ld {}`, or name another by data: or --data DIR",
        path.parent().unwrap_or(path).display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not a store of this or an earlier version.
    #[error("cannot bring {path} to this version of hotline: {source}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
    /// `SQLite` refused: a full disk, a missing right, a damaged file.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// A row does not hold what this version writes.
    #[error("the store holds a {what} that cannot be read")]
    Damaged {
        /// What it should have been.
        what: &'static str,
    },
    /// The account to be added is there already.
    #[error("there is an account {login} already")]
    AccountExists {
        /// Its login.
        login: String,
    },
    /// There would be more callers with a profile than a server keeps.
    #[error("at most {MOST_CALLERS} callers can have a profile; remove some first: hotline callers remove NUMBER")]
    TooManyCallers,
}

/// The store of one server. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    folder: PathBuf,
}

impl Store {
    /// Opens the store under `folder`, making what is missing and bringing an earlier version's tables to this one.
    ///
    /// # Errors
    /// When the folder cannot be made, the file cannot be opened, or it is a later version's.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        make_private_folder(folder).map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
        let path = folder.join(FILE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            // Of a new store: what was removed can be given back to the system in small steps.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: the journal of changes asked of the bank must outlive a power cut. Call events pay one sync
            // per batch, not per event.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(4).acquire_timeout(BUSY).connect_with(options).await;
        let pool = pool.map_err(|error| StoreError::Open { path: path.clone(), reason: reason(&error) })?;
        sqlx::migrate!("./migrations").run(&pool).await.map_err(|source| StoreError::Migrate { path, source })?;
        Ok(Self { pool, folder: folder.to_owned() })
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Closes the file once nothing uses it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The connections, for the sandbox bank beside the store.
    pub(in crate::io) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// A transaction that holds the write lock from its beginning, so that what it reads stays true until it commits.
    pub(in crate::io) async fn begin_write(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// What `SQLite` said, without its number.
fn reason(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

/// Makes `folder` readable for its owner alone; a folder that is there keeps its rights.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A length in whole milliseconds, as every table and JSON object has it.
pub(crate) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// Bytes as lower-case hexadecimal digits, as hashes are kept.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// A wall time as the tables hold it: microseconds since 1970 UTC.
pub(in crate::io) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The wall time of a table's microseconds.
pub(in crate::io) fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Damaged { what: "time" })
}

#[cfg(test)]
pub(in crate::io) mod tests;
