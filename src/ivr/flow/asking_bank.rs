//! Asking the bank: the caller hears a tune when it takes longer than a second.

use super::call::Turn;
use super::ear::Playing;
use super::next::{Next, Stepped, Trap};
use super::states::State;
use super::values::Fingerprint;
use super::{Command, PlaybackId};
use crate::ivr::menu::{Do, Menu, Name, Operation, OperationId, Source, Step, StepId, TaskId, ValueType};
use crate::model::{BankAnswer, BankRequest, CallEvent, Digit, Instant, Param, PromptId, RequestId};
use std::sync::Arc;
use std::time::Duration;

/// How long nothing is heard before the tune.
const TUNE_AFTER: Duration = Duration::from_secs(1);

/// How much longer than the operation's own time the flow waits; the bank's adapter speaks first.
const MARGIN: Duration = Duration::from_secs(2);

/// A request under way.
pub(super) struct AskingBank {
    task: TaskId,
    step: StepId,
    print: Fingerprint,
    request: RequestId,
    began: Instant,
    given_up: Instant,
    heard: Heard,
}

/// What the caller hears meanwhile.
enum Heard {
    /// Nothing yet.
    Silence {
        /// When the tune begins.
        tune_at: Instant,
    },
    /// What was said before the request; the answer waits for its end.
    Words(Playing, Option<BankAnswer>),
    /// The tune.
    Tune,
}

fn do_at(menu: &Menu, task: TaskId, step: StepId) -> Result<&Do, Trap> {
    match &menu[task][step].step {
        Step::Do(operation) => Ok(operation),
        _ => Err(Trap("not_a_do")),
    }
}

/// Asks, unless the call has asked the same before and once is enough.
pub(super) fn ask(turn: &mut Turn, task: TaskId, step: StepId) -> Stepped {
    let menu = turn.menu();
    let todo = do_at(&menu, task, step)?;
    let operation = &menu[todo.operation];
    if turn.call.level < operation.level {
        return Err(Trap("level_too_low"));
    }
    let params = params(turn, todo, operation)?;
    let print = Fingerprint::of(&params);
    if todo.once_per_call
        && let Some(first) = turn.call.bank.first_answer(todo.operation, &print)
    {
        return act_on(turn, (task, step), &first);
    }
    let request = turn.call.bank.next_request();
    let key = operation.changes.then(|| print.key(turn.call.caller.call, &operation.name));
    let words = turn.play();
    let began = turn.now.instant;
    turn.call.command(Command::AskBank(BankRequest {
        id: request,
        call: turn.call.caller.call,
        operation: operation.name.clone(),
        params,
        key,
        timeout: operation.timeout,
    }));
    let heard = words.map_or(Heard::Silence { tune_at: began + TUNE_AFTER }, |playing| Heard::Words(playing, None));
    let given_up = began + operation.timeout + MARGIN;
    Ok(Next::Wait(State::AskingBank(AskingBank { task, step, print, request, began, given_up, heard })))
}

fn params(turn: &mut Turn, todo: &Do, operation: &Operation) -> Result<Vec<(Arc<str>, Param)>, Trap> {
    let mut params = Vec::with_capacity(todo.with.len());
    for (name, source) in &todo.with {
        let secret = operation.params.iter().any(|(param, kind)| param == name && *kind == ValueType::Secret);
        let param = match source {
            Source::Answer(answer) if secret => turn.call.values.secrets.remove(answer).map(Param::Secret),
            _ => turn.sources().value(source).map(Param::Value),
        };
        match param {
            Some(param) => params.push((name.clone(), param)),
            // A caller without a number is asked about like any other; the bank finds nothing.
            None if *source == Source::CallFrom => {}
            None => return Err(Trap("parameter_unknown")),
        }
    }
    Ok(params)
}

/// Follows an outcome; one nobody handles is taken as no answer.
fn act_on(turn: &mut Turn, (task, step): (TaskId, StepId), answer: &BankAnswer) -> Stepped {
    let menu = turn.menu();
    let todo = do_at(&menu, task, step)?;
    let named =
        |wanted: &str| todo.outcomes.iter().find(|(name, _)| **name == *wanted).map(|(_, action)| &action.value);
    let action = named(&answer.outcome)
        .or_else(|| menu[todo.operation].changes.then(|| named(BankAnswer::UNKNOWN)).flatten())
        .or_else(|| named(BankAnswer::DOWN))
        .ok_or(Trap("outcome_not_handled"))?;
    if let Some(keep_as) = &todo.keep_as
        && !answer.fields.is_empty()
    {
        turn.call.values.kept.insert(keep_as.clone(), answer.fields.clone());
    }
    if menu[todo.operation].changes {
        // What became of a change is always heard.
        turn.call.ahead.clear();
    }
    turn.act(action, menu[task][step].next)
}

