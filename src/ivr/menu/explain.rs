//! A menu or task as the caller hears it, for people to read.

use super::problem::push;
use super::{Go, Menu, MenuNode, Node, Origin, PhraseId, Reaction, Step, Task, Text, Trouble, lexis};
use crate::ivr::speech::{Part, PhraseText};
use crate::model::{Digit, Lang};

/// Characters spoken in a second.
const SPEED: usize = 14;

/// What the caller hears at a node, with its keys; inherited values are marked and seconds estimated.
#[must_use]
pub fn explain(menu: &Menu, node: Node, lang: Lang) -> String {
    let mut page = Page { menu, lang, text: String::new(), letters: 0 };
    match node {
        Node::Menu(id) => page.menu_node(&menu[id]),
        Node::Task(id) => page.task(&menu[id]),
    }
    let seconds = page.letters.div_ceil(SPEED);
    let line = page.word(&format!("About {seconds} s of speech."), &format!("Около {seconds} с речи."));
    page.line(&line);
    page.text
}

/// The node of a name.
#[must_use]
pub fn node_named(menu: &Menu, name: &str) -> Option<Node> {
    let task = menu.tasks.iter().position(|task| *task.name == *name);
    let id = |index: usize| u16::try_from(index).ok();
    if let Some(index) = task {
        return id(index).map(|id| Node::Task(super::TaskId(id)));
    }
    let index = menu.menus.iter().position(|node| *node.name == *name)?;
    id(index).map(|id| Node::Menu(super::MenuId(id)))
}

struct Page<'m> {
    menu: &'m Menu,
    lang: Lang,
    text: String,
    letters: usize,
}

