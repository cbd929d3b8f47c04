//! From a menu to cards.

use super::model::{Card, CardKind, Graph, Link, Row, Target, Tone};
use crate::ivr::menu::{
    Action, Choose, Do, Go, Menu, MenuNode, Node, Profile, QueueStep, Reaction, Step, StepId, Task, TaskId, Then,
    Trouble, WaitingKey,
};
use crate::ivr::words::{Words, is_own, key};
use crate::model::{BankAnswer, Lang};
use std::collections::BTreeMap;

impl Graph {
    /// The cards of a menu, with words in a language.
    #[must_use]
    pub fn of(menu: &Menu, lang: Lang) -> Self {
        Builder::new(menu, lang).graph()
    }
}

/// Where cards of each kind begin.
struct Builder<'m> {
    words: Words<'m>,
    menu: &'m Menu,
    outside: BTreeMap<&'m str, usize>,
}

/// The cards where calls begin: lines, and profiles with a beginning of their own.
fn entries(menu: &Menu) -> usize {
    menu.lines.len() + menu.profiles.iter().filter(|profile| profile.start.is_some()).count()
}

impl<'m> Builder<'m> {
    fn new(menu: &'m Menu, lang: Lang) -> Self {
        let steps = menu.tasks.iter().flat_map(|task| &task.steps);
        let mut outside = BTreeMap::new();
        let first = entries(menu) + menu.menus.len() + menu.tasks.len() + menu.queues.len();
        for step in steps {
            if let Step::Transfer(transfer) = &step.step {
                let next = first + outside.len();
                outside.entry(&*transfer.target).or_insert(next);
            }
        }
        Self { words: Words { menu, lang }, menu, outside }
    }

    fn card_of(&self, node: Node) -> usize {
        let lines = entries(self.menu);
        match node {
            Node::Menu(id) => lines + usize::from(id.0),
            Node::Task(id) => lines + self.menu.menus.len() + usize::from(id.0),
        }
    }

    fn graph(&self) -> Graph {
        let mut cards = self.lines();
        cards.extend(self.menu.menus.iter().map(|node| self.menu_card(node)));
        let tasks = self.menu.tasks.iter().zip(0_u16..);
        cards.extend(tasks.map(|(task, id)| self.task_card(task, TaskId(id))));
        cards.extend(self.queues());
        let mut outside: Vec<_> = self.outside.iter().collect();
        outside.sort_by_key(|(_, index)| **index);
        cards.extend(outside.into_iter().zip(1..).map(|((target, _), number)| Card {
            id: format!("outside_{number}"),
            kind: CardKind::Outside,
            name: (*target).into(),
            title: (*target).to_owned(),
            rows: Vec::new(),
        }));
        for (card, number) in cards.iter_mut().zip(1..) {
            card.id = format!("{}_{number}", card.id);
        }
        let bank = &self.menu.bank.name;
        let name = bank.iter().find(|(lang, _)| *lang == self.words.lang).or(bank.first());
        Graph {
            lang: self.words.lang,
            bank: name.map(|(_, name)| name.to_string()).unwrap_or_default(),
            version: self.menu.version.clone(),
            cards,
            everywhere: self.everywhere(),
        }
    }

    fn lines(&self) -> Vec<Card> {
        let lines = self.menu.lines.iter();
        let card = lines.map(|line| Card {
            id: "line".to_owned(),
            kind: CardKind::Line,
            name: line.name.clone(),
            title: line.name.to_string(),
            rows: vec![Row {
                key: None,
                text: line.numbers.iter().map(|number| number.as_str().to_owned()).collect::<Vec<_>>().join(", "),
                tone: Tone::Outcome,
                target: Target::Card(self.card_of(line.start), Link::Goes),
            }],
        });
        let own = |profile: &Profile| {
            let target = Target::Card(self.card_of(profile.start?), Link::Goes);
            let text = self.words.pick("callers of this profile", "клиенты этого профиля").to_owned();
            Some(Card {
                id: "profile".to_owned(),
                kind: CardKind::Line,
                name: profile.name.clone(),
                title: profile.name.to_string(),
                rows: vec![Row { key: None, text, tone: Tone::Outcome, target }],
            })
        };
        card.chain(self.menu.profiles.iter().filter_map(own)).collect()
    }

