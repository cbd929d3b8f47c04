//! What happened and what was done, in words.

use super::bank::short_name;
use super::step::Step;
use super::virtual_call::Operators;
use crate::ivr::flow::QueueEnd;
use crate::ivr::menu::Menu;
use crate::ivr::words::{length, pick};
use crate::model::{CallEvent, Lang};

/// What a record tells the person at the terminal.
pub(super) fn told(record: &CallEvent, lang: Lang) -> Option<String> {
    let word = |en: &'static str, ru: &'static str| pick(lang, en, ru);
    Some(match record {
        CallEvent::BankAnswered { operation, outcome, took } => {
            let operation = short_name(operation);
            format!("{}: {operation} → {outcome} ({} ms)", word("bank", "банк"), took.as_millis())
        }
        CallEvent::LevelReached { level } => format!("{}: {}", word("level", "уровень"), level.name()),
        CallEvent::Noted { note } => format!("{}: {note}", word("note", "заметка")),
        CallEvent::Chosen { name, value } => format!("{}: {name} = {value}", word("chosen", "выбор")),
        CallEvent::Queued { queue } => format!("{}: {queue}", word("enters the queue", "встал в очередь")),
        CallEvent::QueueLeft { queue, outcome, waited } => {
            let waited = length(std::time::Duration::from_secs(waited.as_secs()));
            format!("{} {queue}: {outcome} ({waited})", word("left the queue", "вышел из очереди"))
        }
        CallEvent::LanguageChosen { lang } => format!("{}: {lang}", word("language", "язык")),
        _ => return None,
    })
}

/// What was done, as it is typed.
pub(super) fn did(step: &Step, secret: bool, menu: &Menu) -> String {
    match step {
        Step::Press(_) if secret => "••••".to_owned(),
        Step::Press(digits) => digits.iter().map(|digit| digit.as_char()).collect(),
        Step::Silence(time) | Step::Wait(time) if time.subsec_millis() > 0 => format!("wait {}ms", time.as_millis()),
        Step::Silence(time) | Step::Wait(time) => format!("wait {}", length(*time)),
        Step::HangsUp => "hangup".to_owned(),
        Step::OperatorAnswers => "operator answers".to_owned(),
        Step::OperatorHangsUp => "operator hangs_up".to_owned(),
        Step::OperatorFails => "operator fails".to_owned(),
        Step::QueueEnds(QueueEnd::Timeout) => "queue timeout".to_owned(),
        Step::QueueEnds(QueueEnd::Full) => "queue full".to_owned(),
        Step::QueueEnds(QueueEnd::Nobody) | Step::Queue(Operators::Nobody) => "queue nobody".to_owned(),
        Step::Queue(Operators::Answer(after)) => format!("queue answers {}", length(*after)),
        Step::Queue(Operators::Busy(status)) => {
            let wait = status.wait.map(|wait| format!(" wait {}", length(wait))).unwrap_or_default();
            format!("queue position {}{wait} samples {}", status.position, status.samples)
        }
        Step::Switches(switches) => {
            let one = |(id, on): &(crate::ivr::menu::SwitchId, bool)| {
                format!("switch {} {}", menu[*id].name, if *on { "enable" } else { "disable" })
            };
            switches.iter().map(one).collect::<Vec<_>>().join("; ")
        }
        Step::Bank(answers) => {
            let outcome = |answers: &[super::bank::Answer]| {
                let last = answers.last().filter(|answer| answer.delay.is_some());
                last.map_or("never".to_owned(), |answer| answer.answer.outcome.to_string())
            };
            let one =
                |(operation, all): &(String, Vec<super::bank::Answer>)| format!("bank {operation} {}", outcome(all));
            answers.iter().map(one).collect::<Vec<_>>().join("; ")
        }
        Step::Callbacks(taken) => format!("callback {}", if *taken { "accepted" } else { "refused" }),
        Step::TransferFails => "transfer fails".to_owned(),
        Step::Hears(_)
        | Step::HearsText(_)
        | Step::At(_)
        | Step::Language(_)
        | Step::Level(_)
        | Step::InQueue(_)
        | Step::Transferred(_)
        | Step::CallEnds { .. } => String::new(),
    }
}
