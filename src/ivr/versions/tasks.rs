//! Tasks: their steps as facts in order.

use super::fact::Fact;
use super::menus::{keys, listen, said, target, target_name, trouble};
use super::{Both, quoted};
use crate::ivr::menu::{Action, Ask, Choose, Do, EntryKind, Node, QueueStep, Step, StepId, Task, Then, Voicemail};
use crate::ivr::words::{Words, key, length, pick};

impl Both<'_> {
    pub(super) fn tasks(&mut self) {
        let (old, new) = (self.old.menu, self.new.menu);
        let pairs =
            self.matched(("task", "сценарий"), (&old.tasks, &new.tasks), |task| (&task.name, &task.title));
        for (before, after) in pairs {
            let title = quoted(self.lang, &after.title);
            let about = format!("{} {title}", pick(self.lang, "in the task", "в сценарии"));
            self.facts(&about, &task_facts(self.old, before), &task_facts(self.new, after));
        }
    }
}

fn task_facts(words: Words<'_>, task: &Task) -> Vec<Fact> {
    let level = task.needs.map(|level| words.level(level)).unwrap_or_default();
    let operator = task.operator.map(|node| (quoted(words.lang, words.title(node)), name(words, node)));
    let (shown, same) = operator.unwrap_or_default();
    let facts = vec![
        Fact::new("title", words.pick("the title", "название"), quoted(words.lang, &task.title)),
        Fact::new("needs", words.pick("the caller must be", "клиент должен быть"), level),
        Fact::new("operator", words.pick("the operator inside", "оператор внутри"), shown).same(same),
    ];
    let mut walk = Walk { words, task, facts, within: String::new() };
    walk.block(Some(task.first), None);
    walk.facts
}

fn name(words: Words<'_>, node: Node) -> String {
    target_name(words, crate::ivr::menu::Go::Node(node))
}

struct Walk<'m> {
    words: Words<'m>,
    task: &'m Task,
    facts: Vec<Fact>,
    /// The conditions around the step.
    within: String,
}

