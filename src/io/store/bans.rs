//! Whose messages are not heard: kept so that a restart does not forgive them.

use super::audit::{Author, Deed, append};
use super::{Store, StoreError, micros, timestamp};
use crate::model::Network;
use jiff::{Timestamp, ToSpan};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Bans that are kept. One more takes the place of the one that ends first.
const MOST: u32 = 16_384;

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBan {
    /// Whose.
    pub network: Network,
    /// Whether connections are not heard either.
    pub everything: bool,
    /// When it ends; `None`: when somebody lifts it.
    pub until: Option<Timestamp>,
    /// Whether somebody typed it.
    pub by_hand: bool,
    /// Why.
    pub reason: String,
    /// The bans of this network so far, this one included.
    pub times: u32,
    /// Who, when.
    pub by: Author,
}

impl Store {
    /// A number that grows with every change of the bans.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn bans_version(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = 'bans'").fetch_one(self.pool()).await?)
    }

    /// Keeps a ban in the place of an earlier one; a line of the audit tells of it. A ban that somebody typed is not
    /// replaced by one that nobody did.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn keep_ban(&self, ban: &StoredBan) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        let now = micros(ban.by.at);
        // What ended a day ago is told to nobody.
        let forgotten = ban.by.at.checked_sub(24.hours()).map_or(now, micros);
        sqlx::query("DELETE FROM bans WHERE until < ?").bind(forgotten).execute(&mut *transaction).await?;
        let room = "DELETE FROM bans WHERE network IN (SELECT network FROM bans WHERE by_hand = 0 AND network != ?1 \
                    ORDER BY until LIMIT max(0, (SELECT count(*) FROM bans) + 1 - ?2))";
        sqlx::query(room).bind(ban.network.to_string()).bind(MOST).execute(&mut *transaction).await?;
        let kept = sqlx::query(
            "INSERT INTO bans (network, everything, until, by_hand, reason, times, set_at, who) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (network) DO UPDATE SET everything = excluded.everything, until = excluded.until, \
             by_hand = excluded.by_hand, reason = excluded.reason, times = excluded.times, \
             set_at = excluded.set_at, who = excluded.who \
             WHERE excluded.by_hand OR NOT bans.by_hand OR bans.until <= excluded.set_at",
        )
        .bind(ban.network.to_string())
        .bind(ban.everything)
        .bind(ban.until.map(micros))
        .bind(ban.by_hand)
        .bind(&ban.reason)
        .bind(ban.times)
        .bind(now)
        .bind(&ban.by.who)
        .execute(&mut *transaction)
        .await?;
        if kept.rows_affected() > 0 {
            bump(&mut transaction).await?;
            let until = ban.until.map_or_else(String::new, |until| format!(" until {until}"));
            append(&mut transaction, &ban.by, Deed::BanAdded, &format!("{}: {}{until}", ban.network, ban.reason))
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Lifts a ban; `false` when there is none. How often the network was banned is remembered for a day.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn lift_ban(&self, network: Network, by: &Author) -> Result<bool, StoreError> {
        let mut transaction = self.begin_write().await?;
        let now = micros(by.at);
        let lifted = sqlx::query("UPDATE bans SET until = ?1 WHERE network = ?2 AND (until IS NULL OR until > ?1)")
            .bind(now)
            .bind(network.to_string())
            .execute(&mut *transaction)
            .await?;
        let found = lifted.rows_affected() > 0;
        if found {
            bump(&mut transaction).await?;
            append(&mut transaction, by, Deed::BanRemoved, &network.to_string()).await?;
        }
        transaction.commit().await?;
        Ok(found)
    }

    /// The bans that hold at `now`, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn bans(&self, now: Timestamp) -> Result<Vec<StoredBan>, StoreError> {
        let rows = sqlx::query("SELECT * FROM bans WHERE until IS NULL OR until > ? ORDER BY set_at DESC, network")
            .bind(micros(now))
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(read).collect()
    }
}

async fn bump(connection: &mut sqlx::SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE meta SET value = value + 1 WHERE name = 'bans'").execute(connection).await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<StoredBan, StoreError> {
    let network: String = row.try_get("network")?;
    let until: Option<i64> = row.try_get("until")?;
    Ok(StoredBan {
        network: network.parse().map_err(|_| StoreError::Damaged { what: "network" })?,
        everything: row.try_get("everything")?,
        until: until.map(timestamp).transpose()?,
        by_hand: row.try_get("by_hand")?,
        reason: row.try_get("reason")?,
        times: row.try_get("times")?,
        by: Author { who: row.try_get("who")?, at: timestamp(row.try_get("set_at")?)? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::Period;
    use crate::io::store::tests::{at, opened};

    fn ban(network: &str, until: Option<i64>, by_hand: bool, set_at: i64) -> StoredBan {
        StoredBan {
            network: network.parse().expect("a network"),
            everything: by_hand,
            until: until.map(at),
            by_hand,
            reason: "scanner".into(),
            times: 1,
            by: Author { who: "olga".into(), at: at(set_at) },
        }
    }

    #[tokio::test]
    async fn a_ban_holds_until_its_end_or_until_it_is_lifted() {
        let (store, _folder) = opened().await;
        let (short, long) = (ban("192.0.2.7", Some(60), false, 0), ban("203.0.113.0/24", None, true, 1));
        let before = store.bans_version().await.expect("read");
        store.keep_ban(&short).await.expect("kept");
        store.keep_ban(&long).await.expect("kept");
        assert_eq!(store.bans(at(59)).await.expect("read"), [long.clone(), short]);
        assert_eq!(store.bans(at(60)).await.expect("read"), std::slice::from_ref(&long));
        assert!(store.bans_version().await.expect("read") > before);
        let by = Author { who: "petr".into(), at: at(70) };
        assert!(store.lift_ban(long.network, &by).await.expect("lifted"));
        assert!(!store.lift_ban(long.network, &by).await.expect("nothing"));
        assert!(store.bans(at(70)).await.expect("read").is_empty());
        let all = Period { since: Timestamp::MIN, until: Timestamp::MAX };
        let lines = store.audit_lines(all, 10).await.expect("read");
        let lines: Vec<_> = lines.iter().map(|line| (&*line.by.who, &*line.what, &*line.detail)).collect();
        let first = ("olga", "ban_added", "192.0.2.7: scanner until 2026-03-02T12:01:00Z");
        assert_eq!(
            lines,
            [("petr", "ban_removed", "203.0.113.0/24"), ("olga", "ban_added", "203.0.113.0/24: scanner"), first]
        );
    }

    #[tokio::test]
    async fn what_somebody_typed_is_not_replaced_by_the_server() {
        let (store, _folder) = opened().await;
        let typed = ban("192.0.2.7", None, true, 0);
        store.keep_ban(&typed).await.expect("kept");
        store.keep_ban(&ban("192.0.2.7", Some(60), false, 1)).await.expect("left");
        assert_eq!(store.bans(at(2)).await.expect("read"), [typed]);
    }

    #[tokio::test]
    async fn bans_that_ended_long_ago_are_forgotten() {
        let (store, _folder) = opened().await;
        store.keep_ban(&ban("192.0.2.7", Some(60), false, 0)).await.expect("kept");
        store.keep_ban(&ban("192.0.2.8", Some(200_060), false, 200_000)).await.expect("kept");
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM bans").fetch_one(store.pool()).await.expect("read");
        assert_eq!(rows, 1);
    }
}
