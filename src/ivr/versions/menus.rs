//! Menus: options that came, went, moved or lead elsewhere; keys, silence and wrong keys.

use super::fact::Fact;
use super::{Both, ChangeKind, quoted};
use crate::ivr::menu::{Go, Inherited, Listen, MenuNode, MenuOption, Node, PhraseId, Trouble};
use crate::ivr::words::{Words, is_own, key, length, pick};
use crate::model::Digit;

impl Both<'_> {
    pub(super) fn menus(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs = self.matched(("menu", "меню"), (&old.menus, &new.menus), |node| (&node.name, &node.title));
        for (before, after) in pairs {
            let title = quoted(self.lang, &after.title);
            let about = format!("{} {title}", pick(self.lang, "in the menu", "в меню"));
            self.options(&about, &before.options, &after.options);
            self.facts(&about, &menu_facts(self.old, before), &menu_facts(self.new, after));
        }
    }

    fn options(&mut self, about: &str, old: &[MenuOption], new: &[MenuOption]) {
        let (was, is, lang) = (self.old, self.new, self.lang);
        let same_offer = |a: &MenuOption, b: &MenuOption| was.menu[a.offer].name == is.menu[b.offer].name;
        let heir = |before: &MenuOption| new.iter().find(|after| same_offer(before, after));
        let word = pick(lang, "key", "пункт");
        for after in new {
            let (digit, offer) = (key(after.digit), quoted(lang, &is.phrase(after.offer)));
            let to = target(is, after.go);
            let Some(before) = old.iter().find(|before| same_offer(before, after)) else {
                let replaced = old.iter().find(|before| before.digit == after.digit && heir(before).is_none());
                if let Some(before) = replaced {
                    let words = pick(lang, "now is", "теперь");
                    let (offered, led) = (quoted(lang, &was.phrase(before.offer)), target(was, before.go));
                    let before = pick(lang, "was", "было");
                    let text = format!("{about} {word} {digit} {words} {offer} → {to} ({before} {offered} → {led})");
                    self.say(ChangeKind::Changed, text);
                } else {
                    let words = pick(lang, "is new:", "добавлен:");
                    self.say(ChangeKind::Added, format!("{about} {word} {digit} {words} {offer} → {to}"));
                }
                continue;
            };
            if before.digit != after.digit {
                let words = pick(lang, "moved from key", "перенесён с клавиши");
                let onto = pick(lang, "to key", "на клавишу");
                let text = format!("{about} {offer} {words} {} {onto} {digit}", key(before.digit));
                self.say(ChangeKind::Changed, text);
            }
            if target_name(was, before.go) != target_name(is, after.go) {
                let words = pick(lang, "now leads to", "теперь ведёт в");
                let (led, before) = (target(was, before.go), pick(lang, "was", "было"));
                let text = format!("{about} {word} {digit} {words} {to} ({before} {led})");
                self.say(ChangeKind::Changed, text);
            }
            let when = |words: Words<'_>, option: &MenuOption| {
                let always = || pick(lang, "always", "всегда").to_owned();
                option.condition.as_ref().map_or_else(always, |condition| words.condition(condition))
            };
            let (then, now) = (when(was, before), when(is, after));
            if then != now {
                let words = pick(lang, "is now offered if", "теперь предлагается, если");
                let before = pick(lang, "was", "было");
                self.say(ChangeKind::Changed, format!("{about} {word} {digit} {words} {now} ({before} {then})"));
            }
        }
        for before in old.iter().filter(|before| heir(before).is_none()) {
            let taken =
                |after: &&MenuOption| after.digit == before.digit && !old.iter().any(|other| same_offer(other, after));
            if !new.iter().any(|after| taken(&after)) {
                let (digit, offer) = (key(before.digit), quoted(lang, &was.phrase(before.offer)));
                let words = pick(lang, "is gone:", "убран:");
                self.say(ChangeKind::Removed, format!("{about} {word} {digit} {words} {offer}"));
            }
        }
    }
}

/// Where something leads, for people.
pub(super) fn target(words: Words<'_>, go: Go) -> String {
    match go {
        Go::Node(_) => quoted(words.lang, words.target(go)),
        _ => words.target(go).to_owned(),
    }
}

/// Where something leads, by name.
pub(super) fn target_name(words: Words<'_>, go: Go) -> String {
    match go {
        Go::Node(Node::Task(id)) => words.menu[id].name.to_string(),
        Go::Node(Node::Menu(id)) => words.menu[id].name.to_string(),
        _ => format!("<{go:?}>"),
    }
}

