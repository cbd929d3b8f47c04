//! Steps of a task.

use super::condition::literal;
use super::nodes::Steps;
use super::{Decoder, Fields, Finding, UNKNOWN, did_you_mean};
use crate::ivr::menu::tree::{Key, Kind, Node};
use crate::ivr::menu::{
    Action, Code, Do, Go, Inherited, Literal, Name, OperationId, Origin, QueueId, QueueResult, QueueStep, SayEach,
    Source, Split, Step, StepId, TaskId, Text, Then, Transfer, ValueType, Voicemail, lexis,
};
use crate::model::{BankAnswer, Digit};
use std::time::Duration;

/// The verbs, each with the keys that may stand beside it.
const VERBS: [(&str, &[&str]); 16] = [
    ("say", &[]),
    ("say_all", &[]),
    ("ask", &[]),
    ("choose", &[]),
    ("confirm", &[]),
    ("do", &["with", "as", "results", "once_per"]),
    ("if", &["then", "else"]),
    ("say_each", &[]),
    ("go", &[]),
    ("call", &[]),
    ("queue", &["with", "results"]),
    ("transfer", &[]),
    ("voicemail", &[]),
    ("note", &[]),
    ("split", &[]),
    ("language", &[]),
];
const BARE: [(&str, Go); 5] = [
    ("return", Go::Return),
    ("hangup", Go::HangUp),
    ("back", Go::Back),
    ("repeat", Go::Repeat),
    ("switch_language", Go::SwitchLanguage),
];

impl<'t> Decoder<'t> {
    pub(super) fn step(&mut self, steps: &mut Steps, node: &'t Node, next: Option<StepId>) -> Option<Step> {
        let entries = match &node.kind {
            Kind::Text(word) => return self.bare(node, word),
            Kind::Map(entries) => entries,
            Kind::Nothing | Kind::List(_) => {
                self.wrong_shape(node, "a step such as `- say: greeting`", "шаг, например `- say: greeting`");
                return None;
            }
        };
        let verb = VERBS.iter().find(|(verb, _)| entries.iter().any(|(key, _)| key.text == *verb));
        let Some((verb, beside)) = verb else {
            if let Some((key, _)) = entries.first() {
                self.unknown_key(key, "the list of steps", "среди шагов", VERBS.iter().map(|(verb, _)| *verb));
            }
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| key.text != *verb && !beside.contains(&key.text.as_str())) {
            self.stray(key, verb, beside);
        }
        let fields = Fields { node, entries };
        let subject = fields.get(verb)?;
        self.verb(steps, verb, subject, &fields, next)
    }

