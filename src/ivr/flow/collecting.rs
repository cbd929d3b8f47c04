//! Collecting: an `ask` waits for digits.
//!
//! A zero pressed first is the operator, and yet a card's tail or a code may begin with zero. So it is taken as a
//! digit, and becomes the operator when nothing follows it within the next-key time, or the submit key does.
//! Where one digit is the whole entry, zero is the operator at once.

use super::call::Turn;
use super::ear::{Ear, Elapsed};
use super::entry::{self, Entry};
use super::next::{Next, Stepped, Trap};
use super::states::State;
use super::{Command, PlaybackId};
use crate::ivr::menu::{Ask, EntryKind, Go, Menu, Step, StepId, TaskId};
use crate::model::{Digit, Instant};

/// An `ask` that was put.
pub(super) struct Collecting {
    task: TaskId,
    step: StepId,
    entry: Entry,
    ear: Ear,
}

const NO_ASK: Trap = Trap("not_an_ask");

/// What a key made of an entry.
enum Taken {
    /// It goes on.
    More(Collecting),
    /// It is over.
    Left(Next),
}

fn ask_at(menu: &Menu, task: TaskId, step: StepId) -> Result<&Ask, Trap> {
    match &menu[task][step].step {
        Step::Ask(ask) => Ok(ask),
        _ => Err(NO_ASK),
    }
}

/// Puts the question, which counts an attempt; after a silence or a wrong entry the help stands for it.
pub(super) fn put(turn: &mut Turn, task: TaskId, step: StepId, help: bool) -> Stepped {
    let menu = turn.menu();
    let ask = ask_at(&menu, task, step)?;
    if !ask.listen.value.type_ahead {
        turn.call.ahead.clear();
    }
    if !turn.call.ahead.is_empty() && !turn.call.speech.is_empty() {
        return Ok(Next::Say { then: Box::new(Next::Run(step)), all: false });
    }
    if !turn.put((task, step), ask.attempts) {
        turn.call.ahead.clear();
        return turn.act(&ask.failed, menu[task][step].next);
    }
    if ask.kind.is_secret() {
        turn.call.command(Command::SecretBegan);
    }
    let ear = Ear::next_key(&ask.listen.value, turn.now.instant);
    let state = Collecting { task, step, entry: Entry::new(ask.kind), ear };
    if !turn.call.ahead.is_empty() {
        return state.take_ahead(turn);
    }
    state.question(turn, help)
}

impl Collecting {
    pub(super) const fn deadline(&self) -> Instant {
        self.ear.deadline()
    }

    /// Says the question and listens.
    fn question(mut self, turn: &mut Turn, help: bool) -> Stepped {
        let menu = turn.menu();
        let ask = ask_at(&menu, self.task, self.step)?;
        if let Err(trap) = turn.say(ask.help.filter(|_| help).unwrap_or(ask.say)) {
            self.abandon(turn);
            return Err(trap);
        }
        let prompt = turn.play();
        self.ear = Ear::new(prompt, &ask.listen.value, turn.now.instant);
        Ok(Next::Wait(State::Collecting(self)))
    }

    /// Takes keys that were pressed ahead until they or the entry end.
    fn take_ahead(mut self, turn: &mut Turn) -> Stepped {
        while let Some(digit) = turn.call.ahead.pop() {
            match self.take(turn, digit)? {
                Taken::More(state) => self = state,
                Taken::Left(next) => return Ok(next),
            }
        }
        Ok(Next::Wait(State::Collecting(self)))
    }

    pub(super) fn key(self, turn: &mut Turn, digit: Digit) -> Stepped {
        let menu = turn.menu();
        let ask = ask_at(&menu, self.task, self.step)?;
        let playing = self.ear.playing().is_some();
        if playing && !ask.listen.value.barge_in {
            turn.call.ahead.push(digit);
            return Ok(Next::Wait(State::Collecting(self)));
        }
        turn.stop(playing);
        match self.take(turn, digit)? {
            Taken::More(state) => Ok(Next::Wait(State::Collecting(state))),
            Taken::Left(next) => Ok(next),
        }
    }

