//! Questions to the caller: entries, choices, confirmations.

use super::actions::Entries;
use super::{Decoder, Fields};
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{
    Action, Ask, Choice, Choose, Code, Confirm, Dates, Day, EntryKind, Go, Inherited, Listen, Name, Origin, PhraseId,
    Text, Then, Trouble, lexis,
};
use crate::model::{Digit, SecretDigits};
use std::ops::RangeInclusive;
use std::time::Duration;

/// How often an entry may be tried when the menu does not say.
const ATTEMPTS: u8 = 3;

/// How long a key may be waited for.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(2));

impl<'t> Decoder<'t> {
    pub(super) fn ask(&mut self, node: &'t Node, entries: &Entries) -> Option<Ask> {
        let known = ["name", "say", "digits", "kind", "from", "to", "help", "attempts", "failed", "listen"];
        let fields = self.fields(node, ("ask", "у ask"), &known)?;
        let kind = fields.get("kind").and_then(|node| self.entry_kind(node)).unwrap_or(EntryKind::Digits);
        let (min, max) = self.length(&fields, kind);
        let (amounts, dates) = self.bounds(&fields, kind);
        let attempts = fields.get("attempts").and_then(|node| self.attempts(node)).unwrap_or(ATTEMPTS);
        let to_operator = Action { then: Then::Go(Go::Operator), ..Action::default() };
        let failed = fields.get("failed").map_or(to_operator, |node| self.action(node, entries));
        if let (Some(node), Then::Continue | Then::Again(_)) = (fields.get("failed"), &failed.then) {
            let message = Text::new(
                "after the last attempt the caller must go somewhere",
                "после последней попытки клиента нужно куда-то отправить",
            );
            let help = Text::new("add `go: operator`", "добавьте `go: operator`");
            self.problem_help(node, Code::E13, message, help);
        }
        let listen = self.listen_of(&fields);
        if listen.value.submit.is_decimal() || listen.value.clear.is_decimal() {
            let node = fields.get("listen").unwrap_or(node);
            let message = Text::new(
                "a digit that submits or clears cannot be entered itself",
                "цифру, которая отправляет или стирает ввод, саму не ввести",
            );
            let help = Text::new("use hash and star for submit and clear", "для submit и clear возьмите hash и star");
            self.problem_help(node, Code::E14, message, help);
        }
        Some(Ask {
            name: self.name_of(&fields),
            say: self.need_phrase(&fields, "say"),
            min,
            max,
            kind,
            amounts,
            dates,
            help: self.helped(&fields, kind),
            attempts,
            failed,
            listen,
        })
    }

    pub(super) fn attempts(&mut self, node: &'t Node) -> Option<u8> {
        let attempts = self.number(node)?;
        if attempts == 0 {
            let message = Text::new("at least one attempt", "нужна хотя бы одна попытка");
            self.problem(node, Code::E16, message);
        }
        Some(attempts)
    }

    fn entry_kind(&mut self, node: &'t Node) -> Option<EntryKind> {
        let kinds = [
            ("digits", EntryKind::Digits),
            ("secret", EntryKind::Secret),
            ("phone", EntryKind::Phone),
            ("card", EntryKind::Card),
            ("date", EntryKind::Date),
            ("amount", EntryKind::Amount),
        ];
        self.one_of(node, &kinds)
    }

    /// A caller whose entry is no card, date or amount has to hear what is wrong with it.
    fn helped(&mut self, fields: &Fields<'t>, kind: EntryKind) -> Option<PhraseId> {
        let help = self.phrase_of(fields, "help");
        if help.is_none() && matches!(kind, EntryKind::Card | EntryKind::Date | EntryKind::Amount) {
            let message = Text::new(
                "a caller who enters something impossible would not hear what is wrong",
                "клиент, который введёт невозможное, не услышит, в чём ошибка",
            );
            let help = Text::new(
                "add `help: …`: a phrase that says how to enter it",
                "добавьте `help: …` — фразу о том, как вводить",
            );
            self.problem_help(fields.node, Code::E13, message, help);
        }
        help
    }

