//! The steps of a test, and what carries them out.

use super::bank::Answer;
use super::virtual_call::{Heard, Operators, VirtualCall};
use super::words;
use crate::ivr::flow::{Event, QueueEnd, StateName};
use crate::ivr::menu::{Phrase, SwitchId, Text};
use crate::ivr::words::written;
use crate::model::{Digit, Lang, Level, OperatorId};
use std::time::Duration;

/// The longest time a step lets pass before it says that what it waits for does not come.
const PATIENCE: u32 = 400;

/// From the first sound of a prompt to the key that cuts it.
const REACTION: Duration = Duration::from_millis(20);

/// How long a caller who waits in a queue is listened to for an announcement.
const QUEUE_PATIENCE: Duration = Duration::from_mins(3);

/// A step and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct StepAt {
    /// Its line, from 1.
    pub line: u32,
    /// What it does.
    pub step: Step,
}

/// One step of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The phrase is heard next, whatever else is heard before it.
    Hears(String),
    /// The text is heard next, in the language.
    HearsText(Vec<(Lang, String)>),
    /// Keys in one burst.
    Press(Vec<Digit>),
    /// The prompt ends, and nothing is pressed for that long.
    Silence(Duration),
    /// Time passes.
    Wait(Duration),
    /// The caller is at a node.
    At(String),
    /// The caller hears a language.
    Language(Lang),
    /// The caller waits in a queue.
    InQueue(String),
    /// The call ends, by the system or by the caller.
    CallEnds {
        /// Whether the system ends it; `None` is either.
        by_system: Option<bool>,
    },
    /// The caller hangs up.
    HangsUp,
    /// An operator answers.
    OperatorAnswers,
    /// The operator hangs up.
    OperatorHangsUp,
    /// The operator's side breaks down: the caller is back at the front of the queue.
    OperatorFails,
    /// The queue gives the caller up.
    QueueEnds(QueueEnd),
    /// What queues find from now on; who waits is told.
    Queue(Operators),
    /// Switches change.
    Switches(Vec<(SwitchId, bool)>),
    /// The bank answers so from now on.
    Bank(Vec<(String, Vec<Answer>)>),
    /// The caller's level.
    Level(Level),
    /// The caller is being handed to a target of the config.
    Transferred(String),
    /// The transfer under way does not work.
    TransferFails,
    /// Whether the bank takes orders to call back, from now on.
    Callbacks(bool),
}

/// How far a test has listened.
#[derive(Default)]
pub(super) struct Ear {
    heard: usize,
}

/// What a step found instead of what it expected.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Unmet {
    /// What was expected.
    pub expected: Text,
    /// What was found, a line each.
    pub found: Vec<Text>,
    /// Where the caller is.
    pub place: Text,
}

impl Ear {
    /// Carries a step out; the error says what was found instead.
    pub(super) fn take(&mut self, call: &mut VirtualCall, step: &Step) -> Result<(), Unmet> {
        match step {
            Step::Hears(phrase) => self.hears(call, phrase),
            Step::HearsText(texts) => self.hears_text(call, texts),
            Step::Press(digits) => press(call, digits),
            Step::Silence(length) => {
                listen_out(call);
                call.advance(*length);
                Ok(())
            }
            Step::Wait(length) => {
                call.advance(*length);
                Ok(())
            }
            Step::At(node) => {
                until(call, |call| call.node().as_deref() == Some(node));
                expect(call, call.node().as_deref() == Some(node), || words::caller_at(node))
            }
            Step::Language(lang) => expect(call, call.flow().lang() == *lang, || words::caller_hears(*lang))
                .map_err(|unmet| Unmet { found: vec![words::plain(call.flow().lang().to_string())], ..unmet }),
            Step::Level(level) => expect(call, call.flow().level() == *level, || words::level(*level))
                .map_err(|unmet| Unmet { found: vec![words::level(call.flow().level())], ..unmet }),
            Step::InQueue(queue) => {
                until(call, |call| call.queue().as_deref() == Some(queue));
                expect(call, call.queue().as_deref() == Some(queue), || words::in_queue(queue))
            }
            Step::CallEnds { by_system } => call_ends(call, *by_system),
            Step::Switches(switches) => {
                for (switch, enabled) in switches {
                    call.set_switch(*switch, *enabled);
                }
                Ok(())
            }
            Step::Bank(answers) => {
                for (operation, answers) in answers {
                    call.bank.script(operation, answers.clone());
                }
                Ok(())
            }
            Step::Callbacks(taken) => {
                call.callbacks = *taken;
                Ok(())
            }
            Step::HangsUp => {
                call.hang_up();
                Ok(())
            }
            Step::OperatorAnswers
            | Step::OperatorHangsUp
            | Step::OperatorFails
            | Step::QueueEnds(_)
            | Step::Queue(_)
            | Step::Transferred(_)
            | Step::TransferFails => outside(call, step),
        }
    }

