//! Walks every path of the menu at once: what a caller may have and be at every point, until nothing changes; then
//! once more to report. Called tasks are walked in the state of their callers.

mod steps;

use super::super::sources::{Finding, Report};
use super::super::{Code, Go, Menu, MenuNode, Name, Node, Place, Task, TaskId, Text, Trouble};
use super::state::State;
use super::values::{Scope, Types};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// How deep tasks may call each other.
const MAX_CALLS: usize = 8;

/// Where the walk is.
struct Here {
    /// The node that was gone to.
    root: Node,
    /// The tasks that run, innermost last.
    tasks: Vec<TaskId>,
    /// What came back from the innermost task.
    returned: State,
}

/// Ways from node to node, each with the place that leads there.
pub(super) type Ways = BTreeMap<u32, Vec<(u32, Place)>>;

/// A call of a task: which, in which state, what "operator" means there, how deep.
type Called = (TaskId, State, Option<Node>, usize);

pub(super) struct Paths<'m> {
    pub menu: &'m Menu,
    pub report: &'m mut Report,
    pub types: Types<'m>,
    entries: HashMap<Node, State>,
    work: VecDeque<Node>,
    /// What came back from a task that was called before.
    memo: HashMap<Called, State>,
    /// Calls whose problems were reported.
    reported: HashSet<Called>,
    /// Nodes somebody reaches.
    pub reached: HashSet<Node>,
    /// Ways from node to node on which the caller does nothing.
    pub quiet: Ways,
    /// Ways on which the caller is asked and keeps silent.
    pub silent: Ways,
    /// Where a task goes back to its menu without a word of the caller.
    pub silent_backs: BTreeMap<u32, Place>,
    pub reporting: bool,
}

impl<'m> Paths<'m> {
    pub fn new(menu: &'m Menu, report: &'m mut Report, poisoned: &'m BTreeSet<Name>) -> Self {
        Self {
            menu,
            report,
            types: Types::new(menu, poisoned),
            entries: HashMap::new(),
            work: VecDeque::new(),
            memo: HashMap::new(),
            reported: HashSet::new(),
            reached: HashSet::new(),
            quiet: BTreeMap::new(),
            silent: BTreeMap::new(),
            silent_backs: BTreeMap::new(),
            reporting: false,
        }
    }

    pub fn walk(&mut self) {
        let menu = self.menu;
        for line in &menu.lines {
            self.enter(line.start, &State::start());
        }
        for start in menu.profiles.iter().filter_map(|profile| profile.start) {
            self.enter(start, &State::start());
        }
        while let Some(node) = self.work.pop_front() {
            self.memo.clear();
            self.visit(node);
        }
        self.reporting = true;
        self.press();
        self.memo.clear();
        let mut nodes: Vec<Node> = self.entries.keys().copied().collect();
        nodes.sort_by_key(|node| number(*node));
        for node in nodes {
            self.visit(node);
        }
    }

    fn enter(&mut self, node: Node, state: &State) {
        self.reached.insert(node);
        if !state.is_reached() {
            return;
        }
        let state = state.begun();
        let changed = match self.entries.get_mut(&node) {
            Some(entry) => entry.join(&state),
            None => self.entries.insert(node, state).is_none(),
        };
        if changed && !self.work.contains(&node) {
            self.work.push_back(node);
        }
    }

    fn visit(&mut self, node: Node) {
        let Some(state) = self.entries.get(&node).cloned() else { return };
        let menu = self.menu;
        let mut here = Here { root: node, tasks: Vec::new(), returned: State::default() };
        match node {
            Node::Task(task) => {
                self.run(&mut here, task, &state);
            }
            Node::Menu(id) => {
                if let Some(node) = menu.menus.get(usize::from(id.0)) {
                    self.menu(&mut here, node, state);
                }
            }
        }
    }

