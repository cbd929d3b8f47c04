//! Which nodes, options, outcomes, trouble steps and results of queues of a menu the tests came to.

use super::results;
use super::trouble::{self, Seen};
use super::virtual_call::VirtualCall;
use super::words;
use crate::ivr::menu::{Go, Menu, MenuOption, Name, Node, Place, Step, Text};
use crate::model::CallEvent;
use std::collections::BTreeSet;

/// What was reached, over any number of calls.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    nodes: BTreeSet<Name>,
    /// From a menu to the node that came next.
    ways: BTreeSet<(Name, Name)>,
    outcomes: BTreeSet<(Name, Name)>,
    /// What [`add_call`](Self::add_call) saw; `None` when only records were added.
    seen: Option<Seen>,
}

/// Something no test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// Where it is written.
    pub place: Place,
    /// What it is: `node main`, `option main 4`, `outcome bank.balance down`, `trouble main silence 2`,
    /// `queue operator timeout`.
    pub what: Text,
}

impl Coverage {
    /// Adds a call that was made here: besides its records, the options, silences and wrong keys it came to.
    pub fn add_call(&mut self, call: &VirtualCall) {
        self.add(call.records());
        self.seen.get_or_insert_default().add(call.seen());
    }

    /// Adds the records of one call.
    pub fn add(&mut self, records: &[CallEvent]) {
        let mut last: Option<&Name> = None;
        for record in records {
            match record {
                CallEvent::Visited { node } => {
                    if let Some(from) = last {
                        self.ways.insert((from.clone(), node.clone()));
                    }
                    self.nodes.insert(node.clone());
                    last = Some(node);
                }
                CallEvent::BankAnswered { operation, outcome, .. } => {
                    self.outcomes.insert((operation.clone(), outcome.clone()));
                }
                _ => {}
            }
        }
    }

    /// What no call came to, in the order of the files.
    #[must_use]
    pub fn uncovered(&self, menu: &Menu) -> Vec<Uncovered> {
        let mut missing = Vec::new();
        let mut miss = |place: Place, what: Text| missing.push(Uncovered { place, what });
        for task in menu.tasks.iter().filter(|task| !self.nodes.contains(&task.name)) {
            miss(task.place, words::task_named(&task.name));
        }
        for (at, node) in (0..).zip(&menu.menus) {
            if !self.nodes.contains(&node.name) {
                miss(node.place, words::menu_named(&node.name));
            }
            for option in &node.options {
                if !self.is_taken(menu, at, option) {
                    miss(option.place, words::option_of(&node.name, option.digit.as_char()));
                }
            }
        }
        for (place, operation, outcome) in outcomes(menu) {
            if !self.outcomes.contains(&(operation.clone(), outcome.clone())) {
                miss(place, words::outcome_of(&operation, &outcome));
            }
        }
        if let Some(seen) = &self.seen {
            for (entry, place, what) in trouble::all(menu) {
                if !seen.troubles.contains(&entry) {
                    miss(place, what);
                }
            }
            for (handled, place, what) in results::all(menu) {
                if !seen.results.contains(&handled) {
                    miss(place, what);
                }
            }
        }
        missing.sort_by(|one, other| (one.place, &one.what.en).cmp(&(other.place, &other.what.en)));
        missing.dedup();
        missing
    }

    /// Whether an option's key was pressed, or the records show that it was: keys pressed ahead are not seen.
    fn is_taken(&self, menu: &Menu, at: u16, option: &MenuOption) -> bool {
        let Some(node) = menu.menus.get(usize::from(at)) else { return false };
        let pressed = self.seen.as_ref().is_some_and(|seen| seen.options.contains(&(at, option.digit)));
        let Some(target) = target(menu, option.go) else { return pressed || self.seen.is_none() };
        let alone = node.options.iter().filter(|other| other.go == option.go).count() == 1;
        pressed || ((alone || self.seen.is_none()) && self.ways.contains(&(node.name.clone(), target)))
    }

    /// How much there is to come to: nodes, options, outcomes, trouble steps and results of queues together.
    #[must_use]
    pub fn total(menu: &Menu) -> usize {
        let options: usize = menu.menus.iter().map(|node| node.options.len()).sum();
        menu.tasks.len()
            + menu.menus.len()
            + options
            + outcomes(menu).count()
            + trouble::all(menu).len()
            + results::all(menu).len()
    }
}

fn target(menu: &Menu, go: Go) -> Option<Name> {
    match go {
        Go::Node(Node::Task(task)) => Some(menu[task].name.clone()),
        Go::Node(Node::Menu(node)) => Some(menu[node].name.clone()),
        Go::Operator => Some(menu[menu.operator].name.clone()),
        Go::Back | Go::Repeat | Go::SwitchLanguage | Go::Return | Go::HangUp => None,
    }
}

/// Every handled outcome with the place of its step.
fn outcomes(menu: &Menu) -> impl Iterator<Item = (Place, Name, Name)> {
    let steps = menu.tasks.iter().flat_map(|task| &task.steps);
    steps.flat_map(|node| {
        let outcomes = match &node.step {
            Step::Do(todo) => {
                let name = &menu[todo.operation].name;
                todo.outcomes.iter().map(|(outcome, _)| (node.place, name.clone(), outcome.clone())).collect()
            }
            _ => Vec::new(),
        };
        outcomes.into_iter()
    })
}