    fn queues(&self) -> Vec<Card> {
        let queues = self.menu.queues.iter();
        let card = queues.map(|queue| {
            let mut rows = Vec::new();
            for (digit, does) in &queue.waiting.keys {
                let (text, target) = match does {
                    WaitingKey::Callback => {
                        (self.words.pick("orders a callback", "заказать обратный звонок"), Target::Here)
                    }
                    WaitingKey::Leave => (self.words.pick("leaves the queue", "выйти из очереди"), Target::Here),
                    WaitingKey::Go(go) => (self.words.pick("leaves the queue", "выйти из очереди"), self.go(*go, None)),
                };
                rows.push(Row { key: Some(key(*digit)), text: text.to_owned(), tone: Tone::Offer, target });
            }
            let (id, title) = ("queue".to_owned(), queue.title.to_string());
            Card { id, kind: CardKind::Queue, name: queue.name.clone(), title, rows }
        });
        card.collect()
    }

    fn go(&self, go: Go, from: Option<TaskId>) -> Target {
        match self.words.node_of(go, from) {
            Some(node) => Target::Card(self.card_of(node), Link::Goes),
            None => Target::Words(self.words.target(go).to_owned()),
        }
    }

    fn menu_card(&self, node: &MenuNode) -> Card {
        let mut rows = Vec::new();
        for option in &node.options {
            let mut text = self.words.phrase(option.offer);
            if let Some(condition) = &option.condition {
                text = format!("{text} ({} {})", self.words.pick("if", "если"), self.words.condition(condition));
            }
            let target = self.go(option.go, None);
            rows.push(Row { key: Some(key(option.digit)), text, tone: Tone::Offer, target });
        }
        self.own_keys(&mut rows, &node.keys, None);
        if is_own(&node.trouble) {
            self.trouble(&mut rows, &node.trouble.value, None);
        }
        Card {
            id: "menu".to_owned(),
            kind: CardKind::Menu,
            name: node.name.clone(),
            title: node.title.to_string(),
            rows,
        }
    }

    fn own_keys(
        &self,
        rows: &mut Vec<Row>,
        keys: &[(crate::model::Digit, crate::ivr::menu::Inherited<Go>)],
        from: Option<TaskId>,
    ) {
        for (digit, go) in keys.iter().filter(|(_, go)| is_own(go)) {
            let text = self.words.pick("key", "клавиша").to_owned();
            rows.push(Row { key: Some(key(*digit)), text, tone: Tone::Trouble, target: self.go(go.value, from) });
        }
    }

    fn trouble(&self, rows: &mut Vec<Row>, trouble: &Trouble, from: Option<TaskId>) {
        let silence = self.words.pick("silence", "тишина");
        let wrong = self.words.pick("wrong key", "неверная клавиша");
        for (cause, reactions) in [(silence, &trouble.silence), (wrong, &trouble.wrong)] {
            for (text, go) in Self::leaving(cause, reactions) {
                rows.push(Row { key: None, text, tone: Tone::Trouble, target: self.go(go, from) });
            }
        }
    }

    /// The reactions that lead somewhere, with the attempt at which they do.
    fn leaving(cause: &str, reactions: &[Reaction]) -> Vec<(String, Go)> {
        let leaving = reactions.iter().zip(1..).filter_map(|(reaction, attempt)| {
            let text = if attempt == 1 { cause.to_owned() } else { format!("{cause} × {attempt}") };
            reaction.go.map(|go| (text, go))
        });
        leaving.collect()
    }

    fn task_card(&self, task: &Task, id: TaskId) -> Card {
        let mut rows = Vec::new();
        if let Some(level) = task.needs {
            let proof = self.menu.proofs.iter().find(|(proven, _)| *proven == level);
            let target =
                proof.map_or(Target::Here, |(_, proof)| Target::Card(self.card_of(Node::Task(*proof)), Link::Calls));
            let text = format!("{}: {}", self.words.pick("needs", "нужен уровень"), self.words.level(level));
            rows.push(Row { key: None, text, tone: Tone::Outcome, target });
        }
        let mut walk = TaskWalk { builder: self, task, id, rows };
        walk.block(Some(task.first), None, None);
        let rows = walk.rows;
        Card {
            id: "task".to_owned(),
            kind: CardKind::Task,
            name: task.name.clone(),
            title: task.title.to_string(),
            rows,
        }
    }

