//! Indices into the tables of a [`Menu`].

use super::{Hours, Line, Menu, MenuNode, Operation, Phrase, Queue, Switch, Task};
macro_rules! index {
    ($(#[$doc:meta])* $id:ident => $item:ty, $field:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $id(pub u16);

        impl std::ops::Index<$id> for Menu {
            type Output = $item;

            fn index(&self, id: $id) -> &$item {
                &self.$field[usize::from(id.0)]
            }
        }
    };
}

index!(
    /// A task of the menu.
    TaskId => Task, tasks
);
index!(
    /// A menu of options.
    MenuId => MenuNode, menus
);
index!(
    /// A queue of callers.
    QueueId => Queue, queues
);
index!(
    /// A phrase.
    PhraseId => Phrase, phrases
);
index!(
    /// Opening hours.
    HoursId => Hours, hours
);
index!(
    /// A duty officer's switch.
    SwitchId => Switch, switches
);
index!(
    /// A bank operation.
    OperationId => Operation, operations
);
index!(
    /// A line of called numbers.
    LineId => Line, lines
);

/// A step's index within its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub u16);
