//! Walks every path of the menu at once: what a caller may have and be at every point, until nothing changes; then
//! once more to report. Called tasks are walked in the state of their callers.

use super::super::sources::{Finding, Report};
use super::super::{
    Action, Code, Do, Go, Menu, MenuNode, Name, Node, Place, QueueResult, QueueStep, Step, StepId, Task, TaskId, Text,
    Then, Trouble,
};
use super::state::State;
use super::values::{Scope, Types};
use crate::model::{BankAnswer, Level};
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

    fn steps(&mut self, here: &mut Here, task: &Task, entry: &State) {
        let mut states: Vec<State> = vec![State::default(); task.steps.len()];
        let mut work = Vec::new();
        flow(&mut states, &mut work, task.first, entry);
        // Report only what holds in the final states: find them first, then look at each step once.
        let reporting = std::mem::replace(&mut self.reporting, false);
        while let Some(id) = work.pop() {
            let state = states[usize::from(id.0)].clone();
            for (next, state) in self.step(here, task, id, state) {
                flow(&mut states, &mut work, next, &state);
            }
        }
        self.reporting = reporting;
        if reporting {
            for (index, state) in states.into_iter().enumerate().filter(|(_, state)| state.is_reached()) {
                let id = StepId(u16::try_from(index).unwrap_or(u16::MAX));
                self.step(here, task, id, state);
            }
        }
    }

    /// One step in a state: the steps that follow, each with its state.
    fn step(&mut self, here: &mut Here, task: &Task, id: StepId, state: State) -> Vec<(StepId, State)> {
        let Some(node) = task.steps.get(usize::from(id.0)) else { return Vec::new() };
        let place = node.place;
        let mut out = Vec::new();
        let mut on = |paths: &mut Self, state: State| match node.next {
            Some(next) => out.push((next, state)),
            None => paths.falls_off(place, &state),
        };
        match &node.step {
            Step::Say { phrase, .. } => {
                self.say(*phrase, &state, &Scope::Plain, place);
                on(self, state);
            }
            Step::Note(_) | Step::Language(_) => on(self, state),
            Step::Voicemail(voicemail) => {
                self.say(voicemail.say, &state, &Scope::Plain, place);
                on(self, state);
            }
            Step::SayEach(each) => {
                let scope = self.list_of(each, &state, place);
                self.say(each.say, &state, &scope, place);
                on(self, state);
            }
            Step::Go(go) => {
                self.spins(*go, &state, place);
                self.nothing_behind(*go, &state, place);
                self.leave(here, *go, &state, place);
            }
            Step::Call(called) => {
                let back = self.call(here, *called, &state, place);
                if back.is_reached() {
                    on(self, back);
                }
            }
            Step::If { condition, then, otherwise } => {
                self.condition(condition, &state, place);
                for (holds, block) in [(true, then), (false, otherwise)] {
                    let state = state.refined(condition, holds);
                    match block {
                        _ if !state.is_reached() => {}
                        Some(first) => out.push((*first, state)),
                        None => match node.next {
                            Some(next) => out.push((next, state)),
                            None => self.falls_off(place, &state),
                        },
                    }
                }
            }
            Step::Ask(_) | Step::Choose(_) | Step::Confirm(_) => out = self.input(here, task, id, &state),
            Step::Do(operation) => out = self.operation(here, node.next, operation, &state, place),
            Step::Queue(step) => out = self.queue(here, (task, id), step, state),
            Step::Transfer(transfer) => {
                out.extend(self.action(here, node.next, &transfer.failed, &state, place));
            }
            Step::Split(split) => {
                for (_, _, go) in &split.branches {
                    self.leave(here, *go, &state, place);
                }
            }
        }
        out
    }

    fn queue(
        &mut self,
        here: &mut Here,
        (task, id): (&Task, StepId),
        step: &QueueStep,
        mut state: State,
    ) -> Vec<(StepId, State)> {
        let Some(node) = task.steps.get(usize::from(id.0)) else { return Vec::new() };
        let mut out = Vec::new();
        let goes_on_here = |(of, step): (TaskId, StepId)| step == id && here.tasks.last() == Some(&of);
        if self.menu.callback_step(step.queue).is_some_and(goes_on_here) {
            // After a callback a new person goes on from here: nothing is known, no menu was heard.
            state.join(&State::start().awake());
        }
        for go in self.queue_phrases(step.queue, &state, node.place) {
            self.leave(here, go, &state.awake(), node.place);
        }
        for (result, action) in &step.results {
            // But for an empty office, somebody could have answered meanwhile.
            let state = if *result == QueueResult::Nobody { state.clone() } else { state.awake() };
            out.extend(self.action(here, node.next, action, &state, node.place));
        }
        out
    }

    fn input(&mut self, here: &mut Here, task: &Task, id: StepId, state: &State) -> Vec<(StepId, State)> {
        let Some(node) = task.steps.get(usize::from(id.0)) else { return Vec::new() };
        let (place, next) = (node.place, node.next);
        // Guesses of a secret are counted for the whole call: used up, they lead on at once.
        let used_up = state.with_quiet(state.quiet && is_secret(&node.step));
        let state = state.with_quiet(false);
        let mut answered = state.awake();
        let awake = state.awake();
        let mut out = Vec::new();
        match &node.step {
            Step::Ask(ask) => {
                self.say(ask.say, &state, &Scope::Plain, place);
                if let Some(help) = ask.help {
                    self.say(help, &state, &Scope::Plain, place);
                }
                self.leave(here, Go::Operator, &awake, place);
                answered.define(self.types.id(&answer(&ask.name)));
                if let Then::Go(go) = ask.failed.then {
                    self.spins(go, &state, place);
                }
                out.extend(self.action(here, next, &ask.failed, &used_up, place));
            }
            Step::Choose(choose) => {
                self.say(choose.say, &state, &Scope::Plain, place);
                for choice in &choose.options {
                    if let Some(offer) = choice.offer {
                        self.say(offer, &state, &Scope::Plain, choice.place);
                    }
                }
                for (_, go) in &choose.keys {
                    self.leave(here, go.value, &awake, place);
                }
                self.trouble(here, &choose.trouble.value, &state, place);
                answered.define(self.types.id(&answer(&choose.name)));
                if let Some(silence) = &choose.silence {
                    out.extend(self.action(here, next, silence, &state, place));
                }
            }
            Step::Confirm(confirm) => {
                self.say(confirm.say, &state, &Scope::Plain, place);
                for (_, go) in &confirm.keys {
                    self.leave(here, go.value, &awake, place);
                }
                self.trouble(here, &confirm.trouble.value, &state, place);
                out.extend(self.action(here, next, &confirm.declined, &awake, place));
            }
            _ => {}
        }
        match next {
            Some(next) => out.push((next, answered)),
            None => self.falls_off(place, &answered),
        }
        out
    }

    fn operation(
        &mut self,
        here: &mut Here,
        next: Option<StepId>,
        step: &Do,
        state: &State,
        place: Place,
    ) -> Vec<(StepId, State)> {
        let menu = self.menu;
        if let Some(operation) = menu.operations.get(usize::from(step.operation.0)) {
            self.level(operation.level, &operation.name, state, place);
            self.parameters(step, operation, state, place);
            if operation.changes && !step.once_per_call {
                let name = &operation.name;
                let message = Text::new(
                    format!("{name} changes something and may be sent twice"),
                    format!("{name} меняет данные и может уйти дважды"),
                );
                self.add(place, Code::E12, message);
            }
        }
        let mut out = Vec::new();
        for (outcome, action) in &step.outcomes {
            let mut state = state.clone();
            let operation = menu.operations.get(usize::from(step.operation.0));
            let bare = operation.is_some_and(|operation| operation.bare.contains(outcome));
            let definite = **outcome != *BankAnswer::DOWN && **outcome != *BankAnswer::UNKNOWN;
            if let Some(name) = step.keep_as.as_ref().filter(|_| definite && !bare) {
                state.define(self.types.id(name));
            }
            if let Then::Go(go) = action.value.then {
                self.spins(go, &state, place);
            }
            out.extend(self.action(here, next, &action.value, &state, place));
        }
        out
    }

    fn level(&mut self, needed: Level, name: &str, state: &State, place: Place) {
        let Some(lowest) = state.lowest().filter(|level| *level < needed) else { return };
        let (needed, lowest) = (needed.name(), lowest.name());
        let message = Text::new(
            format!("{name} needs level {needed}, but a caller may come here with level {lowest}"),
            format!("{name} требует уровень {needed}, а сюда можно попасть с уровнем {lowest}"),
        );
        let help =
            Text::new(format!("add `needs: {needed}` to the task"), format!("добавьте в сценарий `needs: {needed}`"));
        self.find(place, Finding::new(Code::E10, message).help(help));
    }

    fn action(
        &mut self,
        here: &mut Here,
        next: Option<StepId>,
        action: &Action,
        state: &State,
        place: Place,
    ) -> Option<(StepId, State)> {
        let state = action.grants.map_or_else(|| state.clone(), |level| state.raised(level));
        if let Some(phrase) = action.say {
            self.say(phrase, &state, &Scope::Plain, place);
        }
        match &action.then {
            Then::Continue if next.is_none() => {
                self.falls_off(place, &state);
                None
            }
            Then::Continue => next.map(|next| (next, state)),
            Then::Again(step) => Some((*step, state)),
            Then::Go(go) => {
                self.nothing_behind(*go, &state, place);
                self.leave(here, *go, &state, place);
                None
            }
        }
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

fn is_secret(step: &Step) -> bool {
    matches!(step, Step::Ask(ask) if ask.kind.is_secret())
}

/// A node as a number: tasks are even, menus odd.
pub(super) fn number(node: Node) -> u32 {
    match node {
        Node::Task(id) => u32::from(id.0) * 2,
        Node::Menu(id) => u32::from(id.0) * 2 + 1,
    }
}

fn flow(states: &mut [State], work: &mut Vec<StepId>, to: StepId, state: &State) {
    if let Some(known) = states.get_mut(usize::from(to.0))
        && known.join(state)
    {
        work.push(to);
    }
}

/// The name under which an entry's value is tracked.
pub(super) fn answer(name: &str) -> Name {
    format!("answer.{name}").into()
}
