//! The sandbox: a bank small enough to live in the hotline's own file, with a card for every outcome a menu must
//! handle ([`DEMO_CARDS`]). What it must not do wrong it does as a real bank would: the same key changes once,
//! wrong codes are counted across calls, an answer can be lost.
//!
//! Telephone codes are kept as salted SHA-256. Four digits are guessed through any hash in no time, and the codes
//! are printed in the documentation: the salt only keeps equal codes from looking equal.

mod changes;
mod code;
mod demo;
mod params;
mod reads;

pub use demo::{Behaviour, DEMO_CARDS, DEMO_CODE, DemoCard, DemoLoan, DemoOperation};

use super::{Answering, Bank, NowFn};
use crate::io::store::{Store, StoreError};
use crate::model::{BankAnswer, BankRequest};
use jiff::tz::TimeZone;
use params::Params;
use sqlx::Row;
use std::sync::Arc;
use std::time::Duration;

/// What the configuration says of the sandbox.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// Whether it is down from the start, as if the bank could not be reached.
    pub down: bool,
    /// How long the slow card takes to answer.
    pub slow: Duration,
    /// The bank's time zone: what day it is.
    pub timezone: TimeZone,
}

/// The sandbox bank of one store.
#[derive(Clone)]
pub struct Sandbox {
    store: Store,
    settings: SandboxSettings,
    now: NowFn,
    /// Salts the calling numbers in handles.
    caller_salt: Arc<str>,
}

/// Why the sandbox gave no answer. Callers hear of it as the bank being down.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the operation {0} is not one of the sandbox")]
    UnknownOperation(String),
    #[error("the parameter {0} is missing or of another type")]
    BadParameter(&'static str),
    #[error("a change came without an idempotency key")]
    NoKey,
    #[error("there is no such card")]
    NoCard,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Bank for Sandbox {
    fn ask(&self, request: BankRequest) -> Answering<'_> {
        Box::pin(async move {
            match self.answer(&request).await {
                Ok(answer) => answer,
                Err(error) => {
                    tracing::error!(%error, operation = &*request.operation, call = %request.call, "the sandbox failed");
                    BankAnswer::bare(BankAnswer::DOWN)
                }
            }
        })
    }
}

impl Sandbox {
    /// The sandbox in `store`. Demo cards that are not there yet are added; those that are keep their state.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn open(store: Store, settings: SandboxSettings, now: NowFn) -> Result<Self, StoreError> {
        demo::seed(&store).await?;
        let caller_salt = code::caller_salt(&store).await?;
        Ok(Self { store, settings, now, caller_salt })
    }

    /// Takes the sandbox down or up again, also that of a running server: it looks at each request. A sandbox that
    /// the configuration takes down stays down.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn set_down(store: &Store, down: bool) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO sandbox_settings (name, value) VALUES ('down', ?)")
            .bind(if down { "1" } else { "0" })
            .execute(store.pool())
            .await?;
        Ok(())
    }

    /// Puts every demo card back to its first state, forgets wrong codes and takes the sandbox up.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn reset(store: &Store) -> Result<(), StoreError> {
        let mut transaction = store.begin_write().await?;
        for statement in
            ["DELETE FROM sandbox_cards", "DELETE FROM lockouts", "DELETE FROM sandbox_settings WHERE name = 'down'"]
        {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        demo::seed(store).await
    }

    async fn answer(&self, request: &BankRequest) -> Result<BankAnswer, Refusal> {
        if self.is_down().await? {
            return Ok(BankAnswer::bare(BankAnswer::DOWN));
        }
        let params = Params::of(request);
        match &*request.operation {
            "bank.find_card" => self.find_card(&params).await,
            "bank.check_code" => self.check_code(&params).await,
            "bank.balance" => self.balance(&params).await,
            "bank.operations" => self.operations(&params).await,
            "bank.block_card" => self.block_card(&params, request.key.as_ref()).await,
            "bank.activate_card" => self.activate_card(&params, request.key.as_ref()).await,
            "bank.loan_payment" => self.loan_payment(&params).await,
            "bank.rates" => Ok(reads::rates()),
            unknown => Err(Refusal::UnknownOperation(unknown.to_owned())),
        }
    }

    async fn is_down(&self) -> Result<bool, Refusal> {
        if self.settings.down {
            return Ok(true);
        }
        let row = sqlx::query("SELECT value = '1' AS down FROM sandbox_settings WHERE name = 'down'")
            .fetch_optional(self.store.pool())
            .await?;
        Ok(row.map(|row| row.try_get("down")).transpose()?.unwrap_or(false))
    }

    /// The slow card takes its time.
    #[expect(clippy::disallowed_methods, reason = "this shell stands in for a bank that is slow")]
    async fn dawdle(&self, card: &Card) {
        if card.behaviour == Behaviour::Slow {
            tokio::time::sleep(self.settings.slow).await;
        }
    }

    async fn card(&self, params: &Params<'_>) -> Result<Card, Refusal> {
        let handle = params.card()?;
        let row = sqlx::query("SELECT * FROM sandbox_cards WHERE id = ?")
            .bind(&handle.card)
            .fetch_optional(self.store.pool())
            .await?;
        let card = read_card(&row.ok_or(Refusal::NoCard)?)?;
        self.dawdle(&card).await;
        Ok(card)
    }

    fn today(&self) -> jiff::civil::Date {
        (self.now)().wall.to_zoned(self.settings.timezone.clone()).date()
    }
}

/// A card as the sandbox keeps it.
struct Card {
    id: String,
    state: String,
    /// Salt and hash, when a code is set.
    code: Option<(String, String)>,
    own: i64,
    hold: i64,
    behaviour: Behaviour,
}

/// Cards can be used, are blocked for good, or wait to be activated.
mod state {
    pub(super) const ACTIVE: &str = "active";
    pub(super) const BLOCKED: &str = "blocked";
    pub(super) const INACTIVE: &str = "inactive";
}

fn read_card(row: &sqlx::sqlite::SqliteRow) -> Result<Card, Refusal> {
    let salt: Option<String> = row.try_get("code_salt")?;
    let hash: Option<String> = row.try_get("code_hash")?;
    Ok(Card {
        id: row.try_get("id")?,
        state: row.try_get("state")?,
        code: salt.zip(hash),
        own: row.try_get("own")?,
        hold: row.try_get("hold")?,
        behaviour: Behaviour::from_name(row.try_get("behaviour")?)
            .ok_or(StoreError::Damaged { what: "behaviour of a sandbox card" })?,
    })
}
