//! Ordering a callback while waiting: which number, and may it be called.
//!
//! ```text
//!  key ──▶ is it this number? ──1──▶ the queue is asked ──▶ accepted: the caller waits no more
//!               │ 2        ▲                  └──▶ refused: the caller is told and waits on
//!               ▼          │
//!            which one? ───┘        star, or too many tries: the caller waits on
//! ```
//!
//! The place in the queue is kept meanwhile: an operator who becomes free connects as usual.

use super::call::Turn;
use super::ear::{Ear, Elapsed, Playing};
use super::next::Trap;
use super::{Command, PlaybackId, keyed};
use crate::ivr::menu::{Callback, Listen, Menu};
use crate::model::{Digit, Instant, PhoneNumber};
use std::time::Duration;

/// How often either question is put before the caller waits on.
const MAX_PUTS: u8 = 4;

/// How long the queue may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The longest number taken.
const LONGEST: usize = 15;

/// The shortest number that is taken without the submit key.
const SHORTEST: usize = 7;

/// A caller who is ordering.
pub(super) struct Ordering {
    asked: Asked,
    puts: u8,
}

/// What the caller is asked.
enum Asked {
    /// Whether this is the number.
    Confirm(PhoneNumber, Ear),
    /// For another number.
    Number(String, Ear),
    /// Nothing: the queue is.
    Queue {
        /// When no answer is one.
        until: Instant,
    },
}

/// Where a key or a silence leads.
pub(super) enum Ordered {
    /// The dialogue goes on.
    More(Ordering),
    /// The caller waits on as before.
    Never,
}

/// Whether the bank may dial a number that a caller typed or called from: a caller must not make it dial abroad or
/// a paid service.
fn may_call(menu: &Menu, callback: &Callback, number: &PhoneNumber) -> bool {
    let number = number.as_str();
    if !callback.numbers.is_empty() {
        return callback.numbers.iter().any(|beginning| number.starts_with(&**beginning));
    }
    let lines = menu.lines.iter().flat_map(|line| &line.numbers);
    let beginnings = lines.filter_map(|own| own.as_str().get(..2)).filter(|beginning| beginning.starts_with('+'));
    beginnings.into_iter().any(|beginning| number.starts_with(beginning))
}

/// Begins: with the calling number where it may be called, else with the question for one.
pub(super) fn begin(turn: &mut Turn, callback: &Callback) -> Result<Ordered, Trap> {
    let menu = turn.menu();
    let own = turn.call.caller.from.clone().filter(|number| may_call(&menu, callback, number));
    match own {
        Some(number) => confirm(turn, callback, number, 0),
        None => other(turn, callback, 0),
    }
}

fn listen(menu: &Menu) -> &Listen {
    keyed::any_listen(menu)
}

fn ear(turn: &mut Turn) -> Ear {
    let menu = turn.menu();
    let prompt = turn.play();
    Ear::new(prompt, listen(&menu), turn.now.instant)
}

fn confirm(turn: &mut Turn, callback: &Callback, number: PhoneNumber, puts: u8) -> Result<Ordered, Trap> {
    if puts >= MAX_PUTS {
        return Ok(Ordered::Never);
    }
    turn.call.values.callback = Some(number.clone());
    let said = turn.say_always(callback.confirm_number);
    turn.call.values.callback = None;
    said?;
    let ear = ear(turn);
    Ok(Ordered::More(Ordering { asked: Asked::Confirm(number, ear), puts: puts + 1 }))
}

fn other(turn: &mut Turn, callback: &Callback, puts: u8) -> Result<Ordered, Trap> {
    if puts >= MAX_PUTS {
        return Ok(Ordered::Never);
    }
    turn.say_always(callback.other_number)?;
    let ear = ear(turn);
    Ok(Ordered::More(Ordering { asked: Asked::Number(String::new(), ear), puts: puts + 1 }))
}

impl Ordering {
    pub(super) const fn deadline(&self) -> Instant {
        match &self.asked {
            Asked::Confirm(_, ear) | Asked::Number(_, ear) => ear.deadline(),
            Asked::Queue { until } => *until,
        }
    }

    const fn playing(&self) -> Option<Playing> {
        match &self.asked {
            Asked::Confirm(_, ear) | Asked::Number(_, ear) => ear.playing(),
            Asked::Queue { .. } => None,
        }
    }

