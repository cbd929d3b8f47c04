//! Words for parts of a menu, in the language of whoever reads about it: shared by pictures and comparisons.

use super::menu::{
    Comparison, Condition, Go, HoursId, Inherited, Literal, Menu, Node, Origin, PhraseId, Queue, QueueId, QueueResult,
    Source, SwitchId, TaskId,
};
use super::speech::{Part, PhraseText};
use crate::model::{Digit, Lang, Level};
use std::time::Duration;

/// One text of two, by language.
pub(super) const fn pick<'a>(lang: Lang, en: &'a str, ru: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Ru => ru,
    }
}

/// A key as printed on a telephone.
pub(super) fn key(digit: Digit) -> String {
    digit.as_char().to_string()
}

/// A length of time in its largest whole unit: `90s`, `15m`, `2h`.
pub(super) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// The text of a phrase, values in their braces.
pub(super) fn written(text: &PhraseText) -> String {
    let parts = text.parts.iter().map(|part| match part {
        Part::Text { text, .. } => text.clone(),
        Part::Value { path, format: Some(format), .. } => format!("{{{path}|{format}}}"),
        Part::Value { path, format: None, .. } => format!("{{{path}}}"),
    });
    parts.collect()
}

/// Whether a value was written where it stands rather than inherited.
pub(super) fn is_own<T>(inherited: &Inherited<T>) -> bool {
    inherited.from == Origin::Own
}

/// Parts of one menu in one language.
#[derive(Clone, Copy)]
pub(super) struct Words<'m> {
    pub menu: &'m Menu,
    pub lang: Lang,
}

impl<'m> Words<'m> {
    pub(super) const fn pick<'a>(self, en: &'a str, ru: &'a str) -> &'a str {
        pick(self.lang, en, ru)
    }

    /// What a phrase says, in the reader's language if the menu has it.
    pub(super) fn phrase(self, id: PhraseId) -> String {
        let phrase = &self.menu[id];
        let text = phrase.texts.iter().find(|(lang, _)| *lang == self.lang).or(phrase.texts.first());
        text.map(|(_, text)| written(text)).unwrap_or_default()
    }

    pub(super) fn title(self, node: Node) -> &'m str {
        match node {
            Node::Task(id) => &self.menu[id].title,
            Node::Menu(id) => &self.menu[id].title,
        }
    }

    pub(super) fn queue(self, id: QueueId) -> &'m Queue {
        &self.menu[id]
    }

    /// Where `go` leads from a task (or a menu), if it is a place of its own.
    pub(super) fn node_of(self, go: Go, from: Option<TaskId>) -> Option<Node> {
        match go {
            Go::Node(node) => Some(node),
            Go::Operator => {
                let own = from.and_then(|task| self.menu[task].operator);
                Some(own.unwrap_or(Node::Task(self.menu.operator)))
            }
            Go::Back | Go::Repeat | Go::SwitchLanguage | Go::Return | Go::HangUp => None,
        }
    }

    /// Where `go` leads, in words.
    pub(super) fn target(self, go: Go) -> &'m str {
        match go {
            Go::Node(node) => self.title(node),
            Go::Operator => pick(self.lang, "operator", "оператор"),
            Go::Back => pick(self.lang, "back", "назад"),
            Go::Repeat => pick(self.lang, "once more", "ещё раз"),
            Go::SwitchLanguage => pick(self.lang, "other language", "другой язык"),
            Go::Return => pick(self.lang, "returns", "возврат"),
            Go::HangUp => pick(self.lang, "end of the call", "конец звонка"),
        }
    }

    pub(super) const fn level(self, level: Level) -> &'static str {
        match (level, self.lang) {
            (Level::None, Lang::En) => "nobody known",
            (Level::None, Lang::Ru) => "не опознан",
            (Level::Recognised, Lang::En) => "recognised",
            (Level::Recognised, Lang::Ru) => "опознан",
            (Level::Verified, Lang::En) => "verified",
            (Level::Verified, Lang::Ru) => "подтверждён",
        }
    }

    pub(super) const fn queue_result(self, result: QueueResult) -> &'static str {
        match (result, self.lang) {
            (QueueResult::Finished, Lang::En) => "conversation over",
            (QueueResult::Finished, Lang::Ru) => "разговор окончен",
            (QueueResult::Callback, Lang::En) => "callback ordered",
            (QueueResult::Callback, Lang::Ru) => "заказан обратный звонок",
            (QueueResult::Timeout, Lang::En) => "waited too long",
            (QueueResult::Timeout, Lang::Ru) => "ожидание истекло",
            (QueueResult::Nobody, Lang::En) => "no operators",
            (QueueResult::Nobody, Lang::Ru) => "операторов нет",
            (QueueResult::Left, Lang::En) => "left the queue",
            (QueueResult::Left, Lang::Ru) => "вышел из очереди",
        }
    }

    /// A condition as the menu language writes it.
    pub(super) fn condition(self, condition: &Condition) -> String {
        let list = |all: &[Condition], word: &str| {
            let parts: Vec<String> = all.iter().map(|one| self.condition(one)).collect();
            parts.join(word)
        };
        match condition {
            Condition::Holds(source) => self.source(source),
            Condition::Compare { left, how, right } => {
                let right: Vec<String> = right.iter().map(|source| self.source(source)).collect();
                let right = if *how == Comparison::In { format!("[{}]", right.join(", ")) } else { right.join(", ") };
                format!("{} {} {right}", self.source(left), comparison(*how))
            }
            Condition::And(all) => list(all, " and "),
            Condition::Or(all) => format!("({})", list(all, " or ")),
            Condition::Not(inner) => format!("not {}", self.condition(inner)),
        }
    }

    /// A source as the menu language writes it.
    pub(super) fn source(self, source: &Source) -> String {
        let switch = |id: SwitchId| &self.menu[id].name;
        let hours = |id: HoursId| &self.menu[id].name;
        match source {
            Source::CallerLevel => "caller.level".to_owned(),
            Source::CallerProfile => "caller.profile".to_owned(),
            Source::CallerBlocked => "caller.is_blocked_number".to_owned(),
            Source::CallFrom => "call.from".to_owned(),
            Source::CallLine => "call.line".to_owned(),
            Source::Answer(name) => format!("answer.{name}"),
            Source::Kept(name, None) => name.to_string(),
            Source::Kept(name, Some(field)) => format!("{name}.{field}"),
            Source::QueuePosition => "queue.position".to_owned(),
            Source::QueueWait(None) => "queue.wait".to_owned(),
            Source::QueueWait(Some(id)) => format!("queue.{}.wait", self.queue(*id).name),
            Source::Item(field) => format!("item.{field}"),
            Source::Switch(id) => format!("switch.{}", switch(*id)),
            Source::Hours(id) => format!("hours.{}", hours(*id)),
            Source::Literal(Literal::Word(word)) => word.to_string(),
            Source::Literal(Literal::Number(number)) => number.to_string(),
            Source::Literal(Literal::Duration(time)) => length(*time),
        }
    }
}

const fn comparison(how: Comparison) -> &'static str {
    match how {
        Comparison::Is => "is",
        Comparison::IsNot => "is not",
        Comparison::In => "in",
        Comparison::Less => "<",
        Comparison::Greater => ">",
    }
}