    /// What every card inherits, said once.
    fn everywhere(&self) -> Vec<(String, String)> {
        let mut said = Vec::new();
        let menus = &self.menu.menus;
        let mut keys: Vec<_> = menus.iter().flat_map(|node| &node.keys).filter(|(_, go)| !is_own(go)).collect();
        keys.sort_by_key(|(digit, _)| *digit);
        keys.dedup_by_key(|(digit, _)| *digit);
        said.extend(keys.into_iter().map(|(digit, go)| (key(*digit), self.words.target(go.value).to_owned())));
        if let Some(node) = menus.iter().find(|node| !is_own(&node.trouble)) {
            let silence = self.words.pick("silence", "тишина");
            let wrong = self.words.pick("wrong key", "неверная клавиша");
            for (cause, reactions) in [(silence, &node.trouble.value.silence), (wrong, &node.trouble.value.wrong)] {
                let leaving = Self::leaving(cause, reactions).into_iter();
                said.extend(leaving.map(|(text, go)| (text, self.words.target(go).to_owned())));
            }
        }
        let steps = self.menu.tasks.iter().flat_map(|task| &task.steps);
        let mut inherited = steps.filter_map(|step| match &step.step {
            Step::Do(operation) => operation.outcomes.iter().find(|(_, action)| !is_own(action)),
            _ => None,
        });
        if let Some((_, Then::Go(go))) = inherited.next().map(|(name, action)| (name, action.value.then.clone())) {
            said.push((self.words.pick("bank down", "банк недоступен").to_owned(), self.words.target(go).to_owned()));
        }
        said
    }
}

/// A walk through the steps of a task that gathers its rows.
struct TaskWalk<'b, 'm> {
    builder: &'b Builder<'m>,
    task: &'m Task,
    id: TaskId,
    rows: Vec<Row>,
}

impl TaskWalk<'_, '_> {
    fn push(&mut self, text: String, tone: Tone, target: Target) {
        self.rows.push(Row { key: None, text, tone, target });
    }

    fn go(&self, go: Go) -> Target {
        self.builder.go(go, Some(self.id))
    }

    fn then(&self, then: &Then) -> Target {
        let words = self.builder.words;
        match then {
            Then::Continue => Target::Here,
            Then::Go(go) => self.go(*go),
            Then::Again(_) => Target::Words(words.pick("asks again", "спросить ещё раз").to_owned()),
        }
    }

    /// The steps from `at` up to `stop`; `when` is the condition under which they are taken.
    fn block(&mut self, at: Option<StepId>, stop: Option<StepId>, when: Option<&str>) {
        let mut at = at;
        while let Some(step) = at.filter(|at| Some(*at) != stop) {
            let node = &self.task[step];
            if let Step::If { condition, then, otherwise } = &node.step {
                let words = self.builder.words;
                let holds = format!("{} {}", words.pick("if", "если"), words.condition(condition));
                if then.is_some() {
                    self.block(*then, node.next, Some(&holds));
                }
                if otherwise.is_some() {
                    self.block(*otherwise, node.next, Some(words.pick("otherwise", "иначе")));
                }
            } else {
                self.step(&node.step, when);
            }
            if matches!(node.step, Step::Go(_)) {
                return;
            }
            at = node.next;
        }
    }

