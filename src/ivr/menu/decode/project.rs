//! The whole: bank, languages, lines, levels, defaults, and the order in which sections are decoded.

use super::actions::Entries;
use super::{Decoder, Defaults, Fields, Finding, UNKNOWN};
use crate::ivr::menu::lexis::in_language;
use crate::ivr::menu::sources::Report;
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{
    Bank, Code, Go, Inherited, Line, Listen, Menu, NO_PROFILE, Name, Node as Target, Origin, PhraseId, Place, Profile,
    Reaction, Step, Task, TaskId, Text, Trouble,
};
use crate::model::{Currency, Digit, Lang, Level, PhoneNumber};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// How long a caller may stay in menus when the files do not say.
const CALL_LIMIT: Duration = Duration::from_mins(15);

/// What that may be.
const CALL_LIMITS: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(4));

/// Decodes the trees of all files into a menu; what is wrong goes into the report. With errors in the report the
/// menu holds stand-ins and must not be walked.
pub(in super::super) fn decode(
    report: Report,
    trees: &[Node],
    version: Name,
) -> (Report, Option<Menu>, BTreeSet<Name>) {
    let mut decoder = Decoder {
        report,
        single: BTreeMap::new(),
        named: BTreeMap::new(),
        index: HashMap::new(),
        languages: Vec::new(),
        defaults: built_in(),
        operations: Vec::new(),
        queue_ends: Vec::new(),
        kept: BTreeSet::new(),
        poisoned: BTreeSet::new(),
    };
    for tree in trees {
        decoder.collect(tree);
        kept_names(tree, &mut decoder.kept);
    }
    let menu = decoder.menu_of_all(version);
    (decoder.report, menu, decoder.poisoned)
}

fn built_in() -> Defaults {
    let key = |key| Digit::from_char(key).unwrap_or(Digit::HASH);
    let listen = Listen {
        first_key: Duration::from_secs(6),
        next_key: Duration::from_secs(3),
        submit: Digit::HASH,
        clear: Digit::STAR,
        barge_in: true,
        type_ahead: true,
    };
    let again = Reaction { say: None, go: None };
    let leave = Reaction { say: None, go: Some(Go::Operator) };
    let reactions = vec![again.clone(), again, leave];
    Defaults {
        keys: vec![
            (Digit::STAR, Go::Back),
            (Digit::HASH, Go::Repeat),
            (key('9'), Go::SwitchLanguage),
            (key('0'), Go::Operator),
        ],
        listen: Inherited { value: listen, from: Origin::BuiltIn },
        trouble: Inherited { value: Trouble { silence: reactions.clone(), wrong: reactions }, from: Origin::BuiltIn },
        down: None,
        call_limit: CALL_LIMIT,
    }
}

/// Every name under which an answer of the bank is kept.
fn kept_names(node: &Node, kept: &mut BTreeSet<String>) {
    match &node.kind {
        Kind::Nothing | Kind::Text(_) => {}
        Kind::List(items) => items.iter().for_each(|item| kept_names(item, kept)),
        Kind::Map(entries) => {
            for (key, node) in entries {
                if let Some(name) = node.text().filter(|_| key.text == "as") {
                    kept.insert(name.to_owned());
                }
                kept_names(node, kept);
            }
        }
    }
}

impl<'t> Decoder<'t> {
    fn menu_of_all(&mut self, version: Name) -> Option<Menu> {
        self.version();
        self.languages = self.languages();
        let bank = self.bank();
        let phrases = self.phrases();
        let ladders = self.ladders();
        self.operations = self.services();
        let hours = self.hours();
        let switches = self.switches();
        self.defaults();
        let queues = self.queues(&hours);
        self.queue_ends = queues.iter().map(|queue| (queue.callback.is_some(), queue.waiting.has_leave())).collect();
        let tasks = self.tasks();
        let menus = self.menus();
        let lines = self.lines();
        let profiles = self.profiles();
        let proofs = self.proofs(&tasks);
        let operator = self.operator();
        let press = self.standard_phrase("press");
        let confirm = if tasks.iter().flat_map(|task| &task.steps).any(|node| matches!(node.step, Step::Confirm(_))) {
            self.standard_phrase("confirm")
        } else {
            self.id("phrases", "confirm").map_or(press, PhraseId)
        };
        Some(Menu {
            version,
            files: self.report.sources.iter().map(|source| source.name.clone()).collect(),
            bank: bank?,
            languages: self.languages.clone(),
            lines,
            profiles,
            hours,
            switches,
            tasks,
            menus,
            queues,
            phrases,
            ladders,
            operations: std::mem::take(&mut self.operations),
            operator: operator?,
            proofs,
            press,
            goodbye: self.id("phrases", "goodbye").map(PhraseId),
            confirm,
            call_limit: self.defaults.call_limit,
        })
    }

