//! What the flow sees of the world outside the call.

use crate::ivr::menu::{Menu, QueueId, SwitchId};
use crate::ivr::speech::Inventory;
use std::time::Duration;

/// A read-only view, given at each call of the flow. Ids are those of the call's own menu version.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Whether each switch is on, by [`SwitchId`]; a switch not listed has the state the menu gives it.
    pub switches: &'a [bool],
    /// The estimated wait of each queue, by [`QueueId`]; `None` or not listed when nobody can know it.
    pub waits: &'a [Option<Duration>],
    /// Which recordings exist and how long they are.
    pub inventory: &'a dyn Inventory,
}

impl World<'_> {
    pub(super) fn switch(&self, menu: &Menu, id: SwitchId) -> bool {
        self.switches.get(usize::from(id.0)).copied().unwrap_or(menu[id].enabled)
    }

    pub(super) fn wait(&self, id: QueueId) -> Option<Duration> {
        self.waits.get(usize::from(id.0)).copied().flatten()
    }
}
