//! What two sides may settle anew while a leg lives: offers in UPDATE and PRACK, offers of ours, the session timer.

use super::change::Change;
use super::early::Early;
use super::leg::Reoffered;
use super::reliable::Reliable;
use crate::model::Instant;
use crate::voip::sip::headers::{HeaderName, Headers};
use crate::voip::sip::session::{Agreed, SHORTEST};
use crate::voip::sip::transaction::wheel::TimerId;
use std::time::Duration;

/// The session of a leg, beside its dialog.
#[derive(Debug)]
pub(super) struct Session {
    /// Whether the peer takes UPDATE, as far as its Allow says.
    pub takes_update: bool,
    /// The longest Min-SE that was heard (RFC 4028 §7.4).
    pub least: Duration,
    /// How often our INVITE was refused for its interval.
    pub slowed: u8,
    /// When the call ends without a refresh.
    pub timer: Option<SessionTimer>,
    /// An UPDATE or PRACK whose offer waits for our answer.
    pub theirs: Option<Box<Reoffered>>,
    /// A change that we ask for.
    pub ours: Change,
    /// Our reliable provisional responses.
    pub reliable: Option<Box<Reliable>>,
    /// Dialogs that our INVITE has made and that have no final answer.
    pub early: Vec<Early>,
}

/// A session that ends unless it is refreshed.
#[derive(Debug)]
pub(super) struct SessionTimer {
    pub agreed: Agreed,
    /// When it ends.
    pub until: Instant,
    /// Runs until we refresh; `None` when the peer does.
    pub refresh: Option<TimerId>,
    pub end: TimerId,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            takes_update: false,
            least: SHORTEST,
            slowed: 0,
            timer: None,
            theirs: None,
            ours: Change::Settled,
            reliable: None,
            early: Vec::new(),
        }
    }
}

impl Session {
    /// Takes note of what the peer can.
    pub fn learn(&mut self, headers: &Headers) {
        if headers.has(HeaderName::Allow) {
            self.takes_update = headers.has_word(HeaderName::Allow, "UPDATE");
        }
    }

    /// The timers that run, which do not any more.
    pub fn take_timers(&mut self) -> Vec<TimerId> {
        let session = self.timer.take().map(|timer| [timer.refresh, Some(timer.end)]);
        let reliable = self.reliable.as_mut().and_then(|reliable| reliable.waiting.take());
        let reliable = reliable.map(|waiting| [waiting.repeat, waiting.overdue]);
        let change = std::mem::take(&mut self.ours).timer();
        session.into_iter().flatten().flatten().chain(reliable.into_iter().flatten()).chain(change).collect()
    }
}
