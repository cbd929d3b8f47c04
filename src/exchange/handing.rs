//! An operator's phone asks us to hand its caller to somebody else.

use super::Exchange;
use crate::model::Now;
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::Referred;

impl Exchange {
    /// REFER within a call.
    pub(super) fn on_referred(&mut self, now: Now, referred: Referred) {
        self.sip.refuse_refer(now.instant, referred.token, Status::FORBIDDEN);
    }
}
