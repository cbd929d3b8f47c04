//! Which results of queues a call came to: its records do not tell which step they are of.

use crate::ivr::flow::{CallFlow, Event, QueueEnd, StateName};
use crate::ivr::menu::{Menu, Place, QueueResult, Step, StepId, TaskId, Text, WaitingKey};
use crate::model::Digit;

/// A result that a step of the menu handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Handled {
    task: u16,
    step: u16,
    name: &'static str,
}

/// The name of a result in the menu.
const fn name(result: QueueResult) -> &'static str {
    match result {
        QueueResult::Finished => "finished",
        QueueResult::Callback => "callback",
        QueueResult::Timeout => "timeout",
        QueueResult::Nobody => "nobody",
        QueueResult::Left => "left",
    }
}

/// The result that an event is for the step at which the flow is.
pub(super) fn of(flow: &CallFlow, event: &Event) -> Option<Handled> {
    let result = match (flow.state(), event) {
        (StateName::Queued, Event::QueueEnded(QueueEnd::Timeout | QueueEnd::Full)) => QueueResult::Timeout,
        (StateName::Queued, Event::QueueEnded(QueueEnd::Nobody)) => QueueResult::Nobody,
        (StateName::Queued, Event::CallbackOrdered { accepted: true }) => QueueResult::Callback,
        (StateName::Talking, Event::TalkEnded) => QueueResult::Finished,
        _ => return None,
    };
    let (TaskId(task), StepId(step)) = flow.step()?;
    Some(Handled { task, step, name: name(result) })
}

/// The result that a key of a caller who waits is, if it leaves the queue.
pub(super) fn of_key(flow: &CallFlow, digit: Digit) -> Option<Handled> {
    let menu = flow.menu();
    let (task, step) = flow.step().filter(|_| flow.state() == StateName::Queued)?;
    let Step::Queue(queue) = &menu[task][step].step else { return None };
    let leaves = menu[queue.queue].waiting.keys.contains(&(digit, WaitingKey::Leave));
    leaves.then_some(Handled { task: task.0, step: step.0, name: name(QueueResult::Left) })
}

/// Every result that is handled, with its place and name.
pub(super) fn all(menu: &Menu) -> Vec<(Handled, Place, Text)> {
    let mut all = Vec::new();
    for (task, known) in (0..).zip(&menu.tasks) {
        for (step, node) in (0..).zip(&known.steps) {
            let Step::Queue(queue) = &node.step else { continue };
            for name in queue.results.iter().map(|(result, _)| name(*result)) {
                let what = super::words::queue_result(&known.name, name);
                all.push((Handled { task, step, name }, node.place, what));
            }
        }
    }
    all
}
