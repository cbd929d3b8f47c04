//! The index of voice messages; the sound is in files under the data folder.

use super::{Store, StoreError, micros, millis, timestamp};
use crate::model::{CallId, PhoneNumber};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::time::Duration;

/// A voice message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceMessage {
    /// The call it was left in.
    pub call: CallId,
    /// The mailbox.
    pub mailbox: String,
    /// When it was stored.
    pub at: Timestamp,
    /// File name under the data folder.
    pub file: String,
    /// Its length.
    pub length: Duration,
    /// Calling number, if it was shown.
    pub caller: Option<PhoneNumber>,
}

impl Store {
    /// Adds a message to the index.
    ///
    /// # Errors
    /// When its file is in the index already, or the file of the store cannot be written.
    pub async fn add_voice_message(&self, message: &VoiceMessage) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO voicemail (call, mailbox, at, file, length_ms, caller) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(message.call.to_string())
            .bind(&message.mailbox)
            .bind(micros(message.at))
            .bind(&message.file)
            .bind(i64::try_from(millis(message.length)).unwrap_or(i64::MAX))
            .bind(message.caller.as_ref().map(PhoneNumber::as_str))
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// The latest messages of a mailbox, at most `limit`, latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn voice_messages(&self, mailbox: &str, limit: u32) -> Result<Vec<VoiceMessage>, StoreError> {
        let rows = sqlx::query("SELECT * FROM voicemail WHERE mailbox = ? ORDER BY at DESC, id DESC LIMIT ?")
            .bind(mailbox)
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(read_message).collect()
    }
}

fn read_message(row: &SqliteRow) -> Result<VoiceMessage, StoreError> {
    let call = uuid::Uuid::parse_str(row.try_get("call")?).map_err(|_| StoreError::Damaged { what: "call" })?;
    let length: i64 = row.try_get("length_ms")?;
    let caller: Option<&str> = row.try_get("caller")?;
    Ok(VoiceMessage {
        call: CallId::from_u128(call.as_u128()),
        mailbox: row.try_get("mailbox")?,
        at: timestamp(row.try_get("at")?)?,
        file: row.try_get("file")?,
        length: Duration::from_millis(u64::try_from(length).unwrap_or(0)),
        caller: caller.and_then(PhoneNumber::parse),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::{at, call, opened};

    #[tokio::test]
    async fn messages_of_a_mailbox_come_latest_first() {
        let (store, _folder) = opened().await;
        let message = |mailbox: &str, second, file: &str| VoiceMessage {
            call: call(1),
            mailbox: mailbox.into(),
            at: at(second),
            file: file.into(),
            length: Duration::from_millis(12_340),
            caller: PhoneNumber::parse("+79161234567"),
        };
        let all = [message("support", 1, "a.wav"), message("fraud", 2, "b.wav"), message("support", 3, "c.wav")];
        for message in &all {
            store.add_voice_message(message).await.expect("added");
        }
        let found = store.voice_messages("support", 10).await.expect("read");
        assert_eq!(found, vec![all[2].clone(), all[0].clone()]);
    }
}