    fn menu(&mut self, here: &mut Here, node: &MenuNode, mut state: State) {
        let first = state.menuless;
        (state.quiet, state.menuless) = (false, false);
        for phrase in [node.intro, node.say, node.hint].into_iter().flatten() {
            self.say(phrase, &state, &Scope::Plain, node.place);
        }
        for option in &node.options {
            let shown = option.condition.as_ref().map_or_else(
                || state.clone(),
                |condition| {
                    self.condition(condition, &state, option.place);
                    state.refined(condition, true)
                },
            );
            self.say(option.offer, &shown, &Scope::Plain, option.place);
            self.leave(here, option.go, &shown.awake(), option.place);
        }
        for (_, go) in &node.keys {
            self.leave(here, go.value, &state.awake(), node.place);
        }
        if let Some(back) = node.back {
            self.leave(here, back, &state.awake(), node.place);
        }
        self.trouble(here, &node.trouble.value, &state, node.place);
        if first && node.trouble.value.silence.iter().any(|reaction| reaction.go == Some(Go::Back)) {
            // Nothing lies behind the first menu but what its `back` names; without that it is heard again.
            match node.back {
                Some(go @ (Go::Node(_) | Go::Operator)) => self.leave(here, go, &state, node.place),
                Some(Go::HangUp | Go::Return) => {}
                None | Some(Go::Back | Go::Repeat | Go::SwitchLanguage) => {
                    self.pass(here.root, here.root, &state, node.place);
                }
            }
        }
    }

    fn trouble(&mut self, here: &mut Here, trouble: &Trouble, state: &State, place: Place) {
        let awake = state.awake();
        let silence = trouble.silence.iter().map(|reaction| (reaction, state));
        for (reaction, state) in silence.chain(trouble.wrong.iter().map(|reaction| (reaction, &awake))) {
            if let Some(phrase) = reaction.say {
                self.say(phrase, state, &Scope::Plain, place);
            }
            if let Some(go) = reaction.go {
                self.leave(here, go, state, place);
            }
        }
    }

    /// Runs a task; the state in which it returns to its caller.
    fn run(&mut self, here: &mut Here, id: TaskId, entry: &State) -> State {
        let menu = self.menu;
        let Some(task) = menu.tasks.get(usize::from(id.0)) else { return State::default() };
        self.reached.insert(Node::Task(id));
        here.tasks.push(id);
        let depth = here.tasks.len();
        let key = (id, entry.clone(), self.operator(here), depth);
        if depth > 1
            && (!self.reporting || self.reported.contains(&key))
            && let Some(known) = self.memo.get(&key)
        {
            here.tasks.pop();
            return known.clone();
        }
        let outer = std::mem::take(&mut here.returned);
        let state = self.proven(here, task, entry);
        self.steps(here, task, &state);
        let returned = std::mem::replace(&mut here.returned, outer);
        here.tasks.pop();
        if self.reporting {
            self.reported.insert(key.clone());
        }
        self.memo.insert(key, returned.clone());
        returned
    }

    /// The state after the level a task needs has been proven.
    fn proven(&mut self, here: &mut Here, task: &Task, entry: &State) -> State {
        let Some(needs) = task.needs else { return entry.clone() };
        let mut state = entry.only(|level| level >= needs);
        let below = entry.only(|level| level < needs);
        let proof = self.menu.proofs.iter().find(|(level, _)| *level == needs);
        if let Some((_, proof)) = proof.filter(|_| below.is_reached()) {
            let back = self.call(here, *proof, &below, task.place);
            let short = back.lowest().filter(|level| *level < needs);
            if let Some(level) = short {
                let proof = self.menu.tasks.get(usize::from(proof.0)).map_or("", |task| &task.name);
                let (needs, level) = (needs.name(), level.name());
                self.add(
                    task.place,
                    Code::E10,
                    Text::new(
                        format!("\"{proof}\" may return with level {level} only, {needs} is needed"),
                        format!("«{proof}» может вернуться с уровнем {level}, а нужен {needs}"),
                    ),
                );
            }
            state.join(&back.only(|level| level >= needs));
        }
        state
    }

    fn call(&mut self, here: &mut Here, id: TaskId, state: &State, place: Place) -> State {
        if here.tasks.contains(&id) || here.tasks.len() > MAX_CALLS {
            let message = if here.tasks.contains(&id) {
                Text::new("the tasks call each other in a circle", "сценарии вызывают друг друга по кругу")
            } else {
                Text::new("tasks call each other more than 8 deep", "вызовы сценариев глубже восьми")
            };
            self.add(place, Code::E05, message);
            return State::default();
        }
        self.run(here, id, state)
    }

