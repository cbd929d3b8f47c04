//! Phones of a lesser wish (`q`) have their turn when those before have rung for their part of the time, as a proxy that
//! forks one wish after the other does (RFC 3261 §16.6).
//!
//! ```text
//!   ring: 20s   q=1    ├── rings ──┤ CANCEL                 every wish has an equal part of what is left;
//!               q=0.5              ├── rings ──┤ withdrawn   one that refuses leaves its time to the next
//! ```
//!
//! The time is that of the queue (`ring`), or of transfers for a call between operators, whose last wish rings on until
//! the caller gives up.

use super::offers::Offer;
use super::ringing::Ringing;
use super::transfer::Stage;
use super::{Exchange, Owner};
use crate::ivr::acd::OfferFailure;
use crate::model::{CallId, Instant, Now, OperatorId};
use crate::voip::sip::Status;

/// For what phones ring.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    /// A caller or a ticket is offered to an operator.
    Offer(CallId, OperatorId),
    /// A caller is handed to an operator.
    Target(CallId),
    /// An operator calls another.
    Colleague(CallId),
}

impl Rung {
    fn of(owner: &Owner) -> Option<Self> {
        match owner {
            Owner::Operator(call, operator) | Owner::Waiter(call, operator) => {
                Some(Self::Offer(*call, operator.clone()))
            }
            Owner::Target(call) => Some(Self::Target(*call)),
            Owner::Consulted(id) => Some(Self::Colleague(*id)),
            Owner::Caller(_)
            | Owner::Customer(_)
            | Owner::Code(_)
            | Owner::Consulting(_)
            | Owner::Taking(_)
            | Owner::Supervisor(_)
            | Owner::Parting(_) => None,
        }
    }
}

impl Exchange {
    /// Notes when those of the next wish have their turn.
    pub(super) fn set_turn(&mut self, now: Now, ringing: &mut Ringing, owner: &Owner) {
        let Some(rung) = Rung::of(owner) else { return };
        let turn = ringing.next_turn(now.instant);
        if let Some(before) = std::mem::replace(&mut ringing.turn, turn) {
            self.turns.remove(&(before, rung.clone()));
        }
        if let Some(turn) = turn {
            self.turns.insert((turn, rung));
        }
    }

    /// Those who have rung for their time give way to the next.
    pub(super) fn turns_over(&mut self, now: Now) {
        while let Some((at, rung)) = self.turns.first().filter(|(at, _)| *at <= now.instant).cloned() {
            self.turns.remove(&(at, rung.clone()));
            match rung {
                Rung::Offer(call, operator) => self.turn_of_offer(now, at, &(call, operator)),
                Rung::Target(call) => self.turn_of_target(now, at, call),
                Rung::Colleague(id) => self.turn_of_colleague(now, at, id),
            }
        }
    }

    /// When to call [`Exchange::turns_over`].
    pub(super) fn turns_due(&self) -> Option<Instant> {
        self.turns.first().map(|(at, _)| *at)
    }

    fn turn_of_offer(&mut self, now: Now, at: Instant, key: &(CallId, OperatorId)) {
        let Some(mut offer) = self.offers.remove(key) else { return };
        let rings = match &mut offer {
            Offer::Inviting(inviting) if inviting.ringing.turn == Some(at) => {
                let owner = self.streams.get(&inviting.stream).cloned();
                owner.is_some_and(|owner| self.ring_lesser(now, &mut inviting.ringing, &owner))
            }
            Offer::Inviting(_) | Offer::Binding { .. } => true,
        };
        self.offers.insert(key.clone(), offer);
        if !rings {
            self.offer_failed(now, key.0, &key.1, OfferFailure::NoAnswer);
        }
    }

    fn turn_of_target(&mut self, now: Now, at: Instant, call: CallId) {
        let Some(transfer) = self.transfer(call) else { return };
        let mut stage = std::mem::replace(&mut transfer.stage, Stage::Referring);
        let rings = match &mut stage {
            Stage::Inviting(inviting) if inviting.ringing.turn == Some(at) => {
                self.ring_lesser(now, &mut inviting.ringing, &Owner::Target(call))
            }
            Stage::Inviting(_) | Stage::Binding(_) | Stage::Bridged(_) | Stage::Referring => true,
        };
        self.set_stage(call, stage);
        if !rings {
            self.transfer_failed(now, call, Status::REQUEST_TIMEOUT, "no_answer");
        }
    }

    fn turn_of_colleague(&mut self, now: Now, at: Instant, id: CallId) {
        let Some(mut consult) = self.consults.remove(id) else { return };
        let rings = match consult.ringing() {
            Some(ringing) if ringing.turn == Some(at) => self.ring_lesser(now, ringing, &Owner::Consulted(id)),
            Some(_) | None => true,
        };
        self.consults.insert(id, consult);
        if !rings {
            self.end_consult(now, id, None, Status::TEMPORARILY_UNAVAILABLE);
        }
    }
}
