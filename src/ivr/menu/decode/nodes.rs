//! Menus and tasks.

use super::actions::Entries;
use super::{Decoder, Entry};
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{Code, MenuNode, MenuOption, Step, StepId, StepNode, Task, Text};
use crate::model::Digit;

impl<'t> Decoder<'t> {
    pub(super) fn menus(&mut self) -> Vec<MenuNode> {
        self.section("menus").into_iter().map(|entry| self.menu(entry)).collect()
    }

    fn menu(&mut self, entry: Entry<'t>) -> MenuNode {
        let known = ["title", "intro", "say", "options", "hint", "keys", "back", "trouble", "listen"];
        let fields = self.fields(entry.node, ("a menu", "у меню"), &known);
        let name = entry.key.text.as_str().into();
        let Some(fields) = fields else {
            return MenuNode {
                name,
                title: "".into(),
                intro: None,
                say: None,
                options: Vec::new(),
                hint: None,
                keys: self.keys(None, &[]),
                back: None,
                trouble: self.defaults.trouble.clone(),
                listen: self.defaults.listen.clone(),
                place: entry.key.place,
            };
        };
        let options = self.need(&fields, "options").map(|node| self.options(node)).unwrap_or_default();
        let taken: Vec<Digit> = options.iter().map(|option| option.digit).collect();
        let title = fields.get("title").and_then(|node| self.text(node)).unwrap_or(&entry.key.text);
        MenuNode {
            name,
            title: title.into(),
            intro: self.phrase_of(&fields, "intro"),
            say: self.phrase_of(&fields, "say"),
            options,
            hint: self.phrase_of(&fields, "hint"),
            keys: self.keys(fields.get("keys"), &taken),
            back: fields.get("back").map(|node| self.go(node)),
            trouble: self.trouble_of(&fields),
            listen: self.listen_of(&fields),
            place: entry.key.place,
        }
    }

    fn options(&mut self, node: &'t Node) -> Vec<MenuOption> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_shape(node, "keys: 1: {offer: …, go: …}", "клавиши: 1: {offer: …, go: …}");
            return Vec::new();
        };
        let mut options = Vec::new();
        for (key, node) in entries {
            let digit = self.key(key);
            let Some(fields) = self.fields(node, ("an option", "у пункта"), &["offer", "go", "if"]) else {
                continue;
            };
            let offer = self.need_phrase(&fields, "offer");
            let go = self.need(&fields, "go").map(|node| self.go(node));
            let condition = fields.get("if").and_then(|node| self.condition(node));
            if let (Some(digit), Some(go)) = (digit, go) {
                options.push(MenuOption { digit, offer, go, condition, place: key.place });
            }
        }
        options
    }

    pub(super) fn tasks(&mut self) -> Vec<Task> {
        self.section("tasks").into_iter().map(|entry| self.task(entry)).collect()
    }

    fn task(&mut self, entry: Entry<'t>) -> Task {
        let mut task = Task {
            name: entry.key.text.as_str().into(),
            title: entry.key.text.as_str().into(),
            needs: None,
            operator: None,
            steps: Vec::new(),
            first: StepId(0),
            place: entry.key.place,
        };
        let mut complained = true;
        if let Some(fields) =
            self.fields(entry.node, ("a task", "у сценария"), &["title", "needs", "operator", "steps"])
        {
            if let Some(title) = fields.get("title").and_then(|node| self.text(node)) {
                task.title = title.into();
            }
            task.needs = fields.get("needs").and_then(|node| self.level(node));
            task.operator = fields.get("operator").and_then(|node| self.node_target(node));
            let mut steps = Steps::default();
            if let Some(node) = self.need(&fields, "steps") {
                complained = !matches!(&node.kind, Kind::List(items) if items.is_empty());
                self.block(&mut steps, node, None);
            }
            task.steps = steps.finish();
        }
        if task.steps.is_empty() {
            if !complained {
                let message = Text::new("a task needs steps", "в сценарии нет шагов");
                let help = Text::new("the shortest is `steps: [hangup]`", "самый короткий: `steps: [hangup]`");
                self.report.add(entry.key.place, entry.key.length, super::Finding::new(Code::E03, message).help(help));
            }
            let step = Step::Go(super::Go::HangUp);
            task.steps.push(StepNode { step, next: None, place: entry.key.place });
        }
        guard_changes(&mut task, &self.operations);
        task
    }
}

