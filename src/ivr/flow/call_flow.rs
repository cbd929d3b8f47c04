//! The caller's path: one call's flow as its owner sees it.

use super::call::{Call, Callbacks, Turn};
use super::next::{Next, Stepped, Trap};
use super::states::{State, StateName};
use super::world::World;
use super::{Caller, Command, Event, STEP_BUDGET, keyed, saying, steps};
use crate::ivr::menu::{LineId, Menu, Name, Node, QueueId, StepId, TaskId};
use crate::model::{Digit, Instant, Lang, Level, Now};
use std::sync::Arc;

/// The path of one call through the menu version it began with.
///
/// Give it events and, when [`poll_timeout`](Self::poll_timeout) has come, the time; carry out its commands in order.
pub struct CallFlow {
    call: Call,
    state: State,
}

impl CallFlow {
    /// The flow of a call that came in on a line and has not been answered.
    #[must_use]
    pub fn new(menu: Arc<Menu>, line: LineId, caller: Caller) -> Self {
        Self { call: Call::new(menu, line, caller), state: State::Unanswered }
    }

    /// The flow of a call that the bank makes to somebody who ordered a callback of this queue: whoever answers is
    /// greeted, and joined with the operator who waits only on pressing 1 ([`Command::TakeCallback`], answered by
    /// [`Event::Connected`], or [`Event::QueueEnded`] when the operator is gone). The identity is not carried over.
    /// After the talk the menu goes on as for any caller of the queue. `None`: the menu has no such queue, or it calls
    /// nobody back.
    #[must_use]
    pub fn callback(menu: Arc<Menu>, line: LineId, caller: Caller, queue: &str) -> Option<Self> {
        let index = menu.queues.iter().position(|known| *known.name == *queue && known.callback.is_some())?;
        let queue = QueueId(u16::try_from(index).ok()?);
        Some(Self { call: Call::new(menu, line, caller), state: State::CallingBack(queue) })
    }

    /// Nobody can be called back from here: no queue offers it.
    pub const fn refuse_callbacks(&mut self) {
        self.call.callbacks = Callbacks::Refused;
    }

    /// Tells what happened. Events that do not concern the present state change nothing.
    pub fn handle(&mut self, now: Now, event: Event, world: &World) {
        if matches!(event, Event::Digit(_)) {
            self.call.limits.steps = 0;
        }
        let state = self.take();
        let mut turn = Turn { call: &mut self.call, now, world };
        let next = state.handle(&mut turn, event);
        self.drive(now, world, next);
    }

    /// Tells that time has passed.
    pub fn handle_timeout(&mut self, now: Now, world: &World) {
        let state = self.take();
        let mut turn = Turn { call: &mut self.call, now, world };
        let next = if state.in_menus() && now.instant >= turn.call.limits.menus_until {
            turn.stop(true);
            Ok(state.out_of_time(&mut turn))
        } else {
            state.timeout(&mut turn)
        };
        self.drive(now, world, next);
    }

    /// When the flow wants to be told that time has passed.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let limit = self.state.in_menus().then_some(self.call.limits.menus_until);
        self.state.deadline().into_iter().chain(limit).min().filter(|at| *at < Instant::from_nanos(u64::MAX))
    }

    /// What is to be done next.
    pub fn next_command(&mut self) -> Option<Command> {
        self.call.commands.pop_front()
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Ended)
    }

    /// Runs on until something waits.
    fn drive(&mut self, now: Now, world: &World, mut stepped: Stepped) {
        loop {
            let mut turn = Turn { call: &mut self.call, now, world };
            turn.call.limits.steps += 1;
            let next = match stepped {
                Ok(Next::Wait(state)) => {
                    self.state = state;
                    return;
                }
                Ok(_) if turn.call.limits.steps > STEP_BUDGET => turn.fall_back(&Trap("step_budget")),
                Ok(next) => next,
                Err(trap) => turn.fall_back(&trap),
            };
            stepped = advance(&mut turn, next);
        }
    }

    /// The language now heard.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.call.lang
    }

    /// How sure the bank is of the caller.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.call.level
    }

    /// The menu version of this call.
    #[must_use]
    pub const fn menu(&self) -> &Arc<Menu> {
        &self.call.menu
    }

    /// The line the call came in on.
    #[must_use]
    pub const fn line(&self) -> LineId {
        self.call.line
    }

    /// The state's name.
    #[must_use]
    pub const fn state(&self) -> StateName {
        self.state.name()
    }

    /// The menu or task the caller is at; `None` before the answer.
    #[must_use]
    pub fn node(&self) -> Option<Node> {
        self.state.node(self.call.at.step.map(|(task, _)| task))
    }

    /// The step the caller is at, with its task; `None` in a menu.
    #[must_use]
    pub const fn step(&self) -> Option<(TaskId, StepId)> {
        self.call.at.step
    }

    /// The deadline of what is waited for, such as the first key; the limit of time in menus is not among them.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.state.deadline().filter(|at| *at < Instant::from_nanos(u64::MAX))
    }

    /// When the caller was in menus for too long; `None` where that does not count.
    #[must_use]
    pub fn menus_until(&self) -> Option<Instant> {
        self.state.in_menus().then_some(self.call.limits.menus_until)
    }

    /// The nodes visited, in order.
    #[must_use]
    pub fn path(&self) -> &[Name] {
        &self.call.visited
    }

    /// The facts noted.
    #[must_use]
    pub fn notes(&self) -> &[Name] {
        &self.call.notes
    }

    /// The keys that do something now; none where any digit may be part of an entry.
    #[must_use]
    pub fn working_keys(&self, now: Now, world: &World) -> Vec<Digit> {
        let sources = super::sources::Sources { call: &self.call, now, world };
        self.state.working_keys(&sources)
    }
}

fn advance(turn: &mut Turn, next: Next) -> Stepped {
    match next {
        Next::Wait(_) => Ok(next),
        Next::Run(step) => steps::run(turn, step),
        Next::Menu(menu) => keyed::put(turn, menu, super::tries::Tries::default()),
        Next::Go(go) => turn.go(go),
        Next::Say { then, all } => Ok(saying::say(turn, then, all)),
        Next::QueueOver(ticket, result) => super::queued::result(turn, &ticket, result),
        Next::End(cause) if turn.call.speech.is_empty() => {
            turn.call.command(Command::HangUp(cause));
            Ok(Next::Wait(State::Ended))
        }
        Next::End(cause) => Ok(saying::say(turn, Box::new(Next::End(cause)), false)),
    }
}
