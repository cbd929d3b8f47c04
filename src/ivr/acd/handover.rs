//! Handing a caller over from one operator to another, or back into a queue, and calls between operators.
//!
//! ```text
//!  to:    Ready, WrapUp ── reserve ──▶ Reserved ── hand_over ──▶ Talking
//!                                         └────── unreserve ──▶ Ready
//!  from:  Talking ── hand_over, hand_to_queue, part ──▶ WrapUp, Ready
//! ```

use super::waiting::{Waiting, Who};
use super::{Acd, OperatorState};
use crate::ivr::menu::Name;
use crate::model::{CallId, Now, OperatorId};

impl Acd {
    /// Keeps an operator from being offered callers, for a call that rings or stands outside of the queues. `false`
    /// for one who talks, is rung, takes a break or has no phone.
    pub fn reserve(&mut self, now: Now, call: CallId, id: &OperatorId) -> bool {
        let state = self.operators.get(id).map(|operator| &operator.state);
        if !matches!(state, Some(OperatorState::Ready | OperatorState::WrapUp(_))) {
            return false;
        }
        self.change(now.instant, id, OperatorState::Reserved(call));
        self.settle(now);
        true
    }

    /// Undoes [`Acd::reserve`], if it still holds.
    pub fn unreserve(&mut self, now: Now, call: CallId, id: &OperatorId) {
        let Some(operator) = self.operators.get(id).filter(|operator| operator.reserved_for(call)) else { return };
        let state = operator.free_state();
        self.change(now.instant, id, state);
        self.settle(now);
    }

    /// What an operator is reserved for goes on under another name; nobody is offered to them in between.
    pub fn move_reservation(&mut self, now: Now, (from, to): (CallId, CallId), id: &OperatorId) {
        if self.operators.get(id).is_some_and(|operator| operator.reserved_for(from)) {
            self.change(now.instant, id, OperatorState::Reserved(to));
        }
    }

    /// The operator has left a conversation whose caller is being handed over: what follows a talk follows it.
    pub fn part(&mut self, now: Now, call: CallId) {
        let Some(mut talk) = self.talks.remove(&call) else { return };
        self.release(now, &talk);
        talk.parted = true;
        self.talks.insert(call, talk);
        self.settle(now);
    }

    /// The conversation goes on with another operator.
    pub fn hand_over(&mut self, now: Now, call: CallId, to: &OperatorId) {
        let Some(mut talk) = self.talks.remove(&call) else { return };
        if talk.operator != *to {
            self.release(now, &talk);
            talk.operator = to.clone();
            talk.began = now.instant;
            talk.parted = false;
        }
        self.takes_call(now, to, call);
        self.talks.insert(call, talk);
        self.settle(now);
    }

    /// The caller goes into another queue; the wait before the conversation counts. `false` and nothing happens when
    /// there is no such queue, or nobody works for it.
    pub fn hand_to_queue(&mut self, now: Now, call: CallId, queue: &Name) -> bool {
        if !self.is_staffed(queue) {
            return false;
        }
        let Some(talk) = self.talks.remove(&call) else { return false };
        self.release(now, &talk);
        let waited = talk.waited;
        let mut ticket = talk.ticket;
        ticket.queue = queue.clone();
        ticket.skills = Vec::new();
        self.turn += 1;
        let waiting = Waiting::new(Who::Caller, ticket, now.instant, self.turn);
        self.insert(now, Waiting { before: waited, ..waiting });
        self.settle(now);
        self.tell(now, call);
        true
    }

    /// Whether an operator talks or is being rung.
    #[must_use]
    pub fn is_busy(&self, id: &OperatorId) -> bool {
        let state = self.operators.get(id).map(|operator| &operator.state);
        matches!(state, Some(OperatorState::Talking(_) | OperatorState::Reserved(_)))
    }

    /// Whether anybody at work serves a queue.
    #[must_use]
    pub fn is_staffed(&self, queue: &Name) -> bool {
        self.crews.regulars(queue).0.operators > 0
    }

    /// Offers a waiting caller to another operator than the one whose phone rings, for that one has asked so. `false`
    /// when the other is not free; then nothing happens.
    pub fn redirect(&mut self, now: Now, call: CallId, from: &OperatorId, to: &OperatorId) -> bool {
        let is_free = self.operators.get(to).is_some_and(|operator| operator.is_free(now.instant));
        let Some(rank) = self.rank_of(call).filter(|_| is_free) else { return false };
        if let Some(waiting) = self.waiting.get_mut(&rank) {
            waiting.stops_ringing(now.instant, from);
        }
        if self.operators.get(from).is_some_and(|operator| operator.reserved_for(call)) {
            self.let_rest(now.instant, from);
            self.let_go(now.instant, from);
        }
        self.ring(now, rank, to.clone());
        self.place(now, rank);
        self.settle(now);
        true
    }
}
