//! Which nodes, options and outcomes of a menu the tests came to.

use crate::ivr::menu::{Go, Menu, Name, Node, Place, Step};
use crate::model::CallEvent;
use std::collections::BTreeSet;

/// What was reached, over any number of calls.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    nodes: BTreeSet<Name>,
    /// From a menu to the node that came next.
    ways: BTreeSet<(Name, Name)>,
    outcomes: BTreeSet<(Name, Name)>,
}

/// Something no test came to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uncovered {
    /// Where it is written.
    pub place: Place,
    /// What it is: `node main`, `option main 4`, `outcome bank.balance down`.
    pub what: String,
}

impl Coverage {
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
        let mut miss = |place: Place, what: String| missing.push(Uncovered { place, what });
        for task in menu.tasks.iter().filter(|task| !self.nodes.contains(&task.name)) {
            miss(task.place, format!("node {}", task.name));
        }
        for node in &menu.menus {
            if !self.nodes.contains(&node.name) {
                miss(node.place, format!("node {}", node.name));
            }
            for option in &node.options {
                let target = target(menu, option.go);
                if target.is_some_and(|target| !self.ways.contains(&(node.name.clone(), target))) {
                    miss(option.place, format!("option {} {}", node.name, option.digit.as_char()));
                }
            }
        }
        for (place, operation, outcome) in outcomes(menu) {
            if !self.outcomes.contains(&(operation.clone(), outcome.clone())) {
                miss(place, format!("outcome {operation} {outcome}"));
            }
        }
        missing.sort();
        missing.dedup();
        missing
    }

    /// How much there is to come to: nodes, options and outcomes together.
    #[must_use]
    pub fn total(menu: &Menu) -> usize {
        let options: usize = menu.menus.iter().map(|node| node.options.len()).sum();
        menu.tasks.len() + menu.menus.len() + options + outcomes(menu).count()
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
