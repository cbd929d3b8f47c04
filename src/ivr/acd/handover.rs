//! Handing a caller over from one operator to another, or back into a queue, and calls between operators.
//!
//! ```text
//!  to:    Ready, WrapUp ── reserve ──▶ Reserved ── hand_over ──▶ Talking
//!                                         └────── unreserve ──▶ Ready
//!  from:  Talking ── hand_over, hand_to_queue, part ──▶ WrapUp, Ready
//! ```

use super::operator::Operator;
use super::waiting::{Waiting, Who};
use super::{Acd, OperatorState};
use crate::ivr::menu::Name;
use crate::model::{CallId, Now, OperatorId};
use std::time::Duration;

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
        self.turn += 1;
        let turn = self.turn;
        if let Some(operator) = self.operators.get_mut(to) {
            operator.last_turn = turn;
            operator.calls_today = operator.calls_today.saturating_add(1);
        }
        self.change(now.instant, to, OperatorState::Talking(call));
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
        let waited = talk.began.since(talk.entered);
        let mut ticket = talk.ticket;
        ticket.queue = queue.clone();
        ticket.skills = Vec::new();
        self.turn += 1;
        let waiting = Waiting::new(Who::Caller, ticket, now.instant, self.turn);
        self.insert(Waiting { before: waited, ..waiting });
        self.settle(now);
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
        let Some(policy) = self.policies.get(queue) else { return false };
        self.operators.values().any(|operator: &Operator| operator.is_present() && operator.has_any(&policy.skills))
    }

    /// Offers a waiting caller to another operator than the one whose phone rings, for that one has asked so. `false`
    /// when the other is not free; then nothing happens.
    pub fn redirect(&mut self, now: Now, call: CallId, from: &OperatorId, to: &OperatorId) -> bool {
        let is_free = self.operators.get(to).is_some_and(|operator| operator.is_free(now.instant));
        let Some(at) = self.position_of(call).filter(|_| is_free) else { return false };
        let ring =
            self.policies.get(&self.waiting[at].ticket.queue).map_or(Duration::from_secs(20), |policy| policy.ring);
        let waiting = &mut self.waiting[at];
        waiting.ringing.retain(|ringing| ringing.operator != *from);
        waiting.ringing.push(super::waiting::Ringing { operator: to.clone(), until: now.instant + ring });
        if let Some(operator) = self.operators.get_mut(from).filter(|operator| operator.reserved_for(call)) {
            operator.not_before = now.instant + super::REJECT_DELAY;
            let state = operator.free_state();
            self.change(now.instant, from, state);
        }
        self.change(now.instant, to, OperatorState::Reserved(call));
        self.commands.push_back(super::Command::Offer { call, operator: to.clone(), ring });
        self.settle(now);
        true
    }
}
