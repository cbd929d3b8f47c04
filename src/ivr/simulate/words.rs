//! What tests of a menu say to whoever wrote them, in both languages: what is wrong with a file of tests, what a test
//! expected and found, what no test came to.

use super::step::Unmet;
use super::tree::ScriptError;
use crate::ivr::menu::Text;
use crate::model::{Cause, Lang, Level};

/// The same in every language: a name, a value, a quotation.
pub(super) fn plain(text: impl Into<String>) -> Text {
    let text = text.into();
    Text::new(text.clone(), text)
}

/// What is looked up in the menu by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Phrase,
    Node,
    Queue,
    Switch,
    Line,
}

impl Named {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Phrase => ("phrase", "фразы"),
            Self::Node => ("menu or task", "меню или сценария"),
            Self::Queue => ("queue", "очереди"),
            Self::Switch => ("switch", "выключателя"),
            Self::Line => ("line", "линии"),
        }
    }
}

/// ` (did you mean …?)`, when something like it is there.
fn meant(near: Option<&str>) -> Text {
    near.map_or_else(Text::default, |near| {
        Text::new(format!(" (did you mean {near}?)"), format!(" (может быть, {near}?)"))
    })
}

pub(super) fn no_key(name: &str, near: Option<&str>, known: &[&str]) -> Text {
    let (meant, known) = (meant(near), known.join(", "));
    Text::new(
        format!("there is no key {name:?} here{}; known are {known}", meant.en),
        format!("здесь нет ключа {name:?}{}; есть {known}", meant.ru),
    )
}

pub(super) fn no_such(what: Named, name: &str, near: Option<&str>) -> Text {
    let ((en, ru), meant) = (what.words(), meant(near));
    Text::new(
        format!("there is no {en} {name:?} in the menu{}", meant.en),
        format!("в меню нет {ru} {name:?}{}", meant.ru),
    )
}

pub(super) fn no_operation(name: &str, near: Option<&str>) -> Text {
    let meant = meant(near);
    Text::new(
        format!("there is no operation {name:?} in services{}", meant.en),
        format!("в services нет операции {name:?}{}", meant.ru),
    )
}

pub(super) fn no_result(name: &str, near: Option<&str>, known: &str) -> Text {
    let meant = meant(near);
    Text::new(
        format!("the operation has no result {name:?}{}; it has {known}", meant.en),
        format!("у операции нет исхода {name:?}{}; есть {known}", meant.ru),
    )
}

pub(super) fn no_field(name: &str) -> Text {
    Text::new(format!("the operation gives no field {name:?}"), format!("операция не возвращает поля {name:?}"))
}

pub(super) fn no_fields_with(outcome: &str) -> Text {
    Text::new(
        format!("with the result {outcome} the bank gives no fields"),
        format!("при исходе {outcome} банк не возвращает полей"),
    )
}

pub(super) fn no_language(code: &str) -> Text {
    Text::new(format!("the menu has no language {code:?}"), format!("в меню нет языка {code:?}"))
}

pub(super) fn expected_value(wanted: &Text) -> Text {
    Text::new(format!("expected {}", wanted.en), format!("здесь ожидается {}", wanted.ru))
}

pub(super) fn no_yaml(reason: &str) -> Text {
    Text::new(format!("this is no YAML: {reason}"), format!("это не YAML: {reason}"))
}

pub(super) fn never_heard(phrase: &str) -> Text {
    Text::new(format!("{phrase} is never heard"), format!("{phrase} не звучит"))
}

pub(super) fn written_nowhere(text: &str) -> Text {
    Text::new(format!("{text:?} is written nowhere"), format!("{text:?} нигде не записано"))
}

pub(super) fn asked_for(operation: &str, count: u32) -> Text {
    Text::new(format!("{operation} is asked {count} times"), format!("запросов {operation}: {count}"))
}

pub(super) fn was_asked(count: u32) -> Text {
    Text::new(format!("it was asked {count} times"), format!("запросов: {count}"))
}

pub(super) fn unscripted(operation: &str) -> Text {
    Text::new(
        format!("`bank:` of this test says what {operation} answers: the bank was asked for it"),
        format!("`bank:` этого теста говорит, что отвечает {operation}: банк об этом спросили"),
    )
}

pub(super) fn screen_level(level: Level) -> Text {
    let level = level.name();
    Text::new(format!("the operator sees level {level}"), format!("оператор видит уровень {level}"))
}

