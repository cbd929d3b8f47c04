//! Changes: done at most once per idempotency key.

use super::params::Params;
use super::{Behaviour, Card, Refusal, Sandbox, read_card, state};
use crate::io::store::micros;
use crate::model::{BankAnswer, IdempotencyKey, Record, Value};
use sqlx::{Row, Sqlite, Transaction};

/// What a change does to a card.
struct Change {
    outcome: &'static str,
    /// The card's state from now on, when it changes.
    state: Option<&'static str>,
    /// Whether a ticket number is given.
    ticket: bool,
}

const fn change(outcome: &'static str) -> Change {
    Change { outcome, state: None, ticket: false }
}

fn block(card: &Card) -> Change {
    match card.behaviour {
        _ if card.state == state::BLOCKED => change("already_blocked"),
        Behaviour::RefusesBlock => change("refused"),
        Behaviour::Common
        | Behaviour::LosesBlockAnswer
        | Behaviour::CodeLocked
        | Behaviour::RefusesActivation
        | Behaviour::Slow => Change { state: Some(state::BLOCKED), ticket: true, ..change("blocked") },
    }
}

fn activate(card: &Card) -> Change {
    match card.state.as_str() {
        _ if card.behaviour == Behaviour::RefusesActivation => change("refused"),
        state::INACTIVE => Change { state: Some(state::ACTIVE), ..change("ok") },
        state::ACTIVE => change("already_active"),
        _ => change("refused"),
    }
}

impl Sandbox {
    pub(super) async fn block_card(
        &self,
        params: &Params<'_>,
        key: Option<&IdempotencyKey>,
    ) -> Result<BankAnswer, Refusal> {
        let (answer, first, behaviour) = self.change_once(params, key, block).await?;
        let lost = first && behaviour == Behaviour::LosesBlockAnswer && &*answer.outcome == "blocked";
        Ok(if lost { BankAnswer::bare(BankAnswer::UNKNOWN) } else { answer })
    }

    pub(super) async fn activate_card(
        &self,
        params: &Params<'_>,
        key: Option<&IdempotencyKey>,
    ) -> Result<BankAnswer, Refusal> {
        let (answer, ..) = self.change_once(params, key, activate).await?;
        Ok(answer)
    }

    /// Does the change unless its key is known: then it gives the first answer, and `false`.
    async fn change_once(
        &self,
        params: &Params<'_>,
        key: Option<&IdempotencyKey>,
        decide: fn(&Card) -> Change,
    ) -> Result<(BankAnswer, bool, Behaviour), Refusal> {
        let key = key.ok_or(Refusal::NoKey)?;
        // Waits for the slow card outside of the transaction.
        let id = self.card(params).await?.id;
        let mut transaction = self.store.begin_write().await?;
        let row =
            sqlx::query("SELECT * FROM sandbox_cards WHERE id = ?").bind(&id).fetch_one(&mut *transaction).await?;
        let card = read_card(&row)?;
        if let Some(first) = find_change(&mut transaction, key).await? {
            return Ok((first, false, card.behaviour));
        }
        let change = decide(&card);
        let at = micros((self.now)().wall);
        let answer = write_change(&mut transaction, key, &card, &change, at).await?;
        transaction.commit().await?;
        Ok((answer, true, card.behaviour))
    }
}

async fn find_change(
    transaction: &mut Transaction<'static, Sqlite>,
    key: &IdempotencyKey,
) -> Result<Option<BankAnswer>, Refusal> {
    let row = sqlx::query("SELECT outcome, ticket FROM sandbox_changes WHERE key = ?")
        .bind(key.as_str())
        .fetch_optional(&mut **transaction)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(answer(row.try_get("outcome")?, row.try_get("ticket")?)))
}

async fn write_change(
    transaction: &mut Transaction<'static, Sqlite>,
    key: &IdempotencyKey,
    card: &Card,
    change: &Change,
    at: i64,
) -> Result<BankAnswer, Refusal> {
    if let Some(state) = change.state {
        sqlx::query("UPDATE sandbox_cards SET state = ? WHERE id = ?")
            .bind(state)
            .bind(&card.id)
            .execute(&mut **transaction)
            .await?;
    }
    let id = sqlx::query("INSERT INTO sandbox_changes (key, card, outcome, at) VALUES (?, ?, ?, ?)")
        .bind(key.as_str())
        .bind(&card.id)
        .bind(change.outcome)
        .bind(at)
        .execute(&mut **transaction)
        .await?
        .last_insert_rowid();
    let ticket = change.ticket.then(|| ticket(id));
    sqlx::query("UPDATE sandbox_changes SET ticket = ? WHERE id = ?")
        .bind(&ticket)
        .bind(id)
        .execute(&mut **transaction)
        .await?;
    Ok(answer(change.outcome, ticket.as_deref()))
}

fn answer(outcome: &str, ticket: Option<&str>) -> BankAnswer {
    let fields = ticket.map(|ticket| ("ticket".into(), Value::Digits(ticket.into())));
    BankAnswer { outcome: outcome.into(), fields: Record::from_iter(fields) }
}

/// Five digits, different for 90 000 changes in a row and not counting up.
fn ticket(id: i64) -> String {
    (10_000 + (60_512 + id.wrapping_mul(7_919)).rem_euclid(90_000)).to_string()
}

#[cfg(test)]
mod tests {
    use super::ticket;
    use std::collections::BTreeSet;

    #[test]
    fn tickets_have_five_digits_and_do_not_repeat() {
        let tickets: BTreeSet<_> = (1..=90_000).map(ticket).collect();
        assert_eq!(tickets.len(), 90_000);
        assert!(tickets.iter().all(|ticket| ticket.len() == 5));
    }
}