    fn stray(&mut self, key: &Key, verb: &'static str, beside: &'static [&'static str]) {
        let name = &key.text;
        let message =
            Text::new(format!("\"{name}\" does not belong to `{verb}`"), format!("«{name}» не относится к `{verb}`"));
        let help = if VERBS.iter().any(|(verb, _)| verb == name) {
            Text::new("write one step per dash", "один шаг — одно тире")
        } else {
            let list = beside.join(", ");
            Text::new(format!("beside it may stand: {list}"), format!("рядом могут стоять: {list}"))
        };
        self.report.add(key.place, key.length, Finding::new(Code::E18, message).help(help));
    }

    fn bare(&mut self, node: &'t Node, word: &str) -> Option<Step> {
        let found = BARE.iter().find(|(name, _)| *name == word);
        if let Some((_, go)) = found {
            return Some(Step::Go(*go));
        }
        if let Some((verb, rest)) =
            word.split_once(':').filter(|(verb, _)| VERBS.iter().any(|(known, _)| known == verb))
        {
            let message = Text::new("a space is missing after the colon", "после двоеточия нужен пробел");
            let help = Text::new(format!("write `{verb}: {rest}`"), format!("пишите `{verb}: {rest}`"));
            self.problem_help(node, Code::E18, message, help);
            return None;
        }
        let words = BARE.iter().map(|(name, _)| *name);
        let (meant, meant_ru) = did_you_mean(lexis::nearest(word, words));
        let message = Text::new(format!("\"{word}\" is no step{meant}"), format!("«{word}» — не шаг{meant_ru}"));
        let help = Text::new(
            "steps of one word are return, hangup, back; all others have a colon: `- say: greeting`",
            "из одного слова состоят return, hangup, back; у остальных есть двоеточие: `- say: greeting`",
        );
        self.problem_help(node, Code::E18, message, help);
        None
    }

    fn verb(
        &mut self,
        steps: &mut Steps,
        verb: &str,
        node: &'t Node,
        fields: &Fields<'t>,
        next: Option<StepId>,
    ) -> Option<Step> {
        Some(match verb {
            "say" | "say_all" => Step::Say { phrase: self.phrase(node), all: verb == "say_all" },
            "ask" => Step::Ask(self.ask(node, &steps.entries)?),
            "choose" => Step::Choose(self.choose(node, &steps.entries)?),
            "confirm" => Step::Confirm(self.confirm(node, &steps.entries)?),
            "do" => Step::Do(self.operation_step(steps, node, fields)),
            "if" => {
                let condition = self.condition(node);
                let then = fields.get("then").and_then(|block| self.block(steps, block, next));
                let otherwise = fields.get("else").and_then(|block| self.block(steps, block, next));
                let condition = condition.unwrap_or(super::super::Condition::And(Vec::new()));
                Step::If { condition, then, otherwise }
            }
            "say_each" => Step::SayEach(self.say_each(node)?),
            "go" => Step::Go(self.go(node)),
            "call" => Step::Call(self.called(node)?),
            "queue" => Step::Queue(self.queue_step(steps, node, fields)),
            "transfer" => Step::Transfer(self.transfer(steps, node)),
            "voicemail" => Step::Voicemail(self.voicemail(node)?),
            "note" => Step::Note(self.text(node)?.into()),
            "split" => Step::Split(self.split(node)?),
            _ => Step::Language(self.language_code(node)?),
        })
    }

    fn called(&mut self, node: &'t Node) -> Option<TaskId> {
        match self.node_target(node)? {
            super::MenuTarget::Task(task) => Some(task),
            super::MenuTarget::Menu(_) => {
                let message =
                    Text::new("a menu cannot be called, only gone to", "меню нельзя вызвать, в него переходят");
                let help = Text::new("write `go:` in place of `call:`", "напишите `go:` вместо `call:`");
                self.problem_help(node, Code::E01, message, help);
                None
            }
        }
    }

    fn operation_step(&mut self, steps: &Steps, node: &'t Node, fields: &Fields<'t>) -> Do {
        let id = OperationId(self.lookup(node, "services").unwrap_or(UNKNOWN));
        let keep_as: Option<Name> = fields.get("as").and_then(|node| self.text(node)).map(Into::into);
        if id.0 == UNKNOWN {
            self.poisoned.extend(keep_as.clone());
        }
        let params = self.operations.get(usize::from(id.0)).map(|operation| operation.params.clone());
        let with = fields.get("with").map(|node| self.with(node, params.as_deref())).unwrap_or_default();
        if let Some(params) = &params {
            for (name, _) in params.iter().filter(|(name, _)| with.iter().all(|(given, _)| given != name)) {
                let message = Text::new(
                    format!("the service needs parameter \"{name}\""),
                    format!("операции нужен параметр «{name}»"),
                );
                let help = Text::new(format!("add `with: {{{name}: …}}`"), format!("добавьте `with: {{{name}: …}}`"));
                self.problem_help(node, Code::E08, message, help);
            }
        }
        let outcomes = self.outcomes(steps, node, fields, id);
        let once = fields.get("once_per").and_then(|node| self.one_of(node, &[("call", true)])).unwrap_or(false);
        Do { operation: id, with, keep_as, outcomes, once_per_call: once }
    }

    fn with(&mut self, node: &'t Node, params: Option<&[(Name, ValueType)]>) -> Vec<(Name, Source)> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_shape(node, "parameters: {card: card}", "параметры: {card: card}");
            return Vec::new();
        };
        let mut with = Vec::new();
        for (key, node) in entries {
            let declared = params.and_then(|params| params.iter().find(|(name, _)| **name == *key.text));
            if let (None, Some(params)) = (declared, params) {
                let name = &key.text;
                let (meant, meant_ru) = did_you_mean(lexis::nearest(name, params.iter().map(|(name, _)| &**name)));
                let message = Text::new(
                    format!("the service has no parameter \"{name}\"{meant}"),
                    format!("у операции нет параметра «{name}»{meant_ru}"),
                );
                self.report.add(key.place, key.length, Finding::new(Code::E08, message));
            }
            let Some(path) = self.text(node) else { continue };
            let word =
                declared.is_none_or(|(_, kind)| matches!(kind, ValueType::Word | ValueType::Digits | ValueType::Text));
            let literal = literal(path).filter(|literal| word || !matches!(literal, Literal::Word(_)));
            let source = match literal {
                Some(literal) if !self.kept.contains(path) => Some(Source::Literal(literal)),
                _ => self.source(node, path, 0),
            };
            with.extend(source.map(|source| (Name::from(key.text.as_str()), source)));
        }
        with
    }

