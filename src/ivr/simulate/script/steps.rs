//! The steps of a test, read.

use super::super::step::{Step, StepAt};
use super::super::tree::{Node, ScriptError};
use super::super::words::{self, Named};
use super::{Reader, unknown};
use crate::ivr::flow::QueueEnd;
use crate::ivr::menu::Text;
use crate::model::{Digit, Lang, Level};

/// What a step may be.
const STEPS: [&str; 19] = [
    "hears",
    "hears_text",
    "press",
    "silence",
    "wait",
    "at",
    "language",
    "level",
    "in_queue",
    "call_ends",
    "hangs_up",
    "operator",
    "queue_ends",
    "queue",
    "switches",
    "bank",
    "transferred",
    "transfer",
    "callbacks",
];

impl Reader<'_> {
    pub(super) fn step(&self, node: &Node) -> Result<StepAt, ScriptError> {
        let entries = node.map(self.file)?;
        let [(name, key, value)] = entries.as_slice() else {
            return Err(node.error(
                self.file,
                Text::new(
                    "a step is one key with its value, such as `- press: 2`",
                    "шаг — это один ключ со значением, например `- press: 2`",
                ),
            ));
        };
        Ok(StepAt { line: key.line, step: self.one_step(name, key, value)? })
    }

    fn one_step(&self, name: &str, key: &Node, value: &Node) -> Result<Step, ScriptError> {
        let name_of = || value.text(self.file).map(str::to_owned);
        Ok(match name {
            "hears" => Step::Hears(self.phrase(value)?),
            "hears_text" => Step::HearsText(self.by_language(value)?),
            "press" => Step::Press(self.keys(value)?),
            "silence" => Step::Silence(self.duration(value)?),
            "wait" => Step::Wait(self.duration(value)?),
            "at" => Step::At(self.node_name(value)?),
            "language" => Step::Language(self.language(value, value.text(self.file)?)?),
            "in_queue" => Step::InQueue(self.queue_name(value)?),
            "level" => Step::Level(self.level(value)?),
            "queue" => Step::Queue(self.queue(value)?),
            "switches" => Step::Switches(self.switches(value)?),
            "bank" => Step::Bank(self.bank(value)?),
            "transferred" => Step::Transferred(name_of()?),
            "transfer" => match value.text(self.file)? {
                "fails" => Step::TransferFails,
                _ => {
                    return Err(value.error(
                        self.file,
                        Text::new(
                            "a transfer fails; one that works ends the call: hangs_up",
                            "перевод: fails; удавшийся заканчивает звонок: hangs_up",
                        ),
                    ));
                }
            },
            "callbacks" => Step::Callbacks(self.callbacks(value)?),
            "call_ends" => Step::CallEnds { by_system: self.ends_by(value)? },
            "hangs_up" => Step::HangsUp,
            "operator" => match value.text(self.file)? {
                "answers" => Step::OperatorAnswers,
                "hangs_up" => Step::OperatorHangsUp,
                "fails" => Step::OperatorFails,
                _ => {
                    return Err(value.error(
                        self.file,
                        Text::new("an operator answers, hangs_up or fails", "оператор: answers, hangs_up или fails"),
                    ));
                }
            },
            "queue_ends" => match value.text(self.file)? {
                "timeout" => Step::QueueEnds(QueueEnd::Timeout),
                "full" => Step::QueueEnds(QueueEnd::Full),
                "nobody" => Step::QueueEnds(QueueEnd::Nobody),
                _ => {
                    return Err(value.error(
                        self.file,
                        Text::new(
                            "a queue ends by timeout, full or nobody",
                            "очередь кончается так: timeout, full или nobody",
                        ),
                    ));
                }
            },
            other => return Err(unknown(self.file, key, other, &STEPS)),
        })
    }

    fn node_name(&self, node: &Node) -> Result<String, ScriptError> {
        let menus = self.menu.menus.iter().map(|menu| &*menu.name);
        self.known(node, Named::Node, menus.chain(self.menu.tasks.iter().map(|task| &*task.name)))
    }

    fn queue_name(&self, node: &Node) -> Result<String, ScriptError> {
        self.known(node, Named::Queue, self.menu.queues.iter().map(|queue| &*queue.name))
    }

    pub(super) fn level(&self, node: &Node) -> Result<Level, ScriptError> {
        let level = Level::from_name(node.text(self.file)?);
        level.ok_or_else(|| {
            node.error(
                self.file,
                Text::new("levels are none, recognised, verified", "уровни: none, recognised, verified"),
            )
        })
    }

    pub(super) fn callbacks(&self, node: &Node) -> Result<bool, ScriptError> {
        match node.text(self.file)? {
            "accepted" => Ok(true),
            "refused" => Ok(false),
            _ => Err(node.error(
                self.file,
                Text::new("callbacks are accepted or refused", "обратные звонки: accepted или refused"),
            )),
        }
    }

    fn ends_by(&self, node: &Node) -> Result<Option<bool>, ScriptError> {
        match node.text(self.file)? {
            "by_system" => Ok(Some(true)),
            "by_caller" => Ok(Some(false)),
            "true" | "" => Ok(None),
            _ => Err(node.error(
                self.file,
                Text::new("a call ends by_system or by_caller", "звонок кончается так: by_system или by_caller"),
            )),
        }
    }

    /// Texts by language. In `{ru: Карта, последние цифры …}` YAML takes what follows the comma for a key without a
    /// value; it is read as written, as the rest of the sentence.
    fn by_language(&self, node: &Node) -> Result<Vec<(Lang, String)>, ScriptError> {
        let mut texts: Vec<(Lang, String)> = Vec::new();
        for (name, key, value) in node.map(self.file)? {
            let text = value.text(self.file)?;
            match texts.last_mut() {
                Some((_, before)) if text.is_empty() && Lang::from_code(name).is_none() => {
                    before.push_str(", ");
                    before.push_str(name);
                }
                _ => texts.push((self.language(key, name)?, text.to_owned())),
            }
        }
        Ok(texts)
    }

    pub(super) fn language(&self, node: &Node, code: &str) -> Result<Lang, ScriptError> {
        let known = Lang::from_code(code).filter(|lang| self.menu.languages.contains(lang));
        known.ok_or_else(|| node.error(self.file, words::no_language(code)))
    }

    fn keys(&self, node: &Node) -> Result<Vec<Digit>, ScriptError> {
        let key = |key| {
            Digit::from_char(key).ok_or_else(|| {
                node.error(self.file, Text::new("keys are 0 to 9, * and #", "клавиши: от 0 до 9, * и #"))
            })
        };
        node.text(self.file)?.chars().map(key).collect()
    }
}
