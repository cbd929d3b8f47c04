//! Confirming: 1 is yes, 2 is no (ISO/IEC 13714).

use super::call::Turn;
use super::keyed::{self, Keyed, Place};
use super::next::{Next, Stepped, Trap};
use super::sources::Sources;
use super::states::State;
use super::tries::{Tries, global_key};
use crate::ivr::menu::{Confirm, Listen, Menu, Step, StepId, TaskId};
use crate::model::Digit;

/// A `confirm` that was put.
pub(super) type Confirming = Keyed<ConfirmPlace>;

/// Where a `confirm` stands.
#[derive(Clone, Copy)]
pub(super) struct ConfirmPlace {
    task: TaskId,
    step: StepId,
}

const NO_CONFIRM: Trap = Trap("not_a_confirm");

/// Puts a `confirm`. Before a change nothing that was pressed ahead counts: the caller has to hear the question.
pub(super) fn put(turn: &mut Turn, task: TaskId, step: StepId) -> Stepped {
    let menu = turn.menu();
    let place = ConfirmPlace { task, step };
    if place.confirm(&menu).ok_or(NO_CONFIRM)?.guards_change {
        turn.call.ahead.clear();
    }
    keyed::put(turn, place, Tries::default())
}

impl ConfirmPlace {
    fn confirm(self, menu: &Menu) -> Option<&Confirm> {
        match &menu[self.task][self.step].step {
            Step::Confirm(confirm) => Some(confirm),
            _ => None,
        }
    }
}

impl Place for ConfirmPlace {
    fn listen(self, menu: &Menu) -> &Listen {
        self.confirm(menu).map_or_else(|| keyed::any_listen(menu), |confirm| &confirm.listen.value)
    }

    fn speak(self, turn: &mut Turn, _: Tries) -> Result<(), Trap> {
        let menu = turn.menu();
        turn.say(self.confirm(&menu).ok_or(NO_CONFIRM)?.say)?;
        turn.say(menu.confirm)
    }

    fn decide(self, turn: &mut Turn, tries: Tries, digit: Digit) -> Stepped {
        let menu = turn.menu();
        let confirm = self.confirm(&menu).ok_or(NO_CONFIRM)?;
        let next = menu[self.task][self.step].next;
        match digit.as_char() {
            '1' => turn.after(next),
            '2' => turn.act(&confirm.declined, next),
            _ => {
                if let Some(go) = global_key(&confirm.keys, digit) {
                    return keyed::go(turn, self, tries, go);
                }
                let trouble = tries.wrong(turn, &confirm.trouble.value.wrong)?;
                keyed::follow(turn, self, &trouble)
            }
        }
    }

    fn silent(self, turn: &mut Turn, tries: Tries) -> Stepped {
        let menu = turn.menu();
        let trouble = tries.silence(turn, &self.confirm(&menu).ok_or(NO_CONFIRM)?.trouble.value.silence)?;
        keyed::follow(turn, self, &trouble)
    }

    fn again(self) -> Next {
        Next::Run(self.step)
    }

    fn keys(self, sources: &Sources) -> Vec<Digit> {
        let Some(confirm) = self.confirm(&sources.call.menu) else { return Vec::new() };
        let answers = ['1', '2'].into_iter().filter_map(Digit::from_char);
        answers.chain(confirm.keys.iter().map(|(key, _)| *key)).collect()
    }

    fn state(keyed: Keyed<Self>) -> State {
        State::Confirming(keyed)
    }
}
