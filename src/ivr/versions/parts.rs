//! Everything around menus and tasks: the bank, called numbers, hours, switches, queues, operations, phrases.

use super::fact::Fact;
use super::menus::{said, target, target_name};
use super::{Both, quoted};
use crate::ivr::menu::{
    Go, HoursRule, Line, Menu, OpenInterval, Operation, Pick, Profile, Queue, ValueType, WaitingKey, Whisper,
};
use crate::ivr::words::{Words, key, length, pick, written};
use crate::model::Lang;
use std::time::Duration;

impl Both<'_> {
    /// What belongs to the whole hotline.
    pub(super) fn whole(&mut self) {
        let about = pick(self.lang, "the hotline", "горячая линия");
        self.facts(about, &whole(self.old), &whole(self.new));
    }

    pub(super) fn lines(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs = self.matched(("line", "линия"), (&old.lines, &new.lines), |line| (&line.name, &line.name));
        for (before, after) in pairs {
            let about = format!("{} {}", pick(self.lang, "line", "линия"), after.name);
            self.facts(&about, &line(self.old, before), &line(self.new, after));
        }
    }

    pub(super) fn profiles(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs = self.matched(
            ("profile of callers", "профиль клиентов"),
            (&old.profiles, &new.profiles),
            |item| (&item.name, &item.name),
        );
        for (before, after) in pairs {
            let about = format!("{} {}", pick(self.lang, "profile", "профиль"), after.name);
            self.facts(&about, &profile(self.old, before), &profile(self.new, after));
        }
    }

    pub(super) fn hours(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs = self.matched(("opening hours", "часы работы"), (&old.hours, &new.hours), |hours| {
            (&hours.name, &hours.name)
        });
        for (before, after) in pairs {
            let about = format!("{} {}", pick(self.lang, "hours", "часы работы"), after.name);
            self.facts(&about, &hours(self.lang, &before.rule), &hours(self.lang, &after.rule));
        }
    }

    pub(super) fn switches(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs = self
            .matched(("switch", "рубильник"), (&old.switches, &new.switches), |item| (&item.name, &item.name));
        for (before, after) in pairs {
            let about = format!("{} {}", pick(self.lang, "switch", "рубильник"), after.name);
            let facts = |words: Words<'_>, item: &crate::ivr::menu::Switch| {
                let state = if item.enabled { "enabled" } else { "disabled" };
                let usual = words.pick("its usual state", "обычное состояние");
                [said(words, "say", ("announces", "объявляет"), item.say), Fact::new("default", usual, state)]
            };
            self.facts(&about, &facts(self.old, before), &facts(self.new, after));
        }
    }

    pub(super) fn queues(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs =
            self.matched(("queue", "очередь"), (&old.queues, &new.queues), |item| (&item.name, &item.title));
        for (before, after) in pairs {
            let about = format!("{} {}", pick(self.lang, "queue", "очередь"), quoted(self.lang, &after.title));
            self.facts(&about, &queue(self.old, before), &queue(self.new, after));
            self.facts(&about, &waiting(self.old, before), &waiting(self.new, after));
        }
    }

    pub(super) fn services(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs = self.matched(
            ("operation of the bank", "операция банка"),
            (&old.operations, &new.operations),
            |item| (&item.name, &item.name),
        );
        for (before, after) in pairs {
            self.facts(&after.name, &operation(self.new, before), &operation(self.new, after));
        }
    }

    pub(super) fn phrases(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs =
            self.matched(("phrase", "фраза"), (&old.phrases, &new.phrases), |item| (&item.name, &item.name));
        for (before, after) in pairs {
            for (lang, text) in &after.texts {
                let was = before.texts.iter().find(|(other, _)| other == lang).map(|(_, text)| text);
                // The same text at other bytes of the file is the same text.
                if let Some(was) = was
                    && (written(was) != written(text) || was.voice != text.voice)
                {
                    let about = format!("{} {}, {lang}", pick(self.lang, "phrase", "фраза"), after.name);
                    let fact =
                        |text| [Fact::new("text", pick(self.lang, "the text", "текст"), quoted(*lang, &written(text)))];
                    let (mut old, mut new) = (fact(was), fact(text));
                    old[0].same = format!("{} {}", was.voice, written(was));
                    new[0].same = format!("{} {}", text.voice, written(text));
                    self.facts(&about, &old, &new);
                }
            }
        }
        let pairs =
            self.matched(("ladder", "лесенка"), (&old.ladders, &new.ladders), |item| (&item.name, &item.name));
        for (before, after) in pairs {
            let steps = |ladder: &crate::ivr::speech::Ladder| {
                let line = ladder.steps.iter().flat_map(|step| {
                    let below = step.below.map_or_else(|| "…".to_owned(), |below| format!("< {}", length(below)));
                    step.texts.iter().map(move |(lang, text)| {
                        Fact::new(format!("{below} {lang}"), format!("{below}, {lang}"), quoted(*lang, text))
                    })
                });
                line.collect::<Vec<_>>()
            };
            let about = format!("{} {}", pick(self.lang, "ladder", "лесенка"), after.name);
            self.facts(&about, &steps(before), &steps(after));
        }
    }
}

