//! What can be typed into the simulator.

use super::bank::{Answer, answer_of, carries, field_type, read_value, short_name, with_handle};
use super::script::duration;
use super::step::Step;
use super::virtual_call::Operators;
use crate::ivr::flow::{QueueEnd, QueueStatus};
use crate::ivr::menu::{LineId, Menu, Name, Operation, SwitchId, nearest};
use crate::ivr::words::pick;
use crate::model::{BankAnswer, Digit, Lang, PhoneNumber, Record};
use std::time::Duration;

/// A typed line, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// Something happens in the call.
    Do(Step),
    /// Time passes until something happens by itself.
    ListenOn,
    /// The call begins anew with another setting.
    Anew(Setting),
    /// The last step is taken back.
    Undo,
    /// Something is shown.
    Show(Show),
}

/// A setting of the call that counts from its beginning.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    /// Nothing else: only from the beginning.
    Same,
    /// When it comes in, in the bank's zone.
    At(jiff::civil::DateTime),
    /// Who calls.
    From(Option<PhoneNumber>),
    /// What is called.
    Line(LineId),
    /// The caller's profile.
    Profile(Option<Name>),
}

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Help,
    Log,
    Place,
    Bank,
    Switches,
    Saved,
}

/// The first words there are.
pub(super) const WORDS: [&str; 22] = [
    "press", "wait", "bank", "operator", "queue", "switch", "callback", "transfer", "hangup", "undo", "restart", "at",
    "from", "line", "profile", "log", "save", "keys", "help", "quit", "star", "hash",
];

/// Reads typed lines against a menu; the error says what is wrong and what could be meant.
pub(super) struct Reader<'m> {
    pub(super) menu: &'m Menu,
    pub(super) lang: Lang,
    /// Whether somebody waits in a queue now.
    pub(super) queued: bool,
}

