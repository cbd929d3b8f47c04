//! Calls as they were: their events appended in batches, and read back by period.

use super::{Store, StoreError, event, micros, timestamp};
use crate::model::{CallId, CallRecord};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// The calls that arrived from `since` on and before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment that belongs to it.
    pub since: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Period {
    /// All of time.
    pub const ALWAYS: Self = Self { since: Timestamp::MIN, until: Timestamp::MAX };
}

/// The history of one call, in the order it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct CallHistory {
    /// Whose.
    pub call: CallId,
    /// Its events.
    pub records: Vec<CallRecord>,
}

impl Store {
    /// Appends the records, all or none.
    ///
    /// # Errors
    /// When the disk is full or the file cannot be written; nothing was appended then.
    pub async fn append_records(&self, records: &[CallRecord]) -> Result<(), StoreError> {
        // One statement for the whole batch: a statement per event costs more than the events.
        let rows = records.iter().map(|record| {
            let (kind, detail) = event::encode(&record.event);
            json!([record.call.to_string(), micros(record.at), kind, detail.to_string()])
        });
        sqlx::query(
            "INSERT INTO call_events (call, at, kind, detail) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) ORDER BY key",
        )
        .bind(rows.collect::<Json>().to_string())
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The latest calls that arrived in the period, at most `limit`, earliest first, each with all its events.
    /// Events of a kind this version does not know are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn calls(&self, period: Period, limit: u32) -> Result<Vec<CallHistory>, StoreError> {
        let rows = sqlx::query(
            "WITH chosen AS (SELECT call, at AS arrived FROM call_events \
             WHERE kind = 'arrived' AND at >= ? AND at < ? ORDER BY at DESC LIMIT ?) \
             SELECT e.call, e.at, e.kind, e.detail FROM chosen JOIN call_events e ON e.call = chosen.call \
             ORDER BY chosen.arrived, e.call, e.id",
        )
        .bind(micros(period.since))
        .bind(micros(period.until))
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        let mut calls: Vec<CallHistory> = Vec::new();
        for record in rows.iter().filter_map(|row| read_record(row).transpose()) {
            let record = record?;
            match calls.last_mut() {
                Some(history) if history.call == record.call => history.records.push(record),
                _ => calls.push(CallHistory { call: record.call, records: vec![record] }),
            }
        }
        Ok(calls)
    }

    /// The last `count` events of all calls, earliest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn last_records(&self, count: u32) -> Result<Vec<CallRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT call, at, kind, detail FROM (SELECT * FROM call_events ORDER BY id DESC LIMIT ?) ORDER BY id",
        )
        .bind(count)
        .fetch_all(self.pool())
        .await?;
        rows.iter().filter_map(|row| read_record(row).transpose()).collect()
    }
}

/// The record of a row; `None` for a kind of a later version.
fn read_record(row: &SqliteRow) -> Result<Option<CallRecord>, StoreError> {
    let call = uuid::Uuid::parse_str(row.try_get("call")?).map_err(|_| StoreError::Damaged { what: "call" })?;
    let detail: Json = serde_json::from_str(row.try_get("detail")?)
        .map_err(|_| StoreError::Damaged { what: "detail of a call event" })?;
    let at = timestamp(row.try_get("at")?)?;
    let event = event::decode(row.try_get("kind")?, &detail);
    Ok(event.map(|event| CallRecord { call: CallId::from_u128(call.as_u128()), at, event }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::{at, call, every_event, opened};
    use crate::model::CallEvent;

    fn arrived(number: u128, second: i64) -> CallRecord {
        let event =
            CallEvent::Arrived { from: None, called: "100".into(), line: "main".into(), menu: "1".into(), trunk: None };
        CallRecord { call: call(number), at: at(second), event }
    }

    #[tokio::test]
    async fn a_period_gives_the_calls_that_arrived_in_it_with_all_their_events() {
        let (store, _folder) = opened().await;
        let visited = |number, second| CallRecord {
            call: call(number),
            at: at(second),
            event: CallEvent::Visited { node: "main".into() },
        };
        let all = [arrived(1, 10), arrived(2, 20), visited(1, 25), arrived(3, 30), visited(2, 90)];
        store.append_records(&all).await.expect("appended");

        let period = Period { since: at(20), until: at(30) };
        let calls = store.calls(period, 10).await.expect("read");
        assert_eq!(calls.len(), 1, "only the second arrived then");
        assert_eq!(calls[0].records, vec![arrived(2, 20), visited(2, 90)]);

        let latest = store.calls(Period::ALWAYS, 2).await.expect("read");
        assert_eq!(latest.iter().map(|history| history.call).collect::<Vec<_>>(), vec![call(2), call(3)]);
    }

    #[tokio::test]
    async fn every_event_survives_closing_and_opening() {
        let (store, folder) = opened().await;
        let records: Vec<_> =
            every_event().into_iter().map(|event| CallRecord { call: call(7), at: at(7), event }).collect();
        store.append_records(&records).await.expect("appended");
        store.close().await;

        let store = Store::open(folder.path()).await.expect("opened again");
        assert_eq!(store.last_records(100).await.expect("read"), records);
    }

    #[tokio::test]
    async fn the_view_of_calls_tells_a_call_in_a_line() {
        let (store, _folder) = opened().await;
        let records: Vec<_> =
            every_event().into_iter().map(|event| CallRecord { call: call(7), at: at(7), event }).collect();
        store.append_records(&records).await.expect("appended");
        let row = sqlx::query("SELECT line, operator, talked_s, cause FROM calls").fetch_one(store.pool()).await;
        let row = row.expect("a row");
        assert_eq!(row.get::<String, _>("line"), "main");
        assert_eq!(row.get::<String, _>("operator"), "anna");
        assert_eq!(row.get::<i64, _>("talked_s"), 65);
    }

    #[tokio::test]
    async fn a_store_from_before_trunks_were_recorded_is_brought_on_and_its_calls_have_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(folder.path().join("hotline.db"))
            .create_if_missing(true);
        let old = sqlx::SqlitePool::connect_with(options).await.expect("made");
        let mut steps = sqlx::migrate!("./migrations");
        steps.migrations = steps.migrations.iter().filter(|step| step.version < 20).cloned().collect();
        steps.run(&old).await.expect("the tables of the version before");
        let detail = r#"{"from": null, "called": "100", "line": "main", "menu": "1"}"#;
        let insert = "INSERT INTO call_events (call, at, kind, detail) VALUES (?, ?, 'arrived', ?)";
        let row = sqlx::query(insert).bind(call(1).to_string()).bind(micros(at(10))).bind(detail);
        row.execute(&old).await.expect("a call of then");
        old.close().await;

        let store = Store::open(folder.path()).await.expect("brought on");
        let mut new = arrived(2, 20);
        if let CallEvent::Arrived { trunk, .. } = &mut new.event {
            *trunk = Some("provider".into());
        }
        store.append_records(std::slice::from_ref(&new)).await.expect("appended");
        let calls = store.calls(Period::ALWAYS, 10).await.expect("read");
        assert_eq!(calls.iter().map(|call| &call.records[0]).collect::<Vec<_>>(), [&arrived(1, 10), &new]);
        let trunks: Vec<Option<String>> = sqlx::query_scalar("SELECT trunk FROM calls ORDER BY began")
            .fetch_all(store.pool())
            .await
            .expect("the view");
        assert_eq!(trunks, [None, Some("provider".to_owned())]);
    }
}
