//! Which options, silences, wrong keys and results of queues a call came to: what its records do not tell.

use super::results::{self, Handled};
use crate::ivr::flow::{CallFlow, Event, StateName};
use crate::ivr::menu::{Inherited, Menu, MenuId, Node, Origin, Place, Step, StepId, TaskId, Text, Trouble};
use crate::model::{Digit, Instant};
use std::collections::BTreeSet;

/// A place that waits for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    Menu(u16),
    Step(u16, u16),
}

/// An entry of a trouble list: of silences or of wrong keys, which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Whose list; `None` is the one that is inherited.
    pub(super) spot: Option<Spot>,
    pub(super) silence: bool,
    /// From 0.
    pub(super) index: usize,
}

/// What was come to, over any number of calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Menus by their index, with the key.
    pub(super) options: BTreeSet<(u16, Digit)>,
    pub(super) troubles: BTreeSet<Entry>,
    pub(super) results: BTreeSet<Handled>,
}

impl Seen {
    pub(super) fn add(&mut self, other: &Self) {
        self.options.extend(&other.options);
        self.troubles.extend(&other.troubles);
        self.results.extend(&other.results);
    }
}

/// Follows one call.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    spot: Option<Spot>,
    silences: usize,
    wrongs: usize,
    pub(super) seen: Seen,
}

impl Watcher {
    /// A key is about to be told to the flow.
    pub(super) fn key(&mut self, flow: &CallFlow, working: &[Digit], digit: Digit) {
        self.seen.results.extend(results::of_key(flow, digit).filter(|_| working.contains(&digit)));
        let Some(spot) = self.at(flow) else { return };
        if working.contains(&digit) {
            if let Spot::Menu(menu) = spot {
                self.seen.options.insert((menu, digit));
            }
            (self.silences, self.wrongs) = (0, 0);
        } else {
            self.wrongs += 1;
            self.met(flow.menu(), spot, false, self.wrongs);
        }
    }

    /// Something is about to be told to the flow.
    pub(super) fn told(&mut self, flow: &CallFlow, event: &Event) {
        self.seen.results.extend(results::of(flow, event));
    }

    /// The flow is about to be told that time has passed.
    pub(super) fn timeout(&mut self, flow: &CallFlow, now: Instant) {
        let Some(spot) = self.at(flow).filter(|_| flow.deadline().is_some_and(|at| at <= now)) else { return };
        self.silences += 1;
        self.met(flow.menu(), spot, true, self.silences);
    }

    /// Where a key is waited for; a new place begins new counts.
    fn at(&mut self, flow: &CallFlow) -> Option<Spot> {
        let spot = match (flow.state(), flow.node(), flow.step()) {
            (StateName::Choosing, Some(Node::Menu(MenuId(menu))), _) => Spot::Menu(menu),
            (StateName::Picking | StateName::Confirming, _, Some((TaskId(task), StepId(step)))) => {
                Spot::Step(task, step)
            }
            _ => return None,
        };
        if self.spot != Some(spot) {
            *self = Self { spot: Some(spot), silences: 0, wrongs: 0, seen: std::mem::take(&mut self.seen) };
        }
        Some(spot)
    }

    fn met(&mut self, menu: &Menu, spot: Spot, silence: bool, count: usize) {
        let Some(trouble) = trouble_at(menu, spot) else { return };
        let list = if silence { &trouble.value.silence } else { &trouble.value.wrong };
        let index = count.min(list.len()).saturating_sub(1);
        let spot = (trouble.from == Origin::Own).then_some(spot);
        self.seen.troubles.insert(Entry { spot, silence, index });
    }
}

fn trouble_at(menu: &Menu, spot: Spot) -> Option<&Inherited<Trouble>> {
    match spot {
        Spot::Menu(node) => menu.menus.get(usize::from(node)).map(|node| &node.trouble),
        Spot::Step(task, step) => {
            let task = menu.tasks.get(usize::from(task))?;
            step_trouble(&task.steps.get(usize::from(step))?.step)
        }
    }
}

fn step_trouble(step: &Step) -> Option<&Inherited<Trouble>> {
    match step {
        Step::Choose(choose) => Some(&choose.trouble),
        Step::Confirm(confirm) => Some(&confirm.trouble),
        _ => None,
    }
}

/// Every entry of every trouble list with its place and name. Lists that are inherited are the same list: they stand
/// once, at the first place that inherits it.
pub(super) fn all(menu: &Menu) -> Vec<(Entry, Place, Text)> {
    let mut entries = Vec::new();
    let mut inherited = false;
    let mut add = |spot, name: &str, place, trouble: &Inherited<Trouble>| {
        let own = trouble.from == Origin::Own;
        if !own && std::mem::replace(&mut inherited, true) {
            return;
        }
        for (silence, list) in [(true, &trouble.value.silence), (false, &trouble.value.wrong)] {
            for index in 0..list.len() {
                let entry = Entry { spot: own.then_some(spot), silence, index };
                entries.push((entry, place, super::words::trouble_step(name, !own, silence, index + 1)));
            }
        }
    };
    for (id, node) in (0..).zip(&menu.menus) {
        add(Spot::Menu(id), &node.name, node.place, &node.trouble);
    }
    for (id, task) in (0..).zip(&menu.tasks) {
        for (step, node) in (0..).zip(&task.steps) {
            if let Some(trouble) = step_trouble(&node.step) {
                add(Spot::Step(id, step), &task.name, node.place, trouble);
            }
        }
    }
    entries
}