    fn new_words(&self, call: &VirtualCall) -> Vec<Heard> {
        call.heard().skip(self.heard).collect()
    }

    fn hears(&mut self, call: &mut VirtualCall, phrase: &str) -> Result<(), Unmet> {
        let begun = |ear: &Self, call: &VirtualCall| {
            ear.new_words(call).iter().position(|heard| *heard.spoken.phrase == *phrase)
        };
        listen(call, |call| begun(self, call).is_some());
        if let Some(index) = begun(self, call) {
            self.heard += index + 1;
            return Ok(());
        }
        let text = call.flow().menu().phrases.iter().find(|known| *known.name == *phrase);
        let text = text.map(|known| phrase_text(known, call.flow().lang())).unwrap_or_default();
        Err(self.instead(call, words::plain(format!("{phrase} «{text}»"))))
    }

    fn hears_text(&mut self, call: &mut VirtualCall, texts: &[(Lang, String)]) -> Result<(), Unmet> {
        let lang = call.flow().lang();
        let Some((_, text)) = texts.iter().find(|(of, _)| *of == lang) else {
            return Err(self.instead(call, words::text_in(lang)));
        };
        listen(call, |call| words_end(&self.new_words(call), text).is_some());
        match words_end(&self.new_words(call), text) {
            Some(end) => {
                self.heard += end;
                Ok(())
            }
            None => Err(self.instead(call, words::plain(format!("«{text}»")))),
        }
    }

    fn instead(&self, call: &VirtualCall, expected: Text) -> Unmet {
        let heard = self.new_words(call);
        let quoted = |heard: &Heard| format!("{} «{}»", heard.spoken.phrase, heard.spoken.text);
        let found = heard.iter().map(|heard| words::plain(quoted(heard))).collect();
        Unmet { expected, found, place: place(call) }
    }
}

/// What a phrase says in a language, values in their braces.
fn phrase_text(phrase: &Phrase, lang: Lang) -> String {
    let text = phrase.texts.iter().find(|(of, _)| *of == lang).or(phrase.texts.first());
    text.map(|(_, text)| written(text)).unwrap_or_default()
}

/// The number of phrases up to the end of a text.
fn words_end(words: &[Heard], text: &str) -> Option<usize> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut joined = String::new();
    for (index, heard) in words.iter().enumerate() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&heard.spoken.text);
        if joined.contains(&text) {
            return Some(index + 1);
        }
    }
    None
}

fn expect(call: &VirtualCall, holds: bool, expected: impl FnOnce() -> Text) -> Result<(), Unmet> {
    if holds { Ok(()) } else { Err(Unmet { expected: expected(), found: Vec::new(), place: place(call) }) }
}

/// Where the caller is, for messages.
fn place(call: &VirtualCall) -> Text {
    match (call.ended(), call.queue(), call.flow().state(), call.node()) {
        (Some((cause, by_system)), ..) => words::place_gone(cause, by_system),
        (None, Some(queue), ..) => words::place_queue(&queue),
        (None, None, StateName::Talking, _) => Text::new("talking to an operator", "говорит с оператором"),
        (None, None, StateName::Transferring, _) => Text::new("being handed to somebody outside", "переводится наружу"),
        (None, None, _, Some(node)) => words::place_node(&node),
        (None, None, _, None) => Text::new("not answered yet", "ещё без ответа"),
    }
}

