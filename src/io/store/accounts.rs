//! Operator accounts.

use super::{Store, StoreError, micros, timestamp};
use crate::ivr::acd::AccountRole;
use crate::model::{Lang, OperatorId};
use jiff::Timestamp;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};
use std::fmt;
use std::sync::Arc;

/// The hash digest authentication knows a password by, hexadecimal: H(login:realm:password) (RFC 7616 §3.4.2).
///
/// Whoever has it can log in within its realm, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1(Arc<str>);

impl Ha1 {
    /// The hash of its lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(hex: &str) -> Self {
        Self(hex.into())
    }

    /// The lower-case hexadecimal digits, as the digest formula takes them.
    #[must_use]
    pub fn as_hex(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(•)")
    }
}

/// An operator's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Login and name of the operator.
    pub login: OperatorId,
    /// The realm its hashes are for; a server with another realm cannot authenticate it.
    pub realm: String,
    /// The languages the operator speaks, best first.
    pub languages: Vec<Lang>,
    /// What the operator can do; queues choose by it.
    pub skills: Vec<Arc<str>>,
    /// What the account may do besides taking calls.
    pub role: AccountRole,
    /// For digest with MD5.
    pub ha1_md5: Ha1,
    /// For digest with SHA-256 (RFC 8760).
    pub ha1_sha256: Ha1,
    /// For digest with SHA-512-256; none where the password was set before this was kept.
    pub ha1_sha512_256: Option<Ha1>,
    /// When it was added.
    pub created_at: Timestamp,
}

impl Store {
    /// Adds an account.
    ///
    /// # Errors
    /// When there is one with this login, or the file cannot be written.
    pub async fn add_account(&self, account: &Account) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        let added = sqlx::query(
            "INSERT INTO accounts \
             (login, realm, languages, skills, role, ha1_md5, ha1_sha256, ha1_sha512_256, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(account.login.as_str())
        .bind(&account.realm)
        .bind(json_list(account.languages.iter().map(|lang| lang.code())))
        .bind(json_list(account.skills.iter().map(|skill| &**skill)))
        .bind(account.role.name())
        .bind(account.ha1_md5.as_hex())
        .bind(account.ha1_sha256.as_hex())
        .bind(account.ha1_sha512_256.as_ref().map(Ha1::as_hex))
        .bind(micros(account.created_at))
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if added == 0 {
            return Err(StoreError::AccountExists { login: account.login.as_str().to_owned() });
        }
        count_change(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes an account and its registrations; `false` when there was none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn remove_account(&self, login: &OperatorId) -> Result<bool, StoreError> {
        self.change_account(sqlx::query("DELETE FROM accounts WHERE login = ?").bind(login.as_str())).await
    }

    /// Gives an account the hashes of another password; `false` when there is no such account.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn set_password(
        &self,
        login: &OperatorId,
        realm: &str,
        [md5, sha256, sha512_256]: [&Ha1; 3],
    ) -> Result<bool, StoreError> {
        let changes = "UPDATE accounts SET realm = ?, ha1_md5 = ?, ha1_sha256 = ?, ha1_sha512_256 = ? WHERE login = ?";
        let change =
            sqlx::query(changes).bind(realm).bind(md5.as_hex()).bind(sha256.as_hex()).bind(sha512_256.as_hex());
        self.change_account(change.bind(login.as_str())).await
    }

    /// Gives an account another role; `false` when there is no such account.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn set_role(&self, login: &OperatorId, role: AccountRole) -> Result<bool, StoreError> {
        let change = sqlx::query("UPDATE accounts SET role = ? WHERE login = ?");
        self.change_account(change.bind(role.name()).bind(login.as_str())).await
    }

    /// Changes the account that a statement names; `false` when there is none.
    async fn change_account(&self, change: Query<'_, Sqlite, SqliteArguments>) -> Result<bool, StoreError> {
        let mut transaction = self.begin_write().await?;
        let changed = change.execute(&mut *transaction).await?.rows_affected();
        count_change(&mut transaction).await?;
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Every account, by login.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query("SELECT * FROM accounts ORDER BY login").fetch_all(self.pool()).await?;
        rows.iter().map(read_account).collect()
    }

