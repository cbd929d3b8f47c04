//! The bank behind one trait. An adapter carries a request to it; [`Journal`] sees to it that a change is done once
//! and its outcome becomes known; [`Cache`] keeps what everybody asks for; [`Sandbox`] is the bank that is there
//! without one. A server asks `Cache(Journal(adapter))`.

mod breaker;
mod cache;
mod journal;
mod sandbox;

pub use breaker::BreakerSettings;
pub use cache::Cache;
pub use journal::{Journal, JournalSettings};
pub use sandbox::{Behaviour, DEMO_CARDS, DEMO_CODE, DemoCard, DemoLoan, DemoOperation, Sandbox, SandboxSettings};

use crate::model::{BankAnswer, BankRequest, Now};
use std::pin::Pin;
use std::sync::Arc;

/// The clock a bank is handed: both clocks now.
pub type NowFn = Arc<dyn Fn() -> Now + Send + Sync>;

/// An answer that will come.
pub type Answering<'a> = Pin<Box<dyn Future<Output = BankAnswer> + Send + 'a>>;

/// Whatever stands behind the adapter: the sandbox, an HTTP service, a script of a test.
pub trait Bank: Send + Sync {
    /// Asks the bank and gives its answer. An adapter may take as long as the bank does; whoever asks sets the limit.
    ///
    /// [`BankAnswer::DOWN`] means that nothing was done. An adapter that sent a change and lost the answer must say
    /// [`BankAnswer::UNKNOWN`], and must let the bank recognise a repeat by [`BankRequest::key`].
    fn ask(&self, request: BankRequest) -> Answering<'_>;
}

#[cfg(test)]
mod tests;
