//! Callers with a profile of the menu: who they are by number.

use super::{Store, StoreError, micros};
use crate::model::PhoneNumber;
use jiff::Timestamp;
use sqlx::Row;

/// The most callers that have a profile: the server keeps them all in memory, some 20 MB at this number.
pub const MOST_CALLERS: u32 = 200_000;

/// A caller with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCaller {
    /// The calling number.
    pub number: PhoneNumber,
    /// The profile's name in the menu.
    pub profile: String,
}

impl Store {
    /// Gives callers their profiles, all of them or none; a number that has one gets the new one.
    ///
    /// # Errors
    /// When there would be more than [`MOST_CALLERS`], or the file cannot be written.
    pub async fn set_callers(&self, callers: &[StoredCaller], now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        for caller in callers {
            sqlx::query("INSERT OR REPLACE INTO callers (number, profile, set_at) VALUES (?, ?, ?)")
                .bind(caller.number.as_str())
                .bind(&caller.profile)
                .bind(micros(now))
                .execute(&mut *transaction)
                .await?;
        }
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM callers").fetch_one(&mut *transaction).await?;
        if count > i64::from(MOST_CALLERS) {
            return Err(StoreError::TooManyCallers);
        }
        sqlx::query("UPDATE meta SET value = value + 1 WHERE name = 'callers'").execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a caller's profile away; `false` when there was none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn remove_caller(&self, number: &PhoneNumber) -> Result<bool, StoreError> {
        let mut transaction = self.begin_write().await?;
        let removed = sqlx::query("DELETE FROM callers WHERE number = ?")
            .bind(number.as_str())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        sqlx::query("UPDATE meta SET value = value + 1 WHERE name = 'callers'").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(removed > 0)
    }

    /// The callers with a profile, by number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn callers(&self) -> Result<Vec<StoredCaller>, StoreError> {
        let rows = sqlx::query("SELECT number, profile FROM callers ORDER BY number").fetch_all(self.pool()).await?;
        rows.iter()
            .map(|row| {
                let number: &str = row.try_get("number")?;
                let number = PhoneNumber::parse(number).ok_or(StoreError::Damaged { what: "calling number" })?;
                Ok(StoredCaller { number, profile: row.try_get("profile")? })
            })
            .collect()
    }

    /// A number that changes with every change of the callers.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn callers_version(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = 'callers'").fetch_one(self.pool()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::{at, opened};

    fn caller(number: &str, profile: &str) -> StoredCaller {
        StoredCaller { number: PhoneNumber::parse(number).expect("a number"), profile: profile.into() }
    }

    #[tokio::test]
    async fn a_caller_gets_a_profile_another_one_and_loses_it() {
        let (store, _folder) = opened().await;
        let before = store.callers_version().await.expect("read");
        let both = [caller("+79161234567", "vip"), caller("89031112233", "slow")];
        store.set_callers(&both, at(0)).await.expect("set");
        store.set_callers(&[caller("+79161234567", "slow")], at(1)).await.expect("set");
        let expected = vec![caller("+79031112233", "slow"), caller("+79161234567", "slow")];
        assert_eq!(store.callers().await.expect("read"), expected);
        assert_ne!(store.callers_version().await.expect("read"), before);

        assert!(store.remove_caller(&caller("+79031112233", "").number).await.expect("removed"));
        assert!(!store.remove_caller(&caller("+79031112233", "").number).await.expect("was gone"));
        assert_eq!(store.callers().await.expect("read").len(), 1);
    }
}
