//! Transferring: the caller is being handed to somebody outside.
//!
//! When it works, the call's end is the next thing the flow hears of it. No key works meanwhile: what is pressed is
//! meant for the far end.

use super::Command;
use super::call::Turn;
use super::next::{Next, Stepped, Trap};
use super::states::State;
use crate::ivr::menu::{Menu, Step, StepId, TaskId, Transfer};

/// A transfer under way, or one that works.
pub(super) struct Transferring {
    task: TaskId,
    step: StepId,
}

fn transfer_at(menu: &Menu, task: TaskId, step: StepId) -> Result<&Transfer, Trap> {
    match &menu[task][step].step {
        Step::Transfer(transfer) => Ok(transfer),
        _ => Err(Trap("not_a_transfer")),
    }
}

/// Hands the caller over, after what is to be said.
pub(super) fn start(turn: &mut Turn, task: TaskId, step: StepId) -> Stepped {
    let menu = turn.menu();
    let transfer = transfer_at(&menu, task, step)?;
    turn.call.ahead.clear();
    if !turn.call.speech.is_empty() {
        return Ok(Next::Say { then: Box::new(Next::Run(step)), all: false });
    }
    turn.call.command(Command::Transfer { target: transfer.target.clone(), refer: transfer.refer });
    Ok(Next::Wait(State::Transferring(Transferring { task, step })))
}

impl Transferring {
    /// It did not work: the caller is back, and nothing that was pressed meanwhile counts.
    pub(super) fn failed(self, turn: &mut Turn) -> Stepped {
        let menu = turn.menu();
        turn.stop(true);
        turn.back_in_menus();
        turn.call.ahead.clear();
        let failed = &transfer_at(&menu, self.task, self.step)?.failed;
        turn.act(failed, menu[self.task][self.step].next)
    }
}