    fn take(mut self, turn: &mut Turn, digit: Digit) -> Result<Taken, Trap> {
        let menu = turn.menu();
        let ask = ask_at(&menu, self.task, self.step)?;
        let listen = &ask.listen.value;
        self.ear = Ear::next_key(listen, turn.now.instant);
        if digit == listen.submit {
            return self.submit_key(turn, ask).map(Taken::Left);
        }
        if digit == listen.clear {
            return self.clear_key(turn).map(Taken::Left);
        }
        if !digit.is_decimal() {
            return Ok(Taken::More(self));
        }
        self.entry.push(digit);
        if self.entry.is_single_zero() && ask.max <= 1 {
            return self.operator(turn).map(Taken::Left);
        }
        if self.entry.len() >= usize::from(ask.max) && ask.min == ask.max {
            return self.submit(turn, ask).map(Taken::Left);
        }
        if self.entry.len() > usize::from(ask.max) {
            return self.wrong(turn).map(Taken::Left);
        }
        Ok(Taken::More(self))
    }

    fn submit_key(self, turn: &mut Turn, ask: &Ask) -> Stepped {
        match self.entry.len() {
            0 => self.question(turn, false),
            length if length >= usize::from(ask.min) => self.submit(turn, ask),
            _ if self.entry.is_single_zero() => self.operator(turn),
            _ => self.wrong(turn),
        }
    }

    /// Clears the entry; an empty one leads back.
    fn clear_key(mut self, turn: &mut Turn) -> Stepped {
        if self.entry.len() == 0 {
            self.abandon(turn);
            return turn.go(Go::Back);
        }
        self.entry.clear();
        self.question(turn, false)
    }

    fn operator(self, turn: &mut Turn) -> Stepped {
        self.abandon(turn);
        turn.call.ahead.clear();
        turn.go(Go::Operator)
    }

    fn submit(mut self, turn: &mut Turn, ask: &Ask) -> Stepped {
        let value = match &self.entry {
            Entry::Open(text) => entry::value(ask, text, turn.call.menu.bank.currency, turn.today()),
            Entry::Secret(_) => None,
        };
        let next = turn.menu()[self.task][self.step].next;
        if let Some(value) = value {
            turn.call.values.answers.insert(ask.name.clone(), value);
            return turn.after(next);
        }
        match std::mem::replace(&mut self.entry, Entry::new(EntryKind::Digits)) {
            Entry::Secret(digits) if !entry::is_possible(ask, &digits) => {
                // The state has lost its digits; the entry is a secret one all the same.
                self.entry = Entry::Secret(digits);
                self.wrong(turn)
            }
            Entry::Secret(digits) => {
                turn.call.command(Command::SecretEnded);
                turn.submitted((self.task, self.step));
                turn.call.values.secrets.insert(ask.name.clone(), digits);
                turn.after(next)
            }
            Entry::Open(_) => self.wrong(turn),
        }
    }

    /// The entry is none: it is asked for again, with help.
    fn wrong(self, turn: &mut Turn) -> Stepped {
        self.abandon(turn);
        turn.call.ahead.clear();
        put(turn, self.task, self.step, true)
    }

    pub(super) fn playback_ended(self, turn: &mut Turn, id: PlaybackId) -> Stepped {
        let menu = turn.menu();
        let ask = ask_at(&menu, self.task, self.step)?;
        let ear = self.ear.playback_ended(id, &ask.listen.value, turn.now.instant);
        let over = ear.playing().is_none();
        let state = Self { ear, ..self };
        if over { state.take_ahead(turn) } else { Ok(Next::Wait(State::Collecting(state))) }
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Stepped {
        let menu = turn.menu();
        let ask = ask_at(&menu, self.task, self.step)?;
        match self.ear.elapsed(&ask.listen.value, turn.now.instant) {
            Elapsed::NotYet(ear) => Self { ear, ..self }.take_ahead(turn),
            Elapsed::Pause if self.entry.is_single_zero() => self.operator(turn),
            Elapsed::Pause if self.entry.len() >= usize::from(ask.min) => self.submit(turn, ask),
            Elapsed::Pause | Elapsed::Silence => self.wrong(turn),
        }
    }

    /// Leaves the entry: a secret one is over.
    pub(super) fn abandon(&self, turn: &mut Turn) {
        if matches!(self.entry, Entry::Secret(_)) {
            turn.call.command(Command::SecretEnded);
        }
    }
}
