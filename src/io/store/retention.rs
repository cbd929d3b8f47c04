//! How long the records of calls are kept.
//!
//! At the start and once a day what is too old is removed, whole calls by the time in front of their identifiers (UUID
//! v7), in batches with pauses between them: the recorder and the journal of the bank never wait longer for the file
//! than one batch takes. With a call go its events and the finished changes that it asked of the bank; a change whose
//! answer is not known stays until it is. The audit and the versions of the menu are never removed.

use super::audit::{Author, Deed, append};
use super::{Store, StoreError, micros, timestamp};
use crate::io::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use std::time::Duration;

/// How often old records are looked for.
const DAY: Duration = Duration::from_secs(86_400);

/// How fast old records are removed; the default suits a server with calls.
#[derive(Clone, Copy, Debug)]
pub struct RetentionSettings {
    /// Rows of each table that a batch removes at most.
    pub batch: u32,
    /// Pages of the file that are given back to the system after each batch at most.
    pub pages: u32,
    /// The pause after each batch.
    pub pause: Duration,
    /// How long after a failure it is tried again.
    pub retry: Duration,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { batch: 500, pages: 100, pause: Duration::from_millis(200), retry: Duration::from_secs(600) }
    }
}

/// Removes the records of calls that are older than their time.
#[derive(Clone, Debug)]
pub struct Retention {
    store: Store,
    keep: Duration,
    settings: RetentionSettings,
}

impl Retention {
    /// Keeps records for so long.
    #[must_use]
    pub const fn new(store: Store, keep: Duration, settings: RetentionSettings) -> Self {
        Self { store, keep, settings }
    }

    /// Removes what is old, now and once a day, until it is dropped. The machine's clock says what is old: a server
    /// that is run at another time for a trial removes nothing for it.
    pub async fn run(self, clock: Clock) {
        loop {
            let now = clock.on_machine(clock.now().wall);
            let next = match self.sweep(now).await {
                Ok(0) => DAY,
                Ok(calls) => {
                    tracing::info!(calls, "old call records were removed");
                    DAY
                }
                Err(error) => {
                    tracing::error!(%error, "old call records could not be removed; it is tried again");
                    self.settings.retry
                }
            };
            wait(next).await;
        }
    }

    /// Removes what is old at `now`, and puts into the audit how many calls that were.
    ///
    /// # Errors
    /// When the file cannot be written; what was removed until then is counted in the next sweep's line.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let keep = SignedDuration::try_from(self.keep).unwrap_or(SignedDuration::MAX);
        let Ok(before) = now.checked_sub(keep) else { return Ok(0) };
        while self.store.remove_calls(before, self.settings.batch).await? {
            self.store.give_space_back(self.settings.pages).await?;
            wait(self.settings.pause).await;
        }
        self.store.give_space_back(self.settings.pages).await?;
        self.store.tell_of_removal(before, now).await
    }
}

impl Store {
    /// The time before which calls have no records any more; `None` when none were removed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn calls_removed_before(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE name = 'calls_removed_before'");
        let row = row.fetch_optional(self.pool()).await?;
        row.map(|row| timestamp(row.try_get("value")?)).transpose()
    }

    /// Removes up to `most` rows of each table of calls from before a time; whether there may be more.
    async fn remove_calls(&self, before: Timestamp, most: u32) -> Result<bool, StoreError> {
        let first_kept = first_call_of(before);
        let mut transaction = self.begin_write().await?;
        let events = sqlx::query(
            "DELETE FROM call_events WHERE id IN \
             (SELECT id FROM call_events WHERE call < ? ORDER BY call, id LIMIT ?) \
             RETURNING kind IN ('arrived', 'calling_back') AS begins",
        )
        .bind(&first_kept)
        .bind(most)
        .fetch_all(&mut *transaction)
        .await?;
        let changes = sqlx::query(
            "DELETE FROM bank_journal WHERE key IN \
             (SELECT key FROM bank_journal WHERE call < ? AND state <> 'pending' LIMIT ?)",
        )
        .bind(&first_kept)
        .bind(most)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if !events.is_empty() {
            let calls = events.iter().map(|row| row.try_get::<i64, _>("begins")).sum::<Result<i64, _>>()?;
            sqlx::query("UPDATE meta SET value = value + ? WHERE name = 'calls_removed'")
                .bind(calls)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "INSERT INTO meta (name, value) VALUES ('calls_removed_before', ?) \
                 ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            )
            .bind(micros(before))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(events.len() as u64 >= u64::from(most) || changes >= u64::from(most))
    }

    /// Gives up to so many free pages of the file back to the system. A store of an earlier version keeps its size
    /// and fills the free pages anew, until somebody lets `VACUUM` rewrite it.
    async fn give_space_back(&self, pages: u32) -> Result<(), StoreError> {
        // A pragma takes no bound values.
        let pragma = sqlx::AssertSqlSafe(format!("PRAGMA incremental_vacuum({pages})"));
        sqlx::query(pragma).execute(self.pool()).await?;
        Ok(())
    }

    /// A line of the audit for the calls that were removed and not told of yet; how many.
    async fn tell_of_removal(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin_write().await?;
        let row = sqlx::query("SELECT value FROM meta WHERE name = 'calls_removed'").fetch_one(&mut *transaction);
        let calls = u64::try_from(row.await?.try_get::<i64, _>("value")?).unwrap_or(0);
        if calls > 0 {
            let by = Author { who: "hotline serve".into(), at: now };
            let detail = format!("calls: {calls}, all before {}", before.strftime("%Y-%m-%d %H:%M UTC"));
            append(&mut transaction, &by, Deed::RecordsRemoved, &detail).await?;
            sqlx::query("UPDATE meta SET value = 0 WHERE name = 'calls_removed'").execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(calls)
    }
}

/// The least identifier of a call at that time: its milliseconds in front, nothing behind.
fn first_call_of(at: Timestamp) -> String {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Uuid::from_u128(millis << 80).to_string()
}

#[expect(clippy::disallowed_methods, reason = "this task waits between its batches, and for the next day")]
async fn wait(length: Duration) {
    tokio::time::sleep(length).await;
}

#[cfg(test)]
mod tests;