/// A fact that a phrase is said.
pub(super) fn said(words: Words<'_>, key: &str, label: (&str, &str), phrase: Option<PhraseId>) -> Fact {
    let shown = phrase.map(|id| quoted(words.lang, &words.phrase(id))).unwrap_or_default();
    let same = phrase.map(|id| words.menu[id].name.to_string()).unwrap_or_default();
    Fact::new(key, pick(words.lang, label.0, label.1), shown).same(same)
}

fn menu_facts(words: Words<'_>, node: &MenuNode) -> Vec<Fact> {
    let title = quoted(words.lang, &node.title);
    let mut facts = vec![
        Fact::new("title", words.pick("the title", "название"), title),
        said(words, "intro", ("the first words", "первые слова"), node.intro),
        said(words, "say", ("the whole menu", "запись всего меню"), node.say),
        said(words, "hint", ("the hint", "подсказка"), node.hint),
    ];
    let back = node.back.unwrap_or(Go::Back);
    facts.push(Fact::new("back", words.pick("back", "«назад»"), target(words, back)).same(target_name(words, back)));
    facts.extend(keys(words, &node.keys));
    facts.extend(trouble(words, &node.trouble));
    facts.extend(listen(words, &node.listen));
    facts
}

/// What keys that are no options do, in the order of the keys.
pub(super) fn keys(words: Words<'_>, keys: &[(Digit, Inherited<Go>)]) -> Vec<Fact> {
    let mut sorted: Vec<_> = keys.iter().collect();
    sorted.sort_by_key(|(digit, _)| *digit);
    let fact = sorted.into_iter().map(|(digit, go)| {
        let label = format!("{} {}", words.pick("key", "клавиша"), key(*digit));
        Fact::new(format!("key {}", key(*digit)), label, target(words, go.value)).same(target_name(words, go.value))
    });
    fact.collect()
}

/// What silence and wrong keys lead to.
pub(super) fn trouble(words: Words<'_>, trouble: &Inherited<Trouble>) -> Vec<Fact> {
    let silence = words.pick("silence", "тишина");
    let wrong = words.pick("a wrong key", "неверная клавиша");
    let lists = [("silence", silence, &trouble.value.silence), ("wrong", wrong, &trouble.value.wrong)];
    let fact = lists.map(|(name, label, reactions)| {
        let (mut shown, mut same) = (Vec::new(), Vec::new());
        for reaction in reactions {
            let go = reaction.go.unwrap_or(Go::Repeat);
            let phrase = reaction.say.map(|id| format!("{} ", quoted(words.lang, &words.phrase(id))));
            shown.push(format!("{}→ {}", phrase.unwrap_or_default(), target(words, go)));
            let phrase = reaction.say.map(|id| words.menu[id].name.to_string()).unwrap_or_default();
            same.push(format!("{phrase}>{}", target_name(words, go)));
        }
        Fact::new(name, label, shown.join("; ")).same(same.join(";"))
    });
    fact.into()
}

/// How keys are listened for.
pub(super) fn listen(words: Words<'_>, listen: &Inherited<Listen>) -> Vec<Fact> {
    let Listen { first_key, next_key, submit, clear, barge_in, type_ahead } = &listen.value;
    let yes = |flag: bool| if flag { words.pick("yes", "да") } else { words.pick("no", "нет") };
    let note = if is_own(listen) { "" } else { words.pick(" (inherited)", " (унаследовано)") };
    let values = [
        ("first_key", words.pick("waits for the first key", "ждёт первую клавишу"), length(*first_key)),
        ("next_key", words.pick("waits between keys", "ждёт между клавишами"), length(*next_key)),
        ("submit", words.pick("the key that submits", "клавиша конца ввода"), key(*submit)),
        ("clear", words.pick("the key that clears", "клавиша сброса ввода"), key(*clear)),
        ("barge_in", words.pick("a key cuts the prompt", "клавиша прерывает подсказку"), yes(*barge_in).to_owned()),
        ("type_ahead", words.pick("keys ahead count", "набор вперёд"), yes(*type_ahead).to_owned()),
    ];
    let fact = values.map(|(name, label, value)| Fact::new(name, label, format!("{value}{note}")).same(value));
    fact.into()
}
