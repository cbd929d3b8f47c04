//! What makes a change at the bank happen once and its outcome become known.
//!
//! A request with a key is written down before it is sent. Its first definite answer is kept, and every repeat of the
//! key gets it. When the answer is lost, the caller is told so, and the same request with the same key is sent
//! again, with growing pauses and across restarts, until the bank has answered.
//!
//! ```text
//!                 written          answered
//!   (new key) ──▶ pending ───────────────────▶ answered: every repeat gets this
//!                  │   ▲ answer lost: the caller hears `unknown`, it is sent again
//!      not sent    ▼   │ repeated by the caller
//!               not_sent: the caller hears `down`, nothing happens behind his back
//! ```

use super::breaker::{Breaker, BreakerSettings};
use super::{Answering, Bank, NowFn};
use crate::io::store::{JournalEntry, JournalState, Recorder, Store, StoreError};
use crate::model::{BankAnswer, BankRequest, CallEvent, CallRecord, IdempotencyKey, Param, RequestId};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};

/// How the journal works; the default suits a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// When an operation counts as broken.
    pub breaker: BreakerSettings,
    /// The pause before a lost answer is first asked for again; each further one is twice as long.
    pub first_retry: Duration,
    /// The longest such pause.
    pub longest_retry: Duration,
    /// How long the bank may take to answer a repeat, when no caller waits any longer.
    pub retry_timeout: Duration,
    /// How often it is looked whether a repeat is due.
    pub look_every: Duration,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            breaker: BreakerSettings::default(),
            first_retry: Duration::from_secs(2),
            longest_retry: Duration::from_secs(300),
            retry_timeout: Duration::from_secs(30),
            look_every: Duration::from_secs(1),
        }
    }
}

/// Repeats under way at once.
const REPEATS: u32 = 16;

/// A bank whose changes are written down. Clones share it.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    bank: Arc<dyn Bank>,
    store: Store,
    recorder: Recorder,
    now: NowFn,
    settings: JournalSettings,
    breaker: Mutex<Breaker>,
}

/// What became of a request within its deadline.
enum Reply {
    /// An outcome of the operation itself.
    Definite(BankAnswer),
    /// Nothing was sent.
    NotSent,
    /// It was sent; what became of it is not known.
    Lost,
}

impl Bank for Journal {
    /// Asks the bank within [`BankRequest::timeout`]. Let it run to its end even when the caller hangs up: a future
    /// that is dropped leaves the change to the repeats.
    fn ask(&self, request: BankRequest) -> Answering<'_> {
        Box::pin(async move {
            match request.key.clone() {
                Some(key) => self.shared.change(&key, request).await,
                None => self.shared.read(request).await,
            }
        })
    }
}

impl Journal {
    /// The journal of `bank` in `store`. Answers that come after the caller stopped waiting are recorded as events
    /// of the call.
    #[must_use]
    pub fn new(bank: Arc<dyn Bank>, store: Store, recorder: Recorder, now: NowFn, settings: JournalSettings) -> Self {
        let breaker = Mutex::new(Breaker::new(settings.breaker));
        Self { shared: Arc::new(Shared { bank, store, recorder, now, settings, breaker }) }
    }

    /// Starts the task that repeats changes without an answer, beginning with those an earlier run left. It ends
    /// when it is aborted.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start_repeats(&self) -> JoinHandle<()> {
        let journal = self.clone();
        tokio::spawn(async move {
            journal.resume().await;
            let mut look = tokio::time::interval(journal.shared.settings.look_every);
            look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                look.tick().await;
                if let Err(error) = journal.repeat_due().await {
                    tracing::error!(%error, "changes without an answer cannot be read; trying again");
                }
            }
        })
    }

    pub(super) async fn resume(&self) {
        match self.shared.store.journal_resume((self.shared.now)().wall).await {
            Ok(0) => {}
            Ok(pending) => tracing::warn!(pending, "changes at the bank have no answer yet; asking again"),
            Err(error) => tracing::error!(%error, "changes without an answer cannot be resumed"),
        }
    }

    /// Sends every change again whose answer is due to be asked for, and waits for the answers.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn repeat_due(&self) -> Result<(), StoreError> {
        let due = self.shared.store.journal_due((self.shared.now)().wall, REPEATS).await?;
        let mut repeats = JoinSet::new();
        for entry in due {
            let shared = Arc::clone(&self.shared);
            repeats.spawn(async move { shared.repeat(entry).await });
        }
        while let Some(repeat) = repeats.join_next().await {
            if let Err(error) = repeat {
                tracing::error!(%error, "a repeat of a change ended early");
            }
        }
        Ok(())
    }
}

impl Shared {
    async fn read(&self, request: BankRequest) -> BankAnswer {
        match self.send(request).await {
            Reply::Definite(answer) => answer,
            Reply::NotSent | Reply::Lost => BankAnswer::bare(BankAnswer::DOWN),
        }
    }