fn whole(words: Words<'_>) -> Vec<Fact> {
    let Menu { bank, languages, operator, press, confirm, call_limit, proofs, .. } = words.menu;
    let named = |(lang, name): &(Lang, crate::ivr::menu::Name)| {
        let label = format!("{} ({lang})", words.pick("the bank's name", "название банка"));
        Fact::new(format!("name {lang}"), label, &**name)
    };
    let mut facts: Vec<Fact> = bank.name.iter().map(named).collect();
    let codes: Vec<&str> = languages.iter().map(|lang| lang.code()).collect();
    let zone = bank.zone.iana_name().unwrap_or_default();
    facts.extend([
        Fact::new("zone", words.pick("the time zone", "часовой пояс"), zone),
        Fact::new("currency", words.pick("the currency", "валюта"), bank.currency.code()),
        Fact::new("languages", words.pick("the languages", "языки"), codes.join(", ")),
        Fact::new("limit", words.pick("the longest stay in menus", "предел времени в меню"), length(*call_limit)),
        Fact::new("operator", words.pick("the operator", "оператор"), &*words.menu[*operator].name),
        said(words, "press", ("options are spoken as", "пункты произносятся как"), Some(*press)).same(""),
        said(words, "confirm", ("confirmations end with", "подтверждения кончаются на"), Some(*confirm)).same(""),
    ]);
    facts.extend(proofs.iter().map(|(level, task)| {
        let label =
            format!("{} {}", words.pick("who proves the level", "кто подтверждает уровень"), words.level(*level));
        Fact::new(format!("proof {}", level.name()), label, &*words.menu[*task].name)
    }));
    facts
}

fn line(words: Words<'_>, line: &Line) -> Vec<Fact> {
    let mut numbers: Vec<&str> = line.numbers.iter().map(crate::model::PhoneNumber::as_str).collect();
    numbers.sort_unstable();
    let start = Go::Node(line.start);
    let number = words.pick("the number", "номер");
    let mut facts: Vec<Fact> =
        numbers.into_iter().map(|digits| Fact::new(digits, format!("{number} {digits}"), "")).collect();
    let begins = words.pick("the caller begins at", "звонок начинается с");
    facts.push(Fact::new("start", begins, target(words, start)).same(target_name(words, start)));
    facts
}

fn profile(words: Words<'_>, profile: &Profile) -> Vec<Fact> {
    let yes = if profile.slow { words.pick("yes", "да") } else { words.pick("no", "нет") };
    let lang = profile.lang.map(Lang::code).unwrap_or_default();
    let start = profile.start.map(Go::Node);
    let begins = Fact::new(
        "start",
        words.pick("the caller begins at", "звонок начинается с"),
        start.map(|go| target(words, go)).unwrap_or_default(),
    );
    vec![
        Fact::new("priority", words.pick("head start, seconds", "фора, секунд"), profile.priority.to_string()),
        Fact::new("slow", words.pick("slow speech", "медленная речь"), yes),
        Fact::new("lang", words.pick("first language", "первый язык"), lang),
        begins.same(start.map(|go| target_name(words, go)).unwrap_or_default()),
    ]
}

const DAYS: [(&str, &str); 7] = [
    ("Monday", "понедельник"),
    ("Tuesday", "вторник"),
    ("Wednesday", "среда"),
    ("Thursday", "четверг"),
    ("Friday", "пятница"),
    ("Saturday", "суббота"),
    ("Sunday", "воскресенье"),
];

fn hours(lang: Lang, rule: &HoursRule) -> Vec<Fact> {
    let day_and_night = pick(lang, "day and night", "круглосуточно");
    let HoursRule::Calendar { weekly, closed, special } = rule else {
        return DAYS.map(|(en, ru)| Fact::new(en, pick(lang, en, ru), day_and_night)).into();
    };
    let mut facts = Vec::new();
    for ((en, ru), intervals) in DAYS.into_iter().zip(weekly) {
        let mut intervals: Vec<String> = intervals.iter().map(|open| interval(*open)).collect();
        intervals.sort_unstable();
        let shut = pick(lang, "closed", "закрыто").to_owned();
        let shown = if intervals.is_empty() { shut } else { intervals.join(", ") };
        facts.push(Fact::new(en, pick(lang, en, ru), shown));
    }
    let mut closed = closed.clone();
    closed.sort_unstable();
    for (first, last) in closed {
        let days = if first == last { first.to_string() } else { format!("{first}–{last}") };
        facts.push(Fact::new(format!("closed {days}"), format!("{} {days}", pick(lang, "closed on", "закрыто")), ""));
    }
    let mut special = special.clone();
    special.sort_by_key(|(day, open)| (*day, open.from));
    for (day, open) in special {
        facts.push(Fact::new(format!("special {day}"), day.to_string(), interval(open)));
    }
    facts
}