    fn step(&mut self, step: &Step, when: Option<&str>) {
        let words = self.builder.words;
        let follows = || when.unwrap_or(words.pick("then", "далее")).to_owned();
        match step {
            Step::Ask(ask) => {
                let count = if ask.min == ask.max { ask.min.to_string() } else { format!("{}–{}", ask.min, ask.max) };
                let (asks, digits) = (words.pick("asks", "ввод"), words.pick("digits:", "цифр:"));
                let text = format!("{asks} {}, {digits} {count}", ask.name);
                self.push(text, Tone::Does, Target::Here);
                let target = self.then(&ask.failed.then);
                let text = format!("{} × {}", words.pick("not entered", "не введено"), ask.attempts);
                self.push(text, Tone::Trouble, target);
            }
            Step::Choose(choose) => self.choose(choose),
            Step::Confirm(confirm) => {
                let target = self.then(&confirm.declined.then);
                let text = words.pick("declines", "отказ").to_owned();
                self.rows.push(Row { key: Some("2".to_owned()), text, tone: Tone::Outcome, target });
            }
            Step::Do(operation) => self.operation(operation),
            Step::Go(go) => {
                let target = self.go(*go);
                self.push(follows(), Tone::Outcome, target);
            }
            Step::Call(task) => {
                let target = Target::Card(self.builder.card_of(Node::Task(*task)), Link::Calls);
                self.push(follows(), Tone::Outcome, target);
            }
            Step::Queue(queue) => self.queue(queue, when),
            Step::Transfer(transfer) => {
                let to = self.builder.outside.get(&*transfer.target).copied();
                let link = if transfer.refer { Link::Goes } else { Link::Calls };
                self.push(follows(), Tone::Outcome, to.map_or(Target::Here, |to| Target::Card(to, link)));
                let target = self.then(&transfer.failed.then);
                self.push(words.pick("failed", "не удалось").to_owned(), Tone::Trouble, target);
            }
            Step::Voicemail(voicemail) => {
                let text = format!("{} {}", words.pick("records for", "запись для"), voicemail.mailbox);
                self.push(text, Tone::Does, Target::Here);
            }
            Step::Split(split) => {
                let whole: u32 = split.branches.iter().map(|(_, share, _)| *share).sum();
                for (_, share, go) in &split.branches {
                    let target = self.go(*go);
                    let percent = u64::from(*share) * 100 / u64::from(whole.max(1));
                    self.push(format!("{percent} %"), Tone::Outcome, target);
                }
            }
            Step::SayEach(each) => {
                let text = format!("{} {}.{}", words.pick("reads", "чтение"), each.kept, each.field);
                self.push(text, Tone::Does, Target::Here);
            }
            Step::Say { .. } | Step::If { .. } | Step::Note(_) | Step::Language(_) => {}
        }
    }

    fn choose(&mut self, choose: &Choose) {
        let words = self.builder.words;
        let mut plain = Vec::new();
        for option in &choose.options {
            match option.offer {
                Some(offer) => {
                    let (key, text) = (Some(key(option.digit)), words.phrase(offer));
                    self.rows.push(Row { key, text, tone: Tone::Does, target: Target::Here });
                }
                None => plain.push(key(option.digit)),
            }
        }
        if let (Some(first), Some(last)) = (plain.first(), plain.last()) {
            let text = format!("{} {}, {first}–{last}", words.pick("asks", "выбор"), choose.name);
            self.push(text, Tone::Does, Target::Here);
        }
        self.builder.own_keys(&mut self.rows, &choose.keys, Some(self.id));
        if let Some(silence) = &choose.silence {
            let target = self.then(&silence.then);
            self.push(words.pick("silence", "тишина").to_owned(), Tone::Trouble, target);
        } else if is_own(&choose.trouble) {
            self.builder.trouble(&mut self.rows, &choose.trouble.value, Some(self.id));
        }
    }

    /// The bank's operation, then its outcomes that lead somewhere.
    fn operation(&mut self, operation: &Do) {
        let name = self.builder.menu[operation.operation].name.to_string();
        self.push(name, Tone::Does, Target::Here);
        for (outcome, action) in operation.outcomes.iter().filter(|(_, action)| is_own(action)) {
            let Action { then, .. } = &action.value;
            if *then == Then::Continue {
                continue;
            }
            let failure = [BankAnswer::DOWN, BankAnswer::UNKNOWN].contains(&&**outcome);
            let target = self.then(then);
            self.push(outcome.to_string(), if failure { Tone::Trouble } else { Tone::Outcome }, target);
        }
    }

    fn queue(&mut self, step: &QueueStep, when: Option<&str>) {
        let words = self.builder.words;
        let menu = self.builder.menu;
        let first = entries(menu) + menu.menus.len() + menu.tasks.len();
        let mut text = when.unwrap_or(words.pick("waits in the queue", "ждёт в очереди")).to_owned();
        if step.priority > 0 {
            text = format!("{text}, {} {}", words.pick("priority", "приоритет"), step.priority);
        }
        self.push(text, Tone::Outcome, Target::Card(first + usize::from(step.queue.0), Link::Calls));
        for (result, action) in &step.results {
            let target = self.then(&action.then);
            self.push(words.queue_result(*result).to_owned(), Tone::Outcome, target);
        }
    }
}
