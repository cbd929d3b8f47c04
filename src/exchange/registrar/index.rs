//! Finds bindings by what messages and time bring, without a look at all of them: a flood of REGISTERs, or of
//! connections that close, costs no more with thousands of phones than with one.

use super::binding::Binding;
use crate::model::{Instant, OperatorId};
use crate::voip::sip::ConnectionId;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

/// What is known of all bindings.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// When each account's next binding runs out.
    ends: BTreeSet<(Instant, OperatorId)>,
    /// How many bindings are reached at an address.
    addresses: HashMap<SocketAddr, usize>,
    /// Whose bindings are reached over a connection.
    connections: HashMap<ConnectionId, BTreeSet<OperatorId>>,
}

impl Index {
    /// Takes the bindings of an account in.
    pub fn add(&mut self, operator: &OperatorId, bindings: &[Binding]) {
        if let Some(first) = first_end(bindings) {
            self.ends.insert((first, operator.clone()));
        }
        for binding in bindings {
            *self.addresses.entry(binding.target.peer.addr).or_default() += 1;
            if let Some(connection) = binding.target.peer.connection {
                self.connections.entry(connection).or_default().insert(operator.clone());
            }
        }
    }

    /// Forgets the bindings of an account: the same that were taken in.
    pub fn remove(&mut self, operator: &OperatorId, bindings: &[Binding]) {
        if let Some(first) = first_end(bindings) {
            self.ends.remove(&(first, operator.clone()));
        }
        for binding in bindings {
            let addr = binding.target.peer.addr;
            if let Some(count) = self.addresses.get_mut(&addr) {
                *count -= 1;
                if *count == 0 {
                    self.addresses.remove(&addr);
                }
            }
            if let Some(connection) = binding.target.peer.connection
                && let Some(operators) = self.connections.get_mut(&connection)
            {
                operators.remove(operator);
                if operators.is_empty() {
                    self.connections.remove(&connection);
                }
            }
        }
    }

    /// When the next binding of all runs out.
    pub fn next_end(&self) -> Option<Instant> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// An account of which a binding has run out.
    pub fn ended(&self, now: Instant) -> Option<OperatorId> {
        self.ends.first().filter(|(end, _)| *end <= now).map(|(_, operator)| operator.clone())
    }

    /// Whether a binding is reached at an address.
    pub fn is_at(&self, addr: SocketAddr) -> bool {
        self.addresses.contains_key(&addr)
    }

    /// Whose bindings are reached over a connection.
    pub fn over(&self, connection: ConnectionId) -> Vec<OperatorId> {
        self.connections.get(&connection).into_iter().flatten().cloned().collect()
    }

    #[cfg(test)]
    pub fn counts(&self) -> (usize, usize, usize) {
        let over = self.connections.values().map(BTreeSet::len).sum();
        (self.ends.len(), self.addresses.values().sum(), over)
    }
}

fn first_end(bindings: &[Binding]) -> Option<Instant> {
    bindings.iter().map(|binding| binding.until).min()
}
