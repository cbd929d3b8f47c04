//! Tasks and their steps.

use super::{
    Condition, Go, Inherited, Listen, Name, Node, OperationId, PhraseId, Place, QueueId, Source, StepId, TaskId,
    Trouble,
};
use crate::model::{Digit, Lang, Level};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A task: steps that always end.
#[derive(Debug)]
pub struct Task {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: Name,
    /// The level the caller must have before the first step.
    pub needs: Option<Level>,
    /// What "operator" means inside.
    pub operator: Option<Node>,
    /// All steps, those of inner blocks included; begins with [`Task::first`].
    pub steps: Vec<StepNode>,
    /// The first step.
    pub first: StepId,
    /// Where it is written.
    pub place: Place,
}

impl std::ops::Index<StepId> for Task {
    type Output = StepNode;

    fn index(&self, id: StepId) -> &StepNode {
        &self.steps[usize::from(id.0)]
    }
}

/// A step and what follows it.
#[derive(Debug)]
pub struct StepNode {
    /// What it does.
    pub step: Step,
    /// The step after it; the last step of an inner block points after that block. `None`: the checker has proven
    /// that it is never fallen off.
    pub next: Option<StepId>,
    /// Where it is written.
    pub place: Place,
}

/// One step.
#[derive(Debug)]
pub enum Step {
    /// Plays a phrase.
    Say {
        /// Which.
        phrase: PhraseId,
        /// Cannot be cut by a key.
        all: bool,
    },
    /// Collects digits.
    Ask(Ask),
    /// Sets a value by one key.
    Choose(Choose),
    /// 1 is yes, 2 is no.
    Confirm(Confirm),
    /// Calls a bank operation.
    Do(Do),
    /// Goes one of two ways; without a block the way is [`StepNode::next`].
    If {
        /// The condition.
        condition: Condition,
        /// First step when it holds.
        then: Option<StepId>,
        /// First step when it does not.
        otherwise: Option<StepId>,
    },
    /// Leaves the task.
    Go(Go),
    /// Runs a task and comes back.
    Call(TaskId),
    /// Hands over to a queue.
    Queue(QueueStep),
    /// Hands over to a number outside.
    Transfer(Transfer),
    /// Records a message.
    Voicemail(Voicemail),
    /// Keeps a fact for the operator and the audit.
    Note(Name),
    /// Reads a list.
    SayEach(SayEach),
    /// Chooses a branch by shares.
    Split(Split),
    /// Switches to a language.
    Language(Lang),
}

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Digits.
    Digits,
    /// Digits nobody may see.
    Secret,
    /// A telephone number.
    Phone,
    /// A card number (Luhn).
    Card,
    /// A date, as DDMMYYYY.
    Date,
    /// An amount in whole units.
    Amount,
}

impl EntryKind {
    /// Whether what is entered is nobody's to see: it goes to a secret parameter of the bank and nowhere else.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        match self {
            Self::Secret | Self::Card => true,
            Self::Digits | Self::Phone | Self::Date | Self::Amount => false,
        }
    }
}

/// The dates that an entry takes, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// The first.
    pub from: Option<Day>,
    /// The last.
    pub to: Option<Day>,
}

/// A day written in the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// A date.
    On(jiff::civil::Date),
    /// The day of the call in the bank's zone.
    Today,
}

impl Dates {
    /// Whether a date is among them.
    #[must_use]
    pub fn contains(&self, date: jiff::civil::Date, today: jiff::civil::Date) -> bool {
        let on = |day: Day| match day {
            Day::On(date) => date,
            Day::Today => today,
        };
        self.from.is_none_or(|from| on(from) <= date) && self.to.is_none_or(|to| date <= on(to))
    }
}

/// Collects digits into `answer.<name>`.
#[derive(Debug)]
pub struct Ask {
    /// Its name.
    pub name: Name,
    /// The question.
    pub say: PhraseId,
    /// The fewest digits.
    pub min: u8,
    /// The most digits; equal to `min` when the length is fixed, and then no submit key is needed.
    pub max: u8,
    /// What it holds.
    pub kind: EntryKind,
    /// Amounts taken, in whole units.
    pub amounts: RangeInclusive<i64>,
    /// Dates taken.
    pub dates: Dates,
    /// Said instead of the question after silence or a wrong entry.
    pub help: Option<PhraseId>,
    /// How many times the question may be put, `again` included.
    pub attempts: u8,
    /// When they are used up.
    pub failed: Action,
    /// Timers.
    pub listen: Inherited<Listen>,
}

