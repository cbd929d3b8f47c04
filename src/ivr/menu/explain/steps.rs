//! Tasks, step by step.

use super::super::{Action, Ask, Choose, Confirm, Do, EntryKind, Node, Step, StepId, Task, Then, Transfer, lexis};
use super::Page;
use crate::ivr::words::length;

impl Page<'_> {
    pub(super) fn task(&mut self, at: Node, task: &Task) {
        let kind = self.word("Task", "Сценарий");
        self.line(&format!("{kind} {} — {}", task.name, task.title));
        self.begins(at);
        if let Some(level) = task.needs {
            let proof = self.menu.proofs.iter().find(|(of, _)| *of == level).map(|(_, task)| &self.menu[*task].name);
            let by = self.word("proven by", "подтверждает");
            let proof = proof.map(|name| format!(" ({by} {name})")).unwrap_or_default();
            let word = self.word("needs level", "нужен уровень");
            self.line(&format!("  {word} {}{proof}", level.name()));
        }
        if let Some(operator) = task.operator {
            let word = self.word("operator here is", "оператор здесь —");
            let title = self.plain().title(operator).to_owned();
            self.line(&format!("  {word} {title}"));
        }
        self.block(task, Some(task.first), None, 1);
    }

    /// The steps from one to the one after the block.
    fn block(&mut self, task: &Task, first: Option<StepId>, stop: Option<StepId>, depth: usize) {
        let indent = "  ".repeat(depth);
        let mut at = first;
        while let Some(step) = at.filter(|at| Some(*at) != stop) {
            let node = &task[step];
            if let Step::If { condition, then, otherwise } = &node.step {
                let (word, holds) = (self.word("if", "если"), self.condition(condition));
                self.line(&format!("{indent}{word} {holds}:"));
                self.block(task, *then, node.next, depth + 1);
                if otherwise.is_some() {
                    let word = self.word("otherwise", "иначе");
                    self.line(&format!("{indent}{word}:"));
                    self.block(task, *otherwise, node.next, depth + 1);
                }
            } else {
                self.step(&indent, &node.step);
            }
            at = node.next;
        }
    }

    fn step(&mut self, indent: &str, step: &Step) {
        match step {
            Step::Say { phrase, all } => {
                self.say(indent, *phrase);
                if *all {
                    let word = self.word("heard to its end", "звучит до конца");
                    self.line(&format!("{indent}  {word}"));
                }
            }
            Step::Ask(ask) => self.ask(indent, ask),
            Step::Choose(choose) => self.choose(indent, choose),
            Step::Confirm(confirm) => self.confirm(indent, confirm),
            Step::Do(todo) => self.operation(indent, todo),
            Step::If { .. } => {}
            Step::Go(go) => self.line(&format!("{indent}→ {}", self.target(*go))),
            Step::Call(task) => {
                let word = self.word("runs", "выполняет");
                self.line(&format!("{indent}· {word} {}", self.menu[*task].name));
            }
            Step::Queue(queue) => self.queue(indent, queue),
            Step::Transfer(transfer) => self.transfer(indent, transfer),
            Step::Voicemail(voicemail) => {
                self.say(indent, voicemail.say);
                let records = self.word("records a message, up to", "записывает сообщение, до");
                let ends = self.word("ends with key", "заканчивает клавиша");
                let (max, stop) = (length(voicemail.max), lexis::key_name(voicemail.stop));
                self.line(&format!("{indent}· {records} {max}; {ends} {stop}"));
            }
            Step::Note(note) => {
                let word = self.word("notes", "заметка");
                self.line(&format!("{indent}· {word} {note}"));
            }
            Step::SayEach(each) => {
                self.say(&format!("{indent}* "), each.say);
                let word = self.word("for each, at most", "для каждой записи, не больше");
                self.line(&format!("{indent}  {word} {}", each.limit));
            }
            Step::Split(split) => {
                for (name, share, go) in &split.branches {
                    self.line(&format!("{indent}· {name}: {share} → {}", self.target(*go)));
                }
            }
            Step::Language(lang) => {
                let word = self.word("language", "язык");
                self.line(&format!("{indent}· {word} {lang}"));
            }
        }
    }

    /// What follows: said, noted, proven, then where.
    pub(super) fn action(&self, action: &Action) -> String {
        let mut parts = Vec::new();
        parts.extend(action.say.map(|phrase| format!("“{}”", self.words(phrase))));
        parts.extend(action.note.as_ref().map(|note| format!("{} {note}", self.word("notes", "заметка"))));
        parts.extend(action.grants.map(|level| format!("{} {}", self.word("level", "уровень"), level.name())));
        parts.push(match action.then {
            Then::Continue => self.word("goes on", "дальше"),
            Then::Go(go) => format!("→ {}", self.target(go)),
            Then::Again(_) => self.word("asks again", "спрашивает ещё раз"),
        });
        parts.join(", ")
    }

    fn ask(&mut self, indent: &str, ask: &Ask) {
        self.say(&format!("{indent}? "), ask.say);
        let kind = match ask.kind {
            EntryKind::Digits => self.word("digits", "цифр"),
            EntryKind::Secret => self.word("secret digits", "секретных цифр"),
            EntryKind::Phone => self.word("digits of a telephone number", "цифр телефона"),
            EntryKind::Card => self.word("digits of a card number", "цифр номера карты"),
            EntryKind::Date => self.word("digits of a date, DDMMYYYY", "цифр даты, ДДММГГГГ"),
            EntryKind::Amount => self.word("digits of an amount", "цифр суммы"),
        };
        let range = if ask.min == ask.max { ask.min.to_string() } else { format!("{}–{}", ask.min, ask.max) };
        self.line(&format!("{indent}  {range} {kind} = {}", ask.name));
        if let Some(help) = ask.help {
            let (word, help) = (self.word("after a mistake", "после ошибки"), self.words(help));
            self.line(&format!("{indent}  {word} “{help}”"));
        }
        let (times, failed) = (self.word("attempts, then", "попытки, потом"), self.action(&ask.failed));
        self.line(&format!("{indent}  {} {times} {failed}", ask.attempts));
        self.listen(&format!("{indent}  "), &ask.listen);
    }

    fn choose(&mut self, indent: &str, choose: &Choose) {
        self.say(&format!("{indent}? "), choose.say);
        for option in &choose.options {
            let words = option.offer.map(|offer| format!("“{}”", self.offer(option.digit, offer)));
            let words = words.unwrap_or_else(|| lexis::key_name(option.digit));
            self.line(&format!("{indent}  {words} = {}", option.value));
        }
        let inner = format!("{indent}  ");
        if let Some(silence) = &choose.silence {
            let (word, follows) = (self.word("silence", "тишина"), self.action(silence));
            self.line(&format!("{inner}{word}: {follows}"));
        }
        self.keys(&inner, &choose.keys);
        self.trouble(&inner, &choose.trouble);
    }

    fn confirm(&mut self, indent: &str, confirm: &Confirm) {
        self.say(&format!("{indent}? "), confirm.say);
        let inner = format!("{indent}  ");
        self.say(&inner, self.menu.confirm);
        let (word, follows) = (self.word("on 2", "на 2"), self.action(&confirm.declined));
        self.line(&format!("{inner}{word}: {follows}"));
        self.keys(&inner, &confirm.keys);
        self.trouble(&inner, &confirm.trouble);
    }

    fn operation(&mut self, indent: &str, todo: &Do) {
        let operation = &self.menu[todo.operation];
        let within = self.word("answers within", "отвечает за");
        let once = if todo.once_per_call {
            self.word(", once a call", ", один раз за звонок")
        } else {
            String::new()
        };
        self.line(&format!("{indent}· {} ({within} {}{once})", operation.name, length(operation.timeout)));
        for (outcome, action) in &todo.outcomes {
            let (follows, from) = (self.action(&action.value), self.origin(action.from));
            self.line(&format!("{indent}    {outcome}: {follows}{from}"));
        }
    }

    fn transfer(&mut self, indent: &str, transfer: &Transfer) {
        let how = if transfer.refer {
            self.word("by REFER: the call leaves this system", "через REFER: звонок уходит из системы")
        } else {
            self.word("by a bridge", "мостом")
        };
        let (to, fails) = (self.word("transfer to", "перевод на"), self.word("if it fails", "если не вышло"));
        self.line(&format!("{indent}→ {to} {} ({how})", transfer.target));
        self.line(&format!("{indent}    {fails}: {}", self.action(&transfer.failed)));
    }
}
