//! A change happens once, and its outcome becomes known.

use super::*;
use crate::io::store::{JournalState, Recorder, RecorderSettings, Store};
use crate::model::CallEvent;
use std::collections::VecDeque;

/// What the scripted bank does with one request.
enum Step {
    Answer(&'static str),
    /// Does it and never answers.
    Hang,
}

/// A bank that follows a script and notes what it was asked.
struct Script {
    steps: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<(String, Option<String>, usize)>>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into_iter().collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("not poisoned").len()
    }
}

impl Bank for Script {
    fn ask(&self, request: BankRequest) -> Answering<'_> {
        let key = request.key.as_ref().map(ToString::to_string);
        self.asked.lock().expect("not poisoned").push((request.operation.to_string(), key, request.params.len()));
        let step = self.steps.lock().expect("not poisoned").pop_front();
        Box::pin(async move {
            match step.expect("the bank is asked no more often than the script says") {
                Step::Answer(outcome) => BankAnswer {
                    outcome: outcome.into(),
                    fields: [("ticket".into(), Value::Digits("70512".into()))].into(),
                },
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

struct Bench {
    journal: Journal,
    store: Store,
    recorder: Recorder,
    clock: TestClock,
    folder: tempfile::TempDir,
}

async fn bench(bank: Arc<dyn Bank>) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    bench_in(folder, bank, TestClock::new()).await
}

async fn bench_in(folder: tempfile::TempDir, bank: Arc<dyn Bank>, clock: TestClock) -> Bench {
    let store = Store::open(folder.path()).await.expect("a store");
    let recorder = Recorder::start(store.clone(), RecorderSettings::default());
    let settings = JournalSettings {
        breaker: BreakerSettings { failures: 2, pause: Duration::from_secs(30) },
        ..JournalSettings::default()
    };
    let journal = Journal::new(bank, store.clone(), recorder.clone(), clock.now_fn(), settings);
    Bench { journal, store, recorder, clock, folder }
}

fn block(key: &str) -> BankRequest {
    let card = [("handle".into(), Value::Opaque("4321@-".into()))].into();
    keyed(
        key,
        request(
            "bank.block_card",
            vec![value("card", Value::Record(card)), value("reason", Value::Word("lost".into()))],
        ),
    )
}

fn impatient(request: BankRequest) -> BankRequest {
    BankRequest { timeout: Duration::from_millis(1), ..request }
}

impl Bench {
    async fn outcome(&self, request: BankRequest) -> String {
        self.journal.ask(request).await.outcome.to_string()
    }

    async fn state(&self, key: &str) -> Option<JournalState> {
        self.store.journal_entry(&IdempotencyKey::new(key)).await.expect("read").map(|entry| entry.state)
    }
}

#[tokio::test]
async fn the_same_key_is_sent_once_and_answered_twice() {
    let bank = Script::new([Step::Answer("blocked")]);
    let bench = bench(bank.clone()).await;
    let first = bench.journal.ask(block("k1")).await;
    assert_eq!(&*first.outcome, "blocked");
    assert_eq!(bench.journal.ask(block("k1")).await, first);
    assert_eq!(bank.asked(), 1);
}

#[tokio::test]
async fn a_change_is_in_the_journal_before_the_bank_hears_of_it() {
    struct Looks(Mutex<Option<Store>>);
    impl Bank for Looks {
        fn ask(&self, request: BankRequest) -> Answering<'_> {
            let store = self.0.lock().expect("not poisoned").clone().expect("a store");
            Box::pin(async move {
                let entry = store.journal_entry(&request.key.expect("a key")).await.expect("read").expect("written");
                assert!(matches!(entry.state, JournalState::Pending { .. }));
                BankAnswer::bare("blocked")
            })
        }
    }
    let bank = Arc::new(Looks(Mutex::default()));
    let bench = bench(bank.clone()).await;
    *bank.0.lock().expect("not poisoned") = Some(bench.store.clone());
    assert_eq!(bench.outcome(block("k1")).await, "blocked");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_then_asked_again_with_the_same_key_and_recorded() {
    let bank = Script::new([Step::Hang, Step::Answer("down"), Step::Answer("blocked")]);
    let bench = bench(bank.clone()).await;
    assert_eq!(bench.outcome(impatient(block("k1"))).await, "unknown");

    bench.journal.repeat_due().await.expect("looked");
    assert_eq!(bank.asked(), 1, "not before the pause is over");
    bench.clock.forward(Duration::from_secs(2));
    bench.journal.repeat_due().await.expect("looked");
    assert!(matches!(bench.state("k1").await, Some(JournalState::Pending { .. })), "down tells nothing of the first");
    bench.clock.forward(Duration::from_secs(4));
    bench.journal.repeat_due().await.expect("looked");

    let asked = bank.asked.lock().expect("not poisoned").clone();
    assert_eq!(asked, vec![("bank.block_card".to_owned(), Some("k1".to_owned()), 2); 3]);
    assert_eq!(bench.outcome(block("k1")).await, "blocked", "the caller who asks again gets the first answer");
    assert!(bench.recorder.flush(Duration::from_secs(20)).await);
    let events = bench.store.last_records(10).await.expect("read");
    assert!(matches!(&events[0].event, CallEvent::BankAnswered { outcome, .. } if &**outcome == "blocked"));
}

#[tokio::test]
async fn a_change_without_an_answer_survives_a_restart() {
    let before = bench(Script::new([Step::Hang])).await;
    assert_eq!(before.outcome(impatient(block("k1"))).await, "unknown");
    let Bench { journal, store, recorder, clock, folder } = before;
    drop((journal, recorder));
    store.close().await;

    let bank = Script::new([Step::Answer("blocked")]);
    let after = bench_in(folder, bank.clone(), clock).await;
    assert_eq!(after.clock.passed(), SignedDuration::ZERO, "resuming does not wait for the pause");
    after.journal.resume().await;
    after.journal.repeat_due().await.expect("looked");
    assert_eq!(bank.asked.lock().expect("not poisoned")[0].1.as_deref(), Some("k1"));
    assert!(matches!(after.state("k1").await, Some(JournalState::Answered(_))));
}

#[tokio::test]
async fn a_bank_that_was_down_did_nothing_and_is_not_asked_behind_the_callers_back() {
    let bank = Script::new([Step::Answer("down"), Step::Answer("blocked")]);
    let bench = bench(bank.clone()).await;
    assert_eq!(bench.outcome(block("k1")).await, "down");
    assert_eq!(bench.state("k1").await, Some(JournalState::NotSent));
    bench.clock.forward(Duration::from_secs(3_600));
    bench.journal.repeat_due().await.expect("looked");
    assert_eq!(bank.asked(), 1);
    assert_eq!(bench.outcome(block("k1")).await, "blocked", "the caller may try again");
}

#[tokio::test]
async fn down_after_a_lost_answer_is_still_unknown() {
    let bench = bench(Script::new([Step::Hang, Step::Answer("down")])).await;
    assert_eq!(bench.outcome(impatient(block("k1"))).await, "unknown");
    assert_eq!(bench.outcome(block("k1")).await, "unknown", "the first may have been done");
    assert!(matches!(bench.state("k1").await, Some(JournalState::Pending { .. })));
}

#[tokio::test]
async fn a_change_that_cannot_be_written_down_is_not_sent() {
    let bank = Script::new([]);
    let bench = bench(bank.clone()).await;
    let full = "CREATE TRIGGER disk_full BEFORE INSERT ON bank_journal BEGIN SELECT RAISE(ABORT, 'full'); END";
    sqlx::query(full).execute(bench.store.pool()).await.expect("a trigger");
    assert_eq!(bench.outcome(block("k1")).await, "down");
    assert_eq!(bank.asked(), 0);
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_down_and_leaves_nothing_behind() {
    let bench = bench(Script::new([Step::Hang])).await;
    assert_eq!(bench.outcome(impatient(request("bank.balance", vec![]))).await, "down");
    assert_eq!(bench.store.journal_pending().await.expect("read"), 0);
}

#[tokio::test]
async fn a_bank_that_keeps_failing_is_not_asked_until_the_pause_is_over() {
    let bank = Script::new([Step::Answer("down"), Step::Answer("down"), Step::Answer("ok"), Step::Answer("ok")]);
    let bench = bench(bank.clone()).await;
    for _ in 0..4 {
        assert_eq!(bench.outcome(request("bank.balance", vec![])).await, "down");
    }
    assert_eq!(bank.asked(), 2);
    bench.clock.forward(Duration::from_secs(30));
    for _ in 0..2 {
        assert_eq!(bench.outcome(request("bank.balance", vec![])).await, "ok");
    }
}

#[tokio::test]
async fn a_secret_is_never_in_the_store_and_such_a_change_is_not_repeated() {
    let bank = Script::new([Step::Hang]);
    let bench = bench(bank.clone()).await;
    let with_secret = BankRequest { params: vec![secret("975310")], ..block("k1") };
    assert_eq!(bench.outcome(impatient(with_secret)).await, "unknown");
    bench.clock.forward(Duration::from_secs(3_600));
    bench.journal.repeat_due().await.expect("looked");
    assert_eq!(bank.asked(), 1);
    bench.store.close().await;
    for file in std::fs::read_dir(bench.folder.path()).expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("read");
        assert!(!bytes.windows(6).any(|window| window == b"975310"));
    }
}

#[tokio::test]
async fn the_rates_are_asked_for_once_in_a_while_and_a_failure_is_not_kept() {
    let bank = Script::new([Step::Answer("down"), Step::Answer("ok"), Step::Answer("ok")]);
    let clock = TestClock::new();
    let lengths = [("bank.rates".into(), Duration::from_secs(300))].into();
    let cache = Cache::new(bank.clone(), lengths, clock.now_fn());
    let rates = async || cache.ask(request("bank.rates", vec![])).await.outcome.to_string();
    assert_eq!(rates().await, "down");
    for _ in 0..3 {
        assert_eq!(rates().await, "ok");
    }
    assert_eq!(bank.asked(), 2);
    clock.forward(Duration::from_secs(300));
    assert_eq!(rates().await, "ok");
    assert_eq!(bank.asked(), 3);
}

#[tokio::test]
async fn what_belongs_to_a_customer_is_never_kept() {
    let bank = Script::new([Step::Answer("ok"), Step::Answer("ok")]);
    let lengths = [("bank.balance".into(), Duration::from_secs(300))].into();
    let cache = Cache::new(bank.clone(), lengths, TestClock::new().now_fn());
    for _ in 0..2 {
        let card = value("card", Value::Opaque("4321@-".into()));
        assert_eq!(&*cache.ask(request("bank.balance", vec![card])).await.outcome, "ok");
    }
    assert_eq!(bank.asked(), 2);
}