    /// Every outcome: those written, then those inherited. Missing ones are reported.
    fn outcomes(
        &mut self,
        steps: &Steps,
        node: &'t Node,
        fields: &Fields<'t>,
        id: OperationId,
    ) -> Vec<(Name, Inherited<Action>)> {
        let operation = self.operations.get(usize::from(id.0)).map(|found| (found.outcomes.clone(), found.changes));
        let mut declared = operation.as_ref().map(|(outcomes, _)| outcomes.clone()).unwrap_or_default();
        let changes = operation.as_ref().is_some_and(|(_, changes)| *changes);
        let mut outcomes: Vec<(Name, Inherited<Action>)> = Vec::new();
        for (key, node) in fields.get("results").and_then(Node::map).unwrap_or_default() {
            let name = key.text.as_str();
            let implicit = name == BankAnswer::DOWN || (changes && name == BankAnswer::UNKNOWN);
            if operation.is_some() && !implicit && declared.iter().all(|outcome| **outcome != *name) {
                let (meant, meant_ru) = did_you_mean(lexis::nearest(name, declared.iter().map(|outcome| &**outcome)));
                let message = Text::new(
                    format!("the service has no outcome \"{name}\"{meant}"),
                    format!("у операции нет исхода «{name}»{meant_ru}"),
                );
                let list: Vec<&str> = declared.iter().map(|outcome| &**outcome).collect();
                let list = list.join(", ");
                let help = Text::new(
                    format!("its outcomes are {list} and {}", BankAnswer::DOWN),
                    format!("её исходы: {list} и {}", BankAnswer::DOWN),
                );
                self.report.add(key.place, key.length, Finding::new(Code::E09, message).help(help));
            }
            let value = self.action(node, &steps.entries);
            outcomes.push((name.into(), Inherited { value, from: Origin::Own }));
        }
        let down = self.defaults.down.clone();
        let has_unknown = declared.iter().any(|outcome| **outcome == *BankAnswer::UNKNOWN);
        declared.push(BankAnswer::DOWN.into());
        if changes && !has_unknown {
            declared.push(BankAnswer::UNKNOWN.into());
        }
        for outcome in declared {
            if outcomes.iter().any(|(name, _)| *name == outcome) {
                continue;
            }
            let lost = *outcome == *BankAnswer::UNKNOWN && !has_unknown;
            match &down {
                Some(action) if *outcome == *BankAnswer::DOWN || lost => {
                    if lost {
                        let name = node.text().unwrap_or_default();
                        let message = Text::new(
                            format!("if the answer of {name} is lost, nobody knows whether it was done"),
                            format!("если ответ {name} потеряется, неизвестно, выполнено ли действие"),
                        );
                        let help = Text::new(
                            "add `unknown: {say: …, go: operator}` under results; now it is treated as bank down",
                            "добавьте в results `unknown: {say: …, go: operator}`; сейчас это как сбой банка",
                        );
                        self.problem_help(node, Code::W11, message, help);
                    }
                    outcomes.push((outcome, Inherited { value: action.clone(), from: Origin::Project }));
                }
                _ => self.unhandled(node, &outcome),
            }
        }
        outcomes
    }

    fn unhandled(&mut self, node: &Node, outcome: &str) {
        let message =
            Text::new(format!("outcome \"{outcome}\" is not handled"), format!("не обработан исход «{outcome}»"));
        let help = Text::new(
            format!("add `{outcome}: {{say: …, go: …}}` or `{outcome}: continue` under results"),
            format!("добавьте в results `{outcome}: {{say: …, go: …}}` или `{outcome}: continue`"),
        );
        self.problem_help(node, Code::E09, message, help);
    }

    fn never_left(&mut self, node: &Node) {
        let message = Text::new(
            "outcome \"left\" never comes: no key leaves the queue",
            "исхода «left» не бывает: из очереди нет клавиши выхода",
        );
        let help = Text::new(
            "add `keys: {star: leave}` under while_waiting of the queue, or take `left` away",
            "добавьте `keys: {star: leave}` в while_waiting очереди или уберите `left`",
        );
        self.problem_help(node, Code::E19, message, help);
    }

