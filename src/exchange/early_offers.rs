//! Offers of those we call, before they answer: an UPDATE in an early dialog (RFC 3311 §5.2, RFC 6337 §2.2).
//!
//! ```text
//!   INVITE, our offer ──▶ reliable 183, the answer ── UPDATE ──▶ 200: the session of that dialog is another
//!                                                         └────▶ 488: nothing in common, it stays as it was
//!
//!   200 of that dialog  ──▶ what was agreed last is in force, whatever the 200 describes
//!   200 of another one  ──▶ its own answer to the INVITE is
//! ```
//!
//! Every phone that rings has a dialog of its own, and so has every branch that a proxy has forked: what one of them
//! wants changes nothing for the others, though all were offered the same.

use super::arrival::{answer_offer, refusal};
use super::call::Phase;
use super::offers::Offer;
use super::{Exchange, Owner};
use crate::model::Now;
use crate::voip::sdp::{Negotiated, Negotiation, NegotiationError, PendingOffer};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{EarlyId, LegId};
use std::collections::HashMap;

/// What was agreed in a dialog before its answer.
struct EarlySession {
    early: EarlyId,
    negotiation: Negotiation,
    negotiated: Negotiated,
}

/// What was agreed with those who have not answered: of calls of ours alone, at most one for each of the 16 dialogs
/// that the endpoint keeps of a leg, and until that is over.
#[derive(Default)]
pub(super) struct EarlySessions(HashMap<LegId, Vec<EarlySession>>);

impl EarlySessions {
    fn take(&mut self, leg: LegId, early: EarlyId) -> Option<EarlySession> {
        let all = self.0.get_mut(&leg)?;
        let at = all.iter().position(|session| session.early == early)?;
        Some(all.swap_remove(at))
    }

    fn put(&mut self, leg: LegId, session: EarlySession) {
        self.0.entry(leg).or_default().push(session);
    }

    /// A dialog has become the call: what was agreed in the others is void.
    pub fn answered(&mut self, leg: LegId, early: Option<EarlyId>) {
        let session = early.and_then(|early| self.take(leg, early));
        self.leg_over(leg);
        if let Some(session) = session {
            self.put(leg, session);
        }
    }

    /// Nothing of a leg is kept any more.
    pub fn leg_over(&mut self, leg: LegId) {
        self.0.remove(&leg);
    }
}

impl Exchange {
    /// Somebody we call wants another session before they answer.
    pub(super) fn on_early_offer(&mut self, now: Now, leg: LegId, early: EarlyId, offer: &[u8]) {
        let (mut negotiation, before) = match self.early_sessions.take(leg, early) {
            Some(session) => (session.negotiation, Some(session.negotiated)),
            None => match self.invited_with(leg).map(Negotiation::branched) {
                Some(negotiation) => (negotiation, None),
                None => return self.sip.refuse_reoffer(now.instant, leg, Status::NOT_ACCEPTABLE_HERE),
            },
        };
        let agreed = match answer_offer(&mut negotiation, offer) {
            Ok((body, negotiated)) => {
                self.sip.answer_reoffer(now.instant, leg, body.into_bytes());
                self.early_sound(leg, &negotiated);
                Some(negotiated)
            }
            Err(error) => {
                tracing::info!(%leg, %error, "an offer before the answer cannot be accepted; the session stays");
                self.sip.refuse_reoffer(now.instant, leg, refusal(&error));
                before
            }
        };
        if let Some(negotiated) = agreed {
            self.early_sessions.put(leg, EarlySession { early, negotiation, negotiated });
        }
    }

    /// What is in force with somebody who has answered: what was agreed before, else their answer to our offer.
    pub(super) fn agreed(
        &mut self,
        leg: LegId,
        (negotiation, pending): (Negotiation, PendingOffer),
        answer: Option<&[u8]>,
    ) -> Result<(Negotiation, Negotiated), NegotiationError> {
        match self.early_sessions.0.remove(&leg).and_then(|mut all| all.pop()) {
            Some(session) => Ok((session.negotiation, session.negotiated)),
            None => Ok((negotiation, pending.accept(answer.unwrap_or_default())?)),
        }
    }

    /// Our side of the descriptions, as the INVITE to somebody who rings has it.
    fn invited_with(&mut self, leg: LegId) -> Option<&mut Negotiation> {
        match self.legs.get(&leg)?.clone() {
            Owner::Operator(call, operator) | Owner::Waiter(call, operator) => {
                match self.offers.get_mut(&(call, operator))? {
                    Offer::Inviting(inviting) => Some(&mut inviting.negotiation),
                    Offer::Binding { .. } => None,
                }
            }
            Owner::Target(call) => self.early(call).map(|inviting| &mut inviting.negotiation),
            Owner::Consulted(id) => self.consults.get_mut(id)?.invited_with(),
            Owner::Caller(call) => match &mut self.calls.get_mut(&call)?.phase {
                Phase::Calling(calling) => Some(&mut calling.negotiation),
                Phase::Opening(_) | Phase::TurnedAway(_) | Phase::Answered(_) | Phase::Standing(_) => None,
            },
            Owner::Customer(_)
            | Owner::Code(_)
            | Owner::Consulting(_)
            | Owner::Taking(_)
            | Owner::Supervisor(_)
            | Owner::Parting(_) => None,
        }
    }

    /// What the target of a transfer says early goes on as it was agreed.
    fn early_sound(&mut self, leg: LegId, negotiated: &Negotiated) {
        let Some(Owner::Target(call)) = self.legs.get(&leg).cloned() else { return };
        let open = self.early(call).filter(|inviting| inviting.early.is_open());
        let Some((stream, early)) = open.map(|inviting| (inviting.stream, inviting.early)) else { return };
        self.begin_sound(stream, early, negotiated.clone());
    }
}
