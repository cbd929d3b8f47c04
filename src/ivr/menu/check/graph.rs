//! The menu as a graph: what nobody reaches, circles without the caller, whether an operator can be had.

use super::super::sources::Finding;
use super::super::{Code, Go, Menu, MenuId, Node, Place, Step, TaskId, Text};
use super::paths::{Paths, Ways, number};
use crate::model::Digit;
use std::collections::{BTreeMap, HashSet};

pub(super) fn check(paths: &mut Paths<'_>) {
    circles(paths);
    operators(paths);
    if !paths.report.has_errors() {
        unreachable(paths);
    }
}

fn name_and_place(menu: &Menu, node: Node) -> Option<(&str, Place)> {
    match node {
        Node::Task(id) => menu.tasks.get(usize::from(id.0)).map(|task| (&*task.name, task.place)),
        Node::Menu(id) => menu.menus.get(usize::from(id.0)).map(|menu| (&*menu.name, menu.place)),
    }
}

fn node_of(number: u32) -> Node {
    let id = u16::try_from(number / 2).unwrap_or(u16::MAX);
    if number.is_multiple_of(2) { Node::Task(TaskId(id)) } else { Node::Menu(MenuId(id)) }
}

/// Nodes from which one comes back to them without the caller doing anything.
fn circles(paths: &mut Paths<'_>) {
    let quiet = std::mem::take(&mut paths.quiet);
    for (to, place) in rounds(&quiet) {
        let name = name_and_place(paths.menu, node_of(to)).map_or("", |(name, _)| name);
        let message = Text::new(
            format!("from here the call runs in a circle through \"{name}\" without the caller doing anything"),
            format!("отсюда звонок ходит по кругу через «{name}» без участия клиента"),
        );
        paths.add(place, Code::E05, message);
    }
    let mut silent = std::mem::take(&mut paths.silent);
    if paths.report.has_errors() {
        return;
    }
    silent_backs(&mut silent, &paths.silent_backs);
    for (to, place) in rounds(&silent) {
        let name = name_and_place(paths.menu, node_of(to)).map_or("", |(name, _)| name);
        let message = Text::new(
            format!("a caller who says nothing goes from here in a circle through \"{name}\" for ever"),
            format!("молчащий клиент ходит отсюда по кругу через «{name}», и звонок не кончится"),
        );
        paths.add(place, Code::W13, message);
    }
}

/// One way of each circle: where it leads and the place that leads there.
fn rounds(ways: &Ways) -> Vec<(u32, Place)> {
    let mut found = Vec::new();
    let mut reported: HashSet<u32> = HashSet::new();
    for (from, leading) in ways {
        for (to, place) in leading {
            let seen = reached_from(ways, *to, |_| true);
            if seen.contains(from) && !reported.contains(from) {
                reported.extend(seen.iter().filter(|node| ways.contains_key(node)));
                found.push((*to, *place));
            }
        }
    }
    found
}

/// A node and all that can be reached from it, past those nodes that `pass`.
fn reached_from(ways: &Ways, node: u32, pass: impl Fn(u32) -> bool) -> HashSet<u32> {
    let mut seen = HashSet::from([node]);
    let mut work = vec![node];
    while let Some(at) = work.pop() {
        let next = ways.get(&at).into_iter().flatten().map(|(next, _)| *next).filter(|_| pass(at));
        work.extend(next.filter(|next| seen.insert(*next)).collect::<Vec<_>>());
    }
    seen
}

/// `back` of a task leads to the menu from which the task was come to; that of a menu to the menu before it.
fn silent_backs(ways: &mut Ways, backs: &BTreeMap<u32, Place>) {
    let is_task = |node: u32| node.is_multiple_of(2);
    let menus: Vec<u32> = ways.keys().copied().filter(|node| !is_task(*node)).collect();
    for menu in menus.into_iter().filter(|_| !backs.is_empty()) {
        let seen = reached_from(ways, menu, |node| is_task(node) || node == menu);
        for (from, place) in backs.iter().filter(|(from, _)| **from != menu && seen.contains(from)) {
            ways.entry(*from).or_default().push((menu, *place));
        }
    }
}

fn unreachable(paths: &mut Paths<'_>) {
    let menu = paths.menu;
    let tasks = (0..menu.tasks.len()).filter_map(|id| u16::try_from(id).ok()).map(|id| Node::Task(TaskId(id)));
    let menus = (0..menu.menus.len()).filter_map(|id| u16::try_from(id).ok()).map(|id| Node::Menu(MenuId(id)));
    for node in tasks.chain(menus).filter(|node| !paths.reached.contains(node)).collect::<Vec<_>>() {
        if let Some((name, place)) = name_and_place(menu, node) {
            let message = Text::new(format!("nobody can get to \"{name}\""), format!("в «{name}» никто не попадёт"));
            paths.add(place, Code::E04, message);
        }
    }
}

fn operators(paths: &mut Paths<'_>) {
    let menu = paths.menu;
    for node in &menu.menus {
        let zero = |digit: Digit| digit.as_char() == '0';
        let has =
            node.keys.iter().any(|(digit, _)| zero(*digit)) || node.options.iter().any(|option| zero(option.digit));
        if !has {
            let name = &node.name;
            let message = Text::new(
                format!("key 0 does nothing in menu \"{name}\""),
                format!("в меню «{name}» клавиша 0 не работает"),
            );
            paths.add(node.place, Code::E06, message);
        }
    }
    let roles = menu.tasks.iter().filter_map(|task| task.operator.map(|node| (node, task.place)));
    let main = name_and_place(menu, Node::Task(menu.operator)).map(|(_, place)| (Node::Task(menu.operator), place));
    for (node, place) in main.into_iter().chain(roles) {
        if !reaches_people(menu, node) {
            let message = Text::new(
                "\"operator\" leads here, but no queue can be reached from here",
                "сюда ведёт «оператор», но отсюда не попасть ни в одну очередь",
            );
            let help = Text::new(
                "add a step `- queue: …` or `- go: operator` there",
                "добавьте там шаг `- queue: …` или `- go: operator`",
            );
            paths.find(place, Finding::new(Code::E06, message).help(help));
        }
    }
}

/// Whether a queue or a transfer can be reached.
fn reaches_people(menu: &Menu, from: Node) -> bool {
    let mut seen = HashSet::from([number(from)]);
    let mut work = vec![from];
    while let Some(node) = work.pop() {
        let mut next: Vec<Go> = Vec::new();
        match node {
            Node::Menu(id) => {
                let options = menu.menus.get(usize::from(id.0)).into_iter().flat_map(|menu| &menu.options);
                next.extend(options.map(|option| option.go));
            }
            Node::Task(id) => {
                for step in menu.tasks.get(usize::from(id.0)).into_iter().flat_map(|task| &task.steps) {
                    match &step.step {
                        Step::Queue(_) | Step::Transfer(_) => return true,
                        Step::Go(go) => next.push(*go),
                        Step::Call(task) => next.push(Go::Node(Node::Task(*task))),
                        Step::Split(split) => next.extend(split.branches.iter().map(|(_, _, go)| *go)),
                        _ => {}
                    }
                }
            }
        }
        for go in next {
            if let Go::Node(node) = go
                && seen.insert(number(node))
            {
                work.push(node);
            }
        }
    }
    false
}
