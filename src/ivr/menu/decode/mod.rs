//! From trees to the menu: names are collected first, then every section is decoded straight into its checked type.
//! What cannot be decoded is reported and replaced by a stand-in, so that everything else is still looked at; a menu
//! with stand-ins never leaves the checker.

mod actions;
mod condition;
mod inputs;
mod nodes;
mod project;
mod queues;
mod say;
mod services;
mod steps;
mod time;

use super::sources::{Finding, Report};
use super::tree::{Key, Kind, Node};
use super::{
    Code, Go, Inherited, Listen, MenuId, Name, Node as MenuTarget, PhraseId, Place, TaskId, Text, Trouble, lexis,
};
use crate::model::{Digit, Lang};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

pub(super) use project::decode;

/// Sections of named things.
const NAMED: [&str; 10] =
    ["lines", "profiles", "hours", "switches", "tasks", "menus", "queues", "phrases", "ladders", "services"];
/// Sections that stand once.
const SINGLE: [&str; 5] = ["version", "bank", "languages", "defaults", "levels"];
/// Stands for a name that was reported as unknown.
pub(super) const UNKNOWN: u16 = u16::MAX;
/// The most names listed in a message.
const MAX_LISTED: usize = 8;
/// Words after `go:` that are no names.
const RESERVED: [(&str, Go); 6] = [
    ("operator", Go::Operator),
    ("back", Go::Back),
    ("repeat", Go::Repeat),
    ("switch_language", Go::SwitchLanguage),
    ("return", Go::Return),
    ("hangup", Go::HangUp),
];

/// A named thing as written.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    pub key: &'t Key,
    pub node: &'t Node,
}

/// What the `defaults` say.
pub(super) struct Defaults {
    pub keys: Vec<(Digit, Go)>,
    pub listen: Inherited<Listen>,
    pub trouble: Inherited<Trouble>,
    pub down: Option<super::Action>,
    pub call_limit: Duration,
}

/// The decoder's state.
pub(super) struct Decoder<'t> {
    pub report: Report,
    single: BTreeMap<&'static str, Entry<'t>>,
    named: BTreeMap<&'static str, Vec<Entry<'t>>>,
    index: HashMap<(&'static str, &'t str), u16>,
    languages: Vec<Lang>,
    defaults: Defaults,
    operations: Vec<super::Operation>,
    /// Of each queue: whether it calls back, and whether a key leaves it.
    queue_ends: Vec<(bool, bool)>,
    /// Names under which answers of the bank are kept, anywhere.
    kept: BTreeSet<String>,
    /// Names whose definition could not be decoded: nobody should complain about their use.
    pub poisoned: BTreeSet<Name>,
}

impl<'t> Decoder<'t> {
    fn problem(&mut self, node: &Node, code: Code, message: Text) {
        self.report.add(node.place, node.length, Finding::new(code, message));
    }

    fn problem_help(&mut self, node: &Node, code: Code, message: Text, help: Text) {
        self.report.add(node.place, node.length, Finding::new(code, message).help(help));
    }

