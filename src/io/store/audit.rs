//! The audit: who did what, when. Appended, never changed: the table refuses it.

use super::{Store, StoreError, micros, timestamp};
use jiff::Timestamp;
use sqlx::Row;
use std::fmt;

/// What somebody did to the hotline from outside a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A version of the menu was made active.
    MenuApplied,
    /// An earlier version was made active again.
    MenuRolledBack,
    /// A version was wanted and did not become active.
    MenuRefused,
    /// A switch was enabled or disabled.
    SwitchSet,
    /// The time of a switch was over.
    SwitchExpired,
    /// An operator's account was made.
    OperatorAdded,
    /// An operator's account was removed.
    OperatorRemoved,
    /// An operator was given a new password.
    PasswordSet,
    /// An account was given another role.
    RoleSet,
    /// A supervisor listens to a conversation, whispers, joins, or has left it.
    Supervised,
    /// A network is not heard any more.
    BanAdded,
    /// A network is heard again.
    BanRemoved,
    /// Passwords from an address are not looked at for a while.
    LoginsPaused,
    /// Records of calls were removed after their time.
    RecordsRemoved,
    /// The sandbox bank was taken down.
    BankDown,
    /// The sandbox bank was brought up.
    BankUp,
    /// The sandbox bank forgot what was done in it.
    BankReset,
}

impl Deed {
    /// One word, as it is kept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MenuApplied => "menu_applied",
            Self::MenuRolledBack => "menu_rolled_back",
            Self::MenuRefused => "menu_refused",
            Self::SwitchSet => "switch_set",
            Self::SwitchExpired => "switch_expired",
            Self::OperatorAdded => "operator_added",
            Self::OperatorRemoved => "operator_removed",
            Self::PasswordSet => "password_set",
            Self::RoleSet => "role_set",
            Self::Supervised => "supervised",
            Self::BanAdded => "ban_added",
            Self::BanRemoved => "ban_removed",
            Self::LoginsPaused => "logins_paused",
            Self::RecordsRemoved => "records_removed",
            Self::BankDown => "bank_down",
            Self::BankUp => "bank_up",
            Self::BankReset => "bank_reset",
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody, at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name: of the system's user, or as given.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Who and when.
    pub by: Author,
    /// What was done, in one word. A later version's words are read as they are.
    pub what: String,
    /// To whom or what, for people. Never a secret.
    pub detail: String,
}

impl Store {
    /// Appends a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn audit(&self, by: &Author, what: Deed, detail: &str) -> Result<(), StoreError> {
        let mut connection = self.pool().acquire().await?;
        append(&mut connection, by, what, detail).await
    }

    /// The newest lines since a time and before another, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn audit_lines(&self, period: super::Period, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE at >= ? AND at < ? ORDER BY id DESC LIMIT ?")
            .bind(micros(period.since))
            .bind(micros(period.until))
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|row| {
                let by = Author { who: row.try_get("who")?, at: timestamp(row.try_get("at")?)? };
                Ok(AuditLine { by, what: row.try_get("what")?, detail: row.try_get("detail")? })
            })
            .collect()
    }
}

/// Appends a line within a transaction, so that a change and its line are written both or neither.
pub(super) async fn append(
    connection: &mut sqlx::SqliteConnection,
    by: &Author,
    what: Deed,
    detail: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, who, what, detail) VALUES (?, ?, ?, ?)")
        .bind(micros(by.at))
        .bind(&by.who)
        .bind(what.name())
        .bind(detail)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::Period;
    use crate::io::store::tests::{at, opened};

    #[tokio::test]
    async fn the_audit_is_read_newest_first_and_cannot_be_changed_or_deleted() {
        let (store, _folder) = opened().await;
        let by = |second| Author { who: "olga".into(), at: at(second) };
        store.audit(&by(0), Deed::BankDown, "").await.expect("appended");
        store.audit(&by(5), Deed::OperatorAdded, "anna: support").await.expect("appended");
        let period = Period { since: at(0), until: at(5) };
        let lines = store.audit_lines(period, 10).await.expect("read");
        assert_eq!(lines, [AuditLine { by: by(0), what: "bank_down".into(), detail: String::new() }]);
        let all = Period { since: Timestamp::MIN, until: Timestamp::MAX };
        let newest = store.audit_lines(all, 1).await.expect("read");
        assert_eq!((newest.len(), newest[0].what.as_str()), (1, "operator_added"));
        for statement in ["UPDATE audit SET who = 'petr'", "DELETE FROM audit"] {
            let refused = sqlx::query(statement).execute(store.pool()).await;
            assert!(refused.is_err_and(|error| error.to_string().contains("the audit is not")), "{statement}");
        }
    }
}