/// Lets time pass, as long as it is not the caller's turn.
fn until(call: &mut VirtualCall, done: impl Fn(&VirtualCall) -> bool) {
    for _ in 0..PATIENCE {
        if done(call) || !call.is_busy() || !call.advance_to_next() {
            return;
        }
    }
}

/// Listens until it is the caller's turn.
pub(super) fn listen_out(call: &mut VirtualCall) {
    until(call, |call| !call.is_busy());
}

/// As [`until`], phrase by phrase; in a queue for a while longer.
fn listen(call: &mut VirtualCall, done: impl Fn(&VirtualCall) -> bool) {
    let give_up = call.now().instant + QUEUE_PATIENCE;
    for _ in 0..PATIENCE {
        let waits = call.flow().state() == StateName::Queued && call.now().instant < give_up;
        if done(call) || !(call.is_busy() || waits) {
            return;
        }
        match (call.next_phrase(), call.next_at()) {
            (Some(phrase), Some(next)) if phrase <= next => call.advance(phrase - call.now().instant),
            (_, Some(_)) => {
                call.advance_to_next();
            }
            (_, None) => return,
        }
    }
}

fn press(call: &mut VirtualCall, digits: &[Digit]) -> Result<(), Unmet> {
    // The caller waits for the bank's answer before the next keys.
    until(call, |call| !call.is_asking_bank());
    expect(call, call.ended().is_none(), || {
        Text::new("a call that goes on: keys are pressed here", "звонок, который продолжается: здесь нажимают клавиши")
    })?;
    if call.is_speaking() {
        // Who presses a key has heard at least the first sound of what it cuts.
        call.advance(REACTION);
    }
    for digit in digits {
        call.press(*digit);
    }
    Ok(())
}

/// What operators, queues and the far end of a transfer do.
fn outside(call: &mut VirtualCall, step: &Step) -> Result<(), Unmet> {
    let (state, what, event) = match step {
        Step::OperatorAnswers => (
            StateName::Queued,
            Text::new("a caller who waits for an operator", "клиент, который ждёт оператора"),
            Event::Connected(OperatorId::new("anna")),
        ),
        Step::OperatorHangsUp => {
            (StateName::Talking, Text::new("a talk with an operator", "разговор с оператором"), Event::TalkEnded)
        }
        Step::OperatorFails => {
            (StateName::Talking, Text::new("a talk with an operator", "разговор с оператором"), Event::Requeued)
        }
        Step::QueueEnds(end) => (
            StateName::Queued,
            Text::new("a caller who waits in a queue", "клиент, который ждёт в очереди"),
            Event::QueueEnded(*end),
        ),
        Step::TransferFails => {
            (StateName::Transferring, Text::new("a transfer under way", "перевод, который идёт"), Event::TransferFailed)
        }
        Step::Transferred(target) => {
            until(call, |call| call.transfer().is_some());
            let found = call.transfer().map(ToString::to_string);
            return expect(call, found.as_ref() == Some(target), || words::transfer_to(target))
                .map_err(|unmet| Unmet { found: found.into_iter().map(words::plain).collect(), ..unmet });
        }
        Step::Queue(operators) => {
            call.set_operators(*operators);
            return Ok(());
        }
        _ => return Ok(()),
    };
    until(call, |call| call.flow().state() == state);
    expect(call, call.flow().state() == state, || what)?;
    call.queue_event(event);
    Ok(())
}

fn call_ends(call: &mut VirtualCall, by_system: Option<bool>) -> Result<(), Unmet> {
    until(call, |call| call.ended().is_some());
    let by = match by_system {
        None => Text::new("the call ends", "звонок кончается"),
        Some(true) => Text::new("the system ends the call", "звонок завершает система"),
        Some(false) => Text::new("the caller ends the call", "звонок завершает клиент"),
    };
    let ended = call.ended().is_some_and(|(_, system)| by_system.is_none_or(|wanted| wanted == system));
    expect(call, ended, || by)
}
