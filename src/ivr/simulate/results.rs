//! Which results of queues a call came to: its records do not tell which step they are of.

use crate::ivr::flow::{CallFlow, Event, QueueEnd, StateName};
use crate::ivr::menu::{Menu, Place, QueueResult, Step, StepId, TaskId, Text};

/// A result that a step of the menu handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Handled {
    task: u16,
    step: u16,
    name: &'static str,
}

/// The name of a result in the menu; `None` for one that no caller comes to.
const fn name(result: QueueResult) -> Option<&'static str> {
    match result {
        QueueResult::Finished => Some("finished"),
        QueueResult::Callback => Some("callback"),
        QueueResult::Timeout => Some("timeout"),
        QueueResult::Nobody => Some("nobody"),
        QueueResult::Left => None,
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
    Some(Handled { task, step, name: name(result)? })
}

/// Every result that is handled, with its place and name.
pub(super) fn all(menu: &Menu) -> Vec<(Handled, Place, Text)> {
    let mut all = Vec::new();
    for (task, known) in (0..).zip(&menu.tasks) {
        for (step, node) in (0..).zip(&known.steps) {
            let Step::Queue(queue) = &node.step else { continue };
            for name in queue.results.iter().filter_map(|(result, _)| name(*result)) {
                let what = super::words::queue_result(&known.name, name);
                all.push((Handled { task, step, name }, node.place, what));
            }
        }
    }
    all
}