    /// `from` and `to` of an amount or a date; an amount is at least one unit.
    fn bounds(&mut self, fields: &Fields<'t>, kind: EntryKind) -> (RangeInclusive<i64>, Dates) {
        let (mut amounts, mut dates) = (1..=i64::MAX / 100, Dates::default());
        let ends = [fields.get("from"), fields.get("to")];
        match kind {
            EntryKind::Amount => {
                let [from, to] = ends.map(|node| node.and_then(|node| self.number::<u32>(node)).map(i64::from));
                amounts = from.unwrap_or(1)..=to.unwrap_or(*amounts.end());
            }
            EntryKind::Date => {
                let what = ("a date: 2026-01-31, or today", "дата: 2026-01-31 или today");
                let [from, to] = ends.map(|node| node.and_then(|node| self.form(node, what, lexis::bound)));
                dates = Dates { from, to };
            }
            EntryKind::Digits | EntryKind::Secret | EntryKind::Phone | EntryKind::Card => {
                for node in ends.into_iter().flatten() {
                    let message = Text::new(
                        "only an amount and a date have from and to",
                        "from и to бывают только у суммы и даты",
                    );
                    self.problem(node, Code::E18, message);
                }
            }
        }
        let empty = match dates {
            Dates { from: Some(Day::On(from)), to: Some(Day::On(to)) } => from > to,
            _ => amounts.is_empty(),
        };
        if let (true, Some(node)) = (empty, ends[1].or(ends[0])) {
            let message = Text::new("nothing lies between from and to", "между from и to ничего нет");
            self.problem(node, Code::E16, message);
        }
        (amounts, dates)
    }

    fn length(&mut self, fields: &Fields<'t>, kind: EntryKind) -> (u8, u8) {
        let usual = match kind {
            EntryKind::Digits | EntryKind::Secret => None,
            EntryKind::Phone => Some((7, 15)),
            EntryKind::Card => Some((13, 19)),
            EntryKind::Date => Some((8, 8)),
            EntryKind::Amount => Some((1, 9)),
        };
        let node = if usual.is_some() { fields.get("digits") } else { self.need(fields, "digits") };
        let what = ("a number of digits: 4 or 4-6", "число цифр: 4 или 4-6");
        let written = node.and_then(|node| self.form(node, what, lexis::range));
        let longest = u8::try_from(SecretDigits::MAX - 1).unwrap_or(u8::MAX);
        let (least, most) = usual.unwrap_or((1, if kind.is_secret() { longest } else { u8::MAX }));
        if let (Some(node), Some((min, max))) = (node, written)
            && (min < least || max > most)
        {
            let message = Text::new(
                format!("an entry of this kind has {least} to {most} digits"),
                format!("у такого ввода от {least} до {most} цифр"),
            );
            self.problem(node, Code::E16, message);
        }
        written.or(usual).unwrap_or((1, 1))
    }

    fn name_of(&mut self, fields: &Fields<'t>) -> Name {
        self.need(fields, "name").and_then(|node| self.text(node)).unwrap_or_default().into()
    }

    pub(super) fn choose(&mut self, node: &'t Node, entries: &Entries) -> Option<Choose> {
        let known = ["name", "say", "options", "digits", "keys", "silence", "trouble", "listen"];
        let fields = self.fields(node, ("choose", "у choose"), &known)?;
        let options = match (fields.get("options"), fields.get("digits")) {
            (Some(node), None) => self.choices(node),
            (None, Some(node)) => self.digit_choices(node),
            (Some(_), Some(node)) => {
                let message =
                    Text::new("digits and options exclude each other", "digits и options исключают друг друга");
                self.problem(node, Code::E14, message);
                Vec::new()
            }
            (None, None) => {
                self.need(&fields, "options");
                Vec::new()
            }
        };
        let taken: Vec<Digit> = options.iter().map(|option| option.digit).collect();
        Some(Choose {
            name: self.name_of(&fields),
            say: self.need_phrase(&fields, "say"),
            keys: self.keys(fields.get("keys"), &taken),
            options,
            silence: fields.get("silence").map(|node| self.action(node, entries)),
            trouble: self.trouble_of(&fields),
            listen: self.listen_of(&fields),
        })
    }

    fn choices(&mut self, node: &'t Node) -> Vec<Choice> {
        let Kind::Map(options) = &node.kind else {
            self.wrong_shape(node, "keys: 1: {offer: …, value: …}", "клавиши: 1: {offer: …, value: …}");
            return Vec::new();
        };
        let mut choices = Vec::new();
        for (key, node) in options {
            let digit = self.key(key);
            let Some(fields) = self.fields(node, ("an option", "у пункта"), &["offer", "value"]) else {
                continue;
            };
            let offer = self.need_phrase(&fields, "offer");
            let value = self.need(&fields, "value").and_then(|node| self.text(node)).unwrap_or_default();
            if let Some(digit) = digit {
                choices.push(Choice { digit, offer: Some(offer), value: value.into(), place: key.place });
            }
        }
        choices
    }

    fn digit_choices(&mut self, node: &'t Node) -> Vec<Choice> {
        let what = ("a range of keys: 1-5", "диапазон клавиш: 1-5");
        let read = |text: &str| {
            let (from, to) = text.split_once('-')?;
            let (from, to): (u8, u8) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            (from <= to && to <= 9).then_some((from, to))
        };
        let range = self.form(node, what, read).map(|(from, to)| from..=to);
        let choice = |digit: u8| {
            let key = Digit::from_event(digit)?;
            Some(Choice { digit: key, offer: None, value: digit.to_string().into(), place: node.place })
        };
        range.into_iter().flatten().filter_map(choice).collect()
    }

