//! Open callbacks: kept so that a restart forgets nobody who was promised a call.

use super::{Store, StoreError, micros, timestamp};
use crate::ivr::acd::{CallbackOrder, CallbackTicket, Ticket};
use crate::model::{CallId, Lang, Level, PhoneNumber};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

impl Store {
    /// Keeps an open callback, in the place of an earlier state of it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn keep_ticket(&self, ticket: &CallbackTicket) -> Result<(), StoreError> {
        let CallbackTicket { place, order, entered, ordered, attempts, not_before } = ticket;
        sqlx::query(
            "INSERT OR REPLACE INTO callback_tickets (call, queue, priority, skills, lang, number, line, level, notes, \
             entered_at, ordered_at, attempts, not_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(place.call.to_string())
        .bind(&*place.queue)
        .bind(place.priority)
        .bind(list(&place.skills))
        .bind(place.lang.code())
        .bind(order.number.as_str())
        .bind(&*order.line)
        .bind(order.was.name())
        .bind(list(&order.notes))
        .bind(micros(*entered))
        .bind(micros(*ordered))
        .bind(*attempts)
        .bind(micros(*not_before))
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Forgets a callback that is done with.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn forget_ticket(&self, call: CallId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM callback_tickets WHERE call = ?").bind(call.to_string()).execute(self.pool()).await?;
        Ok(())
    }

    /// The open callbacks, who waited longest first.
    ///
    /// # Errors
    /// When the file cannot be read, or holds what no version has written.
    pub async fn tickets(&self) -> Result<Vec<CallbackTicket>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM callback_tickets ORDER BY entered_at, call").fetch_all(self.pool()).await?;
        rows.iter().map(read_ticket).collect()
    }
}

fn list(names: &[Arc<str>]) -> String {
    serde_json::json!(names.iter().map(|name| &**name).collect::<Vec<_>>()).to_string()
}

fn names(text: &str, what: &'static str) -> Result<Vec<Arc<str>>, StoreError> {
    let names: Vec<String> = serde_json::from_str(text).map_err(|_| StoreError::Damaged { what })?;
    Ok(names.into_iter().map(Into::into).collect())
}

fn read_ticket(row: &SqliteRow) -> Result<CallbackTicket, StoreError> {
    let damaged = |what| move || StoreError::Damaged { what };
    let call = uuid::Uuid::parse_str(row.try_get("call")?).map_err(|_| damaged("call of a callback")())?;
    let place = Ticket {
        call: CallId::from_u128(call.as_u128()),
        queue: row.try_get::<&str, _>("queue")?.into(),
        priority: row.try_get("priority")?,
        skills: names(row.try_get("skills")?, "skills of a callback")?,
        lang: Lang::from_code(row.try_get("lang")?).ok_or_else(damaged("language of a callback"))?,
    };
    let order = CallbackOrder {
        number: PhoneNumber::parse(row.try_get("number")?).ok_or_else(damaged("number of a callback"))?,
        line: row.try_get::<&str, _>("line")?.into(),
        was: Level::from_name(row.try_get("level")?).ok_or_else(damaged("level of a callback"))?,
        notes: names(row.try_get("notes")?, "notes of a callback")?,
    };
    Ok(CallbackTicket {
        place,
        order,
        entered: timestamp(row.try_get("entered_at")?)?,
        ordered: timestamp(row.try_get("ordered_at")?)?,
        attempts: row.try_get("attempts")?,
        not_before: timestamp(row.try_get("not_before")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::{at, call, opened};

    fn ticket(number: u128, entered: i64) -> CallbackTicket {
        let place = Ticket {
            call: call(number),
            queue: "support".into(),
            priority: 60,
            skills: vec!["premium".into()],
            lang: Lang::En,
        };
        let order = CallbackOrder {
            number: PhoneNumber::parse("+79161234567").expect("a number"),
            line: "main".into(),
            was: Level::Recognised,
            notes: vec!["card_blocked".into()],
        };
        let (entered, ordered) = (at(entered), at(entered + 60));
        CallbackTicket { place, order, entered, ordered, attempts: 0, not_before: ordered }
    }

    #[tokio::test]
    async fn an_open_callback_outlives_a_restart_with_its_latest_state() {
        let (store, folder) = opened().await;
        let (late, mut early) = (ticket(1, 100), ticket(2, 50));
        store.keep_ticket(&late).await.expect("kept");
        store.keep_ticket(&early).await.expect("kept");
        (early.attempts, early.not_before) = (2, at(1_000));
        store.keep_ticket(&early).await.expect("kept again");
        store.close().await;

        let store = Store::open(folder.path()).await.expect("opened again");
        assert_eq!(store.tickets().await.expect("read"), vec![early.clone(), late.clone()]);
        store.forget_ticket(early.id()).await.expect("forgotten");
        assert_eq!(store.tickets().await.expect("read"), vec![late]);
    }
}