    /// A section that stands once; when it must be there and is not, the first file is blamed.
    fn single(&mut self, section: &'static str, example: &str) -> Option<&'t Node> {
        let found = self.single.get(section).map(|entry| entry.node);
        if found.is_none() {
            let message = Text::new(format!("section `{section}` is missing"), format!("нет раздела `{section}`"));
            let help = Text::new(format!("add `{example}`"), format!("добавьте `{example}`"));
            self.at_top(Finding::new(Code::E19, message).help(help));
        }
        found
    }

    fn at_top(&mut self, finding: Finding) {
        self.report.add(Place { file: 0, line: 1, column: 1 }, 1, finding);
    }

    fn version(&mut self) {
        if let Some(node) = self.single.get("version").map(|entry| entry.node) {
            self.one_of(node, &[("1", 1)]);
        }
    }

    fn languages(&mut self) -> Vec<Lang> {
        let mut languages = Vec::new();
        let Some(node) = self.single("languages", "languages: [ru, en]") else { return vec![Lang::Ru] };
        for item in self.list(node) {
            let Some(lang) = self.language_code(item) else { continue };
            if languages.contains(&lang) {
                let message = Text::new(format!("{lang} is listed twice"), format!("{lang} указан дважды"));
                self.problem(item, Code::E02, message);
            } else {
                languages.push(lang);
            }
        }
        if languages.is_empty() { vec![Lang::Ru] } else { languages }
    }

    fn bank(&mut self) -> Option<Bank> {
        let node = self.single("bank", "bank: {name: …, timezone: Europe/Moscow, currency: RUB}")?;
        let fields = self.fields(node, ("bank", "у bank"), &["name", "timezone", "currency"])?;
        let what = ("a time zone: Europe/Moscow", "часовой пояс: Europe/Moscow");
        let zone = self.need(&fields, "timezone");
        let zone = zone.and_then(|node| self.form(node, what, |text| jiff::tz::TimeZone::get(text).ok()));
        let currency = fields.get("currency").and_then(|node| {
            let known = Currency::ALL.map(|currency| (currency.code(), currency));
            self.one_of(node, &known)
        });
        Some(Bank {
            name: self.bank_name(&fields),
            zone: zone.unwrap_or(jiff::tz::TimeZone::UTC),
            currency: currency.unwrap_or(Currency::Rub),
        })
    }

    fn bank_name(&mut self, fields: &Fields<'t>) -> Vec<(Lang, Name)> {
        let Some(node) = self.need(fields, "name") else { return Vec::new() };
        if let Some(name) = node.text() {
            return self.languages.iter().map(|lang| (*lang, name.into())).collect();
        }
        let Some(names) = self.fields(node, ("the bank's name", "у названия банка"), &["ru", "en"])
        else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for lang in self.languages.clone() {
            if let Some(name) = names.get(lang.code()).and_then(Node::text) {
                found.push((lang, name.into()));
            } else {
                let message = Text::new(
                    format!("the bank has no name in {}", in_language(lang).en),
                    format!("у банка нет названия {}", in_language(lang).ru),
                );
                self.problem(node, Code::E07, message);
            }
        }
        found
    }

    fn defaults(&mut self) {
        let Some(node) = self.single.get("defaults").map(|entry| entry.node) else { return };
        let known = ["keys", "listen", "trouble", "when_bank_is_down", "call_limit"];
        let Some(fields) = self.fields(node, ("defaults", "у defaults"), &known) else { return };
        if let Some(node) = fields.get("keys") {
            self.defaults.keys.clear();
            let keys = self.keys(Some(node), &[]);
            self.defaults.keys = keys.into_iter().map(|(digit, go)| (digit, go.value)).collect();
        }
        if let Some(node) = fields.get("listen") {
            let value = self.listen(node, self.defaults.listen.value.clone());
            self.defaults.listen = Inherited { value, from: Origin::Project };
        }
        if let Some(node) = fields.get("trouble") {
            let base = self.defaults.trouble.value.clone();
            self.defaults.trouble = Inherited { value: self.trouble(node, &base), from: Origin::Project };
        }
        if let Some(node) = fields.get("when_bank_is_down") {
            self.defaults.down = Some(self.action(node, &Entries::new()));
        }
        self.defaults.call_limit = self.duration_or(&fields, "call_limit", CALL_LIMITS, CALL_LIMIT);
    }

    fn lines(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut numbers: BTreeMap<PhoneNumber, Name> = BTreeMap::new();
        for entry in self.section("lines") {
            let Some(fields) = self.fields(entry.node, ("a line", "у линии"), &["numbers", "start"]) else {
                continue;
            };
            let name: Name = entry.key.text.as_str().into();
            let start = self.need(&fields, "start").and_then(|node| self.node_target(node));
            let mut own = Vec::new();
            for node in self.need(&fields, "numbers").map(|node| self.list(node)).unwrap_or_default() {
                let what = ("a telephone number: +74951234567", "номер телефона: +74951234567");
                let Some(number) = self.form(node, what, PhoneNumber::parse) else { continue };
                if let Some(other) = numbers.insert(number.clone(), name.clone()) {
                    let message = Text::new(
                        format!("this number belongs to line \"{other}\" already"),
                        format!("этот номер уже у линии «{other}»"),
                    );
                    self.problem(node, Code::E02, message);
                }
                own.push(number);
            }
            let unknown = Target::Task(TaskId(UNKNOWN));
            lines.push(Line { name, numbers: own, start: start.unwrap_or(unknown), place: entry.key.place });
        }
        if lines.is_empty() {
            let message = Text::new("no line: nobody could call", "нет ни одной линии: позвонить некуда");
            let help = Text::new(
                "add `lines: {main: {numbers: [\"+74951234567\"], start: …}}`",
                "добавьте `lines: {main: {numbers: [\"+74951234567\"], start: …}}`",
            );
            self.at_top(Finding::new(Code::E19, message).help(help));
        }
        lines
    }

    fn profiles(&mut self) -> Vec<Profile> {
        self.section("profiles").into_iter().map(|entry| self.profile(entry)).collect()
    }

    fn profile(&mut self, entry: super::Entry<'t>) -> Profile {
        let known = ["priority", "slow", "lang", "start"];
        let fields = self.fields(entry.node, ("a profile", "у профиля"), &known);
        let field = |key| fields.and_then(|fields| fields.get(key));
        if entry.key.text == NO_PROFILE {
            let message = Text::new("a caller without a profile has none", "none — это клиент без профиля");
            self.report.add(entry.key.place, entry.key.length, Finding::new(Code::E02, message));
        }
        Profile {
            name: entry.key.text.as_str().into(),
            priority: field("priority").and_then(|node| self.number(node)).unwrap_or(0),
            slow: field("slow").and_then(|node| self.flag(node)).unwrap_or(false),
            lang: field("lang").and_then(|node| self.language_code(node)),
            start: field("start").and_then(|node| self.node_target(node)),
            place: entry.key.place,
        }
    }

    fn operator(&mut self) -> Option<TaskId> {
        let found = self.id("tasks", "operator").map(TaskId);
        if found.is_none() {
            let message = Text::new("there is no task named operator", "нет сценария с именем operator");
            let help = Text::new(
                "add `tasks: {operator: {steps: [{queue: …}]}}`: key 0 leads there",
                "добавьте `tasks: {operator: {steps: [{queue: …}]}}`: туда ведёт клавиша 0",
            );
            self.at_top(Finding::new(Code::E06, message).help(help));
        }
        found
    }

    fn standard_phrase(&mut self, name: &'static str) -> PhraseId {
        let found = self.id("phrases", name);
        if found.is_none() {
            let message = Text::new(
                format!("phrase \"{name}\" is missing: menus are spoken with it"),
                format!("нет фразы «{name}»: с ней произносятся меню"),
            );
            self.at_top(Finding::new(Code::E07, message));
        }
        PhraseId(found.unwrap_or(UNKNOWN))
    }

    /// The task that proves each level: named in `levels`, or the only one that grants it.
    fn proofs(&mut self, tasks: &[Task]) -> Vec<(Level, TaskId)> {
        let mut named: BTreeMap<Level, TaskId> = BTreeMap::new();
        let written = self.single.get("levels").map(|entry| entry.node);
        let mut highest = written.is_none().then_some(Level::None);
        for item in written.map(|node| self.list(node)).unwrap_or_default() {
            let (level, task) = match &item.kind {
                Kind::Map(entries) if entries.len() == 1 => {
                    let (key, node) = &entries[0];
                    (Level::from_name(&key.text), self.node_target(node))
                }
                _ => (self.level(item), None),
            };
            let Some(level) = level else { continue };
            if highest.is_some_and(|highest| highest >= level) {
                let message = Text::new("levels rise from none to verified", "уровни идут от none к verified");
                self.problem(item, Code::E19, message);
            }
            highest = Some(level);
            if let Some(Target::Task(task)) = task {
                named.insert(level, task);
            }
        }
        for level in Level::ALL
            .into_iter()
            .filter(|level| *level > Level::None && !named.contains_key(level))
            .collect::<Vec<_>>()
        {
            let granting: Vec<usize> = (0..tasks.len()).filter(|index| grants(&tasks[*index], level)).collect();
            match granting.as_slice() {
                [only] => {
                    named.extend(u16::try_from(*only).ok().map(|id| (level, TaskId(id))));
                }
                _ => self.unproven(tasks, level),
            }
        }
        named.into_iter().collect()
    }

    fn unproven(&mut self, tasks: &[Task], level: Level) {
        let name = level.name();
        for task in tasks.iter().filter(|task| task.needs == Some(level)) {
            let message = Text::new(
                format!("it is not clear which task proves level {name}"),
                format!("неясно, какой сценарий подтверждает уровень {name}"),
            );
            let help = Text::new(
                format!("write `levels: [none, …, {{{name}: TASK}}]`"),
                format!("напишите `levels: [none, …, {{{name}: СЦЕНАРИЙ}}]`"),
            );
            self.report.add(task.place, 0, Finding::new(Code::E10, message).help(help));
        }
    }
}

/// Whether an outcome of the task grants the level.
fn grants(task: &Task, level: Level) -> bool {
    let mut outcomes = task.steps.iter().filter_map(|node| match &node.step {
        Step::Do(operation) => Some(&operation.outcomes),
        _ => None,
    });
    outcomes.any(|outcomes| outcomes.iter().any(|(_, action)| action.value.grants == Some(level)))
}