    fn operator(&self, here: &Here) -> Option<Node> {
        let mut tasks = here.tasks.iter().rev().filter_map(|id| self.menu.tasks.get(usize::from(id.0)));
        tasks.find_map(|task| task.operator)
    }

    fn leave(&mut self, here: &mut Here, go: Go, state: &State, place: Place) {
        if !state.is_reached() {
            return;
        }
        match go {
            Go::Node(node) => self.pass(here.root, node, state, place),
            Go::Operator => {
                let node = self.operator(here).unwrap_or(Node::Task(self.menu.operator));
                self.pass(here.root, node, state, place);
            }
            Go::Return if here.tasks.len() > 1 => {
                here.returned.join(state);
            }
            Go::Return => {
                let message = Text::new("return, but nobody called this task", "return, но сценарий никто не вызывал");
                let help = Text::new(
                    "write `back` to go to the menu before, or open the task by `call:`",
                    "напишите `back`, чтобы вернуться в меню, или откройте сценарий через `call:`",
                );
                self.find(place, Finding::new(Code::E03, message).help(help));
            }
            Go::Repeat if state.quiet => self.pass(here.root, here.root, state, place),
            Go::Back if state.silent => {
                self.silent_backs.insert(number(here.root), place);
            }
            Go::Back | Go::Repeat | Go::SwitchLanguage | Go::HangUp => {}
        }
    }

    /// `repeat` and `switch_language` run the same step again, which nobody asked for.
    fn spins(&mut self, go: Go, state: &State, place: Place) {
        if matches!(go, Go::Repeat | Go::SwitchLanguage) && state.is_reached() {
            let message = Text::new(
                "this step would be done again and again without the caller",
                "этот шаг повторялся бы снова и снова без клиента",
            );
            let help = Text::new(
                "repeat and switch_language are for keys and for silence; name a menu or a task here",
                "repeat и switch_language — для клавиш и молчания; здесь назовите меню или сценарий",
            );
            self.find(place, Finding::new(Code::E05, message).help(help));
        }
    }

    /// `back` without a menu would run the same step for ever.
    fn nothing_behind(&mut self, go: Go, state: &State, place: Place) {
        if go == Go::Back && state.menuless && state.is_reached() {
            let message = Text::new(
                "back, but a caller may come here before any menu",
                "back, но сюда можно попасть раньше любого меню",
            );
            let help = Text::new("name the menu to go to: `go: main`", "назовите меню, в которое идти: `go: main`");
            self.find(place, Finding::new(Code::E03, message).help(help));
        }
    }

    fn pass(&mut self, from: Node, to: Node, state: &State, place: Place) {
        let maps = [(state.quiet, &mut self.quiet), (state.silent, &mut self.silent)];
        for (_, map) in maps.into_iter().filter(|(leads, _)| *leads) {
            let ways = map.entry(number(from)).or_default();
            if !ways.contains(&(number(to), place)) {
                ways.push((number(to), place));
            }
        }
        self.enter(to, state);
    }

    fn falls_off(&mut self, place: Place, state: &State) {
        if state.is_reached() {
            let message =
                Text::new("after this step the call has nowhere to go", "после этого шага звонку некуда идти");
            self.add(place, Code::E03, message);
        }
    }

    pub fn add(&mut self, place: Place, code: Code, message: Text) {
        self.find(place, Finding::new(code, message));
    }

    pub fn find(&mut self, place: Place, finding: Finding) {
        if self.reporting {
            self.report.add(place, 0, finding);
        }
    }
}

/// A node as a number: tasks are even, menus odd.
pub(super) fn number(node: Node) -> u32 {
    match node {
        Node::Task(id) => u32::from(id.0) * 2,
        Node::Menu(id) => u32::from(id.0) * 2 + 1,
    }
}

/// The name under which an entry's value is tracked.
pub(super) fn answer(name: &str) -> Name {
    format!("answer.{name}").into()
}