pub(super) fn screen_list(name: &str, items: &str) -> Text {
    Text::new(format!("the operator sees {name} [{items}]"), format!("оператор видит {name} [{items}]"))
}

pub(super) fn caller_at(node: &str) -> Text {
    Text::new(format!("the caller is at {node}"), format!("клиент в {node}"))
}

pub(super) fn caller_hears(lang: Lang) -> Text {
    Text::new(format!("the caller hears {lang}"), format!("клиент слышит язык {lang}"))
}

pub(super) fn text_in(lang: Lang) -> Text {
    Text::new(
        format!("a text in {lang}: that is what the caller hears"),
        format!("текст на языке {lang}: его слышит клиент"),
    )
}

pub(super) fn level(level: Level) -> Text {
    Text::new(format!("level {}", level.name()), format!("уровень {}", level.name()))
}

pub(super) fn in_queue(queue: &str) -> Text {
    Text::new(format!("the caller waits in queue {queue}"), format!("клиент ждёт в очереди {queue}"))
}

pub(super) fn transfer_to(target: &str) -> Text {
    Text::new(format!("a transfer to {target}"), format!("перевод на {target}"))
}

/// Where the caller is, after "the caller is" and «клиент».
pub(super) fn place_gone(cause: Cause, by_system: bool) -> Text {
    let cause = cause.name();
    if by_system {
        let en = format!("gone: the system ended the call ({cause})");
        Text::new(en, format!("уже не на линии: звонок завершила система ({cause})"))
    } else {
        let en = format!("gone: the caller ended the call ({cause})");
        Text::new(en, format!("уже не на линии: звонок завершил сам ({cause})"))
    }
}

pub(super) fn place_queue(queue: &str) -> Text {
    Text::new(format!("in queue {queue}"), format!("в очереди {queue}"))
}

pub(super) fn place_node(node: &str) -> Text {
    Text::new(format!("at {node}"), format!("в {node}"))
}

pub(super) fn option_of(menu: &str, key: char) -> Text {
    Text::new(format!("option {menu} {key}"), format!("пункт {key} меню {menu}"))
}

pub(super) fn outcome_of(operation: &str, outcome: &str) -> Text {
    Text::new(format!("outcome {operation} {outcome}"), format!("исход {outcome} операции {operation}"))
}

pub(super) fn queue_result(task: &str, result: &str) -> Text {
    Text::new(format!("queue {task} {result}"), format!("исход {result} очереди в {task}"))
}

pub(super) fn menu_named(name: &str) -> Text {
    Text::new(format!("node {name}"), format!("меню {name}"))
}

pub(super) fn task_named(name: &str) -> Text {
    Text::new(format!("node {name}"), format!("сценарий {name}"))
}

/// A step of what is said to silence or to wrong keys; one that is inherited stands once, at its first place.
pub(super) fn trouble_step(name: &str, inherited: bool, silence: bool, number: usize) -> Text {
    let (en, ru) = if silence { ("silence", "тишину") } else { ("wrong", "неверную клавишу") };
    let (en_whose, ru_whose) = if inherited { (" (inherited)", " (общий)") } else { ("", "") };
    Text::new(format!("trouble {name}{en_whose} {en} {number}"), format!("{number}-й ответ на {ru} в {name}{ru_whose}"))
}

impl Unmet {
    /// What was expected and what was found, in one line.
    #[must_use]
    pub fn say(&self, lang: Lang) -> String {
        let found: Vec<&str> = self.found.iter().map(|found| found.get(lang)).collect();
        let found = found.join("; ");
        let (expected, place) = (self.expected.get(lang), self.place.get(lang));
        let (wanted, instead, caller) = match lang {
            Lang::En => ("expected", "found instead", "the caller is"),
            Lang::Ru => ("ожидалось", "оказалось", "клиент"),
        };
        let found = if found.is_empty() { found } else { format!("; {instead}: {found}") };
        let place = if place.is_empty() { String::new() } else { format!(" ({caller} {place})") };
        format!("{wanted}: {expected}{found}{place}")
    }
}

impl ScriptError {
    /// The place, and what is wrong there.
    #[must_use]
    pub fn say(&self, lang: Lang) -> String {
        format!("{}:{}:{}: {}", self.file, self.line, self.column, self.message.get(lang))
    }
}
