//! Finds calls between operators by what is at hand, without a look at all of them.

use super::{Company, Consult};
use crate::model::{CallId, OperatorId};
use std::collections::HashMap;

/// Calls between operators: one that an operator has begun, and one in a caller's conversation.
#[derive(Default)]
pub(in crate::exchange) struct Consults {
    all: HashMap<CallId, Consult>,
    begun_by: HashMap<OperatorId, CallId>,
    with_caller: HashMap<CallId, CallId>,
}

impl Consults {
    pub fn insert(&mut self, id: CallId, consult: Consult) {
        self.begun_by.insert(consult.from.clone(), id);
        self.all.insert(id, consult);
    }

    pub fn remove(&mut self, id: CallId) -> Option<Consult> {
        let consult = self.all.remove(&id)?;
        self.begun_by.remove(&consult.from);
        Some(consult)
    }

    pub fn get(&self, id: CallId) -> Option<&Consult> {
        self.all.get(&id)
    }

    /// To change anything but who calls and who is in the conversation.
    pub fn get_mut(&mut self, id: CallId) -> Option<&mut Consult> {
        self.all.get_mut(&id)
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn ids(&self) -> impl Iterator<Item = CallId> {
        self.all.keys().copied()
    }

    /// Whether an operator has begun one.
    pub fn has(&self, operator: &OperatorId) -> bool {
        self.begun_by.contains_key(operator)
    }

    /// Says who is in the conversation.
    pub fn set_company(&mut self, id: CallId, company: Company) {
        let Some(consult) = self.all.get_mut(&id) else { return };
        if let Some(Company::Three(call)) = consult.company() {
            self.with_caller.remove(&call);
        }
        consult.set_company(company);
        if let Some(Company::Three(call)) = consult.company() {
            self.with_caller.insert(call, id);
        }
    }

    /// The one that a caller's conversation has been joined with.
    pub fn joined_with(&self, call: CallId) -> Option<CallId> {
        self.with_caller.get(&call).copied()
    }
}