    async fn change(&self, key: &IdempotencyKey, request: BankRequest) -> BankAnswer {
        let now = (self.now)().wall;
        // The repeats leave it alone until this attempt must be over.
        let next_at = after(now, request.timeout + self.settings.first_retry);
        let before = match self.store.journal_begin(key, &request, now, next_at).await {
            Ok(before) => before,
            Err(error) => {
                tracing::error!(%error, call = %request.call, "a change cannot be written down, so it is not sent");
                return BankAnswer::bare(BankAnswer::DOWN);
            }
        };
        let perhaps_sent = match before.map(|entry| entry.state) {
            Some(JournalState::Answered(answer)) => return answer,
            Some(JournalState::Pending { .. }) => true,
            Some(JournalState::NotSent) | None => false,
        };
        let call = request.call;
        let reply = self.send(request).await;
        match reply {
            Reply::Definite(answer) => self.keep(key, answer).await,
            Reply::NotSent if !perhaps_sent => {
                if let Err(error) = self.store.journal_not_sent(key).await {
                    tracing::error!(%error, %call, "a change was not sent, and that cannot be written; it will be repeated");
                    return BankAnswer::bare(BankAnswer::UNKNOWN);
                }
                BankAnswer::bare(BankAnswer::DOWN)
            }
            Reply::NotSent | Reply::Lost => {
                tracing::warn!(%call, "a change was sent to the bank and its answer was lost; it will be repeated");
                let next_at = after((self.now)().wall, self.settings.first_retry);
                if let Err(error) = self.store.journal_unknown(key, next_at).await {
                    tracing::error!(%error, %call, "the loss of an answer cannot be written");
                }
                BankAnswer::bare(BankAnswer::UNKNOWN)
            }
        }
    }

    /// Keeps a definite answer; the first one wins.
    async fn keep(&self, key: &IdempotencyKey, answer: BankAnswer) -> BankAnswer {
        match self.store.journal_answer(key, &answer, (self.now)().wall).await {
            Ok(first) => first,
            Err(error) => {
                // It stays pending: a repeat gets the same answer from the bank by its key.
                tracing::error!(%error, "an answer of the bank cannot be written");
                answer
            }
        }
    }

    /// Sends through the breaker and within the deadline.
    async fn send(&self, request: BankRequest) -> Reply {
        let operation = Arc::clone(&request.operation);
        if !self.with_breaker(|breaker| breaker.admits(&operation, (self.now)().instant)) {
            return Reply::NotSent;
        }
        let limit = request.timeout;
        let Ok(answer) = tokio::time::timeout(limit, self.bank.ask(request)).await else {
            tracing::warn!(operation = &*operation, ?limit, "the bank did not answer in time");
            self.with_breaker(|breaker| breaker.failed(&operation, (self.now)().instant));
            return Reply::Lost;
        };
        let reply = classify(answer);
        match &reply {
            Reply::Definite(_) => self.with_breaker(|breaker| breaker.succeeded(&operation)),
            Reply::NotSent => self.with_breaker(|breaker| breaker.failed(&operation, (self.now)().instant)),
            // The bank was reached; that one answer got lost says nothing of the next.
            Reply::Lost => {}
        }
        reply
    }

    /// Sends a change again that has no answer; no caller waits.
    async fn repeat(&self, entry: JournalEntry) {
        let JournalEntry { key, call, operation, params, attempts, .. } = entry;
        let pause = backoff(self.settings, attempts);
        let next_at = after((self.now)().wall, self.settings.retry_timeout + pause);
        if let Err(error) = self.store.journal_retry(&key, next_at).await {
            tracing::error!(%error, %call, "a repeat cannot be written down, so it is not sent");
            return;
        }
        let request = BankRequest {
            id: RequestId(0),
            call,
            operation: Arc::clone(&operation),
            params: params.into_iter().map(|(name, value)| (name, Param::Value(value))).collect(),
            key: Some(key.clone()),
            timeout: self.settings.retry_timeout,
        };
        let began = (self.now)();
        let asked = tokio::time::timeout(self.settings.retry_timeout, self.bank.ask(request)).await;
        match asked.map(classify) {
            Ok(Reply::Definite(answer)) => {
                let answer = self.keep(&key, answer).await;
                let outcome = &*answer.outcome;
                tracing::warn!(%call, operation = &*operation, outcome, attempts, "a lost answer is known now");
                let ended = (self.now)();
                let took = ended.instant - began.instant;
                let event = CallEvent::BankAnswered { operation, outcome: answer.outcome, took };
                self.recorder.record(CallRecord { call, at: ended.wall, event });
            }
            Ok(Reply::NotSent | Reply::Lost) | Err(_) => {
                let next_at = after((self.now)().wall, pause);
                tracing::warn!(%call, operation = &*operation, attempts, ?pause, "a change still has no answer");
                if let Err(error) = self.store.journal_unknown(&key, next_at).await {
                    tracing::error!(%error, %call, "the next repeat cannot be written");
                }
            }
        }
    }

    fn with_breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn classify(answer: BankAnswer) -> Reply {
    match &*answer.outcome {
        BankAnswer::DOWN => Reply::NotSent,
        BankAnswer::UNKNOWN => Reply::Lost,
        _ => Reply::Definite(answer),
    }
}

/// The pause after `attempts` that were not answered.
fn backoff(settings: JournalSettings, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    settings.first_retry.saturating_mul(1 << doublings).min(settings.longest_retry)
}

fn after(now: Timestamp, length: Duration) -> Timestamp {
    SignedDuration::try_from(length).ok().and_then(|length| now.checked_add(length).ok()).unwrap_or(Timestamp::MAX)
}
