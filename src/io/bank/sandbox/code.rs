//! The telephone code, and the lock after wrong ones.
//!
//! Five wrong codes in 24 hours lock the card, and lock whoever entered them: a calling number may not go on guessing
//! at other cards. The outcome does not tell which of the two it was, nor does the right code open a lock.

use super::params::{Handle, Params};
use super::{Behaviour, Refusal, Sandbox, read_card};
use crate::io::store::{Store, StoreError, hex, micros};
use crate::model::{BankAnswer, PhoneNumber};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::{Row, Sqlite, Transaction};
use std::sync::Arc;

/// Wrong codes within [`WINDOW`] that lock.
const FAILS: i64 = 5;

/// How long a wrong code counts.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

impl Sandbox {
    pub(super) async fn check_code(&self, params: &Params<'_>) -> Result<BankAnswer, Refusal> {
        let secret = params.secret("code")?;
        let handle = params.card()?;
        let now = (self.now)().wall;
        // Waits for the slow card outside of the transaction.
        self.card(params).await?;
        // The lock is held from the count to the new fail, so guesses at the same time cannot slip through together.
        let mut transaction = self.store.begin_write().await?;
        let row = sqlx::query("SELECT * FROM sandbox_cards WHERE id = ?")
            .bind(&handle.card)
            .fetch_optional(&mut *transaction)
            .await?;
        let card = read_card(&row.ok_or(Refusal::NoCard)?)?;
        let Some((salt, hash)) = card.code else { return Ok(BankAnswer::bare("not_set")) };
        let fails = count_fails(&mut transaction, &handle, now).await?;
        let outcome = if card.behaviour == Behaviour::CodeLocked || fails >= FAILS {
            "locked"
        } else if hash_code(&salt, secret.expose()) == hash {
            forgive(&mut transaction, &handle).await?;
            "ok"
        } else {
            add_fail(&mut transaction, &handle, now).await?;
            match FAILS - (fails + 1) {
                ..=0 => "locked",
                1 => "last_try",
                _ => "wrong",
            }
        };
        transaction.commit().await?;
        Ok(BankAnswer::bare(outcome))
    }

    /// The caller as a handle names it: the same number gives the same tag, and the tag does not tell the number.
    pub(super) fn caller_tag(&self, number: &PhoneNumber) -> String {
        let mut tag = hash_code(&self.caller_salt, number.as_str().as_bytes());
        tag.truncate(16);
        tag
    }
}

/// The salt of calling numbers; it stays the same, so that a lock outlives a restart.
pub(super) async fn caller_salt(store: &Store) -> Result<Arc<str>, StoreError> {
    let row =
        sqlx::query("SELECT value FROM sandbox_settings WHERE name = 'caller_salt'").fetch_one(store.pool()).await?;
    Ok(Arc::from(row.try_get::<&str, _>("value")?))
}

/// Whose fails are counted.
fn subjects(handle: &Handle) -> (String, Option<String>) {
    (format!("card:{}", handle.card), handle.caller.as_ref().map(|caller| format!("caller:{caller}")))
}

/// The fails of the card or of the caller, whichever is nearer to the lock.
async fn count_fails(
    transaction: &mut Transaction<'static, Sqlite>,
    handle: &Handle,
    now: Timestamp,
) -> Result<i64, Refusal> {
    let since = micros(now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN));
    sqlx::query("DELETE FROM lockouts WHERE at <= ?").bind(since).execute(&mut **transaction).await?;
    let (card, caller) = subjects(handle);
    let row = sqlx::query(
        "SELECT max((SELECT count(*) FROM lockouts WHERE subject = ?), \
                    (SELECT count(*) FROM lockouts WHERE subject = ?)) AS fails",
    )
    .bind(card)
    .bind(caller)
    .fetch_one(&mut **transaction)
    .await?;
    Ok(row.try_get("fails")?)
}

async fn add_fail(
    transaction: &mut Transaction<'static, Sqlite>,
    handle: &Handle,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (card, caller) = subjects(handle);
    for subject in [Some(card), caller].into_iter().flatten() {
        sqlx::query("INSERT INTO lockouts (subject, at) VALUES (?, ?)")
            .bind(subject)
            .bind(micros(now))
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// The right code clears the card, not the caller: else one known code would buy guesses at other cards.
async fn forgive(transaction: &mut Transaction<'static, Sqlite>, handle: &Handle) -> Result<(), Refusal> {
    let (card, _) = subjects(handle);
    sqlx::query("DELETE FROM lockouts WHERE subject = ?").bind(card).execute(&mut **transaction).await?;
    Ok(())
}

/// SHA-256 of salt and code, hexadecimal.
pub(super) fn hash_code(salt: &str, code: &[u8]) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(code).finalize())
}

/// 128 random bits, hexadecimal.
pub(super) fn random_hex() -> String {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    hex(&bytes)
}
