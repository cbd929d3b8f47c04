use super::*;
use crate::io::store::tests::{at, opened};
use crate::io::store::{JournalState, Period, Recorder, RecorderSettings};
use crate::model::{BankAnswer, BankRequest, CallEvent, CallId, CallRecord, Cause, IdempotencyKey, RequestId};

const YEAR: Duration = Duration::from_secs(365 * 86_400);
const LIMIT: Duration = Duration::from_secs(60);

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// The call that arrived then, as the exchange draws them.
fn call(at: Timestamp, number: u128) -> CallId {
    let millis = u128::try_from(at.as_millisecond()).expect("after 1970");
    CallId::from_u128((millis << 80) | (0x7000_8000_0000_0000_0000 + number))
}

fn records(at: Timestamp, number: u128) -> Vec<CallRecord> {
    let events = [
        CallEvent::Arrived { from: None, called: "100".into(), line: "main".into(), menu: "1".into(), trunk: None },
        CallEvent::Visited { node: "main".into() },
        CallEvent::Ended { cause: Cause::CallerHungUp, lasted: Duration::from_secs(60) },
    ];
    events.into_iter().map(|event| CallRecord { call: call(at, number), at, event }).collect()
}

fn quick(store: &Store) -> Retention {
    let settings = RetentionSettings { batch: 100, pages: 20, pause: Duration::from_millis(1), retry: LIMIT };
    Retention::new(store.clone(), YEAR, settings)
}

async fn calls(store: &Store) -> Vec<CallId> {
    store.calls(Period::ALWAYS, 100_000).await.expect("read").iter().map(|history| history.call).collect()
}

async fn lines(store: &Store) -> Vec<String> {
    let lines = store.audit_lines(Period::ALWAYS, 10).await.expect("read");
    lines.into_iter().map(|line| format!("{} {}: {}", line.by.who, line.what, line.detail)).collect()
}

async fn fill(store: &Store, number: u128, at: impl Fn(u128) -> Timestamp) {
    let all: Vec<_> = (0..number).flat_map(|number| records(at(number), number)).collect();
    store.append_records(&all).await.expect("appended");
}

async fn pragma(store: &Store, name: &str) -> i64 {
    let text = sqlx::AssertSqlSafe(format!("PRAGMA {name}"));
    sqlx::query_scalar(text).fetch_one(store.pool()).await.expect("a number")
}

#[tokio::test]
async fn calls_older_than_their_time_go_whole_and_the_audit_says_how_many() {
    let (store, _folder) = opened().await;
    let now = at(0);
    let (old, edge, new) = (now - days(366), now - days(365), now - days(1));
    for (number, at) in (0..).zip([old, edge, new]) {
        store.append_records(&records(at, number)).await.expect("appended");
    }
    // The bank answered a year later what a caller of then had asked for.
    let late = CallRecord { call: call(old, 0), at: new, event: CallEvent::Noted { note: "late".into() } };
    store.append_records(&[late]).await.expect("appended");

    assert_eq!(store.calls_removed_before().await.expect("read"), None);
    assert_eq!(quick(&store).sweep(now).await.expect("swept"), 1);
    assert_eq!(calls(&store).await, [call(edge, 1), call(new, 2)]);
    assert_eq!(store.last_records(100).await.expect("read").len(), 6, "nothing is left of the old one");
    assert_eq!(store.calls_removed_before().await.expect("read"), Some(edge));
    assert_eq!(lines(&store).await, ["hotline serve records_removed: calls: 1, all before 2025-03-02 12:00 UTC"]);

    assert_eq!(quick(&store).sweep(now).await.expect("swept"), 0);
    assert_eq!(lines(&store).await.len(), 1, "no line for nothing");
}

#[tokio::test]
async fn a_change_whose_answer_is_not_known_stays_and_a_finished_one_goes_with_its_call() {
    let (store, _folder) = opened().await;
    let now = at(0);
    let (old, new) = (now - days(400), now - days(1));
    let (lost, done, recent) = ("lost", "done", "recent");
    for (key, at) in [(lost, old), (done, old), (recent, new)] {
        let request = BankRequest {
            id: RequestId(1),
            call: call(at, 1),
            operation: "bank.block_card".into(),
            params: Vec::new(),
            key: None,
            timeout: LIMIT,
        };
        let key = IdempotencyKey::new(key);
        store.journal_begin(&key, &request, at, at).await.expect("written");
        if key.as_str() != lost {
            let answer = BankAnswer { outcome: "ok".into(), fields: crate::model::Record::new() };
            store.journal_answer(&key, &answer, at).await.expect("written");
        }
    }
    quick(&store).sweep(now).await.expect("swept");
    let entry = async |key| store.journal_entry(&IdempotencyKey::new(key)).await.expect("read");
    assert!(matches!(entry(lost).await.expect("stays").state, JournalState::Pending { .. }));
    assert!(entry(done).await.is_none() && entry(recent).await.is_some());
}

#[tokio::test]
async fn many_old_records_go_while_calls_write_and_no_call_loses_one() {
    let (store, _folder) = opened().await;
    let now = at(0);
    fill(&store, 5_000, |_| now - days(500)).await;
    let recorder =
        Recorder::start(store.clone(), RecorderSettings { gather: Duration::from_millis(1), ..Default::default() });
    let removing = tokio::spawn({
        let retention = quick(&store);
        async move { retention.sweep(now).await }
    });
    let mut new = Vec::new();
    for number in 0..100 {
        for record in records(now, number) {
            recorder.record(record);
        }
        new.push(call(now, number));
        assert!(recorder.flush(LIMIT).await, "calls are written while old ones go");
    }
    assert_eq!(removing.await.expect("no panic").expect("swept"), 5_000);
    assert_eq!(calls(&store).await, new);
    let figures = recorder.figures();
    assert_eq!((figures.written, figures.dropped, figures.failures), (300, 0, 0));
}

#[tokio::test]
async fn what_a_stopped_server_removed_is_counted_in_the_next_line() {
    let (store, _folder) = opened().await;
    let now = at(0);
    fill(&store, 200, |_| now - days(500)).await;
    // One batch, then a power cut.
    assert!(store.remove_calls(now - days(365), 300).await.expect("removed"), "there is more");
    assert!(lines(&store).await.is_empty());
    assert_eq!(quick(&store).sweep(now).await.expect("swept"), 200);
    assert_eq!(lines(&store).await, ["hotline serve records_removed: calls: 200, all before 2025-03-02 12:00 UTC"]);
}

#[tokio::test]
async fn the_file_gives_its_space_back_little_by_little() {
    let (store, _folder) = opened().await;
    assert_eq!(pragma(&store, "auto_vacuum").await, 2, "a new store can give space back");
    let now = at(0);
    fill(&store, 5_000, |_| now - days(500)).await;
    let full = pragma(&store, "page_count").await;
    store.remove_calls(now, 100_000).await.expect("removed");
    store.give_space_back(20).await.expect("given");
    assert_eq!(pragma(&store, "page_count").await, full - 20, "no more at once than was asked");
    quick(&store).sweep(now).await.expect("swept");
    fill(&store, 5_000, |_| now - days(500)).await;
    quick(&store).sweep(now).await.expect("swept");
    let left = pragma(&store, "page_count").await;
    assert!(left * 3 < full, "{left} pages of {full}");
}
