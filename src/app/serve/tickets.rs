//! Open callbacks on their way into the store, one after the other: what was said last is what is kept.

use crate::io::store::{Store, StoreError};
use crate::ivr::acd::CallbackTicket;
use crate::model::CallId;
use tokio::sync::mpsc;

/// Changes that may wait for the store.
const WAITING: usize = 1_024;

/// What is to be written.
enum Change {
    Keep(Box<CallbackTicket>),
    Forget(CallId),
}

/// Writes tickets beside the loop.
pub(super) struct Tickets(mpsc::Sender<Change>);

impl Tickets {
    /// Begins to write; ends when it is dropped and everything is written.
    pub fn start(store: Store) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, mut changes) = mpsc::channel(WAITING);
        let writing = tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                if let Err(error) = write(&store, change).await {
                    tracing::error!(%error, "an open callback could not be written; a restart would forget it");
                }
            }
        });
        (Self(sender), writing)
    }

    /// Keeps a ticket in the place of an earlier state of it.
    pub fn keep(&self, ticket: Box<CallbackTicket>) {
        self.send(Change::Keep(ticket));
    }

    /// Forgets a ticket.
    pub fn forget(&self, ticket: CallId) {
        self.send(Change::Forget(ticket));
    }

    fn send(&self, change: Change) {
        if self.0.try_send(change).is_err() {
            tracing::error!("the store is too slow: an open callback was not written");
        }
    }
}

async fn write(store: &Store, change: Change) -> Result<(), StoreError> {
    match change {
        Change::Keep(ticket) => store.keep_ticket(&ticket).await,
        Change::Forget(ticket) => store.forget_ticket(ticket).await,
    }
}
