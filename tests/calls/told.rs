//! What the call records of a stage tell, in words.

use super::stage::Stage;
use hotline::model::{CallEvent, Cause};

impl Stage {
    pub fn causes(&self) -> Vec<Cause> {
        self.events(|event| if let CallEvent::Ended { cause, .. } = event { Some(*cause) } else { None })
    }

    pub fn queues(&self) -> String {
        let queue = |event: &CallEvent| match event {
            CallEvent::Queued { queue } => Some(queue.to_string()),
            _ => None,
        };
        self.events(queue).join(" ")
    }

    pub fn notes(&self) -> String {
        let note = |event: &CallEvent| match event {
            CallEvent::Noted { note } => Some(note.to_string()),
            _ => None,
        };
        self.events(note).join(" ")
    }

    /// How each queue was left without a conversation: `nobody`, `abandoned`, `timeout`, `left`.
    pub fn left(&self) -> String {
        let left = |event: &CallEvent| match event {
            CallEvent::QueueLeft { outcome, .. } => Some(outcome.to_string()),
            _ => None,
        };
        self.events(left).join(" ")
    }

    /// Offers that failed: `anna no_answer`.
    pub fn failed_offers(&self) -> String {
        let failed = |event: &CallEvent| match event {
            CallEvent::OfferFailed { operator, reason } => Some(format!("{operator} {reason}")),
            _ => None,
        };
        self.events(failed).join(", ")
    }

    /// The exchange keeps nothing of any call.
    pub fn assert_nothing_kept(&self, what: &str) {
        // The stage tells the end of streams that were opened, and only of those; its bank may answer never.
        let not_here = ["streams that close", "requests to the bank"];
        let kept = self.exchange.tables().into_iter().filter(|(name, _)| !not_here.contains(name));
        let kept: Vec<_> = kept.filter(|(_, entries)| *entries > 0).collect();
        assert_eq!(kept, [], "{what}");
    }
}