    /// How often accounts were changed: another number than last time means to load them again. Cheap enough to ask
    /// every second; sees what other processes did.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn accounts_version(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE name = 'accounts'").fetch_one(self.pool()).await?;
        Ok(row.try_get("value")?)
    }
}

async fn count_change(transaction: &mut sqlx::Transaction<'static, Sqlite>) -> Result<(), StoreError> {
    sqlx::query("UPDATE meta SET value = value + 1 WHERE name = 'accounts'").execute(&mut **transaction).await?;
    Ok(())
}

fn read_account(row: &SqliteRow) -> Result<Account, StoreError> {
    let list = |column: &str| -> Result<Vec<String>, StoreError> {
        serde_json::from_str(row.try_get(column)?).map_err(|_| StoreError::Damaged { what: "list in an account" })
    };
    Ok(Account {
        login: OperatorId::new(row.try_get("login")?),
        realm: row.try_get("realm")?,
        languages: list("languages")?.iter().filter_map(|code| Lang::from_code(code)).collect(),
        skills: list("skills")?.into_iter().map(Arc::from).collect(),
        // A role of a later version permits nothing here.
        role: AccountRole::from_name(row.try_get("role")?).unwrap_or_default(),
        ha1_md5: Ha1::from_hex(row.try_get("ha1_md5")?),
        ha1_sha256: Ha1::from_hex(row.try_get("ha1_sha256")?),
        ha1_sha512_256: row.try_get::<Option<&str>, _>("ha1_sha512_256")?.map(Ha1::from_hex),
        created_at: timestamp(row.try_get("created_at")?)?,
    })
}

fn json_list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<serde_json::Value>().to_string()
}

#[cfg(test)]
pub(in crate::io) mod tests {
    use super::*;
    use crate::io::store::tests::{at, opened};

    pub(in crate::io) fn account(login: &str) -> Account {
        Account {
            login: OperatorId::new(login),
            realm: "hotline".into(),
            languages: vec![Lang::Ru, Lang::En],
            skills: vec!["support".into(), "fraud".into()],
            role: AccountRole::Operator,
            ha1_md5: Ha1::from_hex("aa"),
            ha1_sha256: Ha1::from_hex("bb"),
            ha1_sha512_256: Some(Ha1::from_hex("cc")),
            created_at: at(0),
        }
    }

    #[tokio::test]
    async fn every_change_of_an_account_is_seen_by_its_version() {
        let (store, _folder) = opened().await;
        let anna = account("anna");
        let mut version = store.accounts_version().await.expect("read");
        let mut assert_changed = async || {
            let now = store.accounts_version().await.expect("read");
            assert!(now > version);
            version = now;
        };

        store.add_account(&anna).await.expect("added");
        assert_changed().await;
        assert_eq!(store.accounts().await.expect("read"), vec![anna.clone()]);

        let (md5, sha256, sha512) = (Ha1::from_hex("cc"), Ha1::from_hex("dd"), Ha1::from_hex("ee"));
        assert!(store.set_password(&anna.login, "bank", [&md5, &sha256, &sha512]).await.expect("set"));
        assert_changed().await;
        let changed = &store.accounts().await.expect("read")[0];
        assert_eq!((changed.realm.as_str(), &changed.ha1_md5), ("bank", &md5));

        assert!(store.set_role(&anna.login, AccountRole::Supervisor).await.expect("set"));
        assert_changed().await;
        assert_eq!(store.accounts().await.expect("read")[0].role, AccountRole::Supervisor);

        assert!(store.remove_account(&anna.login).await.expect("removed"));
        assert_changed().await;
        assert!(store.accounts().await.expect("read").is_empty());
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_so() {
        let (store, _folder) = opened().await;
        let anna = account("anna");
        assert!(!store.remove_account(&anna.login).await.expect("no error"));
        store.add_account(&anna).await.expect("added");
        let twice = store.add_account(&anna).await.expect_err("exists");
        assert_eq!(twice.to_string(), "there is an account anna already");
    }

    #[test]
    fn a_debug_line_does_not_tell_the_hash() {
        let line = format!("{:?}", Ha1::from_hex("5f4dcc3b"));
        assert!(!line.contains("5f4dcc3b"), "{line}");
    }
}
