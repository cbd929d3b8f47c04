//! Picking: a `choose` waits for a key that sets a value.

use super::call::Turn;
use super::keyed::{self, Keyed, Place};
use super::next::{Next, Stepped, Trap};
use super::sources::Sources;
use super::speaking::Offer;
use super::states::State;
use super::tries::{Tries, global_key};
use crate::ivr::menu::{Choose, Listen, Menu, Step, StepId, TaskId};
use crate::model::{CallEvent, Digit, Value};

/// A `choose` that was put.
pub(super) type Picking = Keyed<ChoosePlace>;

/// Where a `choose` stands.
#[derive(Clone, Copy)]
pub(super) struct ChoosePlace {
    pub(super) task: TaskId,
    pub(super) step: StepId,
}

impl ChoosePlace {
    fn choose(self, menu: &Menu) -> Option<&Choose> {
        match &menu[self.task][self.step].step {
            Step::Choose(choose) => Some(choose),
            _ => None,
        }
    }
}

const NO_CHOOSE: Trap = Trap("not_a_choose");

impl Place for ChoosePlace {
    fn listen(self, menu: &Menu) -> &Listen {
        self.choose(menu).map_or_else(|| keyed::any_listen(menu), |choose| &choose.listen.value)
    }

    fn speak(self, turn: &mut Turn, _: Tries) -> Result<(), Trap> {
        let menu = turn.menu();
        let choose = self.choose(&menu).ok_or(NO_CHOOSE)?;
        turn.say(choose.say)?;
        let offered = |(digit, phrase)| Offer { digit, phrase };
        let options = choose.options.iter().filter_map(|choice| Some((choice.digit, choice.offer?)));
        turn.say_offers(options.map(offered).collect())
    }

    fn decide(self, turn: &mut Turn, tries: Tries, digit: Digit) -> Stepped {
        let menu = turn.menu();
        let choose = self.choose(&menu).ok_or(NO_CHOOSE)?;
        if let Some(choice) = choose.options.iter().find(|choice| choice.digit == digit) {
            turn.call.values.answers.insert(choose.name.clone(), Value::Word(choice.value.clone()));
            turn.call.record(CallEvent::Chosen { name: choose.name.clone(), value: choice.value.clone() });
            return turn.after(menu[self.task][self.step].next);
        }
        if let Some(go) = global_key(&choose.keys, digit) {
            return keyed::go(turn, self, tries, go);
        }
        let trouble = tries.wrong(turn, &choose.trouble.value.wrong)?;
        keyed::follow(turn, self, &trouble)
    }

    fn silent(self, turn: &mut Turn, tries: Tries) -> Stepped {
        let menu = turn.menu();
        let choose = self.choose(&menu).ok_or(NO_CHOOSE)?;
        if let Some(action) = &choose.silence {
            return turn.act(action, menu[self.task][self.step].next);
        }
        let trouble = tries.silence(turn, &choose.trouble.value.silence)?;
        keyed::follow(turn, self, &trouble)
    }

    fn again(self) -> Next {
        Next::Run(self.step)
    }

    fn keys(self, sources: &Sources) -> Vec<Digit> {
        let Some(choose) = self.choose(&sources.call.menu) else { return Vec::new() };
        let options = choose.options.iter().map(|choice| choice.digit);
        options.chain(choose.keys.iter().map(|(key, _)| *key)).collect()
    }

    fn state(keyed: Keyed<Self>) -> State {
        State::Picking(keyed)
    }
}
