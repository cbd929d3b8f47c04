//! The duty officer's switches: changed at run time, seen by the next call.

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
}

impl Store {
    /// Sets a switch, at `now`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn set_switch(&self, switch: &StoredSwitch, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO switches (name, enabled, until, set_at) VALUES (?, ?, ?, ?)")
            .bind(&switch.name)
            .bind(switch.enabled)
            .bind(switch.until.map(micros))
            .bind(micros(now))
            .execute(self.pool())
            .await?;
        Ok(())
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
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::{at, opened};

    #[tokio::test]
    async fn a_switch_holds_until_its_time_and_the_last_setting_wins() {
        let (store, _folder) = opened().await;
        let outage = |enabled, until| StoredSwitch { name: "card_outage".into(), enabled, until };
        store.set_switch(&outage(true, Some(at(60))), at(0)).await.expect("set");
        assert_eq!(store.switches(at(59)).await.expect("read"), vec![outage(true, Some(at(60)))]);
        assert!(store.switches(at(60)).await.expect("read").is_empty());

        store.set_switch(&outage(false, None), at(61)).await.expect("set");
        assert_eq!(store.switches(at(99)).await.expect("read"), vec![outage(false, None)]);
    }
}
