//! Running a task: step after step until one waits.

use super::call::Turn;
use super::collecting;
use super::keyed;
use super::next::{Next, Stepped, Trap};
use super::picking::ChoosePlace;
use super::tries::Tries;
use super::{asking_bank, confirming, listing, queued, recording, transferring};
use crate::ivr::menu::{Go, Split, Step, StepId};
use sha2::{Digest, Sha256};

/// Runs one step of the present task.
pub(super) fn run(turn: &mut Turn, step: StepId) -> Stepped {
    let (task, _) = turn.call.at.step.ok_or(Trap("no_task"))?;
    turn.call.at.step = Some((task, step));
    let menu = turn.menu();
    let node = menu[task].steps.get(usize::from(step.0)).ok_or(Trap("no_step"))?;
    match &node.step {
        Step::Say { phrase, all: false } => {
            turn.say(*phrase)?;
            turn.after(node.next)
        }
        Step::Say { phrase, all: true } => say_all(turn, *phrase, node.next),
        Step::Ask(_) => collecting::put(turn, task, step, false),
        Step::Choose(_) => keyed::put(turn, ChoosePlace { task, step }, Tries::default()),
        Step::Confirm(_) => confirming::put(turn, task, step),
        Step::Do(_) => asking_bank::ask(turn, task, step),
        Step::If { condition, then, otherwise } => {
            let way = if turn.holds(condition) { then } else { otherwise };
            turn.after(way.or(node.next))
        }
        Step::Go(go) => turn.go(*go),
        Step::Call(subtask) => turn.call_task(*subtask, node.next),
        Step::Queue(_) => queued::enter(turn, task, step),
        Step::Transfer(_) => transferring::start(turn, task, step),
        Step::Voicemail(_) => recording::start(turn, task, step),
        Step::Note(fact) => {
            turn.call.note(fact);
            turn.after(node.next)
        }
        Step::SayEach(_) => listing::read(turn, task, step, 0),
        Step::Split(split) => {
            let go = branch(turn, split).ok_or(Trap("split_without_branch"))?;
            turn.go(go)
        }
        Step::Language(lang) => {
            turn.set_language(*lang);
            turn.after(node.next)
        }
    }
}

/// Says a text that has to be heard whole, after what was to be said before it.
fn say_all(turn: &mut Turn, phrase: crate::ivr::menu::PhraseId, next: Option<StepId>) -> Stepped {
    turn.say_always(phrase)?;
    let then = Box::new(turn.after(next)?);
    Ok(Next::Say { then, all: true })
}

/// A branch by its share: of the calling number when it sticks to the caller, else of the call.
fn branch(turn: &Turn, split: &Split) -> Option<Go> {
    let caller = &turn.call.caller;
    let by = match &caller.from {
        Some(from) if split.sticky => from.as_str().to_owned(),
        _ => caller.call.to_string(),
    };
    let total: u64 = split.branches.iter().map(|(_, share, _)| u64::from(*share)).sum();
    let hash = Sha256::digest(by.as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut drawn = number.checked_rem(total)?;
    for (_, share, go) in &split.branches {
        match drawn.checked_sub(u64::from(*share)) {
            Some(rest) => drawn = rest,
            None => return Some(*go),
        }
    }
    None
}