    fn queue_step(&mut self, steps: &Steps, node: &'t Node, fields: &Fields<'t>) -> QueueStep {
        let queue = QueueId(self.lookup(node, "queues").unwrap_or(UNKNOWN));
        let with = fields
            .get("with")
            .and_then(|node| self.fields(node, ("a queue step", "у шага queue"), &["priority", "skills"]));
        let priority = with.and_then(|with| with.get("priority")).and_then(|node| self.number(node)).unwrap_or(0);
        let skills = with.and_then(|with| with.get("skills")).map(|node| self.words(node)).unwrap_or_default();
        let known = [
            ("finished", QueueResult::Finished),
            ("callback", QueueResult::Callback),
            ("timeout", QueueResult::Timeout),
            ("nobody", QueueResult::Nobody),
            ("left", QueueResult::Left),
        ];
        let mut results = Vec::new();
        if let Some(node) = fields.get("results") {
            let names = known.map(|(name, _)| name);
            let entries = self.fields(node, ("a queue's results", "среди исходов очереди"), &names);
            for (name, result) in known {
                if let Some(node) = entries.and_then(|entries| entries.get(name)) {
                    results.push((result, self.action(node, &steps.entries)));
                }
            }
        }
        let ends = self.queue_ends.get(usize::from(queue.0)).copied();
        let (callback, leaves) = ends.unwrap_or_default();
        if ends.is_some() && !leaves && results.iter().any(|(result, _)| *result == QueueResult::Left) {
            self.never_left(node);
        }
        for (name, result) in known {
            let needed = match result {
                QueueResult::Finished | QueueResult::Timeout | QueueResult::Nobody => true,
                QueueResult::Callback => callback,
                QueueResult::Left => leaves,
            };
            if needed && results.iter().all(|(handled, _)| *handled != result) {
                self.unhandled(node, name);
            }
        }
        QueueStep { queue, priority, skills, results }
    }

    fn transfer(&mut self, steps: &Steps, node: &'t Node) -> Transfer {
        let fields = match &node.kind {
            Kind::Map(_) => self.fields(node, ("transfer", "у transfer"), &["to", "how", "failed"]),
            _ => None,
        };
        let target = match fields {
            Some(fields) => self.need(&fields, "to").and_then(|node| self.text(node)),
            None => self.text(node),
        };
        let how = fields.and_then(|fields| fields.get("how"));
        let refer = how.and_then(|node| self.one_of(node, &[("bridge", false), ("refer", true)])).unwrap_or(false);
        let failed = if let Some(node) = fields.and_then(|fields| fields.get("failed")) {
            self.action(node, &steps.entries)
        } else {
            self.unhandled(node, "failed");
            Action { then: Then::Go(Go::HangUp), ..Action::default() }
        };
        Transfer { target: target.unwrap_or_default().into(), refer, failed }
    }

    fn voicemail(&mut self, node: &'t Node) -> Option<Voicemail> {
        let fields = self.fields(node, ("voicemail", "у voicemail"), &["say", "box", "max", "stop", "silence"])?;
        Some(Voicemail {
            say: self.need_phrase(&fields, "say"),
            mailbox: self.need(&fields, "box").and_then(|node| self.text(node)).unwrap_or_default().into(),
            max: fields
                .get("max")
                .and_then(|node| self.duration_within(node, Duration::from_secs(1), Duration::from_hours(1)))
                .unwrap_or(Duration::from_mins(2)),
            stop: fields.get("stop").and_then(|node| self.key_of(node)).unwrap_or(Digit::HASH),
            silence: fields
                .get("silence")
                .and_then(|node| self.duration_within(node, Duration::from_secs(1), Duration::from_mins(2)))
                .unwrap_or(Duration::from_secs(5)),
        })
    }

    fn say_each(&mut self, node: &'t Node) -> Option<SayEach> {
        let fields = self.fields(node, ("say_each", "у say_each"), &["list", "say", "limit"])?;
        let list = self.need(&fields, "list")?;
        let what = ("a list of a kept answer: ops.items", "список из ответа: ops.items");
        let read = |text: &str| text.split_once('.').map(|(kept, field)| (Name::from(kept), Name::from(field)));
        let (kept, field) = self.form(list, what, read)?;
        let limit = fields.get("limit").and_then(|node| self.number(node)).unwrap_or(5);
        Some(SayEach { kept, field, say: self.need_phrase(&fields, "say"), limit })
    }

    fn split(&mut self, node: &'t Node) -> Option<Split> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_shape(
                node,
                "branches with shares: {a: 50, b: 50, by: caller}",
                "ветви с долями: {a: 50, b: 50, by: caller}",
            );
            return None;
        };
        let mut split = Split { branches: Vec::new(), sticky: true };
        for (key, node) in entries {
            if key.text == "by" {
                split.sticky = self.one_of(node, &[("caller", true), ("call", false)]).unwrap_or(true);
                continue;
            }
            let go = self.target(&key.text).map(Go::Node);
            let go = go.or_else(|| super::RESERVED.iter().find(|(word, _)| *word == key.text).map(|(_, go)| *go));
            let share = self.number(node).unwrap_or(0);
            if let Some(go) = go {
                split.branches.push((key.text.as_str().into(), share, go));
            } else {
                let target = Node { place: key.place, length: key.length, kind: Kind::Nothing };
                self.unknown_target(&target, &key.text);
            }
        }
        if split.branches.iter().all(|(_, share, _)| *share == 0) {
            let message = Text::new("no branch has a share", "ни у одной ветви нет доли");
            self.problem(node, Code::E16, message);
        }
        Some(split)
    }
}