impl Page<'_> {
    fn word(&self, en: &str, ru: &str) -> String {
        Text::new(en, ru).get(self.lang).to_owned()
    }

    fn line(&mut self, text: &str) {
        push(&mut self.text, format_args!("{text}\n"));
    }

    /// The words of a phrase, values in their braces.
    fn words(&self, id: PhraseId) -> String {
        let phrase = &self.menu[id];
        let text = phrase.texts.iter().find(|(lang, _)| *lang == self.lang).or(phrase.texts.first());
        text.map(|(_, text)| words(text)).unwrap_or_default()
    }

    fn say(&mut self, indent: &str, id: PhraseId) {
        let words = self.words(id);
        self.letters += words.chars().count();
        self.line(&format!("{indent}“{words}”"));
    }

    fn offer(&mut self, digit: Digit, offer: PhraseId) -> String {
        let key = match (digit, self.lang) {
            (Digit::STAR, Lang::Ru) => "звёздочку".to_owned(),
            (Digit::HASH, Lang::Ru) => "решётку".to_owned(),
            (digit, _) => lexis::key_name(digit),
        };
        let offer = self.words(offer);
        let press = self.words(self.menu.press).replace("{offer}", &offer).replace("{key}", &key);
        self.letters += press.chars().count();
        press
    }

    fn menu_node(&mut self, node: &MenuNode) {
        let kind = self.word("Menu", "Меню");
        self.line(&format!("{kind} {} — {}", node.name, node.title));
        if let Some(intro) = node.intro {
            self.say("  ", intro);
        }
        if let Some(say) = node.say {
            self.say("  ", say);
        }
        let spoken = node.options.iter().filter(|option| option.digit.as_char() != '0');
        let operator = node.options.iter().filter(|option| option.digit.as_char() == '0');
        for option in spoken.chain(operator) {
            let words = self.offer(option.digit, option.offer);
            let target = self.target(option.go);
            let hidden = if option.condition.is_some() {
                self.word(" (only if allowed)", " (при условии)")
            } else {
                String::new()
            };
            self.line(&format!("  “{words}” → {target}{hidden}"));
        }
        if let Some(hint) = node.hint {
            self.say("  ", hint);
        }
        self.keys(&node.keys);
        self.trouble(&node.trouble.value, node.trouble.from);
    }

    fn keys(&mut self, keys: &[(Digit, super::Inherited<Go>)]) {
        for (digit, go) in keys {
            let (key, target, from) = (lexis::key_name(*digit), self.target(go.value), self.origin(go.from));
            let word = self.word("key", "клавиша");
            self.line(&format!("  {word} {key} → {target}{from}"));
        }
    }

    fn origin(&self, origin: Origin) -> String {
        match origin {
            Origin::Own => String::new(),
            Origin::Project => self.word(" (inherited)", " (унаследовано)"),
            Origin::BuiltIn => self.word(" (built in)", " (по умолчанию)"),
        }
    }

    fn trouble(&mut self, trouble: &Trouble, origin: Origin) {
        let from = self.origin(origin);
        let silence = self.word("silence", "тишина");
        let wrong = self.word("wrong key", "неверная клавиша");
        for (name, reactions) in [(silence, &trouble.silence), (wrong, &trouble.wrong)] {
            let steps: Vec<String> = reactions.iter().map(|reaction| self.reaction(reaction)).collect();
            self.line(&format!("  {name}: {}{from}", steps.join("; ")));
        }
    }

    fn reaction(&self, reaction: &Reaction) -> String {
        let said = reaction.say.map(|phrase| format!("“{}” ", self.words(phrase))).unwrap_or_default();
        let go = reaction.go.map_or_else(|| self.word("again", "повтор"), |go| format!("→ {}", self.target(go)));
        format!("{said}{go}")
    }

    fn target(&self, go: Go) -> String {
        match go {
            Go::Node(Node::Task(id)) => self.menu[id].name.to_string(),
            Go::Node(Node::Menu(id)) => self.menu[id].name.to_string(),
            Go::Operator => self.word("operator", "оператор"),
            Go::Back => self.word("back", "назад"),
            Go::Repeat => self.word("again", "повтор"),
            Go::SwitchLanguage => self.word("other language", "другой язык"),
            Go::Return => self.word("return", "возврат"),
            Go::HangUp => self.word("end of the call", "конец звонка"),
        }
    }

    fn task(&mut self, task: &Task) {
        let kind = self.word("Task", "Сценарий");
        self.line(&format!("{kind} {} — {}", task.name, task.title));
        if let Some(level) = task.needs {
            let word = self.word("needs level", "нужен уровень");
            self.line(&format!("  {word} {}", level.name()));
        }
        for node in &task.steps {
            self.step(&node.step);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Say { phrase, .. } => self.say("  ", *phrase),
            Step::Ask(ask) => self.say("  ? ", ask.say),
            Step::Choose(choose) => {
                self.say("  ? ", choose.say);
                for option in &choose.options {
                    if let Some(offer) = option.offer {
                        let words = self.offer(option.digit, offer);
                        self.line(&format!("    “{words}” = {}", option.value));
                    }
                }
            }
            Step::Confirm(confirm) => {
                self.say("  ? ", confirm.say);
                self.say("    ", self.menu.confirm);
            }
            Step::Do(operation) => {
                self.line(&format!("  · {}", self.menu[operation.operation].name));
                for (outcome, action) in &operation.outcomes {
                    let (said, from) = (action.value.say, self.origin(action.from));
                    let words = said.map(|phrase| format!("“{}”", self.words(phrase))).unwrap_or_default();
                    self.line(&format!("    {outcome}: {words}{from}"));
                }
            }
            Step::If { .. } => self.line(&self.word("  · a condition", "  · условие")),
            Step::Go(go) => self.line(&format!("  → {}", self.target(*go))),
            Step::Call(task) => self.line(&format!("  · {}", self.menu[*task].name)),
            Step::Queue(queue) => self.line(&format!("  → {}", self.menu[queue.queue].title)),
            Step::Transfer(transfer) => self.line(&format!("  → {}", transfer.target)),
            Step::Voicemail(voicemail) => self.say("  ", voicemail.say),
            Step::Note(_) => {}
            Step::SayEach(each) => self.say("  * ", each.say),
            Step::Split(split) => {
                for (name, share, _) in &split.branches {
                    self.line(&format!("  → {name} ({share})"));
                }
            }
            Step::Language(lang) => self.line(&format!("  · {lang}")),
        }
    }
}

fn words(text: &PhraseText) -> String {
    let parts = text.parts.iter().map(|part| match part {
        Part::Text { text, .. } => text.clone(),
        Part::Value { path, .. } => format!("{{{path}}}"),
    });
    parts.collect()
}