    /// Whether the queue was asked and has not answered.
    pub(super) const fn is_sent(&self) -> bool {
        matches!(self.asked, Asked::Queue { .. })
    }

    /// The keys that work; none where any digit may be part of the number.
    pub(super) fn keys(&self) -> Vec<Digit> {
        match self.asked {
            Asked::Confirm(..) => ['1', '2', '*'].into_iter().filter_map(Digit::from_char).collect(),
            Asked::Number(..) | Asked::Queue { .. } => Vec::new(),
        }
    }

    pub(super) fn key(self, turn: &mut Turn, callback: &Callback, digit: Digit) -> Result<Ordered, Trap> {
        if self.is_sent() {
            return Ok(Ordered::More(self));
        }
        turn.stop(self.playing().is_some());
        match self.asked {
            Asked::Confirm(number, _) => match digit.as_char() {
                '1' => Ok(order(turn, number, self.puts)),
                '2' => other(turn, callback, 0),
                '*' => Ok(Ordered::Never),
                _ => confirm(turn, callback, number, self.puts),
            },
            Asked::Number(digits, _) => number_key(turn, callback, (digits, self.puts), digit),
            Asked::Queue { .. } => Ok(Ordered::Never),
        }
    }

    pub(super) fn playback_ended(self, turn: &Turn, id: PlaybackId) -> Self {
        let menu = turn.menu();
        let over = |ear: Ear| ear.playback_ended(id, listen(&menu), turn.now.instant);
        let asked = match self.asked {
            Asked::Confirm(number, ear) => Asked::Confirm(number, over(ear)),
            Asked::Number(digits, ear) => Asked::Number(digits, over(ear)),
            asked @ Asked::Queue { .. } => asked,
        };
        Self { asked, ..self }
    }

    pub(super) fn timeout(self, turn: &mut Turn, callback: &Callback) -> Result<Ordered, Trap> {
        let menu = turn.menu();
        let now = turn.now.instant;
        let puts = self.puts;
        let more = |asked| Ok(Ordered::More(Self { asked, puts }));
        match self.asked {
            Asked::Queue { until } if now < until => more(Asked::Queue { until }),
            Asked::Queue { .. } => Ok(Ordered::Never),
            Asked::Confirm(number, ear) => match ear.elapsed(listen(&menu), now) {
                Elapsed::NotYet(ear) => more(Asked::Confirm(number, ear)),
                Elapsed::Silence | Elapsed::Pause => confirm(turn, callback, number, puts),
            },
            Asked::Number(digits, ear) => match ear.elapsed(listen(&menu), now) {
                Elapsed::NotYet(ear) => more(Asked::Number(digits, ear)),
                Elapsed::Pause if digits.len() >= SHORTEST => submit(turn, callback, &digits, puts),
                Elapsed::Silence | Elapsed::Pause => other(turn, callback, puts),
            },
        }
    }
}

fn number_key(
    turn: &mut Turn,
    callback: &Callback,
    (mut digits, puts): (String, u8),
    digit: Digit,
) -> Result<Ordered, Trap> {
    let menu = turn.menu();
    let listen = listen(&menu);
    if digit == listen.submit {
        return submit(turn, callback, &digits, puts);
    }
    if digit == listen.clear {
        return if digits.is_empty() { Ok(Ordered::Never) } else { other(turn, callback, puts) };
    }
    if digit.is_decimal() {
        digits.push(digit.as_char());
    }
    if digits.len() > LONGEST {
        return other(turn, callback, puts);
    }
    let ear = Ear::next_key(listen, turn.now.instant);
    Ok(Ordered::More(Ordering { asked: Asked::Number(digits, ear), puts }))
}

fn submit(turn: &mut Turn, callback: &Callback, digits: &str, puts: u8) -> Result<Ordered, Trap> {
    let menu = turn.menu();
    let number = PhoneNumber::parse(digits).filter(|number| may_call(&menu, callback, number));
    match number {
        Some(number) if digits.len() >= SHORTEST => confirm(turn, callback, number, 0),
        _ => other(turn, callback, puts),
    }
}

fn order(turn: &mut Turn, number: PhoneNumber, puts: u8) -> Ordered {
    turn.call.command(Command::OrderCallback { number });
    Ordered::More(Ordering { asked: Asked::Queue { until: turn.now.instant + ANSWER_WITHIN }, puts })
}
