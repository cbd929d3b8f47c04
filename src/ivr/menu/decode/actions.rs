//! What follows an outcome, and what silence and wrong keys lead to.

use super::{Decoder, RESERVED};
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{Action, Code, Go, Reaction, StepId, Text, Then, Trouble};
use std::collections::HashMap;

/// The entries of a task that `again` may name.
pub(super) type Entries = HashMap<String, StepId>;

impl<'t> Decoder<'t> {
    /// `continue`, a reserved word such as `return`, or `{say, note, grants, again, go}`.
    pub(super) fn action(&mut self, node: &'t Node, entries: &Entries) -> Action {
        if let Some(word) = node.text() {
            if word == "continue" {
                return Action::default();
            }
            if let Some((_, go)) = RESERVED.iter().find(|(reserved, _)| *reserved == word) {
                return Action { then: Then::Go(*go), ..Action::default() };
            }
        }
        let known = ["say", "note", "grants", "again", "go"];
        let Some(found) = self.fields(node, ("an outcome", "у исхода"), &known) else {
            return Action::default();
        };
        let say = self.phrase_of(&found, "say");
        let noted = found.get("note").and_then(|node| self.text(node)).map(Into::into);
        let grants = found.get("grants").and_then(|node| self.level(node));
        let then = match (found.get("again"), found.get("go")) {
            (Some(again), Some(_)) => {
                let message = Text::new("again and go exclude each other", "again и go исключают друг друга");
                self.problem(again, Code::E19, message);
                Then::Continue
            }
            (Some(again), None) => self.again(again, entries),
            (None, Some(go)) => Then::Go(self.go(go)),
            (None, None) => Then::Continue,
        };
        Action { say, note: noted, grants, then }
    }

    fn again(&mut self, node: &'t Node, entries: &Entries) -> Then {
        let Some(name) = self.text(node) else { return Then::Go(Go::HangUp) };
        if let Some(step) = entries.get(name) {
            return Then::Again(*step);
        }
        let (meant, meant_ru) = super::did_you_mean(super::lexis::nearest(name, entries.keys().map(String::as_str)));
        let message = Text::new(
            format!("no entry \"{name}\" before this step in this task{meant}"),
            format!("в этом сценарии выше нет ввода «{name}»{meant_ru}"),
        );
        self.problem(node, Code::E01, message);
        Then::Go(Go::HangUp)
    }

    pub(super) fn trouble(&mut self, node: &'t Node, base: &Trouble) -> Trouble {
        let mut trouble = base.clone();
        if let Some(fields) = self.fields(node, ("trouble", "в trouble"), &["silence", "wrong"]) {
            if let Some(node) = fields.get("silence") {
                trouble.silence = self.reactions(node);
            }
            if let Some(node) = fields.get("wrong") {
                trouble.wrong = self.reactions(node);
            }
        }
        trouble
    }

    fn reactions(&mut self, node: &'t Node) -> Vec<Reaction> {
        let Kind::List(items) = &node.kind else {
            self.wrong_shape(node, "a list: [repeat, {go: operator}]", "список: [repeat, {go: operator}]");
            return vec![Reaction { say: None, go: Some(Go::Operator) }];
        };
        let reactions: Vec<_> = items.iter().map(|item| self.reaction(item)).collect();
        let leaves =
            reactions.last().and_then(|last| last.go).is_some_and(|go| !matches!(go, Go::Repeat | Go::SwitchLanguage));
        if !leaves {
            let last = items.last().unwrap_or(node);
            let message = Text::new(
                "the last entry stays: the caller would never get out",
                "последний элемент не выводит: клиент останется здесь навсегда",
            );
            let help = Text::new("end the list with {go: operator}", "завершите список элементом {go: operator}");
            self.problem_help(last, Code::E13, message, help);
        }
        reactions
    }

    fn reaction(&mut self, node: &'t Node) -> Reaction {
        if node.text() == Some("repeat") {
            return Reaction { say: None, go: None };
        }
        let fields = self.fields(node, ("an entry of trouble", "у элемента trouble"), &["say", "go"]);
        let say = fields.as_ref().and_then(|fields| self.phrase_of(fields, "say"));
        let go = fields.and_then(|fields| fields.get("go")).map(|node| self.go(node));
        Reaction { say, go: go.filter(|go| *go != Go::Repeat) }
    }
}
