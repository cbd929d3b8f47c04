//! The checked menu: names resolved to ids, defaults filled in, places kept for messages.
//!
//! [`Menu`] is what the flow engine walks. Only the checker makes one, so whoever holds a `Menu` need not check.

mod hours;
mod ids;
mod node;
mod operation;
mod queue;
mod step;
mod value;

pub use hours::*;
pub use ids::*;
pub use node::*;
pub use operation::*;
pub use queue::*;
pub use step::*;
pub use value::*;

use crate::ivr::speech::{Ladder, PhraseText};
use crate::model::{Currency, Lang, Level, PhoneNumber};
use std::sync::Arc;
use std::time::Duration;

/// A name an admin gave: of a task, a note, a skill, an entry.
pub type Name = Arc<str>;

/// Where something stands in the menu files; lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Place {
    /// Index into [`Menu::files`].
    pub file: u16,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// A value and who set it, so that `explain` can say what is inherited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited<T> {
    /// The value in force.
    pub value: T,
    /// Who set it.
    pub from: Origin,
}

/// Who set an inherited value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The node itself.
    Own,
    /// The `defaults` of the menu files.
    Project,
    /// The language's own default.
    BuiltIn,
}

/// A whole checked set of menu files.
#[derive(Debug)]
pub struct Menu {
    /// SHA-256 of the files, the first twelve hexadecimal digits: the version a call keeps.
    pub version: Name,
    /// The files, in the order of their names.
    pub files: Vec<Name>,
    /// Whose hotline.
    pub bank: Bank,
    /// Languages; the first is the default.
    pub languages: Vec<Lang>,
    /// Entry points by called number; never empty.
    pub lines: Vec<Line>,
    /// How callers whose numbers the bank knows are served.
    pub profiles: Vec<Profile>,
    /// Opening hours.
    pub hours: Vec<Hours>,
    /// Switches of the duty officer.
    pub switches: Vec<Switch>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Menus.
    pub menus: Vec<MenuNode>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Phrases.
    pub phrases: Vec<Phrase>,
    /// Ladders of ready phrases.
    pub ladders: Vec<Ladder>,
    /// Bank operations.
    pub operations: Vec<Operation>,
    /// The task that "operator" means where no enclosing task says otherwise.
    pub operator: TaskId,
    /// For each level above none, the task that proves it (`needs:` runs it).
    pub proofs: Vec<(Level, TaskId)>,
    /// The phrase that speaks an option: `{offer}, press {key|digit}.`
    pub press: PhraseId,
    /// What is said before a call is ended for the caller, the phrase named `goodbye`.
    pub goodbye: Option<PhraseId>,
    /// The sentence that follows a `confirm`.
    pub confirm: PhraseId,
    /// How long a caller may stay in menus before an operator is called.
    pub call_limit: Duration,
}

impl Menu {
    /// The step after which a callback of a queue goes on once the talk is over: the first that leads to the queue.
    /// `None` when none does, or the queue calls nobody back.
    #[must_use]
    pub fn callback_step(&self, queue: QueueId) -> Option<(TaskId, StepId)> {
        self.queues.get(usize::from(queue.0))?.callback.as_ref()?;
        self.tasks.iter().enumerate().find_map(|(task, node)| {
            let leads = |node: &StepNode| matches!(&node.step, Step::Queue(step) if step.queue == queue);
            let step = node.steps.iter().position(leads)?;
            Some((TaskId(u16::try_from(task).ok()?), StepId(u16::try_from(step).ok()?)))
        })
    }
}

/// Whose hotline it is.
#[derive(Debug)]
pub struct Bank {
    /// The bank's name in each language.
    pub name: Vec<(Lang, Name)>,
    /// The zone in which opening hours are written.
    pub zone: jiff::tz::TimeZone,
    /// The currency of amounts without one.
    pub currency: Currency,
}

/// An entry point.
#[derive(Debug)]
pub struct Line {
    /// Its name.
    pub name: Name,
    /// The called numbers.
    pub numbers: Vec<PhoneNumber>,
    /// Where the caller begins.
    pub start: Node,
    /// Where it is written.
    pub place: Place,
}

/// What `caller.profile` is for a caller who has none.
pub const NO_PROFILE: &str = "none";

/// How a caller is served whose number has this profile: a head start in every queue, slow speech, a language, a
/// beginning of its own. It is a courtesy and no proof: whoever shows the number is not identified by it.
#[derive(Debug)]
pub struct Profile {
    /// Its name.
    pub name: Name,
    /// Head start in seconds, in every queue, on top of the step's own.
    pub priority: u32,
    /// Longer pauses, and more time for every key.
    pub slow: bool,
    /// The first language heard.
    pub lang: Option<Lang>,
    /// Where the caller begins in place of the line's `start`.
    pub start: Option<Node>,
    /// Where it is written.
    pub place: Place,
}

/// A node of the menu graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A task.
    Task(TaskId),
    /// A menu.
    Menu(MenuId),
}

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Go {
    /// To a task or menu.
    Node(Node),
    /// To the operator: the nearest enclosing task's `operator:`, else [`Menu::operator`].
    Operator,
    /// To the menu from which this was opened.
    Back,
    /// Hear it again.
    Repeat,
    /// The next language, at the same place.
    SwitchLanguage,
    /// Back to the caller of this task.
    Return,
    /// End the call.
    HangUp,
}

/// A phrase in every language of the menu.
#[derive(Debug)]
pub struct Phrase {
    /// Its name, also the name of its recordings.
    pub name: Name,
    /// Its text in each language.
    pub texts: Vec<(Lang, PhraseText)>,
    /// Where it is written.
    pub place: Place,
}