/// Sets `answer.<name>` by one key.
#[derive(Debug)]
pub struct Choose {
    /// Its name.
    pub name: Name,
    /// The question.
    pub say: PhraseId,
    /// The options; those of `digits: 1-5` have no offer.
    pub options: Vec<Choice>,
    /// Keys that are not options.
    pub keys: Vec<(Digit, Inherited<Go>)>,
    /// In place of the trouble list's silence.
    pub silence: Option<Action>,
    /// Silence and wrong keys.
    pub trouble: Inherited<Trouble>,
    /// Timers.
    pub listen: Inherited<Listen>,
}

/// One option of a choice.
#[derive(Debug)]
pub struct Choice {
    /// The key.
    pub digit: Digit,
    /// The first half of its sentence.
    pub offer: Option<PhraseId>,
    /// The word it sets.
    pub value: Name,
    /// Where it is written.
    pub place: Place,
}

/// Asks yes or no.
#[derive(Debug)]
pub struct Confirm {
    /// What is to be confirmed; [`Menu::confirm`](super::Menu::confirm) follows.
    pub say: PhraseId,
    /// On 2.
    pub declined: Action,
    /// The next operation changes something: keys pressed ahead are thrown away.
    pub guards_change: bool,
    /// Keys other than 1 and 2.
    pub keys: Vec<(Digit, Inherited<Go>)>,
    /// Silence and wrong keys.
    pub trouble: Inherited<Trouble>,
    /// Timers.
    pub listen: Inherited<Listen>,
}

/// Calls a bank operation.
#[derive(Debug)]
pub struct Do {
    /// Which.
    pub operation: OperationId,
    /// Its parameters.
    pub with: Vec<(Name, Source)>,
    /// The name under which the answer's fields are kept.
    pub keep_as: Option<Name>,
    /// Every outcome, the implicit and the inherited included.
    pub outcomes: Vec<(Name, Inherited<Action>)>,
    /// The same operation with the same parameters is done once a call.
    pub once_per_call: bool,
}

/// What follows an outcome: note, grant, say, then where.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Action {
    /// Said.
    pub say: Option<PhraseId>,
    /// Noted.
    pub note: Option<Name>,
    /// The level reached.
    pub grants: Option<Level>,
    /// Where then.
    pub then: Then,
}

/// Where an action leads.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Then {
    /// To the next step.
    #[default]
    Continue,
    /// Out of the task.
    Go(Go),
    /// Back to an entry of this task, counting its attempts.
    Again(StepId),
}

/// Hands the caller to a queue.
#[derive(Debug)]
pub struct QueueStep {
    /// Which.
    pub queue: QueueId,
    /// Head start, in seconds of waiting.
    pub priority: u32,
    /// Skills an operator must have besides the queue's.
    pub skills: Vec<Name>,
    /// What follows each end.
    pub results: Vec<(QueueResult, Action)>,
}

/// How a queue ends for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueResult {
    /// The conversation is over and the caller is still there.
    Finished,
    /// A callback was ordered.
    Callback,
    /// The longest wait passed, or the queue was full.
    Timeout,
    /// No operator is there.
    Nobody,
    /// The caller left by a key that leads nowhere itself.
    Left,
}

/// Hands the caller to a number outside.
#[derive(Debug)]
pub struct Transfer {
    /// A target the config names.
    pub target: Name,
    /// By REFER rather than a bridge.
    pub refer: bool,
    /// When it did not work.
    pub failed: Action,
}

/// Records a message.
#[derive(Debug)]
pub struct Voicemail {
    /// Said before the tone.
    pub say: PhraseId,
    /// The mailbox.
    pub mailbox: Name,
    /// The longest message.
    pub max: Duration,
    /// The key that ends it.
    pub stop: Digit,
    /// Silence that ends it.
    pub silence: Duration,
}

/// Reads a list of records.
#[derive(Debug)]
pub struct SayEach {
    /// The kept answer.
    pub kept: Name,
    /// Its field that holds the list.
    pub field: Name,
    /// The phrase for one record, with `{item.…}`.
    pub say: PhraseId,
    /// The most records read.
    pub limit: u8,
}

/// Chooses a branch by shares.
#[derive(Debug)]
pub struct Split {
    /// Branches with their shares.
    pub branches: Vec<(Name, u32, Go)>,
    /// The same caller always gets the same branch.
    pub sticky: bool,
}
