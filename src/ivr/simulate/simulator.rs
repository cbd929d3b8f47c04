//! `hotline call`: a line of the keyboard in, lines for the terminal out.

use super::bank::{Answer, answer_of, short_name};
use super::script::duration;
use super::virtual_call::VirtualCall;
use crate::ivr::flow::{Event, QueueEnd, StateName};
use crate::model::{BankAnswer, CallEvent, Digit, OperatorId};
use std::time::Duration;

/// The most things that happen by themselves after one line.
const PATIENCE: u32 = 1_000;

const HELP: [&str; 8] = [
    "2, 4321, 9876#        press keys (# submits an entry, * goes back, 0 is the operator, 9 the language)",
    "wait 20s              let time pass",
    "bank OPERATION RESULT the bank answers so from now on: bank block_card unknown",
    "operator answers      an operator takes the call; operator hangs_up ends the talk",
    "queue timeout         the queue gives up; also queue nobody",
    "hangup                hang up",
    "help                  these lines",
    "an empty line         listen on",
];

/// A call in the terminal.
pub struct Simulator<'a> {
    call: VirtualCall<'a>,
    heard: usize,
    recorded: usize,
}

impl<'a> Simulator<'a> {
    /// Answers a call and listens until it is the caller's turn; gives what was heard.
    #[must_use]
    pub fn start(mut call: VirtualCall<'a>) -> (Self, Vec<String>) {
        call.answer();
        let mut simulator = Self { call, heard: 0, recorded: 0 };
        let lines = simulator.listen();
        (simulator, lines)
    }

    /// Whether the call is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.call.ended().is_some()
    }

    /// The call.
    #[must_use]
    pub const fn call(&self) -> &VirtualCall<'a> {
        &self.call
    }

    /// Takes a line of input; gives what follows.
    pub fn input(&mut self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words.as_slice() {
            [] => Ok(()),
            ["help"] => return HELP.iter().map(ToString::to_string).collect(),
            ["hangup"] => {
                self.call.hang_up();
                Ok(())
            }
            ["wait", length] => self.wait(length),
            ["bank", operation, outcome] => self.bank(operation, outcome),
            ["operator", what] => self.operator(what),
            ["queue", what] => self.queue(what),
            [keys] => self.press(keys),
            _ => Err("not understood; `help` lists what is".to_owned()),
        };
        match answer {
            Ok(()) => self.listen(),
            Err(message) => vec![message],
        }
    }

    fn press(&mut self, keys: &str) -> Result<(), String> {
        let digits: Option<Vec<Digit>> = keys.chars().map(Digit::from_char).collect();
        let digits = digits.ok_or_else(|| format!("{keys:?} are no keys; `help` lists what is understood"))?;
        for digit in digits {
            self.call.press(digit);
        }
        Ok(())
    }

    fn wait(&mut self, length: &str) -> Result<(), String> {
        let length = duration(length).ok_or("write a length of time as 20s, 2m or 500ms")?;
        self.call.advance(length);
        Ok(())
    }

    fn bank(&mut self, operation: &str, outcome: &str) -> Result<(), String> {
        let menu = self.call.flow().menu().clone();
        let known = menu.operations.iter().find(|known| short_name(&known.name) == short_name(operation));
        let known = known.ok_or_else(|| {
            let names: Vec<&str> = menu.operations.iter().map(|known| short_name(&known.name)).collect();
            format!("there is no operation {operation:?}; there are {}", names.join(", "))
        })?;
        let implicit = [BankAnswer::DOWN, BankAnswer::UNKNOWN];
        if !implicit.contains(&outcome) && !known.outcomes.iter().any(|named| **named == *outcome) {
            return Err(format!("{operation} has no result {outcome:?}; it has {}, down", known.outcomes.join(", ")));
        }
        self.call.bank.script(operation, vec![Answer::new(answer_of(known, outcome))]);
        Ok(())
    }

    fn operator(&mut self, what: &str) -> Result<(), String> {
        let event = match what {
            "answers" => Event::Connected(OperatorId::new("anna")),
            "hangs_up" => Event::TalkEnded,
            _ => return Err("an operator answers or hangs_up".to_owned()),
        };
        self.call.queue_event(event);
        Ok(())
    }

    fn queue(&mut self, what: &str) -> Result<(), String> {
        let end = match what {
            "timeout" => QueueEnd::Timeout,
            "nobody" => QueueEnd::Nobody,
            "full" => QueueEnd::Full,
            _ => return Err("a queue ends by timeout, nobody or full".to_owned()),
        };
        self.call.queue_event(Event::QueueEnded(end));
        Ok(())
    }

    /// Lets the call go on until it is the caller's turn; gives what was said, what happened, and where it stands.
    fn listen(&mut self) -> Vec<String> {
        for _ in 0..PATIENCE {
            if !self.call.is_busy() || !self.call.advance_to_next() {
                break;
            }
        }
        let heard: Vec<_> = self.call.heard().collect();
        let mut lines: Vec<String> =
            heard.iter().skip(self.heard).map(|heard| format!("  «{}»", heard.spoken.text)).collect();
        self.heard = heard.len();
        let happened = self.call.records().iter().skip(self.recorded).filter_map(told);
        lines.extend(happened);
        self.recorded = self.call.records().len();
        lines.push(self.whereabouts());
        lines
    }

    fn whereabouts(&self) -> String {
        if let Some((cause, by_system)) = self.call.ended() {
            let by = if by_system { "the system" } else { "you" };
            return format!("[ended by {by}: {}]", cause.name());
        }
        let flow = self.call.flow();
        let path = flow.path().join(" > ");
        let state = match (flow.state(), self.call.queue()) {
            (StateName::Queued, Some(queue)) => format!("waiting in {queue}"),
            (StateName::Transferring, _) => "being handed to somebody outside".to_owned(),
            (StateName::Talking, _) => "talking to an operator".to_owned(),
            (StateName::Collecting, _) => "digits expected".to_owned(),
            _ => {
                let keys: String = self.call.working_keys().iter().flat_map(|key| [' ', key.as_char()]).collect();
                format!("keys{keys}")
            }
        };
        let clock = Duration::from_millis(self.call.now().instant.as_millis());
        let notes =
            if flow.notes().is_empty() { String::new() } else { format!(" notes: {}", flow.notes().join(", ")) };
        format!("[{:.1}s {path} | level {}{notes} | {state}]", clock.as_secs_f64(), flow.level().name())
    }
}

/// What a record tells the person at the terminal.
fn told(record: &CallEvent) -> Option<String> {
    match record {
        CallEvent::BankAnswered { operation, outcome, took } => {
            Some(format!("  ({operation}: {outcome}, {} ms)", took.as_millis()))
        }
        CallEvent::LevelReached { level } => Some(format!("  (level: {})", level.name())),
        CallEvent::Noted { note } => Some(format!("  (note: {note})")),
        CallEvent::Chosen { name, value } => Some(format!("  ({name}: {value})")),
        CallEvent::Queued { queue } => Some(format!("  (queue: {queue})")),
        CallEvent::QueueLeft { queue, outcome, .. } => Some(format!("  (left {queue}: {outcome})")),
        CallEvent::LanguageChosen { lang } => Some(format!("  (language: {lang})")),
        _ => None,
    }
}
