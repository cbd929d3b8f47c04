//! Values: which there are, of what type, whether they are set where they are used, and that secrets stay secret.

use super::super::sources::Finding;
use super::super::{
    Ask, Code, Comparison, Condition, Do, EntryKind, Literal, Menu, NO_PROFILE, Name, Operation, PhraseId, Place,
    QueueId, SayEach, Source, Step, Text, ValueType, WaitingKey, lexis,
};
use super::paths::{Paths, answer};
use super::state::{State, ValueId};
use crate::ivr::speech::{Format, ValueKind};
use std::collections::{BTreeSet, HashMap};

/// What else can be said at a place.
#[derive(Clone)]
pub(super) enum Scope {
    /// Nothing else.
    Plain,
    /// `queue.position` and `queue.wait`.
    Queue,
    /// `item.…` of a list.
    Item(ValueType),
}

/// The types of everything callers enter and the bank answers.
pub(super) struct Types<'m> {
    kept: HashMap<Name, (ValueId, ValueType)>,
    poisoned: &'m BTreeSet<Name>,
}

impl<'m> Types<'m> {
    pub fn new(menu: &Menu, poisoned: &'m BTreeSet<Name>) -> Self {
        let mut kept = HashMap::new();
        let mut keep = |name: Name, shape: ValueType| {
            let next = ValueId(u32::try_from(kept.len()).unwrap_or(u32::MAX));
            let entry = kept.entry(name).or_insert((next, ValueType::Nothing));
            entry.1 = shape;
        };
        for node in menu.tasks.iter().flat_map(|task| &task.steps) {
            match &node.step {
                Step::Ask(ask) => {
                    keep(answer(&ask.name), entry_type(ask));
                }
                Step::Choose(choose) => {
                    keep(answer(&choose.name), ValueType::Word);
                }
                Step::Do(step) => {
                    let operation = menu.operations.get(usize::from(step.operation.0));
                    if let (Some(name), Some(operation)) = (&step.keep_as, operation) {
                        keep(name.clone(), operation.fields.clone());
                    }
                }
                _ => {}
            }
        }
        Self { kept, poisoned }
    }

    /// The number of a name that something sets.
    pub fn id(&self, name: &str) -> Option<ValueId> {
        self.kept.get(name).map(|(id, _)| *id)
    }
}

fn entry_type(ask: &Ask) -> ValueType {
    match ask.kind {
        EntryKind::Digits => ValueType::Digits,
        // A whole card number is never shown, said or kept either.
        EntryKind::Secret | EntryKind::Card => ValueType::Secret,
        EntryKind::Phone => ValueType::Phone,
        EntryKind::Date => ValueType::Date,
        EntryKind::Amount => ValueType::Money,
    }
}

fn field_type(value: &ValueType, field: &str) -> Option<ValueType> {
    match value {
        ValueType::Card if field == "last4" => Some(ValueType::Digits),
        ValueType::Record(fields) => fields.iter().find(|(name, _)| **name == *field).map(|(_, kind)| kind.clone()),
        _ => None,
    }
}

fn kind(value: &ValueType) -> Option<ValueKind> {
    Some(match value {
        ValueType::Digits => ValueKind::Digits,
        ValueType::Phone => ValueKind::Phone,
        ValueType::Number => ValueKind::Number,
        ValueType::Money => ValueKind::Money,
        ValueType::Date => ValueKind::Date,
        ValueType::Time => ValueKind::Time,
        ValueType::Duration => ValueKind::Duration,
        ValueType::Word => ValueKind::Word,
        ValueType::Card | ValueType::Text => ValueKind::Opaque,
        ValueType::Record(_) => ValueKind::Record,
        ValueType::List(_) => ValueKind::List,
        ValueType::Secret | ValueType::Nothing => return None,
    })
}

/// A kind in words for people.
fn kind_name(kind: ValueKind) -> Text {
    match kind {
        ValueKind::Digits => Text::new("a row of digits", "ряд цифр"),
        ValueKind::Phone => Text::new("a telephone number", "номер телефона"),
        ValueKind::Number => Text::new("a whole number", "целое число"),
        ValueKind::Decimal => Text::new("a decimal number", "дробное число"),
        ValueKind::Money => Text::new("an amount of money", "денежная сумма"),
        ValueKind::Date => Text::new("a date", "дата"),
        ValueKind::Time => Text::new("a time of day", "время суток"),
        ValueKind::Duration => Text::new("a length of time", "длительность"),
        ValueKind::Word => Text::new("a word", "слово"),
        ValueKind::Opaque => Text::new("an internal mark", "внутренняя метка"),
        ValueKind::Record => Text::new("several fields", "несколько полей"),
        ValueKind::List => Text::new("a list", "список"),
    }
}

