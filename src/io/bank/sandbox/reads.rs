//! What only reads: cards, balances, operations, loans, rates.

use super::params::{Handle, Params};
use super::{Refusal, Sandbox};
use crate::model::{BankAnswer, Currency, Money, Record, Value};
use jiff::ToSpan;
use jiff::civil::Date;
use sqlx::Row;

/// Operations told at most.
const OPERATIONS: i64 = 50;

impl Sandbox {
    pub(super) async fn find_card(&self, params: &Params<'_>) -> Result<BankAnswer, Refusal> {
        let last4 = params.digits("last4")?;
        let phone = params.phone();
        let rows = sqlx::query("SELECT id FROM sandbox_cards WHERE last4 = ? AND (phone IS NULL OR phone = ?) LIMIT 2")
            .bind(last4)
            .bind(phone.map(|number| number.as_str().to_owned()))
            .fetch_all(self.store.pool())
            .await?;
        let [row] = rows.as_slice() else {
            return Ok(BankAnswer::bare(if rows.is_empty() { "not_found" } else { "several" }));
        };
        let caller = phone.map(|number| self.caller_tag(number));
        let handle = Handle { card: row.try_get("id")?, caller };
        Ok(answer("found", [("last4", Value::Digits(last4.into())), ("handle", Value::Opaque(handle.text()))]))
    }

    pub(super) async fn balance(&self, params: &Params<'_>) -> Result<BankAnswer, Refusal> {
        let card = self.card(params).await?;
        let fields = [("available", card.own - card.hold), ("own", card.own), ("hold", card.hold)];
        Ok(answer("ok", fields.map(|(name, kopecks)| (name, roubles(kopecks)))))
    }

    pub(super) async fn operations(&self, params: &Params<'_>) -> Result<BankAnswer, Refusal> {
        let limit = params.number("limit")?.clamp(1, OPERATIONS);
        let card = self.card(params).await?;
        let rows = sqlx::query("SELECT * FROM sandbox_operations WHERE card = ? ORDER BY position LIMIT ?")
            .bind(&card.id)
            .bind(limit)
            .fetch_all(self.store.pool())
            .await?;
        if rows.is_empty() {
            return Ok(BankAnswer::bare("empty"));
        }
        let today = self.today();
        let item = |row: &sqlx::sqlite::SqliteRow| -> Result<Record, Refusal> {
            let days_ago: i64 = row.try_get("days_ago")?;
            let date = today.saturating_sub(days_ago.days());
            Ok(record([
                ("date", Value::Date(date)),
                ("kind", Value::Word(row.try_get::<&str, _>("kind")?.into())),
                ("amount", roubles(row.try_get("amount")?)),
            ]))
        };
        let items = rows.iter().map(item).collect::<Result<_, _>>()?;
        Ok(answer("ok", [("items", Value::List(items))]))
    }

    pub(super) async fn loan_payment(&self, params: &Params<'_>) -> Result<BankAnswer, Refusal> {
        let card = self.card(params).await?;
        let row = sqlx::query("SELECT amount, day, overdue FROM sandbox_loans WHERE card = ?")
            .bind(&card.id)
            .fetch_optional(self.store.pool())
            .await?;
        let Some(row) = row else { return Ok(BankAnswer::bare("no_loan")) };
        let (day, overdue): (i8, bool) = (row.try_get("day")?, row.try_get("overdue")?);
        let (outcome, date) =
            if overdue { ("overdue", last_day(self.today(), day)) } else { ("due", next_day(self.today(), day)) };
        Ok(answer(outcome, [("amount", roubles(row.try_get("amount")?)), ("date", Value::Date(date))]))
    }
}

/// What the bank buys and sells currency for, in roubles.
pub(super) fn rates() -> BankAnswer {
    let fields = [("usd_buy", 7_840), ("usd_sell", 8_165), ("eur_buy", 9_120), ("eur_sell", 9_480)];
    answer("ok", fields.map(|(name, kopecks)| (name, roubles(kopecks))))
}

fn roubles(kopecks: i64) -> Value {
    Value::Money(Money::new(kopecks, Currency::Rub))
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn answer<const N: usize>(outcome: &str, fields: [(&str, Value); N]) -> BankAnswer {
    BankAnswer { outcome: outcome.into(), fields: record(fields) }
}

/// The `day` of this month, or of the next one when it has passed. `day` is at most 28.
fn next_day(today: Date, day: i8) -> Date {
    let month =
        if today.day() <= day { today.first_of_month() } else { today.saturating_add(1.month()).first_of_month() };
    month.saturating_add((i64::from(day) - 1).days())
}

/// The `day` of this month, or of the last one when it is still to come. `day` is at most 28.
fn last_day(today: Date, day: i8) -> Date {
    let month =
        if day < today.day() { today.first_of_month() } else { today.saturating_sub(1.month()).first_of_month() };
    month.saturating_add((i64::from(day) - 1).days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_payment_is_due_on_the_next_such_day_and_overdue_since_the_last() {
        for (today, next, last) in [
            (date(2026, 3, 2), date(2026, 3, 20), date(2026, 2, 20)),
            (date(2026, 3, 20), date(2026, 3, 20), date(2026, 2, 20)),
            (date(2026, 12, 31), date(2027, 1, 20), date(2026, 12, 20)),
        ] {
            assert_eq!((next_day(today, 20), last_day(today, 20)), (next, last), "{today}");
        }
    }
}
