//! Where a transition leads.

use super::queued::Ticket;
use super::states::State;
use crate::ivr::menu::{Go, MenuId, QueueResult, StepId};
use crate::model::Cause;

/// A state that waits, or a place in the menu to run on from.
pub(super) enum Next {
    /// Waits for an event.
    Wait(State),
    /// Runs a step of the present task.
    Run(StepId),
    /// Puts a menu, which has been entered before.
    Menu(MenuId),
    /// Goes somewhere.
    Go(Go),
    /// Lets what is to be said be heard to its end first; `all` cannot be cut by a key.
    Say {
        /// Where then.
        then: Box<Next>,
        /// Cannot be cut by a key.
        all: bool,
    },
    /// Follows the end of a queue.
    QueueOver(Ticket, QueueResult),
    /// Ends the call, after what is to be said.
    End(Cause),
}

/// Something the checker rules out has happened; its name is noted and the caller goes to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trap(pub(super) &'static str);

/// A transition that may have met a defect.
pub(super) type Stepped = Result<Next, Trap>;
