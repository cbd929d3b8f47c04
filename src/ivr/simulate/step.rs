//! The steps of a test, and what carries them out.

use super::virtual_call::{Heard, VirtualCall};
use crate::ivr::flow::{Event, QueueEnd, StateName};
use crate::model::{Digit, Lang, OperatorId};
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
    /// The queue gives the caller up.
    QueueEnds(QueueEnd),
}

/// How far a test has listened.
#[derive(Default)]
pub(super) struct Ear {
    heard: usize,
}

impl Ear {
    /// Carries a step out; the error says what was found instead.
    pub(super) fn take(&mut self, call: &mut VirtualCall, step: &Step) -> Result<(), String> {
        match step {
            Step::Hears(phrase) => self.hears(call, phrase),
            Step::HearsText(texts) => self.hears_text(call, texts),
            Step::Press(digits) => press(call, digits),
            Step::Silence(length) => {
                until(call, |call| !call.is_busy(), PATIENCE);
                call.advance(*length);
                Ok(())
            }
            Step::Wait(length) => {
                call.advance(*length);
                Ok(())
            }
            Step::At(node) => {
                until(call, |call| call.node().as_deref() == Some(node), PATIENCE);
                expect(call.node().as_deref() == Some(node), || {
                    format!("expected to be at {node}, the caller is at {}", place(call))
                })
            }
            Step::Language(lang) => expect(call.flow().lang() == *lang, || {
                format!("expected {lang}, the caller hears {}", call.flow().lang())
            }),
            Step::InQueue(queue) => {
                until(call, |call| call.queue().as_deref() == Some(queue), PATIENCE);
                let found = call.queue();
                expect(found.as_deref() == Some(queue), || {
                    format!("expected to wait in queue {queue}, the caller is {}", place(call))
                })
            }
            Step::CallEnds { by_system } => call_ends(call, *by_system),
            Step::HangsUp => {
                call.hang_up();
                Ok(())
            }
            Step::OperatorAnswers => {
                until(call, |call| call.flow().state() == StateName::Queued, PATIENCE);
                call.queue_event(Event::Connected(OperatorId::new("anna")));
                expect(call.flow().state() == StateName::Talking, || {
                    format!("expected to talk to an operator, the caller is {}", place(call))
                })
            }
            Step::OperatorHangsUp => {
                let talking = call.flow().state() == StateName::Talking;
                call.queue_event(Event::TalkEnded);
                expect(talking, || format!("expected a talk to end, the caller is {}", place(call)))
            }
            Step::QueueEnds(end) => {
                until(call, |call| call.flow().state() == StateName::Queued, PATIENCE);
                let queued = call.flow().state() == StateName::Queued;
                call.queue_event(Event::QueueEnded(*end));
                expect(queued, || format!("expected to wait in a queue, the caller is {}", place(call)))
            }
        }
    }

    fn new_words(&self, call: &VirtualCall) -> Vec<Heard> {
        call.heard().skip(self.heard).collect()
    }

    fn hears(&mut self, call: &mut VirtualCall, phrase: &str) -> Result<(), String> {
        let begun = |ear: &Self, call: &VirtualCall| {
            ear.new_words(call).iter().position(|heard| *heard.spoken.phrase == *phrase)
        };
        listen(call, |call| begun(self, call).is_some());
        match begun(self, call) {
            Some(index) => {
                self.heard += index + 1;
                Ok(())
            }
            None => Err(self.instead(call, &format!("expected to hear {phrase}"))),
        }
    }

    fn hears_text(&mut self, call: &mut VirtualCall, texts: &[(Lang, String)]) -> Result<(), String> {
        let lang = call.flow().lang();
        let Some((_, text)) = texts.iter().find(|(of, _)| *of == lang) else {
            return Err(format!("the caller hears {lang}, and no text is given for it"));
        };
        listen(call, |call| words_end(&self.new_words(call), text).is_some());
        match words_end(&self.new_words(call), text) {
            Some(end) => {
                self.heard += end;
                Ok(())
            }
            None => Err(self.instead(call, &format!("expected to hear «{text}»"))),
        }
    }

    fn instead(&self, call: &VirtualCall, expected: &str) -> String {
        let words = self.new_words(call);
        let heard: Vec<String> =
            words.iter().map(|heard| format!("{} «{}»", heard.spoken.phrase, heard.spoken.text)).collect();
        let heard = if heard.is_empty() { "nothing new".to_owned() } else { heard.join("; ") };
        format!("{expected}; heard instead: {heard} (the caller is {})", place(call))
    }
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

fn expect(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

/// Where the caller is, for messages.
fn place(call: &VirtualCall) -> String {
    match (call.ended(), call.queue(), call.node()) {
        (Some((cause, _)), ..) => format!("gone ({})", cause.name()),
        (None, Some(queue), _) => format!("in queue {queue}"),
        (None, None, Some(node)) => format!("at {node}"),
        (None, None, None) => "not answered yet".to_owned(),
    }
}

/// Lets time pass, as long as it is not the caller's turn.
fn until(call: &mut VirtualCall, done: impl Fn(&VirtualCall) -> bool, patience: u32) {
    for _ in 0..patience {
        if done(call) || !call.is_busy() || !call.advance_to_next() {
            return;
        }
    }
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

fn press(call: &mut VirtualCall, digits: &[Digit]) -> Result<(), String> {
    // The caller waits for the bank's answer before the next keys.
    until(call, |call| !call.is_asking_bank(), PATIENCE);
    expect(call.ended().is_none(), || format!("the call is over: the caller is {}", place(call)))?;
    if call.is_speaking() {
        // Who presses a key has heard at least the first sound of what it cuts.
        call.advance(REACTION);
    }
    for digit in digits {
        call.press(*digit);
    }
    Ok(())
}

fn call_ends(call: &mut VirtualCall, by_system: Option<bool>) -> Result<(), String> {
    until(call, |call| call.ended().is_some(), PATIENCE);
    match call.ended() {
        None => Err(format!("expected the call to end, the caller is {}", place(call))),
        Some((cause, system)) => expect(by_system.is_none_or(|wanted| wanted == system), || {
            let by = if system { "the system" } else { "the caller" };
            format!("the call was ended by {by} ({})", cause.name())
        }),
    }
}
