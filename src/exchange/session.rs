//! Sessions that change or are refreshed by our wish.

use super::Exchange;
use crate::model::Now;
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::LegId;

impl Exchange {
    /// A peer that knows no UPDATE must be offered the session that is in force once more (RFC 4028 §7.4).
    pub(super) fn on_refresh(&mut self, now: Now, leg: LegId) {
        let Some((_, description)) = self.description(leg) else { return };
        let (body, pending) = description.negotiation.repeat();
        description.pending = Some(pending);
        self.sip.reoffer(now.instant, leg, body.into_bytes());
    }

    /// The session goes on as it was.
    pub(super) fn on_reoffer_refused(&mut self, leg: LegId, status: Status) {
        tracing::info!(%leg, status = status.code(), "our offer was refused; the session goes on as it was");
        if let Some((_, description)) = self.description(leg) {
            description.pending = None;
        }
    }
}
