//! What differs between two versions of a menu, as somebody who calls would put it.
//!
//! ```text
//! in the menu “Main menu”, key 3 now leads to “Rates” (was “Cards and loans”)
//! phrase balance, en: now “…” (was “…”)
//! hours support: Monday is now 09:00–22:00 (was 08:00–22:00)
//! ```
//!
//! Things are matched by their names; inside a task the steps are matched in their order. A phrase whose text changed
//! is told once, not at every place that says it.

mod fact;
mod menus;
mod parts;
mod tasks;

use super::menu::Menu;
use super::words::{Words, pick};
use crate::model::Lang;
use fact::{Fact, compare};
use std::collections::BTreeMap;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether something came, went or is different.
    pub kind: ChangeKind,
    /// The sentence.
    pub text: String,
}

/// Whether something came, went or is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is there no more.
    Removed,
    /// It is different.
    Changed,
}

impl ChangeKind {
    /// The sign before a line: `+`, `-`, `~`.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

/// What differs, in the order of the sections; nothing when callers and operators would notice no difference.
#[must_use]
pub fn diff(old: &Menu, new: &Menu, lang: Lang) -> Vec<Change> {
    let mut both = Both { old: Words { menu: old, lang }, new: Words { menu: new, lang }, lang, changes: Vec::new() };
    both.whole();
    both.lines();
    both.profiles();
    both.menus();
    both.tasks();
    both.hours();
    both.switches();
    both.queues();
    both.services();
    both.phrases();
    both.changes
}

/// The two versions and what was found so far.
struct Both<'m> {
    old: Words<'m>,
    new: Words<'m>,
    lang: Lang,
    changes: Vec<Change>,
}

impl Both<'_> {
    fn say(&mut self, kind: ChangeKind, text: String) {
        self.changes.push(Change { kind, text });
    }

    /// Compares what two versions say about one thing.
    fn facts(&mut self, about: &str, old: &[Fact], new: &[Fact]) {
        self.changes.extend(compare(self.lang, about, old, new));
    }

    /// Tells of what came and went, and gives back what is in both, in the order of the new version.
    fn matched<'t, T>(
        &mut self,
        kind: (&str, &str),
        (old, new): (&'t [T], &'t [T]),
        named: impl Fn(&'t T) -> (&'t str, &'t str),
    ) -> Vec<(&'t T, &'t T)> {
        let lang = self.lang;
        let kind = pick(lang, kind.0, kind.1);
        let title = |thing: &'t T| match named(thing) {
            (name, title) if name == title => name.to_owned(),
            (name, title) => format!("{name} {}", quoted(lang, title)),
        };
        let before: BTreeMap<&str, &T> = old.iter().map(|thing| (named(thing).0, thing)).collect();
        let after: BTreeMap<&str, &T> = new.iter().map(|thing| (named(thing).0, thing)).collect();
        let mut pairs = Vec::new();
        for thing in new {
            if let Some(old) = before.get(named(thing).0) {
                pairs.push((*old, thing));
            } else {
                let text = format!("{}: {kind} {}", pick(lang, "new", "добавлено"), title(thing));
                self.say(ChangeKind::Added, text);
            }
        }
        for thing in old.iter().filter(|thing| !after.contains_key(named(thing).0)) {
            let text = format!("{}: {kind} {}", pick(lang, "gone", "убрано"), title(thing));
            self.say(ChangeKind::Removed, text);
        }
        pairs
    }
}

/// A text in the quotation marks of a language.
fn quoted(lang: Lang, text: &str) -> String {
    match lang {
        Lang::En => format!("“{text}”"),
        Lang::Ru => format!("«{text}»"),
    }
}

#[cfg(test)]
mod tests;
