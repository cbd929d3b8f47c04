//! Finding the call whose place another is to take (RFC 3891 §3).

use super::leg::State;
use super::{Endpoint, LegId};
use crate::voip::sip::headers::Replaces;

/// What a Replaces names, seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// No call of ours: 481.
    Nobody,
    /// A call of ours that rings there.
    Ringing(LegId),
    /// A call that came in and has no answer: 481, for only who began a call may have it replaced early (§3).
    Unanswered(LegId),
    /// A call that stands.
    Standing(LegId),
    /// A call that is being hung up: 603.
    Over,
}

impl Replaces {
    /// Whether only a call without an answer may be replaced.
    #[must_use]
    pub fn is_early_only(&self) -> bool {
        self.params.has("early-only")
    }
}

impl Endpoint {
    /// The call that a Replaces names. Its `to-tag` is ours, its `from-tag` the peer's (§3).
    #[must_use]
    pub fn replaced(&self, replaces: &Replaces) -> Replaced {
        let tags = (replaces.params.get("to-tag"), replaces.params.get("from-tag"));
        let (Some(ours), Some(theirs)) = tags else { return Replaced::Nobody };
        let Some(leg) = self.by_tag.get(ours).copied() else { return Replaced::Nobody };
        let Some(found) = self.legs.get(leg.0) else { return Replaced::Nobody };
        let (dialog, what) = match &found.state {
            State::Calling(calling) => {
                let is_one = *calling.invite.call_id.as_str() == *replaces.word && calling.rings_at(theirs);
                return if is_one { Replaced::Ringing(leg) } else { Replaced::Nobody };
            }
            State::Cancelling(calling) => {
                let is_one = *calling.invite.call_id.as_str() == *replaces.word;
                return if is_one { Replaced::Over } else { Replaced::Nobody };
            }
            State::Offered(state) => (&*state.dialog, Replaced::Unanswered(leg)),
            State::Standing(state) => (&state.dialog, Replaced::Standing(leg)),
            State::Leaving(state) => (&state.dialog, Replaced::Over),
        };
        if dialog.is_named(&replaces.word, ours, theirs) { what } else { Replaced::Nobody }
    }
}
