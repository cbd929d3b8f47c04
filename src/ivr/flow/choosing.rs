//! Choosing: a menu waits for a key.

use super::call::Turn;
use super::keyed::{self, Keyed, Place};
use super::next::{Next, Stepped, Trap};
use super::sources::Sources;
use super::speaking::Offer;
use super::states::State;
use super::tries::{Tries, global_key};
use crate::ivr::menu::{Listen, Menu, MenuId, MenuOption};
use crate::model::Digit;

/// A menu that was put.
pub(super) type Choosing = Keyed<MenuId>;

fn is_visible(turn: &Turn, option: &MenuOption) -> bool {
    option.condition.as_ref().is_none_or(|condition| turn.holds(condition))
}

impl Place for MenuId {
    fn listen(self, menu: &Menu) -> &Listen {
        &menu[self].listen.value
    }

    /// The introduction on the first entry, the options that are not hidden, and once a call the hint.
    fn speak(self, turn: &mut Turn, _: Tries) -> Result<(), Trap> {
        let menu = turn.menu();
        let node = &menu[self];
        if let Some(intro) = node.intro
            && !turn.call.introduced.contains(&self)
        {
            turn.call.introduced.push(self);
            turn.say(intro)?;
        }
        if let Some(whole) = node.say {
            turn.say(whole)?;
        } else {
            let visible = node.options.iter().filter(|option| is_visible(turn, option)).map(Offer::from).collect();
            turn.say_offers(visible)?;
        }
        if let Some(hint) = node.hint
            && !turn.call.hinted
        {
            turn.call.hinted = true;
            turn.say(hint)?;
        }
        Ok(())
    }

    fn decide(self, turn: &mut Turn, tries: Tries, digit: Digit) -> Stepped {
        let menu = turn.menu();
        let node = &menu[self];
        let option = node.options.iter().find(|option| option.digit == digit && is_visible(turn, option));
        if let Some(go) = option.map(|option| option.go).or_else(|| global_key(&node.keys, digit)) {
            return keyed::go(turn, self, tries, go);
        }
        let trouble = tries.wrong(turn, &node.trouble.value.wrong)?;
        keyed::follow(turn, self, &trouble)
    }

    fn silent(self, turn: &mut Turn, tries: Tries) -> Stepped {
        let menu = turn.menu();
        let trouble = tries.silence(turn, &menu[self].trouble.value.silence)?;
        keyed::follow(turn, self, &trouble)
    }

    fn again(self) -> Next {
        Next::Menu(self)
    }

    fn keys(self, sources: &Sources) -> Vec<Digit> {
        let node = &sources.call.menu[self];
        let shown = |option: &&MenuOption| option.condition.as_ref().is_none_or(|condition| sources.holds(condition));
        let options = node.options.iter().filter(shown).map(|option| option.digit);
        options.chain(node.keys.iter().map(|(key, _)| *key)).collect()
    }

    fn state(keyed: Keyed<Self>) -> State {
        State::Choosing(keyed)
    }
}