/// What a use of a value came to.
enum Found {
    Type(ValueType),
    /// Reported before, or nothing to compare.
    Skip,
    Missing(Text),
}

impl Paths<'_> {
    /// Checks that a phrase can be said in a state.
    pub fn say(&mut self, id: PhraseId, state: &State, scope: &Scope, place: Place) {
        let menu = self.menu;
        let Some(phrase) = menu.phrases.get(usize::from(id.0)).filter(|_| self.reporting) else { return };
        for (path, format, _) in phrase.texts.iter().flat_map(|(_, text)| text.values()) {
            let written = |paths: &Self| paths.report.find(phrase.place, path).unwrap_or(phrase.place);
            if let Some(Format::Ladder(name)) = format
                && menu.ladders.iter().all(|ladder| ladder.name != *name)
            {
                let message = Text::new(format!("no ladder \"{name}\""), format!("нет лесенки «{name}»"));
                self.add(written(self), Code::E15, message);
            }
            match self.found(path, state, scope) {
                Found::Skip => {}
                Found::Missing(why) => {
                    let name = &phrase.name;
                    let message = Text::new(
                        format!("phrase \"{name}\" says {{{path}}}: {}", why.en),
                        format!("фраза «{name}» произносит {{{path}}}: {}", why.ru),
                    );
                    self.add(place, Code::E08, message);
                }
                Found::Type(ValueType::Secret) => self.secret(written(self), path, ("said aloud", "произнесён вслух")),
                Found::Type(value) => self.sayable(phrase.place, path, &value, format),
            }
        }
    }

    /// The sentence of an option knows its offer and its key and nothing of the call.
    pub fn press(&mut self) {
        let menu = self.menu;
        let Some(phrase) = menu.phrases.get(usize::from(menu.press.0)) else { return };
        for (path, ..) in phrase.texts.iter().flat_map(|(_, text)| text.values()) {
            if !matches!(path, "offer" | "key" | "bank.name") {
                let place = self.report.find(phrase.place, path).unwrap_or(phrase.place);
                let message = Text::new(
                    format!("phrase \"{}\" says {{{path}}}; it knows only {{offer}} and {{key|digit}}", phrase.name),
                    format!(
                        "фраза «{}» произносит {{{path}}}; ей известны только {{offer}} и {{key|digit}}",
                        phrase.name
                    ),
                );
                self.add(place, Code::E08, message);
            }
        }
    }

    fn sayable(&mut self, phrase: Place, path: &str, value: &ValueType, format: Option<&Format>) {
        let kind = kind(value);
        let fits =
            kind.is_some_and(|kind| format.map_or(Format::of_kind(kind).is_some(), |format| format.accepts(kind)));
        if !fits {
            let type_name = kind.map_or_else(|| Text::new("nothing", "пусто"), kind_name);
            let how = format.map_or_else(String::new, |format| format!(" as {format}"));
            let how_ru = format.map_or_else(String::new, |format| format!(" как {format}"));
            let message = Text::new(
                format!("{{{path}}} is {} and cannot be said{how}", type_name.en),
                format!("{{{path}}} — это {}, произнести{how_ru} нельзя", type_name.ru),
            );
            let help = match kind.and_then(Format::of_kind) {
                Some(usual) => Text::new(format!("write {{{path}|{usual}}}"), format!("пишите {{{path}|{usual}}}")),
                None => Text::new("say one of its fields", "произнесите одно из его полей"),
            };
            let place = self.report.find(phrase, path).unwrap_or(phrase);
            self.find(place, Finding::new(Code::E08, message).help(help));
        }
    }

    fn found(&self, path: &str, state: &State, scope: &Scope) -> Found {
        let not_here = |en: &str, ru: &str| Found::Missing(Text::new(en, ru));
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        match (first, rest) {
            ("bank", "name") => Found::Skip,
            ("offer" | "key", "") => not_here("only known while an option is spoken", "известно только в пункте меню"),
            ("call", "from") => Found::Type(ValueType::Phone),
            ("call", "from_last4") => Found::Type(ValueType::Digits),
            ("queue", "position" | "wait") => match scope {
                Scope::Queue if rest == "wait" => Found::Type(ValueType::Duration),
                Scope::Queue => Found::Type(ValueType::Number),
                Scope::Plain | Scope::Item(_) => not_here("only known in a queue", "известно только в очереди"),
            },
            ("item", field) => match scope {
                Scope::Item(record) => match field_type(record, field) {
                    Some(value) => Found::Type(value),
                    None => not_here("the list has no such field", "в списке нет такого поля"),
                },
                Scope::Plain | Scope::Queue => not_here("only known in say_each", "известно только в say_each"),
            },
            ("answer", name) => self.kept(&answer(name), None, state),
            (name, field) => self.kept(name, Some(field).filter(|field| !field.is_empty()), state),
        }
    }

    fn kept(&self, name: &str, field: Option<&str>, state: &State) -> Found {
        if self.types.poisoned.contains(name) {
            return Found::Skip;
        }
        let Some((id, value)) = self.types.kept.get(name) else {
            let meant = lexis::nearest(name, self.types.kept.keys().map(|name| &**name));
            let (en, ru) = meant
                .map(|name| (format!(" (did you mean {name}?)"), format!(" (может быть, {name}?)")))
                .unwrap_or_default();
            return Found::Missing(Text::new(
                format!("nothing sets \"{name}\"{en}"),
                format!("«{name}» нигде не получено{ru}"),
            ));
        };
        let found = match field {
            None => Some(value.clone()),
            Some(field) => field_type(value, field),
        };
        match found {
            None => {
                let field = field.unwrap_or_default();
                Found::Missing(Text::new(
                    format!("\"{name}\" has no field \"{field}\""),
                    format!("у «{name}» нет поля «{field}»"),
                ))
            }
            Some(_) if !state.has(*id) => Found::Missing(Text::new(
                format!("\"{name}\" is not set on every path to here"),
                format!("«{name}» получено не на каждом пути сюда"),
            )),
            Some(value) => Found::Type(value),
        }
    }

    fn source_type(&self, source: &Source, state: &State) -> Found {
        match source {
            Source::CallerLevel
            | Source::CallerProfile
            | Source::CallerBlocked
            | Source::CallLine
            | Source::Switch(_)
            | Source::Hours(_)
            | Source::Literal(Literal::Word(_)) => Found::Type(ValueType::Word),
            Source::CallFrom => Found::Type(ValueType::Phone),
            Source::Answer(name) => self.kept(&answer(name), None, state),
            Source::Kept(name, field) => self.kept(name, field.as_deref(), state),
            Source::QueuePosition | Source::Literal(Literal::Number(_)) => Found::Type(ValueType::Number),
            Source::QueueWait(_) | Source::Literal(Literal::Duration(_)) => Found::Type(ValueType::Duration),
            Source::Item(_) => Found::Skip,
        }
    }

    /// Checks the parameters of an operation.
    pub fn parameters(&mut self, step: &Do, operation: &Operation, state: &State, place: Place) {
        for (name, source) in &step.with {
            let Some((_, wanted)) = operation.params.iter().find(|(param, _)| param == name) else { continue };
            match self.source_type(source, state) {
                Found::Missing(why) => {
                    let message = Text::new(
                        format!("parameter \"{name}\": {}", why.en),
                        format!("параметр «{name}»: {}", why.ru),
                    );
                    self.add(place, Code::E08, message);
                }
                Found::Type(ValueType::Secret) if *wanted != ValueType::Secret => {
                    let how = (format!("sent openly as \"{name}\""), format!("передан открыто как «{name}»"));
                    self.secret(place, &source_name(source), (&how.0, &how.1));
                }
                Found::Type(given) if *wanted == ValueType::Secret && given != ValueType::Secret => {
                    let message = Text::new(
                        format!("parameter \"{name}\" is secret, but its value is not protected"),
                        format!("параметр «{name}» секретный, а значение вводится открыто"),
                    );
                    let help = Text::new("ask for it with `kind: secret`", "спрашивайте его с `kind: secret`");
                    self.find(place, Finding::new(Code::E11, message).help(help));
                }
                Found::Type(given) if !fits(&given, wanted) => {
                    let message = Text::new(
                        format!("parameter \"{name}\" is of another type than the value given"),
                        format!("параметр «{name}» другого типа, чем переданное значение"),
                    );
                    self.add(place, Code::E08, message);
                }
                Found::Type(_) | Found::Skip => {}
            }
        }
    }

    fn secret(&mut self, place: Place, name: &str, how: (&str, &str)) {
        let message = Text::new(
            format!("the secret \"{name}\" would be {} here", how.0),
            format!("секрет «{name}» будет здесь {}", how.1),
        );
        self.add(place, Code::E11, message);
    }

    /// Checks the values of a condition.
    pub fn condition(&mut self, condition: &Condition, state: &State, place: Place) {
        match condition {
            Condition::Not(inner) => self.condition(inner, state, place),
            Condition::And(parts) | Condition::Or(parts) => {
                for part in parts {
                    self.condition(part, state, place);
                }
            }
            Condition::Holds(source) => self.compared(source, state, place),
            Condition::Compare { left, how, right } => {
                self.compared(left, state, place);
                for source in right {
                    self.compared(source, state, place);
                    self.comparable((left, *how, source), state, place);
                }
                self.words(left, right, place);
            }
        }
    }

    fn compared(&mut self, source: &Source, state: &State, place: Place) {
        match self.source_type(source, state) {
            Found::Type(ValueType::Secret) => {
                self.secret(place, &source_name(source), ("compared in a condition", "сравнён в условии"));
            }
            Found::Missing(why) => {
                let message = Text::new(format!("the condition: {}", why.en), format!("условие: {}", why.ru));
                self.add(place, Code::E08, message);
            }
            Found::Type(_) | Found::Skip => {}
        }
    }

    /// Values of two kinds are never equal, and only some kinds have an order.
    fn comparable(&mut self, (left, how, right): (&Source, Comparison, &Source), state: &State, place: Place) {
        let (Found::Type(mine), Found::Type(theirs)) = (self.source_type(left, state), self.source_type(right, state))
        else {
            return;
        };
        let fits = match how {
            Comparison::Is | Comparison::IsNot | Comparison::In => alike(&mine, &theirs),
            Comparison::Less | Comparison::Greater => match left {
                // The levels have an order, and so have the keys 1 to 5 of a `choose`.
                Source::CallerLevel => theirs == ValueType::Word,
                Source::Answer(_) if mine == ValueType::Word => theirs == ValueType::Number,
                _ => ordered(&mine, &theirs),
            },
        };
        if mine == ValueType::Secret || theirs == ValueType::Secret || fits {
            return;
        }
        let name = |value: &ValueType| kind(value).map_or_else(|| Text::new("nothing", "пусто"), kind_name);
        let (mine, theirs) = (name(&mine), name(&theirs));
        let message = Text::new(
            format!("{} and {} cannot be compared so", mine.en, theirs.en),
            format!("так не сравнивают: {} и {}", mine.ru, theirs.ru),
        );
        let help = Text::new(
            "compare a length of time with one such as 3m, an amount with a whole number, a word with a word",
            "длительность сравнивают с длительностью (3m), сумму — с целым числом, слово — со словом",
        );
        self.find(place, Finding::new(Code::E08, message).help(help));
    }

    /// Words that the left side can never be.
    fn words(&mut self, left: &Source, right: &[Source], place: Place) {
        let known: Vec<&str> = match left {
            Source::CallerLevel => vec!["none", "recognised", "verified"],
            Source::CallerProfile => {
                let named = self.menu.profiles.iter().map(|profile| &*profile.name);
                named.chain([NO_PROFILE]).collect()
            }
            Source::Hours(_) => vec!["open", "closed"],
            Source::Switch(_) | Source::CallerBlocked => vec!["true", "false"],
            Source::CallLine => self.menu.lines.iter().map(|line| &*line.name).collect(),
            Source::Answer(name) => {
                let steps = self.menu.tasks.iter().flat_map(|task| &task.steps);
                let chooses = steps.filter_map(|node| match &node.step {
                    Step::Choose(choose) if choose.name == *name => Some(&choose.options),
                    _ => None,
                });
                chooses.flatten().map(|choice| &*choice.value).collect()
            }
            _ => return,
        };
        for source in right {
            let Source::Literal(Literal::Word(word)) = source else { continue };
            if known.is_empty() || known.contains(&&**word) {
                continue;
            }
            let list = known.join(", ");
            let message = Text::new(
                format!("it is never \"{word}\", only {list}"),
                format!("значения «{word}» не бывает, только {list}"),
            );
            self.add(place, Code::E08, message);
        }
    }

    /// The record type of a list that is read out.
    pub fn list_of(&mut self, each: &SayEach, state: &State, place: Place) -> Scope {
        match self.kept(&each.kept, Some(&each.field), state) {
            Found::Type(ValueType::List(record)) => return Scope::Item(*record),
            Found::Skip => {}
            Found::Type(_) => {
                let message = Text::new(
                    format!("{}.{} is no list", each.kept, each.field),
                    format!("{}.{} — не список", each.kept, each.field),
                );
                self.add(place, Code::E08, message);
            }
            Found::Missing(why) => self.add(place, Code::E08, why),
        }
        Scope::Plain
    }

    /// What is said in a queue, and where its keys lead.
    pub fn queue_phrases(&mut self, id: QueueId, state: &State, place: Place) -> Vec<super::super::Go> {
        let menu = self.menu;
        let Some(queue) = menu.queues.get(usize::from(id.0)) else { return Vec::new() };
        let waiting = &queue.waiting;
        let mut phrases = vec![waiting.enter, waiting.wait_time.as_ref().map(|(phrase, _)| *phrase)];
        phrases.extend(waiting.position.iter().flat_map(|notice| [Some(notice.say), notice.next]));
        phrases.extend(waiting.tips.iter().flat_map(|(_, tips)| tips.iter().copied().map(Some)));
        if let Some(callback) = &queue.callback {
            phrases.extend([callback.say, callback.confirm_number, callback.other_number].map(Some));
            // Whoever answers is a new person in no queue.
            self.say(callback.hello, &State::start(), &Scope::Plain, place);
            phrases.push(callback.refused);
            if let Some(condition) = &callback.offer_if {
                self.condition(condition, state, queue.place);
            }
        }
        phrases.into_iter().flatten().for_each(|phrase| self.say(phrase, state, &Scope::Queue, place));
        self.screen(id);
        let targets = waiting.keys.iter().filter_map(|(_, key)| match key {
            WaitingKey::Go(go) => Some(*go),
            WaitingKey::Callback | WaitingKey::Leave => None,
        });
        targets.collect()
    }

    fn screen(&mut self, id: QueueId) {
        let menu = self.menu;
        let Some(queue) = menu.queues.get(usize::from(id.0)).filter(|_| self.reporting) else { return };
        for path in &queue.screen {
            let place = self.report.find(queue.place, path).unwrap_or(queue.place);
            let name = match path.split_once('.') {
                Some(("answer", _)) => &**path,
                Some((first, _)) => first,
                None => path,
            };
            let known = matches!(&**path, "caller.level" | "call.from" | "call.line" | "path" | "notes");
            match self.types.kept.get(name) {
                _ if known => {}
                Some((_, ValueType::Secret)) => {
                    self.secret(place, path, ("shown to the operator", "показан оператору"));
                }
                Some(_) => {}
                None => {
                    let message = Text::new(format!("nothing sets \"{path}\""), format!("«{path}» нигде не получено"));
                    self.add(place, Code::E08, message);
                }
            }
        }
    }
}

/// How a source that can hold a secret is written.
fn source_name(source: &Source) -> Name {
    match source {
        Source::Answer(name) => answer(name),
        Source::Kept(name, None) => name.clone(),
        Source::Kept(name, Some(field)) => format!("{name}.{field}").into(),
        _ => Name::default(),
    }
}

/// Whether two values can be equal.
fn alike(left: &ValueType, right: &ValueType) -> bool {
    use ValueType::{Digits, Number, Text, Word};
    left == right || matches!((left, right), (Digits | Word | Text, Digits | Word | Text | Number))
}

/// Whether one of two values can be the greater.
fn ordered(left: &ValueType, right: &ValueType) -> bool {
    use ValueType::{Date, Digits, Duration, Money, Number, Time};
    matches!(
        (left, right),
        (Number | Digits | Money, Number) | (Money, Money) | (Duration, Duration) | (Date, Date) | (Time, Time)
    )
}

/// Whether a value may be given for a parameter.
fn fits(given: &ValueType, wanted: &ValueType) -> bool {
    use ValueType::{Digits, Number, Phone, Text, Word};
    given == wanted || matches!((given, wanted), (_, Text) | (Number | Phone, Digits) | (Digits, Phone | Number | Word))
}
