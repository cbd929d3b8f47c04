//! The checked menu: names resolved to ids, defaults filled in, places kept for messages.
//!
//! [`Menu`] is what the flow engine walks. Only the checker makes one, so whoever holds a `Menu` need not check.

use crate::ivr::speech::{Ladder, PhraseText};
use crate::model::{Currency, Digit, Lang, Level, PhoneNumber, PromptId};
use std::sync::Arc;
use std::time::Duration;

/// A name an admin gave: of a task, a note, a skill, an entry.
pub type Name = Arc<str>;

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
    /// The sentence that follows a `confirm`.
    pub confirm: PhraseId,
    /// How long a caller may stay in menus before an operator is called.
    pub call_limit: Duration,
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

/// Opening hours in [`Bank::zone`].
#[derive(Debug)]
pub struct Hours {
    /// Their name.
    pub name: Name,
    /// When it is open.
    pub rule: HoursRule,
    /// Where it is written.
    pub place: Place,
}

/// When it is open.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful per menu; a box would only hide the fields")]
pub enum HoursRule {
    /// Day and night.
    Always,
    /// By a calendar: `special` days win over `closed`, `closed` over `weekly`.
    Calendar {
        /// Open intervals by weekday, Monday first; an end of 24:00 is written as midnight and counts as the end of the day.
        weekly: [Vec<OpenInterval>; 7],
        /// Closed dates, both ends included.
        closed: Vec<(jiff::civil::Date, jiff::civil::Date)>,
        /// Days with hours of their own.
        special: Vec<(jiff::civil::Date, OpenInterval)>,
    },
}

/// From opening to closing, within one day; closing at midnight means the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInterval {
    /// First minute open.
    pub from: jiff::civil::Time,
    /// First minute closed.
    pub to: jiff::civil::Time,
}

/// A switch of the duty officer.
#[derive(Debug)]
pub struct Switch {
    /// Its name.
    pub name: Name,
    /// What it announces.
    pub say: Option<PhraseId>,
    /// Its state until somebody turns it.
    pub enabled: bool,
    /// Where it is written.
    pub place: Place,
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

/// A bank operation as the integrator declared it.
#[derive(Debug)]
pub struct Operation {
    /// Its name, such as `bank.balance`.
    pub name: Name,
    /// The level it needs.
    pub level: Level,
    /// Its parameters.
    pub params: Vec<(Name, ValueType)>,
    /// What a definite answer carries.
    pub fields: ValueType,
    /// Its outcomes, without the implicit ones.
    pub outcomes: Vec<Name>,
    /// Whether it changes something.
    pub changes: bool,
    /// How long the caller waits.
    pub timeout: Duration,
    /// How long an answer may be used again for other callers; zero is never.
    pub cache: Duration,
    /// Where it is written.
    pub place: Place,
}

/// The type of a value, for the checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Digits said one by one.
    Digits,
    /// A telephone number.
    Phone,
    /// A whole number.
    Number,
    /// An amount.
    Money,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A length of time.
    Duration,
    /// A word of a closed list.
    Word,
    /// Digits nobody may see.
    Secret,
    /// A card: an opaque handle and `last4`.
    Card,
    /// Text.
    Text,
    /// Nothing.
    Nothing,
    /// Named fields.
    Record(Vec<(Name, ValueType)>),
    /// A list of records.
    List(Box<ValueType>),
}

/// How keys are listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// From the end of the audio to the first digit.
    pub first_key: Duration,
    /// Between digits.
    pub next_key: Duration,
    /// Ends an entry.
    pub submit: Digit,
    /// Clears an entry.
    pub clear: Digit,
    /// A key cuts the prompt.
    pub barge_in: bool,
    /// Keys pressed ahead are kept.
    pub type_ahead: bool,
}

/// What silence and wrong keys lead to, attempt by attempt. The last of each leaves the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// On the first, second, … silence.
    pub silence: Vec<Reaction>,
    /// On the first, second, … wrong key.
    pub wrong: Vec<Reaction>,
}

/// One attempt's reaction: say, then go; without `go` the node is heard again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Said first.
    pub say: Option<PhraseId>,
    /// Where it leads; `None` repeats the node.
    pub go: Option<Go>,
}

/// A menu of options.
#[derive(Debug)]
pub struct MenuNode {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: Name,
    /// Said on the first entry only.
    pub intro: Option<PhraseId>,
    /// A recorded whole menu in place of the composed offers.
    pub say: Option<PhraseId>,
    /// Options in the order they are spoken.
    pub options: Vec<MenuOption>,
    /// Said once a call, after the first menu that has one.
    pub hint: Option<PhraseId>,
    /// Keys that are not options, the menu's own before the global ones.
    pub keys: Vec<(Digit, Inherited<Go>)>,
    /// Where `back` leads when the stack of menus has nothing below this one.
    pub back: Option<Go>,
    /// Silence and wrong keys.
    pub trouble: Inherited<Trouble>,
    /// Timers.
    pub listen: Inherited<Listen>,
    /// Where it is written.
    pub place: Place,
}

