//! The demo cards: a card for every outcome, for any calling number.

use super::code::{hash_code, random_hex};
use super::state;
use crate::io::store::{Store, StoreError};

/// The telephone code of every demo card that has one.
pub const DEMO_CODE: &str = "9876";

/// How a card differs from a common one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Not at all.
    Common,
    /// Its block is refused.
    RefusesBlock,
    /// Its block is done, but the first answer is lost.
    LosesBlockAnswer,
    /// Its telephone code is locked, whatever is entered.
    CodeLocked,
    /// Its activation is refused.
    RefusesActivation,
    /// The bank takes its time for it.
    Slow,
}

impl Behaviour {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Common, "common"),
        (Self::RefusesBlock, "refuses_block"),
        (Self::LosesBlockAnswer, "loses_block_answer"),
        (Self::CodeLocked, "code_locked"),
        (Self::RefusesActivation, "refuses_activation"),
        (Self::Slow, "slow"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find_map(|(behaviour, name)| (behaviour == self).then_some(name)).unwrap_or("common")
    }

    pub(super) fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(behaviour, name)| (name == text).then_some(behaviour))
    }
}

/// A card of the sandbox in its first state.
#[derive(Clone, Copy, Debug)]
pub struct DemoCard {
    /// Its own name among demo cards; cards with the same digits differ by it.
    pub id: &'static str,
    /// The last four digits callers enter.
    pub last4: &'static str,
    /// The telephone code, if one is set.
    pub code: Option<&'static str>,
    /// `active`, `blocked` or `inactive`.
    pub state: &'static str,
    /// The balance in kopecks.
    pub own: i64,
    /// What is on hold of it, in kopecks; the rest is available.
    pub hold: i64,
    /// How it differs from a common card.
    pub behaviour: Behaviour,
    /// Its operations, newest first.
    pub operations: &'static [DemoOperation],
    /// Its loan.
    pub loan: Option<DemoLoan>,
    /// What it shows, for people who try it.
    pub shows: &'static str,
}

/// An operation of a demo card.
#[derive(Clone, Copy, Debug)]
pub struct DemoOperation {
    /// How many days before today.
    pub days_ago: i64,
    /// Its kind: a word that the prompts can say.
    pub kind: &'static str,
    /// Its amount in kopecks.
    pub amount: i64,
}

/// A loan of a demo card.
#[derive(Clone, Copy, Debug)]
pub struct DemoLoan {
    /// The payment in kopecks.
    pub amount: i64,
    /// The day of the month it is due.
    pub day: i8,
    /// Whether the last one was missed.
    pub overdue: bool,
}

const fn operation(days_ago: i64, kind: &'static str, amount: i64) -> DemoOperation {
    DemoOperation { days_ago, kind, amount }
}

const OPERATIONS: &[DemoOperation] = &[
    operation(0, "purchase", 84_590),
    operation(1, "transfer_in", 1_250_000),
    operation(2, "cash_withdrawal", 500_000),
    operation(5, "payment", 120_000),
    operation(9, "refund", 219_900),
];

const COMMON: DemoCard = DemoCard {
    id: "",
    last4: "",
    code: Some(DEMO_CODE),
    state: state::ACTIVE,
    own: 1_600_000,
    hold: 76_950,
    behaviour: Behaviour::Common,
    operations: OPERATIONS,
    loan: None,
    shows: "",
};

const fn card(id: &'static str, shows: &'static str) -> DemoCard {
    DemoCard { id, last4: id, shows, ..COMMON }
}

const fn behaving(behaviour: Behaviour, card: DemoCard) -> DemoCard {
    DemoCard { behaviour, ..card }
}

/// Every card of the sandbox. `docs/sandbox.md` lists them.
pub const DEMO_CARDS: &[DemoCard] = &[
    DemoCard {
        loan: Some(DemoLoan { amount: 1_845_000, day: 20, overdue: false }),
        ..card("4321", "everything works: 15 230.50 RUB available, five operations, a loan payment due on the 20th")
    },
    behaving(Behaviour::RefusesBlock, card("1001", "the block is refused: the card still works")),
    behaving(
        Behaviour::LosesBlockAnswer,
        card("1002", "the answer to the block is lost: unknown at first, blocked when the bank is asked again"),
    ),
    DemoCard { state: state::BLOCKED, ..card("1003", "already blocked; activation is refused") },
    behaving(Behaviour::CodeLocked, card("1004", "the telephone code is locked")),
    DemoCard { code: None, ..card("1005", "the telephone code is not set") },
    DemoCard { last4: "1006", ..card("1006-a", "two cards end in these digits: several") },
    DemoCard { last4: "1006", ..card("1006-b", "two cards end in these digits: several") },
    DemoCard {
        loan: Some(DemoLoan { amount: 735_050, day: 5, overdue: true }),
        ..card("1007", "the loan payment is overdue")
    },
    DemoCard {
        operations: &[],
        own: 0,
        hold: 0,
        ..card("1008", "a new customer: nothing on the card, no operations, no loan")
    },
    DemoCard { state: state::INACTIVE, ..card("1009", "not activated yet: activation succeeds") },
    behaving(
        Behaviour::RefusesActivation,
        DemoCard { state: state::INACTIVE, ..card("1010", "not activated yet: activation is refused") },
    ),
    behaving(Behaviour::Slow, card("1011", "the bank answers after two and a half seconds")),
    DemoCard { own: -125_000, hold: 0, ..card("1012", "a debt: the balance is 1 250.00 RUB below zero") },
];

/// Adds the demo cards that are not there.
pub(super) async fn seed(store: &Store) -> Result<(), StoreError> {
    let mut transaction = store.begin_write().await?;
    sqlx::query("INSERT OR IGNORE INTO sandbox_settings (name, value) VALUES ('caller_salt', ?)")
        .bind(random_hex())
        .execute(&mut *transaction)
        .await?;
    for card in DEMO_CARDS {
        let salt = card.code.map(|_| random_hex());
        let hash = card.code.zip(salt.as_deref()).map(|(code, salt)| hash_code(salt, code.as_bytes()));
        let added = sqlx::query(
            "INSERT OR IGNORE INTO sandbox_cards (id, last4, code_salt, code_hash, state, own, hold, behaviour) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(card.id)
        .bind(card.last4)
        .bind(salt)
        .bind(hash)
        .bind(card.state)
        .bind(card.own)
        .bind(card.hold)
        .bind(card.behaviour.name())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if added > 0 {
            seed_details(&mut transaction, card).await?;
        }
    }
    Ok(transaction.commit().await?)
}

async fn seed_details(
    transaction: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    card: &DemoCard,
) -> Result<(), StoreError> {
    for (position, operation) in (0_i64..).zip(card.operations) {
        sqlx::query("INSERT INTO sandbox_operations (card, position, days_ago, kind, amount) VALUES (?, ?, ?, ?, ?)")
            .bind(card.id)
            .bind(position)
            .bind(operation.days_ago)
            .bind(operation.kind)
            .bind(operation.amount)
            .execute(&mut **transaction)
            .await?;
    }
    if let Some(loan) = card.loan {
        sqlx::query("INSERT INTO sandbox_loans (card, amount, day, overdue) VALUES (?, ?, ?, ?)")
            .bind(card.id)
            .bind(loan.amount)
            .bind(loan.day)
            .bind(loan.overdue)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}