fn interval(open: OpenInterval) -> String {
    let to = if open.to == jiff::civil::Time::midnight() { "24:00".to_owned() } else { clock(open.to) };
    format!("{}–{to}", clock(open.from))
}

fn clock(time: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn queue(words: Words<'_>, queue: &Queue) -> Vec<Fact> {
    let say = |en, ru| words.pick(en, ru);
    let language = match queue.own_language_for {
        None => say("any", "любой").to_owned(),
        Some(Duration::MAX) => say("the caller's alone", "только язык клиента").to_owned(),
        Some(first) => format!("{} {}", say("the caller's for the first", "язык клиента первые"), length(first)),
    };
    let level = queue.service_level.map(|(share, time)| format!("{share} % / {}", length(time))).unwrap_or_default();
    let pause = if queue.pause_on_no_answer {
        say("is put on a break", "ставится на паузу")
    } else {
        say("stays ready", "остаётся готовым")
    };
    let hears: Vec<&str> = queue
        .operator_hears
        .iter()
        .map(|whisper| match whisper {
            Whisper::WhoVerified => say("whether verified", "подтверждён ли клиент"),
            Whisper::Reason => say("the reason", "причина"),
        })
        .collect();
    let pick = match queue.pick {
        Pick::LongestIdle => say("who has been ready longest", "кто дольше всех свободен"),
        Pick::RoundRobin => say("in turn", "по очереди"),
        Pick::FewestCalls => say("who took the fewest calls", "у кого меньше звонков"),
        Pick::RingAll => say("all phones ring", "звонят все телефоны"),
    };
    let values = [
        ("title", say("the title", "название"), quoted(words.lang, &queue.title)),
        ("skills", say("skills", "навыки"), queue.skills.join(", ")),
        ("language", say("the operator's language", "язык оператора"), language),
        ("pick", say("the next operator", "следующий оператор"), pick.to_owned()),
        ("ring", say("a phone rings for", "телефон звонит"), length(queue.ring)),
        ("no_answer", say("an operator who does not answer", "оператор, который не ответил,"), pause.to_owned()),
        ("wrap_up", say("time after a call", "время после звонка"), length(queue.wrap_up)),
        ("music", say("music", "музыка"), queue.music.as_str().to_owned()),
        ("max_wait", say("the longest wait", "предел ожидания"), length(queue.max_wait)),
        ("max_waiting", say("the most who wait", "предел ожидающих"), queue.max_waiting.to_string()),
        ("level", say("the service level", "уровень обслуживания"), level),
        ("hears", say("the operator hears", "оператор слышит"), hears.join(", ")),
        ("screen", say("the operator sees", "оператор видит"), queue.screen.join(", ")),
    ];
    let mut facts: Vec<Fact> = values.into_iter().map(|(key, label, value)| Fact::new(key, label, value)).collect();
    for (after, skills) in &queue.overflow {
        let label = format!("{} {}", say("further skills after", "ещё навыки через"), length(*after));
        facts.push(Fact::new(format!("overflow {}", length(*after)), label, skills.join(", ")));
    }
    facts
}

/// What those who wait hear and can press.
fn waiting(words: Words<'_>, queue: &Queue) -> Vec<Fact> {
    let waiting = &queue.waiting;
    let mut facts = vec![said(words, "enter", ("first says", "сначала звучит"), waiting.enter)];
    if let Some(position) = &waiting.position {
        let every = words.pick("the position is told every", "место сообщается каждые");
        let better = if position.only_if_improved {
            words.pick("if better", "если улучшилось")
        } else {
            words.pick("always", "всегда")
        };
        facts.push(Fact::new("position", every, format!("{}, {better}", length(position.every))));
        facts.push(said(words, "position say", ("the position", "место в очереди"), Some(position.say)));
        facts.push(said(words, "position next", ("to the first in the queue", "первому в очереди"), position.next));
    }
    if let Some((phrase, samples)) = waiting.wait_time {
        facts.push(said(words, "wait", ("the wait", "время ожидания"), Some(phrase)));
        let label = words.pick("calls before the wait is told", "звонков до оценки ожидания");
        facts.push(Fact::new("samples", label, samples.to_string()));
    }
    if let Some((every, tips)) = &waiting.tips {
        facts.push(Fact::new("tips", words.pick("a tip every", "совет каждые"), length(*every)));
        for tip in tips {
            facts.push(said(words, &format!("tip {}", words.menu[*tip].name), ("a tip", "совет"), Some(*tip)));
        }
    }
    for (digit, does) in &waiting.keys {
        let label = format!("{} {}", words.pick("key", "клавиша"), key(*digit));
        let (shown, same) = match does {
            WaitingKey::Callback => {
                (words.pick("orders a callback", "обратный звонок").to_owned(), "callback".to_owned())
            }
            WaitingKey::Leave => (words.pick("leaves the queue", "выход из очереди").to_owned(), "leave".to_owned()),
            WaitingKey::Go(go) => (target(words, *go), target_name(words, *go)),
        };
        facts.push(Fact::new(format!("key {}", key(*digit)), label, shown).same(same));
    }
    if let Some(callback) = &queue.callback {
        let when = callback.offer_if.as_ref().map(|condition| words.condition(condition)).unwrap_or_default();
        let shown = [length(callback.offer_after), when].join(" ");
        facts.push(Fact::new(
            "callback",
            words.pick("a callback is offered after", "обратный звонок предлагается через"),
            shown.trim_end(),
        ));
        let tries = format!("{} × {}", callback.attempts, length(callback.retry));
        facts.push(Fact::new("callback tries", words.pick("attempts to call back", "попытки перезвонить"), tries));
        let said_to_them = [
            ("callback say", ("the offer of a callback", "предложение перезвонить"), callback.say),
            ("callback confirm", ("confirms the number", "подтверждение номера"), callback.confirm_number),
            ("callback other", ("asks for another number", "запрос другого номера"), callback.other_number),
            ("callback hello", ("the greeting of a callback", "приветствие при звонке"), callback.hello),
        ];
        facts.push(said(words, "callback refused", ("no callback now", "отказ в обратном звонке"), callback.refused));
        let numbers = words.pick("numbers that may be called", "куда можно перезванивать");
        facts.push(Fact::new("callback numbers", numbers, callback.numbers.join(", ")));
        facts.extend(said_to_them.map(|(key, label, phrase)| said(words, key, label, Some(phrase))));
    }
    facts
}

fn operation(words: Words<'_>, operation: &Operation) -> Vec<Fact> {
    let yes = if operation.changes { words.pick("yes", "да") } else { words.pick("no", "нет") };
    let params: Vec<String> =
        operation.params.iter().map(|(name, kind)| format!("{name}: {}", value_type(kind))).collect();
    vec![
        Fact::new("level", words.pick("needs the caller to be", "клиент должен быть"), words.level(operation.level)),
        Fact::new("in", words.pick("takes", "параметры"), params.join(", ")),
        Fact::new("out", words.pick("gives", "ответ"), value_type(&operation.fields)),
        Fact::new("results", words.pick("outcomes", "исходы"), operation.outcomes.join(", ")),
        Fact::new("bare", words.pick("outcomes without an answer", "исходы без ответа"), operation.bare.join(", ")),
        Fact::new("changes", words.pick("changes something", "меняет что-то"), yes),
        Fact::new(
            "timeout",
            words.pick("the caller waits at most", "клиент ждёт не больше"),
            length(operation.timeout),
        ),
        Fact::new(
            "cache",
            words.pick("an answer is used again for", "ответ повторяется в течение"),
            length(operation.cache),
        ),
    ]
}

fn value_type(kind: &ValueType) -> String {
    let fields = |fields: &[(crate::ivr::menu::Name, ValueType)]| {
        let fields: Vec<String> = fields.iter().map(|(name, kind)| format!("{name}: {}", value_type(kind))).collect();
        fields.join(", ")
    };
    match kind {
        ValueType::Digits => "digits".to_owned(),
        ValueType::Phone => "phone".to_owned(),
        ValueType::Number => "number".to_owned(),
        ValueType::Money => "money".to_owned(),
        ValueType::Date => "date".to_owned(),
        ValueType::Time => "time".to_owned(),
        ValueType::Duration => "duration".to_owned(),
        ValueType::Word => "word".to_owned(),
        ValueType::Secret => "secret".to_owned(),
        ValueType::Card => "card".to_owned(),
        ValueType::Text => "text".to_owned(),
        ValueType::Nothing => String::new(),
        ValueType::Record(inner) => format!("{{{}}}", fields(inner)),
        ValueType::List(item) => format!("[{}]", value_type(item)),
    }
}
