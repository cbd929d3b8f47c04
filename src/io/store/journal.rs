//! The journal of changes asked of the bank: written before a request is sent, kept until its answer is definite.

use super::values::{record_from_json, record_to_json};
use super::{Store, StoreError, micros, timestamp};
use crate::model::{BankAnswer, BankRequest, CallId, IdempotencyKey, Param, Record};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

/// A change that was asked of the bank.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its key: the bank does it at most once.
    pub key: IdempotencyKey,
    /// The call that asked first.
    pub call: CallId,
    /// The operation.
    pub operation: Arc<str>,
    /// Its parameters, secrets left out.
    pub params: Record,
    /// Whether nothing was left out, so that it can be asked again from here.
    pub repeatable: bool,
    /// How often it was sent.
    pub attempts: u32,
    /// Where it stands.
    pub state: JournalState,
}

/// Where a change stands.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalState {
    /// It was or is being sent and the answer is not known.
    Pending {
        /// When it is asked again.
        next_at: Timestamp,
    },
    /// The bank answered; every repeat gets this.
    Answered(BankAnswer),
    /// Nothing was done: the bank was not reached. A repeat sends it anew.
    NotSent,
}

impl Store {
    /// Writes down a request that is about to be sent, unless its key is there already, and gives the entry as it
    /// was before: `None` when the request is new. An entry that was not sent becomes pending again.
    ///
    /// # Errors
    /// When it could not be written down; it must not be sent then.
    pub async fn journal_begin(
        &self,
        key: &IdempotencyKey,
        request: &BankRequest,
        now: Timestamp,
        next_at: Timestamp,
    ) -> Result<Option<JournalEntry>, StoreError> {
        let mut transaction = self.begin_write().await?;
        let row = sqlx::query("SELECT * FROM bank_journal WHERE key = ?")
            .bind(key.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let before = row.as_ref().map(read_entry).transpose()?;
        let (params, repeatable) = storable(&request.params);
        match &before {
            Some(JournalEntry { state: JournalState::Answered(_), .. }) => {}
            Some(_) => {
                sqlx::query(
                    "UPDATE bank_journal SET state = 'pending', attempts = attempts + 1, next_at = ? WHERE key = ?",
                )
                .bind(micros(next_at))
                .bind(key.as_str())
                .execute(&mut *transaction)
                .await?;
            }
            None => {
                sqlx::query(
                    "INSERT INTO bank_journal (key, call, operation, params, repeatable, state, attempts, begun_at, \
                     next_at) VALUES (?, ?, ?, ?, ?, 'pending', 1, ?, ?)",
                )
                .bind(key.as_str())
                .bind(request.call.to_string())
                .bind(&*request.operation)
                .bind(record_to_json(&params).to_string())
                .bind(repeatable)
                .bind(micros(now))
                .bind(micros(next_at))
                .execute(&mut *transaction)
                .await?;
            }
        }
        transaction.commit().await?;
        Ok(before)
    }

    /// Keeps a definite answer and gives the first one there was: this, or the one another attempt got before.
    ///
    /// # Errors
    /// When it cannot be written; the entry stays pending and is asked again.
    pub async fn journal_answer(
        &self,
        key: &IdempotencyKey,
        answer: &BankAnswer,
        now: Timestamp,
    ) -> Result<BankAnswer, StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(
            "UPDATE bank_journal SET state = 'answered', outcome = ?, fields = ?, answered_at = ?, next_at = NULL \
             WHERE key = ? AND state <> 'answered'",
        )
        .bind(&*answer.outcome)
        .bind(record_to_json(&answer.fields).to_string())
        .bind(micros(now))
        .bind(key.as_str())
        .execute(&mut *transaction)
        .await?;
        let row = sqlx::query("SELECT * FROM bank_journal WHERE key = ?")
            .bind(key.as_str())
            .fetch_one(&mut *transaction)
            .await?;
        let entry = read_entry(&row)?;
        transaction.commit().await?;
        match entry.state {
            JournalState::Answered(first) => Ok(first),
            JournalState::Pending { .. } | JournalState::NotSent => {
                Err(StoreError::Damaged { what: "answer in the journal of the bank" })
            }
        }
    }

