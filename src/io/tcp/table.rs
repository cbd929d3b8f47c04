//! The connections there are, counted by source and by whether they have brought anything.

use super::TcpLimits;
use super::connection::Link;
use crate::voip::sip::peer::ConnectionId;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

/// A number is in `by_id` exactly while its source is counted; in `half_open`, while it has brought nothing.
#[derive(Debug, Default)]
pub(super) struct Table {
    by_id: HashMap<ConnectionId, (IpAddr, Link)>,
    by_source: HashMap<IpAddr, Counted>,
    /// Numbers grow: the first is the oldest.
    half_open: BTreeSet<ConnectionId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    all: usize,
    half_open: usize,
}

impl Table {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn half_open(&self) -> usize {
        self.half_open.len()
    }

    pub fn link(&self, id: ConnectionId) -> Option<&Link> {
        self.by_id.get(&id).map(|(_, link)| link)
    }

    /// Whether one more of a source may come, and how many half open ones were closed for it; `None` at a cap.
    pub fn make_room(&mut self, source: IpAddr, limits: &TcpLimits, accepted: bool) -> Option<u8> {
        let counted = self.by_source.get(&source).copied().unwrap_or_default();
        if counted.all >= limits.per_source || (accepted && counted.half_open >= limits.half_open_per_source) {
            return None;
        }
        let crowded = accepted && self.half_open.len() >= limits.half_open;
        if !crowded && self.by_id.len() < limits.connections {
            return Some(0);
        }
        // Who is honest is through its handshake long before it is the oldest.
        let oldest = *self.half_open.first()?;
        self.remove(oldest);
        Some(1)
    }

    pub fn insert(&mut self, id: ConnectionId, source: IpAddr, link: Link, is_half_open: bool) {
        self.by_id.insert(id, (source, link));
        let counted = self.by_source.entry(source).or_default();
        counted.all += 1;
        if is_half_open {
            counted.half_open += 1;
            self.half_open.insert(id);
        }
    }

    /// The first bytes of a connection have come.
    pub fn heard(&mut self, id: ConnectionId) {
        if self.half_open.remove(&id)
            && let Some((source, _)) = self.by_id.get(&id)
            && let Some(counted) = self.by_source.get_mut(source)
        {
            counted.half_open -= 1;
        }
    }

    /// Forgets a connection; without its link the task that carries it ends.
    pub fn remove(&mut self, id: ConnectionId) {
        self.heard(id);
        let Some((source, _)) = self.by_id.remove(&id) else { return };
        if let Some(counted) = self.by_source.get_mut(&source) {
            counted.all -= 1;
            if counted.all == 0 {
                self.by_source.remove(&source);
            }
        }
    }
}
