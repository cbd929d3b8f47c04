//! Call records: events appended to the store as they happen, read later by reports.

use crate::model::{CallId, Cause, Lang, Level, OperatorId, PhoneNumber, Quality, Side};
use std::sync::Arc;
use std::time::Duration;

/// One line of a call's history.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    /// Whose history.
    pub call: CallId,
    /// Wall clock, UTC.
    pub at: jiff::Timestamp,
    /// What happened.
    pub event: CallEvent,
}

/// What happens in a call. None of it can hold a secret: no digit a caller pressed is in here except a choice
/// whose meaning the menu declares (a survey score).
#[derive(Clone, Debug, PartialEq)]
pub enum CallEvent {
    /// A call came in and was admitted.
    Arrived {
        /// Calling number, if it was shown.
        from: Option<PhoneNumber>,
        /// Called number or user part, as dialled.
        called: Arc<str>,
        /// The line of the menu it fell to.
        line: Arc<str>,
        /// The version of the menu the call keeps to its end.
        menu: Arc<str>,
        /// The trunk that brought it, if one did.
        trunk: Option<Arc<str>>,
    },
    /// The caller was answered.
    Answered,
    /// The caller came to a task, a menu or a queue.
    Visited {
        /// Its name in the menu.
        node: Arc<str>,
    },
    /// The caller now hears another language.
    LanguageChosen {
        /// The language.
        lang: Lang,
    },
    /// The identity level rose.
    LevelReached {
        /// The new level.
        level: Level,
    },
    /// A bank operation was answered.
    BankAnswered {
        /// The operation.
        operation: Arc<str>,
        /// Its outcome.
        outcome: Arc<str>,
        /// From the request to the answer.
        took: Duration,
    },
    /// A declared choice was made (a `choose` of the menu: reason of a block, survey score).
    Chosen {
        /// The name of the choice.
        name: Arc<str>,
        /// The value declared for the key.
        value: Arc<str>,
    },
    /// The menu noted a fact for the operator and the audit.
    Noted {
        /// The fact's name.
        note: Arc<str>,
    },
    /// The caller entered a queue.
    Queued {
        /// The queue.
        queue: Arc<str>,
    },
    /// An operator's phone began to ring for this call.
    Offered {
        /// Who.
        operator: OperatorId,
    },
    /// The operator did not take the call: busy, no answer, rejected, unreachable.
    OfferFailed {
        /// Who.
        operator: OperatorId,
        /// Why, one word.
        reason: Arc<str>,
    },
    /// The caller and the operator hear each other.
    Connected {
        /// Who.
        operator: OperatorId,
        /// From entering the queue to two-way audio.
        waited: Duration,
    },
    /// The conversation ended.
    TalkEnded {
        /// Who.
        operator: OperatorId,
        /// Length of two-way audio.
        talked: Duration,
        /// Whether the operator hung up first.
        by_operator: bool,
    },
    /// The caller left the queue without a conversation.
    QueueLeft {
        /// The queue.
        queue: Arc<str>,
        /// From entering to leaving.
        waited: Duration,
        /// `abandoned`, `timeout`, `nobody`, `left`.
        outcome: Arc<str>,
    },
    /// The caller is being handed to somebody outside.
    TransferBegan {
        /// The target's name in menu and configuration.
        target: Arc<str>,
        /// By REFER rather than by a bridge.
        refer: bool,
    },
    /// The caller and the target hear each other, or the caller's network has taken the call over.
    Transferred {
        /// The target.
        target: Arc<str>,
        /// From the beginning of the transfer.
        took: Duration,
    },
    /// The transfer did not work; the caller is in the menu again.
    TransferFailed {
        /// The target.
        target: Arc<str>,
        /// Why, one word: `busy`, `no_answer`, `rejected`, `unreachable` …
        reason: Arc<str>,
    },
    /// The conversation with the target ended.
    TransferEnded {
        /// The target.
        target: Arc<str>,
        /// Length of two-way audio.
        talked: Duration,
        /// Whether the target hung up first.
        by_target: bool,
    },
    /// An operator wanted to hand the caller over.
    HandOver {
        /// Who.
        by: OperatorId,
        /// To whom: an operator's account, `queue-` and the queue's name, or a target's name.
        to: Arc<str>,
        /// After the two operators had spoken.
        attended: bool,
        /// `taken`, or why not, one word: `busy`, `no_answer`, `rejected`, `unreachable` …
        outcome: Arc<str>,
    },
    /// A supervisor is in the conversation.
    Supervised {
        /// Who.
        by: OperatorId,
        /// Whose conversation with the caller.
        operator: OperatorId,
        /// From now on: `listens`, `whispers` to the operator, `joins`.
        does: Arc<str>,
    },
    /// The supervisor has left, or the conversation ended.
    SupervisionEnded {
        /// Who.
        by: OperatorId,
        /// Whose conversation with the caller.
        operator: OperatorId,
        /// From the first word heard.
        lasted: Duration,
    },
    /// The caller wants to be called when the turn comes.
    CallbackOrdered,
    /// The bank calls somebody back; an operator waits. The first event of such a call.
    CallingBack {
        /// The call that ordered it.
        ticket: CallId,
        /// The number.
        to: PhoneNumber,
        /// The line of the call that ordered it.
        line: Arc<str>,
        /// The version of the menu the call keeps to its end.
        menu: Arc<str>,
        /// Which attempt, from 1.
        attempt: u8,
        /// The trunk that it goes through.
        trunk: Option<Arc<str>>,
    },
    /// The callback that this call ordered is done with.
    CallbackClosed {
        /// `reached`, `given_up`, `expired`, `cancelled`.
        outcome: Arc<str>,
    },
    /// A voice message was stored.
    MessageLeft {
        /// The mailbox.
        mailbox: Arc<str>,
        /// File name under the data folder.
        file: Arc<str>,
        /// Its length.
        length: Duration,
    },
    /// A conversation was recorded and is on the disk.
    ConversationRecorded {
        /// File name under the folder of recordings.
        file: Arc<str>,
        /// Its length.
        length: Duration,
    },
    /// The sound of a leg ended. That of the caller's leg follows [`CallEvent::Ended`].
    SoundEnded {
        /// Whose leg.
        side: Side,
        /// How it went.
        quality: Quality,
    },
    /// The call is over.
    Ended {
        /// Why.
        cause: Cause,
        /// From the answer to the end; zero when it was never answered.
        lasted: Duration,
    },
}
