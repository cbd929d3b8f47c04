//! What a call's flow is told and what it asks for: the vocabulary is the documentation of the core.

use crate::ivr::menu::{Name, QueueId, Whisper};
use crate::model::{
    BankAnswer, BankRequest, CallEvent, CallId, Cause, Digit, Lang, Level, OperatorId, PhoneNumber, Playlist, PromptId,
    RequestId,
};
use std::sync::Arc;
use std::time::Duration;

/// Names one playing of a playlist, so that its end is not taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaybackId(pub u32);

/// Who calls, as far as it is known when the call is answered.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The call.
    pub call: CallId,
    /// The calling number, if shown.
    pub from: Option<PhoneNumber>,
    /// On the list of numbers that go to an operator at once.
    pub blocked_number: bool,
    /// Wants longer pauses between options.
    pub slow_speech: bool,
    /// The profile this number has, by the name it has in the menu's `profiles:`; one that the menu does not know
    /// is none.
    pub profile: Option<Name>,
    /// The first language heard; `None` is the menu's default.
    pub lang: Option<Lang>,
}

/// What happens to a call.
#[derive(Debug)]
pub enum Event {
    /// The call was answered and media is open.
    Answered,
    /// A key, counted once, at its beginning.
    Digit(Digit),
    /// A playlist came to its end (never sent for one that was replaced or stopped).
    PlaybackEnded(PlaybackId),
    /// The bank answered.
    Bank(RequestId, BankAnswer),
    /// Where the caller stands in the queue; sent on entering, and before it is told that time has passed or that a
    /// playlist came to its end.
    QueueStatus(QueueStatus),
    /// An operator took the call: the caller and the operator are being joined.
    Connected(OperatorId),
    /// The conversation ended and the caller is still there.
    TalkEnded,
    /// The operator's side broke down during the talk: the caller is back at the front of the queue.
    Requeued,
    /// The operator has handed the caller on into another queue.
    HandedOn(QueueId),
    /// The queue gave the caller up.
    QueueEnded(QueueEnd),
    /// What became of [`Command::OrderCallback`].
    CallbackOrdered {
        /// Whether the bank will call: refused when a ticket for this number is open already, or no more are taken.
        accepted: bool,
    },
    /// The transfer did not work and the caller is still here.
    TransferFailed,
    /// The recording of a message ended.
    MessageEnded {
        /// Its length; zero when nothing was recorded.
        length: Duration,
        /// Whether it was stored.
        stored: bool,
    },
    /// The leg is gone.
    HungUp(Cause),
}

/// Where the caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// From 1.
    pub position: u32,
    /// The estimated wait; `None` when nobody can know it.
    pub wait: Option<Duration>,
    /// Finished calls of this queue today, for the menu's `min_samples`.
    pub samples: u32,
}

/// Why the queue gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueEnd {
    /// The longest wait passed.
    Timeout,
    /// As many wait already as may.
    Full,
    /// No operator who could take the call is there.
    Nobody,
}

/// What a call's flow asks for.
pub enum Command {
    /// Plays; replaces what plays.
    Play(Play),
    /// Silence at once.
    StopPlayback,
    /// From here to the next `SecretEnded` digits are a secret: nothing is recorded, relayed or shown.
    SecretBegan,
    /// The secret entry is over.
    SecretEnded,
    /// Asks the bank; the answer comes as [`Event::Bank`].
    AskBank(BankRequest),
    /// Enters a queue; answered by status, connection or end.
    Enqueue(Enqueue),
    /// Leaves the queue.
    LeaveQueue,
    /// The caller who waits in a queue wants to be called when the turn comes. Answered by
    /// [`Event::CallbackOrdered`]; once accepted the place belongs to the ticket and the caller is in no queue.
    OrderCallback {
        /// The number to call.
        number: PhoneNumber,
    },
    /// Whoever answered a callback wants to talk: join the operator who waits, and tell [`Event::Connected`].
    TakeCallback,
    /// Hands the caller to somebody outside. [`Event::TransferFailed`] gives the caller back; otherwise only
    /// [`Event::HungUp`] follows. Until then the caller hears what whoever carries this out plays.
    Transfer {
        /// A target that the config names.
        target: Name,
        /// By REFER rather than by a bridge.
        refer: bool,
    },
    /// Records a message after what is playing has ended.
    RecordMessage {
        /// The mailbox.
        mailbox: Name,
        /// The longest message.
        max: Duration,
        /// The key that ends it.
        stop: Digit,
        /// Silence that ends it.
        silence: Duration,
    },
    /// Ends the call.
    HangUp(Cause),
    /// Appends to the call's history.
    Record(CallEvent),
}

/// A playing.
#[derive(Clone, Debug)]
pub struct Play {
    /// Its name.
    pub playback: PlaybackId,
    /// Clips and gaps.
    pub playlist: Playlist,
    /// What it says, for simulator, tests and the debug log; secrets cannot be in it.
    pub spoken: Vec<Spoken>,
    /// How long it takes, once through; missing recordings are estimated from their text.
    pub length: Duration,
}

/// One phrase as spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The phrase's name.
    pub phrase: Name,
    /// The language it was said for.
    pub lang: Lang,
    /// The words.
    pub text: Arc<str>,
    /// From the start of the playing to its first word.
    pub after: Duration,
}

/// Entering a queue, with what the operator is to know.
#[derive(Clone, Debug)]
pub struct Enqueue {
    /// Which.
    pub queue: QueueId,
    /// Head start in seconds.
    pub priority: u32,
    /// Further skills the operator must have.
    pub skills: Vec<Name>,
    /// The caller's language.
    pub lang: Lang,
    /// What the operator hears first, as prompts in the operator's ear.
    pub whisper: Vec<PromptId>,
    /// What the operator sees.
    pub screen: Screen,
}

/// The caller's context for the operator: facts the menu named, never digits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Screen {
    /// The identity level.
    pub level: Level,
    /// Nodes visited, in order.
    pub path: Vec<Name>,
    /// Facts noted.
    pub notes: Vec<Name>,
    /// The values the queue's `screen:` lists, as words by path.
    pub values: Vec<(Name, Arc<str>)>,
    /// What the operator is to be told.
    pub hears: Vec<Whisper>,
}
