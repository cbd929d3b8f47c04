//! The duty officer's switches: changed at run time, seen by the next call.

use super::audit::{Author, Deed, append};
use super::{Store, StoreError, micros, timestamp};
use jiff::Timestamp;
use sqlx::Row;

/// A switch that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSwitch {
    /// Its name in the menu.
    pub name: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// When the menu's own state holds again, if ever.
    pub until: Option<Timestamp>,
    /// Who set it, when.
    pub by: Author,
}

impl Store {
    /// Sets a switch; a line of the audit tells of it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn set_switch(&self, switch: &StoredSwitch) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("INSERT OR REPLACE INTO switches (name, enabled, until, set_at, who) VALUES (?, ?, ?, ?, ?)")
            .bind(&switch.name)
            .bind(switch.enabled)
            .bind(switch.until.map(micros))
            .bind(micros(switch.by.at))
            .bind(&switch.by.who)
            .execute(&mut *transaction)
            .await?;
        let state = if switch.enabled { "enabled" } else { "disabled" };
        let until = switch.until.map_or_else(String::new, |until| format!(" until {until}"));
        append(&mut transaction, &switch.by, Deed::SwitchSet, &format!("{} {state}{until}", switch.name)).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets the switches whose time is over at `by.at`; each is a line of the audit.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn expire_switches(&self, by: &Author) -> Result<(), StoreError> {
        let over = "SELECT name FROM switches WHERE until <= ? ORDER BY name";
        let over: Vec<String> = sqlx::query_scalar(over).bind(micros(by.at)).fetch_all(self.pool()).await?;
        if over.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_write().await?;
        for name in over {
            // Somebody may have set it again since.
            let gone = sqlx::query("DELETE FROM switches WHERE name = ? AND until <= ?")
                .bind(&name)
                .bind(micros(by.at))
                .execute(&mut *transaction)
                .await?;
            if gone.rows_affected() > 0 {
                append(&mut transaction, by, Deed::SwitchExpired, &name).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// The switches whose setting holds at `now`; all others have the state their menu gives them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn switches(&self, now: Timestamp) -> Result<Vec<StoredSwitch>, StoreError> {
        let rows = sqlx::query("SELECT * FROM switches WHERE until IS NULL OR until > ? ORDER BY name")
            .bind(micros(now))
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|row| {
                let until: Option<i64> = row.try_get("until")?;
                Ok(StoredSwitch {
                    name: row.try_get("name")?,
                    enabled: row.try_get("enabled")?,
                    until: until.map(timestamp).transpose()?,
                    by: Author { who: row.try_get("who")?, at: timestamp(row.try_get("set_at")?)? },
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::Period;
    use crate::io::store::tests::{at, opened};

    fn by(second: i64) -> Author {
        Author { who: "olga".into(), at: at(second) }
    }

    fn outage(enabled: bool, until: Option<Timestamp>, set_at: i64) -> StoredSwitch {
        StoredSwitch { name: "card_outage".into(), enabled, until, by: by(set_at) }
    }

    #[tokio::test]
    async fn a_switch_holds_until_its_time_and_the_last_setting_wins() {
        let (store, _folder) = opened().await;
        store.set_switch(&outage(true, Some(at(60)), 0)).await.expect("set");
        assert_eq!(store.switches(at(59)).await.expect("read"), vec![outage(true, Some(at(60)), 0)]);
        assert!(store.switches(at(60)).await.expect("read").is_empty());

        store.set_switch(&outage(false, None, 61)).await.expect("set");
        assert_eq!(store.switches(at(99)).await.expect("read"), vec![outage(false, None, 61)]);
    }

    #[tokio::test]
    async fn setting_and_expiring_are_in_the_audit_once() {
        let (store, _folder) = opened().await;
        store.set_switch(&outage(true, Some(at(60)), 0)).await.expect("set");
        for second in [59, 60, 61] {
            store.expire_switches(&Author { who: "server".into(), at: at(second) }).await.expect("expired");
        }
        let all = Period { since: Timestamp::MIN, until: Timestamp::MAX };
        let lines = store.audit_lines(all, 10).await.expect("read");
        let lines: Vec<_> =
            lines.iter().map(|line| (line.by.who.as_str(), line.what.as_str(), &*line.detail)).collect();
        let set = ("olga", "switch_set", "card_outage enabled until 2026-03-02T12:01:00Z");
        assert_eq!(lines, [("server", "switch_expired", "card_outage"), set]);
    }
}