    pub(super) fn confirm(&mut self, node: &'t Node, entries: &Entries) -> Option<Confirm> {
        let known = ["say", "declined", "keys", "trouble", "listen"];
        let fields = self.fields(node, ("confirm", "у confirm"), &known)?;
        let declined = if let Some(node) = fields.get("declined") {
            self.action(node, entries)
        } else {
            let message = Text::new("what follows when the caller declines?", "что делать, если клиент отказался?");
            let help = Text::new("add `declined: {go: …}`", "добавьте `declined: {go: …}`");
            self.problem_help(node, Code::E09, message, help);
            Action { then: Then::Go(Go::Operator), ..Action::default() }
        };
        let taken: Vec<Digit> = ['1', '2'].into_iter().filter_map(Digit::from_char).collect();
        Some(Confirm {
            say: self.need_phrase(&fields, "say"),
            declined,
            guards_change: false,
            keys: self.keys(fields.get("keys"), &taken),
            trouble: self.trouble_of(&fields),
            listen: self.listen_of(&fields),
        })
    }

    /// The node's own keys, then the global ones that nothing here overrides.
    pub(super) fn keys(&mut self, own: Option<&'t Node>, taken: &[Digit]) -> Vec<(Digit, Inherited<Go>)> {
        let mut keys = Vec::new();
        if let Some(node) = own {
            let Kind::Map(entries) = &node.kind else {
                self.wrong_shape(node, "keys: {0: operator}", "клавиши: {0: operator}");
                return keys;
            };
            for (key, node) in entries {
                let go = self.go(node);
                let Some(digit) = self.key(key) else { continue };
                if taken.contains(&digit) {
                    let message = Text::new(
                        format!("key {} is an option already", key.text),
                        format!("клавиша {} уже занята пунктом", key.text),
                    );
                    self.report.add(key.place, key.length, super::Finding::new(Code::E14, message));
                }
                keys.push((digit, Inherited { value: go, from: Origin::Own }));
            }
        }
        for (digit, go) in self.defaults.keys.clone() {
            if !taken.contains(&digit) && keys.iter().all(|(own, _)| *own != digit) {
                keys.push((digit, Inherited { value: go, from: Origin::Project }));
            }
        }
        keys
    }

    pub(super) fn trouble_of(&mut self, fields: &Fields<'t>) -> Inherited<Trouble> {
        let inherited = self.defaults.trouble.clone();
        match fields.get("trouble") {
            Some(node) => Inherited { value: self.trouble(node, &inherited.value), from: Origin::Own },
            None => inherited,
        }
    }

    pub(super) fn listen_of(&mut self, fields: &Fields<'t>) -> Inherited<Listen> {
        let inherited = self.defaults.listen.clone();
        match fields.get("listen") {
            Some(node) => Inherited { value: self.listen(node, inherited.value), from: Origin::Own },
            None => inherited,
        }
    }

    pub(super) fn listen(&mut self, node: &'t Node, base: Listen) -> Listen {
        let mut listen = base;
        let known = ["first_key", "next_key", "submit", "clear", "barge_in", "type_ahead"];
        let Some(fields) = self.fields(node, ("listen", "у listen"), &known) else { return listen };
        if let Some(length) = fields.get("first_key").and_then(|node| self.duration_within(node, PAUSE.0, PAUSE.1)) {
            listen.first_key = length;
        }
        if let Some(length) = fields.get("next_key").and_then(|node| self.duration_within(node, PAUSE.0, PAUSE.1)) {
            listen.next_key = length;
        }
        if let Some(key) = fields.get("submit").and_then(|node| self.key_of(node)) {
            listen.submit = key;
        }
        if let Some(key) = fields.get("clear").and_then(|node| self.key_of(node)) {
            listen.clear = key;
        }
        if let Some(flag) = fields.get("barge_in").and_then(|node| self.flag(node)) {
            listen.barge_in = flag;
        }
        if let Some(flag) = fields.get("type_ahead").and_then(|node| self.flag(node)) {
            listen.type_ahead = flag;
        }
        if listen.submit == listen.clear {
            let message = Text::new("submit and clear are the same key", "submit и clear — одна и та же клавиша");
            self.problem(node, Code::E14, message);
        }
        listen
    }

    pub(super) fn key_of(&mut self, node: &'t Node) -> Option<Digit> {
        self.form(node, ("a key: 0 to 9, star or hash", "клавиша: 0–9, star или hash"), lexis::key)
    }
}