/// One option of a menu.
#[derive(Debug)]
pub struct MenuOption {
    /// The key.
    pub digit: Digit,
    /// The first half of its sentence.
    pub offer: PhraseId,
    /// Where it leads.
    pub go: Go,
    /// Hidden, from speech and keys alike, unless this holds.
    pub condition: Option<Condition>,
    /// Where it is written.
    pub place: Place,
}

/// A step's index within its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub u16);

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
    /// What is to be confirmed; [`Menu::confirm`] follows.
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

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `caller.level`, as the level's word.
    CallerLevel,
    /// `caller.is_blocked_number`, as the words `true` and `false`.
    CallerBlocked,
    /// `call.from`.
    CallFrom,
    /// `call.line`, as the line's name.
    CallLine,
    /// `answer.<name>`.
    Answer(Name),
    /// A kept answer of the bank or a field of it: `card`, `card.last4`.
    Kept(Name, Option<Name>),
    /// `queue.position` of the queue the caller waits in.
    QueuePosition,
    /// `queue.wait`, or `queue.<name>.wait`.
    QueueWait(Option<QueueId>),
    /// `item.<field>` within `say_each`.
    Item(Name),
    /// `switch.<name>`, as the words `true` and `false`.
    Switch(SwitchId),
    /// `hours.<name>`, as the words `open` and `closed`.
    Hours(HoursId),
    /// A word, number or length of time written in the menu.
    Literal(Literal),
}

/// A value written in the menu.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A word.
    Word(Name),
    /// A whole number.
    Number(i64),
    /// A length of time.
    Duration(Duration),
}

/// A condition. No arithmetic and no loops.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A yes-or-no source.
    Holds(Source),
    /// Two sources compared.
    Compare {
        /// Left.
        left: Source,
        /// How.
        how: Comparison,
        /// Right: one value, or for [`Comparison::In`] any of several.
        right: Vec<Source>,
    },
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// How two values are compared. An unknown value (a wait nobody can estimate) makes every comparison false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `<`
    Less,
    /// `>`
    Greater,
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

/// How the next operator is picked among the ready ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Who has been ready longest.
    LongestIdle,
    /// In turn.
    RoundRobin,
    /// Who took the fewest calls today.
    FewestCalls,
    /// All phones ring.
    RingAll,
}

/// A queue of callers.
#[derive(Debug)]
pub struct Queue {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: Name,
    /// Skills an operator must have (any one of them).
    pub skills: Vec<Name>,
    /// For how long only operators with the caller's language are offered; `None` when language does not matter.
    pub own_language_for: Option<Duration>,
    /// How the next operator is picked.
    pub pick: Pick,
    /// How long a phone rings.
    pub ring: Duration,
    /// An operator who does not answer is put on a break.
    pub pause_on_no_answer: bool,
    /// Time after a call before the next.
    pub wrap_up: Duration,
    /// What is heard while waiting.
    pub music: PromptId,
    /// The longest wait.
    pub max_wait: Duration,
    /// The most who wait.
    pub max_waiting: u32,
    /// The share, in percent, to be answered within the time.
    pub service_level: Option<(u8, Duration)>,
    /// Announcements and keys.
    pub waiting: Waiting,
    /// The offer of a callback.
    pub callback: Option<Callback>,
    /// Further skills that may take the call after a time.
    pub overflow: Vec<(Duration, Vec<Name>)>,
    /// What the operator hears first.
    pub operator_hears: Vec<Whisper>,
    /// What the operator sees, as paths.
    pub screen: Vec<Name>,
    /// Where it is written.
    pub place: Place,
}

/// What the operator hears before the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whisper {
    /// Whether the caller is verified.
    WhoVerified,
    /// Why the caller calls.
    Reason,
}

/// What is said to those who wait.
#[derive(Debug, Default)]
pub struct Waiting {
    /// On entering.
    pub enter: Option<PhraseId>,
    /// The position.
    pub position: Option<PositionNotice>,
    /// The estimated wait and how many finished calls it needs.
    pub wait_time: Option<(PhraseId, u32)>,
    /// Tips in turn.
    pub tips: Option<(Duration, Vec<PhraseId>)>,
    /// Keys while waiting.
    pub keys: Vec<(Digit, WaitingKey)>,
}

/// The announcement of the position.
#[derive(Debug)]
pub struct PositionNotice {
    /// How often.
    pub every: Duration,
    /// For second place and below.
    pub say: PhraseId,
    /// For the first in the queue.
    pub next: Option<PhraseId>,
    /// Only when it became better than last said.
    pub only_if_improved: bool,
}

/// What a key does while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingKey {
    /// Orders a callback.
    Callback,
    /// Leaves the queue for a node.
    Go(Go),
}

/// The offer to call back.
#[derive(Debug)]
pub struct Callback {
    /// Not before this wait.
    pub offer_after: Duration,
    /// Only if.
    pub offer_if: Option<Condition>,
    /// The offer.
    pub say: PhraseId,
    /// Confirms the calling number.
    pub confirm_number: PhraseId,
    /// Asks for another.
    pub other_number: PhraseId,
    /// How many times the bank calls.
    pub attempts: u8,
    /// Between attempts.
    pub retry: Duration,
    /// Said to whoever answers.
    pub hello: PhraseId,
}