/// The steps of a task while they are decoded: places in the list are given before the steps are known.
#[derive(Default)]
pub(super) struct Steps {
    slots: Vec<Option<StepNode>>,
    pub entries: Entries,
}

impl Steps {
    pub fn reserve(&mut self) -> Option<StepId> {
        let id = u16::try_from(self.slots.len()).ok()?;
        self.slots.push(None);
        Some(StepId(id))
    }

    pub fn fill(&mut self, id: StepId, step: StepNode) {
        if let Some(slot) = self.slots.get_mut(usize::from(id.0)) {
            *slot = Some(step);
        }
    }

    fn finish(self) -> Vec<StepNode> {
        let end = |slot: Option<StepNode>| {
            slot.unwrap_or(StepNode { step: Step::Go(super::Go::HangUp), next: None, place: super::Place::default() })
        };
        self.slots.into_iter().map(end).collect()
    }
}

/// Marks each confirmation after which something is changed.
fn guard_changes(task: &mut Task, operations: &[super::super::Operation]) {
    for index in 0..task.steps.len() {
        if !matches!(task.steps[index].step, Step::Confirm(_)) {
            continue;
        }
        let changes = task.steps[index].next.is_some_and(|next| leads_to_change(task, operations, next));
        if let Step::Confirm(confirm) = &mut task.steps[index].step {
            confirm.guards_change = changes;
        }
    }
}

/// Whether a change is done from a step on before the caller is asked again.
fn leads_to_change(task: &Task, operations: &[super::super::Operation], from: StepId) -> bool {
    let mut seen = vec![false; task.steps.len()];
    let mut work = vec![from];
    while let Some(at) = work.pop() {
        let Some(node) = task.steps.get(usize::from(at.0)) else { continue };
        if std::mem::replace(&mut seen[usize::from(at.0)], true) {
            continue;
        }
        match &node.step {
            Step::Do(operation) => {
                return operations.get(usize::from(operation.operation.0)).is_none_or(|found| found.changes);
            }
            Step::If { then, otherwise, .. } => {
                work.extend([then.or(node.next), otherwise.or(node.next)].into_iter().flatten());
            }
            Step::Ask(_)
            | Step::Choose(_)
            | Step::Confirm(_)
            | Step::Go(_)
            | Step::Queue(_)
            | Step::Transfer(_)
            | Step::Voicemail(_)
            | Step::Split(_) => {}
            Step::Call(_) | Step::Say { .. } | Step::Note(_) | Step::SayEach(_) | Step::Language(_) => {
                work.extend(node.next);
            }
        }
    }
    false
}

impl<'t> Decoder<'t> {
    /// The items of a block; `after` is the step behind it. The block's first step.
    pub(super) fn block(&mut self, steps: &mut Steps, node: &'t Node, after: Option<StepId>) -> Option<StepId> {
        let items: Vec<&'t Node> = match &node.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Nothing | Kind::Text(_) | Kind::Map(_) => {
                self.wrong_shape(node, "a list of steps, each after a dash", "список шагов, каждый после тире");
                Vec::new()
            }
        };
        let mut ids = Vec::new();
        for item in items {
            let id = steps.reserve()?;
            let ask = item.map().and_then(|entries| entries.iter().find(|(key, _)| key.text == "ask"));
            let name = ask.and_then(|(_, ask)| ask.map()?.iter().find(|(key, _)| key.text == "name")?.1.text());
            if let Some(name) = name {
                steps.entries.insert(name.to_owned(), id);
            }
            ids.push((id, item));
        }
        for (index, (id, item)) in ids.iter().enumerate() {
            let next = ids.get(index + 1).map(|(next, _)| *next).or(after);
            let step = self.step(steps, item, next).unwrap_or(Step::Go(super::Go::HangUp));
            steps.fill(*id, StepNode { step, next, place: item.place });
        }
        ids.first().map(|(id, _)| *id)
    }
}