impl Reader<'_> {
    const fn say<'a>(&self, en: &'a str, ru: &'a str) -> &'a str {
        pick(self.lang, en, ru)
    }

    pub(super) fn read(&self, line: &str) -> Result<Command, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match words.as_slice() {
            [] => Command::ListenOn,
            ["help" | "?" | "помощь"] => Command::Show(Show::Help),
            ["log"] => Command::Show(Show::Log),
            ["keys"] => Command::Show(Show::Place),
            ["save"] => Command::Show(Show::Saved),
            ["undo"] => Command::Undo,
            ["restart"] => Command::Anew(Setting::Same),
            ["hangup"] => Command::Do(Step::HangsUp),
            ["bank"] => Command::Show(Show::Bank),
            ["switch"] => Command::Show(Show::Switches),
            ["star"] => Command::Do(Step::Press(vec![Digit::STAR])),
            ["hash"] => Command::Do(Step::Press(vec![Digit::HASH])),
            ["press", keys @ ..] if !keys.is_empty() => self.keys(&keys.concat())?,
            ["wait", length] => Command::Do(Step::Silence(self.length(length)?)),
            ["bank", operation, outcome, fields @ ..] => self.bank(operation, outcome, fields)?,
            ["operator", what] => self.operator(what)?,
            ["queue", what @ ..] if !what.is_empty() => self.queue(what)?,
            ["switch", name, state] => self.switch(name, state)?,
            ["callback", what] => self.callback(what)?,
            ["transfer", what] => self.transfer(what)?,
            ["at", moment @ ..] if !moment.is_empty() => self.at(&moment.join(" "))?,
            ["from", number] => self.from(number)?,
            ["line", name] => self.line(name)?,
            ["profile", name] => Command::Anew(Setting::Profile((*name != "none").then(|| (*name).into()))),
            [keys] if keys.chars().all(|key| Digit::from_char(key).is_some()) => self.keys(keys)?,
            [first, ..] => return Err(self.unknown(first)),
        })
    }

    fn unknown(&self, word: &str) -> String {
        if WORDS.contains(&word) {
            let incomplete = self.say(
                "is not complete like this; `help` shows how it is written",
                "так не пишется; `help` покажет, как",
            );
            return format!("{word}: {incomplete}");
        }
        let advice = self.meant(word, WORDS.into_iter());
        let unknown = self.say("not understood", "непонятно");
        let help = self.say("`help` lists what is", "`help` покажет, что можно");
        format!("{word}: {unknown}{advice}; {help}")
    }

    fn meant<'k>(&self, word: &str, known: impl Iterator<Item = &'k str>) -> String {
        let near = nearest(word, known);
        near.map(|near| format!(" ({} {near}?)", self.say("did you mean", "может быть,"))).unwrap_or_default()
    }

    /// The place of a name among those there are.
    fn known<'k>(
        &self,
        what: (&str, &str),
        name: &str,
        names: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<usize, String> {
        names.clone().position(|known| known == name).ok_or_else(|| {
            let advice = self.meant(name, names.clone());
            let list: Vec<&str> = names.collect();
            let (no, has) = (self.say("there is no", "нет такого:"), self.say("there are", "есть"));
            format!("{no} {} {name}{advice}; {has}: {}", self.say(what.0, what.1), list.join(", "))
        })
    }

    fn keys(&self, keys: &str) -> Result<Command, String> {
        let digits: Option<Vec<Digit>> = keys.chars().map(Digit::from_char).collect();
        let wrong = || format!("{keys}: {}", self.say("keys are 0 to 9, * and #", "клавиши — от 0 до 9, * и #"));
        Ok(Command::Do(Step::Press(digits.ok_or_else(wrong)?)))
    }

    fn length(&self, text: &str) -> Result<Duration, String> {
        let advice = self.say("write a length of time as 20s, 2m or 500ms", "время пишут так: 20s, 2m или 500ms");
        duration(text).ok_or_else(|| format!("{text}: {advice}"))
    }

    fn operation(&self, name: &str) -> Result<&Operation, String> {
        let names = self.menu.operations.iter().map(|known| short_name(&known.name));
        let at = self.known(("operation", "операции"), short_name(name), names)?;
        self.menu.operations.get(at).ok_or_else(|| name.to_owned())
    }

    fn bank(&self, operation: &str, outcome: &str, fields: &[&str]) -> Result<Command, String> {
        let known = self.operation(operation)?;
        let name = short_name(&known.name).to_owned();
        if outcome == "never" {
            let answer = Answer { answer: BankAnswer::bare(BankAnswer::DOWN), delay: None };
            return Ok(Command::Do(Step::Bank(vec![(name, vec![answer])])));
        }
        let implicit = [BankAnswer::DOWN, BankAnswer::UNKNOWN].into_iter().take(1 + usize::from(known.changes));
        let outcomes: Vec<&str> = known.outcomes.iter().map(|named| &**named).chain(implicit).collect();
        self.known(("result", "исхода"), outcome, outcomes.into_iter())?;
        let mut answer = answer_of(known, outcome);
        answer.fields.extend(self.fields(known, outcome, fields)?);
        answer.fields = with_handle(&known.fields, answer.fields);
        Ok(Command::Do(Step::Bank(vec![(name, vec![Answer::new(answer)])])))
    }

    /// `available=15 RUB last4=4321`: a word without `=` belongs to the value before it.
    fn fields(&self, operation: &Operation, outcome: &str, words: &[&str]) -> Result<Record, String> {
        let mut given: Vec<(&str, String)> = Vec::new();
        for word in words {
            match (word.split_once('='), given.last_mut()) {
                (Some((name, value)), _) => given.push((name, value.to_owned())),
                (None, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(word);
                }
                (None, None) => return Err(self.unknown_field(operation, word)),
            }
        }
        if !given.is_empty() && !carries(operation, outcome) {
            return Err(format!(
                "{outcome}: {}",
                self.say("with this result the bank gives no fields", "с этим исходом банк ничего не присылает")
            ));
        }
        let read = |(name, value): (&str, String)| {
            let shape = field_type(&operation.fields, name).ok_or_else(|| self.unknown_field(operation, name))?;
            let value = read_value(shape, &value).map_err(|wanted| {
                format!("{value}: {} {}", self.say("expected", "ожидается"), wanted.get(self.lang))
            })?;
            Ok((name.into(), value))
        };
        given.into_iter().map(read).collect()
    }

    fn unknown_field(&self, operation: &Operation, name: &str) -> String {
        let no = self.say("the operation gives no such field", "у операции нет такого поля");
        format!("{name}: {no} ({})", short_name(&operation.name))
    }

    fn operator(&self, what: &str) -> Result<Command, String> {
        let steps =
            [("answers", Step::OperatorAnswers), ("hangs_up", Step::OperatorHangsUp), ("fails", Step::OperatorFails)];
        self.one_of("operator", what, steps).map(Command::Do)
    }

    fn callback(&self, what: &str) -> Result<Command, String> {
        let steps = [("accepted", Step::Callbacks(true)), ("refused", Step::Callbacks(false))];
        self.one_of("callback", what, steps).map(Command::Do)
    }

    fn transfer(&self, what: &str) -> Result<Command, String> {
        self.one_of("transfer", what, [("fails", Step::TransferFails)]).map(Command::Do)
    }

    fn one_of<T, const N: usize>(&self, word: &str, what: &str, choices: [(&'static str, T); N]) -> Result<T, String> {
        let names = choices.each_ref().map(|(name, _)| *name);
        let found = choices.into_iter().find(|(name, _)| *name == what).map(|(_, choice)| choice);
        found.ok_or_else(|| {
            let advice = self.meant(what, names.into_iter());
            format!(
                "{word} {what}: {}{advice}; {} {}",
                self.say("not understood", "непонятно"),
                self.say("write", "пишите"),
                names.map(|name| format!("{word} {name}")).join(", ")
            )
        })
    }

    /// `queue timeout` ends a wait; anything else is what queues find from now on.
    fn queue(&self, words: &[&str]) -> Result<Command, String> {
        let end = match words {
            ["timeout"] => Some(QueueEnd::Timeout),
            ["full"] => Some(QueueEnd::Full),
            ["nobody"] if self.queued => Some(QueueEnd::Nobody),
            _ => None,
        };
        if let Some(end) = end {
            return Ok(Command::Do(Step::QueueEnds(end)));
        }
        let mut status = QueueStatus { position: 1, wait: None, samples: 0 };
        let operators = match words {
            ["nobody"] => Operators::Nobody,
            ["answers", after] => Operators::Answer(self.length(after)?),
            ["busy"] => Operators::Busy(status),
            settings => {
                for setting in settings.chunks(2) {
                    match setting {
                        ["position", number] => status.position = self.number(number)?,
                        ["samples", number] => status.samples = self.number(number)?,
                        ["wait", length] => status.wait = Some(self.length(length)?),
                        other => return Err(self.unknown_queue(&other.join(" "))),
                    }
                }
                Operators::Busy(status)
            }
        };
        Ok(Command::Do(Step::Queue(operators)))
    }

    fn unknown_queue(&self, text: &str) -> String {
        let advice = self.say(
            "write queue timeout, full, nobody, busy, answers 10s, or position 3 wait 4m samples 20",
            "пишите queue timeout, full, nobody, busy, answers 10s или position 3 wait 4m samples 20",
        );
        format!("queue {text}: {advice}")
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("{text}: {}", self.say("a whole number is expected", "ожидается целое число")))
    }

    fn switch(&self, name: &str, state: &str) -> Result<Command, String> {
        let names = self.menu.switches.iter().map(|switch| &*switch.name);
        let at = self.known(("switch", "переключателя"), name, names)?;
        let states = [("enable", true), ("disable", false), ("enabled", true), ("disabled", false)];
        let enabled = self.one_of(&format!("switch {name}"), state, states)?;
        let id = u16::try_from(at).map(SwitchId).map_err(|_| name.to_owned())?;
        Ok(Command::Do(Step::Switches(vec![(id, enabled)])))
    }

    fn at(&self, moment: &str) -> Result<Command, String> {
        let advice = self.say("write the time as 2026-12-31T23:00", "время пишут так: 2026-12-31T23:00");
        moment.parse().map(|at| Command::Anew(Setting::At(at))).map_err(|_| format!("{moment}: {advice}"))
    }

    fn from(&self, number: &str) -> Result<Command, String> {
        let advice = self.say(
            "this is no telephone number; write +79161234567, or hidden",
            "это не номер; пишите +79161234567 или hidden",
        );
        if number == "hidden" {
            return Ok(Command::Anew(Setting::From(None)));
        }
        let number = PhoneNumber::parse(number).ok_or_else(|| format!("{number}: {advice}"))?;
        Ok(Command::Anew(Setting::From(Some(number))))
    }

    fn line(&self, name: &str) -> Result<Command, String> {
        let at = self.known(("line", "линии"), name, self.menu.lines.iter().map(|line| &*line.name))?;
        let id = u16::try_from(at).map(LineId).map_err(|_| name.to_owned())?;
        Ok(Command::Anew(Setting::Line(id)))
    }
}
