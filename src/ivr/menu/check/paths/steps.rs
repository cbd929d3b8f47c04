//! The steps of a task: what a caller has and is after each of them, and which steps follow.

use super::super::super::sources::Finding;
use super::super::super::{
    Action, Code, Do, Go, Place, QueueResult, QueueStep, Step, StepId, Task, TaskId, Text, Then,
};
use super::super::state::State;
use super::super::values::Scope;
use super::{Here, Paths, answer};
use crate::model::{BankAnswer, Level};

impl Paths<'_> {
    pub(super) fn steps(&mut self, here: &mut Here, task: &Task, entry: &State) {
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

    pub(super) fn action(
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
}

fn is_secret(step: &Step) -> bool {
    matches!(step, Step::Ask(ask) if ask.kind.is_secret())
}

fn flow(states: &mut [State], work: &mut Vec<StepId>, to: StepId, state: &State) {
    if let Some(known) = states.get_mut(usize::from(to.0))
        && known.join(state)
    {
        work.push(to);
    }
}