    /// The entries of a section in order.
    fn section(&self, section: &'static str) -> Vec<Entry<'t>> {
        self.named.get(section).cloned().unwrap_or_default()
    }

    /// Collects the sections of a file.
    fn collect(&mut self, root: &'t Node) {
        let Some(entries) = root.map() else {
            let message = Text::new("a menu file begins with sections", "файл меню состоит из разделов");
            let help = Text::new("write `tasks:`, `menus:`, `phrases:` …", "пишите `tasks:`, `menus:`, `phrases:` …");
            self.problem_help(root, Code::E19, message, help);
            return;
        };
        for (key, node) in entries {
            if let Some(section) = SINGLE.into_iter().find(|section| *section == key.text) {
                let entry = Entry { key, node };
                if let Some(first) = self.single.insert(section, entry) {
                    self.twice(key, first.key.place);
                }
            } else if let Some(section) = NAMED.into_iter().find(|section| *section == key.text) {
                self.collect_named(section, node);
            } else {
                self.unknown_section(key);
            }
        }
    }

    fn unknown_section(&mut self, key: &Key) {
        if !matches!(key.text.as_str(), "include" | "import" | "imports") {
            self.unknown_key(key, "the file", "в файле", SINGLE.iter().chain(&NAMED).copied());
            return;
        }
        let message = Text::new("files are not included by name", "файлы не подключают по имени");
        let help = Text::new(
            "all *.yaml files of the folder are read together: put the file beside this one",
            "все файлы *.yaml папки читаются вместе: положите файл рядом с этим",
        );
        self.report.add(key.place, key.length, Finding::new(Code::E18, message).help(help));
    }

    fn collect_named(&mut self, section: &'static str, node: &'t Node) {
        match &node.kind {
            Kind::Nothing => {}
            Kind::Map(entries) => {
                for (key, node) in entries {
                    self.collect_entry(section, Entry { key, node });
                }
            }
            Kind::Text(_) | Kind::List(_) => {
                self.wrong_shape(node, "names, each with its content", "имена с содержимым");
            }
        }
    }

    fn collect_entry(&mut self, section: &'static str, entry: Entry<'t>) {
        let name = entry.key.text.as_str();
        let good = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(good) {
            let message = Text::new(format!("\"{name}\" is no good name"), format!("«{name}» не годится как имя"));
            let help = Text::new("use letters, digits and _", "используйте буквы, цифры и _");
            self.report.add(entry.key.place, entry.key.length, Finding::new(Code::E19, message).help(help));
        }
        let reserved = RESERVED.iter().any(|(word, _)| *word == name && *word != "operator");
        if matches!(section, "tasks" | "menus") && reserved {
            let message = Text::new(
                format!("\"{name}\" is a word of the menu language, not a name"),
                format!("«{name}» — слово языка меню, а не имя"),
            );
            self.report.add(entry.key.place, entry.key.length, Finding::new(Code::E02, message));
        }
        let rival = match section {
            "tasks" => self.find("menus", name),
            "menus" => self.find("tasks", name),
            _ => None,
        };
        let same = self.find(section, name);
        if let Some(first) = same.or(rival) {
            // Twice in one section of one file was reported when the file was read.
            if same.is_none() || first.key.place.file != entry.key.place.file {
                self.twice(entry.key, first.key.place);
            }
            if same.is_some() {
                return;
            }
        }
        let entries = self.named.entry(section).or_default();
        let Ok(id) = u16::try_from(entries.len()) else { return };
        if id == UNKNOWN {
            let message = Text::new("more than 65,000 names", "больше 65 000 имён");
            self.report.add(entry.key.place, entry.key.length, Finding::new(Code::E17, message));
            return;
        }
        entries.push(entry);
        self.index.insert((section, name), id);
    }

    fn find(&self, section: &'static str, name: &str) -> Option<Entry<'t>> {
        let id = self.id(section, name)?;
        self.named.get(section).and_then(|entries| entries.get(usize::from(id))).copied()
    }

    fn id(&self, section: &'static str, name: &str) -> Option<u16> {
        self.index.get(&(section, name)).copied()
    }

    fn twice(&mut self, key: &Key, first: Place) {
        let (name, place) = (&key.text, self.report.whereabouts(first));
        let message = Text::new(
            format!("\"{name}\" is written twice, first at {place}"),
            format!("«{name}» записано дважды, впервые в {place}"),
        );
        self.report.add(key.place, key.length, Finding::new(Code::E02, message));
    }

    /// A key that is not one of `known`.
    fn unknown_key(&mut self, key: &Key, en: &str, ru: &str, known: impl Iterator<Item = &'static str>) {
        let known: Vec<_> = known.collect();
        let name = &key.text;
        let (meant_en, meant_ru) = did_you_mean(lexis::nearest(name, known.iter().copied()));
        let message =
            Text::new(format!("{en} has no \"{name}\"{meant_en}"), format!("{ru} нет ключа «{name}»{meant_ru}"));
        let list = known.join(", ");
        let help = Text::new(format!("the keys are {list}"), format!("возможные ключи: {list}"));
        self.report.add(key.place, key.length, Finding::new(Code::E18, message).help(help));
    }

    fn wrong_shape(&mut self, node: &Node, en: &str, ru: &str) {
        let kind = node.kind_name();
        let message = Text::new(
            format!("here {} is written, {en} is needed", kind.en),
            format!("здесь {}, а нужно: {ru}", kind.ru),
        );
        let help = match node.kind {
            Kind::Nothing => Text::new(
                "what belongs here stands below, two spaces further right",
                "то, что сюда относится, пишут ниже, на два пробела правее",
            ),
            Kind::Text(_) | Kind::List(_) | Kind::Map(_) => Code::E19.advice(),
        };
        self.problem_help(node, Code::E19, message, help);
    }

    /// The keys of a mapping; those not in `known` are reported.
    fn fields(&mut self, node: &'t Node, what: (&str, &str), known: &[&'static str]) -> Option<Fields<'t>> {
        let Kind::Map(entries) = &node.kind else {
            let example = known.first().map(|key| format!("{{{key}: …}}")).unwrap_or_default();
            self.wrong_shape(node, &format!("something like {example}"), &format!("например, {example}"));
            return None;
        };
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                self.unknown_key(key, what.0, what.1, known.iter().copied());
            }
        }
        Some(Fields { node, entries })
    }

    /// A key that must be there.
    fn need(&mut self, fields: &Fields<'t>, key: &str) -> Option<&'t Node> {
        let found = fields.get(key);
        if found.is_none() {
            let message = Text::new(format!("\"{key}\" is missing"), format!("не хватает «{key}»"));
            let help = Text::new(format!("add `{key}: …`"), format!("добавьте `{key}: …`"));
            self.problem_help(fields.node, Code::E19, message, help);
        }
        found
    }

    /// A text.
    fn text(&mut self, node: &'t Node) -> Option<&'t str> {
        let text = node.text();
        if text.is_none() {
            self.wrong_shape(node, "one word or text", "одно слово или текст");
        }
        text
    }

    /// A list; one text is a list of one.
    fn list(&mut self, node: &'t Node) -> Vec<&'t Node> {
        match &node.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Text(_) => vec![node],
            Kind::Nothing | Kind::Map(_) => {
                self.wrong_shape(node, "a list: [a, b]", "список: [a, b]");
                Vec::new()
            }
        }
    }

    /// A list of words.
    fn words(&mut self, node: &'t Node) -> Vec<Name> {
        self.list(node).into_iter().filter_map(|item| self.text(item)).map(Name::from).collect()
    }

    /// A text in a written form of its own; `what` names it and, after a colon, shows it.
    fn form<T>(&mut self, node: &'t Node, what: (&str, &str), read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(node)?;
        let value = read(text);
        if value.is_none() {
            let (en, form) = what.0.split_once(": ").unwrap_or((what.0, ""));
            let (ru, form_ru) = what.1.split_once(": ").unwrap_or((what.1, ""));
            let message =
                Text::new(format!("\"{text}\" cannot be read as {en}"), format!("«{text}» не читается как {ru}"));
            let help = if form.is_empty() {
                Code::E16.advice()
            } else {
                Text::new(format!("write it like {form}"), format!("пишите так: {form_ru}"))
            };
            self.problem_help(node, Code::E16, message, help);
        }
        value
    }

    fn duration(&mut self, node: &'t Node) -> Option<Duration> {
        self.form(node, ("a length of time: 90s, 15m or 2h", "длительность: 90s, 15m или 2h"), lexis::duration)
    }

    /// A length of time that makes sense where it stands: nobody waits for 400 days.
    fn duration_within(&mut self, node: &'t Node, least: Duration, most: Duration) -> Option<Duration> {
        let found = self.duration(node)?;
        if (least..=most).contains(&found) {
            return Some(found);
        }
        let (least, most) = (lexis::length(least), lexis::length(most));
        let message =
            Text::new(format!("here it is from {least} to {most}"), format!("здесь бывает от {least} до {most}"));
        self.problem(node, Code::E16, message);
        None
    }

    fn number<T: std::str::FromStr>(&mut self, node: &'t Node) -> Option<T> {
        self.form(node, ("a number that fits here: 5", "подходящее число: 5"), |text| {
            text.trim().parse().ok()
        })
    }

    /// `true` or `false`.
    fn flag(&mut self, node: &'t Node) -> Option<bool> {
        self.one_of(node, &[("true", true), ("false", false)])
    }

    fn one_of<T: Copy>(&mut self, node: &'t Node, known: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(node)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
            let (meant, meant_ru) = did_you_mean(lexis::nearest(text, words.iter().copied()));
            let message = Text::new(
                format!("\"{text}\" is not known here{meant}"),
                format!("«{text}» здесь не подходит{meant_ru}"),
            );
            let list = words.join(", ");
            let help = Text::new(format!("write one of: {list}"), format!("возможные слова: {list}"));
            self.problem_help(node, Code::E18, message, help);
        }
        found
    }

    /// The id of a name in a section, or a report.
    fn lookup(&mut self, node: &'t Node, section: &'static str) -> Option<u16> {
        let name = self.text(node)?;
        let found = self.id(section, name);
        if found.is_none() {
            self.unknown_name(node.place, node.length, section, name);
        }
        found
    }

    fn unknown_name(&mut self, place: Place, length: u32, section: &'static str, name: &str) {
        let (code, en, ru) = match section {
            "phrases" => (Code::E01, "phrase", "фразы"),
            "queues" => (Code::E15, "queue", "очереди"),
            "hours" => (Code::E15, "opening hours", "часов работы"),
            "switches" => (Code::E15, "switch", "рубильника"),
            "ladders" => (Code::E15, "ladder", "лесенки"),
            _ => (Code::E15, "service", "операции"),
        };
        let known: Vec<&str> =
            self.named.get(section).into_iter().flatten().map(|entry| entry.key.text.as_str()).collect();
        let (meant, meant_ru) = did_you_mean(lexis::nearest(name, known.iter().copied()));
        let message = Text::new(format!("no {en} \"{name}\"{meant}"), format!("нет {ru} «{name}»{meant_ru}"));
        let help = match known.len() {
            0 => Text::new(
                format!("there is none yet; add it under `{section}:`"),
                format!("пока нет ни одной записи; добавьте её в `{section}:`"),
            ),
            1..=MAX_LISTED => {
                let list = known.join(", ");
                Text::new(format!("there is: {list}"), format!("есть: {list}"))
            }
            _ => code.advice(),
        };
        self.report.add(place, length, Finding::new(code, message).help(help));
    }

    fn phrase(&mut self, node: &'t Node) -> PhraseId {
        PhraseId(self.lookup(node, "phrases").unwrap_or(UNKNOWN))
    }

    /// A phrase that need not be there.
    fn phrase_of(&mut self, fields: &Fields<'t>, key: &str) -> Option<PhraseId> {
        fields.get(key).map(|node| self.phrase(node))
    }

    /// A phrase that must be there.
    fn need_phrase(&mut self, fields: &Fields<'t>, key: &str) -> PhraseId {
        self.need(fields, key).map_or(PhraseId(UNKNOWN), |node| self.phrase(node))
    }

    fn target(&self, name: &str) -> Option<MenuTarget> {
        let task = self.id("tasks", name).map(|id| MenuTarget::Task(TaskId(id)));
        task.or_else(|| self.id("menus", name).map(|id| MenuTarget::Menu(MenuId(id))))
    }

    /// A task or menu by name.
    fn node_target(&mut self, node: &'t Node) -> Option<MenuTarget> {
        let name = self.text(node)?;
        let found = self.target(name);
        if found.is_none() {
            self.unknown_target(node, name);
        }
        found
    }

    /// What follows `go:`. An unknown target is reported and stands for the end of the call.
    fn go(&mut self, node: &'t Node) -> Go {
        let Some(name) = self.text(node) else { return Go::HangUp };
        if let Some((_, go)) = RESERVED.iter().find(|(word, _)| *word == name) {
            return *go;
        }
        let found = self.target(name).map(Go::Node);
        if found.is_none() {
            self.unknown_target(node, name);
        }
        found.unwrap_or(Go::HangUp)
    }

    fn unknown_target(&mut self, node: &Node, name: &str) {
        let named = ["tasks", "menus"].into_iter().filter_map(|section| self.named.get(section)).flatten();
        let known = named.map(|entry| entry.key.text.as_str()).chain(RESERVED.iter().map(|(word, _)| *word));
        let (meant, meant_ru) = did_you_mean(lexis::nearest(name, known));
        let message = Text::new(
            format!("no task or menu \"{name}\"{meant}"),
            format!("нет сценария или меню «{name}»{meant_ru}"),
        );
        self.problem(node, Code::E01, message);
    }

    /// The keys of `keys:`, `options:`: digits, `star`, `hash`.
    fn key(&mut self, key: &Key) -> Option<Digit> {
        let found = lexis::key(&key.text);
        if found.is_none() {
            let name = &key.text;
            let digits = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_digit());
            let code = if digits { Code::E14 } else { Code::E18 };
            let message = Text::new(format!("\"{name}\" is not one key"), format!("«{name}» — не одна клавиша"));
            let help = Text::new("a key is 0 to 9, star or hash", "клавиша — это 0–9, star или hash");
            self.report.add(key.place, key.length, Finding::new(code, message).help(help));
        }
        found
    }
}

/// The keys of a mapping.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t> {
    pub node: &'t Node,
    entries: &'t [(Key, Node)],
}

impl<'t> Fields<'t> {
    /// What is written under a key.
    pub fn get(&self, key: &str) -> Option<&'t Node> {
        self.entries.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }
}

/// The question after an unknown name, in both languages.
pub(super) fn did_you_mean(name: Option<&str>) -> (String, String) {
    name.map(|name| (format!(" (did you mean {name}?)"), format!(" (может быть, {name}?)"))).unwrap_or_default()
}