impl AskingBank {
    pub(super) fn deadline(&self) -> Instant {
        match &self.heard {
            Heard::Silence { tune_at } => self.given_up.min(*tune_at),
            Heard::Words(playing, Some(_)) => playing.given_up,
            Heard::Words(playing, None) => self.given_up.min(playing.given_up),
            Heard::Tune => self.given_up,
        }
    }

    /// A key cuts what is said, not the tune, and is kept for what comes next.
    pub(super) fn key(mut self, turn: &mut Turn, digit: Digit) -> Next {
        turn.call.ahead.push(digit);
        match self.heard {
            Heard::Words(_, None) => {
                turn.stop(true);
                self.heard = Heard::Silence { tune_at: turn.now.instant + TUNE_AFTER };
                Next::Wait(State::AskingBank(self))
            }
            heard => Next::Wait(State::AskingBank(Self { heard, ..self })),
        }
    }

    pub(super) fn answered(mut self, turn: &mut Turn, id: RequestId, answer: BankAnswer) -> Stepped {
        if id != self.request {
            return Ok(Next::Wait(State::AskingBank(self)));
        }
        match self.heard {
            Heard::Words(_, Some(_)) => Ok(Next::Wait(State::AskingBank(self))),
            Heard::Words(playing, None) => {
                self.keep(turn, &answer)?;
                self.heard = Heard::Words(playing, Some(answer));
                Ok(Next::Wait(State::AskingBank(self)))
            }
            Heard::Tune => {
                turn.stop(true);
                self.finish(turn, &answer)
            }
            Heard::Silence { .. } => self.finish(turn, &answer),
        }
    }

    fn finish(self, turn: &mut Turn, answer: &BankAnswer) -> Stepped {
        self.keep(turn, answer)?;
        act_on(turn, (self.task, self.step), answer)
    }

    /// Records the answer, and keeps it when once is enough.
    fn keep(&self, turn: &mut Turn, answer: &BankAnswer) -> Result<(), Trap> {
        let menu = turn.menu();
        let todo = do_at(&menu, self.task, self.step)?;
        let operation: (OperationId, Name) = (todo.operation, menu[todo.operation].name.clone());
        let took = turn.now.instant - self.began;
        turn.call.record(CallEvent::BankAnswered { operation: operation.1, outcome: answer.outcome.clone(), took });
        if todo.once_per_call {
            turn.call.bank.keep(operation.0, self.print.clone(), answer);
        }
        Ok(())
    }

    pub(super) fn playback_ended(self, turn: &mut Turn, id: PlaybackId) -> Stepped {
        match self.heard {
            Heard::Words(playing, answer) if playing.id == id => {
                let heard = Heard::Silence { tune_at: turn.now.instant + TUNE_AFTER };
                Self { heard, ..self }.words_over(turn, answer)
            }
            heard => Ok(Next::Wait(State::AskingBank(Self { heard, ..self }))),
        }
    }

    fn words_over(self, turn: &mut Turn, answer: Option<BankAnswer>) -> Stepped {
        match answer {
            Some(answer) => act_on(turn, (self.task, self.step), &answer),
            None => Ok(Next::Wait(State::AskingBank(self))),
        }
    }

    pub(super) fn timeout(mut self, turn: &mut Turn) -> Stepped {
        let now = turn.now.instant;
        match self.heard {
            Heard::Words(playing, answer) if now >= playing.given_up || (answer.is_none() && now >= self.given_up) => {
                self.heard = Heard::Silence { tune_at: now };
                self.words_over(turn, answer)
            }
            Heard::Silence { .. } | Heard::Tune if now >= self.given_up => {
                turn.stop(matches!(self.heard, Heard::Tune));
                self.unanswered(turn)
            }
            Heard::Silence { tune_at } if now >= tune_at => {
                turn.play_looped(&PromptId::new("common/hold_music"));
                self.heard = Heard::Tune;
                Ok(Next::Wait(State::AskingBank(self)))
            }
            heard => Ok(Next::Wait(State::AskingBank(Self { heard, ..self }))),
        }
    }

    /// Nobody answered: a change may have been done all the same.
    fn unanswered(self, turn: &mut Turn) -> Stepped {
        let menu = turn.menu();
        let changes = menu[do_at(&menu, self.task, self.step)?.operation].changes;
        let outcome = if changes { BankAnswer::UNKNOWN } else { BankAnswer::DOWN };
        self.finish(turn, &BankAnswer::bare(outcome))
    }
}