    /// Notes that nothing was sent, so nothing is to be asked again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn journal_not_sent(&self, key: &IdempotencyKey) -> Result<(), StoreError> {
        sqlx::query("UPDATE bank_journal SET state = 'not_sent', next_at = NULL WHERE key = ? AND state = 'pending'")
            .bind(key.as_str())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Notes that a request was sent and its answer was lost: it stays or becomes pending, and is due at `next_at`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn journal_unknown(&self, key: &IdempotencyKey, next_at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE bank_journal SET state = 'pending', next_at = ? WHERE key = ? AND state <> 'answered'")
            .bind(micros(next_at))
            .bind(key.as_str())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Makes every pending change due at `now` at the latest: what a stopped server left, whatever its clock said.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn journal_resume(&self, now: Timestamp) -> Result<u64, StoreError> {
        let resumed = sqlx::query("UPDATE bank_journal SET next_at = min(next_at, ?) WHERE state = 'pending'")
            .bind(micros(now))
            .execute(self.pool())
            .await?;
        Ok(resumed.rows_affected())
    }

    /// Notes one more attempt that is about to be made, and when the next is due if this one is not answered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn journal_retry(&self, key: &IdempotencyKey, next_at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE bank_journal SET attempts = attempts + 1, next_at = ? WHERE key = ? AND state = 'pending'")
            .bind(micros(next_at))
            .bind(key.as_str())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Pending changes that can be asked again and are due at `now`, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn journal_due(&self, now: Timestamp, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM bank_journal WHERE state = 'pending' AND repeatable AND next_at <= ? \
             ORDER BY next_at LIMIT ?",
        )
        .bind(micros(now))
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(read_entry).collect()
    }

    /// The entry of a key.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn journal_entry(&self, key: &IdempotencyKey) -> Result<Option<JournalEntry>, StoreError> {
        let row = sqlx::query("SELECT * FROM bank_journal WHERE key = ?")
            .bind(key.as_str())
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(read_entry).transpose()
    }

    /// How many changes have no definite answer yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn journal_pending(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT count(*) AS pending FROM bank_journal WHERE state = 'pending'")
            .fetch_one(self.pool())
            .await?;
        Ok(u64::try_from(row.try_get::<i64, _>("pending")?).unwrap_or(0))
    }
}

/// The parameters that may be stored, and whether that is all of them.
fn storable(params: &[(Arc<str>, Param)]) -> (Record, bool) {
    let mut complete = true;
    let mut record = Record::new();
    for (name, param) in params {
        match param {
            Param::Value(value) => {
                record.insert(Arc::clone(name), value.clone());
            }
            Param::Secret(_) => complete = false,
        }
    }
    (record, complete)
}

fn read_entry(row: &SqliteRow) -> Result<JournalEntry, StoreError> {
    let damaged = || StoreError::Damaged { what: "row in the journal of the bank" };
    let record = |column: &str| -> Result<Record, StoreError> {
        let json = serde_json::from_str(row.try_get(column)?).map_err(|_| damaged())?;
        record_from_json(&json).ok_or_else(damaged)
    };
    let call = uuid::Uuid::parse_str(row.try_get("call")?).map_err(|_| damaged())?;
    let state = match row.try_get("state")? {
        "pending" => JournalState::Pending { next_at: timestamp(row.try_get("next_at")?)? },
        "answered" => {
            let outcome: &str = row.try_get("outcome")?;
            JournalState::Answered(BankAnswer { outcome: outcome.into(), fields: record("fields")? })
        }
        "not_sent" => JournalState::NotSent,
        _ => return Err(damaged()),
    };
    Ok(JournalEntry {
        key: IdempotencyKey::new(row.try_get("key")?),
        call: CallId::from_u128(call.as_u128()),
        operation: Arc::from(row.try_get::<&str, _>("operation")?),
        params: record("params")?,
        repeatable: row.try_get("repeatable")?,
        attempts: row.try_get("attempts")?,
        state,
    })
}