impl Walk<'_> {
    fn push(&mut self, mut fact: Fact) {
        if !self.within.is_empty() {
            fact.key = format!("{}{}", self.within, fact.key);
            fact.label = format!("{}{}", self.within, fact.label);
        }
        self.facts.push(fact);
    }

    fn block(&mut self, at: Option<StepId>, stop: Option<StepId>) {
        let mut at = at;
        while let Some(step) = at.filter(|at| Some(*at) != stop) {
            let node = &self.task[step];
            if let Step::If { condition, then, otherwise } = &node.step {
                let outer = self.within.clone();
                let holds = self.words.condition(condition);
                for (first, en, ru) in [(then, "if", "если"), (otherwise, "unless", "если не")] {
                    if first.is_some() {
                        self.within = format!("{outer}{} {holds}, ", self.words.pick(en, ru));
                        self.block(*first, node.next);
                    }
                }
                self.within = outer;
            } else {
                self.step(&node.step);
            }
            if matches!(node.step, Step::Go(_)) {
                return;
            }
            at = node.next;
        }
    }

    fn step(&mut self, step: &Step) {
        let words = self.words;
        match step {
            Step::Say { phrase, all } => {
                let key = format!("say {}", words.menu[*phrase].name);
                self.push(said(words, &key, ("says", "звучит"), Some(*phrase)));
                let cut = if *all {
                    words.pick("to its end", "до конца")
                } else {
                    words.pick("until a key", "до нажатия")
                };
                self.push(Fact::new(format!("{key} all"), words.pick("is heard", "слушается"), cut));
            }
            Step::Ask(ask) => self.ask(ask),
            Step::Choose(choose) => self.choose(choose),
            Step::Confirm(confirm) => {
                self.push(said(words, "confirm", ("asks to confirm", "просит подтвердить"), Some(confirm.say)));
                self.action("declined", words.pick("when declined", "при отказе"), &confirm.declined);
                self.all("confirm", keys(words, &confirm.keys));
                self.all("confirm", trouble(words, &confirm.trouble));
                self.all("confirm", listen(words, &confirm.listen));
            }
            Step::Do(operation) => self.operation(operation),
            Step::Go(go) => {
                let fact = Fact::new("go", words.pick("then goes to", "затем переход"), target(words, *go));
                self.push(fact.same(target_name(words, *go)));
            }
            Step::Call(task) => {
                let title = quoted(words.lang, &words.menu[*task].title);
                let name = &words.menu[*task].name;
                self.push(Fact::new(format!("call {name}"), words.pick("runs", "выполняет"), title).same(&**name));
            }
            Step::Queue(queue) => self.queue(queue),
            Step::Transfer(transfer) => {
                let how = if transfer.refer { "refer" } else { "bridge" };
                let shown = format!("{} ({how})", transfer.target);
                self.push(Fact::new("transfer", words.pick("transfers to", "перевод на"), shown));
                self.action(
                    "transfer failed",
                    words.pick("when the transfer fails", "если перевод не удался"),
                    &transfer.failed,
                );
            }
            Step::Voicemail(voicemail) => self.voicemail(voicemail),
            Step::Note(note) => self.push(Fact::new(format!("note {note}"), words.pick("notes", "заметка"), &**note)),
            Step::SayEach(each) => {
                let key = format!("each {}.{}", each.kept, each.field);
                self.push(said(words, &key, ("reads each", "читает каждую"), Some(each.say)));
                self.push(Fact::new(
                    format!("{key} limit"),
                    words.pick("reads at most", "читает не больше"),
                    each.limit.to_string(),
                ));
            }
            Step::Split(split) => {
                for (branch, share, go) in &split.branches {
                    let label = format!("{} {branch}", words.pick("the share of", "доля"));
                    let same = format!("{share} {}", target_name(words, *go));
                    self.push(Fact::new(format!("split {branch}"), label, share.to_string()).same(same));
                }
                let by = if split.sticky {
                    words.pick("the caller", "клиенту")
                } else {
                    words.pick("the call", "звонку")
                };
                self.push(Fact::new("split by", words.pick("divided by", "делится по"), by));
            }
            Step::Language(lang) => {
                self.push(Fact::new("language", words.pick("switches the language to", "язык"), lang.code()));
            }
            Step::If { .. } => {}
        }
    }

    fn voicemail(&mut self, voicemail: &Voicemail) {
        let words = self.words;
        self.push(said(words, "voicemail", ("records a message", "запись сообщения"), Some(voicemail.say)));
        let (max, silence) = (length(voicemail.max), length(voicemail.silence));
        let (quiet, stop) = (words.pick("silence", "тишина"), key(voicemail.stop));
        let shown = format!("{}, ≤ {max}, {quiet} {silence}, {stop}", voicemail.mailbox);
        self.push(Fact::new("voicemail box", words.pick("the mailbox", "почтовый ящик"), shown));
    }

    fn all(&mut self, within: &str, facts: Vec<Fact>) {
        for fact in facts {
            self.push(Fact { key: format!("{within} {}", fact.key), ..fact });
        }
    }

    fn ask(&mut self, ask: &Ask) {
        let words = self.words;
        let entry = format!("{} {}", words.pick("the entry", "ввод"), ask.name);
        let at = format!("ask {}", ask.name);
        let mut push = |key: &str, en: &str, ru: &str, shown: String| {
            let label = format!("{entry}, {}", words.pick(en, ru));
            self.push(Fact::new(format!("{at} {key}"), label, shown));
        };
        push("digits", "digits", "цифр", format!("{}–{}", ask.min, ask.max));
        push("kind", "what it holds", "что вводят", entry_kind(ask.kind).to_owned());
        push("attempts", "attempts", "попыток", ask.attempts.to_string());
        self.push(said(words, &format!("{at} say"), ("asks", "спрашивает"), Some(ask.say)));
        self.push(said(words, &format!("{at} help"), ("asks again with", "переспрашивает"), ask.help));
        let label = format!("{entry}, {}", words.pick("after the last attempt", "после последней попытки"));
        self.action(&format!("{at} failed"), &label, &ask.failed);
        self.all(&at, listen(words, &ask.listen));
    }

    fn choose(&mut self, choose: &Choose) {
        let words = self.words;
        let at = format!("choose {}", choose.name);
        self.push(said(words, &format!("{at} say"), ("asks", "спрашивает"), Some(choose.say)));
        for option in &choose.options {
            let offer = option.offer.map(|id| quoted(words.lang, &words.phrase(id))).unwrap_or_default();
            let offered = option.offer.map(|id| words.menu[id].name.to_string()).unwrap_or_default();
            let label = format!(
                "{} {}, {} {}",
                words.pick("the choice", "выбор"),
                choose.name,
                words.pick("key", "клавиша"),
                key(option.digit)
            );
            let fact = Fact::new(format!("{at} {}", key(option.digit)), label, format!("{offer} = {}", option.value));
            self.push(fact.same(format!("{offered} {}", option.value)));
        }
        if let Some(silence) = &choose.silence {
            self.action(&format!("{at} silence"), words.pick("on silence", "при тишине"), silence);
        }
        self.all(&at, keys(words, &choose.keys));
        self.all(&at, trouble(words, &choose.trouble));
        self.all(&at, listen(words, &choose.listen));
    }

    fn operation(&mut self, operation: &Do) {
        let words = self.words;
        let name = words.menu[operation.operation].name.clone();
        let with: Vec<String> =
            operation.with.iter().map(|(name, source)| format!("{name} = {}", words.source(source))).collect();
        self.push(Fact::new(
            format!("do {name}"),
            format!("{} {name}", words.pick("asks the bank", "запрос в банк")),
            with.join(", "),
        ));
        let once = if operation.once_per_call { words.pick("once a call", "раз за звонок") } else { "" };
        self.push(Fact::new(format!("do {name} once"), format!("{name}, {}", words.pick("done", "выполняется")), once));
        let kept = operation.keep_as.as_deref().unwrap_or_default();
        self.push(Fact::new(
            format!("do {name} as"),
            format!("{name}, {}", words.pick("kept as", "хранится как")),
            kept,
        ));
        let mut outcomes: Vec<_> = operation.outcomes.iter().collect();
        outcomes.sort_by(|left, right| left.0.cmp(&right.0));
        for (outcome, action) in outcomes {
            let label = format!("{name} {} {outcome}", words.pick("with the outcome", "с исходом"));
            self.action(&format!("do {name} {outcome}"), &label, &action.value);
        }
    }

    fn queue(&mut self, queue: &QueueStep) {
        let words = self.words;
        let name = &words.queue(queue.queue).name;
        let title = quoted(words.lang, &words.queue(queue.queue).title);
        self.push(Fact::new("queue", words.pick("waits in", "ожидание в очереди"), title).same(&**name));
        self.push(Fact::new("queue priority", words.pick("priority", "приоритет"), queue.priority.to_string()));
        self.push(Fact::new("queue skills", words.pick("skills needed", "нужные навыки"), queue.skills.join(", ")));
        for (result, action) in &queue.results {
            let label = words.queue_result(*result);
            self.action(&format!("queue {label}"), label, action);
        }
    }

    fn action(&mut self, key: &str, label: &str, action: &Action) {
        let words = self.words;
        let mut shown = Vec::new();
        let mut same = Vec::new();
        if let Some(say) = action.say {
            shown.push(quoted(words.lang, &words.phrase(say)));
            same.push(format!("say {}", words.menu[say].name));
        }
        if let Some(note) = &action.note {
            shown.push(format!("{} {note}", words.pick("notes", "заметка")));
            same.push(format!("note {note}"));
        }
        if let Some(level) = action.grants {
            shown.push(words.level(level).to_owned());
            same.push(format!("grants {}", level.name()));
        }
        match &action.then {
            Then::Continue => shown.push(words.pick("goes on", "дальше").to_owned()),
            Then::Go(go) => {
                shown.push(format!("→ {}", target(words, *go)));
                same.push(target_name(words, *go));
            }
            Then::Again(step) => {
                let entry = match &self.task[*step].step {
                    Step::Ask(ask) => ask.name.to_string(),
                    _ => String::new(),
                };
                shown.push(format!("{} {entry}", words.pick("asks again", "ещё раз")));
                same.push(format!("again {entry}"));
            }
        }
        self.push(Fact::new(key, label, shown.join(", ")).same(same.join(";")));
    }
}

const fn entry_kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Digits => "digits",
        EntryKind::Secret => "secret",
        EntryKind::Phone => "phone",
        EntryKind::Card => "card",
        EntryKind::Date => "date",
        EntryKind::Amount => "amount",
    }
}
