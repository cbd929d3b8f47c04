//! The transfers of one call.

use super::clock;
use crate::io::store::millis;
use crate::model::CallEvent;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

/// One attempt to hand the caller over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TransferVisit {
    target: Arc<str>,
    refer: bool,
    took: Option<Duration>,
    failed: Option<Arc<str>>,
    talked: Option<Duration>,
    /// The operator who handed the caller over, and what became of it.
    by: Option<(Arc<str>, Arc<str>)>,
}

/// Adds what an event tells of transfers to them.
pub(super) fn add(transfers: &mut Vec<TransferVisit>, event: CallEvent) {
    if let CallEvent::TransferBegan { target, refer } = event {
        transfers.push(TransferVisit { target, refer, ..TransferVisit::default() });
        return;
    }
    if let CallEvent::HandOver { by, to, outcome, .. } = event {
        let by = Some((by.as_str().into(), outcome));
        transfers.push(TransferVisit { target: to, by, ..TransferVisit::default() });
        return;
    }
    let Some(last) = transfers.last_mut() else { return };
    match event {
        CallEvent::Transferred { took, .. } => last.took = Some(took),
        CallEvent::TransferFailed { reason, .. } => last.failed = Some(reason),
        CallEvent::TransferEnded { talked, .. } => last.talked = Some(talked),
        _ => {}
    }
}

impl TransferVisit {
    pub(super) fn text(&self) -> String {
        if let Some((by, outcome)) = &self.by {
            return format!("{}: handed over by {by}, {outcome}", self.target);
        }
        let mut parts = vec![if self.refer { "by REFER" } else { "by a bridge" }.to_owned()];
        parts.extend(self.took.map(|took| format!("taken after {}", clock(took))));
        parts.extend(self.failed.as_ref().map(ToString::to_string));
        parts.extend(self.talked.map(|talked| format!("talked {}", clock(talked))));
        format!("{}: {}", self.target, parts.join(", "))
    }

    pub(super) fn json(&self) -> Json {
        json!({
            "target": &*self.target,
            "refer": self.refer,
            "took_ms": self.took.map(millis),
            "failed": self.failed.as_deref(),
            "by": self.by.as_ref().map(|(by, _)| &**by),
            "outcome": self.by.as_ref().map(|(_, outcome)| &**outcome),
            "talked_ms": self.talked.map(millis),
        })
    }
}
